import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.emotions import CANONICAL
from affekt.errors import BundleError, ConfigError, CorpusError
from affekt.evaluation.sources import open_source
from affekt.evaluation.sources.predictions import Name, match_names
from affekt.records import Utterance


def clip(path, emotion="sad"):
    return Utterance(
        path=Path(path),
        corpus="c",
        collection="c",
        speaker="a",
        native_label=emotion,
        emotion=emotion,
    )


CLIPS = [clip("/data/one/x.wav"), clip("/data/two/y.wav"), clip("/data/two/z.flac")]


@pytest.fixture
def table(tmp_path):
    def write(text):
        path = tmp_path / "said.csv"
        path.write_text(text, encoding="utf-8")
        return open_source(str(path))

    return write


def said(source, clips=CLIPS):
    answers = source.answer(clips)
    best = answers.probabilities.argmax(axis=1)
    return {
        item.path.name: answers.labels[k] for item, k in zip(answers.utterances, best, strict=True)
    }


def test_labels_are_taken_whatever_the_words_and_the_order(table):
    source = table("file,prediction,certainty\ntwo/y.wav,Anger,0.3\n/data/one/x.wav,joy,0.9\n")
    assert said(source) == {"x.wav": "happy", "y.wav": "angry"}
    assert source.labels == CANONICAL
    assert not source.answer(CLIPS).graded


def test_probabilities_are_read_from_a_column_a_label(table):
    source = table("path,neutral,sadness,hap\nx,0.2,0.5,0.3\ny,1,0,0\n")
    answers = source.answer(CLIPS)
    assert answers.labels == ("neutral", "happy", "sad")
    np.testing.assert_allclose(answers.probabilities, [[0.2, 0.3, 0.5], [1, 0, 0]])
    assert answers.graded


def test_the_csv_of_affekt_predict_is_one_of_them(table):
    source = table(
        "path,duration_s,model,emotion,confidence,score_happy,score_sad,warnings\n"
        "x.wav,1.5,default 1.0,sad,0.6,0.4,0.6,\n"
    )
    np.testing.assert_allclose(source.answer(CLIPS).probabilities, [[0.4, 0.6]])


def test_the_predictions_of_a_report_are_one_of_them(table):
    source = table("clip,speaker,actual,predicted,p_happy,p_sad\nx,c/a,sad,happy,0.7,0.3\n")
    np.testing.assert_allclose(source.answer(CLIPS).probabilities, [[0.7, 0.3]])


@pytest.mark.parametrize(
    "name", ["pred", "Pred", "y_pred", "prediction", "predicted", "hypothesis"]
)
def test_a_label_beside_a_prediction_is_the_truth(table, name):
    assert said(table(f"path,label,{name}\nx,sad,happy\n")) == {"x.wav": "happy"}
    assert said(table(f"path,{name},emotion,label\nx,happy,sad,sad\n")) == {"x.wav": "happy"}


def test_of_two_columns_that_may_hold_the_answer_none_is_guessed(table):
    message = r"emotion and label may each hold the answer: keep one of them, or call .*'predicted'"
    with pytest.raises(ConfigError, match=message):
        table("path,emotion,label\nx,sad,happy\n")


def test_a_clip_without_a_prediction_has_failed(table):
    answers = table("path,label\nx,sad\n").answer(CLIPS)
    assert [item.utterance for item in answers.failures] == CLIPS[1:]
    assert "no prediction in" in answers.failures[0].reason


def test_predictions_of_clips_that_are_not_tested_are_passed_over(table):
    assert said(table("path,label\nx,sad\nelsewhere/q.wav,sad\n")) == {"x.wav": "sad"}


def test_names_that_fit_no_clip_are_told_whatever_the_others_fit(table):
    source = table("path,label\nq.wav,sad\nx,sad\ntwo/w.wav,happy\n")
    clips = [*CLIPS, clip("/data/three/x.wav")]
    assert source.unknown_names(clips) == ("q.wav", "two/w.wav")
    assert source.unknown_names([]) == ("q.wav", "x", "two/w.wav")


def test_a_name_that_fits_two_clips_is_refused(table):
    clips = [clip("/data/one/x.wav"), clip("/data/two/x.wav")]
    source = table("path,label\nx.wav,sad\n")
    with pytest.raises(ConfigError, match=r"'x\.wav' fits 2 clips .*give longer paths"):
        source.answer(clips)
    assert said(table("path,label\ntwo/x,sad\n"), clips) == {"x.wav": "sad"}


