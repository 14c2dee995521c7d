"""The protocols by name: each a rule that splits utterances, as data with a version."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from affekt.errors import ConfigError, did_you_mean
from affekt.protocols import folds, shipped
from affekt.protocols.shipped_tables import (
    CorpusSpeaker,
    lockbox_speakers,
    read_table,
    selection_speakers,
)
from affekt.protocols.split import Split, Utterances
from affekt.records import Utterance, with_one_spelling

Rule = Callable[[Utterances], tuple[Split, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """A named rule that splits utterances.

    Attributes:
        name: what the command line and the reports call it.
        version: raised when the rule makes other splits of the same clips.
        description: one sentence for a report.
        rule: makes the splits.
        tested: the `(corpus, speaker)` pairs it tests by name; empty where it takes what comes.
        new_speakers: no speaker of the test is a training speaker.
    """

    name: str
    version: int
    description: str
    rule: Rule
    tested: Callable[[], frozenset[CorpusSpeaker]] = frozenset
    new_speakers: bool = True

    @property
    def title(self) -> str:
        """Name and version, as figures carry them."""
        return f"{self.name} v{self.version}"

    def splits(self, utterances: Sequence[Utterance]) -> tuple[Split, ...]:
        """Return every split, each checked for leaks; one person's id is spelt one way in all.

        Raises:
            ConfigError: the clips at hand do not suffice; the message says what for.
            LeakError: two parts share what the protocol keeps apart.
        """
        clips = with_one_spelling(utterances, where=f"protocol '{self.name}'")
        made = self.rule(tuple(clips))
        return tuple(dataclasses.replace(split, protocol=self.title) for split in made)


def protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    "speaker-disjoint:10" asks for ten folds, "cross-corpus:cremad:emodb" names what is learnt from
    and what is tested.

    Raises:
        ConfigError: there is none; the message suggests one.
    """
    base, *details = name.split(":")
    if base == "cross-corpus" and len(details) == 2:
        learnt, tested = details
        return dataclasses.replace(
            PROTOCOLS[base],
            name=name,
            description=f"all of {tested}, after learning from {learnt} alone",
            rule=lambda items: (folds.cross_corpus(items, learnt, tested),),
        )
    if base in _FOLDED and len(details) == 1 and details[0].isdecimal():
        made = _FOLDED[base]
        count = int(details[0])
        return dataclasses.replace(
            PROTOCOLS[base], name=name, rule=lambda items: made(items, count)
        )
    if base not in PROTOCOLS or details:
        raise ConfigError(f"no protocol '{name}'{did_you_mean(name, PROTOCOLS)}")
    return PROTOCOLS[name]


def _alone(rule: Callable[[Sequence[Utterance]], Split]) -> Rule:
    return lambda items: (rule(items),)


def _unnamed(_: Utterances) -> tuple[Split, ...]:
    raise ConfigError(
        "protocol 'cross-corpus' needs two corpora, to learn from and to test: "
        "cross-corpus:cremad:emodb"
    )


def _table(name: str) -> frozenset[CorpusSpeaker]:
    return frozenset(
        (row["corpus"], row["speaker"])
        for row in read_table(name)
        if row.get("part", "test") == "test"
    )


_FOLDED = {
    "random": folds.random_folds,
    "speaker-disjoint": folds.speaker_folds,
    "sentence-disjoint": folds.sentence_folds,
}

PROTOCOLS: dict[str, Protocol] = {
    item.name: item
    for item in (
        Protocol(
            name="lockbox",
            version=1,
            description="speakers that no shipped model was trained or chosen on",
            rule=_alone(shipped.lockbox),
            tested=lockbox_speakers,
        ),
        Protocol(
            name="select",
            version=1,
            description="speakers that choices were made on: figures are optimistic",
            rule=_alone(shipped.select),
            tested=partial(selection_speakers, "select"),
        ),
        Protocol(
            name="calibrate",
            version=1,
            description="speakers that the temperature was fitted on",
            rule=_alone(shipped.calibrate),
            tested=partial(selection_speakers, "calibrate"),
        ),
        Protocol(
            name="external",
            version=1,
            description="data of your own: what its table marks as test, or every clip",
            rule=_alone(shipped.external),
        ),
        Protocol(
            name="speaker-disjoint",
            version=1,
            description="folds of speakers, five or :N, alike in emotions and genders",
            rule=folds.speaker_folds,
        ),
        Protocol(
            name="leave-one-speaker-out",
            version=1,
            description="every speaker alone, after learning from all others",
            rule=folds.leave_one_speaker_out,
        ),
        Protocol(
            name="leave-one-corpus-out",
            version=1,
            description="every collection alone, after learning from all others",
            rule=folds.leave_one_corpus_out,
        ),
        Protocol(
            name="cross-corpus",
            version=1,
            description="one corpus, after learning from another alone: cross-corpus:A:B",
            rule=_unnamed,
        ),
        Protocol(
            name="sentence-disjoint",
            version=1,
            description="folds of sentences, five or :N; training speakers are tested",
            rule=folds.sentence_folds,
            new_speakers=False,
        ),
        Protocol(
            name="official",
            version=2,  # of a part of a corpus, no round without clips
            description="the speaker folds of the literature, corpus by corpus",
            rule=folds.official,
            tested=partial(_table, "speaker_folds"),
        ),
        Protocol(
            name="pooled",
            version=1,
            description="ten rounds, each of one group of speakers of every corpus",
            rule=folds.pooled,
            tested=partial(_table, "pooled_rounds"),
        ),
        Protocol(
            name="ordered",
            version=1,
            description="the last fifth of each corpus' files by name, as a split without a "
            "shuffle has it: most tested speakers are training speakers",
            rule=folds.ordered,
            new_speakers=False,
        ),
        Protocol(
            name="random",
            version=1,
            description="folds of clips, five or :N: training speakers are tested, and the "
            "figures say nothing of new speakers",
            rule=folds.random_folds,
            new_speakers=False,
        ),
    )
}
