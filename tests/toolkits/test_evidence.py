"""Evidence packs: whole, verifiable offline, and silent about what was not chosen."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import User
from accounts.roles import SYSTEM_ADMIN
from audit import chain, holds, keys, retention
from audit.models import Event, LegalHold
from tests.support.factories import make_artifact, make_job, make_row, make_user
from toolbox import context
from toolbox.events import emit
from toolkits import evidence
from toolkits.jobs import artifacts, logs
from toolkits.jobs.states import JobState
from toolkits.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(db: None) -> User:
    return make_user("ada", roles=[SYSTEM_ADMIN])


@pytest.fixture
def job(auditor: User, storage: Path, tmp_path: Path) -> Job:
    """A job with a log, a file, and events of its own among those of others."""
    toolkit = make_row("disks")
    job = make_job(toolkit, auditor, state=JobState.SUCCEEDED, inputs={"host": "db1"})
    emit("user.changed", target="a neighbour's secret life")
    emit("job.requested", actor=auditor, target=job, via="api", operation="hello")
    with context.working(job_id=str(job.pk)):
        emit("secret.read", path="toolkits/disks/token", version="3", toolkit="disks")
    emit("job.ended", target=job, state="succeeded")
    emit("user.changed", target="another neighbour")
    logs.append(job.pk, 1, 1, [[1_767_225_600.0, "INFO", "kit", "größer als \u2028 gedacht"]])
    Job.objects.filter(pk=job.pk).update(log_lines=1)
    make_artifact(job, "report.csv", "host,free\ndb1,12\n", "text/csv")
    job.refresh_from_db()
    return job


Unpacked = Callable[..., Path]


@pytest.fixture
def unpacked(auditor: User, tmp_path: Path) -> Unpacked:
    """Make a pack and unzip it."""

    def make(**chosen: Any) -> Path:
        blocks = evidence.stream(evidence.select(auditor, **chosen), auditor)
        folder = tmp_path / "pack"
        with zipfile.ZipFile(io.BytesIO(b"".join(blocks))) as pack:
            pack.extractall(folder)
        return folder

    return make


def check(folder: Path, key: str = "") -> tuple[int, str]:
    """Run the pack's own script, with the standard library alone."""
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    command += ["--key", key or keys.current().id]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def chain_lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "audit/chain.jsonl").read_text().splitlines()]


def test_a_pack_holds_the_job_and_verifies_offline(job: Job, unpacked: Unpacked) -> None:
    folder = unpacked(job_ids=[job.pk])
    status, said = check(folder)
    assert (status, "The pack is what was made." in said) == (0, True), said
    data = json.loads((folder / f"jobs/{job.pk}/job.json").read_text())
    assert data["inputs"] == {"host": "db1"}
    assert data["requested_by"]["username"] == "ada"
    receipt = data["secret_receipts"][0]
    assert (receipt["path"], receipt["version"]) == ("toolkits/disks/token", "3")
    assert "größer" in (folder / f"jobs/{job.pk}/log.txt").read_text()
    assert (folder / f"jobs/{job.pk}/artifacts/report.csv").read_text().startswith("host,free")
    toolkits = json.loads((folder / "toolkits.json").read_text())
    assert job.version is not None
    assert toolkits[0]["digest"] == job.version.digest


def test_what_was_not_chosen_is_there_as_a_digest_alone(job: Job, unpacked: Unpacked) -> None:
    folder = unpacked(job_ids=[job.pk])
    assert "neighbour" not in (folder / "audit/chain.jsonl").read_text()
    lines = chain_lines(folder)
    names = [line["name"] for line in lines if "name" in line]
    assert names == ["job.requested", "secret.read", "job.ended"]
    assert any("digest" in line for line in lines)


def test_a_time_range_brings_every_event_of_it(job: Job, unpacked: Unpacked) -> None:
    folder = unpacked(since=timezone.now() - timedelta(hours=1))
    names = [line["name"] for line in chain_lines(folder) if "name" in line]
    assert names.count("user.changed") == 2
    assert check(folder)[0] == 0
    assert (folder / f"jobs/{job.pk}/job.json").exists()


