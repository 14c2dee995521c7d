from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def tones() -> SimpleNamespace:
    """The module that makes bundles, and the tones they hear, by hand."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("tone_bundle.py"))))


@pytest.fixture(scope="session")
def tone_bundle(tones: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the eight labels, each with a pitch of its own."""
    path: Path = tones.write_bundle(tmp_path_factory.mktemp("bundle") / "tones.onnx")
    return path
