import csv
import io
import json
import re

import pytest

from affekt.evaluation import WRITERS, evaluate
from affekt.evaluation.sources import open_source
from affekt.protocols import protocol


@pytest.fixture
def report(bundle, clip):
    clips = [
        clip("emodb", "15", 1, "sad"),
        clip("emodb", "15", 2, "angry", heard="happy"),
        clip("emodb", "16", 1, "happy"),
        clip("savee", "KL", 1, "sad"),
        clip("emovo", "m3", 1, "sad"),
    ]
    clips[-1].path.write_bytes(b"not audio")
    return evaluate(
        open_source(str(bundle(name="default", training_data=({"corpus": "savee"},), held_out={}))),
        clips,
        protocol("lockbox"),
    )


def csv_rows(report):
    return list(csv.DictReader(io.StringIO(WRITERS["csv"](report))))


def test_the_text_names_protocol_file_missing_and_unanswered_clips(report):
    text = WRITERS["text"](report)
    assert "protocol   lockbox v1: speakers that no shipped model was trained or chosen on" in text
    assert f"sha-256    {report.bundle_sha256}" in text
    assert "tested on  5 clips of 4 speakers" in text
    assert "tess YAF" in text
    assert "WARNING    these may be training speakers: savee KL" in text
    assert "WARNING    not answered: 1 of 5 clips; they count as wrong" in text
    assert "unanswered emovo:" in text


def test_the_text_holds_both_scorings_with_the_confusion_matrix(report):
    lines = WRITERS["text"](report).splitlines()
    summary = next(line for line in lines if line.startswith("emodb"))
    assert summary.split()[:5] == ["emodb", "3", "2", "3", "66.7"]
    assert any(line.startswith("all: UA 66.7") for line in lines)
    own = lines.index(next(line for line in lines if line.startswith("own: UA 66.7")))
    declared = ["neutral", "happy", "sad", "angry", "fearful", "disgust"]
    assert lines[own + 1].split()[-7:] == [*declared, "*"]
    angry = ["angry", "1", "0.0", "-", "0.0", "0", "1", "0", "0", "0", "0", "*"]
    assert lines[own + 4].split() == angry


def test_the_text_says_when_one_speaker_allows_no_interval(report):
    savee = next(line for line in WRITERS["text"](report).splitlines() if line.startswith("savee"))
    assert "1 speaker, no interval" in savee


def test_speakers_that_nobody_told_are_not_counted(bundle, clip):
    clips = [clip("mine", "unknown", take, "sad") for take in range(2)]
    measured = evaluate(open_source(str(bundle())), clips, protocol("external"))
    text = WRITERS["text"](measured)
    assert "tested on  2 clips, speakers unknown" in text
    assert "== mine (speakers: unknown)" in text
    assert "speakers unknown, no interval" in text
    assert "1 speaker" not in text


def test_the_text_says_which_floors_were_missed(report):
    text = WRITERS["text"](report)
    assert any(
        line.split() == ["emodb", "68.0", "66.7", "missed", "*"] for line in text.splitlines()
    )
    assert any(line.startswith("cremad") and "not measured" in line for line in text.splitlines())


def test_json_holds_the_whole_report(report):
    assert json.loads(WRITERS["json"](report)) == {"schema_version": 2} | json.loads(
        json.dumps(report.to_dict())
    )


def test_csv_has_a_row_for_each_corpus_and_scoring_and_for_one_without_figures(report):
    rows = [row for row in csv_rows(report) if not row["attribute"]]
    assert [(row["corpus"], row["scoring"]) for row in rows] == [
        ("emodb", "own"),
        ("emodb", "all"),
        ("savee", "own"),
        ("savee", "all"),
        ("emovo", "own"),
        ("emovo", "all"),
    ]
    assert rows[0]["ua"] == "0.666667"
    assert (rows[2]["ua"], rows[2]["ua_low"]) == ("1.000000", "")
    assert (rows[4]["failed"], rows[4]["clips"], rows[4]["answered"]) == ("1", "1", "0")
    assert (rows[4]["ua"], rows[4]["ua_answered"]) == ("0.000000", "")


