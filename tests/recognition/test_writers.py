from __future__ import annotations

import csv
import io
import json

import pytest

from affekt.errors import ConfigError
from affekt.recognition.writers import WRITERS, open_writer
from affekt.records import Prediction, Score

LABELS = ("neutral", "happy", "angry")


def prediction(**changes: object) -> Prediction:
    values: dict[str, object] = {
        "path": "über/a.wav",
        "duration_s": 2.50049,
        "sampling_rate_hz": 44100,
        "channels": 2,
        "model": "tones 1.2",
        "emotion": "happy",
        "confidence": 0.75,
        "uncertain": False,
        "predictions": (
            Score(label="happy", score=0.75),
            Score(label="angry", score=0.2),
            Score(label="neutral", score=0.05),
        ),
    }
    return Prediction(**(values | changes))


def written(name: str, *predictions: Prediction) -> str:
    out = io.StringIO()
    with open_writer(name, out, LABELS) as writer:
        for item in predictions:
            writer.write(item)
    return out.getvalue()


def test_a_record_has_these_keys_in_this_order() -> None:
    assert json.loads(written("jsonl", prediction())) == {
        "schema_version": "1",
        "path": "über/a.wav",
        "duration_s": 2.5,
        "sampling_rate_hz": 44100,
        "channels": 2,
        "model": "tones 1.2",
        "emotion": "happy",
        "confidence": 0.75,
        "uncertain": False,
        "predictions": [
            {"label": "happy", "score": 0.75},
            {"label": "angry", "score": 0.2},
            {"label": "neutral", "score": 0.05},
        ],
        "warnings": [],
    }
    assert list(json.loads(written("jsonl", prediction(left_out=0.25)))) == [
        *("schema_version", "path", "duration_s", "sampling_rate_hz", "channels", "model"),
        *("emotion", "confidence", "uncertain", "predictions", "left_out", "warnings"),
    ]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_always_an_array(count: int) -> None:
    assert len(json.loads(written("json", *[prediction()] * count))) == count


def test_json_lines_leave_one_by_one() -> None:
    out = io.StringIO()
    with open_writer("jsonl", out, LABELS) as writer:
        writer.write(prediction())
        assert json.loads(out.getvalue())["emotion"] == "happy"
        writer.write(prediction(emotion="angry"))
    assert [json.loads(line)["emotion"] for line in out.getvalue().splitlines()] == [
        "happy",
        "angry",
    ]


def test_json_stays_whole_when_the_run_breaks_off() -> None:
    out = io.StringIO()

    def break_off() -> None:
        with open_writer("json", out, LABELS) as writer:
            writer.write(prediction())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert len(json.loads(out.getvalue())) == 1


def test_csv_has_a_column_for_every_label_whatever_was_answered() -> None:
    top = (Score(label="angry", score=0.2),)
    text = written(
        "csv",
        prediction(left_out=0.1, warnings=("One, two.", "Three.")),
        prediction(predictions=top, uncertain=True),
    )
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [key for key in rows[0] if key.startswith("score_")] == [
        "score_neutral",
        "score_happy",
        "score_angry",
    ]
    assert (rows[0]["score_happy"], rows[1]["score_happy"]) == ("0.75", "")
    assert (rows[0]["uncertain"], rows[1]["uncertain"]) == ("false", "true")
    assert (rows[0]["left_out"], rows[1]["left_out"]) == ("0.1", "")
    assert rows[0]["warnings"] == "One, two. Three."


def test_csv_shows_the_set_and_whether_the_recording_is_of_the_domain() -> None:
    uncertain = prediction(prediction_set=("happy", "angry"), out_of_domain=True, novelty=1.5)
    first, second, third = csv.DictReader(
        io.StringIO(written("csv", uncertain, prediction(out_of_domain=False), prediction()))
    )
    columns = ("prediction_set", "out_of_domain", "novelty")
    assert [first[key] for key in columns] == ["happy angry", "true", "1.5"]
    assert second["out_of_domain"] == "false"
    assert [third[key] for key in columns] == ["", "", ""]


def test_the_table_shows_the_set_and_says_what_is_out_of_the_domain() -> None:
    uncertain = prediction(prediction_set=("happy", "angry"), out_of_domain=True)
    text = written("table", uncertain)
    assert "likely one of: happy, angry" in text
    assert "uncertain: out of domain, unlike the recordings" in text
    assert "below the threshold" not in text
    assert "out of domain" not in written("table", prediction(out_of_domain=False))
    lines = written("table", prediction(), prediction(uncertain=True, out_of_domain=True))
    assert lines.splitlines()[2].rstrip().endswith("uncertain, out of domain")


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("count", [1, 2])
def test_every_writer_stamps_the_purpose_that_was_stated(name: str, count: int) -> None:
    stamped = written(name, *[prediction(purpose="safety")] * count)
    assert "safety" in stamped
    assert "safety" not in written(name, *[prediction()] * count)
    if name == "csv":
        assert {row["purpose"] for row in csv.DictReader(io.StringIO(stamped))} == {"safety"}
    if name == "json":
        assert {record["purpose"] for record in json.loads(stamped)} == {"safety"}


def test_csv_of_nothing_is_a_header() -> None:
    assert written("csv").startswith("path,duration_s,")
    assert written("csv").count("\n") == 1


def test_the_table_of_one_recording_shows_all_labels() -> None:
    text = written("table", prediction(uncertain=True, left_out=0.125))
    assert text.splitlines()[0] == "über/a.wav  2.5 s, model tones 1.2"
    assert [line.split()[0] for line in text.splitlines()[1:4]] == ["happy", "angry", "neutral"]
    assert "████████████░░░░  75.0%" in text
    assert "uncertain: 65.6% among all labels is below the threshold" in text
    assert "left out by the smaller vocabulary: 12.5%" in text


def test_the_table_of_several_has_a_line_each() -> None:
    long = prediction(path="b.wav", duration_s=3719.7, uncertain=True)
    lines = written("table", prediction(), long).splitlines()
    assert len(lines) == 3
    assert lines[1].split() == ["über/a.wav", "2.5", "s", "happy", "████████████░░░░", "75.0%"]
    assert "62 min 00 s" in lines[2]
    assert lines[2].rstrip().endswith("uncertain")


def test_a_path_is_no_markup() -> None:
    assert "[red]a.wav" in written("table", prediction(path="[red]a.wav"))


def test_a_terminal_without_blocks_gets_plain_bars() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with open_writer("table", out, LABELS) as writer:
        writer.write(prediction(path="a.wav"))
    out.seek(0)
    assert "############....  75.0%" in out.read()


def test_no_recordings_draw_no_table() -> None:
    assert written("table") == ""


def test_an_unknown_format_brings_a_suggestion() -> None:
    with (
        pytest.raises(ConfigError, match="did you mean 'jsonl'"),
        open_writer("jsonll", io.StringIO(), LABELS),
    ):
        pass


def test_the_table_of_writers_names_the_formats() -> None:
    assert list(WRITERS) == ["table", "json", "jsonl", "csv"]
