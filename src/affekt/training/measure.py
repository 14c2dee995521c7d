"""What networks answer to clips that they were not shown: figures, and facts for a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from affekt.evaluation.figures import ClassificationFigures, classify
from affekt.metrics import confusion_matrix, unweighted_average_recall
from affekt.training.data import Clips, Numbers
from affekt.training.splits import RowSplit

Probabilities = npt.NDArray[np.float64]


def figures_of(
    clips: Clips, rows: Numbers, probabilities: Probabilities, places: Sequence[Path]
) -> ClassificationFigures:
    """Return the figures of some rows.

    Args:
        clips: of the recipe.
        rows: `[n]`, those that were answered.
        probabilities: `[n, classes]`.
        places: folders that the names of the clips begin below.
    """
    return classify(
        [clips.utterances[k] for k in clips.clip[rows]],
        [clips.labels[k] for k in clips.targets[rows]],
        probabilities,
        clips.labels,
        clip_ids=[clip_name(clips, row, places) for row in rows.tolist()],
    )


def clip_name(clips: Clips, row: int, places: Sequence[Path]) -> str:
    """Return what to call a row: its path below a folder, its stretch and which copy it is."""
    item = clips.utterances[clips.clip[row]]
    place = next((folder for folder in places if item.path.is_relative_to(folder)), None)
    path = item.path.relative_to(place) if place else item.path
    stretch = "" if item.start_s is None else f"@{item.start_s:g}"
    copy = int(clips.copy[row])
    return f"{path.with_suffix('').as_posix()}{stretch}" + (f"#copy{copy}" if copy else "")


def by_corpus(
    clips: Clips, rows: Numbers, probabilities: Probabilities
) -> dict[str, dict[str, float]]:
    """Return accuracy, UA and number of some rows, corpus by corpus.

    Splits hold the corpora in different shares, so that figures over all of them are not like
    for like.
    """
    chosen = probabilities.argmax(axis=1)
    corpora = np.array([clips.utterances[k].corpus for k in clips.clip[rows]])
    found = {}
    for corpus in dict.fromkeys(corpora.tolist()):
        inside = corpora == corpus
        truth = clips.targets[rows[inside]]
        confusion = confusion_matrix(truth, chosen[inside], probabilities.shape[1])
        found[corpus] = {
            "rows": int(inside.sum()),
            "accuracy": float((truth == chosen[inside]).mean()),
            "ua": unweighted_average_recall(confusion),
        }
    return found


def facts_of(
    clips: Clips, splits: Iterable[RowSplit], corpora: dict[str, dict[str, float]]
) -> dict[str, str | int]:
    """Return what a report tells of the clips and of what training and test share.

    Args:
        clips: of the recipe.
        splits: those that were measured.
        corpora: as `by_corpus` gives it.
    """
    splits = tuple(splits)
    counts = Counter(item.corpus for item in clips.utterances)
    return {
        "corpora": ", ".join(f"{name} {count}" for name, count in counts.items()),
        "accuracy by corpus of the test part": ", ".join(
            f"{name} {100.0 * found['accuracy']:.1f} % of {found['rows']}"
            for name, found in corpora.items()
        ),
        "test rows whose recording is in training": sum(item.shared_clips for item in splits),
        "test speakers in training": sum(item.shared_speakers for item in splits),
    }
