"""The browser's answers are Python's: same samples, same windows, same graph."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import soxr

from affekt.audio import decode
from affekt.audio.turns import Turns
from affekt.recognition import Recognizer

ROOT = os.environ.get("AFFEKT_CORPORA")
SUFFIXES = (".wav", ".mp3", ".flac", ".ogg", ".opus")
CLIPS = 6  # of each corpus


@pytest.fixture(scope="module")
def python() -> Recognizer:
    return Recognizer.load("default")


@pytest.fixture
def browser(open_page, serve, default_folder):
    """Recognise files in the browser, and return what can be downloaded, by name."""
    opened = open_page(serve(default_folder).url, service_workers="block")

    def recognise(paths: Iterable[Path]) -> dict[str, dict[str, Any]]:
        opened.choose(*paths)
        return {answer["path"]: answer for answer in opened.results()}

    return recognise


def farthest(one: dict[str, Any], other: dict[str, Any]) -> float:
    scores = {item["label"]: item["score"] for item in one["predictions"]}
    assert list(scores) == sorted(scores, key=scores.__getitem__, reverse=True)
    return max(abs(scores[item["label"]] - item["score"]) for item in other["predictions"])


def without_scores(answer: dict[str, Any]) -> dict[str, Any]:
    scores = ("confidence", "predictions", "novelty", "path")
    return {key: answer[key] for key in answer if key not in scores}


def test_both_tell_the_same_calls(tone_folder, open_page, serve):
    page = open_page(serve(tone_folder).url, service_workers="block").page
    rng = np.random.default_rng(7)
    times = np.arange(12 * 16_000)
    told = []
    for echo_db, turn_s, noise_db in itertools.product((-40, -14, -8), (1.0, 2.5), (-80, -45)):
        swell = np.interp(times, times[::1600], rng.random(times[::1600].size)) ** 2
        voices = 0.2 * swell * rng.standard_normal((2, times.size))
        voices *= (times // (turn_s * 16_000) % 2 == [[0], [1]]).astype(float)
        voices += 10 ** (echo_db / 20) * voices[::-1]
        voices += 10 ** (noise_db / 20) * rng.standard_normal(voices.shape)
        voices = voices.astype(np.float32)
        turns = Turns(16_000, 2)
        turns.update(voices.T)
        found = page.evaluate(
            """async ([channels, rate]) => {
              const { soundByTurns } = await import("./turns.js");
              return soundByTurns(channels.map((channel) => Float32Array.from(channel)), rate);
            }""",
            [voices.tolist(), 16_000],
        )
        assert found == turns.apart, (echo_db, turn_s, noise_db)
        told.append(found)
    assert {True, False} == set(told)


def test_identical_samples_get_identical_answers_at_any_length(browser, python, write_voice):
    lengths_s = (0.1, 0.25, 1.0, 2.345, 5.0, 10.0, 10.001, 12.3, 31.0, 95.0)
    paths = [write_voice(f"{length_s}.wav", length_s) for length_s in lengths_s]
    paths += [
        write_voice("stereo.wav", 3.0, channels=2),
        write_voice("quadro.wav", 14.0, channels=4),
        write_voice("float.wav", 2.0, subtype="FLOAT"),
        write_voice("24bit.wav", 2.0, subtype="PCM_24"),
        write_voice("lossless.flac", 2.0),
    ]
    answers = browser(paths)
    for path in paths:
        expected = python.predict(path).to_dict()
        found = answers[path.name]
        assert list(found) == list(expected)
        assert without_scores(found) == without_scores(expected)
        assert found["emotion"] == expected["emotion"]
        assert found["confidence"] == found["predictions"][0]["score"]
        assert found["novelty"] == pytest.approx(expected["novelty"], abs=2e-3)
        assert farthest(found, expected) < 1e-4


def test_long_recordings_are_cut_into_the_same_windows(browser, python, tmp_path):
    """Phrases of all lengths, clicks, and background that grows louder: many cuts to get wrong."""
    rng = np.random.default_rng(7)
    pieces = []
    for _ in range(40):
        length = int(rng.choice([400, 1200, 9000, 30_000, 90_000]) * rng.uniform(0.7, 1.3))
        time_s = np.arange(length) / 16_000
        phrase = rng.uniform(0.02, 0.4) * np.sin(2 * np.pi * rng.uniform(90, 3000) * time_s)
        pieces += [phrase, np.zeros(int(rng.choice([800, 4500, 20_000, 60_000])))]
    signal = np.concatenate(pieces)
    signal += np.linspace(1e-4, 4e-3, signal.size) * rng.standard_normal(signal.size)
    path = tmp_path / "phrases.wav"
    soundfile.write(path, signal, 16_000)
    expected = python.predict(path).to_dict()
    found = browser([path])["phrases.wav"]
    assert found["warnings"] == expected["warnings"]
    assert found["duration_s"] == expected["duration_s"]
    assert farthest(found, expected) < 1e-4


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000])
def test_other_sampling_rates_differ_by_the_resamplers_alone(
    browser, python, write_voice, tmp_path, rate_hz
):
    signal, _ = soundfile.read(write_voice("voice.wav", 3.0))
    path = tmp_path / f"{rate_hz}.wav"
    soundfile.write(path, soxr.resample(signal, 16_000, rate_hz), rate_hz)
    expected = python.predict(path).to_dict()
    found = browser([path])[path.name]
    assert found["sampling_rate_hz"] == rate_hz
    assert found["duration_s"] == pytest.approx(expected["duration_s"], abs=0.001)
    # Narrow-band sound is the hard case: what lies above 4 kHz is the resampler's own.
    assert farthest(found, expected) < (0.05 if rate_hz < 16_000 else 0.01)


def test_compressed_recordings_are_read_with_their_metadata(browser, python, tmp_path):
    signal = np.stack([np.sin(2 * np.pi * 220 * np.arange(44_100) / 44_100) * 0.3] * 2, axis=1)
    soundfile.write(tmp_path / "a.mp3", signal, 44_100)
    soundfile.write(tmp_path / "a.ogg", signal, 44_100)
    soundfile.write(tmp_path / "a.flac", signal, 44_100)
    soundfile.write(tmp_path / "a.opus", signal[:, :1], 48_000, format="OGG", subtype="OPUS")
    soundfile.write(tmp_path / "low.mp3", signal[:, :1], 16_000)
    encode(tmp_path / "a.m4a", "aac", signal[:, :1])
    encode(tmp_path / "a.webm", "libopus", signal[:, :1], rate_hz=48_000)
    paths = sorted(tmp_path.glob("*.*"))
    answers = browser(paths)
    assert len(answers) == len(paths) == 7
    for path in paths:
        expected = python.predict(path).to_dict()
        found = answers[path.name]
        assert found["sampling_rate_hz"] == expected["sampling_rate_hz"], path.name
        assert found["channels"] == expected["channels"]
        assert found["duration_s"] == pytest.approx(expected["duration_s"], abs=0.1)


def encode(path: Path, codec: str, signal: np.ndarray, *, rate_hz: int = 44_100) -> None:
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate_hz, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            signal.T.astype(np.float32).copy(), format="fltp", layout="mono"
        )
        frame.sample_rate = rate_hz
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)


@pytest.mark.corpora
@pytest.mark.skipif(not ROOT, reason="AFFEKT_CORPORA names no folder with real recordings")
def test_real_clips_get_the_answers_of_python(browser, python, tmp_path):
    """Clips of every corpus; decoded first, so that both hear identical samples."""
    paths = []
    for corpus in sorted(path for path in Path(str(ROOT)).iterdir() if path.is_dir()):
        clips = sorted(path for path in corpus.rglob("*") if path.suffix in SUFFIXES)
        for number, clip in enumerate(clips[:: max(1, len(clips) // CLIPS)][:CLIPS]):
            paths.append(tmp_path / f"{corpus.name}-{number}.wav")
            soundfile.write(paths[-1], decode(clip).signal, 16_000)
    assert len(paths) >= CLIPS
    answers = browser(paths)
    distances = {
        path.name: farthest(answers[path.name], python.predict(path).to_dict()) for path in paths
    }
    assert {name: far for name, far in distances.items() if far >= 1e-3} == {}
