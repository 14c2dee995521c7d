from __future__ import annotations

import base64
import importlib
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.recognition import Recognizer
from affekt.records import Score

Image = pytest.importorskip("PIL.Image", reason="the extra web is not installed")
pytest.importorskip("streamlit", reason="the extra web is not installed")
charts = importlib.import_module("affekt.web.charts")


@pytest.fixture(scope="module")
def recognizer(tone_bundle: Path) -> Recognizer:
    return Recognizer.load(tone_bundle)


@pytest.fixture
def explanation(recognizer, sound):
    return recognizer.explain(sound("clip.wav", ["happy", "sad"], duration_s=1.0))


def values(chart, layer: int | None = None) -> list[dict]:
    drawn = chart.to_dict()
    part = drawn if layer is None else drawn["layer"][layer]
    return drawn["datasets"][part["data"]["name"]]


def test_probabilities_are_drawn_and_described(recognizer) -> None:
    scores = (Score(label="happy", score=0.7), Score(label="sad", score=0.3))
    chart = charts.probability_chart(scores, recognizer.labels())
    description = "Probabilities of the emotions: happy 70%, sad 30%"
    assert chart.to_dict()["description"] == description
    assert list(chart.to_dict()["datasets"].values()) == [
        [
            {"emotion": "happy", "probability": 0.7, "percent": "70%"},
            {"emotion": "sad", "probability": 0.3, "percent": "30%"},
        ]
    ]


def test_a_timeline_shows_speech_alone_of_whoever_is_not_analysed(recognizer, sound) -> None:
    call = sound("call.wav", ["angry"], ["happy"], duration_s=3.0)
    timeline = recognizer.timeline(call, channels=["agent", "customer"])
    rows = values(charts.timeline_chart(timeline))
    assert [(row["voice"], row["emotion"]) for row in rows] == [
        ("agent", charts.NOT_ANALYSED),
        ("customer", "happy"),
    ]


def test_a_timeline_shows_what_is_not_speech(tones, tmp_path, sound) -> None:
    novelty = Recognizer.load(tones.write_bundle(tmp_path / "novelty.onnx", novelty=True))
    samples, rate = soundfile.read(sound("call.wav", ["happy", None], duration_s=3.0))
    soundfile.write(tmp_path / "loud.wav", 6.0 * samples, rate, subtype="FLOAT")
    rows = values(charts.timeline_chart(novelty.timeline(tmp_path / "loud.wav")))
    assert {row["emotion"] for row in rows} == {"not speech"}


def test_a_waveform_of_any_length_has_few_points_and_keeps_its_peaks() -> None:
    envelope = np.zeros((100_000, 2), np.float32)
    envelope[77_777] = (-0.9, 0.8)
    rows = values(charts.waveform_chart(envelope))
    assert len(rows) <= 1500
    assert min(row["low"] for row in rows) == pytest.approx(-0.9)
    assert max(row["high"] for row in rows) == pytest.approx(0.8)


def test_the_spectrogram_is_a_picture_with_low_frequencies_at_the_bottom(explanation) -> None:
    (place,) = values(charts.spectrogram_chart(explanation), layer=0)
    url = place["url"]
    picture = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))
    assert picture.size == (126, 80)
    grey = np.asarray(picture.convert("L"), dtype=float)
    assert grey[70:, :60].max() > grey[:10, :60].max()  # "happy" is 311 Hz


def test_half_of_the_relevance_is_found_where_it_lies(explanation) -> None:
    begin_s, end_s = charts.heart(explanation)
    inside = (explanation.times_s >= begin_s) & (explanation.times_s <= end_s)
    assert explanation.relevance[inside].sum() >= 0.49
    assert end_s - begin_s == pytest.approx(1.0, abs=0.05)  # two tones, equally loud
