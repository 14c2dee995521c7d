"""What a bundle says of itself: one JSON document in the metadata of the ONNX file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from affekt.audio import SAMPLING_RATE_HZ
from affekt.config import from_mapping, to_mapping
from affekt.errors import BundleError, ConfigError, did_you_mean
from affekt.features import FEATURE_SETS, FeatureSet
from affekt.metrics import Rule

SCHEMA_VERSION = "1"
METADATA_KEY = "affekt"
GRAPH = "graph"
# Far more than any bundle says of itself.
MAX_CHARACTERS = 2**24
MAX_DEPTH = 50


@dataclass(frozen=True, kw_only=True)
class SetRule:
    """How a set of labels is made that holds the right one as often as promised.

    Attributes:
        coverage: the promise, between 0 and 1: for voices like those it was fitted on.
        quantile: a label belongs to the set where its score does not exceed it (0 to 1).
        rule: how a label is scored: see `affekt.metrics.conformal.scores`.

    Raises:
        ValueError: a value outside its range.
    """

    coverage: float
    quantile: float
    rule: Rule

    def __post_init__(self) -> None:
        if not 0.0 < self.coverage < 1.0:
            raise ValueError(f"coverage must lie between 0 and 1: {self.coverage}")
        if not 0.0 <= self.quantile <= 1.0:
            raise ValueError(f"quantile must lie in 0 to 1: {self.quantile}")


@dataclass(frozen=True, kw_only=True)
class BundleMetadata:
    """What a bundle says of itself.

    Attributes:
        name, version: who answers; every prediction carries both.
        labels: the classes, in the order of the probabilities' columns.
        sampling_rate_hz: of the waveform that goes in; 16000.
        temperature: what the logits are divided by inside the graph (for the record only).
        threshold: a confidence below it is uncertain (0 to 1).
        licence: short name of the terms of the weights.
        licence_text: those terms in full.
        training_data: one mapping a corpus: corpus, licence, utterances, speakers.
        held_out: corpus to the speakers that training never saw.
        recipe: the settings of the training run.
        figures: what was measured, by protocol.
        created: date, ISO 8601.
        description: what the model is, in a few sentences.
        not_for: uses it must not be put to.
        front_end: where the acoustic features are computed: "graph" is inside the file, else it
            is the name of a feature set that is computed from the waveform beforehand.
        front_end_version: version of that feature set when the model was made.
        frame_hop_s: step between two frames of the relevance, in seconds; None where a feature
            set is the front end, for such a model gives no relevance.
        prediction_set: how the set of labels is made; None where the bundle promises none.
        calibration: what `affekt calibrate` fitted, and on whom (for the record only).
        schema_version: of this document.

    Raises:
        ValueError: a value outside its range.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    temperature: float
    threshold: float
    licence: str
    licence_text: str
    training_data: tuple[dict[str, Any], ...]
    held_out: dict[str, Any]
    recipe: dict[str, Any]
    figures: dict[str, Any]
    created: str
    description: str
    not_for: tuple[str, ...]
    sampling_rate_hz: int = SAMPLING_RATE_HZ
    front_end: str = GRAPH
    front_end_version: int = 1
    frame_hop_s: float | None = None
    prediction_set: SetRule | None = None
    calibration: dict[str, Any] | None = None
    schema_version: str = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if not self.name or not self.version:
            raise ValueError("a bundle needs a name and a version")
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must be two or more, none twice: {list(self.labels)}")
        if any(not _is_word(word) for word in (self.name, self.version, *self.labels)):
            raise ValueError("name, version and labels must be words that can be printed")
        if self.sampling_rate_hz != SAMPLING_RATE_HZ:
            raise ValueError(f"sampling_rate_hz must be {SAMPLING_RATE_HZ}")
        if not self.temperature > 0.0:
            raise ValueError(f"temperature must be positive: {self.temperature}")
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold must lie in 0 to 1: {self.threshold}")
        if not self.licence or not self.licence_text:
            raise ValueError("a bundle states the licence of its weights, in full")
        self._check_training()
        self._check_front_end()

    @property
    def recalls(self) -> dict[str, dict[str, float]]:
        """The UA (0 to 1) of each corpus by protocol, as far as the figures state it."""
        found = {
            protocol: {
                corpus: float(item["ua"])
                for corpus, item in corpora.items()
                if isinstance(item, dict) and _is_share(item.get("ua"))
            }
            for protocol, corpora in self.figures.items()
            if isinstance(corpora, dict)
        }
        return {protocol: shares for protocol, shares in found.items() if shares}

    @property
    def feature_set(self) -> FeatureSet | None:
        """The feature set that is the front end; None where that lies in the graph."""
        return None if self.front_end == GRAPH else FEATURE_SETS[self.front_end]

    def _check_training(self) -> None:
        """Refuse what nobody could look up: who was learnt from, and who was not."""
        for item in self.training_data:
            words = (item.get("corpus"), item.get("licence", ""))
            if not words[0] or not all(isinstance(word, str) for word in words):
                raise ValueError(
                    "training_data: every entry names its corpus, and its licence in words"
                )
        for corpus, speakers in self.held_out.items():
            if not isinstance(speakers, list | tuple) or not all(
                isinstance(speaker, str | int) for speaker in speakers
            ):
                raise ValueError(f"held_out: the speakers of {corpus} must be a list of ids")

    def _check_front_end(self) -> None:
        if self.front_end == GRAPH:
            if not (self.frame_hop_s or 0.0) > 0.0:
                raise ValueError(f"frame_hop_s must be positive: {self.frame_hop_s}")
            return
        if self.front_end not in FEATURE_SETS:
            hint = did_you_mean(self.front_end, (GRAPH, *FEATURE_SETS))
            raise ValueError(f"front_end '{self.front_end}' is unknown{hint}")
        if self.frame_hop_s is not None:
            raise ValueError(f"frame_hop_s belongs to a relevance; '{self.front_end}' gives none")

    @property
    def title(self) -> str:
        """Name and version, as predictions carry them."""
        return f"{self.name} {self.version}"

    def to_json(self) -> str:
        """Return the JSON document that lies in the file."""
        return json.dumps(to_mapping(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, *, where: str = "bundle metadata") -> Self:
        """Read the JSON document of a file.

        Keys this version does not know are passed over: additions do not raise the schema version.

        Args:
            text: the document.
            where: what to call the place in an error.

        Raises:
            BundleError: not a JSON object, another schema version, or a value missing or wrong.
        """
        values = _parsed(text, where=where)
        if not isinstance(values, dict):
            raise BundleError(f"{where}: the metadata is not a JSON object")
        found = values.get("schema_version")
        if found != SCHEMA_VERSION:
            raise BundleError(
                f"{where}: metadata of schema version {found!r}, this Affekt reads "
                f"'{SCHEMA_VERSION}'; upgrade with: pip install --upgrade affekt"
            )
        known = {key: values[key] for key in values if key in cls.__dataclass_fields__}
        try:
            return from_mapping(cls, known, where=where)
        except ConfigError as error:
            raise BundleError(str(error)) from None


def _parsed(text: str, *, where: str) -> Any:
    """Return what a JSON document says, once it can be said again anywhere.

    Raises:
        BundleError: it is no JSON, too long or too deep, or holds an infinite number or half a
            character.
    """
    if len(text) > MAX_CHARACTERS:
        raise BundleError(f"{where}: the metadata is longer than {MAX_CHARACTERS} characters")
    try:
        values = json.loads(text)
        json.dumps(values, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where}: the metadata is not JSON: {error}") from None
    level = [values]
    for _ in range(MAX_DEPTH):
        level = [item for value in level for item in _inside(value)]
        if not level:
            return values
    raise BundleError(f"{where}: the metadata is nested more than {MAX_DEPTH} deep")


def _is_word(text: str) -> bool:
    """Tell whether every report can hold a text as it is."""
    return bool(text) and text.isprintable() and text == text.strip()


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and 0.0 <= value <= 1.0


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
