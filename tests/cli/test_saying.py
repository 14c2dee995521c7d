from __future__ import annotations

import csv
import io
import sys

import pytest

from affekt.cli.saying import results

NAME = "\x1b]0;title\x07.wav"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_obeys_no_name_among_results(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    csv.writer(results(), lineterminator="\n").writerow([NAME, "happy"])
    assert terminal.getvalue() == "\\x1b]0;title\\x07.wav,happy\n"
    assert results().isatty()


def test_a_program_gets_the_name_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    csv.writer(results(), lineterminator="\n").writerow([NAME, "happy"])
    assert pipe.getvalue() == f"{NAME},happy\n"
