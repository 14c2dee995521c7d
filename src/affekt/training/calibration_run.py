"""Calibrating a bundle: hear who was set apart, fit, and write it all into the file."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx

from affekt.audio import Signal, decode
from affekt.corpora import CORPORA
from affekt.errors import AudioError, BundleError, CorpusError
from affekt.protocols import partition
from affekt.recognition import Bundle
from affekt.records import Utterance
from affekt.threads import Workers
from affekt.training.calibration_fit import Clips, Fitted, fit_calibrator
from affekt.training.calibration_graph import logits_of, metadata_of, strip, write_calibrated
from affekt.training.data import target_label

Floats = npt.NDArray[np.float64]
Progress = Callable[[int, int], None]

LEARNT_PER_CORPUS = 300
_SEED = 0


class Calibrated(NamedTuple):
    """What was written: the fit, and how far the file is from it in numpy."""

    fitted: Fitted
    difference: float


def calibrate_bundle(
    path: Path,
    utterances: Sequence[Utterance],
    strange: Sequence[Signal],
    *,
    out: Path,
    version: str | None = None,
    progress: Progress | None = None,
) -> Calibrated:
    """Fit probabilities, sets and novelty of a bundle on `calibrate` speakers of its own corpora.

    Corpora that the bundle did not learn from are passed over, so that its terms stay those of
    its training data; lockbox and `select` speakers are never heard.

    Args:
        path: of the bundle; calibrated before or not.
        utterances: of the corpora.
        strange: sounds that are no speech, mono at 16 kHz.
        out: of the file to write.
        version: of the bundle that is written; the old one's by default.
        progress: called with the number of clips heard and the total.

    Raises:
        BundleError: the bundle cannot be calibrated: it is none, or gives no embedding.
        CorpusError: there are no clips of two calibrate speakers whom the bundle says that it did
            not hear, or none that it learnt from.
    """
    metadata = metadata_of(path)
    if metadata.feature_set is not None:
        raise BundleError(f"{path}: only a bundle that gives an embedding can be calibrated")
    speakers = {str(item["corpus"]): int(item["speakers"]) for item in metadata.training_data}
    parts = partition(item for item in utterances if item.corpus in speakers)
    kept = {
        (CORPORA[corpus].collection if corpus in CORPORA else corpus, str(speaker))
        for corpus, names in metadata.held_out.items()
        for speaker in names
    }
    known = [
        item
        for item in parts.calibrate
        if item.speaker_key in kept and target_label(item, metadata.labels)
    ]
    learnt = _some([item for item in parts.train if target_label(item, metadata.labels)])
    if len({item.speaker_key for item in known}) < 2 or not learnt:
        raise CorpusError(
            "calibration needs clips of two calibrate speakers or more whom the model never heard, "
            f"and some that it learnt from, of {', '.join(speakers)}"
        )
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name
        proto = onnx.load(path)
        strip(proto)
        onnx.save(proto, plain)
        bundle = Bundle.load(plain)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, len(known) + len(learnt))

    fitted = fit_calibrator(
        _heard(bundle, known, count),
        _heard(bundle, learnt, count),
        np.array([_embedding(bundle, signal) for signal in strange]),
        speakers,
    )
    calibrated = dataclasses.replace(
        metadata,
        version=version or metadata.version,
        threshold=fitted.threshold,
        prediction_set=fitted.prediction_set,
        calibration=fitted.record,
    )
    difference = write_calibrated(path, out, fitted.calibrator, calibrated)
    return Calibrated(fitted, difference)


def _some(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Draw up to `LEARNT_PER_CORPUS` of each corpus, alike every time."""
    rng = np.random.default_rng(_SEED)
    drawn: list[Utterance] = []
    for corpus in dict.fromkeys(item.corpus for item in utterances):
        own = [item for item in utterances if item.corpus == corpus]
        drawn += [own[k] for k in rng.permutation(len(own))[:LEARNT_PER_CORPUS]]
    return drawn


def _heard(bundle: Bundle, utterances: Sequence[Utterance], count: Callable[[], None]) -> Clips:
    """Hear clips whole; those that cannot be heard are left out."""
    labels = bundle.metadata.labels

    def hear(item: Utterance) -> tuple[Floats, Floats] | None:
        try:
            signal = decode(item.path, start_s=item.start_s, end_s=item.end_s).signal
        except AudioError:
            return None
        outputs = bundle.run(signal[np.newaxis])
        assert outputs.embedding is not None  # noqa: S101 - a front end in the graph gives one
        logits = logits_of(outputs.probabilities[0], bundle.metadata.temperature)
        return logits, outputs.embedding[0].astype(np.float64)

    kept, answers = [], []
    with Workers(2) as pool:
        for item, answer in zip(utterances, pool.map(hear, utterances), strict=True):
            count()
            if answer is not None:
                kept.append(item)
                answers.append(answer)
    names = [target_label(item, labels) for item in kept]
    return Clips(
        logits=np.array([logits for logits, _ in answers]),
        embeddings=np.array([embedding for _, embedding in answers]),
        targets=np.array([labels.index(name) for name in names if name]),
        speakers=np.array(["/".join(item.speaker_key) for item in kept]),
        corpora=np.array([item.corpus for item in kept]),
    )


def _embedding(bundle: Bundle, signal: Signal) -> Floats:
    embedding = bundle.run(signal[np.newaxis]).embedding
    assert embedding is not None  # noqa: S101 - a front end in the graph gives one
    row: Floats = embedding[0].astype(np.float64)
    return row
