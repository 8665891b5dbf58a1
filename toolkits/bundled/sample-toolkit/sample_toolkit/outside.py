"""Operations that reach out or take long: HTTP, threads, locks, notices, the platform's health."""

from __future__ import annotations

import time
from typing import Annotated
from urllib.parse import urlsplit

import requests
from pydantic import Field
from toolkit_sdk import Backoff, CallError, Concurrency, Context, ToolkitError, views
from toolkit_sdk.net import Url

from sample_toolkit.app import Service, toolkit


# ``ctx.http`` is a session of ``requests`` with time limits, which reaches what the settings allow,
# at every redirect too. ``ctx.interruptible`` calls what blocks in a thread, so that a cancelled
# job does not wait for it. The token goes to one host alone: whoever names the URL must not get a
# secret that somebody else keeps here. ``queue`` and ``backoff`` are options like any other.
@toolkit.operation(
    title="Fetch an address",
    timeout=60,
    retries=1,
    backoff=Backoff(initial=2),
    queue="low",
)
def fetch(
    ctx: Context,
    url: Annotated[Url, Field(max_length=500)],
    bad_status_is_a_mistake: Annotated[
        bool, Field(description="Blame the input when the answer is an error")
    ] = False,
) -> views.KeyValue:
    """Ask a web server; the one that the token of the settings is for gets it."""
    token, host = ctx.settings.api_token, urlsplit(url).hostname
    ours = token is not None and host == ctx.settings.api_host.lower()
    headers = {"Authorization": f"Bearer {token.reveal()}"} if ours else {}
    try:
        answer = ctx.interruptible(lambda: ctx.http.get(url, headers=headers, timeout=(3, 10)))
    except requests.RequestException as error:
        # Tried once more after two seconds, because of ``retries``.
        raise ToolkitError(f"{url} does not answer: {error}.") from None
    if not answer.ok and bad_status_is_a_mistake:
        # With ``field`` the form shows the message at that input, and nothing is tried again.
        raise ToolkitError(f"the server answered {answer.status_code}.", field="url")
    return views.KeyValue(items={"status": answer.status_code, "bytes": len(answer.content)})


# Many calls that block, some at a time. ``locks`` are names that one job of any toolkit holds at
# a time; ``concurrency`` with ``key`` is a limit for each value of an input.
@toolkit.operation(
    title="Look after many services",
    effect="change",
    timeout=300,
    locks=("sample:{team}",),
    concurrency=Concurrency(limit=1, scope="key", key="team"),
)
def look_after(
    ctx: Context,
    team: Annotated[str, Field(pattern=r"^[a-z]+$", max_length=20)] = "ops",
    seconds: Annotated[float, Field(ge=0, le=5, description="How long each takes")] = 0.1,
) -> views.Table:
    """Do something that blocks for each service, in threads, and tell people when it is done."""
    services = [one for one in ctx.records(Service).list() if one.owner in ("", team)]
    if not services:
        raise ToolkitError(f"no service belongs to {team}. Add some to Services.", field="team")

    def look(service: Service) -> float:
        # Blocking on purpose: this stands for a call to a slow server.
        started = time.perf_counter()
        time.sleep(seconds)
        return (time.perf_counter() - started) * 1000

    rows = []
    for service, took in ctx.in_threads(look, services, workers=8, label="Looking"):
        ctx.log.info("%s took %.0f ms", service.name, took)
        rows.append({"service": service.name, "took": took})
    # Reaches whoever asked for this toolkit's notices, by mail or webhook.
    ctx.notify(f"{team} looked after {len(rows)} services", state="ok", key=team)
    return views.Table(columns=["service", views.Column(key="took", type="duration_ms")], rows=rows)


# A secret of the toolkit's own path in Vault, or of one that toolkits share. The manifest asks
# for it under ``permissions``; this one does not, so the platform refuses, and says why.
@toolkit.operation(title="Ask for what is not given", interactive=True, timeout=10)
def not_given(ctx: Context) -> views.KeyValue:
    """Try to read a secret and the platform's health, which the manifest does not ask for."""
    items = {}
    for name, ask in (
        ("secret", lambda: ctx.secret("shared/database", "password")),
        ("health", ctx.platform.health),
    ):
        try:
            ask()
            items[name] = "given"
        except CallError as error:
            items[name] = f"{error.kind}: {error}"
    return views.KeyValue(items=items)
