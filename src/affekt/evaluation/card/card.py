"""All that is measured of a model before anyone relies on it.

The test part of a protocol is answered once. Robustness and prediction stability are measured on
a drawn sample of it, for they need some forty answers a clip.
"""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from affekt.augment import CODECS, available
from affekt.corpora import VOTED_CORPUS
from affekt.errors import ConfigError
from affekt.evaluation.confidence import ConfidenceFigures, GatheredAnswers, confidence_of
from affekt.evaluation.figures import listed_speakers
from affekt.evaluation.people import (
    GroupDifference,
    Listeners,
    PredictionStability,
    beside_listeners,
    group_differences,
    prediction_stability,
)
from affekt.evaluation.report import Report
from affekt.evaluation.robustness import Robustness, conditions, measure_robustness, sample
from affekt.evaluation.runs import Answers, Progress
from affekt.evaluation.sources import SignalSource, Source
from affekt.recognition.bundles import BundleMetadata

SCHEMA_VERSION = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """Something that a reader might look for here, and why it is missing."""

    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything that was measured of a model.

    Attributes:
        name: of the model, for files.
        report: its figures under the protocol.
        differences: between groups of speakers.
        prediction_stability: of its answers under changes that should not matter; None if it was
            not measured.
        robustness: of its figures under conditions; None likewise.
        listeners: the model beside people; None likewise.
        confidence: what its confidence is worth; None without probabilities.
        not_measured: what else a reader might look for.
        per_corpus, seed: of the sample that robustness and prediction stability were measured on.
        not_for: what the model says it is not for.
        command: that makes this report again.
        versions: of what took part.
    """

    name: str
    report: Report
    differences: tuple[GroupDifference, ...]
    prediction_stability: tuple[PredictionStability, ...] | None
    robustness: Robustness | None
    listeners: Listeners | None
    confidence: ConfidenceFigures | None
    not_measured: tuple[NotMeasured, ...]
    per_corpus: int
    seed: int
    not_for: tuple[str, ...]
    command: str
    versions: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types; shares stay between 0 and 1.

        `new_speakers` goes for all figures, those of robustness and confidence included.
        Clips go by their names: where they lie is nobody's business.
        """
        figures = self.report.to_dict()
        source = figures.pop("bundle_path")
        del figures["log"]
        figures["failures"] = [
            item
            | {
                "path": Path(item["path"]).name,
                "reason": _placeless(item["reason"], (item["path"], source)),
            }
            for item in figures["failures"]
        ]
        figures["unknown_names"] = [Path(name).name for name in figures["unknown_names"]]
        values = {
            item.name: getattr(self, item.name)
            for item in dataclasses.fields(self)
            if item.name != "report"
        }
        values["new_speakers"] = self.report.new_speakers
        values["confidence"] = self.confidence.to_dict() if self.confidence else None
        return {"schema_version": SCHEMA_VERSION, "figures": figures} | {
            name: _plain(value) for name, value in values.items()
        }


