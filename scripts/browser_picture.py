"""Take the picture of the page that recognises in the browser: docs/images/browser.png."""

from __future__ import annotations

import functools
import http.server
import shutil
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from affekt.web_bundle import write_web_bundle

ROOT = Path(__file__).resolve().parent.parent
CLIPS = ("synthetic_fast.mp3",)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def main() -> None:
    """Write the folder, serve it, recognise the clips of examples/, and take the picture."""
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = write_web_bundle(Path(scratch) / "page").folder
        handler = functools.partial(_Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 860, "height": 1010}, color_scheme="light")
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.get_by_text("Ready:").wait_for()
        page.get_by_label("Choose recordings").set_input_files(
            [ROOT / "examples" / name for name in CLIPS]
        )
        page.locator(".answer").nth(len(CLIPS) - 1).wait_for()
        page.screenshot(path=ROOT / "docs" / "images" / "browser.png")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
