"""What the waveform itself says, frame by frame: zero crossings, RMS, energy.

Frames are those of the shared transform: `n_fft` samples, centred on multiples of the hop.
"""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt

from affekt.features.spectra import FloatArray
from affekt.features.stft import Stft

# Smaller samples count as zero, and zero counts as positive: librosa's rule.
_ZERO = 1e-10


def zero_crossing_rate(stft: Stft) -> FloatArray:
    """Share of samples at which the sign changes, 0 to 1, `[frames]`.

    `ZCR[t] = |{n in frame t : sign(x[n]) != sign(x[n - 1])}| / frame length`; a frame's first
    sample has no predecessor. Beyond the ends the signal keeps its last value. This is
    `librosa.feature.zero_crossing_rate`.
    """
    negative = stft.signal < -_ZERO
    padded = np.zeros(stft.signal.size + 2 * (stft.n_fft // 2), dtype=np.uint8)
    start = stft.n_fft // 2
    crossings = padded[start + 1 : start + stft.signal.size]
    np.not_equal(negative[1:], negative[:-1], out=crossings.view(np.bool_))
    first = padded[:: stft.hop_length][: stft.n_frames]
    rate: FloatArray = (_sum_frames(padded, stft) - first) / np.float32(stft.n_fft)
    return rate


def frame_energy(stft: Stft) -> FloatArray:
    """Sum of squares over the frame length, `E[t] = sum(x[n]^2) / frame length`, `[frames]`.

    Beyond the ends the signal is zero.
    """
    squares = np.zeros(stft.signal.size + 2 * (stft.n_fft // 2), dtype=np.float32)
    np.square(stft.signal, out=squares[stft.n_fft // 2 :][: stft.signal.size])
    energy: FloatArray = _sum_frames(squares, stft) / np.float32(stft.n_fft)
    return energy


def rms(stft: Stft) -> FloatArray:
    """Root mean square, `sqrt(E[t])`, `[frames]`: `librosa.feature.rms` of a waveform."""
    return np.sqrt(frame_energy(stft))


def _sum_frames(padded: npt.NDArray[np.float32] | npt.NDArray[np.uint8], stft: Stft) -> FloatArray:
    """Sum over each frame, by way of the longest blocks that frames and hops are made of."""
    block = gcd(stft.n_fft, stft.hop_length)
    whole = padded[: padded.size // block * block].reshape(-1, block)
    sums = whole.sum(axis=1, dtype=np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sums, stft.n_fft // block)
    totals: FloatArray = frames[:: stft.hop_length // block][: stft.n_frames].sum(axis=-1)
    return totals
