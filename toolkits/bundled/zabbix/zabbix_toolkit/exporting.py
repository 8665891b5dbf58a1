"""Hosts, templates and host groups as files, after a look at what will be in them."""

from __future__ import annotations

import csv
import json
from typing import Annotated, Any, Literal

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from zabbix_toolkit import exportrows
from zabbix_toolkit.app import Instance, toolkit
from zabbix_toolkit.client import Api
from zabbix_toolkit.hostfile import guarded
from zabbix_toolkit.selecting import Filters, Selection, What, select

Format = Literal["csv", "json", "zabbix yaml", "zabbix json"]
Chosen = Annotated[Filters, Field(description="Which ones; empty for all")]


@toolkit.operation(title="Preview an export", interactive=True, timeout=120)
def preview_export(
    ctx: Context,
    instance: Instance,
    what: What = "hosts",
    filters: Chosen = Filters(),
    most: Annotated[int, Field(ge=1, le=200, description="How many rows to show")] = 20,
) -> views.Section:
    """Show how many objects the filters let through, and the first of them as they will be."""
    api = Api(ctx, instance)
    chosen = select(api, what, filters)
    count = chosen.count(api)
    rows = chosen.rows(api, chosen.ids(api, most))
    stat = views.Stat(value=count, label=what, state="ok" if count else "warning")
    if not count:
        text = "Nothing fits the filters. Empty filters let everything through."
        return views.Section(title="Preview", views=[stat, views.Text(text=text)])
    return views.Section(title="Preview", views=[stat, _table(chosen, rows, count)])


def _table(chosen: Selection, rows: list[dict[str, Any]], count: int) -> views.Table:
    columns = [name for name in chosen.columns if any(row[name] for row in rows)]
    return views.Table(
        columns=list(columns),
        rows=[
            {name: value for name, value in exportrows.flat(row).items() if name in columns}
            for row in rows
        ],
        caption=f"{len(rows)} of {count}" if len(rows) < count else None,
    )


@toolkit.operation(title="Export", timeout=3600, idempotent=True)
def export(
    ctx: Context,
    instance: Instance,
    what: What = "hosts",
    filters: Chosen = Filters(),
    form: Annotated[
        Format,
        Field(
            title="Format",
            description="csv of hosts can be imported here, the zabbix formats in Zabbix",
        ),
    ] = "csv",
) -> views.Section:
    """Write hosts, templates or host groups to files that the job keeps."""
    api = Api(ctx, instance)
    chosen = select(api, what, filters)
    ids = chosen.ids(api)
    if not ids:
        raise ToolkitError(
            f"there are no {what} that fit them, so there is no file.", field="filters"
        )
    ctx.log.info("%d %s", len(ids), what)
    name = what.replace(" ", "-")
    if form.startswith("zabbix"):
        files = _native(ctx, api, name, chosen, ids, form.partition(" ")[2])
    else:
        files = [_own(ctx, api, name, chosen, ids, form)]
    stat = views.Stat(value=len(ids), label=f"{what} exported", state="ok")
    return views.Section(title="Export", views=[stat, views.Files(files=files)])


def _own(
    ctx: Context, api: Api, name: str, chosen: Selection, ids: list[str], form: str
) -> Any:
    rows = chosen.rows(api, ids)
    file = f"{name}.{form}"
    kind = "text/csv" if form == "csv" else "application/json"
    with ctx.artifact(file, text=True, content_type=kind) as stream:
        if form == "json":
            json.dump(rows, stream, indent=2, ensure_ascii=False)
        else:
            writer = csv.DictWriter(stream, chosen.columns)
            writer.writeheader()
            for row in rows:
                cells = exportrows.flat(row)
                writer.writerow({key: guarded(str(value)) for key, value in cells.items()})
    return {"name": file, "description": f"{len(rows)} rows"}


# How Zabbix's own export calls a kind of object, before and after 6.2.
_NATIVE = {"host": "hosts", "template": "templates", "hostgroup": "host_groups"}


def _native(
    ctx: Context, api: Api, name: str, chosen: Selection, ids: list[str], form: str
) -> list[Any]:
    option = _NATIVE[chosen.kind]
    if option == "host_groups" and not api.dialect.own_template_groups:
        option = "groups"
    size = ctx.settings.page_size
    files = []
    pages = range(0, len(ids), size)
    for number, start in enumerate(pages, 1):
        ctx.report(start, len(ids), "Exporting")
        some = ids[start : start + size]
        text = api.call("configuration.export", {"options": {option: some}, "format": form})
        file = f"{name}-{number:03d}.{form}" if len(pages) > 1 else f"{name}.{form}"
        with ctx.artifact(file, text=True) as stream:
            stream.write(text)
        files.append({"name": file, "description": f"{len(some)} objects, for Zabbix's import"})
    ctx.report(len(ids), len(ids), "Exporting")
    return files
