import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from affekt.metrics import (
    Interval,
    accuracy,
    class_intervals,
    confusion_intervals,
    confusion_matrix,
    largest_difference,
    macro_f1,
    unweighted_average_recall,
    weighted_f1,
)
from affekt.metrics.intervals import student_quantile


def clips(seed, speakers, per_speaker=20, classes=3, right=0.6):
    rng = np.random.default_rng(seed)
    truth = np.tile(np.arange(classes), speakers * per_speaker)[: speakers * per_speaker]
    wrong = rng.random(len(truth)) > right
    predicted = np.where(wrong, (truth + 1) % classes, truth)
    return truth, predicted, [f"s{index // per_speaker}" for index in range(len(truth))]


def ua_interval(truth, predicted, names, *, rng, resamples=2000):
    found = confusion_intervals(truth, predicted, names, 3, rng=rng, resamples=resamples)
    return found.get("ua")


def test_one_speaker_has_no_interval():
    truth, predicted, names = clips(0, speakers=1)
    assert ua_interval(truth, predicted, names, rng=np.random.default_rng(0)) is None


def test_the_same_generator_state_gives_the_same_interval():
    truth, predicted, names = clips(0, speakers=6)
    one, two = (
        ua_interval(truth, predicted, names, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert one == two
    assert one.speakers == 6


def test_speakers_who_are_all_right_or_all_wrong_make_it_as_wide_as_it_can_be():
    truth = np.zeros(200, dtype=int)
    predicted = np.repeat([0, 1], 100)
    names = ["right"] * 100 + ["wrong"] * 100
    interval = ua_interval(truth, predicted, names, rng=np.random.default_rng(0))
    assert (interval.low, interval.high) == (0.0, 1.0)


def test_clips_in_plenty_do_not_narrow_it_while_speakers_stay_few():
    few = clips(1, speakers=5, per_speaker=30)
    many = tuple(np.tile(part, 10) for part in few)
    widths = []
    for truth, predicted, names in (few, many):
        interval = ua_interval(truth, predicted, names, rng=np.random.default_rng(0))
        widths.append(interval.high - interval.low)
    assert widths[0] == pytest.approx(widths[1])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 12))
def test_it_holds_a_plausible_range_around_the_figure(seed, speakers):
    truth, predicted, names = clips(seed, speakers)
    ua = unweighted_average_recall(confusion_matrix(truth, predicted, 3))
    rng = np.random.default_rng(seed)
    interval = ua_interval(truth, predicted, names, rng=rng, resamples=400)
    assert 0.0 <= interval.low <= ua + 0.02
    assert ua - 0.02 <= interval.high <= 1.0


def test_a_class_that_only_one_speaker_has_is_left_out_of_draws_without_that_speaker():
    truth, predicted = np.array([0, 0, 1]), np.array([0, 0, 0])
    names = ["a", "b", "a"]
    interval = ua_interval(truth, predicted, names, rng=np.random.default_rng(0))
    assert interval.high == 1.0  # b alone: nothing but the first class, and all of it right


@pytest.mark.parametrize("answer", [lambda truth: truth, np.zeros_like], ids=["right", "constant"])
def test_where_all_speakers_fare_alike_nothing_has_an_interval(answer):
    """To a constant predictor everybody is the same: its UA is that of guessing in every draw."""
    truth = np.tile(np.arange(3), 40)
    names = [f"s{index // 12}" for index in range(120)]
    assert confusion_intervals(truth, answer(truth), names, 3, rng=np.random.default_rng(0)) == {}


def test_an_interval_too_narrow_to_print_is_none():
    truth = np.tile(np.arange(2), 10_000)
    predicted = np.zeros_like(truth)
    predicted[1] = 1  # one clip of twenty thousand
    names = [f"s{index // 2000}" for index in range(len(truth))]
    assert ua_interval(truth, predicted, names, rng=np.random.default_rng(0)) is None
    recall = class_intervals(truth, predicted, names, 2, rng=np.random.default_rng(0))["recall"]
    assert recall == (None, None)


