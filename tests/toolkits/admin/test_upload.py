"""Installing a toolkit by uploading its zip in the admin."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.models import Event
from toolkits.bundles import staging
from toolkits.bundles.pack import pack
from toolkits.errors import BundleError
from toolkits.models import Toolkit

URL = "/admin/toolkits/toolkit/upload/"


@pytest.fixture
def signed_in(client: Client, curator: User) -> Client:
    client.force_login(curator)
    return client


def zipped(files: dict[str, str], name: str = "kit.zip") -> SimpleUploadedFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return SimpleUploadedFile(name, buffer.getvalue(), "application/zip")


def manifest(**fields: Any) -> str:
    data = {
        "manifest_version": 1, "slug": "plain", "name": "Plain", "version": "1.0.0",
        "requires": {"toolbox": ">=1.0,<2"},
    }  # fmt: skip
    return json.dumps({**data, **fields})


def send(client: Client, bundle: Any, **fields: str) -> Any:
    return client.post(URL, {"bundle": bundle, **fields})


def install(client: Client, bundle: Any, **fields: str) -> Any:
    """Upload, and confirm what the plan's page shows."""
    page = client.get(send(client, bundle, **fields)["Location"])
    seen = {"digest": page.context["plan"].digest, "consent": "on"}
    return client.post(page.request["PATH_INFO"], seen)


def leftovers(storage: Path) -> list[Path]:
    return list((storage / ".uploads").glob("*"))


def test_an_uploaded_toolkit_is_usable_at_once(
    signed_in: Client, make_toolkit: Callable[..., Path], storage: Path, tmp_path: Path
) -> None:
    packed = pack(make_toolkit(slug="sample"), tmp_path / "sample.zip")
    with packed.open("rb") as stream:
        response = install(signed_in, stream, enable="on")
    toolkit = Toolkit.objects.get(slug="sample")
    assert response["Location"] == reverse("admin:toolkits_toolkit_change", args=[toolkit.pk])
    assert toolkit.enabled
    assert toolkit.operation("hello") is not None
    event = Event.objects.get(name="toolkit.installed")
    assert event.actor_label == "carl"
    assert leftovers(storage) == []


def test_it_stays_disabled_when_that_is_asked_for(signed_in: Client, storage: Path) -> None:
    install(signed_in, zipped({"toolkit.json": manifest()}))
    assert not Toolkit.objects.get(slug="plain").enabled


def test_a_refused_bundle_is_explained_by_file_and_reason(
    signed_in: Client, storage: Path
) -> None:
    response = send(signed_in, zipped({"toolkit.json": manifest(version="one")}))
    page = response.content.decode()
    assert response.status_code == 422
    assert "toolkit.json" in page
    assert "$.version" in page
    assert not Toolkit.objects.exists()
    assert Event.objects.filter(name="toolkit.install_refused", outcome="failure").exists()
    assert leftovers(storage) == []


def test_what_is_no_zip_is_refused_under_its_own_name(signed_in: Client, storage: Path) -> None:
    response = send(signed_in, SimpleUploadedFile("notes.zip", b"hello there, no zip at all"))
    assert response.status_code == 422
    assert "notes.zip" in response.content.decode()


def test_an_older_version_needs_the_downgrade_to_be_allowed(
    signed_in: Client, storage: Path
) -> None:
    install(signed_in, zipped({"toolkit.json": manifest(version="2.0.0")}))
    old = {"toolkit.json": manifest(version="1.0.0")}
    assert "older than the installed 2.0.0" in send(signed_in, zipped(old)).content.decode()
    assert send(signed_in, zipped(old), allow_downgrade="on").status_code == 302


def test_nothing_sent_is_said_at_the_field(signed_in: Client) -> None:
    response = signed_in.post(URL, {})
    assert "Choose the zip of a toolkit." in response.content.decode()


def test_too_large_a_file_is_refused_while_it_is_read(
    signed_in: Client, storage: Path, settings: Any
) -> None:
    settings.TOOLKIT_UPLOAD_MAX_BYTES = 100_000
    response = send(signed_in, SimpleUploadedFile("big.zip", b"x" * 150_000))
    assert response.status_code == 422
    assert "larger than" in response.content.decode()
    assert leftovers(storage) == []


def test_a_body_far_too_large_is_not_read_at_all(
    signed_in: Client, storage: Path, settings: Any
) -> None:
    settings.TOOLKIT_UPLOAD_MAX_BYTES = 1000
    response = send(signed_in, SimpleUploadedFile("huge.zip", b"x" * 50_000))
    assert "larger than" in response.content.decode()
    assert not (storage / ".uploads").exists()


def test_it_needs_the_token_against_forged_requests(curator: User, storage: Path) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(curator)
    response = send(client, zipped({"toolkit.json": manifest()}))
    assert response.status_code == 403
    assert not Toolkit.objects.exists()


def test_users_do_not_find_the_form(client: Client, user: User) -> None:
    client.force_login(user)
    assert client.get(URL).status_code == 404
    assert send(client, zipped({"toolkit.json": manifest()})).status_code == 404


def test_the_bundle_is_staged_where_nobody_else_may_look(
    signed_in: Client, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, int] = {}

    def look(source: Path, **_: Any) -> None:
        """Stand in for the first look at the bundle."""
        seen["folder"] = stat.S_IMODE(source.parent.stat().st_mode)
        seen["file"] = stat.S_IMODE(source.stat().st_mode)
        raise BundleError("enough seen")

    monkeypatch.setattr("toolkits.installs.peek", look)
    send(signed_in, zipped({"toolkit.json": manifest()}))
    assert seen == {"folder": 0o700, "file": 0o600}


def test_a_file_name_cannot_lead_out_of_the_staging_folder(storage: Path) -> None:
    with staging.private_folder() as folder:
        handler = staging.StagedUploadHandler(folder, 100)
        handler.new_file("bundle", "../../etc/pass wd\0", "application/zip", None)
        handler.receive_data_chunk(b"x", 0)
        staged = handler.file_complete(1)
        assert staged.path.parent == folder
        staged.close()
