"""The page as a program of its own, and recordings for it."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from affekt.web.lanes import Progress
from affekt.web.recordings import Recording

RATE_HZ = 16000


def _write_no_file() -> None:
    # Of any size: what a test uploads could not even pass through a temporary file.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


@pytest.fixture(scope="session")
def app_url(tone_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the page, served by a process that cannot write to a disk."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "affekt", "app", "--port", str(port), "--keep", "1"]
    home = tmp_path_factory.mktemp("home")
    process = subprocess.Popen(
        [*words, "--model", str(tone_bundle)],
        env={**os.environ, "HOME": str(home), "AFFEKT_MODELS": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_write_no_file,
    )
    try:
        assert process.stdout is not None
        seen = []
        # Streamlit prints the address once it listens.
        for line in process.stdout:
            seen.append(line)
            if "URL:" in line:
                break
        else:
            pytest.fail("the page did not start:\n" + "".join(seen))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(autouse=True)
def models_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's operator installs models; nothing lies there at first."""
    folder = tmp_path / "models"
    monkeypatch.setenv("AFFEKT_MODELS", str(folder))
    return folder


@pytest.fixture
def sound(tones: SimpleNamespace, tmp_path: Path):
    """Write tones one after the other, None for silence; each channel has tones of its own."""

    def write(name: str, *channels: list[str | None], duration_s: float = 1.0, **more: str) -> Path:
        silence = np.zeros(round(duration_s * RATE_HZ), dtype=np.float32)
        tracks = [
            np.concatenate(
                [tones.said(label, duration_s=duration_s) if label else silence for label in labels]
            )
            for labels in channels
        ]
        soundfile.write(tmp_path / name, np.stack(tracks, axis=1), RATE_HZ, **more)
        return tmp_path / name

    return write


@pytest.fixture
def quietly() -> Progress:
    """Progress that nobody watches."""
    return lambda what, share: None


@pytest.fixture
def recording():
    """Return a file as a session holds it."""

    def make(path: Path) -> Recording:
        data = path.read_bytes()
        return Recording(key=path.name, name=path.name, media_type="audio/wav", data=data)

    return make
