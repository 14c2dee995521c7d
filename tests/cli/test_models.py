from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import affekt.recognition.bundle
from affekt.cli import main


@pytest.fixture
def shipped(
    tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """An installation whose weights are the two models made here."""
    monkeypatch.setattr(affekt.recognition.bundle, "_WEIGHTS", tmp_path)
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
    monkeypatch.setattr(affekt.recognition.bundle, "_WEIGHTS", tmp_path)
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
        affekt.recognition.bundle.Bundle.load(tmp_path / "open.onnx").sha256,
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
