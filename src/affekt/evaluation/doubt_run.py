"""Hearing clips once for all that is said of a bundle's doubts: clean, over a telephone, at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.audio import Signal
from affekt.evaluation.conditions import telephone
from affekt.evaluation.domain import Domain, measure_domain
from affekt.evaluation.doubt import Doubt, measure_doubt
from affekt.evaluation.runs import Answers, Progress, run_listener
from affekt.recognition import Bundle
from affekt.records import Utterance

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a bundle says of clips.

    Attributes:
        clean: to the clips as they are.
        before: what the network says by itself; None where the bundle was never calibrated.
        telephone: to the clips over a telephone.
        novelty: `[clips]`; None likewise.
    """

    clean: Answers
    before: Answers | None
    telephone: Answers
    novelty: Floats | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleDoubt:
    """What a bundle's doubts are worth; fields as in `Heard`."""

    clean: Doubt
    before: Doubt | None
    telephone: Doubt
    domain: Domain | None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain JSON types."""
        parts = {name: getattr(self, name) for name in ("clean", "before", "telephone", "domain")}
        return {name: None if part is None else part.to_dict() for name, part in parts.items()}


def hear_doubt(
    bundle: Bundle, utterances: Sequence[Utterance], progress: Progress | None = None
) -> Heard:
    """Hear every clip twice, as it is and over a telephone.

    Args:
        bundle: the model.
        utterances: what to hear.
        progress: called after each clip with how many are done, and how many there are.
    """
    labels = bundle.metadata.labels
    classes = len(labels)

    def listen(signal: Signal) -> Floats:
        here = bundle.run(signal[np.newaxis])
        there = bundle.run(telephone(signal)[np.newaxis])
        parts = [here.probabilities[0], there.probabilities[0]]
        if here.novelty is not None and here.uncalibrated is not None:
            parts += [here.uncalibrated[0], here.novelty[0]]
        return np.concatenate(parts).astype(np.float64)

    found = run_listener(listen, labels, utterances, progress=progress)
    values = found.probabilities
    if not found.utterances:  # nothing was heard: there is one width to take
        values = np.zeros((0, 2 * classes))
    calibrated = values.shape[1] > 2 * classes

    def part(place: int) -> Answers:
        return replace(found, probabilities=values[:, place * classes : (place + 1) * classes])

    return Heard(
        clean=part(0),
        before=part(2) if calibrated else None,
        telephone=part(1),
        novelty=values[:, -1] if calibrated else None,
    )


def doubt_of(bundle: Bundle, heard: Heard) -> BundleDoubt:
    """Measure what was heard; synthetic sounds are made and heard for the domain."""
    rule = bundle.metadata.prediction_set
    return BundleDoubt(
        clean=measure_doubt(heard.clean, rule=rule),
        before=None if heard.before is None else measure_doubt(heard.before),
        telephone=measure_doubt(heard.telephone, rule=rule),
        domain=None if heard.novelty is None else measure_domain(bundle, heard.novelty),
    )
