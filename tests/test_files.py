"""Reading what a user names: nothing waits for ever."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from affekt import files
from affekt.auditing.table import Table
from affekt.config import read_toml
from affekt.errors import AffektError
from affekt.evaluation.card.stored import read_card
from affekt.evaluation.log import check_readings
from affekt.evaluation.sources.predictions import open_predictions
from affekt.features.tables.table import read_info
from affekt.files import open_file, open_text, read_bytes, read_text
from affekt.recognition.bundles.installed import install_model
from affekt.training import load_recipe
from affekt.training.feature_cache import FeatureCache


@pytest.fixture
def pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipe that nobody writes into, and no time to wait for it."""
    monkeypatch.setattr(files, "PIPE_TIMEOUT_S", 0.0)
    os.mkfifo(tmp_path / "pipe.csv")
    return tmp_path / "pipe.csv"


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("\ufeffä\r\n".encode())
    assert read_bytes(tmp_path / "a") == "\ufeffä\r\n".encode()
    assert read_text(tmp_path / "a", "utf-8-sig") == "ä\n"
    with open_text(tmp_path / "a", newline="") as file:
        assert file.read() == "\ufeffä\r\n"


def test_what_somebody_writes_into_a_pipe_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    content = b"x" * 200_000  # more than a pipe holds
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(content))
    writer.start()
    assert read_bytes(tmp_path / "pipe") == content
    writer.join(timeout=60)


def test_a_writer_who_has_written_nothing_yet_is_waited_for(pipe: Path) -> None:
    opened = threading.Event()
    holder = os.open(pipe, os.O_RDWR)

    def write_later() -> None:
        opened.wait(timeout=60)
        os.write(holder, b"late")
        os.close(holder)

    writer = threading.Thread(target=write_later)
    writer.start()
    with open_file(pipe) as file:
        opened.set()
        assert file.read() == b"late"
    writer.join(timeout=60)


def test_a_pipe_that_nobody_writes_into_is_given_up(pipe: Path) -> None:
    with pytest.raises(OSError, match="is a pipe that nobody writes into"):
        read_bytes(pipe)


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_file(device: str) -> None:
    with pytest.raises(OSError, match="is a device, not a file"):
        read_bytes(device)


def test_a_socket_is_no_file(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="is a socket, not a file"):
            read_bytes(tmp_path / "s")


def test_a_folder_and_a_missing_file_are_reported_as_ever(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_bytes(tmp_path)
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "gone")


def test_what_cannot_be_a_path_is_reported_likewise() -> None:
    with pytest.raises(OSError, match="is no path: it holds a NUL"):
        read_bytes("a\0.toml")


READERS = {
    "recipe": load_recipe,
    "settings": read_toml,
    "split": Table.read,
    "predictions": open_predictions,
    "model card": read_card,
    "table of features": lambda path: read_info(path.with_suffix("")),
    "log": check_readings,
    "recording": lambda path: FeatureCache(path.parent, {}).entry(path),
    "model": lambda path: install_model(str(path)),
}


@pytest.mark.parametrize("name", READERS)
def test_no_reader_hangs_at_a_pipe(
    pipe: Path, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path / "models"))
    if name == "table of features":
        pipe = pipe.rename(tmp_path / "t.csv.json")
    with pytest.raises(AffektError):
        READERS[name](pipe)


def test_a_licence_that_is_a_pipe_does_not_hang(pipe: Path, toy_recipe: Path) -> None:
    licence = toy_recipe.parent / "LICENSE-tones.md"
    licence.unlink()
    os.mkfifo(licence)
    with pytest.raises(AffektError, match=r"licence_file: .*is a pipe that nobody writes into"):
        load_recipe(toy_recipe)
