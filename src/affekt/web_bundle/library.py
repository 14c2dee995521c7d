"""ONNX Runtime Web, the library that runs a bundle in a browser, from its npm package.

Three files of it are enough. Their checksums stand here, so that it does not matter where they
come from: a folder, a package file, the cache, or a registry.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from affekt.download import download_file
from affekt.errors import ConfigError, DownloadError
from affekt.places import cache_root, home

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
FILES = {
    "ort.wasm.min.js": "faece07e84faa9001f5104bbe4e5c70861d06cb2376a0dea1fa0ad33a67adc81",
    "ort-wasm-simd-threaded.mjs": (
        "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"
    ),
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}

_ARCHIVE = f"{PACKAGE}-{VERSION}.tgz"
_TIMEOUT_S = 300.0
# The package is 33 MB; whatever is much larger is something else.
_MAX_BYTES = 200_000_000
_BY_HAND = (
    f"or get it on another machine with 'npm pack {PACKAGE}@{VERSION}' and name the file with "
    "--onnxruntime-web"
)


def web_cache() -> Path:
    """Return the folder for what this room keeps, in the cache."""
    return cache_root() / "web"


def cached_library() -> Path | None:
    """Return the folder with the three files, or None where they were never fetched."""
    folder = web_cache() / f"{PACKAGE}-{VERSION}"
    return folder if not _faults(folder) else None


def find_library(given: Path | None = None, *, registry: str | None = None) -> Path:
    """Return a folder with the three files; they are fetched once, and kept.

    Without a place they come from the cache, else from npm: with the `npm` program where there is
    one, which knows the machine's registry and proxies, else from the registry that is named.

    Args:
        given: folder of the npm package, or its .tgz file.
        registry: URL of an npm registry; None takes npm_config_registry or the one in ~/.npmrc.

    Raises:
        ConfigError: `given` is not the package in this version, or no registry is known.
        DownloadError: the package could not be fetched, or is not what it should be.
    """
    if given is not None:
        return _unpacked(given) if given.is_file() else _folder(given)
    kept = cached_library()
    if kept is not None:
        return kept
    with tempfile.TemporaryDirectory(prefix="affekt-") as scratch:
        archive = Path(scratch) / _ARCHIVE
        _fetch(archive, registry)
        return _unpacked(archive, wrong=DownloadError)


def configured_registry() -> str | None:
    """Return the npm registry of the environment, else of `~/.npmrc`; None where none is named."""
    for name, value in os.environ.items():
        if name.lower() == "npm_config_registry" and value:
            return value
    place = home()
    settings = None if place is None else place / ".npmrc"
    if settings is None or not settings.is_file():
        return None
    lines = settings.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines)
    found = [value.strip() for key, _, value in pairs if key.strip() == "registry"]
    return found[-1] if found else None


def _folder(folder: Path) -> Path:
    """Return the part of a package's folder that holds the files."""
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder or file with {PACKAGE}")
    candidates = (folder, folder / "dist", folder / PACKAGE / "dist")
    found = next((place for place in candidates if (place / "ort.wasm.min.js").is_file()), folder)
    faults = _faults(found)
    if faults:
        raise ConfigError(
            f"{found}: is not {PACKAGE} {VERSION} ({', '.join(faults)}): "
            f"npm install {PACKAGE}@{VERSION}"
        )
    return found


def _unpacked(archive: Path, *, wrong: type[ConfigError | DownloadError] = ConfigError) -> Path:
    """Take the files out of a package into the cache."""
    root = web_cache()
    root.mkdir(parents=True, exist_ok=True)
    target = root / f"{PACKAGE}-{VERSION}"
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=root) as scratch:
        try:
            with tarfile.open(archive, "r:gz") as package:
                for name in FILES:
                    member = package.extractfile(f"package/dist/{name}")
                    if member is not None:
                        (Path(scratch) / name).write_bytes(member.read(_MAX_BYTES))
        except (tarfile.TarError, KeyError, EOFError, OSError) as error:
            raise wrong(f"{archive}: is not the npm package {PACKAGE}: {error}") from None
        faults = _faults(Path(scratch))
        if faults:
            raise wrong(f"{archive}: is not {PACKAGE} {VERSION} ({', '.join(faults)})")
        target.mkdir(exist_ok=True)
        for name in FILES:
            (Path(scratch) / name).replace(target / name)
    return target


def _faults(folder: Path) -> list[str]:
    """Say which of the files are missing or differ."""
    faults = []
    for name, checksum in FILES.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            faults.append(f"{name} differs")
    return faults


def _fetch(archive: Path, registry: str | None) -> None:
    npm = shutil.which("npm")
    if registry is None and npm is not None:
        _pack(npm, archive)
        return
    registry = registry or configured_registry()
    if registry is None:
        raise ConfigError(
            f"{PACKAGE} comes from npm, and neither the npm program nor a registry is known here: "
            f"name one with --registry or npm_config_registry, {_BY_HAND}"
        )
    url = f"{registry.rstrip('/')}/{PACKAGE}/-/{_ARCHIVE}"
    try:
        download_file(url, archive, max_bytes=_MAX_BYTES)
    except DownloadError as error:
        raise DownloadError(f"{error}; {_BY_HAND}") from None


def _pack(npm: str, archive: Path) -> None:
    """Let npm fetch the package; it runs nothing that lies in it."""
    words = ["pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--loglevel=error"]
    words += ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]  # it would wait for minutes
    try:
        done = subprocess.run(  # noqa: S603 - words of our own
            [npm, *words],
            cwd=archive.parent,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DownloadError(
            f"{PACKAGE}: npm did not end within {_TIMEOUT_S:.0f} s: try again, {_BY_HAND}"
        ) from None
    if done.returncode or not archive.is_file():
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        reason = (lines or ["no reason given"])[0]
        raise DownloadError(f"{PACKAGE}: npm could not fetch it ({reason}): {_BY_HAND}")
