"""Own recordings, one folder a label."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from affekt.corpora.folders import FolderCorpus
from affekt.errors import CorpusError


@pytest.fixture
def lay(tmp_path):
    def make(*places):
        for place in places:
            (tmp_path / "mine" / place).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "mine" / place).touch()
        return tmp_path / "mine"

    return make


def test_folders_are_labels(lay):
    corpus = FolderCorpus(lay("Wut/a.wav", "joie/b.flac"), language="de")
    rows = [(i.path.name, i.native_label, i.emotion, i.language) for i in corpus.load()]
    assert rows == [("a.wav", "Wut", "angry", "de"), ("b.flac", "joie", "happy", "de")]


def test_the_folder_gives_the_name(lay):
    [item] = FolderCorpus(lay("sad/a.wav")).load()
    assert (item.corpus, item.collection) == ("mine", "mine")


def test_without_speakers_all_are_one(lay):
    items = FolderCorpus(lay("sad/a.wav", "happy/b.wav")).load()
    assert {item.speaker_key for item in items} == {("mine", "unknown")}


def test_the_speaker_may_be_a_folder_below_the_label(lay):
    items = FolderCorpus(lay("sad/anna/1.wav", "sad/ben/1.wav"), speaker="folder").load()
    assert [item.speaker for item in items] == ["anna", "ben"]


def test_the_speaker_may_stand_in_the_name(lay):
    items = FolderCorpus(lay("sad/s07_x.wav"), speaker=r"^s(?P<speaker>\d+)_").load()
    assert [item.speaker for item in items] == ["07"]


def test_a_second_container_is_counted_once(lay):
    found = FolderCorpus(lay("sad/a.mp3", "sad/a.wav")).scan()
    assert [item.path.name for item in found.utterances] == ["a.wav"]
    assert len(found.twice) == 1


def test_files_beside_the_label_folders_are_listed(lay):
    found = FolderCorpus(lay("sad/a.wav", "b.wav", "readme.txt")).scan()
    assert [(path.name, reason) for path, reason in found.unplaced] == [
        ("b.wav", "lies in no label folder")
    ]
    assert found.other_files == 1


def test_what_is_no_recording_is_counted_aloud(lay):
    folder = lay("sad/a.wav", "sad/b.txt", "readme.txt", "sad/LICENCE")
    with pytest.warns(UserWarning, match=r"passed over, as no recordings: 3 files \(.txt 2, "):
        assert len(FolderCorpus(folder).load()) == 1


def test_a_recording_without_a_known_ending_counts(lay):
    folder = lay("sad/a.wav")
    for name in ("b", "c.part1", "c.part2"):
        soundfile.write(folder / "sad" / name, np.zeros(10), 16_000, format="WAV")
    names = [item.path.name for item in FolderCorpus(folder).load()]
    assert names == ["a.wav", "b", "c.part1", "c.part2"]


def test_an_own_map_names_the_labels(lay):
    corpus = FolderCorpus(lay("stufe3/a.wav", "odd/b.wav"), labels={"stufe3": "angry", "odd": None})
    assert [item.emotion for item in corpus.load()] == [None, "angry"]


@pytest.mark.parametrize(
    ("places", "settings", "message"),
    [
        (["angrry/a.wav"], {}, r"angrry: 'angrry' is no emotion .*did you mean 'angry'"),
        (["sad/a.wav"], {"speaker": "folder"}, "no speaker's folder between label and file"),
        (["sad/a.wav"], {"speaker": r"(?P<speaker>\d+)"}, "the name holds no speaker"),
        (["readme.txt"], {}, "no recording in a label folder"),
    ],
)
def test_what_cannot_be_read_is_refused(lay, places, settings, message):
    with pytest.raises(CorpusError, match=message):
        FolderCorpus(lay(*places), **settings).load()


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        FolderCorpus(tmp_path / "nowhere").load()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"labels": {"x": "hapy"}}, "did you mean 'happy'"),
        ({"speaker": "("}, "is no expression"),
        ({"speaker": r"\d+"}, "has no group"),
    ],
)
def test_impossible_settings_are_refused_when_made(tmp_path, settings, message):
    with pytest.raises(ValueError, match=message):
        FolderCorpus(tmp_path, **settings)


def test_a_path_as_text_will_do(lay):
    assert [item.emotion for item in FolderCorpus(str(lay("Wut/a.wav"))).load()] == ["angry"]


def test_folders_of_speakers_that_differ_in_zeros_are_one_speaker(tmp_path):
    for speaker in ("06", "6"):
        (tmp_path / "happy" / speaker).mkdir(parents=True)
        (tmp_path / "happy" / speaker / "a.wav").touch()
    with pytest.warns(UserWarning, match="one speaker: 06 = 6"):
        items = FolderCorpus(tmp_path, speaker="folder").load()
    assert [item.speaker for item in items] == ["06", "06"]
