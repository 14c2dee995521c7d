from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.audio import decode
from affekt.augment import Pipeline
from affekt.corpora import load_corpus
from affekt.errors import ConfigError
from affekt.features.cache import FeatureCache
from affekt.features.spectra import LogMelConfig, log_mel
from affekt.records import Utterance
from affekt.training import data
from affekt.training.data import (
    PlanSampler,
    ResumableLoader,
    TrainingBatches,
    ValidationClips,
    draw_weights,
    fit_length,
    load_clips,
    target_label,
)
from affekt.training.recipe import DataConfig, FitConfig

LABELS = ("neutral", "happy", "sad", "angry")
FEATURES = LogMelConfig(n_mels=40)


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


# Labels


@pytest.mark.parametrize(
    ("native_label", "emotion", "labels", "target"),
    [
        ("happiness", "happy", ("happy", "sad"), "happy"),
        ("fear", "fearful", ("happy", "sad"), None),
        ("boredom", None, ("happy", "boredom"), "boredom"),
        ("boredom", None, ("happy", "sad"), None),
        ("neutral", "calm", ("neutral", "sad"), None),
    ],
)
def test_the_label_to_learn(native_label, emotion, labels, target):
    assert target_label(utterance(native_label, emotion), labels) == target


# Clips


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))


def test_clips_hold_the_log_mels_of_every_recording_with_a_label(toy_corpora):
    utterances = load_corpus("emodb", toy_corpora)
    clips = load_clips(utterances, labels=LABELS, features=FEATURES)
    assert len(clips) == len(clips.log_mels) == 5 * 4 * 3
    assert "boredom" not in {item.native_label for item in clips.utterances}
    for index in (0, 7, 59):
        signal = decode(clips.utterances[index].path).signal
        np.testing.assert_array_equal(
            clips.log_mels[index], log_mel(signal, FEATURES).astype(np.float16)
        )
        assert LABELS[clips.targets[index]] == clips.utterances[index].emotion


def test_a_clip_competes_among_the_classes_that_its_corpus_has(toy_corpora):
    utterances = [*load_corpus("emodb", toy_corpora), *load_corpus("savee", toy_corpora)]
    labels = (*LABELS, "boredom")
    clips = load_clips(utterances, labels=labels, features=FEATURES)
    for item, allowed in zip(clips.utterances, clips.allowed, strict=True):
        assert allowed.tolist() == [True, True, True, True, item.corpus == "emodb"]
    assert Counter(clips.targets.tolist())[4] == 5 * 3


def test_a_stretch_of_a_recording_is_a_clip(toy_corpora):
    whole = load_corpus("emodb", toy_corpora)[0]
    stretch = dataclasses.replace(whole, start_s=0.1, end_s=0.25)
    clips = load_clips([whole, stretch], labels=(whole.emotion, "x"), features=FEATURES)
    assert len(clips.log_mels[1]) == 1 + round(0.15 * 16000) // 256
    assert len(clips.log_mels[0]) > len(clips.log_mels[1])


def test_a_bad_recording_is_left_out_with_its_reason(toy_corpora, tmp_path):
    good = load_corpus("savee", toy_corpora)[:3]
    bad = dataclasses.replace(good[0], path=tmp_path / "bad.wav")
    bad.path.write_bytes(b"RIFF, and nothing else")
    absent = dataclasses.replace(good[0], path=tmp_path / "absent.wav")
    clips = load_clips([good[0], bad, good[1], absent, good[2]], labels=LABELS, features=FEATURES)
    assert clips.utterances == tuple(good)
    assert [(item.path.name, str(item.path) in reason) for item, reason in clips.skipped] == [
        ("bad.wav", True),
        ("absent.wav", True),
    ]


