"""Operations that show how a run behaves: progress, cancelling, failing, children, dry runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from toolkit_sdk import Context, ToolkitError, views

from sample_toolkit.app import Service, toolkit


# ``timeout`` is the most a run may take. ``concurrency`` limits how many run at the same time.
@toolkit.operation(title="Take some time", timeout=300, concurrency=2, idempotent=True)
def slow(
    ctx: Context, steps: Annotated[int, Field(ge=1, le=500, description="How many steps")] = 20
) -> views.Stat:
    """Work step by step, with a log line and progress for each."""
    # ``ctx.progress`` reports how far it has come, and each step is a point where a cancelled
    # job stops. In a loop of your own, call ``ctx.checkpoint()``.
    for done, step in ctx.progress(range(steps), label="Working"):
        ctx.log.info("step %d of %d", step + 1, steps)
        if done == steps // 2:
            ctx.log.warning("half of it is done; this is what a warning looks like")
        # Sleeps, but wakes up at once when the job is cancelled. Never use time.sleep.
        ctx.sleep(ctx.settings.pause_seconds)
    return views.Stat(value=steps, label="steps done", state="ok")


@toolkit.operation(title="Fail on purpose", timeout=30)
def fail(
    ctx: Context,
    how: Annotated[str, Field(description="What the job says when it fails")] = "It was asked to.",
    with_a_bug: Annotated[bool, Field(description="Fail by an error that nobody expected")] = False,
) -> views.Text:
    """Show the two ways in which a run fails: with a sentence for people, and with a bug."""
    ctx.log.error("about to fail")
    if with_a_bug:
        return views.Text(text=str({}["missing"]))
    raise ToolkitError(how)


# ``effect`` tells the console what to ask before it runs: nothing for ``read``, whether it is
# meant for ``change``, and the toolkit's name for ``destroy``. ``dry_run`` offers a run that
# only says what it would do; your code asks ``ctx.dry_run``.
@toolkit.operation(title="Forget all notes", effect="destroy", dry_run=True, timeout=60)
def forget_notes(ctx: Context) -> views.Table:
    """Set the count of notes of every service to zero."""
    services = ctx.records(Service)
    rows = []
    for _, service in ctx.progress(services.list(), label="Forgetting"):
        if not service.notes:
            continue
        rows.append({"service": service.name, "forgotten": service.notes})
        if not ctx.dry_run:
            services.update(service.model_copy(update={"notes": 0}))
    verb = "would be forgotten" if ctx.dry_run else "were forgotten"
    return views.Table(
        columns=["service", views.Column(key="forgotten", type="number")],
        rows=rows,
        caption=f"Notes of {len(rows)} services {verb}",
    )


# With ``requires_approval`` a second person looks at the inputs before the run begins.
@toolkit.operation(
    title="Do something delicate", effect="change", requires_approval=True, timeout=60
)
def delicate(ctx: Context, reason: Annotated[str, Field(min_length=5)]) -> views.Text:
    """Wait for somebody else's approval, then say what was approved."""
    ctx.log.info("approved for %s: %s", ctx.job.requested_by, reason)
    return views.Text(text=f"Done, because: {reason}")


# Steps are recorded one by one. When a later attempt of the same job, by ``retries`` or by hand,
# comes to a step that is done, it is not done again.
@toolkit.operation(
    title="Roll out in steps", effect="change", timeout=300, retries=1, idempotent=True
)
def roll_out(
    ctx: Context,
    hosts: Annotated[list[str], Field(min_length=1, max_length=50)] = ["web-1", "web-2", "web-3"],
    fail_at: Annotated[str, Field(description="A host at which the first attempt fails")] = "",
) -> views.Table:
    """Go from host to host in recorded steps; fail on the way, and see the rest done later."""
    rows = []
    for _, host in ctx.progress(hosts, label="Rolling out"):
        with ctx.step("roll out", key=host) as step:
            if not step.done:
                ctx.sleep(ctx.settings.pause_seconds)
                if host == fail_at and ctx.job.attempt == 1:
                    raise ToolkitError(f"{host} does not answer.")
                # What is set here is there again in a later attempt.
                step.value = f"attempt {ctx.job.attempt}"
                ctx.log.info("%s is done", host)
            rows.append({"host": host, "done in": step.value})
    return views.Table(columns=["host", "done in"], rows=rows)


# ``ctx.map`` runs another operation once for each item, several at a time, each as a job of its
# own with its own log.
@toolkit.operation(title="Greet many at once", timeout=300)
def greet_many(
    ctx: Context,
    names: Annotated[list[str], Field(min_length=1, max_length=50)] = ["Ada", "Bob", "Cyd"],
) -> views.Table:
    """Run "Say hello" for each name as a child job, a few at a time."""
    children = ctx.map("hello", [{"name": name} for name in names], on_error="collect")
    rows = [
        {
            "name": child.inputs["name"],
            "outcome": child.value["text"] if child.ok else child.reason,
            "state": views.state("ok" if child.ok else "critical", child.state),
        }
        for child in children
    ]
    return views.Table(
        columns=["name", views.Column(key="state", type="state"), "outcome"], rows=rows
    )


# The cleanup hook runs after an attempt of any operation failed or was killed, in a process of
# its own. Give back here what the operation would have given back itself.
@toolkit.cleanup(timeout=20)
def clean_up(ctx: Context) -> None:
    """Remember what failed last."""
    if ctx.failure is not None:
        ctx.state.set("last_failure", {"job": ctx.job.id, "reason": ctx.failure.reason})
        ctx.log.info("cleaned up after: %s", ctx.failure.reason)


# The health check runs before a version is activated: raise when it cannot work here.
@toolkit.health
def health(ctx: Context) -> None:
    """Check that the settings make sense."""
    if not ctx.settings.greeting.strip():
        raise ToolkitError("The greeting in the settings is blank.")
