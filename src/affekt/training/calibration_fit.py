"""Fitting what stands between a network's answer and a promise, on speakers set apart.

A network is surer of itself than it should be for kinds of recordings of which it has heard few
speakers, and less sure than it could be where it has heard many. One temperature (Guo et al. 2017)
cannot mend both, so it may depend on how familiar a clip is: the mean logarithm of the number of
training speakers, over the corpora that the clip's embedding resembles. Whether that beats one
temperature for all is decided by the likelihood of speakers left out, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from affekt.metrics import log_loss
from affekt.metrics.calibration import fit_temperature, soften
from affekt.metrics.conformal import fit_quantile
from affekt.recognition.metadata import SetRule

Floats = npt.NDArray[np.float64]

COVERAGE = 0.9
UNCERTAIN_SHARE = 0.2
FALSE_ALARMS = 0.02  # of the calibrate speakers' clips that are called out of the domain
_RESEMBLANCE_PENALTY, _NOVELTY_PENALTY = 0.01, 0.3  # inverse strengths of L2
_LEAST_GAIN = 0.005  # nats a clip by which the richer form must be better


@dataclass(frozen=True, slots=True, kw_only=True)
class Clips:
    """What a network says of clips.

    Attributes:
        logits: `[clips, classes]`.
        embeddings: `[clips, dim]`.
        targets: `[clips]`, class indices.
        speakers: `[clips]`, names that no two people share.
        corpora: `[clips]`.
    """

    logits: Floats
    embeddings: Floats
    targets: npt.NDArray[np.int64]
    speakers: npt.NDArray[np.str_]
    corpora: npt.NDArray[np.str_]

    def where(self, chosen: npt.NDArray[np.bool_]) -> Clips:
        """Return some of the clips."""
        return Clips(
            logits=self.logits[chosen],
            embeddings=self.embeddings[chosen],
            targets=self.targets[chosen],
            speakers=self.speakers[chosen],
            corpora=self.corpora[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """Numbers that go into the graph; embeddings enter by products and sums alone.

    Attributes:
        weights, bias: `[dim, corpora]`, `[corpora]`: logits of the corpora a clip resembles.
        log_temperatures: `[corpora]`: of each; their mean is the logarithm of the temperature.
        novelty_weights, novelty_bias: `[dim]` and a number; 0 is where the domain ends.
    """

    weights: Floats
    bias: Floats
    log_temperatures: Floats
    novelty_weights: Floats
    novelty_bias: float

    def probabilities(self, logits: Floats, embeddings: Floats) -> Floats:
        """Return calibrated probabilities `[clips, classes]`."""
        shares = soften(embeddings @ self.weights + self.bias, 1.0)
        return soften(logits / np.exp(shares @ self.log_temperatures)[:, np.newaxis], 1.0)

    def novelty(self, embeddings: Floats) -> Floats:
        """Return `[clips]`, 0 to 2; above 1 is out of the domain."""
        away = embeddings @ self.novelty_weights + self.novelty_bias
        return 2.0 / (1.0 + np.exp(-np.clip(away, -50.0, 50.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A calibrator, and what is promised with it.

    Attributes:
        calibrator: for the graph.
        prediction_set: the rule of the sets.
        threshold: a confidence below it is uncertain.
        left_out_nll: form to its NLL on speakers left out, all corpora alike.
        record: all of it in plain numbers, for the metadata.
    """

    calibrator: Calibrator
    prediction_set: SetRule
    threshold: float
    left_out_nll: dict[str, float]
    record: dict[str, Any] = field(default_factory=dict)


