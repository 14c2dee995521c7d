"""Sounds that are no speech, all of them synthetic: music, noise, hum, silence and tones.

Everything is computed by numpy, so that every machine makes the same sounds. The instruments are
added up from partials (Risset and Mathews 1969), or plucked (Karplus and Strong 1983).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.augment import Colour, coloured_noise, hum

Floats = npt.NDArray[np.float64]

KINDS = ("music", "noise", "hum", "silence", "tones")
_LENGTH_S = (1.5, 5.0)
_LEVEL_DB = (-40.0, -10.0)  # of the peak
_SILENCE_DB = (-75.0, -60.0)  # below -80 dB a recording is refused as silent
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_ROOM_S = 0.6
_COLOURS: tuple[Colour, ...] = ("white", "pink", "brown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A sound that nobody spoke.

    Attributes:
        kind: one of `KINDS`.
        signal: mono float32 at 16 kHz.
    """

    kind: str
    signal: Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """How a note sounds.

    Attributes:
        partials: multiples of the pitch that sound.
        slope: each partial's amplitude falls with its multiple to this power.
        stretch: partials lie higher by this times the square of their multiple, as stiff strings'.
        attack_s: until a note is at its height.
        decay_per_s: it then dies away at this rate; 0 holds it.
        vibrato: share of the pitch by which it sways.
        voices: players a little out of tune with each other.
        breath: share of noise.
        formants_hz: resonances, as those of a choir's vowel.
    """

    partials: tuple[int, ...]
    slope: float
    stretch: float = 0.0
    attack_s: float = 0.01
    decay_per_s: float = 0.0
    vibrato: float = 0.0
    voices: int = 1
    breath: float = 0.0
    formants_hz: tuple[float, ...] = ()


