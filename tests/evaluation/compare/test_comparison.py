import csv
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest

from affekt.emotions import CANONICAL
from affekt.errors import ConfigError
from affekt.evaluation.compare.comparison import MEAN, compare
from affekt.evaluation.compare.writers import WRITERS
from affekt.evaluation.runs import Answers, Failure
from affekt.evaluation.sources import Source
from affekt.protocols import protocol

SPEAKERS = ("a", "b", "c", "d", "e")


class Scripted(Source):
    """A model that knows the truth and is told what to answer to it."""

    def answer(self, utterances, progress=None):
        failed = [item for item in utterances if self.reply(item) is None]
        heard = [item for item in utterances if item not in failed]
        places = [self.labels.index(self.reply(item)) for item in heard]
        return Answers(
            labels=self.labels,
            utterances=tuple(heard),
            probabilities=np.eye(len(self.labels))[places],
            failures=tuple(Failure(utterance=item, reason="deaf") for item in failed),
        )


def model(reply, labels=CANONICAL, name="scripted"):
    made = Scripted(
        kind="scripted", name=name, title=name, location=name, sha256="0" * 64, labels=labels
    )
    object.__setattr__(made, "reply", reply)
    return made


@pytest.fixture
def clips(clip):
    """A happy and a sad clip of five speakers in one corpus, and of one speaker in another."""
    pairs = [("one", name) for name in SPEAKERS] + [("two", "z")]
    return [
        clip(corpus, name, emotion, emotion)
        for corpus, name in pairs
        for emotion in ("happy", "sad")
    ]


def right(item):
    return item.emotion


def wrong(item):
    return "sad" if item.emotion == "happy" else "happy"


def happy(item):
    return "happy"


def shared(comparison, corpus, scoring="own"):
    return [x for x in comparison.shared if (x.corpus, x.scoring) == (corpus, scoring)]


def differences(comparison, corpus, figure="ua", scoring="own"):
    wanted = (corpus, figure, scoring)
    return [x for x in comparison.differences if (x.corpus, x.figure, x.scoring) == wanted]


def test_models_stand_side_by_side_and_each_two_are_tested(clips):
    comparison = compare([model(right), model(wrong), model(happy)], clips, protocol("external"))
    assert [item.ua for item in shared(comparison, "one")] == [1.0, 0.0, 0.5]
    found = differences(comparison, "one")
    assert [(x.first, x.second) for x in found] == [(0, 1), (0, 2), (1, 2)]
    assert [x.test.difference for x in found] == pytest.approx([1.0, 0.5, -0.5])
    assert found[0].test.p_value == 2 / 2**5


def test_one_speaker_has_no_test(clips):
    comparison = compare([model(right), model(wrong)], clips, protocol("external"))
    (item,) = differences(comparison, "two")
    assert (item.test.difference, item.test.p_value) == (1.0, None)


def test_the_mean_of_corpora_swaps_the_speakers_of_all(clips):
    comparison = compare([model(right), model(happy)], clips, protocol("external"))
    (item,) = differences(comparison, MEAN)
    assert item.test.difference == pytest.approx(0.5)
    assert item.test.speakers == 6
    assert [x.ua for x in shared(comparison, MEAN)] == [1.0, 0.5]


def test_a_speaker_of_two_corpora_of_a_collection_is_swapped_as_one(clip):
    clips = [
        clip(corpus, name, emotion, emotion)
        for corpus in ("ravdess_speech", "ravdess_song")
        for name in ("01", "02", "03")
        for emotion in ("happy", "sad")
    ]
    comparison = compare([model(right), model(happy)], clips, protocol("external"))
    (item,) = differences(comparison, MEAN)
    assert (item.test.speakers, item.test.least_p) == (3, 2 / 2**3)


def test_all_models_are_compared_on_the_same_clips_and_classes(clips):
    def deaf_to_a(item):
        return None if item.speaker == "a" else item.emotion

    comparison = compare([model(right), model(deaf_to_a)], clips, protocol("external"))
    assert {item.clips for item in shared(comparison, "one")} == {10}
    assert comparison.left_out == ()
    assert [len(report.failures) for report in comparison.reports] == [0, 2]


