"""Architectures, one file each, and the table that names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from affekt.config import from_mapping, to_mapping
from affekt.errors import ConfigError, MissingExtraError, did_you_mean

try:
    from affekt.models.classifiers import CLASSIFIERS, Classifier, create_classifier
    from affekt.models.front_end import LogMelFrontEnd
    from affekt.models.residual_se import VARIANTS, Answer, ResidualSE, ResidualSEConfig
    from affekt.models.whisper_classifier import VARIANTS as WHISPER_VARIANTS
    from affekt.models.whisper_classifier import WhisperClassifier, WhisperClassifierConfig
except ModuleNotFoundError as error:  # pragma: no cover - proved in a subprocess without torch
    if error.name != "torch":
        raise
    raise MissingExtraError(what="a model", package="torch", extra="train") from None

__all__ = [
    "CLASSIFIERS",
    "MODELS",
    "Answer",
    "Classifier",
    "LogMelFrontEnd",
    "ResidualSE",
    "WhisperClassifier",
    "create_classifier",
    "create_model",
]

MODELS: dict[str, ResidualSEConfig | WhisperClassifierConfig] = {
    "residual-se": VARIANTS["default"],
    "residual-se-tiny": VARIANTS["tiny"],
    "whisper-base": WHISPER_VARIANTS["base"],
    "whisper-tiny": WHISPER_VARIANTS["tiny"],
}


def create_model(
    name: str, *, n_classes: int, settings: Mapping[str, Any] | None = None
) -> ResidualSE | WhisperClassifier:
    """Make an untrained network.

    Args:
        name: one of `MODELS`.
        n_classes: width of the logits.
        settings: what shall differ from the named variant.

    Raises:
        ConfigError: the name or a setting is unknown, or a setting is out of range.
    """
    if name not in MODELS:
        raise ConfigError(f"no model '{name}'{did_you_mean(name, MODELS)}")
    variant = MODELS[name]
    values = {**to_mapping(variant), **(settings or {})}
    config = from_mapping(type(variant), values, where=f"model '{name}'")
    if isinstance(config, WhisperClassifierConfig):
        return WhisperClassifier(config, n_classes=n_classes)
    return ResidualSE(config, n_classes=n_classes)
