from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import pytest

from affekt.recognition import Recognizer
from affekt.web import lanes
from affekt.web.analysis import AbandonedError, Wishes, analyse, read_sound
from affekt.web.lanes import Lane


class Visitor(threading.Thread):
    """Somebody who waits for a place, holds it as long as the test likes, and notes all."""

    def __init__(self, lane: Lane, arrived: list[str], name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.said: list[str] = []
        self.lane, self.arrived = lane, arrived
        self.done, self.left = threading.Event(), False
        self.noted = threading.Condition()
        self.start()

    def run(self) -> None:
        with contextlib.suppress(AbandonedError), self.lane.place(self.progress):
            with self.noted:
                self.arrived.append(self.name)
                self.noted.notify_all()
            self.done.wait()

    def progress(self, what: str, share: float | None) -> None:
        with self.noted:
            self.said.append(what)
            self.noted.notify_all()
        if self.left:
            raise AbandonedError

    def wait_until_told(self, what: str = "") -> None:
        """Wait until this was said last, or anything was, or the place is held."""
        with self.noted:
            self.noted.wait_for(
                lambda: self.name in self.arrived or (bool(self.said) and what in self.said[-1])
            )


@pytest.fixture
def visit() -> Callable[[Lane, list[str], str], Visitor]:
    """Let somebody come, and wait until they hold a place or got theirs in the line."""

    def come(lane: Lane, arrived: list[str], name: str) -> Visitor:
        visitor = Visitor(lane, arrived, name)
        visitor.wait_until_told()
        return visitor

    return come


def test_whoever_came_first_is_next_and_knows_it(visit) -> None:
    lane, arrived = Lane(1), []
    first, second, third = (visit(lane, arrived, name) for name in "abc")
    assert second.said[0] == "Waiting, number 1 in the line"
    assert third.said[0] == "Waiting, number 2 in the line"
    first.done.set()
    third.wait_until_told("number 1")
    second.done.set()
    third.done.set()
    third.join()
    assert arrived == ["a", "b", "c"]
    assert third.said[-1] == "Waiting, number 1 in the line"


def test_a_place_in_the_line_is_given_up_with_the_page(visit) -> None:
    lane, arrived = Lane(1), []
    first, second, third = (visit(lane, arrived, name) for name in "abc")
    second.left = True
    second.join()
    first.done.set()
    third.done.set()
    third.join()
    assert arrived == ["a", "c"]


def test_long_recordings_keep_no_short_one_waiting(
    tone_bundle, sound, recording, quietly, visit, monkeypatch
) -> None:
    recognizer = Recognizer.load(tone_bundle)
    monkeypatch.setattr(lanes, "LONG", Lane(1))
    holder = visit(lanes.LONG, [], "somebody's call of hours")
    short = recording(sound("short.wav", ["happy"], duration_s=3.0))
    answer = analyse(recognizer, short, read_sound(short, quietly), Wishes(), quietly)
    assert answer.voices[0].prediction.emotion == "happy"
    long = recording(sound("long.wav", ["happy"], duration_s=11.0))
    sound = read_sound(long, quietly)
    said = []

    def free_it(what: str, share: float | None) -> None:
        said.append(what)
        holder.done.set()

    assert analyse(recognizer, long, sound, Wishes(), free_it).timeline is not None
    assert said[0] == "Waiting, number 1 in the line"
