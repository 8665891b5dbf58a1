"""What an operation or card can return for the console to draw and the API to give as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

State = Literal["ok", "warning", "critical", "unknown", "info"]
ColumnType = Literal[
    "text", "number", "duration_ms", "bytes", "datetime", "state", "link", "code", "bool"
]


class View(BaseModel):
    """Base of all views; ``view`` in JSON tells which one it is."""

    model_config = ConfigDict(extra="forbid")
    view: str = ""


def state(state: State, text: str | None = None) -> dict[str, str]:
    """Return a cell that shows a state by colour and text."""
    return {"state": state, "text": text if text is not None else state}


class Column(BaseModel):
    """A column of a table. ``key`` names the cell in each row."""

    model_config = ConfigDict(extra="forbid")
    key: str
    label: str = ""
    type: ColumnType = "text"
    align: Literal["end"] | None = None

    def model_post_init(self, _: Any) -> None:
        self.label = self.label or self.key.replace("_", " ").capitalize()
        if self.align is None and self.type in {"number", "duration_ms", "bytes"}:
            self.align = "end"


class Table(View):
    """Rows under columns. A column may be given as just its key."""

    view: Literal["table"] = "table"
    title: str | None = None
    columns: list[Column]
    rows: list[dict[str, Any]]
    caption: str | None = None

    if TYPE_CHECKING:  # What the validator takes is more than what the field holds.

        def __init__(
            self,
            *,
            columns: Iterable[Column | str | dict[str, Any]],
            rows: list[dict[str, Any]],
            title: str | None = None,
            caption: str | None = None,
        ) -> None: ...

    @field_validator("columns", mode="before")
    @classmethod
    def _keys(cls, value: Any) -> Any:
        return [{"key": item} if isinstance(item, str) else item for item in value]


class Stat(View):
    """One figure."""

    view: Literal["stat"] = "stat"
    value: str | int | float
    label: str
    unit: str | None = None
    state: State | None = None
    detail: str | None = None
    trend: list[float] | None = None


class Item(BaseModel):
    """One line of a ``KeyValue``."""

    label: str
    value: Any
    state: State | None = None


class KeyValue(View):
    """Labels and values. A mapping is taken as its items."""

    view: Literal["key_value"] = "key_value"
    items: list[Item]

    if TYPE_CHECKING:

        def __init__(
            self, *, items: Mapping[str, Any] | Iterable[Item | dict[str, Any]]
        ) -> None: ...

    @field_validator("items", mode="before")
    @classmethod
    def _mapping(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return [{"label": str(key), "value": item} for key, item in value.items()]
        return value


class Markdown(View):
    """Text in Markdown; raw HTML in it is not drawn."""

    view: Literal["markdown"] = "markdown"
    text: str


class Text(View):
    """Plain text."""

    view: Literal["text"] = "text"
    text: str


class Code(View):
    """Text in a fixed-width font."""

    view: Literal["code"] = "code"
    code: str
    language: str = ""


class Span(BaseModel):
    """A marked piece of a text, by its offsets; ``label`` is shown beside or over it."""

    start: int
    end: int
    label: str = ""


class Highlight(View):
    """Plain text with marked pieces, in order and apart from each other."""

    view: Literal["highlight"] = "highlight"
    title: str | None = None
    text: str
    spans: list[Span] = Field(default_factory=list)


class Series(BaseModel):
    """A line of a chart: points of epoch seconds and a value, or None for a gap."""

    label: str
    points: list[tuple[float, float | None]]


class TimeSeries(View):
    """Lines over time."""

    view: Literal["time_series"] = "time_series"
    title: str | None = None
    unit: str | None = None
    series: list[Series]


class BarItem(BaseModel):
    """One bar."""

    label: str
    value: float
    state: State | None = None


class Bar(View):
    """Bars side by side."""

    view: Literal["bar"] = "bar"
    title: str | None = None
    unit: str | None = None
    bars: list[BarItem]


class Heatmap(View):
    """A grid of values: ``values[row][column]``."""

    view: Literal["heatmap"] = "heatmap"
    title: str | None = None
    x: list[str]
    y: list[str]
    values: list[list[float | None]]
    unit: str | None = None


class TimelineEvent(BaseModel):
    """Something that happened, at a moment or over a span."""

    start: datetime
    end: datetime | None = None
    label: str
    state: State = "info"
    detail: str = ""


class Timeline(View):
    """Events in time."""

    view: Literal["timeline"] = "timeline"
    events: list[TimelineEvent]


class Diff(View):
    """Two texts and what differs."""

    view: Literal["diff"] = "diff"
    before: str
    after: str
    before_label: str = "before"
    after_label: str = "after"


class FileItem(BaseModel):
    """A file that the job keeps, by the name it was kept under."""

    name: str
    description: str = ""


class Files(View):
    """Files that the job keeps, for download."""

    view: Literal["files"] = "files"
    files: list[FileItem]


class Section(View):
    """Views under a heading."""

    view: Literal["section"] = "section"
    title: str
    views: list[Any] = Field(default_factory=list)

    @field_validator("views")
    @classmethod
    def _are_views(cls, value: list[Any]) -> list[Any]:
        for item in value:
            if not isinstance(item, View):
                raise ValueError(f"a section holds views, not {type(item).__name__}")
        return value
