"""``ctx``: what an operation or card has of the platform while it runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from pydantic import ValidationError

from toolkit_sdk import children, steps, threads
from toolkit_sdk.errors import CallError, Cancelled, TimedOut, ToolkitError, plain
from toolkit_sdk.fields import Record, Settings, wire
from toolkit_sdk.history import History
from toolkit_sdk.platform import About
from toolkit_sdk.toolkit import Toolkit
from toolkit_sdk.views import State as StateName

if TYPE_CHECKING:
    import requests

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R", bound=Record)


class Platform(Protocol):
    """How a context reaches the platform; the runner provides it, tests may."""

    def call(self, kind: str, **arguments: Any) -> Any: ...

    def wait(self, kind: str, checkpoint: Callable[[], None], **arguments: Any) -> Any: ...

    def progress(self, done: int, total: int | None, label: str) -> None: ...


@dataclass(frozen=True)
class JobInfo:
    """The job that runs. ``id`` is empty while a card is refreshed."""

    id: str
    attempt: int
    requested_by: str
    toolkit: str
    version: str
    operation: str = ""
    #: W3C ``traceparent`` of this run, for requests to systems that trace; often empty.
    traceparent: str = ""


@dataclass(frozen=True)
class Failure:
    """What a cleanup hook is called for. ``kind`` is ``failed``, ``cancelled``, ``timed_out``,
    ``crashed``, ``stopped``, or ``lost``: its worker died, and how far it came is not known."""

    kind: str
    reason: str
    inputs: Mapping[str, Any]


class Collection(Generic[R]):
    """Records of one collection."""

    def __init__(self, platform: Platform, name: str, model: type[R]) -> None:
        self._platform, self._name, self._model = platform, name, model

    def _call(self, action: str, **arguments: Any) -> Any:
        return self._platform.call("records", action=action, collection=self._name, **arguments)

    def _record(self, stored: dict[str, Any]) -> R:
        try:
            record = self._model.model_validate(stored["data"])
        except ValidationError as error:
            # It was stored by an older version, or by code: what is wrong is the record.
            name = stored["data"].get("name") or stored["id"]
            raise ToolkitError(
                f"The record {name!r} of {self._name} does not fit: {plain(error)}. Mend it there.",
                retry=False,
            ) from None
        record._id, record._version = stored["id"], stored["version"]
        return record

    def list(self, **filters: Any) -> list[R]:
        """Return the records whose fields equal ``filters``, oldest first."""
        return [self._record(item) for item in self._call("list", filters=filters)["items"]]

    def get(self, record_id: str) -> R:
        """Return one record. Raises ``CallError`` of kind ``not_found``."""
        return self._record(self._call("get", record_id=record_id))

    def create(self, record: R) -> R:
        """Store a new record and return it as stored."""
        return self._record(self._call("create", data=wire(record)))

    def update(self, record: R) -> R:
        """Store a changed record. Raises ``CallError`` of kind ``conflict`` when somebody
        else changed it since it was read."""
        return self._record(
            self._call(
                "update",
                record_id=record.record_id,
                version=record.record_version,
                data=wire(record),
            )
        )

    def delete(self, record: R) -> None:
        """Delete a record."""
        self._call("delete", record_id=record.record_id, version=record.record_version)


class State:
    """A small key-value store of the toolkit. Values are JSON types."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or ``default`` when there is none."""
        value = self._platform.call("state", action="get", key=key)
        return default if value is None else value

    def set(self, key: str, value: Any) -> None:
        """Store a value."""
        self._platform.call("state", action="set", key=key, value=value)

    def delete(self, key: str) -> None:
        """Forget a value."""
        self._platform.call("state", action="delete", key=key)

    def all(self) -> dict[str, Any]:
        """Return everything that is stored."""
        return dict(self._platform.call("state", action="list"))


