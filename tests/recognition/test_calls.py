"""Two people, a channel each, are never mixed by oversight, whichever way they come in."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from affekt.errors import ConfigError
from affekt.recognition import Failure, Recognizer
from affekt.recognition.live import raw_samples

RATE_HZ = 16_000
IS_A_CALL = "its channels take turns, as those of a call do: .*mix"

Ways = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def recognizer(tone_bundle: Path) -> Recognizer:
    return Recognizer.load(tone_bundle)


@pytest.fixture(scope="module", params=[8, 24])
def call(request: pytest.FixtureRequest, tones: SimpleNamespace) -> np.ndarray:
    """A call that is predicted as a whole, and one that is predicted in windows."""
    frames: np.ndarray = tones.call_by_turns(seconds=request.param)
    return frames


@pytest.fixture
def ways(recognizer: Recognizer, call: np.ndarray, tmp_path: Path) -> Ways:
    """Every way into the recognizer that takes several channels; each answers an emotion."""
    path = tmp_path / "call.wav"
    soundfile.write(path, call, RATE_HZ)
    data = path.read_bytes()
    return {
        "array": lambda **options: recognizer(call, RATE_HZ, **options),
        "integers": lambda **options: recognizer(
            (32767 * call).astype(np.int16), RATE_HZ, **options
        ),
        "path": lambda **options: recognizer.predict(path, **options),
        "bytes": lambda **options: recognizer.predict(data, **options),
        "explanation": lambda **options: recognizer.explain(path, **options).prediction,
        "stretch": lambda **options: (
            recognizer.explain(path, start_s=1.0, end_s=7.0, **options).prediction
        ),
    }


WAYS = ["array", "integers", "path", "bytes", "explanation", "stretch"]


@pytest.mark.parametrize("way", WAYS)
def test_a_call_is_refused_with_the_remedy(ways: Ways, way: str) -> None:
    with pytest.raises(ConfigError, match=f"{IS_A_CALL}"):
        ways[way]()
    with pytest.raises(ConfigError, match=r"\(channel: 0\)"):
        ways[way](mix=False)


@pytest.mark.parametrize("way", WAYS)
def test_one_person_s_channel_or_all_of_them_by_choice_are_recognised(ways: Ways, way: str) -> None:
    assert ways[way](channel=0).emotion == "happy"
    assert ways[way](channel=1).emotion == "angry"
    assert ways[way](mix=True).emotion == "sad"  # neither's: its pitch lies between theirs
    with pytest.raises(ConfigError, match="leave it out, or the channel"):
        ways[way](channel=0, mix=True)


def test_one_voice_in_stereo_is_no_call(recognizer: Recognizer, tones: SimpleNamespace) -> None:
    voice = tones.call_by_turns(seconds=24)[:, 0]
    assert recognizer(np.stack([voice, 0.5 * voice], axis=1), RATE_HZ).emotion == "happy"


def test_a_call_among_many_recordings_is_a_failure_of_its_own(
    recognizer: Recognizer, call: np.ndarray, tmp_path: Path, tones: SimpleNamespace
) -> None:
    soundfile.write(tmp_path / "call.wav", call, RATE_HZ)
    soundfile.write(tmp_path / "sad.wav", tones.tone("sad"), RATE_HZ)
    refused, answered = recognizer.predict_many([tmp_path / "call.wav", tmp_path / "sad.wav"])
    assert isinstance(refused, Failure)
    assert str(refused.error).startswith(f"{tmp_path / 'call.wav'}: its channels take turns")
    assert answered.emotion == "sad"


@pytest.mark.parametrize("sample_format", ["s16le", "f32le"])
def test_a_call_that_comes_in_as_raw_samples_is_refused_once_it_is_one(
    call: np.ndarray, sample_format: Any
) -> None:
    samples = (32767 * call).astype("<i2") if sample_format == "s16le" else call.astype("<f4")

    def mixed(**options: Any) -> np.ndarray:
        stream = io.BytesIO(samples.tobytes())
        form = {"sampling_rate_hz": RATE_HZ, "sample_format": sample_format, "channels": 2}
        return np.concatenate([*raw_samples(stream, **form, **options)])

    with pytest.raises(ConfigError, match=IS_A_CALL):
        mixed()
    np.testing.assert_allclose(mixed(channel=1), call[:, 1], atol=1e-4)
    assert mixed(mix=True).size == len(call)
