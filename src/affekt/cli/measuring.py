"""What the commands that measure share: options, the clips under test, logging, writing."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from affekt.cli.data import data_options
from affekt.cli.options import log_option, remarks_shown
from affekt.cli.saying import echo, say
from affekt.cli.terms import say_terms_once
from affekt.corpora import CORPORA, DataSource, check_labels, corpora_root
from affekt.errors import ConfigError, CorpusError
from affekt.evaluation import (
    TRAINED_ON,
    Origin,
    Reading,
    Report,
    check_readings,
    commit_here,
    log_reading,
    tested_clips,
    unanswered,
    unknown_names,
)
from affekt.evaluation.overlap import (
    Copy,
    Leaks,
    find_leaks,
    learns_at_hand,
    lockbox_tested,
    training_clips,
)
from affekt.evaluation.sources import Network, Source, open_source
from affekt.output import utf8, write_output
from affekt.protocols import PROTOCOLS, Protocol, Split, protocol
from affekt.recognition import BundleMetadata
from affekt.records import Utterance
from affekt.report import progress_bars

Command = TypeVar("Command", bound=Callable[..., Any])

_PROTOCOL = click.option(
    "--protocol",
    "protocol_name",
    metavar="NAME",
    help=f"Who is tested: {', '.join(PROTOCOLS)}. Your own recordings: external.",
)
_SOURCES = (
    click.option(
        "--features",
        metavar="SET",
        help="The feature set that a scikit-learn model in ONNX form takes; see affekt features.",
    ),
    click.option(
        "--label",
        "label_words",
        metavar="WORD=EMOTION",
        multiple=True,
        help="What a class of somebody else's model means; nothing after '=' keeps it apart.",
    ),
)
_AUDIT = (
    click.option(
        "--audit/--no-audit",
        default=True,
        show_default=True,
        help="Look for copies of the clips under test among those that were learnt from: minutes "
        "for thousands of clips, the first time.",
    ),
)
_TRAINING_SPEAKERS = (
    click.option(
        "--allow-training-speakers",
        "allowed",
        is_flag=True,
        help="End with exit code 0, not 3, where a model is tested on its training speakers; "
        "its figures are marked all the same.",
    ),
)
_READING = (
    log_option,
    click.option("--quiet", is_flag=True, help="No progress bar and no warnings."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clips:
    """What is tested, as the options say.

    Attributes:
        rule: the protocol.
        data: what was named.
        utterances: all that it may choose from.
        splits: that it makes of them.
        training: recordings of corpora that the models may have learnt from, to compare people's
            own data with.
    """

    rule: Protocol
    data: DataSource
    utterances: list[Utterance]
    splits: tuple[Split, ...]
    training: tuple[Utterance, ...] = ()

    @property
    def at_hand(self) -> list[Utterance]:
        """All that can be compared."""
        return [*self.utterances, *self.training]

    @property
    def tested(self) -> tuple[Utterance, ...]:
        """What it tests."""
        return tested_clips(self.rule, self.splits)


def clip_options(command: Command) -> Command:
    """Add the options that say who is tested; recordings are taken as `data`."""
    decorated: Command = _PROTOCOL(data_options(command))
    return decorated


def source_options(command: Command) -> Command:
    """Add the options that somebody else's model may need."""
    return _decorated(command, _SOURCES)


def stamp_options(command: Command) -> Command:
    """Add the options of every command whose figures are stamped with what was found."""
    return _decorated(command, (*_AUDIT, *_TRAINING_SPEAKERS))


def reading_options(command: Command) -> Command:
    """Add the options of every command that may read the lockbox."""
    return _decorated(command, _READING)


def load_clips(
    protocol_name: str | None, data: DataSource, *, sources: Sequence[Source], quiet: bool
) -> Clips:
    """Find protocol and utterances by the options of `clip_options`.

    Beside people's own data stand the corpora that the sources learnt from, where they are at hand.
    The terms of the sources are said, once.
    """
    for source in sources:
        if isinstance(source.learnt, BundleMetadata):
            say_terms_once(source.learnt, quiet=quiet)
    own_data = data.table is not None or data.folder is not None
    rule = _rule(protocol_name, own_data=own_data)
    training: tuple[Utterance, ...] = ()
    with remarks_shown(quiet=quiet):
        utterances = list(_chosen(rule, data).open().utterances)
        splits = rule.splits(utterances)
        if own_data:
            root = corpora_root(data.root) if data.root else None
            training = training_clips(sources, root)
    return Clips(rule=rule, data=data, utterances=utterances, splits=splits, training=training)


def load_source(
    model: str, features: str | None, label_words: tuple[str, ...], data: DataSource
) -> Source:
    """Open a model by the options of `source_options`; its classes may be own labels."""
    labels = _labels(label_words)
    if data.labels == "own":
        with warnings.catch_warnings(action="ignore"):  # they come where the clips are loaded
            labels = {**{label: label for label in data.open().labels}, **labels}
    return open_source(model, features=features, labels=labels, open_checkpoint=_open_checkpoint)


