from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from affekt.recognition import Options, TimelineOptions
from affekt.records import (
    Moment,
    Prediction,
    Score,
    Utterance,
    declarations,
    normal_id,
    with_one_spelling,
)
from affekt.records.options import RecogniseRequest, StreamRequest, TimelineRequest

UTTERANCE = Utterance(
    path=Path("ravdess_song/a.wav"),
    corpus="ravdess_song",
    collection="ravdess",
    speaker="06",
    native_label="happy",
    emotion="happy",
)
PREDICTION = Prediction(
    path="call.mp3",
    duration_s=2.34567,
    sampling_rate_hz=44100,
    channels=2,
    model="default 1.0",
    emotion="sad",
    confidence=2 / 3,
    uncertain=False,
    predictions=(Score(label="sad", score=2 / 3), Score(label="calm", score=1 / 3)),
    warnings=("the tail is missing",),
)


def test_a_speaker_belongs_to_a_collection():
    speech = dataclasses.replace(UTTERANCE, corpus="ravdess_speech")
    assert speech.speaker_key == UTTERANCE.speaker_key == ("ravdess", "06")


@pytest.mark.parametrize("written", ["06", "6", "6.0", "006", " 6 ", "6.", "6.00", "6,0"])
def test_one_number_has_one_normal_form_however_a_program_writes_it(written):
    assert normal_id(written) == "06"
    item = dataclasses.replace(UTTERANCE, speaker=written)
    assert item.speaker_key == UTTERANCE.speaker_key
    assert item.corpus_speaker == ("ravdess_song", "06")


@pytest.mark.parametrize("written", ["1001", "6.5", "60", "m3", "KL", "F01", "-6", "1e3", "00"])
def test_other_ids_keep_their_form(written):
    assert normal_id(written) == written


def spoken(*speakers, sentence=None):
    return [dataclasses.replace(UTTERANCE, speaker=one, sentence=sentence) for one in speakers]


def test_one_person_keeps_the_spelling_that_is_met_first():
    with pytest.warns(UserWarning, match=r"mine.csv: ids that .* one speaker: 6 = 06 = 6\.0;"):
        items = with_one_spelling(spoken("6", "06", "6.0", "7"), where="mine.csv")
    assert [item.speaker for item in items] == ["6", "6", "6", "7"]


def test_ids_with_letters_that_differ_in_zeros_are_one_person_as_well():
    with pytest.warns(UserWarning, match="S01 = S1"):
        items = with_one_spelling(spoken("S01", "S1", "S10", "S2"), where="mine.csv")
    assert [item.speaker for item in items] == ["S01", "S01", "S10", "S2"]


def test_one_sentence_has_one_spelling_too():
    items = [*spoken("a", sentence="1"), *spoken("b", sentence="1.0")]
    with pytest.warns(UserWarning, match="one sentence: 1 = 1.0"):
        assert {item.sentence for item in with_one_spelling(items, where="mine.csv")} == {"1"}


@pytest.mark.filterwarnings("error")
def test_ids_that_differ_in_more_stay_apart_in_silence():
    items = spoken("1", "10", "100", "1.5", "1.05", "A1", "B1", "A10")
    assert with_one_spelling(items, where="mine.csv") == items


@pytest.mark.filterwarnings("error")
def test_an_id_is_one_person_within_a_collection_alone():
    items = [UTTERANCE, dataclasses.replace(UTTERANCE, collection="other", speaker="6")]
    assert with_one_spelling(items, where="mine.csv") == items


def test_what_a_corpus_does_not_tell_is_none():
    assert (UTTERANCE.gender, UTTERANCE.age, UTTERANCE.start_s, UTTERANCE.split) == (None,) * 4


@pytest.mark.parametrize("record", [UTTERANCE, PREDICTION, PREDICTION.predictions[0]])
def test_records_cannot_be_changed(record):
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, dataclasses.fields(record)[0].name, "x")


def test_a_prediction_is_plain_json_in_a_fixed_order():
    assert json.dumps(PREDICTION.to_dict()) == (
        '{"schema_version": "1", "path": "call.mp3", "duration_s": 2.346, '
        '"sampling_rate_hz": 44100, "channels": 2, "model": "default 1.0", "emotion": "sad", '
        '"confidence": 0.666667, "uncertain": false, "predictions": '
        '[{"label": "sad", "score": 0.666667}, {"label": "calm", "score": 0.333333}], '
        '"warnings": ["the tail is missing"]}'
    )


def test_the_mass_left_out_stands_after_the_predictions_where_a_vocabulary_was_chosen():
    record = dataclasses.replace(PREDICTION, left_out=0.25).to_dict()
    assert record["left_out"] == 0.25
    assert list(record)[-2:] == ["left_out", "warnings"]


def test_a_stated_purpose_stands_right_before_the_warnings():
    record = dataclasses.replace(PREDICTION, left_out=0.25, purpose="medical").to_dict()
    assert record["purpose"] == "medical"
    assert list(record)[-3:] == ["left_out", "purpose", "warnings"]


def test_a_moment_states_a_purpose_last_where_there_is_one():
    moment = Moment(
        start_s=0.0,
        end_s=3.0,
        model="default 1.0",
        speech_share=0.0,
        emotion=None,
        confidence=None,
        uncertain=False,
        predictions=(),
    )
    assert "purpose" not in moment.to_dict()
    assert moment.to_dict()["intensity"] is None
    record = dataclasses.replace(moment, intensity=0.61234, purpose="safety").to_dict()
    assert record["intensity"] == 0.612
    assert record["model"] == "default 1.0"
    assert list(record.items())[-1] == ("purpose", "safety")


def test_prediction_set_and_novelty_follow_the_predictions_where_the_model_has_them():
    told = {"prediction_set", "out_of_domain", "novelty", "intensity"}
    assert not told & set(PREDICTION.to_dict())
    uncertain = dataclasses.replace(
        PREDICTION,
        prediction_set=("sad", "calm"),
        out_of_domain=True,
        novelty=1.23456,
        intensity=0.71234,
        left_out=0.25,
    )
    record = uncertain.to_dict()
    assert list(record)[-7:] == [
        *("predictions", "prediction_set", "out_of_domain", "novelty", "intensity"),
        *("left_out", "warnings"),
    ]
    assert record["intensity"] == 0.712
    assert record["prediction_set"] == ["sad", "calm"]
    assert record["out_of_domain"] is True
    assert record["novelty"] == 1.235


@pytest.mark.parametrize(
    ("request_options", "library", "beside"),
    [
        (RecogniseRequest, Options, {"track"}),
        (TimelineRequest, TimelineOptions, {"track", "vad", "progress"}),
    ],
)
def test_the_service_takes_the_options_of_the_library_and_a_model(request_options, library, beside):
    of_the_service = declarations(request_options).keys() - {"model"}
    assert of_the_service == set(library.__annotations__) - beside


def test_every_option_is_explained_and_keeps_to_its_own_range():
    for request_options in (RecogniseRequest, TimelineRequest, StreamRequest):
        for name, (_, option) in declarations(request_options).items():
            assert option.help.endswith((".", "...")), name
            for limit, sign in ((option.least, 1), (option.most, -1)):
                assert None in (limit, option.default) or sign * (option.default - limit) >= 0, name
