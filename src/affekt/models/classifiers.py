"""The networks that map features to classes, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from affekt.config import from_mapping
from affekt.errors import ConfigError, did_you_mean
from affekt.models.crema_cnn1d import CremaCnn1d, CremaCnn1dConfig
from affekt.models.crema_cnn2d import CremaCnn2d, CremaCnn2dConfig
from affekt.models.crema_cnn2d_external import CremaCnn2dExternal, CremaCnn2dExternalConfig
from affekt.models.gru import Gru, GruConfig
from affekt.models.mittal_cnn2d import MittalCnn2d, MittalCnn2dConfig
from affekt.models.pathak_cnn import PathakCnn, PathakCnnConfig
from affekt.models.pathak_cnn_lstm import PathakCnnLstm, PathakCnnLstmConfig
from affekt.models.pathak_lstm import PathakLstm, PathakLstmConfig
from affekt.models.pathak_mlp import PathakMlp, PathakMlpConfig
from affekt.models.santamaria_baseline import SantamariaBaseline, SantamariaBaselineConfig
from affekt.models.santamaria_deep import SantamariaDeep, SantamariaDeepConfig
from affekt.models.shukla_cnn1d import ShuklaCnn1d, ShuklaCnn1dConfig


@dataclass(frozen=True, slots=True)
class Classifier:
    """One architecture.

    Attributes:
        network: makes it of a configuration, an input shape and a number of classes.
        config: its settings; the defaults are the text's.
        forms: what it can be given, by the number of axes: 1 vector, 2 matrix, 3 planes.
    """

    network: Callable[..., nn.Module]
    config: type[Any]
    forms: tuple[int, ...]


_FORMS = {1: "a vector", 2: "a matrix", 3: "planes"}

CLASSIFIERS: dict[str, Classifier] = {
    "shukla-cnn1d": Classifier(ShuklaCnn1d, ShuklaCnn1dConfig, (1,)),
    "santamaria-baseline": Classifier(SantamariaBaseline, SantamariaBaselineConfig, (2,)),
    "santamaria-deep": Classifier(SantamariaDeep, SantamariaDeepConfig, (3,)),
    "pathak-mlp": Classifier(PathakMlp, PathakMlpConfig, (1,)),
    "pathak-cnn": Classifier(PathakCnn, PathakCnnConfig, (1,)),
    "pathak-lstm": Classifier(PathakLstm, PathakLstmConfig, (1,)),
    "pathak-cnn-lstm": Classifier(PathakCnnLstm, PathakCnnLstmConfig, (1,)),
    "crema-cnn1d": Classifier(CremaCnn1d, CremaCnn1dConfig, (1,)),
    "crema-cnn2d": Classifier(CremaCnn2d, CremaCnn2dConfig, (2,)),
    "crema-cnn2d-external": Classifier(CremaCnn2dExternal, CremaCnn2dExternalConfig, (2,)),
    "mittal-cnn2d": Classifier(MittalCnn2d, MittalCnn2dConfig, (2,)),
    "gru": Classifier(Gru, GruConfig, (1, 2)),
}


def create_classifier(
    name: str,
    *,
    input_shape: tuple[int, ...],
    n_classes: int,
    settings: Mapping[str, Any] | None = None,
) -> nn.Module:
    """Make an untrained network that maps features `[batch, *input_shape]` to logits.

    Args:
        name: one of `CLASSIFIERS`.
        input_shape: of one utterance's features.
        n_classes: width of the logits `[batch, n_classes]`; no softmax is taken.
        settings: what shall differ from the text's configuration.

    Raises:
        ConfigError: the name or a setting is unknown, a setting is out of range, or the network
            cannot take features of this shape.
    """
    if name not in CLASSIFIERS:
        raise ConfigError(f"no model '{name}'{did_you_mean(name, CLASSIFIERS)}")
    chosen, where = CLASSIFIERS[name], f"model '{name}'"
    if len(input_shape) not in chosen.forms:
        wanted = " or ".join(_FORMS[form] for form in chosen.forms)
        raise ConfigError(f"{where} takes {wanted}, not features of shape {input_shape}")
    config = from_mapping(chosen.config, settings or {}, where=where)
    try:
        return chosen.network(config, input_shape=input_shape, n_classes=n_classes)
    except ValueError as error:
        raise ConfigError(f"{where}, given features of shape {input_shape}: {error}") from error
