"""Bars appear on a terminal alone."""

from __future__ import annotations

import io
import sys

import pytest

from affekt.report.progress import progress_bars


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "quiet", "drawn"),
    [(Terminal(), False, True), (Terminal(), True, False), (io.StringIO(), False, False)],
)
def test_a_bar_is_drawn_where_somebody_looks_on(monkeypatch, stream, quiet, drawn):
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with progress_bars(quiet=quiet) as bars:
        bars("clips", 1, None)
        bars("clips", 2, 4)
    assert ("clips" in stream.getvalue()) is drawn


def test_a_closed_stream_loses_no_work(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    with progress_bars() as bars:
        bars("clips", 1, 4)
