"""Placing files: what is found, what is not, and what is said about it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from affekt.corpora import corpora_root, load_corpus, scan_corpus
from affekt.errors import CorpusError


def lay(root: Path, *places: str) -> Path:
    """Make empty files: scanning opens none of them."""
    for place in places:
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).touch()
    return root


def test_video_is_reported_with_the_reason(tmp_path):
    lay(tmp_path, "ravdess_speech/Actor_01/01-01-03-01-01-01-01.mp4")
    found = scan_corpus("ravdess_speech", tmp_path)
    assert found.utterances == ()
    assert "put every test clip into training" in found.unplaced[0].reason


def test_song_among_speech_is_sent_to_its_corpus(tmp_path):
    lay(tmp_path, "ravdess_speech/Actor_01/03-02-03-01-01-01-01.wav")
    assert scan_corpus("ravdess_speech", tmp_path).unplaced[0].reason == (
        "song: belongs to ravdess_song"
    )


def test_names_missing_from_a_full_grid_are_called(tmp_path):
    kept = [
        f"tess/all/{speaker}_{word}_{emotion}.wav"
        for speaker in ("OAF", "YAF")
        for word in ("back", "beg")
        for emotion in ("angry", "sad")
    ]
    kept.remove("tess/all/OAF_back_angry.wav")
    kept.remove("tess/all/YAF_beg_sad.wav")
    found = scan_corpus("tess", lay(tmp_path, *kept))
    assert found.missing == ("OAF_back_angry", "YAF_beg_sad")


def test_neutral_without_strong_intensity_is_not_missing(tmp_path):
    lay(
        tmp_path,
        "ravdess_speech/03-01-01-01-01-01-01.wav",
        "ravdess_speech/03-01-03-01-01-01-01.wav",
        "ravdess_speech/03-01-03-02-01-01-01.wav",
    )
    assert scan_corpus("ravdess_speech", tmp_path).missing == ()


def test_a_misspelt_name_is_placed_and_reported(tmp_path):
    lay(tmp_path, "tess/OAF_neutral/OA_bite_neutral.wav")
    found = scan_corpus("tess", tmp_path)
    assert [item.speaker for item in found.utterances] == ["OAF"]
    assert [right for _, right in found.misspelt] == ["OAF_bite_neutral"]


def test_both_spellings_are_one_recording(tmp_path):
    lay(tmp_path, "cremad/1040_ITH_SAD_X.wav", "cremad/1040_ITH_SAD_XX.wav")
    found = scan_corpus("cremad", tmp_path)
    assert len(found.utterances) == 1
    assert found.utterances[0].intensity == "XX"
    assert len(found.twice) == 1


def test_folders_that_carry_meaning_may_vary_in_capitals(tmp_path):
    lay(tmp_path, "casia/zhaozuoxiang/Angry/201.wav", "casia/LIUCHANHG/fear/250.wav")
    rows = [(item.speaker, item.native_label) for item in load_corpus("casia", tmp_path)]
    assert rows == [("liuchanhg", "fear"), ("ZhaoZuoxiang", "angry")]


def test_a_deeper_tree_is_found_and_its_copy_counted_once(tmp_path):
    lay(tmp_path, "emodb/wav/03a01Fa.wav", "emodb/copy/deep/wav/03a01Fa.wav")
    found = scan_corpus("emodb", tmp_path)
    assert [len(found.utterances), len(found.twice)] == [1, 1]


def test_the_original_container_wins_over_a_lossy_copy(tmp_path):
    lay(tmp_path, "emodb/a/03a01Fa.mp3", "emodb/b/03a01Fa.wav", "emodb/c/03a01Fa.flac")
    found = scan_corpus("emodb", tmp_path)
    assert [item.path.suffix for item in found.utterances] == [".wav"]
    assert len(found.twice) == 2


def test_what_is_no_recording_is_counted_apart(tmp_path):
    lay(tmp_path, "emodb/03a01Fa.wav", "emodb/erkennung.txt", "emodb/._03a01Fa.wav")
    found = scan_corpus("emodb", tmp_path)
    assert found.other_files == 1
    assert found.unplaced[0].reason == "a macOS resource file, not a recording"


def test_hidden_folders_are_passed_over(tmp_path):
    lay(tmp_path, "emodb/03a01Fa.wav", "emodb/.git/03a02Fa.wav")
    assert len(load_corpus("emodb", tmp_path)) == 1


def test_a_link_that_leads_back_ends(tmp_path):
    lay(tmp_path, "emodb/wav/03a01Fa.wav")
    (tmp_path / "emodb/wav/loop").symlink_to(tmp_path / "emodb")
    assert len(scan_corpus("emodb", tmp_path).utterances) == 1


def test_digits_of_other_scripts_are_outside(tmp_path):
    lay(tmp_path, "shemo/F\N{FULLWIDTH DIGIT ZERO}\N{FULLWIDTH DIGIT ONE}A01.wav")
    assert len(scan_corpus("shemo", tmp_path).unplaced) == 1


def test_loading_warns_of_recordings_left_out(tmp_path):
    lay(tmp_path, "emodb/03a01Fa.wav", "emodb/stranger.wav")
    with pytest.warns(UserWarning, match="emodb: 1 recordings are outside"):
        assert len(load_corpus("emodb", tmp_path)) == 1


@pytest.mark.parametrize("place", ["VideoDemographics.csv", "tables/VideoDemographics.csv"])
def test_cremad_reads_age_and_sex_from_its_table(tmp_path, place):
    lay(tmp_path, "cremad/AudioWAV/1001_DFA_ANG_XX.wav", f"cremad/{place}")
    (tmp_path / "cremad" / place).write_text(
        '"ActorID","Age","Sex","Race","Ethnicity"\n1001,51,"Male","Caucasian","Not Hispanic"\n'
    )
    [item] = load_corpus("cremad", tmp_path)
    assert (item.gender, item.age) == ("male", 51)


@pytest.mark.parametrize("top", ["nemo", "nemo/nEMO-main"])
def test_nemo_reads_padded_fields(tmp_path, top):
    lay(tmp_path, f"{top}/samples/WR0_surprised_64.wav")
    (tmp_path / top / "data.tsv").write_text(
        "file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage\n"
        "WR0_surprised_64.wav\tsurprised\tUcho.\tucho\t        WR0\tmale\t23\n"
    )
    [item] = load_corpus("nemo", tmp_path)
    assert (item.speaker, item.gender, item.age) == ("WR0", "male", 23)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ActorID,Years,Sex\n1001,51,Male\n", "no column 'Age'"),
        ("ActorID,Age,Sex\n1001,51,Male\n1002,old,Female\n", "line 3: 'female', 'old'"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(tmp_path, text, message):
    lay(tmp_path, "cremad/1001_DFA_ANG_XX.wav", "cremad/VideoDemographics.csv")
    (tmp_path / "cremad/VideoDemographics.csv").write_text(text)
    with pytest.raises(CorpusError, match=message):
        load_corpus("cremad", tmp_path)


def test_an_unknown_name_gets_a_suggestion(tmp_path):
    with pytest.raises(CorpusError, match=r"no corpus is called 'cremat' \(did you mean 'cremad'"):
        load_corpus("cremat", tmp_path)


def test_a_corpus_that_is_not_here_says_how_to_obtain_it(tmp_path):
    with pytest.raises(CorpusError, match="'affekt corpora describe jl' says how to obtain"):
        load_corpus("jl", tmp_path)


def test_an_empty_folder_is_no_corpus(tmp_path):
    (tmp_path / "jl").mkdir()
    with pytest.raises(CorpusError, match="no recording of JL Corpus"):
        load_corpus("jl", tmp_path)


def test_the_root_is_the_option_before_the_environment(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    monkeypatch.setenv("AFFEKT_CORPORA", str(there))
    assert corpora_root(here) == here
    assert corpora_root() == there


def test_without_a_root_the_remedy_is_named():
    with pytest.raises(CorpusError, match="--corpora FOLDER, or set AFFEKT_CORPORA"):
        corpora_root()


def test_a_root_that_is_no_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        corpora_root(tmp_path / "nowhere")


def test_twenty_thousand_files_take_less_than_two_seconds(tmp_path):
    folder = tmp_path / "cremad"
    folder.mkdir()
    for actor in range(1001, 1092):
        for sentence in ("DFA", "IEO", "IOM", "ITH", "ITS", "IWL", "IWW", "MTI", "TAI"):
            for emotion in ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD"):
                for intensity in ("LO", "MD", "HI", "XX"):
                    (folder / f"{actor}_{sentence}_{emotion}_{intensity}.wav").touch()
    started = time.process_time()
    found = scan_corpus("cremad", tmp_path)
    assert time.process_time() - started < 2.0
    assert len(found.utterances) == 19_656


def test_a_people_table_that_is_no_text_is_refused(tmp_path):
    lay(tmp_path, "cremad/1001_DFA_ANG_XX.wav", "cremad/VideoDemographics.csv")
    (tmp_path / "cremad/VideoDemographics.csv").write_bytes(b"ActorID,Age,Sex\xff\n")
    with pytest.raises(CorpusError, match=r"VideoDemographics\.csv: cannot be read: .*published"):
        load_corpus("cremad", tmp_path)


def test_a_people_table_that_a_program_wrote_anew_is_understood(tmp_path):
    lay(tmp_path, "cremad/1001_DFA_ANG_XX.wav", "cremad/VideoDemographics.csv")
    table = tmp_path / "cremad/VideoDemographics.csv"
    table.write_text("ActorID,Age,Sex\n1001.0,51,Male\n", encoding="utf-8")
    (item,) = load_corpus("cremad", tmp_path)
    assert (item.speaker, item.age, item.gender) == ("1001", 51, "male")
