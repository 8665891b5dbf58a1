"""Text that toolkits wrote, made safe to show: Markdown, log lines with colours, links."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlsplit

import nh3
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable(
    ["table", "strikethrough"]
)
_TAGS = {
    "a", "abbr", "blockquote", "br", "code", "del", "dd", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "img", "kbd", "li", "ol", "p", "pre", "s", "strong", "sub", "sup",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "code": {"class"},
    "ol": {"start"},
    "h1": {"id"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "h5": {"id"},
    "h6": {"id"},
}
# What can be wider than the page scrolls by itself, and so has to take the keyboard's focus.
_REACHABLE = (
    ("<pre>", '<pre tabindex="0">'),
    ("<table>", '<div class="table-scroll" tabindex="0"><table>'),
    ("</table>", "</table></div>"),
)
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
# Longer ones are no colours: they go with the other escapes.
_SGR = re.compile(r"\x1b\[([0-9;]{0,40})m")
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

# What codes switch on and off. static/js/ansi.js does the same for lines that come in live.
_EFFECTS = {1: "ansi-bold", 2: "ansi-dim", 3: "ansi-italic", 4: "ansi-line"}
_ENDS = {22: ("ansi-bold", "ansi-dim"), 23: ("ansi-italic",), 24: ("ansi-line",)}


def markdown(text: str, top: int = 1) -> SafeString:
    """Render Markdown to HTML that holds no script, style or raw HTML of the author's.

    Its headings start at level ``top`` and go down one by one, so that they fit the page around
    them. They get ids to link to where the text is the page, which is at ``top`` 1.
    """
    html = _HEADING.sub(_Headings(top), _markdown.render(text))
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )
    for plain_tag, reachable in _REACHABLE:
        clean = clean.replace(plain_tag, reachable)
    # nh3 drops whatever is not listed: the result is safe by construction.
    return mark_safe(clean)  # noqa: S308


class _Headings:
    """Gives each heading of a text, in turn, its level and its id."""

    def __init__(self, top: int) -> None:
        self._top = top
        self._above: list[int] = []
        self._ids: Counter[str] = Counter()

    def __call__(self, match: re.Match[str]) -> str:
        written, inner = int(match[1]), match[2]
        while self._above and self._above[-1] >= written:
            self._above.pop()
        self._above.append(written)
        level = min(6, self._top + len(self._above) - 1)
        if self._top > 1:
            return f"<h{level}>{inner}</h{level}>"
        slug = re.sub(r"[^a-z0-9]+", "-", _TAG.sub("", inner).lower()).strip("-")
        self._ids[slug] += 1
        name = slug if self._ids[slug] == 1 else f"{slug}-{self._ids[slug] - 1}"
        return f'<h{level} id="{name}">{inner}</h{level}>'


def safe_href(url: object) -> str:
    """Return ``url`` if it is a web or mail address or a path of this site, else nothing."""
    text = str(url or "").strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme in {"http", "https", "mailto"}:
        return text
    return text if not parts.scheme and text.startswith("/") and text[1:2] != "/" else ""


def plain(text: str) -> str:
    """Return ``text`` without terminal escapes, control codes and bidirectional overrides."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def ansi(text: str) -> SafeString:
    """Return one log line as HTML: colours and weight as classes, every other code dropped."""
    if "\x1b" not in text:
        return escape(plain(text))
    html: list[str] = []
    classes: set[str] = set()
    # ``split`` with one group alternates text and the codes that follow it.
    for index, part in enumerate(_SGR.split(text)):
        if index % 2:
            _apply_codes(classes, part)
        elif part and classes:
            names = " ".join(sorted(classes))
            html.append(format_html('<span class="{}">{}</span>', names, plain(part)))
        elif part:
            html.append(escape(plain(part)))
    # Each piece was escaped above.
    return mark_safe("".join(html))  # noqa: S308


def _apply_codes(classes: set[str], codes: str) -> None:
    numbers = [int(number) if number else 0 for number in codes.split(";")]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            classes.clear()
        elif code in _EFFECTS:
            classes.add(_EFFECTS[code])
        elif code in _ENDS:
            classes.difference_update(_ENDS[code])
        elif code in {38, 48}:
            color = _extended(numbers)
            if code == 38:
                _set_color(classes, color)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            _set_color(classes, code % 10)
        elif code == 39:
            _set_color(classes, None)


def _set_color(classes: set[str], color: int | None) -> None:
    classes.difference_update([f"ansi-{number}" for number in range(8)])
    if color is not None:
        classes.add(f"ansi-{color}")


def _extended(numbers: list[int]) -> int | None:
    """Take the arguments of an extended colour off; return the one of the eight that it is."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 2:
        del numbers[:3]
    elif kind == 5 and numbers:
        number = numbers.pop(0)
        return number % 8 if number < 16 else None
    return None
