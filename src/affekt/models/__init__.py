"""Architectures, one file each, and the table that names them."""

from __future__ import annotations

from affekt.errors import MissingExtraError

try:
    from affekt.models.front_end import LogMelFrontEnd
    from affekt.models.residual_se import Answer, ResidualSE
    from affekt.models.table import MODELS, Model, Shape, create_model
    from affekt.models.whisper_classifier import WhisperClassifier
except ModuleNotFoundError as error:  # pragma: no cover - proved in a subprocess without torch
    if error.name != "torch":
        raise
    raise MissingExtraError(what="a model", package="torch", extra="train") from None

__all__ = [
    "MODELS",
    "Answer",
    "LogMelFrontEnd",
    "Model",
    "ResidualSE",
    "Shape",
    "WhisperClassifier",
    "create_model",
]
