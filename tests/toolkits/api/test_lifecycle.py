"""Plans, updates, going back and removing, through the API."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Grant
from audit.models import Event
from tests.support.api import problem
from tests.support.factories import make_job, make_user
from toolkits.models import InstallPlan, Toolkit

INSTALL = "toolkits/install/"
WIDER = """
@toolkit.operation()
def hello(ctx: Context, name: str = "world", times: int = 1) -> str:
    return name * times

@toolkit.operation()
def bye(ctx: Context) -> str:
    return "bye"
"""


@pytest.fixture
def zipped(make_toolkit):
    """A bundle as an upload."""

    def make(code=None, **manifest):
        root = make_toolkit(*([code] if code else []), **manifest)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in root.iterdir():
                archive.write(path, path.name)
        return SimpleUploadedFile("kit.zip", buffer.getvalue(), content_type="application/zip")

    return make


def send(client, url, upload):
    return client.post(url, {"bundle": upload}, format="multipart")


def version():
    return Toolkit.objects.get(slug="sample").active_version.version


def test_a_plan_says_what_would_change_and_touches_nothing(api, curator, storage, zipped):
    send(api(curator), INSTALL, zipped())

    response = send(api(curator), f"{INSTALL}?plan=true", zipped(WIDER, version="2.0.0"))

    plan = response.json()
    assert response.status_code == 200
    assert (plan["slug"], plan["version"], plan["base_version"]) == ("sample", "2.0.0", "1.0.0")
    assert plan["changes"]["kind"] == "update"
    assert plan["changes"]["operations"]["added"] == ["bye"]
    assert "hello" in plan["changes"]["operations"]["changed"]
    assert version() == "1.0.0"
    assert api(curator).get(plan["url"]).json() == plan


def test_what_is_confirmed_is_what_was_planned(api, curator, storage, zipped):
    plan = send(api(curator), f"{INSTALL}?plan=true", zipped()).json()

    problem(api(curator).post(plan["url"], {"digest": "0" * 64}), 409)
    assert plan["needs_consent"] is True
    refused = problem(api(curator).post(plan["url"], {"digest": plan["digest"]}), 409)
    assert "network" in refused["detail"]
    response = api(curator).post(plan["url"], {"digest": plan["digest"], "consent": True})

    assert response.status_code == 201, response.content
    assert version() == "1.0.0"
    problem(api(curator).post(plan["url"], {"digest": plan["digest"]}), 409)


def test_a_plan_is_given_up(api, curator, storage, zipped):
    plan = send(api(curator), f"{INSTALL}?plan=true", zipped()).json()

    assert api(curator).delete(plan["url"]).status_code == 204
    assert not Toolkit.objects.exists()
    problem(api(curator).delete(plan["url"]), 409)


def test_a_plan_is_for_those_who_may_install(api, user, curator, storage, zipped):
    plan = send(api(curator), f"{INSTALL}?plan=true", zipped()).json()

    problem(api(user).get(plan["url"]), 404)
    problem(api(user).post(plan["url"], {"digest": plan["digest"]}), 404)
    problem(api(user).delete(plan["url"]), 404)
    assert InstallPlan.objects.get().state == "ready"


def test_an_update_takes_only_its_own_toolkit(api, curator, storage, zipped):
    send(api(curator), INSTALL, zipped())
    url = "toolkits/sample/update/"

    assert send(api(curator), url, zipped(version="1.1.0")).status_code == 201
    assert version() == "1.1.0"
    problem(send(api(curator), url, zipped(slug="other")), 422)


def test_who_manages_one_toolkit_updates_that_one(api, curator, storage, zipped):
    send(api(curator), INSTALL, zipped())
    keeper = make_user("kim")
    Grant.objects.create(user=keeper, role="toolkit.curator", toolkit_slug="sample")

    assert send(api(keeper), "toolkits/sample/update/", zipped(version="1.1.0")).status_code == 201
    problem(send(api(keeper), INSTALL, zipped(slug="other")), 404)


def test_going_back_and_forth_between_kept_versions(api, curator, user, storage, zipped):
    send(api(curator), INSTALL, zipped())
    send(api(curator), INSTALL, zipped(version="2.0.0"))
    kept = api(curator).get("toolkits/sample/versions/").json()["results"]
    assert [(row["version"], row["active"]) for row in kept] == [("2.0.0", True), ("1.0.0", False)]

    problem(api(user).post("toolkits/sample/rollback/", {}), 404)
    assert api(curator).post("toolkits/sample/rollback/", {}).json()["version"] == "1.0.0"
    forth = api(curator).post("toolkits/sample/rollback/", {"digest": kept[0]["digest"]})
    assert forth.json()["version"] == "2.0.0"
    problem(api(curator).post("toolkits/sample/rollback/", {"digest": "0" * 64}), 404)
    assert Event.objects.filter(name="toolkit.rolled_back").count() == 2


def test_with_nothing_to_go_back_to_it_says_so(api, curator, storage, zipped):
    send(api(curator), INSTALL, zipped())

    problem(api(curator).post("toolkits/sample/rollback/", {}), 409)


def test_a_kept_version_is_deleted_and_the_active_one_is_not(api, curator, storage, zipped):
    send(api(curator), INSTALL, zipped())
    send(api(curator), INSTALL, zipped(version="2.0.0"))
    new, old = api(curator).get("toolkits/sample/versions/").json()["results"]

    problem(api(curator).delete(f"toolkits/sample/versions/{new['digest']}/"), 409)
    assert api(curator).delete(f"toolkits/sample/versions/{old['digest']}/").status_code == 204
    assert len(api(curator).get("toolkits/sample/versions/").json()["results"]) == 1


def test_a_toolkit_is_removed_and_its_data_as_asked(api, curator, user, toolkit):
    make_job(toolkit, user, state="succeeded")

    problem(api(user).delete("toolkits/sample/"), 404)
    problem(api(curator).delete("toolkits/sample/?purge=everything"), 400)
    assert api(curator).delete("toolkits/sample/?purge=records,jobs").status_code == 204

    problem(api(curator).get("toolkits/sample/"), 404)
    assert Event.objects.get(name="toolkit.uninstalled").details["purged"] == ["records", "jobs"]
    assert not toolkit.jobs.exists()


def test_a_toolkit_with_unfinished_jobs_stays(api, curator, user, toolkit):
    make_job(toolkit, user)

    problem(api(curator).delete("toolkits/sample/"), 409)


def test_a_toolkit_is_pinned(api, curator, toolkit):
    assert api(curator).patch("toolkits/sample/", {"pinned": True}).json()["pinned"] is True
    assert Event.objects.filter(name="toolkit.pinned").exists()
