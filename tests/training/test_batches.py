from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment import Pipeline
from affekt.errors import ConfigError
from affekt.records import Utterance
from affekt.training import batches as batches_room
from affekt.training.batches import (
    BatchPlan,
    EpochSampler,
    ResumableLoader,
    TrainingBatches,
    class_balance,
    copies_of_clips,
    draw_weights,
    fit_length,
    ordered_loader,
)
from affekt.training.data import Clips
from affekt.training.options import FitConfig
from affekt.training.recipe import DataConfig

LABELS = ("neutral", "happy", "sad", "angry")


def utterance(native_label, emotion, **more):
    return Utterance(
        path=Path("a.wav"),
        corpus="emodb",
        collection="emodb",
        speaker="03",
        native_label=native_label,
        emotion=emotion,
        **more,
    )


# Draws


def settings_of(**changes):
    return DataConfig(corpora=("emodb", "savee", "casia"), **changes)


def test_clips_are_drawn_by_corpus_then_by_class(clips):
    """Nine clips of EmoDB, eight of one class and one of another, and four of SAVEE."""
    rows = [("emodb", 0)] * 8 + [("emodb", 1)] + [("savee", 2)] * 4
    weights = draw_weights(clips(rows), settings_of(corpus_power=0.5, class_power=0.0))
    # Corpora as 3 to 2; EmoDB's two classes alike.
    np.testing.assert_allclose(weights, [0.6 / 2 / 8] * 8 + [0.6 / 2] + [0.4 / 4] * 4)


def test_as_it_is_means_that_all_clips_are_alike(clips):
    rows = [("emodb", 0)] * 5 + [("emodb", 1)] * 2 + [("savee", 2)] * 3
    weights = draw_weights(clips(rows), settings_of(corpus_power=1.0, class_power=1.0))
    np.testing.assert_allclose(weights, 0.1)


def test_a_corpus_weight_is_a_factor_on_its_share(clips):
    rows = [("emodb", 0)] * 2 + [("savee", 1)] * 2
    weights = draw_weights(clips(rows), settings_of(corpus_weight={"emodb": 3.0}))
    np.testing.assert_allclose(weights, [0.375, 0.375, 0.125, 0.125])


def test_copies_together_get_their_share(clips):
    part = clips([("emodb", 0)] * 4 + [("savee", 1)] * 4)
    copied = np.array([False, True, True, True] * 2)
    weights = draw_weights(dataclasses.replace(part, copied=copied), settings_of(copy_share=0.25))
    np.testing.assert_allclose(weights[copied].sum(), 0.25)
    np.testing.assert_allclose(weights[~copied].sum(), 0.75)


def test_a_share_of_copies_means_nothing_where_there_are_none(clips):
    part = clips([("emodb", 0)] * 4)
    weights = draw_weights(part, settings_of(copy_share=0.25))
    np.testing.assert_allclose(weights, 0.25)


