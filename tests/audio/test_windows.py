"""Windows over long recordings."""

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.audio import activity, decode_blocks, sounding_windows, window_bounds

RATE = 16000


def recording(*parts, seed=0):
    pieces = [
        amplitude * np.sin(np.arange(round(seconds * RATE)) * 0.17) for seconds, amplitude in parts
    ]
    signal = np.concatenate(pieces)
    return (signal + 1e-3 * np.random.default_rng(seed).standard_normal(signal.size)).astype("f4")


@pytest.mark.parametrize(
    ("stretch", "expected"),
    [
        ((0, 10), [(0, 4), (3, 7), (6, 10)]),
        ((0, 11), [(0, 4), (3, 7), (6, 10), (7, 11)]),
        ((5, 9), [(5, 9)]),
        ((5, 8), [(5, 8)]),
        ((10, 11), [(9, 11)]),
        ((0, 1), [(0, 2)]),
    ],
    ids=["even", "last-moved-back", "one", "short", "widened-backwards", "widened-forwards"],
)
def test_window_bounds(stretch, expected):
    assert window_bounds(*stretch, window=4, hop=3, minimum=2, limit=20) == expected


def test_a_recording_shorter_than_the_minimum_is_one_window():
    assert window_bounds(2, 5, window=40, hop=30, minimum=20, limit=8) == [(0, 8)]


@settings(max_examples=50)
@given(
    start=st.integers(0, 500),
    length=st.integers(1, 500),
    beyond=st.integers(0, 100),
    window=st.integers(1, 80),
    data=st.data(),
)
def test_windows_cover_their_stretch(start, length, beyond, window, data):
    hop = data.draw(st.integers(1, window))
    minimum = data.draw(st.integers(0, window))
    end, limit = start + length, start + length + beyond
    bounds = window_bounds(start, end, window=window, hop=hop, minimum=minimum, limit=limit)
    covered = {place for first, last in bounds for place in range(first, last)}
    assert covered >= set(range(start, end))
    assert all(0 <= first < last <= limit for first, last in bounds)
    assert all(last - first <= window for first, last in bounds)
    assert all(last - first >= min(minimum, limit) for first, last in bounds)


@pytest.mark.parametrize(
    "lengths",
    [{"window": 4, "hop": 5}, {"window": 4, "hop": 0}, {"window": 4, "hop": 2, "minimum": 5}],
)
def test_impossible_lengths_are_refused(lengths):
    with pytest.raises(ValueError, match="must be"):
        window_bounds(0, 10, **lengths)


def test_windows_hold_the_parts_with_sound():
    signal = recording((3, 0), (7, 0.3), (5, 0), (0.5, 0.3), (4, 0))
    windows = list(sounding_windows([signal], RATE, window_s=3, hop_s=3))
    spans = [(window.start_s, window.end_s) for window in windows]
    np.testing.assert_allclose(
        spans, [(2.9, 5.9), (5.9, 8.9), (7.1, 10.1), (14.6, 15.6)], atol=0.05
    )
    for window in windows:
        piece = signal[round(window.start_s * RATE) : round(window.end_s * RATE)]
        np.testing.assert_array_equal(window.signal, piece)


def test_a_silent_recording_has_no_windows():
    assert list(sounding_windows([np.zeros(RATE, "f4")], RATE, window_s=3, hop_s=3)) == []


def test_a_short_recording_is_one_window():
    (window,) = sounding_windows([recording((0.4, 0.3))], RATE, window_s=3, hop_s=1.5)
    assert (window.start_s, window.end_s, window.signal.size) == (0, 0.4, 6400)


def test_impossible_window_lengths_are_refused():
    with pytest.raises(ValueError, match="hop must be"):
        list(sounding_windows([recording((1, 0.3))], RATE, window_s=1, hop_s=2))


@settings(max_examples=25, deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.floats(0.05, 30), st.sampled_from([0.0, 0.02, 0.3])), min_size=1, max_size=4
    ),
    block=st.integers(1000, 700_000),
    window_s=st.floats(0.5, 8),
    overlap=st.floats(0.2, 1),
)
def test_streaming_equals_bounds_over_activity(parts, block, window_s, overlap):
    signal = recording(*parts)
    blocks = (signal[place : place + block] for place in range(0, signal.size, block))
    windows = list(sounding_windows(blocks, RATE, window_s=window_s, hop_s=window_s * overlap))
    window, hop = round(window_s * RATE), round(window_s * overlap * RATE)
    expected = [
        bounds
        for start_s, end_s in activity(signal, RATE)
        for bounds in window_bounds(
            round(start_s * RATE),
            round(end_s * RATE),
            window=window,
            hop=hop,
            minimum=min(window, RATE),
            limit=signal.size,
        )
    ]
    assert [(round(w.start_s * RATE), round(w.end_s * RATE)) for w in windows] == expected
    for found, (first, last) in zip(windows, expected, strict=True):
        np.testing.assert_array_equal(found.signal, signal[first:last])


def test_an_hour_takes_seconds_and_flat_memory():
    """An hour is 230 MB of samples; about one span of half a minute is held (2 MB)."""
    minute = recording((20, 0.3), (10, 0), (25, 0.2), (5, 0))
    half = minute.size // 2

    def hour():
        for _ in range(60):
            yield minute[:half]
            yield minute[half:]

    began = time.process_time()
    count = sum(1 for _ in sounding_windows(hour(), RATE, window_s=3, hop_s=3))
    took_s = time.process_time() - began
    assert 900 < count < 1100
    assert took_s < 3  # 0.1 s on an idle core

    tracemalloc.start()
    try:
        for _ in sounding_windows(hour(), RATE, window_s=3, hop_s=3):
            pass
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 16e6


def test_windows_of_a_file_while_it_is_read(tone, encode):
    data = encode(np.concatenate([tone(4.0), np.zeros(32000), tone(2.0)]))
    with decode_blocks(data, block_s=1.0) as reader:
        windows = list(sounding_windows(reader, reader.sampling_rate_hz, window_s=3, hop_s=3))
    assert [round(window.start_s, 1) for window in windows] == [0.0, 1.1, 5.9]
