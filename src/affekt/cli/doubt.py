"""`affekt doubt`: measure what a bundle's doubts are worth."""

from __future__ import annotations

import json
from pathlib import Path

import click

from affekt.cli import measuring


@click.command()
@click.argument("model", metavar="MODEL")
@measuring.clip_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write doubt.json and the plots there; without it, the JSON is printed.",
)
@click.option("--quiet", is_flag=True, help="No progress bar and no warnings.")
def doubt(
    model: str,
    protocol_name: str | None,
    root: Path | None,
    names: tuple[str, ...],
    table: Path | None,
    folder: Path | None,
    out: Path | None,
    quiet: bool,
) -> None:
    """Measure calibration, risk, prediction sets and novelty of MODEL under a protocol.

    Each clip is heard as it is and over a telephone (300 to 3400 Hz, 8 kHz, mu-law). Reading the
    lockbox is logged, as `affekt evaluate` does it.
    """
    from affekt.evaluation.doubt_run import doubt_of, hear_doubt
    from affekt.evaluation.report import own_classes, report_of, tested_clips
    from affekt.recognition.bundle import Bundle

    bundle = Bundle.load(model)
    clips = measuring.load_clips(protocol_name, root, names, table, folder, quiet=quiet)
    tested = tested_clips(clips.rule, clips.utterances)
    with measuring.progress_bars(quiet) as bar:
        heard = hear_doubt(bundle, tested, bar("clips"))
    if clips.rule.name == "lockbox":
        report = report_of(
            measuring.load_source(model, None, ()),
            heard.clean,
            clips.rule,
            classes=own_classes(tested, measuring.declared_classes()),
            collections=measuring.collections(),
        )
        click.echo(f"affekt: {measuring.log_reading(report, None)}", err=True)
    found = doubt_of(bundle, heard)
    head = {"bundle": bundle.metadata.title, "bundle_sha256": bundle.sha256}
    text = json.dumps(head | {"protocol": clips.rule.name} | found.to_dict(), indent=1) + "\n"
    if out is None:
        click.echo(text, nl=False)
        return
    from affekt.evaluation.doubt_plots import draw

    out.mkdir(parents=True, exist_ok=True)
    (out / "doubt.json").write_text(text, encoding="utf-8")
    draw(found, out)
    click.echo(f"affekt: written to {out}", err=True)
