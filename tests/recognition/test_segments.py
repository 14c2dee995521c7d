"""From the answers of windows to segments and their figures."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from affekt.recognition.segments import (
    Cells,
    cells_of,
    segments_of,
    speech_of,
)
from affekt.recognition.stream import WindowPrediction
from affekt.recognition.summary import spoken_stretches, summarise

LABELS = ("neutral", "angry")


def cells(*angry, hop_s=1.0, novelty=None, intensity=None):
    """Make one cell of each probability of anger; None where no window tells."""
    rows = [[np.nan, np.nan] if share is None else [1 - share, share] for share in angry]
    edges_s = np.array([round(hop_s * 16_000) * k / 16_000 for k in range(len(rows) + 1)])
    unknown = [np.nan] * len(rows)
    return Cells(
        edges_s, np.array(rows), np.array(novelty or unknown), np.array(intensity or unknown)
    )


def segments(speech, answers, duration_s):
    return segments_of(speech, answers, LABELS, duration_s=duration_s, threshold=0.5)


def test_a_cell_without_an_answer_takes_that_of_the_nearest():
    found = segments([(0.0, 7.0)], cells(0.0, None, None, None, None, 1.0, 1.0), 7.0)
    assert [(item.start_s, item.end_s, item.emotion) for item in found] == [
        (0.0, 3.0, "neutral"),
        (3.0, 7.0, "angry"),
    ]
    assert [item.confidence for item in found] == [1.0, 1.0]


def test_speech_that_begins_with_a_cell_leaves_no_splinter_of_the_one_before():
    for first in range(1, 200):  # 0.02 s a frame does not always meet 0.1 s a cell exactly
        answers = cells(*[0.0] * first, *[1.0] * 20, hop_s=0.1)
        found = segments([(5 * first * 0.02, 5 * (first + 20) * 0.02)], answers, 30.0)
        assert [item.emotion for item in found if item.speech] == ["angry"]


def test_hours_without_a_pause_take_no_longer_for_each_cell():
    answers = cells(*[0.0, None, 1.0, 1.0] * 20_000)
    begin_s = time.process_time()
    segments([(0.0, 80_000.0)], answers, 80_000.0)
    assert time.process_time() - begin_s < 10.0


@pytest.mark.parametrize("pause_s", [0.0, 1.0])
def test_short_pauses_do_not_hide_a_turning_point(pause_s):
    length_s = 1.0 + pause_s
    speech = [(k * length_s, k * length_s + 1.0) for k in range(8)]
    edges = sorted({edge for stretch in speech for edge in stretch})
    rows = [[1.0, 0.0] if edge < 4 * length_s else [0.0, 1.0] for edge in edges[:-1]]
    unknown = np.full(len(rows), np.nan)
    found = segments(
        speech, Cells(np.array(edges), np.array(rows), unknown, unknown), speech[-1][1]
    )
    (turn,) = summarise(found, analysed=True).turning_points
    assert (turn.time_s, turn.before, turn.after) == (4 * length_s, "neutral", "angry")


# ---- one meaning of the emotion ----------------------------------------------------------------


def test_the_emotion_is_the_most_probable_of_its_stretch_and_first_of_the_predictions():
    # Smoothing alone would call the odd cells neutral, though anger has the higher mean.
    found = segments([(0.0, 3.0)], cells(0.45, 0.98, 0.45), 3.0)
    (item,) = found
    assert (item.emotion, item.confidence) == ("angry", item.predictions[0].score)
    assert item.confidence == pytest.approx((0.45 + 0.98 + 0.45) / 3)
    assert not item.uncertain


@pytest.mark.parametrize("seed", range(20))
def test_emotion_confidence_and_uncertainty_agree_in_every_segment(seed):
    rng = np.random.default_rng(seed)
    shares = rng.random(30).tolist()
    found = segments([(0.0, 30.0)], cells(*shares), 30.0)
    for item in found:
        assert item.emotion == item.predictions[0].label
        assert (
            item.confidence == item.predictions[0].score == max(p.score for p in item.predictions)
        )
        assert item.uncertain == (item.confidence < 0.5)
    emotions = [item.emotion for item in found]
    assert all(one != two for one, two in itertools.pairwise(emotions))


# ---- what is not speech ------------------------------------------------------------------------


def test_what_is_not_speech_has_no_emotion_and_no_share():
    novelty = [1.9, 1.9, 1.9, 0.0, 0.0, 0.0]
    found = segments([(0.0, 6.0)], cells(*[1.0] * 6, novelty=novelty), 6.0)
    music, voice = found
    assert (music.start_s, music.end_s, music.speech, music.emotion) == (0.0, 3.0, False, None)
    assert (music.out_of_domain, music.uncertain, music.predictions) == (True, True, ())
    assert (voice.speech, voice.emotion, voice.out_of_domain) == (True, "angry", False)
    summary = summarise(found, analysed=True)
    assert (summary.speech_s, summary.not_speech_s) == (3.0, 3.0)
    assert summary.shares == {"angry": 1.0}
    assert spoken_stretches(found) == ((3.0, 6.0),)


def test_one_odd_cell_is_not_taken_for_music():
    novelty = [0.1, 0.1, 1.2, 0.1, 0.1]
    (item,) = segments([(0.0, 5.0)], cells(*[1.0] * 5, novelty=novelty), 5.0)
    assert (item.speech, item.out_of_domain) == (True, False)


def test_what_is_not_speech_ends_no_negative_stretch():
    novelty = [0.0] * 3 + [2.0] * 60 + [0.0] * 3
    found = segments([(0.0, 66.0)], cells(*[1.0] * 66, novelty=novelty), 66.0)
    assert [item.out_of_domain for item in found] == [False, True, False]
    assert summarise(found, analysed=True).longest_negative == (0.0, 66.0)


def test_windows_of_music_do_not_colour_the_words_beside_them():
    def window(end_s, angry, novelty, intensity):
        return WindowPrediction(
            start_s=max(0.0, end_s - 3.0),
            end_s=end_s,
            speech=np.ones(50, dtype=bool),
            speech_share=1.0,
            probabilities=np.array([1 - angry, angry]),
            novelty=novelty,
            intensity=intensity,
        )

    windows = [window(1.0, 1.0, 2.0, 0.9), window(2.0, 1.0, 2.0, 0.9), window(3.0, 0.0, 0.0, 0.4)]
    found = cells_of(windows, 2)
    np.testing.assert_allclose(found.probabilities, [[1.0, 0.0]] * 3)
    np.testing.assert_allclose(found.novelty, [4 / 3, 1.0, 0.0])
    np.testing.assert_allclose(found.intensity, [0.4, 0.4, 0.4])


def test_a_segment_tells_the_mean_intensity_where_the_model_tells_it():
    told = cells(0.9, 0.9, 0.9, intensity=[0.2, 0.4, 0.9])
    (item,) = segments([(0.0, 3.0)], told, 3.0)
    assert item.intensity == pytest.approx(0.5)
    (item,) = segments([(0.0, 3.0)], cells(0.9, 0.9, 0.9), 3.0)
    assert item.intensity is None


# ---- stretches -------------------------------------------------------------------------------


def frames(*parts):
    """Frames of (sound or not, how many), all in one window."""
    speech = np.concatenate([np.full(count, sounds) for sounds, count in parts])
    return [
        WindowPrediction(
            start_s=0.0,
            end_s=speech.size * 0.02,
            speech=speech,
            speech_share=1.0,
            probabilities=None,
            novelty=None,
        )
    ]


def test_clicks_are_left_out_however_many_there_are():
    assert speech_of(frames((False, 9), (True, 1), (False, 20), (True, 1), (False, 9))) == ()
    ((start_s, end_s),) = speech_of(frames((False, 9), (True, 10), (False, 20), (True, 5)))
    assert (start_s, end_s) == (pytest.approx(0.18), pytest.approx(0.88))


def test_no_silence_at_an_edge_is_shorter_than_the_shortest_sound():
    found = segments([(0.02, 5.98)], None, 6.0)
    assert [(item.start_s, item.end_s, item.speech) for item in found] == [(0.0, 6.0, True)]
    found = segments([(0.2, 5.8)], None, 6.0)
    assert [item.speech for item in found] == [False, True, False]


def test_a_cell_that_a_stretch_hardly_touches_makes_no_row_of_its_own():
    found = segments([(2.95, 6.05)], cells(1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0), 9.0)
    spoken = [(item.start_s, item.end_s, item.emotion) for item in found if item.speech]
    assert spoken == [(2.95, 6.05, "neutral")]


# ---- the longest negative stretch ------------------------------------------------------------


def angry_turns(*turns):
    """The customer is angry in each of the turns, (beginning, end) in seconds."""
    last_s = turns[-1][1]
    return segments(turns, cells(*[1.0] * (int(last_s) + 1)), last_s)


def test_what_another_voice_says_ends_no_negative_stretch():
    found = angry_turns((36.0, 39.0), (50.0, 53.4), (66.0, 69.0), (78.0, 81.0))
    agent = [(39.5, 49.5), (53.5, 65.0), (69.5, 77.0)]
    assert summarise(found, analysed=True, others=agent).longest_negative == (36.0, 81.0)
    assert summarise(found, analysed=True).longest_negative == (50.0, 53.4)


def test_a_pause_in_which_nobody_speaks_ends_it():
    found = angry_turns((0.0, 3.0), (10.0, 14.0))
    summary = summarise(found, analysed=True, others=[(3.0, 6.5)])  # 3.5 s are left
    assert summary.longest_negative == (10.0, 14.0)
    summary = summarise(found, analysed=True, others=[(5.0, 8.0), (3.0, 6.0)])  # they overlap
    assert summary.longest_negative == (0.0, 14.0)
