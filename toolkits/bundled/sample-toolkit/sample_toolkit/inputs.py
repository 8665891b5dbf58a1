"""Operations that show what inputs can be, and how to refuse the wrong ones."""

from __future__ import annotations

import datetime as dt
import re
from enum import Enum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field
from toolkit_sdk import Choices, Context, File, LongText, Secret, ShowIf, ToolkitError, views

from sample_toolkit.app import Service, toolkit


# ``interactive`` operations are short: the caller waits for the result instead of following a job.
@toolkit.operation(title="Say hello", interactive=True, timeout=10)
def hello(
    ctx: Context,
    name: Annotated[str, Field(min_length=1, max_length=60, description="Whom to greet")] = "world",
) -> views.Text:
    """Greet somebody with the words of the settings."""
    # The log is a standard logger. What it is told appears on the job's page as it happens.
    ctx.log.info("greeting %s", name)
    return views.Text(text=f"{ctx.settings.greeting}, {name}!")


# A validator says in plain words what it wants. The message is shown at the field.
def _ticket(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2,10}-\d+", value):
        raise ValueError(f"{value!r} is not a ticket; write it like OPS-123")
    return value


class Colour(Enum):
    """An enum becomes a choice."""

    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Window(BaseModel):
    """A nested model becomes a group of fields."""

    start: dt.datetime | None = Field(default=None, description="Leave empty for now")
    minutes: int = Field(default=30, ge=1, le=1440)


@toolkit.operation(title="Every kind of input", interactive=True, timeout=10)
def every_input(
    ctx: Context,
    text: str = "some text",
    long_text: Annotated[LongText, Field(description="Several lines")] = "",
    ticket: Annotated[str, AfterValidator(_ticket), Field(description="Like OPS-123")] = "OPS-1",
    number: Annotated[int, Field(ge=0, le=100)] = 42,
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.5,
    switch: bool = False,
    choice: Literal["one", "two", "three"] = "one",
    colours: list[Colour] = [Colour.RED],
    words: list[str] = [],
    day: dt.date | None = None,
    wait: dt.timedelta = dt.timedelta(minutes=5),
    window: Window = Window(),
    upload: Annotated[File | None, Field(description="A small file")] = None,
    secret: Annotated[Secret | None, Field(description="Goes to Vault, not to the job")] = None,
    service: Annotated[Service | None, Field(description="A record of Services")] = None,
) -> views.KeyValue:
    """Take one input of each kind and show what the function was given."""
    return views.KeyValue(
        items={
            "text": text,
            "long_text": f"{len(long_text.splitlines())} lines",
            "ticket": ticket,
            "number": number,
            "ratio": ratio,
            "switch": switch,
            "choice": choice,
            "colours": ", ".join(colour.value for colour in colours),
            "words": ", ".join(words),
            "day": day.isoformat() if day else "not given",
            "wait": f"{wait.total_seconds():g} s",
            "window": f"{window.minutes} min from {window.start or 'now'}",
            "upload": f"{upload.name}: {len(upload.content)} bytes" if upload else "not given",
            # A secret shows as stars wherever it is printed; reveal() is for handing it on.
            "secret": f"{len(secret.reveal())} characters" if secret else "not given",
            "service": service.name if service else "not given",
        }
    )


@toolkit.operation(title="Count words", timeout=60)
def count_words(
    ctx: Context,
    text: Annotated[LongText, Field(description="Paste text, or give a file")] = "",
    upload: Annotated[File | None, Field(description="A text file")] = None,
    most: Annotated[int, Field(ge=1, le=100, description="How many words to list")] = 10,
) -> views.Table:
    """Count how often each word occurs."""
    content = upload.text() if upload else text
    words = re.findall(r"\w+", content.lower())
    if not words:
        # A ToolkitError ends the job as failed, with this sentence and no traceback.
        raise ToolkitError("there is no text to count; paste some, or give a file.", field="text")
    counts: dict[str, int] = {}
    for _, word in ctx.progress(words, label="Counting"):
        counts[word] = counts.get(word, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return views.Table(
        columns=["word", views.Column(key="count", type="number")],
        rows=[{"word": word, "count": count} for word, count in ranked],
        caption=f"{len(words)} words, {len(counts)} of them different",
    )


_RACKS = {"ams": ["A1", "A2", "B1"], "ber": ["R1", "R2"]}


# An interactive operation that only reads can give choices to the form of another one. Its
# parameters are the inputs there that it depends on: it is asked again when one changes.
@toolkit.operation(title="Racks of a site", interactive=True, timeout=5)
def racks(ctx: Context, site: str = "ams") -> list[dict[str, str]]:
    """List the racks of a site."""
    if site not in _RACKS:
        known = ", ".join(_RACKS)
        raise ToolkitError(f"there is no site {site!r}; there are {known}.", field="site")
    return [{"value": rack, "label": f"{rack} in {site}"} for rack in _RACKS[site]]


@toolkit.operation(title="Choose a place", interactive=True, timeout=10)
def place(
    ctx: Context,
    site: Literal["ams", "ber"] = "ams",
    rack: Annotated[str, Choices(racks), Field(description="What the site has")] = "",
    reserve: bool = False,
    # Shown only while the box above is ticked. Hidden it is not sent: it needs a default.
    reason: Annotated[str, ShowIf("reserve", True), Field(description="Why it is held")] = "",
) -> views.KeyValue:
    """Show choices that depend on another input, and a field that another one shows."""
    # Choices are help, no check: the API takes any text, so the operation looks for itself.
    if rack and rack not in _RACKS[site]:
        raise ToolkitError(f"{site} has no rack {rack!r}.", field="rack")
    held = f"held: {reason or 'no reason given'}" if reserve else "free"
    return views.KeyValue(items={"site": site, "rack": rack or "any", "state": held})
