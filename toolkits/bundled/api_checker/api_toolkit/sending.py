"""Send one request, and look at what comes back."""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, File, LongText, Secret, ShowIf, ToolkitError, views
from toolkit_sdk.net import NetError

from api_toolkit import asserting, showing
from api_toolkit.app import (
    BODY_CHARS,
    Assertions,
    Environment,
    SavedRequest,
    Variables,
    toolkit,
)
from api_toolkit.parts import AuthKind, BodyKind, Method, Pair
from api_toolkit.prepare import prepare
from api_toolkit.sender import Answer, send

Pairs = Annotated[list[Pair], Field(max_length=100)]
Chosen = Annotated[
    Environment | None,
    Field(description="Values of variables. Empty: the one named as the collection, if any"),
]


@toolkit.operation(name="send", title="Send a request", interactive=True, timeout=320)
def send_request(
    ctx: Context,
    url: Annotated[str, Field(min_length=1, max_length=4000, description="May hold {{variables}}")],
    method: Method = "GET",
    query: Pairs = [],
    headers: Pairs = [],
    auth: AuthKind = "none",
    username: Annotated[str, Field(max_length=200), ShowIf("auth", "basic")] = "",
    secret: Annotated[
        Secret | None,
        Field(description="The token, password or key; goes to Vault"),
        ShowIf("auth", "bearer", "basic", "api key"),
    ] = None,
    key_name: Annotated[
        str,
        Field(max_length=100, description="A header, or ?name for a query's"),
        ShowIf("auth", "api key"),
    ] = "X-API-Key",
    body_kind: BodyKind = "none",
    body: Annotated[
        LongText, Field(max_length=BODY_CHARS), ShowIf("body_kind", "json", "text")
    ] = "",
    form: Annotated[
        list[Pair], Field(max_length=200), ShowIf("body_kind", "form", "multipart")
    ] = [],
    upload: Annotated[
        File | None,
        Field(description="The body, or a part of it"),
        ShowIf("body_kind", "file", "multipart"),
    ] = None,
    content_type: Annotated[
        str,
        Field(max_length=200, description="Empty: the usual one"),
        ShowIf("body_kind", "json", "text", "file"),
    ] = "",
    follow_redirects: bool = True,
    verify_tls: bool = True,
    timeout_seconds: Annotated[float | None, Field(ge=0.1, le=300)] = None,
    proxy: Annotated[str, Field(max_length=300, description="One of those in the settings")] = "",
    environment: Annotated[Environment | None, Field(description="Values of variables")] = None,
    assertions: Assertions = [],
    save_as: Annotated[
        str, Field(max_length=200, description="Also keep it under this name in Saved requests")
    ] = "",
    keep_body: Annotated[bool, Field(description="Keep the body as a file of the job")] = False,
) -> views.Section:
    """Send an HTTP request and show status, timing, headers and body, with assertions."""
    saved = SavedRequest(
        name=save_as or "request", method=method, url=url, query=query, headers=headers, auth=auth,
        username=username, secret=secret, key_name=key_name, body_kind=body_kind, body=body,
        form=form, content_type=content_type, follow_redirects=follow_redirects,
        verify_tls=verify_tls, timeout_seconds=timeout_seconds, proxy=proxy, assertions=assertions,
    )  # fmt: skip
    values = environment.values() if environment else {}
    if save_as:
        if ctx.records(SavedRequest).list(name=save_as):
            raise ToolkitError(f"there is a request {save_as!r} already.", field="save_as")
        # What cannot be sent is not kept.
        prepare(saved, values, ctx.settings, upload)
        ctx.records(SavedRequest).create(saved)
        ctx.log.info("saved as %s", save_as)
    answer = sent(ctx, saved, values, upload)
    return shown(ctx, saved, answer, keep_body=keep_body)


@toolkit.operation(title="Send a saved request", interactive=True, timeout=320)
def send_saved(
    ctx: Context,
    request: SavedRequest,
    environment: Chosen = None,
    variables: Variables = [],
    upload: Annotated[
        File | None, Field(description="For a body of kind file or multipart")
    ] = None,
    keep_body: Annotated[bool, Field(description="Keep the body as a file of the job")] = False,
) -> views.Section:
    """Send a saved request, check its assertions, and keep the outcome in its history."""
    values = values_of(ctx, environment, request.collection)
    values |= {pair.name: pair.value for pair in variables}
    try:
        answer = sent(ctx, request, values, upload)
    except ToolkitError:
        remember(ctx, request, None, [])
        raise
    remember(ctx, request, answer, asserting.check(request.assertions, answer))
    return shown(ctx, request, answer, keep_body=keep_body)


def values_of(ctx: Context, chosen: Environment | None, collection: str) -> dict[str, str]:
    """The variables of the chosen environment; where none is, of that named as the collection."""
    if chosen is None and collection:
        chosen = next(iter(ctx.records(Environment).list(name=collection)), None)
        if chosen is not None:
            ctx.log.info("using the environment %s", collection)
    return chosen.values() if chosen else {}


def sent(
    ctx: Context, saved: SavedRequest, values: dict[str, str], upload: File | None = None
) -> Answer:
    """Send a request, with the log told. Raises ``ToolkitError`` where nothing came back."""
    config = ctx.settings
    prepared = prepare(saved, values, config, upload)
    if not prepared.options.verify:
        ctx.log.warning("the server's certificate is not verified")
    where = prepared.request.url.partition("?")[0]
    ctx.log.info("%s %s", prepared.request.method, where)
    private = {saved.key_name.lower()} if saved.auth == "api key" else set()
    try:
        answer: Answer = ctx.interruptible(send, prepared, config.max_redirects, private)
    except (NetError, ValueError) as error:
        ctx.log.error("%s: %s", where, error)
        # Before anything was sent, what is wrong is the URL.
        blame = isinstance(error, NetError) and error.kind in ("name", "denied")
        raise ToolkitError(f"{where}: {error}.", field="url" if blame else "") from None
    ctx.log.info("%d in %.0f ms", answer.response.status, answer.total_ms)
    return answer


def shown(ctx: Context, saved: SavedRequest, answer: Answer, *, keep_body: bool) -> views.Section:
    """Show a response; the log is told of assertions that fail."""
    verdicts = asserting.check(saved.assertions, answer)
    for verdict in verdicts:
        if not verdict.holds:
            ctx.log.warning("fails: %s, but it is %s", verdict.sentence, verdict.found)
    section = showing.response(answer, verdicts, ctx.settings.shown_kib << 10)
    if keep_body and answer.body:
        with ctx.artifact("body.bin", content_type=answer.content_type or None) as stream:
            stream.write(answer.body)
        section.views.append(views.Files(files=[{"name": "body.bin", "description": "The body"}]))
    return section


def remember(
    ctx: Context, saved: SavedRequest, answer: Answer | None, verdicts: list[asserting.Verdict]
) -> None:
    """Add an outcome to the history of a saved request."""
    failed = [verdict.sentence for verdict in verdicts if not verdict.holds]
    sample: dict[str, Any] = {
        "status": answer.response.status if answer else None,
        "ms": answer.total_ms if answer else None,
        "ok": answer is not None and not failed,
        "failed": failed[:5],
    }
    series = ctx.history(f"request:{saved.record_id}")
    series.append(sample)
    series.prune(before=time.time() - ctx.settings.keep_days * 86_400)
