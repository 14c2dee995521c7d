"""Augmentation of log-mel spectrograms, cheap enough to run while a network trains.

Arrays are `[frames, mels]`, float32, the natural logarithm of mel power (area-normalised bands,
so that white noise is flat) with a small floor. A clip of 200 frames and 80 mels takes a few
tens of microseconds a step.
"""

# The contract hands every draw the shape; not every step needs it.
# ruff: noqa: ARG002

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from affekt.augment.base import Array, Augmentation, Draw, check_at_least, check_range, uniform
from affekt.features import mel_frequencies

_LOG_PER_DB = math.log(10.0) / 10.0
_SEED_LIMIT = 2**32


@dataclass(frozen=True, kw_only=True)
class MelAugmentation(Augmentation):
    """What the steps share that must know where the mel bands lie.

    Attributes:
        fmin_hz, fmax_hz: edges of the mel filter bank that made the arrays.
    """

    fmin_hz: float = 50.0
    fmax_hz: float = 7600.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.0 <= self.fmin_hz < self.fmax_hz:
            raise ValueError(f"fmin_hz {self.fmin_hz} must lie below fmax_hz {self.fmax_hz}")

    def warp(self, mels: int, ratio: float) -> Array:
        """Return the matrix `[mels, mels]` that moves what lies at f Hz to `ratio * f` Hz.

        Each band out is interpolated between two bands in; where there is no source, the edge's
        value stays. A matrix product beats gathering columns, which numpy does not vectorise.
        """
        centres_hz = _centres_hz(mels, self.fmin_hz, self.fmax_hz)
        bands = np.arange(mels)
        position = np.interp(centres_hz / ratio, centres_hz, bands)
        lower = position.astype(np.intp)
        upper = np.minimum(lower + 1, mels - 1)
        weight = (position - lower).astype(np.float32)
        matrix = np.zeros((mels, mels), dtype=np.float32)
        matrix[lower, bands] = 1.0 - weight
        matrix[upper, bands] += weight
        return matrix


