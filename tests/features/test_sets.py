from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.errors import ConfigError
from affekt.features.sets import FEATURE_SETS, find_feature_set
from affekt.features.single import SINGLE_FEATURES

RATE_HZ = 16000
RTOL = 1e-3
# Of every set against the same made with librosa; MFCC are sums of 128 levels in dB.
VECTOR_ATOL = {"zcr": 1e-7, "chroma": 1e-4, "mfcc": 1e-2, "rms": 1e-6, "mel": 1e-5}
SINGLE_ATOL = VECTOR_ATOL | {"energy": 1e-9, "spectrum": 1e-5, "contrast": 1e-2}
MFCC_ATOL = 1e-2
DB_ATOL = 1e-2

every_set = pytest.mark.parametrize("features", FEATURE_SETS.values(), ids=FEATURE_SETS)


@every_set
def test_a_set_gives_what_it_declares(features, sound):
    values = features.compute(sound)
    assert values.shape == features.shape
    assert values.dtype == np.float32
    assert values.flags.c_contiguous
    assert np.isfinite(values).all()


@every_set
@settings(deadline=None, max_examples=15)
@given(samples=st.integers(1, 100_000), level=st.sampled_from([0.0, 1e-12, 1e-4, 1.0, 8.0]))
def test_any_length_and_level_gives_the_same_shape_and_finite_values(features, samples, level):
    noise = np.random.default_rng(samples).standard_normal(samples)
    values = features.compute((level * noise).astype(np.float32))
    assert values.shape == features.shape
    assert np.isfinite(values).all()


@every_set
def test_a_set_names_its_columns_and_says_what_it_is(features):
    assert len(features.columns) in {*features.shape, 0}
    assert len(set(features.columns)) == len(features.columns)
    assert bool(features.columns) == (features.form != "image")
    of_a_text = features.name not in {item.name for item in SINGLE_FEATURES}
    assert ("inferred" in features.description) == of_a_text
    assert FEATURE_SETS[features.name] is features


@every_set
def test_computing_leaves_the_signal_alone_and_repeats_itself(features, speech):
    signal = speech.copy()
    signal.setflags(write=False)
    np.testing.assert_array_equal(features.compute(signal), features.compute(signal))


@every_set
def test_threads_get_what_one_thread_gets(features, speech):
    clips = [speech[start:] for start in range(0, 16000, 2000)]
    expected = [features.compute(clip) for clip in clips]
    with ThreadPoolExecutor(4) as pool:
        np.testing.assert_array_equal(list(pool.map(features.compute, clips)), expected)


def vector_by_librosa(signal):
    """The 162 numbers, as notebooks compute them."""
    magnitude = np.abs(librosa.stft(signal))
    return {
        "zcr": librosa.feature.zero_crossing_rate(signal).mean(axis=1),
        "chroma": librosa.feature.chroma_stft(S=magnitude, sr=RATE_HZ).mean(axis=1),
        "mfcc": librosa.feature.mfcc(y=signal, sr=RATE_HZ, n_mfcc=20).mean(axis=1),
        "rms": librosa.feature.rms(y=signal).mean(axis=1),
        "mel": librosa.feature.melspectrogram(y=signal, sr=RATE_HZ).mean(axis=1),
    }


def test_the_vector_of_162_is_librosas(sound):
    features = FEATURE_SETS["vector-162"]
    values = features.compute(sound)
    for name, expected in vector_by_librosa(sound).items():
        picked = [column.split("_")[0] == name for column in features.columns]
        np.testing.assert_allclose(
            values[picked], expected, rtol=RTOL, atol=VECTOR_ATOL[name], err_msg=name
        )


def frames_by_librosa(name, signal):
    """One feature of all frames, as librosa's defaults give it, `[size, frames]`."""
    magnitude = np.abs(librosa.stft(signal))
    feature, _, size = name.partition("-")
    match feature:
        case "zcr":
            return librosa.feature.zero_crossing_rate(signal)
        case "rms":
            return librosa.feature.rms(y=signal)
        case "energy":
            return librosa.feature.rms(y=signal, dtype=np.float64) ** 2
        case "chroma":
            return librosa.feature.chroma_stft(S=magnitude, sr=RATE_HZ)
        case "mfcc":
            return librosa.feature.mfcc(y=signal, sr=RATE_HZ, n_mfcc=int(size))
        case "mel":
            return librosa.feature.melspectrogram(y=signal, sr=RATE_HZ, n_mels=int(size))
        case "spectrum":
            return magnitude
        case "contrast":
            return librosa.feature.spectral_contrast(y=signal, sr=RATE_HZ)


