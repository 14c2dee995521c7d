"""One short-time Fourier transform of a clip, shared by every feature taken from it.

The conventions are librosa's: frames are centred on multiples of the hop, the ends are padded with
zeros, the window is a periodic Hann window. Everything is computed when first asked for, once.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from affekt.features.spectra import FloatArray, hann_window, mel_filters

_BANDS_A_BLOCK = 16
# Under 128 KiB in float32: what is larger, malloc gets from the system page by page, every time,
# which takes as long as the transform itself.
_BLOCK_SAMPLES = 12 * 2048


class Stft:
    """Spectra of a mono signal, frame after frame; one object a clip, not shared by threads.

    Args:
        signal: float32 `[samples]`, at least one sample.
        sampling_rate_hz: of the signal.
        n_fft: samples under the window, which is also the Fourier length.
        hop_length: samples from one frame to the next.

    Raises:
        ValueError: the signal is empty or has more than one axis.
    """

    def __init__(
        self,
        signal: FloatArray,
        *,
        sampling_rate_hz: int = 16000,
        n_fft: int = 2048,
        hop_length: int = 512,
    ) -> None:
        self.signal = np.asarray(signal, dtype=np.float32)
        if self.signal.ndim != 1 or self.signal.size == 0:
            raise ValueError(f"a mono signal must be [samples], not {list(self.signal.shape)}")
        self.sampling_rate_hz = sampling_rate_hz
        self.n_fft = n_fft
        self.hop_length = hop_length
        self._mel: dict[int, FloatArray] = {}

    @property
    def n_frames(self) -> int:
        """Frames: `1 + samples // hop` for an even `n_fft`."""
        return 1 + (self.signal.size - self.n_fft % 2) // self.hop_length

    @cached_property
    def magnitude(self) -> FloatArray:
        """Linear spectrogram `|X|`, `[frames, 1 + n_fft // 2]`."""
        padded = np.zeros(self.signal.size + self.n_fft // 2 * 2, dtype=np.float32)
        padded[self.n_fft // 2 :][: self.signal.size] = self.signal
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop_length]
        window = hann_window(self.n_fft)
        magnitude = np.empty((self.n_frames, 1 + self.n_fft // 2), dtype=np.float32)
        step = max(1, _BLOCK_SAMPLES // self.n_fft)
        for first in range(0, self.n_frames, step):
            block = frames[first : first + step] * window
            magnitude[first : first + step] = np.abs(np.fft.rfft(block, axis=-1))
        return magnitude

    @cached_property
    def power(self) -> FloatArray:
        """Power spectrogram `|X|^2`, `[frames, 1 + n_fft // 2]`."""
        return np.square(self.magnitude)

    def mel(self, n_mels: int = 128) -> FloatArray:
        """Mel spectrogram: the power under triangular filters, `[frames, n_mels]`.

        The filters are Slaney's, of equal area, from 0 Hz to half the sampling rate, as
        `librosa.feature.melspectrogram` has them. The logarithm is not taken.
        """
        if n_mels not in self._mel:
            blocks = _mel_blocks(self.sampling_rate_hz, self.n_fft, n_mels)
            self._mel[n_mels] = np.concatenate(
                [np.square(self.magnitude[:, bins]) @ filters for bins, filters in blocks], axis=1
            )
        return self._mel[n_mels]


def power_to_db(
    power: FloatArray, *, ref: float = 1.0, floor: float = 1e-10, range_db: float = 80.0
) -> FloatArray:
    """Power in decibels above `ref`, cut `range_db` below its own maximum.

    `10 log10(max(power, floor) / max(ref, floor))`, as `librosa.power_to_db` has it.

    Args:
        power: any shape, 0 or more.
        ref: power of 0 dB.
        floor: the least power that differs from silence.
        range_db: from the loudest value to the lowest one kept.
    """
    decibels = 10.0 * np.log10(np.maximum(power, np.float32(floor)))
    decibels -= np.float32(10.0 * np.log10(max(ref, floor)))
    raised: FloatArray = np.maximum(decibels, decibels.max() - np.float32(range_db))
    return raised


@lru_cache(maxsize=8)
def _mel_blocks(
    sampling_rate_hz: int, n_fft: int, n_mels: int
) -> tuple[tuple[slice, FloatArray], ...]:
    """Cut the filterbank into blocks of bands, each with the bins it covers and no others."""
    filters = mel_filters(
        sampling_rate_hz=sampling_rate_hz,
        n_fft=n_fft,
        n_mels=n_mels,
        fmin_hz=0.0,
        fmax_hz=sampling_rate_hz / 2,
    )
    blocks = []
    for first in range(0, n_mels, _BANDS_A_BLOCK):
        bands = filters[first : first + _BANDS_A_BLOCK]
        used = np.flatnonzero(bands.any(axis=0))
        bins = slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 1)
        blocks.append((bins, np.ascontiguousarray(bands[:, bins].T)))
    return tuple(blocks)
