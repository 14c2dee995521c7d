"""Recalls, precision and F1, all read off one confusion matrix.

Rows are the truth, columns the answers, both in the order of one fixed label set, never one
inferred from the clips at hand: a class that happens to be absent must not shift the others.
The figures of single classes are computed for any number of matrices at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Matrices = npt.NDArray[np.int64 | np.float64]


def confusion_matrix(
    truth: npt.NDArray[np.integer], predicted: npt.NDArray[np.integer], classes: int
) -> Counts:
    """Count how often each class was answered with each class.

    Args:
        truth: `[clips]`, class indices from 0 to `classes - 1`.
        predicted: `[clips]`, likewise.
        classes: size of the label set.

    Returns:
        `[classes, classes]`: row the true class, column the predicted one.

    Raises:
        ValueError: the lengths differ, or an index lies outside the label set.
    """
    truth, predicted = np.asarray(truth, dtype=np.int64), np.asarray(predicted, dtype=np.int64)
    if truth.shape != predicted.shape or truth.ndim != 1:
        raise ValueError(f"truth {truth.shape} and predicted {predicted.shape} must be [clips]")
    for name, indices in (("truth", truth), ("predicted", predicted)):
        if indices.size and (indices.min() < 0 or indices.max() >= classes):
            raise ValueError(f"{name} holds an index outside 0 to {classes - 1}")
    cells = np.bincount(truth * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def recalls(confusion: Matrices) -> Floats:
    """Return each class' recall, 0 to 1, `[..., classes]`; NaN for a class absent from the truth.

    Args:
        confusion: `[..., classes, classes]`, as from `confusion_matrix`.
    """
    return _ratio(_hits(confusion), confusion.sum(axis=-1))


def precisions(confusion: Matrices) -> Floats:
    """Return each class' precision, 0 to 1, `[..., classes]`; NaN for one never answered.

    Args:
        confusion: `[..., classes, classes]`.
    """
    return _ratio(_hits(confusion), confusion.sum(axis=-2))


def f1_scores(confusion: Matrices) -> Floats:
    """Return each class' F1, 0 to 1, `[..., classes]`; NaN for a class absent from the truth.

    Args:
        confusion: `[..., classes, classes]`.
    """
    support = confusion.sum(axis=-1)
    scores = _ratio(2 * _hits(confusion), confusion.sum(axis=-2) + support)
    scores[support == 0] = np.nan
    return scores


def unweighted_average_recall(confusion: Counts) -> float:
    """Return UA, the mean recall over the classes present in the truth (balanced accuracy).

    Chance is one over the number of classes however unequal they are. NaN without any clip.
    """
    return _mean_of_present(recalls(confusion))


def accuracy(confusion: Counts) -> float:
    """Return WA, the share of clips answered rightly; NaN without any clip."""
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else float("nan")


def macro_f1(confusion: Counts) -> float:
    """Return the mean F1 over the classes present in the truth; NaN without any clip."""
    return _mean_of_present(f1_scores(confusion))


def weighted_f1(confusion: Counts) -> float:
    """Return the mean F1 weighted by how many clips each class has; NaN without any clip."""
    support = confusion.sum(axis=1)
    total = support.sum()
    return float(np.nansum(f1_scores(confusion) * support) / total) if total else float("nan")


def _hits(confusion: Matrices) -> Matrices:
    return np.diagonal(confusion, axis1=-2, axis2=-1)


def _ratio(part: Matrices, whole: Matrices) -> Floats:
    ratio = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=ratio, where=whole > 0)
    return ratio


def _mean_of_present(values: Floats) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else float("nan")
