"""Groups of speakers beside each other, and changes that should not matter."""

import numpy as np
import pytest

from affekt.evaluation import open_source
from affekt.evaluation.people.differences import (
    MIN_SPEAKERS,
    group_differences,
    prediction_stability,
)
from affekt.evaluation.people.groups import group_figures
from affekt.recognition import Outputs

LABELS = ("angry", "sad")


@pytest.fixture
def told(answers):
    """Make the answers to five clips of each emotion by each speaker.

    Speakers come as `(name, gender, right)`: of how many of the five they are answered rightly.
    """

    def make(*speakers, **more):
        rows = []
        for name, gender, right in speakers:
            for emotion in LABELS:
                for take in range(5):
                    hit = (take < right) == (emotion == "angry")
                    values = ("one", name, f"{emotion}{take}", emotion)
                    rows.append((values, (0.9, 0.1) if hit else (0.1, 0.9), {"gender": gender}))
        return answers(LABELS, rows)

    return make


def people(gender, right, count=MIN_SPEAKERS):
    return [(f"{gender}{number}", gender, right) for number in range(count)]


def gender_of(found, scoring="own"):
    return next(item for item in found if (item.attribute, item.scoring) == ("gender", scoring))


def test_a_model_that_fails_one_gender_differs(told):
    """All women fare alike, and all men: draws of them agree, and chance makes no such deal."""
    found = gender_of(group_differences(told(*people("female", 2), *people("male", 5))))
    assert found.ua == pytest.approx({"female": 0.4, "male": 1.0})
    assert found.difference == pytest.approx(0.6)
    assert (found.interval, found.verdict) == (None, "differs")


def test_a_difference_has_the_interval_that_the_groups_own_give(told):
    women = [(f"w{number}", "female", right) for number, right in enumerate((1, 2, 2, 3, 2))]
    men = [(f"m{number}", "male", right) for number, right in enumerate((5, 4, 5, 4, 5))]
    answers = told(*women, *men)
    found = gender_of(group_differences(answers))
    ends = {
        item.group: item.ua_interval
        for item in group_figures(answers)
        if (item.attribute, item.scoring) == ("gender", "own")
    }
    women_up = ends["female"].high - found.ua["female"]
    men_down = found.ua["male"] - ends["male"].low
    assert found.difference == pytest.approx(0.92 - 0.4)
    assert found.interval.low == pytest.approx(found.difference - np.hypot(men_down, women_up))
    assert found.interval.low > 0.0
    assert (found.interval.speakers, found.verdict) == (10, "differs")


def test_groups_without_a_common_emotion_are_not_testable(answers):
    rows = [
        (("one", f"{gender}{who}", 1, emotion), (0.5, 0.5), {"gender": gender})
        for gender, emotion in (("female", "angry"), ("male", "sad"))
        for who in range(MIN_SPEAKERS)
    ]
    found = gender_of(group_differences(answers(LABELS, rows)))
    assert (found.verdict, found.difference, found.interval) == ("not testable", None, None)
    assert found.ua == {}


@pytest.mark.filterwarnings("error")
def test_dealt_groups_without_a_common_emotion_do_not_count(answers):
    # Anger comes from five, sadness from five; a deal of one to each group shares nothing.
    rows = [
        (("one", f"{gender}{who}", 1, "angry" if who % 2 else "sad"), chances, {"gender": gender})
        for gender, chances in (("female", (0.9, 0.1)), ("male", (0.1, 0.9)))
        for who in range(MIN_SPEAKERS)
    ]
    found = gender_of(group_differences(answers(LABELS, rows)))
    assert (found.difference, found.verdict) == (0.0, "cannot tell")


def test_a_constant_predictor_is_not_said_to_serve_people_alike(answers):
    rows = [
        (("one", f"{gender}{who}", emotion, emotion), (0.9, 0.1), {"gender": gender})
        for gender in ("female", "male")
        for who in range(20)
        for emotion in LABELS
    ]
    found = gender_of(group_differences(answers(LABELS, rows)))
    assert (found.difference, found.interval, found.verdict) == (0.0, None, "cannot tell")


def test_what_chance_alone_would_show_cannot_be_told(told):
    """Two of five speakers differ on either side: so much happens to any dealing of speakers."""
    women = [(f"w{number}", "female", 5 if number < 3 else 1) for number in range(5)]
    men = [(f"m{number}", "male", 5 if number < 2 else 1) for number in range(5)]
    found = gender_of(group_differences(told(*women, *men)))
    assert found.difference == pytest.approx(0.16)
    assert found.interval.low < 0.0 < found.interval.high
    assert found.verdict == "cannot tell"


def test_four_speakers_are_too_few_to_judge_and_yet_shown(told):
    few = told(*people("female", 0, 4), *people("male", 5))
    found = gender_of(group_differences(few))
    assert found.speakers == {"female": 4, "male": 5}
    assert (found.verdict, found.difference) == ("cannot tell", 1.0)


