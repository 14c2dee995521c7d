"""The browser's answers are Python's: same samples, same windows, same graph."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import scipy.signal
import soundfile
import soxr

from affekt.audio import decode
from affekt.audio.bandwidth import NARROW_BAND, Bandwidth
from affekt.audio.crosstalk import CrosstalkDetector
from affekt.audio.downmix import Downmix
from affekt.recognition import Recognizer
from affekt.web_bundle import write_web_bundle

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


# Samples go to the browser and back as text: as numbers, a second takes a second.
UNPACKED = """
const unpacked = (text) =>
  new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
"""
BY_TURNS = f"""async ([channels, rate]) => {{
  {UNPACKED}
  const {{ haveSeparateVoices }} = await import("./crosstalk.js");
  return haveSeparateVoices(channels.map(unpacked), rate);
}}"""
TO_MONO = f"""async ([channels, rate]) => {{
  {UNPACKED}
  const {{ toMono }} = await import("./downmix.js");
  const {{ signal, warnings }} = toMono(channels.map(unpacked), rate);
  const bytes = Array.from(new Uint8Array(signal.buffer), (byte) => String.fromCharCode(byte));
  return [btoa(bytes.join("")), warnings];
}}"""
IS_NARROW = f"""async ([signal, rate, source]) => {{
  {UNPACKED}
  const {{ isNarrowBand }} = await import("./bandwidth.js");
  return isNarrowBand(unpacked(signal), rate, source);
}}"""


def packed(signal: np.ndarray) -> str:
    return base64.b64encode(signal.astype(np.float32).tobytes()).decode()


def test_both_tell_the_same_calls(tone_folder, open_page, serve):
    page = open_page(serve(tone_folder).url, service_workers="block").page
    rng = np.random.default_rng(7)
    times = np.arange(12 * 16_000)
    answers = []
    for echo_db, turn_s, noise_db in itertools.product((-40, -14, -8), (1.0, 2.5), (-80, -45)):
        swell = np.interp(times, times[::1600], rng.random(times[::1600].size)) ** 2
        voices = 0.2 * swell * rng.standard_normal((2, times.size))
        voices *= (times // (turn_s * 16_000) % 2 == [[0], [1]]).astype(float)
        voices += 10 ** (echo_db / 20) * voices[::-1]
        voices += 10 ** (noise_db / 20) * rng.standard_normal(voices.shape)
        voices = voices.astype(np.float32)
        detector = CrosstalkDetector(16_000, 2)
        detector.update(voices.T)
        found = page.evaluate(BY_TURNS, [[packed(channel) for channel in voices], 16_000])
        assert found == detector.separate_voices, (echo_db, turn_s, noise_db)
        answers.append(found)
    assert {True, False} == set(answers)


KINDS = (
    *("alike", "opposite", "opposite first", "dead", "dead at first", "turned later"),
    *("nine", "silent"),
)


def channels_of(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Noise of 2 s that changes its channels, or not."""
    sound, other = 0.1 * rng.standard_normal((2, 2 * 16_000))
    nothing, half = np.zeros_like(sound), np.arange(sound.size) < 16_000
    return np.stack(
        {
            "alike": (sound, 0.5 * sound),
            "opposite": (sound, -0.9 * sound + 0.1 * other),
            "opposite first": (-0.5 * sound, sound, sound),
            "dead": (sound, 1e-4 * other, nothing),
            "dead at first": (sound, np.where(half, 0.0, other)),
            "turned later": (sound, np.where(half, sound, -3 * sound)),
            "nine": (sound, *8 * (nothing,)),
            "silent": (nothing, nothing),
        }[kind]
    ).astype(np.float32)


