"""``manage.py audit``."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from audit import forward, keys
from audit.models import Event
from tests.support import trail
from toolbox.events import emit

pytestmark = pytest.mark.django_db


def audit(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit", *arguments, stdout=out)
    return out.getvalue()


def status(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        audit(*arguments)
    return int(str(ended.value.code))


def test_verify_seals_first_and_says_that_all_is_well() -> None:
    emit("job.ended", state="lost")
    assert "1 events, 1 to 1: the trail is whole" in audit("verify")
    assert not Event.objects.filter(sequence=None).exists()


def test_verify_names_what_is_wrong_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    trail.grow(10)
    trail.tamper("DELETE FROM audit_event WHERE sequence = 5")
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("audit", "verify", stdout=out)
    assert "removed: event 5 is missing" in out.getvalue()
    assert "NOT whole: 1 problems" in out.getvalue()
    assert status("verify") == 1


def test_verify_tells_of_events_that_wait() -> None:
    emit("job.ended", state="lost")
    assert "wait to be sealed" in audit("verify", "--no-seal")


def test_verify_prints_json_for_machines() -> None:
    trail.grow(10)
    report = json.loads(audit("verify", "--json"))
    assert (report["whole"], report["events"], report["findings"]) == (True, 10, [])


def test_verify_compares_with_checkpoints_that_were_sent_out(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    with override_settings(AUDIT_CHECKPOINTS_TO=[f"file://{path}"], AUDIT_CHECKPOINT_EVENTS=5):
        trail.grow(10)
        forward.forward_due()
    lines = path.read_text()
    # As a syslog server would have written them down.
    path.write_text("".join(f"<109>1 2026 host app: {line}\n" for line in lines.splitlines()))
    assert "whole" in audit("verify", "--checkpoints", str(path))
    trail.tamper("DELETE FROM audit_event WHERE sequence > 7")
    trail.tamper("DELETE FROM audit_checkpoint")
    assert status("verify", "--checkpoints", str(path)) == 1


@pytest.mark.parametrize("text", [None, "", "nothing here\n", '{"broken'])
def test_a_file_without_checkpoints_is_an_error(tmp_path: Path, text: Any) -> None:
    path = tmp_path / "checkpoints"
    if text is not None:
        path.write_text(text)
    with pytest.raises(CommandError):
        audit("verify", "--checkpoints", str(path))


def test_export_writes_what_the_filters_choose(tmp_path: Path) -> None:
    trail.grow(10)
    lines = audit("export", "--event", "job.").splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["job.requested", "job.ended"] * 2
    path = tmp_path / "audit.csv"
    audit("export", "--format", "csv", "--output", str(path))
    assert path.read_text().startswith('"sequence","time","name"')
    assert path.stat().st_mode & 0o777 == 0o600


def test_export_refuses_a_filter_that_it_does_not_understand() -> None:
    with pytest.raises(CommandError, match="--since"):
        audit("export", "--since", "yesterday")


def test_prune_says_what_it_deleted() -> None:
    trail.grow(10, step=86_400)
    assert audit("prune", "--days", "5").startswith("6 events were deleted")


def test_prune_stops_at_what_does_not_verify() -> None:
    trail.grow(10, step=86_400)
    trail.tamper("UPDATE audit_event SET name = 'job.requested' WHERE sequence = 2")
    with pytest.raises(CommandError, match="Event 2 is not as it was sealed"):
        audit("prune", "--days", "5")


def test_key_prints_what_auditors_need() -> None:
    assert audit("key").split() == [keys.current().id, keys.current().public_key]
