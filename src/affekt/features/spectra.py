"""Log-mel spectra in numpy, and the two matrices every front end of ours is made of.

The mel scale and the filters are Slaney's (Auditory Toolbox, 1998), as librosa computes them with
`htk=False, norm="slaney"`; the Fourier transform of one frame is a windowed, centred one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

_HZ_PER_LINEAR_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_LINEAR_MEL
_LOG_STEP = np.log(6.4) / 27.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMelConfig:
    """How a log-mel spectrum is computed.

    Attributes:
        sampling_rate_hz: of the signal.
        window_length: samples under the Hann window, which is also the Fourier length; even.
        hop_length: samples from one frame to the next.
        n_mels: bands.
        fmin_hz, fmax_hz: edges of the filterbank.
        floor: added to the power before the logarithm (full-scale signal: about 1e2).
    """

    sampling_rate_hz: int = 16000
    window_length: int = 640
    hop_length: int = 256
    n_mels: int = 80
    fmin_hz: float = 50.0
    fmax_hz: float = 7600.0
    floor: float = 1e-5

    def __post_init__(self) -> None:
        if self.window_length < 2 or self.window_length % 2:
            raise ValueError("window_length must be even and positive")
        if not 0 < self.hop_length <= self.window_length:
            raise ValueError("hop_length must lie between 1 and window_length")
        if not 0.0 <= self.fmin_hz < self.fmax_hz <= self.sampling_rate_hz / 2:
            raise ValueError("0 <= fmin_hz < fmax_hz <= sampling_rate_hz / 2 must hold")
        if self.n_mels < 1 or self.floor <= 0.0:
            raise ValueError("n_mels and floor must be positive")
        if not mel_filterbank(self).any(axis=1).all():
            raise ValueError(
                "n_mels is too large for this window_length: a band holds no Fourier bin"
            )

    @property
    def frame_hop_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop_length / self.sampling_rate_hz


def hz_to_mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Slaney's mel scale: linear below 1 kHz, logarithmic above."""
    hz = np.asarray(frequency_hz, dtype=np.float64)
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_LINEAR_MEL, above)


def mel_to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    mels = np.asarray(mel, dtype=np.float64)
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mels, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mels < _BREAK_MEL, mels * _HZ_PER_LINEAR_MEL, above)


def _band_edges(n_mels: int, fmin_hz: float, fmax_hz: float) -> npt.NDArray[np.float64]:
    return mel_to_hz(np.linspace(hz_to_mel(fmin_hz), hz_to_mel(fmax_hz), n_mels + 2))


def mel_frequencies(n_mels: int, fmin_hz: float, fmax_hz: float) -> npt.NDArray[np.float64]:
    """Centre frequencies of the bands in Hz, `[n_mels]`."""
    return _band_edges(n_mels, fmin_hz, fmax_hz)[1:-1]


@lru_cache(maxsize=8)
def mel_filterbank(config: LogMelConfig) -> FloatArray:
    """Triangular filters of equal area, `[n_mels, window_length // 2 + 1]`."""
    return mel_filters(
        sampling_rate_hz=config.sampling_rate_hz,
        n_fft=config.window_length,
        n_mels=config.n_mels,
        fmin_hz=config.fmin_hz,
        fmax_hz=config.fmax_hz,
    )


def mel_filters(
    *, sampling_rate_hz: int, n_fft: int, n_mels: int, fmin_hz: float, fmax_hz: float
) -> FloatArray:
    """Triangular filters of equal area for any Fourier length, `[n_mels, n_fft // 2 + 1]`.

    A filter narrower than the distance of two Fourier bins may hold none, and is then all zeros.
    """
    edges = _band_edges(n_mels, fmin_hz, fmax_hz)
    bins = np.fft.rfftfreq(n_fft, 1.0 / sampling_rate_hz)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    triangles *= 2.0 / (edges[2:] - edges[:-2])[:, None]
    return triangles.astype(np.float32)


@lru_cache(maxsize=8)
def hann_window(length: int) -> FloatArray:
    """Periodic Hann window `[length]`."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(length) / length)).astype(np.float32)


def log_mel(signal: FloatArray, config: LogMelConfig) -> FloatArray:
    """Log-mel spectrum of a mono signal.

    Frames are centred on multiples of the hop; the ends are padded with zeros.

    Args:
        signal: float32 `[samples]` at `config.sampling_rate_hz`, full scale 1.
        config: the settings.

    Returns:
        Natural logarithm of mel power plus floor, float32 `[1 + samples // hop, n_mels]`.
    """
    pad = config.window_length // 2
    padded = np.pad(np.asarray(signal, dtype=np.float32), pad)
    frames = np.lib.stride_tricks.sliding_window_view(padded, config.window_length)
    frames = frames[:: config.hop_length][: 1 + len(signal) // config.hop_length]
    spectrum = np.fft.rfft(frames * hann_window(config.window_length), axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    bands: FloatArray = np.log(power @ mel_filterbank(config).T + np.float32(config.floor))
    return bands
