from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


def _load(place: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tones() -> ModuleType:
    """The module that makes bundles, and the tones they hear, by hand."""
    return _load(Path(__file__).with_name("tone_bundle.py"))


@pytest.fixture(scope="session")
def tone_bundle(tones: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the eight labels, each with a pitch of its own."""
    path: Path = tones.write_bundle(tmp_path_factory.mktemp("bundle") / "tones.onnx")
    return path
