"""How far probabilities can be believed: NLL, Brier score, expected calibration error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.integer]

# Below this a probability in float32 has lost its meaning; it also keeps the logarithm finite.
_SMALLEST_PROBABILITY = 1e-12


def log_loss(probabilities: Floats, truth: Indices) -> float:
    """Return NLL, the mean negative natural logarithm of the true class' probability (nats).

    Args:
        probabilities: `[clips, classes]`, each row summing to one.
        truth: `[clips]`, class indices.

    Raises:
        ValueError: shapes do not fit, or there is no clip.
    """
    probabilities, truth = _checked(probabilities, truth)
    of_truth = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(of_truth, _SMALLEST_PROBABILITY)).mean())


def brier_score(probabilities: Floats, truth: Indices) -> float:
    """Return the mean squared distance to the one-hot truth, summed over classes (0 to 2).

    Brier 1950, in its multi-class form. Arguments and errors as for `log_loss`.
    """
    probabilities, truth = _checked(probabilities, truth)
    one_hot = np.eye(probabilities.shape[1])[truth]
    return float(((probabilities - one_hot) ** 2).sum(axis=1).mean())


def expected_calibration_error(probabilities: Floats, truth: Indices, *, bins: int = 15) -> float:
    """Return ECE of the top label, over bins that hold equally many clips (0 to 1).

    The mean, weighted by clips, of |accuracy - mean confidence| in each bin. Equal-mass bins
    (Nguyen and O'Connor 2015) leave none nearly empty, as equal-width ones do when most
    confidences lie close together. Arguments and errors as for `log_loss`.
    """
    probabilities, truth = _checked(probabilities, truth)
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == truth
    order = np.argsort(confidence, kind="stable")
    gap = 0.0
    for members in np.array_split(order, min(bins, len(order))):
        gap += abs(float(correct[members].sum()) - float(confidence[members].sum()))
    return gap / len(truth)


def _checked(
    probabilities: Floats, truth: Indices
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    values = np.asarray(probabilities, dtype=np.float64)
    indices = np.asarray(truth, dtype=np.int64)
    if values.ndim != 2 or indices.shape != values.shape[:1] or not len(indices):
        raise ValueError(
            f"expected probabilities [clips, classes] and truth [clips] with at least one clip, "
            f"found {values.shape} and {indices.shape}"
        )
    return values, indices
