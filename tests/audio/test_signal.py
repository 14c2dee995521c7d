"""The gate, and what is done to samples."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.audio import check_signal, from_array, resample
from affekt.audio.signal import Gate, rechunk, to_float32
from affekt.errors import AudioError


def refused(signal, rate=16000):
    with pytest.raises(AudioError) as caught:
        check_signal(np.asarray(signal, dtype=np.float32), rate, name="clip.wav")
    message = str(caught.value)
    assert message.startswith("clip.wav: ")
    return message


def test_the_gate_lets_a_recording_pass():
    check_signal(np.full(1600, 0.1, dtype=np.float32), 16000, name="clip.wav")


def test_the_gate_refuses_an_empty_signal():
    assert "holds no samples" in refused([])


def test_the_gate_refuses_less_than_a_tenth_of_a_second():
    assert "lasts 0.100 s, and at least 0.1 s is needed" in refused(np.full(1599, 0.1))


@pytest.mark.parametrize("peak", [0.0, 2e-34, 6.2e-5])
def test_the_gate_refuses_silence(peak):
    message = refused(np.full(16000, peak))
    assert "is silent" in message
    assert "check the microphone" in message


def test_the_gate_lets_a_faint_recording_pass():
    check_signal(np.full(16000, 1.1e-4, dtype=np.float32), 16000, name="clip.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_the_gate_says_where_a_value_is_not_finite(value):
    signal = np.full(16000, 0.1)
    signal[8000] = value
    message = refused(signal)
    assert "the sample at 0.500 s (8000) is" in message
    assert "numpy.nan_to_num" in message


@pytest.mark.parametrize("rate", [0, 999, 384001, -16000])
def test_the_gate_refuses_an_impossible_rate(rate):
    assert "is outside 1000 to 384000 Hz" in refused(np.full(1600, 0.1), rate)


@pytest.mark.parametrize("rate", [None, "16000", [16000], 1j])
def test_the_gate_refuses_a_rate_that_is_no_number(rate):
    assert "is no number of Hz" in refused(np.full(1600, 0.1), rate)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (b"RIFF", "takes arrays of samples, not bytes"),
        ("a.wav", "takes arrays of samples, not str"),
        ([[0.1, 0.2], [0.3]], "its rows differ in length"),
    ],
)
def test_what_is_no_array_is_reported(values, message):
    with pytest.raises(AudioError, match=f"^<array>: {message}"):
        from_array(values, 16000)


def test_the_gate_counts_over_blocks():
    gate = Gate(16000, name="clip.wav")
    block = np.full(800, 0.1, dtype=np.float32)
    for _ in range(2):
        gate.check(block)
        gate.update(block)
    assert gate.duration_s == 0.1
    block = block.copy()
    block[5] = np.nan
    with pytest.raises(AudioError, match=r"at 0\.100 s \(1605\)"):
        gate.check(block)


def test_the_gate_remarks_on_integers_stored_as_floats():
    gate = Gate(16000, name="clip.wav")
    gate.update(np.full(16000, 12000, dtype=np.float32))
    assert "far above full scale" in gate.close()[0]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 128, 255], dtype=np.uint8), [-1, 0, 127 / 128]),
        (np.array([-128, 0, 127], dtype=np.int8), [-1, 0, 127 / 128]),
        (np.array([-32768, 0, 16384], dtype=np.int16), [-1, 0, 0.5]),
        (np.array([-(2**31), 0, 2**30], dtype=np.int32), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5]), [-1, 0, 0.5]),
        (np.array([-1, 0, 0.5], dtype=np.float16), [-1, 0, 0.5]),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_samples_are_scaled_by_their_full_scale(samples, expected):
    scaled = to_float32(samples, name="clip")
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.float32(expected))


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.bool_, np.complex64, np.str_])
def test_samples_without_a_known_full_scale_are_refused(kind):
    with pytest.raises(AudioError, match="have no known full scale: convert them to float"):
        to_float32(np.zeros(10, dtype=kind), name="clip")


def test_resampling_is_soxr():
    signal = np.random.default_rng(0).standard_normal(4410).astype(np.float32)
    np.testing.assert_array_equal(
        resample(signal, 44100, 16000), soxr.resample(signal, 44100, 16000)
    )
    assert resample(signal, 16000, 16000) is signal


@settings(max_examples=50)
@given(sizes=st.lists(st.integers(0, 40), max_size=12), length=st.integers(1, 30))
def test_rechunk_keeps_every_sample_and_makes_equal_pieces(sizes, length):
    whole = np.arange(sum(sizes), dtype=np.float32)
    pieces = np.split(whole, np.cumsum(sizes)[:-1]) if sizes else []
    chunks = list(rechunk(pieces, length))
    assert all(chunk.size == length for chunk in chunks[:-1])
    assert all(0 < chunk.size <= length for chunk in chunks)
    np.testing.assert_array_equal(np.concatenate([*chunks, whole[:0]]), whole)
