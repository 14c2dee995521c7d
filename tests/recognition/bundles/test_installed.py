"""Models that an operator installs, puts to use, and takes out of use again."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import affekt.recognition.bundles.bundle
from affekt.download import RetryPolicy
from affekt.errors import BundleError, ConfigError, DownloadError
from affekt.recognition import Recognizer
from affekt.recognition.bundles import installed
from affekt.recognition.bundles.installed import install_model, roll_back, use_model
from affekt.recognition.bundles.model_files import (
    active_model,
    bundle_path,
    installed_bundles,
    models_folder,
    shipped_bundles,
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


def test_a_release_is_named_by_its_version(tones: SimpleNamespace, tmp_path: Path) -> None:
    for version in ("1.9", "2.0"):
        source = tones.write_bundle(tmp_path / "ward.onnx", name="ward", version=version)
        install_model(str(source), name=None if version == "1.9" else "newest")
    assert Recognizer.load("ward@1.9").bundle.path.stem == "ward-1.9"
    assert Recognizer.load("ward@2.0").bundle.path.stem == "newest"
    assert use_model("ward@1.9") == bundle_path("ward-1.9")
    assert bundle_path("active") == bundle_path("ward-1.9")


def test_a_release_that_is_not_there_is_asked_for(bundle: Path, folder: Path) -> None:
    install_model(str(bundle))
    (folder / "broken.onnx").write_bytes(b"no model")
    message = "ward@1.0 is not at hand: of ward there is 2.0; install .*: affekt models install"
    with pytest.raises(BundleError, match=message):
        bundle_path("ward@1.0")
    with pytest.raises(BundleError, match=r"nobody@1\.0 is not at hand; install the file"):
        bundle_path("nobody@1.0")


def test_the_version_of_a_shipped_model_is_checked() -> None:
    name, path = next(iter(shipped_bundles().items()))
    version = Recognizer.load(name).bundle.metadata.version
    assert bundle_path(f"{name}@{version}") == path
    with pytest.raises(BundleError, match=f"of {name} there is {version}"):
        bundle_path(f"{name}@0.0.1")


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
    right = sha256(bundle)
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


class _Host(http.server.SimpleHTTPRequestHandler):
    """A server with the faults of servers; `away` is where it sends people on to."""

    protocol_version = "HTTP/1.1"
    away = ""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.answer(302, **{"Location": self.away, "Content-Length": "0"})
        elif self.path == "/huge":
            self.answer(200, **{"Content-Length": str(2**31 + 1)})
            self.close_connection = True
        elif self.path == "/endless":
            self.answer(200, **{"Transfer-Encoding": "chunked"})
            try:
                while True:
                    self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            except OSError:
                self.close_connection = True
        else:
            super().do_GET()

    def answer(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *words: object) -> None: ...


@contextlib.contextmanager
def serving(folder: Path, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, type]]:
    handler = type("Host", (_Host,), {})
    made = partial(handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), made) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_port}/", handler
        server.shutdown()


@pytest.fixture
def host(bundle: Path) -> Iterator[str]:
    with serving(bundle.parent) as (address, _):
        yield address


@pytest.fixture
def secure(
    bundle: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, type]]:
    """A server with a certificate that this process trusts."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    place = tmp_path_factory.mktemp("tls")
    key, certificate = place / "key.pem", place / "certificate.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        f"-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout {key} "
        f"-out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(bundle.parent, context) as pair:
        yield pair


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_address_without_https_needs_a_checksum(bundle: Path, host: str) -> None:
    with pytest.raises(DownloadError, match="--sha256"):
        install_model(f"{host}new.onnx")
    assert install_model(f"{host}new.onnx", sha256=sha256(bundle)) == "ward-2.0"
    with pytest.raises(DownloadError, match="404"):
        install_model(f"{host}gone.onnx", sha256=sha256(bundle))


def test_https_needs_no_checksum_and_may_lead_on_to_https(
    folder: Path, secure: tuple[str, type]
) -> None:
    address, handler = secure
    assert install_model(f"{address}new.onnx", name="straight") == "straight"
    handler.away = f"{address}new.onnx"
    assert install_model(f"{address}away", name="around") == "around"


def test_https_does_not_lead_on_to_http(
    bundle: Path, folder: Path, secure: tuple[str, type], host: str
) -> None:
    address, handler = secure
    handler.away = f"{host}new.onnx"
    for checksum in (None, sha256(bundle)):
        with pytest.raises(DownloadError, match="address without https"):
            install_model(f"{address}away", sha256=checksum)
    assert list(folder.iterdir()) == []


