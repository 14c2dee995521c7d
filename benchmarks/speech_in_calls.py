"""How much speech a timeline and a stream find in calls, and how much they call "not speech".

    python benchmarks/speech_in_calls.py --corpora FOLDER

Clips of `calibrate` speakers (no model learnt from them) are joined into calls, one speaker each,
with pauses of 0.3 to 7 s over noise of -70 to -50 dBFS. What counts as speech is where a clip lies
within 35 dB of its loudest (librosa); a pause is what is more than half a second away from it.
`--telephone` sends the calls through a telephone line before.
"""

from __future__ import annotations

import argparse
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import librosa
import numpy as np
import numpy.typing as npt
import soundfile

from affekt.audio import SAMPLING_RATE_HZ, decode
from affekt.augment import COLOURS, coloured_noise, telephone
from affekt.corpora import CORPORA, load_corpus
from affekt.protocols import partition
from affekt.recognition import Recognizer, StreamRecognizer
from affekt.records import Utterance

CALLS, CLIPS = 20, 8
STEP_S = 0.01

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Joined clips: `signal` [samples], and where the speech lies, in seconds."""

    signal: npt.NDArray[np.float32]
    speech: list[tuple[float, float]]

    def flags(self, stretches: Iterable[tuple[float, float]], *, more_s: float = 0.0) -> Flags:
        """Return whether each hundredth of a second lies in one of the stretches."""
        found = np.zeros(round(self.signal.size / SAMPLING_RATE_HZ / STEP_S) + 1, dtype=bool)
        for start_s, end_s in stretches:
            first = max(0, round((start_s - more_s) / STEP_S))
            found[first : round((end_s + more_s) / STEP_S)] = True
        return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True, help="one folder a corpus in it")
    parser.add_argument("--model", default="default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--telephone", action="store_true")
    options = parser.parse_args()

    names = [name for name in CORPORA if (options.corpora / name).is_dir()]
    clips = [item for name in names for item in load_corpus(name, options.corpora)]
    by_speaker: defaultdict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for clip in partition(clips).calibrate:
        by_speaker[clip.speaker_key].append(clip)
    rng = np.random.default_rng(options.seed)
    speakers = list(by_speaker.values())
    calls = [make_call(speakers[k % len(speakers)], rng) for k in range(CALLS)]
    if options.telephone:
        calls = [replace(call, signal=telephone(call.signal, SAMPLING_RATE_HZ)) for call in calls]
    recognizer = Recognizer.load(options.model)
    print(f"{len(speakers)} speakers, {CALLS * CLIPS} clips, {recognizer.bundle.metadata.title}")
    _print_timelines(recognizer, calls)
    _print_moments(recognizer, calls)


def make_call(clips: list[Utterance], rng: np.random.Generator) -> Call:
    """Join clips of one speaker."""
    pieces: list[Floats] = [np.zeros(round(rng.uniform(0.3, 5.0) * SAMPLING_RATE_HZ))]
    speech: list[tuple[float, float]] = []
    for place in rng.choice(len(clips), CLIPS, replace=False):
        signal = decode(clips[place].path).signal.astype(np.float64)
        before = sum(piece.size for piece in pieces)
        parts = librosa.effects.split(signal, top_db=35, frame_length=512, hop_length=128)
        speech += [tuple((before + part) / SAMPLING_RATE_HZ) for part in parts]
        pause_s = rng.choice([rng.uniform(0.3, 1.5), rng.uniform(2.0, 7.0)])
        pieces += [signal, np.zeros(round(pause_s * SAMPLING_RATE_HZ))]
    joined = np.concatenate(pieces) * 10 ** (rng.uniform(-12.0, 0.0) / 20.0)
    colour = COLOURS[rng.integers(len(COLOURS))]
    noise = coloured_noise(joined.size, SAMPLING_RATE_HZ, colour=colour, rng=rng)
    joined += noise * 10 ** (rng.uniform(-70.0, -50.0) / 20.0)
    return Call(signal=joined.astype(np.float32), speech=speech)


def _print_timelines(recognizer: Recognizer, calls: list[Call]) -> None:
    seconds: defaultdict[str, float] = defaultdict(float)
    for call in calls:
        file = io.BytesIO()
        soundfile.write(file, call.signal, SAMPLING_RATE_HZ, format="WAV", subtype="FLOAT")
        (track,) = recognizer.timeline(file.getvalue()).tracks
        speech, pause = call.flags(call.speech), ~call.flags(call.speech, more_s=0.5)
        found = call.flags(track.speech)
        strange = call.flags(
            (item.start_s, item.end_s) for item in track.segments if item.out_of_domain
        )
        for name, flags in (
            ("speech", speech),
            ("speech found", speech & found),
            ("speech called not speech", speech & strange),
            ("pauses", pause),
            ("pauses called speech", pause & found),
        ):
            seconds[name] += float(flags.sum() * STEP_S)
    print(f"timelines: {seconds['speech']:.0f} s of speech, {seconds['pauses']:.0f} s of pauses")
    for name in ("speech found", "speech called not speech", "pauses called speech"):
        whole = seconds["pauses" if name.startswith("pauses") else "speech"]
        print(f"  {name}: {seconds[name] / whole:.1%}")


def _print_moments(recognizer: Recognizer, calls: list[Call]) -> None:
    counts: defaultdict[str, int] = defaultdict(int)
    for call in calls:
        stream = StreamRecognizer(recognizer)
        speech = call.flags(call.speech)
        for moment in [*stream.push(call.signal), *stream.finish()]:
            inside = speech[round(moment.start_s / STEP_S) : round(moment.end_s / STEP_S)]
            kind = (
                "spoken" if inside.sum() * STEP_S >= 1.0 else "silent" if not inside.any() else ""
            )
            counts[kind] += 1
            counts[f"{kind} answered"] += moment.emotion is not None
            counts[f"{kind} strange"] += moment.out_of_domain is True
    spoken, silent = counts["spoken"], counts["silent"]
    print(f"streams: {spoken} windows with a second of speech, {silent} with none")
    print(f"  answered: {counts['spoken answered'] / spoken:.1%}")
    print(f"  called not speech: {counts['spoken strange'] / spoken:.1%}")
    print(f"  answered though nobody speaks: {counts['silent answered'] / silent:.1%}")


if __name__ == "__main__":
    main()
