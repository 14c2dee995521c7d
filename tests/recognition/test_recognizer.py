from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import affekt
from affekt.emotions import CANONICAL
from affekt.errors import AudioError, ConfigError
from affekt.recognition import Failure, Recognizer
from affekt.records import Prediction

RATE_HZ = 16000


@pytest.fixture(scope="module")
def recognizer(tone_bundle: Path) -> Recognizer:
    return Recognizer.load(tone_bundle)


@pytest.fixture
def clip(tones: SimpleNamespace, tmp_path: Path) -> Callable[..., Path]:
    """Write a tone, or several one after the other, and return the file."""

    def write(*labels: str, name: str = "clip.wav", **more: float) -> Path:
        signal = np.concatenate([tones.tone(label, **more) for label in labels])
        soundfile.write(tmp_path / name, signal, RATE_HZ)
        return tmp_path / name

    return write


def test_the_package_offers_the_recognizer() -> None:
    assert affekt.Recognizer is Recognizer


@pytest.mark.parametrize("label", CANONICAL)
def test_samples_in_memory_are_recognised(
    recognizer: Recognizer, tones: SimpleNamespace, label: str
) -> None:
    prediction = recognizer(tones.tone(label), RATE_HZ)
    assert prediction.emotion == label
    assert prediction.path is None
    assert prediction.model == "tones 1.2"
    assert prediction.warnings == ()


def test_samples_of_any_rate_channels_and_type_are_recognised(recognizer: Recognizer) -> None:
    time_s = np.arange(44100) / 44100
    left = 9000.0 * np.sin(2 * np.pi * 880.0 * time_s)  # 880 Hz is the tone of "angry"
    prediction = recognizer(np.stack([left, left], axis=1).astype(np.int16), 44100)
    assert prediction.emotion == "angry"
    assert (prediction.sampling_rate_hz, prediction.channels) == (44100, 2)
    assert prediction.duration_s == pytest.approx(1.0)


def test_a_path_a_file_object_and_bytes_give_the_same_answer(
    recognizer: Recognizer, clip: Callable[..., Path]
) -> None:
    path = clip("sad")
    with path.open("rb") as file:
        answers = [
            recognizer.predict(path),
            recognizer.predict(str(path)),
            recognizer.predict(file),
            recognizer.predict(io.BytesIO(path.read_bytes())),
            recognizer.predict(path.read_bytes()),
        ]
    assert [answer.path for answer in answers] == [str(path), str(path), None, None, None]
    assert len({answer.predictions for answer in answers}) == 1


def test_a_channel_can_be_chosen(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    both = np.stack([tones.tone("happy"), tones.tone("disgust")], axis=1)
    soundfile.write(tmp_path / "two.wav", both, RATE_HZ)
    for channel, label in ((0, "happy"), (1, "disgust")):
        assert recognizer.predict(tmp_path / "two.wav", channel=channel).emotion == label
        assert recognizer(both, RATE_HZ, channel=channel).emotion == label


def test_all_labels_come_by_falling_probability(
    recognizer: Recognizer, tones: SimpleNamespace
) -> None:
    prediction = recognizer(tones.tone("calm"), RATE_HZ)
    scores = [item.score for item in prediction.predictions]
    assert sorted(item.label for item in prediction.predictions) == sorted(CANONICAL)
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1.0, abs=1e-5)
    assert prediction.confidence == scores[0]


def test_top_k_cuts_the_list_and_nothing_else(
    recognizer: Recognizer, tones: SimpleNamespace
) -> None:
    prediction = recognizer(tones.tone("calm"), RATE_HZ, top_k=2)
    whole = recognizer(tones.tone("calm"), RATE_HZ)
    assert prediction.predictions == whole.predictions[:2]
    assert prediction.confidence == whole.confidence


