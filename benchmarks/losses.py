"""Print what training computes, so that two versions of the code can be compared number by number.

    OMP_NUM_THREADS=1 python benchmarks/losses.py --corpora FOLDER > losses.json
    OMP_NUM_THREADS=1 python benchmarks/losses.py --corpora FOLDER --compare losses.json

The first losses of the default recipe and of each published system, on a fixed small share of
the recordings, and the checksums of two exported bundles. With `--compare` the command ends with
status 1 where a number differs. Take both on the same machine: another processor rounds otherwise.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from affekt.corpora import load_corpus
from affekt.features import FEATURE_SETS, LogMelConfig
from affekt.models import create_model
from affekt.published.config import SYSTEMS, VARIANTS, load_system
from affekt.published.data import load_rows
from affekt.recognition import BundleMetadata
from affekt.training import Run, load_recipe, split_rows
from affekt.training.data import Normalisation
from affekt.training.export import export_graph
from affekt.training.fit import Task, fit, fit_network
from affekt.training.graph import FeatureGraph, WaveformGraph

ROOT = Path(__file__).resolve().parent.parent
STEPS = 50
CLIPS = 90  # of a corpus
SEED = 1


class EnoughError(Exception):
    """The first losses are there."""


class Losses(Callback):
    """Keep the loss of each step, and end the run after the first ones."""

    kept: list[float]

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:  # noqa: ARG002
        """Take the loss as the step computed it."""
        self.kept.append(float(outputs["loss"]))
        if len(self.kept) == STEPS:
            raise EnoughError


class WatchedTrainer(lightning.Trainer):
    """Lightning's trainer, with `Losses` among its callbacks."""

    losses = Losses()

    def __init__(self, *, callbacks: list[Callback], **settings: Any) -> None:
        super().__init__(callbacks=[*callbacks, self.losses], **settings)


def main() -> None:
    """Compute, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, default=os.environ.get("AFFEKT_CORPORA"))
    parser.add_argument("--compare", type=Path, help="what an earlier version printed")
    parser.add_argument("names", nargs="*", help="of recipes and systems; all by default")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lightning.Trainer = WatchedTrainer  # both loops look it up there
    found: dict[str, Any] = {}
    names = arguments.names or ["default", *SYSTEMS, *VARIANTS, "bundles"]
    with tempfile.TemporaryDirectory() as place:
        share = _small_share(arguments.corpora.resolve(), Path(place) / "corpora")
        for name in names:
            print(name, file=sys.stderr)
            work = Path(place) / name
            if name == "bundles":
                found[name] = _bundles(work)
            elif name == "default":
                found[name] = _recipe(share, work)
            else:
                found[name] = _system(name, share, work)
    print(json.dumps(found, indent=1))
    if arguments.compare:
        before = json.loads(arguments.compare.read_text(encoding="utf-8"))
        differ = [name for name in names if found[name] != before[name]]
        print(f"differ: {', '.join(differ) or 'none'}", file=sys.stderr)
        sys.exit(bool(differ))


def _small_share(root: Path, place: Path) -> Path:
    """Make a tree of links to a few recordings of each corpus, the same each time."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        clips = load_corpus(folder.name, root)
        drawn = np.random.default_rng(SEED).permutation(len(clips))[:CLIPS]
        beside = [item for item in folder.rglob("*.*") if item.suffix in (".csv", ".tsv", ".txt")]
        for path in [*(clips[index].path for index in drawn), *beside]:
            link = place / path.relative_to(root)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    return place


def _first_losses(train: Any) -> list[float]:
    WatchedTrainer.losses.kept = kept = []
    try:
        history = train()
    except EnoughError:
        return kept
    return kept or [row["loss"] for row in history]


def _recipe(corpora: Path, work: Path) -> list[float]:
    recipe, _ = load_recipe(ROOT / "src" / "affekt" / "recipes" / "default.toml")
    run = Run(recipe=recipe, folder=work, corpora=corpora, say=_silent, show_progress=False)
    return _first_losses(lambda: fit(run, resume=False))


def _system(name: str, corpora: Path, work: Path) -> list[float]:
    recipe = dataclasses.replace(load_system(name), seed=SEED)
    rows = load_rows(recipe, corpora)
    split = split_rows(recipe, rows, "published", seed=SEED)
    task = Task(
        recipe=recipe,
        train=rows.part(split.train),
        validation=rows.part(split.validation),
        checkpoints=work,
        settings={},
        say=_silent,
    )
    return _first_losses(lambda: fit_network(task)[1])


def _bundles(work: Path) -> dict[str, str]:
    """Export a tiny network of each kind, and return the checksums of the files."""
    about = {
        "version": "1",
        "labels": ("neutral", "happy", "sad"),
        "temperature": 1.5,
        "threshold": 0.4,
        "licence": "none",
        "licence_text": "None.",
        "training_data": (),
        "held_out": {},
        "recipe": {},
        "figures": {},
        "created": "2026-01-01",
        "description": "",
        "not_for": (),
    }
    work.mkdir()
    torch.manual_seed(SEED)
    features = LogMelConfig()
    whole = create_model("residual-se-tiny", n_classes=3)
    export_graph(
        WaveformGraph(whole, features, temperature=1.5),
        BundleMetadata(name="whole", frame_hop_s=2 * features.frame_hop_s, **about),
        work / "whole.onnx",
    )
    torch.manual_seed(SEED)
    network = create_model("crema-cnn1d", n_classes=3, input_shape=(162,))
    as_it_is = Normalisation(np.zeros((1, 162), np.float32), np.ones((1, 162), np.float32))
    export_graph(
        FeatureGraph(network, FEATURE_SETS["vector-162"], as_it_is, temperature=1.5),
        BundleMetadata(name="features", front_end="vector-162", **about),
        work / "features.onnx",
    )
    return {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in work.glob("*.onnx")
    }


def _silent(_: str) -> None:
    """Say nothing: the numbers are what is wanted."""


if __name__ == "__main__":
    main()
