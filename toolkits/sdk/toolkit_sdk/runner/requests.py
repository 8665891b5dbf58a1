"""Serves ``describe`` and ``run`` requests with the toolkit's own code."""

from __future__ import annotations

import importlib
import logging
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_jsonable_python

import toolkit_sdk
from toolkit_sdk.context import Context, Failure, JobInfo
from toolkit_sdk.describe import describe, input_model, parameter_hints
from toolkit_sdk.errors import DescribeError, DescribeErrors
from toolkit_sdk.references import reference_of
from toolkit_sdk.runner import leftovers
from toolkit_sdk.runner.channel import Channel
from toolkit_sdk.runner.failures import Failure as Failed
from toolkit_sdk.runner.failures import failure_of
from toolkit_sdk.toolkit import Toolkit
from toolkit_sdk.views import View

_STOPPED = frozenset({"cancelled", "timed_out"})


class _Handler(logging.Handler):
    """Sends log records of toolkit code and its libraries up."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel
        self.setFormatter(logging.Formatter("%(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._channel.log(record.levelname, record.name, self.format(record))
        except Exception:
            self.handleError(record)


class Requests:
    """Loads the toolkit at the first request and serves one after the other."""

    def __init__(self, channel: Channel, hello: dict[str, Any]) -> None:
        self._channel, self._hello = channel, hello
        self._toolkit: Toolkit | None = None
        self._context: Context | None = None
        self._lock = threading.Lock()
        self._cancelled: dict[int, str] = {}
        channel.on_cancel = self._cancel
        root = logging.getLogger()
        root.addHandler(_Handler(channel))
        root.setLevel(logging.INFO)
        logging.getLogger(f"toolkit.{hello['slug']}").setLevel(logging.DEBUG)

    def serve(self) -> None:
        """Serve until the worker goes away."""
        while (request := self._channel.requests.get()) is not None:
            self._channel.current = request["id"]
            before = leftovers.identities()
            answer = self._answer(request)
            # Whoever cancelled waits for the end, and this runner is not used again.
            patient = answer.get("kind") not in _STOPPED
            left = leftovers.running(before, patient=patient)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            self._channel.finish()
            self._channel.current = 0
            try:
                self._channel.send(id=request["id"], left=left, **answer)
            except (TypeError, ValueError) as error:
                message = f"the result is not JSON: {error}"
                self._channel.send(
                    type="error", id=request["id"], kind="bad_result", message=message, errors=[]
                )

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            value = self._describe() if request["type"] == "describe" else self._run(request)
        except BaseException as error:
            return {"type": "error", **failure_of(error, self._hello["bundle"])}
        return {"type": "result", "value": value}

    def _describe(self) -> dict[str, Any]:
        wrong: list[DescribeError] = []
        value: dict[str, Any] = {}
        try:
            value = describe(self._load(), toolkit_sdk.__version__)
        except DescribeErrors as errors:
            wrong += errors.errors
        try:
            self._check_templates()
        except DescribeErrors as errors:
            wrong += errors.errors
        if wrong:
            raise DescribeErrors(wrong)
        return value

    def _check_templates(self) -> None:
        bundle = Path(self._hello["bundle"])
        if (bundle / "templates").is_dir():
            from toolkit_sdk import templates  # noqa: PLC0415  (others start without Jinja)

            templates.check(bundle)

    def _load(self) -> Toolkit:
        if self._toolkit is not None:
            return self._toolkit
        entry = self._hello["entry"]
        try:
            module = importlib.import_module(entry)
        except DescribeError:
            raise
        except BaseException as error:
            raise Failed("import_error", f"importing {entry} failed", error) from error
        found = getattr(module, "toolkit", None)
        if not isinstance(found, Toolkit):
            raise Failed("describe_error", f"{entry} has no variable toolkit = Toolkit()")
        self._toolkit = found
        return found

    def _cancel(self, number: int, reason: str) -> None:
        with self._lock:
            self._cancelled = {number: reason}
            if self._context is not None and self._channel.current == number:
                self._context._cancel(reason)

    def _run(self, request: dict[str, Any]) -> Any:
        toolkit = self._load()
        function = _function(toolkit, request["kind"], request["name"])
        context = self._make_context(toolkit, request)
        arguments = {}
        if request["kind"] == "operation":
            arguments = self._arguments(toolkit, function, request["inputs"], context)
        try:
            context.checkpoint()
            return _result(function(context, **arguments))
        finally:
            with self._lock:
                self._context = None

    def _make_context(self, toolkit: Toolkit, request: dict[str, Any]) -> Context:
        workdir = Path(self._hello["workdir"])
        if request["kind"] != "cleanup":
            # A hook may need what the job left there.
            _empty(workdir)
        job = request.get("job") or {}
        info = JobInfo(
            id=job.get("id") or "",
            attempt=int(job.get("attempt") or 0),
            requested_by=job.get("requested_by") or "",
            toolkit=self._hello["slug"],
            version=self._hello["version"],
            operation=job.get("operation") or "",
            traceparent=job.get("traceparent") or "",
        )
        failure = request.get("failure")
        context = Context(
            self._channel,
            toolkit,
            job=info,
            dry_run=bool(request.get("dry_run")),
            workdir=workdir,
            bundle=Path(self._hello["bundle"]),
            failure=Failure(**failure) if failure else None,
        )
        with self._lock:
            self._context = context
            if reason := self._cancelled.get(request["id"]):
                context._cancel(reason)
        return context

    def _arguments(
        self, toolkit: Toolkit, function: Any, inputs: dict[str, Any], context: Context
    ) -> dict[str, Any]:
        model = input_model(function, toolkit)
        try:
            checked = model.model_validate(inputs)
        except ValidationError as error:
            raise Failed("invalid_inputs", "The inputs are not valid", error) from error
        arguments = {field: getattr(checked, field) for field in model.model_fields}
        for field, hint in parameter_hints(function).items():
            reference = reference_of(hint)
            if reference is not None and field in arguments:
                found = context.records(reference.model)
                arguments[field] = reference.load(arguments[field], found)
        return arguments


def _function(toolkit: Toolkit, kind: str, name: str) -> Callable[..., Any]:
    if kind == "health" and toolkit.health_check is not None:
        return toolkit.health_check
    if kind == "cleanup" and toolkit.cleanup_hook is not None:
        return toolkit.cleanup_hook.function
    entries: dict[str, Any] = dict(toolkit.cards if kind == "card" else toolkit.operations)
    if name not in entries:
        raise Failed("failed", f"the toolkit has no {kind} {name!r}")
    function: Callable[..., Any] = entries[name].function
    return function


def _empty(folder: Path) -> None:
    """Give each request a clean working folder, though the process is kept."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


def _result(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, View):
        return to_jsonable_python(value, inf_nan_mode="null")
    try:
        return {"view": "json", "data": to_jsonable_python(value, inf_nan_mode="null")}
    except (PydanticSerializationError, ValueError) as error:
        raise Failed("bad_result", f"the result cannot become JSON: {error}") from None


