"""The rows a system learns from and is measured on: clips, their copies, and the split."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, decode
from affekt.augment.copies import copy_rng, make_copy
from affekt.config import to_mapping
from affekt.corpora import CORPORA, load_corpus
from affekt.errors import AudioError, CorpusError
from affekt.features.cache import FeatureCache, Features, default_cache_root
from affekt.features.sets import FeatureSet, find_feature_set
from affekt.protocols import partition, speaker_disjoint_in_each
from affekt.records import Utterance
from affekt.systems.config import System
from affekt.threads import Workers

Rule = Literal["published", "split-before-copies", "speaker-disjoint"]
RULES: tuple[Rule, ...] = ("published", "split-before-copies", "speaker-disjoint")

_QUICK_CLIPS = 90  # of a corpus: enough for every class and several speakers
_COPIES = ("identical-audio", "near-duplicate")  # kinds of faults


@dataclass(frozen=True, slots=True)
class Rows:
    """Features of clips and copies.

    Attributes:
        features: `[rows, *shape]`.
        targets: `[rows]`, indices of the system's labels.
        clip: `[rows]`, index of the utterance that a row comes from.
        copy: `[rows]`, 0 the original, from 1 the copies.
        utterances: the clips.
        missing: corpora of the text that are not on the disk.
        skipped: clips that could not be used, and why.
    """

    features: npt.NDArray[np.floating]
    targets: npt.NDArray[np.int64]
    clip: npt.NDArray[np.int64]
    copy: npt.NDArray[np.int64]
    utterances: tuple[Utterance, ...]
    missing: tuple[str, ...]
    skipped: tuple[tuple[Utterance, str], ...]


@dataclass(frozen=True, slots=True)
class RowSplit:
    """Row numbers of the three parts, and what the parts share.

    Attributes:
        name: of the protocol, for reports.
        description: in a sentence.
        shared_clips: test rows whose recording the training part holds too, or a copy of it that
            the corpus is known for.
        shared_speakers: test speakers whom the training part holds too.
    """

    name: str
    description: str
    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    shared_clips: int
    shared_speakers: int


def label_of(utterance: Utterance, system: System) -> str | None:
    """Return the class of a clip in a system's vocabulary, or None where it has none."""
    emotion = utterance.emotion
    if emotion is None:
        return None
    label = system.data.relabel.get(emotion, emotion)
    return label if label in system.data.labels else None


def missing_corpora(system: System, root: Path) -> list[str]:
    """Return the corpora of a system that have no folder below the root, or an empty one."""
    return [
        name
        for name in system.data.corpora
        if not (root / name).is_dir() or not any((root / name).iterdir())
    ]


