"""Fitting a multilayer perceptron with scikit-learn, whose weights then live on in torch."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Callable

import numpy as np
from torch import nn

from affekt.errors import MissingExtraError
from affekt.models.pathak_mlp import from_sklearn
from affekt.training.features import FeatureRows, Normalisation
from affekt.training.history import History
from affekt.training.options import ClassifierFit

# Single precision is all that scikit-learn computes in here.
_KNOWN = ("epochs", "batch_size", "learning_rate", "precision")


def ignored_by_mlp(fit: ClassifierFit) -> list[str]:
    """Return the options that differ from their default and that `fit_mlp` does not heed."""
    plain = ClassifierFit(epochs=fit.epochs)
    names = [item.name for item in dataclasses.fields(fit) if item.name not in _KNOWN]
    return [name for name in names if getattr(fit, name) != getattr(plain, name)]


def fit_mlp(
    train: FeatureRows,
    normalisation: Normalisation,
    fit: ClassifierFit,
    *,
    hidden: tuple[int, ...],
    seed: int,
    say: Callable[[str], None],
) -> tuple[nn.Module, History]:
    """Fit scikit-learn's `MLPClassifier` as it is, and return a network with the same answers.

    Args:
        train: rows of vectors; every class occurs.
        normalisation: fitted on `train`.
        fit: its `epochs`, `batch_size` and `learning_rate` are used; the rest is scikit-learn's.
        hidden: units of the hidden layers.
        seed: of the weights and the order of the rows.
        say: takes a line at the end.

    Returns:
        The network, and the loss by epoch.

    Raises:
        MissingExtraError: scikit-learn is not installed.
        KeyboardInterrupt: interrupted; nothing is kept.
    """
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier
    except ModuleNotFoundError:
        raise MissingExtraError(
            what="the multilayer perceptron", package="scikit-learn", extra="train"
        ) from None
    began_s = time.monotonic()
    model = MLPClassifier(
        hidden_layer_sizes=hidden,
        batch_size=min(fit.batch_size, len(train)),
        learning_rate_init=fit.learning_rate,
        max_iter=fit.epochs,
        random_state=seed,
    )
    features = (train.features[train.rows] - normalisation.mean) / normalisation.scale
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs are the recipe's
        # scikit-learn takes Ctrl-C for the end of training.
        warnings.filterwarnings("error", message="Training interrupted by user")
        try:
            model.fit(features.astype(np.float32), train.own_targets)
        except UserWarning:
            raise KeyboardInterrupt from None
    seconds = time.monotonic() - began_s
    epochs = len(model.loss_curve_)
    say(f"{epochs} epochs: loss {model.loss_curve_[-1]:.3f}, {seconds:.0f} s")
    history = tuple(
        {
            "epoch": float(number),
            "loss": float(loss),
            "learning_rate": fit.learning_rate,
            "seconds": round(seconds / epochs, 2),
        }
        for number, loss in enumerate(model.loss_curve_, start=1)
    )
    return from_sklearn(model), history
