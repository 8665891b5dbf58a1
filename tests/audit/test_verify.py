"""Verification finds every kind of tampering and names where."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from audit import canonical, chain, chain_sql, signing
from audit.models import ChainHead, Checkpoint, Event
from audit.verify import Finding, Walk, verify
from tests.support import trail
from toolbox.events import emit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sealed(db: None) -> Iterator[None]:
    """Thirty events, with a checkpoint at every tenth."""
    with override_settings(AUDIT_CHECKPOINT_EVENTS=10):
        for number in range(30):
            emit("job.ended", state="succeeded", reason=f"number {number}")
        while chain.seal_pending(batch=5) and Event.objects.filter(sequence=None).exists():
            continue
        chain.write_checkpoint()
        yield


def found() -> list[tuple[str, int]]:
    return [(str(finding.kind), finding.sequence) for finding in verify().findings]


def rehash(first: int) -> None:
    """Seal everything from ``first`` on anew, as one who knows the chain but not the key would."""
    with trail.unguarded():
        before = Event.objects.get(sequence=first - 1).hash
        for event in Event.objects.filter(sequence__gte=first).order_by("sequence"):
            content = canonical.digest(canonical.values(event))
            before = canonical.link(event.sequence or 0, before, content, event.proof)
            Event.objects.filter(pk=event.pk).update(hash=before)


def test_a_chain_that_nobody_touched_is_whole() -> None:
    report = verify()
    assert report.whole
    assert (report.rows, report.first, report.through) == (30, 1, 30)


def test_an_empty_chain_is_whole() -> None:
    trail.tamper("DELETE FROM audit_event")
    trail.tamper("DELETE FROM audit_checkpoint")
    trail.tamper("DELETE FROM audit_chainhead")
    assert verify().whole


@pytest.mark.parametrize(
    "change",
    ["name = 'job.requested'", "actor_label = 'eve'", "address = '192.0.2.1'", "details = '{}'",
     "proof = 'x'", "severity = 'critical'", "outcome = 'failure'"],
)  # fmt: skip
def test_a_changed_event_is_named(change: str) -> None:
    trail.tamper(f"UPDATE audit_event SET {change} WHERE sequence = 7")
    report = verify()
    assert [(finding.kind, finding.sequence) for finding in report.findings] == [("changed", 7)]
    assert report.findings[0].event == str(Event.objects.get(sequence=7).pk)


def test_an_event_whose_time_was_changed_is_named() -> None:
    when = Event.objects.get(sequence=3).time
    with trail.unguarded():
        Event.objects.filter(sequence=7).update(time=when)
    assert found() == [("changed", 7)]


def test_a_changed_event_whose_hash_was_computed_anew_is_named() -> None:
    trail.tamper("UPDATE audit_event SET name = 'job.requested' WHERE sequence = 7")
    event = Event.objects.get(sequence=7)
    before = Event.objects.get(sequence=6).hash
    link = canonical.link(7, before, canonical.digest(canonical.values(event)), event.proof)
    with trail.unguarded():
        Event.objects.filter(pk=event.pk).update(hash=link)
    assert found() == [("changed", 7)]


def test_a_chain_that_was_rewritten_from_an_event_on_is_found_by_its_checkpoints() -> None:
    trail.tamper("UPDATE audit_event SET name = 'job.requested' WHERE sequence = 7")
    rehash(7)
    assert found() == [
        ("changed", 7), ("rewritten", 15), ("rewritten", 25), ("rewritten", 30), ("head", 30),
    ]  # fmt: skip


def test_a_changed_hash_is_named() -> None:
    trail.tamper("UPDATE audit_event SET hash = %s WHERE sequence = 7", ["0" * 64])
    assert ("changed", 7) in found()


def test_a_removed_event_is_named() -> None:
    trail.tamper("DELETE FROM audit_event WHERE sequence IN (7, 8, 20)")
    report = verify()
    assert [str(finding) for finding in report.findings] == [
        "removed: events 7 to 8 are missing", "removed: event 20 is missing",
    ]  # fmt: skip


def test_the_removed_first_event_is_named() -> None:
    trail.tamper("DELETE FROM audit_event WHERE sequence = 1")
    assert found() == [("removed", 1)]


def test_a_removed_event_is_found_where_later_ones_were_renumbered() -> None:
    trail.tamper("DELETE FROM audit_event WHERE sequence = 27")
    for number in (28, 29, 30):
        trail.tamper(f"UPDATE audit_event SET sequence = {number - 1} WHERE sequence = {number}")
    kinds = found()
    assert ("moved", 28) in kinds
    assert ("truncated", 30) in kinds


def test_swapped_events_are_named_with_their_places() -> None:
    trail.tamper("UPDATE audit_event SET sequence = 1000 WHERE sequence = 7")
    trail.tamper("UPDATE audit_event SET sequence = 7 WHERE sequence = 12")
    trail.tamper("UPDATE audit_event SET sequence = 12 WHERE sequence = 1000")
    texts = [finding.text for finding in verify().findings if finding.kind == "moved"]
    assert any(text.startswith("event 7 ") and text.endswith("was 12") for text in texts)
    assert any(text.startswith("event 12 ") and text.endswith("was 7") for text in texts)


def test_neighbours_that_were_swapped_are_named() -> None:
    trail.tamper("UPDATE audit_event SET sequence = 1000 WHERE sequence = 7")
    trail.tamper("UPDATE audit_event SET sequence = 7 WHERE sequence = 8")
    trail.tamper("UPDATE audit_event SET sequence = 8 WHERE sequence = 1000")
    assert {("moved", 7), ("moved", 8)} <= set(found())


def test_an_event_inserted_in_the_middle_is_named() -> None:
    with trail.unguarded():
        for number in range(30, 14, -1):
            Event.objects.filter(sequence=number).update(sequence=number + 1)
        Event.objects.create(name="job.ended", severity="info", sequence=15, hash="0" * 64)
    rehash(15)
    assert ("inserted", 15) in found()


def test_an_event_inserted_at_the_end_is_named() -> None:
    with trail.unguarded():
        Event.objects.create(name="job.ended", severity="info", sequence=31, hash="0" * 64)
    assert found() == [("inserted", 31)]


def test_an_event_inserted_for_the_sealer_is_named() -> None:
    Event.objects.create(name="job.ended", severity="info", actor_type="system")
    chain.seal_pending()
    chain.seal_pending()
    assert found() == [("inserted", 31), ("reported", 32)]


def test_a_copied_proof_does_not_make_an_event_the_platforms() -> None:
    proof = Event.objects.get(sequence=3).proof
    Event.objects.create(name="job.ended", severity="info", actor_type="system", proof=proof)
    chain.seal_pending()
    assert ("changed", 31) in found()


def test_a_cut_off_tail_is_named_by_the_head() -> None:
    trail.tamper("DELETE FROM audit_event WHERE sequence > 27")
    trail.tamper("DELETE FROM audit_checkpoint WHERE sequence > 27")
    assert [str(finding) for finding in verify().findings] == [
        "truncated: events 28 to 30 are missing at the end, after a checkpoint or the head"
    ]


def set_back(sequence: int, head: ChainHead) -> None:
    """Cut the tail off and put an earlier, rightly signed head in its place."""
    trail.tamper(f"DELETE FROM audit_event WHERE sequence > {sequence}")
    with trail.unguarded():
        head.save(force_update=True)


def head_at(sequence: int) -> ChainHead:
    event = Event.objects.get(sequence=sequence)
    head = ChainHead(pk=1, sequence=sequence, hash=event.hash)
    signing.sign_head(head)
    return head


def test_a_cut_off_tail_with_the_head_set_back_is_named_by_a_checkpoint() -> None:
    set_back(27, head_at(27))
    assert found() == [("truncated", 28)]


def test_a_database_that_was_set_back_whole_is_named_by_a_checkpoint_outside() -> None:
    outside = [
        {**signing.checkpoint_statement(checkpoint), "signature": checkpoint.signature}
        for checkpoint in Checkpoint.objects.all()
    ]
    set_back(12, head_at(12))
    trail.tamper("DELETE FROM audit_checkpoint WHERE sequence > 12")
    assert found() == []
    outside = json.loads(json.dumps(outside))
    kinds = [(str(finding.kind), finding.sequence) for finding in verify(outside).findings]
    assert ("truncated", 30) in kinds


def test_a_checkpoint_outside_that_somebody_forged_is_named() -> None:
    entry = {"kind": "interval", "sequence": 30, "hash": "0" * 64, "key": "0" * 16}
    assert [finding.kind for finding in verify([{**entry, "signature": "00"}]).findings] == [
        "checkpoint"
    ]


def test_a_changed_checkpoint_is_named() -> None:
    trail.tamper("UPDATE audit_checkpoint SET hash = %s WHERE sequence = 15", ["0" * 64])
    assert ("checkpoint", 15) in found()


def test_a_forged_checkpoint_with_a_key_of_the_forger_is_named() -> None:
    trail.tamper("UPDATE audit_signingkey SET public_key = %s", ["0" * 64])
    trail.tamper("UPDATE audit_checkpoint SET key_id = 'ffffffffffffffff' WHERE sequence = 15")
    assert ("checkpoint", 15) in found()


def test_a_head_with_a_forged_signature_is_named() -> None:
    trail.tamper("UPDATE audit_chainhead SET signature = 'ff'")
    assert found() == [("head", 30)]


def test_missing_triggers_are_named() -> None:
    from django.db import connection

    from audit import triggers

    triggers.remove(connection)
    assert {finding.kind for finding in verify().findings} == {"guard"}
    triggers.install(connection)


def test_a_walk_that_is_kept_and_gone_on_with_finds_the_same() -> None:
    trail.tamper("UPDATE audit_event SET name = 'job.requested' WHERE sequence IN (10, 21)")
    trail.tamper("DELETE FROM audit_event WHERE sequence = 11")
    whole = verify().findings
    state: dict[str, Any] | None = None
    while True:
        walk = Walk(state)
        more = walk.step(5)
        state = json.loads(json.dumps(walk.state()))
        if not more:
            break
    assert sorted(map(str, Walk(state).finish().findings)) == sorted(map(str, whole))


def test_events_that_are_sealed_while_a_walk_goes_on_do_not_disturb_it() -> None:
    walk = Walk()
    walk.step(10)
    emit("job.ended", state="lost")
    chain.seal_pending()
    while walk.step(10):
        continue
    assert walk.finish().whole


def test_only_so_many_findings_are_kept_and_all_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("audit.verify.walk.MOST_FINDINGS", 3)
    trail.tamper("UPDATE audit_event SET name = 'job.requested'")
    report = verify()
    assert len(report.findings) == 3
    assert report.count == 30


def test_a_finding_is_plain_data_and_back() -> None:
    trail.tamper("DELETE FROM audit_event WHERE sequence = 7")
    finding = verify().findings[0]
    assert Finding.from_dict(finding.as_dict()) == finding


def test_a_million_events_would_be_verified_within_a_minute() -> None:
    # By the time that this process works, so that a busy machine does not decide.
    trail.grow(10_000)
    started = time.process_time()
    assert verify().rows == 10_030
    assert (time.process_time() - started) * 100 < 60


def test_the_quick_way_to_the_body_writes_what_the_documentation_says() -> None:
    emit("job.ended", state='q"\\ü\u2028😀', reason={"b": 1, "a": [None, True, "é"]})
    for event in Event.objects.all():
        content = dict(zip(canonical.FIELDS, canonical.values(event), strict=True))
        content |= {"id": str(event.pk), "time": canonical.timestamp(event.time)}
        plain = json.dumps(content, sort_keys=True, separators=(",", ":"))
        assert canonical.body(canonical.values(event)) == plain
    rows = chain_sql.read(chain_sql.SEALED, (0, 100, 100))
    rows += chain_sql.read(chain_sql.UNSEALED, (10,))
    events = {str(event.pk): event for event in Event.objects.all()}
    assert len(rows) == len(events) == 31
    for row in rows:
        assert canonical.body(row) == canonical.body(canonical.values(events[row[0]]))


def test_a_time_without_a_fraction_reads_the_same() -> None:
    with trail.unguarded():
        Event.objects.filter(sequence=7).update(time="2026-01-31T12:00:00Z")
    row = chain_sql.read(chain_sql.SEALED, (6, 7, 1))[0]
    assert row[1] == "2026-01-31T12:00:00.000000Z"
