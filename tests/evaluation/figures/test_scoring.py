import dataclasses

import numpy as np
import pytest
from scipy import stats

from affekt import metrics
from affekt.evaluation import score_corpus
from affekt.evaluation.figures.scoring import mean_ua, pooled_calibration
from affekt.evaluation.runs import Answers, Failure
from affekt.records import Utterance

LABELS = ("neutral", "happy", "sad", "calm")


@pytest.fixture
def measured(answers):
    """Three clips of two speakers; one is calmest, which the corpus does not know."""
    return answers(
        LABELS,
        [
            (("c", "a", 1, "neutral"), [0.3, 0.2, 0.1, 0.4]),
            (("c", "a", 2, "happy"), [0.1, 0.7, 0.1, 0.1]),
            (("c", "b", 3, "sad"), [0.2, 0.5, 0.2, 0.1]),
        ],
    )


def test_own_answers_come_from_the_corpus_classes_alone(measured):
    own = score_corpus("c", measured, ("neutral", "happy", "sad")).scoring("own")
    assert own.labels == ("neutral", "happy", "sad")
    assert own.confusion == ((1, 0, 0), (0, 1, 0), (0, 1, 0))
    assert own.ua == pytest.approx(2 / 3)
    assert own.wa == pytest.approx(2 / 3)


def test_all_answers_come_from_everything_the_model_knows(measured):
    everything = score_corpus("c", measured, ("neutral", "happy", "sad")).scoring("all")
    assert everything.labels == LABELS
    assert everything.confusion[0] == (0, 0, 0, 1)
    assert everything.ua == pytest.approx(1 / 3)


def test_a_class_the_corpus_has_but_no_clip_shows_still_competes(answers):
    said = answers(LABELS, [(("c", "a", 1, "happy"), [0.0, 0.4, 0.6, 0.0])])
    own = score_corpus("c", said, ("happy", "sad")).scoring("own")
    assert own.wa == 0.0
    assert [item.label for item in own.classes] == ["happy"]


def test_each_class_has_recall_precision_and_support(measured):
    happy = score_corpus("c", measured, ("neutral", "happy", "sad")).scoring("own").classes[1]
    assert (happy.label, happy.support, happy.recall, happy.precision) == ("happy", 1, 1.0, 0.5)


def test_clips_of_a_class_the_model_does_not_know_are_counted_not_scored(answers):
    said = answers(
        ("neutral", "sad"),
        [(("c", "a", 1, "sad"), [0.1, 0.9]), (("c", "a", 2, "calm"), [0.9, 0.1])],
    )
    figures = score_corpus("c", said, ("neutral", "calm", "sad"))
    assert figures.scoring("own").clips == 1
    assert figures.not_scored == {"calm": 1}


BORED = {"native_label": "boredom"}


def emodb(answers, labels):
    width = len(labels)
    return answers(
        labels,
        [
            (("emodb", "15", 1, "sad"), np.eye(width)[1]),
            (("emodb", "15", 2, None), np.eye(width)[-1], BORED),
        ],
    )


def test_boredom_is_left_out_where_the_model_does_not_know_it(answers):
    figures = score_corpus("emodb", emodb(answers, ("neutral", "sad")), ("neutral", "sad"))
    assert [item.name for item in figures.scorings] == ["own", "all"]
    assert figures.scoring("own").clips == 1
    assert figures.not_scored == {"boredom": 1}


def test_boredom_adds_a_scoring_where_the_model_knows_it(answers):
    said = emodb(answers, ("neutral", "sad", "boredom"))
    figures = score_corpus("emodb", said, ("neutral", "sad"))
    assert figures.scoring("own").labels == ("neutral", "sad")
    more = figures.scoring("own and more")
    assert more.labels == ("neutral", "sad", "boredom")
    assert (more.clips, more.ua) == (2, 1.0)


def test_one_speaker_has_no_interval_and_two_have(measured):
    figures = score_corpus("c", measured, ("neutral", "happy", "sad"))
    assert figures.scoring("own").ua_interval.speakers == 2
    alone = score_corpus("emodb", measured, ("sad",))
    assert alone.scorings == ()


def said_to(answers, *takes):
    """Clips as `(emotion, answer, how many)`, spread over five speakers."""
    rows = []
    for emotion, answer, count in takes:
        for _ in range(count):
            rows.append((("c", f"s{len(rows) % 5}", len(rows), emotion), np.eye(4)[answer]))
    return answers(LABELS, rows)


