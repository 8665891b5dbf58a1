"""Secret inputs of jobs: in Vault until the job has ended, never in the job row."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from toolbox import secrets
from toolkits import vaulted
from toolkits.models import Job
from toolkits.schemas import Schema, secret_names

log = logging.getLogger(__name__)

#: What stands in the row in place of the value.
MARK = "$secret"
#: What people see in its place.
MASK = "••••"


def keep(job_id: UUID, schema: Schema, inputs: dict[str, Any]) -> dict[str, Any]:
    """Move secret values to Vault and return the inputs with marks in their place."""
    return keep_at(_path(job_id), schema, inputs)


def _path(job_id: UUID) -> str:
    return f"jobs/{job_id}"


def keep_at(path: str, schema: Schema, inputs: dict[str, Any]) -> dict[str, Any]:
    """Move secret values to ``path`` and return the inputs with marks in their place."""
    values = {name: inputs[name] for name in secret_names(schema) if inputs.get(name)}
    if not values:
        return inputs
    secrets.client().write(path, values)
    return {**inputs, **{name: {MARK: path} for name in values}}


def is_mark(value: Any) -> bool:
    """Whether a stored input stands for a secret."""
    return isinstance(value, dict) and set(value) == {MARK}


def _marked(inputs: dict[str, Any]) -> list[str]:
    return [name for name, value in inputs.items() if is_mark(value)]


def any_in(inputs: dict[str, Any]) -> bool:
    """Whether stored inputs have secrets among them."""
    return bool(_marked(inputs))


def reveal(job: Job, read: vaulted.Read | None = None) -> tuple[dict[str, Any], list[str]]:
    """Return the inputs with their secrets, and the secret values for redaction; ``read`` is how
    a run reads secrets."""
    return reveal_at(_path(job.pk), job.inputs, read)


def reveal_at(
    path: str, inputs: dict[str, Any], read: vaulted.Read | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return inputs whose secrets are at ``path`` with them, and the secret values."""
    names = _marked(inputs)
    if not names:
        return inputs, []
    stored = (read or secrets.client().get)(path).fields
    values = {name: stored[name] for name in names}
    return {**inputs, **values}, [str(value) for value in values.values()]


def forget(job: Job) -> None:
    """Delete the secrets of a job that has ended or was never written."""
    forget_at(_path(job.pk), job.inputs)


def forget_at(path: str, inputs: dict[str, Any]) -> None:
    """Delete the secrets at ``path``, if ``inputs`` have any there."""
    if not _marked(inputs):
        return
    vaulted.forget(path)


def public(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs as people may see them."""
    return {name: MASK if is_mark(value) else value for name, value in inputs.items()}