_ALL = tuple(range(1, 17))
INSTRUMENTS: dict[str, Instrument | None] = {
    "piano": Instrument(partials=_ALL, slope=1.2, stretch=4e-4, attack_s=0.004, decay_per_s=2.5),
    "organ": Instrument(partials=(1, 2, 3, 4, 6, 8), slope=0.3, attack_s=0.02),
    "guitar": None,  # plucked
    "bass": Instrument(partials=_ALL[:8], slope=1.6, decay_per_s=2.0),
    "strings": Instrument(partials=_ALL, slope=1.0, attack_s=0.15, vibrato=0.005, voices=3),
    "choir": Instrument(
        partials=_ALL, slope=0.8, attack_s=0.1, vibrato=0.008, voices=3, formants_hz=(700, 1100)
    ),
    "trumpet": Instrument(partials=_ALL, slope=0.6, attack_s=0.04, vibrato=0.003),
    "saxophone": Instrument(partials=_ALL, slope=0.9, attack_s=0.05, vibrato=0.005, breath=0.05),
    "flute": Instrument(partials=(1, 2, 3), slope=2.0, attack_s=0.06, vibrato=0.005, breath=0.1),
    "lead": Instrument(partials=_ALL[::2], slope=1.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One note of a melody: an instrument, a key (69 is 440 Hz), and when it sounds."""

    instrument: str
    key: int
    begin_s: float
    end_s: float


def synthetic_sounds(each: int = 40, *, seed: int = 0) -> Iterator[Sound]:
    """Make sounds of 1.5 to 5 s at peaks of -40 to -10 dBFS; silence is the faintest noise.

    Each is made when it is asked for: all of them take seconds.

    Args:
        each: how many of every kind.
        seed: of all draws.
    """
    rng = np.random.default_rng(seed)
    for kind in KINDS:
        for _ in range(each):
            samples = round(rng.uniform(*_LENGTH_S) * SAMPLING_RATE_HZ)
            raw = _make(kind, samples, rng)
            level_db = rng.uniform(*(_SILENCE_DB if kind == "silence" else _LEVEL_DB))
            signal = raw * (10.0 ** (level_db / 20.0) / np.abs(raw).max())
            yield Sound(kind=kind, signal=signal.astype(np.float32))


def _make(kind: str, samples: int, rng: np.random.Generator) -> npt.NDArray[np.floating]:
    if kind == "music":
        return _music(samples, rng)
    if kind == "hum":
        faint = coloured_noise(samples, SAMPLING_RATE_HZ, colour="pink", rng=rng)
        mixed: Floats = hum(samples, SAMPLING_RATE_HZ) + 10.0 ** rng.uniform(-3.0, -1.0) * faint
        return mixed
    if kind == "tones":
        return _tones(samples, rng)
    colour = _COLOURS[rng.integers(len(_COLOURS))] if kind == "noise" else "white"
    return coloured_noise(samples, SAMPLING_RATE_HZ, colour=colour, rng=rng)


def _tones(samples: int, rng: np.random.Generator) -> Floats:
    """Sines, steady or gliding, one to four at once, perhaps beeping."""
    times_s = np.arange(samples) / SAMPLING_RATE_HZ
    total = np.zeros(samples)
    for _ in range(rng.integers(1, 5)):
        begin_hz, end_hz = np.exp(rng.uniform(np.log(80.0), np.log(4000.0), 2))
        glide = rng.random() < 0.5
        frequency_hz = np.linspace(begin_hz, end_hz if glide else begin_hz, samples)
        total += np.sin(2.0 * np.pi * np.cumsum(frequency_hz) / SAMPLING_RATE_HZ)
    if rng.random() < 0.5:
        total *= (times_s * rng.uniform(1.0, 4.0)) % 1.0 < 0.5
    return total


def _melody(duration_s: float, rng: np.random.Generator) -> list[Note]:
    """A melody over chords in some major key, for two instruments of their own."""
    tonic, beat_s = int(rng.integers(45, 57)), 60.0 / rng.uniform(70.0, 150.0)
    lead, backing = (str(name) for name in rng.choice(list(INSTRUMENTS), 2, replace=False))
    notes: list[Note] = []
    degree = 0
    for beat in range(int(np.ceil(duration_s / beat_s))):
        begin_s = beat * beat_s
        if beat % 4 == 0:
            degree = int(rng.choice([0, 3, 4, 5]))
            chord = [degree, degree + 2, degree + 4]
            end_s = begin_s + 4.0 * beat_s
            notes += [
                Note(instrument=backing, key=tonic + _key(step), begin_s=begin_s, end_s=end_s)
                for step in chord
            ]
        step = degree + int(rng.integers(0, 8))
        notes.append(
            Note(
                instrument=lead,
                key=tonic + 12 + _key(step),
                begin_s=begin_s,
                end_s=begin_s + 0.9 * beat_s,
            )
        )
    return notes


def _key(step: int) -> int:
    return 12 * (step // len(_SCALE)) + _SCALE[step % len(_SCALE)]


def _music(samples: int, rng: np.random.Generator) -> Floats:
    """Play a melody over chords, perhaps with drums, perhaps in a room."""
    notes = _melody(samples / SAMPLING_RATE_HZ, rng)
    total = np.zeros(samples)
    for note in notes:
        begin = round(note.begin_s * SAMPLING_RATE_HZ)
        sound = sound_of(note, rng)[: max(0, samples - begin)]
        total[begin : begin + sound.size] += sound
    if rng.random() < 0.5:
        total += _drums(samples, rng, every_s=notes[-1].end_s - notes[-1].begin_s)
    if rng.random() < 0.5:
        tail = round(_ROOM_S * SAMPLING_RATE_HZ)
        room = rng.standard_normal(tail) * np.exp(-6.9 * np.arange(tail) / tail)
        room *= 0.5 / np.sqrt((room**2).sum())
        size = samples + tail
        wet = np.fft.irfft(np.fft.rfft(total, size) * np.fft.rfft(room, size), size)
        total += wet[:samples]
    return total


def sound_of(note: Note, rng: np.random.Generator) -> Floats:
    """Return the sound of a note."""
    hz = 440.0 * 2.0 ** ((note.key - 69) / 12.0)
    samples = round((note.end_s - note.begin_s) * SAMPLING_RATE_HZ)
    instrument = INSTRUMENTS[note.instrument]
    if instrument is None:
        return _plucked(hz, samples, rng)
    times_s = np.arange(samples) / SAMPLING_RATE_HZ
    total = np.zeros(samples)
    for _ in range(instrument.voices):
        own_hz = hz * 2.0 ** (rng.normal(0.0, 0.05 * (instrument.voices > 1)) / 12.0)
        sway = 1.0 + instrument.vibrato * np.sin(2.0 * np.pi * 5.5 * times_s + rng.uniform(0, 6))
        phase = 2.0 * np.pi * np.cumsum(own_hz * sway) / SAMPLING_RATE_HZ
        for multiple in instrument.partials:
            place = multiple * (1.0 + instrument.stretch * multiple**2)
            if place * own_hz > 0.45 * SAMPLING_RATE_HZ:
                break
            gain = multiple**-instrument.slope
            if instrument.formants_hz:
                away = np.array(instrument.formants_hz) - place * own_hz
                gain *= float((1.0 / (1.0 + (away / 120.0) ** 2)).sum()) + 0.05
            total += gain * np.sin(place * phase + rng.uniform(0.0, 6.0))
    total += instrument.breath * np.abs(total).mean() * rng.standard_normal(samples) * 4.0
    rise = np.minimum(1.0, times_s / instrument.attack_s)
    fall = np.minimum(1.0, (samples / SAMPLING_RATE_HZ - times_s) / 0.03)
    shaped: Floats = total * rise * fall * np.exp(-instrument.decay_per_s * times_s)
    return shaped / max(1e-9, float(np.sqrt((shaped**2).mean())))


def _plucked(hz: float, samples: int, rng: np.random.Generator) -> Floats:
    """Let noise run round a string that damps it."""
    period = rng.standard_normal(max(2, round(SAMPLING_RATE_HZ / hz)))
    rounds = []
    for _ in range(samples // period.size + 1):
        rounds.append(period)
        period = 0.498 * (period + np.roll(period, 1))
    return np.concatenate(rounds)[:samples]


def _drums(samples: int, rng: np.random.Generator, *, every_s: float) -> Floats:
    """Beat time: a falling thud, and noise between."""
    total = np.zeros(samples)
    times_s = np.arange(round(0.15 * SAMPLING_RATE_HZ)) / SAMPLING_RATE_HZ
    thud = np.sin(2.0 * np.pi * (60.0 * times_s + 4.0 * (1.0 - np.exp(-30.0 * times_s))))
    for number, begin in enumerate(range(0, samples, round(every_s * SAMPLING_RATE_HZ))):
        noise = rng.standard_normal(times_s.size)
        beat = (noise if number % 2 else 2.0 * thud) * np.exp(-25.0 * times_s)
        total[begin : begin + beat.size] += beat[: samples - begin]
    return total