@override_settings(AUDIT_CHECKPOINT_EVENTS=5)
def test_only_the_parts_around_the_chosen_events_are_packed(job: Job, unpacked: Unpacked) -> None:
    for _ in range(30):
        emit("user.changed", target="noise")
        chain.seal_pending()
    emit("job.log_read", target=job)
    folder = unpacked(job_ids=[job.pk])
    assert check(folder)[0] == 0
    lines = chain_lines(folder)
    assert sum("after" in line for line in lines) == 2
    assert len(lines) < 20


def test_events_that_a_legal_hold_kept_are_proven_by_the_checkpoint(
    job: Job, auditor: User, unpacked: Unpacked
) -> None:
    chain.seal_pending()
    holds.place(LegalHold(reason="Case 17", target_id=str(job.pk)), auditor)
    chain.seal_pending()
    retention.prune(before=timezone.now() + timedelta(days=1))
    folder = unpacked(job_ids=[job.pk])
    status, said = check(folder)
    assert status == 0, said
    assert [line["name"] for line in chain_lines(folder) if "name" in line] == [
        "job.requested", "job.ended",
    ]  # fmt: skip


def change_log(folder: Path, job: Job) -> None:
    (folder / f"jobs/{job.pk}/log.txt").write_text("nothing happened\n")


def remove_artifact(folder: Path, job: Job) -> None:
    (folder / f"jobs/{job.pk}/artifacts/report.csv").unlink()


def add_file(folder: Path, job: Job) -> None:
    (folder / "jobs/extra.txt").write_text("x")


def link_out(folder: Path, job: Job) -> None:
    path = folder / "toolkits.json"
    copy = folder.parent / "copy.json"
    copy.write_bytes(path.read_bytes())
    path.unlink()
    path.symlink_to(copy)


