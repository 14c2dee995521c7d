"""Models that an operator installs, puts to use, and takes out of use again."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from affekt.errors import BundleError, ConfigError, DownloadError
from affekt.recognition import Recognizer
from affekt.recognition.bundle import bundle_path
from affekt.recognition.installed import (
    active_model,
    install_model,
    installed_bundles,
    models_folder,
    roll_back,
    use_model,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def bundle(tones: SimpleNamespace, tmp_path: Path) -> Path:
    return Path(tones.write_bundle(tmp_path / "new.onnx", name="ward", version="2.0"))


def test_an_installed_model_is_found_by_name(bundle: Path, folder: Path) -> None:
    assert install_model(str(bundle)) == "ward-2.0"
    assert installed_bundles() == {"ward-2.0": folder / "ward-2.0.onnx"}
    assert Recognizer.load("ward-2.0").bundle.metadata.title == "ward 2.0"
    with pytest.raises(BundleError, match=r"did you mean 'ward-2\.0'"):
        bundle_path("ward-20")


def test_a_name_can_be_given(bundle: Path) -> None:
    assert install_model(str(bundle), name="night") == "night"
    assert bundle_path("night").is_file()


@pytest.mark.parametrize("name", ["default", "active", "a/b", "..", ".hidden", ""])
def test_a_name_that_cannot_be_is_refused(bundle: Path, folder: Path, name: str) -> None:
    if name == "":
        assert install_model(str(bundle), name=name) == "ward-2.0"
        return
    with pytest.raises(ConfigError, match="cannot be the name"):
        install_model(str(bundle), name=name)
    assert list(folder.iterdir()) == []


def test_what_is_no_bundle_is_not_taken(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"no model")
    with pytest.raises(BundleError):
        install_model(str(tmp_path / "x.onnx"))
    with pytest.raises(BundleError, match="cannot be read"):
        install_model(str(tmp_path / "gone.onnx"))
    assert list(folder.iterdir()) == []


def test_another_checksum_is_refused(bundle: Path, folder: Path) -> None:
    right = hashlib.sha256(bundle.read_bytes()).hexdigest()
    with pytest.raises(BundleError, match=right):
        install_model(str(bundle), sha256="0" * 64)
    assert list(folder.iterdir()) == []
    assert install_model(str(bundle), sha256=right.upper()) == "ward-2.0"


def test_a_name_is_not_given_to_another_model(
    bundle: Path, tones: SimpleNamespace, tmp_path: Path
) -> None:
    install_model(str(bundle))
    install_model(str(bundle))
    other = tones.write_bundle(tmp_path / "o.onnx", name="ward", version="2.0", threshold=0.9)
    with pytest.raises(BundleError, match="another model has this name"):
        install_model(str(other))


def test_use_and_roll_back(bundle: Path, tone_bundle: Path) -> None:
    assert active_model() == "default"
    assert bundle_path("active") == bundle_path("default")
    install_model(str(bundle))
    use_model("ward-2.0")
    assert bundle_path("active") == bundle_path("ward-2.0")
    use_model("ward-2.0")
    use_model(str(tone_bundle))
    assert bundle_path("active") == tone_bundle.resolve()
    assert roll_back() == "ward-2.0"
    assert roll_back() == "default"
    assert active_model() == "default"
    with pytest.raises(ConfigError, match="no model to go back to"):
        roll_back()


def test_what_cannot_run_is_not_put_to_use(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        use_model("nobody")
    with pytest.raises(ConfigError, match="name another"):
        use_model("active")
    assert active_model() == "default"


def test_a_damaged_note_is_said(folder: Path) -> None:
    folder.mkdir()
    for text in ("no json", "{}", '{"history": [1]}'):
        (folder / "active.json").write_text(text)
        with pytest.raises(ConfigError, match="damaged"):
            bundle_path("active")
    assert bundle_path("default").is_file()


@pytest.fixture
def host(bundle: Path) -> Iterator[str]:
    handler = partial(_Quiet, directory=str(bundle.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None: ...


def test_an_address_without_https_needs_a_checksum(bundle: Path, host: str) -> None:
    with pytest.raises(DownloadError, match="--sha256"):
        install_model(f"{host}new.onnx")
    right = hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert install_model(f"{host}new.onnx", sha256=right) == "ward-2.0"
    with pytest.raises(DownloadError, match="404"):
        install_model(f"{host}gone.onnx", sha256=right)


def test_the_folder_is_the_user_s_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AFFEKT_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert models_folder() == Path("/data/affekt/models")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/a")
    assert models_folder() == Path("/home/a/.local/share/affekt/models")
    assert installed_bundles() == {}
