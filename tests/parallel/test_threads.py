from __future__ import annotations

import threading

import pytest

from affekt.parallel import Workers, within


def test_leaving_early_drops_what_was_not_begun():
    release, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        if item > 0:
            release.wait(timeout=10)
        return item

    def leave_after_the_first():
        with Workers(1) as pool:
            for _ in pool.map(work, range(1000)):
                threading.Timer(0.05, release.set).start()
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave_after_the_first()
    assert len(begun) <= 2


def test_results_come_in_order():
    with Workers(2) as pool:
        assert list(pool.map(lambda item: item * item, range(20))) == [i * i for i in range(20)]


def test_what_ends_in_time_gives_its_result_or_its_error():
    assert within(10.0, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        within(10.0, lambda: 1 / 0)


def test_what_takes_too_long_is_left_behind():
    release = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, lambda: release.wait(timeout=10))
    release.set()
