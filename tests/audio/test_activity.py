"""Sound or no sound."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.audio import activity
from affekt.audio.activity import follow_activity

RATE = 16000


def recording(*parts, noise=1e-3, seed=0):
    """Join parts of (seconds, amplitude) of a tone in steady noise."""
    pieces = [
        amplitude * np.sin(np.arange(round(seconds * RATE)) * 0.17) for seconds, amplitude in parts
    ]
    signal = np.concatenate(pieces)
    signal += noise * np.random.default_rng(seed).standard_normal(signal.size)
    return signal.astype(np.float32)


def test_sound_is_found_between_pauses():
    signal = recording((2, 0), (1.5, 0.3), (3, 0), (0.6, 0.3), (1, 0))
    stretches = activity(signal, RATE)
    np.testing.assert_allclose(stretches, [(2, 3.5), (6.5, 7.1)], atol=0.14)
    (first_start, first_end), (second_start, second_end) = stretches
    assert first_start <= 2
    assert first_end >= 3.5
    assert second_start <= 6.5
    assert second_end >= 7.1


@pytest.mark.parametrize("gain", [1.0, 0.05])
def test_the_threshold_follows_the_recording_level(gain):
    signal = gain * recording((2, 0), (1.5, 0.3), (3, 0), noise=3e-3)
    assert len(activity(signal, RATE)) == 1
    assert activity(signal, RATE) == activity(
        recording((2, 0), (1.5, 0.3), (3, 0), noise=3e-3), RATE
    )


def test_a_short_pause_belongs_to_the_sound_around_it():
    signal = recording((1, 0), (1, 0.3), (0.25, 0), (1, 0.3), (1, 0))
    np.testing.assert_allclose(activity(signal, RATE), [(1, 3.25)], atol=0.14)


def test_a_click_is_no_sound():
    assert activity(recording((1, 0), (0.02, 0.5), (1, 0)), RATE) == []


def test_a_recording_without_pauses_is_sound_throughout():
    assert activity(recording((4, 0.3)), RATE) == [(0, 4)]


def test_steady_noise_alone_is_kept_because_nothing_tells_it_from_sound():
    assert activity(recording((4, 0), noise=0.05), RATE) == [(0, 4)]


def test_digital_silence_is_no_sound():
    signal = recording((2, 0), (1, 0.3), (2, 0), noise=0)
    np.testing.assert_allclose(activity(signal, RATE), [(2, 3)], atol=0.14)
    assert activity(np.zeros(5 * RATE, dtype=np.float32), RATE) == []


def test_sound_at_the_edges_stays_within_the_recording():
    signal = recording((0.5, 0.3), (2, 0), (0.507, 0.3))
    stretches = activity(signal, RATE)
    assert stretches[0][0] == 0
    assert stretches[-1][1] == signal.size / RATE


def test_an_empty_signal_has_no_parts():
    assert activity(np.zeros(0, dtype=np.float32), RATE) == []


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.floats(0.05, 20), st.sampled_from([0.0, 0.02, 0.3])), min_size=1, max_size=6
    ),
    block=st.integers(1000, 700_000),
)
def test_stretches_are_ordered_apart_and_independent_of_the_blocks(parts, block):
    signal = recording(*parts)
    stretches = activity(signal, RATE)
    edges = [edge for stretch in stretches for edge in stretch]
    assert edges == sorted(edges)
    assert all(0 <= edge <= signal.size / RATE for edge in edges)
    assert all(later[0] - earlier[1] >= 0.09 for earlier, later in itertools.pairwise(stretches))
    blocks = [signal[place : place + block] for place in range(0, signal.size, block)]
    in_blocks = [
        (start / RATE, end / RATE)
        for progress in follow_activity(blocks, RATE)
        for start, end in progress.ended
    ]
    assert in_blocks == stretches
