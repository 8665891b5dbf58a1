"""A context for unit tests of toolkits: everything in memory, nothing of the platform.

ctx = fake_context(toolkit, settings={"timeout_seconds": 1})
table = ctx.run("check", hosts=["127.0.0.1"])
assert ctx.logs == ["probing 127.0.0.1:443"]
"""

from __future__ import annotations

import itertools
import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from toolkit_sdk.context import Context, JobInfo, Platform
from toolkit_sdk.describe import input_model, parameter_hints
from toolkit_sdk.errors import CallError, Cancelled, plain
from toolkit_sdk.fields import Record, wire
from toolkit_sdk.platform import About
from toolkit_sdk.references import reference_of
from toolkit_sdk.toolkit import Toolkit


class InvalidInputs(ValueError):
    """Inputs that the operation does not take; ``errors`` are messages by their place."""

    def __init__(self, error: ValidationError) -> None:
        super().__init__(plain(error))
        found = error.errors(include_url=False, include_context=False, include_input=False)
        self.errors = {
            ".".join(map(str, item["loc"])): item["msg"].removeprefix("Value error, ")
            for item in found
        }


def all_well() -> dict[str, Any]:
    """What a platform with one worker, in which nothing is wrong, tells of its health."""
    parts = ("database", "redis", "vault", "storage", "web", "scheduler", "runners")
    queues = ("interactive", "high", "default", "low")
    worker = {
        "name": "worker.1", "queues": list(queues), "state": "busy", "silent": False,
        "host": "host", "pid": 1, "heartbeat_seconds": 1.0, "done": 1, "failed": 0,
    }  # fmt: skip
    return {
        "at": time.time(),
        "version": "1.0.0",
        "parts": [
            {"name": name, "ok": True, "detail": "well", "hint": "", "latency_ms": 1.0}
            for name in parts
        ],
        "queues": [
            {"name": name, "waiting": 0, "oldest_seconds": None, "running": 0, "workers": 1}
            for name in queues
        ],
        "workers": [worker],
    }


@dataclass
class FakePlatform(About, Platform):
    """The platform's side of a context, in memory. Its fields may be looked at and changed.

    ``told`` is what it tells of its health; empty for a manifest that does not ask for it.
    ``fail`` makes a part of it fail.
    """

    toolkit: Toolkit
    settings: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    records: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    history: dict[str, list[list[Any]]] = field(default_factory=dict)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    notices: list[dict[str, str]] = field(default_factory=list)
    reports: list[tuple[int, int | None, str]] = field(default_factory=list)
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Completed steps by name and key; put some in to test what a later attempt does.
    steps: dict[tuple[str, str], Any] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=all_well)
    context: FakeContext | None = None
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        super().__init__(self)

    def fail(self, name: str, detail: str = "it does not answer", hint: str = "") -> None:
        """Let a part of the platform be failed from now on."""
        part = next(part for part in self.told["parts"] if part["name"] == name)
        part.update(ok=False, detail=detail, hint=hint)

    def recover(self, name: str) -> None:
        """Let a failed part be well again."""
        part = next(part for part in self.told["parts"] if part["name"] == name)
        part.update(ok=True, detail="well", hint="")

    def progress(self, done: int, total: int | None, label: str) -> None:
        """Keep a progress report."""
        self.reports.append((done, total, label))

    def call(self, kind: str, **arguments: Any) -> Any:
        """Answer a call as the platform would."""
        handler = getattr(self, f"_{kind}", None)
        if handler is None:
            raise CallError("unsupported", f"the fake context has no {kind!r}")
        return handler(**arguments)

    def _settings(self) -> dict[str, Any]:
        return self.settings

    def _secret(self, path: str, key: str | None) -> Any:
        found = self.secrets.get(path)
        if found is None or (key is not None and key not in found):
            raise CallError("not_found", f"there is no secret {path} {key or ''}".strip())
        return found if key is None else found[key]

    def _state(self, action: str, key: str = "", value: Any = None) -> Any:
        if action == "set":
            self.state[key] = value
        elif action == "delete":
            self.state.pop(key, None)
        return dict(self.state) if action == "list" else self.state.get(key)

    def _history(self, action: str, series: str, **given: Any) -> Any:
        samples = self.history.setdefault(series, [])
        if action == "append":
            samples.extend(given["samples"])
            samples.sort(key=lambda pair: pair[0])
            return None
        if action == "prune":
            kept = [pair for pair in samples if pair[0] >= given["before"]]
            self.history[series] = kept
            return len(samples) - len(kept)
        since = float("-inf") if given["since"] is None else given["since"]
        until = float("inf") if given["until"] is None else given["until"]
        found = [pair for pair in samples if since <= pair[0] < until]
        return found[-given["limit"] :]

    def _platform(self, action: str) -> dict[str, Any]:
        if not self.told:
            raise CallError("forbidden", f"the manifest does not ask for platform: {action}")
        return {**self.told, "at": time.time()}

    def _artifact(self, name: str, path: str, content_type: str | None) -> Any:
        self.artifacts[name] = Path(path).read_bytes()
        return {"name": name, "size": len(self.artifacts[name])}

    def _notify(self, **notice: str) -> None:
        self.notices.append(notice)

    def wait(self, kind: str, checkpoint: Callable[[], None], **arguments: Any) -> Any:
        """Answer a call that takes long at once."""
        checkpoint()
        return self.call(kind, **arguments)

    def _child(self, action: str, **given: Any) -> Any:
        if action == "wait":
            return self.children[given["ids"][0]]
        job_id = f"child-{len(self.children) + 1}"
        self.children[job_id] = {"id": job_id, **self._run_child(**given)}
        return {"id": job_id}

    def _run_child(self, operation: str, inputs: dict[str, Any]) -> dict[str, Any]:
        assert self.context is not None
        try:
            result = self.context.run(operation, **inputs)
        except (Exception, Cancelled) as error:
            return {"state": "failed", "result": None, "reason": str(error)}
        data = result.model_dump(mode="json") if isinstance(result, BaseModel) else result
        return {"state": "succeeded", "result": data, "reason": ""}

    def _step(self, action: str, name: str, key: str, **given: Any) -> Any:
        if action == "begin":
            done = (name, key) in self.steps
            return {"done": done, "value": self.steps.get((name, key))}
        if given["ok"]:
            self.steps[name, key] = given["value"]
        return None

    def _records(self, action: str, collection: str, **given: Any) -> Any:
        stored = self.records.setdefault(collection, {})
        if action == "list":
            wanted = given.get("filters") or {}
            items = [
                item
                for item in stored.values()
                if all(item["data"].get(key) == value for key, value in wanted.items())
            ]
            return {"items": items}
        if action == "create":
            number = next(self._numbers)
            key = f"00000000-0000-7000-8000-{number:012d}"
            stored[key] = {"id": key, "version": 1, "data": given["data"]}
            return stored[key]
        item = stored.get(given["record_id"])
        if item is None:
            raise CallError("not_found", "there is no such record")
        if action == "get":
            return item
        if given.get("version") != item["version"]:
            raise CallError("conflict", "the record was changed since it was read")
        if action == "delete":
            return stored.pop(given["record_id"]) and None
        item.update(version=item["version"] + 1, data=given["data"])
        return item


