from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from affekt.features.images import resize, spectrogram_image
from affekt.features.stft import Stft

RATE_HZ = 16000
SIZES = st.integers(1, 60)


def image_of(signal):
    return spectrogram_image(Stft(signal, n_fft=1024, hop_length=256), 260, 270)


def tone(frequency_hz, samples=16000):
    phase = 2.0 * np.pi * frequency_hz * np.arange(samples) / RATE_HZ
    return np.sin(phase).astype(np.float32)


@given(SIZES, SIZES, SIZES, SIZES)
def test_resizing_is_pillows(old_rows, old_columns, rows, columns):
    image = np.random.default_rng(0).uniform(-80, 0, (old_rows, old_columns)).astype(np.float32)
    expected = Image.fromarray(image).resize((columns, rows), Image.Resampling.BILINEAR)
    np.testing.assert_allclose(resize(image, rows, columns), np.asarray(expected), atol=1e-3)


def test_the_picture_lies_between_black_and_white(sound):
    picture = image_of(sound)
    assert picture.shape == (260, 270)
    assert picture.min() >= 0.0
    assert picture.max() <= 1.0


@pytest.mark.parametrize("frequency_hz", [500.0, 2000.0, 7000.0])
def test_low_frequencies_lie_at_the_bottom(frequency_hz):
    brightest = image_of(tone(frequency_hz))[:, 135].argmax()
    assert 260 * (1.0 - frequency_hz / 8000.0) == pytest.approx(brightest, abs=2.0)


def test_time_runs_to_the_right_over_the_whole_width():
    signal = np.concatenate([np.zeros(16000, dtype=np.float32), tone(1000.0)])
    picture = image_of(signal)
    assert picture[:, :130].mean() < 0.01 < picture[:, 140:].mean()


def test_loudness_is_of_no_account(speech):
    np.testing.assert_allclose(image_of(np.float32(0.1) * speech), image_of(speech), atol=1e-4)