@pytest.mark.parametrize(
    ("takes", "share"),
    [
        ([("neutral", 0, 20), ("sad", 0, 20)], 1.0),
        ([("neutral", 0, 20), ("sad", 0, 19), ("sad", 2, 1)], 0.975),
    ],
)
def test_a_model_that_gives_all_or_nearly_all_clips_one_answer_is_constant(answers, takes, share):
    own = score_corpus("c", said_to(answers, *takes), LABELS).scoring("own")
    assert (own.constant.label, own.constant.share) == ("neutral", share)


def test_a_constant_predictor_has_no_interval_anywhere(answers):
    said = said_to(answers, ("neutral", 0, 20), ("happy", 0, 20), ("sad", 0, 20))
    own = score_corpus("c", said, LABELS).scoring("own")
    assert own.ua == pytest.approx(1 / 3)
    shares = ("ua", "wa", "macro_f1", "weighted_f1")
    assert [getattr(own, f"{name}_interval") for name in shares] == [None] * 4
    assert {item.recall for item in own.class_intervals} == {None}


def test_a_model_that_tells_clips_apart_is_not_constant(answers):
    apart = said_to(answers, ("neutral", 0, 20), ("sad", 2, 20))
    assert score_corpus("c", apart, LABELS).scoring("own").constant is None
    # Nearly all clips are neutral in truth: it is right to say so of nearly all.
    truly = said_to(answers, ("neutral", 0, 97), ("sad", 2, 3))
    assert score_corpus("c", truly, LABELS).scoring("own").constant is None
    one = said_to(answers, ("neutral", 0, 20))
    assert score_corpus("c", one, LABELS).scoring("own").constant is None


def test_a_corpus_that_failed_altogether_is_wrong_altogether(answers):
    said = answers(LABELS, [], failures=[(("c", "a", 1, "sad"), "silent")])
    figures = score_corpus("c", said, ("sad",))
    assert (figures.clips, figures.failed, figures.speakers) == (1, 1, ("a",))
    own = figures.scoring("own")
    assert (own.ua, own.clips, own.answered, own.answered_alone) == (0.0, 1, 0, None)
    assert figures.calibration is None


def test_what_was_not_answered_counts_as_wrong_beside_what_was(answers):
    """The easy half, all right: 100 % of what it answers, and 50 % of what it was asked."""
    rows = [(("c", f"s{k}", k, label), np.eye(4)[k]) for k, label in enumerate(LABELS[:3])]
    rows += [(("c", f"s{k}", k + 10, label), np.eye(4)[k]) for k, label in enumerate(LABELS[:3])]
    left_out = [(("c", f"s{k % 2}", k + 20, LABELS[k % 3]), "no prediction") for k in range(6)]
    figures = score_corpus("c", answers(LABELS, rows, failures=left_out), LABELS[:3])
    for name in ("own", "all"):
        scoring = figures.scoring(name)
        assert (scoring.clips, scoring.answered) == (12, 6)
        assert (scoring.ua, scoring.wa) == (0.5, 0.5)
        assert scoring.labels[-1] == "unanswered"
        assert [row[-1] for row in scoring.confusion if sum(row)] == [2, 2, 2]
        assert {item.recall for item in scoring.classes} == {0.5}
        alone = scoring.answered_alone
        assert (alone.clips, alone.ua, alone.wa) == (6, 1.0, 1.0)
        assert "unanswered" not in alone.labels
    whole = score_corpus("c", answers(LABELS, rows), LABELS[:3]).scoring("own")
    assert figures.scoring("own").answered_alone == whole
    assert (whole.answered, whole.answered_alone) == (6, None)


def test_a_constant_answer_to_part_of_the_clips_is_constant_all_the_same(answers):
    rows = [(("c", "a", k, LABELS[k % 3]), np.eye(4)[0]) for k in range(9)]
    left_out = [(("c", "b", k, LABELS[k % 3]), "no prediction") for k in range(9)]
    own = score_corpus("c", answers(LABELS, rows, failures=left_out), LABELS[:3]).scoring("own")
    assert (own.constant.label, own.constant.share) == ("neutral", 1.0)


def test_calibration_is_measured_over_all_labels(measured):
    figures = score_corpus("c", measured, ("neutral", "happy", "sad"))
    assert figures.calibration.nll == pytest.approx(-np.log([0.3, 0.7, 0.2]).mean())
    assert figures.calibration == pooled_calibration(measured)


def test_the_mean_over_corpora_exists_only_when_all_were_measured(measured):
    figures = {"c": score_corpus("c", measured, ("neutral", "happy", "sad"))}
    assert mean_ua(figures, ("c",)) == pytest.approx(2 / 3)
    assert mean_ua(figures, ("c", "d")) is None


