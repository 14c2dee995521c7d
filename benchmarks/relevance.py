"""Measure whether relevance means something: silence what mattered most, and see what is lost.

For every clip, the 20 % of frames with the highest relevance are silenced (zeros in the waveform),
and five times 20 % drawn at random. Written is the share of clips whose confidence (probability
of the label that was answered first) falls more by the former than by the mean of the latter.

    python benchmarks/relevance.py --corpora FOLDER --part select     while anything is being chosen
    python benchmarks/relevance.py --corpora FOLDER --part lockbox    once, when nothing is

The figures are printed, and written to `docs/relevance/PART.json`, from which `make generate` makes
the table of docs/app.md. Reading the lockbox leaves a row in its log.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, decode
from affekt.corpora import CORPORA, load_corpus
from affekt.evaluation import Reading, clips_digest, commit_here, log_reading
from affekt.metrics import confusion_intervals
from affekt.protocols import partition
from affekt.recognition import WHOLE_S, Recognizer
from affekt.recognition.explain import relevance_hop_s
from affekt.records import Utterance

SHARE = 0.2
DRAWS = 5
OUT = Path(__file__).resolve().parent.parent / "docs" / "relevance"

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
    measured = [(clip, falls) for clip in clips if (falls := _falls(recognizer, clip, rng))]
    rows = [
        _row(name, [item for item in measured if name in ("all", item[0].corpus)], rng)
        for name in (*found, "all")
    ]
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "model": recognizer.bundle.metadata.title,
        "bundle_sha256": recognizer.bundle.sha256,
        "part": options.part,
        "seed": options.seed,
        "left_out_longer_than_s": WHOLE_S,
        "left_out": len(clips) - len(measured),
        "rows": [row for row in rows if row["clips"]],
    }
    text = json.dumps(record, indent=1) + "\n"
    print(text, end="")
    OUT.mkdir(exist_ok=True)
    (OUT / f"{options.part}.json").write_text(text, encoding="utf-8")
    if options.part == "lockbox":
        print(log_reading(_reading(record, clips), None))


def _reading(record: dict[str, Any], clips: Sequence[Utterance]) -> Reading:
    share = record["rows"][-1]["share"]
    return Reading(
        date=record["date"],
        commit=commit_here(None),
        protocol="lockbox, relevance",
        bundle=record["model"].removeprefix("Affekt "),
        bundle_sha256=record["bundle_sha256"],
        clips=len(clips),
        clips_sha256=clips_digest(clips),
        failed=0,
        ua={},
        origin="study",
        note=f"silencing what was relevant costs more than chance on {100 * share:.1f} % of clips",
    )


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


def _row(
    name: str,
    measured: Sequence[tuple[Utterance, tuple[float, float]]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return the figures of a corpus; the interval is by speaker, and null with one alone."""
    speakers = [clip.speaker_key for clip, _ in measured]
    row: dict[str, Any] = {"corpus": name, "clips": len(measured), "speakers": len(set(speakers))}
    if not measured:
        return row
    by_relevance, by_chance = np.array([falls for _, falls in measured]).T
    more = by_relevance > by_chance
    expected = np.ones(len(more), dtype=np.intp)
    interval = confusion_intervals(
        expected, more.astype(np.intp), speakers, 2, rng=rng, resamples=2000
    ).get("accuracy")
    return row | {
        "share": float(more.mean()),
        "interval": interval and [interval.low, interval.high],
        "fall_by_relevance": float(by_relevance.mean()),
        "fall_by_chance": float(by_chance.mean()),
    }


if __name__ == "__main__":
    main()
