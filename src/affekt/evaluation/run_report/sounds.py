"""Sound and spectrogram of single clips, small enough to lie inside a page."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path

import soundfile

from affekt.audio import decode
from affekt.evaluation.figures import spectrogram_plot
from affekt.features import LogMelConfig, log_mel
from affekt.report import to_png

LONGEST_S = 10.0
_DB_PER_NEPER = 10.0 / math.log(10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The beginning of a clip: a WAV file (mono, 16 kHz, 16 bit) and a PNG of its spectrogram."""

    wav: bytes
    png: bytes


def excerpt(path: Path) -> Excerpt:
    """Return at most the first 10 s of a recording, to listen to and to look at.

    Raises:
        AudioError: the recording cannot be read.
        MissingExtraError: its format needs PyAV, which is not installed.
    """
    audio = decode(path)
    rate = audio.sampling_rate_hz
    signal = audio.signal[: int(LONGEST_S * rate)]
    wav = io.BytesIO()
    soundfile.write(wav, signal, rate, format="WAV", subtype="PCM_16")
    level_db = _DB_PER_NEPER * log_mel(signal, LogMelConfig(sampling_rate_hz=rate))
    drawing = spectrogram_plot(level_db, duration_s=len(signal) / rate)
    return Excerpt(wav=wav.getvalue(), png=to_png(drawing, dpi=80))
