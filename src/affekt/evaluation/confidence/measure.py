"""A model's confidence: calibration, risk, prediction sets.

Everything is measured over all labels of a model, on clips whose emotion it knows, from nothing
but its probabilities; so any tool's can be measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.errors import ConfigError
from affekt.evaluation.confidence.curves import thinned
from affekt.evaluation.runs import Answers
from affekt.metrics import (
    Coverage,
    Reliability,
    RiskCoverage,
    brier_score,
    classwise_calibration_error,
    fit_quantile,
    fit_temperature,
    log_loss,
    measure_coverage,
    prediction_sets,
    reliability,
    risk_coverage,
    soften,
)
from affekt.recognition.bundles import SetRule

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Draws are alike every time, so that a report can be reproduced digit for digit.
_SEED = 4
_FLOOR_DRAWS = 100
_LIKELY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationMeasures:
    """Calibration of probabilities.

    Attributes:
        clips: measured.
        ece: expected calibration error of the top label, 15 equal-mass bins (0 to 1).
        ece_floor: what it would be on average if every probability were exactly right: with few
            clips, chance alone keeps it well above zero.
        ece_by_chance: what it would then be at most, 19 times out of 20.
        classwise_ece: mean over classes.
        brier: 0 to 2.
        nll: nats.
        accuracy, confidence: their means.
    """

    clips: int
    ece: float
    ece_floor: float
    ece_by_chance: float
    classwise_ece: float
    brier: float
    nll: float
    accuracy: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """`CalibrationMeasures` for each corpus, their mean, and all clips together.

    Attributes:
        corpora: by name.
        mean_ece, mean_ece_floor, mean_ece_by_chance: over corpora.
        pooled: of all clips.
        diagram: of all clips.
    """

    corpora: dict[str, CalibrationMeasures]
    mean_ece: float
    mean_ece_floor: float
    mean_ece_by_chance: float
    pooled: CalibrationMeasures
    diagram: Reliability


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """What a model's confidence are worth.

    Attributes:
        given: of the probabilities as the model gave them.
        temperature: fitted on other clips' answers; None where none were given.
        rescaled: of the probabilities at that temperature; None likewise.
        risk: of answering only where the model is sure.
        sets: of labels, by the model's own rule, else by one fitted on the other clips; None
            where there is neither.
        corpora_sets: corpus to what the sets of its own clips are worth.
        rule: of those sets.
    """

    given: Calibration
    temperature: float | None
    rescaled: Calibration | None
    risk: RiskCoverage
    sets: Coverage | None
    corpora_sets: dict[str, Coverage]
    rule: SetRule | None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, the points of the diagram, and the curve of risk thinned out."""
        left_out = {"diagram", "risk"}
        values = {
            key: _plain(value)
            for key, value in dataclasses.asdict(self).items()
            if key not in left_out
        }
        values["risk"] = {
            "area": self.risk.area,
            "least_area": self.risk.least_area,
            "at_half_coverage": self.risk.risk_at(0.5),
            "curve": thinned(coverage=self.risk.coverage, risk=self.risk.risk),
        }
        values["diagram"] = {
            name: np.asarray(value).tolist()
            for name, value in dataclasses.asdict(self.given.diagram).items()
        }
        return values