def rewrite_chain(folder: Path, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change the chain and list its new digest, as one who has no key can."""
    lines = chain_lines(folder)
    change(lines)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "audit/chain.jsonl").write_text(text)
    manifest = json.loads((folder / "manifest.json").read_text())
    import hashlib

    manifest["files"]["audit/chain.jsonl"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def change_event(folder: Path, job: Job) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        next(line for line in lines if line.get("name") == "job.ended")["actor_label"] = "eve"

    rewrite_chain(folder, change)


def drop_event(folder: Path, job: Job) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines.remove(next(line for line in lines if line.get("name") == "secret.read"))
        lines[0]["events"] -= 1

    rewrite_chain(folder, change)


def change_checkpoint(folder: Path, job: Job) -> None:
    rewrite_chain(folder, lambda lines: lines[-1].update(time="2020-01-01T00:00:00.000000Z"))


def sign_anew(folder: Path, job: Job) -> None:
    """A pack made whole by somebody with a key of their own."""
    with override_settings(AUDIT_KEY="e" * 64):
        own = keys.current()
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest |= {"key": own.id, "keys": {**manifest["keys"], own.id: own.public_key}}
        from audit import canonical

        (folder / "manifest.json").write_text(canonical.text(manifest))
        (folder / "manifest.sig").write_text(own.sign(canonical.text(manifest)))


def empty(folder: Path, job: Job) -> None:
    (folder / "manifest.json").write_text("{}")


ATTACKS: dict[Callable[[Path, Job], None], str] = {
    change_log: "log.txt was changed",
    remove_artifact: "report.csv is missing",
    add_file: "jobs/extra.txt was added",
    link_out: "toolkits.json was changed",
    change_event: "does not fit the chain",
    drop_event: "is missing",
    change_checkpoint: "is not signed by a known key",
    sign_anew: "the manifest is signed by key",
    empty: "cannot be read",
}


@pytest.mark.parametrize(
    ("attack", "found"), ATTACKS.items(), ids=[attack.__name__ for attack in ATTACKS]
)
def test_a_pack_that_was_tampered_with_says_where(
    attack: Callable[[Path, Job], None], found: str, job: Job, unpacked: Unpacked
) -> None:
    folder = unpacked(job_ids=[job.pk])
    attack(folder, job)
    status, said = check(folder)
    assert status == 1
    assert found in said, said


def test_the_script_checks_signatures_as_the_standard_says() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit.evidence import verify_pack

    for number in range(5):
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw().hex()
        text = f"statement {number}"
        signature = key.sign(text.encode()).hex()
        assert verify_pack.signed_by(public, text, signature)
        assert not verify_pack.signed_by(public, text + "x", signature)
        other = f"{int(signature[:2], 16) ^ 1:02x}{signature[2:]}"
        assert not verify_pack.signed_by(public, text, other)
        assert not verify_pack.signed_by("ff" * 32, text, signature)
    assert not verify_pack.signed_by("zz", "x", "yy")


def test_making_a_pack_is_an_event(job: Job, unpacked: Unpacked) -> None:
    unpacked(job_ids=[job.pk])
    event = Event.objects.get(name="audit.evidence_packed")
    assert event.actor_label == "ada"
    assert event.details["jobs"] == 1


def test_an_artifact_that_is_gone_is_said_to_be(job: Job, unpacked: Unpacked) -> None:
    artifacts.discard(job.artifacts.get().stored_as)
    folder = unpacked(job_ids=[job.pk])
    assert (folder / f"jobs/{job.pk}/artifacts/report.csv.missing").exists()
    assert check(folder)[0] == 0


@pytest.mark.parametrize("chosen", [{}, {"since": timezone.now() + timedelta(days=1)}])
def test_choosing_nothing_is_refused_in_words(auditor: User, chosen: dict[str, Any]) -> None:
    with pytest.raises(evidence.NothingChosen):
        evidence.select(auditor, **chosen)


class TestPage:
    @pytest.fixture
    def signed_in(self, auditor: User, client: Client) -> Client:
        client.force_login(auditor)
        return client

    def test_it_sends_a_zip(self, signed_in: Client, job: Job) -> None:
        assert signed_in.get("/audit/evidence/").status_code == 200
        response = signed_in.post("/audit/evidence/", {"jobs": str(job.pk)})
        assert response["Content-Type"] == "application/zip"
        data = b"".join(response.streaming_content)  # type: ignore[arg-type]
        assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None

    @pytest.mark.parametrize(
        ("given", "said"),
        [({}, "Choose jobs"), ({"jobs": "x y"}, "not a list of job ids"),
         ({"jobs": "00000000-0000-0000-0000-000000000001"}, "There is no job")],
    )  # fmt: skip
    def test_it_says_what_is_wrong(
        self, signed_in: Client, given: dict[str, str], said: str
    ) -> None:
        response = signed_in.post("/audit/evidence/", given)
        assert response.status_code == 422
        assert said in response.content.decode()

    def test_to_others_it_is_not_there(self, client: Client, curator: User, job: Job) -> None:
        client.force_login(curator)
        assert client.get("/audit/evidence/").status_code == 404
        assert client.post("/audit/evidence/", {"jobs": str(job.pk)}).status_code == 404


def test_the_command_writes_a_file_for_its_owner_alone(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    call_command("evidence", f"--job={job.pk}", f"--output={path}")
    assert path.stat().st_mode & 0o777 == 0o600
    assert zipfile.ZipFile(path).testzip() is None


def by_api(user: User, **body: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post("/api/v1/audit/evidence/", body, content_type="application/json")


def test_the_api_streams_a_pack_that_verifies(auditor: User, job: Job, tmp_path: Path) -> None:
    answer = by_api(auditor, jobs=[str(job.pk)])
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert answer.streaming
    folder = tmp_path / "by-api"
    zipfile.ZipFile(io.BytesIO(answer.getvalue())).extractall(folder)
    command = [sys.executable, "verify.py", "--key", keys.current().id]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    event = Event.objects.get(name="audit.evidence_packed")
    assert (event.actor_label, event.details["jobs"]) == ("ada", 1)


@pytest.mark.parametrize(
    ("body", "status", "place"),
    [
        ({}, 422, "Choose jobs"),
        ({"since": "yesterday"}, 400, "since"),
        ({"jobs": ["x"]}, 400, "jobs"),
        ({"since": "2020-01-01", "all": True}, 400, "all"),
        ({"jobs": ["018f0000-0000-7000-8000-000000000000"]}, 422, "no job"),
    ],
)
def test_the_api_says_what_no_pack_can_be_made_of(
    auditor: User, job: Job, body: dict[str, Any], status: int, place: str
) -> None:
    answer = by_api(auditor, **body)
    assert answer.status_code == status
    assert place in answer.content.decode()
    assert not Event.objects.filter(name="audit.evidence_packed").exists()


def test_the_api_has_no_packs_for_who_may_not_read_the_trail(job: Job) -> None:
    assert (
        by_api(make_user("cura", roles=["toolkit.curator"]), since="2020-01-01").status_code == 404
    )
