"""The regex toolkit, installed, in a real runner."""

import base64
import time

from toolkits.jobs.states import JobState


def views_of(job):
    assert job.state == JobState.SUCCEEDED, job.reason
    return job.result["views"]


def test_a_file_is_searched_with_the_linear_engine(run):
    upload = {"name": "app.log", "content": base64.b64encode(b"a=1\nb=2\n").decode()}
    inputs = {"pattern": r"(\w)=(\d)", "upload": upload, "engine": "re2"}

    stat, highlight, table = views_of(run("regex", "test", inputs))

    assert stat["value"] == 2
    assert highlight["spans"][1] == {"start": 4, "end": 7, "label": "2"}
    assert table["rows"][1]["g2"] == "2"


def test_a_catastrophic_pattern_is_stopped_within_seconds_and_said_to_be_one(run):
    started = time.monotonic()

    stat, suspects, linear = views_of(
        run("regex", "test", {"pattern": "^(a+)+$", "sample": "a" * 40 + "!"})
    )

    assert "Stopped after 2 s" in stat["detail"]
    assert time.monotonic() - started < 30
    assert (stat["label"], stat["state"]) == ("catastrophic pattern", "critical")
    assert suspects["rows"][0]["part"] == "(a+)+"
    assert linear["text"].startswith("RE2 finds 0 matches")


def test_matches_of_a_log_become_a_file(run):
    sample = "\n".join(f"GET /{n} 200" for n in range(3000))

    job = run(
        "regex", "extract", {"pattern": r"^(?P<m>\w+) (?P<path>\S+) (\d+)$", "sample": sample}
    )

    assert views_of(job)[0]["value"] == 3000
    assert job.artifacts.get().size_bytes > 30_000
    assert job.progress_total == 3000


def test_a_pattern_that_is_none_fails_in_words(run):
    job = run("regex", "test", {"pattern": "a(", "sample": "a"})

    assert job.state == JobState.FAILED
    assert job.reason == (
        "pattern: it is not valid: missing ), unterminated subpattern at character 2."
    )
