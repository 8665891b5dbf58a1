"""Secrets are hidden in every form in which they leave a job."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest

from toolkits.jobs.log_writer import LogWriter
from toolkits.jobs.redaction import MASK, Redactor

SECRET = 'p@ss/w"rd+ÿ\\nine'


@pytest.mark.parametrize(
    "encode",
    [
        str,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: quote(text, safe=""),
        quote_plus,
        repr,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"me:{text}".encode()).decode(),
        lambda text: base64.b64encode(f"x:{text}:y".encode()).decode(),
        lambda text: text.encode().hex(),
    ],
)
def test_a_secret_is_hidden_in_every_common_encoding(encode):
    shown = Redactor([SECRET]).text(f"before {encode(SECRET)} after")

    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert "nine" not in shown


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_secret_that_is_printed_in_two_pieces_is_hidden(cut):
    writer = LogWriter(Redactor(["sesame-open"]))

    writer.add_output("stdout", [], "x" * 20_000 + "sesame-open"[:cut])
    writer.add_output("stdout", ["sesame-open"[cut:] + " tail"], "")

    whole = "".join(line[3] for line in writer.take().lines)
    assert "sesame" not in whole
    assert whole == "x" * 20_000 + MASK + " tail"


def test_each_line_of_a_secret_with_several_is_hidden():
    writer = LogWriter(Redactor(["first line\nsecond line"]))

    writer.add_batch([[1.0, "INFO", "kit", "a first line"], [1.0, "INFO", "kit", "second line b"]])

    assert [line[3] for line in writer.take().lines] == [f"a {MASK}", f"{MASK} b"]


def test_the_beginning_of_a_secret_at_the_end_of_a_cut_text_is_hidden():
    assert Redactor(["sesame-open"]).cut_text("it was sesame-o") == f"it was {MASK}"


def test_a_log_over_its_limit_says_so_once(settings):
    settings.TOOLKIT_JOB_LOG_MAX_BYTES = 2048
    writer = LogWriter(Redactor())

    for _ in range(50):
        writer.add_batch([[1.0, "INFO", "kit", "y" * 100]] * 5)

    lines = writer.take().lines
    assert "reached its limit" in lines[-1][3]
    assert sum("limit" in line[3] for line in lines) == 1


def test_what_no_database_takes_is_replaced():
    writer = LogWriter(Redactor())

    writer.add_batch(
        [[1.0, "INFO", "kit", "nul \0 and \ud800"], [float("nan"), "LOUD", "kit", "x"]]
    )

    first, second = writer.take().lines
    assert first[3] == "nul \ufffd and \ufffd"
    assert second[1] == "INFO"
    assert second[0] > 1
