"""Groups of speakers beside each other, and changes that should not matter."""

import numpy as np
import pytest

from affekt.evaluation import open_source
from affekt.evaluation.people import MIN_SPEAKERS, group_differences, steadiness

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


def test_a_model_that_fails_one_gender_fails(told):
    found = gender_of(group_differences(told(*people("female", 2), *people("male", 5))))
    assert found.ua == pytest.approx({"female": 0.4, "male": 1.0})
    assert found.difference == pytest.approx(0.6)
    assert found.limit is not None
    assert found.difference > found.limit
    assert found.verdict == "fail"


def test_groups_without_a_common_emotion_are_not_testable(answers):
    rows = [
        (("one", f"{gender}{who}", 1, emotion), (0.5, 0.5), {"gender": gender})
        for gender, emotion in (("female", "angry"), ("male", "sad"))
        for who in range(MIN_SPEAKERS)
    ]
    found = gender_of(group_differences(answers(LABELS, rows)))
    assert (found.verdict, found.difference, found.limit) == ("not testable", None, None)
    assert found.ua == {}


@pytest.mark.filterwarnings("error")
def test_dealt_groups_without_a_common_emotion_do_not_set_the_limit(answers):
    # Anger comes from five, sadness from five; a deal of one to each group shares nothing.
    rows = [
        (("one", f"{gender}{who}", 1, "angry" if who % 2 else "sad"), chances, {"gender": gender})
        for gender, chances in (("female", (0.9, 0.1)), ("male", (0.1, 0.9)))
        for who in range(MIN_SPEAKERS)
    ]
    found = gender_of(group_differences(answers(LABELS, rows)))
    assert found.difference == 0.0
    assert found.limit is not None
    assert np.isfinite(found.limit)


def test_a_model_that_serves_both_alike_passes(told):
    mixed = [*people("female", 4), *people("male", 4)]
    found = gender_of(group_differences(told(*mixed)))
    assert (found.difference, found.limit, found.verdict) == (0.0, 0.05, "pass")


def test_what_chance_alone_would_show_passes(told):
    """Two of five speakers differ on either side: so much happens to any dealing of speakers."""
    women = [(f"w{number}", "female", 5 if number < 3 else 1) for number in range(5)]
    men = [(f"m{number}", "male", 5 if number < 2 else 1) for number in range(5)]
    found = gender_of(group_differences(told(*women, *men)))
    assert found.difference == pytest.approx(0.16)
    assert found.verdict == "pass"


def test_four_speakers_are_too_few_to_judge(told):
    few = told(*people("female", 0, 4), *people("male", 5))
    found = gender_of(group_differences(few))
    assert found.speakers == {"female": 4, "male": 5}
    assert (found.verdict, found.difference, found.ua) == ("not testable", None, {})


def test_ages_that_nobody_tells_are_not_testable(told):
    found = group_differences(told(*people("female", 5), *people("male", 5)))
    age = next(item for item in found if item.attribute == "age")
    assert (age.speakers, age.verdict) == ({}, "not testable")


def test_level_and_a_semitone_do_not_move_a_model_that_hears_wide_steps(tone_bundle, clip):
    clips = [clip("one", "a", "1", "angry"), clip("one", "b", "1", "sad")]
    found = steadiness(open_source(str(tone_bundle)), clips)
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

        def listen(self, signal):
            return np.array([0.6, 0.4] if np.abs(signal).max() > 0.25 else [0.4, 0.6])

    clips = [clip("one", "a", "1", "angry"), clip("one", "b", "1", "sad")]
    softer, *_ = steadiness(LoudIsAngry(), clips)
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
    assert everything.verdict == "fail"
