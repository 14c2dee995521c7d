"""Listening to corpora: every clip is measured, and what cannot be read is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from affekt.inspection import inspect_utterances
from affekt.records import Utterance


def utterance(path, **more):
    return Utterance(
        path=Path(path),
        corpus="own",
        collection="own",
        speaker="a",
        native_label="anger",
        emotion="angry",
        **more,
    )


def test_every_clip_is_measured_in_the_order_given(inspection):
    lengths = [clip.sound.duration_s for clip in inspection.clips if clip.sound]
    assert lengths == pytest.approx([4.0, 1.0, 1.0, 48_000 / 44_100, 2.0, 2.0])
    assert inspection.corpora == ("emodb", "savee")


def test_what_cannot_be_read_is_kept_with_the_reason(inspection):
    (clip,) = inspection.unreadable
    assert clip.utterance.path.name == "08a02Na.wav"
    assert "is not a recording that can be read" in clip.trouble


def test_a_git_lfs_pointer_is_called_so(tmp_path):
    (tmp_path / "a.wav").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    (clip,) = inspect_utterances([utterance(tmp_path / "a.wav")]).clips
    assert clip.sound is None
    assert "git lfs pull" in clip.trouble


def test_a_stretch_of_a_file_is_measured_alone(tmp_path, write_tone):
    path = write_tone(tmp_path / "a.wav", duration_s=2.0)
    (clip,) = inspect_utterances([utterance(path, start_s=0.5, end_s=1.0)]).clips
    assert clip.sound is not None
    assert clip.sound.duration_s == 0.5


def test_progress_counts_to_the_end(tmp_path, write_tone):
    paths = [write_tone(tmp_path / f"{name}.wav") for name in "abc"]
    seen = []
    inspect_utterances([utterance(path) for path in paths], progress=lambda *x: seen.append(x))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_an_interrupt_ends_the_listening(tmp_path, write_tone):
    path = write_tone(tmp_path / "a.wav")
    steps = []

    def interrupt(done, total):
        steps.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspect_utterances([utterance(path)] * 500, progress=interrupt)
    assert steps == [1]
