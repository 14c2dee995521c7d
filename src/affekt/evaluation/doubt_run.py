"""Hearing clips once for all that is said of a model's doubts: clean, over a telephone, at all."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.augment.channel import telephone
from affekt.errors import ConfigError
from affekt.evaluation.domain import Domain, measure_domain
from affekt.evaluation.doubt import Doubt, measure_doubt
from affekt.evaluation.exposure import heard_clips
from affekt.evaluation.runs import Answers, Listen, Progress, run_listener
from affekt.evaluation.sources import Listener, Source
from affekt.metrics.calibration import soften
from affekt.protocols import selection_speakers
from affekt.recognition import Bundle
from affekt.records import Utterance

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What a model said of all that a protocol tests.

    Attributes:
        answers: to the clips as they are.
        telephone: to the clips over a telephone; None of what cannot hear.
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
class Doubts:
    """What a model's doubts are worth.

    Attributes:
        given: of its answers.
        before: of what its network says by itself; None where nothing calibrated it.
        telephone: of its answers over a telephone; None if not measured.
        telephone_before: of what its network says by itself there; None as `before`.
        domain: of noticing what is no speech; None likewise.
    """

    given: Doubt
    before: Doubt | None = None
    telephone: Doubt | None = None
    telephone_before: Doubt | None = None
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
    heard = set(heard_clips(source.learnt, clips)) if source.learnt else set()
    return tuple(item for item in clips if item not in heard)


def hear_tested(
    source: Source,
    tested: Sequence[Utterance],
    fit_on: Sequence[Utterance] = (),
    *,
    progress: Progress | None = None,
    progress_of_fit: Progress | None = None,
) -> Hearing:
    """Hear once all that a protocol tests, as it is and, with a model that hears, by telephone.

    Args:
        source: the model, or what it answered.
        tested: the clips.
        fit_on: clips of others, for a temperature; see `clips_to_fit_on`. They are not heard where
            the model brings a calibration of its own.
        progress: called after each clip with how many are done, and how many there are.
        progress_of_fit: likewise, of `fit_on`.
    """
    if not isinstance(source, Listener):
        answers = source.answer(tested, progress)
        return Hearing(answers=answers, fitted_on=_answered(source, fit_on, progress_of_fit))
    bundle = Bundle.load(source.location) if source.kind == "bundle" else None
    listener = _twice(source) if bundle is None else _with_novelty(bundle)
    found = run_listener(listener, source.labels, tested, progress=progress)
    classes = len(source.labels)
    width = found.probabilities.shape[1]
    if not found.utterances:  # nothing was heard: there is one width to take
        return Hearing(answers=found, telephone=found, bundle=bundle)

    def part(place: int) -> Answers:
        values = found.probabilities[:, place * classes : (place + 1) * classes]
        return replace(found, probabilities=values)

    temperature = bundle.metadata.temperature if bundle is not None else 1.0
    if width > 2 * classes:
        return Hearing(
            answers=part(0),
            telephone=part(1),
            before=part(2),
            telephone_before=part(3),
            novelty=found.probabilities[:, -1],
            bundle=bundle,
        )
    if temperature != 1.0:
        return Hearing(
            answers=part(0),
            telephone=part(1),
            before=_undone(part(0), temperature),
            telephone_before=_undone(part(1), temperature),
            bundle=bundle,
        )
    return Hearing(
        answers=part(0),
        telephone=part(1),
        fitted_on=_answered(source, fit_on, progress_of_fit),
        bundle=bundle,
    )


def doubts_of(hearing: Hearing) -> Doubts:
    """Measure what was heard; synthetic sounds are made and heard for the domain.

    Raises:
        ConfigError: no clip's emotion is known to the model, or it gave no probabilities.
    """
    rule = hearing.bundle.metadata.prediction_set if hearing.bundle else None

    def measured(answers: Answers) -> Doubt:
        return measure_doubt(answers, rule=rule, fitted_on=hearing.fitted_on)

    def alone(answers: Answers | None) -> Doubt | None:
        return None if answers is None else measure_doubt(answers)

    domain = None
    if hearing.bundle is not None and hearing.novelty is not None:
        domain = measure_domain(hearing.bundle, hearing.novelty)
    return Doubts(
        given=measured(hearing.answers),
        before=alone(hearing.before),
        telephone=None if hearing.telephone is None else measured(hearing.telephone),
        telephone_before=alone(hearing.telephone_before),
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


def _twice(source: Listener) -> Listen:
    return lambda signal: np.concatenate(
        [source.listen(signal), source.listen(telephone(signal, SAMPLING_RATE_HZ))]
    )


def _with_novelty(bundle: Bundle) -> Listen:
    def listen(signal: Signal) -> Floats:
        here = bundle.run(signal[np.newaxis])
        there = bundle.run(telephone(signal, SAMPLING_RATE_HZ)[np.newaxis])
        parts = [here.probabilities[0], there.probabilities[0]]
        alone = here.uncalibrated, there.uncalibrated
        if here.novelty is not None and alone[0] is not None and alone[1] is not None:
            parts += [alone[0][0], alone[1][0], here.novelty[0]]
        return np.concatenate(parts).astype(np.float64)

    return listen
