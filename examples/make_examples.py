"""Make the recordings of this folder: synthetic speech from espeak-ng, no person's voice.

Needs the program `espeak-ng` (Debian: apt-get install espeak-ng) and Affekt's light core:

    python examples/make_examples.py
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

FOLDER = Path(__file__).resolve().parent
SAMPLING_RATE_HZ = 16000
PAUSE_S = 0.8
LONG_S = 30


class Voice(NamedTuple):
    """One clip: file name, espeak-ng voice, pitch (0 to 99), words a minute, what is said."""

    file: str
    voice: str
    pitch: int
    rate_wpm: int
    text: str


VOICES = (
    Voice("synthetic_level.wav", "en-us", 45, 165, "The train to the coast leaves at nine."),
    Voice("synthetic_flat.flac", "en-us+m3", 25, 120, "The train leaves at nine."),
    Voice(
        "synthetic_high.ogg", "en-gb+f2", 80, 200, "Look, the train is already here! Come along!"
    ),
    Voice("synthetic_low.mp3", "en-gb+m7", 10, 110, "I have missed the last train again."),
    Voice("synthetic_fast.mp3", "en-us+m1", 60, 240, "Stop! Not that door! I have told you twice!"),
    Voice("synthetic_german.ogg", "de+f4", 55, 150, "Der Zug nach Norden fährt um neun Uhr."),
)


def speak(voice: Voice) -> npt.NDArray[np.float32]:
    """Return what espeak-ng says, `[samples]` at 16 kHz, its peak at half of full scale."""
    options = ["-v", voice.voice, "-p", str(voice.pitch), "-s", str(voice.rate_wpm)]
    command = ["espeak-ng", *options, "--stdout", voice.text]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    signal, rate_hz = soundfile.read(io.BytesIO(sound), dtype="float32")
    resampled = soxr.resample(signal, rate_hz, SAMPLING_RATE_HZ)
    return (0.5 * resampled / np.abs(resampled).max()).astype(np.float32)


def main() -> None:
    """Write one clip a voice, and a longer recording of all of them with pauses between."""
    clips = [speak(voice) for voice in VOICES]
    for voice, clip in zip(VOICES, clips, strict=True):
        soundfile.write(FOLDER / voice.file, clip, SAMPLING_RATE_HZ)
        print(f"{voice.file}: {clip.size / SAMPLING_RATE_HZ:.1f} s")
    pause = np.zeros(round(PAUSE_S * SAMPLING_RATE_HZ), dtype=np.float32)
    pieces = [piece for clip in (*clips, *clips) for piece in (clip, pause)]
    long = np.concatenate(pieces)[: LONG_S * SAMPLING_RATE_HZ]
    soundfile.write(FOLDER / "synthetic_long.ogg", long, SAMPLING_RATE_HZ, subtype="OPUS")
    print(f"synthetic_long.ogg: {long.size / SAMPLING_RATE_HZ:.1f} s")


if __name__ == "__main__":
    main()
