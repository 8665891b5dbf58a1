"""Secret inputs of jobs: in Vault until the job has ended, never in the job row."""

from __future__ import annotations

import logging
from typing import Any
from uuid import UUID

from toolbox import secrets
from toolbox.secrets import SecretsError
from toolkits.models import Job
from toolkits.schemas import Schema, secret_names

log = logging.getLogger(__name__)

#: What stands in the row in place of the value.
MARK = "$secret"


def keep(job_id: UUID, schema: Schema, inputs: dict[str, Any]) -> dict[str, Any]:
    """Move secret values to Vault and return the inputs with marks in their place."""
    values = {name: inputs[name] for name in secret_names(schema) if inputs.get(name)}
    if not values:
        return inputs
    path = f"jobs/{job_id}"
    secrets.client().write(path, values)
    return {**inputs, **{name: {MARK: path} for name in values}}


def is_mark(value: Any) -> bool:
    """Whether a stored input stands for a secret."""
    return isinstance(value, dict) and set(value) == {MARK}


def _marked(job: Job) -> list[str]:
    return [name for name, value in job.inputs.items() if is_mark(value)]


def reveal(job: Job) -> tuple[dict[str, Any], list[str]]:
    """Return the inputs with their secrets, and the secret values for redaction."""
    names = _marked(job)
    if not names:
        return job.inputs, []
    stored = secrets.client().read(f"jobs/{job.pk}")
    values = {name: stored[name] for name in names}
    return {**job.inputs, **values}, [str(value) for value in values.values()]


def forget(job: Job) -> None:
    """Delete the secrets of a job that has ended or was never written."""
    if not _marked(job):
        return
    try:
        secrets.client().delete(f"jobs/{job.pk}")
    except SecretsError as error:
        log.warning("the secret inputs of job %s remain in Vault for now: %s", job.pk, error)


def public(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs as people may see them."""
    return {name: "••••" if is_mark(value) else value for name, value in inputs.items()}
