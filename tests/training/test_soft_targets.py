"""Targets that are shares of several classes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from affekt.errors import CorpusError
from affekt.records import Utterance
from affekt.training.module import masked_cross_entropy
from affekt.training.soft_targets import soft_targets

LABELS = ("neutral", "happy", "sad")


def clip(path, emotion, *, corpus="cremad", speaker="1"):
    return Utterance(
        path=Path(path),
        corpus=corpus,
        collection=corpus,
        speaker=speaker,
        native_label=emotion,
        emotion=emotion,
    )


@pytest.fixture
def voted(tmp_path):
    """A corpus of one clip, which eight of ten listeners took for something else."""
    table = tmp_path / "processedResults" / "tabulatedVotes.csv"
    table.parent.mkdir()
    (tmp_path / "AudioWAV").mkdir()
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["", "A", "D", "F", "H", "N", "S", "fileName"])
        rows.writerow(["100001", 2, 0, 0, 2, 6, 0, "1001_IEO_HAP_XX"])
        rows.writerow(["300001", 0, 0, 0, 10, 0, 0, "1001_IEO_HAP_XX"])  # with the face
    return tmp_path / "AudioWAV" / "1001_IEO_HAP_XX.wav"


def test_votes_make_their_share_of_the_target_among_the_model_s_classes(voted):
    found = soft_targets(
        [clip(voted, "happy"), clip("other.wav", "sad", corpus="savee")],
        np.array([1, 2]),
        [np.zeros(2), np.ones(2)],
        labels=LABELS,
        vote_share=0.5,
    )
    np.testing.assert_allclose(found, [[0.375, 0.625, 0.0], [0.0, 0.0, 1.0]])


def test_votes_that_are_not_there_are_asked_for(tmp_path):
    (tmp_path / "AudioWAV").mkdir()
    with pytest.raises(CorpusError, match=r"get processedResults/tabulatedVotes\.csv"):
        soft_targets(
            [clip(tmp_path / "AudioWAV" / "a.wav", "sad")],
            np.array([2]),
            [np.zeros(2)],
            labels=LABELS,
            vote_share=1.0,
        )


def test_a_sound_under_two_labels_has_both():
    fear, sad, other = np.arange(4.0), np.arange(4.0), np.ones(4)
    items = [clip("a.wav", "happy"), clip("b.wav", "sad"), clip("c.wav", "sad")]
    found = soft_targets(
        items, np.array([1, 2, 2]), [fear, sad, other], labels=LABELS, join_labels=True
    )
    np.testing.assert_allclose(found, [[0, 0.5, 0.5], [0, 0.5, 0.5], [0, 0, 1]])


def test_shares_of_one_class_cost_what_the_class_costs():
    torch.manual_seed(0)
    logits, targets = torch.randn(4, 3), torch.tensor([0, 1, 2, 1])
    allowed = torch.tensor([[1, 1, 1], [1, 1, 0], [0, 1, 1], [1, 1, 1]], dtype=torch.bool)
    whole = functional.one_hot(targets, 3).float()
    plain = masked_cross_entropy(logits, targets, allowed, smoothing=0.1)
    shared = masked_cross_entropy(logits, targets, allowed, smoothing=0.1, shares=whole)
    torch.testing.assert_close(shared, plain)


def test_shares_cost_what_torch_says():
    torch.manual_seed(0)
    logits, shares = torch.randn(4, 3), torch.rand(4, 3)
    shares /= shares.sum(dim=1, keepdim=True)
    everything = torch.ones(4, 3, dtype=torch.bool)
    found = masked_cross_entropy(
        logits, shares.argmax(dim=1), everything, smoothing=0.0, shares=shares
    )
    expected = functional.cross_entropy(logits, shares, reduction="none")
    torch.testing.assert_close(found, expected)


def test_a_vote_for_a_class_that_the_part_does_not_have_counts_for_nothing():
    logits = torch.tensor([[1.0, 2.0, 0.5]])
    allowed = torch.tensor([[True, True, False]])
    found = masked_cross_entropy(
        logits,
        torch.tensor([0]),
        allowed,
        smoothing=0.0,
        shares=torch.tensor([[0.6, 0.2, 0.2]]),
    )
    expected = functional.cross_entropy(logits[:, :2], torch.tensor([[0.75, 0.25]]))
    torch.testing.assert_close(found[0], expected)
