"""Where somebody speaks, by the level alone: what is no sound counts as nothing."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from affekt.audio.activity import fill_frame, levels_db, signal_levels_db
from affekt.audio.vad import create_vad, vad_floor

RATE = 16_000
FRAME = 320


def times(duration_s, rate=RATE):
    return np.arange(round(duration_s * rate)) / rate


def noise(duration_s, level_db, *, colour=0, seed=0):
    """White (0), pink (1) or brown (2) noise of an RMS level."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(duration_s * RATE)))
    frequencies = np.maximum(np.arange(spectrum.size), 1)
    signal = np.fft.irfft(spectrum / frequencies ** (colour / 2))
    return 10 ** (level_db / 20) * signal / signal.std()


def voice(duration_s, level_db=-20.0, *, seed=1):
    """Noise of the band of speech in four syllables a second."""
    band = scipy.signal.butter(4, [300, 3400], "band", fs=RATE, output="sos")
    sound = scipy.signal.sosfilt(band, np.random.default_rng(seed).standard_normal(RATE * 60))
    sound = sound[: round(duration_s * RATE)] / sound.std()
    swell = 0.01 + np.abs(np.sin(np.pi * 4 * times(duration_s))) ** 2
    return 10 ** (level_db / 20) * sound * swell


def frames(signal):
    return signal[: signal.size // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)


def speaks(signal, *, settled):
    """Decide for each frame, with the floor of the whole or with that of the past."""
    floor = vad_floor() if settled else None
    if floor is not None:
        floor.update(levels_db(frames(signal), RATE))
    return create_vad("energy", RATE, floor).decide(frames(signal))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("hz", [0.0, 50.0, 60.0])
def test_an_offset_and_the_mains_have_no_level(rate, hz):
    hum = 0.3 * np.cos(2 * np.pi * hz * times(1.0, rate) + 0.7).reshape(50, -1)
    assert levels_db(hum.astype(np.float32), rate).max() < -90.0


def test_what_sounds_keeps_its_level():
    found = levels_db(frames(voice(5.0) + 0.1 + 0.05 * np.sin(2 * np.pi * 50 * times(5.0))), RATE)
    high = scipy.signal.butter(8, 125, "high", fs=RATE, output="sos")
    expected = scipy.signal.sosfiltfilt(high, voice(5.0))
    expected_db = 10 * np.log10((frames(expected) ** 2).mean(axis=1))
    loud = expected_db > -40.0
    np.testing.assert_allclose(found[loud], expected_db[loud], atol=0.5)


def test_a_frame_cut_short_is_no_step():
    offset = np.full(FRAME + 7, 0.1, dtype=np.float32)
    assert signal_levels_db(offset, FRAME, RATE).max() < -90.0
    np.testing.assert_array_equal(fill_frame(np.arange(3.0), 8), [0, 1, 2, 2, 1, 0, 0, 1])


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.parametrize("colour", [0, 1, 2])
def test_an_empty_room_says_nothing(settled, colour):
    assert speaks(noise(40.0, -30.0, colour=colour), settled=settled).mean() < 0.02


@pytest.mark.parametrize("settled", [True, False])
def test_a_steady_tone_says_nothing(settled):
    assert not speaks(0.3 * np.sin(2 * np.pi * 440 * times(5.0)), settled=settled).any()


def test_noise_before_the_first_word_is_known_for_noise_once_the_whole_is():
    line = noise(20.0, -38.0, colour=1)
    call = line + np.concatenate([np.zeros(10 * RATE), voice(6.0, -18.0), np.zeros(4 * RATE)])
    found = speaks(call, settled=True)
    assert found[:500].sum() <= 5
    assert found[500:800].mean() > 0.7
    assert found[805:].sum() <= 5


def test_a_long_tone_does_not_hide_the_words_after_it_from_a_stream():
    ring = 0.3 * np.sin(2 * np.pi * 440 * times(120.0)) + noise(120.0, -65.0)
    said = np.concatenate([np.append(voice(1.2, -30.0, seed=k), np.zeros(8_000)) for k in range(4)])
    words = said + noise(6.8, -65.0, seed=9)
    found = speaks(np.concatenate([ring, words]), settled=False)
    assert not found[:6_000].any()
    assert (found[6_100:] == speaks(words, settled=True)[100:]).mean() > 0.9


@pytest.mark.parametrize("offset", [0.003, 0.03, 0.1])
def test_an_offset_changes_nothing(offset):
    call = np.concatenate([noise(4.0, -65.0), voice(4.0), noise(4.0, -65.0, seed=2)])
    assert (speaks(call + offset, settled=True) == speaks(call, settled=True)).mean() > 0.995


def test_digital_silence_before_and_after_leaves_soft_words():
    call = np.concatenate([np.zeros(4 * RATE), voice(4.0, -30.0), np.zeros(4 * RATE)])
    assert speaks(call, settled=True)[200:400].mean() > 0.7
