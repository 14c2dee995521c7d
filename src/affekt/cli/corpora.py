"""`affekt corpora`: list, describe, scan, verify, inspect and get corpora."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click

from affekt.cli.options import corpora_option, force_option
from affekt.cli.saying import echo, say
from affekt.corpora import CORPORA, corpora_root, find_corpus, scan_corpus
from affekt.corpora.base import Archive, Corpus
from affekt.corpora.scan import Scan
from affekt.errors import CorpusError

_SHOWN = 10


@click.group()
def corpora() -> None:
    """List, describe, scan, verify, inspect and get corpora of emotional speech."""


@corpora.command("list")
@corpora_option
def list_(root: Path | None) -> None:
    """List the corpora Affekt knows, and which of them are here."""
    root = corpora_root(root) if root is not None else None
    rows = [
        (
            corpus.name,
            corpus.title,
            corpus.language,
            _count(corpus.official.files),
            str(corpus.official.speakers),
            str(len(corpus.classes)),
            corpus.licence.id,
            "" if root is None else ("yes" if (root / corpus.name).is_dir() else "no"),
        )
        for corpus in CORPORA.values()
    ]
    head = ("corpus", "title", "language", "files", "speakers", "classes", "licence", "here")
    _echo_table(head, rows, right={3, 4, 5})


@corpora.command()
@click.argument("name")
@corpora_option
def describe(name: str, root: Path | None) -> None:
    """Say where a corpus comes from, under which terms, and what is known of it."""
    corpus = find_corpus(name)
    licence, official = corpus.licence, corpus.official
    allowed = (
        f"passing copies on: {_yes(licence.redistribution)}; "
        f"commercial use: {_yes(licence.commercial)}"
    )
    facts = [
        ("name", corpus.name),
        ("title", corpus.title),
        ("language", corpus.language),
        ("collection", corpus.collection),
        ("citation", corpus.citation),
        ("licence", f"{licence.id} ({allowed})"),
        *([("terms", licence.note)] if licence.note else []),
        ("page", corpus.access.url),
        ("obtain", corpus.access.how),
        ("files", _count(official.files)),
        ("speakers", str(official.speakers)),
        ("names", f"{corpus.grammar.pattern}"),
    ]
    for label in dict.fromkeys(corpus.labels.values()):
        count = official.per_label.get(label.native)
        known = f", {count} files" if count is not None else ""
        facts.append(("label", f"{label.native} = {label.emotion or 'no canonical label'}{known}"))
    for fault in corpus.faults:
        named = " = ".join(filter(None, (fault.name, fault.other)))
        facts.append(("known fault", ": ".join(filter(None, (fault.kind, named, fault.note)))))
    facts += _download_facts(corpus)
    if root is not None:
        folder = root / name
        facts.append(("here", str(folder) if folder.is_dir() else f"no ({folder})"))
    width = max(len(key) for key, _ in facts)
    for key, value in facts:
        echo(f"{key:<{width}}  {value}")


def _download_facts(corpus: Corpus) -> list[tuple[str, str]]:
    if not corpus.access.remotes:
        return [("get", "not by a command; see 'obtain'")]
    facts = [("get", f"affekt corpora get {corpus.name} (untested against the official host)")]
    for remote in corpus.access.remotes:
        if isinstance(remote, Archive):
            facts.append(("download", remote.url))
            stated = remote.checksum
            facts.append(
                (
                    "checksum",
                    f"{stated.algorithm}:{stated.digest}, stated by {stated.page}"
                    if stated
                    else "none",
                )
            )
        else:
            facts += [("download", f"files listed in {remote.index_url}"), ("checksum", "none")]
    return facts


@corpora.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@corpora_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="TABLE",
    help="Write the common table, a row an utterance; the name ends in .csv or .parquet.",
)
@click.option("--all", "everything", is_flag=True, help=f"List every file, not the first {_SHOWN}.")
@force_option
def scan(
    names: tuple[str, ...], root: Path | None, out: Path | None, everything: bool, force: bool
) -> None:
    """Place every file of corpora by its name; without a NAME, of all that are here."""
    root = corpora_root(root)
    chosen = _chosen(names, root)
    scans = [scan_corpus(name, root) for name in chosen]
    head = ("corpus", "files", "official", "speakers", "classes", "unplaced", "twice", "missing")
    _echo_table(head, [_scan_row(found) for found in scans], right=set(range(1, len(head))))
    for found in scans:
        _echo_details(found, None if everything else _SHOWN)
    if not names and len(chosen) < len(CORPORA):
        echo(f"not here: {', '.join(name for name in CORPORA if name not in chosen)}")
    if out is not None:
        from affekt.corpora.tables import write_table

        utterances = [item for found in scans for item in found.utterances]
        write_table(utterances, out, force=force)
        echo(f"{out}: {len(utterances)} utterances")


def _chosen(names: Sequence[str], root: Path) -> list[str]:
    """Return the corpora that were named, or all that are here."""
    chosen = list(dict.fromkeys(names)) or [name for name in CORPORA if (root / name).is_dir()]
    if not chosen:
        raise CorpusError(
            f"{root}: no corpus lies here; each has a folder of its own, named as in "
            "'affekt corpora list'"
        )
    return chosen


def _scan_row(found: Scan) -> tuple[str, ...]:
    official = CORPORA[found.corpus].official
    placed = len(found.utterances)
    return (
        found.corpus,
        str(placed),
        _count(official.files),
        str(len(found.speakers)),
        str(len(found.per_label)),
        str(len(found.unplaced)),
        str(len(found.twice)),
        "?" if official.files is None else str(max(0, official.files - placed)),
    )


def _echo_details(found: Scan, shown: int | None) -> None:
    lists = {
        "unplaced": [f"{path}: {reason}" for path, reason in found.unplaced],
        "twice": [f"{other}: counted as {kept}" for kept, other in found.twice],
        "misspelt": [f"{path}: placed as {right}" for path, right in found.misspelt],
        "missing": list(found.missing),
    }
    for kind, lines in lists.items():
        for line in lines[:shown]:
            echo(f"{found.corpus}: {kind}: {line}")
        if shown is not None and len(lines) > shown:
            echo(f"{found.corpus}: {kind}: and {len(lines) - shown} more (--all)")


@corpora.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@corpora_option
def verify(names: tuple[str, ...], root: Path | None) -> None:
    """Check names, counts, durations and the decoded sound.

    Exit code 0: nothing found, 1: findings, 2: usage.
    """
    from affekt.corpora.verify import verify_corpus

    total = 0
    for name in names:
        corpus, found = find_corpus(name), scan_corpus(name, root)
        with _progress_bar() as advance:
            findings = verify_corpus(corpus, found, progress=functools.partial(advance, name))
        for item in findings:
            files = " = ".join(filter(None, (item.name, item.other)))
            known = " (known fault of the corpus)" if item.known else ""
            echo(f"{name}: {item.kind}: {files}: {item.message}{known}")
        echo(f"{name}: {len(found.utterances)} files, {len(findings)} findings")
        total += len(findings)
    sys.exit(1 if total else 0)


@corpora.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@corpora_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write tables (CSV, JSON) and plots (PNG) there.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="What is printed; csv is one row a corpus.",
)
@force_option
def inspect(
    names: tuple[str, ...], root: Path | None, out: Path | None, format_name: str, force: bool
) -> None:
    """Count and measure the recordings of corpora; without a NAME, of all that are here.

    Labels, speakers, lengths, sampling rates, levels, clipping and silence. What cannot be read
    is named and passed over. Exit code 0: all was read, 1: something could not be read.
    """
    from affekt.inspection import inspect_utterances
    from affekt.inspection.report import WRITERS, prepare_folder, write_report

    root = corpora_root(root)
    scans = [scan_corpus(name, root) for name in _chosen(names, root)]
    utterances = [item for found in scans for item in found.utterances]
    if not utterances:
        raise CorpusError(f"{root}: no recording was placed; 'affekt corpora scan' tells why")
    if out is not None:
        prepare_folder(out, force=force)
    with _progress_bar() as advance:
        inspection = inspect_utterances(
            utterances, progress=functools.partial(advance, "Listening")
        )
    WRITERS[format_name](inspection, sys.stdout)
    for clip in inspection.unreadable:
        say(f"{clip.utterance.corpus}: {clip.trouble}")
    if out is not None:
        for path in write_report(inspection, out, force=force):
            say(f"wrote {path}")
    sys.exit(1 if inspection.unreadable else 0)


@corpora.command()
@click.argument("name")
@corpora_option
def get(name: str, root: Path | None) -> None:
    """Download a corpus from its official place, or say how to obtain it.

    Broken off, the same command goes on where it stopped. Exit code 0: it is here, 1: it cannot
    be had by a command, 2: an error.
    """
    from affekt.corpora.obtain import get_corpus

    corpus = find_corpus(name)
    if not corpus.access.remotes:
        echo(f"{corpus.title} cannot be downloaded by a command.")
        echo(f"terms:   {corpus.licence.note or corpus.licence.id}")
        echo(f"page:    {corpus.access.url}")
        echo(f"obtain:  {corpus.access.how}")
        echo(f"then:    put it into ROOT/{corpus.name} and run 'affekt corpora scan {name}'")
        sys.exit(1)
    say(f"{corpus.title}: {corpus.licence.id}; please cite {corpus.citation}", prefix="")
    with _progress_bar() as advance:
        folder = get_corpus(corpus, corpora_root(root), progress=advance)
    echo(f"{folder}: here; 'affekt corpora verify {name}' checks it")


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[str, int, int | None], None]]:
    """Give a function that shows progress on a terminal, and does nothing in a pipe."""
    from rich.console import Console
    from rich.progress import Progress, TaskID

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda title, done, total: None  # noqa: ARG005
        return
    with Progress(console=console, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(title: str, done: int, total: int | None) -> None:
            if title not in tasks:
                tasks[title] = bar.add_task(title, total=total)
            bar.update(tasks[title], completed=done, total=total)

        yield advance


def _echo_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: set[int]) -> None:
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for row in table:
        cells = [
            f"{cell:>{width}}" if column in right else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        echo("  ".join(cells).rstrip())


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
