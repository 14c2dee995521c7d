"""One dataset in every form that people keep recordings in: the rows are the same."""

from __future__ import annotations

import json
import shutil

import pytest

from affekt.corpora.datasets import open_dataset
from affekt.errors import ConfigError, CorpusError

# Two people, three recordings; the last two are stretches of one file.
ROWS = [
    ("anna/angry_1.wav", "angry", "anna", None, None),
    ("ben/talk.wav", "happy", "ben", 0.0, 1.5),
    ("ben/talk.wav", "sad", "ben", 1.5, None),
]


@pytest.fixture
def place(tmp_path, write_tone):
    """Return a folder with the recordings."""
    write_tone(tmp_path / "data/anna/angry_1.wav", duration_s=0.5)
    write_tone(tmp_path / "data/ben/talk.wav", duration_s=2.5)
    return tmp_path / "data"


def time(seconds, form):
    if seconds is None:
        return "NaT" if form == "pandas" else ""
    match form:
        case "pandas":
            return f"0 days 00:00:{seconds:09.6f}"
        case "clock":
            return f"00:00:{seconds:04.1f}"
        case "comma":
            return str(seconds).replace(".", ",")
    return str(seconds)


def csv(place, header, *, form="seconds", separator=",", encoding="utf-8", name="t.csv"):
    rows = [
        (path, emotion, speaker, time(start, form), time(end, form))
        for path, emotion, speaker, start, end in ROWS
    ]
    lines = [separator.join(row) for row in [header, *rows]]
    (place / name).write_text("\n".join(lines) + "\n", encoding=encoding)
    return {"table": place / name}


def frame():
    pandas = pytest.importorskip("pandas", reason="it writes or reads the table")
    columns = ["file", "emotion", "speaker", "start", "end"]
    found = pandas.DataFrame(ROWS, columns=columns)
    for name in ("start", "end"):
        found[name] = pandas.to_timedelta(found[name], unit="s")
    return found


def parquet(place):
    table = frame().astype({"emotion": "category", "speaker": "category"})
    table.set_index(["file", "start", "end"]).to_parquet(place / "t.parquet")
    return {"table": place / "t.parquet"}


def json_lines(place):
    names = ("audio_filepath", "emotion", "speaker", "offset", "duration")
    with (place / "t.jsonl").open("w") as file:
        for path, emotion, speaker, start, end in ROWS:
            length = None if end is None else end - start
            row = dict(zip(names, (path, emotion, speaker, start, length), strict=True))
            file.write(json.dumps(row) + "\n")
    return {"table": place / "t.jsonl"}


