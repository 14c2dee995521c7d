"""`affekt timeline` of a folder, or of several recordings: a timeline each, and an overview."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from affekt.audio import passed_over_line
from affekt.cli.interrupts import interrupts_wait
from affekt.cli.saying import results, say
from affekt.errors import AffektError, AudioError, ConfigError
from affekt.output import check_output, make_folder, open_text_output, utf8, write_output
from affekt.recognition import (
    Failure,
    Found,
    Recognizer,
    TimelineOptions,
    check_options,
    recordings,
)
from affekt.recognition.annotations import (
    FORMATS,
    Entry,
    annotate,
    link_to,
    overview_csv,
    overview_table,
    write_html,
)
from affekt.records import Timeline
from affekt.report import progress_bars

OVERVIEW = "overview.csv"
# What is printed where no folder is named for the timelines.
PRINTED = ("table", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What is done with each recording.

    Attributes:
        recognizer, options: how it is followed.
        out: folder of the timelines and of the overview; None prints the overview alone.
        format_name: of the timelines, or of the overview that is printed.
        embed_audio: see `write_html`.
        force: replace files that Affekt did not write.
        quiet: no warnings.
    """

    recognizer: Recognizer
    options: TimelineOptions
    out: Path | None
    format_name: str
    embed_audio: bool
    force: bool
    quiet: bool
    entries: list[Entry] = field(default_factory=list)


def follow_all(batch: Batch, inputs: Sequence[str]) -> int:
    """Follow every recording, write timelines and overview, and return the exit code."""
    if "-" in inputs:
        raise click.UsageError("standard input (-) stands alone: it has no name for a report")
    check_options(batch.recognizer, batch.options)  # else every recording would tell the same
    found = recordings(inputs)
    if found.passed_over and not batch.quiet:
        say(passed_over_line(found.passed_over))
    names = _names(found, inputs)
    targets = _targets(batch, found, names)
    interrupted = False
    for failure in found.failures:
        _keep(batch, failure.path, failure, None)
    try:
        with interrupts_wait() as wait, progress_bars(quiet=batch.quiet) as bars:
            places = zip(found.paths, names, targets, strict=True)
            for place, (path, name, target) in enumerate(places):
                bars("Listening", place, len(found.paths))
                batch.options["progress"] = lambda _: wait.over()
                _keep(batch, name, *_follow(batch, path, target))
                wait.over()
    except KeyboardInterrupt:
        interrupted = True  # the overview says what was followed so far
    except ConfigError:
        with contextlib.suppress(AffektError):
            _write_overview(batch)
        raise
    _write_overview(batch)
    if interrupted:
        return 130
    return int(any(entry.failed for entry in batch.entries))


def _follow(batch: Batch, path: str, target: Path | None) -> tuple[Timeline | Failure, str | None]:
    """Follow one recording, write its timeline, and return it and where it was written.

    Raises:
        ConfigError: the timeline cannot be written, which is no fault of the recording.
    """
    try:
        found = batch.recognizer.timeline(path, **batch.options)
    except AffektError as error:
        return Failure(path=path, error=error), None
    except (OSError, MemoryError) as error:
        return Failure(path=path, error=AudioError(f"{path}: {error}")), None
    if target is None:
        return found, None
    try:
        _write(batch, found, path, target)
    except AudioError as error:  # a report reads the recording once more
        return Failure(path=path, error=error), None
    return found, str(target)


def _write(batch: Batch, found: Timeline, path: str, target: Path) -> None:
    make_folder(target.parent)
    with open_text_output(target, inputs=[path], force=batch.force) as stream:
        if batch.format_name != "html":
            stream.write(annotate(found, batch.format_name))
            return
        link = link_to(path, target)
        write_html(found, stream, recording=path, embed_audio=batch.embed_audio, link=link)


def _keep(batch: Batch, name: str, answer: Timeline | Failure, report: str | None) -> None:
    batch.entries.append(Entry.of(name, answer, report))
    if isinstance(answer, Failure):
        say(answer.error)
    elif not batch.quiet:
        for warning in answer.warnings:
            say(f"{answer.path}: {warning}")


def _names(found: Found, inputs: Sequence[str]) -> list[str]:
    """Return each recording's path below the folder that was named, or that holds all."""
    if len(inputs) == 1:
        root = inputs[0]
    elif found.paths:
        root = os.path.commonpath([str(Path(path).absolute().parent) for path in found.paths])
    else:
        return []
    return [os.path.relpath(path, root) for path in found.paths]


def _targets(batch: Batch, found: Found, names: Sequence[str]) -> list[Path | None]:
    """Return where the timelines go; refuse what may not be written before hours of work.

    A timeline has the whole name of its recording: a.mp3 and a.wav may lie in one folder.
    """
    if batch.out is None:
        return [None] * len(names)
    if batch.out.exists() and not batch.out.is_dir():
        raise ConfigError(f"{batch.out}: is a file: several timelines need a folder")
    suffix = FORMATS[batch.format_name].suffix
    targets = [batch.out / f"{name}{suffix}" for name in names]
    for target in (batch.out / OVERVIEW, *targets):
        check_output(target, inputs=found.paths, force=batch.force, makes_folder=True)
    return list(targets)


def _write_overview(batch: Batch) -> None:
    text = overview_csv(batch.entries)
    if batch.out is not None:
        make_folder(batch.out)
        write_output(batch.out / OVERVIEW, text, force=batch.force)
        say(f"{len(batch.entries)} recordings: {batch.out / OVERVIEW}")
    elif batch.format_name == "csv":
        results().write(utf8(text).decode())
    if (batch.out is not None or batch.format_name == "table") and sys.stdout is not None:
        overview_table(batch.entries, sys.stdout)
