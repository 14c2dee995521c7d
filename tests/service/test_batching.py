"""Clips that wait together run together, and nobody can tell."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.recognition import Bundle, Outputs
from affekt.service.batching import MAX_SAMPLES, BatchingBundle


@pytest.fixture(scope="module", params=["tones", "default"])
def bundle(request: pytest.FixtureRequest, tone_bundle: Any) -> Bundle:
    return Bundle.load(tone_bundle if request.param == "tones" else request.param)


@settings(max_examples=10, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([1600, 1601, 4000, 16_000, 40_000]), min_size=1, max_size=12),
    runs=st.integers(1, 2),
)
def test_each_is_answered_as_if_alone(bundle: Bundle, lengths: list[int], runs: int) -> None:
    rng = np.random.default_rng(len(lengths))
    clips = [rng.normal(0, 0.1, (1, length)).astype(np.float32) for length in lengths]
    joined = BatchingBundle(bundle, runs=runs)
    answers: dict[int, Outputs] = {}
    threads = [
        threading.Thread(target=lambda k=k: answers.update({k: joined.run(clips[k])}))
        for k in range(len(clips))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, clip in enumerate(clips):
        for found, alone in zip(answers[k], bundle.run(clip), strict=True):
            assert (found is None) == (alone is None)
            if alone is not None:
                np.testing.assert_allclose(found, alone, atol=1e-5)


def test_those_of_one_length_share_a_run_while_others_wait(tone_bundle: Any) -> None:
    bundle = Bundle.load(tone_bundle)
    sizes: list[tuple[int, ...]] = []
    go_on, begun = threading.Event(), threading.Event()
    session = bundle._session

    class Session:
        get_outputs = session.get_outputs

        def run(self, names: Any, inputs: dict[str, np.ndarray], options: Any) -> Any:
            sizes.append(inputs["waveform"].shape)
            begun.set()
            assert go_on.wait(10)
            return session.run(names, inputs, options)

    bundle._session = Session()
    joined = BatchingBundle(bundle, runs=1)
    clip = np.full((1, MAX_SAMPLES // 4), 0.1, np.float32)
    other = np.full((1, 1600), 0.1, np.float32)
    threads = [threading.Thread(target=joined.run, args=(clip,))]
    threads[0].start()
    assert begun.wait(10)
    for waveforms in (clip, other, clip, clip, clip, clip):
        threads.append(threading.Thread(target=joined.run, args=(waveforms,)))
        threads[-1].start()
        while len(joined._waiting) < len(threads) - 1:
            pass
    go_on.set()
    for thread in threads:
        thread.join()
    samples = MAX_SAMPLES // 4
    assert sizes == [(1, samples), (4, samples), (1, 1600), (1, samples)]


def test_a_failure_reaches_all_who_wait(tone_bundle: Any) -> None:
    bundle = Bundle.load(tone_bundle)
    joined = BatchingBundle(bundle, runs=1)
    with pytest.raises(Exception, match=r"[Rr]ank"):
        joined.run(np.zeros((1, 2, 3), np.float32))
    assert joined.run(np.full((1, 1600), 0.1, np.float32)).probabilities.shape == (1, 8)
