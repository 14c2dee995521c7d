"""Where onnxruntime-web comes from, and that it is what it must be. No registry is asked here."""

from __future__ import annotations

import http.server
import io
import tarfile
import threading
from pathlib import Path

import pytest

from affekt.errors import ConfigError, DownloadError
from affekt.web_bundle.library import FILES, VERSION, cached_library, configured_registry
from affekt.web_bundle.library import find_library as find


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A machine with nothing in its cache, no npm program and no registry."""
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def package(library: Path, tmp_path: Path) -> Path:
    return pack(tmp_path / "package.tgz", {name: (library / name).read_bytes() for name in FILES})


def pack(archive: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(archive, "w:gz", compresslevel=1) as package:
        for name, data in contents.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    return archive


@pytest.fixture
def registry(package: Path):
    """A registry on this machine, which knows this one package."""

    class Registry(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == f"/npm/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(package.read_bytes() if known else b"")

        def log_message(self, *words: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Registry)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/npm"
    server.shutdown()
    server.server_close()


def test_a_folder_is_used_where_it_lies(alone, library, tmp_path):
    dist = tmp_path / "node_modules" / "onnxruntime-web" / "dist"
    dist.mkdir(parents=True)
    for name in FILES:
        (dist / name).symlink_to(library / name)
    for given in (dist, dist.parent, dist.parent.parent):
        assert find(given) == dist
    assert cached_library() is None


def test_a_package_file_is_unpacked_into_the_cache(alone, package):
    folder = find(package)
    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert find() == folder == cached_library()


@pytest.mark.parametrize("way", ["option", "environment", "npmrc"])
def test_a_registry_is_asked_once(alone, registry, way, tmp_path, monkeypatch):
    if way == "environment":
        monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry + "/")
    elif way == "npmrc":
        (tmp_path / ".npmrc").write_text(f"fund=false\nregistry = {registry}/\n")
    folder = find(registry=registry if way == "option" else None)
    assert cached_library() == folder
    assert find(registry="http://127.0.0.1:1/nobody-listens-here") == folder


def test_an_unknown_package_or_a_dead_registry_is_said_with_the_remedy(alone, registry):
    with pytest.raises(DownloadError, match=r"404.*npm pack onnxruntime-web@1.30.0"):
        find(registry=registry + "/elsewhere")
    with pytest.raises(DownloadError, match=r"cannot be reached: .*; or get it"):
        find(registry="http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="http or https"):
        find(registry="file:///etc")


def test_without_npm_and_without_a_registry_the_ways_out_are_named(alone):
    assert configured_registry() is None
    with pytest.raises(ConfigError, match=r"--registry or npm_config_registry.*--onnxruntime-web"):
        find()


def test_npm_is_asked_where_it_is_installed_and_its_error_is_passed_on(
    alone, tmp_path, monkeypatch
):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error code ENOTFOUND' >&2\nexit 1\n")
    npm.chmod(0o755)
    with pytest.raises(DownloadError, match=r"npm could not fetch it \(npm error code ENOTFOUND\)"):
        find()


def test_anything_but_the_very_files_is_refused(alone, library, package, tmp_path):
    changed = {name: (library / name).read_bytes() for name in FILES}
    changed["ort.wasm.min.js"] += b"\nfetch('elsewhere')"
    with pytest.raises(ConfigError, match=r"ort.wasm.min.js differs"):
        find(pack(tmp_path / "changed.tgz", changed))
    with pytest.raises(ConfigError, match="is not the npm package"):
        find(pack(tmp_path / "other.tgz", {"other.js": b""}))
    (tmp_path / "torn.tgz").write_bytes(package.read_bytes()[:5000])
    with pytest.raises(ConfigError, match="is not the npm package"):
        find(tmp_path / "torn.tgz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"ort.wasm.min.js is missing"):
        find(tmp_path / "empty")
    with pytest.raises(ConfigError, match="no such folder or file"):
        find(tmp_path / "nowhere")
    assert cached_library() is None


def test_the_manual_names_the_version_that_is_wanted():
    manual = Path(__file__).parents[2] / "docs" / "browser.md"
    assert f"npm pack onnxruntime-web@{VERSION}" in manual.read_text(encoding="utf-8")
