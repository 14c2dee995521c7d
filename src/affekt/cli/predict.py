"""`affekt predict`: recognise the emotion in recordings."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import click

from affekt.cli.interrupts import interrupts_wait
from affekt.cli.options import purpose_options
from affekt.cli.terms import say_terms_once
from affekt.recognition import Failure, Options, Recognizer
from affekt.recognition.inputs import recordings
from affekt.recognition.writers import WRITERS, open_writer
from affekt.records import Prediction

T = TypeVar("T")


@click.command()
@click.argument("inputs", metavar="FILE|FOLDER|-...", nargs=-1, required=True)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(WRITERS)),
    default="table",
    show_default=True,
    help="How the answers are written; json is always an array.",
)
@click.option("--top-k", type=click.IntRange(min=1), help="Only the most probable labels.")
@click.option(
    "--emotions",
    type=click.Choice(["8", "7", "6", "4"]),
    help="A smaller vocabulary: 7 joins calm to neutral, 6 and 4 leave labels out and say how "
    "much. Without it, the model's own labels.",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0.0, 1.0),
    help="An answer with less confidence is marked uncertain. Without it, the model's own.",
)
@click.option(
    "--channel",
    type=click.IntRange(min=0),
    help="Use this channel, counted from 0, instead of the mean of all.",
)
@click.option(
    "--mix", is_flag=True, help="Take all channels for one voice, even if they sound by turns."
)
@purpose_options
@click.option(
    "--model",
    default="default",
    show_default=True,
    metavar="NAME|PATH",
    help="A model of `affekt models`, or a bundle file.",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, help="For the model."
)
@click.option("--quiet", is_flag=True, help="No progress bar and no warnings; failures still show.")
def predict(
    inputs: tuple[str, ...],
    format_name: str,
    top_k: int | None,
    emotions: str | None,
    threshold: float | None,
    channel: int | None,
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
    channels sound by turns, as those of a call do, is refused unless a channel is chosen.

    Exit code: 0 when all went well, 1 when a recording failed, 2 for a mistake in the command.
    """
    if inputs.count("-") > 1:
        raise click.UsageError("standard input (-) can be read only once")
    if sys.stdout is None:
        raise click.UsageError("standard output is closed")
    options = Options(
        channel=channel,
        mix=mix,
        emotions=None if emotions is None else int(emotions),
        threshold=threshold,
        top_k=top_k,
        purpose=purpose,
        consented=consented,
    )
    recognizer = Recognizer.load(model, threads=threads)
    say_terms_once(recognizer.bundle.metadata, quiet=quiet)
    paths, failures = recordings(inputs)
    for failure in failures:
        _say(str(failure.error))
    answers: Iterable[Prediction | Failure] = recognizer.predict_many(paths, **options)
    # Where answers appear line by line, a bar between them would only disturb.
    streamed = format_name != "table" and sys.stdout.isatty()
    if len(paths) > 1 and not quiet and not streamed and sys.stderr.isatty():
        answers = _with_progress(answers, total=len(paths))
    labels = recognizer.labels(options["emotions"])
    failed = bool(failures)
    with open_writer(format_name, sys.stdout, labels) as writer, interrupts_wait() as wait:
        for answer in answers:
            if isinstance(answer, Failure):
                failed = True
                _say(str(answer.error))
            else:
                writer.write(answer)
                for warning in () if quiet else answer.warnings:
                    _say(f"{answer.path}: {warning}")
            wait.over()
    sys.exit(1 if failed else 0)


def _say(message: str) -> None:
    click.echo(f"affekt: {message}", err=True)


def _with_progress(answers: Iterable[T], *, total: int) -> Iterator[T]:
    from rich.console import Console  # only a terminal that watches many recordings pays for it
    from rich.progress import track

    console = Console(stderr=True)
    return iter(track(answers, "Recognising", total=total, console=console, transient=True))
