"""Rows of clips and copies, and the splits with and without a leak."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from affekt.errors import CorpusError
from affekt.features.sets import FEATURE_SETS
from affekt.protocols import partition
from affekt.published.data import load_rows
from affekt.records import Utterance
from affekt.training.data import Clips
from affekt.training.splits import split_rows

COPY = {"steps": [{"name": "noise", "snr_db": [20.0, 20.0]}]}


def speakers(rows, part):
    return {rows.utterances[k].speaker_key for k in rows.clip[part]}


def test_clips_of_the_systems_labels_are_read_and_missing_corpora_named(system, corpora):
    rows = load_rows(system(), corpora)
    assert rows.features.shape == (len(rows.targets), *FEATURE_SETS["vector-162"].shape)
    assert rows.missing == ("cafe",)
    assert {item.corpus for item in rows.utterances} == {"emodb", "savee"}
    assert all(item.native_label != "boredom" for item in rows.utterances)
    assert set(rows.targets.tolist()) == {0, 1, 2, 3}


def test_a_label_can_join_another(system, corpora):
    joined = system(**{"labels": ["neutral", "happy", "angry"], "data.relabel": {"sad": "neutral"}})
    rows, plain = load_rows(joined, corpora), load_rows(system(), corpora)
    assert len(rows.targets) == len(plain.targets)
    assert (rows.targets == 0).sum() == np.isin(plain.targets, [0, 2]).sum()


def test_short_clips_are_dropped_with_the_reason(system, corpora):
    rows = load_rows(system(**{"data.min_duration_s": 0.6}), corpora)
    everything = load_rows(system(), corpora)
    assert 0 < len(rows.utterances) < len(everything.utterances)
    assert {reason for _, reason in rows.skipped} == {"shorter than 0.6 s"}
    assert len(rows.utterances) + len(rows.skipped) == len(everything.utterances)


def test_copies_stand_behind_their_original_and_are_the_same_in_every_run(leaking, corpora):
    rows, again = load_rows(leaking, corpora), load_rows(leaking, corpora)
    assert rows.copy.tolist() == [0, 1] * len(rows.utterances)
    assert rows.clip.tolist() == np.repeat(np.arange(len(rows.utterances)), 2).tolist()
    assert (rows.targets[0::2] == rows.targets[1::2]).all()
    assert not np.allclose(rows.features[0], rows.features[1])
    np.testing.assert_array_equal(rows.features, again.features)


def test_a_quick_look_takes_a_small_share(system, corpora):
    rows = load_rows(system(), corpora, quick=True)
    assert 0 < len(rows.utterances) <= 2 * 90


def test_no_corpus_at_all_is_an_error(system, tmp_path):
    with pytest.raises(CorpusError, match="none of the corpora of tiny"):
        load_rows(system(), tmp_path)


def test_corpora_of_which_no_clip_can_be_used_are_an_error_with_the_reason(system, corpora):
    with pytest.raises(CorpusError, match="no clip can be used; of the first: shorter than 60 s"):
        load_rows(system(**{"data.min_duration_s": 60.0}), corpora)


@pytest.mark.parametrize("rule", ["published", "split-before-copies", "speaker-disjoint"])
def test_every_row_lies_in_one_part(leaking, corpora, rule):
    rows = load_rows(leaking, corpora)
    split = split_rows(leaking, rows, rule, seed=1)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together) == list(range(len(rows.targets)))


def test_the_leak_of_the_text_puts_copies_on_both_sides_and_says_so(leaking, corpora):
    rows = load_rows(leaking, corpora)
    split = split_rows(leaking, rows, "published", seed=1)
    both = set(rows.clip[split.train]) & set(rows.clip[split.test])
    assert split.shared_clips == sum(clip in both for clip in rows.clip[split.test]) > 0
    assert "both sides" in split.description


def test_splitting_before_copying_keeps_copies_with_their_original(leaking, corpora):
    rows = load_rows(leaking, corpora)
    split = split_rows(leaking, rows, "split-before-copies", seed=1)
    assert split.shared_clips == 0
    assert not set(rows.clip[split.train]) & set(rows.clip[split.test])
    assert split.shared_speakers > 0


def test_a_recording_that_its_corpus_holds_twice_is_one_recording(system):
    """CREMA-D has three sounds under two labels each; the third clip here is of neither name."""
    names = ("1006_TIE_HAP_XX", "1006_TIE_NEU_XX", "1006_TIE_SAD_XX")
    rows = Clips(
        features=np.zeros((3, 1), np.float32),
        targets=np.zeros(3, np.int64),
        clip=np.arange(3),
        copy=np.zeros(3, np.int64),
        utterances=tuple(
            Utterance(
                path=Path(f"{name}.wav"),
                corpus="cremad",
                collection="CREMA-D",
                speaker="1006",
                native_label=name[9:12],
                emotion="happy",
            )
            for name in names
        ),
        labels=("happy",),
    )
    for seed in range(10):
        split = split_rows(system(), rows, "published", seed=seed)
        tested = {names[clip] for clip in split.test}
        assert split.shared_clips == (0 if tested == {names[2]} else 1)


def test_a_speaker_disjoint_split_shares_no_speaker_and_is_the_same_for_every_seed(system, corpora):
    made = system(**{"protocol.validation_share": 0.2})
    rows = load_rows(made, corpora)
    split = split_rows(made, rows, "speaker-disjoint", seed=1)
    parts = [speakers(rows, part) for part in (split.train, split.validation, split.test)]
    assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]
    assert split.shared_speakers == 0
    other = split_rows(made, rows, "speaker-disjoint", seed=2)
    np.testing.assert_array_equal(split.test, other.test)


@pytest.mark.parametrize("rule", ["published", "speaker-disjoint"])
def test_a_tuned_system_is_not_tested_on_whom_it_was_chosen_by(system, corpora, rule):
    rows = load_rows(system(), corpora)
    chosen_by = {item.speaker_key for item in partition(rows.utterances).select}
    for seed in range(3):
        drawn = {"protocol.split_seed": seed}
        plain = split_rows(system(**drawn), rows, rule, seed=seed)
        tuned = split_rows(system(**drawn, **{"published.tuned": True}), rows, rule, seed=seed)
        assert speakers(rows, tuned.test) == speakers(rows, plain.test) - chosen_by
        np.testing.assert_array_equal(tuned.train, plain.train)
        assert "left out of the test" in tuned.description


def test_random_splits_differ_by_seed_and_have_the_texts_share(system, corpora):
    rows = load_rows(system(), corpora)
    first, second = (split_rows(system(), rows, "published", seed=seed) for seed in (1, 2))
    assert first.test.tolist() != second.test.tolist()
    assert len(first.test) == -(-len(rows.targets) // 4)  # a quarter, rounded up


def test_copies_of_training_clips_alone_never_reach_the_test(system, corpora):
    made = system(**{"data.copies": [COPY], "protocol.validation_share": 0.2})
    rows = load_rows(made, corpora)
    split = split_rows(made, rows, "published", seed=1)
    assert set(rows.copy[split.train]) == {0, 1}
    assert set(rows.copy[split.validation]) == set(rows.copy[split.test]) == {0}
