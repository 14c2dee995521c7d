from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment import WAVEFORM_AUGMENTATIONS
from affekt.augment.copies import CopyConfig, copy_rng, make_copy
from affekt.config import from_mapping, to_mapping
from affekt.errors import ConfigError
from affekt.records import Utterance

RATE_HZ = 16000
CLIP = Utterance(
    path=Path("/data/ravdess_speech/Actor_01/03-01-05-01-01-01-01.wav"),
    corpus="ravdess_speech",
    collection="ravdess",
    speaker="01",
    native_label="angry",
    emotion="angry",
)
FOUR_WAYS = CopyConfig(
    choose_one=True,
    steps=(
        {"name": "noise", "snr_db": (10.0, 10.0)},
        {"name": "shift", "share": (0.1, 0.1), "wrap": True},
        {"name": "stretch", "rate": (0.8, 0.8)},
        {"name": "pitch", "semitones": (2.0, 2.0)},
    ),
)


def generator(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_steps_are_applied_in_their_order(tone):
    stretched_and_moved = CopyConfig(
        steps=(
            {"name": "stretch", "rate": (0.5, 0.5)},
            {"name": "shift", "share": (0.25, 0.25)},
        )
    )
    copy = make_copy(tone, RATE_HZ, stretched_and_moved, generator())
    assert copy.size == 2 * tone.size
    assert not copy[: tone.size // 2].any()
    assert copy[tone.size // 2 :].any()


def test_one_way_is_drawn_for_each_copy(tone):
    sizes, moved, noisy, other = set(), 0, 0, 0
    for seed in range(80):
        copy = make_copy(tone, RATE_HZ, FOUR_WAYS, generator(seed))
        sizes.add(copy.size)
        if copy.size != tone.size:
            continue
        if np.array_equal(np.roll(tone, 400), copy):
            moved += 1
        elif np.corrcoef(tone, copy)[0, 1] > 0.9:
            noisy += 1
        else:
            other += 1
    assert sizes == {tone.size, round(tone.size / 0.8)}
    assert min(moved, noisy, other) >= 8


def test_the_rate_of_the_signal_is_that_of_the_steps(tone):
    late = CopyConfig(steps=({"name": "shift", "share": (0.5, 0.5)},))
    for rate_hz in (8000, 16000):
        copy = make_copy(tone, rate_hz, late, generator())
        np.testing.assert_array_equal(copy[2000:], tone[:2000])


def test_a_step_left_out_still_makes_a_new_array(tone):
    never = CopyConfig(steps=({"name": "noise", "probability": 0.0},))
    copy = make_copy(tone, RATE_HZ, never, generator())
    np.testing.assert_array_equal(copy, tone)
    assert not np.shares_memory(copy, tone)


@settings(max_examples=60, deadline=None)
@given(
    samples=st.integers(1, 40),
    level=st.sampled_from([0.0, 1e-30, 1.0]),
    name=st.sampled_from(sorted(WAVEFORM_AUGMENTATIONS)),
    seed=st.integers(0, 100),
)
def test_a_copy_is_finite_and_never_empty(samples, level, name, seed):
    fastest = {"stretch": {"rate": (4.0, 4.0)}, "speed": {"factor": (4.0, 4.0)}}
    config = CopyConfig(steps=({"name": name, **fastest.get(name, {})},))
    signal = np.full(samples, level, dtype=np.float32)
    copy = make_copy(signal, RATE_HZ, config, generator(seed))
    assert copy.dtype == np.float32
    assert copy.size > 0
    assert np.isfinite(copy).all()


def test_a_copy_is_the_same_in_every_run_and_in_every_order(tone):
    first = make_copy(tone, RATE_HZ, FOUR_WAYS, copy_rng(0, CLIP, 1))
    make_copy(tone, RATE_HZ, FOUR_WAYS, copy_rng(0, CLIP, 2))
    again = make_copy(tone, RATE_HZ, FOUR_WAYS, copy_rng(0, CLIP, 1))
    np.testing.assert_array_equal(first, again)


def test_the_generator_of_a_copy_stays_what_it_was():
    assert copy_rng(0, CLIP, 1).integers(10**6, size=3).tolist() == [119531, 382362, 149256]


def test_it_does_not_matter_where_the_corpora_lie_or_in_which_container():
    elsewhere = Path("/other/ravdess_speech/Actor_01/03-01-05-01-01-01-01.opus")
    moved = dataclasses.replace(CLIP, path=elsewhere)
    assert copy_rng(0, moved, 1).random() == copy_rng(0, CLIP, 1).random()


@pytest.mark.parametrize(
    "changes",
    [
        {"path": CLIP.path.with_stem("03-01-05-01-01-02-01")},
        {"path": CLIP.path.parent.parent / "Actor_02" / CLIP.path.name},
        {"corpus": "ravdess_song"},
        {"speaker": "02"},
        {"start_s": 1.0},
        {"end_s": 2.0},
    ],
)
def test_another_clip_has_another_generator(changes):
    other = dataclasses.replace(CLIP, **changes)
    assert copy_rng(0, other, 1).random() != copy_rng(0, CLIP, 1).random()


def test_another_seed_or_copy_has_another_generator():
    values = {copy_rng(seed, CLIP, index).random() for seed in range(3) for index in range(1, 4)}
    assert len(values) == 9


def test_a_configuration_is_read_from_a_recipe_and_written_back():
    values = {"choose_one": True, "steps": [{"name": "pitch", "semitones": [-1, 1]}]}
    config = from_mapping(CopyConfig, values, where="copies")
    assert config.choose_one
    assert from_mapping(CopyConfig, to_mapping(config), where="copies") == config


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([], "steps must not be empty"),
        ([{"name": "strech"}], "unknown augmentation 'strech' .did you mean 'stretch'"),
        ([{"name": "time_mask"}], "unknown augmentation 'time_mask'"),
        ([{"name": "noise", "snr": [1, 2]}], "noise: unknown key 'snr' .did you mean 'snr_db'"),
        ([{"name": "stretch", "rate": [0, 1]}], "stretch: rate"),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_place(steps, message):
    with pytest.raises(ConfigError, match=f"data.copies: .*{message}"):
        from_mapping(CopyConfig, {"steps": steps}, where="data.copies")
