"""One run of a published system: one protocol, one seed, one folder."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

import affekt
from affekt.augment import Pipeline
from affekt.config import from_mapping, to_mapping
from affekt.corpora import CORPORA
from affekt.errors import ConfigError, CorpusError
from affekt.evaluation.classification import ClassificationFigures, classify
from affekt.evaluation.files import write_files
from affekt.evaluation.log import checkout_of, commit_of
from affekt.evaluation.run_report import write_report
from affekt.models import create_classifier
from affekt.models.pathak_mlp import PathakMlpConfig
from affekt.recognition import BundleMetadata
from affekt.systems.config import System
from affekt.systems.data import Rows, RowSplit, Rule, split_rows
from affekt.training.checkpoint import Watch
from affekt.training.classifier import (
    ClassifierRun,
    History,
    fit_classifier,
    probabilities_of,
)
from affekt.training.classifier_export import export_classifier
from affekt.training.features import FeatureRows, Normalisation, fit_normalisation
from affekt.training.mlp import fit_mlp

RECORD = "run.json"
_LIBRARIES = ("torch", "numpy", "scikit-learn", "lightning")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is run, and where it goes.

    Attributes:
        system: the configuration, its epochs overridden where that was asked for.
        own_epochs: of the configuration, before any override.
        rule: the protocol.
        seed: of weights, order and random split.
        quick: a small share of the data.
        out: folder of all runs.
        corpora: folder of the recordings.
        command: as the user gave it, for the record.
        embed_audio: put the sound of misclassified clips into the HTML report.
        say: takes one line for the reader at a time.
    """

    system: System
    own_epochs: int
    rule: Rule
    seed: int
    quick: bool
    out: Path
    corpora: Path
    command: str
    embed_audio: bool
    say: Callable[[str], None]

    @property
    def folder(self) -> Path:
        """Folder of this run alone."""
        return self.out / self.system.name / self.rule / f"seed-{self.seed}"

    def settings(self) -> dict[str, Any]:
        """Return what the figures depend on, as plain types."""
        system = to_mapping(self.system)
        told = {key: system[key] for key in ("data", "features", "model", "fit", "split_seed")}
        return {
            **told,
            "augmentation": system["augmentation"],
            "rule": self.rule,
            "seed": self.seed,
            "quick": self.quick,
        }

    def finished(self) -> dict[str, Any] | None:
        """Return the record of this very run if it was finished before.

        Raises:
            ConfigError: the folder holds a run of other settings, or its record is damaged.
        """
        path = self.folder / RECORD
        if not path.exists():
            return None
        try:
            record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            settings = record["settings"]
        except (ValueError, KeyError, TypeError):
            raise ConfigError(f"{path}: no record of a run; delete it to run again") from None
        if settings != json.loads(json.dumps(self.settings())):
            raise ConfigError(
                f"{self.folder} holds a run of other settings; choose another place with --out, "
                "or delete that folder"
            )
        return record


