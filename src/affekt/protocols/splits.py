"""Splits of a list of utterances into train, validation and test, none of which shares a speaker.

A speaker is `(collection, id)`: whoever is held out of one corpus of a collection is held out of
all of it (RAVDESS speech and song). Every split is checked when it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from affekt.errors import AffektError, ConfigError, did_you_mean
from affekt.protocols.tables import CorpusSpeaker, lockbox_speakers, selection_speakers
from affekt.records import Utterance

Utterances = tuple[Utterance, ...]


class LeakError(AffektError):
    """One speaker or one recording stands in two parts of a split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Three parts that share no speaker and no file; making one with a leak raises.

    Attributes:
        protocol: the name of the rule that made it; it is stamped on every figure.
        train: what a model may learn from.
        validation: what decides when to stop and which settings to keep.
        test: what is measured.

    Raises:
        LeakError: a speaker or a file stands in two parts.
    """

    protocol: str
    train: Utterances
    validation: Utterances
    test: Utterances

    def __post_init__(self) -> None:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        check_disjoint(parts, where=f"protocol '{self.protocol}'")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A named rule that splits utterances.

    Attributes:
        name: what the command line and the reports call it.
        description: one sentence for a report.
        split: the rule.
        tested: the `(corpus, speaker)` pairs it tests by name; empty where it takes what comes.
    """

    name: str
    description: str
    split: Callable[[Sequence[Utterance]], Split]
    tested: Callable[[], frozenset[CorpusSpeaker]]


def protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises:
        ConfigError: there is none; the message suggests one.
    """
    if name not in PROTOCOLS:
        raise ConfigError(f"no protocol '{name}'{did_you_mean(name, PROTOCOLS)}")
    return PROTOCOLS[name]


def check_disjoint(parts: Mapping[str, Sequence[Utterance]], *, where: str) -> None:
    """Refuse parts that share a speaker or a file.

    Two stretches of one file count as sharing it. A part may be empty.

    Args:
        parts: utterances by the name of their part.
        where: what to call this split in an error.

    Raises:
        LeakError: something stands in two parts; the message names it, the parts, and how many
            more there are.
    """
    for kind, key in (("speaker", _speaker_name), ("file", _file_name)):
        shared = _shared(parts, key)
        if shared:
            first, (one, other) = next(iter(shared.items()))
            more = f" (and {len(shared) - 1} more)" if len(shared) > 1 else ""
            raise LeakError(
                f"{where}: {kind} {first} stands in both {one} and {other}{more}; "
                f"leave it in one part (recordings whose speaker nobody named share one)"
            )


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
            if (item.corpus, item.speaker) in table:
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


def speaker_disjoint(
    utterances: Iterable[Utterance],
    shares: tuple[float, float, float],
    rng: np.random.Generator,
) -> Split:
    """Draw a random split in which every speaker's clips stay together.

    Speakers are drawn in random order, each into the part furthest below its share of clips.

    Args:
        utterances: what to split.
        shares: of the clips for train, validation and test; each at least 0, summing to 1.
            A part with a share above 0 gets at least one speaker.
        rng: draws the order.

    Raises:
        ConfigError: the shares do not sum to 1, or there are fewer speakers than parts.
    """
    if min(shares) < 0.0 or abs(sum(shares) - 1.0) > 1e-6:
        raise ConfigError(f"shares {shares} must each be at least 0 and sum to 1")
    by_speaker: dict[CorpusSpeaker, list[Utterance]] = {}
    for item in utterances:
        by_speaker.setdefault(item.speaker_key, []).append(item)
    wanted = np.array(shares) * sum(len(items) for items in by_speaker.values())
    open_parts = [index for index, share in enumerate(shares) if share > 0.0]
    if len(by_speaker) < len(open_parts):
        raise ConfigError(
            f"{len(by_speaker)} speaker(s) cannot fill {len(open_parts)} parts that share none; "
            f"name more speakers, or ask for fewer parts"
        )
    parts: tuple[list[Utterance], ...] = ([], [], [])
    speakers = sorted(by_speaker)
    for turn, drawn in enumerate(rng.permutation(len(speakers))):
        missing = [wanted[index] - len(parts[index]) for index in open_parts]
        place = turn if turn < len(open_parts) else int(np.argmax(missing))
        parts[open_parts[place]].extend(by_speaker[speakers[drawn]])
    train, validation, test = (tuple(part) for part in parts)
    return Split(protocol="speaker-disjoint", train=train, validation=validation, test=test)


def speaker_disjoint_in_each(
    utterances: Iterable[Utterance],
    shares: tuple[float, float, float],
    rng: np.random.Generator,
) -> Split:
    """Draw `speaker_disjoint` within each collection, so that every part holds every collection.

    Over all speakers at once, a collection of few but talkative speakers falls into one part. A
    collection with fewer speakers than parts goes to the training part as a whole.

    Args:
        utterances: what to split.
        shares: of each collection's clips for train, validation and test.
        rng: draws the order of the speakers, collection by collection.

    Raises:
        ConfigError: as for `speaker_disjoint`, or no collection has a speaker for every part.
    """
    by_collection: dict[str, list[Utterance]] = {}
    for item in utterances:
        by_collection.setdefault(item.collection, []).append(item)
    needed = sum(share > 0.0 for share in shares)
    train: list[Utterance] = []
    validation: list[Utterance] = []
    test: list[Utterance] = []
    for name in sorted(by_collection):
        items = by_collection[name]
        if len({item.speaker for item in items}) < needed:
            train.extend(items)
            continue
        drawn = speaker_disjoint(items, shares, rng)
        train.extend(drawn.train)
        validation.extend(drawn.validation)
        test.extend(drawn.test)
    if not test:
        raise ConfigError(f"no collection has {needed} speakers: none can be held out")
    return Split(
        protocol="speaker-disjoint",
        train=tuple(train),
        validation=tuple(validation),
        test=tuple(test),
    )


def _lockbox(utterances: Sequence[Utterance]) -> Split:
    parts = partition(utterances)
    return Split(protocol="lockbox", train=parts.train, validation=parts.select, test=parts.lockbox)


def _select(utterances: Sequence[Utterance]) -> Split:
    parts = partition(utterances)
    return Split(
        protocol="select", train=parts.train, validation=parts.calibrate, test=parts.select
    )


def _calibrate(utterances: Sequence[Utterance]) -> Split:
    parts = partition(utterances)
    return Split(
        protocol="calibrate", train=parts.train, validation=parts.select, test=parts.calibrate
    )


def _external(utterances: Sequence[Utterance]) -> Split:
    """Test what the table marks as test; every clip where it marks nothing."""
    parts: dict[str, list[Utterance]] = {"train": [], "validation": [], "test": []}
    marked = any(item.split for item in utterances)
    for item in utterances:
        name = (item.split or "train") if marked else "test"
        if name not in parts:
            raise ConfigError(f"{item.path}: no part is called '{name}'{did_you_mean(name, parts)}")
        parts[name].append(item)
    return Split(protocol="external", **{name: tuple(items) for name, items in parts.items()})


PROTOCOLS: dict[str, Protocol] = {
    item.name: item
    for item in (
        Protocol(
            name="lockbox",
            description="speakers that neither training nor any choice ever saw",
            split=_lockbox,
            tested=lockbox_speakers,
        ),
        Protocol(
            name="select",
            description="speakers that choices were made on: figures are optimistic",
            split=_select,
            tested=partial(selection_speakers, "select"),
        ),
        Protocol(
            name="calibrate",
            description="speakers that the temperature was fitted on",
            split=_calibrate,
            tested=partial(selection_speakers, "calibrate"),
        ),
        Protocol(
            name="external",
            description="data that the model did not learn from: what its table marks as test, "
            "or every clip",
            split=_external,
            tested=frozenset,
        ),
    )
}


def _speaker_name(item: Utterance) -> Hashable:
    return item.speaker_key


def _file_name(item: Utterance) -> Hashable:
    return str(item.path.absolute())


def _shared(
    parts: Mapping[str, Sequence[Utterance]], key: Callable[[Utterance], Hashable]
) -> dict[Hashable, tuple[str, str]]:
    homes: dict[Hashable, str] = {}
    shared: dict[Hashable, tuple[str, str]] = {}
    for name, items in parts.items():
        for value in dict.fromkeys(key(item) for item in items):
            if homes.setdefault(value, name) != name:
                shared[value] = (homes[value], name)
    return shared
