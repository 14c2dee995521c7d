from __future__ import annotations

import pytest

from affekt.errors import ConfigError
from affekt.service.browser import FOLDER_VARIABLE, folder


def test_a_folder_that_the_environment_names_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ConfigError, match=f"{FOLDER_VARIABLE}: .* holds no page"):
        folder()
    (tmp_path / "files.js").write_text("const AFFEKT = {};")
    assert folder() == tmp_path


def test_there_is_no_page_where_its_library_was_never_fetched(tone_bundle, tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path))
    assert folder(tone_bundle) is None


def test_there_is_no_page_for_a_model_that_needs_python(tones, tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert folder(tones.write_feature_bundle(tmp_path / "features.onnx")) is None
