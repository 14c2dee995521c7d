"""Answering among some of a model's classes: a clip competes only among those its corpus has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def argmax_among(
    probabilities: npt.NDArray[np.floating], allowed: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return the most probable allowed class of each clip.

    Args:
        probabilities: `[clips, classes]`; logits serve as well.
        allowed: `[classes]`, or `[clips, classes]` where it differs between clips.

    Returns:
        `[clips]`, indices into all the classes.

    Raises:
        ValueError: some clip has no allowed class.
    """
    mask = np.broadcast_to(allowed, probabilities.shape)
    if not mask.any(axis=1).all():
        raise ValueError("a clip has no class that it may be answered with")
    chosen: npt.NDArray[np.int64] = np.where(mask, probabilities, -np.inf).argmax(axis=1)
    return chosen
