"""Writing where a user says: whole or not at all, and never over what is not Affekt's."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import affekt
from affekt import output
from affekt.errors import ConfigError
from affekt.output import check_output, open_output, open_text_output, write_output, write_outputs


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_file_appears_when_it_is_complete_and_nothing_stays_beside_it(folder: Path) -> None:
    with open_output(folder / "a.csv") as stream:
        stream.write(b"whole")
        assert not (folder / "a.csv").exists()
    assert [path.name for path in folder.iterdir()] == ["a.csv"]
    assert (folder / "a.csv").read_bytes() == b"whole"


def test_a_run_that_breaks_off_leaves_what_was_there(folder: Path) -> None:
    write_output(folder / "a.csv", "first")

    def breaks_off() -> None:
        with open_output(folder / "a.csv") as stream:
            stream.write(b"sec")
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - our own
        breaks_off()
    assert [path.name for path in folder.iterdir()] == ["a.csv"]
    assert (folder / "a.csv").read_text() == "first"


def test_what_affekt_wrote_is_replaced_and_keeps_its_permissions(folder: Path) -> None:
    write_output(folder / "a.csv", "first")
    (folder / "a.csv").chmod(0o640)
    write_output(folder / "a.csv", "second")
    assert (folder / "a.csv").read_text() == "second"
    assert (folder / "a.csv").stat().st_mode & 0o777 == 0o640


def test_an_empty_file_holds_nothing_that_could_be_lost(folder: Path) -> None:
    (folder / "a.csv").touch()
    write_output(folder / "a.csv", "first")
    assert (folder / "a.csv").read_text() == "first"


def test_a_foreign_file_is_kept_without_force(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"notes.txt: is there already.*--force"):
        write_output(folder / "notes.txt", "ours")
    assert (folder / "notes.txt").read_text() == "mine"
    write_output(folder / "notes.txt", "ours", force=True)
    assert (folder / "notes.txt").read_text() == "ours"


def test_a_file_that_was_changed_since_is_its_changers(folder: Path) -> None:
    write_output(folder / "a.csv", "first")
    with (folder / "a.csv").open("a") as file:
        file.write("a note")
    with pytest.raises(ConfigError, match="changed since"):
        write_output(folder / "a.csv", "second")


def test_what_is_moved_to_another_place_is_not_known_there(folder: Path) -> None:
    write_output(folder / "a.csv", "first")
    (folder / "a.csv").rename(folder / "kept.csv")
    with pytest.raises(ConfigError, match=r"kept\.csv: is there already"):
        check_output(folder / "kept.csv")


@pytest.mark.parametrize("force", [False, True])
def test_what_is_read_is_never_written_over(folder: Path, force: bool) -> None:
    write_output(folder / "call.wav", "sound")
    (folder / "link").symlink_to("call.wav")
    (folder / "hard").hardlink_to(folder / "call.wav")
    for name in ("call.wav", "link", "hard"):
        with pytest.raises(ConfigError, match=f"{name}: is read by this command"):
            check_output(folder / name, inputs=["gone.wav", folder / "call.wav"], force=force)
    assert (folder / "call.wav").read_text() == "sound"


def test_a_link_is_followed_and_stays(folder: Path) -> None:
    (folder / "below").mkdir()
    (folder / "link").symlink_to("below/a.csv")
    write_output(folder / "link", "first")
    write_output(folder / "link", "second")
    assert (folder / "link").is_symlink()
    assert (folder / "below" / "a.csv").read_text() == "second"


def test_a_device_is_written_into_and_stays() -> None:
    before = Path("/dev/null").stat()
    write_output("/dev/null", "nothing")
    assert Path("/dev/null").stat().st_rdev == before.st_rdev


def test_a_pipe_is_written_into_and_stays(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((folder / "pipe").read_text()))
    reader.start()
    write_output(folder / "pipe", "through")
    reader.join(timeout=60)
    assert read == ["through"]
    assert (folder / "pipe").is_fifo()


def test_standard_output_goes_where_the_shell_put_it(folder: Path) -> None:
    code = "from affekt.output import write_output; write_output('/dev/stdout', 'ours\\n')"
    (folder / "log").write_text("before\n")
    with (folder / "log").open("a") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, check=True)
    assert (folder / "log").read_text() == "before\nours\n"
    piped = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert piped.stdout == "ours\n"


def test_a_full_disk_is_refused_with_the_name_of_the_target() -> None:
    with pytest.raises(ConfigError, match=r"^/dev/full: cannot be written: No space left"):
        write_output("/dev/full", "too much")


@pytest.mark.parametrize(
    ("name", "message"),
    [("none/a.csv", "No such file or directory"), ("a" * 300, "File name too long")],
)
def test_a_place_that_cannot_be_is_reported(folder: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        write_output(folder / name, "x")


def test_a_folder_that_is_missing_is_reported_before_any_work_unless_the_command_makes_it(
    folder: Path,
) -> None:
    (folder / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be written: there is no folder .*out/none$"):
        check_output(folder / "none" / "a.csv")
    check_output(folder / "none" / "deeper" / "a.csv", makes_folder=True)
    with pytest.raises(ConfigError, match="cannot be written: Not a directory"):
        check_output(folder / "file" / "deeper" / "a.csv", makes_folder=True)


def test_a_folder_that_may_not_be_written_is_reported_before_any_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, mode: False)  # the tests may run as root
    for makes_folder in (False, True):
        with pytest.raises(ConfigError, match=r"a\.csv: cannot be written: Permission denied"):
            check_output(folder / "a.csv", makes_folder=makes_folder)


def test_a_folder_is_no_place_for_a_file(folder: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder: name a file in it"):
        check_output(folder, force=True)


def test_a_long_name_has_room_for_its_unfinished_file(folder: Path) -> None:
    write_output(folder / ("a" * 255), "x")
    assert (folder / ("a" * 255)).read_text() == "x"


def test_two_processes_do_not_write_one_file(folder: Path) -> None:
    with open_output(folder / "a.csv") as stream:
        stream.write(b"first")
        with pytest.raises(ConfigError, match=r"a.csv: another process is writing it"):
            write_output(folder / "a.csv", "second")
    assert (folder / "a.csv").read_text() == "first"


def test_what_a_killed_run_left_is_used_up_by_the_next(folder: Path) -> None:
    code = (
        "import os, sys; from affekt.output import open_output\n"
        "with open_output(sys.argv[1]) as stream:\n"
        "    stream.write(b'half'); stream.flush(); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, folder / "a.csv"], check=False)
    assert all(path.name.startswith(".affekt-") for path in folder.iterdir())
    write_output(folder / "a.csv", "whole")
    assert [path.name for path in folder.iterdir()] == ["a.csv"]
    assert (folder / "a.csv").read_text() == "whole"


def test_what_is_not_complete_goes_when_the_process_is_reported_to_end(folder: Path) -> None:
    with contextlib.suppress(ConfigError), open_output(folder / "a.csv") as stream:
        stream.write(b"half")
        stream.flush()
        output.remove_unfinished()
        assert list(folder.iterdir()) == []
    assert list(folder.iterdir()) == []


def test_a_name_that_is_no_text_is_written_as_json_writes_it(folder: Path) -> None:
    with open_text_output(folder / "a.csv") as text:
        text.write("a\udcff.wav\n")
    assert (folder / "a.csv").read_bytes() == b"a\\udcff.wav\n"


def test_files_of_a_folder_appear_together_or_not_at_all(folder: Path) -> None:
    (folder / "b.csv").write_text("mine")
    with pytest.raises(ConfigError, match=r"b\.csv: is there already"):
        write_outputs(folder, {"a.csv": "a", "b.csv": "b"})
    assert [path.name for path in folder.iterdir()] == ["b.csv"]
    write_outputs(folder / "new", {"a.csv": "a", "below/b.png": b"b"})
    assert (folder / "new" / "below" / "b.png").read_bytes() == b"b"


def test_the_memory_of_what_was_written_does_not_grow_for_ever(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_LEDGER_BYTES", 500)
    for number in range(30):
        write_output(folder / f"{number}.csv", "x")
    assert sum(path.stat().st_size for path in cache.iterdir()) <= 1000 + 2 * 130
    write_output(folder / "29.csv", "y")
    with pytest.raises(ConfigError, match="is there already"):
        write_output(folder / "0.csv", "y")


def test_what_another_process_writes_while_the_memory_starts_anew_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, others = Path.replace, iter(range(100))

    def replaced(place: Path, target: Path) -> Path:
        if "written.txt" in (place.name, target.name):
            write_output(folder / f"other-{next(others)}.csv", "x")
        return replace(place, target)

    with monkeypatch.context() as patch:
        patch.setattr(output, "_LEDGER_BYTES", 500)
        patch.setattr(Path, "replace", replaced)
        for number in range(4):
            write_output(folder / f"{number}.csv", "x")
    assert [path.name for path in folder.glob("other*")] == ["other-0.csv"]
    for path in list(folder.iterdir()):
        write_output(path, "y")


def test_a_cache_that_cannot_be_written_makes_every_file_a_foreign_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFEKT_CACHE", "/dev/null/cache")
    write_output(folder / "a.csv", "first")
    with pytest.raises(ConfigError, match="is there already"):
        write_output(folder / "a.csv", "second")


# Places that write what is Affekt's own: caches, logs, downloads, runs that go on.
OWN = {
    "cli/saying.py": "standard error that is closed",
    "augment/codecs.py": "a codec, in memory",
    "download.py": "a download that goes on where it broke off",
    "evaluation/log.py": "a row at the end of the log of readings",
    "output.py": "the one place that writes for users",
    "parallel/locks.py": "locks",
    "recognition/bundles/checksum.py": "checksums beside models",
    "recognition/bundles/installed.py": "a model on its way, and the note of which is in use",
    "web_bundle/build.py": "the page in the cache",
    "web_bundle/library.py": "the library in the cache",
}
_WRITING = re.compile(
    r"(?<!formatter)\.write_(?:text|bytes)\(|savefig\((?!\s*buffer)"
    r"|open\((?:[^()]*, )?[\"'][wax]b?\+?[\"']"
    r"|onnx\.save\((?![^)]*(?:candidate|plain))"
)


def test_only_one_place_writes_for_users() -> None:
    source = Path(affekt.__file__).parent
    writing = {
        path.relative_to(source).as_posix()
        for path in source.rglob("*.py")
        if _WRITING.search(path.read_text(encoding="utf-8"))
    }
    assert writing == set(OWN)
