"""Copies of recordings as people make them: librosa, ffmpeg, a WSOLA, scipy and Affekt itself."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import librosa
import numpy as np
import numpy.typing as npt
import scipy.signal
import soxr

from affekt.augment import stretch
from affekt.corpora import CORPORA, load_corpus
from affekt.records import Utterance

Signal = npt.NDArray[np.float32]

RATE_HZ = 16_000
REPORTED = 24
SEMITONES = (0.3, 0.7, 1.0, 2.0, -3.0)
RATES = (0.8, 0.9, 1.1, 1.2)
_RATES_HZ = (16_000, 22_050, 48_000)
_REVERBERATION_S = 0.4


class Planter(NamedTuple):
    """One way to make a copy of a mono signal at 16 kHz.

    Attributes:
        kind, tool: what is done, and by what.
        settings: semitones or rates; each recording is copied once with each.
        make: signal, setting and seed in; the copy and its rate in Hz out.
    """

    kind: str
    tool: str
    settings: tuple[float, ...]
    make: Callable[[Signal, float, int], tuple[Signal, int]]


def planters() -> list[Planter]:
    """Return all ways; those of ffmpeg where it is installed."""
    found = []
    for rate_hz in _RATES_HZ:
        name = f"librosa, {rate_hz / 1000:g} kHz"
        found.append(Planter("pitch", name, SEMITONES, _librosa_pitch(rate_hz)))
        found.append(Planter("stretch", name, RATES, _librosa_stretch(rate_hz)))
    if shutil.which("ffmpeg"):
        found.append(Planter("pitch", "ffmpeg asetrate, atempo", SEMITONES, _ffmpeg_pitch))
        found.append(Planter("stretch", "ffmpeg atempo", RATES, _ffmpeg_stretch))
    found += [
        Planter("pitch", "WSOLA", SEMITONES, lambda x, by, _: (_pitched(x, by, wsola), RATE_HZ)),
        Planter("stretch", "WSOLA", RATES, lambda x, by, _: (wsola(x, by), RATE_HZ)),
        Planter("pitch", "own", SEMITONES, lambda x, by, _: (_pitched(x, by, _own), RATE_HZ)),
        Planter("stretch", "own", RATES, lambda x, by, _: (_own(x, by), RATE_HZ)),
        Planter("reversed", "numpy", (0.0,), lambda x, _, __: (x[::-1], RATE_HZ)),
        Planter("reverberation", "scipy", (_REVERBERATION_S,), _reverberated),
        Planter("pre-emphasis", "librosa", (0.97,), _emphasised),
        Planter("telephone", "scipy", (0.0,), _telephone),
    ]
    return found


def wsola(signal: Signal, rate: float) -> Signal:
    """Stretch in the time domain: frames are laid where they continue the one before best.

    Source: Verhelst and Roelands, "An overlap-add technique based on waveform similarity (WSOLA)
    for high quality time-scale modification of speech", ICASSP 1993.
    """
    frame, hop, reach = 640, 320, 160
    window = scipy.signal.get_window("hann", frame)
    frames = int(signal.size / rate) // hop
    padded = np.pad(signal, (reach, 2 * frame + reach))
    out = np.zeros(frames * hop + frame)
    weight = np.zeros_like(out)
    begin = reach
    for number in range(frames):
        if number:
            wanted = padded[begin + hop : begin + hop + frame]
            middle = reach + round(number * hop * rate)
            near = padded[middle - reach : middle + reach + frame]
            fits = scipy.signal.correlate(near, wanted, mode="valid")
            begin = middle - reach + int(fits.argmax())
        out[number * hop : number * hop + frame] += window * padded[begin : begin + frame]
        weight[number * hop : number * hop + frame] += window
    return np.asarray(out / np.maximum(weight, 0.1), np.float32)


def _own(signal: Signal, rate: float) -> Signal:
    return stretch(np.ascontiguousarray(signal), RATE_HZ, rate=rate)


def _pitched(signal: Signal, semitones: float, by: Callable[[Signal, float], Signal]) -> Signal:
    factor = 2.0 ** (semitones / 12.0)
    longer = by(signal, 1.0 / factor)
    return soxr.resample(longer, RATE_HZ * factor, RATE_HZ).astype(np.float32)


def _librosa_pitch(rate_hz: int) -> Callable[[Signal, float, int], tuple[Signal, int]]:
    def make(signal: Signal, semitones: float, seed: int) -> tuple[Signal, int]:  # noqa: ARG001
        there = soxr.resample(signal, RATE_HZ, rate_hz)
        return librosa.effects.pitch_shift(there, sr=rate_hz, n_steps=semitones), rate_hz

    return make


def _librosa_stretch(rate_hz: int) -> Callable[[Signal, float, int], tuple[Signal, int]]:
    def make(signal: Signal, rate: float, seed: int) -> tuple[Signal, int]:  # noqa: ARG001
        there = soxr.resample(signal, RATE_HZ, rate_hz)
        return librosa.effects.time_stretch(there, rate=rate), rate_hz

    return make


def _ffmpeg_pitch(signal: Signal, semitones: float, seed: int) -> tuple[Signal, int]:  # noqa: ARG001
    factor = 2.0 ** (semitones / 12.0)
    steps = f"asetrate={RATE_HZ * factor:.0f},aresample={RATE_HZ},atempo={1 / factor:.6f}"
    return _ffmpeg(signal, steps), RATE_HZ


def _ffmpeg_stretch(signal: Signal, rate: float, seed: int) -> tuple[Signal, int]:  # noqa: ARG001
    return _ffmpeg(signal, f"atempo={rate}"), RATE_HZ


def _ffmpeg(signal: Signal, steps: str) -> Signal:
    raw = ("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1")
    command = ["ffmpeg", "-v", "error", *raw, "-i", "pipe:0", "-af", steps, *raw, "pipe:1"]
    done = subprocess.run(  # noqa: S603
        command, input=signal.tobytes(), capture_output=True, check=True
    )
    return np.frombuffer(done.stdout, np.float32)


def _reverberated(signal: Signal, seconds: float, seed: int) -> tuple[Signal, int]:
    """Add a tail that falls by 60 dB in so many seconds and is as strong as the direct sound."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    tail = np.random.default_rng(seed).standard_normal(times_s.size)
    tail *= 10.0 ** (-3.0 * times_s / seconds)
    tail[: RATE_HZ // 500] = 0.0
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    return scipy.signal.fftconvolve(signal, tail).astype(np.float32), RATE_HZ


def _emphasised(signal: Signal, coefficient: float, seed: int) -> tuple[Signal, int]:  # noqa: ARG001
    return librosa.effects.preemphasis(signal, coef=coefficient), RATE_HZ


def _telephone(signal: Signal, setting: float, seed: int) -> tuple[Signal, int]:  # noqa: ARG001
    """Keep 300 to 3400 Hz at 8 kHz, in the 8 bits of G.711 (mu-law)."""
    band = scipy.signal.butter(4, (300.0, 3400.0), "bandpass", fs=8000, output="sos")
    narrow = scipy.signal.sosfilt(band, soxr.resample(signal, RATE_HZ, 8000))
    narrow = narrow / max(float(np.abs(narrow).max()), 1e-9) * 0.9
    coded = librosa.mu_compress(narrow, mu=255, quantize=True)
    return librosa.mu_expand(coded, mu=255, quantize=True).astype(np.float32), 8000


def speakers_apart(root: Path) -> tuple[list[list[Utterance]], list[list[Utterance]]]:
    """Return the recordings of 24 speakers to report on, and of all others, by speaker."""
    by_speaker: dict[tuple[str, str], list[Utterance]] = {}
    for name in CORPORA:
        if (root / name).is_dir():
            for item in load_corpus(name, root):
                by_speaker.setdefault(item.speaker_key, []).append(item)
    names = sorted(by_speaker)
    random.Random(12).shuffle(names)
    clips = [by_speaker[name] for name in names]
    return clips[:REPORTED], clips[REPORTED:]
