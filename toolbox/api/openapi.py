"""What every operation of the API has in common in its OpenAPI description."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from toolbox.api.problem import PROBLEM

#: Parameters of paths that are slugs.
_NAMES = frozenset({"slug", "collection"})
_X_PROBLEMS = "x-problems"
_ALWAYS = (400, 404, 406, 429, 503)
_WITH_BODY = (413, 415)

_MEANINGS = {
    400: "The request is malformed, or a parameter is not valid.",
    401: "No credentials, or ones that are not valid any more.",
    403: "A session's request without its CSRF token, or a personal token that may not do this.",
    404: "There is nothing here that you may see.",
    406: "The Accept header names nothing that this address can answer with.",
    409: "The present state does not allow it.",
    412: "If-Match names another version than the present one.",
    413: "The body is larger than is accepted.",
    415: "The body is of a type that is not read here.",
    422: "The content does not fit; `errors` names every place.",
    428: "The change does not say in If-Match which version it is of.",
    429: "Too many requests; Retry-After says when to come again.",
    502: "Another system that this asks refused, or did not answer well.",
    503: "Something that this needs is not available; Retry-After says when to come again.",
}


_SUCCESSES = {
    "200": "What was asked for.",
    "201": "It was made; Location says where it is.",
    "202": "It was taken up and goes on; Location says where to look.",
    "204": "It is done, and there is nothing to say about it.",
    "304": "You have the present version already.",
}


def may_answer(*statuses: int) -> dict[str, Any]:
    """Extensions for ``extend_schema``: problems that this operation answers besides the usual."""
    return {_X_PROBLEMS: list(statuses)}


def problem(status: int) -> dict[str, Any]:
    """A reference to the description of one kind of problem."""
    if status not in _MEANINGS:
        raise LookupError(f"say in {__name__} what a problem of status {status} means")
    return {"$ref": f"#/components/responses/Problem{status}"}


def _header(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "schema": schema}


_RETRY_AFTER = {
    "Retry-After": _header("Seconds after which to come again.", {"type": "integer"})
}
_CHALLENGE = {"WWW-Authenticate": _header("What credentials are taken.", {"type": "string"})}
_LOCATION = {"Location": _header("Address of what it is about, on this host.", {"type": "string"})}
_ETAG = {"ETag": _header("Names this version.", {"type": "string"})}
_SENT_WITH = {"201": _LOCATION, "202": _LOCATION, "304": _ETAG}
_HEADERS = {401: _CHALLENGE, 429: _RETRY_AFTER, 503: _RETRY_AFTER}


def _problem(status: int) -> dict[str, Any]:
    return {
        "description": _MEANINGS[status],
        "headers": _HEADERS.get(status, {}),
        "content": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put the descriptions of all problems into the document (a postprocessing hook)."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {f"Problem{status}": _problem(status) for status in _MEANINGS}
    return result


class ApiSchema(AutoSchema):
    """Adds tags by resource and the problems that an operation may answer."""

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part][2:]
        nested = parts[0] == "toolkits" and len(parts) > 2 and not parts[2].startswith("{")
        name = parts[2] if nested and parts[2] in {"operations", "records"} else parts[0]
        return [name]

    def get_summary(self) -> str | None:
        summary = super().get_summary()
        first = (super().get_description() or "").strip().partition("\n\n")[0]
        return summary or first.replace("\n", " ").rstrip(".") or None

    def get_description(self) -> str:  # type: ignore[override]
        return str(super().get_description() or "").strip().partition("\n\n")[2]

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path" and parameter["name"] in _NAMES:
                parameter["schema"] = {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}
        responses = operation["responses"]
        for status, response in responses.items():
            response["description"] = response.get("description") or _SUCCESSES[status]
            if headers := _SENT_WITH.get(status):
                response.setdefault("headers", {}).update(headers)
        for number in sorted(self._problems(operation)):
            responses.setdefault(str(number), problem(number))
        return operation

    def _problems(self, operation: dict[str, Any]) -> set[int]:
        """The statuses of all problems that an operation may answer."""
        statuses = set(operation.pop(_X_PROBLEMS, ())) | set(_ALWAYS)
        if "requestBody" in operation:
            statuses |= set(_WITH_BODY)
        if self.view.authentication_classes:
            statuses.add(401)
            if self.method not in {"GET", "HEAD"} or getattr(self.view, "people_only", False):
                statuses.add(403)
        return statuses


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How clients show who they are: a token in the Authorization header."""

    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    name = "bearer"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An access token of auth/login/, or a personal token.",
        }
