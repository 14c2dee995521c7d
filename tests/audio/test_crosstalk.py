"""Which recordings hold a voice a channel, and which a scene in stereo."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from affekt.audio.crosstalk import CrosstalkDetector

RATE = 8_000


def babble(seed: int, duration_s: float, *, turn_s: float | None = None, late: bool = False):
    """Noise that swells and fades as syllables do; with `turn_s` every other turn is a pause."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(duration_s * RATE)) / RATE
    every_s = np.arange(0, duration_s + 0.1, 0.1)
    swell = np.interp(times_s, every_s, rng.random(every_s.size))
    voice = 0.2 * swell**2 * rng.standard_normal(times_s.size)
    if turn_s is not None:
        voice *= (times_s // turn_s % 2 == 1) == late
    return voice


def noise(seed: int, duration_s: float, level_db: float):
    rng = np.random.default_rng(1000 + seed)
    return 10 ** (level_db / 20) * rng.standard_normal(round(duration_s * RATE))


def room(voice, seed: int):
    """What a microphone records of it: early and late, and three tenths of a second of echoes."""
    rng = np.random.default_rng(2000 + seed)
    decay = np.exp(-6.9 * np.linspace(0, 1, round(0.3 * RATE)))
    response = 0.06 * decay * rng.standard_normal(decay.size)
    response[rng.integers(0, 12)] += 1.0
    return scipy.signal.fftconvolve(voice, response)[: voice.size]


def watched(*channels, piece: int = 4_096) -> CrosstalkDetector:
    detector = CrosstalkDetector(RATE, len(channels))
    frames = np.stack(channels, axis=1).astype(np.float32)
    for start in range(0, len(frames), piece):
        detector.update(frames[start : start + piece])
    return detector


AGENT, CUSTOMER = babble(1, 30, turn_s=3), babble(2, 30, turn_s=3, late=True)


@pytest.mark.parametrize(
    ("floor_db", "echo_db", "customer_db"),
    [(-200, -200, 0), (-200, -20, -15), (-60, -200, -15), (-60, -20, 0), (-40, -200, 0)],
)
def test_voices_by_turns_are_separate_voices(floor_db, echo_db, customer_db):
    customer = 10 ** (customer_db / 20) * CUSTOMER
    echo = 10 ** (echo_db / 20)
    left = AGENT + echo * customer + noise(1, 30, floor_db)
    right = customer + echo * AGENT + noise(2, 30, floor_db)
    assert watched(left, right).separate_voices


def test_voices_at_the_same_time_are_separate_voices():
    assert watched(babble(1, 30), babble(2, 30)).separate_voices


def test_two_of_three_channels_are_enough():
    assert watched(AGENT, CUSTOMER, np.zeros_like(AGENT)).separate_voices


VOICE = babble(3, 30, turn_s=2)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param(VOICE, VOICE, id="the same twice"),
        pytest.param(VOICE, np.zeros_like(VOICE), id="one channel alone"),
        pytest.param(
            VOICE + noise(1, 30, -60), 0.1 * VOICE + noise(2, 30, -40), id="to one side, with hiss"
        ),
        pytest.param(
            room(VOICE, 1) + noise(1, 30, -55), room(VOICE, 2) + noise(2, 30, -55), id="in a room"
        ),
        pytest.param(
            room(AGENT, 1) + 0.5 * room(CUSTOMER, 2),
            0.5 * room(AGENT, 3) + room(CUSTOMER, 4),
            id="two people before two microphones",
        ),
        pytest.param(noise(1, 30, -40), noise(2, 30, -40), id="two noises"),
        pytest.param(np.zeros(RATE), np.zeros(RATE), id="nothing"),
    ],
)
def test_a_scene_in_stereo_is_none(left, right):
    assert not watched(left, right).separate_voices


def test_it_is_known_as_soon_as_both_have_spoken():
    assert watched(AGENT[: 8 * RATE], CUSTOMER[: 8 * RATE]).separate_voices
    assert not watched(AGENT[: 3 * RATE], CUSTOMER[: 3 * RATE]).separate_voices


@pytest.mark.parametrize("piece", [1_000, 8_000, 999_999])
def test_it_does_not_matter_how_the_recording_is_cut(piece):
    assert (watched(AGENT, CUSTOMER, piece=piece).alone_s == watched(AGENT, CUSTOMER).alone_s).all()