def test_one_speaker_is_no_group(told):
    found = gender_of(group_differences(told(*people("female", 0, 1), *people("male", 5))))
    assert (found.verdict, found.difference, found.ua) == ("not testable", None, {})


def drawn(answers, rng, *, groups, gap, spread, right=0.8, takes=20):
    """Answers to speakers drawn from groups that truly lie `gap` apart, the first best."""
    rows = []
    for place, (name, speakers) in enumerate(groups.items()):
        mean = right + gap / 2 - gap * place / (len(groups) - 1)
        for who in range(speakers):
            share = np.clip(rng.normal(mean, spread), 0.0, 1.0)
            for emotion in LABELS:
                for take in range(takes):
                    hit = (rng.random() < share) == (emotion == "angry")
                    values = ("one", f"{name}{who}", f"{emotion}{take}", emotion)
                    chances = (0.9, 0.1) if hit else (0.1, 0.9)
                    rows.append((values, chances, {"gender": name}))
    return answers(LABELS, rows)


def verdicts(answers, draws, **how):
    rng = np.random.default_rng(0)
    found = [gender_of(group_differences(drawn(answers, rng, **how))) for _ in range(draws)]
    return [item.verdict for item in found]


@pytest.mark.parametrize(
    ("speakers", "spread"), [(5, 0.1), (5, 0.02), (12, 0.02)], ids=["few", "alike", "many"]
)
def test_a_true_gap_of_ten_points_is_not_called_within_five(answers, speakers, spread):
    """Two of a hundred such intervals may lie below the truth; none reaches down to half of it."""
    groups = {"female": speakers, "male": speakers}
    said = verdicts(answers, 60, groups=groups, gap=0.10, spread=spread)
    assert said.count("within 5 points") <= 0.025 * 60


def test_a_true_gap_of_five_points_is_called_within_five_no_oftener_than_the_level_allows(answers):
    groups = {"female": 12, "male": 12}
    said = verdicts(answers, 100, groups=groups, gap=0.05, spread=0.02)
    assert said.count("within 5 points") <= 7  # of 100, 2.5 % nominal: more is chance once in 200


def test_no_gap_is_said_to_differ_no_oftener_than_the_level_allows(answers):
    said = verdicts(answers, 100, groups={"female": 6, "male": 8}, gap=0.0, spread=0.1)
    assert said.count("differs") <= 11  # of 100, 5 % nominal


def test_no_gap_is_found_to_be_within_five_points_where_speakers_are_many_and_alike(answers):
    said = verdicts(
        answers, 20, groups={"female": 25, "male": 25}, gap=0.0, spread=0.01, right=0.95
    )
    assert said.count("within 5 points") >= 15


def test_ages_that_nobody_tells_are_not_testable(told):
    found = group_differences(told(*people("female", 5), *people("male", 5)))
    age = next(item for item in found if item.attribute == "age")
    assert (age.speakers, age.verdict) == ({}, "not testable")


def test_level_and_a_semitone_do_not_move_a_model_that_hears_wide_steps(tone_bundle, clip):
    clips = [clip("one", "a", "1", "angry"), clip("one", "b", "1", "sad")]
    found = prediction_stability(open_source(str(tone_bundle)), clips)
    assert [item.change for item in found] == [
        "level, -6 dB",
        "level, +6 dB",
        "pitch, -1 semitones",
        "pitch, +1 semitones",
    ]
    assert {(item.unchanged, item.unchanged_own, item.verdict) for item in found} == {
        (1.0, 1.0, "pass")
    }
    assert all(0.0 < item.moved < item.moved_limit for item in found)


def test_a_model_that_jumps_with_the_level_fails(tone_bundle, clip):
    class LoudIsAngry:
        """Nobody's model: it takes what is loud for anger, half sure of it."""

        labels = LABELS

        def predict(self, signal):
            loud = np.abs(signal).max() > 0.25
            return Outputs.of_clip(np.array([0.6, 0.4] if loud else [0.4, 0.6]))

    clips = [clip("one", "a", "1", "angry"), clip("one", "b", "1", "sad")]
    softer, *_ = prediction_stability(LoudIsAngry(), clips)
    assert (softer.unchanged, softer.verdict) == (0.0, "fail")
    assert softer.moved == pytest.approx(0.2)


def test_groups_are_compared_among_all_labels_too(answers):
    """Men are answered with a label that the corpus lacks: it shows among all labels alone."""
    labels = (*LABELS, "calm")
    rows = [
        (("one", f"{gender}{who}", emotion, emotion), chances[emotion], {"gender": gender})
        for gender, chances in (
            ("female", {"angry": (0.9, 0.1, 0.0), "sad": (0.1, 0.9, 0.0)}),
            ("male", {"angry": (0.3, 0.1, 0.6), "sad": (0.1, 0.9, 0.0)}),
        )
        for who in range(MIN_SPEAKERS)
        for emotion in LABELS
    ]
    found = group_differences(answers(labels, rows))
    assert gender_of(found, "own").difference == 0.0
    everything = gender_of(found, "all")
    assert everything.ua == {"female": 1.0, "male": 0.5}
    assert everything.verdict == "differs"
