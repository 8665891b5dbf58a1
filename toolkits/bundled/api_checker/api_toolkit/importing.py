"""Bring requests in from curl and OpenAPI, and out to curl."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from toolkit_sdk import Context, File, LongText, ToolkitError, views

from api_toolkit import curl, openapi
from api_toolkit.app import Environment, SavedRequest, toolkit
from api_toolkit.parts import Pair
from api_toolkit.sending import sent

_LONGEST = 700_000


@toolkit.operation(title="Import a curl command", effect="change", dry_run=True, timeout=30)
def import_curl(
    ctx: Context,
    command: Annotated[
        LongText, Field(min_length=4, max_length=_LONGEST, description="curl -X POST https://…")
    ],
    name: Annotated[str, Field(max_length=200)] = "",
    collection: Annotated[str, Field(max_length=100)] = "",
) -> views.Section:
    """Turn a curl command into a saved request; its credentials go to Vault."""
    saved, dropped = curl.read(command, name)
    saved = saved.model_copy(update={"collection": collection})
    for one in dropped:
        ctx.log.warning("left out: %s", one)
    if not ctx.dry_run:
        ctx.records(SavedRequest).create(saved)
        ctx.log.info("saved as %s", saved.name)
    shown: list[views.View] = [_table([saved])]
    if dropped:
        shown.append(views.Text(text="Left out: " + ", ".join(dropped)))
    title = "It would be saved as" if ctx.dry_run else "Saved"
    return views.Section(
        title=title, views=[*shown, views.Code(code=curl.write(saved), language="sh")]
    )


@toolkit.operation(title="Import OpenAPI", effect="change", dry_run=True, timeout=300)
def import_openapi(
    ctx: Context,
    collection: Annotated[str, Field(min_length=1, max_length=100)],
    text: Annotated[LongText, Field(max_length=_LONGEST, description="JSON or YAML")] = "",
    upload: Annotated[File | None, Field(description="Or a file")] = None,
    url: Annotated[str, Field(max_length=2000, description="Or where to fetch it")] = "",
    schemas: Annotated[
        bool, Field(description="Also assert that responses fit the schemas of the document")
    ] = False,
    environment: Annotated[
        bool, Field(description="Also make an environment with the base URL of the document")
    ] = True,
) -> views.Section:
    """Make a saved request of every operation of an OpenAPI document; known names are left."""
    document = openapi.load(*_document(ctx, text, upload, url))
    records = ctx.records(SavedRequest)
    known = {saved.name for saved in records.list(collection=collection)}
    found = openapi.requests(document, collection, schemas=schemas)
    fresh = [saved for saved in found if saved.name not in known]
    for _, saved in ctx.progress(fresh, label="Importing"):
        if not ctx.dry_run:
            records.create(saved)
        ctx.log.info("%s %s", saved.method, saved.url)
    base = openapi.base_url(document)
    if (
        environment
        and fresh
        and not ctx.dry_run
        and not ctx.records(Environment).list(name=collection)
    ):
        pair = Pair(name="base_url", value=base or "https://example.com")
        ctx.records(Environment).create(Environment(name=collection, variables=[pair]))
    verb = "would be imported" if ctx.dry_run else "imported"
    stat = views.Stat(
        value=len(fresh),
        label=f"requests {verb}",
        detail=f"{len(found) - len(fresh)} were there already. Base URL: {base or 'none named'}",
    )
    return views.Section(title="OpenAPI", views=[stat, _table(fresh)])


def _document(ctx: Context, text: str, upload: File | None, url: str) -> tuple[str, str]:
    """The document, and the input that it came by."""
    if upload is not None:
        return upload.text(), "upload"
    if text.strip():
        return text, "text"
    if not url:
        raise ToolkitError(
            "there is no document: paste it, give a file, or say where it is.", field="text"
        )
    answer = sent(ctx, SavedRequest(name="document", url=url), {})
    if answer.response.status != 200:
        raise ToolkitError(f"the server answered {answer.response.status}.", field="url")
    if answer.truncated:
        raise ToolkitError(
            "the document is larger than the body limit of the settings.", field="url"
        )
    return answer.text, "url"


def _table(found: list[SavedRequest]) -> views.Table:
    columns: list[Any] = [
        "name",
        views.Column(key="method", type="code"),
        views.Column(key="url", type="code"),
        "auth",
        "body",
        "assertions",
    ]
    return views.Table(
        columns=columns,
        rows=[
            {
                "name": saved.name,
                "method": saved.method,
                "url": saved.url,
                "auth": saved.auth,
                "body": saved.body_kind,
                "assertions": ", ".join(f"{one.what} {one.value[:20]}" for one in saved.assertions),
            }
            for saved in found
        ],
    )


@toolkit.operation(title="Export as curl", interactive=True, timeout=30)
def export_curl(ctx: Context, request: SavedRequest) -> views.Code:
    """Write a saved request as a curl command; secrets stand as variables of the shell."""
    return views.Code(code=curl.write(request), language="sh")
