"""Carrying out one run of a published system: train, measure, report, export."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from typing import Any

from affekt.output import write_outputs
from affekt.published.job import RECORD, Job
from affekt.published.record import about, metadata, report
from affekt.training import (
    Clips,
    Task,
    by_corpus,
    check_classes,
    export_bundle,
    figures_of,
    fit_network,
    probabilities_of_part,
    run_settings,
    split_rows,
)


def run_job(job: Job, rows: Clips) -> dict[str, Any]:
    """Train, measure, report and export; return the record, which lies in the folder as well.

    Args:
        job: what is asked for.
        rows: of its system.

    Raises:
        CorpusError: a class has no row to learn from.
        ConfigError: the folder holds a run of other settings, corpora or features.
        BundleError: the exported file differs from the network; the record is kept.
        KeyboardInterrupt: interrupted; the same job goes on from its newest checkpoint.
    """
    recipe = dataclasses.replace(job.system, seed=job.seed)
    split = split_rows(recipe, rows, job.rule, seed=job.seed)
    train, validation, test = (
        rows.part(numbers) for numbers in (split.train, split.validation, split.test)
    )
    check_classes(recipe, train)
    module, history = fit_network(
        Task(
            recipe=recipe,
            train=train,
            validation=validation,
            checkpoints=job.folder / "checkpoints",
            settings=run_settings(
                recipe,
                rule=job.rule,
                quick=job.quick,
                clips=dict(Counter(item.corpus for item in rows.utterances)),
            ),
            say=job.say,
        )
    )
    probabilities = probabilities_of_part(module, test)
    figures = figures_of(rows, split.test, probabilities, (job.corpora,))
    hits = probabilities.argmax(axis=1) == test.own_targets
    on_train = probabilities_of_part(module, train).argmax(axis=1)
    record = {
        **about(job, rows, split),
        "parameters": sum(item.numel() for item in module.network.parameters()),
        "epochs": len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "train_accuracy": float((on_train == train.own_targets).mean()),
        "originals_accuracy": float(hits[rows.copy[split.test] == 0].mean()),
        "by_corpus": by_corpus(rows, split.test, probabilities),
        "figures": figures.to_dict(),
        "history": list(history),
    }
    report(job, rows, split, figures, history, record)
    # What lies in a run's own folder is the run's.
    write_outputs(job.folder, {RECORD: json.dumps(record, indent=1) + "\n"}, force=True)
    about_bundle = metadata(job, rows, split, record, module.network)
    export_bundle(module, recipe, about_bundle, job.bundle, force=True)
    return record