def test_a_corpus_of_which_no_clip_can_be_scored_keeps_a_row_without_figures(bundle, clip):
    clips = [clip("mine", "a", 1, "sad"), clip("yours", "a", 1, None, heard="sad")]
    rows = csv_rows(evaluate(open_source(str(bundle())), clips, protocol("external")))
    mine, yours = (
        next(row for row in rows if row["corpus"] == name and not row["attribute"])
        for name in ("mine", "yours")
    )
    assert mine["ua"] == "1.000000"
    assert (yours["clips"], yours["ua"]) == ("0", "")


def test_what_a_table_leaves_out_stands_beside_what_it_answers(clip, tmp_path):
    clips = [clip("emodb", who, take, "sad") for who in ("15", "16") for take in range(2)]
    clips += [clip("emodb", "15", 5, "angry")]
    table = tmp_path / "said.csv"
    table.write_text("path,label\nemodb_15_0.wav,sad\nemodb_15_5.wav,angry\n")
    report = evaluate(open_source(str(table)), clips, protocol("external"))
    text = WRITERS["text"](report)
    assert "Clips that were not answered count as wrong, except in ECE and NLL." in text
    row = next(line for line in text.splitlines() if line.startswith("emodb "))
    assert row.split()[:5] == ["emodb", "5", "2", "2", "62.5"]
    assert "on the 2 answered alone: UA 100.0" in text
    own = next(row for row in csv_rows(report) if row["scoring"] == "own")
    assert (own["answered"], own["ua"], own["ua_answered"]) == ("2", "0.625000", "1.000000")
    told = json.loads(WRITERS["json"](report))["corpora"][0]["scorings"][0]
    assert (told["answered"], told["ua"], told["answered_alone"]["ua"]) == (2, 0.625, 1.0)


def test_of_many_unanswered_clips_the_text_names_some_and_counts_the_others(clip, tmp_path):
    clips = [clip("emodb", "15", take, "sad") for take in range(30)]
    table = tmp_path / "said.csv"
    table.write_text("path,label\nemodb_15_0.wav,sad\n")
    text = WRITERS["text"](evaluate(open_source(str(table)), clips, protocol("external")))
    assert text.count("unanswered emodb:") == 10
    assert "unanswered and 19 more; JSON names them all" in text


def test_csv_has_a_row_for_each_group_with_its_interval(report):
    rows = [row for row in csv_rows(report) if row["attribute"] == "language"]
    assert [(row["corpus"], row["group"], row["scoring"]) for row in rows] == [
        (corpus, "unknown", scoring)
        for corpus in ("all", "emodb", "savee", "emovo")
        for scoring in ("own", "all")
    ]
    assert rows[0]["clips"] == "5"
    assert float(rows[0]["ua_low"]) <= float(rows[0]["ua"]) <= float(rows[0]["ua_high"])


def test_groups_that_corpora_do_not_tell_are_said_to_be_untold(report):
    text = WRITERS["text"](report)
    assert "gender: unknown, or the same for all, in all, emodb, emovo, savee" in text


def test_every_figure_has_its_interval_in_the_text(report):
    line = next(line for line in WRITERS["text"](report).splitlines() if "own: UA 66.7" in line)
    for name in ("UA", "WA", "macro F1", "weighted F1"):
        assert re.search(rf"{name} [\d.]+ \([\d.]+ to [\d.]+\)", line)


def test_markdown_holds_the_warnings_and_the_tables(report):
    page = WRITERS["md"](report)
    assert page.startswith("# default 1.2 under lockbox\n")
    assert "- **WARNING**: these may be training speakers: savee KL" in page
    assert "| emodb | 3 | 2 | 3 | 66.7 |" in page
    assert "## emodb (speakers: 15, 16)" in page


def test_many_groups_are_shown_to_people_by_their_ends(bundle, clip):
    clips = [
        clip("mine", f"s{k % 3}", k, "sad" if k else "happy", heard="sad", sentence=f"{k:02}")
        for k in range(20)
    ]
    measured = evaluate(open_source(str(bundle())), clips, protocol("external"))
    text = WRITERS["text"](measured)
    assert "(12 between)" in text
    assert len([row for row in csv_rows(measured) if row["attribute"] == "sentence"]) == 40
    first = text.split("\nsentence ", 1)[1].splitlines()[1]
    assert first.split()[:2] == ["00", "mine"]


