"""Unit tests of the regex toolkit with the SDK's fake context."""

import re
import time

import pytest
from toolkit_sdk import Cancelled, ToolkitError
from toolkit_sdk.testing import InvalidInputs, fake_context

from regex_toolkit import toolkit
from regex_toolkit.app import Pattern
from regex_toolkit.ready import READY
from regex_toolkit.suspects import suspects

ENGINES = ("re", "re2")


def views_of(section):
    return {view.view: view for view in section.views}


@pytest.mark.parametrize("engine", ENGINES)
def test_matches_have_positions_groups_and_names(engine):
    ctx = fake_context(toolkit)

    shown = views_of(
        ctx.run("test", pattern=r"(?P<key>\w+)=(\d+)", sample="é a=1\nbb=22", engine=engine)
    )

    assert shown["stat"].value == 2
    assert shown["table"].rows == [
        {
            "number": 1,
            "line": 1,
            "column": 3,
            "start": 2,
            "end": 5,
            "text": "a=1",
            "g1": "a",
            "g2": "1",
        },
        {
            "number": 2,
            "line": 2,
            "column": 1,
            "start": 6,
            "end": 11,
            "text": "bb=22",
            "g1": "bb",
            "g2": "22",
        },
    ]
    assert [column.label for column in shown["table"].columns][-2:] == ["key", "group 2"]
    assert [(span.start, span.end) for span in shown["highlight"].spans] == [(2, 5), (6, 11)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("flag", "pattern", "text"),
    [
        ("ignore case", "ABC", "abc"),
        ("multiline", "^b$", "a\nb"),
        ("dot matches newline", "a.b", "a\nb"),
    ],
)
def test_flags_mean_the_same_in_both_engines(engine, flag, pattern, text):
    ctx = fake_context(toolkit)

    assert views_of(ctx.run("test", pattern=pattern, sample=text, engine=engine))["stat"].value == 0
    with_flag = ctx.run("test", pattern=pattern, sample=text, engine=engine, flags=[flag])
    assert views_of(with_flag)["stat"].value == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_substitute_and_split(engine):
    ctx = fake_context(toolkit)

    replaced = views_of(
        ctx.run(
            "substitute", pattern=r"(\w)(\d)", replacement=r"\2\1", sample="a1 b2", engine=engine
        )
    )
    pieces = views_of(ctx.run("split", pattern=r",\s*", sample="a, b,c", engine=engine))

    assert replaced["diff"].after == "1a 2b"
    assert [row["piece"] for row in pieces["table"].rows] == ["a", "b", "c"]


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(\w+\s?)*$", r"^(?:\w\w?|aa)*$", r"(x+x+)+y"])
def test_a_catastrophic_pattern_is_stopped_in_time_and_named(pattern):
    ctx = fake_context(toolkit, settings={"limit_seconds": 0.5})
    text = ("x" if "x" in pattern else "a") * 60 + "!"
    started = time.monotonic()

    shown = ctx.run("test", pattern=pattern, sample=text)

    assert time.monotonic() - started < 20
    stat, part, other = shown.views
    assert (stat.label, stat.state) == ("catastrophic pattern", "critical")
    assert part.rows[0]["growth"]["text"] == "exponential"
    assert "RE2 finds" in other.text


def test_the_linear_engine_takes_the_same_pattern_in_its_stride():
    shown = views_of(
        fake_context(toolkit).run("test", pattern="^(a+)+$", sample="a" * 5000 + "!", engine="re2")
    )

    assert shown["stat"].value == 0


@pytest.mark.parametrize(
    ("pattern", "growth"),
    [
        (r"(a+)+", "exponential"), (r"(?:\w+\s?)+x", "exponential"), (r"(?:\wx|ax)+c", "exponential"),
        (r"(?:a*b*)*", "exponential"), (r"\d+\d+x", "polynomial"), (r".*,.*,.*x", "polynomial"),
        (r"(a+b)+", None), (r"[^,]*,[^,]*", None), (r"(?:a|b)+", None), (r"\w+\s\w+", None),
        (r"(?:a+)++", None), (r"a{1,5}b{1,5}", None),
    ],
)  # fmt: skip
def test_parts_that_can_run_away_are_told_from_those_that_cannot(pattern, growth):
    found = suspects(pattern)

    assert (found[0].growth if found else None) == growth