def test_a_purpose_is_stamped_on_every_answer(
    recognizer: Recognizer, tones: SimpleNamespace, clip: Callable[..., Path]
) -> None:
    path = clip("sad")
    (among_many,) = recognizer.predict_many([path], purpose="medical")
    assert isinstance(among_many, Prediction)
    answers = [
        recognizer(tones.tone("sad"), RATE_HZ, purpose="medical"),
        recognizer.predict(path, purpose="medical"),
        recognizer.explain(path, purpose="medical").prediction,
        among_many,
    ]
    assert [answer.purpose for answer in answers] == ["medical"] * 4
    assert recognizer.predict(path).purpose is None
    research = {"purpose": "research", "consented": True}
    assert recognizer.predict(path, **research).purpose == "research with consent"
    assert recognizer.explain(path, **research).prediction.purpose == "research with consent"
    with pytest.raises(ConfigError, match="consented goes with a purpose"):
        recognizer.predict(path, consented=True)


@pytest.mark.parametrize("option", ["consented", "mix"])
def test_a_word_is_no_yes_and_no_no(recognizer: Recognizer, option: str) -> None:
    said: dict[str, Any] = {option: "no", "purpose": "research"}
    for ask in (recognizer.predict, recognizer.explain, recognizer.timeline):
        with pytest.raises(ConfigError, match=f"{option} takes true or false alone, and no 'no'"):
            ask("gone.wav", **said)


def test_what_is_no_purpose_is_refused_before_anything_is_read(recognizer: Recognizer) -> None:
    for ask in (recognizer.predict, recognizer.explain):
        with pytest.raises(ConfigError, match="no purpose is called 'medicine'"):
            ask("gone.wav", purpose="medicine")


def test_seven_join_calm_to_neutral(recognizer: Recognizer, tones: SimpleNamespace) -> None:
    prediction = recognizer(tones.tone("calm"), RATE_HZ, emotions=7)
    assert prediction.emotion == "neutral"
    assert prediction.left_out == 0.0
    assert len(prediction.predictions) == 7


def test_six_and_four_say_how_much_they_leave_out(
    recognizer: Recognizer, tones: SimpleNamespace
) -> None:
    whole = {
        item.label: item.score for item in recognizer(tones.tone("disgust"), RATE_HZ).predictions
    }
    outside = whole["fearful"] + whole["disgust"] + whole["surprised"]
    prediction = recognizer(tones.tone("disgust"), RATE_HZ, emotions=4)
    assert prediction.left_out == pytest.approx(outside)
    assert sum(item.score for item in prediction.predictions) == pytest.approx(1.0)


def test_without_a_vocabulary_a_model_keeps_labels_of_its_own(
    tones: SimpleNamespace, tmp_path: Path
) -> None:
    labels = (*CANONICAL, "boredom")
    recognizer = Recognizer.load(tones.write_bundle(tmp_path / "nine.onnx", labels=labels))
    prediction = recognizer(tones.tone("sad"), RATE_HZ)
    assert "boredom" in {item.label for item in prediction.predictions}
    assert prediction.left_out is None
    assert recognizer.labels() == labels
    assert recognizer.labels(8) == CANONICAL


