"""Every published system can be trained as its file says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from affekt.features.sets import find_feature_set
from affekt.published import SYSTEMS, load_system
from affekt.published.config import VARIANTS
from affekt.training.data import Part
from affekt.training.fit import Task, fit_network
from affekt.training.module import probabilities_of_part

ROWS = 16


@pytest.mark.parametrize("name", [*SYSTEMS, *VARIANTS])
@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_an_epoch_on_noise_gives_probabilities(name, precision, tmp_path):
    own = load_system(name)
    fit = dataclasses.replace(own.fit, epochs=1, batch_size=8, precision=precision)
    recipe = dataclasses.replace(own, fit=fit)
    rng = np.random.default_rng(0)
    shape = find_feature_set(recipe.features.set).shape
    features = rng.random((ROWS, *shape)).astype(np.float32)
    targets = np.arange(ROWS) % len(recipe.labels)
    train, validation = (
        Part(features, targets, rows, classes=len(recipe.labels))
        for rows in np.split(np.arange(ROWS), [12])
    )
    task = Task(
        recipe=recipe,
        train=train,
        validation=validation,
        checkpoints=tmp_path,
        settings={},
        say=lambda line: None,
    )
    module, history = fit_network(task)
    answers = probabilities_of_part(module, validation)
    assert len(history) == 1
    assert np.isfinite(history[0]["loss"])
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, rtol=1e-9)
