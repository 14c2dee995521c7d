"""What lies in the folder, and which folders and models are refused."""

from __future__ import annotations

import json
import re

import pytest

import affekt
from affekt.errors import BundleError, ConfigError
from affekt.recognition import Bundle
from affekt.web_bundle import HEADERS, cached_web_bundle, media_type, write_web_bundle


def listing(folder):
    text = (folder / "files.js").read_text("utf-8")
    return json.loads(text.removeprefix("const AFFEKT = ").rstrip(";\n"))


def test_the_folder_holds_the_page_the_library_and_the_model(default_folder):
    names = {
        path.relative_to(default_folder).as_posix()
        for path in default_folder.rglob("*")
        if path.is_file()
    }
    assert {"index.html", "app.js", "sw.js", "model.onnx", "model.json"} <= names
    assert {name for name in names if name.startswith("ort/")} == {
        "ort/LICENSE.txt",
        "ort/ort-wasm-simd-threaded.mjs",
        "ort/ort-wasm-simd-threaded.wasm",
        "ort/ort.wasm.min.js",
    }
    kept = listing(default_folder)["files"]
    assert set(kept) == names - {"index.html", "sw.js", "files.js"} | {"./"}
    assert sum(path.stat().st_size for path in default_folder.rglob("*")) < 25_000_000


def test_what_the_page_names_is_there(default_folder):
    page = (default_folder / "index.html").read_text("utf-8")
    named = set(re.findall(r'(?:src|href)="([^"#:]+)"', page))
    for script in default_folder.glob("*.js"):
        named |= set(re.findall(r'from "\./([^"]+)"', script.read_text("utf-8")))
    assert {"app.js", "recorder.js", "style.css", "icon.svg"} <= named
    assert [name for name in named if not (default_folder / name).is_file()] == []
    assert "$" not in page


def test_the_card_tells_what_the_bundle_says_of_itself(default_folder):
    card = json.loads((default_folder / "model.json").read_text("utf-8"))
    bundle = Bundle.load("default")
    metadata = bundle.metadata
    assert card["title"] == metadata.title
    assert card["labels"] == list(metadata.labels)
    assert card["threshold"] == metadata.threshold
    assert card["not_for"] == list(metadata.not_for)
    assert card["licence_text"] == bundle.licence_text
    assert card["figures"] == metadata.figures
    assert card["sha256"] == bundle.sha256
    assert card["affekt"] == affekt.__version__
    sizes = {item["name"]: item["size_bytes"] for item in card["files"]}
    assert sizes == {name: (default_folder / name).stat().st_size for name in sizes}
    assert (default_folder / "model.onnx").read_bytes() == bundle.path.read_bytes()


def test_the_fingerprint_changes_with_the_model_alone(library, tones, tone_bundle, tmp_path):
    first = write_web_bundle(tmp_path / "a", model=tone_bundle, library=library)
    again = write_web_bundle(tmp_path / "b", model=tone_bundle, library=library)
    newer = tones.write_bundle(tmp_path / "newer.onnx", version="2.0")
    other = write_web_bundle(tmp_path / "a", model=newer, library=library)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert listing(tmp_path / "a")["version"] == other.fingerprint
    assert other.model == "tones 2.0"


def test_a_model_on_a_feature_set_is_refused(tones, tmp_path):
    model = tones.write_feature_bundle(tmp_path / "features.onnx")
    with pytest.raises(BundleError, match="vector-162, is computed in Python") as error:
        write_web_bundle(tmp_path / "page", model=model)
    assert "'default' or 'open'" in str(error.value)
    assert not (tmp_path / "page").exists()


def test_a_folder_with_other_files_is_left_alone(library, tone_bundle, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="holds other files"):
        write_web_bundle(tmp_path, model=tone_bundle, library=library)
    with pytest.raises(ConfigError, match="is a file"):
        write_web_bundle(tmp_path / "thesis.txt", model=tone_bundle, library=library)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_can_be_read_by_the_web_server_of_another_user(library, tone_bundle, tmp_path):
    made = write_web_bundle(tmp_path / "deep" / "page", model=tone_bundle, library=library)
    assert made.folder.stat().st_mode & 0o777 == 0o755
    assert list((tmp_path / "deep").iterdir()) == [made.folder]


def test_the_cache_holds_one_page_a_model(library, tone_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path))
    assert cached_web_bundle(tone_bundle) is None
    kept = tmp_path / "web" / "onnxruntime-web-1.30.0"
    kept.mkdir(parents=True)
    for path in library.iterdir():
        (kept / path.name).symlink_to(path)
    page = cached_web_bundle(tone_bundle)
    assert (page / "index.html").is_file()
    written = (page / "index.html").stat().st_mtime_ns
    assert cached_web_bundle(tone_bundle) == page
    assert (page / "index.html").stat().st_mtime_ns == written


def test_code_is_sent_as_code_and_under_a_policy():
    assert media_type("ort/ort-wasm-simd-threaded.mjs").startswith("text/javascript")
    assert media_type("ort/ort-wasm-simd-threaded.wasm") == "application/wasm"
    assert media_type("unknown") == "application/octet-stream"
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