def run_job(job: Job, rows: Rows) -> dict[str, Any]:
    """Train, measure, report and export; return the record, which lies in the folder as well.

    Args:
        job: what is asked for.
        rows: of its system.

    Raises:
        CorpusError: a class has no row to learn from.
        ConfigError: the folder holds a run of other settings.
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
    job.folder.mkdir(parents=True, exist_ok=True)
    network, history = fit_network(
        system,
        train,
        validation,
        normalisation,
        seed=job.seed,
        folder=job.folder / "checkpoints",
        settings=job.settings(),
        say=job.say,
    )
    probabilities = probabilities_of(network, normalisation, test)
    figures = _measure(job, rows, split, probabilities)
    hits = probabilities.argmax(axis=1) == test.own_targets
    on_train = probabilities_of(network, normalisation, train).argmax(axis=1)
    record = {
        **_about(job, rows, split),
        "parameters": sum(item.numel() for item in network.parameters()),
        "epochs": len(history),
        "seconds": round(sum(row["seconds"] for row in history), 1),
        "train_accuracy": float((on_train == train.own_targets).mean()),
        "originals_accuracy": float(hits[rows.copy[split.test] == 0].mean()),
        "figures": figures.to_dict(),
        "history": list(history),
    }
    _report(job, rows, figures, history, record)
    write_files(job.folder, {RECORD: json.dumps(record, indent=1) + "\n"})
    export_classifier(
        network,
        mean=normalisation.mean,
        scale=normalisation.scale,
        metadata=_metadata(job, rows, split, record),
        path=job.folder / f"{system.name}.onnx",
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
    network = create_classifier(
        system.model.name,
        input_shape=train.features.shape[1:],
        n_classes=len(system.data.labels),
        settings=system.model.settings,
    )
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


def pipeline_of(system: System) -> Pipeline | None:
    """Return the augmentation of the training rows, if there is any."""
    if not system.augmentation:
        return None
    return Pipeline.for_images(system.augmentation, where=f"{system.name}: [[augmentation]]")


def _measure(
    job: Job, rows: Rows, split: RowSplit, probabilities: npt.NDArray[np.float64]
) -> ClassificationFigures:
    labels = job.system.data.labels
    return classify(
        [rows.utterances[k] for k in rows.clip[split.test]],
        [labels[k] for k in rows.targets[split.test]],
        probabilities,
        labels,
        clip_ids=[_clip_id(job, rows, row) for row in split.test],
        rng=np.random.default_rng(0),
    )


def _clip_id(job: Job, rows: Rows, row: int) -> str:
    path = rows.utterances[rows.clip[row]].path
    name = path.relative_to(job.corpora) if path.is_relative_to(job.corpora) else path
    copy = rows.copy[row]
    return f"{name.with_suffix('').as_posix()}" + (f"#copy{copy}" if copy else "")


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


def _about(job: Job, rows: Rows, split: RowSplit) -> dict[str, Any]:
    system = job.system
    used = Counter(item.corpus for item in rows.utterances)
    checkout = checkout_of(Path(affekt.__file__))
    return {
        "name": system.name,
        "text": system.text,
        "protocol": split.name,
        "protocol_description": split.description,
        "seed": job.seed,
        "quick": job.quick,
        "published": dataclasses.asdict(system.published),
        "labels": list(system.data.labels),
        "corpora": dict(used),
        "corpora_missing": list(rows.missing),
        "clips_left_out": len(rows.skipped),
        "rows": {
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
        },
        "test_rows_with_their_recording_in_training": split.shared_clips,
        "test_speakers_in_training": split.shared_speakers,
        "epochs_asked": system.fit.epochs,
        "epochs_of_recipe": job.own_epochs,
        "command": job.command,
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit_of(checkout, ignoring=job.out.absolute()) if checkout else "unknown",
        "versions": {
            "affekt": affekt.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "settings": job.settings(),
    }


def _metadata(job: Job, rows: Rows, split: RowSplit, record: dict[str, Any]) -> BundleMetadata:
    system = job.system
    learnt = [rows.utterances[k] for k in np.unique(rows.clip[split.train])]
    # The validation part chose the weights: its speakers are not new to them either.
    seen = np.concatenate([split.train, split.validation])
    heard = {rows.utterances[k].speaker_key for k in rows.clip[seen]}
    held_out: dict[str, set[str]] = {}
    for item in rows.utterances:
        if item.speaker_key not in heard:
            held_out.setdefault(item.corpus, set()).add(item.speaker)
    data = [
        {
            "corpus": corpus,
            "licence": CORPORA[corpus].licence.id,
            "utterances": len(items),
            "speakers": len({item.speaker for item in items}),
        }
        for corpus in record["corpora"]
        if (items := [item for item in learnt if item.corpus == corpus])
    ]
    terms = "; ".join(f"{CORPORA[c].title}: {CORPORA[c].licence.id}" for c in record["corpora"])
    figures = record["figures"]
    return BundleMetadata(
        name=system.name,
        version=f"{affekt.__version__}+{split.name}.seed{job.seed}",
        labels=system.data.labels,
        temperature=1.0,
        threshold=0.0,
        licence="the terms of the corpora it was trained on",
        licence_text=f"Trained on recordings under these terms, which bind the weights: {terms}.",
        training_data=tuple(data),
        held_out={corpus: sorted(speakers) for corpus, speakers in held_out.items()},
        recipe=job.settings(),
        figures={split.name: {"accuracy": figures["accuracy"], "ua": figures["ua"]}},
        created=record["date"],
        description=(
            f"{system.name} of text {system.text}, rebuilt. Measured {split.description}. "
            "Its probabilities are not calibrated."
        ),
        not_for=("anything but comparison with its text",),
        front_end=system.features.set,
    )


def _report(
    job: Job,
    rows: Rows,
    figures: ClassificationFigures,
    history: History,
    record: dict[str, Any],
) -> None:
    facts = {
        "protocol": f"{record['protocol']}: {record['protocol_description']}",
        "seed": job.seed,
        "rows": ", ".join(f"{name} {count}" for name, count in record["rows"].items()),
        "test rows whose recording is in training": record[
            "test_rows_with_their_recording_in_training"
        ],
        "test speakers in training": record["test_speakers_in_training"],
        "corpora": ", ".join(f"{name} {count}" for name, count in record["corpora"].items()),
        "corpora missing": ", ".join(record["corpora_missing"]) or "none",
        "parameters": record["parameters"],
        "epochs": f"{record['epochs']} of {record['epochs_asked']}",
        "seconds": record["seconds"],
        "command": record["command"],
        "commit": record["commit"],
        "versions": ", ".join(f"{name} {number}" for name, number in record["versions"].items()),
    }
    recordings = None
    if job.embed_audio:
        recordings = {
            _clip_id(job, rows, row): rows.utterances[rows.clip[row]].path
            for row in np.flatnonzero(rows.copy == 0).tolist()
        }
    recalls = job.system.published.recalls
    write_report(
        job.folder,
        title=f"{job.system.name}, {record['protocol']}, seed {job.seed}",
        figures=figures,
        history=history,
        facts=facts,
        notes=job.system.inferred,
        recordings=recordings,
        published_recalls={label: value / 100.0 for label, value in recalls.items()} or None,
    )