def audformat_tables(place, storage_format):
    audformat = pytest.importorskip("audformat", reason="audformat is not installed")
    table = frame()
    database = audformat.Database("mine")
    database.schemes["emotion"] = audformat.Scheme(labels=["angry", "happy", "sad"])
    people = {"anna": {"gender": "female"}, "ben": {"gender": "male"}}
    database.schemes["speaker"] = audformat.Scheme(labels=people)
    index = audformat.segmented_index(table["file"], table["start"].fillna("0s"), table["end"])
    database["feelings"] = audformat.Table(index)
    database["feelings"]["felt"] = audformat.Column(scheme_id="emotion")
    database["feelings"]["felt"].set(list(table["emotion"]))
    files = audformat.filewise_index(["anna/angry_1.wav", "ben/talk.wav"])
    database["files"] = audformat.Table(files)
    database["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    database["files"]["speaker"].set(["anna", "ben"])
    database.save(str(place), storage_format=storage_format)


def audformat_csv(place):
    audformat_tables(place, "csv")
    return {"table": place}


def audformat_parquet(place):
    audformat_tables(place, "parquet")
    return {"folder": place}


def audformat_header(place):
    audformat_tables(place, "csv")
    return {"table": place / "db.yaml"}


def audformat_table(place):
    audformat_tables(place, "csv")
    return {"table": place / "db.feelings.csv"}


def of_another_machine(place):
    found = csv(place, ("path", "emotion", "speaker", "start", "end"))
    table = found["table"]
    lines = table.read_text().replace("anna/", "/mnt/x/anna/").replace("ben/", r"D:\x\ben" + "\\")
    table.write_text(lines)
    return found


NAMES = ("path", "emotion", "speaker", "start", "end")
FORMS = {
    "comma": lambda place: csv(place, NAMES),
    "semicolon": lambda place: csv(place, NAMES, separator=";", form="comma"),
    "tab": lambda place: csv(place, NAMES, separator="\t", name="t.tsv"),
    "mark": lambda place: csv(place, NAMES, encoding="utf-8-sig"),
    "utf16": lambda place: csv(place, NAMES, separator="\t", encoding="utf-16", name="t.txt"),
    "synonyms": lambda place: csv(place, ("File Name", "LABEL", "Actor", "begin", "stop")),
    "pandas": lambda place: csv(place, NAMES, form="pandas"),
    "clock": lambda place: csv(place, NAMES, form="clock"),
    "parquet": parquet,
    "json lines": json_lines,
    "audformat, CSV": audformat_csv,
    "audformat, Parquet": audformat_parquet,
    "audformat, header": audformat_header,
    "audformat, one table": audformat_table,
    "another machine": of_another_machine,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore:.*lead nowhere here")
def test_every_form_has_the_same_rows(place, form):
    found = open_dataset(**FORMS[form](place))
    assert [
        (
            item.path.relative_to(place).as_posix(),
            item.emotion,
            item.speaker,
            item.start_s or None,
            item.end_s,
        )
        for item in found.utterances
    ] == [(path, emotion, who, start or None, end) for path, emotion, who, start, end in ROWS]
    assert [who for _, who in found.speakers] == ["anna", "ben"]
    assert found.labels == ("angry", "happy", "sad")


@pytest.mark.parametrize("form", [name for name in FORMS if name.startswith("audformat")])
def test_an_audformat_database_tells_of_its_speakers(place, form):
    found = open_dataset(**FORMS[form](place))
    assert [item.gender for item in found.utterances] == ["female", "male", "male"]
    assert {item.corpus for item in found.utterances} == {"mine"}


def test_a_split_of_audformat_is_a_part(place):
    audformat = pytest.importorskip("audformat", reason="audformat is not installed")
    database = audformat.Database("mine")
    for name, file, kind in (("a", "anna/angry_1.wav", "train"), ("b", "ben/talk.wav", "dev")):
        database.splits[name] = audformat.Split(type=kind)
        database[name] = audformat.Table(audformat.filewise_index([file]), split_id=name)
        database[name]["emotion"] = audformat.Column()
        database[name]["emotion"].set(["anger"])
    database.save(str(place), storage_format="csv")
    found = open_dataset(table=place).utterances
    assert [item.split for item in found] == ["train", "validation"]


def test_what_is_known_of_speakers_may_stand_in_a_table_of_its_own(place):
    audformat = pytest.importorskip("audformat", reason="audformat is not installed")
    pandas = pytest.importorskip("pandas", reason="it writes or reads the table")
    database = audformat.Database("mine")
    people = pandas.Index(["anna", "ben"], name="speaker", dtype="string")
    database["people"] = audformat.MiscTable(people)
    for name, values in (("sex", ["female", "male"]), ("age", [31, 40])):
        database["people"][name] = audformat.Column()
        database["people"][name].set(values)
    database.schemes["speaker"] = audformat.Scheme("str", labels="people")
    files = ["anna/angry_1.wav", "ben/talk.wav"]
    database["all"] = audformat.Table(audformat.filewise_index(files))
    for name, scheme, values in (
        ("emotion", None, ["anger", "joy"]),
        ("who", "speaker", ["anna", "ben"]),
    ):
        database["all"][name] = audformat.Column(scheme_id=scheme)
        database["all"][name].set(values)
    database.save(str(place), storage_format="csv")
    found = open_dataset(table=place).utterances
    assert [(item.speaker, item.gender, item.age) for item in found] == [
        ("anna", "female", 31),
        ("ben", "male", 40),
    ]


@pytest.mark.parametrize("text", ["tables: {x: 1}", "tables: {x: {columns: y}}", "tables: {x: }"])
def test_a_damaged_header_is_reported_and_no_crash(place, text):
    (place / "db.x.csv").write_text("file,speaker\nben/talk.wav,ben\n")
    (place / "db.yaml").write_text(f"{text}\nschemes: z\nsplits: 1\n")
    with pytest.raises(CorpusError, match="no table of the database"):
        open_dataset(table=place)


def test_of_several_tables_of_emotions_one_is_named(place):
    audformat_tables(place, "csv")
    shutil.copy(place / "db.feelings.csv", place / "db.second.csv")
    header = (place / "db.yaml").read_text()
    table = header[header.index("  feelings:") : header.index("  files:")]
    (place / "db.yaml").write_text(header + table.replace("feelings", "second"))
    with pytest.raises(CorpusError, match=r"name one of them: .*db.feelings.csv, .*db.second.csv"):
        open_dataset(table=place)
    assert len(open_dataset(table=place / "db.second.csv").utterances) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not the header of an audformat database"),
        ("name: x", "it names no tables"),
        ("tables: {x: {columns: {}}}", "neither db.x.csv nor db.x.parquet"),
        ("tables: {}", "no table of the database has a column of emotions"),
    ],
)
def test_a_database_that_cannot_be_read_is_refused(place, text, message):
    (place / "db.yaml").write_text(text)
    with pytest.raises(CorpusError, match=message):
        open_dataset(folder=place)


