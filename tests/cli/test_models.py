from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import affekt.recognition.bundles.bundle
from affekt.cli import main
from affekt.recognition import Bundle
from affekt.recognition.terms import terms_line

REPORTS = Path(__file__).resolve().parents[2] / "docs" / "reports"


@pytest.fixture
def shipped(
    tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """An installation whose weights are the two models made here."""
    monkeypatch.setattr(affekt.recognition.bundles.model_files, "WEIGHTS", tmp_path)
    tones.write_shipped_bundle(tmp_path / "default.onnx", name="default")
    tones.write_shipped_bundle(
        tmp_path / "open.onnx", name="open", version="0.3", licence="ODbL-1.0"
    )
    return tones


def test_models_lists_labels_size_terms_data_and_figures(shipped: SimpleNamespace) -> None:
    result = CliRunner().invoke(main, ["models"])
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "default 1.2" in lines
    assert "open 0.3" in lines
    words = " ".join(result.stdout.split())
    assert "8: neutral, calm, happy, sad, angry, fearful, disgust, surprised" in words
    assert "licence ODbL-1.0" in words
    assert "trained on sines" in words
    assert "UA % lockbox sines 87.5" in words
    assert " MB" in words


def test_an_installation_without_models_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affekt.recognition.bundles.model_files, "WEIGHTS", tmp_path)
    result = CliRunner().invoke(main, ["models"])
    assert result.stdout == ""
    assert "no models came with this installation" in result.stderr


@pytest.mark.parametrize("by_name", [True, False])
def test_show_prints_the_card(shipped: SimpleNamespace, tmp_path: Path, by_name: bool) -> None:
    model = "open" if by_name else str(tmp_path / "open.onnx")
    result = CliRunner().invoke(main, ["models", "show", model])
    assert result.exit_code == 0
    for part in (
        "open 0.3",
        "Hears the pitch of a sine.",
        "licence CC0-1.0, utterances 8, speakers 1",
        "sines  a",
        "sines (ua 0.875)",
        "-  people",
        "Licence of the weights: ODbL-1.0",
        "Do what you like with these tones.",
        affekt.recognition.bundles.bundle.Bundle.load(tmp_path / "open.onnx").sha256,
    ):
        assert part in result.stdout


def test_show_of_a_misspelt_name_is_one_line() -> None:
    result = CliRunner().invoke(main, ["models", "show", "opne"])
    assert result.exit_code == 2
    assert result.stderr.startswith("affekt: no model is called 'opne' (did you mean 'open'?)")


def test_a_model_is_installed_listed_used_and_rolled_back(
    shipped: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path / "installed"))
    shipped.write_bundle(tmp_path / "new.onnx", name="ward", version="2.0")

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["models", *words])
        assert result.exit_code == 0, result.stderr
        return " ".join(result.stdout.split())

    assert "affekt models use ward-2.0" in run("install", str(tmp_path / "new.onnx"))
    assert "default 1.2 labels" in run("list")
    assert run("list").count("in use yes") == 1
    assert run("use", "ward-2.0").startswith("in use: ward-2.0")
    listed = run("list")
    assert listed.index("in use yes") > listed.index("ward-2.0 2.0")
    assert run("rollback") == "in use: default"
    assert run("use", str(tmp_path / "new.onnx")).startswith("in use: ")
    assert str(tmp_path / "new.onnx") in run("list")


def test_bundles_that_cannot_be_used_are_said_and_the_others_listed(
    shipped: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.setenv("AFFEKT_MODELS", str(folder))
    shipped.write_bundle(folder / "ward.onnx", name="ward", figures={"x": {"y": {"ua": "?"}}})
    shipped.write_bundle(folder / "deep.onnx", document="[" * 100_000)
    (folder / "text.onnx").write_text("no model")
    (folder / "active.json").write_text(json.dumps({"history": [str(tmp_path / "gone.onnx")]}))
    result = CliRunner().invoke(main, ["models"])
    assert result.exit_code == 0
    titles = [line for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    assert titles == ["default 1.2", "open 0.3", "ward 1.2"]
    left_out = [line.partition(" is left out: ")[0] for line in result.stderr.splitlines()]
    assert left_out == [f"affekt: {name}" for name in (tmp_path / "gone.onnx", "deep", "text")]


def test_nothing_to_roll_back_to_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path))
    result = CliRunner().invoke(main, ["models", "rollback"])
    assert result.exit_code == 2
    assert result.stderr.startswith("affekt: there is no model to go back to")


DIFFICULT = (
    {"corpus": "tess", "licence": "CC-BY-NC-ND-4.0"},
    {"corpus": "a", "licence": "CC0-1.0"},
)


def test_models_names_the_sources_whose_terms_are_difficult(shipped, tmp_path) -> None:
    shipped.write_shipped_bundle(tmp_path / "default.onnx", name="default", training_data=DIFFICULT)
    words = " ".join(CliRunner().invoke(main, ["models"]).stdout.split())
    line = "terms default is for research and other non-commercial use; it learnt from recordings"
    assert f"{line} whose terms may not allow more: tess (no derivatives)" in words
    assert words.count("whose terms may not allow more") == 1


def test_default_learnt_from_three_of_them_and_open_from_none() -> None:
    line = terms_line(Bundle.load("default").metadata)
    for source in ("tess (no derivatives)", "savee (on registration)", "casia (no open licence)"):
        assert source in line
    assert terms_line(Bundle.load("open").metadata) is None


def test_the_terms_of_a_shipped_model_are_those_that_stand_beside_it(shipped, tmp_path) -> None:
    (tmp_path / "LICENSE-default.md").write_text("Read this first.\n")
    assert "Read this first." in CliRunner().invoke(main, ["models", "show", "default"]).stdout
    (tmp_path / "mine").mkdir()
    shipped.write_bundle(tmp_path / "mine" / "default.onnx", name="default")
    mine = CliRunner().invoke(main, ["models", "show", str(tmp_path / "mine" / "default.onnx")])
    assert "Do what you like with these tones." in mine.stdout


def test_the_licence_of_default_begins_with_the_three_sources() -> None:
    text = Bundle.load("default").licence_text
    places = [text.index(f"| {name} |") for name in ("TESS", "CASIA", "SAVEE", "CREMA-D")]
    assert places == sorted(places)
    assert places[2] < text.index("These weights are not under")


@pytest.mark.parametrize("name", ["default", "open"])
def test_show_says_what_a_telephone_costs_as_the_report_has_it(name: str) -> None:
    report = json.loads((REPORTS / f"{name}.json").read_text(encoding="utf-8"))["robustness"]
    (line,) = (item for item in report["conditions"] if item["group"] == "telephone")
    shown = CliRunner().invoke(main, ["models", "show", name]).output
    assert (
        f"{100 * line['own']['mean_ua']:.1f}; {100 * report['clean']['own']['mean_ua']:.1f} of"
        in shown
    )


def test_show_says_nothing_of_telephones_where_nothing_was_measured(tone_bundle: Path) -> None:
    assert "telephone" not in CliRunner().invoke(main, ["models", "show", str(tone_bundle)]).output
