"""Notices that toolkit code gives: kept with the job, bounded, without secrets."""

import pytest

from tests.support.factories import make_job, make_row
from tests.support.kits import run_here
from toolkits import notices
from toolkits.errors import InputError
from toolkits.jobs.states import JobState

pytestmark = pytest.mark.django_db

KIT = """
@toolkit.operation()
def tell(ctx: Context) -> None:
    ctx.notify("mail is down", "refused\\x00", state="critical", key="mail")
"""


def test_a_notice_is_kept_with_its_job(valkey, install, user):
    job = run_here(install(KIT), user, "tell")

    assert job.state == JobState.SUCCEEDED, job.reason
    notice = job.notices.get()
    assert (notice.state, notice.title, notice.key) == ("critical", "mail is down", "mail")
    assert notice.text == "refused\ufffd"
    assert notices.of_job(job)[0]["title"] == "mail is down"


@pytest.mark.parametrize(("field", "value"), [("title", " "), ("state", "sad")])
def test_what_is_no_notice_is_refused(field, value):
    given = {"title": "a", "text": "", "state": "ok", "key": "", field: value}

    with pytest.raises(InputError, match=field):
        notices.give(make_job(make_row()), **given)


def test_a_job_cannot_flood_and_does_not_fail_for_having_much_to_tell(monkeypatch):
    monkeypatch.setattr(notices, "MOST_PER_JOB", 3)
    job = make_job(make_row())
    for number in range(5):
        notices.give(job, title=f"h{number}", text="", state="critical", key="")

    first, second, last = job.notices.order_by("id")
    assert (first.title, second.title) == ("h0", "h1")
    assert "the rest is in its log" in last.title
    assert (last.text, last.state) == ("h2", "critical")
