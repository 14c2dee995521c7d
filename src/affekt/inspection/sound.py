"""What a recording is like as a file: its length, rate, channels, levels, clipping and silence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from affekt.audio import MIN_DURATION_S, MIN_PEAK, Signal, decode_blocks, to_mono
from affekt.errors import AudioError, SilentError
from affekt.features import Stft, rms

# The largest positive sample of 16 bits; what lies beyond it is at full scale in any format.
FULL_SCALE = 1.0 - 2.0**-15
TOP_DB = 30.0
# The frames of `affekt.audio.preprocess.trim`: 128 ms, four hops.
_HOPS_A_FRAME = 4
_HOPS_A_SECOND = 16_000 / 512
_FLOOR = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What was measured in one recording, at its own rate and in all of its channels.

    Attributes:
        duration_s, sampling_rate_hz, channels: as found in the file.
        peak_dbfs: largest sample of any channel; minus infinity where all are zero.
        rms_dbfs: root mean square over all samples; a square wave at full scale has 0.
        clipped_samples: samples at full scale or beyond (as 16 bits have it), in all channels.
        leading_s, trailing_s: silence before the first and after the last loud frame, that is,
            what trimming at 30 dB takes away; the whole length where the recording is silent.
        silent_share: share of frames (128 ms every 32 ms) that lie 30 dB or more below the
            loudest one, 0 to 1.
        silent: it peaks below -80 dBFS, and no part of Affekt takes it for a recording.
        damaged: something of the file could not be read.
        warnings: what the decoder said, in plain sentences.
    """

    duration_s: float
    sampling_rate_hz: int
    channels: int
    peak_dbfs: float
    rms_dbfs: float
    clipped_samples: int
    leading_s: float
    trailing_s: float
    silent_share: float
    silent: bool
    damaged: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """The samples of a file as they were found: `frames` is float32 `[samples, channels]`."""

    frames: Signal
    sampling_rate_hz: int
    damaged: bool = False
    warnings: tuple[str, ...] = ()


def read_recording(
    path: str | Path,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    track: int | None = None,
) -> Recording:
    """Read a recording, or a stretch of it, at its own rate and with all of its channels.

    Silent and very short ones, which recognition refuses, are read too.

    Args:
        path: the file.
        start_s: beginning of the stretch in seconds; None is the file's.
        end_s: its end; None is the file's.
        track: of several sound tracks, 0-based; None is the default one, if it holds sound.

    Raises:
        AudioError: the file is missing, damaged, empty, or holds a value that is not finite; or
            the stretch lies outside it.
        MissingExtraError: the format needs PyAV, which is not installed.
    """
    pieces: list[Signal] = []
    with decode_blocks(path, track=track) as reader:
        rate_hz = reader.source_rate_hz
        reader.watch = pieces.append
        try:
            for _ in reader.chunks():
                pass
        except SilentError:
            pass  # the remarks say so
        except AudioError:
            if not 0 < sum(len(piece) for piece in pieces) < MIN_DURATION_S * rate_hz:
                raise
    frames = np.concatenate(pieces)
    first = round((start_s or 0.0) * rate_hz)
    last = None if end_s is None else round(end_s * rate_hz)
    if not frames[first:last].size:
        raise AudioError(f"{path}: there is nothing from {first / rate_hz:g} s to {end_s} s")
    return Recording(
        frames=frames[first:last],
        sampling_rate_hz=rate_hz,
        damaged=reader.damaged,
        warnings=tuple(reader.warnings),
    )


def measure(recording: Recording, *, channel: int | None = None) -> Sound:
    """Measure a recording: levels and clipping in all channels, silence in the one that counts.

    Args:
        recording: the samples as they were found.
        channel: 0-based, whose silence is measured; None is the mean of all.
    """
    frames, rate_hz = recording.frames, recording.sampling_rate_hz
    duration_s = len(frames) / rate_hz
    peak = max(float(frames.max()), -float(frames.min()))
    silent = peak < MIN_PEAK
    leading_s = trailing_s = duration_s
    silent_share = 1.0
    if not silent:
        loud, hop = _loud_frames(to_mono(frames, rate_hz, channel), rate_hz)
        first, last = np.flatnonzero(loud)[[0, -1]]
        leading_s = int(first) * hop / rate_hz
        trailing_s = max(0, len(frames) - (int(last) + 1) * hop) / rate_hz
        silent_share = 1.0 - float(loud.mean())
    return Sound(
        duration_s=duration_s,
        sampling_rate_hz=rate_hz,
        channels=frames.shape[1],
        peak_dbfs=_dbfs(peak),
        rms_dbfs=_dbfs(math.sqrt(float(np.square(frames, dtype=np.float64).mean()))),
        clipped_samples=int(np.count_nonzero(np.abs(frames) >= FULL_SCALE)),
        leading_s=leading_s,
        trailing_s=trailing_s,
        silent_share=silent_share,
        silent=silent,
        damaged=recording.damaged,
        warnings=recording.warnings,
    )


def _loud_frames(mono: Signal, rate_hz: int) -> tuple[npt.NDArray[np.bool_], int]:
    hop = max(1, round(rate_hz / _HOPS_A_SECOND))
    frames = Stft(mono, sampling_rate_hz=rate_hz, n_fft=_HOPS_A_FRAME * hop, hop_length=hop)
    level = np.maximum(rms(frames), _FLOOR)
    return 20.0 * np.log10(level / level.max()) > -TOP_DB, hop


def _dbfs(amplitude: float) -> float:
    return 20.0 * math.log10(amplitude) if amplitude > 0.0 else -math.inf
