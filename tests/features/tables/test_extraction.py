"""Extraction: every clip once, the same after an interruption, and nothing done twice."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
import soundfile

from affekt.audio import decode
from affekt.errors import ConfigError
from affekt.features.sets import find_feature_set
from affekt.features.tables import parts as module
from affekt.features.tables.extraction import extract
from affekt.features.tables.table import read_table
from affekt.records import Utterance

SET = find_feature_set("mfcc-mel-mean")


@pytest.fixture
def clips(tmp_path, monkeypatch):
    """Nine noises of 0.2 to 1.0 s, the third silent, worked on two at a time."""
    monkeypatch.setattr(module, "CLIPS_A_GROUP", 2)
    rng = np.random.default_rng(0)
    (tmp_path / "tones").mkdir()
    made = []
    for number in range(9):
        path = tmp_path / "tones" / f"{number}.wav"
        level = 0.0 if number == 2 else 0.1
        soundfile.write(path, level * rng.standard_normal(3200 + 1600 * number), 16000)
        made.append(
            Utterance(
                path=path,
                corpus="tones",
                collection="tones",
                speaker=f"s{number % 2}",
                native_label="noise",
                emotion="neutral",
            )
        )
    return made


@pytest.fixture
def counted():
    """A set that remembers how many clips it was asked for."""
    sizes = []

    def compute(signal):
        sizes.append(signal.size)
        return SET.compute(signal)

    return dataclasses.replace(SET, compute=compute), sizes


def test_every_readable_clip_has_its_row(clips, tmp_path):
    info, was_there = extract(clips, SET, tmp_path / "a.parquet", root=tmp_path)
    table = read_table(tmp_path / "a.parquet")
    assert not was_there
    assert table.info == info
    assert [item.path.as_posix() for item in table.utterances] == [
        f"tones/{number}.wav" for number in range(9) if number != 2
    ]
    np.testing.assert_allclose(table.durations_s[:3], [0.2, 0.3, 0.5])
    expected = [SET.compute(decode(item.path).signal) for item in clips if item is not clips[2]]
    np.testing.assert_array_equal(table.features(), expected)


def test_what_cannot_be_read_is_listed_without_the_places_of_this_machine(clips, tmp_path):
    clips[4].path.write_bytes(b"no sound")
    info, _ = extract(clips, SET, tmp_path / "a.csv", root=tmp_path)
    assert [item.clip for item in info.skipped] == ["tones/2.wav", "tones/4.wav"]
    assert info.skipped[0].reason.startswith("is silent")
    assert str(tmp_path) not in (tmp_path / "a.csv.json").read_text()


def test_several_processes_make_the_same_table(clips, tmp_path):
    done = []
    for workers in (1, 2):
        extract(
            clips,
            SET,
            tmp_path / f"{workers}.parquet",
            root=tmp_path,
            workers=workers,
            progress=lambda *state: done.append(state),
        )
    one, two = (read_table(tmp_path / f"{workers}.parquet") for workers in (1, 2))
    assert one.utterances == two.utterances
    np.testing.assert_allclose(one.features(), two.features(), rtol=1e-6)
    assert done.count((0, 9)) == 2
    assert done[-1] == (9, 9)


def test_the_environment_is_left_as_it_was(clips, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    extract(clips[:4], SET, tmp_path / "a.parquet", root=tmp_path, workers=2)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_an_interrupted_run_goes_on_where_it_was(clips, counted, tmp_path):
    features, sizes = counted

    def interrupt(done, total):
        if done >= 6:
            raise KeyboardInterrupt

    out = tmp_path / "a.parquet"
    with pytest.raises(KeyboardInterrupt):
        extract(clips, features, out, root=tmp_path, progress=interrupt)
    assert not out.exists()
    assert len(sizes) == 5  # three groups of two, one clip of them silent

    extract(clips, features, out, root=tmp_path)
    assert len(sizes) == 8
    assert len(read_table(out).utterances) == 8
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.parquet", "tones"]


def test_after_an_interruption_a_changed_clip_and_a_damaged_part_are_made_anew(
    clips, counted, tmp_path
):
    features, sizes = counted
    out = tmp_path / "a.parquet"

    def interrupt(done, total):
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract(clips, features, out, root=tmp_path, progress=interrupt)
    parts = sorted((tmp_path / "a.parquet.parts").iterdir(), key=lambda path: path.stat().st_size)
    assert len(parts) == 5
    parts[-1].write_bytes(parts[-1].read_bytes()[:-300])
    soundfile.write(clips[8].path, 0.1 * np.random.default_rng(1).standard_normal(5000), 16000)
    before = len(sizes)
    extract(clips, features, out, root=tmp_path)
    assert len(sizes) - before == 3  # the changed clip stands alone, the damaged part has two
    assert read_table(out).durations_s[-1] == 5000 / 16000


def test_a_finished_table_is_left_alone(clips, counted, tmp_path):
    features, sizes = counted
    out = tmp_path / "a.parquet"
    first = extract(clips, features, out, root=tmp_path).info
    found, was_there = extract(clips, features, out, root=tmp_path)
    assert was_there
    assert found == first
    assert len(sizes) == 8
    assert not extract(clips, features, out, root=tmp_path, force=True).was_there
    assert len(sizes) == 16


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_a_table_of_something_else_is_not_replaced_unasked(clips, tmp_path, name):
    extract(clips, SET, tmp_path / name, root=tmp_path)
    other = find_feature_set("vector-162")
    with pytest.raises(ConfigError, match=r"\(set: mfcc-mel-mean; asked for: vector-162\)"):
        extract(clips, other, tmp_path / name, root=tmp_path)
    with pytest.raises(ConfigError, match=r"choose from: 9; asked for: 8\).*--force"):
        extract(clips[:8], SET, tmp_path / name, root=tmp_path)
    (tmp_path / name).write_text("the notes of a person")
    (tmp_path / "a.csv.json").unlink(missing_ok=True)
    with pytest.raises(ConfigError, match="--force replaces the file"):
        extract(clips, SET, tmp_path / name, root=tmp_path)
    extract(clips, other, tmp_path / name, root=tmp_path, force=True)
    assert read_table(tmp_path / name).info.feature_set == "vector-162"


def test_short_clips_can_be_left_out(clips, tmp_path):
    out = tmp_path / "a.parquet"
    info, _ = extract(clips, SET, out, root=tmp_path, min_duration_s=0.5)
    assert info.too_short == 2  # 0.2 and 0.3 s; the silent one has 0.4
    assert read_table(out).durations_s.min() == 0.5


def test_a_table_of_nothing_is_refused_with_the_first_reason(clips, tmp_path):
    with pytest.raises(ConfigError, match=r"none of 1 clips can be used.*is silent"):
        extract(clips[2:3], SET, tmp_path / "a.parquet", root=tmp_path)


def test_a_place_that_cannot_be_written_is_reported_before_any_work(clips, counted, tmp_path):
    features, sizes = counted
    with pytest.raises(ConfigError, match=r"absent.*cannot be written"):
        extract(clips, features, tmp_path / "absent" / "a.parquet", root=tmp_path)
    assert not sizes


def test_large_features_are_written_in_small_groups(clips, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CLIPS_A_GROUP", 128)
    monkeypatch.setattr(module, "_VALUES_A_GROUP", 2 * 141)
    extract(clips, SET, tmp_path / "a.parquet", root=tmp_path)
    sizes = [len(block) for block in read_table(tmp_path / "a.parquet").blocks()]
    assert sizes == [2, 1, 2, 2, 1]
