"""The vocabulary: eight canonical labels, and how smaller vocabularies follow from them.

The eight are those of RAVDESS (Livingstone and Russo 2018), the richest set among the corpora.
A model may add labels of its own (EmoDB's boredom); they carry no canonical meaning.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from affekt.errors import ConfigError

CANONICAL: tuple[str, ...] = (
    "neutral",
    "calm",
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgust",
    "surprised",
)
SEVEN: tuple[str, ...] = tuple(label for label in CANONICAL if label != "calm")
SIX: tuple[str, ...] = ("neutral", "happy", "sad", "angry", "fearful", "disgust")
FOUR: tuple[str, ...] = ("neutral", "happy", "sad", "angry")

VOCABULARIES: dict[int, tuple[str, ...]] = {8: CANONICAL, 7: SEVEN, 6: SIX, 4: FOUR}


def reduce_vocabulary(
    probabilities: npt.NDArray[np.floating], labels: Sequence[str], size: int
) -> tuple[npt.NDArray[np.float64], tuple[str, ...], float]:
    """Restrict probabilities to a smaller vocabulary and renormalise.

    Calm joins neutral in every vocabulary below eight. What then lies outside the vocabulary is
    dropped, and its probability mass returned so that a caller can report it.

    Args:
        probabilities: `[classes]`, summing to one, in the order of `labels`.
        labels: the labels of the model.
        size: 8, 7, 6 or 4.

    Returns:
        Probabilities `[k]`, their labels (those of the vocabulary that the model knows, in
        canonical order), and the mass left out (0 to 1). Where all of the mass is left out, the
        probabilities are equal: nothing is known of those that stay.

    Raises:
        ConfigError: `size` is none of the four, or the model knows none of the labels.
    """
    if size not in VOCABULARIES:
        raise ConfigError(f"no vocabulary of {size} emotions; choose 8, 7, 6 or 4")
    mass = dict.fromkeys(CANONICAL, 0.0)
    outside = 0.0
    for label, probability in zip(labels, probabilities, strict=True):
        target = "neutral" if label == "calm" and size < len(CANONICAL) else label
        if target in VOCABULARIES[size]:
            mass[target] += float(probability)
        else:
            outside += float(probability)
    kept = tuple(
        label
        for label in VOCABULARIES[size]
        if label in labels or (label == "neutral" and "calm" in labels and size < len(CANONICAL))
    )
    values = np.array([mass[label] for label in kept], dtype=np.float64)
    if not kept:
        raise ConfigError(f"the model knows none of the {size} emotions asked for")
    total = values.sum()
    if total <= 0.0:
        return np.full(len(kept), 1.0 / len(kept)), kept, outside
    return values / total, kept, outside
