"""`affekt evaluate`: measure a model under a protocol."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import click

from affekt.cli import measuring
from affekt.cli.options import force_option
from affekt.corpora import DataSource
from affekt.errors import ConfigError
from affekt.evaluation import WRITERS, Report, unanswered
from affekt.evaluation import evaluate as measure
from affekt.evaluation.sources import Source
from affekt.output import check_output
from affekt.recognition import Bundle, shipped_bundles
from affekt.report import progress_bars


@click.command()
@click.argument("model", metavar="MODEL")
@measuring.clip_options
@measuring.source_options
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
    "--record",
    is_flag=True,
    help="Write the figures into the bundle's own metadata, for its card; its graph stays. Of the "
    "whole protocol, and of speakers known to be new alone.",
)
@measuring.stamp_options
@measuring.reading_options
@force_option
def evaluate(
    model: str,
    protocol_name: str | None,
    data: DataSource,
    features: str | None,
    label_words: tuple[str, ...],
    format_name: str,
    out: Path | None,
    log: Path | None,
    record: bool,
    audit: bool,
    allowed: bool,
    quiet: bool,
    force: bool,
) -> None:
    """Measure a model, or what it answered, under a protocol.

    MODEL is a name of `affekt models`, a bundle file, a checkpoint of `affekt train` or `affekt
    reproduce` (.ckpt), a scikit-learn model in ONNX form with --features, an audio-classification
    model of Hugging Face (hf:NAME or hf:FOLDER), or a CSV of predictions by any tool: a column
    path, and a column predicted or one probability column a label.

    Recalls, F1 and the confusion matrix are given per corpus, answered among the corpus' own
    classes and among all labels of the model, with intervals over speakers; and by gender, age,
    language, intensity, sentence and length.

    The report says what the clips under test share with those that were learnt from: voices,
    sentences, recordings and copies of them. Your own data is compared with the corpora that the
    model learnt from where --corpora or AFFEKT_CORPORA says where they lie. Where speakers
    under test may be training speakers of the model, its figures are marked, and the command ends
    with exit code 3.

    A clip that the model did not answer counts as wrong; the figures on those that it did stand
    beside, and the exit code is 3.

    Every reading of lockbox speakers is logged, under whatever protocol: the more often they are
    looked at, the less they say.
    """
    source = measuring.load_source(model, features, label_words, data)
    clips = measuring.load_clips(protocol_name, data, sources=[source], quiet=quiet)
    if record:
        _check_record(source, clips)
    if out is not None:
        check_output(out, inputs=measuring.read_by(model, log, clips=clips), force=force)
    measuring.check_log(clips.tested, log)
    copies = measuring.find_copies(clips, [source], audit=audit, quiet=quiet)
    with progress_bars(quiet=quiet) as bars:
        report = measure(
            source,
            clips.utterances,
            clips.rule,
            splits=clips.splits,
            training_clips=clips.training,
            copies=copies,
            progress=functools.partial(bars, "clips"),
        )
    refusal = _no_card_figures(report) if record else None
    if record and refusal is None:
        report = _recorded(report)
    ships = Path(report.bundle_path) in shipped_bundles().values()
    released = record and refusal is None and ships
    report = measuring.logged(report, log, origin="release" if released else "user")
    measuring.write_out(WRITERS[format_name](report), out, force=force)
    if refusal is not None:
        raise ConfigError(f"--record: nothing was recorded: {refusal}")
    measuring.leave(report, allowed=allowed, quiet=quiet)


def _check_record(source: Source, clips: measuring.Clips) -> None:
    """Refuse figures that no card would show, before any recording is read for them.

    Raises:
        UsageError: the source is no bundle, speakers are not new, or clips are missing.
    """
    if source.kind != "bundle":
        raise click.UsageError(f"--record: {source.title} is no bundle")
    if not clips.rule.new_speakers:
        raise click.UsageError(
            f"--record: a card shows figures of new speakers alone, and '{clips.rule.name}' tests "
            "others"
        )
    missing = clips.rule.tested() - {item.corpus_speaker for item in clips.tested}
    if missing:
        named = ", ".join(sorted({corpus for corpus, _ in missing}))
        raise click.UsageError(
            f"--record: a card shows the whole protocol, and {len(missing)} of the speakers that "
            f"'{clips.rule.name}' names have no clips here (of {named})"
        )


def _no_card_figures(report: Report) -> str | None:
    """Return why a card must not show these figures; None where it may."""
    if report.tests_training_speakers:
        return (
            f"{report.bundle} may have been trained on these speakers or recordings, and its card "
            "shows figures of others alone"
        )
    if report.failures:
        return f"{unanswered(report)}, and a card shows figures of all clips"
    if not report.new_speakers:
        return (
            f"it is unknown whether {report.bundle} was trained on these speakers, and its card "
            "shows figures of others alone"
        )
    return None


def _recorded(report: Report) -> Report:
    """Write the figures into the bundle; the report then names the file that holds them."""
    from affekt.training import record_figures  # the extra `train`, for this option alone

    path, figures = Path(report.bundle_path), report.card_figures()
    if Bundle.load(path).metadata.figures.get(report.protocol) != figures:
        record_figures(path, {report.protocol: figures})
    return dataclasses.replace(report, bundle_sha256=Bundle.load(path).sha256)
