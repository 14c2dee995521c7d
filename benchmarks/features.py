"""Measure what features cost: the vector of 162 beside librosa's way, and every set.

Prints one line a figure. Run it on an idle machine: `python benchmarks/features.py`. One core is
used. The sounds are made here (gliding harmonics in syllables, under noise), several of them, so
that no two calls in a row see the same clip. Both ways take turns, and processor time is counted,
so that other work on the machine does little harm.
"""

from __future__ import annotations

import os

# Before numpy is imported: the libraries behind it read this once.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice

import librosa
import numpy as np

from affekt.features import FEATURE_SETS

RATE_HZ = 16000
CLIP_S = 3.0
CLIPS = 16
RTOL = 1e-3
# MFCC are sums of 128 levels in dB; every other entry is far closer than this.
ATOL = 1e-2


def main() -> None:
    """Measure and print."""
    clips = sounds()
    reference_ms, ours_ms = vector_times_ms(clips)
    print(f"vector-162: same values on {CLIPS} clips (rtol {RTOL:g}, atol {ATOL:g})")
    _print("vector-162, librosa's way, 3 s clip, 1 core, ms", reference_ms)
    _print("vector-162, affekt, 3 s clip, 1 core, ms", ours_ms)
    ratio = statistics.median(reference_ms) / statistics.median(ours_ms)
    print(f"vector-162: {ratio:.1f} times as fast")
    names = list(FEATURE_SETS)
    for name, times_ms in zip(
        names, _times([FEATURE_SETS[name].compute for name in names], clips), strict=True
    ):
        _print(f"{name}, 3 s clip, 1 core, ms", times_ms)


def sounds() -> list[np.ndarray]:
    """Make the clips."""
    rng = np.random.default_rng(0)
    return [_sound(CLIP_S, rng) for _ in range(CLIPS)]


def vector_times_ms(clips: Sequence[np.ndarray]) -> list[list[float]]:
    """Return what the vector costs by librosa and by us, having seen that the values agree."""
    ours = FEATURE_SETS["vector-162"].compute
    for clip in clips:
        np.testing.assert_allclose(ours(clip), _vector_by_librosa(clip), rtol=RTOL, atol=ATOL)
    return _times([_vector_by_librosa, ours], clips)


def _vector_by_librosa(signal: np.ndarray) -> np.ndarray:
    """Compute the vector as notebooks do: one call a feature, every option left at its default."""
    magnitude = np.abs(librosa.stft(signal))
    return np.hstack(
        [
            np.mean(librosa.feature.zero_crossing_rate(y=signal).T, axis=0),
            np.mean(librosa.feature.chroma_stft(S=magnitude, sr=RATE_HZ).T, axis=0),
            np.mean(librosa.feature.mfcc(y=signal, sr=RATE_HZ, n_mfcc=20).T, axis=0),
            np.mean(librosa.feature.rms(y=signal).T, axis=0),
            np.mean(librosa.feature.melspectrogram(y=signal, sr=RATE_HZ).T, axis=0),
        ]
    )


def _sound(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    pitch_hz = rng.uniform(90.0, 300.0) * (1.0 + 0.1 * np.sin(2.0 * np.pi * 0.7 * time_s))
    phase = 2.0 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    voice = sum(np.sin(number * phase) / number for number in range(1, 20))
    loudness = 0.1 * np.maximum(0.0, np.sin(2.0 * np.pi * 2.0 * time_s))
    return (loudness * voice + 0.001 * rng.standard_normal(time_s.size)).astype(np.float32)


def _times(
    calls: Sequence[Callable[[np.ndarray], np.ndarray]],
    clips: Sequence[np.ndarray],
    *,
    runs: int = 200,
    warm_up: int = 16,
) -> list[list[float]]:
    """Take the processor time of every call on every clip in turn, in ms; one list a call."""
    times_ms: list[list[float]] = [[] for _ in calls]
    for clip in islice(cycle(clips), warm_up + runs):
        for call, measured in zip(calls, times_ms, strict=True):
            started = time.process_time()
            call(clip)
            measured.append(1e3 * (time.process_time() - started))
    return [measured[warm_up:] for measured in times_ms]


def _print(name: str, times_ms: list[float]) -> None:
    print(f"{name}: median {statistics.median(times_ms):.2f}, fastest {min(times_ms):.2f}")


if __name__ == "__main__":
    main()
