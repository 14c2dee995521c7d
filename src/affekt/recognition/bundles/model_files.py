"""Where models lie, shipped and installed, and which of them is in use."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from affekt.errors import BundleError, ConfigError, did_you_mean
from affekt.files import read_text
from affekt.places import data_root
from affekt.recognition.bundles.metadata import BundleMetadata
from affekt.recognition.bundles.metadata_reader import read_metadata

SHIPPED = ("default", "open")
WEIGHTS = Path(__file__).resolve().parents[2] / "weights"
DEFAULT = "default"
# The name that stands for whatever is in use.
ACTIVE = "active"
NOTE = "active.json"
# Between the name of a model and its version.
AT = "@"


def models_folder() -> Path:
    """Return where installed models lie: `AFFEKT_MODELS`, or a folder in the user's data."""
    named = os.environ.get("AFFEKT_MODELS")
    return Path(named) if named else data_root() / "affekt" / "models"


def installed_bundles() -> dict[str, Path]:
    """Return the installed bundles by name, sorted."""
    try:
        found = sorted(models_folder().glob("*.onnx"))
        return {path.stem: path for path in found if path.is_file()}
    except OSError:
        return {}


def active_model() -> str:
    """Return the name or path of the model in use: what `use_model` wrote, else "default".

    Raises:
        ConfigError: the note cannot be read.
    """
    history = use_history()
    return history[-1] if history else DEFAULT


def use_history() -> list[str]:
    """Return the models that were put to use, the one in use last.

    Raises:
        ConfigError: the note of it cannot be read.
    """
    note = models_folder() / NOTE
    try:
        history = json.loads(read_text(note))["history"]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{note}: cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(f"{note}: is damaged: remove it, and use a model anew") from None
    if not isinstance(history, list) or not all(isinstance(item, str) for item in history):
        raise ConfigError(f"{note}: is damaged: remove it, and use a model anew")
    return history


def shipped_bundles() -> dict[str, Path]:
    """Return the bundles that came with this installation, by name."""
    paths = {name: WEIGHTS / f"{name}.onnx" for name in SHIPPED}
    return {name: path for name, path in paths.items() if path.is_file()}


def find_release(model: str, known: Mapping[str, Path]) -> Path | None:
    """Return the file of one release of a model, named as NAME@VERSION; None where it is not there.

    Args:
        model: NAME is what the bundle calls itself, whatever it was installed as.
        known: bundles to look among, by name.
    """
    name, at, version = model.rpartition(AT)
    if not at:
        return None
    return next(
        (
            path
            for path in known.values()
            if (found := _metadata(path)) and (found.name, found.version) == (name, version)
        ),
        None,
    )


def _metadata(path: Path) -> BundleMetadata | None:
    try:
        return read_metadata(path)
    except BundleError:
        return None  # whoever names it by itself is told what is wrong with it


def bundle_path(model: str | Path) -> Path:
    """Return the file of a shipped or installed bundle's name, of the one in use, or of a path.

    `NAME@VERSION` is one release of a model.

    Raises:
        BundleError: no bundle has that name and no file lies at that path.
        ConfigError: "active" was asked for, and the note of what is in use cannot be read.
    """
    if model == ACTIVE:
        model = active_model()
    known = {**installed_bundles(), **shipped_bundles()}
    if isinstance(model, str) and model in known:
        return known[model]
    path = Path(model)
    # os.path: a name that the system refuses (too long, say) is a missing file and no error.
    if os.path.isfile(path):  # noqa: PTH113
        return path
    if isinstance(model, str) and (release := find_release(model, known)) is not None:
        return release
    if os.path.isdir(path):  # noqa: PTH112
        raise BundleError(f"{path}: a folder; name the .onnx file in it")
    if isinstance(model, str) and AT in model and len(path.parts) == 1:
        raise BundleError(f"{model} is not at hand{_releases(model, known)}")
    if isinstance(model, Path) or path.suffix or len(path.parts) > 1:
        raise BundleError(f"{path}: no such model file")
    if model in SHIPPED:
        raise BundleError(
            f"the model '{model}' is missing from this installation: reinstall affekt"
        )
    names = dict.fromkeys((*SHIPPED, *known))
    raise BundleError(f"no model is called '{model}'{did_you_mean(model, names)}; or give a path")


def _releases(model: str, known: Mapping[str, Path]) -> str:
    """Say which releases of a model are there, and how to get another."""
    name = model.rpartition(AT)[0]
    found = {
        item.version for path in known.values() if (item := _metadata(path)) and item.name == name
    }
    there = f": of {name} there is {', '.join(sorted(found))}" if found else ""
    return f"{there}; install the file of that release with: affekt models install FILE"
