"""Models side by side on the very same clips, and beside published figures."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.emotions import CANONICAL
from affekt.errors import ConfigError
from affekt.evaluation.groups import scored_answers
from affekt.evaluation.leaks import Copy, find_leaks
from affekt.evaluation.references import ReferenceRow, beside
from affekt.evaluation.report import Report, report_of, tested_clips
from affekt.evaluation.runs import Answers, Progress, own_classes
from affekt.evaluation.scoring import OTHER, SCORINGS, ScoringName, shares
from affekt.evaluation.sources import Source
from affekt.metrics import Interval
from affekt.metrics.permutation import PermutationTest, shares_by_speaker, swap_test
from affekt.protocols import Protocol, Split
from affekt.records import Utterance

MEAN = "mean of corpora"
_SEED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFigures:
    """Figures of a model on the clips that all models answered; see `Scoring`.

    Attributes:
        model: its place among the models.
        corpus: its name, or "mean of corpora", which has no intervals.
        scoring: "own" or "all".
        clips, speakers, classes: the same for every model.
    """

    model: int
    corpus: str
    scoring: ScoringName
    clips: int
    speakers: int
    classes: int
    ua: float
    wa: float
    macro_f1: float
    weighted_f1: float
    ua_interval: Interval | None = None
    wa_interval: Interval | None = None
    macro_f1_interval: Interval | None = None
    weighted_f1_interval: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far two models lie apart, and whether chance would do that.

    Attributes:
        first, second: places among the models; the difference is the first's less the second's.
        corpus: its name, or "mean of corpora".
        scoring: "own" or "all".
        figure: "ua" or "wa".
        test: the difference and its p-value.
    """

    first: int
    second: int
    corpus: str
    scoring: ScoringName
    figure: str
    test: PermutationTest


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Clips of a corpus that not every model could be asked: by class, and by failing."""

    corpus: str
    unknown_class: Mapping[str, int]
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models side by side.

    Attributes:
        reports: one a model, over all that it answered.
        shared: the figures on the clips that all of them answered, of classes they all know.
        left_out: what that leaves out.
        differences: of each two models.
        references: published figures of the corpora under test.
    """

    reports: tuple[Report, ...]
    shared: tuple[SharedFigures, ...]
    left_out: tuple[LeftOut, ...]
    differences: tuple[Difference, ...]
    references: tuple[ReferenceRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain JSON types; shares stay between 0 and 1."""
        values = dataclasses.asdict(dataclasses.replace(self, reports=()))
        return values | {"reports": [report.to_dict() for report in self.reports]}


def compare(
    sources: Sequence[Source],
    utterances: Sequence[Utterance],
    rule: Protocol,
    *,
    splits: Sequence[Split] | None = None,
    copies: Sequence[Copy] | None = None,
    progress: Callable[[Source], Progress] | None = None,
) -> Comparison:
    """Measure models on the test part of a protocol, and compare them.

    Args:
        sources: the models, or what they answered.
        utterances: all of the corpora's; the protocol chooses among them.
        rule: the protocol.
        splits: of the protocol, where they were made before.
        copies: among the utterances; None where nobody looked.
        progress: gives what is called after each clip of a source.

    Raises:
        ConfigError: the protocol finds nothing to test, or no clip was answered by all models.
        LeakError: the protocol's parts share a speaker or a file.
    """
    splits = splits or rule.splits(utterances)
    tested = tested_clips(rule, splits)
    own = own_classes(tested)
    answers = [source.answer(tested, progress(source) if progress else None) for source in sources]
    reports = tuple(
        report_of(
            source,
            said,
            rule,
            leaks=find_leaks(splits, utterances, source, copies=copies),
        )
        for source, said in zip(sources, answers, strict=True)
    )
    known = [label for label in CANONICAL if all(label in said.labels for said in answers)]
    common = {corpus: tuple(x for x in labels if x in known) for corpus, labels in own.items()}
    by_all = set(answers[0].utterances).intersection(*(said.utterances for said in answers[1:]))
    clips = tuple(x for x in tested if x in by_all and x.emotion in common[x.corpus])
    if not clips:
        raise ConfigError("no clip was answered by every model and is of a class they all know")
    duels = {scoring: _Duel.of(answers, clips, common, scoring) for scoring in SCORINGS}
    return Comparison(
        reports=reports,
        shared=tuple(item for duel in duels.values() for item in duel.figures()),
        left_out=tuple(_left_out(tested, by_all, common, own)),
        differences=tuple(item for duel in duels.values() for item in duel.differences()),
        references=beside(reports, rule),
    )


@dataclass(frozen=True, slots=True)
class _Duel:
    """The same clips answered by all models under one scoring, as places in one label list."""

    scoring: ScoringName
    clips: tuple[Utterance, ...]
    truth: npt.NDArray[np.int64]
    answered: tuple[npt.NDArray[np.int64], ...]
    labels: int

    @classmethod
    def of(
        cls,
        answers: Sequence[Answers],
        clips: tuple[Utterance, ...],
        common: Mapping[str, Sequence[str]],
        scoring: ScoringName,
    ) -> _Duel:
        beyond = dict.fromkeys(label for said in answers for label in said.labels)
        place = {label: k for k, label in enumerate(dict.fromkeys((*CANONICAL, *beyond, OTHER)))}
        answered = []
        for said in answers:
            chosen = scored_answers(_restricted(said, clips), common, scoring)
            places = np.array([place[label] for label in chosen.labels])
            answered.append(places[chosen.answered])
        truth = np.array([place[item.emotion or ""] for item in clips])
        return cls(scoring, clips, truth, tuple(answered), len(place))

    def corpora(self) -> Iterator[tuple[str, npt.NDArray[np.int64]]]:
        """Yield each corpus and the places of its clips."""
        names = np.array([item.corpus for item in self.clips])
        for name in dict.fromkeys(names.tolist()):
            yield name, np.flatnonzero(names == name)

    def speakers(self, inside: npt.NDArray[np.int64]) -> list[tuple[str, str]]:
        return [self.clips[index].speaker_key for index in inside]

    def figures(self) -> Iterator[SharedFigures]:
        """Yield the figures of every model on every corpus, and their means."""
        for model, answered in enumerate(self.answered):
            found = []
            for corpus, inside in self.corpora():
                speakers = self.speakers(inside)
                truth = self.truth[inside]
                found.append(
                    SharedFigures(
                        model=model,
                        corpus=corpus,
                        scoring=self.scoring,
                        clips=len(inside),
                        speakers=len(set(speakers)),
                        classes=len(np.unique(truth)),
                        **shares(truth, answered[inside], speakers, self.labels),
                    )
                )
            yield from found
            if len(found) > 1:
                yield self._mean(model, found)

    def _mean(self, model: int, found: Sequence[SharedFigures]) -> SharedFigures:
        return SharedFigures(
            model=model,
            corpus=MEAN,
            scoring=self.scoring,
            clips=len(self.clips),
            speakers=len({item.speaker_key for item in self.clips}),
            classes=len(np.unique(self.truth)),
            ua=float(np.mean([item.ua for item in found])),
            wa=float(np.mean([item.wa for item in found])),
            macro_f1=float(np.mean([item.macro_f1 for item in found])),
            weighted_f1=float(np.mean([item.weighted_f1 for item in found])),
        )

    def differences(self) -> Iterator[Difference]:
        """Yield the difference of each two models, corpus by corpus and in the mean."""
        for first, second in itertools.combinations(range(len(self.answered)), 2):
            for figure in ("ua", "wa"):
                by_corpus = {
                    corpus: shares_by_speaker(
                        self.truth[inside],
                        self.answered[first][inside],
                        self.answered[second][inside],
                        self.speakers(inside),
                        balanced=figure == "ua",
                    )
                    for corpus, inside in self.corpora()
                }
                if len(by_corpus) > 1:
                    by_corpus[MEAN] = _mean_shares(list(by_corpus.values()))
                for corpus, totals in by_corpus.items():
                    rng = np.random.default_rng(_SEED)
                    yield Difference(
                        first=first,
                        second=second,
                        corpus=corpus,
                        scoring=self.scoring,
                        figure=figure,
                        test=swap_test(list(totals.values()), rng=rng),
                    )


def _mean_shares(corpora: Sequence[Mapping[Hashable, float]]) -> dict[Hashable, float]:
    """Add up what a speaker shares in each corpus of the collection: one swap moves them all."""
    totals: dict[Hashable, float] = {}
    for shares_of in corpora:
        for speaker, share in shares_of.items():
            totals[speaker] = totals.get(speaker, 0.0) + share / len(corpora)
    return totals


def _restricted(answers: Answers, clips: tuple[Utterance, ...]) -> Answers:
    place = {item: index for index, item in enumerate(answers.utterances)}
    return dataclasses.replace(
        answers,
        utterances=clips,
        probabilities=answers.probabilities[[place[item] for item in clips]],
        failures=(),
    )


def _left_out(
    tested: Sequence[Utterance],
    by_all: set[Utterance],
    common: Mapping[str, Sequence[str]],
    own: Mapping[str, Sequence[str]],
) -> Iterator[LeftOut]:
    for corpus, known in common.items():
        clips = [item for item in tested if item.corpus == corpus]
        unknown = [
            item for item in clips if item.emotion in own[corpus] and item.emotion not in known
        ]
        failed = sum(item not in by_all for item in clips)
        if unknown or failed:
            labels = [item.emotion or "" for item in unknown]
            yield LeftOut(
                corpus=corpus,
                unknown_class={label: labels.count(label) for label in dict.fromkeys(labels)},
                failed=failed,
            )
