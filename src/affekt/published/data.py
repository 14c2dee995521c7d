"""The rows a system learns from and is measured on: clips and their copies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from affekt.errors import CorpusError
from affekt.training import Clips, Recipe, few_of_each, load_recordings, read_clips, target_label


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