def test_figures_from_the_same_draws_agree_with_resampling_the_clips_themselves():
    truth, predicted, names = clips(2, speakers=7)
    found = confusion_intervals(truth, predicted, names, 3, rng=np.random.default_rng(5))
    times = np.random.default_rng(5).multinomial(7, np.full(7, 1 / 7), size=1000)
    figures = {"accuracy": accuracy, "ua": unweighted_average_recall}
    figures |= {"macro_f1": macro_f1, "weighted_f1": weighted_f1}
    figures["macro_precision"] = lambda cells: (np.diag(cells) / cells.sum(axis=0)).mean()
    figures["weighted_precision"] = lambda cells: np.average(
        np.diag(cells) / cells.sum(axis=0), weights=cells.sum(axis=1)
    )
    drawn = {name: [] for name in figures}
    for row in times:
        each = np.repeat(np.arange(len(names)), row[[int(name[1:]) for name in names]])
        confusion = confusion_matrix(truth[each], predicted[each], 3)
        for name, figure in figures.items():
            drawn[name].append(figure(confusion))
    whole = confusion_matrix(truth, predicted, 3)
    stretch = stats.t.ppf(0.975, 6) / stats.norm.ppf(0.975) * np.sqrt(7 / 6)
    for name, values in drawn.items():
        low, high = np.quantile(values, [0.025, 0.975])
        figure = figures[name](whole)
        ends = (figure + stretch * (low - figure), figure + stretch * (high - figure))
        assert (found[name].low, found[name].high) == pytest.approx(ends, rel=1e-5)


@pytest.mark.parametrize("speakers", [2, 3, 5, 12])
def test_it_holds_the_truth_nineteen_times_in_twenty_however_few_speak(speakers):
    rng = np.random.default_rng(speakers)
    held, given = 0, 0
    for _ in range(300):
        right = np.clip(rng.normal(0.6, 0.1, speakers), 0.0, 1.0)
        predicted = (rng.random((speakers, 100)) > right[:, np.newaxis]).astype(int).ravel()
        names = np.repeat(np.arange(speakers), 100)
        found = confusion_intervals(np.zeros_like(predicted), predicted, names, 2, rng=rng)
        if "accuracy" in found:  # where all happen to fare alike there is none
            given += 1
            held += found["accuracy"].low <= 0.6 <= found["accuracy"].high
    assert given >= 0.9 * 300
    assert 0.90 <= held / given <= 0.99


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 9, 30, 200])
@pytest.mark.parametrize("level", [0.55, 0.75, 0.95, 0.975, 0.9995])
def test_the_quantile_of_students_t_is_that_of_scipy(degrees, level):
    assert student_quantile(level, degrees) == pytest.approx(stats.t.ppf(level, degrees), rel=1e-4)


def test_speakers_may_be_pairs_and_one_of_them_has_no_interval():
    truth, predicted, names = clips(0, speakers=2)
    pairs = [("ravdess", name) for name in names]
    two = confusion_intervals(truth, predicted, pairs, 3, rng=np.random.default_rng(0))
    assert two["accuracy"].speakers == 2
    assert (
        confusion_intervals(truth, predicted, pairs[:1] * 40, 3, rng=np.random.default_rng(0)) == {}
    )


def test_the_interval_of_a_class_is_the_percentiles_of_its_figure_stretched():
    truth, predicted, names = clips(7, speakers=8)
    found = class_intervals(truth, predicted, names, 3, rng=np.random.default_rng(2))
    speakers = list(dict.fromkeys(names))
    matrices = np.array(
        [
            confusion_matrix(truth[chosen], predicted[chosen], 3)
            for chosen in (np.array(names) == speaker for speaker in speakers)
        ]
    )
    times = np.random.default_rng(2).multinomial(8, np.full(8, 1 / 8), size=1000)
    drawn = np.einsum("ds,sij->dij", times, matrices)
    recall = np.diagonal(drawn, axis1=1, axis2=2) / drawn.sum(axis=2)
    measured = np.diagonal(matrices.sum(axis=0)) / matrices.sum(axis=(0, 2))
    stretch = stats.t.ppf(0.975, 7) / stats.norm.ppf(0.975) * (8 / 7) ** 0.5
    for k, interval in enumerate(found["recall"]):
        ends = np.quantile(recall[:, k], [0.025, 0.975])
        stretched = measured[k] + stretch * (ends - measured[k])
        assert [interval.low, interval.high] == pytest.approx(stretched, rel=1e-4)
        assert interval.speakers == 8