def test_a_download_that_breaks_off_goes_on_with_the_next_command(
    bundle: Path, folder: Path, shelf: Any
) -> None:
    content = bundle.read_bytes()
    shelf.files["/new.onnx"] = content
    shelf.hang_up_after = [1000, 0]
    source, hasty = f"{shelf.url}/new.onnx", RetryPolicy(attempts=1, wait_s=0.0)
    with pytest.raises(DownloadError, match="the 1000 bytes that arrived are kept"):
        install_model(source, sha256=sha256(bundle), retry_policy=hasty)
    assert install_model(source, sha256=sha256(bundle)) == "ward-2.0"
    assert shelf.requests[-1] == ("/new.onnx", "bytes=1000-")
    assert (folder / "ward-2.0.onnx").read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == [
        *("ward-2.0.onnx", "ward-2.0.onnx.sha256")
    ]


def test_what_is_too_large_is_refused_before_it_is_there(
    folder: Path, host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DownloadError, match=r"huge: larger than 2,147,483,648 bytes"):
        install_model(f"{host}huge", sha256="0" * 64)
    with (tmp_path / "sparse.onnx").open("wb") as file:
        file.truncate(2**31 + 1)
    with pytest.raises(BundleError, match="larger than 2,147,483,648 bytes: no bundle is"):
        install_model(str(tmp_path / "sparse.onnx"))
    monkeypatch.setattr(installed, "MAX_BYTES", 2**21)  # a server that says no length
    with pytest.raises(DownloadError, match="larger than"):
        install_model(f"{host}endless", sha256="0" * 64)
    assert list(folder.iterdir()) == []


def test_what_crashes_left_is_forgotten_and_what_others_write_now_is_not(
    bundle: Path, folder: Path
) -> None:
    folder.mkdir()
    for name in ("crashed.part", "arriving.part"):
        (folder / name).write_bytes(b"half a model")
    os.utime(folder / "crashed.part", (0, 0))
    install_model(str(bundle))
    assert sorted(path.name for path in folder.iterdir()) == [
        *("arriving.part", "ward-2.0.onnx", "ward-2.0.onnx.sha256")
    ]


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


@FULL
def test_a_full_disk_is_said_of_the_folder_of_models(
    bundle: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> tuple[int, str]:
        (folder / "a.part").symlink_to("/dev/full")
        return os.open(folder / "a.part", os.O_WRONLY), str(folder / "a.part")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(ConfigError, match=f"^{folder}: cannot be written: No space left"):
        install_model(str(bundle))
    assert not list(folder.iterdir())


def test_a_model_that_never_answers_is_not_installed(
    tones: SimpleNamespace, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tones.write_bundle(tmp_path / "endless.onnx", endless=True)
    monkeypatch.setattr(affekt.recognition.bundles.bundle, "LOAD_LIMIT_S", 0.5)
    with pytest.raises(BundleError, match=f"^{path}: does not answer"):
        install_model(str(path))
    assert list(folder.iterdir()) == []


def test_ctrl_c_keeps_what_came_and_memory_stays_flat(folder: Path, host: str) -> None:
    script = (
        "import sys; from affekt.cli import main\n"
        "try: main(sys.argv[1:])\n"
        # Not `ru_maxrss`, in which the process counts that this one was forked from.
        "finally: print(open('/proc/self/status').read())"
    )
    command = ["models", "install", f"{host}endless", "--sha256", "0" * 64]
    with subprocess.Popen(
        [sys.executable, "-c", script, *command], stdout=subprocess.PIPE, text=True
    ) as process:
        while not (parts := list(folder.glob("*.part"))) or parts[0].stat().st_size < 2**27:
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        status = process.communicate(timeout=20)[0]
    peak_kib = int(status.split("VmHWM:")[1].split()[0])
    assert {"".join(path.suffixes) for path in folder.iterdir()} <= {".part", ".part.version"}
    assert peak_kib < 200_000  # the program, without the 131,072 that came


def test_the_folder_is_the_user_s_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AFFEKT_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert models_folder() == Path("/data/affekt/models")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/a")
    assert models_folder() == Path("/home/a/.local/share/affekt/models")
    assert installed_bundles() == {}
