from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from affekt.errors import AudioError, ConfigError
from affekt.recognition import Recognizer
from affekt.recognition.explain import LIMIT_S

RATE_HZ = 16000


@pytest.fixture(scope="module")
def recognizer(tone_bundle: Path) -> Recognizer:
    return Recognizer.load(tone_bundle)


@pytest.fixture(scope="module")
def shipped() -> Recognizer:
    return Recognizer.load("default")


def burst(start_s: float, end_s: float, *, duration_s: float, seed: int = 0) -> np.ndarray:
    """Return near-silence with something like a voice from `start_s` to `end_s`."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    pitch_hz = 160.0 + 30.0 * np.sin(2 * np.pi * 1.3 * times_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    syllables = 0.5 - 0.5 * np.cos(2 * np.pi * 4.0 * (times_s - start_s))
    spoken = (times_s >= start_s) & (times_s < end_s)
    noise = 3e-4 * rng.standard_normal(times_s.size)
    return (0.15 * voice * syllables * spoken + noise).astype(np.float32)


def write(path: Path, signal: np.ndarray) -> Path:
    soundfile.write(path, signal, RATE_HZ)
    return path


def test_relevance_is_a_distribution_over_the_frames(shipped: Recognizer, tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", burst(0.5, 2.5, duration_s=3.0))
    explanation = shipped.explain(path)
    assert explanation.prediction == shipped.predict(path)
    assert explanation.relevance.shape == explanation.times_s.shape == (94,)
    assert explanation.relevance.min() >= 0.0
    assert explanation.relevance.sum() == pytest.approx(1.0)
    assert np.diff(explanation.times_s) == pytest.approx(0.032)
    assert explanation.times_s[-1] == pytest.approx(3.0, abs=0.032)


def test_the_shipped_model_attends_to_the_voice_and_not_to_the_silence(
    shipped: Recognizer, tmp_path: Path
) -> None:
    path = write(tmp_path / "clip.wav", burst(3.0, 4.0, duration_s=6.0))
    explanation = shipped.explain(path)
    inside = (explanation.times_s > 2.9) & (explanation.times_s < 4.1)
    assert explanation.relevance[inside].sum() > 0.6  # of 17 % of the frames


def test_relevance_stays_where_the_sound_is_in_a_long_recording(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    silence = np.zeros(6 * RATE_HZ, np.float32)
    signal = np.concatenate([silence, tones.tone("angry", duration_s=7.0), silence])
    path = write(tmp_path / "long.wav", signal)
    explanation = recognizer.explain(path)
    assert explanation.prediction == recognizer.predict(path)
    assert explanation.duration_s == pytest.approx(19.0)
    assert explanation.relevance.sum() == pytest.approx(1.0)
    inside = (explanation.times_s >= 6.0) & (explanation.times_s < 13.0)
    assert explanation.relevance[inside].sum() == pytest.approx(1.0, abs=1e-3)
    assert explanation.times_s[-1] == pytest.approx(19.0, abs=0.02)


def test_every_window_weighs_by_its_length(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    # Windows of 5 s over one stretch: the louder half of one does not take from another.
    loud, soft = (tones.tone("sad", duration_s=5.0, amplitude=a) for a in (0.4, 0.3))
    explanation = recognizer.explain(write(tmp_path / "l.wav", np.concatenate([loud, soft, soft])))
    thirds = [explanation.relevance[(explanation.times_s // 5.0) == k].sum() for k in range(3)]
    assert thirds == pytest.approx([1 / 3] * 3, abs=0.01)


def test_the_spectrum_for_drawing_covers_the_recording(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    explanation = recognizer.explain(write(tmp_path / "a.wav", tones.tone("calm", duration_s=2.0)))
    assert explanation.log_mel.shape == (126, 80)
    assert explanation.log_mel_hop_s == pytest.approx(2.0 / 125)


def test_a_stretch_is_treated_as_a_recording_whose_times_stay(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    parts = [tones.tone(label, duration_s=4.0) for label in ("happy", "sad", "angry", "calm")]
    path = write(tmp_path / "parts.wav", np.concatenate(parts))
    explanation = recognizer.explain(path, start_s=8.0, end_s=12.0)
    assert explanation.prediction.emotion == "angry"
    assert explanation.start_s == 8.0
    assert explanation.duration_s == pytest.approx(4.0)
    assert explanation.times_s[0] == 8.0
    assert explanation.times_s[-1] == pytest.approx(12.0, abs=0.02)


def test_a_stretch_that_ends_at_zero_is_impossible(tones: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "voice.wav"
    soundfile.write(path, burst(0.2, 0.8, duration_s=1.0), 16_000)
    recognizer = Recognizer.load(tones.write_bundle(tmp_path / "tones.onnx"))
    with pytest.raises(AudioError, match="impossible"):
        recognizer.explain(path, end_s=0.0)


def test_a_channel_can_be_chosen(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    both = np.stack([tones.tone("happy"), tones.tone("fearful")], axis=1)
    path = write(tmp_path / "call.wav", both)
    assert recognizer.explain(path, channel=1).prediction.emotion == "fearful"
    assert recognizer.explain(path.read_bytes(), channel=0).prediction.emotion == "happy"


def test_the_record_holds_plain_numbers(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    record = recognizer.explain(write(tmp_path / "a.wav", tones.tone("calm"))).to_dict()
    assert list(record) == ["schema_version", "prediction", "start_s", "times_s", "relevance"]
    assert record["prediction"]["emotion"] == "calm"
    assert sum(record["relevance"]) == pytest.approx(1.0, abs=1e-4)
    assert len(record["times_s"]) == len(record["relevance"]) == 100


def test_what_is_too_long_is_refused_with_the_remedy(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    path = write(tmp_path / "long.wav", tones.tone("calm", duration_s=LIMIT_S + 1.5))
    with pytest.raises(AudioError, match=r"up to 5 minutes at once: name a stretch"):
        recognizer.explain(path)
    with pytest.raises(AudioError, match="name a stretch"):
        recognizer.explain(path, start_s=0.0)
    assert recognizer.explain(path, start_s=2.0).duration_s == pytest.approx(LIMIT_S - 0.5)


def test_a_model_without_relevance_says_so(tones: SimpleNamespace, tmp_path: Path) -> None:
    bundle = tones.write_feature_bundle(tmp_path / "crossings.onnx")
    with pytest.raises(ConfigError, match="gives no relevance: its front end is the feature set"):
        Recognizer.load(bundle).explain(write(tmp_path / "a.wav", tones.tone("calm")))
