"""A zip file stays in its folder, or is not unpacked at all."""

from __future__ import annotations

import stat
import zipfile

import pytest

from affekt.corpora.unpack import unpack_zip
from affekt.errors import DownloadError


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.fixture
def make_zip(tmp_path):
    def make(*members):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
            for name, content in members:
                file.writestr(name, content)
        return tmp_path / "a.zip"

    return make


def test_members_are_unpacked(make_zip, tmp_path):
    unpack_zip(make_zip(("Actor_01/x.wav", b"sound"), ("readme", b"")), tmp_path / "new")
    assert (tmp_path / "new/Actor_01/x.wav").read_bytes() == b"sound"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "new"]


def test_an_empty_folder_is_filled(make_zip, tmp_path):
    (tmp_path / "new").mkdir()
    unpack_zip(make_zip(("x.wav", b"sound")), tmp_path / "new")
    assert (tmp_path / "new/x.wav").is_file()


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/evil", "C:\\evil", "..\\evil", "\\evil", link("evil")],
)
def test_a_member_that_would_leave_stops_all(make_zip, tmp_path, name):
    archive = make_zip(("good.wav", b"sound"), (name, b"/etc"))
    with pytest.raises(DownloadError, match="would leave the folder; nothing was unpacked"):
        unpack_zip(archive, tmp_path / "deep/new")
    assert [path.name for path in tmp_path.rglob("*")] == ["a.zip"]


def test_what_is_no_zip_is_refused(tmp_path):
    (tmp_path / "a.zip").write_text("<html>please log in</html>")
    with pytest.raises(DownloadError, match="not a readable zip file"):
        unpack_zip(tmp_path / "a.zip", tmp_path / "new")


def test_a_damaged_member_leaves_nothing_behind(make_zip, tmp_path):
    archive = make_zip(("x.wav", b"some sound"))
    archive.write_bytes(archive.read_bytes().replace(b"some sound", b"same sound"))
    with pytest.raises(DownloadError, match="not a readable zip file"):
        unpack_zip(archive, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def change_header(archive, offset_local, offset_central, value):
    """Write a byte into the headers of a zip file of one member (APPNOTE 4.3.7 and 4.3.12)."""
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\3\4") + offset_local] = value
    content[content.index(b"PK\1\2") + offset_central] = value
    archive.write_bytes(content)


def test_an_encrypted_archive_is_named_as_such(make_zip, tmp_path):
    archive = make_zip(("x.wav", b"some sound"))
    change_header(archive, 6, 8, 0x1)  # the bit that says so
    with pytest.raises(DownloadError, match=r"'x\.wav' is encrypted; nothing was unpacked"):
        unpack_zip(archive, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_method_that_is_not_known_is_named(make_zip, tmp_path):
    archive = make_zip(("x.wav", b"some sound"))
    change_header(archive, 8, 10, 97)  # WavPack
    with pytest.raises(DownloadError, match=r"cannot be read here \(method 97\)"):
        unpack_zip(archive, tmp_path / "new")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_within_what_is_packed_is_reported(method, tmp_path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", method) as file:
        file.writestr("x.wav", bytes(range(256)) * 50)
    content = bytearray(archive.read_bytes())
    content[35:60] = b"\xff" * 25
    archive.write_bytes(content)
    with pytest.raises(DownloadError, match="not a readable zip file"):
        unpack_zip(archive, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_a_folder_with_files_is_not_overwritten(make_zip, tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new/mine.wav").touch()
    with pytest.raises(DownloadError, match="cannot be written"):
        unpack_zip(make_zip(("x.wav", b"sound")), tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine.wav"]
