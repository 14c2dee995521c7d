from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from affekt.config import from_mapping
from affekt.training import Recipe


@pytest.fixture(autouse=True)
def outside_any_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test leaves a row in the project's own log."""
    monkeypatch.chdir(tmp_path)


TINY: dict[str, Any] = {
    "name": "tiny",
    "labels": ["neutral", "happy", "sad", "angry"],
    "data": {"corpora": ["emodb", "savee", "cafe"]},
    "protocol": {"name": "published", "test_share": 0.25},
    "features": {"set": "vector-162", "normalise_over": []},
    "model": {"name": "gru"},
    "fit": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01, "precision": "32"},
    "published": {
        "text": "Nobody, An Invented Text",
        "title": "Emotions of tones",
        "inferred": ["Everything."],
        "seeds": [1],
        "metric": "accuracy",
        "value": 95.0,
    },
}


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFEKT_CACHE", str(tmp_path_factory.mktemp("systems-cache")))
        yield


@pytest.fixture(scope="session")
def system() -> Callable[..., Recipe]:
    """A system that tells tones apart; dotted keys change a setting."""

    def make(**changes: Any) -> Recipe:
        values = {key: dict(v) if isinstance(v, dict) else v for key, v in TINY.items()}
        for key, value in changes.items():
            *tables, name = key.split(".")
            table = values
            for part in tables:
                table = table[part]
            table[name] = value
        return from_mapping(Recipe, values, where="tiny.toml")

    return make


COPIES = [{"steps": [{"name": "noise", "snr_db": [20.0, 20.0]}]}]


@pytest.fixture(scope="session")
def leaking(system: Callable[..., Recipe]) -> Recipe:
    """A system whose text splits originals and copies together."""
    return system(
        **{"data.copies": COPIES, "data.copies_in": "all", "protocol.leak": "copies"},
    )


@pytest.fixture(scope="session")
def corpora(toy_corpora: Path) -> Path:
    return toy_corpora
