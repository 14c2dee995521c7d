"""Own recordings in folders, whose paths say what they are."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from affekt.corpora.datasets import open_dataset
from affekt.errors import AffektError, ConfigError, CorpusError


def load(folder, **options):
    return list(open_dataset(folder=folder, **options).utterances)


@pytest.fixture
def lay(tmp_path):
    def make(*places):
        for place in places:
            (tmp_path / "mine" / place).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "mine" / place).touch()
        return tmp_path / "mine"

    return make


def test_folders_are_labels(lay):
    items = load(lay("Wut/a.wav", "joie/b.flac"), language="de")
    rows = [(i.path.name, i.native_label, i.emotion, i.language) for i in items]
    assert rows == [("a.wav", "Wut", "angry", "de"), ("b.flac", "joie", "happy", "de")]


def test_the_folder_gives_the_name(lay):
    [item] = load(lay("sad/a.wav"))
    assert (item.corpus, item.collection) == ("mine", "mine")


def test_without_speakers_all_are_one(lay):
    items = load(lay("sad/a.wav", "happy/b.wav"))
    assert {item.speaker_key for item in items} == {("mine", "unknown")}


@pytest.mark.parametrize(
    ("place", "options"),
    [
        ("sad/anna/1.wav", {"speaker_from": "*/{speaker}/*"}),
        ("sad/x/anna/1.wav", {"speaker_from": "**/{speaker}/*"}),
        ("sad/anna_1.wav", {"speaker_from": "*/{speaker}_*.wav"}),
        ("anna/sad/1.wav", {"label_from": "{speaker}/{label}/*.wav"}),
        ("anna/sad/1.wav", {"speaker_from": "{Speaker}/{emotion}/*"}),
        ("anna/sad/1.wav", {"label_from": "*/{label}/*", "speaker_from": "{speaker}/**/*"}),
        ("anna/1_sad.wav", {"label_from": "*/*_{label}", "speaker_from": "{speaker}/*"}),
        ("1-sad-anna.wav", {"label_from": "?-{label}-{speaker}.wav"}),
    ],
)
def test_a_pattern_tells_speaker_and_label(lay, place, options):
    [item] = load(lay(place), **options)
    assert (item.speaker, item.emotion) == ("anna", "sad")


def test_a_second_container_is_counted_once(lay):
    found = open_dataset(folder=lay("sad/a.mp3", "sad/a.wav"))
    assert [item.path.name for item in found.utterances] == ["a.wav"]
    assert len(found.scans[0].twice) == 1


def test_what_was_passed_over_is_reported(lay):
    folder = lay("sad/a.wav", "b.wav", "readme.txt", "sad/c.txt", "sad/LICENCE")
    with pytest.warns(UserWarning, match=str(folder)) as remarks:
        found = open_dataset(folder=folder)
    assert [str(item.message) for item in remarks] == [
        f"{folder}: 1 recording is left out (b.wav: lies in no label folder); 'affekt corpora "
        "scan' lists them",
        f"{folder}: passed over, as no recordings: 3 files (.txt 2, without an ending 1)",
    ]
    assert [item.path.name for item in found.utterances] == ["a.wav"]


def test_recordings_that_do_not_follow_a_pattern_are_left_out(lay):
    folder = lay("anna/sad/a.wav", "other/b.wav")
    with pytest.warns(UserWarning, match="the path does not follow {speaker}/{label}/"):
        assert len(load(folder, label_from="{speaker}/{label}/*")) == 1


def test_a_recording_without_a_known_ending_counts(lay):
    folder = lay("sad/a.wav")
    for name in ("b", "c.part1", "c.part2"):
        soundfile.write(folder / "sad" / name, np.zeros(10), 16_000, format="WAV")
    assert [item.path.name for item in load(folder)] == ["a.wav", "b", "c.part1", "c.part2"]


@pytest.mark.parametrize(
    ("places", "options", "message"),
    [
        (["angrry/a.wav"], {}, r"'angrry' \(angrry/a.wav; did you mean 'angry'\?\)"),
        (["sad/a.wav"], {"speaker_from": "*/{speaker}/*"}, "the path has no speaker after"),
        (["readme.txt"], {}, "no recording could be placed"),
        (["a.wav"], {}, r"no recording could be placed \(.*a.wav: lies in no label folder"),
    ],
)
def test_what_cannot_be_read_is_refused(lay, places, options, message):
    with pytest.raises(CorpusError, match=message):
        load(lay(*places), **options)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_from": "*/{speaker}"}, r"'\*/{speaker}' has no {label} \(--label-from"),
        ({"speaker_from": "{label}/*"}, r"has no {speaker} \(--speaker-from, speaker_from="),
        ({"speaker_from": "*/*"}, "has no field"),
        ({"speaker_from": "{speeker}/*"}, r"cannot hold 'speeker' \(did you mean 'speaker'"),
        ({"speaker_from": "{speaker/*"}, "a brace without its other half"),
    ],
)
def test_impossible_patterns_are_refused(lay, options, message):
    with pytest.raises(ConfigError, match=message):
        load(lay("sad/a.wav"), **options)


def test_folders_of_speakers_that_differ_in_zeros_are_one_speaker(tmp_path):
    for speaker in ("06", "6"):
        (tmp_path / "happy" / speaker).mkdir(parents=True)
        (tmp_path / "happy" / speaker / "a.wav").touch()
    with pytest.warns(UserWarning, match="one speaker: 06 = 6"):
        items = load(tmp_path, speaker_from="*/{speaker}/*")
    assert [item.speaker for item in items] == ["06", "06"]


def test_a_folder_that_is_no_text_is_reported_and_no_crash(tmp_path):
    (tmp_path / "sad").mkdir()
    with pytest.raises(AffektError, match="no recording could be placed"):
        load(tmp_path)
