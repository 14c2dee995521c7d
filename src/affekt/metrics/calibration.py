"""Calibration of probabilities: NLL, Brier score, expected calibration error."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Reliability:
    """The points of a reliability diagram, by rising confidence.

    Attributes:
        confidence: `[bins]`, the mean of what was said.
        accuracy: `[bins]`, the share that was right.
        clips: `[bins]`.
    """

    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    clips: npt.NDArray[np.int64]

    @property
    def error(self) -> float:
        """The mean of |accuracy - confidence|, weighted by clips (0 to 1)."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float((gaps * self.clips).sum() / self.clips.sum())


def reliability(probabilities: Floats, truth: Indices, *, bins: int = 15) -> Reliability:
    """Return the reliability diagram of the top label, over bins that hold equally many clips.

    Equal-mass bins (Nguyen and O'Connor 2015) leave none nearly empty, as equal-width ones do
    when most confidences lie close together. Arguments and errors as for `log_loss`.
    """
    probabilities, truth = _checked(probabilities, truth)
    correct = probabilities.argmax(axis=1) == truth
    return _reliability(probabilities.max(axis=1), correct, bins)


def expected_calibration_error(probabilities: Floats, truth: Indices, *, bins: int = 15) -> float:
    """Return ECE of the top label: the error of its `reliability` (0 to 1)."""
    return reliability(probabilities, truth, bins=bins).error


def classwise_calibration_error(probabilities: Floats, truth: Indices, *, bins: int = 15) -> float:
    """Return the mean over classes of the error of that class' own probability (0 to 1).

    Classwise ECE (Kull et al. 2019), here over bins that hold equally many clips. Arguments and
    errors as for `log_loss`.
    """
    probabilities, truth = _checked(probabilities, truth)
    columns = enumerate(probabilities.T)
    return float(np.mean([_reliability(one, truth == k, bins).error for k, one in columns]))


def fit_temperature(log_probabilities: Floats, truth: Indices) -> float:
    """Return the temperature that makes the truth most likely (Guo et al. 2017), 0.1 to 10.

    The likelihood is concave in the inverse of the temperature, so halving the interval in which
    its slope changes sign finds the one maximum.

    Args:
        log_probabilities: `[clips, classes]`; logits serve as well.
        truth: `[clips]`, class indices.
    """
    logits, truth = _checked(log_probabilities, truth)
    of_truth = logits[np.arange(len(truth)), truth]
    low, high = 0.1, 10.0  # of the inverse
    for _ in range(60):
        middle = (low + high) / 2
        expected = (soften(logits, 1.0 / middle) * logits).sum(axis=1)
        if (of_truth - expected).sum() > 0.0:
            low = middle
        else:
            high = middle
    return 1.0 / ((low + high) / 2)


def soften(log_probabilities: Floats, temperature: float) -> npt.NDArray[np.float64]:
    """Return softmax(log probabilities / temperature), `[clips, classes]`; logits serve as well."""
    scaled = np.asarray(log_probabilities, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    softened: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return softened


def _reliability(
    confidence: npt.NDArray[np.float64], correct: npt.NDArray[np.bool_], bins: int
) -> Reliability:
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    return Reliability(
        confidence=np.array([confidence[members].mean() for members in parts]),
        accuracy=np.array([correct[members].mean() for members in parts]),
        clips=np.array([len(members) for members in parts]),
    )


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
