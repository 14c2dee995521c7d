from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from affekt.audio import decode
from affekt.corpora import load_corpus
from affekt.features.spectra import LogMelConfig, log_mel
from affekt.records import Utterance
from affekt.training import data
from affekt.training.data import fit_normalisation, load_clips, target_label
from affekt.training.feature_cache import FeatureCache

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
    assert len(clips) == len(clips.features) == 5 * 4 * 3
    assert "boredom" not in {item.native_label for item in clips.utterances}
    for index in (0, 7, 59):
        signal = decode(clips.utterances[index].path).signal
        np.testing.assert_array_equal(
            clips.features[index], log_mel(signal, FEATURES).astype(np.float16)
        )
        assert LABELS[clips.targets[index]] == clips.utterances[index].emotion


def test_a_clip_competes_among_the_classes_that_its_corpus_has(toy_corpora):
    utterances = [*load_corpus("emodb", toy_corpora), *load_corpus("savee", toy_corpora)]
    labels = (*LABELS, "boredom")
    clips = load_clips(utterances, labels=labels, features=FEATURES)
    for item, allowed in zip(clips.utterances, clips.part().allowed, strict=True):
        assert allowed.tolist() == [True, True, True, True, item.corpus == "emodb"]
    assert Counter(clips.targets.tolist())[4] == 5 * 3


def test_a_stretch_of_a_recording_is_a_clip(toy_corpora):
    whole = load_corpus("emodb", toy_corpora)[0]
    stretch = dataclasses.replace(whole, start_s=0.1, end_s=0.25)
    clips = load_clips([whole, stretch], labels=(whole.emotion, "x"), features=FEATURES)
    assert len(clips.features[1]) == 1 + round(0.15 * 16000) // 256
    assert len(clips.features[0]) > len(clips.features[1])


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
    assert clips.part().allowed.shape == (0, 4)


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
    for one, other in zip(first.features, again.features, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("change", [{"floor": 1e-6}, {"hop_length": 320}, {"fmax_hz": 7000.0}])
def test_every_setting_of_the_log_mels_is_part_of_the_key(toy_corpora, change, tmp_path):
    path = load_corpus("savee", toy_corpora)[0].path
    one, other = (
        FeatureCache(tmp_path, {"set": "log-mel", **dataclasses.asdict(config)}).entry(path)
        for config in (FEATURES, dataclasses.replace(FEATURES, **change))
    )
    assert one != other


# Normalisation


def test_normalisation_looks_at_training_rows_alone(part_of):
    features = np.array([[1.0, 10.0], [3.0, 10.0], [100.0, -50.0]], dtype=np.float32)
    fitted = fit_normalisation(part_of(features, [0, 1, 0], [0, 1]), over=())
    np.testing.assert_allclose(fitted.mean, [2.0, 10.0])
    np.testing.assert_allclose(fitted.scale, [1.0, 1.0])  # the second never changes


def test_a_matrix_can_share_one_mean_over_its_frames(part_of):
    features = np.random.default_rng(0).normal(5.0, 3.0, (40, 7, 3)).astype(np.float32)
    fitted = fit_normalisation(part_of(features, [0] * 40, list(range(40))), over=(0,))
    assert fitted.mean.shape == (1, 3)
    np.testing.assert_allclose(fitted.mean[0], features.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(fitted.scale[0], features.std(axis=(0, 1)), rtol=1e-5)


def test_the_mean_is_exact_over_more_rows_than_a_block(part_of):
    features = np.random.default_rng(0).normal(-2.0, 0.5, (1001, 4)).astype(np.float16)
    fitted = fit_normalisation(part_of(features, [0] * 1001, list(range(1001))), over=())
    expected = features.astype(np.float64)
    np.testing.assert_allclose(fitted.mean, expected.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(fitted.scale, expected.std(axis=0), rtol=1e-5)


def test_without_axes_nothing_is_normalised(part_of):
    features = np.full((3, 2, 2), 7.0, dtype=np.float32)
    fitted = fit_normalisation(part_of(features, [0, 0, 0], [0, 1, 2]), over=None)
    assert (features[0] - fitted.mean) / fitted.scale == pytest.approx(features[0])
