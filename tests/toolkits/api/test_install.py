"""Installing a bundle by upload."""

import io
import zipfile

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Event
from tests.support.api import problem
from toolkits.models import Toolkit

URL = "toolkits/install/"


@pytest.fixture
def zipped(make_toolkit):
    """A bundle as an upload."""

    def make(name="kit.zip", **manifest):
        root, buffer = make_toolkit(**manifest), io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for path in root.iterdir():
                archive.write(path, path.name)
        return SimpleUploadedFile(name, buffer.getvalue(), content_type="application/zip")

    return make


def send(client, upload, query=""):
    return client.post(f"{URL}{query}", {"bundle": upload}, format="multipart")


def test_a_curator_installs_a_bundle(api, curator, storage, zipped):
    response = send(api(curator), zipped())

    assert response.status_code == 201, response.content
    assert response["Location"] == "/api/v1/toolkits/sample/"
    assert response.json()["operations"][0]["name"] == "hello"
    assert Toolkit.objects.get().installed_by == curator
    assert not list(settings.VAR_DIR.glob("upload-*"))


def test_an_older_version_needs_to_be_meant(api, curator, storage, zipped):
    send(api(curator), zipped(version="2.0.0"))

    assert "older" in problem(send(api(curator), zipped(version="1.0.0")), 422)["detail"]
    assert send(api(curator), zipped(version="1.0.0"), "?allow_downgrade=true").status_code == 201


def test_a_new_toolkit_may_stay_disabled(api, curator, storage, zipped):
    assert send(api(curator), zipped(), "?enable=false").json()["enabled"] is False


@pytest.mark.parametrize("content", [b"not a zip", b"", b"PK\x03\x04"])
def test_what_is_no_bundle_is_refused_and_audited(api, curator, storage, content):
    response = send(api(curator), SimpleUploadedFile("x.zip", content))

    problem(response, 422 if content else 400)
    if content:
        assert Event.objects.filter(name="toolkit.install_refused").exists()
    assert not list(settings.VAR_DIR.glob("upload-*"))


def test_the_name_of_an_upload_leads_nowhere(api, curator, storage, zipped):
    upload = zipped(name="x.zip")
    upload._name = "../../etc/x.zip"

    assert send(api(curator), upload).status_code == 201


def test_an_upload_that_is_too_large_is_not_read(api, curator, storage, zipped, settings):
    settings.TOOLKIT_UPLOAD_MAX_BYTES = 10
    body = SimpleUploadedFile("x.zip", b"x" * (2 << 20))

    problem(send(api(curator), body), 413)


def test_for_a_user_there_is_no_installing(api, user, storage, zipped):
    problem(send(api(user), zipped()), 404)
    assert not Toolkit.objects.exists()


def test_no_bundle_is_400_and_json_is_415(api, curator):
    problem(api(curator).post(URL, {}, format="multipart"), 400)
    problem(api(curator).post(URL, {}), 415)
