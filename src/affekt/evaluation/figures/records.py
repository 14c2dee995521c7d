"""Records of what was measured of a model on a corpus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from affekt.corpora import UNKNOWN_SPEAKER
from affekt.metrics import DetailedFigures, Interval

OTHER, UNANSWERED = "other", "unanswered"
ScoringName = Literal["own", "all"]
SCORINGS: tuple[ScoringName, ...] = get_args(ScoringName)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring(DetailedFigures):
    """Figures under one rule of answering; classes are those that are present in the truth.

    Attributes:
        name: "own", "all" or "own and more".
        answered: how many of the clips were answered; the others are wrong.
        answered_alone: the figures on the answered clips; None where all are, or none is.
    """

    name: str
    answered: int
    answered_alone: Scoring | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFigures:
    """Calibration of the probabilities of all the model's labels.

    Attributes:
        ece: expected calibration error of the top label, 15 equal-mass bins.
        brier: Brier score, 0 to 2.
        nll: negative log likelihood, nats.
    """

    ece: float
    brier: float
    nll: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IntensityFigures:
    """How far the intensity that a model tells follows listeners' ratings.

    Attributes:
        clips: that were answered and rated.
        correlation: Pearson's, -1 to 1.
        interval: of it, over speakers; None where there is none.
    """

    clips: int
    correlation: float
    interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFigures:
    """What was measured on one corpus.

    Attributes:
        corpus: its name.
        speakers: who speaks, sorted.
        clips: how many the protocol holds.
        failed: how many of them were not answered; all figures but `calibration` count them wrong.
        not_scored: native label to the number of clips whose class the model does not know, or
            that has no canonical emotion.
        scorings: none where no clip could be scored.
        calibration: of the answered clips; None likewise, and without probabilities.
        intensity: None where the model tells none, or nobody rated the clips.
    """

    corpus: str
    speakers: tuple[str, ...]
    clips: int
    failed: int
    not_scored: dict[str, int]
    scorings: tuple[Scoring, ...]
    calibration: CalibrationFigures | None
    intensity: IntensityFigures | None = None

    @property
    def speakers_known(self) -> bool:
        """Somebody said who speaks."""
        return self.speakers != (UNKNOWN_SPEAKER,)

    def scoring(self, name: str) -> Scoring | None:
        """Return the scoring of that name, if there is one."""
        return next((item for item in self.scorings if item.name == name), None)