@pytest.mark.parametrize("single", SINGLE_FEATURES, ids=lambda item: item.name)
def test_a_feature_alone_is_the_mean_of_librosas(single, sound):
    values = FEATURE_SETS[single.name].compute(sound)
    expected = frames_by_librosa(single.name, sound).mean(axis=1)
    np.testing.assert_allclose(values, expected, rtol=RTOL, atol=SINGLE_ATOL[single.column])


@pytest.mark.parametrize("name", ["zcr", "chroma", "mfcc-20", "rms", "mel-128"])
def test_a_feature_alone_has_the_names_and_values_that_it_has_among_others(name, speech):
    alone, together = FEATURE_SETS[name], FEATURE_SETS["vector-162"]
    named = dict(zip(together.columns, together.compute(speech), strict=True))
    np.testing.assert_array_equal(
        alone.compute(speech), [named[column] for column in alone.columns]
    )


def test_the_mean_of_mfcc_and_mel_is_librosas(sound):
    values = FEATURE_SETS["mfcc-mel-mean"].compute(sound)
    cepstra = librosa.feature.mfcc(y=sound, sr=RATE_HZ, n_mfcc=13).mean(axis=1)
    np.testing.assert_allclose(values[:13], cepstra, rtol=RTOL, atol=MFCC_ATOL)
    bands = librosa.feature.melspectrogram(y=sound, sr=RATE_HZ).mean(axis=1)
    np.testing.assert_allclose(values[13:], bands, rtol=RTOL, atol=VECTOR_ATOL["mel"])


def test_the_matrix_of_40_mfcc_is_librosas(sound):
    trimmed, _ = librosa.effects.trim(sound, top_db=30)
    cepstra = librosa.feature.mfcc(y=trimmed, sr=RATE_HZ, n_mfcc=40)
    expected = librosa.util.fix_length(cepstra, size=128, mode="edge")
    values = FEATURE_SETS["mfcc-40x128"].compute(sound)
    np.testing.assert_allclose(values, expected, rtol=RTOL, atol=MFCC_ATOL)


def test_the_planes_are_librosas(sound):
    trimmed, _ = librosa.effects.trim(sound, top_db=30)
    power = np.abs(librosa.stft(trimmed, n_fft=1023, hop_length=512)) ** 2
    bands = librosa.feature.melspectrogram(S=power, sr=RATE_HZ, n_fft=1023, n_mels=512)
    expected = [librosa.power_to_db(power, ref=np.max), bands]
    expected.append(librosa.power_to_db(bands, ref=np.max))
    values = FEATURE_SETS["planes-512x90"].compute(sound)
    for plane, reference, atol in zip(values, expected, (DB_ATOL, 1e-5, DB_ATOL), strict=True):
        fixed = librosa.util.fix_length(reference, size=90, mode="edge")
        np.testing.assert_allclose(plane, fixed, rtol=RTOL, atol=atol)


def test_the_flat_vector_holds_mfcc_then_crossings_then_energy(sound):
    features = FEATURE_SETS["mfcc-zcr-energy"]
    clip = librosa.util.fix_length(sound, size=48000)
    cepstra = librosa.feature.mfcc(y=clip, sr=RATE_HZ, n_mfcc=13)
    crossings = librosa.feature.zero_crossing_rate(clip)[0]
    energy = librosa.feature.rms(y=clip)[0] ** 2
    values = features.compute(sound)
    np.testing.assert_allclose(values[:1222], cepstra.T.ravel(), rtol=RTOL, atol=MFCC_ATOL)
    np.testing.assert_allclose(values[1222:1316], crossings, rtol=RTOL, atol=1e-7)
    np.testing.assert_allclose(values[1316:], energy, rtol=RTOL, atol=1e-7)
    assert features.columns[:2] == ("frame_01_mfcc_01", "frame_01_mfcc_02")
    assert features.columns[13] == "frame_02_mfcc_01"
    assert features.columns[1222] == "frame_01_zcr"
    assert features.columns[-1] == "frame_94_energy"


@pytest.mark.parametrize(("duration_s", "frames"), [(1.0, 66), (5.0, 333), (7.0, 333)])
def test_the_textbook_matrix_ends_in_zero_rows(duration_s, frames):
    noise = np.random.default_rng(0).standard_normal(int(duration_s * RATE_HZ))
    values = FEATURE_SETS["mfcc-matrix"].compute(noise.astype(np.float32))
    assert values[:frames].any(axis=1).all()
    assert not values[frames:].any()


def test_an_unknown_set_is_named_with_the_nearest():
    assert find_feature_set("vector-162") is FEATURE_SETS["vector-162"]
    with pytest.raises(
        ConfigError, match=r"no feature set 'vector162' \(did you mean 'vector-162'"
    ):
        find_feature_set("vector162")
