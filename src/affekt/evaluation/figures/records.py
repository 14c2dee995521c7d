"""Records of what was measured of a model on a corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from affekt.corpora.utterances import UNKNOWN_SPEAKER
from affekt.metrics import Interval

OTHER, UNANSWERED = "other", "unanswered"
ScoringName = Literal["own", "all"]
SCORINGS: tuple[ScoringName, ...] = get_args(ScoringName)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """Recall, precision and F1 of a class (0 to 1, None where undefined), and its clips."""

    label: str
    support: int
    recall: float | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassIntervals:
    """Bootstrap 95 % intervals of the figures of a class; None where fewer than two speakers tell.

    Attributes:
        label: the class.
        recall, precision, f1: as in `ClassFigures`.
    """

    label: str
    recall: Interval | None
    precision: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantAnswer:
    """One label that all or nearly all clips of several classes were answered with.

    Attributes:
        label: the answer.
        share: of the answered clips that got it, `NEARLY_ALL` to 1.
    """

    label: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """Figures under one rule of answering, as shares from 0 to 1.

    Attributes:
        name: "own", "all" or "own and more".
        labels: what could be answered, in the order of the confusion matrix.
        confusion: clips, row the truth, column the answer.
        clips, speakers: how many were scored, and of how many people.
        answered: how many of the clips were answered; the others are wrong.
        ua: unweighted average recall over the classes present in the truth.
        wa: share of clips answered rightly.
        macro_f1, weighted_f1: means over the classes present, plain and by support.
        ua_interval, wa_interval, macro_f1_interval, weighted_f1_interval: bootstrap 95 %,
            clustered by speaker, all from the same draws; None with one speaker, or where all
            draws agree.
        classes: one entry a class that is present in the truth.
        class_intervals: likewise.
        constant: what it always answers, or nearly always; None of a model that tells clips apart.
        answered_alone: the figures on the answered clips; None where all are, or none is.
    """

    name: str
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    clips: int
    answered: int
    speakers: int
    ua: float
    wa: float
    macro_f1: float
    weighted_f1: float
    ua_interval: Interval | None
    wa_interval: Interval | None
    macro_f1_interval: Interval | None
    weighted_f1_interval: Interval | None
    classes: tuple[ClassFigures, ...]
    class_intervals: tuple[ClassIntervals, ...]
    constant: ConstantAnswer | None
    answered_alone: Scoring | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFigures:
    """How far the probabilities of all the model's labels can be believed.

    Attributes:
        ece: expected calibration error of the top label, 15 equal-mass bins.
        brier: Brier score, 0 to 2.
        nll: negative log likelihood, nats.
    """

    ece: float
    brier: float
    nll: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFigures:
    """What was measured on one corpus.

    Attributes:
        corpus: its name.
        speakers: who was heard, sorted.
        clips: how many the protocol holds.
        failed: how many of them were not answered; all figures but `calibration` count them wrong.
        not_scored: native label to the number of clips whose class the model does not know, or
            that has no canonical emotion.
        scorings: none where no clip could be scored.
        calibration: of the answered clips; None likewise, and without probabilities.
    """

    corpus: str
    speakers: tuple[str, ...]
    clips: int
    failed: int
    not_scored: dict[str, int]
    scorings: tuple[Scoring, ...]
    calibration: CalibrationFigures | None

    @property
    def speakers_told(self) -> bool:
        """Somebody said who speaks."""
        return self.speakers != (UNKNOWN_SPEAKER,)

    def scoring(self, name: str) -> Scoring | None:
        """Return the scoring of that name, if there is one."""
        return next((item for item in self.scorings if item.name == name), None)
