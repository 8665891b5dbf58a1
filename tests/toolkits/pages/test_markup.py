"""Log lines keep their colours and lose everything else that a terminal would obey."""

from __future__ import annotations

import pytest

from toolkits.pages import markup


@pytest.mark.parametrize(
    ("line", "html"),
    [
        ("plain <b>", "plain &lt;b&gt;"),
        ("\x1b[31mred\x1b[0m done", '<span class="ansi-1">red</span> done'),
        (
            "\x1b[1;33mloud\x1b[22m calm",
            '<span class="ansi-3 ansi-bold">loud</span><span class="ansi-3"> calm</span>',
        ),
        ("\x1b[38;5;2mgreen\x1b[m", '<span class="ansi-2">green</span>'),
        ("\x1b[38;5;31mof 256\x1b[m", "of 256"),
        ("\x1b[38;2;31;32;33mtrue\x1b[m", "true"),
        ("\x1b[31;48;5;32mon blue", '<span class="ansi-1">on blue</span>'),
        ("\x1b[4mline\x1b[24m", '<span class="ansi-line">line</span>'),
        ("\x1b[92mbright\x1b[39m", '<span class="ansi-2">bright</span>'),
        ("\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07", "link"),
        ("a\x1b[2Jb\x07c\u202ed", "abcd"),
        ("\x1b[" + "9" * 6000 + "m still here", " still here"),
        ("\x1b[38mcut\x1b[38;5mshort", "cutshort"),
    ],
)
def test_a_line_shows_its_colours_and_nothing_else(line: str, html: str) -> None:
    assert markup.ansi(line) == html


def test_headings_fit_the_page_around_them_and_skip_no_level() -> None:
    html = markup.markdown("# One\n\n### Deep\n\n## Two\n\n# Three", 3)
    assert html.split() == ["<h3>One</h3>", "<h4>Deep</h4>", "<h4>Two</h4>", "<h3>Three</h3>"]


def test_headings_of_a_document_can_be_linked_to_even_where_two_are_alike() -> None:
    html = markup.markdown("# Set up\n\n## Why\n\n## Why")
    assert '<h1 id="set-up">' in html
    assert '<h2 id="why">' in html
    assert '<h2 id="why-1">' in html


def test_what_may_be_wider_than_the_page_takes_the_focus() -> None:
    html = markup.markdown("```\ncode\n```\n\n| a |\n|---|\n| 1 |")
    assert '<pre tabindex="0">' in html
    assert '<div class="table-scroll" tabindex="0"><table>' in html


def test_raw_html_and_scripts_in_markdown_are_text() -> None:
    html = markup.markdown('<img src=x onerror=alert(1)>\n\n[x](javascript:alert(1))')
    assert "<img" not in html
    assert "href" not in html
