"""The published systems: recipes that rebuild a text, and what the text claims."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path

from affekt.config import from_mapping
from affekt.errors import ConfigError, did_you_mean
from affekt.training import Published, Recipe, read_recipe

SYSTEMS = (
    "shukla-cnn1d",
    "santamaria-baseline",
    "santamaria-deep",
    "pathak-mlp",
    "pathak-cnn",
    "pathak-lstm",
    "pathak-cnn-lstm",
    "crema-cnn1d",
    "crema-cnn2d",
    "crema-cnn2d-external",
    "mittal-cnn2d",
)
"""The eleven configurations, in the order of their texts."""

VARIANTS = ("gru",)
"""What a text names without building it; `all` leaves these out."""


def load_system(name: str) -> Recipe:
    """Return one of `SYSTEMS` or `VARIANTS`, or a configuration of your own.

    Args:
        name: of a published configuration, or the path of a TOML file made like theirs.

    Raises:
        ConfigError: there is none of that name, or the file is wrong.
    """
    if name in (*SYSTEMS, *VARIANTS):
        return _shipped(name)
    path = Path(name)
    if path.suffix != ".toml":
        raise ConfigError(
            f"no published system is called '{name}'{did_you_mean(name, (*SYSTEMS, *VARIANTS))}; "
            "or give the path of a TOML file"
        )
    values = read_recipe(path)
    values.pop("search", None)  # what `affekt tune` reads
    system = from_mapping(Recipe, values, where=name)
    claims_of(system)
    if system.name in (*SYSTEMS, *VARIANTS, "all"):
        raise ConfigError(
            f"{name}: name: '{system.name}' stands for what is published; call yours otherwise"
        )
    return system


def claims_of(recipe: Recipe) -> Published:
    """Return the text that a recipe rebuilds, and what it claims.

    Raises:
        ConfigError: the recipe names no text.
    """
    if recipe.published is None:
        raise ConfigError(
            f"{recipe.name}: names no text to reproduce: give it a [published] table, or train it "
            "with `affekt train`"
        )
    return recipe.published


@cache
def _shipped(name: str) -> Recipe:
    file = resources.files("affekt").joinpath("recipes", f"{name}.toml")
    return from_mapping(Recipe, tomllib.loads(file.read_text(encoding="utf-8")), where=file.name)
