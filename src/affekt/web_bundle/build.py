"""Putting the folder together: the page, the library, the model and what it says of itself."""

from __future__ import annotations

import hashlib
import html
import json
import shutil
import tempfile
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from affekt._version import __version__
from affekt.config import to_mapping
from affekt.errors import BundleError, ConfigError
from affekt.output import write_outputs
from affekt.recognition import (
    LAW,
    LAW_URL,
    NO_LEGAL_ADVICE,
    NOTICE_RECOGNISER,
    NOTICE_WORKPLACE,
    Bundle,
)
from affekt.web_bundle.hosting import CONTENT_SECURITY_POLICY
from affekt.web_bundle.library import FILES, cached_library, find_library, web_cache

# What the page shows of the model; the recipe and the lists of speakers stay behind.
_CARD = (
    *("name", "version", "labels", "threshold", "licence", "licence_text", "training_data"),
    *("figures", "created", "description", "not_for", "prediction_set"),
)
_LISTING = "files.js"
_LICENCE = "LICENSE-onnxruntime-web.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebBundle:
    """A folder that was written.

    Attributes:
        folder: where.
        model: name and version of the model in it.
        size_bytes: of all files.
        fingerprint: changes when any file does; browsers keep the page under it.
    """

    folder: Path
    model: str
    size_bytes: int
    fingerprint: str


def write_web_bundle(
    folder: Path,
    *,
    model: str | Path = "default",
    library: Path | None = None,
    registry: str | None = None,
    force: bool = False,
) -> WebBundle:
    """Write a folder that any web server can serve, and that needs nothing but a browser.

    Args:
        folder: new, empty, or written by this function before.
        model: a shipped bundle's name, or the path of a bundle file.
        library: folder or .tgz of onnxruntime-web; None takes the cache, else npm.
        registry: URL of the npm registry.
        force: replace files of an older page that were changed.

    Raises:
        BundleError: no such model, or its front end is a feature set, which needs Python.
        ConfigError: the folder holds something else, or the library is not what it must be.
        DownloadError: the library could not be fetched.
    """
    bundle = _browser_bundle(model)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder}: is a file: name a folder")
    if folder.is_dir() and any(folder.iterdir()) and not is_web_bundle(folder):
        raise ConfigError(f"{folder}: holds other files: name a new folder")
    contents = _contents(bundle, find_library(library, registry=registry))
    write_outputs(folder, contents, force=force)
    return WebBundle(
        folder=folder,
        model=bundle.metadata.title,
        size_bytes=sum(len(data) for data in contents.values()),
        fingerprint=_fingerprint(contents),
    )


def cached_web_bundle(model: str | Path = "default") -> Path | None:
    """Return the page of a model from the cache, made now if need be; nothing is fetched.

    Returns:
        The folder; None where onnxruntime-web was never fetched (`affekt web-bundle` does).

    Raises:
        BundleError: no such model, or its front end is a feature set, which needs Python.
    """
    bundle = _browser_bundle(model)
    library = cached_library()
    if library is None:
        return None
    contents = _contents(bundle, library)
    folder = web_cache() / f"page-{_fingerprint(contents)}"
    if not is_web_bundle(folder):
        _write(contents, folder)
    return folder


def is_web_bundle(folder: Path) -> bool:
    """Say whether a folder holds the page; the listing is written last."""
    return (folder / _LISTING).is_file()


def _browser_bundle(model: str | Path) -> Bundle:
    bundle = Bundle.load(model)
    if bundle.metadata.feature_set is not None:
        raise BundleError(
            f"{bundle.path}: its front end, the feature set {bundle.metadata.front_end}, is "
            "computed in Python, and a browser has none: take a model whose front end lies in "
            "the graph, such as 'default' or 'open'"
        )
    return bundle


def _contents(bundle: Bundle, library: Path) -> dict[str, bytes]:
    """Return every file of the folder; the listing of all others comes last."""
    page = files("affekt.web_bundle") / "page"
    contents = {item.name: item.read_bytes() for item in page.iterdir() if item.is_file()}
    contents["ort/LICENSE.txt"] = contents.pop(_LICENCE)
    contents["index.html"] = _filled(contents["index.html"].decode("utf-8")).encode("utf-8")
    contents |= {f"ort/{name}": (library / name).read_bytes() for name in FILES}
    contents["model.onnx"] = bundle.path.read_bytes()
    loaded = ("model.onnx", "ort/ort-wasm-simd-threaded.wasm")
    card = _card(bundle) | {
        "files": [{"name": name, "size_bytes": len(contents[name])} for name in loaded]
    }
    contents["model.json"] = json.dumps(card, ensure_ascii=False, indent=1).encode("utf-8")
    kept = sorted({"./", *contents} - {"index.html", "sw.js"})
    listing = {"version": _fingerprint(contents), "files": kept}
    contents[_LISTING] = f"const AFFEKT = {json.dumps(listing, indent=1)};\n".encode()
    return contents


def _filled(page: str) -> str:
    texts = {
        "policy": CONTENT_SECURITY_POLICY,
        "notice_recogniser": NOTICE_RECOGNISER,
        "notice_workplace": NOTICE_WORKPLACE,
        "no_legal_advice": NO_LEGAL_ADVICE,
        "law": LAW,
        "law_url": LAW_URL,
        "version": __version__,
    }
    return Template(page).substitute({key: html.escape(text) for key, text in texts.items()})


def _card(bundle: Bundle) -> dict[str, Any]:
    values = to_mapping(bundle.metadata)
    return (
        {
            "affekt": __version__,
            "title": bundle.metadata.title,
            "sha256": bundle.sha256,
        }
        | {key: values.get(key) for key in _CARD}
        | {"licence_text": bundle.licence_text}
    )


def _fingerprint(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(contents):
        if name != _LISTING:
            digest.update(f"{name}\0{len(contents[name])}\0".encode())
            digest.update(contents[name])
    return digest.hexdigest()[:16]


def _write(contents: dict[str, bytes], folder: Path) -> None:
    """Write all files into a folder of the cache, as a whole: other processes may want it too."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        _write_files(contents, scratch)
        scratch.chmod(0o755)  # mkdtemp gives the owner alone a look, a web server is another user
        if not is_web_bundle(folder):  # a page that was never finished
            shutil.rmtree(folder, ignore_errors=True)
        scratch.replace(folder)
    except OSError:
        if not is_web_bundle(folder):  # else another process was faster
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _write_files(contents: dict[str, bytes], folder: Path) -> None:
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
