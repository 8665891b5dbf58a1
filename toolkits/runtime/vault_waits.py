"""What a running job asks of a Vault that is away, kept until Vault works again.

Whether it does is asked in a thread, so that a Vault that hangs holds nobody up: neither the
job's lease nor the other jobs that this worker leads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from toolbox import secrets
from toolkits.jobs import patience
from toolkits.runtime.conversation import CallRefused

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0


class VaultAway(CallRefused):
    """A call that Vault as a whole could not answer."""


@dataclass
class _Call:
    """A call that waits, and until when, in monotonic seconds."""

    message: dict[str, Any]
    why: str
    until: float


@dataclass
class VaultWaits:
    """The calls of one run that wait for Vault, by their numbers."""

    _calls: dict[int, _Call] = field(default_factory=dict)
    _asked: Future[None] | None = None
    _ask_at: float = 0.0
    _pause: float = _FIRST_PAUSE

    def __len__(self) -> int:
        return len(self._calls)

    def add(self, message: dict[str, Any], why: str) -> bool:
        """Keep a call; whether it is the first one that waits."""
        first = not self._calls
        if first:
            self._pause = _FIRST_PAUSE
            self._ask_at = time.monotonic() + self._pause
        until = time.monotonic() + patience.limit().total_seconds()
        self._calls[int(message["call"])] = _Call(message, why, until)
        return first

    def works_again(self) -> bool:
        """Whether Vault is known to work again, so that ``answer`` is worth its while."""
        now = time.monotonic()
        if self._asked is None:
            if self._calls and now >= self._ask_at:
                self._asked = _ask()
            return False
        if not self._asked.done():
            return False
        failed, self._asked = self._asked.exception(), None
        self._pause = min(_LONGEST_PAUSE, self._pause * 2)
        self._ask_at = now + self._pause
        return failed is None

    def answer(
        self, answered: Callable[[dict[str, Any]], Any], reply: Callable[..., None]
    ) -> None:
        """Try every call again and reply to those that Vault answers."""
        for number, call in list(self._calls.items()):
            try:
                value = answered(call.message)
            except VaultAway as away:
                call.why = str(away)
                return
            except CallRefused as refused:
                del self._calls[number]
                reply(number, refused=refused)
            else:
                del self._calls[number]
                reply(number, value)

    def give_up_on_late(self, reply: Callable[..., None]) -> None:
        """Refuse the calls that have waited for as long as a call may."""
        now = time.monotonic()
        for number, call in list(self._calls.items()):
            if now >= call.until:
                del self._calls[number]
                waited = f"{patience.limit().total_seconds():g} seconds"
                why = f"{call.why} The job waited {waited} for it."
                reply(number, refused=CallRefused("unavailable", why))

    def stop(self, kind: str, reply: Callable[..., None]) -> None:
        """Answer what waits because the job has to stop: ``kind`` is what its code shall raise."""
        for number in list(self._calls):
            del self._calls[number]
            reply(number, refused=CallRefused(kind, "The job was asked to stop."))


def _ask() -> Future[None]:
    done: Future[None] = Future()
    Thread(target=_check, args=(done,), name="vault-check", daemon=True).start()
    return done


def _check(done: Future[None]) -> None:
    try:
        secrets.client().check()
    except BaseException as error:  # noqa: BLE001  (whatever it is, Vault is not known to work)
        done.set_exception(error)
    else:
        done.set_result(None)
