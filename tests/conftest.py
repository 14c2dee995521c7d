"""What several rooms share: tones that stand for recordings, and models that know them."""

from __future__ import annotations

import os
import runpy
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# How long an example takes says more of the machine's load than of the code.
settings.register_profile("affekt", deadline=None)
settings.load_profile("affekt")

TESTS = Path(__file__).parent

# Two processes that fill one cache of numba's at once (librosa's functions do) crash in it:
# https://github.com/numba/numba/issues/10128. Each test process has its own.
os.environ["NUMBA_CACHE_DIR"] = str(
    TESTS.parent / ".pytest_cache" / "numba" / os.environ.get("PYTEST_XDIST_WORKER", "main")
)

# Compiling them takes longer than running them: on short sounds a quick compilation is enough.
os.environ["NUMBA_OPT"] = "0"
# Small networks are faster on one thread, the more so beside other tests.
os.environ["OMP_NUM_THREADS"] = "1"

WriteTone = Callable[..., Path]


@pytest.fixture(autouse=True)
def _no_corpora(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests that say so look at real recordings, wherever they lie."""
    if request.node.get_closest_marker("corpora") is None:
        monkeypatch.delenv("AFFEKT_CORPORA", raising=False)


@pytest.fixture(scope="session")
def tones() -> SimpleNamespace:
    """The module that makes bundles, and the tones they know, by hand."""
    return SimpleNamespace(**runpy.run_path(str(TESTS / "recognition" / "tone_bundle.py")))


@pytest.fixture(scope="session")
def tone_bundle(tones: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the eight labels, each with a pitch of its own."""
    path: Path = tones.write_bundle(tmp_path_factory.mktemp("bundle") / "tones.onnx")
    return path


@pytest.fixture(scope="session")
def fragile_bundle(tones: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but of a tone with an amplitude above 0.5 it answers NaN."""
    folder = tmp_path_factory.mktemp("fragile")
    path: Path = tones.write_bundle(folder / "fragile.onnx", fails_above=0.5)
    return path


@pytest.fixture(scope="session")
def write_tone() -> WriteTone:
    """Write a short sine; each frequency is another recording."""

    def write(path: Path, *, frequency_hz: float = 220.0, duration_s: float = 0.25) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        times_s = np.arange(round(duration_s * 16_000)) / 16_000
        signal = 0.3 * np.sin(2 * np.pi * frequency_hz * times_s)
        if path.suffix == ".opus":
            soundfile.write(path, signal, 16_000, format="OGG", subtype="OPUS")
        else:
            soundfile.write(path, signal, 16_000)
        return path

    return write


@pytest.fixture(scope="session")
def voice() -> npt.NDArray[np.float32]:
    """A glide with overtones, loud and soft in turns: two seconds at 16 kHz."""
    times_s = np.arange(2 * 16_000) / 16_000
    phase = 2 * np.pi * (120 * times_s + 20 * times_s**2)
    tones = sum(np.sin(n * phase) / n for n in range(1, 30))
    glide: npt.NDArray[np.float64] = 0.1 * tones * (1 + np.sin(2 * np.pi * 3 * times_s))
    return glide.astype(np.float32)


class Page(HTMLParser):
    """Reads a page, and fails where a tag is left open or closed twice."""

    VOID = ("meta", "img", "link", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.seen if name == tag]


@pytest.fixture(scope="session")
def read_page() -> type[Page]:
    """Read a page: its tags in `seen`, its text in `words`."""
    return Page


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser that pages are tested in; `AFFEKT_CHROMIUM` names another."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = os.environ.get("AFFEKT_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium: install it, or name one in AFFEKT_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def library() -> Path:
    """The files of onnxruntime-web, from the cache or from npm."""
    from affekt.errors import AffektError
    from affekt.web_bundle.library import find_library

    try:
        return find_library()
    except AffektError as error:
        pytest.skip(f"onnxruntime-web is neither cached nor reachable: {error}")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's one connection; a second one in the same process is refused."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # as long as an action waits, whatever else the machine does
    with sync_playwright() as connection:
        yield connection


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """Chromium without a window; its microphone is allowed and plays beeps."""
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    browser = playwright.chromium.launch(
        executable_path=chromium_path, args=["--no-sandbox", *fake]
    )
    yield browser
    browser.close()


@dataclass
class Shelf:
    """What the server offers, and how it misbehaves."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    version: str = '"v1"'
    ranges: bool = True
    says_its_length: bool = True
    # For the first requests: send so many bytes of what was asked for, then hang up or stall.
    hang_up_after: list[int] = field(default_factory=list)
    stall_after: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        shelf = self.shelf
        wanted = self.headers.get("Range")
        shelf.requests.append((self.path, wanted))
        if shelf.answers:
            self.send_error(shelf.answers.pop(0))
            return
        if self.path not in shelf.files:
            self.send_error(404)
            return
        content = shelf.files[self.path]
        start = 0
        if wanted and shelf.ranges and self.headers.get("If-Range") == shelf.version:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[start:]
        if shelf.says_its_length:
            self.send_header("Content-Length", str(len(body)))
        if shelf.version:
            self.send_header("ETag", shelf.version)
        self.end_headers()
        if shelf.hang_up_after:
            self.wfile.write(body[: shelf.hang_up_after.pop(0)])
        elif shelf.stall_after:
            self.wfile.write(body[: shelf.stall_after.pop(0)])
            self.wfile.flush()
            shelf.closing.wait(10.0)
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A web server on loopback that can break off, stall and lie."""
    content = Shelf()
    handler = type("Handler", (_Handler,), {"shelf": content})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    content.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield content
    content.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


# Letters of EmoDB and of SAVEE, and the pitch that stands for the emotion.
PITCHES_HZ = {
    ("N", "n"): 200.0,
    ("F", "h"): 500.0,
    ("T", "sa"): 1200.0,
    ("W", "a"): 2600.0,
    ("L", None): 5000.0,
}
EMODB_SPEAKERS = ("03", "08", "13", "14", "15")  # 13 calibrate, 14 select, 15 lockbox
SAVEE_SPEAKERS = ("DC", "JK", "KL")  # JK select, KL lockbox


@pytest.fixture(scope="session")
def toy_corpora(tmp_path_factory: pytest.TempPathFactory, write_tone: WriteTone) -> Path:
    """Two corpora, named as the real ones are, whose pitch tells the emotion; not to be changed.

    EmoDB has boredom as well, and speakers of every part of the shipped tables; SAVEE has no
    calibrate speaker.
    """
    root = tmp_path_factory.mktemp("corpora")
    rng = np.random.default_rng(1)

    def write(path: Path, pitch_hz: float) -> None:
        frequency_hz = pitch_hz * rng.uniform(0.95, 1.05)
        write_tone(path, frequency_hz=frequency_hz, duration_s=rng.uniform(0.3, 0.9))

    for (emodb, savee), pitch_hz in PITCHES_HZ.items():
        for speaker in EMODB_SPEAKERS:
            for sentence in ("a01", "a02", "b01"):
                write(root / "emodb" / "wav" / f"{speaker}{sentence}{emodb}a.wav", pitch_hz)
        for speaker in SAVEE_SPEAKERS if savee else ():
            for number in ("01", "02", "03", "04"):
                write(root / "savee" / f"{speaker}_{savee}{number}.wav", pitch_hz)
    return root


@pytest.fixture
def toy_recipe(tmp_path: Path) -> Path:
    """A recipe of a few seconds for `toy_corpora`, as a file that a test may change."""
    path = tmp_path / "tiny.toml"
    path.write_text((TESTS / "training" / "tiny.toml").read_text(encoding="utf-8"), "utf-8")
    (tmp_path / "LICENSE-tones.md").write_text("Do what you like with these tones.\n")
    return path
