"""Does an instance answer, which version is it, and what may the token see?"""

from __future__ import annotations

from typing import Any

from toolkit_sdk import Context, ToolkitError, views

from zabbix_toolkit.app import Instance, toolkit
from zabbix_toolkit.client import Api

_MOST_ON_CARD = 8
_CARD_SECONDS = 8.0
_COUNTED: dict[str, tuple[str, dict[str, Any]]] = {
    "hosts": ("host", {}),
    "templates": ("template", {}),
    "host groups": ("hostgroup", {}),
    "proxies": ("proxy", {}),
    "problems": ("problem", {}),
}


@toolkit.operation(title="Test the connection", interactive=True, timeout=120)
def test_connection(ctx: Context, instance: Instance) -> views.Section:
    """Ask an instance for its version, sign in with the token, and count what it may see."""
    api = Api(ctx, instance)
    version = api.dialect.version
    answer = api.last
    assert answer is not None
    ctx.log.info("%s is Zabbix %s, at %s", instance.name, version, answer.address)
    sent = "in the Authorization header" if api.dialect.bearer else "in the request"
    facts: list[Any] = [
        {"label": "API", "value": api.url},
        {"label": "address", "value": answer.address},
        _tls(instance, answer.tls),
        {"label": "token sent", "value": sent},
        {"label": "took", "value": f"{answer.phases.total:.0f} ms"},
    ]
    if not instance.verify_tls:
        ctx.log.warning("the certificate of %s is not verified", instance.name)
    counts = {label: api.count(kind, **params) for label, (kind, params) in _COUNTED.items()}
    stat = views.Stat(
        value=version, label=f"{instance.name} answers", state="ok",
        detail="and accepts the token",
    )  # fmt: skip
    return views.Section(
        title=instance.name,
        views=[stat, views.KeyValue(items=facts), views.KeyValue(items=counts)],
    )


def _tls(instance: Instance, version: str) -> dict[str, Any]:
    if not version:
        text = "none: the token crosses the network in the clear"
        return {"label": "TLS", "value": text, "state": "warning"}
    if not instance.verify_tls:
        return {"label": "TLS", "value": f"{version}, not verified", "state": "warning"}
    return {"label": "TLS", "value": version, "state": "ok"}


@toolkit.card(title="Zabbix", refresh=120)
def overview(ctx: Context) -> views.KeyValue | views.Markdown:
    """Whether each watched instance answers, and how many problems it has."""
    watched = [one for one in ctx.records(Instance).list() if one.watched]
    if not watched:
        text = "No instances yet. Add one under *Instances*, with an API token."
        return views.Markdown(text=text)
    shown = watched[:_MOST_ON_CARD]
    found = dict(ctx.in_threads(lambda number: _line(ctx, shown[number]), range(len(shown))))
    return views.KeyValue(items=[found[number] for number in range(len(shown))])


def _line(ctx: Context, instance: Instance) -> dict[str, Any]:
    try:
        api = Api(ctx, instance, timeout=_CARD_SECONDS)
        worst = {"severities": [4, 5], "suppressed": False}
        high, every = api.count("problem", **worst), api.count("problem", suppressed=False)
    except ToolkitError as error:
        ctx.log.warning("%s", error)
        return {"label": instance.name, "value": "does not answer", "state": "critical"}
    state = "critical" if high else "warning" if every else "ok"
    value = f"{every} problems, {high} high or worse" if every else "no problems"
    return {"label": f"{instance.name} {api.dialect.version}", "value": value, "state": state}
