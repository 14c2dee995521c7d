"""The report: what it says without a script, what it lets in, and what it does in a browser."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.errors import AudioError, ConfigError
from affekt.recognition.annotations import annotate, link_to, write_html
from affekt.recognition.annotations import html as report
from affekt.recognition.notices import NOTICE_RECOGNISER, NOTICE_WORKPLACE
from affekt.records import Timeline


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds on two channels, the second half as loud as the first."""
    path = tmp_path_factory.mktemp("recording") / "call 7.wav"
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(6 * 8000) / 8000)
    soundfile.write(path, np.stack([tone, 0.5 * tone], axis=1), 8000)
    return path


def written(timeline: Timeline, **options: object) -> str:
    out = io.StringIO()
    write_html(timeline, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


class _Addresses(HTMLParser):
    """Collects every address that a page names."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]


# ---- what it says ----------------------------------------------------------------------------


def test_the_page_states_notices_model_and_purpose(call: Timeline) -> None:
    page = html.unescape(annotate(call, "html"))
    for words in (NOTICE_RECOGNISER, NOTICE_WORKPLACE, "tones 1.2", "<dt>purpose</dt><dd>research"):
        assert words in page


def test_the_table_shows_every_segment(call: Timeline) -> None:
    page = annotate(call, "html")
    rows = re.findall(r'<tr data-track="(\d)" data-from="(\d+)"', page)
    assert len(rows) == sum(len(track.segments) for track in call.tracks)
    assert [int(start) for _, start in rows] == sorted(int(start) for _, start in rows)
    assert "uncertain (neutral)" in page
    assert "uncertain (too short)" in page


def test_the_summary_holds_shares_and_turning_points(call: Timeline) -> None:
    text = re.sub(r"<[^>]+>", " ", annotate(call, "html"))
    text = re.sub(r"\s+", " ", text)
    assert "Speaks for 0:04.2 of 0:06.0 (70 %)" in text
    assert "angry 48 % 0:02.0" in text
    assert "Longest negative stretch: 0:01.0 to 0:03.0 (2.0 s)" in text
    assert "0:03.5 from angry to happy" in text
    assert "Speaks for 0:01.5 of 0:06.0 (25 %). Emotion was not inferred." in text


def test_warnings_are_shown(make_timeline, monologue: Timeline) -> None:
    damaged = make_timeline(*monologue.tracks, warnings=("The end is <missing>.",))
    assert "<li>The end is &lt;missing&gt;.</li>" in annotate(damaged, "html")


# ---- what it lets in -------------------------------------------------------------------------


def test_nothing_is_loaded_from_elsewhere(call: Timeline) -> None:
    page = annotate(call, "html")
    addresses = _Addresses()
    addresses.feed(page)
    assert addresses.found == []
    assert "@import" not in page
    assert re.findall(r"url\((?!#)", page) == []


def test_the_policy_allows_exactly_its_own_script_and_style(call: Timeline) -> None:
    page = annotate(call, "html")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]


def test_names_stay_names(awkward: Timeline) -> None:
    page = annotate(awkward, "html")
    assert "<b>" not in page
    assert page.count("</script>") == 2
    assert data_of(page)["tracks"][0]["name"] == 'Zoë "<b>&amp;" -->   </script>'
    assert "$title.wav</h1>" in page


# ---- the recording ---------------------------------------------------------------------------


def test_the_waveform_is_that_of_each_channel(call: Timeline, recording: Path) -> None:
    agent, customer = data_of(written(call, recording=recording))["tracks"]
    assert set(agent["peaks"][1:-1]) <= {49, 50}
    assert set(customer["peaks"][1:-1]) <= {24, 25}
    assert len(agent["peaks"]) == 600


def test_without_a_recording_there_is_no_waveform(call: Timeline) -> None:
    assert [track["peaks"] for track in data_of(written(call))["tracks"]] == [None, None]


def test_the_recording_is_embedded_byte_for_byte(
    call: Timeline, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "_CHUNK_BYTES", 3000)
    page = written(call, recording=recording, embed_audio=True, link=recording.as_uri())
    assert str(recording.parent) not in page  # who gets the page need not know the disk
    found = re.search(r'id="sound" data-type="audio/wav">([^<]+)</script>', page)
    assert found is not None
    assert base64.b64decode(found[1], validate=True) == recording.read_bytes()


def test_too_large_a_recording_is_not_embedded(
    call: Timeline, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MAX_EMBEDDED_BYTES", 1000)
    for source in (recording, recording.read_bytes()):
        with pytest.raises(ConfigError, match="too much to embed"):
            written(call, recording=source, embed_audio=True)


def test_embedding_needs_a_recording(call: Timeline) -> None:
    with pytest.raises(ConfigError, match="no recording to embed"):
        written(call, embed_audio=True)


def test_a_recording_that_cannot_be_read_is_refused(call: Timeline) -> None:
    with pytest.raises(AudioError):
        written(call, recording=b"no sound at all")


def test_links_are_relative_only_below_the_page(tmp_path: Path) -> None:
    page = tmp_path / "reports" / "call.html"
    assert link_to(tmp_path / "reports" / "in" / "a b#1.wav", page) == "in/a%20b%231.wav"
    assert link_to(tmp_path / "a.wav", page) == (tmp_path / "a.wav").as_uri()
    assert link_to(tmp_path / "a.wav", None) == (tmp_path / "a.wav").as_uri()


# ---- in a browser ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(playwright, chromium_path: str):
    started = playwright.chromium.launch(
        executable_path=chromium_path,
        args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
    )
    yield started
    started.close()


@pytest.fixture
def opened(browser, call: Timeline, recording: Path):
    """Open the report from disk, offline, and fail on any error that its console shows."""
    problems: list[str] = []
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 800})

    def show(**options: object):
        path = recording.with_name("call.html")
        path.write_text(written(call, recording=recording, **options), encoding="utf-8")
        page = context.new_page()
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(path.as_uri())
        return page

    show.problems = problems  # type: ignore[attr-defined]
    yield show
    context.close()


def wait_until(page, expression: str) -> None:
    """Ask again and again: the page's policy forbids Playwright's own waiting in the page."""
    deadline = time.monotonic() + 30.0
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never became true: {expression}"


def ready(page) -> None:
    wait_until(page, "audio.readyState >= 1")


def place(page) -> float:
    return page.evaluate("audio.currentTime")


@pytest.mark.parametrize("options", [{"embed_audio": True}, {"link": "call%207.wav"}])
def test_a_click_on_a_segment_moves_the_sound(opened, options: dict[str, object]) -> None:
    page = opened(**options)
    ready(page)
    page.locator('#wave g[data-from="3500"] rect').first.click()
    assert place(page) == pytest.approx(4.25, abs=0.1)
    page.get_by_role("row", name="customer angry").get_by_role("button").click()
    assert place(page) == 1.0
    assert page.locator("tr[aria-current]").count() == 2
    assert "customer: angry 87 %" in page.locator("#now").inner_text()
    assert opened.problems == []


def test_the_cursor_follows_the_sound(opened) -> None:
    page = opened(embed_audio=True)
    ready(page)
    before = float(page.locator("#wave .cursor").get_attribute("x1"))
    page.evaluate("audio.play()")
    wait_until(page, f"Number(cursor.getAttribute('x1')) > {before + 10}")
    page.evaluate("audio.pause()")
    assert place(page) > 0.0


def test_the_keyboard_reaches_everything(opened) -> None:
    page = opened(embed_audio=True)
    ready(page)
    wave = page.get_by_role("slider", name="Position in the recording")
    wave.focus()
    for key, expected in (("n", 1.0), ("n", 3.0), ("p", 1.0), ("ArrowRight", 2.0), ("End", 6.0)):
        page.keyboard.press(key)
        assert place(page) == pytest.approx(expected, abs=0.01)
    page.keyboard.press("Home")
    assert wave.get_attribute("aria-valuetext") == "0:00.0, agent: speech; customer: silence"


def test_the_table_can_be_filtered_and_sorted(opened) -> None:
    page = opened()
    rows = page.locator("#segments tbody tr:visible")
    assert rows.count() == 5
    page.get_by_label("Show silence").check()
    assert rows.count() == 8
    page.get_by_label("Who").select_option("customer")
    page.get_by_label("Emotion").select_option("uncertain")
    assert rows.count() == 2
    assert page.locator("#shown").inner_text() == "2 of 8 segments"
    page.get_by_label("Emotion").select_option("all")
    heading = page.get_by_role("button", name="confidence")
    heading.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert "angry" in rows.first.inner_text()
    assert page.get_by_role("columnheader", name="confidence").get_attribute("aria-sort") == (
        "descending"
    )


def test_a_recording_that_is_gone_can_be_chosen(opened, recording: Path) -> None:
    page = opened(link="gone.wav")
    page.get_by_text("cannot be played").wait_for()
    page.locator('#wave g[data-from="3500"] rect').first.click()
    page.get_by_label("Recording elsewhere?").set_input_files(recording)
    ready(page)
    wait_until(page, "audio.currentTime > 4")


def test_narrow_windows_need_no_sideways_scrolling(opened) -> None:
    page = opened()
    for width in (320, 1400):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate("wave.scrollWidth > wave.clientWidth")
