"""What happens to a voice on its way, checked against its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import welch

from affekt.augment.channel import (
    Codec,
    Room,
    add_at,
    babble,
    diffuse_room,
    hum,
    room_response,
    telephone,
)

RATE_HZ = 16_000


def power(signal):
    return float(np.mean(np.square(signal, dtype=np.float64)))


def test_silence_disturbs_nobody(voice):
    np.testing.assert_array_equal(add_at(voice, np.zeros(voice.size), snr_db=0.0), voice)


def test_babble_needs_other_people(rng):
    with pytest.raises(ValueError, match="other people"):
        babble(100, rng, [])


def test_hum_is_fifty_hertz_and_its_odd_overtones():
    spectrum = np.abs(np.fft.rfft(hum(RATE_HZ, RATE_HZ)))
    assert set(np.argsort(spectrum)[-3:]) == {50, 150, 250}
    assert spectrum[150] / spectrum[50] == pytest.approx(0.5, rel=1e-6)


def test_a_room_keeps_the_level_and_rings_for_its_time(rng):
    click = np.zeros(2 * RATE_HZ, dtype=np.float32)
    click[0] = 1.0
    ringing = diffuse_room(click, RATE_HZ, rt60_s=0.6, rng=rng)
    assert power(ringing) == pytest.approx(power(click), rel=1e-5)
    # Energy decay after Schroeder (1965): from -5 to -25 dB in a third of the time.
    decay_db = 10 * np.log10(np.cumsum(np.square(ringing[1:], dtype=np.float64)[::-1])[::-1])
    decay_db -= decay_db[0]
    span = np.argmax(decay_db < -25) - np.argmax(decay_db < -5)
    assert 3 * span / RATE_HZ == pytest.approx(0.6, rel=0.1)


def test_a_telephone_lets_through_its_band_alone(rng):
    noise = (0.1 * rng.standard_normal(4 * RATE_HZ)).astype(np.float32)
    found = telephone(noise, RATE_HZ)
    assert found.size == noise.size
    frequency_hz, before = welch(noise, RATE_HZ, nperseg=1024)
    change_db = 10 * np.log10(welch(found, RATE_HZ, nperseg=1024)[1] / before)
    inside = (frequency_hz > 400) & (frequency_hz < 3200)
    outside = (frequency_hz < 200) | (frequency_hz > 4200)
    assert np.abs(change_db[inside]).max() < 1.5
    assert change_db[outside].max() < -20


def test_mu_law_is_coarse_for_loud_and_fine_for_soft_sound():
    times_s = np.arange(RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 1000 * times_s).astype(np.float32)
    for level in (0.5, 0.01):
        error = telephone(level * tone, RATE_HZ)[100:-100] - level * tone[100:-100]
        # About 38 dB whatever the level; plain 8 bits would leave 11 dB of the soft tone.
        assert 30 < 10 * np.log10(power(level * tone) / power(error)) < 45


@pytest.mark.parametrize("rt60_s", [0.3, 0.8])
def test_a_shoebox_room_rings_for_its_time(rt60_s):
    spans = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        response = room_response(RATE_HZ, rt60_s=rt60_s, size_m=(5.0, 4.0, 3.0), rng=rng)
        # Energy decay after Schroeder (1965): from -5 to -25 dB in a third of the time.
        decay_db = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] + 1e-20)
        decay_db -= decay_db[0]
        spans.append(3 * (np.argmax(decay_db < -25) - np.argmax(decay_db < -5)) / RATE_HZ)
    assert np.median(spans) == pytest.approx(rt60_s, rel=0.3)


def test_the_first_reflections_arrive_when_their_mirror_images_say():
    """Of the six nearest images, by hand: the source mirrored in each wall."""
    size = np.array([6.0, 4.0, 3.0])
    rng, again = np.random.default_rng(5), np.random.default_rng(5)
    source, microphone = (size * again.uniform(0.2, 0.8, 3) for _ in range(2))
    response = room_response(RATE_HZ, rt60_s=0.5, size_m=size, rng=rng)
    direct_m = np.linalg.norm(source - microphone)
    for axis in range(3):
        for wall_m in (0.0, size[axis]):
            image = source.copy()
            image[axis] = 2 * wall_m - source[axis]
            later_s = (np.linalg.norm(image - microphone) - direct_m) / 343.0
            assert response[round(later_s * RATE_HZ)] > 0.0
    assert response[0] == pytest.approx(1.0)
    nearest = np.flatnonzero(response[1:])[0] + 1
    assert nearest > 1  # nothing before the first reflection


def test_what_a_setting_may_be_is_said():
    with pytest.raises(ValueError, match="must be some of"):
        Codec(codecs=("MP4",))
    with pytest.raises(ValueError, match="rt60_s"):
        Room(rt60_s=(0.5, 0.2))