def test_a_class_that_one_speaker_alone_has_or_gets_is_without_an_interval():
    truth, predicted = np.array([0, 1, 0, 0, 0, 1]), np.array([0, 1, 0, 2, 0, 0])
    names = ["a", "a", "b", "b", "c", "a"]
    found = class_intervals(truth, predicted, names, 4, rng=np.random.default_rng(0))
    assert [item is not None for item in found["recall"]] == [True, False, False, False]
    assert [item is not None for item in found["precision"]] == [True, False, False, False]
    assert found["recall"][0].speakers == 3
    assert found["f1"][3] is None


def test_where_all_draws_agree_a_class_has_no_interval():
    truth = np.array([0, 0, 1, 1])
    found = class_intervals(truth, truth, ["a", "b"] * 2, 2, rng=np.random.default_rng(0))
    assert found["recall"] == (None, None)


@pytest.mark.parametrize("names", [[], ["a", "a"]])
def test_without_two_speakers_no_class_has_an_interval(names):
    same = np.zeros(len(names), dtype=int)
    found = class_intervals(same, same, names, 2, rng=np.random.default_rng(0))
    assert found == dict.fromkeys(("recall", "precision", "f1"), (None, None))


def group_interval(rng, speakers, mean, level):
    """The accuracy of speakers drawn around a mean, and its interval."""
    right = np.clip(rng.normal(mean, 0.08, speakers), 0.0, 1.0)
    predicted = (rng.random((speakers, 60)) > right[:, np.newaxis]).astype(int).ravel()
    found = confusion_intervals(
        np.zeros_like(predicted),
        predicted,
        np.repeat(np.arange(speakers), 60),
        2,
        rng=rng,
        level=level,
    )
    return float((predicted == 0).mean()), found["accuracy"]


@pytest.mark.parametrize(
    ("means", "speakers"),
    [
        ((0.6, 0.6), (6, 9)),
        ((0.7, 0.6), (6, 9)),
        ((0.6, 0.6, 0.6), (6, 6, 9)),
        ((0.7, 0.6, 0.6), (9, 6, 6)),
    ],
)
def test_the_largest_difference_lies_in_its_interval_nineteen_times_in_twenty(means, speakers):
    rng = np.random.default_rng(1)
    pairs = len(means) * (len(means) - 1) // 2
    held = 0
    for _ in range(200):
        found = [
            group_interval(rng, count, mean, 1.0 - 0.05 / pairs)
            for mean, count in zip(means, speakers, strict=True)
        ]
        between = largest_difference(*zip(*found, strict=True))
        held += between.low <= max(means) - min(means) <= between.high
    assert held / 200 >= 0.92


def test_two_groups_have_the_interval_of_zou_and_donner():
    """By hand: 0.8 - 0.5, and the square roots of the sums of the squared distances."""
    one = Interval(low=0.72, high=0.86, level=0.95, speakers=8)
    two = Interval(low=0.44, high=0.58, level=0.95, speakers=11)
    found = largest_difference((0.8, 0.5), (one, two))
    assert found.low == pytest.approx(0.3 - (0.08**2 + 0.08**2) ** 0.5)
    assert found.high == pytest.approx(0.3 + (0.06**2 + 0.06**2) ** 0.5)
    assert (found.level, found.speakers) == (0.95, 19)
    assert largest_difference((0.5, 0.8), (two, one)) == found
