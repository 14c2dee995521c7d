"""Own recordings named by a table, and the common table."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.corpora import load_corpus
from affekt.corpora.datasets import open_dataset
from affekt.corpora.utterance_tables import write_table
from affekt.errors import AffektError, CorpusError
from affekt.evaluation.people.groups import duration_band
from affekt.records import Utterance, with_one_spelling


def load(path, **options):
    return list(open_dataset(table=path, **options).utterances)


@pytest.fixture
def table(tmp_path):
    """Write a CSV beside two recordings, a.wav and b.wav."""
    (tmp_path / "a.wav").touch()
    (tmp_path / "b.wav").touch()

    def write(text):
        path = tmp_path / "mine.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_path_and_emotion_are_enough(table, tmp_path):
    items = load(table("path,emotion\na.wav,Wut\nb.wav,sad\n"), language="de")
    assert [(i.path, i.native_label, i.emotion) for i in items] == [
        (tmp_path / "a.wav", "Wut", "angry"),
        (tmp_path / "b.wav", "sad", "sad"),
    ]
    assert {(i.corpus, i.speaker, i.language) for i in items} == {("mine", "unknown", "de")}


def test_speaker_split_and_stretch_are_read(table):
    text = "emotion,path,speaker,split,start,end,mood\nsad,a.wav,anna,test,0.5,2,low\n"
    [item] = load(table(text))
    assert (item.speaker, item.split, item.start_s, item.end_s) == ("anna", "test", 0.5, 2.0)


def test_one_file_may_hold_several_utterances(table):
    text = "path,emotion,start,end\na.wav,sad,0,1\na.wav,happy,1,2\n"
    assert [item.emotion for item in load(table(text))] == ["sad", "happy"]


def test_a_byte_order_mark_and_blank_lines_do_no_harm(table):
    assert len(load(table("\ufeffpath, emotion\na.wav, sad\n\n"))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'path'.*has: none"),
        ("path,mood\na.wav,sad\n", "no column 'emotion'; names that are known: emotion, label"),
        ("path,emotion,speeker\na.wav,sad,x\n", r"'speeker' \(did you mean 'speaker'\?\)"),
        ("path,path,emotion\na.wav,a.wav,sad\n", "column 'path' is there twice"),
        ("path,emotion\n", "the table has no rows"),
        ("path,emotion\na.wav,sad\n,sad\n", "line 3: 'path' is empty"),
        ("path,emotion\na.wav,\n", "line 2: 'emotion' is empty"),
        (
            "path,emotion\na.wav,sadd\n",
            r"1 label is no emotion .*'sadd' \(line 2; did you mean 'sad'\?\)",
        ),
        ("path,emotion\na.wav,sad,1\n", "line 2: 3 values for 2 columns"),
        ("path,emotion\na.wav,sad\nc.wav,sad\n", r"no such recording: line 3 \(.*c.wav\)"),
        ("path,emotion\na.wav,sad\na.wav,happy\n", "line 3: the same recording as line 2"),
        ("path,emotion,start\na.wav,sad,now\n", "line 2: 'start' is 'now', not a number"),
        ("path,emotion,start\na.wav,sad,-1\n", "line 2: 'start' is '-1', not a number"),
        ("path,emotion,end\na.wav,sad,inf\n", "line 2: 'end' is 'inf', not a number"),
        ("path,emotion,start,end\na.wav,sad,2,1\n", "line 2: it ends at 1 s, before"),
        ("path,emotion,age\na.wav,sad,old\n", "line 2: 'age' is 'old'"),
        ('path,emotion\n"a.wav,sad\n', "not a CSV file"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(table, text, message):
    with pytest.raises(CorpusError, match=message):
        load(table(text))


def test_many_missing_recordings_are_summed_up(table):
    text = "path,emotion\n" + "".join(f"x{n}.wav,sad\n" for n in range(9))
    with pytest.raises(CorpusError, match=r"line 6 .* and 4 more; paths are read from"):
        load(table(text))


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere.parquet"])
def test_a_missing_table_is_refused(tmp_path, name):
    with pytest.raises(CorpusError, match="no such table"):
        load(tmp_path / name)


def test_another_kind_of_table_is_refused(tmp_path):
    (tmp_path / "t.xlsx").touch()
    with pytest.raises(CorpusError, match=r"ends in \.csv, "):
        load(tmp_path / "t.xlsx")


def test_parquet_rows_are_counted_from_one(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    rows = {"path": ["a.wav", "b.wav"], "emotion": ["sad", "grumpy"]}
    parquet.write_table(pa.table(rows), tmp_path / "t.parquet")
    with pytest.raises(CorpusError, match=r"'grumpy' \(row 2\)"):
        load(tmp_path / "t.parquet")


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_the_common_table_can_be_read_again(tmp_path, name):
    for place in ("emodb/03a01Fa.wav", "emodb/11a02Ld.wav", "emodb/16b10Wb.wav"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).touch()
    items = load_corpus("emodb", tmp_path)
    write_table(items, tmp_path / name)
    assert load(tmp_path / name) == items


def test_the_common_table_has_a_column_a_field(tmp_path):
    (tmp_path / "emodb").mkdir()
    (tmp_path / "emodb/03a01Fa.wav").touch()
    write_table(load_corpus("emodb", tmp_path), tmp_path / "all.csv")
    assert (tmp_path / "all.csv").read_text().splitlines() == [
        "path,corpus,collection,speaker,native_label,emotion,language,gender,age,intensity,"
        "sentence,take,split,start_s,end_s",
        f"{tmp_path}/emodb/03a01Fa.wav,emodb,emodb,03,happiness,happy,de,male,31,,a01,a,,,",
    ]


@pytest.mark.parametrize(
    ("name", "message"), [("t.json", "ends in .csv or .parquet"), ("no/t.csv", "cannot be written")]
)
def test_a_table_that_cannot_be_written_is_refused(tmp_path, name, message):
    with pytest.raises(AffektError, match=message):
        write_table([], tmp_path / name)


WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6).filter(
    lambda word: word not in ("nan", "NaN", "NaT", "<NA>") and not word.replace(".", "").isdecimal()
)
SECONDS = st.integers(0, 5_000).map(lambda number: number / 1_000)


@st.composite
def utterances(draw, folder):
    start_s = draw(st.none() | SECONDS)
    end_s = draw(st.none() | SECONDS.map(lambda length_s: (start_s or 0.0) + 0.1 + length_s))
    return Utterance(
        path=folder / draw(st.sampled_from(["a.wav", "b.wav"])),
        corpus="mine",
        collection=draw(WORDS),
        speaker=draw(WORDS),
        native_label=(word := draw(WORDS)),
        emotion=word,
        language=draw(st.none() | WORDS),
        gender=draw(st.sampled_from([None, "female", "male"])),
        age=draw(st.none() | st.integers(0, 120)),
        sentence=draw(st.none() | WORDS),
        split=draw(st.sampled_from([None, "train", "validation", "test"])),
        start_s=start_s,
        end_s=end_s,
    )


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
@pytest.mark.filterwarnings("ignore:.*ids that differ in zeros")
def test_any_utterances_are_read_back_from_the_common_table(tmp_path, write_tone, name):
    for stem in ("a", "b"):
        write_tone(tmp_path / f"{stem}.wav", duration_s=10.5)

    @settings(max_examples=40)
    @given(st.lists(utterances(tmp_path), min_size=1, unique_by=lambda item: item.stretch))
    def check(items):
        write_table(items, tmp_path / name, force=True)
        found = load(tmp_path / name, labels="own")
        whole = with_one_spelling(items, where="")
        assert [replace(item, emotion="") for item in found] == [
            replace(item, emotion="") for item in whole
        ]

    check()


def test_a_path_as_text_will_do(table):
    assert len(load(str(table("path,emotion\na.wav,sad\n")))) == 1


def test_one_recording_written_in_two_ways_is_refused(table, tmp_path):
    (tmp_path / "x").mkdir()
    text = f"path,emotion\na.wav,sad\n{tmp_path}/x/../a.wav,sad\n"
    with pytest.raises(CorpusError, match="line 3: the same recording as line 2"):
        load(table(text))


def test_a_name_too_long_for_the_system_is_no_recording(table):
    with pytest.raises(CorpusError, match="no such recording: line 2"):
        load(table(f"path,emotion\n{'a' * 300}.wav,sad\n"))


def test_years_may_be_written_as_decimals(table):
    [item] = load(table("path,emotion,age\na.wav,sad,31.0\n"))
    assert item.age == 31


def test_a_folder_that_is_no_text_cannot_be_written(table, tmp_path):
    [item] = load(table("path,emotion\na.wav,sad\n"))
    odd = dataclasses.replace(item, path=tmp_path / "\udcff" / "a.wav")
    with pytest.raises(CorpusError, match="no text in UTF-8"):
        write_table([odd], tmp_path / "out.csv")


def test_one_speaker_written_by_three_programs_is_one(table, tmp_path):
    (tmp_path / "c.wav").touch()
    text = "path,emotion,speaker\na.wav,sad,06\nb.wav,sad,6\nc.wav,sad,6.0\n"
    with pytest.warns(UserWarning, match=r"mine.csv: .* one speaker: 06 = 6 = 6\.0"):
        items = load(table(text))
    assert {item.speaker for item in items} == {"06"}


def stretches(folder, write_tone, *rows):
    write_tone(folder / "a.wav", duration_s=3.0)
    lines = [f"a.wav,{start},{end},angry" for start, end in rows]
    (folder / "cut.csv").write_text("\n".join(["path,start,end,emotion", *lines]) + "\n")
    return folder / "cut.csv"


def test_a_stretch_that_ends_beyond_its_recording_is_as_long_as_what_was_read(tmp_path, write_tone):
    table = stretches(tmp_path, write_tone, (0, 1), (1, 2.98), (1.5, 12), (2, 3.02))
    with pytest.warns(UserWarning, match=r"1 stretch ends beyond the recording .*12 s of 3\.00 s"):
        found = load(table)
    assert [item.end_s for item in found] == [1.0, 2.98, 3.0, 3.02]
    assert [duration_band(item) for item in found][2] == "1 to 2 s"


def test_stretches_within_their_recordings_bring_no_warning(tmp_path, write_tone, recwarn):
    load(stretches(tmp_path, write_tone, (0, 1), (1, 3), (2, "")))
    assert not recwarn.list


def test_a_header_that_announces_too_little_cuts_no_stretch(tmp_path, write_tone):
    table = stretches(tmp_path, write_tone, (0, 2.5))
    data = (tmp_path / "a.wav").read_bytes()
    place = data.index(b"data") + 4
    (tmp_path / "a.wav").write_bytes(
        data[:place] + (32000).to_bytes(4, "little") + data[place + 4 :]
    )
    assert [item.end_s for item in load(table)] == [2.5]
