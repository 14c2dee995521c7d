"""What happens to a voice on its way to a recogniser: telephones, codecs, rooms, other voices.

Functions take `(signal, sampling_rate)`, mono float32 `[samples]`; the classes wrap them in the
contract of `affekt.augment.base`. Training and the measurement of robustness use the same ones.
"""

# The contract hands every draw the shape; not every step needs it.
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio import resample
from affekt.augment.base import Array, Draw, check_range, uniform
from affekt.augment.codecs import CODECS, recode
from affekt.augment.waveform import WaveformAugmentation

_TELEPHONE_RATE_HZ = 8000
_TELEPHONE_BAND_HZ = (300.0, 3400.0)
_MU = 255.0  # ITU-T G.711
_HUM_HZ = 50.0
_BABBLING = 6  # people who talk at once
_SOUND_M_S = 343.0
# Later reflections are so dense that noise stands for them.
_EARLY_S = 0.05
_SEED_LIMIT = 2**32


def add_at(signal: Array, sound: npt.NDArray[np.floating], *, snr_db: float) -> Array:
    """Add a sound at a signal-to-noise ratio of mean powers over the whole clip."""
    power = float(np.mean(np.square(signal, dtype=np.float64)))
    disturbing = float(np.mean(np.square(sound, dtype=np.float64)))
    if disturbing == 0.0:
        return signal.copy()
    gain = np.sqrt(power / disturbing / 10.0 ** (snr_db / 10.0))
    louder: Array = (signal + gain * sound).astype(np.float32)
    return louder


def babble(
    samples: int, rng: np.random.Generator, voices: Sequence[Array]
) -> npt.NDArray[np.float64]:
    """Mix six other voices, each as loud as the others, each begun anywhere and repeated.

    Raises:
        ValueError: there are no voices.
    """
    if not voices:
        raise ValueError("babble needs the voices of other people")
    mixed = np.zeros(samples)
    for place in rng.choice(len(voices), _BABBLING, replace=len(voices) < _BABBLING):
        voice = voices[place].astype(np.float64)
        loudness = np.sqrt(np.mean(voice**2))
        if loudness > 0.0:
            mixed += np.resize(np.roll(voice, int(rng.integers(voice.size))), samples) / loudness
    return mixed


def hum(samples: int, sampling_rate: int) -> npt.NDArray[np.float64]:
    """Mains hum: 50 Hz and its first odd overtones, each half as strong as the one before."""
    times_s = np.arange(samples) / sampling_rate
    tones = [
        0.5**place * np.sin(2 * np.pi * _HUM_HZ * n * times_s) for place, n in enumerate((1, 3, 5))
    ]
    mixed: npt.NDArray[np.float64] = np.sum(tones, axis=0)
    return mixed


def telephone(signal: Array, sampling_rate: int) -> Array:
    """Send a voice through a telephone: 300 to 3400 Hz, 8 kHz, 8 bits of mu-law (ITU-T G.711)."""
    narrow = resample(signal, sampling_rate, _TELEPHONE_RATE_HZ)
    spectrum = np.fft.rfft(narrow)
    frequency_hz = np.fft.rfftfreq(narrow.size, 1.0 / _TELEPHONE_RATE_HZ)
    low, high = _TELEPHONE_BAND_HZ
    spectrum[(frequency_hz < low) | (frequency_hz > high)] = 0.0
    band = np.clip(np.fft.irfft(spectrum, narrow.size), -1.0, 1.0)
    compressed = np.sign(band) * np.log1p(_MU * np.abs(band)) / np.log1p(_MU)
    coded = np.round(compressed * 127.0) / 127.0
    decoded = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(_MU)) / _MU
    wide = resample(decoded.astype(np.float32), _TELEPHONE_RATE_HZ, sampling_rate)
    return np.resize(wide, signal.size)


def diffuse_room(
    signal: Array, sampling_rate: int, *, rt60_s: float, rng: np.random.Generator
) -> Array:
    """Put a voice into a room: the direct sound, and noise that falls by 60 dB in `rt60_s`.

    Direct sound and reverberation have the same energy, which is a talker at the critical
    distance; the level stays, and the tail is cut off. After Polack's model of diffuse sound.
    """
    times_s = np.arange(round(rt60_s * sampling_rate)) / sampling_rate
    tail = rng.standard_normal(times_s.size) * 10.0 ** (-3.0 * times_s / rt60_s)
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    return convolve(signal, tail)


