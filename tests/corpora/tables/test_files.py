"""Files of tables: whatever wrote them, the rows are the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.corpora.tables.files import read_table_file
from affekt.errors import CorpusError, MissingExtraError

ROWS = [
    {"path": "a.wav", "emotion": "sad", "note": 'he said "no, no"'},
    {"path": "b.wav", "emotion": "Wut", "note": "two\nlines; and a comma,"},
    {"path": "ü.wav", "emotion": "", "note": "grün"},
]


def cells(table):
    return [dict(row.cells) for row in table.rows]


def write_csv(path, rows, *, encoding="utf-8", **dialect):
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), **dialect)
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_any_separator_encoding_and_line_end(tmp_path, separator, encoding, end):
    path = tmp_path / "t.csv"
    write_csv(path, ROWS, encoding=encoding, delimiter=separator, lineterminator=end)
    assert cells(read_table_file(path)) == ROWS


def test_windows_1252_is_read_and_named_in_a_line(tmp_path):
    write_csv(tmp_path / "t.csv", ROWS, encoding="cp1252", delimiter=";")
    with pytest.warns(UserWarning, match=r"t\.csv: not UTF-8; read as Windows-1252 \(cp1252\)"):
        table = read_table_file(tmp_path / "t.csv")
    assert cells(table) == ROWS


def test_json_lines_are_rows(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text("\n\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    assert cells(read_table_file(path)) == ROWS


def test_json_keeps_numbers_as_they_are_written_and_fills_what_is_missing(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"a": 0.10, "b": null}\n{"c": 12345678901234567890}\n')
    assert cells(read_table_file(tmp_path / "t.jsonl")) == [
        {"a": "0.10", "b": "", "c": ""},
        {"a": "", "b": "", "c": "12345678901234567890"},
    ]


@pytest.mark.parametrize("kind", ["category", "object", "string"])
def test_parquet_of_pandas_is_read_with_categories(tmp_path, kind):
    pandas = pytest.importorskip("pandas", reason="it writes or reads the table")
    frame = pandas.DataFrame(ROWS).replace("", None)
    frame["emotion"] = frame["emotion"].astype(kind)
    frame.to_parquet(tmp_path / "t.parquet")
    assert cells(read_table_file(tmp_path / "t.parquet")) == ROWS


@pytest.mark.parametrize("names", [["path"], ["path", "emotion"]])
def test_an_index_of_pandas_is_columns(tmp_path, names):
    pandas = pytest.importorskip("pandas", reason="it writes or reads the table")
    pandas.DataFrame(ROWS).set_index(names).to_parquet(tmp_path / "t.parquet")
    assert cells(read_table_file(tmp_path / "t.parquet")) == ROWS


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_lengths_of_time_are_seconds(tmp_path, unit):
    pa = pytest.importorskip("pyarrow", reason="it writes or reads the table")
    from pyarrow import parquet

    times = pa.array([dt.timedelta(seconds=90), None], pa.duration(unit))
    parquet.write_table(pa.table({"end": times}), tmp_path / "t.parquet")
    assert cells(read_table_file(tmp_path / "t.parquet")) == [{"end": "90.0"}, {"end": ""}]


def test_rows_are_called_by_the_line_they_end_on(tmp_path):
    write_csv(tmp_path / "t.csv", ROWS)
    table = read_table_file(tmp_path / "t.csv")
    assert [row.where for row in table.rows] == ["line 2", "line 4", "line 5"]


def test_a_row_may_end_early(tmp_path):
    (tmp_path / "t.csv").write_text("path,emotion,note\na.wav,sad\nb.wav,sad,x,,\n")
    assert cells(read_table_file(tmp_path / "t.csv")) == [
        {"path": "a.wav", "emotion": "sad", "note": ""},
        {"path": "b.wav", "emotion": "sad", "note": "x"},
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"path,emotion\na.wav,sad,1\n", "line 2: 3 values for 2 columns"),
        ("t.csv", b'path,emotion\n"a.wav,sad\n', "not a CSV file"),
        ("t.csv", b"path\n\x81.wav\n", "neither UTF-8 nor Windows-1252"),
        ("t.jsonl", b'{"path": 1}\n{"path": \n', "line 2: not JSON"),
        ("t.jsonl", b"[1]\n", "line 1: not an object"),
        ("t.parquet", b"PAR1 but no more", "not a readable Parquet file"),
        ("t.xlsx", b"", r"ends in \.csv, .* or \.pq"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        read_table_file(tmp_path / name)


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.xlsx"])
def test_a_missing_table_is_refused(tmp_path, name):
    with pytest.raises(CorpusError, match="no such table"):
        read_table_file(tmp_path / name)


def test_parquet_without_pyarrow_names_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "t.parquet").touch()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'affekt\[train\]'"):
        read_table_file(tmp_path / "t.parquet")


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8).map(str.strip)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1), st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory, rows, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("path", "emotion"), *rows])
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found = [tuple(row.cells.values()) for row in read_table_file(path).rows]
    assert found == [row for row in rows if any(row)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.filterwarnings("ignore:.*not UTF-8")
def test_rows_are_written_again_as_they_were(tmp_path, encoding):
    write_csv(tmp_path / "t.csv", ROWS, encoding=encoding, delimiter=";")
    read_table_file(tmp_path / "t.csv").write_rows(tmp_path / "new.csv", {0, 1, 2})
    assert (tmp_path / "new.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.parquet"])
def test_some_rows_are_written(tmp_path, name):
    path = tmp_path / name
    if name == "t.csv":
        write_csv(path, ROWS)
    elif name == "t.jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    else:
        pa = pytest.importorskip("pyarrow", reason="it writes or reads the table")
        from pyarrow import parquet

        parquet.write_table(pa.Table.from_pylist(ROWS), path)
    out = tmp_path / f"new{path.suffix}"
    read_table_file(path).write_rows(out, {0, 2})
    assert cells(read_table_file(out)) == [ROWS[0], ROWS[2]]
