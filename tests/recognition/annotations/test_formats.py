"""Each format, read back by a reader that others wrote where there is one."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.errors import ConfigError
from affekt.recognition.annotations import FORMATS, annotate, label_studio_config
from affekt.records import Segment, Timeline

pympi = pytest.importorskip("pympi", reason="the extra dev, with this oracle, is not installed")
webvtt = pytest.importorskip("webvtt", reason="the extra dev, with this oracle, is not installed")
textgrid = pytest.importorskip(
    "praatio.textgrid", reason="the extra dev, with this oracle, is not installed"
)
database = pytest.importorskip(
    "pyannote.database.util", reason="the extra dev, with this oracle, is not installed"
)

SPOKEN = [
    (1.0, 3.0, "angry"),
    (3.0, 3.5, "uncertain"),
    (3.5, 5.0, "happy"),
    (5.0, 5.2, "uncertain"),
]


@pytest.fixture
def saved(tmp_path: Path):
    """Write a timeline into a file of its format."""

    def save(timeline: Timeline, name: str) -> str:
        path = tmp_path / f"timeline{FORMATS[name].suffix}"
        path.write_text(annotate(timeline, name), encoding="utf-8")
        return str(path)

    return save


# ---- JSON and CSV ----------------------------------------------------------------------------


def test_json_is_the_record(call: Timeline) -> None:
    assert json.loads(annotate(call, "json")) == call.to_dict()


def test_csv_has_a_row_a_segment(call: Timeline) -> None:
    rows = list(csv.DictReader(io.StringIO(annotate(call, "csv"))))
    assert len(rows) == sum(len(track.segments) for track in call.tracks)
    angry = rows[3]
    assert (angry["track"], angry["channel"], angry["purpose"]) == ("customer", "1", "research")
    assert (angry["start_s"], angry["end_s"], angry["speech"]) == ("1.000", "3.000", "true")
    assert (angry["emotion"], angry["uncertain"]) == ("angry", "false")
    assert float(angry["score_angry"]) == 0.873
    agent = rows[0]
    assert (agent["analysed"], agent["emotion"], agent["score_angry"]) == ("false", "", "")


# ---- RTTM ------------------------------------------------------------------------------------


def test_pyannote_reads_rttm(call: Timeline, saved) -> None:
    read = database.load_rttm(saved(call, "rttm"))["call_7"]
    found = [
        (turn.start, round(turn.end, 3), label)
        for turn, _, label in read.itertracks(yield_label=True)
    ]
    assert found == [
        (0.0, 1.5, "agent:speech"),
        *((start, end, f"customer:{label}") for start, end, label in SPOKEN),
    ]


def test_rttm_holds_ten_fields_channel_and_confidence(call: Timeline) -> None:
    lines = [line.split(" ") for line in annotate(call, "rttm").splitlines()]
    assert {len(line) for line in lines} == {10}
    angry = next(line for line in lines if line[7] == "customer:angry")
    assert (angry[2], angry[8]) == ("2", "0.873")


def test_rttm_states_model_and_purpose(call: Timeline) -> None:
    stamps = [line for line in annotate(call, "rttm").splitlines() if line[:9] == "SPKR-INFO"]
    assert len(stamps) == 2
    assert all("model=tones_1.2,purpose=research" in line for line in stamps)


def test_rttm_of_one_voice_names_the_emotion_alone(monologue: Timeline) -> None:
    assert annotate(monologue, "rttm").splitlines()[1] == (
        "SPEAKER call_7 1 0.000 2.000 <NA> <NA> happy 0.800 <NA>"
    )


# ---- TextGrid --------------------------------------------------------------------------------


def test_praatio_reads_textgrid(call: Timeline, saved) -> None:
    grid = textgrid.openTextgrid(
        saved(call, "textgrid"), includeEmptyIntervals=True, reportingMode="error"
    )
    assert grid.tierNames == ("agent", "customer", "customer confidence", "about")
    customer = [tuple(entry) for entry in grid.getTier("customer").entries]
    assert customer == [(0.0, 1.0, "silence"), *SPOKEN, (5.2, 6.0, "silence")]
    scores = [entry.label for entry in grid.getTier("customer confidence").entries]
    assert scores == ["", "angry 0.873", "neutral 0.420", "happy 0.610", "", ""]
    assert grid.getTier("about").entries[0].label == (
        "emotions by affekt; model: tones 1.2; purpose: research"
    )


def test_pympi_reads_textgrid_too(awkward: Timeline, saved) -> None:
    grid = pympi.Praat.TextGrid(saved(awkward, "textgrid"))
    tier = next(iter(grid.get_tiers()))
    assert tier.name == 'Zoë "<b>&amp;" -->   </script>'
    assert [text for _, _, text in tier.get_intervals()] == ["angry", "silence"]


@given(
    edges_s=st.lists(st.floats(0.0, 100.0), min_size=1, max_size=12).map(sorted),
    more_s=st.floats(0.001, 1.0),
)
def test_tiers_have_no_gaps_and_no_overlaps(build, make_timeline, edges_s, more_s) -> None:
    end_s = edges_s[-1] + more_s
    bounds = [0.0, *edges_s, end_s]
    segments: list[Segment] = [
        build.segment(start, end, "happy") if number % 2 else build.silence(start, end)
        for number, (start, end) in enumerate(itertools.pairwise(bounds))
    ]
    text = annotate(make_timeline(build.track(segments)), "textgrid")
    found = re.findall(r"intervals \[\d+\]:\s+xmin = (\S+)\s+xmax = (\S+)", text)
    tier = [(float(start), float(end)) for start, end in found[: len(found) // 2]]
    assert tier[0][0] == 0.0
    assert tier[-1][1] == pytest.approx(end_s, abs=0.00051)
    assert all(start < end for start, end in tier)
    assert all(one[1] == two[0] for one, two in itertools.pairwise(tier))


# ---- Audacity --------------------------------------------------------------------------------


def test_audacity_labels_have_three_columns(call: Timeline) -> None:
    rows = [line.split("\t") for line in annotate(call, "audacity").splitlines()]
    assert rows[0] == ["0.000", "0.000", "emotions by affekt; model: tones 1.2; purpose: research"]
    assert rows[1:] == [
        ["0.000", "1.500", "agent: speech"],
        ["1.000", "3.000", "customer: angry 87 %"],
        ["3.000", "3.500", "customer: uncertain (neutral 42 %)"],
        ["3.500", "5.000", "customer: happy 61 %"],
        ["5.000", "5.200", "customer: uncertain (too short)"],
    ]


def test_audacity_labels_of_one_voice_name_the_emotion_alone(monologue: Timeline) -> None:
    assert annotate(monologue, "audacity") == "0.000\t2.000\thappy 80 %\n"


# ---- WebVTT ----------------------------------------------------------------------------------


def test_webvtt_reads_webvtt(call: Timeline, saved) -> None:
    captions = webvtt.read(saved(call, "webvtt"))
    assert [(c.start, c.end, c.voice) for c in captions][:2] == [
        ("00:00:00.000", "00:00:01.500", "agent"),
        ("00:00:01.000", "00:00:03.000", "customer"),
    ]
    assert [c.text for c in captions][1:3] == ["angry 87 %", "uncertain (neutral 42 %)"]


def test_webvtt_notes_model_and_purpose(call: Timeline) -> None:
    note = annotate(call, "webvtt").split("\n\n")[1]
    assert note.splitlines() == [
        "NOTE",
        "emotions by affekt",
        "recording: call 7.wav",
        "model: tones 1.2",
        "purpose: research",
    ]


def test_webvtt_escapes_names(awkward: Timeline) -> None:
    text = annotate(awkward, "webvtt")
    assert text.count("-->") == 1
    assert '<v.angry Zoë "&lt;b&gt;&amp;amp;" --&gt;   &lt;/script&gt;>' in text


def test_no_name_of_a_file_ends_a_note_of_webvtt(call: Timeline) -> None:
    text = annotate(replace(call, path="a ---> b.wav"), "webvtt")
    assert "recording: a -> b.wav" in text


# ---- ELAN ------------------------------------------------------------------------------------


def test_pympi_reads_elan(call: Timeline, saved) -> None:
    eaf = pympi.Elan.Eaf(saved(call, "elan"))
    assert list(eaf.get_tier_names()) == ["agent", "customer", "customer confidence"]
    labels = sorted(eaf.get_annotation_data_for_tier("customer"))
    assert [item[:3] for item in labels] == [
        (round(start * 1000), round(end * 1000), label) for start, end, label in SPOKEN
    ]
    scores = sorted(eaf.get_annotation_data_for_tier("customer confidence"))
    assert [item[2] for item in scores] == ["angry 0.873", "neutral 0.420", "happy 0.610"]
    assert eaf.get_parameters_for_tier("customer confidence")["PARENT_REF"] == "customer"
    entries = eaf.get_cv_entries("emotions").values()
    assert [values[0][0] for values, _ in entries] == [
        *("neutral", "happy", "angry", "uncertain", "speech", "not speech")
    ]


def test_elan_links_the_recording_and_states_the_purpose(call: Timeline, saved) -> None:
    eaf = pympi.Elan.Eaf(saved(call, "elan"))
    (media,) = eaf.get_linked_files()
    assert media["MEDIA_URL"] == Path("calls/call 7.wav").absolute().as_uri()
    assert (media["MIME_TYPE"], media["RELATIVE_MEDIA_URL"]) == ("audio/x-wav", "./call 7.wav")
    properties = dict(eaf.get_properties())
    assert properties["affekt purpose"] == "research"
    assert properties["affekt model"] == "tones 1.2"


def test_elan_of_standard_input_links_nothing(make_timeline, monologue: Timeline, saved) -> None:
    piped = make_timeline(*monologue.tracks, path="-")
    assert pympi.Elan.Eaf(saved(piped, "elan")).get_linked_files() == []


def test_elan_keeps_awkward_names(awkward: Timeline, saved) -> None:
    eaf = pympi.Elan.Eaf(saved(awkward, "elan"))
    assert next(iter(eaf.get_tier_names())) == 'Zoë "<b>&amp;" -->   </script>'


# ---- Label Studio ----------------------------------------------------------------------------


def test_label_studio_regions_follow_its_configuration(call: Timeline) -> None:
    (task,) = json.loads(annotate(call, "labelstudio"))
    view = ET.fromstring(label_studio_config(call))  # noqa: S314 - ours
    labels, audio = view.find("Labels"), view.find("Audio")
    assert labels is not None
    assert audio is not None
    known = {label.get("value") for label in labels}
    (prediction,) = task["predictions"]
    for region in prediction["result"]:
        assert region["from_name"] == labels.get("name")
        assert region["to_name"] == audio.get("name") == labels.get("toName")
        assert region["type"] == "labels"
        assert set(region["value"]["labels"]) <= known
        assert 0.0 <= region["value"]["start"] < region["value"]["end"] <= 6.0
        assert 0.0 <= region.get("score", 0.0) <= 1.0
    assert audio.get("value") == "$audio"
    assert task["data"] == {
        "audio": "calls/call 7.wav",
        "model": "tones 1.2",
        "purpose": "research",
    }


def test_label_studio_regions_hold_channel_and_times(call: Timeline) -> None:
    (task,) = json.loads(annotate(call, "labelstudio"))
    regions = task["predictions"][0]["result"]
    assert len({region["id"] for region in regions}) == len(regions)
    values = [region["value"] for region in regions]
    assert values[0] == {"start": 0.0, "end": 1.5, "channel": 0, "labels": ["speech"]}
    assert [(v["start"], v["end"], v["labels"][0]) for v in values[1:]] == SPOKEN
    assert {v["channel"] for v in values[1:]} == {1}


# ---- all of them -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_output_states_model_and_purpose(call: Timeline, name: str) -> None:
    text = annotate(call, name)
    assert "tones 1.2" in text or "tones_1.2" in text
    assert "research" in text
    assert "research" not in annotate(replace(call, purpose=None), name)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csv"])
def test_silent_recordings_of_any_name_can_be_written(build, make_timeline, name: str) -> None:
    silent = build.track([build.silence(0.0, 1.0)])
    for path in (None, "-", "a\udcff.wav"):  # the last is a name that is no UTF-8
        text = annotate(make_timeline(silent, path=path), name)
        assert text.encode("utf-8").count(b"\n") >= (name != "audacity")


def test_an_unknown_format_is_refused_with_a_suggestion(call: Timeline) -> None:
    with pytest.raises(ConfigError, match="did you mean 'textgrid'"):
        annotate(call, "textgird")


# ---- what is not speech ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("table", "0:00.0  0:02.0  not speech"),
        ("csv", "0.000,2.000,false,,,true,true,,,"),
        ("rttm", "NON-SPEECH call_7 1 0.000 2.000 <NA> other <NA> <NA> <NA>"),
        ("textgrid", 'text = "not speech"'),
        ("audacity", "0.000\t2.000\tcustomer: not speech"),
        ("webvtt", "<c.not-speech>not speech</c>"),
        ("elan", "<ANNOTATION_VALUE>not speech</ANNOTATION_VALUE>"),
        ("labelstudio", '"not speech"'),
        ("html", "</svg>not speech</td>"),
    ],
)
def test_music_is_called_not_speech_and_nobody_s_emotion(
    on_hold: Timeline, name: str, words: str
) -> None:
    text = annotate(on_hold, name)
    assert words in text
    assert "uncertain (" not in text


def test_the_record_tells_what_is_not_speech(on_hold: Timeline) -> None:
    (track,) = json.loads(annotate(on_hold, "json"))["tracks"]
    music, word, silence = track["segments"]
    assert (music["speech"], music["emotion"], music["out_of_domain"]) == (False, None, True)
    assert music["uncertain"]
    assert word["out_of_domain"] is silence["out_of_domain"] is None
    assert track["summary"]["not_speech_s"] == 2.0


def test_pyannote_counts_no_speaker_where_there_is_music(on_hold: Timeline, saved) -> None:
    read = database.load_rttm(saved(on_hold, "rttm"))["call_7"]
    assert read.labels() == ["customer:happy"]


@pytest.mark.parametrize("name", ["table", "html"])
def test_the_summary_says_how_long_there_is_no_speech(on_hold: Timeline, name: str) -> None:
    assert re.search(r"not speech.*: 0:02\.0", annotate(on_hold, name))
