import numpy as np
import pytest

from affekt.evaluation import score_corpus
from affekt.evaluation.people.groups import ALL_CORPORA, age_band, duration_band, group_figures

LABELS = ("happy", "sad", "calm")
RIGHT, WRONG = {"happy": [0.8, 0.1, 0.1], "sad": [0.1, 0.8, 0.1]}, {"happy": [0.1, 0.8, 0.1]}


@pytest.fixture
def said(answers):
    """Women of corpus c are heard rightly, its man is not; nobody tells of corpus d."""
    rows = [
        (("c", "a", 1, "happy"), RIGHT["happy"], {"gender": "female", "age": 19, "sentence": "2"}),
        (("c", "a", 2, "sad"), RIGHT["sad"], {"gender": "female", "age": 19, "sentence": "10"}),
        (("c", "b", 1, "happy"), RIGHT["happy"], {"gender": "female", "age": 30, "sentence": "2"}),
        (("c", "m", 1, "happy"), WRONG["happy"], {"gender": "male", "age": 71, "sentence": "2"}),
        (("d", "x", 1, "sad"), RIGHT["sad"]),
    ]
    return answers(LABELS, rows)


@pytest.fixture
def figures(said):
    found = group_figures(said)

    def of(attribute, corpus="c", scoring="own"):
        return {
            item.group: item
            for item in found
            if (item.attribute, item.corpus, item.scoring) == (attribute, corpus, scoring)
        }

    return of


def test_each_group_has_its_own_figures(figures):
    gender = figures("gender")
    assert (gender["female"].ua, gender["male"].ua) == (1.0, 0.0)
    assert (gender["female"].clips, gender["female"].speakers, gender["female"].classes) == (
        3,
        2,
        2,
    )


def test_intervals_need_two_speakers_who_differ(figures):
    gender = figures("gender")
    assert figures("sentence")["2"].ua_interval.speakers == 3
    assert gender["male"].ua_interval is None  # one man
    assert gender["female"].ua_interval is None  # two women, both heard rightly


def test_what_nobody_tells_is_a_group_of_its_own_and_stands_last(figures):
    assert list(figures("gender", "d")) == ["unknown"]
    assert list(figures("gender", ALL_CORPORA)) == ["female", "male", "unknown"]


def test_bands_and_numbers_stand_in_their_order(figures):
    assert list(figures("age")) == ["under 20", "30 to 39", "70 or older"]
    assert list(figures("sentence")) == ["2", "10"]


def test_sentences_and_intensities_are_never_pooled_over_corpora(figures):
    assert figures("sentence", ALL_CORPORA) == {}
    assert figures("intensity", ALL_CORPORA) == {}
    assert figures("language", ALL_CORPORA)["unknown"].clips == 5


def test_a_clip_competes_among_the_classes_of_its_corpus(answers):
    # "calm" is most probable, but corpus c has none.
    said = answers(LABELS, [(("c", "a", 1, "happy"), [0.3, 0.1, 0.6])])
    own, everything = (x for x in group_figures(said) if x.attribute == "gender")
    assert (own.scoring, own.ua) == ("own", 1.0)
    assert (everything.scoring, everything.ua) == ("all", 0.0)


@pytest.mark.parametrize("scoring", ["own", "all"])
def test_a_group_of_everybody_has_the_figures_of_the_corpus(said, figures, scoring):
    own = score_corpus("c", said, ("happy", "sad")).scoring(scoring)
    everybody = figures("language", scoring=scoring)["unknown"]
    for name in ("ua", "wa", "macro_f1", "weighted_f1", "ua_interval", "weighted_f1_interval"):
        assert getattr(everybody, name) == getattr(own, name)


def test_without_anything_scored_there_are_no_groups(answers):
    assert group_figures(answers(LABELS, [])) == ()


@pytest.mark.parametrize(
    ("age", "band"),
    [(19, "under 20"), (20, "20 to 29"), (69, "60 to 69"), (70, "70 or older"), (None, None)],
)
def test_ages_fall_into_decades(clip, age, band):
    assert age_band(clip("c", "a", 1, "sad", age=age)) == band


def test_lengths_are_those_of_the_file_or_of_the_stretch(clip):
    assert duration_band(clip("c", "a", 1, "sad")) == "1 to 2 s"
    assert duration_band(clip("c", "a", 1, "sad", start_s=0.5)) == "under 1 s"
    assert duration_band(clip("c", "a", 1, "sad", start_s=1.0, end_s=31.0)) == "10 s or longer"


def test_the_length_of_what_cannot_be_read_is_not_told(clip):
    broken = clip("c", "a", 1, "sad")
    broken.path.write_bytes(b"not audio")
    assert duration_band(broken) is None


def test_every_clip_is_in_one_group_of_each_attribute(answers):
    rng = np.random.default_rng(0)
    rows = [
        (
            (
                str(rng.choice(["c", "d"])),
                str(rng.integers(4)),
                k,
                str(rng.choice(["happy", "sad"])),
            ),
            rng.dirichlet(np.ones(3)),
            {"gender": rng.choice(["female", "male", None]), "age": int(rng.integers(15, 80))},
        )
        for k in range(60)
    ]
    found = group_figures(answers(LABELS, rows))
    for corpus, count in ((ALL_CORPORA, 60), ("c", sum(row[0][0] == "c" for row in rows))):
        for attribute in ("gender", "age", "duration"):
            groups = [x for x in found if (x.attribute, x.corpus) == (attribute, corpus)]
            for scoring in ("own", "all"):
                assert sum(x.clips for x in groups if x.scoring == scoring) == count
