"""One document, shown on a terminal, as Markdown and as a page."""

from __future__ import annotations

import pytest

from affekt.report.csv import csv_text
from affekt.report.document import Bullets, Document, Facts, Folded, Plot, Section, Table, marked
from affekt.report.html import as_html
from affekt.report.markdown import as_markdown
from affekt.report.text import as_text

TABLE = Table.of([["corpus", "UA"], ["a|b", "59.4"], ["<c>", "100.0"]])
DOCUMENT = Document(
    title="A <b>model</b>",
    lead="What it does.",
    listed=True,
    sections=(
        Section("", (Facts((("date", "today"),)),)),
        Section(
            "Figures & more",
            (
                "In percent.",
                TABLE,
                Bullets((("worst", "the second"), ("", "nothing else"))),
                Plot("Recalls", "<svg/>", file="recalls.png"),
                Folded("Every clip", (TABLE,)),
            ),
        ),
    ),
)


def test_a_terminal_gets_aligned_columns_and_no_plot():
    assert as_text(DOCUMENT.sections).splitlines() == [
        "date       today",
        "",
        "== Figures & more",
        "In percent.",
        "corpus     UA",
        "a|b      59.4",
        "<c>     100.0",
        "- worst: the second",
        "- nothing else",
        "Every clip",
        "corpus     UA",
        "a|b      59.4",
        "<c>     100.0",
    ]


def test_markdown_escapes_cells_and_names_the_file_of_a_plot():
    lines = as_markdown(DOCUMENT).splitlines()
    assert lines[:3] == ["# A <b>model</b>", "", "What it does."]
    assert "- **date**: today" in lines
    assert "| a\\|b | 59.4 |" in lines
    assert "- **worst**: the second" in lines
    assert "![Recalls](recalls.png)" in lines


def test_a_page_escapes_every_text_and_lists_its_sections():
    page = as_html(DOCUMENT)
    assert "<h1>A &lt;b&gt;model&lt;/b&gt;</h1>" in page
    assert '<th scope="row" class="word">&lt;c&gt;</th><td>100.0</td>' in page
    assert '<a href="#figures-more">Figures &amp; more</a>' in page
    assert '<h2 id="figures-more">Figures &amp; more</h2>' in page


def test_a_page_needs_nothing_from_elsewhere():
    page = as_html(DOCUMENT)
    assert "<script" not in page
    assert "<link" not in page
    assert 'src="data:image/svg+xml;base64,' in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_a_mark_stands_at_every_figure():
    assert marked(TABLE, "*").rows[0] == ("a|b", "59.4", "*")
    (inner,) = marked(Folded("more", (TABLE,)), "*").blocks
    assert inner.header == ("corpus", "UA", "*")
    assert marked(Plot("Recalls", "<svg/>"), "*").caption == "Recalls *"
    assert marked("a sentence", "*") == "a sentence"


@pytest.mark.parametrize("cell", ["=1+1", "@name", "+49 30", "-x"])
def test_no_cell_of_a_csv_is_a_formula(cell):
    assert csv_text(["name"], [[cell]]) == f"name\n'{cell}\n"
