"""All answers that confidence is measured on, in one pass: to clean clips and over a telephone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.augment import telephone
from affekt.errors import ConfigError
from affekt.evaluation.confidence.domain import Domain, measure_domain
from affekt.evaluation.confidence.measure import Confidence, measure_confidence
from affekt.evaluation.overlap import clips_of_training_speakers
from affekt.evaluation.runs import Answers, Progress, predict_all
from affekt.evaluation.sources import SignalSource, Source
from affekt.metrics import soften
from affekt.protocols import selection_speakers
from affekt.recognition import Bundle, Predict
from affekt.recognition.bundles import Outputs
from affekt.records import Utterance

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheredAnswers:
    """What a model said of all that a protocol tests.

    Attributes:
        answers: to the clips as they are.
        telephone: to the clips over a telephone; None of a table of predictions.
        before: what the network of a calibrated bundle says by itself; None of anything else.
        telephone_before: likewise, over a telephone.
        novelty: `[clips]`; None likewise.
        fitted_on: answers to `calibrate` speakers, for a temperature; None of a calibrated bundle,
            which has its own, and where there is nobody to fit on.
        bundle: that gave them; None of anything else.
    """

    answers: Answers
    telephone: Answers | None = None
    before: Answers | None = None
    telephone_before: Answers | None = None
    novelty: Floats | None = None
    fitted_on: Answers | None = None
    bundle: Bundle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceFigures:
    """What a model's confidence are worth.

    Attributes:
        given: of its answers.
        before: of what its network says by itself; None where nothing calibrated it.
        telephone: of its answers over a telephone; None if not measured.
        telephone_before: of what its network says by itself there; None as `before`.
        domain: of noticing what is no speech; None likewise.
    """

    given: Confidence
    before: Confidence | None = None
    telephone: Confidence | None = None
    telephone_before: Confidence | None = None
    domain: Domain | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, and the points of the reliability diagrams, as plain JSON types."""
        parts = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: None if part is None else part.to_dict() for name, part in parts.items()}


def clips_to_fit_on(
    source: Source,
    utterances: Sequence[Utterance],
    tested: Sequence[Utterance],
) -> tuple[Utterance, ...]:
    """Return the clips of `calibrate` speakers who are neither under test nor known from training.

    Args:
        source: the model.
        utterances: all that are at hand.
        tested: what the protocol tests.
    """
    set_apart = selection_speakers("calibrate")
    calibrate = {item.speaker_key for item in utterances if item.corpus_speaker in set_apart}
    calibrate -= {item.speaker_key for item in tested}
    files = {item.path.resolve() for item in tested}
    clips = [
        item
        for item in utterances
        if item.speaker_key in calibrate
        and item.emotion in source.labels
        and item.path.resolve() not in files
    ]
    known = set(clips_of_training_speakers(source.learnt, clips)) if source.learnt else set()
    return tuple(item for item in clips if item not in known)


def answer_tested(
    source: Source,
    tested: Sequence[Utterance],
    fit_on: Sequence[Utterance] = (),
    *,
    progress: Progress | None = None,
    progress_of_fit: Progress | None = None,
) -> GatheredAnswers:
    """Predict once all that a protocol tests, as it is and, where a signal is taken, by telephone.

    Args:
        source: the model, or what it answered.
        tested: the clips.
        fit_on: clips of others, for a temperature; see `clips_to_fit_on`. They are not predicted
            where the model brings a calibration of its own.
        progress: called after each clip with how many are done, and how many there are.
        progress_of_fit: likewise, of `fit_on`.
    """
    if not isinstance(source, SignalSource):
        answers = source.answer(tested, progress)
        return GatheredAnswers(
            answers=answers, fitted_on=_answered(source, fit_on, progress_of_fit)
        )
    bundle = Bundle.load(source.location) if source.kind == "bundle" else None
    predicted = predict_all(_twice(source), tested, progress=progress)
    given = GatheredAnswers(
        answers=predicted.answers(source.labels),
        telephone=predicted.answers(source.labels, row=1),
        bundle=bundle,
    )
    if not predicted.outputs:
        return given
    novelty = [item.novelty[0, 0] for item in predicted.outputs if item.novelty is not None]
    if novelty:
        return replace(
            given,
            before=predicted.answers(source.labels, uncalibrated=True),
            telephone_before=predicted.answers(source.labels, row=1, uncalibrated=True),
            novelty=np.array(novelty),
        )
    temperature = bundle.metadata.temperature if bundle is not None else 1.0
    if temperature != 1.0:
        return replace(
            given,
            before=_undone(given.answers, temperature),
            telephone_before=_undone(predicted.answers(source.labels, row=1), temperature),
        )
    return replace(given, fitted_on=_answered(source, fit_on, progress_of_fit))


def confidence_of(gathered: GatheredAnswers) -> ConfidenceFigures:
    """Measure the answers; synthetic sounds are made and predicted for the domain.

    Raises:
        ConfigError: no clip's emotion is known to the model, or it gave no probabilities.
    """
    rule = gathered.bundle.metadata.prediction_set if gathered.bundle else None

    def measured(answers: Answers) -> Confidence:
        return measure_confidence(answers, rule=rule, fitted_on=gathered.fitted_on)

    def alone(answers: Answers | None) -> Confidence | None:
        return None if answers is None else measure_confidence(answers)

    domain = None
    if gathered.bundle is not None and gathered.novelty is not None:
        domain = measure_domain(gathered.bundle, gathered.novelty)
    return ConfidenceFigures(
        given=measured(gathered.answers),
        before=alone(gathered.before),
        telephone=None if gathered.telephone is None else measured(gathered.telephone),
        telephone_before=alone(gathered.telephone_before),
        domain=domain,
    )


def _answered(
    source: Source, clips: Sequence[Utterance], progress: Progress | None
) -> Answers | None:
    """Return the answers to clips, None where there is none."""
    try:
        answers = source.answer(clips, progress) if clips else None
    except ConfigError:  # a table that names none of these
        return None
    return answers if answers is not None and answers.utterances else None


def _undone(answers: Answers, temperature: float) -> Answers:
    """Return what a network says before its one temperature."""
    logs = np.log(np.maximum(answers.probabilities, 1e-30))
    return replace(answers, probabilities=soften(temperature * logs, 1.0))


def _twice(source: SignalSource) -> Predict:
    """Predict a signal as it is in the first row, and over a telephone in the second."""

    def predict(signal: Signal) -> Outputs:
        here = source.predict(signal)._replace(relevance=None)
        there = source.predict(telephone(signal, SAMPLING_RATE_HZ))
        return here.each(lambda *rows: np.concatenate(rows), there)

    return predict