def test_half_of_a_batch_can_be_copies_of_its_other_half(clips):
    rows = [("emodb", 0)] * 12
    part = dataclasses.replace(
        clips(rows),
        copied=np.arange(12) % 3 > 0,
        clip=np.arange(12) // 3,
    )
    pairs = copies_of_clips(part)
    assert {row: list(copies) for row, copies in pairs.items()} == {
        0: [1, 2],
        3: [4, 5],
        6: [7, 8],
        9: [10, 11],
    }
    sampler = EpochSampler(np.array(list(pairs)), batch_size=4, seed=1, pairs=pairs)
    plans = list(sampler)
    assert len(plans) == 2
    for plan in plans:
        clip, copy = np.split(plan.rows, 2)
        assert np.all(clip % 3 == 0)
        assert np.all(copy % 3 > 0)
        np.testing.assert_array_equal(copy // 3, clip // 3)
    assert [list(plan.rows) for plan in sampler] == [list(plan.rows) for plan in plans]


def test_a_batch_of_pairs_needs_half_as_many_clips(clips):
    pairs = {row: np.array([row + 10]) for row in range(3)}
    sampler = EpochSampler(np.arange(3), batch_size=6, seed=1, whole_batches=True, pairs=pairs)
    (plan,) = sampler
    np.testing.assert_array_equal(plan.rows[3:], plan.rows[:3] + 10)
    with pytest.raises(ConfigError, match="3 training clips do not fill one batch of 4"):
        EpochSampler(np.arange(3), batch_size=8, seed=1, whole_batches=True, pairs=pairs)


def test_a_clip_without_copies_is_in_no_pair(clips):
    assert copies_of_clips(clips([("emodb", 0)] * 4)) == {}


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(["emodb", "savee", "casia"]), st.integers(0, 3)),
        min_size=1,
        max_size=40,
    ),
    corpus_power=st.floats(0.0, 1.0),
    class_power=st.floats(0.0, 1.0),
)
def test_shares_follow_the_powers(clips_of, rows, corpus_power, class_power):
    config = settings_of(corpus_power=corpus_power, class_power=class_power)
    weights = draw_weights(clips_of(rows), config)
    assert weights.sum() == pytest.approx(1.0)
    assert (weights > 0.0).all()

    def share(*, corpus, target=None):
        return sum(
            weight
            for row, weight in zip(rows, weights, strict=True)
            if row[0] == corpus and target in (None, row[1])
        )

    size = Counter(corpus for corpus, _ in rows)
    for one in size:
        for other in size:
            ratio = (size[one] / size[other]) ** corpus_power
            assert share(corpus=one) == pytest.approx(ratio * share(corpus=other))
    for (corpus, target), count in Counter(rows).items():
        for (other, rival), rivals in Counter(rows).items():
            if corpus == other:
                ratio = (count / rivals) ** class_power
                assert share(corpus=corpus, target=target) == pytest.approx(
                    ratio * share(corpus=corpus, target=rival)
                )


@pytest.fixture(scope="module")
def clips_of():
    """`clips` for Hypothesis, which wants no fixture of a test's own scope."""

    def make(rows):
        return Clips(
            features=(),
            utterances=tuple(
                dataclasses.replace(utterance("x", None), corpus=corpus) for corpus, _ in rows
            ),
            targets=np.array([target for _, target in rows], dtype=np.int64),
            clip=np.arange(len(rows)),
            copy=np.zeros(len(rows), dtype=np.int64),
            labels=LABELS,
        ).part()

    return make


# The plan of an epoch


def plans(sampler):
    return [(plan.epoch, plan.number, plan.rows.tolist()) for plan in sampler]


def sampler(count=40, *, batch_size=8, seed=1, weights=None):
    weights = np.full(count, 1.0 / count) if weights is None else np.array(weights)
    rows = np.arange(len(weights))
    return EpochSampler(rows, batch_size=batch_size, seed=seed, weights=weights, whole_batches=True)


def test_an_epoch_is_a_function_of_seed_and_number():
    first, second = sampler(), sampler()
    assert plans(first) == plans(first) == plans(second)
    assert plans(first) != plans(sampler(seed=2))
    second.set_epoch(1)
    assert [clips for *_, clips in plans(second)] != [clips for *_, clips in plans(first)]


def test_an_epoch_draws_as_many_clips_as_there_are():
    assert len(sampler(43)) == len(plans(sampler(43))) == 5
    assert all(len(clips) == 8 for *_, clips in plans(sampler(43)))


def test_a_clip_without_weight_is_never_drawn():
    drawn = {
        clip for *_, clips in plans(sampler(weights=[0.125, 0.0, 0.125] * 4)) for clip in clips
    }
    assert drawn & {1, 4, 7, 10} == set()


def test_a_pass_may_begin_in_the_middle_and_the_next_begins_at_the_start():
    whole = plans(sampler())
    resumed = sampler()
    resumed.first = 3
    assert plans(resumed) == whole[3:]
    assert plans(resumed) == whole


