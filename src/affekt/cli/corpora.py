"""`affekt corpora`: list, describe, scan, inspect and get corpora."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from affekt.audio import passed_over_line
from affekt.cli.data import data_arguments, or_all_here
from affekt.cli.options import corpora_option, force_option, remarks_shown
from affekt.cli.saying import echo, say
from affekt.corpora import (
    CORPORA,
    Archive,
    Corpus,
    Dataset,
    DataSource,
    Scan,
    corpora_root,
    find_corpus,
)
from affekt.errors import CorpusError
from affekt.report import progress_bars

_SHOWN = 10


@click.group()
def corpora() -> None:
    """List, describe, scan, inspect and get corpora of emotional speech."""


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
@data_arguments
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="TABLE",
    help="Write the common table, a row an utterance; the name ends in .csv or .parquet.",
)
@click.option("--all", "everything", is_flag=True, help=f"List every file, not the first {_SHOWN}.")
@force_option
def scan(data: DataSource, out: Path | None, everything: bool, force: bool) -> None:
    """Place every file of corpora by its name; without a NAME, of all that are here.

    Of your own recordings (--table, --folder) it says how they are read: which column says what,
    what each word is taken for, what is not known, and which files are passed over.
    """
    chosen = or_all_here(data)
    with remarks_shown():
        found = chosen.scan()
    head = ("corpus", "files", "official", "speakers", "classes", "unplaced", "twice", "missing")
    _echo_table(head, [_scan_row(item) for item in found.scans], right=set(range(1, len(head))))
    for line in _facts(found):
        echo(line)
    for item in found.scans:
        _echo_details(item, None if everything else _SHOWN)
    absent = [name for name in CORPORA if name not in chosen.corpora]
    if chosen is not data and absent:
        echo(f"not here: {', '.join(absent)}")
    if out is not None:
        from affekt.corpora import write_table

        write_table(found.utterances, out, force=force)
        echo(f"{out}: {len(found.utterances)} utterances")


def _scan_row(found: Scan) -> tuple[str, ...]:
    placed = len(found.utterances)
    official = CORPORA[found.corpus].official.files if found.corpus in CORPORA else None
    return (
        found.corpus,
        str(placed),
        _count(official),
        str(len(found.speakers)),
        str(len(found.per_label)),
        str(len(found.unplaced)),
        str(len(found.twice)),
        "?" if official is None else str(max(0, official - placed)),
    )


def _facts(found: Dataset) -> Iterator[str]:
    """Say how people's own recordings were read."""
    for field, column in found.columns.items():
        if field != column:
            yield f"column '{column}' is read as: {field}"
    if found.unread:
        yield f"columns that are not read: {', '.join(found.unread)}"
    for scan in found.scans:
        if scan.corpus in CORPORA:
            continue
        labels = Counter((item.native_label, item.emotion) for item in scan.utterances)
        for (native, emotion), count in sorted(labels.items()):
            taken = f" = {emotion}" if emotion != native else ""
            files = f"{count} file{'s' * (count != 1)}"
            yield f"{scan.corpus}: label: {native}{taken if emotion else ' = none'}: {files}"
        unknown = Dataset(scans=(scan,)).unknown
        if unknown:
            listed = ", ".join(f"{name} of {count}" for name, count in unknown.items())
            yield f"{scan.corpus}: unknown: {listed}"
        if scan.other_endings:
            yield f"{scan.corpus}: {passed_over_line(scan.other_endings)}"


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


@corpora.command(hidden=True)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@corpora_option
@click.pass_context
def verify(context: click.Context, names: tuple[str, ...], root: Path | None) -> None:
    """Check names, counts, durations and the decoded sound; this is `affekt audit` now."""
    from affekt.cli.audit import audit

    words = [word for name in names for word in ("--corpus", name)]
    words += ["--corpora", str(root)] if root is not None else []
    say(f"'corpora verify' goes with the next version: use 'affekt audit {' '.join(words)}'")
    with audit.make_context("audit", words, parent=context) as own:
        audit.invoke(own)


@corpora.command()
@data_arguments
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
def inspect(data: DataSource, out: Path | None, format_name: str, force: bool) -> None:
    """Count and measure the recordings of corpora; without a NAME, of all that are here.

    Your own recordings are named with --table or --folder.

    Labels, speakers, lengths, sampling rates, levels, clipping and silence. What cannot be read
    is named and passed over. Exit code 0: all was read, 1: something could not be read.
    """
    from affekt.inspection import WRITERS, inspect_utterances, prepare_folder, write_report

    with remarks_shown():
        found = or_all_here(data).scan()
    utterances = found.utterances
    if not utterances:
        places = ", ".join(str(item.folder) for item in found.scans)
        raise CorpusError(f"{places}: no recording was placed; 'affekt corpora scan' says why")
    if out is not None:
        prepare_folder(out, force=force)
    with progress_bars() as advance:
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
    from affekt.corpora import get_corpus

    corpus = find_corpus(name)
    if not corpus.access.remotes:
        echo(f"{corpus.title} cannot be downloaded by a command.")
        echo(f"terms:   {corpus.licence.note or corpus.licence.id}")
        echo(f"page:    {corpus.access.url}")
        echo(f"obtain:  {corpus.access.how}")
        echo(f"then:    put it into ROOT/{corpus.name} and run 'affekt corpora scan {name}'")
        sys.exit(1)
    say(f"{corpus.title}: {corpus.licence.id}; please cite {corpus.citation}", prefix="")
    with progress_bars() as advance:
        folder = get_corpus(corpus, corpora_root(root), progress=advance)
    echo(f"{folder}: here; 'affekt audit --corpus {name}' checks it")


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
