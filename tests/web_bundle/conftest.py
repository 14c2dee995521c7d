"""The page on a web server of its own, opened in Chromium, with every request watched."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, BrowserContext, Page, expect

from affekt.web_bundle import HEADERS, media_type, write_web_bundle

RATE_HZ = 16_000


@dataclass
class Site:
    """A folder on a web server that remembers what it was asked, and by which method."""

    folder: Path
    url: str = ""
    asked: list[tuple[str, str, int]] = field(default_factory=list)  # method, path, bytes of body


class _Handler(http.server.SimpleHTTPRequestHandler):
    def __init__(self, *arguments: Any, site: Site) -> None:
        self.site = site
        super().__init__(*arguments, directory=str(site.folder))

    def parse_request(self) -> bool:
        good = super().parse_request()
        if good:
            size = int(self.headers.get("Content-Length", 0))
            self.site.asked.append((self.command, self.path, size))
        return good

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def guess_type(self, path: Any) -> str:
        return media_type(str(path))

    def log_message(self, *words: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *words: Any) -> None:
        pass  # a page that is closed while it loads


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], Site]]:
    """Put a folder on a port of its own."""
    servers = []

    def start(folder: Path) -> Site:
        site = Site(folder)
        server = _Server(("127.0.0.1", 0), lambda *arguments: _Handler(*arguments, site=site))
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        site.url = f"http://127.0.0.1:{server.server_port}/"
        return site

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def default_folder(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_web_bundle(tmp_path_factory.mktemp("default") / "page", library=library).folder


@pytest.fixture(scope="session")
def tone_folder(library: Path, tone_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tones") / "page"
    return write_web_bundle(folder, model=tone_bundle, library=library).folder


class OpenPage:
    """The page in a browser, and what a person does with it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[SimpleNamespace] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.context.on(
            "request",
            lambda request: self.requests.append(
                SimpleNamespace(
                    method=request.method, url=request.url, body=request.post_data_buffer
                )
            ),
        )
        page.goto(url)
        self.wait_until_ready()

    def _note(self, message: Any) -> None:
        blocked = "registration blocked by Playwright" in message.text  # where a test asks for it
        if message.type in ("error", "warning") and not blocked:
            self.complaints.append(message.text)

    def wait_until_ready(self) -> None:
        expect(self.page.get_by_role("status")).to_contain_text("Ready:", timeout=60_000)

    def wait_until_offline_works(self) -> None:
        expect(self.page.locator("#offline")).to_have_text("ready to work offline", timeout=60_000)

    def choose(self, *paths: Path) -> None:
        """Choose recordings, and wait until each has its answer or its error."""
        cards = self.page.locator("article")
        before = cards.count()
        self.page.get_by_label("Choose recordings").set_input_files(paths)
        expect(cards).to_have_count(before + len(paths))
        expect(self.page.locator("article progress")).to_have_count(0, timeout=60_000)

    def card(self, name: str) -> Any:
        return self.page.get_by_role("article", name=name, exact=True)

    def results(self) -> list[dict[str, Any]]:
        """What "Download all" saves."""
        with self.page.expect_download() as saved:
            self.page.get_by_role("button", name="Download all (JSON)").click()
        answers: list[dict[str, Any]] = json.loads(Path(saved.value.path()).read_text("utf-8"))
        return answers

    def violations(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.violations")
        return found


WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""

OpenIt = Callable[..., OpenPage]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenIt]:
    """Open a site in a browser context of its own; keywords are those of `new_context`."""
    contexts: list[BrowserContext] = []

    def start(url: str, **settings: Any) -> OpenPage:
        context = chromium.new_context(**settings)
        context.add_init_script(WATCH)
        contexts.append(context)
        return OpenPage(context.new_page(), url)

    yield start
    for context in contexts:
        context.close()


def voice(duration_s: float, *, seed: int = 1) -> np.ndarray:
    """Something like speech: syllables of a gliding voice, with pauses, over a little noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    pitch_hz = 140 + 40 * np.sin(2 * np.pi * 0.4 * time_s) + 15 * np.sin(2 * np.pi * 5 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    tone = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 2.3 * time_s + 0.3), 0, 1) ** 0.5
    phrases = np.sin(2 * np.pi * time_s / 7.0) > -0.6
    noise = 0.0005 * rng.standard_normal(time_s.size)
    return (0.12 * tone * syllables * phrases + noise).astype(np.float32)


@pytest.fixture
def write_voice(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, duration_s: float, *, channels: int = 1, **options: Any) -> Path:
        signal = voice(duration_s)
        frames = np.stack([signal * (1 - 0.3 * k) for k in range(channels)], axis=1)
        soundfile.write(tmp_path / name, frames, RATE_HZ, **options)
        return tmp_path / name

    return write