def test_two_processes_share_the_batches_of_one(monkeypatch):
    whole = plans(sampler(50))
    assert len(whole) == 6
    halves = []
    for rank in range(2):
        monkeypatch.setattr(batches_room, "_processes", lambda rank=rank: (rank, 2))
        half = sampler(50)
        assert len(half) == 3
        halves.append(plans(half))
        resumed = sampler(50)
        resumed.first = 2
        assert plans(resumed) == halves[-1][2:]
    assert [*sorted(halves[0] + halves[1], key=lambda plan: plan[1])] == whole


def test_too_few_clips_for_a_batch_are_refused_with_the_remedy():
    with pytest.raises(ConfigError, match=r"7 training clips .* lower fit\.batch_size"):
        sampler(7)


# Batches


@settings(max_examples=50, deadline=None)
@given(length=st.integers(1, 50), frames=st.integers(1, 120), seed=st.integers(0, 9))
def test_a_clip_is_cut_or_repeated_to_the_length_asked_for(length, frames, seed):
    array = np.arange(length, dtype=np.float32)[:, None] * np.ones(3, np.float32)
    cut = fit_length(array, frames, np.random.default_rng(seed))
    assert cut.shape == (frames, 3)
    first = int(cut[0, 0])
    np.testing.assert_array_equal(cut[:, 0], (first + np.arange(frames)) % length)


def test_a_long_clip_is_cut_anywhere():
    array = np.arange(10, dtype=np.float32)[:, None]
    rng = np.random.default_rng(0)
    assert {int(fit_length(array, 4, rng)[0, 0]) for _ in range(100)} == set(range(7))


@pytest.fixture
def batches(clips, recipe):
    """Training batches of ten clips of two corpora; keywords change the fit settings."""

    def make(*, augmentation=(), seed=1, **changes):
        rows = [("emodb", k % 3) for k in range(6)] + [("savee", 2 + k % 2) for k in range(4)]
        pipeline = Pipeline.from_settings(augmentation, fmin_hz=50.0, fmax_hz=7600.0, where="test")
        own = {"batch_size": 4, "crop_frames": (10, 30), "sampling": "weighted"}
        fit = FitConfig(**{**own, "mixup_alpha": 0.3, **changes})
        return TrainingBatches(clips(rows), pipeline, fit, seed=seed)

    return make


def plan(number=0, epoch=0, clips=(0, 3, 6, 9)):
    return BatchPlan(epoch, number, np.array(clips))


def test_a_batch_is_a_function_of_its_plan_and_the_seed(batches):
    augmentation = ({"name": "noise"}, {"name": "time_mask"})
    one, other = (batches(augmentation=augmentation)[plan()] for _ in range(2))
    assert one.shares is None
    assert all(torch.equal(a, b) for a, b in zip(one[:4], other[:4], strict=True))
    for different in (
        batches(augmentation=augmentation)[plan(number=1)],
        batches(augmentation=augmentation)[plan(epoch=1)],
        batches(augmentation=augmentation, seed=2)[plan()],
    ):
        assert different.features.shape != one.features.shape or not torch.equal(
            different.features, one.features
        )


def test_the_length_is_drawn_for_each_batch_within_its_bounds(batches):
    made = batches()
    lengths = {made[plan(number)].features.shape[1] for number in range(200)}
    assert lengths == set(range(10, 31))


def test_without_mixup_a_batch_holds_the_clips_themselves(batches, clips):
    made = batches(mixup_alpha=0.0, crop_frames=(25, 25))
    batch = made[plan(clips=(5, 5))]
    assert batch.weights.tolist() == [1.0, 1.0]
    assert batch.targets[0].tolist() == [2, 2]
    whole = made._part.features[5].astype(np.float32)
    np.testing.assert_array_equal(batch.features[0].numpy(), whole)  # 20 + 5 frames


def test_mixup_gives_a_clip_at_least_half_of_the_mix(batches):
    made = batches(mixup_alpha=1.0)
    weights = torch.cat([made[plan(number)].weights for number in range(20)])
    assert weights.min() >= 0.5
    assert weights.max() <= 1.0
    assert weights.std() > 0.05


