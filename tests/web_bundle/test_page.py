"""The page, as a person meets it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Playwright, expect

from affekt.recognition import Recognizer, notices
from affekt.recognition.bundles.metadata import SetRule
from affekt.web_bundle import write_web_bundle


@pytest.fixture
def tone_page(open_page, serve, tone_folder):
    return open_page(serve(tone_folder).url, service_workers="block")


@pytest.fixture
def tone_file(tones: SimpleNamespace, tmp_path: Path) -> Callable[..., Path]:
    def write(label: str, name: str | None = None) -> Path:
        path = tmp_path / (name or f"{label}.wav")
        soundfile.write(path, tones.tone(label), 16_000)
        return path

    return write


def test_a_recording_gets_its_emotion_probabilities_player_and_metadata(tone_page, tone_file):
    tone_page.choose(tone_file("angry"))
    card = tone_page.card("angry.wav")
    expect(card.locator(".answer strong")).to_have_text("angry")
    meters = card.get_by_role("list", name="Probabilities of angry.wav").get_by_role("meter")
    expect(meters).to_have_count(8)
    expect(meters.first).to_have_accessible_name("angry")
    assert float(meters.first.get_attribute("aria-valuenow")) > 80
    expect(card.get_by_label("Play angry.wav")).to_be_visible()
    for fact in ("1.0 s", "16 kHz", "audio/wav", "33 kB"):
        expect(card.get_by_text(fact, exact=True)).to_be_visible()
    expect(tone_page.page.get_by_role("status")).to_have_text(
        re.compile(r"^angry\.wav: angry, \d+ %\.$")
    )
    assert tone_page.complaints == []


def test_the_player_plays_what_was_chosen(tone_page, tone_file):
    tone_page.choose(tone_file("sad"))
    player = tone_page.page.locator("audio")
    assert player.evaluate("(audio) => audio.play().then(() => audio.duration)") == 1.0


def test_below_the_threshold_of_the_model_the_answer_is_uncertain(
    open_page, serve, tones, tone_file, library, tmp_path
):
    model = tones.write_bundle(tmp_path / "strict.onnx", threshold=1.0)
    site = serve(write_web_bundle(tmp_path / "page", model=model, library=library).folder)
    opened = open_page(site.url, service_workers="block")
    opened.choose(tone_file("happy"))
    card = opened.card("happy.wav")
    expect(card.locator(".answer strong")).to_have_text("uncertain")
    expect(card).to_contain_text("most like happy")
    expect(card).to_contain_text("Below 100.0 %")
    assert opened.results()[0]["uncertain"] is True


def test_a_call_is_not_mixed_by_oversight(tone_page, tones, tmp_path):
    call, stereo = tmp_path / "call.wav", tmp_path / "stereo.wav"
    frames = tones.call_by_turns()
    soundfile.write(call, frames, 16_000)
    soundfile.write(stereo, frames[:, [0, 0]] * (1.0, 0.5), 16_000)
    tone_page.choose(call, stereo)
    expect(tone_page.card("call.wav")).to_contain_text("take turns, as those of a call do")
    expect(tone_page.card("call.wav")).to_contain_text("affekt timeline")
    expect(tone_page.card("stereo.wav").locator(".answer strong")).to_have_text("happy")
    assert [answer["path"] for answer in tone_page.results()] == ["stereo.wav"]


def test_numbers_that_are_no_answer_are_said_to_be_none(
    open_page, serve, fragile_bundle, tones, library, tmp_path
):
    site = serve(write_web_bundle(tmp_path / "page", model=fragile_bundle, library=library).folder)
    opened = open_page(site.url, service_workers="block")
    loud, quiet = tmp_path / "loud.wav", tmp_path / "quiet.wav"
    soundfile.write(loud, tones.tone("sad", amplitude=0.9), 16_000)
    soundfile.write(quiet, tones.tone("sad"), 16_000)
    opened.choose(loud, quiet)
    expect(opened.card("loud.wav")).to_contain_text("has no answer from the model")
    assert [answer["emotion"] for answer in opened.results()] == ["sad"]


def test_a_damaged_model_answers_nothing(chromium, serve, tone_bundle, library, tmp_path):
    folder = write_web_bundle(tmp_path / "page", model=tone_bundle, library=library).folder
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes().replace(b"sine", b"sign"))
    page = chromium.new_page(service_workers="block")
    page.goto(serve(folder).url)
    expect(page.get_by_text("model.onnx is damaged")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Choose recordings")).to_be_disabled()
    page.close()


@pytest.mark.parametrize(("rule", "quantile"), [("lac", 0.9), ("aps", 0.999)])
def test_a_calibrated_model_says_what_else_it_may_be_and_what_it_does_not_know(
    open_page, serve, tones, library, tmp_path, rule, quantile
):
    model = tones.write_bundle(
        tmp_path / "calibrated.onnx",
        novelty=True,
        prediction_set=SetRule(coverage=0.9, quantile=quantile, rule=rule),
    )
    site = serve(write_web_bundle(tmp_path / "page", model=model, library=library).folder)
    quiet, loud = tmp_path / "quiet.wav", tmp_path / "loud.wav"
    between = 0.5 * (tones.tone_hz(2) + tones.tone_hz(3))
    sine = np.sin(2 * np.pi * between * np.arange(16_000) / 16_000)
    soundfile.write(quiet, 0.2 * sine, 16_000)
    soundfile.write(loud, 0.9 * sine, 16_000)
    opened = open_page(site.url, service_workers="block")
    opened.choose(quiet, loud)

    answers = {answer["path"]: answer for answer in opened.results()}
    recognizer = Recognizer.load(model)
    for path in (quiet, loud):
        expected = recognizer.predict(path)
        assert len(expected.prediction_set) == 2
        assert answers[path.name]["prediction_set"] == list(expected.prediction_set)
        assert answers[path.name]["out_of_domain"] is expected.out_of_domain
        assert answers[path.name]["uncertain"] is expected.uncertain
        assert answers[path.name]["novelty"] == pytest.approx(expected.novelty, abs=2e-3)
        likely = f"Likely one of: {', '.join(expected.prediction_set)}."
        expect(opened.card(path.name).get_by_text(likely)).to_be_visible()
    expect(opened.card("loud.wav")).to_contain_text("Out of domain")
    expect(opened.card("loud.wav").locator(".answer strong")).to_have_text("not speech")
    expect(opened.card("quiet.wav").locator(".answer strong")).not_to_have_text("not speech")
    expect(opened.card("quiet.wav")).not_to_contain_text("Out of domain")


def test_the_page_names_the_law_and_shows_the_model_card(tone_page):
    page = tone_page.page
    expect(page.get_by_role("complementary")).to_have_text(notices.NOTICE_RECOGNISER)
    expect(page.get_by_text(notices.NOTICE_WORKPLACE)).to_be_visible()
    expect(page.get_by_text("This model is not for")).to_be_visible()
    expect(page.get_by_role("listitem").get_by_text("people", exact=True)).to_be_visible()
    model = page.get_by_role("region", name="The model")
    for text in ("tones 1.2", "Hears the pitch of a sine.", "CC0-1.0", "50.0 %"):
        expect(model).to_contain_text(text)
    for summary, text in (
        ("What it learnt from", "Utterances"),
        ("How well it does", "87.5 %"),
        ("Licence of the weights, in full", "Do what you like"),
    ):
        expect(model.get_by_text(text).last).to_be_hidden()
        model.get_by_text(summary).click()
        expect(model.get_by_text(text).last).to_be_visible()


def test_what_cannot_be_recognised_says_why_and_the_others_go_on(tone_page, tone_file, tmp_path):
    (tmp_path / "letter.wav").write_text("Dear reader, this is no sound at all." * 10)
    (tmp_path / "empty.wav").write_bytes(b"")
    tone = soundfile.read(tone_file("happy"))[0]
    (tmp_path / "cut.flac").write_bytes(b"fLaC" + bytes(100))
    soundfile.write(tmp_path / "silent.wav", np.zeros(16_000), 16_000)
    soundfile.write(tmp_path / "short.wav", tone[:800], 16_000)
    absurd = np.where(np.arange(tone.size) == 800, 2e19, tone)
    soundfile.write(tmp_path / "absurd.wav", absurd, 16_000, subtype="FLOAT")
    reasons = {
        "letter.wav": "letter.wav cannot be decoded",
        "empty.wav": "empty.wav is empty (0 bytes)",
        "cut.flac": "cut.flac cannot be decoded",
        "silent.wav": "silent.wav is silent (peak -inf dBFS, at least -80 is needed)",
        "short.wav": "short.wav lasts 0.050 s, and at least 0.1 s is needed",
        "absurd.wav": "absurd.wav holds a sample of 2.00000e+19, far beyond full scale (1.0)",
    }
    tone_page.choose(*(tmp_path / name for name in reasons), tone_file("calm"))
    for name, reason in reasons.items():
        expect(tone_page.card(name)).to_contain_text("Not recognised")
        expect(tone_page.card(name)).to_contain_text(reason)
    assert [answer["emotion"] for answer in tone_page.results()] == ["calm"]
    assert tone_page.complaints == []


def test_a_name_is_shown_as_text_whatever_it_says(tone_page, tone_file):
    name = "<img src=x onerror=alert(1)>.wav"
    tone_page.choose(tone_file("sad", name))
    expect(tone_page.card(name).get_by_role("heading")).to_have_text(name)
    expect(tone_page.page.locator("article img")).to_have_count(0)


def test_results_are_downloaded_one_by_one_or_together(tone_page, tone_file):
    tone_page.choose(tone_file("sad"), tone_file("happy"))
    with tone_page.page.expect_download() as saved:
        tone_page.page.get_by_label("Download the result of happy.wav (JSON)").click()
    assert saved.value.suggested_filename == "happy.wav.json"
    single = json.loads(Path(saved.value.path()).read_text("utf-8"))
    both = tone_page.results()
    assert [answer["path"] for answer in both] == ["sad.wav", "happy.wav"]
    assert single == both[1]


def test_a_recording_from_the_microphone_is_recognised(
    playwright: Playwright, chromium_path, serve, tone_folder, tones, tmp_path
):
    tone = np.tile(tones.tone("surprised"), 10)
    soundfile.write(tmp_path / "tone.wav", tone, 16_000, subtype="PCM_16")
    browser = playwright.chromium.launch(
        executable_path=chromium_path,
        args=[
            "--no-sandbox",
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={tmp_path / 'tone.wav'}",
        ],
    )
    try:
        context = browser.new_context(permissions=["microphone"], service_workers="block")
        page = context.new_page()
        page.goto(serve(tone_folder).url)
        began_s = time.monotonic()
        page.get_by_role("button", name="Record", exact=True).click()
        stop = page.get_by_role("button", name="Stop recording")
        expect(page.get_by_role("status")).to_have_text("Recording.")
        expect(stop).to_have_text("Stop 0:02", timeout=60_000)
        stop.click()
        expect(page.locator(".answer strong")).to_have_text("surprised")
        expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible()
        length_s = page.locator("audio").evaluate("(audio) => audio.duration")
        assert 1.0 < length_s < time.monotonic() - began_s
    finally:
        browser.close()


def test_a_forbidden_microphone_is_said_plainly(open_page, serve, tone_folder):
    opened = open_page(serve(tone_folder).url, service_workers="block", permissions=[])
    page = opened.page
    page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The microphone was not allowed")
    expect(page.get_by_role("button", name="Record", exact=True)).to_be_enabled()


def test_the_keyboard_alone_is_enough(tone_page, tone_file):
    page = tone_page.page
    path = tone_file("angry")
    page.bring_to_front()  # a page behind another gets keys, and opens no file chooser
    choosers = []  # asked for long before the key: the browser may take notice only later
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    assert reached == ["skip", "files", "record"]
    page.keyboard.press("Shift+Tab")
    outline = page.get_by_text("Choose recordings", exact=True).evaluate(
        "(label) => getComputedStyle(label).outlineStyle"
    )
    assert outline == "solid"
    with page.expect_file_chooser():
        page.keyboard.press("Enter")
    choosers[0].set_files(path)
    expect(page.locator(".answer strong")).to_have_text("angry")

    page.get_by_role("button", name="Record", exact=True).focus()
    names = []
    for _ in range(3):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent")
        )
    assert names == ["Download all (JSON)", "Clear", "Remove angry.wav"]
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "files"
    expect(page.get_by_role("status")).to_have_text("angry.wav was removed.")


def test_clear_leaves_nothing(tone_page, tone_file):
    tone_page.choose(tone_file("sad"), tone_file("happy"))
    tone_page.page.get_by_role("button", name="Clear").click()
    expect(tone_page.page.locator("article")).to_have_count(0)
    expect(tone_page.page.get_by_role("heading", name="Results")).to_be_hidden()


def test_every_control_has_a_name_and_every_heading_its_level(tone_page, tone_file):
    tone_page.choose(tone_file("sad"))
    page = tone_page.page
    for role in ("button", "link", "meter", "region", "article"):
        for item in page.get_by_role(role).all():
            expect(item).to_have_accessible_name(re.compile(r"\S"))
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')]"
        ".filter((item) => item.checkVisibility()).map((item) => Number(item.tagName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_system_and_its_texts_have_contrast(
    open_page, serve, tone_folder, tone_file, scheme
):
    opened = open_page(serve(tone_folder).url, color_scheme=scheme, service_workers="block")
    opened.choose(tone_file("sad"))
    colours = opened.page.evaluate(
        """(names) => Object.fromEntries(names.map((name) =>
          [name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()]))
        """,
        ["page", "panel", "text", "quiet", "accent", "accent-text", "warm", "warm-panel", "bad"],
    )
    assert (luminance(colours["page"]) > 0.5) == (scheme == "light")
    pairs = [(ink, ground) for ink in ("text", "quiet") for ground in ("page", "panel")]
    pairs += [("accent", "panel"), ("accent", "page"), ("accent-text", "accent")]
    pairs += [("text", "warm-panel"), ("warm", "panel"), ("bad", "panel")]
    for ink, ground in pairs:
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)  # WCAG 2.2, AA


def luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_nothing_hangs_over_on_a_phone(open_page, serve, tone_folder, tone_file):
    opened = open_page(
        serve(tone_folder).url,
        viewport={"width": 320, "height": 640},
        service_workers="block",
    )
    opened.choose(tone_file("sad", "a-very-long-name-without-any-place-to-break-it-at-all.wav"))
    for item in opened.page.locator("summary").all():
        item.click()
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_missing_model_is_said_and_not_waited_for(
    chromium, serve, library, tone_bundle, tmp_path
):
    made = write_web_bundle(tmp_path / "page", model=tone_bundle, library=library)
    (made.folder / "model.onnx").unlink()
    context = chromium.new_context(service_workers="block")
    page = context.new_page()
    page.goto(serve(made.folder).url)
    expect(page.get_by_role("alert")).to_contain_text("model.onnx: the server answers 404")
    expect(page.get_by_label("Choose recordings")).to_be_disabled()
    context.close()


def test_without_scripts_the_page_says_what_it_needs(chromium, serve, tone_folder):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(serve(tone_folder).url)
    expect(page.get_by_role("status")).to_contain_text("JavaScript is off")
    expect(page.get_by_role("complementary")).to_have_text(notices.NOTICE_RECOGNISER)
    context.close()