def fit_calibrator(
    calibrate: Clips, learnt: Clips, strange: Floats, speakers: Mapping[str, int]
) -> Fitted:
    """Fit temperature, sets, threshold and novelty; all but the first two on left-out answers.

    Args:
        calibrate: clips of at least two speakers that nothing was learnt from.
        learnt: some that the network learnt from, to tell corpora apart; their labels are not used.
        strange: `[sounds, dim]`, embeddings of sounds that are no speech.
        speakers: corpus to how many of its speakers the network learnt from.

    Raises:
        ValueError: there is only one calibrate speaker.
    """
    names = np.unique(calibrate.speakers)
    if len(names) < 2:
        raise ValueError("calibration needs clips of two speakers or more")
    weights, bias, corpora = _resemblance(learnt)
    heard = np.log([max(1, speakers[name]) for name in corpora])
    forms = {"one temperature": np.ones((1, len(corpora)))}
    if len(corpora) > 1:
        forms["familiarity"] = np.stack((np.ones(len(corpora)), heard))
    answers: dict[str, Floats] = {}
    for form, basis in forms.items():
        found = np.zeros(calibrate.logits.shape)
        for name in names:
            out = calibrate.speakers == name
            inside, outside = calibrate.where(~out), calibrate.where(out)
            log_temperatures = _fit(inside, _shares(inside, weights, bias), basis)
            scale = np.exp(_shares(outside, weights, bias) @ log_temperatures)
            found[out] = soften(outside.logits / scale[:, np.newaxis], 1.0)
        answers[form] = found
    nll = {form: _mean_nll(found, calibrate) for form, found in answers.items()}
    best = min(nll, key=lambda form: nll[form] + (form == "familiarity") * _LEAST_GAIN)
    log_temperatures = _fit(calibrate, _shares(calibrate, weights, bias), forms[best])
    rule = SetRule(
        coverage=COVERAGE,
        quantile=fit_quantile(answers[best], calibrate.targets, coverage=COVERAGE),
        rule="lac",
    )
    threshold = round(float(np.quantile(answers[best].max(axis=1), UNCERTAIN_SHARE)), 3)
    novelty_weights, novelty_bias = _fit_novelty(calibrate, learnt, strange)
    return Fitted(
        calibrator=Calibrator(
            weights=weights,
            bias=bias,
            log_temperatures=log_temperatures,
            novelty_weights=novelty_weights,
            novelty_bias=novelty_bias,
        ),
        prediction_set=rule,
        threshold=threshold,
        left_out_nll=nll,
        record={
            "form": best,
            "temperatures": {
                str(name): round(float(np.exp(value)), 4)
                for name, value in zip(corpora, log_temperatures, strict=True)
            },
            "left_out_nll": {form: round(value, 4) for form, value in nll.items()},
            "clips": len(calibrate.targets),
            "speakers": len(names),
            "corpora": sorted({str(name) for name in calibrate.corpora}),
            "false_alarms": FALSE_ALARMS,
        },
    )


def _resemblance(learnt: Clips) -> tuple[Floats, Floats, npt.NDArray[np.str_]]:
    """Fit which corpus an embedding resembles: weights `[dim, corpora]`, biases, names."""
    names = np.unique(learnt.corpora)
    if len(names) == 1:
        return np.zeros((learnt.embeddings.shape[1], 1)), np.zeros(1), names
    model = LogisticRegression(C=_RESEMBLANCE_PENALTY, max_iter=500)
    model.fit(learnt.embeddings, learnt.corpora)
    weights, bias = model.coef_.T, model.intercept_
    if len(names) == 2:  # scikit-learn gives the logit of the second alone
        weights = np.concatenate((np.zeros_like(weights), weights), axis=1)
        bias = np.concatenate(([0.0], bias))
    return weights, bias, names


def _shares(clips: Clips, weights: Floats, bias: Floats) -> Floats:
    return soften(clips.embeddings @ weights + bias, 1.0)


def _fit(clips: Clips, shares: Floats, basis: Floats) -> Floats:
    """Return log temperatures `[corpora]`, combined from the rows of `basis`, by likelihood."""
    each = _weights(clips.corpora)
    rows = np.arange(len(clips.targets))

    def loss(terms: Floats) -> float:
        scale = np.exp(shares @ (terms @ basis))[:, np.newaxis]
        of_truth = soften(clips.logits / scale, 1.0)[rows, clips.targets]
        return -float((each * np.log(np.maximum(of_truth, 1e-12))).sum())

    start = np.zeros(len(basis))
    start[0] = np.log(fit_temperature(clips.logits, clips.targets))
    found: Floats = minimize(loss, start, method="L-BFGS-B").x @ basis
    return found


def _weights(corpora: npt.NDArray[np.str_]) -> Floats:
    """Weigh clips so that a corpus counts by the root of its size, summing to one."""
    _, place, counts = np.unique(corpora, return_inverse=True, return_counts=True)
    shares = counts**0.5 / (counts**0.5).sum()
    each: Floats = (shares / counts)[place]
    return each


def _mean_nll(probabilities: Floats, clips: Clips) -> float:
    parts = [clips.corpora == name for name in np.unique(clips.corpora)]
    return float(np.mean([log_loss(probabilities[part], clips.targets[part]) for part in parts]))


def _fit_novelty(calibrate: Clips, learnt: Clips, strange: Floats) -> tuple[Floats, float]:
    """Tell speech from what is none, by a plane (outlier exposure: Hendrycks et al. 2019).

    Its distance is set by calibrate speakers, each heard by a plane that was fitted without them.
    """

    def plane(clips: Clips) -> tuple[Floats, float]:
        ordinary = np.concatenate((clips.embeddings, learnt.embeddings))
        model = LogisticRegression(C=_NOVELTY_PENALTY, max_iter=300, class_weight="balanced")
        model.fit(
            np.concatenate((ordinary, strange)),
            np.repeat([0, 1], [len(ordinary), len(strange)]),
        )
        return model.coef_[0], float(model.intercept_[0])

    scores = np.zeros(len(calibrate.targets))
    for name in np.unique(calibrate.speakers):
        out = calibrate.speakers == name
        weights, bias = plane(calibrate.where(~out))
        scores[out] = calibrate.embeddings[out] @ weights + bias
    weights, bias = plane(calibrate)
    return weights, bias - float(np.quantile(scores, 1.0 - FALSE_ALARMS))
