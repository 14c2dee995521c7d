from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import softmax

from affekt.models import create_model
from affekt.training.calibration import temperature as calibration
from affekt.training.calibration.temperature import calibrate
from affekt.training.module import TrainingModule, logits_of_part
from affekt.training.options import FitConfig
from affekt.training.recipe import CalibrationConfig

CLIPS = 4000


@pytest.fixture
def calibrate_logits(clips, monkeypatch):
    """Calibrate a network that answers these logits, on clips with these targets."""

    def run(logits, targets, *, uncertain_share=0.2):
        made = clips([("emodb", int(target)) for target in targets], frames=1)
        monkeypatch.setattr(calibration, "logits_of_part", lambda module, part: logits)
        config = CalibrationConfig(uncertain_share=uncertain_share)
        return calibrate(None, made, config)

    return run


@pytest.fixture(scope="module")
def honest():
    """Logits whose softmax is right as often as it says, and what was right."""
    rng = np.random.default_rng(0)
    logits = 2.0 * rng.standard_normal((CLIPS, 4))
    targets = (softmax(logits, axis=1).cumsum(axis=1) < rng.random((CLIPS, 1))).sum(axis=1)
    return logits, targets


def test_an_honest_network_keeps_its_temperature(calibrate_logits, honest):
    assert calibrate_logits(*honest).temperature == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("factor", [0.3, 2.0, 5.0])
def test_logits_scaled_by_a_factor_give_that_factor_back(calibrate_logits, honest, factor):
    logits, targets = honest
    plain = calibrate_logits(logits, targets).temperature
    scaled = calibrate_logits(factor * logits, targets).temperature
    assert scaled / plain == pytest.approx(factor, rel=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
def test_the_threshold_leaves_the_share_asked_for_uncertain(calibrate_logits, honest, share):
    logits, targets = honest
    found = calibrate_logits(logits, targets, uncertain_share=share)
    confidence = softmax(logits / found.temperature, axis=1).max(axis=1)
    assert (confidence < found.threshold).mean() == pytest.approx(share, abs=0.005)


def test_sets_hold_the_right_label_as_often_as_asked_for(calibrate_logits, honest):
    logits, targets = honest
    found = calibrate_logits(logits, targets)
    probabilities = softmax(logits / found.temperature, axis=1)
    of_truth = probabilities[np.arange(CLIPS), targets]
    assert (1.0 - of_truth <= found.prediction_set.quantile).mean() == pytest.approx(0.9, abs=0.005)


def test_the_ua_of_the_clips_is_kept(calibrate_logits):
    targets = np.array([0, 1, 2, 3])
    logits = np.eye(4)[[0, 1, 2, 2]]
    assert calibrate_logits(logits, targets).ua == {"emodb": 0.75}


def test_clips_are_recognised_whole(clips):
    made = clips([("emodb", 0), ("emodb", 1), ("emodb", 2)])
    torch.manual_seed(0)
    network = create_model("residual-se-tiny", n_classes=4, input_shape=(None, 40))
    module = TrainingModule(network, FitConfig(), seed=0).eval()
    logits = logits_of_part(module, made)
    with torch.inference_mode():
        last = network(torch.from_numpy(made.features[2].astype(np.float32))[None]).logits[0]
    assert logits.shape == (3, 4)
    np.testing.assert_allclose(logits[2], last.numpy(), rtol=1e-6)
