from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from click.testing import CliRunner

from affekt.cli import main
from affekt.errors import BundleError, MissingExtraError
from affekt.web.launch import first_choice, serve, streamlit_options


def test_the_server_watches_no_files_and_calls_nobody() -> None:
    options = streamlit_options(host="127.0.0.1", port=8501)
    assert options["server_fileWatcherType"] == "none"
    assert options["browser_gatherUsageStats"] is False
    assert options["server_headless"] is True


def test_a_model_is_a_shipped_name_or_a_file(
    tone_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first_choice("open") == "open"
    monkeypatch.chdir(tone_bundle.parent)
    assert first_choice(tone_bundle.name) == str(tone_bundle)
    with pytest.raises(BundleError, match="did you mean 'default'"):
        first_choice("defualt")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'affekt\[web\]'"):
        serve(host="127.0.0.1", port=8501, model="default")


def test_the_command_explains_itself_and_refuses_unknown_models() -> None:
    shown = CliRunner().invoke(main, ["app", "--help"])
    assert "Article 50(3)" in shown.output
    pytest.importorskip("streamlit", reason="the extra web is not installed")
    result = CliRunner().invoke(main, ["app", "--model", "nothing.onnx"])
    assert result.exit_code == 2
    assert "nothing.onnx: no such model file" in result.output
