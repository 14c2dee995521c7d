"""Carry out the runs of some systems, one after the other."""

from __future__ import annotations

import dataclasses
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.errors import BundleError, ConfigError, CorpusError
from affekt.evaluation import check_readings, log_reading
from affekt.parallel import only_one
from affekt.published.config import claims_of
from affekt.published.data import load_rows
from affekt.published.job import Job
from affekt.published.record import reading_of
from affekt.published.run import run_job
from affekt.published.tables import figure
from affekt.recognition import Bundle
from affekt.training import QUICK_EPOCHS, Recipe, Rule, Say, check_recipe, reading_bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user asks `affekt reproduce` for.

    Attributes:
        systems: the configurations.
        rules: protocols; one that makes no difference to a system is passed over.
        out: folder of all runs.
        corpora: folder of the recordings.
        seeds: instead of the configuration's own.
        epochs: instead of the configuration's own.
        quick: a small share of the data, two epochs and one seed, to try the whole path.
        embed_audio: put the sound of misclassified clips into the HTML reports.
        command: as the user gave it, for the record.
        log: of readings of lockbox speakers; None is that of the checkout one works in.
        say: takes one line for the reader at a time.
        show_progress: draw progress bars.
    """

    systems: tuple[Recipe, ...]
    rules: tuple[Rule, ...]
    out: Path
    corpora: Path
    seeds: tuple[int, ...] | None
    epochs: int | None
    quick: bool
    embed_audio: bool
    command: str
    say: Say
    show_progress: bool
    log: Path | None = None


def reproduce(request: Request) -> list[dict[str, Any]]:
    """Carry out every run that is not finished yet, and return the records of all.

    A system whose recordings are not here is passed over where others are asked for as well.

    Raises:
        CorpusError: no system has the recordings that it needs.
        ConfigError: no system is asked for anything that it does.
        BundleError: the bundle of the only system differs from its network.
        ConfigError: a folder holds a run of other settings.
        OSError: the folder of all runs cannot be made.
        KeyboardInterrupt: interrupted; the same request goes on where it was.
    """
    request.out.mkdir(parents=True, exist_ok=True)  # before hours of work end at it
    check_readings(request.log)
    records: list[dict[str, Any]] = []
    for system in request.systems:
        try:
            records.extend(_runs_of(request, system))
        except (CorpusError, BundleError) as error:
            if len(request.systems) == 1:
                raise
            request.say(f"{system.name}: passed over: {error}")
        except KeyboardInterrupt:
            request.say("interrupted; the same command goes on where it was")
            raise
    if not any(_jobs(request, system) for system in request.systems):
        names = ", ".join(system.name for system in request.systems)
        raise ConfigError(
            f"{names}: split before copying as published, so that {request.rules[0]} is no "
            "protocol of its own"
        )
    if not records:
        raise CorpusError(f"no system could be run with the recordings under {request.corpora}")
    return records


def _runs_of(request: Request, system: Recipe) -> list[dict[str, Any]]:
    """Return the records of a system, after the runs that were not finished before."""
    jobs = _jobs(request, system)
    if not jobs:
        request.say(
            f"{system.name}: passed over: its text splits before it copies, so that "
            "split-before-copies is as published"
        )
        return []
    finished = [job.finished() for job in jobs]
    records = [record for record in finished if record is not None]
    if len(records) == len(jobs):
        stays = "; its reports stay as they are" if request.embed_audio else ""
        request.say(f"{system.name}: finished before, in {request.out / system.name}{stays}")
        for job, done in zip(jobs, records, strict=True):
            _log(request, job, done)
        return records
    check_recipe(system, has_validation=system.protocol.validation_share > 0.0)
    with reading_bar(show=request.show_progress) as progress:
        rows = load_rows(system, request.corpora, quick=request.quick, progress=progress)
    if rows.missing:
        request.say(f"{system.name}: goes on without {', '.join(rows.missing)}, not found here")
    if rows.skipped:
        reason = rows.skipped[0][1]
        request.say(f"{system.name}: {len(rows.skipped)} clips left out, the first: {reason}")
    records = []
    for job, record in zip(jobs, finished, strict=True):
        if record is None:
            request.say(f"{system.name}, {job.rule}, seed {job.seed}")
            with _alone(job.folder):
                record = job.finished() or run_job(job, rows)
            request.say(_line(record))
        _log(request, job, record)
        records.append(record)
    return records


def _log(request: Request, job: Job, record: dict[str, Any]) -> None:
    """Log what a run read of the lockbox, also where it ended before its row was written."""
    if reading := reading_of(record, bundle_sha256=Bundle.load(job.bundle).sha256):
        request.say(f"{reading.note}; {log_reading(reading, request.log)}")


def _alone(folder: Path) -> AbstractContextManager[None]:
    """Keep another process from the run of the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    busy = f"{folder}: another 'affekt reproduce' is at this run"
    return only_one(
        folder / ".lock", busy=f"{busy}: wait until it has ended, or choose another --out"
    )


def _jobs(request: Request, system: Recipe) -> list[Job]:
    own_epochs, own_seeds = system.fit.epochs, claims_of(system).seeds
    epochs = request.epochs or (min(QUICK_EPOCHS, own_epochs) if request.quick else None)
    if epochs is not None:
        system = dataclasses.replace(system, fit=dataclasses.replace(system.fit, epochs=epochs))
    seeds = request.seeds or (own_seeds[:1] if request.quick else own_seeds)
    seeds = tuple(dict.fromkeys(seeds))  # a run that is counted twice would bend the mean
    rules = [
        rule
        for rule in request.rules
        if rule != "split-before-copies" or system.protocol.leak == "copies"
    ]
    return [
        Job(
            system=system,
            own_epochs=own_epochs,
            rule=rule,
            seed=seed,
            quick=request.quick,
            out=request.out,
            corpora=request.corpora,
            command=request.command,
            embed_audio=request.embed_audio,
            say=request.say,
        )
        for rule in rules
        for seed in seeds
    ]


def _line(record: dict[str, Any]) -> str:
    metric, published = record["published"]["metric"], record["published"]["value"]
    beside = "none given" if published is None else f"{published:g} %"
    return (
        f"{record['name']}, {record['protocol']}, seed {record['seed']}: {metric} "
        f"{figure(record):.1f} % (published: {beside}), {record['seconds']:.0f} s"
    )
