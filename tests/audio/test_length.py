from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.audio.length import announced_s


@pytest.fixture
def second(tmp_path: Path) -> Path:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(16000), 16000)
    return path


def test_the_length_comes_from_the_header_where_there_is_one(second: Path, tmp_path: Path) -> None:
    assert announced_s(second) == 1.0
    assert announced_s(str(second)) == 1.0
    (tmp_path / "b.wav").write_bytes(b"text")
    (tmp_path / "c.wav").touch()
    assert announced_s(tmp_path / "b.wav") is None
    assert announced_s(tmp_path / "c.wav") is None
    assert announced_s(tmp_path / "none.wav") is None
    assert announced_s(tmp_path) is None


def test_a_name_that_is_no_text_is_as_good_as_any(second: Path) -> None:
    name = os.fsdecode(os.fsencode(second.parent) + b"/caf\xe9.wav")
    second.rename(name)
    assert announced_s(name) == 1.0


def test_a_pipe_loses_nothing_that_was_written_into_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    reader = os.open(tmp_path / "pipe.wav", os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(tmp_path / "pipe.wav", os.O_WRONLY)
    os.write(writer, b"RIFF")
    assert announced_s(tmp_path / "pipe.wav") is None
    assert os.read(reader, 8) == b"RIFF"
    os.close(writer)
    os.close(reader)


def test_a_damaged_header_is_no_trouble_on_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    description = b"desc" + (32).to_bytes(8, "big") + b"\x40\xcf\x40\0\0\0\0\0lpcm"
    numbers = b"".join(number.to_bytes(4, "big") for number in (0, 2, 1, 1, 16))
    free = b"free" + (2**63 - 1).to_bytes(8, "big")
    (tmp_path / "a.caf").write_bytes(b"caff\0\1\0\0" + description + numbers + free)
    assert announced_s(tmp_path / "a.caf") is None
    assert capfd.readouterr().err == ""
