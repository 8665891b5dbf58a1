"""Run the requests of a collection one after the other, with a report."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Annotated, Any
from xml.etree import ElementTree as Xml  # only written, never read

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from api_toolkit import asserting
from api_toolkit.app import SavedRequest, Variables, toolkit
from api_toolkit.asserting import Verdict, Wrong
from api_toolkit.sender import Answer
from api_toolkit.sending import Chosen, remember, sent, values_of


@dataclass
class Outcome:
    """How one request of a run went."""

    request: SavedRequest
    answer: Answer | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    problem: str = ""
    skipped: bool = False

    @property
    def failed(self) -> list[str]:
        """What went wrong, in sentences."""
        found = [f"{one.sentence}: it is {one.found}" for one in self.verdicts if not one.holds]
        return [self.problem, *found] if self.problem else found

    @property
    def ok(self) -> bool:
        """Whether it came back and all assertions hold."""
        return not self.failed and not self.skipped


@toolkit.operation(title="Run a collection", timeout=3600)
def run_collection(
    ctx: Context,
    collection: Annotated[str, Field(max_length=100, description="Empty: requests of none")] = "",
    environment: Chosen = None,
    variables: Variables = [],
    tag: Annotated[str, Field(max_length=50, description="Only requests with this tag")] = "",
    stop_at_failure: bool = False,
    fail_the_job: Annotated[
        bool, Field(description="End the job as failed when a request fails")
    ] = False,
) -> views.Section:
    """Send the requests of a collection in order, pass variables on, and report."""
    found = ctx.records(SavedRequest).list(collection=collection)
    found = sorted(
        (one for one in found if not tag or tag in one.tags), key=lambda one: one.position
    )
    if not found:
        raise _nothing(ctx, collection, tag)
    values = values_of(ctx, environment, collection)
    values |= {pair.name: pair.value for pair in variables}
    outcomes: list[Outcome] = []
    for _, request in ctx.progress(found, label="Sending"):
        stop = stop_at_failure and any(not one.ok for one in outcomes)
        outcome = Outcome(request, skipped=True) if stop else _send(ctx, request, values)
        outcomes.append(outcome)
    _keep(ctx, collection, outcomes)
    failed = [one for one in outcomes if not one.ok and not one.skipped]
    _tell(ctx, collection, outcomes, failed)
    if failed and fail_the_job:
        first = f"{failed[0].request.name}: {failed[0].failed[0]}"
        raise ToolkitError(f"{len(failed)} of {len(outcomes)} requests failed. {first}")
    return _report(outcomes)


def _nothing(ctx: Context, collection: str, tag: str) -> ToolkitError:
    every = ctx.records(SavedRequest).list()
    if not every:
        return ToolkitError(
            'there are no saved requests yet. Add some to "Saved requests", or import them.',
            field="collection",
        )
    there = sorted({one.collection for one in every})
    if collection not in there:
        which = f"no collection {collection!r}" if collection else "no request without a collection"
        names = ", ".join(filter(None, there)) or "none"
        return ToolkitError(f"there is {which} (collections: {names}).", field="collection")
    return ToolkitError(f"no request of it has the tag {tag!r}.", field="tag")


def _send(ctx: Context, request: SavedRequest, values: dict[str, str]) -> Outcome:
    outcome = Outcome(request)
    try:
        outcome.answer = sent(ctx, request, values)
        outcome.verdicts = asserting.check(request.assertions, outcome.answer)
        values |= asserting.extract(request.extracts, outcome.answer)
    except (ToolkitError, Wrong) as error:
        outcome.problem = str(error)
    for text in outcome.failed:
        ctx.log.warning("%s: %s", request.name, text)
    remember(ctx, request, outcome.answer, outcome.verdicts)
    return outcome


def _keep(ctx: Context, collection: str, outcomes: list[Outcome]) -> None:
    failed = sum(not one.ok and not one.skipped for one in outcomes)
    series = ctx.history(f"run:{collection}")
    series.append({"requests": len(outcomes), "failed": failed})
    series.prune(before=time.time() - ctx.settings.keep_days * 86_400)
    with ctx.artifact("report.xml", content_type="application/xml") as stream:
        stream.write(junit(collection, outcomes))
    with ctx.artifact("report.json", text=True, content_type="application/json") as stream:
        json.dump([_plain(one) for one in outcomes], stream, indent=2)


def _tell(ctx: Context, collection: str, outcomes: list[Outcome], failed: list[Outcome]) -> None:
    key = f"run:{collection}"
    before = ctx.state.get(key)
    now = sorted(one.request.name for one in failed)
    ctx.state.set(key, {"failed": now, "requests": len(outcomes), "at": time.time()})
    if before is None and not now:
        return
    if before is not None and before["failed"] == now:
        return
    name = collection or "requests"
    if now:
        lines = [f"{one.request.name}: {one.failed[0]}" for one in failed]
        title = f"{name}: {len(now)} of {len(outcomes)} requests fail"
        ctx.notify(title, "\n".join(lines), state="critical", key=key)
    else:
        ctx.notify(f"{name}: all requests pass again", state="ok", key=key)


def _plain(one: Outcome) -> dict[str, Any]:
    return {
        "name": one.request.name,
        "method": one.request.method,
        "url": one.request.url,
        "status": one.answer.response.status if one.answer else None,
        "ms": one.answer.total_ms if one.answer else None,
        "outcome": "skipped" if one.skipped else "passed" if one.ok else "failed",
        "failures": one.failed,
    }


def junit(collection: str, outcomes: list[Outcome]) -> bytes:
    """The report in the form that CI systems read."""
    bad = sum(not one.ok and not one.skipped for one in outcomes)
    suite = Xml.Element(
        "testsuite", name=collection or "requests", tests=str(len(outcomes)), failures=str(bad),
        skipped=str(sum(one.skipped for one in outcomes)),
    )  # fmt: skip
    for one in outcomes:
        seconds = (one.answer.total_ms if one.answer else 0) / 1000
        names = {"name": _xml(one.request.name), "classname": _xml(collection or "requests")}
        case = Xml.SubElement(suite, "testcase", {**names, "time": f"{seconds:.3f}"})
        if one.skipped:
            Xml.SubElement(case, "skipped")
        for text in one.failed:
            Xml.SubElement(case, "failure", message=_xml(text))
    return Xml.tostring(suite, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _report(outcomes: list[Outcome]) -> views.Section:
    passed = sum(one.ok for one in outcomes)
    states: dict[bool, Any] = {
        True: views.state("ok", "passed"),
        False: views.state("critical", "failed"),
    }
    rows = [
        {
            "name": one.request.name,
            "outcome": views.state("unknown", "skipped") if one.skipped else states[one.ok],
            "status": one.answer.response.status if one.answer else None,
            "took": one.answer.total_ms if one.answer else None,
            "assertions": f"{sum(v.holds for v in one.verdicts)} of {len(one.verdicts)}",
            "why": "; ".join(one.failed)[:500],
        }
        for one in outcomes
    ]
    stat = views.Stat(
        value=f"{passed} of {len(outcomes)}",
        label="requests passed",
        state="ok" if passed == len(outcomes) else "critical",
    )
    table = views.Table(
        columns=[
            "name",
            views.Column(key="outcome", type="state"),
            views.Column(key="status", type="number"),
            views.Column(key="took", type="duration_ms"),
            "assertions",
            "why",
        ],
        rows=rows,
    )
    files = views.Files(
        files=[
            {"name": "report.xml", "description": "JUnit, for CI systems"},
            {"name": "report.json", "description": "The same as JSON"},
        ]
    )
    return views.Section(title="Report", views=[stat, table, files])
