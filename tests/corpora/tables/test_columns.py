"""What people call columns, and how they write times."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.corpora.tables.columns import (
    COLUMNS,
    find_columns,
    part_of,
    stretch_columns,
    stretch_of,
)
from affekt.errors import CorpusError


def test_no_two_things_have_one_name():
    names = [name for names in COLUMNS.values() for name in names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("written", ["Speaker ID", "speaker_id", "SPEAKER-ID", "speaker.id"])
def test_capitals_spaces_dots_and_hyphens_do_not_matter(written):
    assert find_columns([written, "File Name"]) == {"path": "File Name", "speaker": written}


def test_the_first_name_that_is_there_counts():
    assert find_columns(["label", "emotion", "file"]) == {"path": "file", "emotion": "emotion"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (["path", "speeker"], r"unknown column 'speeker' \(did you mean 'speaker'\?\)"),
        (["path", "Path"], "column 'path' is there twice"),
        (["emotion"], "no column 'path'; names that are known: path, file, .*it has: emotion"),
        ([], "it has: none"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(header, message):
    with pytest.raises(CorpusError, match=message):
        find_columns(header, needed=["path"])


def test_a_likely_name_is_no_mistake_where_the_thing_is_there_already():
    assert find_columns(["path", "speaker", "speakers"])["speaker"] == "speaker"


def test_columns_that_may_tell_a_stretch_are_named():
    header = ["path", "start_frame", "end_frame", "started"]
    assert stretch_columns(header, find_columns(header)) == ["start_frame", "end_frame"]
    assert stretch_columns([*header, "start"], find_columns([*header, "start"])) == []


@pytest.mark.parametrize(
    ("said", "stretch"),
    [
        ({}, (None, None)),
        ({"start": "0.5", "end": "2"}, (0.5, 2.0)),
        ({"start": "0,5", "end": ""}, (0.5, None)),
        ({"start": "0 days", "end": "0 days 00:00:01.500000"}, (0.0, 1.5)),
        ({"start": "1 day 01:00:01", "end": "26:00:00"}, (90_001.0, 93_600.0)),
        ({"start": "00:00:00", "end": "1:02.5"}, (0.0, 62.5)),
        ({"start_ms": "250", "end_ms": "1500"}, (0.25, 1.5)),
        ({"onset": "1", "offset": "2"}, (1.0, 2.0)),
        ({"offset": "1", "duration": "2"}, (1.0, 3.0)),
        ({"start": "1", "duration": "2"}, (1.0, 3.0)),
        ({"start": "1", "end": "", "duration": "9"}, (1.0, None)),
        ({"duration": "9"}, (None, None)),
    ],
)
def test_a_stretch_is_reported_in_many_ways(said, stretch):
    assert stretch_of(said) == stretch


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"start": "now"}, "'start' is 'now', not a number of seconds"),
        ({"start": "-1"}, "'start' is '-1'"),
        ({"end": "inf"}, "'end' is 'inf'"),
        ({"start": "-1 days +23:59:59"}, "'start' is '-1 days"),
        ({"start": "2", "end": "1"}, "ends at 1 s, before or as it starts"),
        ({"end": "0"}, "ends at 0 s"),
    ],
)
def test_what_is_no_time_is_refused(said, message):
    with pytest.raises(CorpusError, match=message):
        stretch_of(said)


@given(st.timedeltas(dt.timedelta(microseconds=1), dt.timedelta(days=3)))
def test_times_of_pandas_and_of_python_are_read(time):
    pandas = pytest.importorskip("pandas", reason="it writes or reads the table")
    seconds = pytest.approx(time.total_seconds(), abs=1e-6)
    assert stretch_of({"end": str(pandas.Timedelta(time))})[1] == seconds
    assert stretch_of({"end": str(time)})[1] == seconds


@pytest.mark.parametrize(
    ("said", "part"),
    [("Training", "train"), ("dev", "validation"), ("VAL", "validation"), ("eval", "test")],
)
def test_parts_go_by_one_name(said, part):
    assert part_of(said) == part
    assert part_of("holdout") == "holdout"
