"""Fitting a multilayer perceptron with scikit-learn, whose weights then live on in torch."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
from torch import nn

from affekt.errors import MissingExtraError
from affekt.models import from_sklearn
from affekt.training.callbacks import History, epoch_line
from affekt.training.data import Floats, Normalisation, Part
from affekt.training.options import FitConfig

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier


def fit_mlp(
    train: Part,
    normalisation: Normalisation,
    fit: FitConfig,
    *,
    hidden: tuple[int, ...],
    seed: int,
    say: Callable[[str], None],
) -> tuple[nn.Module, History]:
    """Fit scikit-learn's `MLPClassifier`, and return a network with the same answers.

    It is fitted epoch by epoch, and stops where its own `fit` would: after `n_iter_no_change`
    epochs, and one, whose loss is not better than the best by `tol`.

    Args:
        train: rows of vectors; every class occurs.
        normalisation: fitted on `train`.
        fit: its `epochs`, `batch_size` and `learning_rate` are used; the rest is scikit-learn's.
        hidden: units of the hidden layers.
        seed: of the weights and the order of the rows.
        say: takes a line after each epoch.

    Returns:
        The network, and by epoch the loss while learning and the accuracy afterwards, on `train`.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        KeyboardInterrupt: interrupted; nothing is kept.
    """
    try:
        from sklearn.neural_network import MLPClassifier
    except ModuleNotFoundError:
        raise MissingExtraError(
            what="the multilayer perceptron", package="scikit-learn", extra="train"
        ) from None
    model = MLPClassifier(
        hidden_layer_sizes=hidden,
        batch_size=min(fit.batch_size, len(train)),
        learning_rate_init=fit.learning_rate,
        random_state=np.random.RandomState(seed),  # a number would begin anew in each epoch
    )
    features = cast("Floats", train.features)[train.rows]
    features = ((features - normalisation.mean) / normalisation.scale).astype(np.float32)
    targets = train.own_targets
    history: list[dict[str, float]] = []
    best, waited = math.inf, 0
    while len(history) < fit.epochs and waited <= model.n_iter_no_change:
        began_s = time.monotonic()
        _one_epoch(model, features, targets, train.allowed.shape[1])
        waited = waited + 1 if model.loss_ > best - model.tol else 0
        best = min(best, model.loss_)
        row = {
            "epoch": float(len(history) + 1),
            "loss": float(model.loss_),
            "accuracy": float((model.predict(features) == targets).mean()),
            "learning_rate": fit.learning_rate,
            "seconds": round(time.monotonic() - began_s, 2),
        }
        history.append(row)
        say(epoch_line(row, fit.epochs))
    return from_sklearn(model), tuple(history)


def _one_epoch(
    model: MLPClassifier,
    features: npt.NDArray[np.float32],
    targets: npt.NDArray[np.int64],
    classes: int,
) -> None:
    with warnings.catch_warnings():
        # scikit-learn takes Ctrl-C for the end of training.
        warnings.filterwarnings("error", message="Training interrupted by user")
        try:
            model.partial_fit(features, targets, classes=np.arange(classes))
        except UserWarning:
            raise KeyboardInterrupt from None
