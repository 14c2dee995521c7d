from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from affekt.emotions import CANONICAL
from affekt.recognition import Recognizer
from affekt.recognition.notices import NOTICE_RECOGNISER
from affekt.web.analysis import Wishes, analyse, read_sound
from affekt.web.downloads import to_csv, to_json


@pytest.fixture
def analyses(tone_bundle: Path, sound, recording, quietly):
    recognizer = Recognizer.load(tone_bundle)
    clip = recording(sound("clip.wav", ["sad"]))
    call = recording(sound("call.wav", ["angry"], ["happy"], duration_s=2.0))
    wishes = Wishes(
        channels=("agent", "customer"),
        analyse=("agent", "customer"),
        purpose="research",
        consented=True,
    )
    return [
        analyse(recognizer, clip, read_sound(clip, quietly), Wishes(), quietly),
        analyse(recognizer, call, read_sound(call, quietly), wishes, quietly),
    ]


def test_json_holds_everything_and_says_where_it_comes_from(analyses) -> None:
    document = json.loads(to_json(analyses))
    assert document["notice"] == NOTICE_RECOGNISER
    clip, call = document["recordings"]
    assert clip["voices"][0]["prediction"]["path"] == "clip.wav"
    assert clip["timeline"] is None
    assert call["purpose"] == "research with consent"
    assert {voice["prediction"]["purpose"] for voice in call["voices"]} == {"research with consent"}
    assert [voice["name"] for voice in call["voices"]] == ["agent", "customer"]
    assert len(call["timeline"]["tracks"]) == 2


def test_csv_has_a_row_a_voice_with_its_purpose(analyses) -> None:
    text = to_csv(analyses, CANONICAL)
    columns = next(csv.reader(io.StringIO(text)))
    assert len(set(columns)) == len(columns)
    rows = list(csv.DictReader(io.StringIO(text)))
    found = [(row["path"], row["voice"], row["emotion"], row["purpose"]) for row in rows]
    assert found == [
        ("clip.wav", "", "sad", ""),
        ("call.wav", "agent", "angry", "research with consent"),
        ("call.wav", "customer", "happy", "research with consent"),
    ]
