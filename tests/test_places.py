"""Where Affekt keeps what is its own."""

from __future__ import annotations

import pwd
import tempfile
from pathlib import Path

import pytest

from affekt import places
from affekt.auditing.store import default_store
from affekt.recognition.bundles.model_files import installed_bundles, models_folder
from affekt.training.feature_cache import default_cache_root
from affekt.web_bundle.library import cached_library, configured_registry, web_cache


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AFFEKT_CACHE", "AFFEKT_MODELS", "XDG_DATA_HOME", "npm_config_registry"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    places._temporary.cache_clear()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without HOME and without an entry in passwd, as containers have them."""

    def unknown(user: int) -> object:
        raise KeyError(user)

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_caches_lie_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.cache_root() == tmp_path / ".cache" / "affekt"
    assert models_folder() == tmp_path / ".local" / "share" / "affekt" / "models"


def test_the_environment_names_another_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert places.cache_root() == tmp_path / "cache"
    assert models_folder() == tmp_path / "data" / "affekt" / "models"


@pytest.mark.usefixtures("nobody")
def test_nobody_at_home_gets_a_folder_among_the_temporary_files(tmp_path: Path) -> None:
    own = places.cache_root()
    assert own.is_relative_to(tmp_path / "tmp")
    assert own.parent.stat().st_mode & 0o777 == 0o700
    assert default_cache_root() == own / "features"
    assert default_store() == own / "audit.sqlite"
    assert web_cache() == own / "web"
    assert models_folder().is_relative_to(own.parent)


@pytest.mark.usefixtures("nobody")
def test_nobody_at_home_has_no_models_no_page_and_no_registry() -> None:
    assert installed_bundles() == {}
    assert cached_library() is None
    assert configured_registry() is None


@pytest.mark.usefixtures("nobody")
def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    first = places.cache_root().parent
    first.chmod(0o777)
    places._temporary.cache_clear()
    assert places.cache_root().parent != first


def test_a_home_that_is_no_folder_is_no_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "home").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert places.cache_root().is_relative_to(tmp_path / "tmp")
