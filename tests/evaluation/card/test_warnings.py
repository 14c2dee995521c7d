"""Which warnings a report has, and when."""

from dataclasses import replace

from affekt.evaluation.card.warnings import warnings_of
from affekt.evaluation.people.differences import GroupDifference, PredictionStability
from affekt.evaluation.report import FailedClip
from affekt.evaluation.robustness.measure import ConditionFigures, Kept
from affekt.metrics import ConstantAnswer, Interval
from affekt.metrics.conformal import Coverage
from affekt.recognition.bundles.metadata import SetRule


def about(card):
    return {item.about: item.text for item in warnings_of(card)}


def test_a_model_without_a_fault_gives_no_warning(card):
    assert about(card) == {}


def test_of_ones_own_recordings_it_is_said_that_their_speakers_may_be_training_speakers(card):
    report = replace(card.report, unknown_origin=("one",))
    assert about(replace(card, report=report)) == {
        "training": "Whether speakers of one are training speakers is unknown: only those who "
        "recorded them can say."
    }


def test_possible_training_speakers_come_first(card):
    report = replace(card.report, training_speakers_tested=(("one", "a"),), missing=(("one", "z"),))
    first, second = warnings_of(replace(card, report=report))
    assert first.about == "training speakers tested"
    assert "one a" in first.text
    assert second.text == "No clip is at hand of one z."


def test_a_protocol_that_tests_known_people_is_named(card):
    report = replace(card.report, protocol="random", speakers_apart=False)
    assert (
        "No figure here says anything of new speakers"
        in about(replace(card, report=report))["protocol"]
    )


def test_a_corpus_of_one_speaker_is_named(card):
    (corpus,) = card.report.corpora
    report = replace(card.report, corpora=(replace(corpus, speakers=("a",)),))
    assert about(replace(card, report=report))["one speaker"].startswith("one: ")


def test_a_corpus_whose_speakers_nobody_told_is_named(card):
    (corpus,) = card.report.corpora
    report = replace(card.report, corpora=(replace(corpus, speakers=("unknown",)),))
    found = about(replace(card, report=report))
    assert found["speakers unknown"].startswith("one: nobody says who speaks.")
    assert "one speaker" not in found


def test_a_corpus_without_an_interval_is_no_better_than_guessing_by_its_figure(card):
    (corpus,) = card.report.corpora
    own = replace(corpus.scoring("own"), ua=0.5, ua_interval=None)
    report = replace(card.report, corpora=(replace(corpus, speakers=("a",), scorings=(own,)),))
    assert "In one the model" in about(replace(card, report=report))["no better than guessing"]
    better = replace(corpus, speakers=("a",), scorings=(replace(own, ua=0.6),))
    report = replace(card.report, corpora=(better,))
    assert "no better than guessing" not in about(replace(card, report=report))


def test_a_corpus_and_an_emotion_that_are_hardly_recognised_are_named(card):
    (corpus,) = card.report.corpora
    own = corpus.scoring("own")
    angry = replace(own.classes[0], recall=0.1, support=40)
    poor = replace(
        own,
        ua=0.45,
        ua_interval=Interval(low=0.4, high=0.5, level=0.95, speakers=6),
        classes=(angry, *own.classes[1:]),
    )
    report = replace(card.report, corpora=(replace(corpus, scorings=(poor,)),))
    said = about(replace(card, report=report))
    assert (
        said["no better than guessing"] == "In one the model cannot be told from one that guesses."
    )
    assert said["worst corpora"] == "Less than 50 % is recognised in: one 45 % (guessing 50 %)."
    assert f"{angry.label} in one (10 % of 40 clips)" in said["emotions it misses"]


def test_answers_to_clips_that_are_not_at_hand_are_named_without_their_folders(card):
    report = replace(card.report, bundle="Said.csv", unknown_names=("at/home/a.wav",))
    card = replace(card, report=report)
    assert about(card)["answers to other clips"] == (
        "Said.csv names clips that are not at hand, 1 in all: 'at/home/a.wav'. They are passed "
        "over."
    )
    assert card.to_dict()["figures"]["unknown_names"] == ["a.wav"]


def test_clips_without_an_answer_are_named_with_both_figures(card):
    (corpus,) = card.report.corpora
    own = corpus.scoring("own")
    half = replace(own, ua=0.5, clips=24, answered=12, answered_alone=own)
    failed = tuple(FailedClip(corpus="one", path=f"{k}.wav", reason="silent") for k in range(12))
    report = replace(
        card.report, clips=24, failures=failed, corpora=(replace(corpus, scorings=(half,)),)
    )
    assert about(replace(card, report=report))["clips not answered"] == (
        "Not answered: 12 of 24 clips. They count as wrong, except in what is said of confidence: "
        "one 50 %, of the 12 answered alone 100.0 %."
    )


