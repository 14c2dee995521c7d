"""Sounds that every feature is held against the reference with."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import chirp, lfilter

RATE_HZ = 16000


def speech_like(duration_s=1.5, pitch_hz=120.0, seed=0):
    """Glottal pulses through three formants, in syllables, with some breath and room noise."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    phase = np.cumsum(pitch_hz * (1.0 + 0.1 * np.sin(2.0 * np.pi * 1.3 * times_s))) / RATE_HZ
    source = np.diff(np.floor(phase), prepend=0.0) + 0.02 * rng.standard_normal(times_s.size)
    for formant_hz, bandwidth_hz in ((650.0, 80.0), (1100.0, 90.0), (2500.0, 120.0)):
        radius = np.exp(-np.pi * bandwidth_hz / RATE_HZ)
        angle = 2.0 * np.pi * formant_hz / RATE_HZ
        source = lfilter([1.0 - radius], [1.0, -2.0 * radius * np.cos(angle), radius**2], source)
    voice = source * np.maximum(0.0, np.sin(2.0 * np.pi * 2.5 * times_s))
    return 0.3 * voice / np.abs(voice).max() + 1e-4 * rng.standard_normal(times_s.size)


def make_sounds():
    times_s = np.arange(RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(1).standard_normal(RATE_HZ)
    return {
        "tone": 0.5 * np.sin(2.0 * np.pi * 445.0 * times_s) + 1e-4 * noise,
        "chirp": 0.5 * chirp(times_s, 60.0, 1.0, 7000.0, method="logarithmic") + 1e-4 * noise,
        "noise": 0.1 * noise,
        "quiet": 1e-4 * noise,
        "speech": speech_like(),
        "high-voice": speech_like(0.7, 247.0, seed=2),
        "pauses": np.concatenate([np.zeros(9000), speech_like(0.6), np.zeros(12345)]),
        "offset": 0.2 + 0.05 * noise,
        "odd-length": 0.1 * noise[:7919],
        "100-samples": 0.1 * noise[:100],
        "one-sample": np.array([0.25]),
        "fading": noise * 10.0 ** np.linspace(-1.0, -22.0, RATE_HZ),
        "silence": np.zeros(5000),
        "click-and-echo": np.eye(1, 12000, 3333).ravel() + 0.7 * np.eye(1, 12000, 3370).ravel(),
    }


SOUNDS = {name: sound.astype(np.float32) for name, sound in make_sounds().items()}


@pytest.fixture(autouse=True)
def _odd_clips_are_meant(recwarn):
    """Librosa warns of short clips, of clips without pitch, and of empty bands."""


@pytest.fixture(params=SOUNDS)
def sound(request):
    """One of many sounds, float32 at 16 kHz."""
    return SOUNDS[request.param]


@pytest.fixture
def speech():
    """A second and a half of something like speech."""
    return SOUNDS["speech"]