def test_stretches_of_one_file_are_told_apart_by_their_times(table):
    whole = clip("/data/one/x.wav")
    clips = [
        dataclasses.replace(whole, end_s=1.5),
        dataclasses.replace(whole, start_s=1.5),
    ]
    with pytest.raises(ConfigError, match=r"fits 2 clips .*give start and end"):
        table("path,label\nx,sad\n").answer(clips)
    source = table("file;start;end;label\nx;0 days 00:00:01.5;;happy\nx;0;1,5;sad\n")
    answers = source.answer(clips)
    best = answers.probabilities.argmax(axis=1)
    assert [answers.labels[k] for k in best] == ["sad", "happy"]


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_predictions_may_stand_in_any_table(tmp_path, ending):
    pandas = pytest.importorskip("pandas", reason="it writes or reads the table")
    frame = pandas.DataFrame({"path": ["x", "y"], "label": ["sad", "joy"]})
    path = tmp_path / f"said.{ending}"
    match ending:
        case "tsv":
            frame.to_csv(path, sep="\t", index=False)
        case "jsonl":
            frame.to_json(path, orient="records", lines=True)
        case "parquet":
            frame.astype({"label": "category"}).to_parquet(path)
    assert said(open_source(str(path))) == {"x.wav": "sad", "y.wav": "happy"}


def test_two_rows_of_one_clip_are_refused(table):
    with pytest.raises(ConfigError, match="line 2 and line 3 are both of"):
        table("path,label\nx,sad\none/x.wav,happy\n").answer(CLIPS)


def test_a_table_of_other_clips_is_refused(table):
    with pytest.raises(ConfigError, match="none of its 1 names is one of the 3 clips"):
        table("path,label\nq,sad\n").answer(CLIPS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no row"),
        ("path,label\n", "holds no row"),
        ("who,label\nx,sad\n", "no column tells the clip; name it path or file"),
        ("path,said\nx,sad\n", "no column tells the answer; name it predicted or prediction"),
        ("path,happy,sad\nx,0.5,\n", "line 2: happy, sad must hold probabilities"),
        ("path,happy,sad\nx,1.4,-0.4\n", "line 2: happy, sad must hold probabilities"),
        ("path,happy,sad\nx,0.5,0.4\n", "line 2: happy, sad must hold probabilities"),
        ("path,happy,sad\nx,nan,1\n", "line 2: happy, sad must hold probabilities"),
    ],
)
def test_a_table_that_lacks_something_is_refused(table, text, message):
    with pytest.raises(ConfigError, match=message):
        table(text)


def test_a_word_that_is_no_emotion_is_refused_with_the_remedy(table, tmp_path):
    with pytest.raises(BundleError, match=r"'excited' is no emotion .*--label 'excited=EMOTION'"):
        table("path,label\nx,excited\ny,sad\n")
    path = str(tmp_path / "said.csv")
    assert said(open_source(path, labels={"excited": "happy"}))["x.wav"] == "happy"
    assert said(open_source(path, labels={"excited": None}))["x.wav"] == "excited"


def test_an_empty_answer_is_refused(table):
    with pytest.raises(BundleError, match="line 3 has no answer"):
        table("path,label\nx,sad\ny,\n")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such table"):
        open_source(str(tmp_path / "none.csv"))


NAMES = st.lists(
    st.tuples(*[st.sampled_from(["a", "b", "c.d"])] * 3), min_size=1, max_size=8, unique=True
)


@given(NAMES, st.integers(1, 3), st.booleans())
def test_a_tail_of_a_path_finds_exactly_the_clips_that_end_with_it(paths, length, stems):
    clips = [clip("/" + "/".join(parts) + ".wav") for parts in paths]
    tails = ["/".join(parts[-length:]) + ("" if stems else ".wav") for parts in paths]
    names = [Name("line", tail) for tail in tails]
    if len(set(tails)) < len(tails):
        with pytest.raises(ConfigError, match=re.escape("give longer paths")):
            match_names(names, clips, where="t")
    else:
        assert match_names(names, clips, where="t") == {k: k for k in range(len(clips))}
