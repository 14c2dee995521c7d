"""What a bundle says of itself: where it comes from, its terms, whom it was not trained on."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, cast

from torch import nn

from affekt.config import to_mapping
from affekt.corpora import CORPORA
from affekt.features import FeatureSet
from affekt.recognition import BundleMetadata, encoder_terms
from affekt.records import Utterance
from affekt.training.calibration import Calibration
from affekt.training.fit import Fitted
from affekt.training.recipe import Recipe


def describe(
    recipe: Recipe, fitted: Fitted, calibration: Calibration, *, licence_text: str
) -> BundleMetadata:
    """Gather what the bundle says of itself."""
    originals = fitted.train.targets[fitted.train.copy == 0]
    labels = [recipe.labels[target] for target in originals]
    settings = to_mapping(recipe)
    encoder = encoder_terms(settings)
    terms = licence_text or corpora_terms(fitted.train.utterances)
    if encoder is not None and encoder.notice not in terms:
        terms = f"{terms.rstrip()}\n\n{encoder.notice}"
    held_out = [*fitted.parts.lockbox, *fitted.parts.calibrate]
    if "select" not in recipe.protocol.train_on:
        held_out.extend(fitted.parts.select)
    return BundleMetadata(
        name=recipe.name,
        version=recipe.bundle.version,
        labels=recipe.labels,
        temperature=calibration.temperature,
        threshold=calibration.threshold,
        licence=recipe.bundle.licence,
        licence_text=terms,
        training_data=tuple(training_data(fitted.train.utterances)),
        held_out=_speakers(held_out),
        recipe={**settings, "class_counts": dict(Counter(labels))},
        figures={
            "cross_fitted_ua" if calibration.cross_fitted else "calibrate_ua": {
                corpus: round(value, 4) for corpus, value in calibration.ua.items()
            }
        },
        prediction_set=calibration.prediction_set,
        created=dt.datetime.now(dt.UTC).date().isoformat(),
        description=recipe.bundle.description,
        not_for=recipe.bundle.not_for,
        **front_end_of(recipe, fitted.module.network),
    )


def corpora_terms(utterances: Iterable[Utterance]) -> str:
    """Return the terms of the recordings that a model learnt from, which bind its weights."""
    names = dict.fromkeys(item.corpus for item in utterances)
    terms = "; ".join(
        f"{CORPORA[name].title if name in CORPORA else name}: {_licence(name)}" for name in names
    )
    return f"Trained on recordings under these terms, which bind the weights: {terms}."


def front_end_of(recipe: Recipe, network: nn.Module) -> dict[str, Any]:
    """Return what a bundle says of its front end: the feature set, or the step of its relevance."""
    source = recipe.features.source
    if isinstance(source, FeatureSet):
        return {"front_end": source.name, "front_end_version": source.version}
    # Whatever takes clips of any length says how many frames make one of the relevance.
    return {"frame_hop_s": recipe.features.frame_hop_s * cast("int", network.stride)}


def training_data(utterances: Sequence[Utterance]) -> list[dict[str, Any]]:
    """Return what a bundle says of the recordings it learnt from, one mapping a corpus."""
    rows = []
    for corpus in dict.fromkeys(item.corpus for item in utterances):
        items = [item for item in utterances if item.corpus == corpus]
        rows.append(
            {
                "corpus": corpus,
                "licence": _licence(corpus),
                "utterances": len(items),
                "speakers": len({item.speaker for item in items}),
            }
        )
    return rows


def _licence(corpus: str) -> str:
    """Return the terms of a corpus in words; of people's own nobody else knows them."""
    return CORPORA[corpus].licence.id if corpus in CORPORA else "as its owner says"


def _speakers(utterances: Sequence[Utterance]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for item in utterances:
        found.setdefault(item.corpus, set()).add(item.speaker)
    return {corpus: sorted(speakers) for corpus, speakers in found.items()}