def test_all_four_figures_have_an_interval_and_that_of_ua_is_the_stretched_bootstraps(answers):
    rng = np.random.default_rng(0)
    rows = [
        (("c", f"s{rng.integers(7)}", k, LABELS[rng.integers(3)]), rng.dirichlet(np.ones(4)))
        for k in range(80)
    ]
    said = answers(LABELS, rows)
    own = score_corpus("c", said, ("neutral", "happy", "sad")).scoring("own")
    truth = np.array([LABELS.index(row[0][3]) for row in rows])
    answered = np.array([row[1][:3].argmax() for row in rows])
    speakers = [row[0][1] for row in rows]
    people = sorted(set(speakers))
    # Each draw with its clips written out: slow, and beyond doubt.
    times = np.random.default_rng(2).multinomial(len(people), [1 / len(people)] * len(people), 2000)
    drawn = []
    for row in times:
        each = np.repeat(np.arange(len(rows)), row[[people.index(name) for name in speakers]])
        confusion = metrics.confusion_matrix(truth[each], answered[each], 3)
        drawn.append(metrics.unweighted_average_recall(confusion))
    count = len(people)
    stretch = stats.t.ppf(0.975, count - 1) / stats.norm.ppf(0.975) * (count / (count - 1)) ** 0.5
    ends = own.ua + stretch * (np.quantile(drawn, [0.025, 0.975]) - own.ua)
    assert (own.ua_interval.low, own.ua_interval.high) == pytest.approx(tuple(ends), rel=1e-5)
    for name in ("wa", "macro_f1", "weighted_f1"):
        interval = getattr(own, f"{name}_interval")
        assert interval.low < getattr(own, name) < interval.high


def test_a_mere_label_that_the_corpus_lacks_is_wrong_and_called_other(answers):
    said = answers(
        LABELS,
        [(("c", "a", 1, "neutral"), [0, 0, 0, 1]), (("c", "b", 1, "sad"), [0, 0, 1, 0])],
    )
    said = dataclasses.replace(said, graded=False)
    figures = score_corpus("c", said, ("neutral", "happy", "sad"))
    own = figures.scoring("own")
    assert own.labels == ("neutral", "happy", "sad", "other")
    assert own.confusion[0] == (0, 0, 0, 1)
    assert (own.ua, own.wa) == (0.5, 0.5)
    assert figures.calibration is None
    assert pooled_calibration(said) is None


@pytest.fixture
def rated(tmp_path):
    """Clips of three speakers, which listeners rated and a model told the intensity of."""
    rng = np.random.default_rng(1)
    ratings = rng.uniform(30.0, 90.0, 30)
    table = tmp_path / "processedResults" / "tabulatedVotes.csv"
    table.parent.mkdir()
    names = [f"10{row % 3:02}_{row:03}_SAD_XX" for row in range(30)]
    lines = [f'"1{row:05}","{name}",{ratings[row]}' for row, name in enumerate(names)]
    table.write_text('"","fileName","meanEmoResp"\n' + "\n".join(lines) + "\n")
    clips = tuple(
        Utterance(
            path=tmp_path / "AudioWAV" / f"{name}.wav",
            corpus="cremad",
            collection="cremad",
            speaker=name[:4],
            native_label="sad",
            emotion="sad",
        )
        for name in names
    )
    told = ratings / 100.0 + 0.05 * rng.standard_normal(30)
    answered = Answers(
        labels=LABELS,
        utterances=clips[:-1],
        probabilities=np.full((29, 4), 0.25),
        failures=(Failure(utterance=clips[-1], reason="cut off"),),
        intensities=told[:-1],
    )
    return answered, stats.pearsonr(told[:-1], ratings[:-1]).statistic


def test_the_intensity_is_put_beside_the_ratings_of_listeners(rated):
    answered, expected = rated
    found = score_corpus("cremad", answered, ("sad",)).intensity
    assert (found.clips, found.correlation) == (29, pytest.approx(expected))
    assert found.interval.low < expected < found.interval.high
    assert found.interval.speakers == 3


def test_without_intensity_or_ratings_there_is_no_correlation(rated, tmp_path):
    answered, _ = rated
    mute = dataclasses.replace(answered, intensities=None)
    assert score_corpus("cremad", mute, ("sad",)).intensity is None
    (tmp_path / "processedResults" / "tabulatedVotes.csv").unlink()
    assert score_corpus("cremad", answered, ("sad",)).intensity is None
