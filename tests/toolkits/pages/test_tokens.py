"""The colours of tokens.css read well in both themes: contrast as WCAG 2.2 computes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

SURFACES = ("canvas", "panel", "raised", "sunken", "hover", "selected", "rail")
TEXTS = ("text", "quiet", "accent", "ok", "warning", "critical", "info", "unknown")
STATES = ("accent", "ok", "warning", "critical", "info", "unknown")
THEMES = {"light": 0, "dark": 1}
SOFT = 0.12


def tokens(theme: str) -> dict[str, str]:
    css = Path(settings.BASE_DIR, "static/css/tokens.css").read_text(encoding="utf-8")
    pairs = re.findall(r"--ui-([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", css)
    return {name: colors[THEMES[theme]] for name, *colors in pairs}


def channels(color: str) -> list[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]


def luminance(color: str) -> float:
    parts = [value / 255 for value in channels(color)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def over(color: str, ground: str, share: float) -> str:
    mixed = zip(channels(color), channels(ground), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in mixed)


@pytest.mark.parametrize("theme", THEMES)
def test_text_reads_on_every_surface(theme: str) -> None:
    found = tokens(theme)
    weak = {
        (text, surface): round(contrast(found[text], found[surface]), 2)
        for text in TEXTS
        for surface in SURFACES
        if contrast(found[text], found[surface]) < 4.5
    }
    assert weak == {}


@pytest.mark.parametrize("theme", THEMES)
def test_the_lowest_text_reads_where_it_is_used(theme: str) -> None:
    found = tokens(theme)
    for surface in SURFACES:
        assert contrast(found["faint"], found[surface]) >= 4.5, surface


@pytest.mark.parametrize("theme", THEMES)
def test_states_read_on_their_own_soft_fill(theme: str) -> None:
    found = tokens(theme)
    for state in STATES:
        for surface in ("canvas", "panel", "raised"):
            ground = over(found[state], found[surface], SOFT)
            assert contrast(found[state], ground) >= 4.5, (state, surface)
            assert contrast(found["quiet"], ground) >= 4.5, (state, surface)


@pytest.mark.parametrize("theme", THEMES)
def test_controls_and_chart_lines_stand_out_from_their_ground(theme: str) -> None:
    found = tokens(theme)
    assert contrast(found["on-accent"], found["accent"]) >= 4.5
    for surface in ("canvas", "panel", "sunken"):
        assert contrast(found["control"], found[surface]) >= 3, surface
    for number in range(1, 9):
        assert contrast(found[f"series-{number}"], found["panel"]) >= 3, number


@pytest.mark.parametrize("theme", THEMES)
def test_numbers_read_on_every_heat(theme: str) -> None:
    css = Path(settings.BASE_DIR, "static/css/views.css").read_text(encoding="utf-8")
    rules = re.findall(r"((?:\.heat-\d,? ?)+) \{ color: light-dark\((#\w{6}), (#\w{6})\)", css)
    levels = {
        level: colors[THEMES[theme]]
        for names, *colors in rules
        for level in re.findall(r"\d", names)
    }
    found = tokens(theme)
    assert sorted(levels) == list("01234567")
    for level, color in levels.items():
        assert contrast(color, found[f"heat-{level}"]) >= 4.5, level
