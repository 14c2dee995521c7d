"""Fitting what stands between a network's answer and a promise, on speakers set apart.

A network is surer of itself than it should be for kinds of recordings with few training speakers,
and less sure than it could be for those with many. One temperature (Guo et al. 2017) cannot mend
both, so it may depend on how familiar a clip is: the mean logarithm of the number of training
speakers, over the corpora that the clip's embedding resembles. Whether that beats one temperature
for all is decided by the likelihood of speakers left out, one at a time.

Corpora of few speakers can spare none of them. What a new speaker costs there is measured with
cross-fitted models. These are networks of the same recipe that were trained on fewer speakers, and
predict the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from affekt.metrics import fit_quantile, fit_temperature, log_loss, soften
from affekt.recognition.bundles import SetRule

Floats = npt.NDArray[np.float64]
# Weights `[dim, corpora]`, biases and names of the corpora.
Resemblance = tuple[Floats, Floats, npt.NDArray[np.str_]]

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
class NetworkAnswers:
    """What one network of a recipe predicts for clips that it was not trained on.

    Attributes:
        clips: these.
        learnt: some that it learnt from, to tell corpora apart; their labels are not used.
        speakers: corpus to how many of its speakers it learnt from.
    """

    clips: Clips
    learnt: Clips
    speakers: Mapping[str, int]


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
    answers: NetworkAnswers,
    out_of_domain: Floats,
    cross_fitted: Sequence[NetworkAnswers] = (),
) -> Fitted:
    """Fit temperature, sets, threshold and novelty; all but the first two on left-out answers.

    Args:
        answers: of the network itself, on at least two speakers.
        out_of_domain: `[sounds, dim]`, its embeddings of sounds that are no speech.
        cross_fitted: of networks of its recipe that learnt from fewer speakers, of other speakers.

    Raises:
        ValueError: there is only one speaker.
    """
    calibrate = answers.clips
    if len(np.unique(calibrate.speakers)) < 2:
        raise ValueError("calibration needs clips of two speakers or more")
    resemblances = [_resemblance(item.learnt) for item in (answers, *cross_fitted)]
    weights, bias, corpora = resemblances[0]
    together = _joined([*map(_answered, (answers, *cross_fitted), resemblances)])
    forms = {"one temperature": 1, "familiarity": 2} if len(corpora) > 1 else {"one temperature": 1}
    left_out: dict[str, Floats] = {}
    for form, terms in forms.items():
        found = np.zeros(together.logits.shape)
        for name in np.unique(together.speakers):
            out = together.speakers == name
            slopes = _fit(together.where(~out), terms)
            found[out] = together.where(out).probabilities(slopes)
        left_out[form] = found
    nll = {form: _mean_nll(found, together) for form, found in left_out.items()}
    best = min(nll, key=lambda form: nll[form] + (form == "familiarity") * _LEAST_GAIN)
    slopes = _fit(together, forms[best])
    log_temperatures = slopes @ _basis(corpora, answers.speakers)[: len(slopes)]
    rule = SetRule(
        coverage=COVERAGE,
        quantile=fit_quantile(left_out[best], together.targets, coverage=COVERAGE),
        rule="lac",
    )
    threshold = round(float(np.quantile(left_out[best].max(axis=1), UNCERTAIN_SHARE)), 3)
    novelty_weights, novelty_bias = fit_novelty(calibrate, answers.learnt, out_of_domain)
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
            "clips": len(together.targets),
            "speakers": len(np.unique(together.speakers)),
            "corpora": sorted({str(name) for name in together.corpora}),
            "false_alarms": FALSE_ALARMS,
        },
    )


def _resemblance(learnt: Clips) -> Resemblance:
    """Fit which corpus an embedding resembles."""
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


class _Answered(NamedTuple):
    """Clips of one network or of several, as the temperature sees them.

    `familiar` is `[clips, 2]`: one, and the mean logarithm of the training speakers of what a clip
    resembles; the others are as in `Clips`.
    """

    logits: Floats
    familiar: Floats
    targets: npt.NDArray[np.int64]
    speakers: npt.NDArray[np.str_]
    corpora: npt.NDArray[np.str_]

    def where(self, chosen: npt.NDArray[np.bool_]) -> _Answered:
        return _Answered(
            logits=self.logits[chosen],
            familiar=self.familiar[chosen],
            targets=self.targets[chosen],
            speakers=self.speakers[chosen],
            corpora=self.corpora[chosen],
        )

    def probabilities(self, slopes: Floats) -> Floats:
        scale = np.exp(self.familiar[:, : len(slopes)] @ slopes)
        return soften(self.logits / scale[:, np.newaxis], 1.0)


def _answered(answers: NetworkAnswers, resemblance: Resemblance) -> _Answered:
    weights, bias, corpora = resemblance
    clips = answers.clips
    shares = soften(clips.embeddings @ weights + bias, 1.0)
    familiar = shares @ _basis(corpora, answers.speakers).T
    return _Answered(clips.logits, familiar, clips.targets, clips.speakers, clips.corpora)


def _joined(parts: Sequence[_Answered]) -> _Answered:
    return _Answered(
        logits=np.concatenate([part.logits for part in parts]),
        familiar=np.concatenate([part.familiar for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        speakers=np.concatenate([part.speakers for part in parts]),
        corpora=np.concatenate([part.corpora for part in parts]),
    )


def _basis(corpora: npt.NDArray[np.str_], speakers: Mapping[str, int]) -> Floats:
    """Return `[2, corpora]`: ones, and the logarithm of the training speakers of each."""
    logarithms = np.log([max(1, speakers[name]) for name in corpora])
    return np.stack((np.ones(len(corpora)), logarithms))


def _fit(answered: _Answered, terms: int) -> Floats:
    """Return what each of so many columns of `familiar` adds to the logarithm, by likelihood."""
    each = _weights(answered.corpora)
    rows = np.arange(len(answered.targets))

    def loss(slopes: Floats) -> float:
        of_truth = answered.probabilities(slopes)[rows, answered.targets]
        return -float((each * np.log(np.maximum(of_truth, 1e-12))).sum())

    start = np.zeros(terms)
    start[0] = np.log(fit_temperature(answered.logits, answered.targets))
    found: Floats = minimize(loss, start, method="L-BFGS-B").x
    return found


def _weights(corpora: npt.NDArray[np.str_]) -> Floats:
    """Weigh clips so that a corpus counts by the root of its size, summing to one."""
    _, place, counts = np.unique(corpora, return_inverse=True, return_counts=True)
    shares = counts**0.5 / (counts**0.5).sum()
    each: Floats = (shares / counts)[place]
    return each


def _mean_nll(probabilities: Floats, answered: _Answered) -> float:
    parts = [answered.corpora == name for name in np.unique(answered.corpora)]
    return float(np.mean([log_loss(probabilities[part], answered.targets[part]) for part in parts]))


def fit_novelty(calibrate: Clips, learnt: Clips, out_of_domain: Floats) -> tuple[Floats, float]:
    """Tell speech from what is none, by a plane (outlier exposure: Hendrycks et al. 2019).

    Its distance is set by calibrate speakers, each judged by a plane that was fitted without them.
    """

    def plane(clips: Clips) -> tuple[Floats, float]:
        in_domain = np.concatenate((clips.embeddings, learnt.embeddings))
        model = LogisticRegression(C=_NOVELTY_PENALTY, max_iter=300, class_weight="balanced")
        model.fit(
            np.concatenate((in_domain, out_of_domain)),
            np.repeat([0, 1], [len(in_domain), len(out_of_domain)]),
        )
        return model.coef_[0], float(model.intercept_[0])

    scores = np.zeros(len(calibrate.targets))
    for name in np.unique(calibrate.speakers):
        out = calibrate.speakers == name
        weights, bias = plane(calibrate.where(~out))
        scores[out] = calibrate.embeddings[out] @ weights + bias
    weights, bias = plane(calibrate)
    return weights, bias - float(np.quantile(scores, 1.0 - FALSE_ALARMS))
