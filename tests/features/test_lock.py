"""The lock of a table: one writer at a time, and nobody locked out by a crash."""

from __future__ import annotations

import contextlib
import errno
import subprocess
import sys
import threading

import pytest

from affekt.errors import ConfigError
from affekt.features import lock as module
from affekt.features.lock import only_writer

HOLD = """
import sys
from pathlib import Path
from affekt.features.lock import only_writer
with only_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def table(tmp_path):
    return tmp_path / "a.parquet"


@pytest.fixture
def holder(table):
    """Another process that writes the table until it is told to end."""
    call = [sys.executable, "-c", HOLD, str(table)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_what_is_written_and_what_to_do(holder, table):
    with (
        pytest.raises(ConfigError, match=r"a\.parquet: another .* is writing .*: wait .* another"),
        only_writer(table),
    ):
        pass
    holder.communicate()
    with only_writer(table):
        pass


def test_a_killed_process_locks_nobody_out(holder, table):
    holder.kill()
    holder.wait()
    assert [item.name for item in table.parent.iterdir()] == [".a.parquet.lock"]
    with only_writer(table):
        pass
    assert not list(table.parent.iterdir())


def test_other_tables_of_the_folder_can_be_written(holder, table):
    with only_writer(table.with_name("b.parquet")):
        pass


def test_an_error_lets_go_of_the_lock(table):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), only_writer(table):
            raise KeyboardInterrupt
    assert not list(table.parent.iterdir())


def test_of_many_that_come_and_go_there_is_never_more_than_one(table):
    inside, most, times = [], [], []

    def come_and_go():
        for _ in range(200):
            with contextlib.suppress(ConfigError), only_writer(table):
                inside.append(1)
                most.append(len(inside))
                times.append(1)
                inside.pop()

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert len(times) >= 200


@pytest.mark.skipif(sys.platform == "win32", reason="has locks everywhere")
def test_where_the_file_system_knows_no_locks_the_table_is_written_all_the_same(table, monkeypatch):
    def unknown(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", unknown)
    with only_writer(table):
        pass
