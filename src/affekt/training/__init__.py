"""Training: a recipe in, a bundle out."""

from __future__ import annotations

from affekt.errors import MissingExtraError

try:
    from affekt.training.fit import Run
    from affekt.training.recipe import Recipe, load_recipe
    from affekt.training.run import train
except ModuleNotFoundError as error:  # pragma: no cover - proved in a subprocess without the extra
    if error.name not in {"torch", "lightning", "onnx", "scipy"}:
        raise
    raise MissingExtraError(what="training", package=error.name or "", extra="train") from None

__all__ = ["Recipe", "Run", "load_recipe", "train"]
