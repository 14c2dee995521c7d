"""Architectures, one file each, and the table that names them."""

from __future__ import annotations

from affekt.errors import MissingExtraError

try:
    from affekt.models.front_end import LogMelFrontEnd
    from affekt.models.initialise import initialise, kernels
    from affekt.models.pathak_mlp import PathakMlpConfig, from_sklearn
    from affekt.models.residual_se import Answer, ResidualSE
    from affekt.models.table import MODELS, Model, Shape, create_model
    from affekt.models.whisper_classifier import WhisperClassifier
    from affekt.models.whisper_encoder import load_whisper_encoder
except ModuleNotFoundError as error:  # pragma: no cover - proved in a subprocess without torch
    if error.name != "torch":
        raise
    raise MissingExtraError(what="a model", package="torch", extra="train") from None

__all__ = [
    "MODELS",
    "Answer",
    "LogMelFrontEnd",
    "Model",
    "PathakMlpConfig",
    "ResidualSE",
    "Shape",
    "WhisperClassifier",
    "create_model",
    "from_sklearn",
    "initialise",
    "kernels",
    "load_whisper_encoder",
]
