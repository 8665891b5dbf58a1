"""Retention deletes old events, and what remains still verifies."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError
from django.test import override_settings
from django.utils import timezone

from accounts.models import User
from audit import holds, retention
from audit.models import Checkpoint, Event, LegalHold, Verification
from audit.retention import NotWhole, prune
from audit.verify import verify
from tests.support import trail
from toolbox.events import emit

pytestmark = pytest.mark.django_db

DAY = 86_400.0


@pytest.fixture(autouse=True)
def hundred_days(db: None) -> None:
    """A hundred sealed events, a day apart; the last one is half a day old."""
    trail.grow(100, step=DAY, start=timezone.now() - timedelta(days=99.5))


def numbers() -> list[int]:
    return list(Event.objects.filter(sequence__lte=100).order_by("sequence").values_list(
        "sequence", flat=True
    ))  # fmt: skip


def whole() -> bool:
    report = verify()
    assert report.findings == []
    return report.whole


@override_settings(AUDIT_LOG_RETENTION_DAYS=30)
def test_events_past_their_retention_are_deleted_and_the_rest_verifies() -> None:
    done = prune()
    assert done.deleted == 70
    assert numbers() == list(range(71, 101))
    assert whole()
    assert Checkpoint.objects.get(kind="retention").sequence == 70
    event = Event.objects.get(name="audit.pruned")
    assert (event.details["first"], event.details["through"]) == (1, 70)


@override_settings(AUDIT_LOG_RETENTION_DAYS=30)
def test_batches_leave_a_checkpoint_each_and_the_rest_verifies() -> None:
    prune(batch=20)
    assert numbers() == list(range(71, 101))
    ranges = Checkpoint.objects.filter(kind="retention").order_by("id")
    assert list(ranges.values_list("first", "sequence")) == [(1, 20), (21, 40), (41, 60), (61, 70)]
    assert whole()


@override_settings(AUDIT_LOG_RETENTION_DAYS=30)
def test_a_second_run_finds_nothing_to_do() -> None:
    prune()
    assert prune().deleted == 0
    assert Checkpoint.objects.filter(kind="retention").count() == 1


def test_the_rule_of_the_admin_goes_before_the_setting(admin_user: User) -> None:
    retention.set_days(10, admin_user)
    assert retention.days() == 10
    event = Event.objects.get(name="retention.changed")
    assert event.changes == {"days": [90, 10]}
    assert prune().deleted == 90


def test_the_last_event_stays_however_old_it_is() -> None:
    prune(before=timezone.now() + timedelta(days=1))
    assert numbers() == [100]
    assert whole()


def test_what_was_deleted_cannot_come_back_unseen() -> None:
    kept = Event.objects.get(sequence=10)
    prune(before=timezone.now() - timedelta(days=30))
    with trail.unguarded():
        kept.save(force_insert=True)
    assert [str(finding.kind) for finding in verify().findings] == ["inserted"]


def test_the_tail_that_remains_cannot_lose_its_start_unseen() -> None:
    prune(before=timezone.now() - timedelta(days=30))
    trail.tamper("DELETE FROM audit_event WHERE sequence IN (71, 72)")
    assert [str(finding) for finding in verify().findings] == [
        "removed: events 71 to 72 are missing"
    ]


def test_what_is_not_as_it_was_sealed_is_evidence_and_stays() -> None:
    trail.tamper("UPDATE audit_event SET actor_label = 'eve' WHERE sequence = 5")
    with pytest.raises(NotWhole, match="Event 5 "):
        prune(before=timezone.now() - timedelta(days=30))
    assert len(numbers()) == 100
    assert prune(before=timezone.now() - timedelta(days=30), force=True).deleted == 70


def test_events_that_wait_to_be_sealed_are_not_deleted() -> None:
    emit("job.ended", state="lost")
    prune(before=timezone.now() + timedelta(days=1))
    assert Event.objects.filter(sequence=None).exists()


@override_settings(AUDIT_FORWARD_TO=["stdout:"])
def test_events_that_were_not_forwarded_yet_are_not_deleted() -> None:
    assert prune(before=timezone.now()).deleted == 0


def test_the_database_refuses_to_delete_what_no_checkpoint_covers() -> None:
    with pytest.raises(IntegrityError, match="retention checkpoint"):
        Event.objects.filter(sequence=1).delete()


class TestLegalHolds:
    def hold(self, placed_by: User, **fields: object) -> LegalHold:
        hold = LegalHold(reason="Case 17", **fields)
        holds.place(hold, placed_by)
        return hold

    def test_a_hold_keeps_what_it_covers_and_the_rest_verifies(self, admin_user: User) -> None:
        self.hold(admin_user, event="auth.sign_in_failed")
        done = prune(before=timezone.now() - timedelta(days=30))
        kept = [number for number in numbers() if number <= 70]
        assert kept == list(range(5, 71, 5))
        assert (done.deleted, done.kept) == (56, 14)
        assert whole()

    @pytest.mark.parametrize(
        ("fields", "covered"),
        [
            ({"event": "auth."}, 14),
            ({"event": "toolkit.enabled", "actor": str(UUID(int=2))}, 2),
            ({"target_type": "toolkits.job"}, 70),
            ({"target_type": "toolkits.job", "target_id": str(UUID(int=7))}, 1),
            ({"until": timezone.now() - timedelta(days=90.2)}, 10),
            ({"since": timezone.now() - timedelta(days=35.2)}, 5),
        ],
    )  # fmt: skip
    def test_a_hold_covers_what_its_fields_say(
        self, admin_user: User, fields: dict[str, object], covered: int
    ) -> None:
        self.hold(admin_user, **fields)
        assert prune(before=timezone.now() - timedelta(days=30)).kept == covered

    def test_a_hold_without_conditions_keeps_everything(self, admin_user: User) -> None:
        self.hold(admin_user)
        assert prune(before=timezone.now()).deleted == 0
        assert not Checkpoint.objects.filter(kind="retention").exists()

    def test_what_a_hold_kept_cannot_be_changed_or_removed_unseen(self, admin_user: User) -> None:
        self.hold(admin_user, event="auth.")
        prune(before=timezone.now() - timedelta(days=30))
        trail.tamper("UPDATE audit_event SET actor_label = 'eve' WHERE sequence = 5")
        trail.tamper("DELETE FROM audit_event WHERE sequence = 10")
        found = [(str(finding.kind), finding.sequence) for finding in verify().findings]
        assert found == [("changed", 5), ("removed", 10)]

    def test_a_released_hold_lets_go(self, admin_user: User) -> None:
        hold = self.hold(admin_user, event="auth.")
        prune(before=timezone.now() - timedelta(days=30))
        assert holds.release(hold, admin_user)
        assert not holds.release(hold, admin_user)
        assert prune(before=timezone.now() - timedelta(days=30)).deleted == 14
        assert numbers() == list(range(71, 101))
        assert whole()

    def test_one_of_two_holds_released_keeps_what_the_other_covers(self, admin_user: User) -> None:
        first = self.hold(admin_user, event="auth.")
        self.hold(admin_user, actor="00000000-0000-0000-0000-000000000004")
        prune(before=timezone.now() - timedelta(days=30))
        holds.release(first, admin_user)
        prune(before=timezone.now() - timedelta(days=30))
        assert [number for number in numbers() if number <= 70] == [5, 55]
        assert whole()

    def test_placing_and_releasing_are_events(self, admin_user: User) -> None:
        hold = self.hold(admin_user, event="auth.")
        holds.release(hold, admin_user)
        placed = Event.objects.get(name="audit.hold_placed")
        assert placed.changes == {"event": "auth."}
        assert placed.target_label == "Case 17"
        assert Event.objects.filter(name="audit.hold_released").exists()


def test_a_walk_goes_on_where_retention_deleted_before_it() -> None:
    from audit.verify import Walk

    walk = Walk()
    walk.step(20)
    prune(before=timezone.now() - timedelta(days=30))
    while walk.step(20):
        continue
    assert walk.finish().findings == []


class TestRunsOfVerification:
    def test_the_scheduler_verifies_in_steps(
        self, admin_user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from audit import verification

        monkeypatch.setattr(verification, "_STEP", 40)
        made = verification.request(admin_user)
        assert verification.request(admin_user) == made
        assert [verification.advance() for _ in range(4)] == [40, 40, 22, 0]
        made.refresh_from_db()
        assert made.is_whole
        assert made.rows == 102
        assert Event.objects.filter(name="audit.verified").count() == 1

    def test_what_it_finds_is_a_critical_event(self) -> None:
        from audit import verification

        trail.tamper("DELETE FROM audit_event WHERE sequence = 5")
        assert verification.begin_due() == 1
        assert verification.begin_due() == 0
        while verification.advance():
            continue
        made = Verification.objects.get()
        assert not made.is_whole
        assert made.problems[0]["kind"] == "removed"
        event = Event.objects.get(name="audit.verification_failed")
        assert event.severity == "critical"
        assert "event 5 is missing" in event.details["first"]
