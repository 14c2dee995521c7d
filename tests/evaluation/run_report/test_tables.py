import csv
import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest

from affekt.errors import ConfigError
from affekt.evaluation import (
    ComparedModel,
    classify,
    comparison_table,
    prediction_table,
    read_predictions,
    write_prediction_tables,
)
from affekt.evaluation.run_report.tables import predictions_csv
from affekt.records import Utterance

LABELS = ("happy", "sad")


def figures_of(answers, actual=("happy", "sad", "sad", "happy"), speakers=("a", "b", "a", "b")):
    chosen = [LABELS.index(answer) for answer in answers]
    people = [
        Utterance(
            path=Path("/x.wav"),
            corpus="c",
            collection="c",
            speaker=speaker,
            native_label="x",
            emotion=None,
        )
        for speaker in speakers
    ]
    return classify(
        people[: len(actual)],
        actual,
        0.2 + 0.6 * np.eye(2)[chosen],
        LABELS,
        clip_ids=[f"clip-{index}" for index in range(len(actual))],
    )


@pytest.fixture
def right():
    return figures_of(["happy", "sad", "sad", "happy"])


@pytest.fixture
def half():
    """Right of one speaker, wrong of the other."""
    return figures_of(["happy", "sad", "happy", "sad"], speakers=("b", "b", "a", "a"))


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_models_stand_beside_each_other_with_their_intervals(right, half):
    table = comparison_table(
        [
            ComparedModel(name="one", figures=right.to_dict(), train_accuracy=0.996757),
            ComparedModel(name="a|b", figures=half.to_dict()),
        ]
    )
    lines = table.to_markdown().splitlines()
    assert lines[0] == (
        "| model | clips | accuracy, training | accuracy | UA | macro F1 | weighted F1 |"
    )
    assert lines[2].startswith("| one | 4 | 99.7 | 100.0 | 100.0 |")  # all speakers alike
    assert lines[3].startswith("| a\\|b | 4 | - | 50.0 (0.0 to 100.0) |")
    first, second = rows_of(table.to_csv())
    assert (first["train_accuracy"], first["ua"], first["ua_low"]) == ("0.996757", "1.000000", "")
    assert (second["train_accuracy"], second["accuracy"]) == ("", "0.500000")
    assert json.loads(table.to_json())[1]["intervals"]["ua"]["speakers"] == 2


def test_a_model_heard_on_one_speaker_has_no_interval():
    alone = figures_of(["happy"], actual=("happy",))
    table = comparison_table([ComparedModel(name="one", figures=alone.to_dict())])
    assert "| 100.0 |" in table.to_markdown()
    assert rows_of(table.to_csv())[0]["accuracy_low"] == ""


def test_every_clip_has_the_actual_label_and_each_models_answer(right, half):
    table = rows_of(prediction_table({"one": right.predictions, "two": half.predictions}))
    assert table[2] == {"clip": "clip-2", "actual": "sad", "one": "sad", "two": "happy"}
    assert len(table) == 4


def test_a_clip_that_a_model_was_not_given_leaves_its_cell_empty(right, half):
    table = rows_of(prediction_table({"one": right.predictions[1:], "two": half.predictions[:2]}))
    assert [row["clip"] for row in table] == ["clip-1", "clip-2", "clip-3", "clip-0"]
    assert (table[3]["one"], table[1]["two"]) == ("", "")


def test_models_that_disagree_on_what_a_clip_is_are_not_joined(right):
    other = [dataclasses.replace(right.predictions[0], actual="sad")]
    with pytest.raises(ConfigError, match="'clip-0' is 'sad' to two and 'happy'"):
        prediction_table({"one": right.predictions, "two": other})


def test_a_clip_that_comes_twice_is_refused(right):
    with pytest.raises(ConfigError, match="one has the clip 'clip-0' twice"):
        prediction_table({"one": [right.predictions[0]] * 2})


def test_each_seed_has_a_file(right, half, tmp_path):
    paths = write_prediction_tables(
        tmp_path / "out", {1: {"one": right.predictions}, 2: {"one": half.predictions}}
    )
    assert [path.name for path in paths] == ["predictions-seed-1.csv", "predictions-seed-2.csv"]
    assert rows_of(paths[1].read_text())[3]["one"] == "sad"


def test_predictions_are_read_back_as_they_were_written(half, tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text(predictions_csv(half.labels, half.predictions))
    assert rows_of(path.read_text())[2] == {
        "clip": "clip-2",
        "speaker": "c/a",
        "actual": "sad",
        "predicted": "happy",
        "p_happy": "0.800000",
        "p_sad": "0.200000",
    }
    again = read_predictions(path)
    assert [item.predicted for item in again] == [item.predicted for item in half.predictions]
    assert again[2].probabilities == pytest.approx(half.predictions[2].probabilities)


@pytest.mark.parametrize(
    "content",
    [
        "clip,speaker\na,b\n",
        "clip,speaker,actual,predicted\na\n",
        'clip,speaker,actual,predicted\n"' + 200_000 * "a",
    ],
    ids=["other columns", "a short row", "a field without end"],
)
def test_another_table_is_not_taken_for_predictions(content, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(content)
    with pytest.raises(ConfigError, match="no table of predictions"):
        read_predictions(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_predictions(tmp_path / "none.csv")
