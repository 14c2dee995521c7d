import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt import metrics
from affekt.metrics.permutation import DRAWS, EXACT_SPEAKERS, shares_by_speaker, swap_test

CLASSES = 3


@st.composite
def duels(draw, most_speakers=5):
    """Truth, the answers of two models, and who spoke."""
    count = draw(st.integers(2, 24))
    label = st.lists(st.integers(0, CLASSES - 1), min_size=count, max_size=count)
    speakers = draw(
        st.lists(st.integers(0, most_speakers - 1), min_size=count, max_size=count).filter(
            lambda names: len(set(names)) > 1
        )
    )
    return *(np.array(draw(label)) for _ in range(3)), np.array(speakers)


def figure(truth, answered, *, balanced):
    confusion = metrics.confusion_matrix(truth, answered, CLASSES)
    named = metrics.unweighted_average_recall if balanced else metrics.accuracy
    return named(confusion)


def rng():
    return np.random.default_rng(0)


@given(duels(), st.booleans())
def test_the_shares_of_speakers_sum_to_the_difference_of_the_figures(duel, balanced):
    truth, first, second, speakers = duel
    shares = shares_by_speaker(truth, first, second, speakers.tolist(), balanced=balanced)
    expected = figure(truth, first, balanced=balanced) - figure(truth, second, balanced=balanced)
    assert sum(shares.values()) == pytest.approx(expected)


@given(duels(), st.booleans())
def test_the_exact_p_value_is_that_of_swapping_the_answers_themselves(duel, balanced):
    truth, first, second, speakers = duel
    shares = shares_by_speaker(truth, first, second, speakers.tolist(), balanced=balanced)
    found = swap_test(list(shares.values()), rng=rng())
    differences = []
    names = sorted(set(speakers.tolist()))
    for swapped in itertools.product([False, True], repeat=len(names)):
        swap = np.isin(speakers, [name for name, yes in zip(names, swapped, strict=True) if yes])
        one, other = np.where(swap, second, first), np.where(swap, first, second)
        differences.append(
            figure(truth, one, balanced=balanced) - figure(truth, other, balanced=balanced)
        )
    as_large = np.abs(differences) >= abs(differences[0]) - 1e-12
    assert found.exact
    assert found.permutations == len(differences)
    assert found.p_value == pytest.approx(as_large.mean())


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_which_of_the_two_comes_first_turns_the_sign_alone(shares):
    one, other = (swap_test(values, rng=rng()) for values in (shares, [-x for x in shares]))
    assert one.difference == -other.difference
    assert one.p_value == other.p_value


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
def test_a_p_value_lies_between_the_least_possible_and_one(shares):
    found = swap_test(shares, rng=rng())
    assert found.least_p <= found.p_value <= 1.0


def test_models_that_are_alike_do_not_differ():
    assert swap_test([0.0] * 5, rng=rng()).p_value == 1.0


def test_a_model_that_is_better_on_every_speaker_has_the_least_p():
    found = swap_test([0.01] * 10, rng=rng())
    assert found.p_value == found.least_p == 2 / 2**10


def test_many_speakers_are_drawn_and_the_observed_swap_counts():
    found = swap_test([0.01] * 40, rng=rng())
    assert not found.exact
    assert found.permutations == DRAWS
    assert found.p_value == 1 / (1 + DRAWS)


def test_drawn_swaps_come_near_to_all_of_them():
    values = np.random.default_rng(3).normal(0.2, 1.0, EXACT_SPEAKERS)
    exact = swap_test(values, rng=rng())
    # A speaker of whom both are as good changes nothing but the number of speakers.
    drawn = swap_test([*values, 0.0], rng=rng())
    assert (exact.exact, drawn.exact) == (True, False)
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.02)


def test_the_same_seed_draws_the_same_p_value():
    values = np.random.default_rng(4).normal(0.1, 1.0, 30)
    assert swap_test(values, rng=rng()) == swap_test(values, rng=rng())


def test_of_one_speaker_nothing_follows():
    found = swap_test([0.3], rng=rng())
    assert (found.difference, found.p_value, found.speakers) == (0.3, None, 1)


def test_without_a_difference_chance_finds_one_as_often_as_it_says():
    generator = np.random.default_rng(5)
    p_values = [swap_test(generator.normal(size=8), rng=generator).p_value for _ in range(2000)]
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.015)
