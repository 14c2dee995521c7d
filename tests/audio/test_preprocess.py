from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from affekt.audio import fix_length, pre_emphasis, trim

RATE_HZ = 16000


def burst(before, during, after, seed=0):
    rng = np.random.default_rng(seed)
    tone = 0.3 * np.sin(2.0 * np.pi * 200.0 * np.arange(during) / RATE_HZ)
    hiss = 1e-4 * rng.standard_normal(before + during + after)
    return (np.pad(tone, (before, after)) + hiss).astype(np.float32)


@given(
    st.integers(0, 9000), st.integers(1, 9000), st.integers(0, 9000), st.sampled_from([20.0, 30.0])
)
def test_trimming_cuts_where_librosa_does(before, during, after, top_db):
    signal = burst(before, during, after)
    expected, _ = librosa.effects.trim(signal, top_db=top_db)
    np.testing.assert_array_equal(trim(signal, RATE_HZ, top_db=top_db), expected)


def test_trimming_takes_silence_from_both_ends():
    trimmed = trim(burst(16000, 8000, 16000), RATE_HZ)
    assert 8000 <= trimmed.size <= 8000 + 2 * 2048


def test_frames_last_as_long_at_any_rate():
    signal = burst(16000, 8000, 16000)
    slow = trim(signal, RATE_HZ)
    assert trim(np.repeat(signal, 3), 3 * RATE_HZ).size == 3 * slow.size


@pytest.mark.parametrize("samples", [0, 1, 100, 5000])
def test_silence_stays_whole(samples):
    assert trim(np.zeros(samples, dtype=np.float32), RATE_HZ).size == samples


def test_a_single_sample_stays():
    assert trim(np.array([0.5], dtype=np.float32), RATE_HZ).tolist() == [0.5]


@pytest.mark.parametrize("top_db", [0.0, -3.0, float("nan")])
def test_a_range_that_is_not_positive_is_refused(top_db):
    with pytest.raises(ValueError, match="top_db"):
        trim(np.ones(10, dtype=np.float32), RATE_HZ, top_db=top_db)


@pytest.mark.parametrize("coefficient", [0.0, 0.95, 0.97])
def test_pre_emphasis_is_a_filter_of_two_taps(coefficient):
    signal = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
    emphasised = pre_emphasis(signal, coefficient=coefficient)
    assert emphasised.dtype == np.float32
    np.testing.assert_allclose(
        emphasised, lfilter([1.0, -coefficient], [1.0], signal), rtol=1e-5, atol=1e-6
    )


def test_pre_emphasis_leaves_its_input_alone():
    signal = np.ones(4, dtype=np.float32)
    np.testing.assert_allclose(pre_emphasis(signal), [1.0, 0.03, 0.03, 0.03], atol=1e-6)
    assert signal.tolist() == [1.0, 1.0, 1.0, 1.0]


def test_a_short_array_is_padded_at_the_end():
    row = np.array([1.0, 2.0], dtype=np.float32)
    assert fix_length(row, 4).tolist() == [1.0, 2.0, 0.0, 0.0]
    assert fix_length(row, 4, mode="edge").tolist() == [1.0, 2.0, 2.0, 2.0]


def test_a_long_array_is_cut_at_the_end():
    assert fix_length(np.arange(5, dtype=np.float32), 2).tolist() == [0.0, 1.0]


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 9), st.sampled_from([0, 1, -1, -2]))
def test_one_axis_gets_its_length_and_the_others_keep_theirs(rows, columns, length, axis):
    array = np.random.default_rng(0).standard_normal((rows, columns)).astype(np.float32)
    fixed = fix_length(array, length, axis=axis, mode="edge")
    expected = list(array.shape)
    expected[axis] = length
    assert list(fixed.shape) == expected
    np.testing.assert_array_equal(
        fixed, librosa.util.fix_length(array, size=length, axis=axis, mode="edge")
    )