@pytest.mark.parametrize("rule", ["random:3", "sentence-disjoint:3"])
def test_a_protocol_that_shares_speakers_says_so_in_every_form(bundle, clip, rule):
    clips = [
        clip("mine", f"s{k % 3}", k, emotion, sentence=str(k % 4))
        for k, emotion in enumerate(["sad", "happy"] * 6)
    ]
    measured = evaluate(open_source(str(bundle())), clips, protocol(rule))
    for name in ("text", "md"):
        assert "no figure here says anything of new speakers" in WRITERS[name](measured)
    assert json.loads(WRITERS["json"](measured))["new_speakers"] is False
    assert {row["new_speakers"] for row in csv_rows(measured)} == {"false"}


def test_a_source_that_tells_nothing_of_its_training_is_said_to(clip, tmp_path):
    clips = [clip("emodb", "15", 1, "sad"), clip("emodb", "16", 1, "angry")]
    table = tmp_path / "said.csv"
    table.write_text("path,label\nemodb_15_1.wav,sad\n")
    text = WRITERS["text"](evaluate(open_source(str(table)), clips, protocol("lockbox")))
    assert "kind       predictions" in text
    assert "training   unknown, and so is whether speakers under test are training speakers" in text
    assert "unanswered emodb:" in text
    assert text.split("\nemodb ")[1].splitlines()[0].split()[-2:] == ["-", "-"]


def test_lockbox_speakers_under_another_protocol_are_named(bundle, clip, report):
    clips = [clip("emodb", name, 1, "sad") for name in ("03", "08", "15")]
    rule = protocol("leave-one-speaker-out")
    text = WRITERS["text"](evaluate(open_source(str(bundle())), clips, rule))
    assert "lockbox    choose nothing by figures that hold these: emodb 15" in text
    assert "choose nothing" not in WRITERS["text"](report)


@pytest.fixture
def unheard(bundle, clip):
    """The report of a model that learnt from nobody under test."""
    clips = [clip("emodb", name, 1, "sad") for name in ("15", "16")]
    model = bundle(training_data=({"corpus": "savee"},), held_out={})
    return evaluate(open_source(str(model)), clips, protocol("lockbox"))


def test_every_figure_of_a_model_tested_on_training_speakers_is_marked(report, unheard):
    """Savee's KL is a training speaker; every figure of this model says so."""
    decimal = re.compile(r"\d\.\d")
    for name, start in (("text", "\nPercent."), ("md", "\nPercent.")):
        stamp, figures = WRITERS[name](report).split(start)
        assert "every figure marked * is of a model whose training may have used" in stamp
        lines = [line for line in figures.splitlines() if decimal.search(line)]
        assert len(lines) > 20
        assert all(line.rstrip(" |").endswith("*") for line in lines)
        assert "*" not in WRITERS[name](unheard).replace("**", "")


def test_files_say_of_every_figure_whether_its_speakers_are_new(report, unheard):
    for measured, new in ((report, "false"), (unheard, "true")):
        assert {row["new_speakers"] for row in csv_rows(measured)} == {new}
        found = json.loads(WRITERS["json"](measured))
        figures = [*found["corpora"], *found["groups"]]
        assert {item["new_speakers"] for item in figures} == {new == "true"}
    counts = {row["corpus"]: row["training_speakers"] for row in csv_rows(report)}
    assert counts == {"emodb": "0", "savee": "1", "emovo": "0", "all": "1"}


def test_what_is_not_known_of_speakers_and_leaks_is_null_and_never_none(bundle, clip, tmp_path):
    """A table that was fitted on the very clips, and a bundle on people's own recordings."""
    clips = [clip("mine", name, 1, "sad") for name in "ab"]
    table = tmp_path / "said.csv"
    table.write_text("path,label\n" + "".join(f"{item.path},sad\n" for item in clips))
    for source in (table, bundle(training_data=({"corpus": "savee"},), held_out={})):
        measured = evaluate(open_source(str(source)), clips, protocol("external"))
        found = json.loads(WRITERS["json"](measured))
        assert found["new_speakers"] is None
        assert [found["leaks"][name] for name in ("files", "speakers", "sentences", "copies")] == (
            [None] * 4
        )
        row, *_ = csv_rows(measured)
        names = ("new_speakers", "leaked_files", "leaked_copies", "leaked_speakers")
        assert [row[name] for name in names] == ["null"] * 4
        assert "leaks      not checked: " in WRITERS["text"](measured)
