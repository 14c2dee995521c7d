"""The page in a real browser; its server can write no file, of any size."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from affekt.recognition.notices import NOTICE_RECOGNISER

pytest.importorskip("playwright", reason="Playwright is not installed")
pytest.importorskip("streamlit", reason="the extra web is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

RESULTS = "Take the results with you"


@pytest.fixture
def page(app_url: str, chromium: Browser) -> Iterator[Page]:
    """A new session; at its end nothing went elsewhere, and nothing failed in the browser."""
    context = chromium.new_context(permissions=["microphone"], accept_downloads=True)
    page = context.new_page()
    hosts: set[str] = set()
    errors: list[str] = []
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(app_url)
    page.get_by_role("heading", name="Emotions in speech", level=1).wait_for()
    yield page
    context.close()
    assert errors == []
    assert {host for host in hosts if host} == {app_url.split("/")[2]}


def upload(page: Page, *paths: Path) -> None:
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(paths)


def test_a_wav_is_recognised_drawn_and_can_be_taken_home(page: Page, sound) -> None:
    page.get_by_text(NOTICE_RECOGNISER).wait_for()
    upload(page, sound("happy.wav", ["happy"], duration_s=3.0))
    page.get_by_role("heading", name="happy, 9").wait_for()
    page.get_by_role("heading", name="What the model attended to").wait_for()
    # Bars, waveform, spectrogram; each tells a screen reader what it shows.
    drawn = page.locator("canvas[aria-label], svg[aria-label], [role='graphics-document']")
    drawn.nth(2).wait_for(state="attached")
    with page.expect_download() as download:
        page.get_by_role("button", name="All results as JSON").click()
    document = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert document["recordings"][0]["voices"][0]["prediction"]["emotion"] == "happy"


def test_an_mp3_is_recognised(page: Page, sound) -> None:
    upload(page, sound("sad.mp3", ["sad"], duration_s=2.0, format="MP3"))
    page.get_by_role("heading", name="sad, 9").wait_for()
    page.locator("audio").first.wait_for()


def test_a_broken_file_is_explained_and_the_page_goes_on(page: Page, sound, tmp_path: Path) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF\x00\x00\x00\x00WAVE" + bytes(1000))
    upload(page, broken)
    page.get_by_role("alert").filter(has_text="get the file again").wait_for()
    upload(page, sound("calm.wav", ["calm"], duration_s=2.0))
    page.get_by_role("heading", name="All recordings").wait_for()
    page.get_by_role("cell", name="could not be recognised").wait_for()
    page.get_by_role("cell", name="calm", exact=True).wait_for()


def test_two_minutes_are_followed_over_time(page: Page, sound) -> None:
    upload(page, sound("long.wav", ["happy", "sad", "angry"], duration_s=40.0))
    page.get_by_role("heading", name="Over time").wait_for()
    page.get_by_text("Every segment as a table").click()
    for emotion in ("happy", "sad", "angry"):
        page.get_by_role("cell", name=emotion, exact=True).first.wait_for()
    page.get_by_role("slider", name="Look at 10 seconds from second").wait_for()


def test_a_recording_from_the_microphone_is_recognised(page: Page) -> None:
    microphone = page.get_by_test_id("stAudioInput")
    microphone.get_by_role("button", name="Record", exact=True).click()
    page.wait_for_timeout(2500)  # somebody speaks; the browser's own microphone beeps
    microphone.get_by_role("button", name="Stop recording").click()
    page.get_by_role("heading", name="microphone.wav").wait_for()
    page.get_by_role("heading", name=RESULTS).wait_for()


def test_what_is_too_large_is_refused_before_it_is_sent(page: Page, tmp_path: Path) -> None:
    huge = tmp_path / "huge.wav"
    with huge.open("wb") as file:
        file.truncate(201 * 2**20)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    upload(page, huge)
    page.get_by_text("or smaller").wait_for()
    assert "PUT" not in sent


def test_the_keyboard_reaches_what_the_model_is(page: Page, sound) -> None:
    upload(page, sound("happy.wav", ["happy"], duration_s=2.0))
    page.get_by_role("heading", name="happy, 9").wait_for()
    page.get_by_role("tab", name="Recognise").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What it must not be used for").wait_for()
    # What was uploaded is still there.
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="happy, 9").wait_for()


def test_everything_can_be_forgotten(page: Page, sound) -> None:
    upload(page, sound("angry.wav", ["angry"], duration_s=2.0))
    page.get_by_role("button", name="Forget everything").click()
    page.get_by_text("the answers appear here").wait_for()
    # What an earlier run of the page has shown goes only when the new one has ended.
    page.get_by_text("angry.wav").first.wait_for(state="detached")


def held_bytes(playwright: Playwright, app_url: str) -> int:
    """Return how much of uploads, players and downloads the server holds."""
    request = playwright.request.new_context()
    lines = request.get(f"{app_url}/_stcore/metrics").text().splitlines()
    request.dispose()
    kinds = ("UploadedFileManager", "st_memory_media_file_storage")
    return sum(int(line.split()[-1]) for line in lines if any(kind in line for kind in kinds))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30.0
    while not condition():
        assert time.monotonic() < deadline_s
        threading.Event().wait(0.5)


def test_nothing_is_left_of_a_session_soon_after_the_page_was_closed(
    playwright: Playwright, app_url: str, chromium: Browser, sound
) -> None:
    clip = sound("long.wav", ["calm"], duration_s=30.0)
    page = chromium.new_page()
    page.goto(app_url)
    upload(page, clip)
    page.get_by_role("heading", name=RESULTS).wait_for()
    # The server counts anew every few seconds; what remains is the picture of the tab.
    wait_until(lambda: held_bytes(playwright, app_url) > clip.stat().st_size)
    page.close()
    wait_until(lambda: held_bytes(playwright, app_url) < 1000)
