from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile

from affekt.audio.folders import passed_over_line
from affekt.audio.formats import SUFFIXES
from affekt.recognition.inputs import recordings


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_stands_for_the_recordings_in_it_and_below(tmp_path: Path) -> None:
    make(tmp_path, "b.WAV", "a.mp3", "deep/er/c.flac", "notes.txt", "d.m4a")
    found = recordings([str(tmp_path)])
    names = [str(Path(path).relative_to(tmp_path)) for path in found.paths]
    assert names == ["a.mp3", "b.WAV", "d.m4a", "deep/er/c.flac"]
    assert found.failures == []
    assert found.passed_over == {".txt": 1}


def test_every_ending_that_can_be_read_is_looked_for(tmp_path: Path) -> None:
    names = [f"{number:02}{suffix}" for number, suffix in enumerate(SUFFIXES)]
    make(tmp_path, *names)
    found = recordings([str(tmp_path)])
    assert [Path(path).name for path in found.paths] == names
    assert not found.passed_over


def test_a_recording_without_an_ending_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "noext", np.zeros(100), 16_000, format="WAV")
    make(tmp_path, "LICENCE")
    found = recordings([str(tmp_path)])
    assert found.paths == [str(tmp_path / "noext")]
    assert found.passed_over == {"": 1}


def test_pipes_and_broken_links_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "gone.wav").symlink_to("nowhere.wav")
    make(tmp_path, "c.wav")
    found = recordings([str(tmp_path)])
    assert found.paths == [str(tmp_path / "c.wav")]
    assert found.passed_over == {".wav": 2}


def test_what_was_passed_over_is_said_with_the_most_frequent_first() -> None:
    counts = {".txt": 1, "": 2, ".mov": 3} | {f".x{number}": 1 for number in range(10)}
    said = passed_over_line(counts)
    assert said.startswith("passed over, as no recordings: 16 files (.mov 3, without an ending 2, ")
    assert said.endswith(", others 5)")
    assert passed_over_line({".txt": 1}).endswith("1 file (.txt 1)")


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "._a.wav", ".trash/b.wav", "c.wav")
    assert recordings([str(tmp_path)]).paths == [str(tmp_path / "c.wav")]


def test_what_is_named_keeps_its_place_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "in/a.wav", "call.data")
    named = [str(tmp_path / "call.data"), "-", str(tmp_path / "in"), "gone.wav"]
    found = recordings(named)
    assert found.paths == [str(tmp_path / "call.data"), "-", str(tmp_path / "in/a.wav"), "gone.wav"]
    assert found.failures == []


def test_a_folder_without_recordings_is_a_failure(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt")
    found = recordings([str(tmp_path)])
    assert found.paths == []
    assert found.failures[0].path == str(tmp_path)
    assert "no recordings in this folder" in str(found.failures[0].error)


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (tmp_path / "again").symlink_to(tmp_path)
    assert recordings([str(tmp_path)])[0] == [str(tmp_path / "a.wav")]


def test_a_name_too_long_for_the_system_is_left_to_the_reader() -> None:
    assert recordings(["a" * 300 + ".wav", ""]).paths == ["a" * 300 + ".wav", ""]
