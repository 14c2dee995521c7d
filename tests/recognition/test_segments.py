"""From the answers of windows to segments and their figures."""

from __future__ import annotations

import time

import numpy as np
import pytest

from affekt.recognition.segments import Cells, segments_of, summarise

LABELS = ("neutral", "angry")


def cells(*angry, hop_s=1.0):
    """Make one cell of each probability of anger; None where no window tells."""
    rows = [[np.nan, np.nan] if share is None else [1 - share, share] for share in angry]
    edges_s = np.array([round(hop_s * 16_000) * k / 16_000 for k in range(len(rows) + 1)])
    return Cells(edges_s, np.array(rows))


def segments(speech, heard, duration_s):
    return segments_of(speech, heard, LABELS, duration_s=duration_s, threshold=0.5)


def test_a_cell_without_an_answer_takes_that_of_the_nearest():
    found = segments([(0.0, 7.0)], cells(0.0, None, None, None, None, 1.0, 1.0), 7.0)
    assert [(item.start_s, item.end_s, item.emotion) for item in found] == [
        (0.0, 3.0, "neutral"),
        (3.0, 7.0, "angry"),
    ]
    assert [item.confidence for item in found] == [1.0, 1.0]


def test_speech_that_begins_with_a_cell_leaves_no_splinter_of_the_one_before():
    for first in range(1, 200):  # 0.02 s a frame does not always meet 0.1 s a cell exactly
        heard = cells(*[0.0] * first, *[1.0] * 20, hop_s=0.1)
        found = segments([(5 * first * 0.02, 5 * (first + 20) * 0.02)], heard, 30.0)
        assert [item.emotion for item in found if item.speech] == ["angry"]


def test_hours_without_a_pause_take_no_longer_for_each_cell():
    heard = cells(*[0.0, None, 1.0, 1.0] * 20_000)
    begin_s = time.process_time()
    segments([(0.0, 80_000.0)], heard, 80_000.0)
    assert time.process_time() - begin_s < 10.0


@pytest.mark.parametrize("pause_s", [0.0, 1.0])
def test_short_pauses_do_not_hide_a_turning_point(pause_s):
    length_s = 1.0 + pause_s
    speech = [(k * length_s, k * length_s + 1.0) for k in range(8)]
    edges = sorted({edge for stretch in speech for edge in stretch})
    rows = [[1.0, 0.0] if edge < 4 * length_s else [0.0, 1.0] for edge in edges[:-1]]
    found = segments(speech, Cells(np.array(edges), np.array(rows)), speech[-1][1])
    (turn,) = summarise(found, analysed=True).turning_points
    assert (turn.time_s, turn.before, turn.after) == (4 * length_s, "neutral", "angry")
