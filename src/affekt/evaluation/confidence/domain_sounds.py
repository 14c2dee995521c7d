"""Sounds that are no speech, all of them synthetic: music, noise, hum, silence and tones.

Music is played by FluidSynth from a General MIDI soundfont where both are installed (Debian:
`fluidsynth` and `timgm6mb-soundfont`), and added up from overtones where they are not.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal, decode
from affekt.augment import Colour, coloured_noise, hum

Floats = npt.NDArray[np.float64]
Note = tuple[int, int, float, float]  # General MIDI program, key, begin and end in seconds

KINDS = ("music", "noise", "hum", "silence", "tones")
_SOUNDFONTS = ("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts")
_LENGTH_S = (1.5, 5.0)
_LEVEL_DB = (-40.0, -10.0)  # of the peak
_SILENCE_DB = (-75.0, -60.0)  # below -80 dB a recording is refused as silent
# Piano, organ, guitar, bass, strings, choir, trumpet, saxophone, flute and a synthesiser's lead.
_PROGRAMS = (0, 19, 24, 33, 48, 52, 56, 65, 73, 80)
_SCALE = (0, 2, 4, 5, 7, 9, 11)
_TICKS_PER_S = 960
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


def soundfont() -> Path | None:
    """Return a soundfont, where one is installed beside FluidSynth."""
    if shutil.which("fluidsynth") is None:
        return None
    found = (path for folder in _SOUNDFONTS for path in sorted(Path(folder).glob("*.sf[23]")))
    return next(found, None)


def synthetic_sounds(each: int = 40, *, seed: int = 0) -> tuple[Sound, ...]:
    """Make sounds of 1.5 to 5 s at peaks of -40 to -10 dBFS; silence is the faintest noise.

    Args:
        each: how many of every kind.
        seed: of all draws.
    """
    rng = np.random.default_rng(seed)
    font = soundfont()
    made = []
    for kind in KINDS:
        for _ in range(each):
            samples = round(rng.uniform(*_LENGTH_S) * SAMPLING_RATE_HZ)
            raw = _make(kind, samples, rng, font)
            level_db = rng.uniform(*(_SILENCE_DB if kind == "silence" else _LEVEL_DB))
            signal = raw * (10.0 ** (level_db / 20.0) / np.abs(raw).max())
            made.append(Sound(kind=kind, signal=signal.astype(np.float32)))
    return tuple(made)


def _make(
    kind: str, samples: int, rng: np.random.Generator, font: Path | None
) -> npt.NDArray[np.floating]:
    if kind == "music":
        notes = _melody(samples / SAMPLING_RATE_HZ, rng)
        return _added(notes, samples) if font is None else _played(notes, samples, font)
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
    lead, backing = (int(program) for program in rng.choice(_PROGRAMS, 2, replace=False))
    notes: list[Note] = []
    degree = 0
    for beat in range(int(np.ceil(duration_s / beat_s))):
        begin_s = beat * beat_s
        if beat % 4 == 0:
            degree = int(rng.choice([0, 3, 4, 5]))
            chord = [degree, degree + 2, degree + 4]
            end_s = begin_s + 4.0 * beat_s
            notes += [(backing, tonic + _key(step), begin_s, end_s) for step in chord]
        step = degree + int(rng.integers(0, 8))
        notes.append((lead, tonic + 12 + _key(step), begin_s, begin_s + 0.9 * beat_s))
    return notes


def _key(step: int) -> int:
    return 12 * (step // len(_SCALE)) + _SCALE[step % len(_SCALE)]


def _added(notes: list[Note], samples: int) -> Floats:
    """Add decaying overtones up: music to a machine, if to nobody else."""
    total = np.zeros(samples)
    times_s = np.arange(samples) / SAMPLING_RATE_HZ
    for program, key, begin_s, end_s in notes:
        since_s = times_s - begin_s
        shape = np.where((since_s >= 0.0) & (times_s < end_s), np.exp(-3.0 * since_s), 0.0)
        hz = 440.0 * 2.0 ** ((key - 69) / 12.0)
        for overtone in range(1, 2 + program % 7):
            total += shape * np.sin(2.0 * np.pi * hz * overtone * times_s) / overtone
    return total


def _played(notes: list[Note], samples: int, font: Path) -> Signal:
    """Have FluidSynth play the notes."""
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "notes.mid", Path(folder) / "notes.wav"
        score.write_bytes(_midi_file(notes))
        command = ["fluidsynth", "-ni", "-q", "-r", str(SAMPLING_RATE_HZ), "-F", str(sound)]
        subprocess.run(  # noqa: S603  words of our own
            [*command, str(font), str(score)], check=True, capture_output=True, timeout=60
        )
        signal = decode(sound).signal
    return np.resize(signal[:samples], samples)


def _midi_file(notes: list[Note]) -> bytes:
    """Return a Standard MIDI File of one track, a channel for every instrument."""
    channels = {program: k for k, program in enumerate(dict.fromkeys(note[0] for note in notes))}
    events = [(0.0, bytes((0xC0 | channel, program))) for program, channel in channels.items()]
    for program, key, begin_s, end_s in notes:
        channel = channels[program]
        events.append((begin_s, bytes((0x90 | channel, key, 90))))
        events.append((end_s, bytes((0x80 | channel, key, 0))))
    track, place = b"", 0
    for time_s, event in sorted(events, key=lambda item: item[0]):
        ticks = round(time_s * _TICKS_PER_S)
        track += _variable_length(ticks - place) + event
        place = ticks
    track += b"\x00\xff\x2f\x00"
    # 120 quarter notes a minute where nothing else is said: half a second each.
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS_PER_S // 2)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track


def _variable_length(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | (value & 0x7F))
    return bytes(reversed(groups))