def test_a_mix_is_the_clip_and_its_partner_by_their_shares(batches):
    alone = batches(mixup_alpha=0.0)[plan()]
    mixed = batches(mixup_alpha=1.0)[plan()]
    for row, share in enumerate(mixed.weights):
        candidates = share * alone.features[row] + (1.0 - share) * alone.features
        gaps = (candidates - mixed.features[row]).abs().amax(dim=(1, 2))
        partner = int(gaps.argmin())
        assert gaps[partner] < 1e-5
        assert mixed.targets[1][row] == alone.targets[0][partner]


def test_partners_bring_their_target_and_the_classes_of_their_corpus(batches):
    batch = batches(mixup_alpha=1.0)[plan()]
    assert batch.targets[0].tolist() == [0, 0, 2, 3]
    assert sorted(batch.targets[1].tolist()) == [0, 0, 2, 3]
    emodb, savee = [True, True, True, False], [False, False, True, True]
    assert batch.allowed[0].tolist() == [emodb, emodb, savee, savee]
    for side in (0, 1):
        chosen = batch.allowed[side].gather(1, batch.targets[side][:, None])
        assert chosen.all()


def test_shares_of_a_target_go_with_the_clip_and_its_partner(batches, clips):
    part = clips([("emodb", 0)] * 4)
    shares = np.eye(4, dtype=np.float32)
    fit = FitConfig(mixup_alpha=0.3)
    batch = TrainingBatches(dataclasses.replace(part, shares=shares), None, fit, seed=1)[
        plan(clips=(3, 0, 1, 2))
    ]
    assert batch.shares[0].argmax(dim=1).tolist() == [3, 0, 1, 2]
    assert sorted(batch.shares[1].argmax(dim=1).tolist()) == [0, 1, 2, 3]


def test_intensities_go_with_the_clip_and_its_partner(clips):
    rated = np.array([0.1, 0.2, 0.3, np.nan], dtype=np.float32)
    part = dataclasses.replace(clips([("emodb", 0)] * 4), intensities=rated)
    batch = TrainingBatches(part, None, FitConfig(mixup_alpha=0.3), seed=1)[
        plan(clips=(3, 0, 1, 2))
    ]
    np.testing.assert_array_equal(batch.intensities[0], rated[[3, 0, 1, 2]])
    np.testing.assert_array_equal(np.sort(batch.intensities[1]), rated)


def test_the_loader_goes_on_after_the_batches_that_were_done(batches):
    def fresh():
        return ResumableLoader(batches(), sampler(10, batch_size=2), workers=0)

    whole = [batch.features for batch in fresh()]
    interrupted = fresh()
    interrupted.batches_done = 3
    resumed = fresh()
    resumed.load_state_dict(interrupted.state_dict())
    rest = [batch.features for batch in resumed]
    assert len(rest) == 2
    assert all(torch.equal(a, b) for a, b in zip(rest, whole[3:], strict=True))


def test_a_finished_epoch_begins_anew(batches):
    loader = ResumableLoader(batches(), sampler(10, batch_size=2), workers=0)
    loader.batches_done = 5
    assert loader.state_dict() == {"batches_done": 0}


def test_workers_fetch_nothing_before_the_epoch_is_named(batches):
    plans = sampler(10, batch_size=2)
    batch_iterator = iter(ResumableLoader(batches(), plans, workers=1))
    plans.set_epoch(1)
    expected = next(iter(plans))
    torch.testing.assert_close(next(batch_iterator).features, batches()[expected].features)


def test_clips_of_any_length_are_validated_whole_and_one_by_one(clips):
    batches = list(ordered_loader(clips([("emodb", 0), ("emodb", 1)])))
    assert [batch.features.shape for batch in batches] == [(1, 20, 40), (1, 21, 40)]
    assert batches[1].features.dtype == torch.float32
    assert [batch.rows.tolist() for batch in batches] == [[0], [1]]


# Features of one shape


