"""A model file is what it was when it was made, or it is refused."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import affekt.recognition.bundles.bundle
from affekt.errors import BundleError
from affekt.recognition import Bundle, Recognizer
from affekt.recognition.bundles.checksum import check_checksum, checksum_path, place_model
from affekt.recognition.bundles.installed import install_model
from affekt.recognition.bundles.model_files import SHIPPED, shipped_bundles
from affekt.service.model_cards import read_model_card

FLIPS = 64
COPIES = 40


def damage(path: Path, original: bytes, seed: int) -> None:
    """Write a copy of which so many bits, anywhere, are turned over."""
    data = np.frombuffer(original, np.uint8).copy()
    rng = np.random.default_rng(seed)
    places = rng.choice(8 * data.size, FLIPS, replace=False)
    np.bitwise_xor.at(data, places // 8, (1 << places % 8).astype(np.uint8))
    path.write_bytes(data.tobytes())


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `default` in the place of the shipped models."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in (shipped_bundles()["default"], checksum_path(shipped_bundles()["default"])):
        shutil.copy(path, folder)
    monkeypatch.setattr(affekt.recognition.bundles.model_files, "WEIGHTS", folder)
    return folder / "default.onnx"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `default` that was installed under another name."""
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path / "models"))
    install_model(str(shipped_bundles()["default"]), name="ward")
    return tmp_path / "models" / "ward.onnx"


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    """A copy of `default` where its owner put it."""
    path = tmp_path / "mine.onnx"
    shutil.copy(shipped_bundles()["default"], path)
    place_model(path, path)
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_has_its_checksum(name: str) -> None:
    path = shipped_bundles()[name]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert checksum_path(path).read_text(encoding="ascii") == f"{digest}  {name}.onnx\n"


@pytest.mark.parametrize("place", ["shipped", "installed", "exported"])
def test_no_damaged_copy_answers(place: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(place)
    name = {"shipped": "default", "installed": "ward", "exported": path}[place]
    assert Recognizer.load(name).bundle.path == path
    original = path.read_bytes()
    for seed in range(COPIES):
        damage(path, original, seed)
        with pytest.raises(BundleError, match="is damaged, or another file than it was"):
            Bundle.load(name)
    with pytest.raises(BundleError, match="is damaged"):
        read_model_card(path)


def test_a_shipped_model_without_its_checksum_is_refused(shipped: Path) -> None:
    checksum_path(shipped).unlink()
    with pytest.raises(BundleError, match="its checksum is missing: reinstall affekt"):
        Bundle.load("default")


def test_a_damaged_model_can_be_installed_again(installed: Path) -> None:
    good = installed.read_bytes()
    damage(installed, good, seed=1)
    install_model(str(shipped_bundles()["default"]), name="ward")
    assert installed.read_bytes() == good
    assert Bundle.load("ward").metadata.name == "default"


def test_a_damaged_model_is_not_installed(
    tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path / "models"))
    path = tones.write_shipped_bundle(tmp_path / "mine.onnx")
    damage(path, path.read_bytes(), seed=3)
    with pytest.raises(BundleError, match=r"mine\.onnx: is damaged"):
        install_model(str(path))
    assert list((tmp_path / "models").iterdir()) == []


def test_a_bundle_without_a_checksum_is_taken_as_it_is(tone_bundle: Path) -> None:
    assert not checksum_path(tone_bundle).exists()
    assert not check_checksum(tone_bundle, Bundle.load(tone_bundle).sha256)


@pytest.mark.parametrize("text", ["", "a" * 63, "g" * 64 + "  x.onnx", "\xff"])
def test_what_is_no_checksum_is_said(tones: SimpleNamespace, tmp_path: Path, text: str) -> None:
    path = tones.write_bundle(tmp_path / "x.onnx")
    checksum_path(path).write_text(text, encoding="latin-1")
    with pytest.raises(BundleError, match=r"x\.onnx\.sha256: (holds no SHA-256|cannot be read)"):
        Bundle.load(path)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum, of GNU coreutils")
def test_the_system_s_own_program_reads_it(tones: SimpleNamespace, tmp_path: Path) -> None:
    tones.write_shipped_bundle(tmp_path / "x.onnx")
    check = ["sha256sum", "--check", "x.onnx.sha256"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "x.onnx: OK\n"