def measure_card(
    source: Source,
    gathered: GatheredAnswers,
    report: Report,
    *,
    votes: Mapping[str, tuple[int, ...]],
    command: str,
    per_corpus: int = 60,
    seed: int = 0,
    progress: Callable[[str], Progress] | None = None,
) -> Card:
    """Measure what a model card needs beyond the figures under a protocol.

    Args:
        source: the model.
        gathered: of all that the protocol tests, from `answer_tested`.
        report: of these answers.
        votes: of CREMA-D's listeners, by stem; may be empty.
        command: that makes this report again.
        per_corpus: clips of each corpus to measure robustness and prediction stability on.
        seed: of that sample, and of what happens to it.
        progress: makes, for what is about to be measured, what is called after each clip.
    """
    answers = gathered.answers
    missing: list[NotMeasured] = []
    if report.missing:
        what = f"the speakers {listed_speakers(report.missing)}"
        missing.append(NotMeasured(what=what, why="the protocol names them; no clip is at hand"))
    drawn = sample(answers.utterances, per_corpus, seed=seed)
    robust: Robustness | None = None
    steady: tuple[PredictionStability, ...] | None = None
    if not isinstance(source, SignalSource):
        why = "only answers are at hand, no model that could hear a changed sound"
        missing.append(NotMeasured(what="robustness and prediction stability", why=why))
    elif drawn:
        tell = progress or (lambda _: _nobody)
        happening = conditions()
        if len({item.speaker_key for item in drawn}) == 1:
            happening = tuple(item for item in happening if item.group != "babble")
            why = (
                "there is no second speaker" if report.speakers_known else "nobody says who speaks"
            )
            missing.append(NotMeasured(what="babble", why=why))
        robust = measure_robustness(
            source, drawn, happening, seed=seed, progress=tell("robustness")
        )
        steady = prediction_stability(
            source, drawn, seed=seed, progress=tell("prediction_stability")
        )
        missing += [
            NotMeasured(what=f"the codec {codec.name}", why="no encoder of it is installed")
            for codec in CODECS.values()
            if not available(codec)
        ]
    listeners, why = _listeners(answers, votes)
    if why:
        missing.append(NotMeasured(what="the model beside people who listened", why=why))
    confidence = confidence_of(gathered) if answers.graded and drawn else None
    missing += _confidence_not_measured(confidence)
    learnt = source.learnt
    return Card(
        name=source.name,
        report=report,
        differences=group_differences(answers),
        prediction_stability=steady,
        robustness=robust,
        listeners=listeners,
        confidence=confidence,
        not_measured=tuple(missing),
        per_corpus=per_corpus,
        seed=seed,
        not_for=tuple(learnt.not_for) if isinstance(learnt, BundleMetadata) else (),
        command=command,
        versions={
            "Affekt": report.affekt_version,
            "Python": platform.python_version(),
            "NumPy": np.__version__,
            "ONNX Runtime": onnxruntime.__version__,
        },
    )


def _listeners(
    answers: Answers, votes: Mapping[str, tuple[int, ...]]
) -> tuple[Listeners | None, str]:
    """Return the model beside people, or why not."""
    if all(item.corpus != VOTED_CORPUS for item in answers.tested):
        return None, "CREMA-D, whose clips people voted on, is not under test"
    if not votes:
        return None, "the table of votes is not among CREMA-D's files"
    try:
        return beside_listeners(answers, votes), ""
    except ConfigError as error:
        return None, str(error)


def _confidence_not_measured(confidence: ConfidenceFigures | None) -> Iterator[NotMeasured]:
    if confidence is None:
        what = "confidence"
        yield NotMeasured(what=what, why="there are no probabilities, or no emotion that it knows")
        return
    if confidence.telephone is None:
        what = "confidence over a telephone"
        yield NotMeasured(what=what, why="only answers are at hand, no model that could hear it")
    nobody = "it comes without, and there is nobody to fit on: no `calibrate` speaker is at hand "
    nobody += "who is neither under test nor known from training"
    if confidence.before is None and confidence.given.temperature is None:
        yield NotMeasured(what="confidence before and after calibration", why=nobody)
    if confidence.given.sets is None:
        yield NotMeasured(what="sets of labels that hold the right one", why=nobody)
    if confidence.domain is None:
        what = "whether it notices what is no speech"
        yield NotMeasured(what=what, why="the model does not say how strange a sound is to it")


def _nobody(_done: int, _total: int) -> None:
    pass


def _placeless(text: str, places: Iterable[str]) -> str:
    """Call files and folders by their names."""
    for place in places:
        path = Path(place)
        for written in (str(path.absolute()), place):
            text = text.replace(written, path.name)
    return text


def _plain(value: Any) -> Any:
    """Return plain types of dataclasses, tuples, mappings and arrays."""
    if dataclasses.is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray) else value