class FakeContext(Context):
    """A ``Context`` on a ``FakePlatform``. ``logs`` are the messages that were logged."""

    def __init__(self, platform: FakePlatform, toolkit: Toolkit, **options: Any) -> None:
        super().__init__(platform, toolkit, **options)
        self.platform: FakePlatform = platform
        self.logs: list[str] = []
        # A logger of its own: contexts of several tests must not see each other's lines.
        self.log = logging.Logger(self.log.name, logging.DEBUG)  # noqa: LOG001
        self.log.addHandler(_Keep(self.logs))

    def cancel(self, reason: str = "cancelled") -> None:
        """Ask what runs to stop, as the platform would; ``timeout`` is the other reason."""
        self._cancel(reason)

    def add(self, record: Record) -> Any:
        """Store a record and return it as stored."""
        return self.records(type(record)).create(record)

    def run(self, operation: str, **inputs: Any) -> Any:
        """Check the inputs as the platform does, run an operation and return its result.

        A record parameter takes the record or its id. Raises ``InvalidInputs``.
        """
        function = self._toolkit.operations[operation].function
        model = input_model(function, self._toolkit)
        plain_inputs = {name: _plain(value) for name, value in inputs.items()}
        try:
            checked = model.model_validate(plain_inputs)
        except ValidationError as error:
            raise InvalidInputs(error) from None
        arguments = {name: getattr(checked, name) for name in model.model_fields}
        for name, hint in parameter_hints(function).items():
            reference = reference_of(hint)
            if reference is not None and name in arguments:
                arguments[name] = reference.load(arguments[name], self.records(reference.model))
        self.checkpoint()
        return function(self, **arguments)

    def card(self, name: str) -> Any:
        """Run a card and return its view."""
        return self._toolkit.cards[name].function(self)


class _Keep(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(record.getMessage())


def _plain(value: Any) -> Any:
    if isinstance(value, Record) and value.record_id:
        return value.record_id
    if isinstance(value, BaseModel):
        return wire(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def fake_context(
    toolkit: Toolkit,
    *,
    settings: dict[str, Any] | None = None,
    secrets: dict[str, dict[str, str]] | None = None,
    dry_run: bool = False,
    folder: Path | None = None,
) -> FakeContext:
    """Make a context for a test. ``folder`` is the working folder; a new one is made."""
    platform = FakePlatform(toolkit, settings=dict(settings or {}), secrets=dict(secrets or {}))
    job = JobInfo(id="job-1", attempt=1, requested_by="tester", toolkit="toolkit", version="0")
    workdir = folder or Path(tempfile.mkdtemp(prefix="toolkit-test-"))
    made = FakeContext(
        platform, toolkit, job=job, dry_run=dry_run, workdir=workdir, bundle=_bundle_of(toolkit)
    )
    platform.context = made
    return made


def _bundle_of(toolkit: Toolkit) -> Path | None:
    """The folder of the toolkit's code that holds its manifest."""
    for operation in toolkit.operations.values():
        for folder in Path(operation.function.__code__.co_filename).resolve().parents:
            if (folder / "toolkit.json").is_file():
                return folder
    return None


__all__ = ["FakeContext", "FakePlatform", "InvalidInputs", "all_well", "fake_context"]
