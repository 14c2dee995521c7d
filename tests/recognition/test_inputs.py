from __future__ import annotations

from pathlib import Path

from affekt.recognition.inputs import recordings


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_a_folder_stands_for_the_recordings_in_it_and_below(tmp_path: Path) -> None:
    make(tmp_path, "b.WAV", "a.mp3", "deep/er/c.flac", "notes.txt", "d.m4a")
    paths, failures = recordings([str(tmp_path)])
    names = [str(Path(path).relative_to(tmp_path)) for path in paths]
    assert names == ["a.mp3", "b.WAV", "d.m4a", "deep/er/c.flac"]
    assert failures == []


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "._a.wav", ".trash/b.wav", "c.wav")
    paths, _ = recordings([str(tmp_path)])
    assert paths == [str(tmp_path / "c.wav")]


def test_what_is_named_keeps_its_place_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "in/a.wav", "call.data")
    named = [str(tmp_path / "call.data"), "-", str(tmp_path / "in"), "gone.wav"]
    paths, failures = recordings(named)
    assert paths == [str(tmp_path / "call.data"), "-", str(tmp_path / "in/a.wav"), "gone.wav"]
    assert failures == []


def test_a_folder_without_recordings_is_a_failure(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt")
    paths, failures = recordings([str(tmp_path)])
    assert paths == []
    assert failures[0].path == str(tmp_path)
    assert "no recordings in this folder (looked for .3gp, " in str(failures[0].error)


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    make(tmp_path, "a.wav")
    (tmp_path / "again").symlink_to(tmp_path)
    assert recordings([str(tmp_path)])[0] == [str(tmp_path / "a.wav")]


def test_a_name_too_long_for_the_system_is_left_to_the_reader() -> None:
    assert recordings(["a" * 300 + ".wav", ""]) == (["a" * 300 + ".wav", ""], [])
