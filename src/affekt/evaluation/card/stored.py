"""A model card, read back from the JSON that was written of it: nothing is measured again."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from affekt.errors import ConfigError
from affekt.evaluation.card.card import SCHEMA_VERSION, Card
from affekt.evaluation.confidence import (
    Calibration,
    CalibrationMeasures,
    Confidence,
    ConfidenceFigures,
    Domain,
)
from affekt.evaluation.people import UNKNOWN
from affekt.files import read_text
from affekt.metrics import Coverage, Reliability, RiskCoverage, Roc
from affekt.recognition.bundles import SetRule

# Names of schema 3 of the report, and of schemas 3 and 4 of its figures and leaks, beside today's.
RENAMED = {
    "doubts": "confidence",
    "steadiness": "prediction_stability",
    "worries": "warnings",
}
RENAMED_FIGURES = {
    "heard": "training_speakers_tested",
    "training_told": "training_data_known",
}
RENAMED_LEAKS = {"told_by": "declared_by", "voices": "speakers"}


def read_card(path: Path) -> Card:
    """Return a model card from its JSON; curves are as thinned as they stand there.

    Raises:
        ConfigError: it cannot be read, or is of another schema.
    """
    try:
        values = json.loads(read_text(path))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no report that can be read: {error}") from None
    version = values.get("schema_version") if isinstance(values, dict) else None
    if version in (3, 4):
        values = upgraded(values)
    elif version != SCHEMA_VERSION:
        raise ConfigError(f"{path}: no report of schema {SCHEMA_VERSION}; measure the model again")
    return card_of(values)


def upgraded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report of schema 3 or 4 by the names of schema 5."""
    renamed = _renamed(values, RENAMED)
    figures = _renamed(values["figures"], RENAMED_FIGURES)
    groups = [
        item | {"group": UNKNOWN if item["group"] == "not told" else item["group"]}
        for item in figures["groups"]
    ]
    leaks = figures.get("leaks")
    leaks = leaks and _renamed(leaks, RENAMED_LEAKS)
    return renamed | {"figures": figures | {"groups": groups, "leaks": leaks}}


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def card_of(values: Mapping[str, Any]) -> Card:
    """Return the model card that plain JSON types hold."""
    confidence = values["confidence"]
    fields = dict(values) | {"report": values["figures"] | {"bundle_path": "", "log": None}}
    fields["confidence"] = None
    card: Card = _built(Card, fields)
    return dataclasses.replace(card, confidence=_confidence(confidence) if confidence else None)


def _built(kind: Any, value: Any) -> Any:
    """Return plain JSON types as what they were written from; what is missing has its default."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if value is None:
        return None
    if origin in (types.UnionType, typing.Union):
        return _built(next(item for item in inner if item is not type(None)), value)
    if origin is tuple:
        kinds = [inner[0]] * len(value) if inner[-1] is Ellipsis else inner
        return tuple(_built(item, part) for item, part in zip(kinds, value, strict=True))
    if origin in (dict, collections.abc.Mapping):
        return {name: _built(inner[1], item) for name, item in value.items()}
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return typing.cast("Any", kind)(
            **{
                item.name: _built(hints[item.name], value.get(item.name))
                for item in dataclasses.fields(kind)
                if item.name in value or item.default is dataclasses.MISSING
            }
        )
    return value


def _confidence(values: Mapping[str, Any]) -> ConfidenceFigures:
    parts = {
        name: _confidence_of_part(values[name])
        for name in ("given", "before", "telephone", "telephone_before")
        if values[name] is not None
    }
    return ConfidenceFigures(
        **parts, domain=_domain(values["domain"]) if values["domain"] else None
    )


def _confidence_of_part(values: Mapping[str, Any]) -> Confidence:
    given = values["given"]
    diagram = {name: np.array(points) for name, points in values["diagram"].items()}
    return Confidence(
        given=_calibration(given, Reliability(**diagram)),
        temperature=values["temperature"],
        rescaled=None,  # its diagram is not stored
        risk=_risk(values["risk"], clips=given["pooled"]["clips"]),
        sets=_built(Coverage, values["sets"]),
        corpora_sets=_built(dict[str, Coverage], values["corpora_sets"]),
        rule=_built(SetRule, values["rule"]),
    )


def _calibration(values: Mapping[str, Any], diagram: Reliability) -> Calibration:
    means = {name: values[name] for name in ("mean_ece", "mean_ece_floor", "mean_ece_by_chance")}
    return Calibration(
        corpora=_built(dict[str, CalibrationMeasures], values["corpora"]),
        pooled=_built(CalibrationMeasures, values["pooled"]),
        diagram=diagram,
        **means,
    )


def _risk(values: Mapping[str, Any], *, clips: int) -> RiskCoverage:
    """Return the curve with a point a clip again, between those that were kept."""
    curve = values["curve"]
    coverage = np.arange(1, clips + 1) / clips
    risk = np.interp(coverage, curve["coverage"], curve["risk"])
    risk[max(0, round(0.5 * clips) - 1)] = values["at_half_coverage"]
    return RiskCoverage(coverage, risk, values["area"], values["least_area"])


def _domain(values: Mapping[str, Any]) -> Domain:
    curve = {name: np.array(points) for name, points in values["curve"].items()}
    others = {name: values[name] for name in ("flagged", "found", "areas", "music")}
    return Domain(curve=Roc(**curve, area=values["area"]), **others)
