"""People's own words for emotions."""

from __future__ import annotations

import pytest

from affekt.corpora.labels import SYNONYMS, canonical_label
from affekt.emotions import CANONICAL
from affekt.errors import CorpusError


@pytest.mark.parametrize(
    ("word", "emotion"),
    [
        *((emotion, emotion) for emotion in CANONICAL),
        ("ANG", "angry"),
        ("Wut", "angry"),
        ("Pleasant_Surprise", "surprised"),
        (" happiness ", "happy"),
        ("de\u0301gou\u0302t", "disgust"),
    ],
)
def test_usual_words_are_known(word, emotion):
    assert canonical_label(word, where="here") == emotion


def test_no_word_means_two_emotions():
    words = [word for group in SYNONYMS.values() for word in group]
    assert len(words) == len(set(words))
    assert tuple(SYNONYMS) == CANONICAL


def test_the_own_map_is_asked_first():
    assert canonical_label("calm", {"calm": "neutral"}, where="here") == "neutral"


def test_the_own_map_can_say_that_there_is_none():
    assert canonical_label("Bored", {"bored": None}, where="here") is None


def test_a_near_miss_gets_a_suggestion():
    with pytest.raises(CorpusError, match=r"t.csv, line 3: 'angrry' .* \(did you mean 'angry'\?\)"):
        canonical_label("angrry", where="t.csv, line 3")


def test_an_unknown_word_gets_the_canonical_ones():
    with pytest.raises(CorpusError, match=r"'xyzzy' is no emotion known here \(canonical: neutral"):
        canonical_label("xyzzy", where="here")
