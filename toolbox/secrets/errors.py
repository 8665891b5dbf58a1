"""What can go wrong with secrets. No message ever holds a secret's value."""

from __future__ import annotations

from toolbox.problems import Problem


class SecretsError(Problem):
    """Base of all errors of the secrets manager."""

    http_status = 503
    title = "Secrets are not available"


class SecretsUnavailable(SecretsError):
    """Vault cannot be reached or does not answer in time."""


class SecretsSealed(SecretsUnavailable):
    """Vault is sealed: somebody has to unseal it."""


class SecretsForbidden(SecretsError):
    """Vault refused this platform's token or the path."""


class SecretNotFound(SecretsError):
    """There is no secret at the path."""

    http_status = 404