@pytest.fixture
def frustrated(place):
    (place / "t.csv").write_text("path,emotion\nanna/angry_1.wav,Frustrated\nben/talk.wav,happy\n")
    return place / "t.csv"


def emotions(**options):
    return [item.emotion for item in open_dataset(**options).utterances]


def test_an_unknown_label_gets_both_remedies(frustrated):
    message = (
        r"1 label is no emotion known here: 'Frustrated' \(line 2\); say what it means "
        r"\(--map 'Frustrated=angry', .*\), or keep your own labels \(--labels own"
    )
    with pytest.raises(CorpusError, match=message):
        open_dataset(table=frustrated)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"label_map": {"frustrated": "angry"}}, ["angry", "happy"]),
        ({"label_map": {"frustrated": None}}, [None, "happy"]),
        ({"labels": "own"}, ["Frustrated", "happy"]),
        ({"labels": "own", "label_map": {"happy": "content"}}, ["Frustrated", "content"]),
    ],
)
def test_labels_are_mapped_or_kept(frustrated, options, found):
    assert emotions(table=frustrated, **options) == found


def test_own_labels_that_differ_in_capitals_are_one(place):
    (place / "t.csv").write_text("path,emotion\nanna/angry_1.wav,Bored\nben/talk.wav,bored\n")
    assert emotions(table=place / "t.csv", labels="own") == ["Bored", "Bored"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_map": {"frustratd": "angry"}}, r"no emotion"),
        (
            {"labels": "own", "label_map": {"frustratd": "angry"}},
            r"no recording is called 'frustratd'.*did you mean 'Frustrated'",
        ),
        ({"label_map": {"frustrated": "angri"}}, r"no canonical label \(did you mean 'angry'"),
        ({"labels": "mine"}, r"labels is 'mine'"),
    ],
)
def test_a_map_that_cannot_be_used_is_refused(frustrated, options, message):
    with pytest.raises((ConfigError, CorpusError), match=message):
        open_dataset(table=frustrated, **options)


def test_labels_of_corpora_are_mapped_and_kept_alike(toy_corpora):
    options = {"corpora": ["emodb"], "root": toy_corpora}
    assert None in emotions(**options)
    assert "boredom" in emotions(**options, labels="own")
    assert None not in emotions(**options, label_map={"boredom": "calm"})


def test_corpora_and_a_table_stand_together(toy_corpora, frustrated):
    found = open_dataset(
        corpora=["savee"], root=toy_corpora, table=frustrated, label_map={"frustrated": "angry"}
    )
    assert [scan.corpus for scan in found.scans] == ["savee", "t"]
    assert len(found.utterances) == len(found.scans[0].utterances) + 2


def test_what_is_unknown_is_counted(frustrated):
    found = open_dataset(table=frustrated, label_map={"frustrated": None})
    everywhere = dict.fromkeys(("speaker", "sentence", "gender", "age", "language"), 2)
    assert found.unknown == {"label": 1} | everywhere
    assert found.columns == {"path": "path", "emotion": "emotion"}


def test_a_table_may_leave_label_and_speaker_to_the_paths(place):
    (place / "t.csv").write_text("file,mood\nanna/angry_1.wav,low\n")
    found = open_dataset(table=place / "t.csv", label_from="{speaker}/{label}_*.wav")
    [item] = found.utterances
    assert (item.emotion, item.speaker) == ("angry", "anna")
    assert found.unread == ("mood",)


def test_times_that_cannot_be_understood_bring_a_warning_and_no_silence(place):
    (place / "t.csv").write_text("path,emotion,start_frame\nben/talk.wav,sad,100\n")
    with pytest.warns(UserWarning, match="whole recordings are taken; start_frame may be"):
        open_dataset(table=place / "t.csv")


def test_a_split_of_several_rounds_is_no_table(place):
    (place / "t.csv").write_text("path,emotion,round\nben/talk.wav,sad,1\nben/talk.wav,sad,2\n")
    with pytest.raises(CorpusError, match=r"the same recording .*give each round of a split"):
        open_dataset(table=place / "t.csv")


def test_nothing_named_is_refused():
    with pytest.raises(ConfigError, match="Name corpora, a table or a folder"):
        open_dataset()
