"""Measure whether relevance means something: silence what mattered most, and see what is lost.

For every clip, the 20 % of frames with the highest relevance are silenced (zeros in the waveform),
and five times 20 % drawn at random. Printed is the share of clips whose confidence (probability
of the label that was answered first) falls more by the former than by the mean of the latter.

Run `python benchmarks/relevance.py --corpora FOLDER --part select` while anything is still being
chosen, and `--part lockbox` once when nothing is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, decode
from affekt.corpora import CORPORA, load_corpus
from affekt.protocols import partition
from affekt.recognition import Recognizer
from affekt.recognition.explain import relevance_hop_s
from affekt.recognition.recognizer import WHOLE_S
from affekt.records import Utterance

SHARE = 0.2
DRAWS = 5
RESAMPLES = 2000

Signal = npt.NDArray[np.float32]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True, help="one folder a corpus in it")
    parser.add_argument("--part", choices=["select", "lockbox"], default="select")
    parser.add_argument("--model", default="default")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    found = [name for name in CORPORA if (options.corpora / name).is_dir()]
    clips = [item for name in found for item in load_corpus(name, options.corpora)]
    clips = list(getattr(partition(clips), options.part))
    recognizer = Recognizer.load(options.model)
    rng = np.random.default_rng(options.seed)
    print(f"model {recognizer.bundle.metadata.title}, seed {options.seed}, corpora {found}")
    print(
        f"part {options.part}: {len(clips)} clips of {len({c.speaker_key for c in clips})} people"
    )
    if options.part == "lockbox":
        print("this is a reading of lockbox clips: no choice may follow from it")
    measured = [(clip, falls) for clip in clips if (falls := _falls(recognizer, clip, rng))]
    if len(measured) < len(clips):
        print(f"left out: {len(clips) - len(measured)} clips longer than {WHOLE_S:.0f} s")
    print("corpus: clips, share of clips, mean fall by relevance and by chance")
    for name in found:
        _print(name, [item for item in measured if item[0].corpus == name], rng)
    _print("all", measured, rng)


def _falls(
    recognizer: Recognizer, clip: Utterance, rng: np.random.Generator
) -> tuple[float, float] | None:
    """Return how far the confidence falls: by relevance, by chance. None for a long clip."""
    audio = decode(clip.path, start_s=clip.start_s, end_s=clip.end_s)
    if audio.duration_s > WHOLE_S:
        return None
    outputs = recognizer.bundle.run(audio.signal[np.newaxis])
    assert outputs.relevance is not None  # noqa: S101 - `relevance_hop_s` raised otherwise
    relevance, label = outputs.relevance[0], int(outputs.probabilities[0].argmax())
    hop = round(relevance_hop_s(recognizer.bundle) * SAMPLING_RATE_HZ)
    count = max(1, round(SHARE * relevance.size))
    chosen = [np.argsort(-relevance, kind="stable")[:count]]
    chosen += [rng.choice(relevance.size, count, replace=False) for _ in range(DRAWS)]
    variants = np.stack([_silenced(audio.signal, frames, hop) for frames in chosen])
    after = recognizer.bundle.run(variants).probabilities[:, label].astype(np.float64)
    falls = float(outputs.probabilities[0, label]) - after
    return float(falls[0]), float(falls[1:].mean())


def _silenced(signal: Signal, frames: npt.NDArray[np.intp], hop: int) -> Signal:
    """Return a copy with zeros over the frames, each centred on a multiple of the hop."""
    quiet = signal.copy()
    for frame in frames:
        quiet[max(0, frame * hop - hop // 2) : frame * hop + hop // 2] = 0.0
    return quiet


def _print(
    name: str,
    measured: Sequence[tuple[Utterance, tuple[float, float]]],
    rng: np.random.Generator,
) -> None:
    if not measured:
        return
    falls = np.array([falls for _, falls in measured])
    more = falls[:, 0] > falls[:, 1]
    keys = [clip.speaker_key for clip, _ in measured]
    place = {key: index for index, key in enumerate(dict.fromkeys(keys))}
    speaker = np.array([place[key] for key in keys])
    hits, clips = np.bincount(speaker, more), np.bincount(speaker)
    # Speakers are drawn, each with all clips: the clips of one voice are not independent.
    drawn = rng.multinomial(len(place), np.full(len(place), 1 / len(place)), size=RESAMPLES)
    low, high = np.quantile((drawn @ hits) / (drawn @ clips), [0.025, 0.975])
    interval = f"{low:6.1%} to {high:6.1%}" if len(place) > 1 else "one speaker     "
    print(
        f"{name:15s} {len(falls):5d}  {more.mean():6.1%} ({interval})  "
        f"{falls[:, 0].mean():.3f}  {falls[:, 1].mean():.3f}"
    )


if __name__ == "__main__":
    main()
