"""Add hosts in bulk: plan every row against the live server, then do it step by step."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from toolkit_sdk import (
    CallError,
    Concurrency,
    Context,
    File,
    LongText,
    StepsFailed,
    ToolkitError,
    views,
)

from zabbix_toolkit import hostfile, planning, showing
from zabbix_toolkit.app import Instance, toolkit
from zabbix_toolkit.catalog import look
from zabbix_toolkit.client import Api, ApiError
from zabbix_toolkit.hostfile import Line
from zabbix_toolkit.hostrow import HostRow
from zabbix_toolkit.planning import Existing, Plan, Rules, Usual


def _columns(upload: File | None) -> File | None:
    if upload is not None:
        hostfile.check_header(upload.text())
    return upload


Csv = Annotated[
    LongText,
    AfterValidator(hostfile.check_header),
    Field(
        max_length=2_000_000,
        title="CSV",
        description="A line of column names, then a line for each host: host,interfaces,groups,…",
    ),
]


@toolkit.operation(
    title="Add hosts",
    effect="change",
    dry_run=True,
    timeout=7200,
    concurrency=Concurrency(limit=1, scope="key", key="instance"),
)
def add_hosts(
    ctx: Context,
    instance: Instance,
    hosts: Annotated[list[HostRow], Field(max_length=100, description="A row for each host")] = [],
    text: Csv = "",
    upload: Annotated[
        File | None, AfterValidator(_columns), Field(title="CSV file", description="Or upload it")
    ] = None,
    groups: Annotated[
        str, Field(max_length=4000, description="Groups of rows that name none, parted by ;")
    ] = "",
    templates: Annotated[
        str, Field(max_length=4000, description="Templates of rows that name none, parted by ;")
    ] = "",
    proxy: Annotated[
        str, Field(max_length=200, description="Proxy of rows that name none; or group:NAME")
    ] = "",
    existing: Annotated[
        Existing,
        Field(
            title="Hosts that are there",
            description="change adds and replaces, it takes nothing away",
        ),
    ] = "refuse",
    create_groups: Annotated[bool, Field(description="Make host groups that are missing")] = False,
    refused: Annotated[
        Literal["stop", "leave out"],
        Field(
            title="When rows are refused",
            description="Stop before anything is done, or do the rest",
        ),
    ] = "stop",
) -> views.Section:
    """Add hosts from rows or CSV. A dry run asks the server and shows what each row would do.

    When some hosts fail, the job fails after the others; running it again does those alone.
    """
    lines = _lines(hosts, text, upload)
    usual = Usual(groups, templates, proxy.strip())
    lines = [usual.fill(line) for line in lines]
    api = Api(ctx, instance)
    ctx.log.info("%s is Zabbix %s", instance.name, api.dialect.version)
    rules = Rules(existing, create_groups)
    if ctx.dry_run:
        plans = _planned(api, lines, rules, usual)
        return showing.plans(ctx, plans, {}, dry_run=True)
    with ctx.step("plan", key=_digest(instance, lines, rules)) as step:
        resumed = step.done
        if not step.done:
            plans = _planned(api, lines, rules, usual)
            if refused == "stop":
                _stop_at_refused(ctx, plans)
            step.value = [one.packed() for one in plans]
        plans = [Plan(**one) for one in step.value]
    outcomes = _execute(ctx, api, plans, resumed=resumed)
    section = showing.plans(ctx, plans, outcomes, dry_run=False)
    failures = {host: why for host, why in outcomes.items() if why}
    if failures:
        raise StepsFailed("Adding hosts", failures)
    return section


def _stop_at_refused(ctx: Context, plans: list[Plan]) -> None:
    wrong = [one for one in plans if one.act == "refused"]
    if not wrong:
        return
    showing.report(ctx, plans, {})
    first = "; ".join(f"{one.host or one.number}: {one.what[0]}" for one in wrong[:5])
    raise ToolkitError(
        f"Nothing was done: {len(wrong)} of {len(plans)} rows are refused. {first}. "
        "A dry run shows them all.",
        retry=False,
    )


def _lines(hosts: list[HostRow], text: str, upload: File | None) -> list[Line]:
    lines = [Line(number, row.host, row) for number, row in enumerate(hosts, 1)]
    for field, content in (("text", text), ("upload", upload.text() if upload else "")):
        if content.strip():
            lines += hostfile.read(content, field)
    if not lines:
        raise ToolkitError(
            "there are no hosts to add: fill in a row, paste CSV, or give a file.", field="hosts"
        )
    if len(lines) > hostfile.MOST_ROWS:
        raise ToolkitError(
            f"There are {len(lines):,} rows; {hostfile.MOST_ROWS:,} is the most at a time."
        )
    return lines


def _digest(instance: Instance, lines: list[Line], rules: Rules) -> str:
    """What the plan is for; a run that goes on with other inputs makes a plan of its own."""
    whole = f"{instance.record_id} {lines} {rules}"
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _planned(api: Api, lines: list[Line], rules: Rules, usual: Usual) -> list[Plan]:
    made = look(api, **planning.named(lines, usual))
    usual.check(api.dialect, made, rules)
    plans = planning.plan(api, made, lines, rules)
    for one in plans:
        level = api.ctx.log.warning if one.act == "refused" else api.ctx.log.info
        level("row %d, %s: %s %s", one.number, one.host, one.act, "; ".join(one.what))
        _check_secrets(api.ctx, one)
    return plans


def _check_secrets(ctx: Context, one: Plan) -> None:
    for _, params in one.calls:
        for macro in [params, *params.get("macros", [])]:
            if "secret" not in macro:
                continue
            try:
                ctx.secret(*macro["secret"])
            except CallError as error:
                one.act, one.calls = "refused", []
                one.what = [f"{macro.get('macro', 'macro')}: {error}"]
                return


def _execute(
    ctx: Context, api: Api, plans: list[Plan], *, resumed: bool
) -> dict[str, str]:
    """Do what is planned. Returns what became of each host: why it failed, or nothing."""
    todo = [one for one in plans if one.calls]
    groups = _groups(ctx, api, todo)
    outcomes: dict[str, str] = {}
    for _, one in ctx.progress(todo, label="Writing hosts"):
        try:
            with ctx.step("host", key=one.host) as step:
                if not step.done:
                    step.value = _write(ctx, api, one, groups, again=resumed)
            outcomes[one.host] = ""
            ctx.log.info("%s: %s", one.host, step.value)
        except (ToolkitError, CallError) as error:
            outcomes[one.host] = str(error)
            ctx.log.error("%s: %s", one.host, error)
    return outcomes


def _groups(ctx: Context, api: Api, plans: list[Plan]) -> dict[str, str]:
    """Make the groups that are missing, and return their ids."""
    wanted = {
        group["name"]
        for one in plans
        for _, params in one.calls
        for group in params.get("groups", [])
        if "name" in group
    }
    made = {}
    for name in sorted(wanted):
        with ctx.step("group", key=name) as step:
            if not step.done:
                there = api.get("hostgroup", filter={"name": [name]}, output=["groupid"])
                step.value = (
                    there[0]["groupid"]
                    if there
                    else api.call("hostgroup.create", {"name": name})["groupids"][0]
                )
                ctx.log.info("host group %s made", name)
        made[name] = str(step.value)
    return made


def _write(
    ctx: Context, api: Api, one: Plan, groups: dict[str, str], *, again: bool
) -> str:
    for method, planned in one.calls:
        params = _ready(ctx, planned, groups)
        try:
            api.call(method, params)
        except ApiError as error:
            # An attempt that was cut off may have written the host without hearing so.
            if again and method.endswith(".create") and "already exists" in error.detail:
                ctx.log.warning("%s is there already, from the attempt before", one.host)
                continue
            raise
    return "created" if one.act == "create" else "changed"


def _ready(ctx: Context, params: dict[str, Any], groups: dict[str, str]) -> dict[str, Any]:
    """Parameters with the ids of new groups and the values of secret macros."""
    made = _revealed(ctx, params)
    if "groups" in made:
        made["groups"] = [
            {"groupid": groups[group["name"]]} if "name" in group else group
            for group in made["groups"]
        ]
    if "macros" in made:
        made["macros"] = [_revealed(ctx, macro) for macro in made["macros"]]
    return made


def _revealed(ctx: Context, given: dict[str, Any]) -> dict[str, Any]:
    if "secret" not in given:
        return dict(given)
    rest = {key: value for key, value in given.items() if key != "secret"}
    return {**rest, "value": ctx.secret(*given["secret"])}
