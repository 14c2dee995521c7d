"""A clip before or after trimming: its sound, and the transform of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import soundfile

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.features import Stft
from affekt.report import data_address

N_FFT = 1024
N_MELS = 128
N_MFCC = 20
_HOP = 256
# More frames than a picture has columns cost memory and show nothing.
_MAX_FRAMES = 4000
# A notebook with more sound in it than this is too heavy to send to anyone.
_MAX_PLAYER_S = 120


@dataclass(frozen=True, eq=False)
class Side:
    """A clip before or after trimming, as the feature sets get it: `[samples]`, mono, 16 kHz."""

    signal: Signal

    @property
    def duration_s(self) -> float:
        """Seconds of sound."""
        return self.signal.size / SAMPLING_RATE_HZ

    @cached_property
    def stft(self) -> Stft:
        """The transform that all of the spectra are taken from: 64 ms every 16 ms.

        In clips of more than a minute the frames lie further apart.
        """
        hop = max(_HOP, -(-self.signal.size // _MAX_FRAMES))
        return Stft(self.signal, sampling_rate_hz=SAMPLING_RATE_HZ, n_fft=N_FFT, hop_length=hop)

    @cached_property
    def sound_address(self) -> str:
        """An address that holds the sound itself, for a player; of long clips the beginning."""
        buffer = io.BytesIO()
        played = self.signal[: _MAX_PLAYER_S * SAMPLING_RATE_HZ]
        soundfile.write(buffer, played, SAMPLING_RATE_HZ, format="WAV", subtype="PCM_16")
        return data_address("audio/wav", buffer.getvalue())
