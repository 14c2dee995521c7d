"""From a configuration to the table: runs, records, reports and bundles."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from affekt import Recognizer
from affekt.errors import ConfigError, CorpusError
from affekt.parallel import only_one
from affekt.published import (
    RULES,
    Request,
    picture,
    read_records,
    reproduce,
    table,
    to_markdown,
    write_tables,
)
from affekt.published.data import load_rows
from affekt.published.record import reading_of
from affekt.published.tables import figure


def asked(corpora, out, systems, changes):
    values = {
        "systems": systems,
        "rules": RULES,
        "out": out,
        "corpora": corpora,
        "seeds": None,
        "epochs": None,
        "quick": False,
        "embed_audio": False,
        "command": "affekt reproduce tiny",
        "say": lambda line: None,
        "show_progress": False,
    }
    return Request(**{**values, **changes})


@pytest.fixture
def request_for(corpora, tmp_path):
    """Ask for runs below `out` in the folder of the test; keywords change what is asked."""
    return lambda *systems, **changes: asked(corpora, tmp_path / "out", systems, changes)


@pytest.fixture(scope="module")
def run_once(corpora, tmp_path_factory):
    """Carry out runs in a folder of their own; what is asked once is not trained again."""

    def run(name, *systems, **changes):
        place = tmp_path_factory.mktemp(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(place)
            records = reproduce(asked(corpora, place / "out", systems, changes))
        return SimpleNamespace(out=place / "out", records=records)

    return run


@pytest.fixture(scope="module")
def made(run_once, system, tmp_path_factory):
    """The runs of the system under all of its protocols, of two seeds, and what was logged."""
    log, said = tmp_path_factory.mktemp("log") / "log.csv", []
    runs = run_once("made", system(), seeds=(1, 2), log=log, say=said.append)
    return SimpleNamespace(**vars(runs), log=log, said=said)


@pytest.fixture(scope="module")
def made_other(run_once, system):
    """A run of another system of the same text, of one epoch."""
    return run_once("other", system(name="other", **{"fit.epochs": 1}), rules=("published",))


@pytest.fixture(scope="module")
def made_short(run_once, system):
    """A run of the system with fewer epochs than its recipe has."""
    return run_once("short", system(), rules=("published",), epochs=1)


@pytest.fixture(scope="module")
def made_leaking(run_once, leaking):
    """The runs of a system whose text has a leak, under all of its protocols."""
    return run_once("leaking", leaking)


@pytest.fixture
def finished(made, tmp_path):
    """What the test asks for of the system is there, and is not trained again."""
    shutil.copytree(made.out, tmp_path / "out")


@pytest.fixture
def finished_both(finished, made_other, tmp_path):
    """What the test asks for of the system and of the other one is there."""
    shutil.copytree(made_other.out, tmp_path / "out", dirs_exist_ok=True)


def test_a_run_leaves_record_report_predictions_and_a_bundle(made):
    record = made.records[0]
    folder = made.out / "tiny" / "published" / "seed-1"
    names = {path.name for path in folder.iterdir()}
    assert {"run.json", "report.md", "report.html", "predictions.csv", "tiny.onnx"} <= names
    assert json.loads((folder / "run.json").read_text()) == record
    assert record["epochs"] == len(record["history"]) == 2
    assert record["corpora_missing"] == ["cafe"]
    assert 0.0 <= record["figures"]["accuracy"] <= 1.0
    assert sum(record["rows"].values()) == sum(record["corpora"].values())


def test_a_run_that_tests_lockbox_speakers_leaves_one_row_in_the_log(made, system, corpora):
    record, said = made.records[0], []
    assert record["test_speakers_of_the_lockbox"] == ["emodb/15", "savee/KL"]
    note = "lockbox speakers among those under test: 2"
    assert f"{note}; logged in {made.log}" in made.said
    changes = {"rules": ("published",), "log": made.log, "say": said.append}
    reproduce(asked(corpora, made.out, (system(),), changes))
    assert said[-1] == f"{note}; already logged in {made.log}"
    row, *others = csv.DictReader(made.log.read_text(encoding="utf-8").splitlines())
    assert (row["origin"], row["bundle"], row["note"]) == ("reproduction", "tiny, seed 1", note)
    assert row["protocol"] == "reproduce: published"
    assert not [
        other
        for other in others
        if other["bundle"] == row["bundle"] and other["protocol"] == row["protocol"]
    ]
    assert row["clips"] == str(record["test_clips"])
    for corpus in ("emodb", "savee"):
        assert row[f"ua_{corpus}"] == f"{100 * record['by_corpus'][corpus]['ua']:.2f}"
    assert row["mean_of_eight"] == ""


@pytest.mark.usefixtures("finished")
def test_a_row_that_went_missing_is_written_when_the_run_is_asked_for_again(
    system, request_for, tmp_path
):
    """It was interrupted before the row was written, or another log was named."""
    log = tmp_path / "log.csv"
    two = {"rules": ("published",), "seeds": (1, 2), "log": log}
    shutil.rmtree(tmp_path / "out" / "tiny" / "published" / "seed-2")
    reproduce(request_for(system(), **two))  # the first is finished, the second is not
    rows = list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))
    assert [row["bundle"] for row in rows] == ["tiny, seed 1", "tiny, seed 2"]
    log.unlink()
    reproduce(request_for(system(), **two))  # both are finished
    assert list(csv.DictReader(log.read_text(encoding="utf-8").splitlines())) == rows


def test_a_run_that_tests_nobody_of_the_lockbox_leaves_no_row():
    assert reading_of({"test_speakers_of_the_lockbox": []}, bundle_sha256="0") is None
    assert reading_of({}, bundle_sha256="0") is None  # of before this was recorded


def test_a_log_that_is_none_is_refused_before_anything_is_trained(system, request_for, tmp_path):
    (tmp_path / "log.csv").write_text("name,figure\n")
    with pytest.raises(ConfigError, match="not a log of lockbox readings"):
        reproduce(request_for(system(), log=tmp_path / "log.csv"))
    assert not (tmp_path / "out" / "tiny").exists()


@pytest.mark.usefixtures("finished")
def test_the_bundle_answers_as_the_run_was_measured(system, request_for, corpora, tmp_path):
    reproduce(request_for(system(), rules=("speaker-disjoint",)))
    folder = tmp_path / "out" / "tiny" / "speaker-disjoint" / "seed-1"
    recognizer = Recognizer.load(folder / "tiny.onnx")
    lines = (folder / "predictions.csv").read_text().splitlines()
    header = lines[0].split(",")
    for line in lines[1:6]:
        row = dict(zip(header, line.split(","), strict=True))
        (path,) = corpora.glob(f"{row['clip']}.*")
        assert recognizer.predict(path).emotion == row["predicted"]


def test_the_bundle_names_the_speakers_it_never_heard(system, request_for, tmp_path):
    made = system(**{"protocol.validation_share": 0.2, "fit.best_weights": True})
    (record,) = reproduce(request_for(made, rules=("speaker-disjoint",)))
    path = tmp_path / "out" / "tiny" / "speaker-disjoint" / "seed-1" / "tiny.onnx"
    metadata = Recognizer.load(path).bundle.metadata
    assert metadata.front_end == "vector-162"
    assert sum(len(names) for names in metadata.held_out.values()) == record["figures"]["speakers"]


@pytest.mark.usefixtures("finished")
def test_a_finished_run_is_not_run_again(system, request_for):
    said = []
    first = reproduce(request_for(system()))
    second = reproduce(request_for(system(), say=said.append))
    assert first == second
    assert [line for line in said if "finished before" not in line] == [
        line for line in said if line.startswith("lockbox speakers among those under test")
    ]


@pytest.mark.usefixtures("finished")
def test_a_folder_with_a_run_of_other_settings_is_refused(system, request_for):
    reproduce(request_for(system(), rules=("published",)))
    with pytest.raises(ConfigError, match="run of other settings"):
        reproduce(request_for(system(), rules=("published",), epochs=3))


@pytest.mark.usefixtures("finished")
def test_a_system_without_recordings_does_not_keep_the_others_from_running(system, request_for):
    lacking = system(name="lacking", **{"data.corpora": ["cafe"]})
    said = []
    records = reproduce(
        request_for(lacking, system(), lacking, rules=("published",), say=said.append)
    )
    assert [record["name"] for record in records] == ["tiny"]
    assert any(line.startswith("lacking: passed over: none of the corpora") for line in said)
    with pytest.raises(CorpusError, match="no system could be run with the recordings under"):
        reproduce(request_for(lacking, lacking))


@pytest.mark.usefixtures("finished")
def test_a_seed_given_twice_counts_once(system, request_for):
    (record,) = reproduce(request_for(system(), rules=("published",), seeds=(2, 2)))
    assert record["seed"] == 2


def test_a_damaged_record_is_named(system, request_for, tmp_path):
    wanted = request_for(system(), rules=("published",))
    folder = tmp_path / "out" / "tiny" / "published" / "seed-1"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text('{"name": ')
    with pytest.raises(ConfigError, match=r"run\.json: no record of a run"):
        reproduce(wanted)


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_read(system, request_for):
    with pytest.raises(OSError, match="nowhere"):
        reproduce(request_for(system(), out=Path("/proc/nowhere"), corpora=Path("missing")))


def test_the_perceptron_has_the_layers_that_its_settings_name(system, request_for):
    sizes = {"name": "pathak-mlp", "settings": {"hidden": [8]}}
    (record,) = reproduce(request_for(system(model=sizes), rules=("published",), epochs=1))
    assert record["parameters"] == 162 * 8 + 8 + 8 * 4 + 4


def test_the_leak_is_measured_only_where_a_text_has_one(made, made_leaking):
    plain = ["published", "speaker-disjoint"]
    assert [record["protocol"] for record in made.records if record["seed"] == 1] == plain
    assert [record["protocol"] for record in made_leaking.records] == list(RULES)


@pytest.mark.usefixtures("finished")
def test_the_table_puts_published_beside_measured(system, request_for, tmp_path):
    records = reproduce(request_for(system(), seeds=(1, 2)))
    (row,) = table(records)
    measured = [
        100 * run["figures"]["accuracy"] for run in records if run["protocol"] == "published"
    ]
    spread = np.std(measured, ddof=1)
    assert row["published"] == "95"
    assert row["as published"] == f"{np.mean(measured):.1f} ± {spread:.1f}"
    assert row["missing"] == "cafe"
    assert row["split before copies"] == "-"
    assert to_markdown([row]).count("\n") == 3
    write_tables(tmp_path / "out", say=print)
    assert (tmp_path / "out" / "table.csv").read_text().count("\n") == 2
    assert (tmp_path / "out" / "comparison.csv").read_text().count("\n") == 1 + len(records)


@pytest.mark.usefixtures("finished_both")
def test_models_of_one_text_stand_beside_each_other_clip_by_clip(system, request_for, tmp_path):
    other = system(name="other", **{"fit.epochs": 1})
    records = reproduce(request_for(system(), other, rules=("published",)))
    write_tables(tmp_path / "out", say=print)
    place = tmp_path / "out" / "predictions" / "text-nobody-4-classes" / "published"
    lines = (place / "predictions-seed-1.csv").read_text().splitlines()
    assert lines[0] == "clip,actual,other,tiny"
    assert len(lines) == 1 + records[0]["figures"]["clips"]
    assert all(len(set(line.split(",")[2:]) - set(records[0]["labels"])) == 0 for line in lines[1:])


def test_fewer_epochs_than_the_recipes_show_in_the_table(made_short):
    (row,) = table(made_short.records)
    assert row["epochs"] == "1 instead of 2"


def test_runs_of_other_epochs_in_one_folder_are_told_apart(
    system, request_for, made, made_short, tmp_path
):
    shutil.copytree(made_short.out, tmp_path / "out")
    disjoint = "tiny/speaker-disjoint"
    shutil.copytree(made.out / disjoint, tmp_path / "out" / disjoint)
    whole = reproduce(request_for(system(), rules=("speaker-disjoint",)))
    short = reproduce(request_for(system(), rules=("published",), epochs=1))
    (row,) = table([*whole, *short])
    assert row["epochs"] == "1 instead of 2; 2"


def test_a_protocol_that_makes_no_difference_is_said_to_make_none(
    system, leaking, made_leaking, request_for, tmp_path
):
    shutil.copytree(made_leaking.out, tmp_path / "out")
    said = []
    only = ("split-before-copies",)
    records = reproduce(request_for(system(), leaking, rules=only, say=said.append))
    assert {record["protocol"] for record in records} == set(only)
    assert any("tiny: passed over: its text splits before it copies" in line for line in said)
    with pytest.raises(ConfigError, match="tiny: split before copying as published"):
        reproduce(request_for(system(), rules=only, out=tmp_path / "alone"))


@pytest.mark.usefixtures("finished")
def test_an_empty_folder_of_a_corpus_is_a_corpus_that_is_not_here(
    system, request_for, corpora, tmp_path
):
    place = tmp_path / "corpora"
    shutil.copytree(corpora, place)
    (place / "cafe").mkdir()
    assert load_rows(system(), place, quick=False).missing == ("cafe",)
    (record,) = reproduce(request_for(system(), rules=("published",), corpora=place))
    assert record["corpora_missing"] == ["cafe"]


@pytest.mark.usefixtures("finished")
def test_records_are_read_back_from_the_folder(made, tmp_path):
    assert read_records(tmp_path / "out", say=print) == made.records


@pytest.mark.usefixtures("finished")
def test_a_damaged_record_of_another_run_does_not_cost_the_tables(made, tmp_path):
    broken = tmp_path / "out" / "other" / "published" / "seed-1" / "run.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"name": ')
    said = []
    write_tables(tmp_path / "out", say=said.append)
    assert json.loads((tmp_path / "out" / "table.json").read_text()) == table(made.records)
    assert len(said) == 1
    assert str(broken) in said[0]


@pytest.mark.usefixtures("finished_both")
def test_a_run_whose_answers_are_gone_does_not_cost_the_tables(tmp_path):
    (tmp_path / "out" / "tiny" / "published" / "seed-1" / "predictions.csv").unlink()
    said = []
    write_tables(tmp_path / "out", say=said.append)
    assert len(said) == 1
    assert "tiny" in said[0]
    (place,) = (tmp_path / "out" / "predictions").glob("*/published/predictions-seed-1.csv")
    assert place.read_text().startswith("clip,actual,other\n")


def test_two_at_once_do_not_work_on_one_run(system, request_for, tmp_path):
    folder = tmp_path / "out" / "tiny" / "published" / "seed-1"
    folder.mkdir(parents=True)
    wanted = request_for(system(**{"fit.epochs": 1}), rules=("published",))
    with (
        only_one(folder / ".lock", busy=""),
        pytest.raises(ConfigError, match="another 'affekt reproduce' is at this run: wait"),
    ):
        reproduce(wanted)
    assert len(reproduce(wanted)) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.settings": {"unitz": 3}}, "units"),
        ({"features.set": "planes-512x90"}, "not features of shape"),
        ({"fit.start_from": "nowhere.ckpt"}, r"start_from: there is no file nowhere\.ckpt"),
        ({"fit.best_weights": True}, "validation_share"),
    ],
)
def test_what_is_wrong_with_a_recipe_shows_before_a_recording_is_read(
    system, request_for, tmp_path, changes, message
):
    """There is no recording: reading any would end in a CorpusError."""
    if "features.set" in changes:
        changes["features.normalise_over"] = []
    with pytest.raises(ConfigError, match=message):
        reproduce(request_for(system(**changes), corpora=tmp_path))


def test_a_quick_try_says_so_and_never_takes_longer_than_the_whole(system, request_for, tmp_path):
    short = system(**{"fit.epochs": 1})
    (record,) = reproduce(request_for(short, rules=("published",), quick=True))
    assert record["epochs_asked"] == 1
    (row,) = table([record])
    assert row["name"] == "tiny (quick)"
    write_tables(tmp_path / "out", say=print)
    (compared,) = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert compared["name"] == "tiny, published, seed 1 (quick)"
    report = (tmp_path / "out" / "tiny" / "published" / "seed-1" / "report.md").read_text()
    assert "| quick | a small share of the data" in report


def test_the_report_has_the_published_figure_and_tells_of_other_epochs(made_short):
    report = (made_short.out / "tiny" / "published" / "seed-1" / "report.md").read_text()
    assert "| published | accuracy 95 % |" in report
    assert "| epochs | 1 instead of 2 |" in report


@pytest.mark.usefixtures("finished")
def test_accuracy_is_told_corpus_by_corpus(system, request_for):
    (record,) = reproduce(request_for(system(), rules=("speaker-disjoint",)))
    found = record["by_corpus"]
    assert set(found) == {"emodb", "savee"}
    hits = sum(item["rows"] * item["accuracy"] for item in found.values())
    assert sum(item["rows"] for item in found.values()) == record["rows"]["test"]
    assert hits / record["rows"]["test"] == pytest.approx(record["figures"]["accuracy"])


@pytest.mark.usefixtures("finished")
def test_a_run_whose_bundle_is_missing_is_finished_from_its_checkpoint(
    system, request_for, tmp_path
):
    (first,) = reproduce(request_for(system(), rules=("published",)))
    bundle = tmp_path / "out" / "tiny" / "published" / "seed-1" / "tiny.onnx"
    bundle.unlink()
    said = []
    (second,) = reproduce(request_for(system(), rules=("published",), say=said.append))
    assert bundle.exists()
    assert second["figures"] == first["figures"]
    assert not [line for line in said if line.startswith("epoch")]


@pytest.mark.usefixtures("finished")
def test_a_finished_run_is_not_taken_for_one_with_more_corpora(
    system, request_for, corpora, tmp_path
):
    reproduce(request_for(system(), rules=("published",)))
    more = tmp_path / "more"
    more.mkdir()
    for name in ("emodb", "savee"):
        (more / name).symlink_to(corpora / name)
    (more / "cafe").mkdir()
    (more / "cafe" / "01-C-1-1.wav").write_bytes(b"")
    with pytest.raises(ConfigError, match="a run of other corpora"):
        reproduce(request_for(system(), rules=("published",), corpora=more))


@pytest.mark.usefixtures("finished_both")
def test_the_tables_hold_every_run_of_the_folder(tmp_path):
    write_tables(tmp_path / "out", say=print)
    assert (tmp_path / "out" / "table.csv").read_text().count("\n") == 3
    assert (tmp_path / "out" / "table.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("finished")
def test_the_drawing_has_a_line_a_system_and_a_series_a_protocol(system, request_for):
    records = reproduce(request_for(system(), rules=("published", "speaker-disjoint")))
    axes = picture(records).axes[0]
    assert [word.get_text() for word in axes.get_yticklabels()] == ["tiny"]
    measured = {line.get_label(): line.get_offsets()[:, 0].tolist() for line in axes.collections}
    assert measured["as published"] == pytest.approx([figure(records[0])])
    assert measured["speaker-disjoint"] == pytest.approx([figure(records[1])])


def test_sound_is_in_the_report_only_where_it_was_asked_for(system, made, request_for, tmp_path):
    short = system(**{"fit.epochs": 1})
    reproduce(request_for(short, rules=("published",), embed_audio=True))
    run = "tiny/published/seed-1/report.html"
    assert "data:audio" not in (made.out / run).read_text()
    assert "data:audio" in (tmp_path / "out" / run).read_text()
