"""What can go wrong with secrets. No message ever holds a secret's value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from hvac import exceptions as vault
from urllib3.exceptions import NewConnectionError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

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


class SecretsSignInRefused(SecretsForbidden):
    """Vault does not take this platform's credentials: nothing at all can be read."""


class SecretsConflict(SecretsError):
    """The secret was changed by somebody else since it was read."""

    http_status = 409


class SecretNotFound(SecretsError):
    """There is no secret at the path."""

    http_status = 404


@contextmanager
def translated(path: str) -> Iterator[None]:
    """Turn what hvac and requests raise into errors that name the place and no value."""
    try:
        yield
    except SecretsError:
        raise
    except vault.InvalidPath as error:
        raise _missing(path, error) from None
    except vault.VaultDown:
        raise SecretsSealed("Vault is sealed. Unseal it, then try again.") from None
    except (vault.Forbidden, vault.Unauthorized):
        raise SecretsForbidden(f"Vault does not allow this platform to use {path}.") from None
    except vault.InvalidRequest as error:
        raise _refused(path, error) from None
    except requests.Timeout:
        raise SecretsUnavailable("Vault does not answer in time.") from None
    except requests.exceptions.SSLError:
        raise SecretsUnavailable(
            "Vault's certificate is not trusted. Set VAULT_CA_CERT to the CA that signed it."
        ) from None
    except (vault.VaultError, requests.RequestException, ValueError) as error:
        raise _unavailable(error) from None


def _missing(path: str, error: vault.InvalidPath) -> SecretsError:
    if "no handler for route" in str(error):
        return SecretsUnavailable(f"Vault has no KV engine for {path}: the mount is missing.")
    return SecretNotFound(f"There is no secret at {path}.")


def _unavailable(error: Exception) -> SecretsError:
    if _timed_out(error):
        return SecretsUnavailable("Vault does not answer in time.")
    kind = type(error).__name__
    return SecretsUnavailable(f"Vault cannot be reached or does not work ({kind}).")


def _timed_out(error: Exception) -> bool:
    """Whether the last of several tries ended by a time limit."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    # Of a connection that was refused urllib3 speaks as of a time limit, too.
    return isinstance(cause, Urllib3Timeout) and not isinstance(cause, NewConnectionError)


def _refused(path: str, error: vault.InvalidRequest) -> SecretsError:
    text = str(error)
    if "check-and-set" in text:
        return SecretsConflict(f"The secret at {path} was changed by somebody else meanwhile.")
    return SecretsForbidden(f"Vault refused the request for {path}: {text[:200]}.")
