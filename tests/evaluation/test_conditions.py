"""What happens to sound on its way, checked against its own definition."""

import numpy as np
import pytest
from scipy.signal import welch

from affekt.evaluation.conditions import (
    SNR_DB,
    add_at,
    babble,
    conditions,
    hum,
    reverberate,
    telephone,
)

RATE_HZ = 16_000
ALL = {condition.title: condition for condition in conditions()}


@pytest.fixture(scope="module")
def voice():
    """A glide with overtones, loud and soft in turns."""
    times_s = np.arange(2 * RATE_HZ) / RATE_HZ
    phase = 2 * np.pi * (120 * times_s + 20 * times_s**2)
    tones = sum(np.sin(n * phase) / n for n in range(1, 30))
    return (0.1 * tones * (1 + np.sin(2 * np.pi * 3 * times_s))).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def power(signal):
    return float(np.mean(np.square(signal, dtype=np.float64)))


def test_every_kind_that_was_asked_for_is_there():
    assert {condition.group for condition in ALL.values()} == {
        "white noise",
        "babble",
        "mains hum",
        "reverberation",
        "telephone",
        "codec",
        "gain",
        "clipping",
        "truncation",
        "leading silence",
        "time offset",
    }


@pytest.mark.parametrize("title", ALL)
def test_what_arrives_is_sound_and_comes_again_from_the_same_draw(title, voice):
    heard = [
        ALL[title].apply(voice, np.random.default_rng(3), [voice[::-1], 0.1 * voice])
        for _ in range(2)
    ]
    assert heard[0].dtype == np.float32
    assert np.isfinite(heard[0]).all()
    assert not np.array_equal(heard[0], voice)
    np.testing.assert_array_equal(*heard)


@pytest.mark.parametrize("group", ["white noise", "babble", "mains hum"])
@pytest.mark.parametrize("snr_db", SNR_DB)
def test_noise_is_as_loud_as_it_says(group, snr_db, voice, rng):
    heard = ALL[f"{group}, {snr_db} dB"].apply(voice, rng, [voice[::-1]])
    noise = heard.astype(np.float64) - voice
    assert 10 * np.log10(power(voice) / power(noise)) == pytest.approx(snr_db, abs=0.01)


def test_silence_disturbs_nobody(voice):
    np.testing.assert_array_equal(add_at(voice, np.zeros(voice.size), snr_db=0.0), voice)


def test_babble_needs_other_people(rng):
    with pytest.raises(ValueError, match="other people"):
        babble(100, rng, [])


def test_hum_is_fifty_hertz_and_its_odd_overtones():
    spectrum = np.abs(np.fft.rfft(hum(RATE_HZ)))
    assert set(np.argsort(spectrum)[-3:]) == {50, 150, 250}
    assert spectrum[150] / spectrum[50] == pytest.approx(0.5, rel=1e-6)


def test_a_room_keeps_the_level_and_rings_for_its_time(rng):
    click = np.zeros(2 * RATE_HZ, dtype=np.float32)
    click[0] = 1.0
    ringing = reverberate(click, rng, rt60_s=0.6)
    assert power(ringing) == pytest.approx(power(click), rel=1e-5)
    # Energy decay after Schroeder (1965): from -5 to -25 dB in a third of the time.
    decay_db = 10 * np.log10(np.cumsum(np.square(ringing[1:], dtype=np.float64)[::-1])[::-1])
    decay_db -= decay_db[0]
    span = np.argmax(decay_db < -25) - np.argmax(decay_db < -5)
    assert 3 * span / RATE_HZ == pytest.approx(0.6, rel=0.1)


def test_a_telephone_lets_through_its_band_alone(rng):
    noise = (0.1 * rng.standard_normal(4 * RATE_HZ)).astype(np.float32)
    heard = telephone(noise)
    assert heard.size == noise.size
    frequency_hz, before = welch(noise, RATE_HZ, nperseg=1024)
    change_db = 10 * np.log10(welch(heard, RATE_HZ, nperseg=1024)[1] / before)
    inside = (frequency_hz > 400) & (frequency_hz < 3200)
    outside = (frequency_hz < 200) | (frequency_hz > 4200)
    assert np.abs(change_db[inside]).max() < 1.5
    assert change_db[outside].max() < -20


def test_mu_law_is_coarse_for_loud_and_fine_for_soft_sound():
    times_s = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 1000 * times_s).astype(np.float32)
    for level in (0.5, 0.01):
        error = telephone(level * tone)[100:-100] - level * tone[100:-100]
        # About 38 dB whatever the level; plain 8 bits would leave 11 dB of the soft tone.
        assert 30 < 10 * np.log10(power(level * tone) / power(error)) < 45


def test_gain_clipping_truncation_and_silence_do_what_they_say(voice, rng):
    def heard(title):
        return ALL[title].apply(voice, rng, [])

    np.testing.assert_allclose(heard("gain, +20 dB"), 10 * voice, rtol=1e-6)
    assert np.abs(heard("clipping, at 0.25 of the peak")).max() == np.abs(voice).max() / 4
    np.testing.assert_array_equal(heard("truncation, the first 25 %"), voice[: voice.size // 4])
    assert not heard("leading silence, 2 s")[: 2 * RATE_HZ].any()
    np.testing.assert_array_equal(heard("leading silence, 2 s")[2 * RATE_HZ :], voice)
    np.testing.assert_array_equal(heard("time offset, 50 ms"), voice[800:])


@pytest.mark.parametrize("title", [title for title in ALL if title.startswith("codec")])
def test_a_codec_leaves_the_voice_but_not_every_sample(title, voice, rng):
    heard = ALL[title].apply(voice, rng, [])
    assert heard.size == voice.size
    level_db = 10 * np.log10(power(heard) / power(voice))
    assert abs(level_db) < 3
    assert not np.allclose(heard, voice, atol=1e-4)
