from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from affekt.errors import AudioError
from affekt.recognition.annotations.overview import Entry, overview_table
from affekt.recognition.options import Failure
from affekt.recognition.writers import TableWriter
from affekt.records import Prediction

FOLDER = "/calls/" + "a-folder-with-a-long-name/" * 6
NAMES = [f"{FOLDER}first.wav", f"{FOLDER}second.wav"]
LABEL = "a label of a user's own model that has a long name"
REASON = "is not a recording that can be read: " + "and here is what would help. " * 12


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _predictions(out: TextIO) -> None:
    writer = TableWriter(out, [])
    writer.write(
        Prediction(
            path=NAMES[0],
            duration_s=1.0,
            sampling_rate_hz=16000,
            channels=1,
            model="tones 1.2",
            emotion=LABEL,
            confidence=0.9,
            uncertain=True,
            predictions=(),
        )
    )
    writer.write(Failure(path=NAMES[1], error=AudioError(f"{NAMES[1]}: {REASON}")))
    writer.close()


def _overview(out: TextIO) -> None:
    voices = (("the customer, as a long name says", "0:10.0", "0:01 to 0:02", f"{LABEL} 90 %"),)
    entries = [
        Entry(NAMES[0], {}, "0:10.0", voices, ""),
        Entry(NAMES[1], {}, "-", (), REASON),
    ]
    overview_table(entries, out)


TABLES = pytest.mark.parametrize("draw", [_predictions, _overview])


@TABLES
def test_nothing_is_folded_where_no_terminal_is(draw: Callable[[TextIO], None]) -> None:
    out = io.StringIO()
    draw(out)
    _, first, second = out.getvalue().splitlines()
    assert first.startswith(NAMES[0])
    assert LABEL in first
    assert second.startswith(NAMES[1])
    assert second.endswith(REASON.rstrip())


@TABLES
@pytest.mark.parametrize("columns", [20, 40, 80, 120, 200])
def test_a_terminal_of_any_width_shows_all_of_every_name(
    draw: Callable[[TextIO], None], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "dumb")
    out = _Terminal()
    draw(out)
    head, *lines = out.getvalue().splitlines()
    width = head.index("length")
    shown = "".join(line[:width].strip() for line in lines)
    assert NAMES[0] in shown
    assert NAMES[1] in shown


def test_rows_have_no_blanks_at_their_ends(tmp_path: Path) -> None:
    with (tmp_path / "table.txt").open("w", encoding="utf-8") as out:
        _predictions(out)
    lines = (tmp_path / "table.txt").read_text(encoding="utf-8").splitlines()
    assert lines == [line.rstrip() for line in lines]
