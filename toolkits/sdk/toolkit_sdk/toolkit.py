"""The registry that a toolkit's module fills with decorators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, overload

from toolkit_sdk.errors import DescribeError
from toolkit_sdk.fields import Record, Settings

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R", bound=type[Record])
C = TypeVar("C", bound=type[Settings])
Effect = Literal["read", "change", "destroy"]


@dataclass(frozen=True)
class Concurrency:
    """How many jobs may run at once within a scope, and what happens to one more.

    ``key`` names the parameter whose value makes the scope when ``scope`` is ``key``.
    """

    limit: int = 1
    scope: Literal["toolkit", "operation", "key"] = "operation"
    key: str | None = None
    on_conflict: Literal["queue", "reject", "coalesce"] = "queue"


@dataclass(frozen=True)
class Backoff:
    """How long a retry waits: ``initial`` seconds, ``factor`` times as long after each further
    failure, at most ``maximum``; shortened by a random share of up to ``jitter``."""

    initial: float = 1.0
    factor: float = 2.0
    maximum: float = 300.0
    jitter: float = 0.25


@dataclass(frozen=True)
class Cleanup:
    """A registered cleanup hook and its time limit in seconds."""

    function: Callable[..., Any]
    timeout: int


@dataclass(frozen=True)
class Operation:
    """A registered function and its options."""

    function: Callable[..., Any]
    name: str
    title: str
    timeout: int | None = None
    effect: Effect = "read"
    interactive: bool = False
    dry_run: bool = False
    idempotent: bool = False
    retries: int = 0
    backoff: Backoff | None = None
    concurrency: Concurrency | None = None
    locks: tuple[str, ...] = ()
    queue: str | None = None
    requires_approval: bool = False
    permission: str | None = None
    cancel_grace: float = 5.0
    on_vault_away: Literal["fail", "wait"] = "fail"


@dataclass(frozen=True)
class Card:
    """A registered dashboard card. ``refresh`` is in seconds."""

    function: Callable[..., Any]
    name: str
    title: str
    refresh: int


@dataclass(frozen=True)
class Collection:
    """A registered record model."""

    model: type[Record]
    name: str
    title: str
    description: str


def _title(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


class Toolkit:
    """Collects a toolkit's operations, collections, cards and settings."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.collections: dict[str, Collection] = {}
        self.cards: dict[str, Card] = {}
        self.settings_model: type[Settings] | None = None
        self.health_check: Callable[..., Any] | None = None
        self.cleanup_hook: Cleanup | None = None

    def settings(self, model: C) -> C:
        """Register the settings class. Use it as ``@toolkit.settings``."""
        if self.settings_model is not None:
            raise DescribeError(f"{model.__name__}: a toolkit has one settings class")
        if not (isinstance(model, type) and issubclass(model, Settings)):
            raise DescribeError(f"{model!r}: a settings class derives from Settings")
        self.settings_model = model
        return model

    def collection(self, name: str, *, title: str = "", description: str = "") -> Callable[[R], R]:
        """Register a collection of records."""

        def register(model: R) -> R:
            if name in self.collections:
                raise DescribeError(f"{model.__name__}: there is already a collection {name!r}")
            about = description or (model.__doc__ or "").strip()
            self.collections[name] = Collection(model, name, title or _title(name), about)
            return model

        return register

    def operation(self, *, title: str = "", name: str = "", **options: Any) -> Callable[[F], F]:
        """Register an operation: a function of a ``Context`` and typed parameters.

        Options: ``timeout`` (seconds), ``effect``, ``interactive``, ``dry_run``,
        ``idempotent`` (running it again after an unknown outcome does no harm), ``retries``
        after a failure and ``backoff`` between them, ``concurrency`` (a ``Concurrency`` or a
        number for the operation), ``locks`` (names such as ``db:{cluster}``, filled in from
        the parameters, that one job of any toolkit holds at a time), ``queue``,
        ``requires_approval``, ``permission``, ``cancel_grace`` (seconds before a cancelled job
        is killed), ``on_vault_away`` (``wait``: a job whose secrets cannot be read, because the
        platform's Vault is sealed or away, waits for it instead of failing).
        """

        def register(function: F) -> F:
            own = name or function.__name__
            if own in self.operations:
                raise DescribeError(f"{function.__name__}: there is already an operation {own!r}")
            if isinstance(options.get("concurrency"), int):
                options["concurrency"] = Concurrency(limit=options["concurrency"])
            options["locks"] = tuple(options.get("locks", ()))
            try:
                made = Operation(function, own, title or _title(own), **options)
            except TypeError as error:
                raise DescribeError(f"operation {own}: {error}") from None
            self.operations[own] = made
            return function

        return register

    @overload
    def cleanup(self, function: F) -> F: ...

    @overload
    def cleanup(self, *, timeout: int = 30) -> Callable[[F], F]: ...

    def cleanup(self, function: F | None = None, *, timeout: int = 30) -> F | Callable[[F], F]:
        """Register the cleanup hook: a function of a ``Context`` alone that runs after an
        attempt of any operation failed or was stopped, within ``timeout`` seconds.

        ``ctx.job`` says which job it was, ``ctx.failure`` what happened. Use it as
        ``@toolkit.cleanup`` or ``@toolkit.cleanup(timeout=60)``.
        """

        def register(hook: F) -> F:
            if self.cleanup_hook is not None:
                raise DescribeError(f"{hook.__name__}: a toolkit has one cleanup hook")
            self.cleanup_hook = Cleanup(hook, max(1, int(timeout)))
            return hook

        return register if function is None else register(function)

    def health(self, function: F) -> F:
        """Register the health check: a function of a ``Context`` alone, with settings but no
        records, that raises when this version cannot work. Use it as ``@toolkit.health``.

        It runs before a version is activated; one that raises is never activated.
        """
        if self.health_check is not None:
            raise DescribeError(f"{function.__name__}: a toolkit has one health check")
        self.health_check = function
        return function

    def card(self, *, title: str = "", name: str = "", refresh: int = 60) -> Callable[[F], F]:
        """Register a dashboard card: a function of a ``Context`` alone that returns a view."""

        def register(function: F) -> F:
            own = name or function.__name__
            if own in self.cards:
                raise DescribeError(f"{function.__name__}: there is already a card {own!r}")
            self.cards[own] = Card(function, own, title or _title(own), max(5, int(refresh)))
            return function

        return register
