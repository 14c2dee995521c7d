"""What is done to a clip before features are taken: trimming, pre-emphasis, a fixed length."""

from __future__ import annotations

from typing import Literal

import numpy as np

from affekt.audio.signal import Signal

_FRAME = 2048
_HOP = 512
# Levels below -100 dBFS are taken for -100 dBFS, so that silence has a level at all.
_FLOOR = 1e-5


def trim(signal: Signal, sampling_rate: int, *, top_db: float = 30.0) -> Signal:
    """Cut off what is silent before the first and after the last loud frame.

    Frames of 2048 samples (128 ms at 16 kHz) every 512 samples, centred, zeros beyond the ends; a
    frame is loud when its RMS lies less than `top_db` below that of the loudest one. What remains
    begins at the centre of the first loud frame and ends one hop after that of the last. This is
    what `librosa.effects.trim` does. A clip of nothing but silence stays whole.

    Args:
        signal: mono `[samples]`.
        sampling_rate: in Hz; frames keep their length in milliseconds from one rate to another.
        top_db: how far below the loudest frame silence begins, above 0.

    Returns:
        A view of the signal, never empty unless the signal is.

    Raises:
        ValueError: `top_db` is not positive.
    """
    if not top_db > 0.0:
        raise ValueError(f"top_db is {top_db}, and must be above 0")
    if signal.size == 0:
        return signal
    hop = max(1, round(_HOP * sampling_rate / 16000))
    rms = np.maximum(_frame_rms(signal, hop), _FLOOR)
    loud = np.flatnonzero(20.0 * np.log10(rms / rms.max()) > -top_db)
    return signal[loud[0] * hop : (loud[-1] + 1) * hop]


def pre_emphasis(signal: Signal, *, coefficient: float = 0.97) -> Signal:
    """Raise high frequencies: `y[n] = x[n] - coefficient * x[n - 1]`, with `x[-1] = 0`.

    Args:
        signal: mono `[samples]`.
        coefficient: 0 (nothing happens) to 1 (a plain difference).

    Returns:
        A new array of the same length.
    """
    emphasised = signal.copy()
    emphasised[1:] -= np.float32(coefficient) * signal[:-1]
    return emphasised


def fix_length(
    array: Signal, length: int, *, axis: int = -1, mode: Literal["edge", "zero"] = "zero"
) -> Signal:
    """Bring one axis to `length`: cut at the end, or pad there.

    Args:
        array: any shape; for "edge" not empty along `axis`.
        length: of the axis afterwards, 0 or more.
        axis: which one.
        mode: "edge" repeats the last values, "zero" appends zeros.

    Returns:
        A view of the array where it was cut or fits, otherwise a new array.
    """
    missing = length - array.shape[axis]
    if missing <= 0:
        return array[(slice(None),) * (axis % array.ndim) + (slice(length),)]
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, missing)
    return np.pad(array, widths, mode="edge" if mode == "edge" else "constant")


def _frame_rms(signal: Signal, hop: int) -> Signal:
    """Return the RMS of centred frames of four hops, `[1 + samples // hop]`."""
    padded = np.zeros((signal.size // hop + 4) * hop, dtype=np.float32)
    used = signal[: padded.size - 2 * hop]
    padded[2 * hop : 2 * hop + used.size] = used
    blocks = padded.reshape(-1, hop)
    energy = np.einsum("ij,ij->i", blocks, blocks)
    sums = np.lib.stride_tricks.sliding_window_view(energy, _FRAME // _HOP).sum(axis=-1)
    rms: Signal = np.sqrt(sums / np.float32(hop * _FRAME // _HOP))
    return rms
