"""What happens to sound on its way to a recogniser: noise, rooms, telephones, codecs.

Each condition maps a mono signal at 16 kHz to what arrives, again at 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal, resample
from affekt.augment.waveform import coloured_noise
from affekt.evaluation.codecs import CODECS, Codec, available, recode

SNR_DB = (20, 10, 5, 0)
_VOICES = 6  # people talking at once in babble
_TELEPHONE_RATE_HZ = 8000
_TELEPHONE_BAND_HZ = (300.0, 3400.0)
_MU = 255.0  # ITU-T G.711
_HUM_HZ = 50.0

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


def add_at(signal: Signal, sound: npt.NDArray[np.floating], *, snr_db: float) -> Signal:
    """Add a sound at a signal-to-noise ratio of mean powers over the whole clip."""
    power = float(np.mean(np.square(signal, dtype=np.float64)))
    disturbing = float(np.mean(np.square(sound, dtype=np.float64)))
    if disturbing == 0.0:
        return signal
    gain = np.sqrt(power / disturbing / 10.0 ** (snr_db / 10.0))
    louder: Signal = (signal + gain * sound).astype(np.float32)
    return louder


def babble(samples: int, rng: np.random.Generator, voices: Voices) -> npt.NDArray[np.float64]:
    """Mix six other voices, each as loud as the others, each begun anywhere and repeated.

    Raises:
        ValueError: there are no voices.
    """
    if not voices:
        raise ValueError("babble needs the voices of other people")
    mixed = np.zeros(samples)
    for place in rng.choice(len(voices), _VOICES, replace=len(voices) < _VOICES):
        voice = voices[place].astype(np.float64)
        loudness = np.sqrt(np.mean(voice**2))
        if loudness > 0.0:
            mixed += np.resize(np.roll(voice, int(rng.integers(voice.size))), samples) / loudness
    return mixed


def hum(samples: int) -> npt.NDArray[np.float64]:
    """Mains hum: 50 Hz and its first odd overtones, each half as strong as the one before."""
    times_s = np.arange(samples) / SAMPLING_RATE_HZ
    tones = [
        0.5**place * np.sin(2 * np.pi * _HUM_HZ * n * times_s) for place, n in enumerate((1, 3, 5))
    ]
    mixed: npt.NDArray[np.float64] = np.sum(tones, axis=0)
    return mixed


def reverberate(signal: Signal, rng: np.random.Generator, *, rt60_s: float) -> Signal:
    """Put a voice into a room: the direct sound, and noise that falls by 60 dB in `rt60_s`.

    Direct sound and reverberation have the same energy, which is a talker at the critical
    distance; the level stays, and the tail is cut off. After Polack's model of diffuse sound.
    """
    times_s = np.arange(round(rt60_s * SAMPLING_RATE_HZ)) / SAMPLING_RATE_HZ
    tail = rng.standard_normal(times_s.size) * 10.0 ** (-3.0 * times_s / rt60_s)
    tail /= np.sqrt(np.sum(tail**2))
    tail[0] += 1.0
    size = signal.size + tail.size
    wet = np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(tail, size), size)[: signal.size]
    before, after = (np.sqrt(np.mean(np.square(x, dtype=np.float64))) for x in (signal, wet))
    return (wet * (before / after if after > 0.0 else 1.0)).astype(np.float32)


def telephone(signal: Signal) -> Signal:
    """Send a voice through a telephone: 300 to 3400 Hz, 8 kHz, 8 bits of mu-law (ITU-T G.711)."""
    narrow = resample(signal, SAMPLING_RATE_HZ, _TELEPHONE_RATE_HZ)
    spectrum = np.fft.rfft(narrow)
    frequency_hz = np.fft.rfftfreq(narrow.size, 1.0 / _TELEPHONE_RATE_HZ)
    low, high = _TELEPHONE_BAND_HZ
    spectrum[(frequency_hz < low) | (frequency_hz > high)] = 0.0
    band = np.clip(np.fft.irfft(spectrum, narrow.size), -1.0, 1.0)
    compressed = np.sign(band) * np.log1p(_MU * np.abs(band)) / np.log1p(_MU)
    coded = np.round(compressed * 127.0) / 127.0
    heard = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(_MU)) / _MU
    wide = resample(heard.astype(np.float32), _TELEPHONE_RATE_HZ, SAMPLING_RATE_HZ)
    return np.resize(wide, signal.size)


def conditions() -> tuple[Condition, ...]:
    """Return every condition that can be made here; codecs need the extra `media`."""
    made: list[Condition] = []

    def add(group: str, name: str, apply: Apply) -> None:
        made.append(Condition(group=group, name=name, apply=apply))

    for snr_db in SNR_DB:
        add("white noise", f"{snr_db} dB", partial(_noisy, snr_db=snr_db))
    for snr_db in SNR_DB:
        add("babble", f"{snr_db} dB", partial(_babbled, snr_db=snr_db))
    for snr_db in SNR_DB:
        add("mains hum", f"{snr_db} dB", partial(_hummed, snr_db=snr_db))
    for rt60_s in (0.3, 0.6, 1.2):
        add("reverberation", f"{rt60_s} s", partial(_roomed, rt60_s=rt60_s))
    add("telephone", "300 to 3400 Hz, mu-law", lambda signal, _rng, _voices: telephone(signal))
    for codec in filter(available, CODECS):
        add("codec", codec.name, partial(_coded, codec=codec))
    for gain_db in (-20, 20):
        add("gain", f"{gain_db:+} dB", partial(_louder, gain_db=gain_db))
    for share in (0.5, 0.25):
        add("clipping", f"at {share:g} of the peak", partial(_clipped, share=share))
    for share in (0.5, 0.25):
        add("truncation", f"the first {100 * share:.0f} %", partial(_truncated, share=share))
    add("leading silence", "2 s", partial(_delayed, seconds=2.0))
    for offset_ms in (5, 10, 50):
        add("time offset", f"{offset_ms} ms", partial(_begun_late, offset_ms=offset_ms))
    return tuple(made)


def _noisy(signal: Signal, rng: np.random.Generator, _: Voices, *, snr_db: float) -> Signal:
    noise = coloured_noise(signal.size, SAMPLING_RATE_HZ, colour="white", rng=rng)
    return add_at(signal, noise, snr_db=snr_db)


def _babbled(signal: Signal, rng: np.random.Generator, voices: Voices, *, snr_db: float) -> Signal:
    return add_at(signal, babble(signal.size, rng, voices), snr_db=snr_db)


def _hummed(signal: Signal, _rng: np.random.Generator, _: Voices, *, snr_db: float) -> Signal:
    return add_at(signal, hum(signal.size), snr_db=snr_db)


def _roomed(signal: Signal, rng: np.random.Generator, _: Voices, *, rt60_s: float) -> Signal:
    return reverberate(signal, rng, rt60_s=rt60_s)


def _coded(signal: Signal, _rng: np.random.Generator, _: Voices, *, codec: Codec) -> Signal:
    return recode(signal, codec)


def _louder(signal: Signal, _rng: np.random.Generator, _: Voices, *, gain_db: float) -> Signal:
    return signal * np.float32(10.0 ** (gain_db / 20.0))


def _clipped(signal: Signal, _rng: np.random.Generator, _: Voices, *, share: float) -> Signal:
    limit = share * float(np.abs(signal).max())
    return np.clip(signal, -limit, limit)


def _truncated(signal: Signal, _rng: np.random.Generator, _: Voices, *, share: float) -> Signal:
    return signal[: max(1, round(share * signal.size))]


def _delayed(signal: Signal, _rng: np.random.Generator, _: Voices, *, seconds: float) -> Signal:
    return np.pad(signal, (round(seconds * SAMPLING_RATE_HZ), 0))


def _begun_late(signal: Signal, _rng: np.random.Generator, _: Voices, *, offset_ms: int) -> Signal:
    return signal[min(signal.size - 1, offset_ms * SAMPLING_RATE_HZ // 1000) :]
