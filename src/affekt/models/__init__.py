"""Architectures, one file each, and the table that names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affekt._lazy import on_first_use

if TYPE_CHECKING:
    from affekt.models.front_end import LogMelFrontEnd
    from affekt.models.initialise import initialise_weights, kernels
    from affekt.models.pathak_mlp import PathakMlpConfig, from_sklearn
    from affekt.models.residual_se import Answer, ResidualSE
    from affekt.models.table import MODELS, Model, Shape, create_model
    from affekt.models.whisper_classifier import WhisperClassifier
    from affekt.models.whisper_encoder import load_whisper_encoder

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
    "initialise_weights",
    "kernels",
    "load_whisper_encoder",
]

_LAZY = {
    "Answer": "affekt.models.residual_se",
    "LogMelFrontEnd": "affekt.models.front_end",
    "MODELS": "affekt.models.table",
    "Model": "affekt.models.table",
    "PathakMlpConfig": "affekt.models.pathak_mlp",
    "ResidualSE": "affekt.models.residual_se",
    "Shape": "affekt.models.table",
    "WhisperClassifier": "affekt.models.whisper_classifier",
    "create_model": "affekt.models.table",
    "from_sklearn": "affekt.models.pathak_mlp",
    "initialise_weights": "affekt.models.initialise",
    "kernels": "affekt.models.initialise",
    "load_whisper_encoder": "affekt.models.whisper_encoder",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _LAZY, what="a model", extra="train")
