"""`affekt doubt`: the name that the confidence of `affekt report` had before."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import click

from affekt.cli import measuring
from affekt.cli.options import force_option
from affekt.cli.saying import echo, say
from affekt.corpora import DataSource
from affekt.report import progress_bars

_STAMP = (
    *("protocol", "protocol_version", "protocol_description", "speakers_apart", "bundle"),
    *(
        "bundle_sha256",
        "date",
        "affekt_version",
        "clips",
        "speakers",
        "missing",
        "training_speakers_tested",
    ),
    *("new_speakers", "training_data_known", "lockbox", "leaks"),
)
_FILES = ("doubt.json", "reliability.png", "risk.png", "domain.png")


@click.command()
@click.argument("model", metavar="MODEL")
@measuring.clip_options
@measuring.source_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write doubt.json and the plots there; without it, the JSON is printed.",
)
@measuring.stamp_options
@measuring.reading_options
@force_option
def doubt(
    model: str,
    protocol_name: str | None,
    data: DataSource,
    features: str | None,
    label_words: tuple[str, ...],
    out: Path | None,
    audit: bool,
    allowed: bool,
    log: Path | None,
    quiet: bool,
    force: bool,
) -> None:
    """Measure calibration, risk, prediction sets and novelty of MODEL under a protocol.

    MODEL is whatever affekt evaluate takes. Each clip is heard as it is and over a telephone (300
    to 3400 Hz, 8 kHz, mu-law). A model that brings no calibration is measured before and after one
    temperature, fitted on the `calibrate` speakers who are not under test. A clip that the model
    did not answer has no confidence: the JSON counts these, and the exit code is then 3.

    Every reading of lockbox speakers is logged.
    """
    from affekt.evaluation import TRAINED_ON, constant_answers, report_of
    from affekt.evaluation.confidence import answer_tested, clips_to_fit_on, confidence_of
    from affekt.output import check_output, write_outputs

    source = measuring.load_source(model, features, label_words, data)
    clips = measuring.load_clips(protocol_name, data, sources=[source], quiet=quiet)
    if out is not None:
        for name in _FILES:
            check_output(out / name, force=force, makes_folder=True)
    tested = clips.tested
    measuring.check_log(tested, log)
    fit_on = clips_to_fit_on(source, clips.utterances, tested)
    with progress_bars(quiet=quiet) as bars:
        gathered = answer_tested(
            source,
            tested,
            fit_on,
            progress=functools.partial(bars, "clips"),
            progress_of_fit=functools.partial(bars, "temperature"),
        )
    report = report_of(
        source,
        gathered.answers,
        clips.rule,
        at_hand=clips.utterances,
        leaks=measuring.leaks_of(clips, source, audit=audit, quiet=quiet),
    )
    if said := measuring.logged(report, log).log:
        say(f"this reading of the lockbox is {said}")
    found = confidence_of(gathered)
    others = gathered.fitted_on.utterances if gathered.fitted_on else ()
    fitted_on = {"clips": len(others), "speakers": len({item.speaker_key for item in others})}
    stamp = report.to_dict()
    head = {name: stamp[name] for name in _STAMP} | {
        "constant": [said for item in report.corpora for said in constant_answers(item)],
        "unanswered": len(report.failures),
        "unknown_names": report.unknown_names,
        "fitted_on": fitted_on,
    }
    parts = {
        name: part and part | {"new_speakers": report.new_speakers}
        for name, part in found.to_dict().items()
    }
    text = json.dumps(head | parts, indent=1) + "\n"
    if out is None:
        echo(text, nl=False)
    else:
        from affekt.evaluation.confidence import draw

        plots = draw(found, warning=TRAINED_ON if report.tests_training_speakers else "")
        write_outputs(out, {"doubt.json": text, **plots}, force=force)
        say(f"written to {out}")
    measuring.leave(report, allowed=allowed, quiet=quiet)
