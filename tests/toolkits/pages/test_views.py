"""Every result view is drawn: with text for those who do not see it, and without inline style."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from tests.support.views import VIEWS
from toolkits.pages.render import render_view


class Seen(HTMLParser):
    """Collects the tags and attributes of a fragment, and checks that they nest."""

    VOID = frozenset({"br", "hr", "img", "input", "meta", "link"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_nests_well_and_holds_no_inline_style_or_script(name: str) -> None:
    seen = Seen(render_view(VIEWS[name]))
    assert not seen.all("script")
    for tag, attributes in seen.tags:
        assert "style" not in attributes, tag
        assert not [key for key in attributes if key.startswith("on")], tag


@pytest.mark.parametrize("name", VIEWS)
def test_whatever_scrolls_can_be_reached_by_keyboard_and_has_a_name(name: str) -> None:
    for tag, attributes in Seen(render_view(VIEWS[name])).tags:
        classes = (attributes.get("class") or "").split()
        if tag == "pre" or "table-scroll" in classes:
            assert attributes["tabindex"] == "0"
            assert attributes["aria-label"]


def test_numbers_in_drawings_keep_their_point_in_languages_that_write_a_comma() -> None:
    view = {"view": "bar", "bars": [{"label": "a", "value": 3}, {"label": "b", "value": 1}]}
    with translation.override("de"):
        seen = Seen(render_view(view))
        table = Seen(render_view(VIEWS["table"]))
    assert {rect["width"] for rect in seen.all("rect")} == {"100", "100.0", "33.3"}
    assert [cell["data-sort"] for cell in table.all("td")][2:6:3] == ["0.0", "1.5"]


def test_a_long_table_says_how_many_rows_it_left_out() -> None:
    view = {"view": "table", "columns": [{"key": "n"}], "rows": [{"n": n} for n in range(2005)]}
    html = render_view(view)
    assert len(Seen(html).all("tr")) == 2001
    assert "2\u202f000 of 2\u202f005 rows" in html


def test_a_table_without_rows_says_so() -> None:
    assert "No rows" in render_view({"view": "table", "columns": [{"key": "n"}], "rows": []})


def test_a_state_is_said_in_words_and_not_by_colour_alone() -> None:
    assert "warning" in render_view(VIEWS["stat"])
    icons = [svg for svg in Seen(render_view(VIEWS["bar"])).all("svg") if svg.get("role") == "img"]
    assert [svg["aria-label"] for svg in icons] == ["critical"]


def test_a_chart_says_in_a_table_what_it_draws() -> None:
    html = render_view(VIEWS["time_series"])
    chart = next(d for d in Seen(html).all("div") if "data-chart" in d)
    assert json.loads(chart["data-chart"] or "")["data"] == [[1, 2, 3], [2.0, None, 4.5]]
    assert re.search(r"<th scope=.row.>.*p50</th>", html)
    assert "4.50" in html


def test_values_that_cannot_be_drawn_are_left_out_of_drawings() -> None:
    broken = [float("nan"), float("inf"), 1.0, 2.0]
    series = [{"label": "x", "points": [[n, value] for n, value in enumerate(broken)]}]
    html = render_view({"view": "time_series", "series": series})
    chart = next(d for d in Seen(html).all("div") if "data-chart" in d)
    assert json.loads(chart["data-chart"] or "", parse_constant=pytest.fail)
    for view in (
        {"view": "stat", "value": 1, "label": "x", "trend": broken},
        {"view": "bar", "bars": [{"label": "x", "value": value} for value in broken]},
        {"view": "heatmap", "x": ["a", "b", "c", "d"], "y": ["r"], "values": [broken]},
    ):
        for _, attributes in Seen(render_view(view)).tags:
            for name in ("points", "width", "class"):
                assert not re.search(r"\b(nan|inf)\b", attributes.get(name) or "")


def test_a_wide_heat_map_tells_its_numbers_on_hover_and_to_listeners() -> None:
    labels = [f"{hour:02}" for hour in range(24)]
    view = {"view": "heatmap", "x": labels, "y": ["Mon"], "values": [list(range(24))]}
    cells = [c for c in Seen(render_view(view)).all("td") if "heat" in (c.get("class") or "")]
    assert cells[7]["title"] == "Mon, 07: 7"
    assert cells[0]["class"] == "heat heat-0"
    assert cells[23]["class"] == "heat heat-7"


def test_files_link_to_the_job_that_keeps_them_and_are_names_without_one() -> None:
    job = SimpleNamespace(pk="0198c0de-0000-7000-8000-000000000001")
    links = Seen(render_view(VIEWS["files"], job=job)).all("a")
    assert [link["href"] for link in links] == [f"/jobs/{job.pk}/files/report.csv"]
    assert Seen(render_view(VIEWS["files"])).all("a") == []


def test_headings_go_down_one_level_in_a_section() -> None:
    inner = {"view": "bar", "title": "Inner", "bars": []}
    html = render_view({"view": "section", "title": "Outer", "views": [inner]}, level=3)
    assert "<h3" in html
    assert re.search(r"<h4[^>]*>Inner</h4>", html)


def test_what_fits_no_view_is_shown_as_json() -> None:
    for odd in ({"view": "table", "columns": 3}, {"view": "nonsense"}, [1, 2], "text", None):
        assert "view-json" in render_view(odd)


def test_a_result_nested_beyond_reason_is_no_error_page() -> None:
    deep: Any = 1
    for _ in range(5000):
        deep = [deep]
    assert "nested too deeply" in render_view({"view": "json", "data": deep})


def test_markup_in_a_result_is_text() -> None:
    evil = "<script>alert(1)</script>"
    for view in (
        {"view": "table", "title": evil, "columns": [{"key": evil}], "rows": [{evil: evil}]},
        {"view": "stat", "value": evil, "label": evil, "unit": evil, "detail": evil},
        {"view": "markdown", "text": evil},
        {"view": "bar", "bars": [{"label": evil, "value": 1}]},
        {"view": "time_series", "unit": evil, "series": [{"label": evil, "points": [[1, 1]]}]},
        {"view": "heatmap", "x": [evil], "y": [evil], "values": [[1]]},
        {"view": "diff", "before": evil, "after": ""},
        {"view": "files", "files": [{"name": evil}]},
    ):
        html = render_view(view)
        assert not Seen(html).all("script")
        assert "&lt;script&gt;" in html


def test_a_link_that_would_run_script_is_text() -> None:
    column = {"key": "to", "type": "link"}
    for href in ("javascript:alert(1)", "data:text/html,x", "//elsewhere.example", "vbscript:x"):
        html = render_view(
            {"view": "table", "columns": [column], "rows": [{"to": {"href": href, "text": "go"}}]}
        )
        assert Seen(html).all("a") == []
        assert "go" in html


def test_marked_pieces_are_escaped_and_what_overlaps_is_left_out():
    html = str(
        render_view(
            {
                "view": "highlight",
                "text": "a<b>c",
                "spans": [
                    {"start": 1, "end": 4, "label": "x"},
                    {"start": 2, "end": 5},
                    {"start": 4, "end": 99},
                ],
            }
        )
    )

    marks = re.findall(r"<mark[^>]*>(.*?)</mark>", html)
    assert marks == ["&lt;b&gt;", "c"]
