"""Answers what toolkit code asks of the platform while it runs: its records, settings,
secrets, state and files, and nothing of any other toolkit's."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from toolbox.events import emit
from toolbox.secrets import SecretNotFound, SecretsError
from toolbox.secrets.runs import RunSecrets
from toolkits import history, notices, platform_health, records, settings_store, vaulted
from toolkits.bundles.permissions import PLATFORM, Permissions
from toolkits.errors import Conflict, InputError
from toolkits.jobs import artifacts, lease, patience, steps
from toolkits.jobs.log_writer import storable, storable_value
from toolkits.jobs.redaction import Redactor
from toolkits.models import Job, Record, StepState, Toolkit, ToolkitState
from toolkits.runtime.conversation import CallRefused, Fenced
from toolkits.runtime.vault_waits import VaultAway

_STATE_ENTRIES = 1000


class Calls:
    """The platform's side of ``ctx`` for one run. ``job`` is None for a card refresh."""

    def __init__(
        self,
        toolkit: Toolkit | None,
        redactor: Redactor,
        job: Job | None,
        workdir: Any,
        secrets: RunSecrets,
    ) -> None:
        self._toolkit, self.redactor, self.job, self.workdir = toolkit, redactor, job, workdir
        #: What it reads from Vault, with tokens of its own where there are such.
        self.secrets = secrets
        #: What the run depended on, for a comparison with other runs.
        self.settings_digests: dict[str, str] = {}
        #: A transaction in which whoever writes owns what is written to.
        self.fence: Callable[[], AbstractContextManager[None]] = self._own_job

    @property
    def toolkit(self) -> Toolkit:
        """The toolkit; that of a job is read when the first call needs it."""
        if self._toolkit is None and self.job is not None:
            self._toolkit = self.job.toolkit
        assert self._toolkit is not None
        return self._toolkit

    def answer(self, message: dict[str, Any]) -> Any:
        """Return the value of one call, or raise ``CallRefused`` or ``Fenced``."""
        handler = getattr(self, f"_{message['type']}", None)
        if handler is None or message["type"] not in _KINDS:
            raise CallRefused("unsupported", f"{message['type']!r} is not a call of the platform")
        try:
            with self._fence(message):
                return handler(message)
        except lease.Fenced as error:
            raise Fenced(str(error)) from error
        except (InputError, steps.TooMany) as error:
            raise CallRefused("invalid", str(error)) from error
        except Conflict as error:
            raise CallRefused("conflict", str(error)) from error
        except (Record.DoesNotExist, ValidationError) as error:
            raise CallRefused("not_found", "There is no such record.") from error
        except SecretNotFound as error:
            raise CallRefused("not_found", str(error)) from error
        except SecretsError as error:
            refused = VaultAway if patience.is_away(error) else CallRefused
            raise refused("unavailable", str(error)) from error

    def _fence(self, message: dict[str, Any]) -> AbstractContextManager[None]:
        # Files take long to store, and have a fence of their own at the end.
        fenced = is_write(message) and message["type"] != "artifact"
        return self.fence() if fenced else nullcontext()

    def _own_job(self) -> AbstractContextManager[None]:
        return lease.fenced(self.job) if self.job else nullcontext()

    def _records(self, message: dict[str, Any]) -> Any:
        name = message["collection"]
        collection = self.toolkit.collection(name)
        if collection is None:
            raise CallRefused("not_found", f"This toolkit has no collection {name!r}.")
        user = self.job.requested_by if self.job else None
        match message["action"]:
            case "list":
                filters = message.get("filters") or {}
                found = records.matching(self.toolkit, name, filters)
                return {"items": [self._record(record, collection) for record in found]}
            case "create":
                created = records.create(self.toolkit, name, message["data"], user)
                return self._record(created, collection)
            case "get":
                return self._record(self._one(name, message), collection)
            case "update":
                record = self._one(name, message)
                version = int(message.get("version") or record.version)
                changed = records.update(record, message["data"], version, user)
                return self._record(changed, collection)
            case "delete":
                record = self._one(name, message)
                records.delete(record, int(message.get("version") or record.version), user)
                return None
        raise CallRefused("unsupported", f"{message['action']!r} is not an action on records")

    def _one(self, collection: str, message: dict[str, Any]) -> Record:
        return Record.objects.select_related("toolkit").get(
            toolkit=self.toolkit, collection=collection, pk=message["record_id"]
        )

    def _record(self, record: Record, collection: dict[str, Any]) -> dict[str, Any]:
        data, values = records.reveal(record, collection, self.secrets.get)
        self.redactor.add(values)
        return {"id": str(record.pk), "version": record.version, "data": data}

    def _settings(self, _: dict[str, Any]) -> Any:
        data, values = settings_store.reveal(self.toolkit, read=self.secrets.get)
        self.settings_digests = {name: _digest(value) for name, value in data.items()}
        self.redactor.add(values)
        return data

    def _secret(self, message: dict[str, Any]) -> Any:
        path = str(message["path"]).strip("/")
        if not path or any(part in {"", ".", ".."} for part in path.split("/")):
            raise CallRefused("invalid", f"{message['path']!r} is not a path of a secret")
        if not self._permissions().may_read_secret(path):
            reason = "its manifest does not ask for it"
            emit("secret.refused", path=path, toolkit=self.toolkit.slug, reason=reason)
            raise CallRefused(
                "forbidden", f"The manifest of this toolkit does not ask for the secret {path}."
            )
        found = self.secrets.get(vaulted.path_of(self.toolkit.slug, path)).fields
        self.redactor.add([str(value) for value in found.values()])
        key = message.get("key")
        if key is None:
            return found
        if key not in found:
            raise CallRefused("not_found", f"The secret {path} has no key {key!r}.")
        return found[key]

    def _permissions(self) -> Permissions:
        version = self.job.version if self.job else self.toolkit.active_version
        return Permissions.of(version.manifest if version else {})

    def _state(self, message: dict[str, Any]) -> Any:
        entries = ToolkitState.objects.filter(toolkit=self.toolkit)
        key = str(message.get("key") or "")[:200]
        match message["action"]:
            case "get":
                return entries.filter(key=key).values_list("value", flat=True).first()
            case "list":
                return dict(entries.order_by("key").values_list("key", "value")[:_STATE_ENTRIES])
            case "delete":
                entries.filter(key=key).delete()
                return None
            case "set":
                if entries.exclude(key=key).count() >= _STATE_ENTRIES:
                    raise CallRefused("invalid", f"A toolkit keeps at most {_STATE_ENTRIES} keys.")
                entries.update_or_create(
                    toolkit=self.toolkit, key=key, defaults={"value": message.get("value")}
                )
                return None
        raise CallRefused("unsupported", f"{message['action']!r} is not an action on state")

    def _history(self, message: dict[str, Any]) -> Any:
        series = str(message.get("series") or "")
        match message["action"]:
            case "append":
                samples = [(at, value) for at, value in message["samples"]]
                return history.append(self.toolkit, series, samples)
            case "read":
                since, until = message.get("since"), message.get("until")
                return history.read(self.toolkit, series, since, until, int(message["limit"]))
            case "prune":
                return history.prune(self.toolkit, series, float(message["before"]))
        raise CallRefused("unsupported", f"{message['action']!r} is not an action on history")

    def _notify(self, message: dict[str, Any]) -> Any:
        if self.job is None:
            raise CallRefused("unsupported", "A card gives no notices.")
        told = {
            name: storable(self.redactor.text(str(message.get(name) or "")))
            for name in ("title", "text", "state", "key")
        }
        notices.give(self.job, **told)

    def _platform(self, message: dict[str, Any]) -> Any:
        what = str(message["action"])
        if what not in PLATFORM:
            raise CallRefused("unsupported", f"{what!r} is nothing that the platform tells")
        if not self._permissions().may_ask_platform(what):
            raise CallRefused(
                "forbidden", f"The manifest of this toolkit does not ask for platform: {what}."
            )
        return platform_health.read()

    def _step(self, message: dict[str, Any]) -> Any:
        if self.job is None:
            raise CallRefused("unsupported", "A card has no steps.")
        name, key = str(message["name"])[:100], storable(str(message.get("key") or ""))[:200]
        if message["action"] == "begin":
            step = steps.begin(self.job, storable(name), self.redactor.text(key))
            return {"done": step.state == StepState.SKIPPED, "value": step.value}
        steps.end(
            self.job,
            storable(name),
            self.redactor.text(key),
            ok=bool(message["ok"]),
            value=storable_value(self.redactor.value(message.get("value"))),
            message=storable(self.redactor.text(str(message.get("message") or ""))),
        )
        return None

    def _artifact(self, message: dict[str, Any]) -> Any:
        if self.job is None:
            raise CallRefused("unsupported", "A card keeps no files.")
        if self.redactor.finds(str(message["name"])):
            raise CallRefused("invalid", "The name of the file holds a secret.")
        try:
            kind = message.get("content_type")
            artifact = artifacts.keep(
                self.job, message["name"], message["path"], kind, self.workdir
            )
        except ValueError as error:
            raise CallRefused("invalid", f"The file cannot be kept: {error}") from error
        except OSError as error:
            raise CallRefused("unavailable", f"The file cannot be kept: {_why(error)}.") from error
        return {"name": artifact.name, "size": artifact.size_bytes}


def is_write(message: dict[str, Any]) -> bool:
    """Whether a call changes something."""
    kind = message["type"]
    return kind in {"artifact", "notify"} or (kind, message.get("action")) in _WRITES


def _digest(value: Any) -> str:
    """What tells a setting's value from another, and tells nothing of it: keyed, because the
    values of settings are few enough to be guessed."""
    text = json.dumps(value, sort_keys=True, default=str)
    return salted_hmac("toolkits.settings", text, algorithm="sha256").hexdigest()[:16]


def _why(error: OSError) -> str:
    """What went wrong, without the path of this host at which it did."""
    return error.strerror or str(error)


_KINDS = frozenset(
    {"records", "settings", "secret", "state", "step", "artifact", "history", "notify", "platform"}
)
_WRITES = frozenset(
    {("records", action) for action in ("create", "update", "delete")}
    | {("state", action) for action in ("set", "delete")}
    | {("history", action) for action in ("append", "prune")}
    | {("step", action) for action in ("begin", "end")}
)