def test_a_model_that_answers_everything_alike_is_named(card):
    (corpus,) = card.report.corpora
    own = replace(corpus.scoring("own"), constant=ConstantAnswer(label="sad", share=0.97))
    report = replace(card.report, corpora=(replace(corpus, scorings=(own,)),))
    assert about(replace(card, report=report))["one answer to everything"] == (
        "one: a nearly constant predictor: 97.0 % of its answers are 'sad' (own). "
        "It tells no clip from another there."
    )


def difference(verdict, apart=0.2, low=0.05):
    return GroupDifference(
        scoring="own",
        corpus="one",
        attribute="gender",
        speakers={"female": 5, "male": 7},
        ua={"female": 0.4, "male": 0.4 + apart},
        difference=apart,
        interval=Interval(low=low, high=apart + 0.1, level=0.95, speakers=12),
        verdict=verdict,
    )


def test_groups_that_differ_are_named_with_their_figures(card):
    found = (difference("differs"),)
    assert about(replace(card, differences=found))["people are not served alike"] == (
        "In one, by gender, among its own emotions: female 40 % (5 speakers), male 60 % "
        "(7 speakers), 20.0 points apart (95 % interval 5.0 to 30.0)."
    )


def test_a_gap_over_five_points_is_named_whatever_the_verdict(card):
    found = (
        difference("cannot tell", apart=0.06, low=-0.05),
        difference("cannot tell", 0.04, -0.1),
    )
    assert about(replace(card, differences=found)) == {
        "people may not be served alike": "In one, by gender, among its own emotions: female 40 % "
        "(5 speakers), male 46 % (7 speakers), 6.0 points apart (95 % interval -5.0 to 16.0). "
        "Whether other speakers would lie as far apart cannot be told."
    }


def test_a_small_gap_is_named_where_it_is_sure(card):
    found = (difference("differs", apart=0.04, low=0.01),)
    assert (
        "4.0 points apart" in about(replace(card, differences=found))["people are not served alike"]
    )


def test_corpora_whose_sets_hold_too_little_are_named(card):
    measured = card.confidence.given
    held = Coverage(clips=20, speakers=4, share=0.7, interval=None, mean_size=2.0, single=0.1)
    fine = replace(held, share=0.95)
    rule = SetRule(coverage=0.9, quantile=0.8, rule="lac")
    measured = replace(measured, sets=fine, corpora_sets={"one": held, "two": fine}, rule=rule)
    said = about(replace(card, confidence=replace(card.confidence, given=measured, telephone=None)))
    assert said["sets that promise too much"] == (
        "Of single corpora, sets promise 90 % and hold: one 70 %."
    )


def test_answers_that_move_are_named(card):
    moved = PredictionStability(
        change="level, +6 dB",
        unchanged=0.8,
        limit=0.95,
        unchanged_own=1.0,
        moved=0.1,
        moved_limit=0.05,
        verdict="fail",
    )
    said = about(replace(card, prediction_stability=(moved,)))["answers move"]
    assert said == (
        "20 % of the answers change with level, +6 dB (at most 5 % may); "
        "10 % of the probability moves with level, +6 dB (at most 5 % may)."
    )


def test_the_worst_of_each_kind_of_condition_is_named(card):
    def condition(name, ua, refused=0.0):
        return ConditionFigures(
            group="noise",
            name=name,
            own=Kept(ua={"one": ua}, mean_ua=ua, drop=1.0 - ua, unchanged=ua),
            all=Kept(ua={"one": ua}, mean_ua=ua, drop=1.0 - ua, unchanged=ua),
            moved=1.0 - ua,
            refused=refused,
        )

    noisy = (condition("5 dB", 0.8), condition("0 dB", 0.5, refused=0.3))
    said = about(replace(card, robustness=replace(card.robustness, conditions=noisy)))
    assert said["worst conditions"].endswith("That falls to 50 % under noise, 0 dB.")
    assert said["not recognised at all"] == "Clips refused under noise, 0 dB 30 %."


def test_a_calibration_error_beyond_what_is_wanted_is_named_beside_chance(card):
    measured = card.confidence.given
    off = replace(measured.given.pooled, ece=0.079, ece_floor=0.02, ece_by_chance=0.03)
    given = replace(measured.given, pooled=off, mean_ece=0.07)
    said = about(
        replace(card, confidence=replace(card.confidence, given=replace(measured, given=given)))
    )
    assert said["confidence is off"] == (
        "The expected calibration error is 7.9 % over all clips (below 5 % is wanted; if every "
        "probability were right, chance would leave 2.0 %, up to 3.0 %)."
    )


def test_confidence_beyond_what_is_right_is_named(card):
    measured = card.confidence.given
    sure = replace(measured.given.pooled, confidence=0.9, accuracy=0.6)
    confidence = replace(
        card.confidence, given=replace(measured, given=replace(measured.given, pooled=sure))
    )
    said = about(replace(card, confidence=confidence))["surer than right"]
    assert said == "On average, all clips: 90 % sure, 60 % right."
