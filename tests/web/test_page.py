"""The page's logic without a browser; `test_browser.py` has the rest."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import soundfile

from affekt.recognition import Bundle
from affekt.recognition.bundles.metadata import SetRule
from affekt.recognition.notices import NOTICE_RECOGNISER, NOTICE_WORKPLACE
from affekt.web import launch

testing = pytest.importorskip("streamlit.testing.v1", reason="the extra web is not installed")
AppTest = testing.AppTest

PAGE = Path(launch.__file__).with_name("page.py")


@pytest.fixture
def page(tone_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(launch.MODEL_VARIABLE, str(tone_bundle))
    return AppTest.from_file(PAGE, default_timeout=60).run()


def upload(page: AppTest, *paths: Path) -> AppTest:
    files = [(path.name, path.read_bytes(), "audio/wav") for path in paths]
    page.file_uploader[0].set_value(files).run()
    assert not page.exception
    return page


def text(page: AppTest) -> str:
    parts = (page.header, page.subheader, page.markdown, page.caption, page.warning, page.error)
    return "\n".join(item.value for kind in parts for item in kind)


def boxed(page: AppTest, label: str) -> Any:
    return next(item for item in page.selectbox if item.label == label)


def test_people_are_reported_before_anything_else(page: AppTest) -> None:
    assert page.info[0].value == NOTICE_RECOGNISER
    assert NOTICE_WORKPLACE in page.caption[0].value


def test_the_operators_model_comes_first_and_the_shipped_ones_can_be_chosen(page: AppTest) -> None:
    assert page.selectbox[0].options == [
        "tones 1.2 (tones.onnx): 8 emotions",
        f"{Bundle.load('default').metadata.title}: 8 emotions",
        f"{Bundle.load('open').metadata.title}: 7 emotions",
    ]
    page.selectbox[0].set_value("open").run()
    assert not page.exception
    assert "CC0" not in text(page)


def test_an_installed_model_can_be_chosen_and_a_damaged_one_is_explained(
    tone_bundle: Path, models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models_folder.mkdir()
    (models_folder / "mine.onnx").write_bytes(tone_bundle.read_bytes())
    (models_folder / "torn.onnx").write_bytes(tone_bundle.read_bytes()[:1000])
    monkeypatch.setenv(launch.MODEL_VARIABLE, "default")
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    options = page.selectbox[0].options
    assert {"tones 1.2: 8 emotions", "torn (cannot be opened)"} < set(options)
    page.selectbox[0].set_value("torn").run()
    assert not page.exception
    assert "not an ONNX file that can be run" in page.error[0].value


def test_the_model_is_explained_from_its_own_file(page: AppTest) -> None:
    shown = text(page)
    assert "- people" in shown  # what the tones must not be used for
    assert "| sines | 8 | 1 | CC0\\-1\\.0 |" in shown
    assert "| sines | 87.5% |" in shown
    assert page.text[0].value == "Do what you like with these tones."


def test_a_recording_is_described_and_recognised(page: AppTest, sound) -> None:
    upload(page, sound("a_happy*one*.wav", ["happy"], duration_s=2.0))
    assert page.header[0].value == "a\\_happy\\*one\\*\\.wav"
    assert "| audio/wav | 64.0 KB | 2.0 s | 16 000 Hz | 1 |" in text(page)
    assert page.subheader[0].value.startswith("happy, 9")


def test_an_unsure_answer_is_called_uncertain(
    sound, tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = tones.write_bundle(tmp_path / "doubtful.onnx", threshold=1.0)
    monkeypatch.setenv(launch.MODEL_VARIABLE, str(doubtful))
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    upload(page, sound("sad.wav", ["sad"]))
    assert page.warning[0].value.startswith("Uncertain")


def test_a_calibrated_model_says_what_else_it_may_be_and_what_it_does_not_know(
    tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = SetRule(coverage=0.9, quantile=1.0, rule="lac")
    model = tones.write_bundle(tmp_path / "calibrated.onnx", novelty=True, prediction_set=rule)
    monkeypatch.setenv(launch.MODEL_VARIABLE, str(model))
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    for name, amplitude in (("quiet.wav", 0.2), ("loud.wav", 0.9)):
        soundfile.write(tmp_path / name, tones.tone("sad", amplitude=amplitude), 16_000)
    upload(page, tmp_path / "quiet.wav")
    assert "Likely one of: sad" in text(page)
    assert not page.warning
    upload(page, tmp_path / "loud.wav")
    assert page.warning[0].value.startswith("Out of domain")
    assert "not speech" in [item.value for item in page.subheader]


def test_several_files_stand_in_one_table_and_a_bad_one_does_not_hide_the_others(
    page: AppTest, sound, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"this is no sound at all")
    upload(page, sound("sad.wav", ["sad"]), broken, sound("calm.wav", ["calm"]))
    table = next(item.value for item in page.markdown if item.value.startswith("| recording"))
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == ["| sad\\.wav", "| broken\\.mp3", "| calm\\.wav"]
    assert [row[2] for row in rows] == ["sad", "could not be recognised", "calm"]
    boxed(page, "Show the details of").select_index(1).run()
    assert "is not a recording that can be read: convert it" in page.error[0].value


def test_a_file_beyond_the_limit_is_refused(
    page: AppTest, sound, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("affekt.web.recordings.MAX_UPLOAD_BYTES", 1000)
    upload(page, sound("large.wav", ["sad"]))
    assert "is larger than 200 MB" in page.error[0].value


def test_a_call_asks_whose_voice_may_be_analysed(page: AppTest, sound) -> None:
    upload(page, sound("call.wav", ["angry"], ["happy"], duration_s=3.0))
    page.radio[0].set_value(page.radio[0].options[1]).run()
    assert page.text_input[0].value == "agent, customer"
    assert page.multiselect[0].value == ["customer"]
    assert page.subheader[0].value.startswith("customer: happy")
    assert "agent speaks for 3.0 s; emotions are not inferred" in text(page)

    page.multiselect[0].set_value(["agent"]).run()
    assert "Article 5(1)(f)" in page.error[0].value
    assert not any("angry" in item.value for item in page.subheader)

    boxed(page, "Purpose").select("safety").run()
    assert not page.error
    assert page.subheader[0].value.startswith("agent: angry")
    assert "Purpose: **safety**" in text(page)

    upload(page, sound("call.wav", ["angry"], ["happy"]), sound("more.wav", ["sad"], ["calm"]))
    assert [item.value for item in page.caption].count("Purpose: safety") == 1


def test_a_call_is_not_mixed_by_oversight_but_a_scene_is_by_choice(page: AppTest, sound) -> None:
    turns = ["angry", None] * 3, [None, "happy"] * 3
    upload(page, sound("call.wav", *turns, duration_s=2.0))
    assert "take turns, as those of a call do: say above" in page.error[0].value
    page.radio[0].set_value(page.radio[0].options[2]).run()
    assert not page.error


def test_the_purpose_is_stamped_on_recordings_of_one_channel_too(page: AppTest, sound) -> None:
    upload(page, sound("sad.wav", ["sad"]))
    boxed(page, "Purpose").select("medical").run()
    assert "Purpose: **medical**" in text(page)
    page.checkbox[0].check().run()
    assert "Purpose: **medical with consent**" in text(page)


def test_a_model_without_relevance_says_so(
    sound, tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tones.write_feature_bundle(tmp_path / "crossings.onnx")
    monkeypatch.setenv(launch.MODEL_VARIABLE, str(bundle))
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    upload(page, sound("happy.wav", ["happy"]))
    assert any("gives no relevance" in item.value for item in page.info)


def test_everything_can_be_forgotten(page: AppTest, sound) -> None:
    upload(page, sound("sad.wav", ["sad"]))
    assert page.session_state["answers"]
    next(item for item in page.button if item.label == "Forget everything").click().run()
    assert not page.exception
    assert "answers" not in page.session_state
    assert "sad" not in "".join(item.value for item in page.header)