@dataclass(frozen=True, kw_only=True)
class Noise(MelAugmentation):
    """Add steady background noise of a random colour, in the power domain.

    The noise has a straight tilt and a smooth random colour over the mel bands. Its power
    fluctuates from frame to frame as that of Gaussian noise does: exponentially distributed in a
    band as narrow as the analysis window resolves, less where a band averages over more.

    Attributes:
        snr_db: range of the signal-to-noise ratio, mean mel power of the clip to that of the noise.
        tilt_db: range of the noise's rise from the lowest to the highest band; negative is darker.
        colour_db: greatest deviation of the random colour from that line.
        colour_points: control points of the colour, spread evenly over the bands.
        resolution_hz: noise bandwidth of the analysis window; 37.5 is a Hann window of 40 ms.
    """

    snr_db: tuple[float, ...] = (5.0, 30.0)
    tilt_db: tuple[float, ...] = (-30.0, 5.0)
    colour_db: float = 6.0
    colour_points: int = 6
    resolution_hz: float = 37.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("snr_db", self.snr_db)
        check_range("tilt_db", self.tilt_db)
        check_at_least("colour_db", self.colour_db, 0.0)
        check_at_least("colour_points", self.colour_points, 2)
        check_at_least("resolution_hz", self.resolution_hz, 1.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `snr_db`, `tilt_db`, `colour_db` (a list) and the `seed` of the fluctuation."""
        return {
            "snr_db": uniform(rng, self.snr_db),
            "tilt_db": uniform(rng, self.tilt_db),
            "colour_db": _points(rng, self.colour_points, self.colour_db),
            "seed": int(rng.integers(_SEED_LIMIT)),
        }

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return `log(exp(array) + noise)`, with the noise scaled to the drawn ratio exactly."""
        mels = array.shape[1]
        tilt_db = np.linspace(0.0, draw["tilt_db"], mels)
        colour = np.exp(_LOG_PER_DB * (tilt_db + smooth_curve(draw["colour_db"], mels)))
        deviation = _deviation(mels, self.fmin_hz, self.fmax_hz, self.resolution_hz)
        generator = np.random.Generator(np.random.SFC64(draw["seed"]))
        # mean * (1 - deviation + deviation * exponential): mean 1, standard deviation as wanted.
        noise = generator.standard_exponential(array.shape, dtype=np.float32)
        noise *= (colour * deviation).astype(np.float32)
        noise += (colour * (1.0 - deviation)).astype(np.float32)
        power = np.exp(array)
        ratio = 10.0 ** (draw["snr_db"] / 10.0)
        noise *= float(power.mean()) / (ratio * float(noise.mean()))
        noise += power
        return np.log(noise, out=noise)


@dataclass(frozen=True, kw_only=True)
class Babble(Augmentation):
    """Put other voices behind the clip: mel powers of independent sounds add.

    Attributes:
        snr_db: range of the signal-to-noise ratio, mean mel power of the clip to that of the rest.
        talkers: how many talk at once.
        voices: other clips `[frames, mels]` to draw from; the training gives them. Without
            any the clip stays as it is.
    """

    snr_db: tuple[float, ...] = (0.0, 20.0)
    talkers: int = 6
    voices: tuple[Array, ...] | Sequence[Array] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("snr_db", self.snr_db)
        check_at_least("talkers", self.talkers, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `snr_db`, the numbers of the `voices` and where each begins, as shares of it."""
        talkers = self.talkers if self.voices else 0
        return {
            "snr_db": uniform(rng, self.snr_db),
            "voices": rng.integers(max(1, len(self.voices)), size=talkers).tolist(),
            "begin": rng.random(talkers).tolist(),
        }

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return `log(exp(array) + babble)`, with the babble scaled to the drawn ratio exactly."""
        if not draw["voices"]:
            return array.copy()
        babble = np.zeros_like(array)
        for number, begin in zip(draw["voices"], draw["begin"], strict=True):
            voice = np.exp(np.asarray(self.voices[number], dtype=np.float32))
            place = (int(begin * len(voice)) + np.arange(len(array))) % len(voice)
            babble += voice[place] / voice.mean()
        power = np.exp(array)
        ratio = 10.0 ** (draw["snr_db"] / 10.0)
        babble *= float(power.mean()) / (ratio * float(babble.mean()))
        babble += power
        return np.log(babble, out=babble)


@dataclass(frozen=True, kw_only=True)
class Speed(MelAugmentation):
    """Play faster or slower: time shrinks and frequencies rise by the same factor.

    Attributes:
        factor: range of the speed; 1.1 is a tenth faster and higher.

    Source: Ko et al., "Audio augmentation for speech recognition", Interspeech 2015, there on
    waveforms.
    """

    factor: tuple[float, ...] = (0.9, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("factor", self.factor, low=0.25, high=4.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `factor`."""
        return {"factor": uniform(rng, self.factor)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return `round(frames / factor)` frames, linearly interpolated in time and frequency."""
        resampled = _resample_frames(array, draw["factor"])
        return resampled @ self.warp(array.shape[1], draw["factor"])


@dataclass(frozen=True, kw_only=True)
class Pitch(MelAugmentation):
    """Raise or lower all frequencies and keep the time; formants move with the pitch.

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
        """Return the array with its mel axis warped."""
        ratio = 2.0 ** (draw["semitones"] / 12.0)
        return array @ self.warp(array.shape[1], ratio)


@dataclass(frozen=True, kw_only=True)
class Shift(Augmentation):
    """Move the clip in time by whole frames.

    Attributes:
        share: range of the shift as a share of the clip (-1 to 1); positive is later.
        fill: what enters at the end left free: "floor" the clip's lowest value, "wrap" the frames
            that left on the other side.
    """

    share: tuple[float, ...] = (-0.2, 0.2)
    fill: Literal["floor", "wrap"] = "floor"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("share", self.share, low=-1.0, high=1.0)
        if self.fill not in ("floor", "wrap"):
            raise ValueError(f"fill is '{self.fill}', and must be 'floor' or 'wrap'")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `frames`."""
        return {"frames": round(uniform(rng, self.share) * shape[0])}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return as many frames as came in."""
        frames = draw["frames"]
        shifted: Array = np.roll(array, frames, axis=0)
        if self.fill == "floor" and frames > 0:
            shifted[:frames] = array.min()
        elif self.fill == "floor" and frames < 0:
            shifted[frames:] = array.min()
        return shifted


@dataclass(frozen=True, kw_only=True)
class Gain(Augmentation):
    """Make the clip louder or softer, its noise floor with it.

    Attributes:
        gain_db: range of the change.
    """

    gain_db: tuple[float, ...] = (-10.0, 10.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("gain_db", self.gain_db)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `gain_db`."""
        return {"gain_db": uniform(rng, self.gain_db)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the array plus a constant."""
        return array + np.float32(_LOG_PER_DB * draw["gain_db"])


@dataclass(frozen=True, kw_only=True)
class FilterResponse(Augmentation):
    """Give the clip the smooth frequency response of another microphone or channel.

    Attributes:
        depth_db: greatest deviation of a control point from a flat response.
        points: control points, spread evenly over the mel bands.
    """

    depth_db: float = 6.0
    points: int = 6

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("depth_db", self.depth_db, 0.0)
        check_at_least("points", self.points, 2)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `response_db`, one value a control point."""
        return {"response_db": _points(rng, self.points, self.depth_db)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the array plus one curve over the mels."""
        curve = _LOG_PER_DB * smooth_curve(draw["response_db"], array.shape[1])
        return array + curve.astype(np.float32)


def smooth_curve(points: list[float], mels: int) -> NDArray[np.float64]:
    """Join control points, spread evenly over `mels` bands, by smooth steps.

    Between two points the curve follows `3t^2 - 2t^3`: level at each point, without overshoot.
    """
    values = np.asarray(points)
    lower, step = _curve_steps(len(points), mels)
    curve: NDArray[np.float64] = values[lower] + (values[lower + 1] - values[lower]) * step
    return curve


@lru_cache(maxsize=16)
def _curve_steps(points: int, mels: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    position = np.linspace(0.0, points - 1.0, mels)
    lower = np.minimum(position.astype(np.intp), points - 2)
    t = position - lower
    return lower, t * t * (3.0 - 2.0 * t)


@lru_cache(maxsize=16)
def _centres_hz(mels: int, fmin_hz: float, fmax_hz: float) -> NDArray[np.float64]:
    return np.asarray(mel_frequencies(mels, fmin_hz, fmax_hz), dtype=np.float64)


@lru_cache(maxsize=16)
def _deviation(
    mels: int, fmin_hz: float, fmax_hz: float, resolution_hz: float
) -> NDArray[np.float64]:
    """Relative standard deviation of the power of Gaussian noise in each band, `[mels]`, 0 to 1.

    A triangular band of base w averages about `0.75 w / resolution_hz` independent values.
    """
    if mels < 2:
        return np.ones(mels)
    base_hz = 2.0 * np.gradient(_centres_hz(mels, fmin_hz, fmax_hz))
    deviation: NDArray[np.float64] = 1.0 / np.sqrt(np.maximum(1.0, 0.75 * base_hz / resolution_hz))
    return deviation


def _resample_frames(array: Array, factor: float) -> Array:
    frames = max(1, round(array.shape[0] / factor))
    position = np.minimum(np.arange(frames) * factor, array.shape[0] - 1)
    lower = position.astype(np.intp)
    upper = np.minimum(lower + 1, array.shape[0] - 1)
    weight = (position - lower).astype(np.float32)[:, None]
    before = array[lower]
    result: Array = array[upper]
    result -= before
    result *= weight
    result += before
    return result


def _points(rng: np.random.Generator, points: int, depth: float) -> list[float]:
    drawn: list[float] = rng.uniform(-depth, depth, points).tolist()
    return drawn