def load_rows(
    system: System,
    root: Path,
    *,
    quick: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Rows:
    """Compute, or take from the cache, the features of a system's clips and their copies.

    Args:
        system: what is asked for.
        root: folder of the corpora.
        quick: take a small share of every corpus.
        progress: called with the number of clips done and the total.

    Raises:
        CorpusError: none of the system's corpora is there, or no clip in them can be used.
    """
    missing = missing_corpora(system, root)
    chosen: list[Utterance] = []
    for name in system.data.corpora:
        if name not in missing:
            found = [item for item in load_corpus(name, root) if label_of(item, system)]
            chosen.extend(_few(found) if quick else found)
    if not chosen:
        raise CorpusError(f"none of the corpora of {system.name} lies under {root}")
    reader = _Reader(system, find_feature_set(system.features.set))
    arrays: list[list[Features]] = []
    kept: list[Utterance] = []
    skipped: list[tuple[Utterance, str]] = []
    with Workers(os.cpu_count()) as pool:
        answers = pool.map(reader.read, chosen)
        for done, (item, answer) in enumerate(zip(chosen, answers, strict=True), start=1):
            if isinstance(answer, str):
                skipped.append((item, answer))
            else:
                kept.append(item)
                arrays.append(answer)
            if progress is not None:
                progress(done, len(chosen))
    if not kept:
        raise CorpusError(f"{system.name}: no clip can be used; of the first: {skipped[0][1]}")
    rows_each = 1 + len(system.data.copies)
    targets = [system.data.labels.index(label_of(item, system) or "") for item in kept]
    return Rows(
        features=np.stack([array for of_clip in arrays for array in of_clip]),
        targets=np.repeat(np.array(targets, dtype=np.int64), rows_each),
        clip=np.repeat(np.arange(len(kept)), rows_each),
        copy=np.tile(np.arange(rows_each), len(kept)),
        utterances=tuple(kept),
        missing=tuple(missing),
        skipped=tuple(skipped),
    )


def split_rows(system: System, rows: Rows, rule: Rule, *, seed: int) -> RowSplit:
    """Split the rows by one of `RULES`.

    Args:
        system: its shares, its copies and its leak.
        rows: clips and copies.
        rule: "published" draws at random as the text does, its leak included;
            "split-before-copies" the same without that leak; "speaker-disjoint" keeps each
            speaker in one part, the same split for every seed.
        seed: of the run; draws the random splits.
    """
    data = system.data
    test_share = data.test_share
    validation_share = data.validation_share * (1.0 - test_share)
    shares = (1.0 - test_share - validation_share, validation_share, test_share)
    if rule == "speaker-disjoint":
        rng = np.random.default_rng(system.split_seed)
        drawn = speaker_disjoint_in_each(rows.utterances, shares, rng)
        place = {item.path: k for k, item in enumerate(rows.utterances)}
        clips = [
            np.array(sorted(place[item.path] for item in part), dtype=np.int64)
            for part in (drawn.train, drawn.validation, drawn.test)
        ]
        parts = [_rows_of(rows, part) for part in clips]
        description = (
            f"no speaker in two parts (split seed {system.split_seed}); "
            f"{len(clips[2]) / len(rows.utterances):.0%} of the clips for the test, where "
            f"{test_share:.0%} of every collection's were asked for: as near as whole speakers come"
        )
    elif rule == "published" and data.leak == "copies":
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
    if system.tuned:
        chosen_by = {item.path for item in partition(rows.utterances).select}
        known = [rows.utterances[clip].path in chosen_by for clip in rows.clip[parts[2]]]
        parts[2] = parts[2][~np.array(known, dtype=bool)]
        description += "; the speakers whom the settings were chosen on are left out of the test"
    train, validation, test = parts
    sound = _sounds(rows.utterances)
    heard = {rows.utterances[k].speaker_key for k in rows.clip[train]}
    tested = {rows.utterances[k].speaker_key for k in rows.clip[test]}
    return RowSplit(
        name=rule,
        description=description,
        train=train,
        validation=validation,
        test=test,
        shared_clips=int(np.isin(sound[rows.clip[test]], sound[rows.clip[train]]).sum()),
        shared_speakers=len(heard & tested),
    )


def _sounds(utterances: Sequence[Utterance]) -> npt.NDArray[np.int64]:
    """Number the recordings; those that their corpus is known to hold twice share a number."""
    number = {(item.corpus, item.path.stem): place for place, item in enumerate(utterances)}
    sounds = np.arange(len(utterances))
    for corpus in {item.corpus for item in utterances}:
        for fault in CORPORA[corpus].faults:
            pair = [number.get((corpus, name)) for name in (fault.name, fault.other)]
            if fault.kind in _COPIES and None not in pair:
                sounds[pair[1]] = sounds[pair[0]]
    return sounds


class _Reader:
    """Reads a clip and returns the features of its original and its copies, or what was wrong."""

    def __init__(self, system: System, features: FeatureSet) -> None:
        self._data = system.data
        self._features = features
        # Vectors span more than half precision does, and are small; the others fill gigabytes.
        self._dtype = np.float32 if features.form == "vector" else np.float16
        self._durations = FeatureCache(
            default_cache_root(), {"set": "duration_s"}, dtype=np.float32
        )

    def read(self, item: Utterance) -> list[Features] | str:
        signal: list[Features] = []

        def waveform() -> Features:
            if not signal:
                signal.append(decode(item.path, start_s=item.start_s, end_s=item.end_s).signal)
            return signal[0]

        def compute(number: int) -> Features:
            if number == 0:
                return self._features.compute(waveform())
            rng = copy_rng(self._data.copy_seed, item, number)
            config = self._data.copies[number - 1]
            return self._features.compute(make_copy(waveform(), SAMPLING_RATE_HZ, config, rng))

        try:
            if self._data.min_duration_s:
                length = self._durations.get(item, lambda: duration_s(waveform()))
                if float(length[0]) < self._data.min_duration_s:
                    return f"shorter than {self._data.min_duration_s:g} s"
            return [
                self._cache(item, number).get(item, partial(compute, number)).astype(self._dtype)
                for number in range(1 + len(self._data.copies))
            ]
        except (AudioError, ValueError) as error:  # the cache refuses what is not finite
            return str(error)

    def _cache(self, item: Utterance, number: int) -> FeatureCache:
        """Return the cache of originals, or of one copy of one clip.

        A copy's draws depend on who the clip is: two clips of the same sound have copies of
        their own.
        """
        parameters: dict[str, object] = {
            "set": self._features.name,
            "version": self._features.version,
        }
        if number > 0:
            parameters["copy"] = {
                **to_mapping(self._data.copies[number - 1]),
                "seed": self._data.copy_seed,
                "number": number,
                "clip": [item.corpus, item.speaker, item.path.parent.name, item.path.stem],
            }
        return FeatureCache(default_cache_root(), parameters, dtype=self._dtype)


def duration_s(signal: Features) -> Features:
    """Return the length of a signal at our rate, `[1]`, as the cache keeps it."""
    return np.array([signal.size / SAMPLING_RATE_HZ], dtype=np.float32)


def _few(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return a small share of a corpus, the same each time, with many speakers in it."""
    drawn = np.random.default_rng(1).permutation(len(utterances))[:_QUICK_CLIPS]
    return [utterances[index] for index in sorted(drawn)]


def _deal(
    items: npt.NDArray[np.int64], shares: tuple[float, float, float], rng: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Deal items at random into train, validation and test; the test part is exact, rounded up."""
    drawn = rng.permutation(items)
    tested = math.ceil(shares[2] * len(items))
    validated = math.ceil(shares[1] * len(items))
    parts = np.split(drawn, [len(items) - tested - validated, len(items) - tested])
    return [np.sort(part) for part in parts]


def _rows_of(rows: Rows, clips: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.isin(rows.clip, clips))
