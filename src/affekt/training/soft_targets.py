"""Targets that are shares of several classes: listeners who disagree, and sounds under two labels.

Source of the votes: Cao et al. 2014 (CREMA-D).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from affekt.corpora import VOTED, ratings_of_clips, read_votes
from affekt.records import Utterance
from affekt.training.same_sounds import same_sounds

Shares = npt.NDArray[np.float32]


def soft_targets(
    utterances: Sequence[Utterance],
    targets: npt.NDArray[np.int64],
    originals: Sequence[npt.NDArray[np.floating]],
    *,
    labels: Sequence[str],
    vote_share: float = 0.0,
    join_labels: bool = False,
) -> Shares:
    """Return the share of each class in the target of each clip, `[clips, classes]`.

    Args:
        utterances: the clips.
        targets: `[clips]`, indices of their labels.
        originals: `[clips]`, their features.
        labels: the classes.
        vote_share: how much of the target of a clip of CREMA-D its listeners make (0 to 1).
        join_labels: a sound that stands under several labels has all of them, each alike; it may
            be cut shorter under one of them.

    Raises:
        CorpusError: the votes are not beside the corpus.
    """
    shares = np.eye(len(labels), dtype=np.float32)[targets]
    if vote_share:
        for place, voted in _votes(utterances, labels).items():
            shares[place] = (1.0 - vote_share) * shares[place] + vote_share * voted
    if join_labels:
        for places in same_sounds(utterances, originals, targets):
            shares[places] = shares[places].mean(axis=0)
    return shares


def _votes(utterances: Sequence[Utterance], labels: Sequence[str]) -> dict[int, Shares]:
    """Return the share of the votes that each class got, for the clips that were voted on."""
    columns = [labels.index(name) if name in labels else None for name in VOTED.values()]
    found: dict[int, Shares] = {}
    for place, votes in enumerate(ratings_of_clips(utterances, read_votes)):
        voted = np.zeros(len(labels), dtype=np.float32)
        for column, count in zip(columns, votes or (), strict=False):
            if column is not None:
                voted[column] = count
        if voted.sum() > 0.0:
            found[place] = voted / voted.sum()
    return found
