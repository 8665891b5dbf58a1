"""Files that jobs keep."""

import pytest
from django.conf import settings

from audit.models import Event
from tests.support.api import close, problem
from tests.support.factories import make_artifact, make_job
from toolkits.jobs import artifacts
from toolkits.jobs.states import JobState


@pytest.fixture
def job(toolkit, user, storage, tmp_path):
    job = make_job(toolkit, user, state=JobState.SUCCEEDED)
    make_artifact(job, "report 1.html", "<script>alert(1)</script>", "text/html")
    return job


def test_files_are_listed_with_where_to_get_them(api, user, job):
    (file,) = api(user).get(f"jobs/{job.pk}/artifacts/").json()["results"]

    assert file["name"] == "report 1.html"
    assert file["size_bytes"] == 25
    response = api(user).get(file["url"])
    assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"


def test_no_file_is_shown_in_this_origin(api, user, job):
    response = api(user).get(f"jobs/{job.pk}/artifacts/report 1.html/")
    close(response)

    assert response["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    found = Event.objects.get(name="job.artifact_read")
    assert found.details["name"] == "report 1.html"


def test_a_type_that_could_forge_a_header_is_not_sent(api, user, job):
    job.artifacts.update(content_type="text/html\r\nX-Evil: 1")
    response = api(user).get(f"jobs/{job.pk}/artifacts/report 1.html/")
    close(response)

    assert response["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("name", ["other", "..", "..%2F..%2Fsecret", "%2e%2e%2fsecret", "%00"])
def test_only_names_of_the_job_lead_to_a_file(api, user, job, name):
    (settings.TOOLKIT_ARTIFACT_DIR / "secret").write_text("x")

    problem(api(user).get(f"jobs/{job.pk}/artifacts/{name}/"), 404)


def test_the_file_of_another_job_is_not_there(api, user, toolkit, job):
    other = make_job(toolkit, user)

    problem(api(user).get(f"jobs/{other.pk}/artifacts/report 1.html/"), 404)


def test_a_file_that_is_gone_from_the_disk_is_404(api, user, job):
    artifacts.discard(job.artifacts.get().stored_as)

    problem(api(user).get(f"jobs/{job.pk}/artifacts/report 1.html/"), 404)
