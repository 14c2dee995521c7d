"""`affekt calibrate`: fit a bundle's confidence, prediction sets and novelty."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import click

from affekt.cli.data import data_options
from affekt.cli.options import force_option, remarks_shown
from affekt.cli.saying import echo
from affekt.cli.terms import say_terms_once
from affekt.corpora import CORPORA, DataSource, corpora_root
from affekt.recognition import BundleMetadata
from affekt.report import progress_bars


@click.command()
@click.argument("model", metavar="MODEL")
@data_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the bundle there.  [default: in its place]",
)
@click.option(
    "--cross-fitted",
    "cross_fitted",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    multiple=True,
    help="A bundle of MODEL's recipe that did not learn from the `select` speakers: what it "
    "answers them is fitted on too. May be repeated.",
)
@click.option(
    "--version", metavar="TEXT", help="Of the bundle that is written.  [default: its own]"
)
@force_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def calibrate(
    model: str,
    data: DataSource,
    out: Path | None,
    cross_fitted: tuple[Path, ...],
    version: str | None,
    force: bool,
    quiet: bool,
) -> None:
    """Fit temperature, prediction sets and novelty of MODEL, and write them into its file.

    Heard are the `calibrate` speakers of the corpora that the model learnt from, a part of what it
    learnt from, and synthetic sounds that are no speech. Speakers of the lockbox are not. Corpora
    without `calibrate` speakers are judged by cross-fitted models (--cross-fitted).

    Of your own recordings (--table, --folder), all speakers are used whom the model does not say
    that it learnt from.
    """
    from affekt.evaluation.confidence import synthetic_sounds
    from affekt.output import check_output
    from affekt.recognition.bundles import bundle_path
    from affekt.training.calibration import calibrate_bundle, metadata_of

    path = bundle_path(model)
    if out is not None:
        check_output(out, inputs=[path, *cross_fitted], force=force, makes_folder=True)
    metadata = metadata_of(path)
    say_terms_once(metadata, quiet=quiet)
    target = out or path
    with remarks_shown(quiet=quiet):
        utterances = _learnt_from(metadata, data).open().utterances
    with progress_bars(quiet=quiet) as bars:
        found = calibrate_bundle(
            path,
            utterances,
            (sound.signal for sound in synthetic_sounds()),
            out=target,
            cross_fitted=cross_fitted,
            version=version,
            force=force,
            progress=functools.partial(bars, "clips"),
        )
    fitted = found.fitted
    for form, nll in fitted.left_out_nll.items():
        chosen = " (chosen)" if form == fitted.record["form"] else ""
        echo(f"{form}{chosen}: NLL {nll:.4f} on speakers left out")
    echo(
        f"sets of {fitted.prediction_set.coverage:.0%}: labels of at least "
        f"{1.0 - fitted.prediction_set.quantile:.1%}; uncertain below {fitted.threshold:.3f}"
    )
    echo(f"{target}: within {found.difference:.1e} of numpy at every length")


def _learnt_from(metadata: BundleMetadata, data: DataSource) -> DataSource:
    """Return people's own recordings beside the corpora here that a model learnt from."""
    names = [str(item["corpus"]) for item in metadata.training_data]
    known = [name for name in names if name in CORPORA]
    if not known and (data.table or data.folder):
        return data
    root = corpora_root(data.root)
    here = tuple(name for name in data.corpora or known if (root / name).is_dir())
    return dataclasses.replace(data, corpora=here)