def measure_confidence(
    answers: Answers, *, rule: SetRule | None = None, fitted_on: Answers | None = None
) -> Confidence:
    """Measure calibration, risk and sets.

    Args:
        answers: to the clips under test.
        rule: of the model's own sets.
        fitted_on: answers of the same model to `calibrate` speakers, for a temperature, and for
            sets where there is no rule.

    Raises:
        ConfigError: no clip's emotion is known to the model, or it gave no probabilities.
    """
    if not answers.graded:
        raise ConfigError(
            "confidence is measured on probabilities, and these answers are labels alone"
        )
    probabilities, truth, chosen = _known(answers)
    corpora = [answers.utterances[index].corpus for index in chosen]
    speakers = [answers.utterances[index].speaker_key for index in chosen]
    temperature, rescaled = None, None
    if fitted_on is not None:
        others, other_truth, _ = _known(fitted_on)
        temperature = fit_temperature(_log(others), other_truth)
        rescaled = calibration_of(soften(_log(probabilities), temperature), truth, corpora)
        if rule is None:
            rule = SetRule(coverage=0.9, quantile=fit_quantile(others, other_truth), rule="lac")
    sets, corpora_sets = None, {}
    if rule is not None:
        members = prediction_sets(probabilities, rule.quantile, rule=rule.rule)
        sets = _coverage(members, truth, speakers)
        for corpus in dict.fromkeys(corpora):
            own = [place for place, name in enumerate(corpora) if name == corpus]
            corpora_sets[corpus] = _coverage(members[own], truth[own], [speakers[k] for k in own])
    return Confidence(
        given=calibration_of(probabilities, truth, corpora),
        temperature=temperature,
        rescaled=rescaled,
        risk=risk_coverage(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth),
        sets=sets,
        corpora_sets=corpora_sets,
        rule=rule,
    )


def _coverage(
    members: npt.NDArray[np.bool_], truth: Indices, speakers: Sequence[tuple[str, str]]
) -> Coverage:
    return measure_coverage(members, truth, speakers, rng=np.random.default_rng(_SEED))


def calibration_of(probabilities: Floats, truth: Indices, corpora: list[str]) -> Calibration:
    """Measure calibration a corpus and together.

    Args:
        probabilities: `[clips, classes]`.
        truth: `[clips]`, class indices.
        corpora: `[clips]`.
    """
    names = np.array(corpora)
    parts, chances = {}, []
    for name in dict.fromkeys(corpora):
        own = names == name
        chances.append(_chances(probabilities[own]))
        parts[name] = _calibration_measures(probabilities[own], truth[own], chances[-1])
    means = np.mean(chances, axis=0)
    return Calibration(
        corpora=parts,
        mean_ece=float(np.mean([part.ece for part in parts.values()])),
        mean_ece_floor=float(means.mean()),
        mean_ece_by_chance=float(np.quantile(means, _LIKELY)),
        pooled=_calibration_measures(probabilities, truth, _chances(probabilities)),
        diagram=reliability(probabilities, truth),
    )


def _chances(probabilities: Floats) -> Floats:
    """Return the ECE of a model that is right exactly as often as it says, drawn `[draws]`."""
    rng = np.random.default_rng(_SEED)
    confidence = probabilities.max(axis=1)
    # Two columns: right as often as it says, and otherwise wrong.
    pretended = np.stack((confidence, np.full(len(confidence), -1.0)), axis=1)
    return np.array(
        [
            reliability(pretended, (rng.random(len(confidence)) >= confidence).astype(int)).error
            for _ in range(_FLOOR_DRAWS)
        ]
    )


def _calibration_measures(
    probabilities: Floats, truth: Indices, chances: Floats
) -> CalibrationMeasures:
    return CalibrationMeasures(
        clips=len(truth),
        ece=reliability(probabilities, truth).error,
        ece_floor=float(chances.mean()),
        ece_by_chance=float(np.quantile(chances, _LIKELY)),
        classwise_ece=classwise_calibration_error(probabilities, truth),
        brier=brier_score(probabilities, truth),
        nll=log_loss(probabilities, truth),
        accuracy=float((probabilities.argmax(axis=1) == truth).mean()),
        confidence=float(probabilities.max(axis=1).mean()),
    )


def _known(answers: Answers) -> tuple[Floats, Indices, list[int]]:
    """Return probabilities, truths and places of the clips whose emotion the model knows."""
    chosen = [k for k, item in enumerate(answers.utterances) if item.emotion in answers.labels]
    if not chosen:
        raise ConfigError("no clip carries an emotion that the model knows")
    truth = [answers.labels.index(answers.utterances[k].emotion or "") for k in chosen]
    return answers.probabilities[chosen], np.array(truth, dtype=np.int64), chosen


def _log(probabilities: Floats) -> Floats:
    return np.log(np.maximum(probabilities, 1e-12))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key != "diagram"}
    return value
