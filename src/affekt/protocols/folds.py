"""Protocols of several splits, in which every clip that can be tested is tested once.

Each group of clips is tested once, validated on when the group before it is tested, and learnt
from in all other splits: what decides is as far from the training part as what is measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from affekt.errors import ConfigError
from affekt.protocols.shipped_tables import read_table
from affekt.protocols.split import Apart, Split, Utterances, sentence_key
from affekt.records import Utterance

FOLDS = 5
Item = TypeVar("Item")
Key = TypeVar("Key", bound=Hashable)
Speaker = tuple[str, str]


def random_folds(items: Utterances, folds: int = FOLDS, *, seed: int = 0) -> tuple[Split, ...]:
    """Draw files at random, as many texts do: every speaker stands on both sides.

    Raises:
        ConfigError: fewer files than folds, or fewer than three folds.
    """
    dealt = deal(items, _file, folds, seed, strata=lambda item: (item.corpus, item.emotion))
    return _rounds(items, _file, dealt, protocol="random", apart=())


def speaker_folds(items: Utterances, folds: int = FOLDS, *, seed: int = 0) -> tuple[Split, ...]:
    """Keep speakers whole, emotions and genders of each collection spread evenly.

    Raises:
        ConfigError: fewer speakers than folds, or fewer than three folds.
    """
    dealt = deal(
        items,
        _speaker,
        folds,
        seed,
        strata=lambda item: (item.collection, item.gender, item.emotion),
    )
    return _rounds(items, _speaker, dealt, protocol="speaker-disjoint")


def ordered(items: Utterances) -> tuple[Split, ...]:
    """Learn from the first three fifths of the files of each corpus, and test the last fifth.

    That is what a split without a shuffle does, as some texts have it: which speakers stand on
    both sides depends on how a corpus names its files.

    Raises:
        ConfigError: no corpus has five files.
    """
    parts: dict[str, list[Utterance]] = {"train": [], "validation": [], "test": []}
    for _, clips in sorted(_grouped(items, lambda item: item.corpus).items()):
        names = sorted({_file(item) for item in clips})
        place = {name: (5 * number) // len(names) for number, name in enumerate(names)}
        for item in clips:
            fifth = place[_file(item)]
            parts["train" if fifth < 3 else "validation" if fifth == 3 else "test"].append(item)
    if not all(parts.values()):
        raise ConfigError("protocol 'ordered' needs a corpus with five files or more")
    train, validation, test = (tuple(clips) for clips in parts.values())
    return (Split(protocol="ordered", train=train, validation=validation, test=test, apart=()),)


def sentence_folds(items: Utterances, folds: int = FOLDS, *, seed: int = 0) -> tuple[Split, ...]:
    """Keep sentences whole; speakers stand on both sides.

    Raises:
        ConfigError: a corpus does not tell its sentences, or as for `speaker_folds`.
    """
    silent = sorted({item.corpus for item in items if item.sentence is None})
    if silent:
        raise ConfigError(
            f"protocol 'sentence-disjoint': {', '.join(silent)} does not tell what is said; "
            "name other corpora with --corpus"
        )
    dealt = deal(
        items, sentence_key, folds, seed, strata=lambda item: (item.collection, item.emotion)
    )
    return _rounds(items, sentence_key, dealt, protocol="sentence-disjoint", apart=("sentence",))


def leave_one_speaker_out(items: Utterances) -> tuple[Split, ...]:
    """Test each speaker alone; the next of the same collection decides.

    Raises:
        ConfigError: a collection has one speaker alone.
    """
    splits: list[Split] = []
    for collection, clips in sorted(_grouped(items, _collection).items()):
        speakers = sorted({_speaker(item) for item in clips})
        if len(speakers) < 2:
            raise ConfigError(
                f"protocol 'leave-one-speaker-out': {collection} has one speaker alone, and "
                "nobody else to decide; name other corpora with --corpus"
            )
        splits += _rounds(
            items,
            _speaker,
            [{speaker} for speaker in speakers],
            protocol="leave-one-speaker-out",
            names=[f"{collection} {speaker}" for _, speaker in speakers],
        )
    return tuple(splits)


def leave_one_corpus_out(items: Utterances) -> tuple[Split, ...]:
    """Test each collection alone: whoever leaves one corpus out leaves out its collection.

    Raises:
        ConfigError: fewer than three collections.
    """
    names = sorted({item.collection for item in items})
    if len(names) < 3:
        raise ConfigError(
            "protocol 'leave-one-corpus-out' needs three collections: one to learn from, one to "
            f"decide, one to test; there are: {', '.join(names)}"
        )
    return _rounds(
        items,
        _collection,
        [{name} for name in names],
        protocol="leave-one-corpus-out",
        names=names,
    )


def cross_corpus(items: Utterances, learnt: str, tested: str, *, seed: int = 0) -> Split:
    """Learn from one corpus, a fifth of whose speakers decide, and test all of another.

    The speakers who decide are as new as those under test, but of the corpus that is learnt from:
    whatever decides on clips of the tested corpus has learnt from it too.

    Raises:
        ConfigError: one is not among the clips, both share their speakers, or the first has one
            speaker alone.
    """
    by_corpus = _grouped(items, lambda item: item.corpus)
    protocol = f"cross-corpus:{learnt}:{tested}"
    for name in (learnt, tested):
        if name not in by_corpus:
            raise ConfigError(f"protocol '{protocol}': no clip of {name} is at hand")
    source, target = by_corpus[learnt], by_corpus[tested]
    if source[0].collection == target[0].collection:
        raise ConfigError(f"protocol '{protocol}': both have the same speakers")
    speakers = len({_speaker(item) for item in source})
    dealt = deal(
        source,
        _speaker,
        min(FOLDS, speakers),
        seed,
        strata=lambda item: (item.gender, item.emotion),
        at_least=2,
    )
    return Split(
        protocol=protocol,
        train=tuple(item for item in source if _speaker(item) not in dealt[0]),
        validation=tuple(item for item in source if _speaker(item) in dealt[0]),
        test=target,
    )


def official(items: Utterances) -> tuple[Split, ...]:
    """Make the speaker folds of the literature, corpus by corpus; a corpus without is left out.

    Of a part of a corpus, the folds that have clips are the groups.

    Raises:
        ConfigError: no corpus at hand has folds or clips to test, one has clips of fewer than three
            folds, or nobody is left to learn from or to decide.
    """
    tables = _grouped(read_table("speaker_folds"), lambda row: row["corpus"])
    here = {
        corpus: clips
        for corpus, clips in _grouped(items, lambda item: item.corpus).items()
        if corpus in tables
    }
    if not here:
        raise ConfigError(f"protocol 'official': has folds of {', '.join(tables)}; none is here")
    splits: list[Split] = []
    for corpus, clips in here.items():
        named = _grouped(tables[corpus], lambda row: (row["part"], row["fold"]))
        parts: dict[tuple[str, str], set[Speaker]] = {}
        for key, rows in named.items():
            speakers = {(row["corpus"], row["speaker"]) for row in rows}
            parts[key] = {_speaker(item) for item in clips if item.corpus_speaker in speakers}
        if ("train", "1") in parts:  # parts of their own instead of folds
            splits += _official_parts(corpus, clips, parts["test", "1"], parts["valid", "1"])
        else:
            splits += _official_folds(
                corpus, clips, {fold: group for (_, fold), group in parts.items() if group}
            )
    if not splits:
        raise ConfigError(
            f"protocol 'official': no clip of a speaker that it tests is here ({', '.join(here)})"
        )
    return tuple(splits)


def _official_parts(
    corpus: str, clips: Utterances, test: set[Speaker], validation: set[Speaker]
) -> tuple[Split, ...]:
    if not test:
        return ()
    if not validation:
        raise ConfigError(
            f"protocol 'official', {corpus}: no clip of a speaker that decides is here; give more "
            "of its recordings"
        )
    return (
        _split(clips, _speaker, test=test, validation=validation, protocol="official", name=corpus),
    )


def _official_folds(
    corpus: str, clips: Utterances, folds: dict[str, set[Speaker]]
) -> tuple[Split, ...]:
    if len(folds) < 3:
        raise ConfigError(
            f"protocol 'official': {corpus} has clips of {len(folds)} folds here, too few to "
            "learn, to decide and to test; name other corpora with --corpus"
        )
    return _rounds(
        clips,
        _speaker,
        list(folds.values()),
        protocol="official",
        names=[f"{corpus} {fold}" for fold in folds],
    )


def pooled(items: Utterances) -> tuple[Split, ...]:
    """Hold out one group of every corpus' speakers at a time, and learn from all others.

    Raises:
        ConfigError: fewer than three of the groups are among the clips.
    """
    groups = {
        number: {(row["corpus"], row["speaker"]) for row in rows}
        for number, rows in _grouped(read_table("pooled_rounds"), lambda row: row["round"]).items()
    }
    here = {
        number: {_speaker(item) for item in items if item.corpus_speaker in named}
        for number, named in groups.items()
    }
    here = {number: speakers for number, speakers in here.items() if speakers}
    if len(here) < 3:
        raise ConfigError("protocol 'pooled': fewer than three of its groups have clips at hand")
    return _rounds(
        items,
        _speaker,
        list(here.values()),
        protocol="pooled",
        names=[f"round {number}" for number in here],
    )


def deal(
    items: Iterable[Utterance],
    key: Callable[[Utterance], Key],
    folds: int,
    seed: int,
    *,
    strata: Callable[[Utterance], Hashable],
    at_least: int = 3,
) -> list[set[Key]]:
    """Deal groups of clips out to folds so that every stratum is spread evenly.

    Groups come largest first, each to the fold that holds least of what it brings.

    Args:
        items: the clips.
        key: what makes a group, which stays whole.
        folds: how many.
        seed: draws the order among groups of one size.
        strata: what is to be spread evenly.
        at_least: how many folds are needed.

    Returns:
        The groups of each fold.

    Raises:
        ConfigError: fewer groups than folds, or fewer folds than are needed.
    """
    groups = {name: Counter(map(strata, clips)) for name, clips in _grouped(items, key).items()}
    if not at_least <= folds <= len(groups):
        raise ConfigError(
            f"{folds} folds cannot be made: there are {len(groups)} groups that must stay whole, "
            f"and at least {at_least} folds are needed; 'NAME:{at_least}' asks for that many"
        )
    place = {
        name: index
        for index, name in enumerate(dict.fromkeys(s for g in groups.values() for s in g))
    }
    brought = {name: _vector(counts, place) for name, counts in groups.items()}
    rarity = 1.0 / sum(brought.values(), np.zeros(len(place)))
    order = sorted(groups, key=repr)
    order = [order[index] for index in np.random.default_rng(seed).permutation(len(order))]
    order.sort(key=lambda name: -brought[name].sum())
    held = np.zeros((folds, len(place)))
    dealt: list[set[Key]] = [set() for _ in range(folds)]
    for turn, name in enumerate(order):
        empty = [fold for fold in range(folds) if not dealt[fold]]
        # The last groups go to the folds that have none yet.
        choice = empty if len(order) - turn == len(empty) else range(folds)
        cost = held @ (brought[name] * rarity)
        chosen = min(choice, key=lambda fold: (cost[fold], held[fold].sum()))
        dealt[chosen].add(name)
        held[chosen] += brought[name]
    return dealt


def _rounds(
    items: Sequence[Utterance],
    key: Callable[[Utterance], Key],
    groups: Sequence[Collection[Key]],
    *,
    protocol: str,
    names: Sequence[str] | None = None,
    apart: tuple[Apart, ...] = ("speaker",),
) -> tuple[Split, ...]:
    """Test each group, and let the next decide."""
    names = names or [f"fold {number}" for number in range(1, len(groups) + 1)]
    return tuple(
        _split(
            items,
            key,
            test=group,
            validation=groups[(place + 1) % len(groups)],
            protocol=protocol,
            name=name,
            apart=apart,
        )
        for place, (group, name) in enumerate(zip(groups, names, strict=True))
    )


def _split(
    items: Iterable[Utterance],
    key: Callable[[Utterance], Key],
    *,
    test: Collection[Key],
    validation: Collection[Key],
    protocol: str,
    name: str,
    apart: tuple[Apart, ...] = ("speaker",),
) -> Split:
    parts: dict[str, list[Utterance]] = {"train": [], "validation": [], "test": []}
    for item in items:
        group = key(item)
        parts["test" if group in test else "validation" if group in validation else "train"].append(
            item
        )
    if not parts["train"]:
        raise ConfigError(f"protocol '{protocol}', {name}: nobody is left to learn from")
    return Split(
        protocol=protocol,
        name=name,
        apart=apart,
        **{part: tuple(clips) for part, clips in parts.items()},
    )


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, tuple[Item, ...]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return {name: tuple(members) for name, members in groups.items()}


def _vector(counts: Counter[Hashable], place: dict[Hashable, int]) -> npt.NDArray[np.float64]:
    vector = np.zeros(len(place))
    for name, count in counts.items():
        vector[place[name]] = count
    return vector


def _file(item: Utterance) -> str:
    return str(item.path.absolute())


def _speaker(item: Utterance) -> tuple[str, str]:
    """Return who spoke, as written: the order of the draws rests on it."""
    return (item.collection, item.speaker)


def _collection(item: Utterance) -> str:
    return item.collection
