"""Running a recognizer over utterances; what cannot be recognised is kept, with its reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio import decode
from affekt.errors import AffektError
from affekt.recognition import Recognizer
from affekt.records import Prediction, Utterance
from affekt.threads import Workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A clip that could not be recognised, and why."""

    utterance: Utterance
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a model answered.

    Attributes:
        labels: of the model, in the order of the columns.
        utterances: those recognised, in the order given.
        probabilities: `[utterances, labels]`, each row sums to one.
        failures: those not recognised.
    """

    labels: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    probabilities: npt.NDArray[np.float64]
    failures: tuple[Failure, ...]


def run(
    recognizer: Recognizer,
    utterances: Sequence[Utterance],
    *,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Recognise every utterance as a user would, over all the labels of the model.

    Args:
        recognizer: answers for one clip at a time.
        utterances: what to recognise, stretches of files included.
        workers: clips that are decoded and recognised at once.
        progress: called after each clip with how many are done, and how many there are.
    """
    labels = recognizer.labels()

    def answer(utterance: Utterance) -> npt.NDArray[np.float64] | Failure:
        try:
            said = _recognise(recognizer, utterance)
        except AffektError as error:
            return Failure(utterance=utterance, reason=str(error))
        scores = {item.label: item.score for item in said.predictions}
        return np.array([scores[label] for label in labels])

    answered: list[Utterance] = []
    rows: list[npt.NDArray[np.float64]] = []
    failures: list[Failure] = []
    with Workers(workers) as pool:
        for utterance, result in zip(utterances, pool.map(answer, utterances), strict=True):
            if isinstance(result, Failure):
                failures.append(result)
            else:
                answered.append(utterance)
                rows.append(result)
            if progress is not None:
                progress(len(rows) + len(failures), len(utterances))
    return Answers(
        labels=labels,
        utterances=tuple(answered),
        probabilities=np.array(rows).reshape(len(rows), len(labels)),
        failures=tuple(failures),
    )


def _recognise(recognizer: Recognizer, utterance: Utterance) -> Prediction:
    if utterance.start_s is None and utterance.end_s is None:
        return recognizer.predict(utterance.path)
    audio = decode(utterance.path, start_s=utterance.start_s, end_s=utterance.end_s)
    return recognizer(audio.signal, audio.sampling_rate_hz)
