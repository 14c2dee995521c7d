"""`affekt timeline`: follow the emotions of a long recording."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TextIO

import click

from affekt.audio import VADS, VadName, announced_s
from affekt.cli.interrupts import interrupts_wait
from affekt.cli.options import declared_option, force_option, purpose_options, track_option
from affekt.cli.saying import results, say
from affekt.cli.terms import say_terms_once
from affekt.cli.timelines import PRINTED, Batch, follow_all
from affekt.errors import AudioError
from affekt.files import read_bytes
from affekt.output import open_text_output
from affekt.recognition import Recognizer, TimelineOptions
from affekt.recognition.annotations import FORMATS, annotate, link_to, write_html, write_table
from affekt.records import Timeline, TrackOptions
from affekt.report import progress_bars


@click.command()
@click.argument("sources", metavar="FILE|FOLDER|-...", nargs=-1, required=True)
@declared_option(TrackOptions, "channels", metavar="NAMES")
@declared_option(TrackOptions, "analyse", metavar="NAMES")
@track_option
@declared_option(TrackOptions, "mix")
@purpose_options
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="How the timeline is written. Without it, what the suffix of --out says, else a table; "
    "html in a folder.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE|FOLDER",
    help="Write to this file; of several recordings, a timeline each into this folder, and an "
    "overview.csv.",
)
@click.option(
    "--embed-audio", is_flag=True, help="With html: the report holds the recording itself."
)
@click.option(
    "--model",
    default="default",
    show_default=True,
    metavar="NAME[@VERSION]|PATH",
    help="A model of `affekt models`, or a bundle file.",
)
@declared_option(TrackOptions, "window_s")
@declared_option(TrackOptions, "hop_s")
@declared_option(TrackOptions, "threshold")
@click.option(
    "--vad",
    type=click.Choice(VADS),
    default="energy",
    show_default=True,
    help="Who decides where somebody speaks; webrtc needs the extra `live`.",
)
@force_option
@click.option("--quiet", is_flag=True, help="No progress bar and no warnings.")
def timeline(
    sources: tuple[str, ...],
    channels: str | None,
    analyse: str | None,
    track: int | None,
    mix: bool,
    purpose: str | None,
    consented: bool,
    format_name: str | None,
    out: Path | None,
    embed_audio: bool,
    model: str,
    window_s: float | None,
    hop_s: float | None,
    threshold: float | None,
    vad: VadName,
    force: bool,
    quiet: bool,
) -> None:
    """Follow the emotions of long recordings, and say who speaks when.

    In a call whose channels are named, emotion is inferred for the customer alone, if no others are
    named. To analyse somebody at work or in education needs a purpose. A recording whose channels
    take turns, as those of a call do, is refused unless they are named.

    `affekt timeline call.mp3 --channels agent,customer --out call.html` makes a report of a call.

    A folder stands for all recordings in it and below. Of several recordings an overview is made, a
    row a recording; with --out, each timeline is written into that folder.

    Exit code: 0 when all went well, 1 when one of several recordings failed, 2 for a mistake in the
    command or a single recording that failed, 130 when it was interrupted.
    """
    several = len(sources) > 1 or os.path.isdir(sources[0])  # noqa: PTH112 - any name will do
    chosen = format_name or (_format_of_several(out) if several else _format_of(out))
    if embed_audio and chosen != "html":
        raise click.UsageError("--embed-audio goes with --format html")
    if out is None and sys.stdout is None:
        raise click.UsageError("standard output is closed")
    if several and out is None and chosen not in PRINTED:
        raise click.UsageError(f"--format {chosen}: name a folder for several timelines with --out")
    recognizer = Recognizer.load(model)
    say_terms_once(recognizer.bundle.metadata, quiet=quiet)
    options = TimelineOptions(
        channels=_names(channels),
        analyse=_names(analyse),
        track=track,
        mix=mix,
        purpose=purpose,
        consented=consented,
        window_s=window_s,
        hop_s=hop_s,
        threshold=threshold,
        vad=vad,
    )
    if several:
        batch = Batch(
            recognizer=recognizer,
            options=options,
            out=out,
            format_name=chosen,
            embed_audio=embed_audio,
            force=force,
            quiet=quiet,
        )
        sys.exit(follow_all(batch, sources))
    (source,) = sources
    # The report and a call read the recording more than once, which no pipe allows.
    recording: str | bytes = source
    if source == "-" and chosen == "html":
        recording = sys.stdin.buffer.read()
    elif _is_pipe(source):
        recording = _read_pipe(source)
    with _opened(out, chosen, inputs=(source, recognizer.bundle.path), force=force) as stream:
        with interrupts_wait() as wait, progress_bars(quiet=quiet) as bars:
            total_s = None if source == "-" else announced_s(source)

            def go_on(done_s: float) -> None:
                bars("Listening", done_s, total_s)
                wait.over()

            options["progress"] = go_on
            found = recognizer.timeline(recording, **options)
        if isinstance(recording, bytes) and source != "-":
            found = dataclasses.replace(found, path=source)
        _write(found, chosen, stream, recording=recording, out=out, embed_audio=embed_audio)
    for warning in () if quiet else found.warnings:
        say(f"{source}: {warning}")


def _write(
    found: Timeline,
    format_name: str,
    stream: TextIO,
    *,
    recording: str | bytes,
    out: Path | None,
    embed_audio: bool,
) -> None:
    if format_name == "table":
        write_table(found, stream)
    elif format_name == "html":
        link = link_to(recording, out) if isinstance(recording, str) else None
        write_html(found, stream, recording=recording, embed_audio=embed_audio, link=link)
    else:
        stream.write(annotate(found, format_name))


def _opened(
    out: Path | None, format_name: str, *, inputs: Iterable[str | Path], force: bool
) -> AbstractContextManager[TextIO]:
    """Give standard output, or a file that appears under its name once it is complete."""
    if out is None:
        return nullcontext(sys.stdout if format_name == "table" else results())
    return open_text_output(out, inputs=inputs, force=force)


def _format_of(out: Path | None) -> str:
    """Take the format from a file's name: the longest suffix that fits."""
    if out is None:
        return "table"
    fitting = [
        (len(item.suffix), name)
        for name, item in FORMATS.items()
        if out.name.lower().endswith(item.suffix.lower())
    ]
    if not fitting:
        suffixes = ", ".join(item.suffix for item in FORMATS.values())
        raise click.UsageError(f"{out}: say the --format, or use one of the suffixes {suffixes}")
    return max(fitting)[1]


def _format_of_several(out: Path | None) -> str:
    return "table" if out is None else "html"


def _is_pipe(source: str) -> bool:
    try:
        return Path(source).is_fifo()
    except (OSError, ValueError):
        return False


def _read_pipe(source: str) -> bytes:
    try:
        return read_bytes(source)
    except OSError as error:
        raise AudioError(f"{source}: {error.strerror}: start its writer first") from None


def _names(text: str | None) -> list[str] | None:
    return None if text is None else text.split(",")