def test_the_threshold_decides_what_is_uncertain(
    recognizer: Recognizer, tones: SimpleNamespace
) -> None:
    between = 0.5 * (tones.tone("happy") + tones.tone("sad"))  # the model's own threshold is 0.5
    confidence = recognizer(between, RATE_HZ).confidence
    assert not recognizer(between, RATE_HZ, threshold=confidence).uncertain
    assert recognizer(between, RATE_HZ, threshold=confidence + 1e-6).uncertain
    assert recognizer(between, RATE_HZ).uncertain == (confidence < 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"emotions": 5}, "no vocabulary of 5 emotions"),
        ({"threshold": 1.1}, "threshold must lie in 0 to 1"),
        ({"top_k": 0}, "top_k must be 1 or more"),
        ({"treshold": 0.5}, "did you mean 'threshold'"),
    ],
)
def test_impossible_options_are_refused_before_anything_is_opened(
    recognizer: Recognizer, options: dict[str, float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        recognizer.predict("nowhere.wav", **options)
    with pytest.raises(ConfigError, match=message):
        recognizer.predict_many(["nowhere.wav"], **options)


def test_a_vocabulary_the_model_knows_nothing_of_is_refused(
    tones: SimpleNamespace, tmp_path: Path
) -> None:
    recognizer = Recognizer.load(tones.write_bundle(tmp_path / "x.onnx", labels=("a", "b")))
    with pytest.raises(ConfigError, match="knows none"):
        recognizer.labels(4)


def test_ten_seconds_are_taken_whole(recognizer: Recognizer, clip: Callable[..., Path]) -> None:
    assert recognizer.predict(clip("happy", duration_s=10.0)).warnings == ()


def test_a_longer_recording_is_the_mean_of_its_windows(
    recognizer: Recognizer, clip: Callable[..., Path]
) -> None:
    # Twice as long angry as sad, in windows of 5 s.
    path = clip("angry", "angry", "sad", duration_s=5.0)
    prediction = recognizer.predict(path)
    scores = {item.label: item.score for item in prediction.predictions}
    alone = {
        label: {
            item.label: item.score
            for item in recognizer.predict(clip(label, duration_s=5.0)).predictions
        }
        for label in ("angry", "sad")
    }
    expected = (2 * alone["angry"]["angry"] + alone["sad"]["angry"]) / 3
    assert scores["angry"] == pytest.approx(expected, abs=2e-3)
    assert prediction.warnings == (
        "Longer than 10 s: the answer is the mean of 3 windows of up to 5 s "
        "over the parts with sound.",
    )
    assert prediction.duration_s == pytest.approx(15.0)


def test_the_intensity_is_told_where_the_model_tells_it(
    recognizer: Recognizer, tones: SimpleNamespace, tmp_path: Path
) -> None:
    rating = Recognizer.load(tones.write_bundle(tmp_path / "rating.onnx", intensity=True))
    soft, loud = (rating(tones.tone("sad", amplitude=size), RATE_HZ) for size in (0.1, 0.5))
    mean_size = 0.5 * 2.0 / np.pi
    assert loud.intensity == pytest.approx(np.tanh(mean_size), abs=1e-3)
    assert soft.intensity is not None
    assert soft.intensity < loud.intensity
    # Of a long recording it is the mean over the windows.
    long = np.concatenate([tones.tone("sad", duration_s=6.0, amplitude=a) for a in (0.1, 0.5)])
    assert soft.intensity < (rating(long, RATE_HZ).intensity or 0.0) < loud.intensity
    assert recognizer(tones.tone("sad"), RATE_HZ).intensity is None


def test_what_is_not_speech_dilutes_no_answer(tones: SimpleNamespace, tmp_path: Path) -> None:
    recognizer = Recognizer.load(tones.write_bundle(tmp_path / "wary.onnx", novelty=True))
    music = tones.tone("sad", duration_s=10.0, amplitude=0.9)
    speech = tones.tone("angry", duration_s=5.0, amplitude=0.3)
    pause = np.zeros(RATE_HZ, dtype=np.float32)
    alone = recognizer(speech, RATE_HZ)
    mixed = recognizer(np.concatenate([music, pause, speech]), RATE_HZ)
    assert (mixed.emotion, mixed.out_of_domain, mixed.uncertain) == ("angry", False, False)
    assert mixed.confidence == pytest.approx(alone.confidence, abs=0.01)
    assert mixed.warnings[-1] == (
        "Longer than 10 s: the answer is the mean of 2 windows of up to 5 s over the parts with "
        "sound. 3 more are not speech to the model, and do not count."
    )
    nothing_else = recognizer(np.concatenate([music, pause, music]), RATE_HZ)
    assert (nothing_else.emotion, nothing_else.out_of_domain) == ("sad", True)
    assert "do not count" not in nothing_else.warnings[-1]


def test_silence_in_a_long_recording_does_not_count(
    recognizer: Recognizer, tones: SimpleNamespace
) -> None:
    pause = np.zeros(20 * RATE_HZ, dtype=np.float32)
    signal = np.concatenate([pause, tones.tone("happy", duration_s=3.0), pause])
    prediction = recognizer(signal, RATE_HZ)
    assert prediction.emotion == "happy"
    assert "the answer is 1 window" in prediction.warnings[0]


def test_a_long_recording_of_clicks_holds_nothing(recognizer: Recognizer) -> None:
    signal = np.zeros(20 * RATE_HZ, dtype=np.float32)
    signal[RATE_HZ] = 0.9
    with pytest.raises(AudioError, match="clicks only"):
        recognizer(signal, RATE_HZ)


def test_a_long_array_and_the_same_file_agree(
    recognizer: Recognizer, tones: SimpleNamespace, clip: Callable[..., Path]
) -> None:
    labels = ("angry", "sad", "happy", "calm")
    signal = np.concatenate([tones.tone(label, duration_s=6.0) for label in labels])
    from_file = recognizer.predict(clip(*labels, name="long.flac", duration_s=6.0))
    from_memory = recognizer(signal, RATE_HZ)
    for ours, theirs in zip(from_file.predictions, from_memory.predictions, strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=1e-3)


def test_many_takes_no_single_path(recognizer: Recognizer) -> None:
    with pytest.raises(ConfigError, match=r"for a\.wav alone use predict"):
        recognizer.predict_many("a.wav")


def test_many_go_on_after_a_bad_one(
    recognizer: Recognizer, clip: Callable[..., Path], tmp_path: Path
) -> None:
    good = clip("happy")
    (tmp_path / "bad.wav").write_text("no sound")
    answers = list(recognizer.predict_many([good, tmp_path / "bad.wav", "gone.wav", good]))
    assert [type(answer) for answer in answers] == [Prediction, Failure, Failure, Prediction]
    assert isinstance(answers[1], Failure)
    assert answers[1].path == str(tmp_path / "bad.wav")
    assert isinstance(answers[1].error, AudioError)


def test_many_are_recognised_as_they_are_asked_for(
    recognizer: Recognizer, clip: Callable[..., Path]
) -> None:
    def endless() -> object:
        while True:
            yield clip("happy")

    answers = recognizer.predict_many(endless())
    assert isinstance(next(answers), Prediction)


@settings(max_examples=25, deadline=None)
@given(
    samples=st.integers(1600, 12 * RATE_HZ),
    emotions=st.sampled_from([None, 8, 7, 6, 4]),
    seed=st.integers(0, 2**32 - 1),
)
def test_whatever_the_length_the_answer_is_a_distribution(
    tone_bundle: Path, samples: int, emotions: int | None, seed: int
) -> None:
    signal = np.random.default_rng(seed).normal(0.0, 0.1, samples).astype(np.float32)
    prediction = Recognizer.load(tone_bundle)(signal, RATE_HZ, emotions=emotions)
    assert sum(item.score for item in prediction.predictions) == pytest.approx(1.0, abs=1e-5)
    assert 0.0 <= (prediction.left_out or 0.0) <= 1.0 + 1e-6


@pytest.mark.parametrize("error", [MemoryError(), OSError(5, "Input/output error")])
def test_what_the_system_refuses_one_recording_does_not_end_the_run(
    recognizer: Recognizer,
    clip: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    paths = [clip("sad", name="a.wav"), clip("sad", name="b.wav")]
    predict = Recognizer.predict

    def fail_over_the_first(self: Recognizer, source: Path, **options: object) -> Prediction:
        if source == paths[0]:
            raise error
        return predict(self, source)

    monkeypatch.setattr(Recognizer, "predict", fail_over_the_first)
    failed, answered = recognizer.predict_many(paths)
    assert isinstance(failed, Failure)
    assert str(failed.error).startswith(f"{paths[0]}: cannot be recognised: ")
    assert isinstance(answered, Prediction)
