"""Acoustic features: spectra and feature sets, in plain numpy."""

from affekt.features.cepstra import mfcc
from affekt.features.descriptors import rms
from affekt.features.sets import FEATURE_SETS, FeatureSet, find_feature_set
from affekt.features.spectra import (
    FloatArray,
    LogMelConfig,
    hann_window,
    log_mel,
    mel_filterbank,
    mel_filters,
    mel_frequencies,
)
from affekt.features.stft import Stft, power_to_db

__all__ = [
    "FEATURE_SETS",
    "FeatureSet",
    "FloatArray",
    "LogMelConfig",
    "Stft",
    "find_feature_set",
    "hann_window",
    "log_mel",
    "mel_filterbank",
    "mel_filters",
    "mel_frequencies",
    "mfcc",
    "power_to_db",
    "rms",
]
