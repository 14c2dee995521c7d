"""Running a model over utterances; what cannot be recognised is kept, with its reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio import Signal, decode, decode_blocks
from affekt.corpora import classes_of
from affekt.emotions import CANONICAL
from affekt.errors import AffektError
from affekt.recognition import Recognizer
from affekt.recognition.clips import WHOLE_S, hear
from affekt.records import Utterance
from affekt.threads import Workers

Probabilities = npt.NDArray[np.float64]
Listen = Callable[[Signal], Probabilities]
"""Takes a mono signal at 16 kHz and returns the probabilities `[labels]`."""
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
    """

    labels: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    probabilities: Probabilities
    failures: tuple[Failure, ...]
    graded: bool = True

    @property
    def tested(self) -> tuple[Utterance, ...]:
        """All that were asked: those recognised, then those not."""
        return (*self.utterances, *(item.utterance for item in self.failures))

    def of_labels(self) -> Answers:
        """Return the probabilities alone, where further numbers stand behind them."""
        return dataclasses.replace(self, probabilities=self.probabilities[:, : len(self.labels)])

    def completed(self) -> Answers:
        """Return answers to all that were asked, in the order of `tested`.

        What was not recognised gets a row of zeros, which gives no label a chance: scoring takes
        it for a wrong answer.
        """
        nothing = np.zeros((len(self.failures), len(self.labels)))
        return dataclasses.replace(
            self,
            utterances=self.tested,
            probabilities=np.concatenate((self.probabilities, nothing)),
            failures=(),
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
    found = run_listener(
        recognizer.probabilities_and_novelty, labels, utterances, workers=workers, progress=progress
    )
    return found.of_labels()


def run_listener(
    listen: Listen,
    labels: tuple[str, ...],
    utterances: Sequence[Utterance],
    *,
    workers: int = 2,
    progress: Progress | None = None,
) -> Answers:
    """Let anything that hears a signal answer every utterance; clips as `run` cuts them.

    Args:
        listen: the model; called from several threads.
        labels: of the model, in the order of what `listen` returns; further numbers are averaged
            alike over the windows of a long recording, and stay behind the probabilities.
        utterances: what to recognise, stretches of files included.
        workers: clips that are decoded and recognised at once.
        progress: called after each clip with how many are done, and how many there are.
    """

    def answer(utterance: Utterance) -> Probabilities | Failure:
        try:
            found = hear_utterance(utterance, listen, classes=len(labels))
        except AffektError as error:
            return Failure(utterance=utterance, reason=str(error))
        if not np.isfinite(found).all():
            reason = f"{utterance.path}: the model's answer is no finite numbers"
            return Failure(utterance=utterance, reason=reason)
        return found

    answered: list[Utterance] = []
    rows: list[Probabilities] = []
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
        probabilities=np.array(rows) if rows else np.zeros((0, len(labels))),
        failures=tuple(failures),
    )


def hear_utterance(utterance: Utterance, listen: Listen, *, classes: int) -> Probabilities:
    """Return the probabilities `[classes]` of an utterance; a long one is heard in windows.

    Raises:
        AudioError: it cannot be read, or holds nothing to recognise.
    """
    if utterance.start_s is None and utterance.end_s is None:
        with decode_blocks(utterance.path, block_s=WHOLE_S) as reader:
            return hear(reader, listen, classes=classes, name=reader.label)[0]
    audio = decode(utterance.path, start_s=utterance.start_s, end_s=utterance.end_s)
    blocks = iter([audio.signal])
    return hear(blocks, listen, classes=classes, name=str(utterance.path))[0]
