"""Tables of features: what is written comes back, and what is wrong is said."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from affekt.errors import ConfigError
from affekt.features.sets import FEATURE_SETS, find_feature_set
from affekt.features.tables.info import Skipped, TableInfo
from affekt.features.tables.table import COLUMNS, Rows, read_table
from affekt.features.tables.writer import write_table
from affekt.records import Utterance

CLIPS = (
    Utterance(
        path=Path("emodb/wav/03a01Fa.wav"),
        corpus="emodb",
        collection="emodb",
        speaker="03",
        native_label="F",
        emotion="happy",
        language="de",
        gender="male",
        age=31,
        sentence='a "01", so to say',
        take="a",
    ),
    Utterance(
        path=Path("emodb/wav/03a01Lb.wav"),
        corpus="emodb",
        collection="emodb",
        speaker="03",
        native_label="L",
        emotion=None,
        split="test",
        start_s=0.5,
        end_s=1.25,
    ),
)


def info_of(name: str, clips: int = 2) -> TableInfo:
    features = find_feature_set(name)
    return TableInfo(
        feature_set=name,
        set_version=features.version,
        shape=features.shape,
        affekt_version="0.1.0",
        corpora=("emodb",),
        asked=clips + 1,
        asked_sha256="0" * 64,
        min_duration_s=None,
        skipped=(Skipped("emodb/wav/silent.wav", "is silent"),),
        too_short=0,
        date="2026-01-01T00:00:00+00:00",
    )


def rows_of(name: str, seed: int = 0) -> Rows:
    shape = find_feature_set(name).shape
    values = np.random.default_rng(seed).standard_normal((2, *shape)).astype(np.float32)
    return Rows(CLIPS, np.array([1.5, 0.1 + 0.2]), values)


@pytest.fixture(params=[".parquet", ".csv"])
def path(request, tmp_path):
    """Where a table of vectors may lie."""
    return tmp_path / f"features{request.param}"


@pytest.mark.parametrize("name", FEATURE_SETS)
def test_a_table_of_every_set_comes_back_as_it_was(tmp_path, name):
    rows = rows_of(name)
    write_table(tmp_path / "a.parquet", info_of(name), [rows])
    table = read_table(tmp_path / "a.parquet")
    assert table.info == info_of(name)
    assert table.utterances == CLIPS
    np.testing.assert_array_equal(table.durations_s, rows.durations_s)
    np.testing.assert_array_equal(table.features(), rows.features)
    assert table.features().dtype == np.float32


def test_a_csv_table_comes_back_as_it_was(tmp_path):
    rows = rows_of("vector-162")
    write_table(tmp_path / "a.csv", info_of("vector-162"), [rows])
    table = read_table(tmp_path / "a.csv")
    assert (table.info, table.utterances) == (info_of("vector-162"), CLIPS)
    np.testing.assert_array_equal(table.durations_s, rows.durations_s)
    np.testing.assert_array_equal(table.features(), rows.features)


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=npst.arrays(
        np.float32,
        (1, 141),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
        fill=st.nothing(),
    )
)
def test_csv_keeps_every_single_precision_value(tmp_path, values):
    rows = Rows(CLIPS[:1], np.array([1.0]), values)
    write_table(tmp_path / "a.csv", info_of("mfcc-mel-mean", 1), [rows])
    found = read_table(tmp_path / "a.csv").features()
    assert found.tobytes() == values.tobytes()  # the sign of zero included


def test_blocks_come_one_at_a_time_as_they_were_written(tmp_path):
    first, second = rows_of("mfcc-matrix", 1), rows_of("mfcc-matrix", 2)
    write_table(tmp_path / "a.parquet", info_of("mfcc-matrix", 4), iter([first, second]))
    blocks = list(read_table(tmp_path / "a.parquet").blocks())
    np.testing.assert_array_equal(blocks, [first.features, second.features])


def test_other_programs_find_named_columns_and_the_metadata(tmp_path):
    rows = rows_of("vector-162")
    write_table(tmp_path / "a.parquet", info_of("vector-162"), [rows])
    found = pq.read_table(tmp_path / "a.parquet")
    assert found.column_names == [*COLUMNS, *find_feature_set("vector-162").columns]
    np.testing.assert_array_equal(found["rms"].to_numpy(), rows.features[:, 33])
    assert found["clip"].to_pylist() == ["emodb/wav/03a01Fa.wav", "emodb/wav/03a01Lb.wav"]
    assert found["age"].to_pylist() == [31, None]
    document = json.loads(found.schema.metadata[b"affekt"])
    assert document["feature_set"] == "vector-162"
    assert document["shape"] == [162]


def test_csv_is_for_vectors(tmp_path):
    with pytest.raises(ConfigError, match=r"gives 3 x 512 x 90 values.*features\.parquet"):
        write_table(tmp_path / "features.csv", info_of("planes-512x90"), [])
    assert not list(tmp_path.iterdir())


def test_a_table_that_breaks_off_leaves_nothing_and_what_was_there(path):
    def breaks_off():
        yield rows_of("vector-162")
        raise KeyboardInterrupt

    path.write_text("of before")
    with pytest.raises(KeyboardInterrupt):
        write_table(path, info_of("vector-162"), breaks_off())
    assert [item.name for item in path.parent.iterdir()] == [path.name]
    assert path.read_text() == "of before"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"set_version": 99}, "version 99 of vector-162, written by Affekt 0.1.0; version 1 is"),
        ({"shape": (161,)}, "extract the features again"),
        ({"feature_set": "vector-163"}, "'vector-163', which this Affekt does not know"),
    ],
)
def test_features_of_another_version_are_refused(path, change, message):
    write_table(path, info_of("vector-162"), [rows_of("vector-162")])
    other = dataclasses.replace(info_of("vector-162"), **change)
    if path.suffix == ".csv":
        path.with_name("features.csv.json").write_text(other.to_json())
    else:
        found = pq.read_table(path)
        pq.write_table(found.replace_schema_metadata({"affekt": other.to_json()}), path)
    with pytest.raises(ConfigError, match=message):
        read_table(path)


def test_a_newer_format_is_reported_from_damage(tmp_path):
    text = info_of("vector-162").to_json().replace('"format": 2', '"format": 3')
    with pytest.raises(ConfigError, match="a table of format 3, and this Affekt reads format 2"):
        TableInfo.from_json(text, where=tmp_path)


def test_a_shortened_table_is_damaged(path):
    write_table(path, info_of("vector-162"), [rows_of("vector-162")])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(ConfigError, match=r"a damaged table.*extract the features again"):
        read_table(path)


def test_lost_rows_are_noticed(path):
    write_table(path, info_of("vector-162", 3), [rows_of("vector-162")])
    with pytest.raises(ConfigError, match="2 clips of 3"):
        read_table(path)


def test_damaged_values_are_noticed_when_they_are_read(tmp_path):
    path = tmp_path / "a.parquet"
    write_table(path, info_of("mfcc-matrix"), [rows_of("mfcc-matrix")])
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="a damaged table"):
        read_table(path).features()


def test_a_csv_table_without_its_metadata_is_reported(tmp_path):
    write_table(tmp_path / "a.csv", info_of("vector-162"), [rows_of("vector-162")])
    (tmp_path / "a.csv.json").unlink()
    with pytest.raises(ConfigError, match=r"a\.csv\.json does not lie beside it"):
        read_table(tmp_path / "a.csv")


def test_tables_of_others_are_refused(tmp_path):
    write_table(tmp_path / "a.parquet", info_of("vector-162"), [rows_of("vector-162")])
    found = pq.read_table(tmp_path / "a.parquet").replace_schema_metadata(None)
    pq.write_table(found, tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("no Parquet")
    with pytest.raises(ConfigError, match="no table of features"):
        read_table(tmp_path / "a.parquet")
    with pytest.raises(ConfigError, match="a damaged table"):
        read_table(tmp_path / "b.parquet")


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.txt", "ends in .parquet or .csv"), ("a.csv", "no such table")],
)
def test_a_table_must_be_there_and_be_called_one(tmp_path, name, message):
    with pytest.raises(ConfigError, match=message):
        read_table(tmp_path / name)


def test_a_place_that_cannot_be_written_is_named(path):
    where = path.parent / "absent" / path.name
    with pytest.raises(ConfigError, match=r"absent.*cannot be written: No such file"):
        write_table(where, info_of("vector-162"), [rows_of("vector-162")])
