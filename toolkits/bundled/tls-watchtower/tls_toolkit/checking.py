"""Check one host, now."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field
from toolkit_sdk import Context, ToolkitError, views
from toolkit_sdk.net import NetError

from tls_toolkit import naming, report
from tls_toolkit.app import PORTS, Protocol, toolkit
from tls_toolkit.handshake import Seen, Target, offered, shake
from tls_toolkit.judgement import Thresholds, of_host

_PAUSE = 0.5


def _readable(value: str) -> str:
    naming.read(value)
    return value


@toolkit.operation(title="Check a host", interactive=True, timeout=120)
def check(
    ctx: Context,
    host: Annotated[
        str,
        AfterValidator(_readable),
        Field(
            min_length=1, max_length=300, description="Name or address, also as name:port or a URL"
        ),
    ],
    port: Annotated[
        int | None, Field(ge=1, le=65535, description="Empty: the usual one of the protocol")
    ] = None,
    protocol: Annotated[
        Protocol, Field(description="tls: TLS from the first byte; the others ask by STARTTLS")
    ] = "tls",
    server_name: Annotated[
        str, Field(max_length=253, description="Name to ask for (SNI), where it is another one")
    ] = "",
    versions: Annotated[
        bool, Field(description="Also try which versions of TLS the server takes")
    ] = True,
) -> views.Section:
    """Shake hands with a server and say everything about its certificate and chain."""
    config = ctx.settings
    named = naming.read(host)
    if port and named.port and port != named.port:
        raise ToolkitError(f"the host says {named.port}; leave one of them out.", field="port")
    spoken = named.protocol or protocol
    target = Target(
        host=named.host,
        port=port or named.port or PORTS[spoken],
        protocol=spoken,
        server_name=server_name.strip(),
        timeout=config.timeout_seconds,
        reach=config.reach,
    )
    where = report.address_of(target.host, target.port)
    try:
        seen = tried(ctx, target)
        taken = ctx.interruptible(offered, target) if versions else {}
        thresholds = Thresholds(config.warning_days, config.critical_days)
        judged = of_host(seen, target.name, thresholds, config.trusted)
    except NetError as error:
        ctx.log.error("%s: %s", where, error)
        if error.kind in ("name", "denied"):
            raise ToolkitError(f"{error}.", field="host") from None
        raise ToolkitError(f"{where}: {error}.") from None
    judged = replace(judged, findings=(*judged.findings, *report.old_versions(taken)))
    for finding in judged.findings:
        ctx.log.info("%s: %s: %s", where, finding.code, finding.text)
    return views.Section(
        title=where,
        views=[
            report.stat(judged, target.name),
            report.findings(judged.findings),
            report.certificate(judged.leaf),
            report.connection(seen, judged, taken),
            report.chain(judged),
        ],
    )


def tried(ctx: Context, target: Target) -> Seen:
    """Shake hands, and again as often as the settings say where none came about."""
    where = report.address_of(target.host, target.port)
    for again in range(ctx.settings.retries, -1, -1):
        ctx.log.info("shaking hands with %s (%s)", where, target.protocol)
        try:
            seen: Seen = ctx.interruptible(shake, target)
        except NetError as error:
            if not again or error.kind in ("denied", "name"):
                raise
            ctx.log.warning("%s: %s; trying again", where, error)
            ctx.sleep(_PAUSE)
            continue
        if not seen.chain:
            raise NetError("tls", "the server sent no certificate")
        return seen
    raise AssertionError("the last try returns or raises")
