"""`affekt predict`: recognise the emotion in recordings."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click

from affekt.audio import passed_over_line
from affekt.cli.interrupts import interrupts_wait
from affekt.cli.options import declared_option, force_option, purpose_options, track_option
from affekt.cli.saying import results, say
from affekt.cli.terms import say_terms_once
from affekt.output import open_output, open_text_output
from affekt.recognition import Failure, Options, Recognizer, Writer, open_writer, recordings
from affekt.records import ClipOptions, Prediction
from affekt.report import is_watched, progress_bars

T = TypeVar("T")
# Formats, and the suffixes of their files.
FORMATS = {
    "table": ".txt",
    "json": ".json",
    "jsonl": ".jsonl",
    "csv": ".csv",
    "parquet": ".parquet",
}


@click.command()
@click.argument("inputs", metavar="FILE|FOLDER|-...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="How the answers are written; json is always an array. Without it, what the suffix of "
    "--out says, else a table.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to this file: .csv, .jsonl, .json, .txt, or .parquet (extra `train`).",
)
@force_option
@declared_option(ClipOptions, "top_k")
@declared_option(ClipOptions, "emotions")
@declared_option(ClipOptions, "threshold")
@declared_option(ClipOptions, "channel")
@track_option
@declared_option(ClipOptions, "mix")
@purpose_options
@click.option(
    "--model",
    default="default",
    show_default=True,
    metavar="NAME[@VERSION]|PATH",
    help="A model of `affekt models`, or a bundle file.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the model."
)
@click.option("--quiet", is_flag=True, help="No progress bar and no warnings; failures still show.")
def predict(
    inputs: tuple[str, ...],
    format_name: str | None,
    out: Path | None,
    force: bool,
    top_k: int | None,
    emotions: str | None,
    threshold: float | None,
    channel: int | None,
    track: int | None,
    mix: bool,
    purpose: str | None,
    consented: bool,
    model: str,
    threads: int,
    quiet: bool,
) -> None:
    """Recognise the emotion in recordings.

    A folder stands for all recordings in it and below, - for standard input. Recordings longer
    than 10 s are recognised window by window where there is sound, and summarised. One whose
    channels take turns, as those of a call do, is refused unless a channel is chosen. A
    recording that cannot be recognised has a row with the error.

    Exit code: 0 when all went well, 1 when a recording failed, 2 for a mistake in the command, 130
    when it was interrupted.
    """
    if inputs.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    chosen = format_name or _format_of(out)
    if chosen == "parquet" and out is None:
        raise click.UsageError("--format parquet needs --out FILE")
    if out is None and sys.stdout is None:
        raise click.UsageError("standard output is closed")
    options = Options(
        channel=channel,
        track=track,
        mix=mix,
        emotions=None if emotions is None else int(emotions),
        threshold=threshold,
        top_k=top_k,
        purpose=purpose,
        consented=consented,
    )
    recognizer = Recognizer.load(model, threads=threads)
    say_terms_once(recognizer.bundle.metadata, quiet=quiet)
    found = recordings(inputs)
    if found.passed_over and not quiet:
        say(passed_over_line(found.passed_over))
    answers: Iterable[Prediction | Failure] = recognizer.predict_many(found.paths, **options)
    # Where answers appear line by line, a bar between them would only disturb.
    streamed = out is None and chosen != "table" and sys.stdout.isatty()
    if len(found.paths) > 1 and not quiet and not streamed and is_watched():
        answers = _with_progress(answers, total=len(found.paths))
    labels = recognizer.labels(options["emotions"])
    read: list[str | Path] = [*found.paths, recognizer.bundle.path]
    interrupted = failed = False
    with _writer(chosen, out, labels, inputs=read, force=force) as writer:
        try:
            with interrupts_wait() as wait:
                for answer in itertools.chain(found.failures, answers):
                    failed |= isinstance(answer, Failure)
                    writer.write(answer)
                    _say_of(answer, quiet=quiet)
                    wait.over()
        except KeyboardInterrupt:
            interrupted = True  # what was answered so far is kept
    if interrupted:
        sys.exit(130)
    sys.exit(1 if failed else 0)


def _format_of(out: Path | None) -> str:
    """Take the format from a file's name."""
    if out is None:
        return "table"
    for name, suffix in FORMATS.items():
        if out.suffix.lower() == suffix:
            return name
    suffixes = ", ".join(FORMATS.values())
    raise click.UsageError(f"{out}: say the --format, or use one of the suffixes {suffixes}")


@contextmanager
def _writer(
    name: str, out: Path | None, labels: Sequence[str], *, inputs: Iterable[str | Path], force: bool
) -> Iterator[Writer]:
    """Give the writer of a format, to standard output or to a file that is whole at the end."""
    if out is None:
        stream = sys.stdout if name == "table" else results()
        with open_writer(name, stream, labels) as writer:
            yield writer
    elif name == "parquet":
        from affekt.cli.parquet import open_parquet_writer

        with (
            open_output(out, inputs=inputs, force=force) as file,
            open_parquet_writer(file, labels) as writer,
        ):
            yield writer
    else:
        with (
            open_text_output(out, inputs=inputs, force=force) as text,
            open_writer(name, text, labels) as writer,
        ):
            yield writer


def _say_of(answer: Prediction | Failure, *, quiet: bool) -> None:
    if isinstance(answer, Failure):
        say(str(answer.error))
        return
    for warning in () if quiet else answer.warnings:
        say(f"{answer.path}: {warning}")


def _with_progress(answers: Iterable[T], *, total: int) -> Iterator[T]:
    with progress_bars() as bars:
        for done, answer in enumerate(answers):
            bars("Recognising", done, total)
            yield answer
