"""Affekt leaves no trace outside, and reports to nobody."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import affekt
from affekt.cli import COMMANDS

COMMAND_MODULES = [entry.place.split(":")[0] for entry in COMMANDS.values()]
# A page of Streamlit's, and the program itself, run when they are imported.
MODULES = [
    found.name
    for found in pkgutil.walk_packages(affekt.__path__, "affekt.")
    if found.name not in ("affekt.__main__", "affekt.web.page")
]

IMPORT_ALL_AND_LIST_OPEN_FILES = """
import importlib, os, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
assert "onnxruntime" in sys.modules
for number in os.listdir("/proc/self/fd"):
    if os.path.exists(f"/proc/self/fd/{number}"):
        print(os.path.realpath(f"/proc/self/fd/{number}"))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home, with a folder for temporary files in it, that nobody has used yet."""
    (tmp_path / "home" / "temporary").mkdir(parents=True)
    return tmp_path / "home"


def run(home: Path, *words: str) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ORT_", "XDG_"))}
    return subprocess.run(
        [sys.executable, *words],
        env={**kept, "HOME": str(home), "TMPDIR": str(home / "temporary")},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="only Linux lists open files")
@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(["affekt", "onnxruntime"], id="what comes after the package"),
        # Lightning loads onnxruntime before any module of ours does.
        pytest.param(["affekt.training.fit", *COMMAND_MODULES, *MODULES], id="every module"),
    ],
)
def test_no_import_opens_the_store_that_onnxruntime_reports_from(
    home: Path, modules: list[str]
) -> None:
    opened = run(home, "-c", IMPORT_ALL_AND_LIST_OPEN_FILES, *modules)
    assert str(home) not in opened
    assert [path for path in home.rglob("*") if "onnxruntime" in path.name.lower()] == []


def test_predicting_writes_nothing_into_the_users_home_or_the_temporary_folder(
    home: Path, tmp_path: Path, tone_bundle: Path, write_tone: Callable[..., Path]
) -> None:
    clip = write_tone(tmp_path / "clip.wav", duration_s=1.0)
    run(home, "-m", "affekt", "predict", str(clip), "--model", str(tone_bundle))
    assert list(home.rglob("*")) == [home / "temporary"]
