"""Every published system can be trained as its file says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from affekt.features.sets import find_feature_set
from affekt.systems import SYSTEMS, load_system
from affekt.systems.config import VARIANTS
from affekt.systems.run import fit_network
from affekt.training.classifier import probabilities_of
from affekt.training.features import FeatureRows, fit_normalisation

ROWS = 16


@pytest.mark.parametrize("name", [*SYSTEMS, *VARIANTS])
@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_an_epoch_on_noise_gives_probabilities(name, precision, tmp_path):
    own = load_system(name)
    fit = dataclasses.replace(own.fit, epochs=1, batch_size=8, precision=precision)
    system = dataclasses.replace(own, fit=fit)
    rng = np.random.default_rng(0)
    shape = find_feature_set(system.features.set).shape
    features = rng.random((ROWS, *shape)).astype(np.float32)
    targets = np.arange(ROWS) % len(system.data.labels)
    train, validation = (
        FeatureRows(features, targets, rows) for rows in np.split(np.arange(ROWS), [12])
    )
    normalisation = fit_normalisation(train, over=system.features.normalise_over)
    network, history = fit_network(
        system,
        train,
        validation,
        normalisation,
        seed=1,
        folder=tmp_path,
        settings={},
        say=lambda line: None,
    )
    answers = probabilities_of(network, normalisation, validation)
    assert len(history) == 1
    assert np.isfinite(history[0]["loss"])
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, rtol=1e-9)
