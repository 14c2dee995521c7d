"""Several sound tracks in one file: which one is recognised, and how to choose another."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from affekt.cli import main
from affekt.emotions import CANONICAL
from affekt.errors import ConfigError
from affekt.recognition import Recognizer

av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")


@pytest.fixture
def two_tracks(tones: SimpleNamespace, tmp_path: Path) -> Path:
    """A video file with the tone of happy on its first track, and that of sad on its second."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        streams = [
            container.add_stream("pcm_s16le", rate=16000, options={}, layout="mono")
            for _ in range(2)
        ]
        for stream, label in zip(streams, ("happy", "sad"), strict=True):
            hz = tones.tone_hz(CANONICAL.index(label))
            sound = 9000 * np.sin(2 * np.pi * hz * np.arange(32000) / 16000)
            frame = av.AudioFrame.from_ndarray(
                sound.astype(np.int16)[np.newaxis], format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts, frame.time_base = 16000, 0, Fraction(1, 16000)
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    path = tmp_path / "two.mkv"
    path.write_bytes(buffer.getvalue())
    return path


def test_the_library_takes_the_track_that_is_chosen(tone_bundle: Path, two_tracks: Path) -> None:
    recognizer = Recognizer.load(tone_bundle)
    default = recognizer.predict(two_tracks)
    assert default.emotion == "happy"
    assert "2 sound tracks: track 0, the first one, was read" in default.warnings[0]
    chosen = recognizer.predict(two_tracks, track=1)
    assert (chosen.emotion, chosen.warnings) == ("sad", ())
    followed = recognizer.timeline(two_tracks, track=1)
    assert {item.emotion for item in followed.tracks[0].segments if item.speech} <= {"sad"}
    assert followed.warnings == ()


def test_samples_in_memory_have_no_tracks(tone_bundle: Path) -> None:
    with pytest.raises(ConfigError, match="no sound tracks: leave track out"):
        Recognizer.load(tone_bundle)(np.full(16000, 0.1), 16000, track=1)


def test_predict_takes_a_track(tone_bundle: Path, two_tracks: Path) -> None:
    command = ["predict", str(two_tracks), "--model", str(tone_bundle), "--format", "csv"]
    run = CliRunner().invoke(main, [*command, "--track", "1"])
    assert (run.exit_code, "sad" in run.output.splitlines()[1]) == (0, True)
    missing = CliRunner().invoke(main, [*command, "--track", "2"])
    assert "there is no sound track 2: it has 2 (0 to 1)" in missing.output


def test_timeline_and_inspect_take_a_track(
    tone_bundle: Path, two_tracks: Path, tmp_path: Path
) -> None:
    command = ["timeline", str(two_tracks), "--model", str(tone_bundle), "--track", "1"]
    run = CliRunner().invoke(main, command)
    assert (run.exit_code, "sound tracks" in run.output) == (0, False)
    picture = str(tmp_path / "two.png")
    shown = CliRunner().invoke(main, ["inspect", str(two_tracks), "--out", picture]).output
    assert "note" in shown
    chosen = ["inspect", str(two_tracks), "--out", picture, "--track", "1"]
    assert "note" not in CliRunner().invoke(main, chosen).output
