from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy.special import rel_entr
from torch.nn import functional

from affekt.models import create_model
from affekt.training.batches import Batch
from affekt.training.module import (
    VALIDATION_INTENSITY,
    VALIDATION_UA,
    TrainingModule,
    disagreement,
    intensity_error,
    masked_cross_entropy,
    ua_per_corpus,
)
from affekt.training.options import FitConfig

UNRATED = float("nan")


def batch_of(rows=16, classes=6, seed=0):
    """Logits, targets and allowed classes; a target is always allowed."""
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, classes, rows)
    allowed = rng.random((rows, classes)) < 0.6
    allowed[np.arange(rows), targets] = True
    logits = 3.0 * rng.standard_normal((rows, classes))
    return torch.tensor(logits), torch.tensor(targets), torch.tensor(allowed)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_a_clip_competes_only_among_the_classes_its_corpus_has(smoothing):
    logits, targets, allowed = batch_of()
    found = masked_cross_entropy(logits, targets, allowed, smoothing=smoothing)
    for row in range(len(targets)):
        kept = allowed[row].nonzero().squeeze(1)
        expected = functional.cross_entropy(
            logits[row, kept][None],
            (kept == targets[row]).nonzero()[0],
            label_smoothing=smoothing,
        )
        torch.testing.assert_close(found[row], expected)


def test_where_all_are_allowed_it_is_plain_cross_entropy():
    logits, targets, allowed = batch_of()
    found = masked_cross_entropy(logits, targets, torch.ones_like(allowed), smoothing=0.2)
    expected = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=0.2)
    torch.testing.assert_close(found, expected)


def test_a_class_that_is_not_allowed_receives_no_gradient():
    logits, targets, allowed = batch_of()
    logits.requires_grad_()
    masked_cross_entropy(logits, targets, allowed, smoothing=0.1).sum().backward()
    assert logits.grad is not None
    assert (logits.grad[~allowed] == 0.0).all()
    assert (logits.grad[allowed].abs() > 0.0).any()


def test_the_loss_is_finite_in_half_precision():
    logits, targets, allowed = batch_of()
    loss = masked_cross_entropy(logits.bfloat16(), targets, allowed, smoothing=0.1)
    assert loss.isfinite().all()


def test_ua_is_measured_in_each_corpus_among_its_own_classes(clips):
    rows = [("emodb", 0), ("emodb", 0), ("emodb", 1), ("savee", 2), ("savee", 3)]
    scores = np.array(
        [
            [5.0, 1.0, 9.0, 9.0],  # the last two are not EmoDB's: 0, right
            [1.0, 5.0, 9.0, 9.0],  # 1, wrong
            [1.0, 5.0, 9.0, 9.0],  # 1, right
            [9.0, 9.0, 5.0, 1.0],  # 2, right
            [9.0, 9.0, 1.0, 5.0],  # 3, right
        ]
    )
    assert ua_per_corpus(clips(rows), np.arange(5), scores) == {"emodb": 0.75, "savee": 1.0}


def test_rows_may_come_in_another_order(clips):
    rows = [("emodb", 0), ("emodb", 1), ("emodb", 1)]
    scores = np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    assert ua_per_corpus(clips(rows), np.array([2, 0]), scores) == {"emodb": 1.0}


@pytest.fixture
def module(clips):
    selection = clips([("emodb", 0), ("emodb", 1), ("savee", 2), ("savee", 3)])
    torch.manual_seed(0)
    network = create_model("residual-se-tiny", n_classes=4, input_shape=(None, 40))
    fit = FitConfig(within_corpus=True, mixup_alpha=0.3)
    return TrainingModule(network, fit, seed=1, validation=selection)


