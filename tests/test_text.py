"""Names and labels where a person or a program reads them."""

from __future__ import annotations

import pytest

from affekt.text import csv_cell, csv_record, printable, printable_lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("call 1 (neu).wav", "call 1 (neu).wav"),
        ("zürich 東京.wav", "zürich 東京.wav"),
        ("\x1b]0;title\x07.wav", "\\x1b]0;title\\x07.wav"),
        ("\x9b2J", "\\x9b2J"),
        ("a\nb\r", "a\\nb\\r"),
        ("gpj.\u202ewav", "gpj.\\u202ewav"),
    ],
)
def test_no_terminal_obeys_a_name(text: str, said: str) -> None:
    assert printable(text) == said


def test_line_ends_stay_where_lines_are_meant() -> None:
    assert printable_lines("a\n\x1bb\n") == "a\n\\x1bb\n"


@pytest.mark.parametrize("text", ["=1+1", "+cmd|x", "-2+3", "@sum(A1)", "\t=1"])
def test_no_spreadsheet_takes_a_word_for_a_formula(text: str) -> None:
    assert csv_record({"emotion": text, "path": text}) == {
        "emotion": f"'{text}",
        "path": f"./{text}",
    }


@pytest.mark.parametrize("text", ["", "-", "angry", "-3", "+0.5e-3", "a=b", "/x/-y.wav"])
def test_other_words_and_numbers_stay(text: str) -> None:
    assert csv_cell("emotion", text) == text
    assert csv_cell("path", text) == text


def test_what_is_no_text_stays() -> None:
    assert csv_record({"score": -0.5, "failed": None}) == {"score": -0.5, "failed": None}
