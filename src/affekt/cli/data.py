"""The options of every command that takes recordings."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from affekt.corpora import CORPORA, LABELS, DataSource, Labels, corpora_root
from affekt.errors import CorpusError

Command = TypeVar("Command", bound=Callable[..., Any])

_CORPORA = (
    click.option(
        "--corpora",
        "root",
        type=click.Path(path_type=Path),
        metavar="ROOT",
        help="The folder that holds one folder a corpus. Without it, AFFEKT_CORPORA.",
    ),
    click.option(
        "--corpus",
        "names",
        metavar="NAME",
        multiple=True,
        help="A corpus of `affekt corpora list`; may be repeated.",
    ),
)
_OWN = (
    click.option(
        "--table",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Your own recordings: CSV, JSON lines, Parquet or audformat, with path, emotion, and "
        "maybe speaker, split, start, end.",
    ),
    click.option(
        "--folder",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Your own recordings: one folder a label.",
    ),
    click.option(
        "--labels",
        type=click.Choice(LABELS),
        default="canonical",
        show_default=True,
        help="Take words for the eight emotions, or keep your own.",
    ),
    click.option(
        "--map",
        "mapped",
        metavar="WORD=LABEL",
        multiple=True,
        help="What a word of yours means; nothing after '=' leaves it out. May be repeated.",
    ),
    click.option(
        "--label-from",
        metavar="PATTERN",
        help="Where paths hold the label, as in '{speaker}/{label}/*.wav'.",
    ),
    click.option(
        "--speaker-from",
        metavar="PATTERN",
        help="Where paths hold the speaker, as in '{label}/{speaker}_*.wav'.",
    ),
)


def data_options(command: Command) -> Command:
    """Add the options that name recordings; the command takes them as `data`, a `DataSource`."""
    return _with_data(command, (*_CORPORA, *_OWN))


def data_arguments(command: Command) -> Command:
    """Add the same, where corpora are the command's arguments."""
    names = click.argument("names", metavar="[NAME]...", nargs=-1)
    return _with_data(command, (names, _CORPORA[0], *_OWN))


def or_all_here(data: DataSource) -> DataSource:
    """Return what was named, or all corpora that are here.

    Raises:
        CorpusError: nothing was named, and nothing is here.
    """
    if data.corpora or data.table or data.folder:
        return data
    root = corpora_root(data.root)
    here = tuple(name for name in CORPORA if (root / name).is_dir())
    if not here:
        raise CorpusError(
            f"{root}: no corpus lies here; each has a folder of its own, named as in "
            "'affekt corpora list'; --table and --folder name recordings of your own"
        )
    return dataclasses.replace(data, corpora=here)


def _with_data(command: Command, options: Iterable[Callable[[Any], Any]]) -> Command:

    @functools.wraps(command)
    def with_data(
        *arguments: Any,
        root: Path | None,
        names: tuple[str, ...],
        table: Path | None,
        folder: Path | None,
        labels: Labels,
        mapped: tuple[str, ...],
        label_from: str | None,
        speaker_from: str | None,
        **others: Any,
    ) -> Any:
        data = DataSource(
            corpora=tuple(dict.fromkeys(names)),
            table=table,
            folder=folder,
            root=root,
            labels=labels,
            label_map=_label_map(mapped),
            label_from=label_from,
            speaker_from=speaker_from,
        )
        return command(*arguments, data=data, **others)

    decorated: Any = with_data
    for option in reversed(tuple(options)):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def words_of(data: DataSource) -> list[str]:
    """Return the options again, without places that are nobody else's: files go by their names."""
    words = [word for name in data.corpora for word in ("--corpus", name)]
    for option, place in (("--table", data.table), ("--folder", data.folder)):
        if place:
            words += [option, place.resolve().name]
    if data.labels != "canonical":
        words += ["--labels", data.labels]
    for native, label in data.label_map.items():
        words += ["--map", f"{native}={label or ''}"]
    for option, pattern in (
        ("--label-from", data.label_from),
        ("--speaker-from", data.speaker_from),
    ):
        if pattern:
            words += [option, pattern]
    return words


def _label_map(mapped: tuple[str, ...]) -> Mapping[str, str | None]:
    labels: dict[str, str | None] = {}
    for word in mapped:
        native, sign, label = word.rpartition("=")
        if not sign or not native:
            raise click.UsageError(f"--map {word}: give it as WORD=LABEL")
        labels[native] = label or None
    return labels
