"""Fit the weights by which an audit suspects a copy that a vocoder made.

    AFFEKT_CORPORA=FOLDER python benchmarks/fit_copies.py [--write]

Copies are made with librosa, of one clip each of 100 speakers. Against them stand all pairs of
recordings that sound alike and are no copies. The 24 speakers on whom `benchmarks/copies.py`
reports are left out. `--write` keeps the weights and the least suspicion in the package.
"""

from __future__ import annotations

import argparse
import json
import random
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
from planting import planters, speakers_apart
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from affekt.audio import decode, resample
from affekt.auditing.alignment import NOT_ALONG, align
from affekt.auditing.clips import Clip, merge
from affekt.auditing.evidence import backwards, confirm, is_certain
from affekt.auditing.fingerprint import Fingerprint, fingerprint
from affekt.auditing.matching import Likeness, find_likenesses
from affekt.auditing.run import listen
from affekt.auditing.store import Store, default_store
from affekt.auditing.suspicion import FILE, Weights, measures, standardised
from affekt.auditing.waveform import Sound
from affekt.corpora import corpora_root
from affekt.records import Utterance

COPIED = 100
# Of all pairs that are no copies, so many may be suspected.
FALSE_ALARMS = 12
# Strength of the regression's penalty: 77 weights, some hundred copies.
PENALTY = 10.0
# Among what looks like a copy to a first fit, what is one for certain is no counterexample.
LIKELY = 0.2


class Row(NamedTuple):
    """A pair, and how it runs."""

    first: Clip
    second: Clip
    alike: Likeness
    prints: tuple[Fingerprint, Fingerprint]
    measures: np.ndarray


def main() -> None:
    """Fit and print."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--write", action="store_true", help="keep the weights in the package")
    options.add_argument("--workers", type=int, default=2)
    arguments = options.parse_args()
    _, speakers = speakers_apart(corpora_root(None))
    copies = _copies(speakers[:COPIED])
    print(f"{len(copies)} copies that sound like their originals", flush=True)
    rows = _others(speakers, arguments.workers)
    print(f"{len(rows)} pairs that sound alike", flush=True)
    others = np.array([row.measures for row in rows])
    likely = log_odds(fit(copies, others), others) > np.log(LIKELY / (1.0 - LIKELY))
    is_copy = [like and _is_copy(row) for row, like in zip(rows, likely, strict=True)]
    print(f"{sum(is_copy)} of them are copies", flush=True)
    others = others[~np.array(is_copy)]
    rows = [row for row, copy in zip(rows, is_copy, strict=True) if not copy]
    fitted = fit(copies, others)
    print("least suspicion", round(fitted.least, 4))
    for name, values in (("copies", copies), ("others", others)):
        totals = np.quantile(log_odds(fitted, values), QUANTILES)
        print(name, "log odds at quantiles", np.round(totals, 2).tolist())
    totals = log_odds(fitted, others)
    for at in np.argsort(-totals)[:30]:
        row = rows[at]
        print(f"{totals[at]:6.2f} {row.first.name} {row.second.name} {row.alike.change}")
    if arguments.write:
        write(fitted)


QUANTILES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0)


def fit(copies: np.ndarray, others: np.ndarray) -> Weights:
    """Fit the regression to measures of copies and of others, `[n, measures]` each."""
    scaler = StandardScaler().fit(np.concatenate([copies, others]))
    values = standardised(np.concatenate([copies, others]), scaler.mean_, scaler.scale_)
    truth = np.repeat([1, 0], [len(copies), len(others)])
    size = values.shape[1]
    above = np.triu_indices(size)
    model = LogisticRegression(class_weight="balanced", max_iter=5000, C=1.0 / PENALTY)
    model.fit(np.concatenate([values, values[:, above[0]] * values[:, above[1]]], axis=1), truth)
    products = np.zeros((size, size))
    products[above] = model.coef_[0, size:]
    fitted = Weights(
        mean=_rounded(scaler.mean_),
        scale=_rounded(scaler.scale_),
        linear=_rounded(model.coef_[0, :size]),
        products=[_rounded(row) for row in products],
        bias=round(float(model.intercept_[0]), 4),
        least=0.0,
    )
    least = np.sort(log_odds(fitted, others))[-FALSE_ALARMS - 1]
    return fitted._replace(least=round(float(1.0 / (1.0 + np.exp(-least))), 4))


def log_odds(fitted: Weights, values: np.ndarray) -> np.ndarray:
    """Return what weights say of measures, `[n, measures]`."""
    z = standardised(values, np.array(fitted.mean), np.array(fitted.scale))
    products = np.einsum("ni,ij,nj->n", z, np.array(fitted.products), z)
    return fitted.bias + z @ np.array(fitted.linear) + products


def write(fitted: Weights) -> None:
    """Keep weights in the package."""
    place = Path(str(resources.files("affekt.auditing"))) / FILE
    place.write_text(json.dumps(fitted._asdict(), indent=1) + "\n", encoding="utf-8")


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]


def _copies(speakers: list[list[Utterance]]) -> np.ndarray:
    rng = random.Random(1)
    found = []
    for number, clips in enumerate(speakers):
        signal = decode(rng.choice(clips).path).signal
        mine = fingerprint(signal)
        for planter in planters():
            if planter.kind in ("pitch", "stretch") and "librosa" in planter.tool:
                for setting in rng.sample(planter.settings, 2):
                    copy, rate_hz = planter.make(signal, setting, number)
                    yours = fingerprint(resample(copy, rate_hz, 16_000))
                    alike = find_likenesses([mine, yours])
                    if alike:
                        prints = (mine, yours)[:: 1 if alike[0].first == 0 else -1]
                        if not backwards(alike[0].change):
                            found.append(align(*prints, alike[0]))
    return np.array([measures(item) for item in found if item != NOT_ALONG])


def _others(speakers: list[list[Utterance]], workers: int) -> list[Row]:
    clips = merge(
        Clip(name="/".join(item.path.parts[-3:]), utterance=item)
        for clips in speakers
        for item in clips
    )
    store = Store(default_store())
    heard, _ = listen(clips, store, workers, lambda *_: None)
    store.close()
    prints = [item.print for item in heard]
    found = []
    for alike in find_likenesses(prints, workers=workers):
        if not backwards(alike.change):
            pair = prints[alike.first], prints[alike.second]
            aligned = align(*pair, alike)
            if aligned != NOT_ALONG:
                ends = clips[alike.first], clips[alike.second]
                found.append(Row(*ends, alike, pair, measures(aligned)))
    return found


def _is_copy(row: Row) -> bool:
    def read():
        return Sound(decode(row.first.path).signal), Sound(decode(row.second.path).signal)

    return is_certain(row.alike, confirm(read, row.prints, row.alike))


if __name__ == "__main__":
    main()
