from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def log_mels() -> NDArray[np.float32]:
    """A clip of 60 frames and 40 mels, read-only, so that writing in place would raise."""
    power = np.random.default_rng(1).exponential(size=(60, 40))
    array = np.log(power + 1e-5).astype(np.float32)
    array.flags.writeable = False
    return array


@pytest.fixture
def tone() -> NDArray[np.float32]:
    """A quarter of a second of 220 Hz with its harmonics at 16 kHz, read-only."""
    time_s = np.arange(4000) / 16000
    harmonics = [np.sin(2 * np.pi * 220 * k * time_s) / k for k in range(1, 12)]
    array = (0.3 * np.sum(harmonics, axis=0)).astype(np.float32)
    array.flags.writeable = False
    return array


@pytest.fixture
def image() -> NDArray[np.float32]:
    """An image of 26 rows and 27 columns, 0 to 1, read-only."""
    array = np.random.default_rng(2).random((26, 27), dtype=np.float32)
    array.flags.writeable = False
    return array
