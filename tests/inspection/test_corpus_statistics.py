"""Figures of an inspection, as summaries, counts, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json

import pytest

from affekt.inspection.corpus_statistics import (
    clips_csv,
    count,
    counts_csv,
    summarise,
    summary_csv,
    to_json,
)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_summary_counts_what_was_found(inspection):
    emodb, savee, both = summarise(inspection)
    assert (emodb.corpus, savee.corpus, both.corpus) == ("emodb", "savee", "all")
    assert (emodb.clips, emodb.unreadable, emodb.silent_clips, emodb.speakers) == (5, 1, 1, 2)
    assert emodb.sampling_rates_hz == {16_000: 3, 44_100: 1}
    assert emodb.channels == {1: 3, 2: 1}
    assert emodb.clipped_clips == 1
    assert emodb.clipped_share == 0.25
    assert both.clips == 7
    assert both.hours == pytest.approx(emodb.hours + savee.hours)


def test_lengths_are_spread_over_all_clips_and_levels_over_those_that_sound(inspection):
    emodb = summarise(inspection)[0]
    assert (emodb.length_s.min, emodb.length_s.max) == (1.0, 4.0)
    assert emodb.peak_dbfs.max == pytest.approx(0.0, abs=1e-3)
    assert emodb.peak_dbfs.min == pytest.approx(-6.02, abs=0.01)  # not the silent clip's
    assert emodb.leading_s.max == pytest.approx(1.0, abs=0.1)


def test_one_corpus_alone_has_no_sum(inspection):
    assert [item.corpus for item in summarise(inspection.of("savee"))] == ["savee"]


def test_a_corpus_of_which_nothing_can_be_read_has_no_spreads(inspection):
    (clip,) = inspection.unreadable
    (summary,) = summarise(type(inspection)(clips=(clip,)))
    assert summary.length_s is None
    assert summary.clipped_share == 0.0
    assert rows(summary_csv(type(inspection)(clips=(clip,))))[0]["length_s_median"] == ""


def test_emotions_are_counted_in_their_own_order_and_boredom_last(inspection):
    found = count(inspection.of("emodb").clips, "emotion")
    assert list(found.items()) == [
        ("neutral", 2),
        ("happy", 1),
        ("angry", 1),
        ("no canonical label", 1),
    ]


def test_what_a_corpus_does_not_tell_is_not_stated(inspection):
    assert count(inspection.of("emodb").clips, "intensity") == {"not stated": 5}


def test_json_holds_summaries_counts_and_troubles(inspection):
    record = json.loads(to_json(inspection))
    assert [item["corpus"] for item in record["summaries"]] == ["emodb", "savee", "all"]
    assert record["summaries"][0]["sampling_rates_hz"] == {"16000": 3, "44100": 1}
    assert record["counts"]["savee"]["gender"] == {"male": 2}
    assert record["counts"]["emodb"]["native_label"]["boredom"] == 1
    (trouble,) = record["unreadable"]
    assert trouble["path"].endswith("08a02Na.wav")
    assert trouble["corpus"] == "emodb"


def test_the_summary_in_csv_has_a_row_a_corpus(inspection):
    table = rows(summary_csv(inspection))
    assert [row["corpus"] for row in table] == ["emodb", "savee", "all"]
    assert table[0]["sampling_rates_hz"] == "16000:3 44100:1"
    assert float(table[1]["length_s_median"]) == 2.0


def test_counts_in_csv_add_up_to_the_clips(inspection):
    table = rows(counts_csv(inspection))
    for name in ("emotion", "native_label", "gender", "language", "intensity", "speaker"):
        found = [int(row["clips"]) for row in table if row["property"] == name]
        assert sum(found) == 7, name


def test_clips_in_csv_have_a_row_each_with_figures_or_trouble(inspection):
    table = rows(clips_csv(inspection))
    assert len(table) == 7
    assert all((row["duration_s"] == "") == (row["trouble"] != "") for row in table)
    silent = next(row for row in table if row["path"].endswith("08a01La.wav"))
    assert (silent["silent"], silent["peak_dbfs"]) == ("true", "")
