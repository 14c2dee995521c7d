"""Running a model over utterances; what cannot be recognised is kept, with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio import decode, decode_blocks
from affekt.corpora import classes_of
from affekt.emotions import CANONICAL
from affekt.errors import AffektError
from affekt.parallel import Workers
from affekt.recognition import WHOLE_S, Predict, Recognizer, predict_blocks
from affekt.recognition.bundles import Outputs
from affekt.records import Utterance

Probabilities = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]
"""Called after each clip with how many are done, and how many there are."""


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
        probabilities: `[utterances, labels]`, each row sums to one, or holds zeros alone.
        failures: those not recognised.
        graded: False where the model named a label and no probabilities; that label then has 1.
        intensities: `[utterances]`, 0 to 1; None where the model tells none.
    """

    labels: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    probabilities: Probabilities
    failures: tuple[Failure, ...]
    graded: bool = True
    intensities: npt.NDArray[np.float64] | None = None

    @property
    def tested(self) -> tuple[Utterance, ...]:
        """All that were asked: those recognised, then those not."""
        return (*self.utterances, *(item.utterance for item in self.failures))

    def completed(self) -> Answers:
        """Return answers to all that were asked, in the order of `tested`.

        What was not recognised gets a row of zeros, which gives no label a chance: scoring takes
        it for a wrong answer.
        """
        nothing = np.zeros((len(self.failures), len(self.labels)))
        told = self.intensities
        if told is not None:
            told = np.concatenate((told, np.full(len(self.failures), np.nan)))
        return dataclasses.replace(
            self,
            utterances=self.tested,
            probabilities=np.concatenate((self.probabilities, nothing)),
            failures=(),
            intensities=told,
        )


def own_classes(utterances: Iterable[Utterance]) -> dict[str, tuple[str, ...]]:
    """Return the canonical labels of each corpus among clips.

    A clip competes only among those of its corpus: those that it declares, or, of people's own,
    those that these clips show. Labels that people keep come after the canonical ones.
    """
    shown: dict[str, set[str]] = {}
    for item in utterances:
        shown.setdefault(item.corpus, set()).update(filter(None, [item.emotion]))
    found: dict[str, tuple[str, ...]] = {}
    for corpus, labels in shown.items():
        declared = classes_of(corpus)
        own = sorted(labels - {*CANONICAL})
        canonical = (label for label in CANONICAL if label in labels)
        found[corpus] = declared if declared and not own else (*canonical, *own)
    return found


def run(
    recognizer: Recognizer,
    utterances: Sequence[Utterance],
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> Answers:
    """Recognise every utterance as a user would, over all the labels of the model.

    Args:
        recognizer: answers for one clip at a time.
        utterances: what to recognise, stretches of files included.
        workers: clips that are decoded and recognised at once.
        progress: called after each clip with how many are done, and how many there are.
    """
    labels = recognizer.labels()
    predicted = predict_all(recognizer.outputs, utterances, workers=workers, progress=progress)
    return predicted.answers(labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedClips:
    """All that a model said of clips.

    Attributes:
        utterances: those recognised, in the order given.
        outputs: one an utterance.
        failures: those not recognised.
    """

    utterances: tuple[Utterance, ...]
    outputs: tuple[Outputs, ...]
    failures: tuple[Failure, ...]

    def answers(
        self, labels: tuple[str, ...], *, row: int = 0, uncalibrated: bool = False
    ) -> Answers:
        """Return one row of all outputs.

        Args:
            labels: of the model.
            row: of each utterance's outputs.
            uncalibrated: what the network says by itself, which all outputs must have.
        """
        chosen = (
            item.uncalibrated if uncalibrated else item.probabilities for item in self.outputs
        )
        rows = [values[row] for values in chosen if values is not None]
        rated = [item.intensity[row, 0] for item in self.outputs if item.intensity is not None]
        return Answers(
            labels=labels,
            utterances=self.utterances,
            probabilities=np.array(rows, np.float64).reshape(-1, len(labels)),
            failures=self.failures,
            intensities=np.array(rated, np.float64) if rated else None,
        )


def predict_all(
    predict: Predict,
    utterances: Sequence[Utterance],
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> PredictedClips:
    """Predict every utterance with anything that takes a signal; clips as `run` cuts them.

    Args:
        predict: the model; called from several threads.
        utterances: what to recognise, stretches of files included.
        workers: clips that are decoded and recognised at once.
        progress: called after each clip with how many are done, and how many there are.
    """

    def answer(utterance: Utterance) -> Outputs | Failure:
        try:
            found = predict_utterance(utterance, predict)
        except AffektError as error:
            return Failure(utterance=utterance, reason=str(error))
        if not found.finite:
            reason = f"{utterance.path}: the model's answer is no finite numbers"
            return Failure(utterance=utterance, reason=reason)
        return found

    answered: list[Utterance] = []
    outputs: list[Outputs] = []
    failures: list[Failure] = []
    with Workers(workers) as pool:
        for utterance, result in zip(utterances, pool.map(answer, utterances), strict=True):
            if isinstance(result, Failure):
                failures.append(result)
            else:
                answered.append(utterance)
                outputs.append(result)
            if progress is not None:
                progress(len(outputs) + len(failures), len(utterances))
    return PredictedClips(
        utterances=tuple(answered), outputs=tuple(outputs), failures=tuple(failures)
    )


def predict_utterance(utterance: Utterance, predict: Predict) -> Outputs:
    """Return what a model says of an utterance; a long one is predicted in windows.

    Raises:
        AudioError: it cannot be read, or holds nothing to recognise.
    """
    if utterance.start_s is None and utterance.end_s is None:
        with decode_blocks(utterance.path, block_s=WHOLE_S) as reader:
            return predict_blocks(reader, predict, name=reader.label)[0]
    audio = decode(utterance.path, start_s=utterance.start_s, end_s=utterance.end_s)
    blocks = iter([audio.signal])
    return predict_blocks(blocks, predict, name=str(utterance.path))[0]