def test_progress_is_told(toy_corpora):
    told = []
    load_clips(
        load_corpus("savee", toy_corpora)[:5],
        labels=LABELS,
        features=FEATURES,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_nothing_to_load_is_an_empty_set():
    clips = load_clips([], labels=LABELS, features=FEATURES)
    assert len(clips) == 0
    assert clips.allowed.shape == (0, 4)


def test_log_mels_are_computed_once_and_a_damaged_entry_again(
    own_cache, toy_corpora, tmp_path, monkeypatch, caplog
):
    computed = []
    monkeypatch.setattr(
        data, "log_mel", lambda signal, config: computed.append(1) or log_mel(signal, config)
    )
    utterances = load_corpus("savee", toy_corpora)[:4]
    first = load_clips(utterances, labels=LABELS, features=FEATURES)
    load_clips(utterances, labels=LABELS, features=FEATURES)
    assert len(computed) == 4
    entry = next(path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes()[:-5])
    again = load_clips(utterances, labels=LABELS, features=FEATURES)
    assert len(computed) == 5
    assert "damaged cache entry" in caplog.text
    for one, other in zip(first.log_mels, again.log_mels, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", [{"floor": 1e-6}, {"hop_length": 320}, {"fmax_hz": 7000.0}])
def test_every_setting_of_the_log_mels_is_part_of_the_key(toy_corpora, change, tmp_path):
    path = load_corpus("savee", toy_corpora)[0].path
    one, other = (
        FeatureCache(tmp_path, {"set": "log-mel", **dataclasses.asdict(config)}).entry(path)
        for config in (FEATURES, dataclasses.replace(FEATURES, **change))
    )
    assert one != other


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
        return data.ClipSet(
            log_mels=(),
            utterances=tuple(
                dataclasses.replace(utterance("x", None), corpus=corpus) for corpus, _ in rows
            ),
            targets=np.array([target for _, target in rows], dtype=np.int64),
            allowed=np.ones((len(rows), 4), dtype=bool),
            labels=LABELS,
            skipped=(),
        )

    return make


# The plan of an epoch


def plans(sampler):
    return [(plan.epoch, plan.number, plan.clips.tolist()) for plan in sampler]


def sampler(count=40, *, batch_size=8, seed=1, weights=None):
    weights = np.full(count, 1.0 / count) if weights is None else np.array(weights)
    return PlanSampler(weights, batch_size=batch_size, seed=seed)


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
        monkeypatch.setattr(data, "_processes", lambda rank=rank: (rank, 2))
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
        fit = FitConfig(**{"batch_size": 4, "crop_frames": (10, 30), **changes})
        return TrainingBatches(clips(rows), pipeline, fit, seed=seed)

    return make


def plan(number=0, epoch=0, clips=(0, 3, 6, 9)):
    return data.BatchPlan(epoch, number, np.array(clips))


def test_a_batch_is_a_function_of_its_plan_and_the_seed(batches):
    augmentation = ({"name": "noise"}, {"name": "time_mask"})
    one, other = (batches(augmentation=augmentation)[plan()] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    for different in (
        batches(augmentation=augmentation)[plan(number=1)],
        batches(augmentation=augmentation)[plan(epoch=1)],
        batches(augmentation=augmentation, seed=2)[plan()],
    ):
        assert different.log_mel.shape != one.log_mel.shape or not torch.equal(
            different.log_mel, one.log_mel
        )


def test_the_length_is_drawn_for_each_batch_within_its_bounds(batches):
    made = batches()
    lengths = {made[plan(number)].log_mel.shape[1] for number in range(200)}
    assert lengths == set(range(10, 31))


def test_without_mixup_a_batch_holds_the_clips_themselves(batches, clips):
    made = batches(mixup_alpha=0.0, crop_frames=(25, 25))
    batch = made[plan(clips=(5, 5))]
    assert batch.weights.tolist() == [1.0, 1.0]
    assert batch.targets[0].tolist() == [2, 2]
    whole = made._clips.log_mels[5].astype(np.float32)
    np.testing.assert_array_equal(batch.log_mel[0].numpy(), whole)  # 20 + 5 frames


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
        candidates = share * alone.log_mel[row] + (1.0 - share) * alone.log_mel
        gaps = (candidates - mixed.log_mel[row]).abs().amax(dim=(1, 2))
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


def test_the_loader_goes_on_after_the_batches_that_were_done(batches):
    def fresh():
        return ResumableLoader(batches(), sampler(10, batch_size=2), workers=0)

    whole = [batch.log_mel for batch in fresh()]
    interrupted = fresh()
    interrupted.batches_done = 3
    resumed = fresh()
    resumed.load_state_dict(interrupted.state_dict())
    rest = [batch.log_mel for batch in resumed]
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
    torch.testing.assert_close(next(batch_iterator).log_mel, batches()[expected].log_mel)


def test_validation_takes_clips_whole_and_one_by_one(clips):
    validation = ValidationClips(clips([("emodb", 0), ("emodb", 1)]))
    log_mel, index = validation[1]
    assert (len(validation), index, log_mel.shape, log_mel.dtype) == (
        2,
        1,
        (1, 21, 40),
        torch.float32,
    )