def test_a_model_that_leaves_clips_out_gains_nothing_by_it(clips):
    """It would be right throughout if only what it answers counted."""

    def choosy(item):
        return None if item.speaker == "a" else item.emotion

    comparison = compare([model(right), model(choosy)], clips, protocol("external"))
    assert [item.ua for item in shared(comparison, "one")] == pytest.approx([1.0, 0.8])
    (item,) = differences(comparison, "one")
    assert item.test.difference == pytest.approx(0.2)
    (missing,) = comparison.unanswered
    assert (missing.model, missing.corpus, missing.clips) == (1, "one", 2)
    heard = [x for x in comparison.answered_by_all if (x.corpus, x.scoring) == ("one", "own")]
    assert [(x.clips, x.ua) for x in heard] == [(8, 1.0), (8, 1.0)]
    text = WRITERS["text"](comparison)
    assert "counted as wrong in one: B did not answer 2 clips" in text
    assert "WARNING    not answered: 2 of 12 clips; they count as wrong" in text
    kinds = [row["row"] for row in csv.DictReader(io.StringIO(WRITERS["csv"](comparison)))]
    assert kinds.count("figure of answered") == kinds.count("figure") > 0


def test_where_all_is_answered_there_is_one_table(clips):
    comparison = compare([model(right), model(wrong)], clips, protocol("external"))
    assert (comparison.answered_by_all, comparison.unanswered) == ((), ())
    assert "every model answered" not in WRITERS["text"](comparison)


def test_a_class_that_a_model_does_not_know_takes_part_for_none(clips, clip):
    clips += [clip("one", name, "calm", "calm") for name in SPEAKERS]
    small = model(happy, labels=("happy", "sad"))
    comparison = compare([model(right), small], clips, protocol("external"))
    assert {(item.clips, item.classes) for item in shared(comparison, "one")} == {(10, 2)}
    assert comparison.left_out[0].unknown_class == {"calm": 5}
    # Left to itself, the large model is measured on everything it knows.
    assert comparison.reports[0].corpora[0].scoring("own").clips == 15


def test_clips_of_no_common_class_are_an_error(clips):
    calm = model(lambda item: "calm", labels=("calm", "angry"))
    with pytest.raises(ConfigError, match="no clip under test is of a class that all models know"):
        compare([model(right), calm], clips, protocol("external"))


def test_a_model_that_answers_nothing_is_wrong_throughout(clips):
    comparison = compare([model(right), model(lambda item: None)], clips, protocol("external"))
    assert [item.ua for item in shared(comparison, "one")] == [1.0, 0.0]
    assert comparison.answered_by_all == ()


@pytest.fixture
def comparison(clip):
    """Two models on all speakers of EMOVO, which has published figures."""
    clips = [
        clip("emovo", name, emotion, emotion)
        for name in ("f1", "f2", "f3", "m1", "m2", "m3")
        for emotion in ("happy", "sad")
    ]
    models = [model(right, name="good"), model(happy, name="dull")]
    return compare(models, clips, protocol("official"))


def test_the_text_holds_figures_differences_and_references(comparison):
    text = WRITERS["text"](comparison)
    assert "== Model A\nmodel      good" in text
    assert "A - B        +50.0  0.0312  0.0312" in text
    assert "one of 4 tests, not corrected" in text
    line = next(line for line in text.splitlines() if line.startswith("WavLM-large, frozen"))
    assert "48.8" in line
    assert "matches" in line
    assert "unknown (its training speakers are unknown)" in line


def test_markdown_holds_the_same_tables(comparison):
    page = WRITERS["md"](comparison)
    assert page.startswith("# good, dull under official\n")
    for title in ("## Model A", "## Side by side", "## Differences", "## Published on emovo"):
        assert title in page
    assert "| emovo | own | UA | A - B | +50.0 | 0.0312 | 0.0312 | 6 | all swaps |" in page


