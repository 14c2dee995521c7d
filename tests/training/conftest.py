from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affekt.config import from_mapping
from affekt.records import Utterance
from affekt.training import Recipe, Run, fit
from affekt.training.data import Clips, Part


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def cache(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFEKT_CACHE", str(cache_folder))


@pytest.fixture
def recipe() -> Callable[..., Recipe]:
    """The tiny recipe; dotted keys change a setting: `recipe(**{"fit.epochs": 1})`."""
    text = Path(__file__).with_name("tiny.toml").read_text(encoding="utf-8")

    def make(**changes: Any) -> Recipe:
        values = tomllib.loads(text)
        for key, value in changes.items():
            *tables, name = key.split(".")
            table = values
            for part in tables:
                table = table[part]
            table[name] = value
        return from_mapping(Recipe, values, where="tiny.toml")

    return make


@pytest.fixture
def run(recipe: Callable[..., Recipe], toy_corpora: Path, tmp_path: Path) -> Callable[..., Run]:
    """A run of the tiny recipe; what it says is kept in its list `said`."""

    def make(folder: str = "run", said: list[str] | None = None, **changes: Any) -> Run:
        return Run(
            recipe=recipe(**changes),
            folder=tmp_path / folder,
            corpora=toy_corpora,
            say=(said if said is not None else []).append,
            show_progress=False,
        )

    return make


@pytest.fixture
def clips(table: Callable[..., Clips]) -> Callable[..., Part]:
    """Make a part of such clips."""
    return lambda *rows, **more: table(*rows, **more).part()


@pytest.fixture
def table() -> Callable[..., Clips]:
    """Make clips of noise from `(corpus, target)` pairs; their corpora have what occurs."""

    def make(rows: list[tuple[str, int]], *, classes: int = 4, frames: int = 20) -> Clips:
        rng = np.random.default_rng(0)
        return Clips(
            features=tuple(
                rng.standard_normal((frames + index % 10, 40)).astype(np.float16)
                for index in range(len(rows))
            ),
            utterances=tuple(
                Utterance(
                    path=Path(f"{corpus}/{index}.wav"),
                    corpus=corpus,
                    collection=corpus,
                    speaker=str(index),
                    native_label=str(target),
                    emotion=None,
                )
                for index, (corpus, target) in enumerate(rows)
            ),
            targets=np.array([target for _, target in rows], dtype=np.int64),
            clip=np.arange(len(rows)),
            copy=np.zeros(len(rows), dtype=np.int64),
            labels=tuple("abcdefgh"[:classes]),
        )

    return make


@pytest.fixture(scope="session")
def part_of() -> Callable[..., Part]:
    """Make a part of some rows of features, all of which have a target."""

    def make(features: np.ndarray, targets: list[int], rows: list[int]) -> Part:
        return Part(features, np.array(targets), np.array(rows, dtype=np.int64))

    return make


@pytest.fixture
def speakers_read(monkeypatch: pytest.MonkeyPatch) -> list[set[tuple[str, str]]]:
    """Whose clips are read from now on, `(corpus, speaker)`, one set a part."""
    read = []
    load = fit.load_clips

    def watched(utterances: Sequence[Utterance], **more: Any) -> Any:
        read.append({(item.corpus, item.speaker) for item in utterances})
        return load(utterances, **more)

    monkeypatch.setattr(fit, "load_clips", watched)
    return read
