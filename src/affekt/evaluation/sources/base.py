"""What can be measured: anything that answers utterances."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from affekt.corpora import canonical_label
from affekt.emotions import CANONICAL
from affekt.errors import BundleError, CorpusError
from affekt.evaluation.runs import Answers, Progress, predict_all
from affekt.recognition import Predict
from affekt.records import Utterance

LabelMap = Mapping[str, str | None]
"""A model's own word to a canonical label; None keeps the word, outside the eight."""


class Learnt(Protocol):
    """What a model says of its training; see `BundleMetadata`."""

    @property
    def training_data(self) -> Sequence[Mapping[str, Any]]:
        """One mapping a corpus, which it names under "corpus"."""
        ...

    @property
    def held_out(self) -> Mapping[str, Any]:
        """Corpus to the speakers that training never saw."""
        ...


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """Something that answers utterances.

    Attributes:
        kind: what it is, in a word or two.
        name: what floors and cards know it by.
        title: name and version, for a reader.
        location: the file or folder, or the name it was asked for by.
        sha256: of the file; of the weights where there is no single file.
        labels: canonical where they have one of the eight emotions.
        learnt: what it says of its training; None where it says nothing.
    """

    kind: str
    name: str
    title: str
    location: str
    sha256: str
    labels: tuple[str, ...]
    learnt: Learnt | None = None

    @abstractmethod
    def answer(self, utterances: Sequence[Utterance], progress: Progress | None = None) -> Answers:
        """Answer every utterance; what fails is kept with its reason."""

    def unknown_names(self, utterances: Sequence[Utterance]) -> tuple[str, ...]:  # noqa: ARG002
        """Return the clips that it answered by name and that none of these utterances is."""
        return ()


@dataclass(frozen=True, kw_only=True)
class SignalSource(Source):
    """A source that predicts signals.

    Attributes:
        predict: answers a mono signal at 16 kHz; by the novelty, if it is said, parts of long
            recordings are left out.
    """

    predict: Predict

    def answer(self, utterances: Sequence[Utterance], progress: Progress | None = None) -> Answers:
        """Predict every utterance."""
        return predict_all(self.predict, utterances, progress=progress).answers(self.labels)


@dataclass(frozen=True, slots=True)
class Renaming:
    """From a model's own classes to our labels; classes of one label are added up.

    Attributes:
        labels: canonical ones first, in their order, then words of the model's own.
        matrix: `[classes, labels]`, 1 where a class becomes a label.
    """

    labels: tuple[str, ...]
    matrix: npt.NDArray[np.float64]


def rename(classes: Sequence[str], labels: LabelMap | None, *, where: str) -> Renaming:
    """Map the classes of a foreign model to canonical labels.

    Args:
        classes: as the model has them, in the order of its columns.
        labels: the user's own map, asked first; None as a value keeps the class under its own
            name, outside the eight emotions.
        where: what to call the model in an error.

    Raises:
        BundleError: a class cannot be mapped; the message holds the remedy.
    """
    became = [_label(name, labels, where=where) for name in classes]
    canonical = [label for label in CANONICAL if label in became]
    found = (*canonical, *dict.fromkeys(name for name in became if name not in CANONICAL))
    matrix = np.array([[float(label == name) for label in found] for name in became])
    return Renaming(found, matrix)


def _label(name: str, labels: LabelMap | None, *, where: str) -> str:
    try:
        return canonical_label(name, labels, where=where) or name
    except CorpusError:
        raise BundleError(
            f"{where}: its class '{name}' is no emotion known here; say what it is with "
            f"--label '{name}=EMOTION' (one of {', '.join(CANONICAL)}), or keep it apart with "
            f"--label '{name}='"
        ) from None