@given(st.integers(1, 60), st.integers(1, 17), st.integers(0, 3))
def test_an_epoch_sees_every_row_once(part_of, count: int, batch_size: int, epoch: int):
    part = part_of(np.zeros((count, 1), np.float32), [0] * count, list(range(count)))
    sampler = EpochSampler(part.rows, batch_size=batch_size, seed=3)
    sampler.set_epoch(epoch)
    plans = list(sampler)
    assert len(plans) == len(sampler)
    assert sorted(np.concatenate([plan.rows for plan in plans])) == list(range(count))


def test_a_single_row_left_over_joins_the_last_batch(part_of):
    part = part_of(np.zeros((9, 1), np.float32), [0] * 9, list(range(9)))
    sampler = EpochSampler(part.rows, batch_size=4, seed=0)
    assert [len(plan.rows) for plan in sampler] == [4, 5]
    assert len(sampler) == 2


def test_epochs_differ_and_repeat_exactly(part_of):
    part = part_of(np.zeros((50, 1), np.float32), [0] * 50, list(range(50)))
    orders = []
    for epoch in (0, 1, 0):
        sampler = EpochSampler(part.rows, batch_size=50, seed=3)
        sampler.set_epoch(epoch)
        orders.append(next(iter(sampler)).rows.tolist())
    assert orders[0] == orders[2] != orders[1]


def test_oversampling_draws_every_class_equally_often(part_of):
    targets = [0] * 900 + [1] * 100
    part = part_of(np.zeros((1000, 1), np.float32), targets, list(range(1000)))
    sampler = EpochSampler(part.rows, batch_size=1000, seed=0, weights=class_balance(part))
    drawn = next(iter(sampler)).rows
    assert 0.45 < np.mean(np.array(targets)[drawn]) < 0.55


def test_an_empty_training_part_is_refused(part_of):
    part = part_of(np.zeros((2, 1), np.float32), [0, 0], [])
    with pytest.raises(ConfigError, match="training part is empty"):
        EpochSampler(part.rows, batch_size=2, seed=0)


def test_batches_hold_the_rows_of_their_plan_in_single_precision(part_of):
    features = np.arange(12, dtype=np.float16).reshape(6, 2)
    part = part_of(features, [0, 1, 2, 0, 1, 2], [4, 1, 5])
    sampler = EpochSampler(part.rows, batch_size=2, seed=0)
    batches = TrainingBatches(part, None, FitConfig(), seed=0)
    seen = [batches[plan] for plan in sampler]
    assert [len(batch.weights) for batch in seen] == [3]
    values = np.concatenate([batch.features.numpy() for batch in seen])
    assert values.dtype == np.float32
    assert sorted(values[:, 0].tolist()) == [2.0, 8.0, 10.0]


def test_augmentation_repeats_by_seed_and_differs_by_epoch(part_of):
    images = np.random.default_rng(0).random((4, 6, 8)).astype(np.float32)
    part = part_of(images, [0] * 4, list(range(4)))
    steps = [{"name": "rescale", "factor": [0.2, 0.9]}]
    pipeline = Pipeline.for_images(steps, where="test")

    def epoch(seed: int, number: int) -> np.ndarray:
        sampler = EpochSampler(part.rows, batch_size=4, seed=0)
        sampler.set_epoch(number)
        (plan,) = sampler
        order = np.argsort(plan.rows)
        return TrainingBatches(part, pipeline, FitConfig(), seed=seed)[plan].features.numpy()[order]

    np.testing.assert_array_equal(epoch(1, 0), epoch(1, 0))
    assert not np.allclose(epoch(1, 0), epoch(1, 1))
    assert not np.allclose(epoch(1, 0), epoch(2, 0))
    assert (epoch(1, 0) < images).all()


def test_the_ordered_loader_keeps_the_order_of_the_part(part_of):
    features = np.arange(10, dtype=np.float32).reshape(5, 2)
    part = part_of(features, [0, 1, 2, 3, 4], [3, 0, 4])
    targets = [batch.targets.tolist() for batch in ordered_loader(part, batch_size=2)]
    assert targets == [[3, 0], [4]]
