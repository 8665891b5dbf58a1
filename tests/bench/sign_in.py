"""What a sign-in costs besides its password hash, with Argon2 as it is set by default.

Time of the processor is what counts: a busy machine makes everything wait, and nothing cost more.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.bench.report import Report, Series
from tests.bench.stage import Stage

_BOUND = 150.0


class _Clock:
    """Milliseconds of the processor (every thread: Argon2 has several) and of the wall."""

    def __init__(self) -> None:
        self.worked = self.passed = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        worked, passed = time.process_time(), time.perf_counter()
        try:
            yield
        finally:
            self.worked += (time.process_time() - worked) * 1000
            self.passed += (time.perf_counter() - passed) * 1000


@contextmanager
def _hashing(clock: _Clock) -> Iterator[None]:
    """Have ``clock`` run while passwords are hashed."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    verify = Argon2PasswordHasher.verify

    def timed(self: Any, password: str, encoded: str) -> Any:
        with clock.running():
            return verify(self, password, encoded)

    Argon2PasswordHasher.verify = timed
    try:
        yield
    finally:
        Argon2PasswordHasher.verify = verify


def _sign_in(door: str) -> tuple[float, float, float]:
    """Sign in once; milliseconds worked and passed besides the hash, and worked for it."""
    from django.test import Client

    from tests.support.factories import PASSWORD

    whole, hashing = _Clock(), _Clock()
    client, body = Client(SERVER_NAME="localhost"), {"username": "ida", "password": PASSWORD}
    with _hashing(hashing), whole.running():
        if door == "console":
            answer = client.post("/account/login/", body)
        else:
            answer = client.post("/api/v1/auth/login/", body, content_type="application/json")
    assert answer.status_code == (302 if door == "console" else 200), answer.content
    assert hashing.worked > 0, "the password was hashed by Argon2"
    return whole.worked - hashing.worked, whole.passed - hashing.passed, hashing.worked


def besides_the_hash(stage: Stage, report: Report, count: int) -> None:
    """Sign in ``count`` times by the console and by the API, with a hash of default cost."""
    from django.test import override_settings

    from tests.support.factories import make_user

    argon2 = "django.contrib.auth.hashers.Argon2PasswordHasher"
    limits = {"anonymous": 0, "sign_in": 0, "user": 0, "staff": 0}
    with override_settings(PASSWORD_HASHERS=[argon2], API_REQUESTS_PER_MINUTE=limits):
        make_user("ida", roles=["toolkit.user"])
        for door in ("console", "API"):
            _sign_in(door)
            found = [_sign_in(door) for _ in range(count)]
            worked, passed, hashed = (list(each) for each in zip(*found, strict=True))
            besides = Series(f"sign-in by the {door}, worked besides the hash", "ms", worked)
            report.add(
                besides,
                Series(f"sign-in by the {door}, passed besides the hash", "ms", passed),
                Series(f"sign-in by the {door}, worked for the hash", "ms", hashed),
            )
            report.goal(
                f"sign-in by the {door} besides the hash, p95", besides.p95, _BOUND,
                at_most=True, unit="ms worked",
            )  # fmt: skip
