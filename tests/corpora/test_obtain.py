"""Getting a whole corpus, from a server on loopback in place of the official one."""

from __future__ import annotations

import dataclasses
import io
import zipfile

import pytest

from affekt.corpora import CORPORA, load_corpus
from affekt.corpora.base import Access, Archive, FileList
from affekt.corpora.obtain import get_corpus
from affekt.download import RetryPolicy
from affekt.errors import DownloadError

HASTY = RetryPolicy(timeout_s=0.3, attempts=2, wait_s=0.0)


def offered(name: str, *remotes: Archive | FileList):
    return dataclasses.replace(
        CORPORA[name], access=Access(url="http://127.0.0.1", how="", remotes=remotes)
    )


@pytest.fixture
def emodb(shelf):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("wav/03a01Fa.wav", b"sound")
    shelf.files["/emodb.zip"] = buffer.getvalue()
    return offered("emodb", Archive(url=f"{shelf.url}/emodb.zip", filename="emodb.zip"))


@pytest.fixture
def cremad(shelf):
    shelf.files |= {
        "/list.csv": b'"Stimulus_Number","Filename"\n1,"1001_IEO_NEU_XX"\n2,"1001_IEO_HAP_LO"\n',
        "/people.csv": b"ActorID,Age,Sex\n1001,51,Male\n",
        "/1001_IEO_NEU_XX.wav": b"sound",
        "/1001_IEO_HAP_LO.wav": b"sound, too",
    }
    return offered(
        "cremad",
        FileList(
            index_url=f"{shelf.url}/list.csv",
            index_target="tables/SentenceFilenames.csv",
            column="Filename",
            url=f"{shelf.url}/{{name}}.wav",
            target="AudioWAV/{name}.wav",
            extras=((f"{shelf.url}/people.csv", "tables/VideoDemographics.csv"),),
        ),
    )


def test_an_archive_is_unpacked_and_removed(emodb, tmp_path):
    assert get_corpus(emodb, tmp_path, retry_policy=HASTY) == tmp_path / "emodb"
    assert [item.speaker for item in load_corpus("emodb", tmp_path)] == ["03"]
    assert list((tmp_path / ".downloads").iterdir()) == []


def test_a_folder_that_holds_files_is_left_alone(emodb, tmp_path):
    (tmp_path / "emodb").mkdir()
    (tmp_path / "emodb/mine.wav").touch()
    with pytest.raises(DownloadError, match="already holds files: 'affekt audit --corpus emodb'"):
        get_corpus(emodb, tmp_path, retry_policy=HASTY)


def test_a_list_of_files_is_fetched_one_by_one(cremad, tmp_path):
    seen = []
    get_corpus(cremad, tmp_path, retry_policy=HASTY, progress=lambda *step: seen.append(step))
    items = load_corpus("cremad", tmp_path)
    assert [(item.native_label, item.age) for item in items] == [("happy", 51), ("neutral", 51)]
    assert seen == [("CREMA-D", 1, 2), ("CREMA-D", 2, 2)]


def test_a_list_goes_on_with_what_is_missing(cremad, tmp_path, shelf):
    sound = shelf.files.pop("/1001_IEO_HAP_LO.wav")
    with pytest.raises(DownloadError, match="404"):
        get_corpus(cremad, tmp_path, retry_policy=HASTY)
    shelf.files["/1001_IEO_HAP_LO.wav"] = sound
    shelf.requests.clear()
    get_corpus(cremad, tmp_path, retry_policy=HASTY)
    assert [place for place, _ in shelf.requests] == ["/1001_IEO_HAP_LO.wav"]


@pytest.mark.parametrize("name", ["../../evil", "not_a_name", ""])
def test_a_list_of_other_names_is_refused(cremad, tmp_path, shelf, name):
    shelf.files["/list.csv"] = f'"Filename"\n"{name}"\n'.encode()
    with pytest.raises(DownloadError, match="not the list of CREMA-D's files"):
        get_corpus(cremad, tmp_path, retry_policy=HASTY)
    assert not list(tmp_path.rglob("*.wav"))


def test_pointers_in_place_of_recordings_are_refused(cremad, tmp_path, shelf):
    shelf.files["/1001_IEO_NEU_XX.wav"] = b"version https://git-lfs.github.com/spec/v1\n"
    with pytest.raises(DownloadError, match="Git LFS pointer"):
        get_corpus(cremad, tmp_path, retry_policy=HASTY)
    assert not list(tmp_path.rglob("*.wav"))


def test_what_may_not_be_downloaded_says_how_to_obtain_it(tmp_path):
    with pytest.raises(DownloadError, match=r"SAVEE cannot be downloaded by a command .*register"):
        get_corpus(CORPORA["savee"], tmp_path)


def test_a_file_in_the_folder_s_place_is_kept(emodb, tmp_path):
    (tmp_path / "emodb").write_text("mine")
    with pytest.raises(DownloadError, match="is a file where the corpus' folder would be"):
        get_corpus(emodb, tmp_path, retry_policy=HASTY)
    assert (tmp_path / "emodb").read_text() == "mine"


def test_a_list_that_is_no_text_is_refused(cremad, shelf, tmp_path):
    shelf.files["/list.csv"] = b"Filename\n1001_IEO_NEU_XX\n\xff\n"
    with pytest.raises(DownloadError, match="not the list of CREMA-D's files"):
        get_corpus(cremad, tmp_path, retry_policy=HASTY)
