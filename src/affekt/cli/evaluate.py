"""`affekt evaluate`: measure a model under a protocol."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from affekt.corpora import CORPORA, corpora_root, load_corpus
from affekt.corpora.folders import FolderCorpus
from affekt.corpora.tables import TableCorpus
from affekt.emotions import CANONICAL
from affekt.errors import ConfigError, CorpusError
from affekt.evaluation import WRITERS, Report, append_reading, checkout_of, commit_of
from affekt.evaluation import evaluate as measure
from affekt.protocols import PROTOCOLS, Protocol, protocol
from affekt.recognition import Bundle, Recognizer
from affekt.records import Utterance

_LOG = Path("docs/lockbox-log.csv")


@click.command()
@click.argument("model", metavar="MODEL")
@click.option(
    "--protocol",
    "protocol_name",
    metavar="NAME",
    help=f"Who is tested: {', '.join(PROTOCOLS)}. Your own data: external.",
)
@click.option(
    "--corpora",
    "root",
    type=click.Path(path_type=Path),
    metavar="ROOT",
    help="The folder that holds one folder a corpus. Without it, AFFEKT_CORPORA.",
)
@click.option(
    "--corpus",
    "names",
    metavar="NAME",
    multiple=True,
    help="Only this corpus; may be repeated. Without it, all that the protocol names.",
)
@click.option(
    "--table",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your own data: CSV or Parquet with path, emotion, and maybe speaker, split, start, end.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Your own data: one folder a label.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(WRITERS)),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report there instead of printing it.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=f"Log of lockbox readings. Inside a checkout of Affekt, {_LOG} in it.",
)
@click.option(
    "--record",
    is_flag=True,
    help="Write the figures into the bundle's own metadata, for its card; its graph stays.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no warnings.")
def evaluate(
    model: str,
    protocol_name: str | None,
    root: Path | None,
    names: tuple[str, ...],
    table: Path | None,
    folder: Path | None,
    format_name: str,
    out: Path | None,
    log: Path | None,
    record: bool,
    quiet: bool,
) -> None:
    """Measure a model under a protocol.

    MODEL is a name of `affekt models` or a bundle file. Recalls, F1 and the confusion matrix are
    given per corpus, answered among the corpus' own classes and among all labels of the model.

    Every reading of the lockbox is logged: the more often it is looked at, the less it says.
    """
    rule = _rule(protocol_name, own_data=table is not None or folder is not None)
    if log is not None and rule.name != "lockbox":
        raise click.UsageError("--log is for the protocol lockbox")
    recognizer = Recognizer.load(model)
    utterances = _utterances(rule, root, names, table, folder, quiet=quiet)
    with _progress_bar(quiet) as progress:
        report = measure(
            recognizer,
            utterances,
            rule,
            classes={name: _classes(name) for name in CORPORA},
            collections={name: corpus.collection for name, corpus in CORPORA.items()},
            progress=progress,
        )
    if record:
        report = _recorded(report)
    if rule.name == "lockbox":
        report = dataclasses.replace(report, log=_logged(report, log))
    _write(WRITERS[format_name](report), out)


def _rule(name: str | None, *, own_data: bool) -> Protocol:
    if name is None and not own_data:
        raise click.UsageError(
            f"no figure without its protocol: give --protocol {'|'.join(PROTOCOLS)}"
        )
    return protocol(name or "external")


def _utterances(
    rule: Protocol,
    root: Path | None,
    names: tuple[str, ...],
    table: Path | None,
    folder: Path | None,
    *,
    quiet: bool,
) -> list[Utterance]:
    if sum((table is not None, folder is not None, bool(names))) > 1:
        raise click.UsageError("--table, --folder and --corpus exclude one another")
    if table is not None:
        return TableCorpus(table).load()
    if folder is not None:
        return FolderCorpus(folder).load()
    place = corpora_root(root)
    tested = {corpus for corpus, _ in rule.tested()}
    chosen = names or tuple(name for name in CORPORA if name in tested and (place / name).is_dir())
    if not chosen:
        raise CorpusError(
            f"{place}: none of the corpora that the protocol names ({', '.join(sorted(tested))})"
            if tested
            else f"protocol '{rule.name}' names no corpus: give --corpus, --table or --folder"
        )
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        loaded = [item for name in dict.fromkeys(chosen) for item in load_corpus(name, place)]
    for remark in remarks if not quiet else ():
        click.echo(f"affekt: {remark.message}", err=True)
    return loaded


def _classes(name: str) -> tuple[str, ...]:
    declared = {label.emotion for label in CORPORA[name].labels.values()}
    return tuple(label for label in CANONICAL if label in declared)


@contextmanager
def _progress_bar(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    shown = console.is_terminal and not quiet
    with Progress(console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task("clips", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _recorded(report: Report) -> Report:
    """Write the figures into the bundle; the report then names the file that holds them."""
    from affekt.training.export import record_figures  # the extra `train`, for this option alone

    path, figures = Path(report.bundle_path), report.card_figures()
    if Bundle.load(path).metadata.figures.get(report.protocol) != figures:
        record_figures(path, {report.protocol: figures})
    return dataclasses.replace(report, bundle_sha256=Bundle.load(path).sha256)


def _logged(report: Report, log: Path | None) -> str:
    checkout = checkout_of(Path.cwd())
    if log is None and checkout is None:
        return "not logged: this is no checkout of Affekt; --log FILE keeps a log of your own"
    place = log or Path(checkout or "") / _LOG
    commit = commit_of(checkout, ignoring=place.absolute()) if checkout else "unknown"
    added = append_reading(report, place, commit=commit)
    return f"{'logged' if added else 'already logged'} in {place}"


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{out}: cannot be written: {error.strerror or error}") from None
    click.echo(f"affekt: report written to {out}", err=True)