class Context:
    """The first parameter of every operation and card.

    ``log`` is a ``logging.Logger`` whose lines are the job's, ``job`` a ``JobInfo``, ``dry_run``
    whether nothing may be changed, ``state`` a ``State``, ``platform`` what asks how the platform
    is, and ``failure``, in a cleanup hook, a ``Failure``; None everywhere else.
    """

    def __init__(
        self,
        platform: Platform,
        toolkit: Toolkit,
        *,
        job: JobInfo,
        dry_run: bool = False,
        workdir: Path | None = None,
        bundle: Path | None = None,
        failure: Failure | None = None,
    ) -> None:
        self._platform, self._toolkit = platform, toolkit
        self._stop = threading.Event()
        self._stop_error: type[Cancelled] = Cancelled
        self._workdir = workdir or Path.cwd()
        self._bundle = bundle or Path.cwd()
        self.job = job
        self.dry_run = dry_run
        #: In a cleanup hook, what went wrong; None everywhere else.
        self.failure = failure
        self.log = logging.getLogger(f"toolkit.{job.toolkit}")
        self.state = State(platform)
        self.platform = About(platform)

    def _cancel(self, reason: str) -> None:
        self._stop_error = TimedOut if reason == "timeout" else Cancelled
        self._stop.set()

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop; for threads, which are not interrupted."""
        return self._stop.is_set()

    def checkpoint(self) -> None:
        """Raise ``Cancelled`` or ``TimedOut`` if the job was asked to stop."""
        if self._stop.is_set():
            raise self._stop_error

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until the job is asked to stop."""
        self._stop.wait(seconds)
        self.checkpoint()

    def report(self, done: int, total: int | None = None, label: str = "") -> None:
        """Tell how far the job has come; also a checkpoint."""
        self.checkpoint()
        self._platform.progress(done, total, label)

    def progress(
        self, items: Iterable[T], total: int | None = None, label: str = ""
    ) -> Iterator[tuple[int, T]]:
        """Go through ``items`` and report it; yields how many are done, and the item.

        ``total`` is taken from ``items`` where it has a length. Every step is a checkpoint.
        """
        if total is None and isinstance(items, Sized):
            total = len(items)
        done = 0
        for item in items:
            self.report(done, total, label)
            yield done, item
            done += 1
        self.report(done, total, label)

    def interruptible(self, function: Callable[..., V], *arguments: Any) -> V:
        """Call a function that blocks, in a thread, and return what it returns.

        A job that is asked to stop does not wait for it. Give the call a time limit of its
        own: nothing else ends it.
        """
        return threads.interruptible(self, function, *arguments)

    def in_threads(
        self, function: Callable[[T], V], items: Iterable[T], *, workers: int = 16, label: str = ""
    ) -> Iterator[tuple[T, V]]:
        """Call ``function`` with each item, up to ``workers`` (at most 64) at a time.

        Yields each item with its result as they come, and reports progress. A job that is
        asked to stop starts no more calls and waits for none.
        """
        return threads.in_threads(self, function, items, workers, label)

    def render(self, template: str, **values: Any) -> str:
        """Return a file of the bundle's ``templates/`` with ``values`` in it (Jinja syntax).

        For ``views.Markdown``, an artifact or a message. Values become JSON types; what is put
        into ``.html`` is escaped. Raises ``ToolkitError``.
        """
        # Loaded by those who have templates: others start without Jinja.
        from toolkit_sdk import templates  # noqa: PLC0415

        return templates.render(self._bundle, template, values)

    @cached_property
    def settings(self) -> Any:
        """The toolkit's settings, an instance of its settings class."""
        model = self._toolkit.settings_model or Settings
        try:
            return model.model_validate(self._platform.call("settings"))
        except ValidationError as error:
            message = f"The settings of this toolkit are not valid: {plain(error)}"
            raise ToolkitError(message) from None

    def records(self, collection: str | type[R]) -> Collection[R]:
        """Return a collection, by its name or its record class."""
        for entry in self._toolkit.collections.values():
            if collection in (entry.name, entry.model):
                return Collection(self._platform, entry.name, entry.model)  # type: ignore[arg-type]
        raise CallError("not_found", f"this toolkit has no collection {collection!r}")

    def history(self, series: str) -> History:
        """Return a series of samples over time, by a name of the toolkit's own choice."""
        return History(self._platform, series)

    def secret(self, path: str, key: str | None = None) -> Any:
        """Read a secret of this toolkit from Vault: all its fields, or the one named ``key``."""
        return self._platform.call("secret", path=path, key=key)

    @contextmanager
    def artifact(
        self, name: str, *, text: bool = False, content_type: str | None = None
    ) -> Iterator[IO[Any]]:
        """Open a file for writing that the job keeps when the block ends without an error."""
        folder = self._workdir / "artifacts"
        folder.mkdir(exist_ok=True)
        path = folder / Path(name).name
        with path.open("w" if text else "wb", encoding="utf-8" if text else None) as stream:
            yield stream
        self._platform.call("artifact", name=name, path=str(path), content_type=content_type)

    def notify(
        self, title: str, text: str = "", *, state: StateName = "info", key: str = ""
    ) -> None:
        """Tell everybody who wants this toolkit's notices, by mail or webhook.

        Whom it reaches is for people to choose, in the console; where nobody did, it is kept
        with the job. ``key`` says what it is about, so that receivers can put together what
        belongs together: a host, a template.
        """
        self.log.info("notice: %s", title)
        self._platform.call("notify", title=title, text=text, state=state, key=key)

    def child(self, operation: str, **inputs: Any) -> Any:
        """Run another operation of this toolkit as a job of its own and return its result.

        Raises ``ChildFailed`` when it does not succeed. It is cancelled with this job, and
        waiting for it keeps no worker from other work.
        """
        return children.run(self, operation, inputs)

    def map(
        self,
        operation: str,
        items: Iterable[Mapping[str, Any]],
        *,
        at_most: int = 8,
        on_error: Literal["raise", "collect"] = "raise",
    ) -> list[children.Child]:
        """Run another operation once for each item, which holds its inputs; up to ``at_most``
        at a time. Returns the children in the order of the items.

        With ``on_error="collect"`` failed ones are among them; else the first raises
        ``ChildFailed`` and the rest are cancelled.
        """
        return children.run_many(self, operation, items, at_most, on_error)

    def step(self, name: str, key: object = "") -> AbstractContextManager[steps.Step]:
        """Record a step of the job: ``with ctx.step("drain", key=host) as step: …``.

        When an earlier attempt completed it, ``step.done`` is true and ``step.value`` what was
        set then: skip the work. ``key`` tells steps of one name apart.
        """
        return steps.step(self, name, str(key))

    def each(
        self,
        name: str,
        items: Iterable[T],
        function: Callable[[T], Any],
        *,
        key: Callable[[T], str] = str,
        on_error: Literal["stop", "continue"] = "stop",
    ) -> list[Any]:
        """Call ``function`` with each item as a step of its own and return what it returned.

        Items that an earlier attempt completed are not done again. With
        ``on_error="continue"`` the others go on when one fails, and ``StepsFailed`` is raised
        at the end; running the job again then does the failed ones alone.
        """
        return steps.each(self, name, items, function, key, on_error)

    @cached_property
    def http(self) -> requests.Session:
        """A ``requests`` session whose calls time out (5 s to connect, 30 s to answer) and reach
        what the settings allow, if they derive from ``net.ProbeSettings``."""
        from toolkit_sdk.http import session  # noqa: PLC0415  (most toolkits need no HTTP)

        return session(getattr(self.settings, "reach", None))
