"""`affekt report`: all that is known of a model, on one page."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path

import click

from affekt.cli import measuring
from affekt.cli.data import words_of
from affekt.cli.options import force_option
from affekt.cli.saying import say
from affekt.corpora import VOTED_CORPUS, DataSource, corpora_root, read_votes
from affekt.errors import CorpusError
from affekt.evaluation import report_of
from affekt.evaluation.confidence import answer_tested, clips_to_fit_on
from affekt.evaluation.sources import HUGGING_FACE
from affekt.output import check_output
from affekt.report import progress_bars


@click.command()
@click.argument("model", metavar="MODEL")
@measuring.clip_options
@measuring.source_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    required=True,
    help="Where the page (NAME.html) and everything in it (NAME.json) go.",
)
@click.option(
    "--per-corpus",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    metavar="N",
    help="Clips of each corpus to measure robustness and prediction stability on.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of that sample."
)
@measuring.stamp_options
@measuring.reading_options
@force_option
def report(
    model: str,
    protocol_name: str | None,
    data: DataSource,
    features: str | None,
    label_words: tuple[str, ...],
    out: Path,
    per_corpus: int,
    seed: int,
    audit: bool,
    allowed: bool,
    log: Path | None,
    quiet: bool,
    force: bool,
) -> None:
    """Measure a model under a protocol, and write a report for people and as JSON.

    MODEL is whatever affekt evaluate takes. One page that needs nothing else says what to worry
    about first; then figures under the protocol, differences between people, confidence,
    robustness, the model beside people who listened, and what was not measured. A clip that the
    model did not answer counts as wrong, and the exit code is then 3.

    Every reading of lockbox speakers is logged.
    """
    from affekt.evaluation.card import (  # Jinja: a long way before it is needed
        card_files,
        measure_card,
        write_card,
    )

    out.mkdir(parents=True, exist_ok=True)  # or fail now, not after a quarter of an hour
    source = measuring.load_source(model, features, label_words, data)
    clips = measuring.load_clips(protocol_name, data, sources=[source], quiet=quiet)
    for path in card_files(out, source.name):
        check_output(path, inputs=measuring.read_by(model, log, clips=clips), force=force)
    tested = clips.tested
    measuring.check_log(tested, log)
    fit_on = clips_to_fit_on(source, clips.utterances, tested)
    leaks = measuring.leaks_of(clips, source, audit=audit, quiet=quiet)
    with progress_bars(quiet=quiet) as bars:
        gathered = answer_tested(
            source,
            tested,
            fit_on,
            progress=functools.partial(bars, "figures"),
            progress_of_fit=functools.partial(bars, "temperature"),
        )
        figures = report_of(
            source,
            gathered.answers,
            clips.rule,
            at_hand=clips.utterances,
            leaks=leaks,
        )
        if said := measuring.logged(figures, log).log:
            say(f"this reading of the lockbox is {said}")
        card = measure_card(
            source,
            gathered,
            figures,
            votes=_votes(data.root) if any(item.corpus == VOTED_CORPUS for item in tested) else {},
            command=_command(
                model,
                clips.rule.name,
                data,
                corpora=data.root is not None or bool(clips.training),
                features=features,
                label_words=label_words,
                per_corpus=per_corpus,
                seed=seed,
                audit=audit,
            ),
            per_corpus=per_corpus,
            seed=seed,
            progress=lambda what: functools.partial(bars, what),
        )
    for path in write_card(out, card, force=force):
        say(f"report written to {path}")
    measuring.leave(figures, allowed=allowed, quiet=quiet)


def _votes(root: Path | None) -> dict[str, tuple[int, ...]]:
    try:
        return dict(read_votes(corpora_root(root) / VOTED_CORPUS))
    except CorpusError as error:
        say(f"{error}")
        return {}


def _command(
    model: str,
    protocol: str,
    data: DataSource,
    *,
    corpora: bool,
    features: str | None,
    label_words: tuple[str, ...],
    per_corpus: int,
    seed: int,
    audit: bool,
) -> str:
    """The command again, without places that are nobody else's: files and folders by name."""
    words = ["affekt", "report", _called(model), "--protocol", protocol]
    if corpora or not (data.table or data.folder):
        words += ["--corpora", "ROOT"]
    words += words_of(data)
    if features:
        words += ["--features", features]
    for word in label_words:
        words += ["--label", word]
    words += ["--per-corpus", str(per_corpus), "--seed", str(seed), "--out", "DIR"]
    return shlex.join([*words, *([] if audit else ["--no-audit"])])


def _called(model: str) -> str:
    """Return what to call a model: a file or a folder goes by its name."""
    prefix = HUGGING_FACE if model.startswith(HUGGING_FACE) else ""
    place = Path(model.removeprefix(prefix))
    return prefix + place.resolve().name if place.exists() else model
