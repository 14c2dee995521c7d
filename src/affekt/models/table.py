"""The architectures by name, and how a network is made of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from affekt.config import from_mapping, to_mapping
from affekt.errors import ConfigError, did_you_mean
from affekt.features import LogMelConfig
from affekt.models.crema_cnn1d import CremaCnn1d, CremaCnn1dConfig
from affekt.models.crema_cnn2d import CremaCnn2d, CremaCnn2dConfig
from affekt.models.crema_cnn2d_external import CremaCnn2dExternal, CremaCnn2dExternalConfig
from affekt.models.gru import Gru, GruConfig
from affekt.models.mittal_cnn2d import MittalCnn2d, MittalCnn2dConfig
from affekt.models.pathak_cnn import PathakCnn, PathakCnnConfig
from affekt.models.pathak_cnn_lstm import PathakCnnLstm, PathakCnnLstmConfig
from affekt.models.pathak_lstm import PathakLstm, PathakLstmConfig
from affekt.models.pathak_mlp import PathakMlp, PathakMlpConfig
from affekt.models.residual_se import VARIANTS, ResidualSE
from affekt.models.santamaria_baseline import SantamariaBaseline, SantamariaBaselineConfig
from affekt.models.santamaria_deep import SantamariaDeep, SantamariaDeepConfig
from affekt.models.shukla_cnn1d import ShuklaCnn1d, ShuklaCnn1dConfig
from affekt.models.whisper_classifier import VARIANTS as WHISPER_VARIANTS
from affekt.models.whisper_classifier import WhisperClassifier

Shape = tuple[int | None, ...]
"""Of one clip's features; None stands for an axis of any length, which is the first."""

LOG_MEL: Shape = (None, LogMelConfig().n_mels)
"""Log-mels of a clip of any length."""


@dataclass(frozen=True, slots=True)
class Model:
    """One architecture.

    Attributes:
        network: makes it of a configuration, an input shape and a number of classes.
        config: its settings; the defaults are the text's.
        forms: what it can be given, by the number of axes: 1 vector, 2 matrix, 3 planes.
        any_length: it takes features whose first axis is of any length.
    """

    network: Callable[..., nn.Module]
    config: Any
    forms: tuple[int, ...]
    any_length: bool = False


_FORMS = {1: "a vector", 2: "a matrix", 3: "planes"}

MODELS: dict[str, Model] = {
    "residual-se": Model(ResidualSE, VARIANTS["default"], (2,), any_length=True),
    "residual-se-tiny": Model(ResidualSE, VARIANTS["tiny"], (2,), any_length=True),
    "whisper-base": Model(WhisperClassifier, WHISPER_VARIANTS["base"], (2,), any_length=True),
    "whisper-tiny": Model(WhisperClassifier, WHISPER_VARIANTS["tiny"], (2,), any_length=True),
    "shukla-cnn1d": Model(ShuklaCnn1d, ShuklaCnn1dConfig(), (1,)),
    "santamaria-baseline": Model(SantamariaBaseline, SantamariaBaselineConfig(), (2,)),
    "santamaria-deep": Model(SantamariaDeep, SantamariaDeepConfig(), (3,)),
    "pathak-mlp": Model(PathakMlp, PathakMlpConfig(), (1,)),
    "pathak-cnn": Model(PathakCnn, PathakCnnConfig(), (1,)),
    "pathak-lstm": Model(PathakLstm, PathakLstmConfig(), (1,)),
    "pathak-cnn-lstm": Model(PathakCnnLstm, PathakCnnLstmConfig(), (1,)),
    "crema-cnn1d": Model(CremaCnn1d, CremaCnn1dConfig(), (1,)),
    "crema-cnn2d": Model(CremaCnn2d, CremaCnn2dConfig(), (2,)),
    "crema-cnn2d-external": Model(CremaCnn2dExternal, CremaCnn2dExternalConfig(), (2,)),
    "mittal-cnn2d": Model(MittalCnn2d, MittalCnn2dConfig(), (2,)),
    "gru": Model(Gru, GruConfig(), (1, 2)),
}


def create_model(
    name: str,
    *,
    n_classes: int,
    input_shape: Shape = LOG_MEL,
    settings: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Make an untrained network that maps features `[batch, *input_shape]` to logits.

    ```python
    network = create_model("gru", n_classes=4, input_shape=(162,))
    ```

    Args:
        name: one of `MODELS`.
        n_classes: width of the logits `[batch, n_classes]`; no softmax is taken.
        input_shape: of one clip's features; those of a feature set have one shape, log-mels have
            any number of frames.
        settings: what shall differ from the named configuration.

    Raises:
        ConfigError: the name or a setting is unknown, a setting is out of range, or the network
            cannot take features of this shape.
    """
    if name not in MODELS:
        raise ConfigError(f"no model '{name}'{did_you_mean(name, MODELS)}")
    chosen, where = MODELS[name], f"model '{name}'"
    if None in input_shape and not chosen.any_length:
        raise ConfigError(
            f"{where} takes features of one shape: name a feature set in features.set"
        )
    if len(input_shape) not in chosen.forms:
        wanted = " or ".join(_FORMS[form] for form in chosen.forms)
        raise ConfigError(f"{where} takes {wanted}, not features of shape {input_shape}")
    values = {**to_mapping(chosen.config), **(settings or {})}
    config = from_mapping(type(chosen.config), values, where=where)
    try:
        return chosen.network(config, input_shape=input_shape, n_classes=n_classes)
    except ValueError as error:
        raise ConfigError(f"{where}, given features of shape {input_shape}: {error}") from error
