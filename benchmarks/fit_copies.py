"""Fit the weights by which an audit suspects a copy that a vocoder made.

    AFFEKT_CORPORA=FOLDER python benchmarks/fit_copies.py

Copies are made with librosa, of one clip each of 48 speakers. Against them stand recordings of 28
speakers that sound alike and are no copies. The 24 speakers on whom `benchmarks/copies.py` reports
are left out. The weights and the least suspicion are printed, for `src/affekt/audit/evidence.py`.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
from planting import planters, speakers_apart
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from affekt.audio import decode, resample
from affekt.audit.alignment import NOT_ALONG, Alignment, align, measures
from affekt.audit.clips import Clip, merge
from affekt.audit.evidence import backwards, confirm, is_certain
from affekt.audit.fingerprint import Fingerprint, fingerprint
from affekt.audit.matching import Likeness, find_likenesses
from affekt.audit.run import listen
from affekt.audit.store import Store, default_store
from affekt.corpora import corpora_root

COPIED = 48
COMPARED, RECORDINGS = 28, 250
# Log odds between the most suspect of what is no copy and what is suspected: the recordings that
# an audit compares are more than those here.
MARGIN = 1.0


class Row(NamedTuple):
    """A pair, and how it runs."""

    first: Clip
    second: Clip
    alike: Likeness
    prints: tuple[Fingerprint, Fingerprint]
    alignment: Alignment


def main() -> None:
    """Fit and print."""
    _, speakers = speakers_apart(corpora_root(None))
    copies = np.array(_copies(speakers[:COPIED]))
    print(f"{len(copies)} copies that sound like their originals", flush=True)
    others = _others(speakers)
    print(f"{len(others)} pairs that sound alike", flush=True)
    scaler, model = _fit(copies, others)
    # What is a copy among them is no counterexample.
    chances = model.predict_proba(scaler.transform([row.alignment for row in others]))[:, 1]
    open_ = [row for row, chance in zip(others, chances, strict=True) if chance < 0.2]
    likely = [row for row, chance in zip(others, chances, strict=True) if chance >= 0.2]
    open_ += [row for row in likely if not _is_copy(row)]
    print(f"{len(others) - len(open_)} of them are copies", flush=True)
    scaler, model = _fit(copies, open_)
    weights = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - weights @ scaler.mean_)
    print("weights", dict(zip(Alignment._fields, np.round(weights, 2).tolist(), strict=True)))
    print("bias", round(bias, 2))
    highest = max(float(np.array(row.alignment) @ weights + bias) for row in open_)
    least = 1.0 / (1.0 + np.exp(-highest - MARGIN))
    print("least suspicion", round(float(least), 3))
    for name, rows in (("copies", copies), ("others", np.array([r.alignment for r in open_]))):
        totals = np.sort(rows @ weights + bias)
        print(name, "log odds at quantiles", np.round(np.quantile(totals, QUANTILES), 2).tolist())
    highest = sorted(open_, key=lambda row: -float(np.array(row.alignment) @ weights))
    for row in highest[:30]:
        total = float(np.array(row.alignment) @ weights + bias)
        print(f"{total:6.2f} {row.first.name} {row.second.name} {row.alike.change}")


QUANTILES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0)


def _copies(speakers: list[list[object]]) -> list[Alignment]:
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
    return [measures(item) for item in found if item != NOT_ALONG]


def _others(speakers: list[list[object]]) -> list[Row]:
    rng = random.Random(5)
    clips = merge(
        Clip(name="/".join(item.path.parts[-3:]), utterance=item)
        for clips in rng.sample(speakers, COMPARED)
        for item in rng.sample(clips, min(RECORDINGS, len(clips)))
    )
    store = Store(default_store())
    heard, _ = listen(clips, store, 1, lambda *_: None)
    store.close()
    prints = [item.print for item in heard]
    found = []
    for alike in find_likenesses(prints):
        if not backwards(alike.change):
            pair = prints[alike.first], prints[alike.second]
            aligned = align(*pair, alike)
            if aligned != NOT_ALONG:
                ends = clips[alike.first], clips[alike.second]
                found.append(Row(*ends, alike, pair, measures(aligned)))
    return found


def _is_copy(row: Row) -> bool:
    def read():
        return decode(row.first.path).signal, decode(row.second.path).signal

    return is_certain(row.alike, confirm(read, row.prints, row.alike))


def _fit(copies: np.ndarray, others: list[Row]) -> tuple[StandardScaler, LogisticRegression]:
    rows = np.concatenate([copies, [row.alignment for row in others]])
    truth = np.repeat([1, 0], [len(copies), len(others)])
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    return scaler, model.fit(scaler.transform(rows), truth)


if __name__ == "__main__":
    main()
