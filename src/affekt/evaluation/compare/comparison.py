"""Models side by side on the very same clips, and beside published figures."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.emotions import CANONICAL
from affekt.errors import ConfigError
from affekt.evaluation.compare.references import ReferenceRow, beside
from affekt.evaluation.figures import OTHER, SCORINGS, ScoringName, scored_answers
from affekt.evaluation.overlap import Copy, find_leaks
from affekt.evaluation.report import SCHEMA_VERSION, Report, report_of, tested_clips
from affekt.evaluation.runs import Answers, Progress, own_classes
from affekt.evaluation.sources import Source
from affekt.metrics import Figures, PermutationTest, measure_figures, shares_by_speaker, swap_test
from affekt.protocols import Protocol, Split
from affekt.records import Utterance

MEAN = "mean of corpora"
_SEED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFigures(Figures):
    """Figures of a model on the same clips as all others.

    Attributes:
        model: its place among the models.
        corpus: its name, or "mean of corpora", which has no intervals.
        scoring: "own" or "all".
        classes: how many occur among the clips, which are the same for every model.
    """

    model: int
    corpus: str
    scoring: ScoringName
    classes: int


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
    """Clips of a corpus that not every model could be asked, by class."""

    corpus: str
    unknown_class: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """How many of the clips that all were asked a model did not answer."""

    model: int
    corpus: str
    clips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Models side by side.

    Attributes:
        reports: one a model, over all that it answered.
        shared: the figures on all clips of classes that all of them know. What a model did not
            answer counts as wrong.
        answered_by_all: the same on the clips that all of them answered; empty if that is all.
        unanswered: whose answers are missing where; none where there are none.
        left_out: clips of classes that a model does not know.
        differences: of each two models, on the clips of `shared`.
        references: published figures of the corpora under test.
    """

    reports: tuple[Report, ...]
    shared: tuple[SharedFigures, ...]
    answered_by_all: tuple[SharedFigures, ...]
    unanswered: tuple[Unanswered, ...]
    left_out: tuple[LeftOut, ...]
    differences: tuple[Difference, ...]
    references: tuple[ReferenceRow, ...]

    def new_speakers(self, *models: int) -> bool | None:
        """Say whether the speakers under test are new to models, by their places; None: unknown."""
        known = {self.reports[model].new_speakers for model in models}
        return False if False in known else None if None in known else True

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain JSON types; shares stay between 0 and 1."""
        values = dataclasses.asdict(dataclasses.replace(self, reports=()))
        for figures in (*values["shared"], *values["answered_by_all"]):
            figures["new_speakers"] = self.new_speakers(figures["model"])
        for figures in values["differences"]:
            figures["new_speakers"] = self.new_speakers(figures["first"], figures["second"])
        reports = [report.to_dict() for report in self.reports]
        return {"schema_version": SCHEMA_VERSION} | values | {"reports": reports}


def compare(
    sources: Sequence[Source],
    utterances: Sequence[Utterance],
    rule: Protocol,
    *,
    splits: Sequence[Split] | None = None,
    training_clips: Sequence[Utterance] = (),
    copies: Sequence[Copy] | None = None,
    progress: Callable[[Source], Progress] | None = None,
) -> Comparison:
    """Measure models on the test part of a protocol, and compare them.

    Args:
        sources: the models, or what they answered.
        utterances: all of the corpora's; the protocol chooses among them.
        rule: the protocol.
        splits: of the protocol, where they were made before.
        training_clips: more that the models may have learnt from; see `evaluate`.
        copies: among all of these; None where nobody looked.
        progress: gives what is called after each clip of a source.

    Raises:
        ConfigError: the protocol finds nothing to test, or nothing of a class that all models know.
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
            at_hand=utterances,
            leaks=find_leaks(splits, [*utterances, *training_clips], source, copies=copies),
        )
        for source, said in zip(sources, answers, strict=True)
    )
    known = [label for label in CANONICAL if all(label in said.labels for said in answers)]
    common = {corpus: tuple(x for x in labels if x in known) for corpus, labels in own.items()}
    clips = tuple(item for item in tested if item.emotion in common[item.corpus])
    if not clips:
        raise ConfigError("no clip under test is of a class that all models know")
    comparisons = [_PairedComparison.of(answers, clips, common, scoring) for scoring in SCORINGS]
    by_all = set(answers[0].utterances).intersection(*(said.utterances for said in answers[1:]))
    answered = tuple(item for item in clips if item in by_all)
    answered = () if len(answered) == len(clips) else answered
    alone = [
        _PairedComparison.of(answers, answered, common, scoring) for scoring in SCORINGS if answered
    ]
    return Comparison(
        reports=reports,
        shared=tuple(item for paired in comparisons for item in paired.figures()),
        answered_by_all=tuple(item for paired in alone for item in paired.figures()),
        unanswered=tuple(_unanswered(answers, clips)),
        left_out=tuple(_left_out(tested, common, own)),
        differences=tuple(item for paired in comparisons for item in paired.differences()),
        references=beside(reports, rule),
    )


@dataclass(frozen=True, slots=True)
class _PairedComparison:
    """The same clips put to all models under one scoring, as places in one label list."""

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
    ) -> _PairedComparison:
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
                        classes=len(np.unique(truth)),
                        **measure_figures(truth, answered[inside], speakers, self.labels).values(),
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
    whole = answers.completed()
    place = {item: index for index, item in enumerate(whole.utterances)}
    probabilities = whole.probabilities[[place[item] for item in clips]]
    return dataclasses.replace(whole, utterances=clips, probabilities=probabilities)


def _unanswered(answers: Sequence[Answers], clips: Sequence[Utterance]) -> Iterator[Unanswered]:
    for model, said in enumerate(answers):
        missing = {item.utterance for item in said.failures}.intersection(clips)
        for corpus, count in Counter(item.corpus for item in missing).items():
            yield Unanswered(model=model, corpus=corpus, clips=count)


def _left_out(
    tested: Sequence[Utterance],
    common: Mapping[str, Sequence[str]],
    own: Mapping[str, Sequence[str]],
) -> Iterator[LeftOut]:
    for corpus, known in common.items():
        clips = [item for item in tested if item.corpus == corpus]
        unknown = [
            item for item in clips if item.emotion in own[corpus] and item.emotion not in known
        ]
        if unknown:
            labels = [item.emotion or "" for item in unknown]
            yield LeftOut(
                corpus=corpus,
                unknown_class={label: labels.count(label) for label in dict.fromkeys(labels)},
            )
