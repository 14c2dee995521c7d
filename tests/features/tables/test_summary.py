"""Summaries: the figures numpy gives for everything at once, block by block."""

from __future__ import annotations

import numpy as np
import pytest

from affekt.features.sets import FEATURE_SETS
from affekt.features.tables import summary as module
from affekt.features.tables.summary import summarise

# The axes of `[clips, *shape]` that a named feature goes over.
AXES = {
    "vector-162": (0,),
    "mfcc-40x128": (0, 2),
    "mfcc-matrix": (0, 1),
    "planes-512x90": (0, 2, 3),
    "spectrogram-image-270x260": (0, 1, 2),
}


@pytest.mark.parametrize("name", AXES)
def test_figures_are_those_of_all_clips_together(name, monkeypatch):
    monkeypatch.setattr(module, "_VALUES_AT_A_TIME", 300)  # some blocks are cut, some are not
    features, axes = FEATURE_SETS[name], AXES[name]
    values = np.random.default_rng(0).normal(1000.0, 0.5, (5, *features.shape)).astype(np.float32)
    found = summarise(features, [values[:1], values[1:]])
    whole = values.astype(np.float64)
    assert found.names == (features.columns or ("all pixels",))
    np.testing.assert_allclose(found.mean, np.ravel(whole.mean(axis=axes)), rtol=1e-12)
    np.testing.assert_allclose(found.std, np.ravel(whole.std(axis=axes)), rtol=1e-9)
    np.testing.assert_array_equal(found.min, np.ravel(whole.min(axis=axes)))
    np.testing.assert_array_equal(found.max, np.ravel(whole.max(axis=axes)))