def find_copies(
    clips: Clips, sources: Sequence[Source], *, audit: bool, quiet: bool
) -> tuple[Copy, ...] | None:
    """Return the copies among the clips at hand; None unless they are asked for, and can leak."""
    if not audit or not any(
        learns_at_hand(clips.splits, clips.at_hand, source) for source in sources
    ):
        return None
    from affekt.auditing import copies_among

    if clips.training and not quiet:
        click.echo(
            f"affekt: comparing with {len(clips.training)} recordings that a model may have learnt "
            "from: minutes the first time; --no-audit compares files alone",
            err=True,
        )
    with progress_bars(quiet=quiet) as bars:
        try:
            found = copies_among(clips.at_hand, progress=bars)
        except ConfigError as error:  # the answers cannot be kept
            say(f"nobody looked for copies: {error}")
            return None
    return tuple(Copy(first=first, second=second, kind=kind) for first, second, kind in found)


def leaks_of(clips: Clips, source: Source, *, audit: bool, quiet: bool) -> Leaks:
    """Return what the clips under test share with those that a model learnt from."""
    return find_leaks(
        clips.splits,
        clips.at_hand,
        source,
        copies=find_copies(clips, [source], audit=audit, quiet=quiet),
    )


def check_log(tested: Iterable[Utterance], log: Path | None) -> None:
    """Refuse a log that nothing can be added to, or where nobody of the lockbox is under test."""
    if lockbox_tested(tested):
        check_readings(log)
    elif log is not None:
        raise click.UsageError("--log is for readings of lockbox speakers, and none is under test")


def logged(report: Report, log: Path | None, *, origin: Origin = "user") -> Report:
    """Log what was read of the lockbox, if anything was; the report then says what became of it."""
    if not report.lockbox:
        return report
    reading = Reading.of(report, commit=commit_here(log), origin=origin)
    return dataclasses.replace(report, log=log_reading(reading, log))


def leave(*reports: Report, allowed: bool, quiet: bool) -> None:
    """Leave with exit code 3 where figures are not what they look like, and say why.

    Called last: all that was measured is written before.

    Args:
        reports: of what was measured.
        allowed: training speakers may be tested.
        quiet: no warning of what does not change the exit code.
    """
    reasons = []
    for report in reports:
        if report.unknown_names and not quiet:
            say(unknown_names(report))
        if report.failures:
            reasons.append(f"{report.bundle}: {unanswered(report)}")
        if report.tests_training_speakers and not allowed:
            reasons.append(
                f"{report.bundle}: {TRAINED_ON}, and its figures are marked; test others, or give "
                "--allow-training-speakers"
            )
    for reason in reasons:
        say(reason)
    if reasons:
        sys.exit(3)


def read_by(*places: object, clips: Clips) -> list[Path]:
    """Return what a command reads: models, logs, tables and recordings, where they are files."""
    named = [Path(str(place)) for place in (*places, clips.data.table) if place is not None]
    return [*named, *(item.path for item in clips.at_hand)]


def write_out(text: str, out: Path | None, *, force: bool) -> None:
    """Print a report, or write it to a file."""
    if out is None:
        echo(utf8(text).decode("utf-8"), nl=False)
        return
    write_output(out, text, force=force)
    say(f"report written to {out}")


def _decorated(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def _open_checkpoint(path: Path) -> Network:
    from affekt.training import open_checkpoint  # the extra `train`, for checkpoints alone

    return open_checkpoint(path)


def _labels(words: tuple[str, ...]) -> dict[str, str | None]:
    labels: dict[str, str | None] = {}
    for word in words:
        native, sign, emotion = word.rpartition("=")
        if not sign or not native:
            raise click.UsageError(f"--label {word}: give it as WORD=EMOTION")
        labels[native] = emotion or None
    try:
        check_labels(labels)
    except ValueError as error:
        raise click.UsageError(f"--label: {error}") from None
    return labels


def _rule(name: str | None, *, own_data: bool) -> Protocol:
    if name is None and not own_data:
        raise click.UsageError(
            f"no figure without its protocol: give --protocol {'|'.join(PROTOCOLS)}"
        )
    return protocol(name or "external")


def _chosen(rule: Protocol, data: DataSource) -> DataSource:
    """Return what was named, or the corpora here that the protocol names."""
    if sum((data.table is not None, data.folder is not None, bool(data.corpora))) > 1:
        raise click.UsageError("--table, --folder and --corpus exclude one another")
    if data.table is not None or data.folder is not None or data.corpora:
        return data
    place = corpora_root(data.root)
    tested = {corpus for corpus, _ in rule.tested()}
    chosen = tuple(name for name in CORPORA if name in tested and (place / name).is_dir())
    if not chosen:
        raise CorpusError(
            f"{place}: none of the corpora that the protocol names ({', '.join(sorted(tested))})"
            if tested
            else f"protocol '{rule.name}' names no corpus: give --corpus, --table or --folder"
        )
    return dataclasses.replace(data, corpora=chosen)
