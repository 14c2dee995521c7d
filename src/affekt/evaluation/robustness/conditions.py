"""What happens to sound on its way to a recogniser: noise, rooms, telephones, codecs.

Each condition maps a mono signal at 16 kHz to what arrives, again at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.augment import (
    CODECS,
    Codec,
    Colour,
    Room,
    add_at,
    available,
    babble,
    begin_late,
    clip_at,
    coloured_noise,
    delay,
    diffuse_room,
    hum,
    recode,
    telephone,
)

SNR_DB = (20, 10, 5, 0)

Voices = Sequence[Signal]
Apply = Callable[[Signal, np.random.Generator, Voices], Signal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that happens to sound.

    Attributes:
        group: what kind of thing, "white noise" for instance.
        name: which of the group, "10 dB" for instance.
        apply: `(signal, rng, voices)` to what arrives; `voices` are signals of other people.
    """

    group: str
    name: str
    apply: Apply

    @property
    def title(self) -> str:
        """Group and name."""
        return f"{self.group}, {self.name}"


def conditions() -> tuple[Condition, ...]:
    """Return every condition that can be made here; codecs need the extra `media`."""
    made: list[Condition] = []

    def add(group: str, name: str, apply: Apply) -> None:
        made.append(Condition(group=group, name=name, apply=apply))

    noises: tuple[Colour, ...] = ("white", "pink")
    for colour, snr_db in product(noises, SNR_DB):
        add(f"{colour} noise", f"{snr_db} dB", partial(_noisy, snr_db=snr_db, colour=colour))
    for snr_db in SNR_DB:
        add("babble", f"{snr_db} dB", partial(_babbled, snr_db=snr_db))
    for snr_db in SNR_DB:
        add("mains hum", f"{snr_db} dB", partial(_hummed, snr_db=snr_db))
    for rt60_s in (0.3, 0.6, 1.2):
        add("reverberation", f"{rt60_s} s", partial(_roomed, rt60_s=rt60_s))
    for rt60_s in (0.4, 0.8):
        add("room", f"{rt60_s} s", partial(_in_shoebox, rt60_s=rt60_s))
    add("telephone", "300 to 3400 Hz, mu-law", _phoned)
    for codec in filter(available, CODECS.values()):
        add("codec", codec.name, partial(_coded, codec=codec))
    for gain_db in (-30, -20, -12, -6, 6, 12, 20):
        add("gain", f"{gain_db:+} dB", partial(_louder, gain_db=gain_db))
    for share in (0.5, 0.25):
        add("clipping", f"at {share:g} of the peak", partial(_clipped, share=share))
    for share in (0.5, 0.25):
        add("truncation", f"the first {100 * share:.0f} %", partial(_truncated, share=share))
    add("leading silence", "2 s", partial(_delayed, seconds=2.0))
    for offset_ms in (5, 10, 50):
        add("time offset", f"{offset_ms} ms", partial(_begun_late, offset_ms=offset_ms))
    return tuple(made)


def _noisy(
    signal: Signal,
    rng: np.random.Generator,
    _: Voices,
    *,
    snr_db: float,
    colour: Colour,
) -> Signal:
    noise = coloured_noise(signal.size, SAMPLING_RATE_HZ, colour=colour, rng=rng)
    return add_at(signal, noise, snr_db=snr_db)


def _babbled(signal: Signal, rng: np.random.Generator, voices: Voices, *, snr_db: float) -> Signal:
    return add_at(signal, babble(signal.size, rng, voices), snr_db=snr_db)


def _hummed(signal: Signal, _rng: np.random.Generator, _: Voices, *, snr_db: float) -> Signal:
    return add_at(signal, hum(signal.size, SAMPLING_RATE_HZ), snr_db=snr_db)


def _roomed(signal: Signal, rng: np.random.Generator, _: Voices, *, rt60_s: float) -> Signal:
    return diffuse_room(signal, SAMPLING_RATE_HZ, rt60_s=rt60_s, rng=rng)


def _in_shoebox(signal: Signal, rng: np.random.Generator, _: Voices, *, rt60_s: float) -> Signal:
    return Room(rt60_s=(rt60_s, rt60_s))(signal, rng)


def _phoned(signal: Signal, _rng: np.random.Generator, _: Voices) -> Signal:
    return telephone(signal, SAMPLING_RATE_HZ)


def _coded(signal: Signal, _rng: np.random.Generator, _: Voices, *, codec: Codec) -> Signal:
    return recode(signal, codec)


def _louder(signal: Signal, _rng: np.random.Generator, _: Voices, *, gain_db: float) -> Signal:
    return signal * np.float32(10.0 ** (gain_db / 20.0))


def _clipped(signal: Signal, _rng: np.random.Generator, _: Voices, *, share: float) -> Signal:
    return clip_at(signal, share=share)


def _truncated(signal: Signal, _rng: np.random.Generator, _: Voices, *, share: float) -> Signal:
    return signal[: max(1, round(share * signal.size))]


def _delayed(signal: Signal, _rng: np.random.Generator, _: Voices, *, seconds: float) -> Signal:
    return delay(signal, SAMPLING_RATE_HZ, seconds=seconds)


def _begun_late(signal: Signal, _rng: np.random.Generator, _: Voices, *, offset_ms: int) -> Signal:
    return begin_late(signal, SAMPLING_RATE_HZ, offset_ms=offset_ms)
