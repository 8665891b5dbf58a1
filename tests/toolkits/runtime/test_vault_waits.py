"""Calls that wait for Vault: answered when it works again, and not kept for ever."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest

from toolbox.secrets import SecretsSealed
from toolkits.jobs import patience
from toolkits.runtime import vault_waits
from toolkits.runtime.conversation import CallRefused
from toolkits.runtime.vault_waits import VaultAway, VaultWaits

CALL = {"type": "secret", "call": 7, "path": "db"}


@pytest.fixture
def replies() -> list[Any]:
    return []


@pytest.fixture
def reply(replies: list[Any]) -> Any:
    def run(number: int, value: Any = None, refused: CallRefused | None = None) -> None:
        replies.append((number, value, refused and (refused.kind, str(refused))))

    return run


def _answered(failed: Exception | None) -> Future[None]:
    done: Future[None] = Future()
    if failed is None:
        done.set_result(None)
    else:
        done.set_exception(failed)
    return done


def test_a_call_is_answered_once_vault_works_again(replies, reply, monkeypatch):
    told = iter([SecretsSealed("Vault is sealed."), None])
    monkeypatch.setattr(vault_waits, "_ask", lambda: _answered(next(told)))
    monkeypatch.setattr(vault_waits, "_FIRST_PAUSE", 0.0)
    monkeypatch.setattr(vault_waits, "_LONGEST_PAUSE", 0.0)
    waits = VaultWaits()

    assert waits.add(CALL, "Vault is sealed.")
    assert not waits.add({**CALL, "call": 8}, "Vault is sealed.")
    looks = [waits.works_again() for _ in range(4)]
    assert looks == [False, False, False, True]
    waits.answer(lambda message: message["call"], reply)

    assert replies == [(7, 7, None), (8, 8, None)]
    assert len(waits) == 0


def test_calls_that_find_it_away_again_go_on_waiting(replies, reply):
    def away(_: Any) -> Any:
        raise VaultAway("unavailable", "Vault is sealed.")

    def missing(_: Any) -> Any:
        raise CallRefused("not_found", "There is no secret at db.")

    waits = VaultWaits()
    waits.add(CALL, "Vault does not answer.")

    waits.answer(away, reply)
    assert (replies, len(waits)) == ([], 1)
    waits.answer(missing, reply)
    assert replies == [(7, None, ("not_found", "There is no secret at db."))]


def test_a_call_waits_no_longer_than_it_may(replies, reply, monkeypatch):
    monkeypatch.setattr(patience, "limit", lambda: timedelta(0))
    waits = VaultWaits()
    waits.add(CALL, "Vault is sealed.")

    waits.give_up_on_late(reply)

    number, _, refused = replies[0]
    assert (number, refused[0]) == (7, "unavailable")
    assert "Vault is sealed. The job waited" in refused[1]


def test_a_job_that_has_to_stop_is_told_so_by_what_it_waits_for(replies, reply):
    waits = VaultWaits()
    waits.add(CALL, "Vault is sealed.")

    waits.stop("timeout", reply)

    assert replies[0][2][0] == "timeout"
    assert len(waits) == 0
