"""Augmentation of waveforms, for copies made beforehand and for tests of robustness.

Functions take `(signal, sampling_rate)`, mono float32 `[samples]`, and return a new array; the
classes of the same nouns wrap them in the contract of `affekt.augment.base`.
"""

# The contract hands every draw the shape; not every step needs it.
# ruff: noqa: ARG002

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import soxr

from affekt.augment.base import Array, Augmentation, Draw, check_at_least, check_range, uniform
from affekt.augment.vocoder import stretch

Colour = Literal["white", "pink", "brown"]
COLOURS: tuple[Colour, ...] = get_args(Colour)
_EXPONENT: dict[Colour, float] = {"white": 0.0, "pink": 0.5, "brown": 1.0}
_COLOUR_CORNER_HZ = 20.0
_SEED_LIMIT = 2**32


def coloured_noise(
    samples: int, sampling_rate: int, *, colour: Colour, rng: np.random.Generator
) -> Array:
    """Make Gaussian noise with a mean power of 1, `[samples]`.

    Power falls with frequency by 0 (white), 3 (pink) or 6 dB (brown) an octave; below 20 Hz it
    stays level, so that brown noise does not drift.
    """
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency_hz = np.fft.rfftfreq(samples, 1.0 / sampling_rate)
    spectrum *= np.maximum(frequency_hz, _COLOUR_CORNER_HZ) ** -_EXPONENT[colour]
    noise = np.fft.irfft(spectrum, samples)
    noise /= np.sqrt(np.mean(noise**2))
    return noise.astype(np.float32)


def add_noise(
    signal: Array,
    sampling_rate: int,
    *,
    snr_db: float,
    colour: Colour,
    rng: np.random.Generator,
) -> Array:
    """Add noise at a signal-to-noise ratio, mean power over the whole clip to that of the noise."""
    noise = coloured_noise(signal.size, sampling_rate, colour=colour, rng=rng)
    power = float(np.mean(np.square(signal, dtype=np.float64)))
    return signal + noise * np.float32(np.sqrt(power / 10.0 ** (snr_db / 10.0)))


def shift(signal: Array, sampling_rate: int, *, shift_s: float, wrap: bool = False) -> Array:
    """Move a clip in time and keep its length; positive is later.

    Zeros enter at the end left free, or with `wrap` what left on the other side.
    """
    samples = round(shift_s * sampling_rate)
    shifted: Array = np.roll(signal, samples)
    if not wrap and samples > 0:
        shifted[:samples] = 0.0
    elif not wrap and samples < 0:
        shifted[samples:] = 0.0
    return shifted


def change_speed(signal: Array, sampling_rate: int, *, factor: float) -> Array:
    """Play faster (factor above 1) or slower: duration falls and frequencies rise by the factor.

    Returns:
        `round(samples / factor)` samples.
    """
    resampled = soxr.resample(signal, sampling_rate * factor, sampling_rate)
    return _with_length(resampled, round(signal.size / factor))


def change_pitch(signal: Array, sampling_rate: int, *, semitones: float) -> Array:
    """Raise or lower all frequencies, formants too, and keep the duration; 12 is an octave up."""
    ratio = 2.0 ** (semitones / 12.0)
    longer = stretch(signal, sampling_rate, rate=1.0 / ratio)
    return _with_length(change_speed(longer, sampling_rate, factor=ratio), signal.size)


@dataclass(frozen=True, kw_only=True)
class WaveformAugmentation(Augmentation):
    """What all steps on waveforms share.

    Attributes:
        sampling_rate_hz: of the arrays `[samples]` that will come.
    """

    sampling_rate_hz: int = 16000

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("sampling_rate_hz", self.sampling_rate_hz, 1000)


@dataclass(frozen=True, kw_only=True)
class Noise(WaveformAugmentation):
    """Add Gaussian noise of a drawn colour.

    Attributes:
        snr_db: range of the signal-to-noise ratio.
        colours: the colours to choose from.
    """

    snr_db: tuple[float, ...] = (5.0, 30.0)
    colours: tuple[str, ...] = COLOURS

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("snr_db", self.snr_db)
        if not self.colours or not set(self.colours) <= set(COLOURS):
            raise ValueError(f"colours is {self.colours}, and must be some of {COLOURS}")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `snr_db`, `colour` and the `seed` of the noise."""
        return {
            "snr_db": uniform(rng, self.snr_db),
            "colour": self.colours[int(rng.integers(len(self.colours)))],
            "seed": int(rng.integers(_SEED_LIMIT)),
        }

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the noisy signal; see `add_noise`."""
        rng = np.random.default_rng(draw["seed"])
        snr_db, colour = draw["snr_db"], draw["colour"]
        return add_noise(array, self.sampling_rate_hz, snr_db=snr_db, colour=colour, rng=rng)


@dataclass(frozen=True, kw_only=True)
class Shift(WaveformAugmentation):
    """Move the clip in time.

    Attributes:
        share: range of the shift as a share of the clip (-1 to 1); positive is later.
        wrap: what leaves on one side enters on the other, instead of zeros.
    """

    share: tuple[float, ...] = (-0.2, 0.2)
    wrap: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("share", self.share, low=-1.0, high=1.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `shift_s`."""
        return {"shift_s": uniform(rng, self.share) * shape[0] / self.sampling_rate_hz}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the moved signal; see `shift`."""
        return shift(array, self.sampling_rate_hz, shift_s=draw["shift_s"], wrap=self.wrap)


@dataclass(frozen=True, kw_only=True)
class Speed(WaveformAugmentation):
    """Play faster or slower, pitch included.

    Attributes:
        factor: range of the speed; 1.1 is a tenth faster and higher.
    """

    factor: tuple[float, ...] = (0.9, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("factor", self.factor, low=0.25, high=4.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `factor`."""
        return {"factor": uniform(rng, self.factor)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the signal at its new speed; see `change_speed`."""
        return change_speed(array, self.sampling_rate_hz, factor=draw["factor"])


@dataclass(frozen=True, kw_only=True)
class Stretch(WaveformAugmentation):
    """Speak faster or slower at the same pitch.

    Attributes:
        rate: range of the tempo; 1.1 is a tenth faster.
    """

    rate: tuple[float, ...] = (0.85, 1.15)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("rate", self.rate, low=0.25, high=4.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `rate`."""
        return {"rate": uniform(rng, self.rate)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the stretched signal; see `affekt.augment.vocoder.stretch`."""
        return stretch(array, self.sampling_rate_hz, rate=draw["rate"])


@dataclass(frozen=True, kw_only=True)
class Pitch(WaveformAugmentation):
    """Raise or lower all frequencies at the same tempo.

    Attributes:
        semitones: range of the change; 12 is an octave up.
    """

    semitones: tuple[float, ...] = (-2.0, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("semitones", self.semitones, low=-24.0, high=24.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `semitones`."""
        return {"semitones": uniform(rng, self.semitones)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the signal at its new pitch; see `change_pitch`."""
        return change_pitch(array, self.sampling_rate_hz, semitones=draw["semitones"])


def _with_length(signal: Array, samples: int) -> Array:
    """Cut or fill with zeros at the end; resamplers may be a sample off."""
    return np.pad(signal[:samples], (0, max(0, samples - signal.size)))
