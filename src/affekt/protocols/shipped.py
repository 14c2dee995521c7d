"""The parts of the shipped tables: who is learnt from, who decides, who is kept for the last look.

A speaker is `(collection, id)`: whoever is held out of one corpus of a collection is held out of
all of it (RAVDESS speech and song).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from affekt.errors import ConfigError, did_you_mean
from affekt.protocols.shipped_tables import CorpusSpeaker, lockbox_speakers, selection_speakers
from affekt.protocols.split import Split, Utterances, check_disjoint
from affekt.records import Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The four parts of the shipped tables; together they hold every utterance once.

    Attributes:
        train: speakers that no table names.
        select: speakers for choices; a final run may train on them once all is chosen.
        calibrate: speakers for the temperature and thresholds; never trained on.
        lockbox: speakers for the last look alone.
    """

    train: Utterances
    select: Utterances
    calibrate: Utterances
    lockbox: Utterances


def partition(utterances: Iterable[Utterance]) -> Parts:
    """Sort utterances into the parts of the shipped tables, collection-wide.

    Raises:
        LeakError: two parts share a speaker or a file.
    """
    utterances = tuple(utterances)
    part_of: dict[CorpusSpeaker, str] = {}
    for name, table in (
        ("lockbox", lockbox_speakers()),
        ("calibrate", selection_speakers("calibrate")),
        ("select", selection_speakers("select")),
    ):
        for item in utterances:
            if item.corpus_speaker in table:
                part_of.setdefault(item.speaker_key, name)
    parts: dict[str, list[Utterance]] = {
        "train": [],
        "select": [],
        "calibrate": [],
        "lockbox": [],
    }
    for item in utterances:
        parts[part_of.get(item.speaker_key, "train")].append(item)
    check_disjoint(parts, where="the shipped tables")
    return Parts(**{name: tuple(items) for name, items in parts.items()})


def lockbox(utterances: Sequence[Utterance]) -> Split:
    """Test the lockbox, validate on `select`."""
    parts = partition(utterances)
    return Split(protocol="lockbox", train=parts.train, validation=parts.select, test=parts.lockbox)


def select(utterances: Sequence[Utterance]) -> Split:
    """Test the speakers for choices."""
    parts = partition(utterances)
    return Split(
        protocol="select", train=parts.train, validation=parts.calibrate, test=parts.select
    )


def calibrate(utterances: Sequence[Utterance]) -> Split:
    """Test the speakers for the calibration."""
    parts = partition(utterances)
    return Split(
        protocol="calibrate", train=parts.train, validation=parts.select, test=parts.calibrate
    )


def external(utterances: Sequence[Utterance]) -> Split:
    """Test what the table marks as test; every clip where it marks nothing."""
    parts: dict[str, list[Utterance]] = {"train": [], "validation": [], "test": []}
    marked = any(item.split for item in utterances)
    for item in utterances:
        name = (item.split or "train") if marked else "test"
        if name not in parts:
            raise ConfigError(f"{item.path}: no part is called '{name}'{did_you_mean(name, parts)}")
        parts[name].append(item)
    train, validation, test = (tuple(items) for items in parts.values())
    return Split(protocol="external", train=train, validation=validation, test=test)
