"""Whether a recording holds anything above 4 kHz, or comes through a telephone line."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from affekt.audio.signal import Signal, joined

NARROW_BAND = (
    "Nothing lies above 4 kHz, as on a telephone line: answers are right far less often on such "
    "sound, and `affekt models show` says how often."
)

_FRAME_S = 0.032
# Sampled at this rate or a lower one, a recording has nothing there.
_NARROW_RATE_HZ = 8_400
_EDGE_HZ = 4_200
_LOWEST_HZ = 100
# A voice has this share of its power on either side of 1 kHz at once; tones and hum have not, and
# of them it says nothing that they end below 4 kHz.
_MIDDLE_HZ = 1_000
_VOICE_SHARE = 1e-4
# The two in a hundred frames that are brightest decide; in speech these are fricatives. Of clean
# clips of nine corpora none lies below -47 dB, and speech over 300 to 3400 Hz, in 16 bits, below
# -50 dB.
_BRIGHTEST = 0.02
_LEAST_DB = -48.0
# Most recordings are settled by every fourth frame, if those reach this.
_GLANCE = 4
_SURE_DB = -40.0
# Judged are the frames within 30 dB of the loudest that are not clipped, for clipping is bright.
_RANGE_DB = 30.0
_CLIPPED = 0.98
# What 16 bits with dither add may not pass for sound either: frames lie this far above it.
_ABOVE_NOISE_DB = 46.0
_NOISE_POWER = 2.0**-30
_FEWEST_FRAMES = 15
# Larger arrays are fetched anew from the system each time, which costs more than the work.
_BATCH = 24
_SECTION_FRAMES = 312  # 10 s


class Bandwidth:
    """Listens to a signal until it is sure that something lies above 4 kHz.

    The recording is judged in sections of 10 s; one with anything up there is enough.

    Args:
        sampling_rate_hz: of the signal.
        source_rate_hz: of the recording it was made from.
    """

    def __init__(self, sampling_rate_hz: int, source_rate_hz: float) -> None:
        self._rate_hz = sampling_rate_hz
        self._frame = round(_FRAME_S * sampling_rate_hz)
        self._held: list[Signal] = []
        self._count = 0
        self._narrow = source_rate_hz <= _NARROW_RATE_HZ
        self._open = not self._narrow and sampling_rate_hz > 2 * _EDGE_HZ

    def update(self, signal: Signal) -> None:
        """Look at the next samples, any number of them."""
        section = _SECTION_FRAMES * self._frame
        while self._open and signal.size:
            taken = signal[: section - self._count]
            signal = signal[taken.size :]
            self._held.append(taken)
            self._count += taken.size
            if self._count == section:
                self._judge()

    def warnings(self) -> list[str]:
        """Say that nothing was found up there, once all has been seen."""
        if self._open:
            self._judge()
        return [NARROW_BAND] if self._narrow else []

    def _judge(self) -> None:
        signal = joined(self._held)
        self._held, self._count = [], 0
        whole = signal.size - signal.size % self._frame
        frames = signal[:whole].reshape(-1, self._frame)
        brightest = self._brightest_db(frames[::_GLANCE], fewest=_FEWEST_FRAMES // _GLANCE)
        if brightest is None or brightest <= _SURE_DB:
            brightest = self._brightest_db(frames, fewest=_FEWEST_FRAMES)
        if brightest is not None:
            self._narrow = self._open = brightest <= _LEAST_DB

    def _brightest_db(self, frames: Signal, *, fewest: int) -> float | None:
        """Return what share of the power lies above 4 kHz; None where too little is loud enough."""
        if len(frames) < fewest:
            return None
        window, lowest, middle, high = _analysis(self._frame, self._rate_hz)
        found = []
        for first in range(0, len(frames), _BATCH):
            batch = frames[first : first + _BATCH]
            spectra = np.fft.rfft(batch * window, axis=1)  # in double precision, which is faster
            powers = spectra.real**2 + spectra.imag**2
            peak = np.maximum(batch.max(axis=1), -batch.min(axis=1))
            sums = [powers[:, part:].sum(axis=1) for part in (lowest, middle, high)]
            found.append((*sums, peak))
        power, bright, above, peak = (np.concatenate(part) for part in zip(*found, strict=True))
        noise = _NOISE_POWER * float(np.square(window).sum()) * (self._frame // 2 + 1 - high)
        least = max(noise * 10 ** (_ABOVE_NOISE_DB / 10), power.max() * 10 ** (-_RANGE_DB / 10))
        judged = (power >= least) & (peak < _CLIPPED)
        voiced = np.minimum(bright, power - bright) > _VOICE_SHARE * power
        if (judged & voiced).sum() < fewest:
            return None
        shares = above[judged] / power[judged]
        rank = math.ceil(_BRIGHTEST * shares.size)
        return 10.0 * math.log10(max(float(np.partition(shares, -rank)[-rank]), 1e-30))


@lru_cache(maxsize=4)
def _analysis(frame: int, rate_hz: int) -> tuple[npt.NDArray[np.float64], int, int, int]:
    """Return the window of a frame, and the first bin above 100 Hz, 1 kHz and 4.2 kHz."""
    hz = np.fft.rfftfreq(frame, 1 / rate_hz)
    lowest, middle, high = (int((hz <= edge).sum()) for edge in (_LOWEST_HZ, _MIDDLE_HZ, _EDGE_HZ))
    return np.hanning(frame + 1)[:-1], lowest, middle, high
