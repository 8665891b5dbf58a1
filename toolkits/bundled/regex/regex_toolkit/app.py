"""The registry, the settings, the saved patterns, and the inputs that operations share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from toolkit_sdk import Context, File, LongText, Record, Settings, Toolkit, ToolkitError

toolkit = Toolkit()

Engine = Literal["re", "re2"]
Flag = Literal["ignore case", "multiline", "dot matches newline", "verbose", "ascii"]
LETTERS: dict[str, str] = {
    "ignore case": "i",
    "multiline": "m",
    "dot matches newline": "s",
    "verbose": "x",
    "ascii": "a",
}
NAMES = {"re": "Python re", "re2": "RE2"}
LONGEST_PATTERN = 10_000


@toolkit.settings
class Config(Settings):
    """Limits that hold for every run."""

    limit_seconds: float = Field(
        default=2.0, ge=0.2, le=30, description="How long a pattern may search before it is stopped"
    )


@toolkit.collection("patterns", title="Saved patterns")
class Pattern(Record):
    """A pattern to keep, with lines that it must and must not match."""

    name: str = Field(min_length=1, max_length=100)
    pattern: LongText = Field(
        min_length=1, max_length=LONGEST_PATTERN, json_schema_extra={"x-widget": "textarea"}
    )
    flags: list[Flag] = Field(default_factory=list)
    engine: Engine = "re"
    description: str = Field(default="", max_length=500)
    matches: list[str] = Field(
        default_factory=list, max_length=50, description="Lines that it must match, one a line"
    )
    rejects: list[str] = Field(
        default_factory=list, max_length=50, description="Lines that it must not match"
    )


PatternText = Annotated[
    LongText, Field(min_length=1, max_length=LONGEST_PATTERN, description="The regular expression")
]
EngineInput = Annotated[
    Engine,
    Field(description="re is Python's own; re2 needs time in proportion to the text, always"),
]
Flags = Annotated[list[Flag], Field(description="Like (?i), (?m), (?s), (?x), (?a)")]
Sample = Annotated[LongText, Field(max_length=500_000, description="Text to try it on")]
Upload = Annotated[File | None, Field(description="Or a file, in place of the text")]


def letters(flags: list[Flag]) -> str:
    """The flags as the letters of an inline group."""
    return "".join(LETTERS[flag] for flag in dict.fromkeys(flags))


def text_of(sample: str, upload: File | None, ctx: Context) -> str:
    """The text to work on. Raises ``ToolkitError`` when there is none."""
    if upload is not None:
        ctx.log.info("reading %s, %d bytes", upload.name or "the file", len(upload.content))
        return upload.text().replace("\r\n", "\n")
    if not sample:
        raise ToolkitError("there is no text: paste a sample, or give a file.", field="sample")
    return sample.replace("\r\n", "\n")
