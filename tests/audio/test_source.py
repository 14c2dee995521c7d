"""Where a recording may come from."""

import contextlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from affekt.audio import decode
from affekt.audio.source import open_source
from affekt.errors import AudioError


@pytest.fixture
def data(tone, encode):
    return encode(tone(0.5))


@pytest.fixture
def path(data, tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(data)
    return path


class Pipe(io.RawIOBase):
    """A stream that cannot be rewound, as a network answer is."""

    def __init__(self, data):
        self._inner = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._inner.readinto(buffer)


class BareReader:
    """The least that a file object can be."""

    def __init__(self, data):
        self._inner = io.BytesIO(data)

    def read(self, size=-1):
        return self._inner.read(size)


@pytest.mark.parametrize("form", [str, lambda path: path, os.fspath], ids=["str", "Path", "fspath"])
def test_a_path(form, path):
    assert decode(form(path)).duration_s == 0.5


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview])
def test_bytes(form, data):
    assert decode(form(data)).duration_s == 0.5


@pytest.mark.parametrize("form", [io.BytesIO, Pipe, BareReader])
def test_a_file_object(form, data):
    assert decode(form(data)).duration_s == 0.5


def test_a_file_object_is_read_from_its_beginning_and_stays_open(path):
    with path.open("rb") as file:
        file.seek(1000)
        assert decode(file).duration_s == 0.5
        assert not file.closed


def test_a_named_pipe(data, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(data,))
    writer.start()
    assert decode(pipe).duration_s == 0.5
    writer.join()


def test_a_named_pipe_that_nobody_writes_into_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr("affekt.audio.source._PIPE_WAIT_S", 0.01)
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError, match=r"pipe\.wav: is a pipe, and nothing was written into it"):
        decode(tmp_path / "pipe.wav")


def test_a_silent_writer_does_not_hold_the_reader_for_ever(data, tmp_path, monkeypatch):
    monkeypatch.setattr("affekt.audio.source._PIPE_WAIT_S", 0.01)
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    ends = os.open(pipe, os.O_RDWR)  # its writer is there, writes half, and stays
    try:
        os.write(ends, data[:4000])
        with pytest.raises(AudioError, match="nothing was written into it for"):
            decode(pipe)
    finally:
        os.close(ends)


@pytest.mark.parametrize("kind", ["pipe", "object"])
def test_no_room_for_what_cannot_be_rewound_names_the_place(data, tmp_path, monkeypatch, kind):
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115 - closed by its reader
    monkeypatch.setattr("tempfile.SpooledTemporaryFile", lambda **more: full)
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    ends = os.open(pipe, os.O_RDWR)
    os.write(ends, data[:4000])
    with pytest.raises(AudioError, match=r"cannot be kept in .*No space left on device.*TMPDIR"):
        decode(pipe if kind == "pipe" else Pipe(data))
    os.close(ends)


def test_standard_input(data, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(data)))
    assert decode("-").duration_s == 0.5


@pytest.mark.parametrize("kind", [("WAV", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS")])
def test_standard_input_of_a_process(kind, tone, encode):
    script = "from affekt.audio import decode; print(decode('-').duration_s)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=encode(tone(0.5), 16000, kind),
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"0.5\n"


def test_media_from_a_stream_that_cannot_be_rewound(tone, encode_media):
    data = encode_media(tone(1.0), ("ipod", "aac", 16000))
    assert decode(Pipe(data)).duration_s == pytest.approx(1.0, abs=0.13)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files through /proc")
def test_the_source_is_closed_after_a_refusal(tmp_path):
    path = tmp_path / "notes.wav"
    path.write_text("no sound")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(AudioError):
        decode(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_missing_path_is_refused(tmp_path):
    with pytest.raises(AudioError, match=r"nope\.wav: no such file: check the path"):
        decode(tmp_path / "nope.wav")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(AudioError, match="is a folder: name a recording in it"):
        decode(tmp_path)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioError, match=r"empty\.wav: is empty \(0 bytes\)"):
        decode(tmp_path / "empty.wav")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission_is_refused(path):
    path.chmod(0)
    with pytest.raises(AudioError, match="cannot be opened"):
        decode(path)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_a_device_is_refused(device):
    with pytest.raises(AudioError, match="is a device, not a file"):
        decode(device)


@pytest.mark.parametrize("seek", [(-5, os.SEEK_SET), (2**70, os.SEEK_SET)])
def test_a_seek_that_a_damaged_header_asks_for_is_no_error_of_ours(seek, path):
    with contextlib.closing(open_source(path)) as stream:
        assert stream.seek(*seek) == -1
        assert stream.peek(4, offset=2**70) == stream.peek(4, offset=2**40) == b""
        assert stream.error is None


@pytest.mark.parametrize("path", ["a\0b.wav", "x" * 5000])
def test_an_impossible_path_is_refused(path):
    with pytest.raises(AudioError, match="cannot be opened"):
        decode(path)


def test_a_file_in_text_mode_is_refused(path):
    with path.open(encoding="latin-1") as file, pytest.raises(AudioError, match="binary mode"):
        decode(file)


def test_a_closed_file_is_refused(data):
    file = io.BytesIO(data)
    file.close()
    with pytest.raises(AudioError, match="open it for reading"):
        decode(file)


def test_a_terminal_as_standard_input_is_refused(monkeypatch):
    class Terminal(io.BytesIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Terminal()))
    with pytest.raises(AudioError, match="is a terminal: pipe a recording into it"):
        decode("-")


def test_closed_standard_input_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(AudioError, match="is closed: pipe a recording into it"):
        decode("-")


def test_an_array_is_sent_to_from_array():
    with pytest.raises(AudioError, match=r"cannot read a recording from ndarray.*from_array"):
        decode(np.zeros(16000))


def test_an_empty_name_is_no_folder():
    with pytest.raises(AudioError, match="name of a recording is empty"):
        decode("")


def test_what_cannot_be_rewound_can_be_read_twice_once_it_is_open():
    class Pipe(io.RawIOBase):
        left = b"sound that comes once"

        def readable(self):
            return True

        def readinto(self, buffer):
            taken, self.left = self.left[: len(buffer)], self.left[len(buffer) :]
            buffer[: len(taken)] = taken
            return len(taken)

    held = open_source(Pipe())
    for _ in range(2):
        again = open_source(held)
        assert again.read() == b"sound that comes once"
        assert again.label == held.label
        again.close()
    held.close()
