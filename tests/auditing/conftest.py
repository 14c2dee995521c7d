"""Speech of a kind, made here: vowels with partials, and a pitch that each reading bends anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

RATE_HZ = 16_000
# First three formants, Peterson and Barney (1952), men.
VOWELS_HZ = {
    "i": (270, 2290, 3010),
    "e": (530, 1840, 2480),
    "a": (730, 1090, 2440),
    "o": (570, 840, 2410),
    "u": (300, 870, 2240),
}


def _speak(sentence: str = "aeiou", *, reading: int = 0, pitch_hz: float = 120.0):
    """Say vowels; the same sentence in another reading has other lengths and another melody."""
    rng = np.random.default_rng([reading, *map(ord, sentence)])
    lengths = rng.uniform(0.22, 0.4, len(sentence))
    bounds = np.concatenate([[0.0], np.cumsum(lengths)])
    times_s = np.arange(round(bounds[-1] * RATE_HZ)) / RATE_HZ
    middles = (bounds[:-1] + bounds[1:]) / 2
    bends = rng.uniform(-0.2, 0.25, 2 * len(sentence))
    pitch = pitch_hz * (1 + np.interp(times_s, np.linspace(0, bounds[-1], len(bends)), bends))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    formants_hz = [
        np.interp(times_s, middles, [VOWELS_HZ[v][k] for v in sentence]) for k in range(3)
    ]
    signal = np.zeros(times_s.size)
    for partial in range(1, 40):
        frequency_hz = partial * pitch
        gain = sum(1.0 / (1.0 + ((frequency_hz - f) / 90.0) ** 2) for f in formants_hz)
        gain = gain / partial**0.3 * (frequency_hz < 7_000)
        signal += gain * np.sin(partial * phase)
    position = np.interp(times_s, bounds, np.arange(len(bounds))) % 1.0
    signal *= np.sin(np.pi * position) ** 0.7 + 0.02
    silence = np.zeros(round(0.15 * RATE_HZ))
    signal = np.concatenate([silence, 0.4 * signal / np.abs(signal).max(), silence])
    signal += 1e-4 * rng.standard_normal(signal.size)
    return (np.rint(signal * 2**15) / 2**15).astype(np.float32)  # 16 bits hold it exactly


@pytest.fixture(scope="session")
def speak():
    return _speak


@pytest.fixture(scope="session")
def original():
    return _speak()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a recording below the test's folder."""

    def call(name: str, signal, rate_hz: int = RATE_HZ, **kind) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, signal, rate_hz, **kind)
        return path

    return call


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / ".cache"))
