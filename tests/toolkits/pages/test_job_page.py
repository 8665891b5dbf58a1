"""A job's page beyond its log: decisions, steps, attempts, comparison."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from tests.support.factories import make_artifact, make_job, make_row, make_user, operation
from toolkits.jobs import approvals
from toolkits.jobs.states import JobState
from toolkits.models import Job, JobAttempt, JobLock, JobStep, Toolkit


@pytest.fixture
def kit(db: None) -> Toolkit:
    return make_row("net", operations=[operation("hello", requires_approval=True)])


@pytest.fixture
def waiting(kit: Toolkit, user: User) -> Job:
    job = make_job(
        kit, user, state=JobState.AWAITING_APPROVAL, inputs={"host": "db1"}, guarded=True
    )
    approvals.open_request(job)
    return job


def test_whoever_asked_cannot_approve(client: Client, waiting: Job, user: User) -> None:
    client.force_login(user)
    text = client.get(waiting.get_absolute_url()).content.decode()
    assert "Somebody else must look at it" in text
    assert 'value="approve"' not in text
    answer = client.post(f"/jobs/{waiting.pk}/decide/", {"decision": "approve", "digest": "x"})
    assert answer.status_code == 404


def test_a_second_person_approves_exactly_what_they_saw(
    client: Client, waiting: Job, curator: User
) -> None:
    client.force_login(curator)
    page = client.get(waiting.get_absolute_url())
    digest = page.context["digest"]
    Job.objects.filter(pk=waiting.pk).update(inputs={"host": "other"})
    form = {"decision": "approve", "digest": digest}
    answer = client.post(f"/jobs/{waiting.pk}/decide/", form, follow=True)
    assert "not what you looked at any more" in answer.content.decode()
    form |= {"digest": client.get(waiting.get_absolute_url()).context["digest"], "comment": "Fine"}
    answer = client.post(f"/jobs/{waiting.pk}/decide/", form, follow=True)
    assert "The job is approved." in answer.content.decode()
    # Whoever looks at it later sees who it was.
    facts = answer.content.decode().partition('id="job-facts"')[2]
    assert f"<dt>Approved</dt><dd>{curator}" in facts
    assert "Fine" in facts
    waiting.refresh_from_db()
    assert waiting.state == JobState.QUEUED


def test_a_refused_job_does_not_run(client: Client, waiting: Job, curator: User) -> None:
    client.force_login(curator)
    form = {"decision": "reject", "comment": "Not today."}
    client.post(f"/jobs/{waiting.pk}/decide/", form)
    waiting.refresh_from_db()
    assert waiting.state == JobState.CANCELLED
    assert "Not today." in waiting.reason


def test_the_dashboard_says_what_waits_for_whom(
    client: Client, waiting: Job, user: User, curator: User
) -> None:
    client.force_login(curator)
    assert [job.pk for job in client.get("/").context["attention"].approvals] == [waiting.pk]
    client.force_login(user)
    assert not client.get("/").context["attention"]


def test_a_run_can_start_later_and_end_sooner(client: Client, user: User) -> None:
    make_row("plain", operations=[operation("hello", timeout=600)])
    client.force_login(user)
    later = timezone.now() + timedelta(hours=2)
    form = {"_run_at": later.strftime("%Y-%m-%dT%H:%M"), "_timeout": "5m"}
    assert client.post("/toolkits/plain/run/hello/", form).status_code == 302
    job = Job.objects.get()
    assert (job.state, job.timeout_seconds) == (JobState.SCHEDULED, 300)
    assert job.not_before is not None
    assert "Starts" in client.get(job.get_absolute_url()).content.decode()
    bad = client.post("/toolkits/plain/run/hello/", {"_run_at": "soon"})
    assert bad.status_code == 422


def test_steps_attempts_and_the_ladder_are_shown(client: Client, kit: Toolkit, user: User) -> None:
    job = make_job(kit, user, state=JobState.TIMED_OUT, attempt=2)
    now = timezone.now()
    for number, reason in ((1, "It crashed."), (2, "It took too long.")):
        JobAttempt.objects.create(
            job=job,
            number=number,
            worker="worker-1",
            version_label="1.0.0",
            outcome="failed",
            reason=reason,
            finished_at=now,
            killed_at=now if number == 2 else None,
        )
    JobStep.objects.create(
        job=job, attempt=2, name="drain", key="db1", state="failed", message="Refused.",
        finished_at=now,
    )  # fmt: skip
    JobStep.objects.create(job=job, attempt=1, name="of the first try", state="completed")
    client.force_login(user)
    text = client.get(job.get_absolute_url()).content.decode()
    for shown in ("drain db1", "Refused.", "It crashed.", "It took too long.", "SIGKILL"):
        assert shown in text
    assert "of the first try" not in text
    assert "SIGTERM" not in text


def finished(
    kit: Toolkit, user: User, used: dict[str, Any] | None = None, **fields: Any
) -> Job:
    job = make_job(kit, user, **{"state": JobState.SUCCEEDED, **fields})
    JobAttempt.objects.create(
        job=job,
        number=1,
        worker="w",
        version_label=job.version_label,
        outcome=job.state,
        finished_at=timezone.now(),
        surroundings=used or {},
    )
    return job


def test_two_runs_are_compared_and_what_changed_is_named(
    client: Client, kit: Toolkit, user: User
) -> None:
    used = {"settings": {"url": "old", "port": "p"}, "secrets": {"net/db": 1}}
    good = finished(kit, user, inputs={"host": "a"}, result={"open": 1}, used=used)
    finished(kit, user, state=JobState.FAILED, inputs={"host": "b"})
    bad = finished(kit, user, state=JobState.FAILED, inputs={"host": "c"}, reason="Refused.")
    Job.objects.filter(pk=bad.pk).update(version_label="2.0.0")
    used = {"settings": {"url": "new", "port": "p"}, "secrets": {"net/db": 2}}
    JobAttempt.objects.filter(job=bad).update(surroundings=used)
    client.force_login(user)
    page = client.get(f"/jobs/{bad.pk}/compare/")
    # The last that went well, not merely the last.
    assert page.context["other"].pk == good.pk
    assert page.context["causes"] == [
        "The toolkit was updated from 1.0.0 to 2.0.0.",
        "The inputs differ: host.",
        "Settings of the toolkit were changed: url.",
        "Secrets that it reads were changed: net/db.",
    ]
    assert page.context["results"]["removed"] == 3
    # The page of the failed run says so at once.
    page = client.get(bad.get_absolute_url())
    assert page.context["changed"]["since"].pk == good.pk
    assert "Settings of the toolkit were changed: url." in page.content.decode()


def test_only_visible_runs_of_the_same_operation_are_compared(
    client: Client, kit: Toolkit, user: User, curator: User
) -> None:
    mine = finished(kit, user)
    theirs = finished(kit, curator, inputs={"secret": "of theirs"})
    other = finished(make_row("dns"), user, operation="lookup")
    client.force_login(user)
    assert client.get(f"/jobs/{mine.pk}/compare/").context["other"] is None
    for job in (theirs, other):
        assert client.get(f"/jobs/{mine.pk}/compare/?with={job.pk}").status_code == 404
    assert client.get(f"/jobs/{mine.pk}/compare/?with=nonsense").status_code == 404
    assert client.get(f"/jobs/{theirs.pk}/compare/").status_code == 404


def test_a_job_of_every_state_opens_with_few_queries(
    client: Client, kit: Toolkit, curator: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(curator)
    for state in JobState:
        when = timezone.now() if state == JobState.SCHEDULED else None
        job = make_job(kit, make_user(), state=state, not_before=when)
        if state == JobState.AWAITING_APPROVAL:
            approvals.open_request(job)
        with django_assert_max_num_queries(13):
            assert client.get(job.get_absolute_url()).status_code == 200, state
        with django_assert_max_num_queries(13):
            assert client.get(f"/jobs/{job.pk}/live/").status_code == 200, state


def test_a_waiting_job_says_what_it_waits_for_and_who_holds_it(
    client: Client, kit: Toolkit, user: User, curator: User
) -> None:
    holder = make_job(kit, user, title="Drain db1", state=JobState.RUNNING)
    JobLock.objects.create(key="lock:db:db1", slot=0, job=holder)
    mine, theirs = (
        make_job(kit, who, limits=[["lock:db:db1", 1]], waits_for="lock:db:db1")
        for who in (user, curator)
    )
    client.force_login(user)
    text = client.get(mine.get_absolute_url()).content.decode()
    assert "Waits for the lock db:db1." in text
    assert "Held by Drain db1" in text
    assert holder.get_absolute_url() in text
    # Whoever may not see the holder learns that there is one, and no more.
    Job.objects.filter(pk=holder.pk).update(requested_by=curator)
    text = client.get(mine.get_absolute_url()).content.decode()
    assert "a job that you may not see" in text
    assert "Drain db1" not in text
    client.force_login(curator)
    assert "Held by Drain db1" in client.get(theirs.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("done", "The cleanup hook has run."),
        ("owed", "The cleanup hook is still to run."),
        ("lost", "how far it came is not known"),
        ("failed", "The cleanup hook failed."),
    ],
)
def test_the_page_says_how_the_cleanup_hook_ended(
    client: Client, kit: Toolkit, user: User, how: str, told: str
) -> None:
    job = finished(kit, user, state=JobState.LOST)
    JobAttempt.objects.filter(job=job).update(cleanup=how)
    client.force_login(user)
    assert told in client.get(job.get_absolute_url()).content.decode()


def test_a_file_is_downloaded_from_the_page(
    client: Client, kit: Toolkit, user: User, storage: Path
) -> None:
    job = finished(kit, user)
    make_artifact(job, "report 1.html", "<script>alert(1)</script>", "text/html")
    client.force_login(user)
    answer = client.get(f"/jobs/{job.pk}/files/report 1.html")
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    assert answer["Content-Disposition"] == 'attachment; filename="report 1.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    answer.close()


def test_a_job_whose_inputs_were_refused_leads_back_to_its_form(
    client: Client, kit: Toolkit, user: User
) -> None:
    error = {"kind": "invalid_inputs", "message": "host: no.", "errors": [
        {"loc": ["host"], "message": "no."},
    ]}  # fmt: skip
    job = make_job(kit, user, state=JobState.FAILED, error=error, inputs={"port": 70000})
    client.force_login(user)

    text = client.get(job.get_absolute_url()).content.decode()

    assert f'href="/toolkits/net/run/hello/?_from={job.pk}">' in text
    assert "Mend the inputs" in text
    # A port is no count: nobody parts it by thousands.
    assert ">70000<" in text
