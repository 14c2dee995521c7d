"""What is kept of a run: its record, its report and what its bundle says of itself."""

from __future__ import annotations

import os
import platform
from collections import Counter
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import affekt
from affekt.evaluation import Reading, checkout_of, clips_digest, commit_of
from affekt.evaluation.figures import ClassificationFigures
from affekt.evaluation.overlap import lockbox_tested
from affekt.evaluation.run_report import write_report
from affekt.published.config import claims_of
from affekt.published.job import Job, feature_version
from affekt.published.tables import epochs_of
from affekt.recognition import BundleMetadata
from affekt.training import (
    Clips,
    History,
    RowSplit,
    clip_name,
    corpora_terms,
    facts_of,
    front_end_of,
    lightning_precision,
    training_data,
)

_CLAIMS = ("metric", "value", "train_value", "others", "recalls")
_LIBRARIES = ("torch", "numpy", "scikit-learn", "lightning")


def about(job: Job, rows: Clips, split: RowSplit) -> dict[str, Any]:
    """Return what a run was made of, as JSON types."""
    system = job.system
    used = Counter(item.corpus for item in rows.utterances)
    tested = [rows.utterances[k] for k in np.unique(rows.clip[split.test])]
    checkout = checkout_of(Path(affekt.__file__))
    return {
        "name": system.name,
        "text": claims_of(system).text,
        "protocol": split.name,
        "protocol_description": split.description,
        "seed": job.seed,
        "quick": job.quick,
        "published": {name: getattr(claims_of(system), name) for name in _CLAIMS},
        "labels": list(system.labels),
        "corpora": dict(used),
        "corpora_missing": list(rows.missing),
        "clips_left_out": len(rows.skipped),
        "feature_version": feature_version(system),
        "rows": {
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
        },
        "test_rows_with_their_recording_in_training": split.shared_clips,
        "test_speakers_in_training": split.shared_speakers,
        "test_clips": len(tested),
        "test_clips_sha256": clips_digest(tested),
        "test_speakers_of_the_lockbox": ["/".join(pair) for pair in lockbox_tested(tested)],
        "epochs_asked": system.fit.epochs,
        "epochs_of_recipe": job.own_epochs,
        "command": job.command,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit_of(checkout, ignoring=job.out.absolute()) if checkout else "unknown",
        "precision": lightning_precision(system.fit.precision),
        "processor": _processor(),
        "versions": {
            "affekt": affekt.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "settings": job.settings(),
    }


def reading_of(record: dict[str, Any], *, bundle_sha256: str) -> Reading | None:
    """Return the reading of lockbox speakers that a run is; None if none of them was tested.

    Runs of before records told whom they test are none either.
    """
    speakers = record.get("test_speakers_of_the_lockbox")
    if not speakers:
        return None
    return Reading(
        date=record["date"],
        commit=record["commit"],
        protocol=f"reproduce: {record['protocol']}",
        bundle=f"{record['name']}, seed {record['seed']}",
        bundle_sha256=bundle_sha256,
        clips=record["test_clips"],
        clips_sha256=record["test_clips_sha256"],
        failed=0,
        ua={corpus: figures["ua"] for corpus, figures in record["by_corpus"].items()},
        origin="reproduction",
        note=f"lockbox speakers among those under test: {len(speakers)}"
        + ("; quick: a small share of the data" if record["quick"] else ""),
    )


def metadata(
    job: Job, rows: Clips, split: RowSplit, record: dict[str, Any], network: nn.Module
) -> BundleMetadata:
    """Return what the bundle of a run says of itself."""
    system = job.system
    learnt = [rows.utterances[k] for k in np.unique(rows.clip[split.train])]
    # The validation part chose the weights: its speakers are not new to them either.
    seen = np.concatenate([split.train, split.validation])
    trained_on = {rows.utterances[k].speaker_key for k in rows.clip[seen]}
    held_out: dict[str, set[str]] = {}
    for item in rows.utterances:
        if item.speaker_key not in trained_on:
            held_out.setdefault(item.corpus, set()).add(item.speaker)
    figures = record["figures"]
    return BundleMetadata(
        name=system.name,
        version=f"{affekt.__version__}+{split.name}.seed{job.seed}",
        labels=system.labels,
        temperature=1.0,
        threshold=0.0,
        licence="the terms of the corpora it was trained on",
        licence_text=corpora_terms(rows.utterances),
        training_data=tuple(training_data(learnt)),
        held_out={corpus: sorted(speakers) for corpus, speakers in held_out.items()},
        recipe=job.settings(),
        figures={split.name: {"accuracy": figures["accuracy"], "ua": figures["ua"]}},
        created=record["date"],
        description=(
            f"{system.name} of: {claims_of(system).text}; rebuilt. Split: {split.description}. "
            "Its probabilities are not calibrated."
        ),
        not_for=("anything but comparison with its text",),
        **front_end_of(system, network),
    )


def _processor() -> str:
    """Return what a run's seconds were measured on: kind of processor, its cores, the threads."""
    kind = platform.machine() or "unknown"
    return f"{kind}, cores: {os.cpu_count()}, threads: {torch.get_num_threads()}"


def report(
    job: Job,
    rows: Clips,
    split: RowSplit,
    figures: ClassificationFigures,
    history: History,
    record: dict[str, Any],
) -> None:
    """Write the report of a run into its folder."""
    copied = job.system.rows_have_copies
    published = record["published"]
    claim = "none given" if published["value"] is None else f"{published['value']:g} %"
    facts = {
        "published": f"{published['metric'].replace('_', ' ')} {claim}",
        **({"quick": "a small share of the data; its figures mean nothing"} if job.quick else {}),
        "protocol": f"{record['protocol']}: {record['protocol_description']}",
        "seed": job.seed,
        "rows": ", ".join(f"{name} {count}" for name, count in record["rows"].items()),
        **facts_of(rows, [split], record["by_corpus"]),
        "corpora missing": ", ".join(record["corpora_missing"]) or "none",
        "parameters": record["parameters"],
        "epochs": epochs_of([record]),
        **({"what is counted": "rows: clips and copies of clips"} if copied else {}),
        "seconds": f"{record['seconds']:.0f} of training, on {record['processor']}",
        "command": record["command"],
        "commit": record["commit"],
        "versions": ", ".join(f"{name} {number}" for name, number in record["versions"].items()),
    }
    recordings = None
    if job.embed_audio:
        originals = np.flatnonzero(rows.copy == 0).tolist()
        paths = [rows.utterances[rows.clip[row]].path for row in originals]
        names = [clip_name(rows, row, (job.corpora,)) for row in originals]
        recordings = dict(zip(names, paths, strict=True))
    recalls = claims_of(job.system).recalls
    write_report(
        job.folder,
        title=f"{job.system.name}, {record['protocol']}, seed {job.seed}",
        figures=figures,
        history=history,
        facts=facts,
        notes=claims_of(job.system).inferred,
        recordings=recordings,
        published_recalls={label: value / 100.0 for label, value in recalls.items()} or None,
        force=True,  # what lies in a run's own folder is the run's
    )
