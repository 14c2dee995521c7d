"""Clips of one speaker that hold one sound under several labels."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from affekt.audio import decode
from affekt.corpora import CORPORA
from affekt.corpora.scan import scan_folder
from affekt.features.spectra import LogMelConfig, log_mel
from affekt.records import Utterance
from affekt.training.same_sounds import same_sounds

ROOT = os.environ.get("AFFEKT_CORPORA", "")
RATE_HZ = 16_000
FRONT_ENDS = {
    "10 ms": LogMelConfig(window_length=400, hop_length=160),
    "16 ms": LogMelConfig(),
    "of Whisper": LogMelConfig(
        window_length=400, hop_length=160, fmin_hz=0.0, fmax_hz=8000.0, floor=1e-10
    ),
}


@pytest.fixture(params=FRONT_ENDS)
def front_end(request):
    return FRONT_ENDS[request.param]


def reading(seed, duration_s=2.0):
    """Syllables of one voice, at pitches and with formants of their own, `[samples]`."""
    rng = np.random.default_rng(seed)
    syllables = []
    while sum(map(len, syllables)) < duration_s * RATE_HZ:
        times_s = np.arange(round(RATE_HZ * rng.uniform(0.12, 0.3))) / RATE_HZ
        pitch_hz = 120.0 * rng.uniform(0.9, 1.3) * (1.0 + 0.3 * times_s * rng.uniform(-1.0, 1.0))
        formants_hz = rng.uniform([300, 900, 2200], [800, 2000, 3200])
        sound = np.zeros(len(times_s))
        for number in range(1, 40):
            hz = number * pitch_hz
            gain = sum(np.exp(-(((hz - place) / 200.0) ** 2)) for place in formants_hz)
            sound += (0.02 + gain) * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ)
        sound *= rng.uniform(0.3, 1.0) * np.sin(np.pi * np.arange(len(sound)) / len(sound))
        syllables += [sound, np.zeros(round(RATE_HZ * rng.uniform(0.02, 0.08)))]
    signal = 0.05 * np.concatenate(syllables)
    return (signal + 1e-4 * rng.standard_normal(len(signal))).astype(np.float32)


def noisy(signal, snr_db=45.0, seed=9):
    """What a lossy codec may do to a sound."""
    noise = np.random.default_rng(seed).standard_normal(len(signal))
    level = np.sqrt(np.mean(signal**2)) * 10 ** (-snr_db / 20)
    return (signal + level * noise).astype(np.float32)


def found(sounds, targets, front_end, speakers=None):
    """Return what is found among sounds of such labels, of one speaker where none are named."""
    items = [
        Utterance(
            path=Path(f"{place}.wav"),
            corpus="made",
            collection="made",
            speaker="1" if speakers is None else speakers[place],
            native_label=str(target),
            emotion=None,
        )
        for place, target in enumerate(targets)
    ]
    return same_sounds(items, [log_mel(x, front_end) for x in sounds], np.array(targets))


def test_a_copy_that_is_cut_shorter_anywhere_and_stored_anew_is_found(front_end):
    whole = reading(1)
    # Neither end lies at a frame of the log-mels.
    sounds = [reading(2), whole, reading(3), noisy(whole[3_333 : 3_333 + 20_001])]
    assert found(sounds, [0, 1, 0, 2], front_end) == [[1, 3]]


def test_several_copies_of_one_sound_belong_together(front_end):
    whole = reading(1)
    sounds = [noisy(whole[:25_000]), reading(2), whole, noisy(whole[4_000:])]
    assert found(sounds, [0, 0, 1, 2], front_end) == [[0, 2, 3]]


def test_readings_by_one_voice_are_no_copies(front_end):
    sounds = [reading(seed, duration_s=2.0 + 0.05 * seed) for seed in range(12)]
    assert found(sounds, [seed % 2 for seed in range(12)], front_end) == []


def test_copies_under_one_label_are_no_contradiction(front_end):
    whole = reading(1)
    assert found([whole, whole[:20_000], reading(2)], [1, 1, 0], front_end) == []


def test_copies_of_two_speakers_stay_apart(front_end):
    whole = reading(1)
    assert (
        found([whole, whole[:20_000], whole], [1, 0, 2], front_end, speakers=["1", "2", "3"]) == []
    )


def test_features_of_one_shape_are_compared_as_they_are():
    items = [
        Utterance(
            path=Path(f"{place}.wav"),
            corpus="made",
            collection="made",
            speaker="1",
            native_label="sad",
            emotion=None,
        )
        for place in range(3)
    ]
    vectors = [np.arange(4.0), np.arange(4.0), np.arange(4.0) + 1e-3]
    assert same_sounds(items, vectors, np.array([0, 1, 2])) == [[0, 1]]


def real(corpus, speakers):
    """Return the clips of some speakers that have a label, with their features."""
    clips = [
        item
        for item in scan_folder(CORPORA[corpus], Path(ROOT) / corpus).utterances
        if item.speaker in speakers and item.emotion
    ]
    labels = sorted({str(item.emotion) for item in clips})
    features = [log_mel(decode(item.path).signal, FRONT_ENDS["of Whisper"]) for item in clips]
    targets = np.array([labels.index(str(item.emotion)) for item in clips])
    return [[clips[k] for k in places] for places in same_sounds(clips, features, targets)]


@pytest.mark.corpora
@pytest.mark.skipif(not ROOT, reason="AFFEKT_CORPORA names no folder with real recordings")
def test_the_fifty_recordings_of_casia_that_stand_under_two_labels_are_found():
    pairs = real("casia", {"liuchanhg"})
    assert len(pairs) == 50
    for one, other in pairs:
        assert one.path.stem == other.path.stem
        assert {one.emotion, other.emotion} == {"fearful", "sad"}


@pytest.mark.corpora
@pytest.mark.skipif(not ROOT, reason="AFFEKT_CORPORA names no folder with real recordings")
def test_the_recordings_of_crema_d_that_stand_under_two_labels_are_found():
    names = {
        tuple(item.path.stem for item in pair)
        for pair in real("cremad", {"1006", "1013", "1017", "1072"})
    }
    assert names == {
        ("1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
        ("1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
        ("1017_IWL_ANG_XX", "1017_IWL_FEA_XX"),
        ("1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
        ("1072_IEO_ANG_LO", "1072_IEO_DIS_MD"),
    }
