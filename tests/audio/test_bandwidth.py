"""Sound with nothing above 4 kHz is reported, however it is stored; wide-band speech is not."""

import numpy as np
import pytest
import soxr

from affekt.audio import decode, decode_blocks, from_array
from affekt.audio.bandwidth import NARROW_BAND

RATE = 48000


def speech(seconds=4.0, *, brightness_db=-20.0, level=0.3):
    """Syllables: a buzzing vowel, then a hiss of 3 to 8 kHz, then a pause; `[samples]` at 48 kHz.

    Args:
        brightness_db: power of the hiss against that of the vowel.
    """
    generator = np.random.default_rng(0)
    time = np.arange(round(seconds * RATE)) / RATE
    vowel = sum(np.sin(2 * np.pi * 140 * k * time) / k**1.5 for k in range(1, 50))
    spectrum = np.fft.rfft(generator.standard_normal(time.size))
    hz = np.fft.rfftfreq(time.size, 1 / RATE)
    hiss = np.fft.irfft(np.where((hz > 3000) & (hz < 8000), spectrum, 0), time.size)
    hiss *= np.sqrt(np.mean(vowel**2) / np.mean(hiss**2)) * 10 ** (brightness_db / 20)
    place = time * 4 % 1
    signal = np.where(place < 0.6, vowel, np.where(place < 0.8, hiss, 0.0))
    return (level * signal / np.abs(signal).max()).astype(np.float32)


def telephone(signal):
    """300 to 3400 Hz, at 8 kHz."""
    narrow = soxr.resample(signal, RATE, 8000)
    spectrum, hz = np.fft.rfft(narrow), np.fft.rfftfreq(narrow.size, 1 / 8000)
    return np.fft.irfft(np.where((hz > 300) & (hz < 3400), spectrum, 0), narrow.size)


def warned(source):
    return NARROW_BAND in decode(source).warnings


@pytest.mark.parametrize("brightness_db", [-10, -20, -30])
@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_wide_band_speech_brings_no_warning(brightness_db, rate, encode):
    signal = soxr.resample(speech(brightness_db=brightness_db), RATE, rate)
    assert not warned(encode(signal, rate))


@pytest.mark.parametrize("kind", [("OGG", "OPUS"), ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_wide_band_speech_in_lossy_codecs_brings_no_warning(kind, encode):
    assert not warned(encode(soxr.resample(speech(), RATE, 16000), 16000, kind))


def test_a_telephone_recording_is_reported(encode):
    assert warned(encode(telephone(speech()), 8000, ("WAV", "ULAW")))
    assert warned(encode(telephone(speech())[:4000], 8000, ("WAV", "ALAW")))


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
@pytest.mark.parametrize("dither", [0.0, 1.0])
@pytest.mark.parametrize("level", [0.9, 0.3, 0.1])
def test_a_telephone_recording_is_reported_when_it_was_resampled(rate, dither, level, encode):
    through = decode(
        encode(telephone(speech(level=level)), 8000, ("WAV", "ULAW")), sampling_rate_hz=8000
    )
    signal = soxr.resample(through.signal, 8000, rate)
    generator = np.random.default_rng(1)
    noise = generator.random((2, signal.size))
    signal = signal + dither * (noise[0] - noise[1]) / 2**15
    assert warned(encode(signal, rate))
    assert NARROW_BAND in from_array(signal.astype(np.float32), rate).warnings


def test_clipping_does_not_hide_a_telephone(encode):
    signal = soxr.resample(telephone(speech(level=0.9)), 8000, 16000)
    loud = np.clip(2.0 * signal, -1, 1)
    loud[:40000] = np.clip(signal[:40000], -1, 1)
    assert warned(encode(loud, 16000))


def test_a_quiet_recording_is_not_judged_by_the_noise_of_16_bits(encode):
    assert not warned(encode(soxr.resample(speech(level=0.003), RATE, 16000), 16000))


@pytest.mark.parametrize("hz", [50, 440, 2000, 3500])
def test_a_tone_is_no_voice_over_a_telephone(hz, encode):
    tone = 0.3 * np.sin(2 * np.pi * hz * np.arange(4 * 16000) / 16000)
    assert not warned(encode(tone, 16000))


def test_one_wide_band_part_of_a_long_recording_is_enough(encode):
    narrow = soxr.resample(telephone(speech(24.0)), 8000, 16000)
    wide = soxr.resample(speech(12.0), RATE, 16000)
    assert warned(encode(np.r_[narrow, narrow], 16000))
    assert not warned(encode(np.r_[narrow, wide], 16000))


def test_blocks_and_the_whole_are_judged_alike(encode):
    data = encode(soxr.resample(telephone(speech(25.0)), 8000, 16000), 16000)
    with decode_blocks(data, block_s=0.3) as reader:
        assert sum(block.size for block in reader) == 25 * 16000
    assert reader.warnings == list(decode(data).warnings) == [NARROW_BAND]
    assert not reader.damaged
