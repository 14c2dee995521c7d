"""Measure what leaks are worth: one network on one corpus, one leak added at a time.

    python benchmarks/leaks.py --corpora FOLDER

RAVDESS speech, `vector-162`, a perceptron of 256 units; every clip of the training part has one
augmented copy. Five folds and three seeds a step, UA over the test parts. The figures are printed,
and written to `docs/leaks.json`, from which `make generate` makes the table of docs/evaluation.md.
Speakers of the lockbox are among those under test, so each step leaves a row in its log.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from affekt import metrics
from affekt.audio import SAMPLING_RATE_HZ, decode
from affekt.augment import CopyConfig, copy_rng, make_copy
from affekt.corpora import load_corpus
from affekt.evaluation import Reading, clips_digest, commit_here, log_reading
from affekt.evaluation.overlap import lockbox_tested
from affekt.features import FEATURE_SETS
from affekt.protocols import Split, protocol
from affekt.records import Utterance

CORPUS = "ravdess_speech"
FEATURES = FEATURE_SETS["vector-162"]
COPY = CopyConfig(
    steps=(
        {"name": "noise", "snr_db": [10.0, 30.0]},
        {"name": "stretch", "rate": [0.8, 1.25]},
        {"name": "pitch", "semitones": [-2.0, 2.0]},
    ),
    choose_one=True,
)
EPOCHS = 60
SEEDS = (1, 2, 3)
OUT = Path(__file__).resolve().parent.parent / "docs" / "leaks.json"

Rows = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


class Step(NamedTuple):
    """What is done wrong; every step keeps the leaks of those before it."""

    name: str
    scaled_over_all: bool = False
    epoch_by_test: bool = False
    random: bool = False
    copies_on_both_sides: bool = False


STEPS = (
    Step("none: new speakers, everything fitted and chosen without the test part"),
    Step("the scaling is fitted on all clips", True),
    Step("the best epoch is picked on the test part", True, True),
    Step("clips are split at random, speakers on both sides", True, True, True),
    Step(
        "copies are made before the split, so that they lie on both sides", True, True, True, True
    ),
)


class Data(NamedTuple):
    """Originals and copies, a row each; `truth` holds for both."""

    originals: Rows
    copies: Rows
    truth: Places
    classes: int


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True, help="one folder a corpus in it")
    options = parser.parse_args()
    clips = load_corpus(CORPUS, options.corpora)
    data = _data(clips)
    splits = {
        False: protocol("speaker-disjoint").splits(clips),
        True: protocol("random").splits(clips),
    }
    rows: list[dict[str, Any]] = []
    for step in STEPS:
        uas = [_ua(data, clips, splits[step.random], step, seed=seed) for seed in SEEDS]
        rows.append(
            {"leak": step.name, "ua": statistics.mean(uas), "deviation": statistics.stdev(uas)}
        )
        print(f"{100 * rows[-1]['ua']:5.1f} ± {100 * rows[-1]['deviation']:.1f}  {step.name}")
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "corpus": CORPUS,
        "features": FEATURES.name,
        "clips": len(clips),
        "speakers": len({item.speaker for item in clips}),
        "folds": len(splits[True]),
        "seeds": list(SEEDS),
        "rows": rows,
    }
    OUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    for step, row in zip(STEPS, rows, strict=True):
        reading = Reading(
            date=record["date"],
            commit=commit_here(None),
            protocol="random" if step.random else "speaker-disjoint",
            bundle=f"perceptron on {FEATURES.name}: {step.name}",
            bundle_sha256="",
            clips=len(clips),
            clips_sha256=clips_digest(clips),
            failed=0,
            ua={CORPUS: row["ua"]},
            origin="study",
            note=f"lockbox speakers among those under test: {len(lockbox_tested(clips))}",
        )
        print(log_reading(reading, None))


def _data(clips: Sequence[Utterance]) -> Data:
    originals, copies = [], []
    for item in clips:
        signal = decode(item.path).signal
        copy = make_copy(signal, SAMPLING_RATE_HZ, COPY, copy_rng(0, item, 0))
        originals.append(FEATURES.compute(signal))
        copies.append(FEATURES.compute(copy))
    labels = sorted({str(item.emotion) for item in clips})
    truth = np.array([labels.index(str(item.emotion)) for item in clips])
    return Data(np.array(originals, float), np.array(copies, float), truth, len(labels))


def _ua(
    data: Data, clips: Sequence[Utterance], splits: Sequence[Split], step: Step, *, seed: int
) -> float:
    """Return the UA over the test parts of all folds."""
    place = {item.path: index for index, item in enumerate(clips)}
    confusion = np.zeros((data.classes, data.classes), np.int64)
    everything = np.vstack([data.originals, data.copies])
    truth = np.concatenate([data.truth, data.truth])
    folds = np.random.default_rng(seed).permutation(len(truth)) % len(splits)
    for number, split in enumerate(splits):
        if step.copies_on_both_sides:
            test = np.flatnonzero(folds == number)
            validation = np.flatnonzero(folds == (number + 1) % len(splits))
            train = np.flatnonzero((folds != number) & (folds != (number + 1) % len(splits)))
        else:
            train, validation, test = (
                np.array([place[item.path] for item in part])
                for part in (split.train, split.validation, split.test)
            )
            train = np.concatenate([train, train + len(clips)])
        scaler = StandardScaler().fit(everything if step.scaled_over_all else everything[train])
        rows = scaler.transform(everything)
        answers = _answers(
            rows, truth, train, test if step.epoch_by_test else validation, test, data, seed
        )
        confusion += metrics.confusion_matrix(truth[test], answers, data.classes)
    return metrics.unweighted_average_recall(confusion)


def _answers(
    rows: Rows, truth: Places, train: Places, judges: Places, test: Places, data: Data, seed: int
) -> Places:
    """Train, and answer the test part as after the epoch that did best on the judging part."""
    network = MLPClassifier((256,), batch_size=64, random_state=seed)
    shuffle = np.random.default_rng(seed)
    best, answers = -1.0, np.zeros(len(test), np.int64)
    for _ in range(EPOCHS):
        order = shuffle.permutation(train)
        network.partial_fit(rows[order], truth[order], classes=np.arange(data.classes))
        right = float(np.mean(network.predict(rows[judges]) == truth[judges]))
        if right > best:
            best, answers = right, network.predict(rows[test])
    return answers


if __name__ == "__main__":
    main()
