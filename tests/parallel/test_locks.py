"""The lock: one holder at a time, and nobody locked out by a crash."""

from __future__ import annotations

import contextlib
import errno
import subprocess
import sys
import threading

import pytest

from affekt.errors import ConfigError
from affekt.parallel import locks as module
from affekt.parallel import only_one

BUSY = "somebody is at it: wait"
HOLD = """
import sys
from pathlib import Path
from affekt.parallel import only_one
with only_one(Path(sys.argv[1]), busy=""):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path):
    return tmp_path / ".a.lock"


@pytest.fixture
def holder(place):
    """Another process that holds the lock until it is asked to end."""
    call = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(call, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_second_process_is_reported_what_goes_on_and_what_to_do(holder, place):
    with (
        pytest.raises(ConfigError, match=BUSY),
        only_one(place, busy=BUSY),
    ):
        pass
    holder.communicate()
    with only_one(place, busy=BUSY):
        pass


def test_a_killed_process_locks_nobody_out(holder, place):
    holder.kill()
    holder.wait()
    assert [item.name for item in place.parent.iterdir()] == [".a.lock"]
    with only_one(place, busy=BUSY):
        pass
    assert not list(place.parent.iterdir())


def test_another_place_in_the_folder_is_free(holder, place):
    with only_one(place.with_name(".other.lock"), busy=BUSY):
        pass


def test_an_error_lets_go_of_the_lock(place):
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), only_one(place, busy=BUSY):
            raise KeyboardInterrupt
    assert not list(place.parent.iterdir())


def test_of_many_that_come_and_go_there_is_never_more_than_one(place):
    inside, most, times = [], [], []

    def come_and_go():
        for _ in range(200):
            with contextlib.suppress(ConfigError), only_one(place, busy=BUSY):
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
def test_where_the_file_system_knows_no_locks_everybody_may(place, monkeypatch):
    def unknown(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", unknown)
    with only_one(place, busy=BUSY):
        pass