def test_the_loss_weighs_partners_in(module, monkeypatch):
    monkeypatch.setattr(module, "log", lambda *args, **kwargs: None)
    generator = torch.Generator().manual_seed(0)
    allowed = torch.tensor([[1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], dtype=torch.bool)
    batch = Batch(
        features=torch.randn(3, 20, 40, generator=generator),
        targets=torch.tensor([[0, 1, 3], [2, 3, 1]]),
        allowed=torch.stack([allowed, torch.ones_like(allowed)]),
        weights=torch.tensor([1.0, 0.75, 0.5]),
    )
    module.eval()  # no dropout, so that the logits can be had twice
    logits = module(batch.features)
    own = masked_cross_entropy(logits, batch.targets[0], allowed, smoothing=0.0)
    partner = functional.cross_entropy(logits, batch.targets[1], reduction="none")
    expected = torch.tensor([1.0, 0.75, 0.5]) * own + torch.tensor([0.0, 0.25, 0.5]) * partner
    torch.testing.assert_close(module.training_step(batch), expected.mean())


def test_answers_that_differ_between_a_clip_and_its_copy_cost():
    """scipy's Jeffreys divergence, halved, of the classes that are allowed."""
    logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    allowed = torch.tensor([[1, 1, 1, 0, 1], [0, 1, 1, 0, 1]] * 2, dtype=torch.bool)
    found = disagreement(logits, allowed)
    for place in range(2):
        own = allowed[place]
        first, second = (torch.softmax(logits[row][own], 0).numpy() for row in (place, place + 2))
        jeffreys = rel_entr(first, second).sum() + rel_entr(second, first).sum()
        assert found[place].item() == pytest.approx(jeffreys / 2, rel=1e-5)
    same = disagreement(logits[:2].repeat(2, 1), allowed)
    torch.testing.assert_close(same, torch.zeros(2))


def test_the_weight_of_consistency_is_a_factor(module, monkeypatch):
    monkeypatch.setattr(module, "log", lambda *args, **kwargs: None)
    batch = Batch(
        features=torch.randn(4, 20, 40, generator=torch.Generator().manual_seed(0)),
        targets=torch.tensor([[0, 1, 0, 1]] * 2),
        allowed=torch.ones(2, 4, 4, dtype=torch.bool),
        weights=torch.ones(4),
    )
    module.eval()
    losses = []
    for weight in (0.0, 1000.0, 3000.0):
        module.fit = FitConfig(within_corpus=True, consistency=weight)
        losses.append(module.training_step(batch).item())
    assert losses[1] > losses[0]
    assert losses[2] - losses[0] == pytest.approx(3 * (losses[1] - losses[0]), rel=1e-4)


def test_dropout_is_drawn_from_the_seed_and_the_step_alone(module, monkeypatch):
    monkeypatch.setattr(module, "log", lambda *args, **kwargs: None)
    batch = Batch(
        features=torch.ones(4, 20, 40).cumsum(1),
        targets=torch.zeros(2, 4, dtype=torch.int64),
        allowed=torch.ones(2, 4, 4, dtype=torch.bool),
        weights=torch.ones(4),
    )
    losses = []
    for seed in (1, 1, 2):
        torch.rand(seed)  # whatever was drawn before is of no account
        module.seed = seed
        losses.append(module.training_step(batch).item())
    assert losses[0] == losses[1] != losses[2]


def test_validation_logs_the_mean_over_corpora_and_each(module, monkeypatch):
    logged = {}
    monkeypatch.setattr(module, "log", lambda name, value, **_: logged.update({name: value}))
    monkeypatch.setattr(module, "log_dict", lambda values, **_: logged.update(values))
    answers = {0: [1.0, 0, 0, 0], 1: [1.0, 0, 0, 0], 2: [0, 0, 1.0, 0], 3: [0, 0, 0, 1.0]}
    module._answers = [
        (torch.tensor([index]), torch.tensor([row])) for index, row in answers.items()
    ]
    module.on_validation_epoch_end()
    assert logged == {
        f"{VALIDATION_UA}/emodb": 0.5,
        f"{VALIDATION_UA}/savee": 1.0,
        VALIDATION_UA: 0.75,
    }
    assert module._answers == []


def test_the_intensity_is_learnt_from_the_clips_that_were_rated():
    found = intensity_error(
        torch.tensor([[0.5], [0.25], [0.9]]),
        torch.tensor([[0.25, UNRATED, UNRATED], [UNRATED, 0.75, UNRATED]]),
        torch.tensor([0.75, 0.5, 1.0]),
    )
    expected = (0.75 * 0.25**2 + 0.5 * 0.5**2) / 1.25
    torch.testing.assert_close(found, torch.tensor(expected))


def test_a_batch_that_nobody_rated_costs_nothing_and_gives_no_gradient():
    intensity = torch.full((2, 1), 0.5, requires_grad=True)
    error = intensity_error(intensity, torch.full((2, 2), UNRATED), torch.tensor([1.0, 0.6]))
    error.backward()
    assert error.item() == 0.0
    assert intensity.grad.tolist() == [[0.0], [0.0]]


@pytest.fixture
def rating_module(clips):
    """A module over a network that tells the intensity, whose four clips were rated."""
    rated = np.array([0.2, 0.4, 0.6, UNRATED], dtype=np.float32)
    selection = dataclasses.replace(clips([("cremad", 0), ("cremad", 1)] * 2), intensities=rated)
    torch.manual_seed(0)
    network = create_model(
        "whisper-tiny", n_classes=4, input_shape=(None, 40), settings={"intensity": True}
    )
    fit = FitConfig(intensity_weight=2.0, within_corpus=True)
    return TrainingModule(network, fit, seed=1, validation=selection)


def test_the_error_of_the_intensity_is_added_to_the_loss_by_its_weight(rating_module, monkeypatch):
    monkeypatch.setattr(rating_module, "log", lambda *args, **kwargs: None)
    rated = torch.tensor([[0.1, 0.8, UNRATED]] * 2)
    batch = Batch(
        features=torch.randn(3, 20, 40, generator=torch.Generator().manual_seed(0)),
        targets=torch.zeros(2, 3, dtype=torch.int64),
        allowed=torch.ones(2, 3, 4, dtype=torch.bool),
        weights=torch.ones(3),
    )
    rating_module.eval()
    plain = rating_module.training_step(batch)
    _, intensity = rating_module.answer(batch.features)
    error = intensity_error(intensity, rated, batch.weights)
    both = rating_module.training_step(batch._replace(intensities=rated))
    torch.testing.assert_close(both, plain + 2.0 * error)


def test_validation_tells_how_far_the_intensity_follows_the_ratings(rating_module, monkeypatch):
    logged = {}
    monkeypatch.setattr(rating_module, "log", lambda name, value, **_: logged.update({name: value}))
    monkeypatch.setattr(rating_module, "log_dict", lambda values, **_: None)
    rating_module._answers = [(torch.tensor([2, 0, 1, 3]), torch.zeros(4, 4))]
    rating_module._intensities = [torch.tensor([0.5, 0.3]), torch.tensor([0.4, 0.9])]
    rating_module.on_validation_epoch_end()
    assert logged[VALIDATION_INTENSITY] == pytest.approx(1.0)
    assert rating_module._intensities == []
