"""Downloads against a real server that breaks off, stalls and lies."""

from __future__ import annotations

import hashlib
import threading

import numpy as np
import pytest

from affekt.download import Checksum, RetryPolicy, download_file
from affekt.errors import ConfigError, DownloadError

CONTENT = np.random.default_rng(7).bytes(300_000)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 300000\n"
HASTY = RetryPolicy(timeout_s=0.3, attempts=3, wait_s=0.0)


@pytest.fixture
def get(shelf, tmp_path):
    """Download /a.zip into the temporary folder."""
    shelf.files["/a.zip"] = CONTENT

    def run(**options):
        options = {"retry_policy": HASTY, "max_bytes": 400_000} | options
        return download_file(f"{shelf.url}/a.zip", tmp_path / "new" / "a.zip", **options)

    return run


def md5(content: bytes) -> Checksum:
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Checksum(algorithm="md5", digest=digest, page="https://example.org/record")


def test_a_file_arrives_whole_and_alone(get, tmp_path):
    assert get(checksum=md5(CONTENT)).read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.zip"]


def test_a_file_that_is_there_is_not_asked_for_again(get, shelf):
    get(checksum=md5(CONTENT))
    get(checksum=md5(CONTENT))
    assert len(shelf.requests) == 1


def test_broken_off_it_goes_on_from_where_it_stopped(get, shelf):
    shelf.hang_up_after = [98_304, 49_152]
    assert get().read_bytes() == CONTENT
    ranges = [wanted for _, wanted in shelf.requests]
    assert ranges == [None, "bytes=98304-", "bytes=147456-"]


def test_a_stalled_server_is_asked_again(get, shelf):
    shelf.stall_after = [100_000]
    assert get().read_bytes() == CONTENT
    assert len(shelf.requests) == 2


def test_a_server_that_never_goes_on_is_given_up(get, shelf, tmp_path):
    shelf.stall_after = [98_304, 0, 0, 0]
    with pytest.raises(
        DownloadError, match=r"stalled, 3 times in a row; the \d+ bytes that arrived"
    ):
        get()
    assert (tmp_path / "new/a.zip.part").stat().st_size == 98_304
    assert not (tmp_path / "new/a.zip").exists()


def test_the_next_run_goes_on_with_what_was_kept(get, shelf):
    shelf.hang_up_after = [98_304, 0, 0, 0]
    with pytest.raises(DownloadError, match="broke off"):
        get()
    shelf.requests.clear()
    assert get().read_bytes() == CONTENT
    assert shelf.requests == [("/a.zip", "bytes=98304-")]


def test_progress_starts_the_attempts_anew(get, shelf):
    shelf.hang_up_after = [30_000] * 9
    assert get().read_bytes() == CONTENT


def test_a_file_that_changed_meanwhile_is_started_anew(get, shelf):
    shelf.hang_up_after = [100_000, 0, 0, 0]
    with pytest.raises(DownloadError):
        get()
    shelf.files["/a.zip"] = other = CONTENT[::-1]
    shelf.version = '"v2"'
    assert get().read_bytes() == other


def test_without_a_version_nothing_is_joined(get, shelf):
    shelf.version = ""
    shelf.hang_up_after = [100_000]
    assert get().read_bytes() == CONTENT
    assert [wanted for _, wanted in shelf.requests] == [None, None]


def test_a_server_without_ranges_starts_anew(get, shelf):
    shelf.ranges = False
    shelf.hang_up_after = [100_000]
    assert get().read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_dropped(get, shelf, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/a.zip.part").write_bytes(CONTENT + b"more")
    (tmp_path / "new/a.zip.part.version").write_text('"v1"')
    shelf.answers = [416]
    assert get().read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(get, shelf):
    shelf.answers = [503, 429]
    assert get().read_bytes() == CONTENT


def test_a_refusal_is_final(get, shelf):
    shelf.answers = [403]
    with pytest.raises(DownloadError, match="the server answers 403 Forbidden"):
        get()
    assert len(shelf.requests) == 1


def test_a_wrong_checksum_is_refused_with_the_page(get, tmp_path):
    with pytest.raises(DownloadError, match=r"https://example\.org/record states") as caught:
        get(checksum=md5(b"something else"))
    assert md5(CONTENT).digest in str(caught.value)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_git_lfs_pointer_is_refused(get, shelf, tmp_path):
    shelf.files["/a.zip"] = POINTER
    with pytest.raises(DownloadError, match=r"Git LFS pointer .*'git lfs clone'"):
        get()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_server_that_is_not_there_is_said_at_once(tmp_path, shelf):
    closed = shelf.url.rsplit(":", 1)[0] + ":9"
    with pytest.raises(DownloadError, match=r"a\.zip: cannot be reached: .*refused"):
        download_file(f"{closed}/a.zip", tmp_path / "a.zip", max_bytes=1)


def test_what_is_no_address_is_refused(tmp_path):
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/a", "http://127.0.0.1:port/a"):
        with pytest.raises(ConfigError, match="address"):
            download_file(url, tmp_path / "a.zip", max_bytes=1)


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_file_that_is_too_large_is_refused(get, shelf, tmp_path, says_its_length):
    shelf.says_its_length = says_its_length
    with pytest.raises(DownloadError, match="larger than 299,999 bytes"):
        get(max_bytes=299_999)
    assert list((tmp_path / "new").iterdir()) == []
    assert get(max_bytes=300_000).read_bytes() == CONTENT


def test_a_file_of_another_checksum_is_replaced(get, shelf, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/a.zip").write_bytes(b"torn")
    assert get(checksum=md5(CONTENT)).read_bytes() == CONTENT


def test_two_processes_do_not_write_one_file(get, shelf):
    shelf.stall_after = [0]
    patient = RetryPolicy(timeout_s=20.0)
    first = threading.Thread(target=get, kwargs={"retry_policy": patient})
    first.start()
    while not shelf.requests:
        pass
    with pytest.raises(ConfigError, match="another process is downloading it"):
        get()
    shelf.closing.set()
    first.join()


def test_progress_tells_bytes_and_total(get):
    seen = []
    get(progress=lambda *step: seen.append(step))
    assert seen[-1] == ("a.zip", 300_000, 300_000)


def test_a_place_that_cannot_be_written_is_refused(shelf, tmp_path):
    (tmp_path / "file").touch()
    shelf.files["/a.zip"] = CONTENT
    with pytest.raises(ConfigError, match="cannot be written"):
        download_file(f"{shelf.url}/a.zip", tmp_path / "file/a.zip", max_bytes=400_000)