def test_a_cancelled_run_ends_at_once():
    ctx = fake_context(toolkit, settings={"limit_seconds": 20})
    ctx.cancel()

    with pytest.raises(Cancelled):
        ctx.run("test", pattern="^(a+)+$", sample="a" * 60 + "!")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pattern_that_is_none_is_refused_in_words(engine):
    with pytest.raises(ToolkitError, match="pattern: it is not valid: .+"):
        fake_context(toolkit).run("test", pattern="(a", sample="a", engine=engine)


def test_what_only_python_has_is_said_to_be_missing_in_re2():
    ctx = fake_context(toolkit)

    with pytest.raises(ToolkitError, match="RE2 has no verbose flag"):
        ctx.run("test", pattern="a", sample="a", engine="re2", flags=["verbose"])
    with pytest.raises(ToolkitError, match="not valid"):
        ctx.run("test", pattern=r"(a)\1", sample="aa", engine="re2")


def test_no_text_is_an_error_that_says_what_to_do():
    with pytest.raises(ToolkitError, match="paste a sample, or give a file"):
        fake_context(toolkit).run("test", pattern="a")
    with pytest.raises(InvalidInputs):
        fake_context(toolkit).run("test", pattern="", sample="a")


def test_a_pattern_is_explained_part_by_part():
    ctx = fake_context(toolkit)

    table, groups, risk = ctx.run("explain", pattern=r"^(?P<day>\d{2})(?:xy|[^x-z])*?(?=!)\b").views

    meanings = [row["meaning"].strip("\u00a0") for row in table.rows]
    assert meanings[:4] == [
        "the start of the text (with multiline: of a line)", "group 1 named day:", "2 times:", "a digit",
    ]  # fmt: skip
    assert "any number of times, as few as possible:" in meanings
    assert "any character but 'x' to 'z'" in meanings
    assert "followed by:" in meanings
    assert groups.rows == [{"number": 1, "name": "day"}]
    assert "No part" in risk.text


def test_a_mistake_is_pointed_at():
    with pytest.raises(ToolkitError, match="unterminated character set at character 3"):
        fake_context(toolkit).run("explain", pattern="ab[c")


def test_the_engines_are_compared():
    table = fake_context(toolkit).run("compare", pattern=r"a|ab", sample="ab ab")

    assert [row["matches"] for row in table.rows] == [2, 2]
    assert table.caption == "They find the same."


@pytest.mark.parametrize("entry", READY, ids=lambda entry: entry.name)
def test_a_ready_pattern_keeps_its_promise(entry):
    ctx = fake_context(toolkit)
    record = ctx.run("save_ready", ready=entry.name)
    saved = ctx.records(Pattern).list()[0]

    assert record.items[0].value == entry.name
    assert ctx.run("check_saved").rows[0]["state"]["text"] == "passes"
    assert not [one for one in suspects(entry.pattern) if one.growth == "exponential"]
    re2 = ctx.run(
        "test", pattern=entry.pattern, sample=entry.example, engine="re2", flags=list(entry.flags)
    )
    assert (
        views_of(re2)["stat"].value
        == views_of(ctx.run("test_saved", saved=saved, sample=entry.example))["stat"].value
    )
    assert re.compile(entry.pattern).groupindex


def test_saved_patterns_that_fail_their_lines_are_named():
    ctx = fake_context(toolkit)
    assert ctx.card("saved_patterns").value == 0
    ctx.add(Pattern(name="digits", pattern=r"^\d+$", matches=["12", "x"], rejects=["3"]))
    ctx.add(Pattern(name="broken", pattern="("))

    rows = ctx.run("check_saved").rows

    assert rows[0]["why"] == "does not match 'x'; matches '3'"
    assert rows[1]["why"].startswith("it is not valid")
    assert ctx.card("saved_patterns").value == "0 of 2"


def test_matches_are_extracted_and_counted():
    ctx = fake_context(toolkit)
    log = "GET /a 200\nGET /b 500\nPOST /a 200\n"

    section = ctx.run(
        "extract",
        pattern=r"^(?P<method>\w+) (?P<path>\S+) (?P<status>\d+)$",
        sample=log,
        count_by="status",
    )

    assert ctx.platform.artifacts["matches.csv"].decode().splitlines()[:2] == [
        "start,end,method,path,status", "0,10,GET,/a,200",
    ]  # fmt: skip
    assert [(bar.label, bar.value) for bar in section.views[-1].bars] == [("200", 2), ("500", 1)]
    unknown = ctx.run("extract", pattern="a", sample="a", count_by="x")
    assert "no group 'x'" in unknown.views[-1].text