def test_csv_says_of_each_row_what_it_is(comparison):
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](comparison))))
    assert [row["row"] for row in rows].count("figure") == 2 * 2 * 4
    (ua,) = (
        row
        for row in rows
        if (row["row"], row["figure"], row["scoring"]) == ("difference", "ua", "own")
    )
    assert (ua["model"], ua["other"], ua["value"], ua["p_value"]) == (
        "good", "dull", "0.500000", "0.031250",
    )  # fmt: skip
    published = [row for row in rows if row["row"] == "reference"]
    assert {row["match"] for row in published} == {"matches", "other speakers"}
    assert all(row["comparable"] for row in published)


def test_csv_tells_models_of_one_title_apart(clips):
    same = [model(right, name="p"), model(wrong, name="p")]
    rows = csv.DictReader(io.StringIO(WRITERS["csv"](compare(same, clips, protocol("external")))))
    found = {(row["row"], row["model_letter"], row["other_letter"]) for row in rows}
    assert found == {("figure", "A", ""), ("figure", "B", ""), ("difference", "A", "B")}


def test_json_holds_everything(comparison):
    values = json.loads(WRITERS["json"](comparison))
    assert values == json.loads(json.dumps(comparison.to_dict()))
    assert len(values["reports"]) == 2
    assert values["differences"][0]["test"]["exact"] is True


def test_a_protocol_that_shares_speakers_says_so_in_every_form(clips):
    comparison = compare([model(right), model(wrong)], clips, protocol("random:3"))
    for name in ("text", "md"):
        assert "no figure here says anything of new speakers" in WRITERS[name](comparison)
    row, *_ = csv.DictReader(io.StringIO(WRITERS["csv"](comparison)))
    assert row["new_speakers"] == "false"
    assert json.loads(WRITERS["json"](comparison))["reports"][0]["new_speakers"] is False


@pytest.fixture
def heard(clip):
    """One model that heard two speakers of EmoDB in training, one that did not, one that is mute.

    None of them learnt from SAVEE.
    """
    clips = [
        clip(corpus, name, emotion, emotion)
        for corpus, names in (("emodb", ("03", "08")), ("savee", ("DC", "JE")))
        for name in names
        for emotion in ("happy", "sad")
    ]
    models = [model(right, name="heard"), model(happy, name="new"), model(wrong, name="mute")]
    for item, corpus in zip(models, ("emodb", "casia"), strict=False):
        word = SimpleNamespace(training_data=[{"corpus": corpus}], held_out={})
        object.__setattr__(item, "learnt", word)
    return compare(models, clips, protocol("external"))


def test_every_figure_and_difference_of_a_model_that_heard_the_speakers_is_marked(heard):
    for name in ("text", "md"):
        page = WRITERS[name](heard)
        assert "Model A*" in page
        assert "every figure marked * is of a model whose training may have used" in page
        body = page.split("Side by side")[1].split("Published on")[0]
        rows = [line for line in body.splitlines() if re.search(r" (own|all) ", line)]
        of_a = [line for line in rows if re.search(r" A\b", line)]
        assert len(of_a) == 3 * 2 * (1 + 2 * 2)  # two corpora and their mean; against two others
        assert all(re.search(r" A\* ", line) for line in of_a)
        assert not any("*" in line for line in rows if line not in of_a)


def test_files_say_of_every_figure_and_difference_whether_its_speakers_are_new(heard):
    rows = list(csv.DictReader(io.StringIO(WRITERS["csv"](heard))))
    new = {(row["model_letter"], row["other_letter"]): row["new_speakers"] for row in rows}
    assert new == {
        ("A", ""): "false",
        ("B", ""): "true",
        ("C", ""): "null",
        ("A", "B"): "false",
        ("A", "C"): "false",
        ("B", "C"): "null",
    }
    found = json.loads(WRITERS["json"](heard))
    assert {(item["model"], item["new_speakers"]) for item in found["shared"]} == {
        (0, False),
        (1, True),
        (2, None),
    }
    assert {item["new_speakers"] for item in found["differences"] if item["first"] == 0} == {False}
