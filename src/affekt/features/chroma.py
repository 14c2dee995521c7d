"""Chroma: how strong each of the twelve pitch classes is, tuning estimated, as librosa does it.

Sources: D. Ellis, "Chroma feature analysis and synthesis" (2007), for the filters; J. O. Smith,
"Spectral audio signal processing", for the interpolated peaks.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from affekt.features.spectra import FloatArray
from affekt.features.stft import Stft

N_CHROMA = 12
_A4_HZ = 440.0
_PEAK_FMIN_HZ = 150.0
_PEAK_FMAX_HZ = 4000.0
_PEAK_THRESHOLD = 0.1
# Candidates of the tuning, in semitones from -0.5 to 0.5.
_TUNINGS = np.linspace(-0.5, 0.5, 101)
# The filters weigh octaves as a Gaussian does, about this many octaves above A0.
_CENTRE_OCTAVE = 5.0
_OCTAVE_WIDTH = 2.0


def chroma(stft: Stft, spectrogram: FloatArray | None = None) -> FloatArray:
    """Energy of the pitch classes C, C sharp, ... B, largest one 1, `[frames, 12]`.

    `max-normalised(spectrogram @ filters)`; the filters are Gaussians about the semitones of a
    scale tuned as `estimate_tuning` says. It is `librosa.feature.chroma_stft(S=spectrogram)`.

    Args:
        stft: of the signal.
        spectrogram: `[frames, bins]` of it; the power where none is given. Notebooks often pass
            the magnitude, which weighs quiet partials more.

    Returns:
        0 to 1; frames of silence are all zeros.
    """
    strengths = stft.power if spectrogram is None else spectrogram
    tuning = estimate_tuning(stft, strengths)
    raw = strengths @ chroma_filters(stft.sampling_rate_hz, stft.n_fft, tuning)
    largest = raw.max(axis=1, keepdims=True)
    largest[largest < np.finfo(np.float32).tiny] = 1.0
    normalised: FloatArray = raw / largest
    return normalised


def estimate_tuning(stft: Stft, spectrogram: FloatArray) -> float:
    """How far the pitches lie from those of a piano tuned to 440 Hz, in semitones, -0.5 to 0.5.

    The mode (in steps of 0.01) of the deviations of all spectral peaks at least as strong as their
    median: `librosa.estimate_tuning(S=spectrogram)`. 0 where there is no peak.
    """
    pitches_hz, strengths = spectral_peaks(stft, spectrogram)
    if pitches_hz.size == 0:
        return 0.0
    strong_hz = pitches_hz[strengths >= np.median(strengths)]
    semitones = np.float32(N_CHROMA) * np.log2(strong_hz / np.float32(_A4_HZ / 16.0))
    deviations = semitones - np.floor(semitones)
    deviations -= deviations >= 0.5
    steps = np.searchsorted(_TUNINGS, deviations, side="right") - 1
    return float(_TUNINGS[np.argmax(np.bincount(steps, minlength=_TUNINGS.size))])


def spectral_peaks(stft: Stft, spectrogram: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Find the peaks of all frames from 150 to 4000 Hz, as `librosa.piptrack` does.

    A peak is a local maximum over frequency that exceeds a tenth of its frame's maximum; a parabola
    through it and its neighbours gives the frequency and the strength.

    Returns:
        Frequencies in Hz and strengths, both `[peaks]`, frame after frame.
    """
    bin_hz = stft.sampling_rate_hz / stft.n_fft
    n_bins = spectrogram.shape[1]
    first = max(1, int(np.ceil(_PEAK_FMIN_HZ / bin_hz)))
    last = min(n_bins - 1, int(np.ceil(_PEAK_FMAX_HZ / bin_hz)))
    centre = spectrogram[:, first:last]
    is_peak = centre > np.float32(_PEAK_THRESHOLD) * spectrogram.max(axis=1, keepdims=True)
    is_peak &= centre > spectrogram[:, first - 1 : last - 1]
    is_peak &= centre >= spectrogram[:, first + 1 : last + 1]
    frames, bins = np.divmod(np.flatnonzero(is_peak), last - first)
    bins += first
    flat, at = spectrogram.ravel(), frames * n_bins + bins
    below, peak, above = flat[at - 1], flat[at], flat[at + 1]
    slope = (above - below) / np.float32(2.0)
    # In double precision, as the reference: the shift decides the hundredths of a semitone.
    curvature = above.astype(np.float64) + below - 2.0 * peak.astype(np.float64)
    inside = np.abs(slope) < np.abs(curvature)
    shift = np.divide(-slope, curvature, out=np.zeros_like(curvature), where=inside)
    shift = shift.astype(np.float32)
    pitches_hz = ((bins + shift) * stft.sampling_rate_hz / stft.n_fft).astype(np.float32)
    return pitches_hz, peak + np.float32(0.5) * slope * shift


@lru_cache(maxsize=256)
def chroma_filters(sampling_rate_hz: int, n_fft: int, tuning: float) -> FloatArray:
    """Filters from Fourier bins to pitch classes, C first, `[1 + n_fft // 2, 12]`."""
    hz = np.arange(1, n_fft) * (sampling_rate_hz / n_fft)
    a0_hz = _A4_HZ * 2.0 ** (tuning / N_CHROMA) / 16.0
    semitones = N_CHROMA * np.log2(hz / a0_hz)
    # The bin of 0 Hz is put one and a half octaves below the first.
    semitones = np.concatenate(([semitones[0] - 1.5 * N_CHROMA], semitones))
    widths = np.concatenate((np.maximum(np.diff(semitones), 1.0), [1.0]))
    half = N_CHROMA // 2
    distances = np.mod(semitones[:, None] - np.arange(N_CHROMA) + half, N_CHROMA) - half
    filters = np.exp(-0.5 * (2.0 * distances / widths[:, None]) ** 2)
    filters /= np.linalg.norm(filters, axis=1, keepdims=True)
    octaves = semitones / N_CHROMA - _CENTRE_OCTAVE
    filters *= np.exp(-0.5 * (octaves / _OCTAVE_WIDTH) ** 2)[:, None]
    # From A first to C first.
    kept = np.roll(filters, -3, axis=1)[: n_fft // 2 + 1].astype(np.float32)
    kept.setflags(write=False)
    return kept
