"""Splits of the rows of a recipe: clips and their copies, with and without the leak of a text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from affekt.corpora import CORPORA
from affekt.protocols import speaker_disjoint_in_each
from affekt.records import Utterance
from affekt.training.data import Clips
from affekt.training.parts import parts_of
from affekt.training.recipe import Recipe

Rule = Literal["published", "split-before-copies", "speaker-disjoint"]
RULES: tuple[Rule, ...] = ("published", "split-before-copies", "speaker-disjoint")

_COPIES = ("identical-audio", "near-duplicate")  # kinds of faults


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSplit:
    """Row numbers of the three parts, and what the parts share.

    Attributes:
        number: of the split in its protocol, from 1.
        name: of the protocol where this has one split, else what the split tests.
        description: in a sentence.
        train, validation, test: rows of the clips.
        shared_clips: test rows whose recording the training part holds too, or a copy of it that
            the corpus is known for.
        shared_speakers: test speakers whom the training part holds too.
    """

    number: int = 1
    name: str
    description: str
    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    shared_clips: int
    shared_speakers: int


def split_rows(recipe: Recipe, rows: Clips, rule: Rule, *, seed: int) -> RowSplit:
    """Split the rows by one of `RULES`.

    Args:
        recipe: its shares, its copies and its leak.
        rows: clips and copies.
        rule: "published" draws at random as the text does, its leak included;
            "split-before-copies" the same without that leak; "speaker-disjoint" keeps each
            speaker in one part, the same split for every seed.
        seed: of the run; draws the random splits.
    """
    protocol, data = recipe.protocol, recipe.data
    test_share = protocol.test_share
    validation_share = protocol.validation_share * (1.0 - test_share)
    shares = (1.0 - test_share - validation_share, validation_share, test_share)
    if rule == "speaker-disjoint":
        rng = np.random.default_rng(protocol.split_seed)
        drawn = speaker_disjoint_in_each(rows.utterances, shares, rng)
        place = {item.stretch: k for k, item in enumerate(rows.utterances)}
        clips = [
            np.array(sorted(place[item.stretch] for item in part), dtype=np.int64)
            for part in (drawn.train, drawn.validation, drawn.test)
        ]
        parts = [_rows_of(rows, part) for part in clips]
        description = (
            f"no speaker in two parts (split seed {protocol.split_seed}); "
            f"{len(clips[2]) / len(rows.utterances):.0%} of the clips for the test, where "
            f"{test_share:.0%} of every collection's were asked for: as near as whole speakers come"
        )
    elif rule == "published" and protocol.leak == "copies":
        parts = _deal(np.arange(len(rows.targets)), shares, np.random.default_rng([seed, 1]))
        description = (
            f"the text's: originals and copies drawn together at random, {test_share:.0%} for the "
            "test, so that copies of one recording lie on both sides"
        )
    else:
        clips = _deal(np.arange(len(rows.utterances)), shares, np.random.default_rng([seed, 1]))
        parts = [_rows_of(rows, part) for part in clips]
        description = f"clips drawn at random, {test_share:.0%} for the test" + (
            "; copies stay with their original" if data.copies_in == "all" else ""
        )
    if data.copies_in == "train":
        parts[1:] = [part[rows.copy[part] == 0] for part in parts[1:]]
    if recipe.published is not None and recipe.published.tuned:
        chosen_by = {item.stretch for item in parts_of(rows.utterances, protocol).select}
        known = [rows.utterances[clip].stretch in chosen_by for clip in rows.clip[parts[2]]]
        parts[2] = parts[2][~np.array(known, dtype=bool)]
        description += "; the speakers whom the settings were chosen on are left out of the test"
    return row_split(rows, parts, name=rule, description=description)


def row_split(
    rows: Clips,
    parts: Sequence[npt.NDArray[np.int64]],
    *,
    name: str,
    description: str,
    number: int = 1,
) -> RowSplit:
    """Return a split, with what its training and test parts share.

    Args:
        rows: clips and copies.
        parts: row numbers to train on, to validate on and to test on.
        name: what the split is called.
        description: in a sentence.
        number: of the split in its protocol.
    """
    train, validation, test = parts
    sound = _sounds(rows.utterances)
    trained, tested = (
        {rows.utterances[k].speaker_key for k in rows.clip[part]} for part in (train, test)
    )
    return RowSplit(
        number=number,
        name=name,
        description=description,
        train=train,
        validation=validation,
        test=test,
        shared_clips=int(np.isin(sound[rows.clip[test]], sound[rows.clip[train]]).sum()),
        shared_speakers=len(trained & tested),
    )


def _sounds(utterances: Sequence[Utterance]) -> npt.NDArray[np.int64]:
    """Number the recordings; those that their corpus is known to hold twice share a number."""
    number = {(item.corpus, item.path.stem): place for place, item in enumerate(utterances)}
    sounds = np.arange(len(utterances))
    for corpus in {item.corpus for item in utterances}:
        for fault in CORPORA[corpus].faults if corpus in CORPORA else ():
            pair = [number.get((corpus, name)) for name in (fault.name, fault.other)]
            if fault.kind in _COPIES and None not in pair:
                sounds[pair[1]] = sounds[pair[0]]
    return sounds


def _deal(
    items: npt.NDArray[np.int64], shares: tuple[float, float, float], rng: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Deal items at random into train, validation and test; the test part is exact, rounded up."""
    drawn = rng.permutation(items)
    tested = math.ceil(shares[2] * len(items))
    validated = math.ceil(shares[1] * len(items))
    parts = np.split(drawn, [len(items) - tested - validated, len(items) - tested])
    return [np.sort(part) for part in parts]


def _rows_of(rows: Clips, clips: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.isin(rows.clip, clips))
