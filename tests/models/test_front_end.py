from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.features.spectra import LogMelConfig, log_mel
from affekt.models import LogMelFrontEnd

CONFIGS = [
    LogMelConfig(),
    LogMelConfig(window_length=400, hop_length=160, n_mels=40, fmin_hz=0.0, fmax_hz=8000.0),
]


def noise(samples, amplitude=0.1):
    return (amplitude * np.random.default_rng(samples).standard_normal(samples)).astype(np.float32)


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("amplitude", [1e-3, 0.1, 0.9])
def test_the_network_hears_what_numpy_hears(config, amplitude):
    signal = noise(16000, amplitude)
    found = LogMelFrontEnd(config)(torch.from_numpy(signal)[None])[0].numpy()
    np.testing.assert_allclose(found, log_mel(signal, config), atol=1e-4, rtol=0.0)


def test_a_tone_too():
    """Its faintest bands lie 16 log units below the loudest, at the end of float32."""
    times_s = np.arange(8000) / 16000
    signal = (0.5 * np.sin(2 * np.pi * 440.0 * times_s)).astype(np.float32)
    found = LogMelFrontEnd(CONFIGS[0])(torch.from_numpy(signal)[None])[0].numpy()
    np.testing.assert_allclose(found, log_mel(signal, CONFIGS[0]), atol=5e-4, rtol=0.0)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5000))
def test_any_number_of_samples_gives_the_same_frames(samples):
    signal = noise(samples)
    found = LogMelFrontEnd(CONFIGS[0])(torch.from_numpy(signal)[None])[0].numpy()
    assert found.shape == (1 + samples // 256, 80)
    np.testing.assert_allclose(found, log_mel(signal, CONFIGS[0]), atol=1e-4, rtol=0.0)


def test_the_clips_of_a_batch_do_not_touch():
    front_end = LogMelFrontEnd(CONFIGS[0])
    clips = np.stack([noise(4000), noise(4000, 0.5)])
    together = front_end(torch.from_numpy(clips))
    alone = front_end(torch.from_numpy(clips[1:]))
    torch.testing.assert_close(together[1], alone[0])


def test_only_the_bins_that_a_band_weighs_are_computed():
    front_end = LogMelFrontEnd(LogMelConfig(fmin_hz=50.0, fmax_hz=7600.0))
    bins = len(range(75, 7600, 25))
    assert front_end.kernels.shape == (2 * bins, 1, 640)


def test_nothing_of_it_is_trained():
    assert list(LogMelFrontEnd(CONFIGS[0]).parameters()) == []
