"""What happens to sound on its way, checked against its own definition."""

import numpy as np
import pytest

from affekt.evaluation.robustness.conditions import SNR_DB, conditions

RATE_HZ = 16_000
ALL = {condition.title: condition for condition in conditions()}


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def power(signal):
    return float(np.mean(np.square(signal, dtype=np.float64)))


def test_every_kind_that_was_asked_for_is_there():
    assert {condition.group for condition in ALL.values()} == {
        "white noise",
        "pink noise",
        "babble",
        "mains hum",
        "reverberation",
        "room",
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


@pytest.mark.parametrize("group", ["white noise", "pink noise", "babble", "mains hum"])
@pytest.mark.parametrize("snr_db", SNR_DB)
def test_noise_is_as_loud_as_it_says(group, snr_db, voice, rng):
    heard = ALL[f"{group}, {snr_db} dB"].apply(voice, rng, [voice[::-1]])
    noise = heard.astype(np.float64) - voice
    assert 10 * np.log10(power(voice) / power(noise)) == pytest.approx(snr_db, abs=0.01)


def test_gain_clipping_truncation_and_silence_do_what_they_say(voice, rng):
    def heard(title):
        return ALL[title].apply(voice, rng, [])

    np.testing.assert_allclose(heard("gain, +20 dB"), 10 * voice, rtol=1e-6)
    np.testing.assert_allclose(heard("gain, -6 dB"), 10**-0.3 * voice, rtol=1e-6)
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
