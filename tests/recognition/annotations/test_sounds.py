"""The outline of a waveform: peaks of equal stretches, in flat memory."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from affekt.errors import AudioError
from affekt.recognition.annotations.sounds import outline

RATE = 16_000


def write(path, signal):
    soundfile.write(path, signal, RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize("duration_s", [0.5, 7.3, 61.234])
def test_peaks_are_those_of_equal_stretches(tmp_path, duration_s) -> None:
    rng = np.random.default_rng(3)
    signal = rng.uniform(-0.9, 0.9, round(duration_s * RATE)).astype(np.float32)
    found = outline(write(tmp_path / "a.wav", signal), points=100)
    step = 160
    while -(-signal.size // step) > 201:
        step *= 2
    expected = [np.abs(signal[k : k + step]).max() for k in range(0, signal.size, step)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_long_recording_has_a_bounded_outline(tmp_path) -> None:
    signal = np.full(300 * RATE, 0.25, np.float32)
    found = outline(write(tmp_path / "long.wav", signal))
    assert 2000 <= found.size <= 4001


def test_a_silent_channel_is_flat(tmp_path) -> None:
    signal = np.zeros((RATE, 2), np.float32)
    signal[:, 0] = 0.5
    path = write(tmp_path / "a.wav", signal)
    assert outline(path, channel=1).max() == 0.0
    assert outline(path, channel=0).max() == 0.5


def test_what_is_no_recording_is_refused() -> None:
    with pytest.raises(AudioError):
        outline(b"text")