def test_both_mix_channels_alike(tone_folder, open_page, serve):
    page = open_page(serve(tone_folder).url, service_workers="block").page
    rng = np.random.default_rng(7)
    answers = set()
    # At a rate of 2 kHz these are 16 s, of which the end is judged second by second.
    for kind, rate_hz in itertools.product(KINDS, (16_000, 2_000)):
        channels = channels_of(kind, rng)
        mix = Downmix(rate_hz, len(channels), channel=None)
        expected = np.concatenate([*mix.push(channels.T), *mix.finish()])
        channels_as_text = [packed(channel) for channel in channels]
        text, warnings = page.evaluate(TO_MONO, [channels_as_text, rate_hz])
        signal = np.frombuffer(base64.b64decode(text), np.float32)
        np.testing.assert_allclose(signal, expected, atol=1e-6, err_msg=kind)
        assert warnings == mix.warnings(), kind
        answers.update(warnings)
    assert len(answers) >= 4


def test_both_tell_the_same_narrow_bands(tone_folder, open_page, serve, write_voice):
    page = open_page(serve(tone_folder).url, service_workers="block").page
    voice, _ = soundfile.read(write_voice("voice.wav", 12.0), dtype="float32")
    answers = []
    for edge_hz, level, source_hz in (
        *itertools.product((None, 3400, 3900, 4500, 5000), (0.01, 1.0), (16_000,)),
        *((None, 1.0, rate_hz) for rate_hz in (8_000, 8_400, 8_800)),
    ):
        signal = level * voice
        if edge_hz is not None:
            taps = scipy.signal.firwin(255, edge_hz, fs=16_000)
            signal = scipy.signal.lfilter(taps, 1.0, signal).astype(np.float32)
        band = Bandwidth(16_000, source_hz)
        band.update(signal)
        found = page.evaluate(IS_NARROW, [packed(signal), 16_000, source_hz])
        assert found == (band.warnings() == [NARROW_BAND]), (edge_hz, level, source_hz)
        answers.append(found)
    assert {True, False} == set(answers)
    script = "async () => (await import('./bandwidth.js')).NARROW_BAND"
    assert page.evaluate(script) == NARROW_BAND


def test_channels_and_narrow_bands_are_reported_in_the_same_words(
    browser, python, write_voice, tmp_path
):
    voice, _ = soundfile.read(write_voice("voice.wav", 3.0))
    noise = 0.02 * np.random.default_rng(7).standard_normal((2, voice.size))
    left, right = voice + noise
    narrow = scipy.signal.lfilter(scipy.signal.firwin(255, 3400, fs=16_000), 1.0, left)
    recordings = {
        "opposite.wav": np.stack((left, -0.8 * left), axis=1),
        "dead.wav": np.stack((np.zeros_like(left), left), axis=1),
        "surround.wav": np.stack((left, right, *4 * (np.zeros_like(left),)), axis=1),
        "telephone.wav": narrow,
    }
    for name, frames in recordings.items():
        soundfile.write(tmp_path / name, frames, 16_000)
    answers = browser([tmp_path / name for name in recordings])
    for name in recordings:
        expected = python.predict(tmp_path / name).to_dict()
        assert expected["warnings"], name
        assert answers[name]["warnings"] == expected["warnings"]
        assert farthest(answers[name], expected) < 1e-4


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


def test_what_is_not_speech_is_left_out_alike(open_page, serve, tones, library, tmp_path):
    model = tones.write_bundle(tmp_path / "wary.onnx", novelty=True)
    folder = write_web_bundle(tmp_path / "page", model=model, library=library).folder
    opened = open_page(serve(folder).url, service_workers="block")
    python = Recognizer.load(model)
    speech, pause = tones.tone("angry", duration_s=5.0, amplitude=0.3), np.zeros(16_000)
    for music_s in (4.0, 12.0):
        music = tones.tone("sad", duration_s=music_s, amplitude=0.9)
        for name, parts in (("mixed", (music, pause, speech)), ("music", (music, pause, music))):
            soundfile.write(tmp_path / f"{name}-{music_s}.wav", np.concatenate(parts), 16_000)
    paths = sorted(tmp_path.glob("m*.wav"))
    opened.choose(*paths)
    for answer in opened.results():
        expected = python.predict(tmp_path / answer["path"]).to_dict()
        assert without_scores(answer) == without_scores(expected)
        assert answer["novelty"] == pytest.approx(expected["novelty"], abs=2e-3)
        assert farthest(answer, expected) < 1e-3


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
    """Clips of every corpus; decoded first, so that both get identical samples."""
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
