"""Random splits by speaker with wanted shares."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from affekt.errors import ConfigError
from affekt.protocols.shipped_tables import CorpusSpeaker
from affekt.protocols.split import Split
from affekt.records import Utterance


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
        if len({item.speaker_key for item in items}) < needed:
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
