"""Jobs: the list with its pages, filters and fields, one job, cancelling."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.support.api import problem
from tests.support.factories import make_job, make_user
from toolkits.api.jobs import serializers
from toolkits.api.jobs.comparison import ComparedJobSerializer, ComparisonSerializer
from toolkits.jobs.states import JobState
from toolkits.models import JobLock


def ids(response):
    return [row["id"] for row in response.json()["results"]]


def test_the_shape_and_its_description_are_the_same(user, toolkit):
    job = make_job(toolkit, user, state=JobState.SUCCEEDED, progress_done=1, progress_total=2)
    body = serializers.job_json(job)

    assert set(body) == set(serializers.JobSerializer().fields)
    assert set(body["progress"]) == set(serializers.ProgressSerializer().fields)
    assert body["url"] == reverse("api-job", args=[job.pk])
    assert set(body["log"]) == set(serializers.LogSizeSerializer().fields)
    assert set(body["requested_by"]) == set(serializers.PersonSerializer().fields)


def test_a_user_sees_own_jobs_and_a_curator_all(api, user, curator, toolkit):
    mine, other = make_job(toolkit, user), make_job(toolkit, make_user())

    assert ids(api(user).get("jobs/")) == [str(mine.pk)]
    assert ids(api(curator).get("jobs/")) == [str(other.pk), str(mine.pk)]
    problem(api(user).get(f"jobs/{other.pk}/"), 404)
    problem(api(user).get(f"jobs/{other.pk}/logs/"), 404)
    problem(api(user).get(f"jobs/{other.pk}/artifacts/"), 404)


def test_pages_follow_each_other_without_a_gap_while_new_jobs_arrive(api, user, toolkit):
    made = [str(make_job(toolkit, user).pk) for _ in range(7)]
    client = api(user)

    page = client.get("jobs/", {"limit": 3})
    seen = ids(page)
    make_job(toolkit, user)
    while following := page.json()["next"]:
        page = client.get(following)
        seen += ids(page)

    assert seen == made[::-1]


def test_filters_go_with_the_page(api, user, toolkit):
    for number in range(4):
        make_job(toolkit, user, state=JobState.FAILED if number % 2 else JobState.SUCCEEDED)

    page = api(user).get("jobs/", {"state": "failed", "limit": 1})
    following = api(user).get(page.json()["next"]).json()

    assert [row["state"] for row in following["results"]] == ["failed"]
    assert following["next"] is None


def test_jobs_are_filtered(api, curator, user, toolkit):
    old = make_job(toolkit, user, created_at=timezone.now() - timedelta(days=2))
    dry = make_job(toolkit, curator, dry_run=True, operation="ask")
    lost = make_job(toolkit, user, state=JobState.LOST)
    client = api(curator)

    def found(**query):
        return set(ids(client.get("jobs/", query)))

    assert found(requested_by="UMA") == {str(old.pk), str(lost.pk)}
    assert found(mine="true") == {str(dry.pk)}
    assert found(dry_run="true") == {str(dry.pk)}
    assert found(operation="ask") == {str(dry.pk)}
    assert found(toolkit="other") == set()
    assert found(state="lost,failed") == {str(lost.pk)}
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    assert found(created_before=yesterday) == {str(old.pk)}
    assert found(created_after=yesterday) == {str(dry.pk), str(lost.pk)}


@pytest.mark.parametrize(
    "query",
    [
        "state=unknown", "limit=0", "limit=201", "limit=1_0", "limit=-1", "cursor=x", "mine=yes",
        "created_after=yesterday", "created_after=2026-01-01T00:00:00", "fields=id,password",
        "created_after=0001-01-01T00:00:00%2B23:00", "fields=", "stat=failed", "limit=٣",
        "schedule=x", "parent=1",
    ],
)  # fmt: skip
def test_a_parameter_that_makes_no_sense_is_refused(api, user, query):
    problem(api(user).get(f"jobs/?{query}"), 400)


def test_only_the_fields_that_were_asked_for_come(api, user, toolkit):
    make_job(toolkit, user, state=JobState.SUCCEEDED, result={"a": 1})

    (row,) = api(user).get("jobs/", {"fields": "result,id"}).json()["results"]

    assert list(row) == ["id", "result"]
    assert row["result"] == {"a": 1}


def test_a_list_leaves_out_what_may_be_large(api, user, toolkit):
    make_job(toolkit, user, state=JobState.SUCCEEDED, result={"a": 1})

    (row,) = api(user).get("jobs/").json()["results"]

    assert not {"inputs", "result", "error"} & set(row)


def test_a_list_costs_the_same_queries_whatever_its_length(
    api, curator, toolkit, django_assert_max_num_queries
):
    for _ in range(30):
        make_job(toolkit, make_user())
    client = api(curator)

    with django_assert_max_num_queries(6):
        assert len(ids(client.get("jobs/"))) == 30


@pytest.mark.parametrize("field", list(serializers.FIELDS))
def test_every_field_alone_costs_no_further_query(
    api, curator, toolkit, field, django_assert_max_num_queries
):
    for _ in range(3):
        make_job(toolkit, make_user(), state=JobState.SUCCEEDED)
    client = api(curator)

    with django_assert_max_num_queries(6):
        client.get("jobs/", {"fields": field})


def test_a_job_shows_its_attempts_and_masks_secrets(api, user, toolkit):
    job = make_job(
        toolkit,
        user,
        state=JobState.RUNNING,
        inputs={"name": "x", "token": {"$secret": "jobs/1"}},
    )
    job.attempts.create(number=1, worker="w", version_label="1.0.0")

    body = api(user).get(f"jobs/{job.pk}/").json()

    assert body["inputs"] == {"name": "x", "token": "••••"}
    assert [attempt["number"] for attempt in body["attempts"]] == [1]
    assert body["can_cancel"] is True


def test_a_client_that_polls_gets_304_until_something_happens(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.RUNNING)
    client = api(user)
    tag = client.get(f"jobs/{job.pk}/")["ETag"]

    assert client.get(f"jobs/{job.pk}/", if_none_match=tag).status_code == 304

    job.log_lines = 5
    job.save()
    assert client.get(f"jobs/{job.pk}/", if_none_match=tag).status_code == 200


def test_a_waiting_job_is_cancelled_at_once(api, user, toolkit):
    job = make_job(toolkit, user)

    response = api(user).post(f"jobs/{job.pk}/cancel/")

    assert response.status_code == 202
    assert response.json()["state"] == "cancelled"


def test_a_job_that_has_ended_cannot_be_cancelled(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.SUCCEEDED)

    assert "already ended" in problem(api(user).post(f"jobs/{job.pk}/cancel/"), 409)["detail"]


def test_who_sees_a_job_but_may_not_cancel_it_gets_404(api, user, toolkit, admin_user):
    job = make_job(toolkit, user)
    viewer = make_user("vera")
    viewer.user_permissions.add(*_permissions("view_job", "view_all_jobs"))

    assert api(viewer).get(f"jobs/{job.pk}/").json()["can_cancel"] is False
    problem(api(viewer).post(f"jobs/{job.pk}/cancel/"), 404)


def _permissions(*names):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(codename__in=names)


def test_the_steps_of_a_job_are_paged(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.RUNNING)
    for number in range(5):
        job.steps.create(attempt=1 + number // 3, name="drain", key=str(number), state="completed")
    client = api(user)

    page = client.get(f"jobs/{job.pk}/steps/", {"limit": 3}).json()
    rest = client.get(page["next"]).json()

    assert [step["key"] for step in page["results"] + rest["results"]] == list("01234")
    assert rest["next"] is None
    second = client.get(f"jobs/{job.pk}/steps/", {"attempt": 2}).json()["results"]
    assert [step["key"] for step in second] == ["3", "4"]


def test_a_waiting_job_tells_what_for_and_who_holds_it(api, user, curator, toolkit):
    holder = make_job(toolkit, curator, state=JobState.RUNNING)
    JobLock.objects.create(key="lock:db:prod", slot=0, job=holder)
    job = make_job(toolkit, user, waits_for="lock:db:prod")

    seen = api(curator).get(f"jobs/{job.pk}/").json()
    assert seen["waits_for_text"] == "the lock db:prod"
    assert [one["job"] for one in seen["held_by"]] == [str(holder.pk)]
    # The job of somebody else stays nameless.
    hidden = api(user).get(f"jobs/{job.pk}/").json()["held_by"]
    assert [one["job"] for one in hidden] == [None]
    assert api(user).get(f"jobs/{holder.pk}/").status_code == 404
    assert api(curator).get(f"jobs/{holder.pk}/").json()["held_by"] == []


def test_what_changed_since_it_last_worked_is_told(api, user, toolkit):
    make_job(toolkit, user, state=JobState.SUCCEEDED, inputs={"host": "a"}, worker="w")
    good = make_job(toolkit, user, state=JobState.SUCCEEDED, inputs={"host": "b"}, worker="w")
    bad = make_job(toolkit, user, state=JobState.FAILED, inputs={"host": "c"}, worker="w")

    body = api(user).get(f"jobs/{bad.pk}/comparison/").json()

    assert body["before"]["id"] == str(good.pk)
    assert body["after"]["id"] == str(bad.pk)
    assert body["differences"] == [
        {"kind": "input", "name": "host", "before": "b", "after": "c"}
    ]
    assert set(body) == set(ComparisonSerializer().fields)
    assert set(body["before"]) == set(ComparedJobSerializer().fields)


def test_a_job_is_compared_with_one_that_is_named_and_seen(api, user, curator, toolkit):
    first = make_job(toolkit, user, state=JobState.FAILED, inputs={"host": "a"}, worker="w")
    job = make_job(toolkit, user, state=JobState.FAILED, inputs={"host": "b"}, worker="w")
    other = make_job(toolkit, user, operation="ask", state=JobState.FAILED)
    strange = make_job(toolkit, curator, state=JobState.SUCCEEDED)
    client = api(user)

    assert client.get(f"jobs/{job.pk}/comparison/").json()["before"] is None
    body = client.get(f"jobs/{first.pk}/comparison/", {"with": str(job.pk)}).json()
    # The earlier one comes first, whichever was asked for.
    assert (body["before"]["id"], body["after"]["id"]) == (str(first.pk), str(job.pk))
    for unseen in (other, strange):
        problem(client.get(f"jobs/{job.pk}/comparison/", {"with": str(unseen.pk)}), 404)
    problem(client.get(f"jobs/{job.pk}/comparison/", {"with": "x"}), 400)
    problem(client.get(f"jobs/{strange.pk}/comparison/"), 404)


def test_a_job_is_taken_up_where_it_stopped(api, user, toolkit):
    job = make_job(toolkit, user, state=JobState.FAILED)
    client = api(user)

    made = client.post(f"jobs/{job.pk}/retry/", {"resume": True}).json()
    assert (made["rerun_of"], made["resumes"]) == (str(job.pk), True)
    assert client.post(f"jobs/{job.pk}/retry/").json()["resumes"] is False
    # It has not ended.
    problem(client.post(f"jobs/{made['id']}/retry/", {"resume": True}), 409)
    problem(client.post(f"jobs/{job.pk}/retry/", {"resume": "yes"}), 400)
