"""The rows a system learns from and is measured on: clips and their copies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from affekt.errors import CorpusError
from affekt.records import Utterance
from affekt.training.data import Clips, target_label
from affekt.training.fit import load_recordings, read_clips
from affekt.training.recipe import Recipe

_QUICK_CLIPS = 90  # of a corpus: enough for every class and several speakers


def load_rows(
    system: Recipe,
    root: Path,
    *,
    quick: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Clips:
    """Compute, or take from the cache, the features of a system's clips and their copies.

    Args:
        system: what is asked for.
        root: folder of the corpora.
        quick: take a small share of every corpus.
        progress: called with the number of clips done and the total.

    Raises:
        CorpusError: none of the system's corpora is there, or no clip in them can be used.
    """
    utterances, missing = load_recordings(system, root)
    relabel = system.data.relabel
    chosen = [item for item in utterances if target_label(item, system.labels, relabel)]
    if quick:
        chosen = few_of_each(chosen)
    rows = dataclasses.replace(read_clips(system, chosen, progress), missing=missing)
    if not len(rows):
        why = f"; of the first: {rows.skipped[0][1]}" if rows.skipped else ""
        raise CorpusError(f"{system.name}: no clip can be used{why}")
    return rows


def few_of_each(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return a small share of every corpus, to try the whole path."""
    corpora = dict.fromkeys(item.corpus for item in utterances)
    return [x for name in corpora for x in _few([y for y in utterances if y.corpus == name])]


def _few(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return a small share of a corpus, the same each time, with many speakers in it."""
    drawn = np.random.default_rng(1).permutation(len(utterances))[:_QUICK_CLIPS]
    return [utterances[index] for index in sorted(drawn)]