def convolve(signal: Array, response: npt.NDArray[np.floating]) -> Array:
    """Send a signal through a response; the level stays, and what rings on at the end is cut."""
    size = signal.size + response.size
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)
    wet = wet[: signal.size]
    before, after = (np.sqrt(np.mean(np.square(x, dtype=np.float64))) for x in (signal, wet))
    return (wet * (before / after if after > 0.0 else 1.0)).astype(np.float32)


def room_response(
    sampling_rate: int, *, rt60_s: float, size_m: Sequence[float], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Make the response of a shoebox room between two places that are drawn in it.

    Reflections of the first 50 ms come from mirror images of the source, later ones are noise
    that falls by 60 dB in `rt60_s`. Sources: image method, Allen and Berkley 1979; absorption of
    the walls from the reverberation time, Sabine.

    Args:
        sampling_rate: in Hz.
        rt60_s: reverberation time.
        size_m: length, width and height.
        rng: draws source, microphone and the late part.

    Returns:
        `[samples]`, from the direct sound on.
    """
    size = np.asarray(size_m, dtype=np.float64)
    source, microphone = (size * rng.uniform(0.2, 0.8, 3) for _ in range(2))
    surface = 2.0 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    absorption = min(0.99, 0.161 * float(np.prod(size)) / (surface * rt60_s))
    reflection = np.sqrt(1.0 - absorption)

    direct_m = float(np.linalg.norm(source - microphone))
    reach_m = direct_m + _EARLY_S * _SOUND_M_S
    positions: list[npt.NDArray[np.float64]] = []
    bounces: list[npt.NDArray[np.int64]] = []
    for axis in range(3):
        orders = np.arange(-int(reach_m / size[axis]) - 1, int(reach_m / size[axis]) + 2)
        # Every second image is mirrored; its order says how many walls the sound met.
        mirrored = np.where(orders % 2 == 0, source[axis], size[axis] - source[axis])
        positions.append(orders * size[axis] + mirrored - microphone[axis])
        bounces.append(np.abs(orders))
    squares = [place**2 for place in positions]
    distance_m = np.sqrt(
        squares[0][:, None, None] + squares[1][None, :, None] + squares[2][None, None, :]
    )
    walls = bounces[0][:, None, None] + bounces[1][None, :, None] + bounces[2][None, None, :]
    early = distance_m <= reach_m
    delay = np.round((distance_m[early] - direct_m) / _SOUND_M_S * sampling_rate).astype(np.int64)
    strength = reflection ** walls[early] * direct_m / np.maximum(distance_m[early], 0.1)

    samples = max(round(rt60_s * sampling_rate), round(_EARLY_S * sampling_rate) + 1)
    response = np.zeros(samples)
    np.add.at(response, np.minimum(delay, samples - 1), strength)
    late = round(_EARLY_S * sampling_rate)
    if samples > 2 * late:
        times_s = np.arange(samples) / sampling_rate
        tail = rng.standard_normal(samples) * 10.0 ** (-3.0 * times_s / rt60_s)
        before = slice(late // 2, late)
        level = np.sqrt(np.mean(response[before] ** 2) / np.mean(tail[before] ** 2))
        response[late:] = level * tail[late:]
    return response


@dataclass(frozen=True, kw_only=True)
class Telephone(WaveformAugmentation):
    """Send the clip through a telephone: 300 to 3400 Hz, 8 kHz, mu-law."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw nothing: there is one telephone."""
        return {}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return what arrives; see `telephone`."""
        return telephone(array, self.sampling_rate_hz)


@dataclass(frozen=True, kw_only=True)
class Codec(WaveformAugmentation):
    """Compress the clip at a low rate and decode it again (extra `media`).

    Attributes:
        codecs: names in `affekt.augment.codecs.CODECS` to choose from.
    """

    codecs: tuple[str, ...] = tuple(CODECS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.codecs or not set(self.codecs) <= set(CODECS):
            raise ValueError(f"codecs is {self.codecs}, and must be some of {tuple(CODECS)}")
        if self.sampling_rate_hz != 16_000:
            raise ValueError("codecs take 16,000 Hz")

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw the `codec`."""
        return {"codec": self.codecs[int(rng.integers(len(self.codecs)))]}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return what is left; see `affekt.augment.codecs.recode`."""
        return recode(array, CODECS[draw["codec"]])


@dataclass(frozen=True, kw_only=True)
class Room(WaveformAugmentation):
    """Put the clip into a drawn shoebox room.

    Attributes:
        rt60_s: range of the reverberation time.
        size_m: range of length and width; the height is drawn from 2.4 to 3.5 m.
    """

    rt60_s: tuple[float, ...] = (0.2, 0.8)
    size_m: tuple[float, ...] = (2.5, 9.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("rt60_s", self.rt60_s, low=0.05, high=5.0)
        check_range("size_m", self.size_m, low=1.0, high=50.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `rt60_s`, the room's `size_m` and the `seed` of the places in it."""
        size_m = [uniform(rng, self.size_m), uniform(rng, self.size_m), uniform(rng, (2.4, 3.5))]
        seed = int(rng.integers(_SEED_LIMIT))
        return {"rt60_s": uniform(rng, self.rt60_s), "size_m": size_m, "seed": seed}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the clip as it sounds in the room; see `room_response`."""
        rng = np.random.default_rng(draw["seed"])
        response = room_response(
            self.sampling_rate_hz, rt60_s=draw["rt60_s"], size_m=draw["size_m"], rng=rng
        )
        return convolve(array, response)


@dataclass(frozen=True, kw_only=True)
class Hum(WaveformAugmentation):
    """Add mains hum.

    Attributes:
        snr_db: range of the signal-to-noise ratio.
    """

    snr_db: tuple[float, ...] = (5.0, 30.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("snr_db", self.snr_db)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `snr_db`."""
        return {"snr_db": uniform(rng, self.snr_db)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the clip with hum; see `hum`."""
        return add_at(array, hum(array.size, self.sampling_rate_hz), snr_db=draw["snr_db"])


@dataclass(frozen=True, kw_only=True)
class Gain(WaveformAugmentation):
    """Make the clip louder or softer; what passes full scale stays, as floats allow.

    Attributes:
        gain_db: range of the change.
    """

    gain_db: tuple[float, ...] = (-30.0, 12.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("gain_db", self.gain_db)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `gain_db`."""
        return {"gain_db": uniform(rng, self.gain_db)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the clip at its new level."""
        return array * np.float32(10.0 ** (draw["gain_db"] / 20.0))


@dataclass(frozen=True, kw_only=True)
class Clipping(WaveformAugmentation):
    """Cut off what lies above a share of the peak.

    Attributes:
        share: range of that share.
    """

    share: tuple[float, ...] = (0.25, 0.9)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("share", self.share, low=0.01, high=1.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw the `share`."""
        return {"share": uniform(rng, self.share)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the clipped clip; see `clip_at`."""
        return clip_at(array, share=draw["share"])


@dataclass(frozen=True, kw_only=True)
class LeadingSilence(WaveformAugmentation):
    """Let the clip begin later, after digital silence.

    Attributes:
        seconds: range of its length.
    """

    seconds: tuple[float, ...] = (0.0, 2.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("seconds", self.seconds, low=0.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw the `seconds`."""
        return {"seconds": uniform(rng, self.seconds)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the longer clip."""
        return delay(array, self.sampling_rate_hz, seconds=draw["seconds"])


@dataclass(frozen=True, kw_only=True)
class TimeOffset(WaveformAugmentation):
    """Begin a little later in the clip, as another cut would; at least a sample is left.

    Attributes:
        offset_ms: range of what is left out.
    """

    offset_ms: tuple[float, ...] = (0.0, 50.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("offset_ms", self.offset_ms, low=0.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `offset_ms`."""
        return {"offset_ms": uniform(rng, self.offset_ms)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the shorter clip; see `begin_late`."""
        return begin_late(array, self.sampling_rate_hz, offset_ms=draw["offset_ms"])


def clip_at(signal: Array, *, share: float) -> Array:
    """Cut off what lies above a share of the peak (0 to 1)."""
    limit = share * float(np.abs(signal).max())
    return np.clip(signal, -limit, limit)


def delay(signal: Array, sampling_rate: int, *, seconds: float) -> Array:
    """Put digital silence before a clip."""
    return np.pad(signal, (round(seconds * sampling_rate), 0))


def begin_late(signal: Array, sampling_rate: int, *, offset_ms: float) -> Array:
    """Leave out the beginning of a clip, but its last sample."""
    return signal[min(signal.size - 1, int(offset_ms * sampling_rate // 1000)) :].copy()
