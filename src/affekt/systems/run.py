"""Carrying out one run of a published system: train, measure, report, export."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from affekt.augment import Pipeline
from affekt.config import from_mapping
from affekt.errors import CorpusError
from affekt.evaluation.classification import classify
from affekt.features.sets import find_feature_set
from affekt.models import create_classifier
from affekt.models.pathak_mlp import PathakMlpConfig
from affekt.output import write_outputs
from affekt.systems.config import System
from affekt.systems.data import Rows, split_rows
from affekt.systems.job import RECORD, Job
from affekt.systems.record import about, by_corpus, clip_ids, metadata, report
from affekt.training.checkpoint import Watch
from affekt.training.classifier import (
    ClassifierRun,
    check_validation,
    fit_classifier,
    load_weights,
    probabilities_of,
)
from affekt.training.classifier_export import export_classifier
from affekt.training.features import FeatureRows, Normalisation, fit_normalisation
from affekt.training.history import History
from affekt.training.mlp import fit_mlp


def run_job(job: Job, rows: Rows) -> dict[str, Any]:
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
    system = job.system
    split = split_rows(system, rows, job.rule, seed=job.seed)
    parts = [
        FeatureRows(rows.features, rows.targets, part)
        for part in (split.train, split.validation, split.test)
    ]
    train, validation, test = parts
    check_classes(system, train)
    normalisation = fit_normalisation(train, over=system.features.normalise_over)
    network, history = fit_network(
        system,
        train,
        validation,
        normalisation,
        seed=job.seed,
        folder=job.folder / "checkpoints",
        settings={
            **job.settings(),
            "clips": dict(Counter(item.corpus for item in rows.utterances)),
            "feature_version": find_feature_set(system.features.set).version,
        },
        say=job.say,
    )
    probabilities = probabilities_of(network, normalisation, test)
    labels = system.data.labels
    figures = classify(
        [rows.utterances[k] for k in rows.clip[split.test]],
        [labels[k] for k in test.own_targets],
        probabilities,
        labels,
        clip_ids=clip_ids(job, rows, split.test.tolist()),
        rng=np.random.default_rng(0),
    )
    hits = probabilities.argmax(axis=1) == test.own_targets
    on_train = probabilities_of(network, normalisation, train).argmax(axis=1)
    record = {
        **about(job, rows, split),
        "parameters": sum(item.numel() for item in network.parameters()),
        "epochs": len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "train_accuracy": float((on_train == train.own_targets).mean()),
        "originals_accuracy": float(hits[rows.copy[split.test] == 0].mean()),
        "by_corpus": by_corpus(rows, split.test, probabilities),
        "figures": figures.to_dict(),
        "history": list(history),
    }
    report(job, rows, figures, history, record)
    # What lies in a run's own folder is the run's.
    write_outputs(job.folder, {RECORD: json.dumps(record, indent=1) + "\n"}, force=True)
    export_classifier(
        network,
        mean=normalisation.mean,
        scale=normalisation.scale,
        metadata=metadata(job, rows, split, record),
        path=job.bundle,
    )
    return record


def fit_network(
    system: System,
    train: FeatureRows,
    validation: FeatureRows,
    normalisation: Normalisation,
    *,
    seed: int,
    folder: Path,
    settings: Mapping[str, Any],
    say: Callable[[str], None],
    watch: Watch | None = None,
) -> tuple[nn.Module, History]:
    """Train the network of a system, or go on training it.

    Args:
        system: its model, augmentation and options.
        train: rows to learn from.
        validation: rows to decide by; may be empty.
        normalisation: fitted on `train`.
        seed: of the run.
        folder: of the checkpoints.
        settings: what the run is made of; a checkpoint of others is refused.
        say: takes a line after each epoch.
        watch: as `fit_classifier` calls it; never for a model that scikit-learn fits.

    Raises:
        ConfigError: an option needs a validation part, or the folder holds another run.
        KeyboardInterrupt: interrupted; the newest checkpoint is kept.
    """
    if system.model.name == "pathak-mlp":
        sizes = from_mapping(PathakMlpConfig, system.model.settings, where="model 'pathak-mlp'")
        return fit_mlp(train, normalisation, system.fit, hidden=sizes.hidden, seed=seed, say=say)
    network = make_network(system)
    run = ClassifierRun(
        network=network,
        fit=system.fit,
        seed=seed,
        train=train,
        validation=validation,
        normalisation=normalisation,
        pipeline=pipeline_of(system),
        folder=folder,
        say=say,
    )
    return network, fit_classifier(run, settings=settings, watch=watch)


def make_network(system: System) -> nn.Module:
    """Return the untrained network of a system.

    Raises:
        ConfigError: its name, a setting, or features that it cannot take.
    """
    return create_classifier(
        system.model.name,
        input_shape=find_feature_set(system.features.set).shape,
        n_classes=len(system.data.labels),
        settings=system.model.settings,
    )


def check_system(system: System, *, has_validation: bool) -> None:
    """Refuse what a run would come upon only after the recordings were read.

    Raises:
        ConfigError: model, augmentation, weights to start from that are not to be had, or an
            option that looks at a validation part where there is none.
    """
    check_validation(system.fit, has_validation=has_validation)
    network = make_network(system)
    pipeline_of(system)
    if system.fit.start_from is not None:
        load_weights(network, system.fit.start_from)


def pipeline_of(system: System) -> Pipeline | None:
    """Return the augmentation of the training rows, if there is any."""
    if not system.augmentation:
        return None
    return Pipeline.for_images(system.augmentation, where=f"{system.name}: [[augmentation]]")


def check_classes(system: System, train: FeatureRows) -> None:
    """Refuse a training part that lacks a class.

    Raises:
        CorpusError: the message names the class.
    """
    absent = set(range(len(system.data.labels))) - set(train.own_targets.tolist())
    if absent:
        raise CorpusError(
            f"{system.name}: no clip to train on is labelled '{system.data.labels[min(absent)]}'; "
            "add a corpus that has it"
        )
