"""Sealing: every committed event gets its place in one chain, and nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import override_settings

from audit import canonical, chain, keys, signing
from audit.models import ChainHead, Checkpoint, Event, SigningKey
from audit.verify import verify
from tests.support import trail
from toolbox.events import emit

pytestmark = pytest.mark.django_db


def write(count: int = 1) -> None:
    for number in range(count):
        emit("job.ended", state="succeeded", reason=f"number {number}")


def test_committed_events_get_numbers_and_hashes_in_order() -> None:
    write(5)
    assert chain.seal_pending() == 5
    events = list(Event.objects.order_by("sequence"))
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5]
    before = canonical.GENESIS
    for event in events:
        content = canonical.digest(canonical.values(event))
        assert event.hash == canonical.link(event.sequence or 0, before, content, event.proof)
        before = event.hash
    assert ChainHead.objects.get().hash == before


def test_the_canonical_form_is_what_the_documentation_says() -> None:
    write()
    event = Event.objects.get()
    text = canonical.body(canonical.values(event))
    assert text.startswith('{"actor_id":"","actor_label":"","actor_type":"system","address":""')
    assert f'"time":"{event.time:%Y-%m-%dT%H:%M:%S.%f}Z"' in text
    assert text.isascii()


def test_sealing_in_small_batches_goes_on_where_it_ended() -> None:
    write(5)
    assert chain.seal_pending(batch=2) == 5
    assert verify().whole


def test_sealing_twice_changes_nothing() -> None:
    write(2)
    chain.seal_pending()
    before = list(Event.objects.values_list("id", "sequence", "hash"))
    assert chain.seal_pending() == 0
    assert list(Event.objects.values_list("id", "sequence", "hash")) == before


def test_what_waits_is_told_with_its_age() -> None:
    write(3)
    status = chain.status()
    assert (status.unsealed, status.sequence) == (3, 0)
    assert status.oldest_unsealed_seconds >= 0
    chain.seal_pending()
    assert chain.status().unsealed == 0


def test_an_event_that_is_rolled_back_leaves_no_hole() -> None:
    write()

    def act_and_fail() -> None:
        with transaction.atomic():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_and_fail()
    write()
    chain.seal_pending()
    assert list(Event.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]


@override_settings(AUDIT_CHECKPOINT_EVENTS=10)
def test_a_checkpoint_is_written_after_so_many_events() -> None:
    for _ in range(4):
        write(6)
        chain.seal_pending()
    # The first batch has one at once: from there on nobody takes the tail away unseen.
    assert list(Checkpoint.objects.order_by("id").values_list("sequence", flat=True)) == [6, 18]


@override_settings(AUDIT_CHECKPOINT_SECONDS=0)
def test_a_checkpoint_is_written_after_so_much_time() -> None:
    write()
    chain.seal_pending()
    write()
    chain.seal_pending()
    assert Checkpoint.objects.count() == 2


def test_a_checkpoint_is_signed_with_the_key_of_the_installation() -> None:
    write()
    chain.seal_pending()
    checkpoint = Checkpoint.objects.get()
    statement = canonical.text(signing.checkpoint_statement(checkpoint))
    public = SigningKey.objects.get().public_key
    assert checkpoint.key_id == keys.key_id(public) == keys.current().id
    assert keys.verify(public, statement, checkpoint.signature)
    assert not keys.verify(public, statement.replace("interval", "retention"), checkpoint.signature)


def test_a_checkpoint_asked_for_twice_is_written_once() -> None:
    write()
    chain.seal_pending()
    first = chain.write_checkpoint()
    assert chain.write_checkpoint() == first


def test_after_a_rotation_the_chain_goes_on_and_says_so() -> None:
    write(2)
    chain.seal_pending()
    old = keys.current().id
    write()  # by a process that the rotation ends
    with override_settings(AUDIT_KEY="f" * 64):
        new = keys.current().id
        chain.seal_pending()
        chain.seal_pending()
        event = Event.objects.get(name="audit.key_changed")
        assert event.details["before"] == old
        assert event.details["key"] == new
        assert set(SigningKey.objects.values_list("key_id", flat=True)) == {old, new}
        assert verify().findings == []
        assert not Event.objects.filter(name="audit.unproven_event").exists()


def test_an_event_that_somebody_put_into_the_table_is_an_event_of_its_own() -> None:
    write()
    Event.objects.create(name="job.ended", severity="info", actor_type="system")
    chain.seal_pending()
    chain.seal_pending()
    found = Event.objects.get(name="audit.unproven_event")
    assert found.severity == "critical"
    assert found.details["reason"] == "it has no proof"


def test_an_event_that_is_changed_before_it_is_sealed_is_an_event_of_its_own() -> None:
    write()
    trail.tamper("UPDATE audit_event SET name = 'job.requested'")
    chain.seal_pending()
    assert Event.objects.filter(name="audit.unproven_event").count() == 1


@pytest.mark.parametrize(
    "change",
    ["hash = '" + "0" * 64 + "'", "sequence = 0", "sequence = sequence - 1", "signature = ''"],
)
def test_a_head_that_somebody_changed_is_an_event_and_the_chain_goes_on(change: str) -> None:
    write(3)
    chain.seal_pending()
    trail.tamper(f"UPDATE audit_chainhead SET {change}")
    write()
    chain.seal_pending()
    chain.seal_pending()
    assert Event.objects.filter(name="audit.chain_broken").count() == 1
    assert not Event.objects.filter(sequence=None).exists()
    assert [finding.kind for finding in verify().findings] == ["reported"]


STATEMENTS = {
    "delete an event": "DELETE FROM audit_event",
    "change an event": "UPDATE audit_event SET name = 'x'",
    "unseal an event": "UPDATE audit_event SET sequence = NULL, hash = ''",
    "renumber an event": "UPDATE audit_event SET sequence = sequence + 10",
    "change a checkpoint": "UPDATE audit_checkpoint SET sequence = 0",
    "delete a checkpoint": "DELETE FROM audit_checkpoint",
    "change a key": "UPDATE audit_signingkey SET public_key = ''",
    "delete a key": "DELETE FROM audit_signingkey",
    "set the head back": "UPDATE audit_chainhead SET sequence = 0",
    "delete the head": "DELETE FROM audit_chainhead",
}


@pytest.mark.parametrize("sql", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_the_database_itself_refuses_to(sql: str) -> None:
    write(2)
    chain.seal_pending()
    with pytest.raises(IntegrityError, match="audit:"), transaction.atomic():
        connection.cursor().execute(sql)


def test_the_database_refuses_to_insert_a_sealed_event() -> None:
    with pytest.raises(IntegrityError, match="audit:"), transaction.atomic():
        Event.objects.create(name="x", sequence=1, hash="0" * 64)


def test_the_database_refuses_to_change_an_event_while_it_seals_it() -> None:
    write()
    with pytest.raises(IntegrityError, match="audit:"), transaction.atomic():
        Event.objects.update(sequence=1, name="x")


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_sqlite_refuses_to_replace_an_event() -> None:
    write()
    with pytest.raises(IntegrityError, match="audit:"), transaction.atomic():
        connection.cursor().execute("REPLACE INTO audit_event SELECT * FROM audit_event")


@pytest.mark.postgres
@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.parametrize("table", ["event", "checkpoint", "signingkey", "chainhead"])
def test_postgresql_refuses_to_truncate(table: str) -> None:
    with pytest.raises(IntegrityError, match="audit:"), transaction.atomic():
        connection.cursor().execute(f"TRUNCATE audit_{table}")


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    def run(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_fifty_concurrent_writers_make_one_unbroken_chain() -> None:
    writers, acts, sealers = 50, 20, 4
    done = threading.Event()
    barrier = threading.Barrier(writers)

    def act(number: int) -> None:
        barrier.wait()
        for turn in range(acts):
            try:
                with transaction.atomic():
                    emit("job.ended", state="succeeded", reason=f"{number}.{turn}")
                    emit("job.requested", operation="hello")
                    if turn % 5 == 4:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    def seal(_: int) -> int:
        total = 0
        while not done.is_set():
            total += chain.seal_pending(batch=37)
        return total

    with ThreadPoolExecutor(1) as background:
        sealing = background.submit(in_threads, sealers, seal)
        in_threads(writers, act)
        done.set()
        sealed = sum(sealing.result())
    sealed += chain.seal_pending()
    expected = writers * acts * 2 * 4 // 5
    assert sealed == expected == Event.objects.count()
    report = verify()
    assert report.findings == []
    assert (report.rows, report.through) == (expected, expected)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'")
def test_a_long_transaction_holds_up_neither_writers_nor_the_sealer() -> None:
    with transaction.atomic():
        write()

        def other(_: int) -> int:
            write(3)
            return chain.seal_pending()

        assert in_threads(1, other) == [3]
    assert chain.seal_pending() == 1
    assert verify().whole
