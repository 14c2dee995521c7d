"""Calibrating a bundle: predict speakers set apart, fit, and write it all into the file."""

from __future__ import annotations

import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnx

from affekt.audio import Signal, decode
from affekt.corpora import CORPORA, collection_of
from affekt.errors import AudioError, BundleError, CorpusError
from affekt.output import check_output
from affekt.parallel import Workers
from affekt.protocols import partition
from affekt.recognition import Bundle
from affekt.recognition.bundles import BundleMetadata
from affekt.records import Utterance, normal_id
from affekt.training.calibration.fit import (
    Calibrator,
    Clips,
    Fitted,
    NetworkAnswers,
    fit_calibrator,
    fit_novelty,
)
from affekt.training.calibration.graph import logits_of, metadata_of, strip, write_calibrated
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
    out_of_domain: Iterable[Signal],
    *,
    out: Path,
    cross_fitted: Sequence[Path] = (),
    version: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Calibrated:
    """Fit probabilities, sets and novelty of a bundle on speakers that it did not learn from.

    Of corpora that Affekt knows, these are the `calibrate` speakers of those that the bundle learnt
    from; others are passed over, so that its terms stay those of its training data. Lockbox
    speakers are never used, `select` speakers with cross-fitted models alone. Of people's own
    recordings, they are all whom the bundle does not say that it learnt from.

    Args:
        path: of the bundle; calibrated before or not.
        utterances: of the corpora, and of people's own.
        out_of_domain: sounds that are no speech, mono at 16 kHz.
        out: of the file to write; `path` itself writes the bundle in its place.
        cross_fitted: bundles of the same recipe that did not learn from `select` speakers.
            What they predict for these is fitted on as well.
        version: of the bundle that is written; the old one's by default.
        force: replace a file that Affekt did not write.
        progress: called with the number of clips done and the total.

    Raises:
        BundleError: the bundle or a cross-fitted one cannot be calibrated, or they are none of
            one recipe.
        CorpusError: there are no clips of two speakers to calibrate on whom the bundle says that
            it was not trained on, none that it was, or none for a cross-fitted one.
    """
    if out != path:
        check_output(out, inputs=[path, *cross_fitted], force=force, makes_folder=True)
    metadata = metadata_of(path)
    speakers = _speakers(metadata)
    parts = partition(
        item for item in utterances if item.corpus in speakers and item.corpus in CORPORA
    )
    own = [item for item in utterances if item.corpus not in CORPORA]
    untrained = [item for item in own if not _may_have_learnt(metadata, item)]
    learnt = [item for item in own if _may_have_learnt(metadata, item)]
    tasks = [_task(path, (*parts.calibrate, *untrained), (*parts.train, *learnt))]
    if len({item.speaker_key for item in tasks[0].held_out}) < 2 or not tasks[0].learnt:
        raise CorpusError(
            "calibration needs clips of two calibrate speakers or more that the model was not "
            f"trained on, or of your own, and some that it learnt from, of {', '.join(speakers)}"
        )
    for other_path in cross_fitted:
        other = metadata_of(other_path)
        if other.labels != metadata.labels or set(_speakers(other)) != set(speakers):
            raise BundleError(
                f"{other_path}: not cross-fitted with {path}: other labels or training corpora"
            )
        tasks.append(_task(other_path, parts.select, parts.train))
        if not tasks[-1].held_out:
            raise CorpusError(
                f"{other_path}: every select speaker with clips may be a training speaker"
            )
    total = sum(len(task.held_out) + len(task.learnt) for task in tasks)
    done = itertools.count(1)

    def count() -> None:
        if progress is not None:
            progress(next(done), total)

    answers = [
        NetworkAnswers(
            clips=_answers(task.bundle, task.held_out, count),
            learnt=_answers(task.bundle, task.learnt, count),
            speakers=task.speakers,
        )
        for task in tasks
    ]
    sounds = np.array([_embedding(tasks[0].bundle, signal) for signal in out_of_domain])
    fitted = fit_calibrator(answers[0], sounds, answers[1:])
    calibrated = dataclasses.replace(
        metadata,
        version=version or metadata.version,
        threshold=fitted.threshold,
        prediction_set=fitted.prediction_set,
        calibration=fitted.record,
    )
    difference = write_calibrated(path, out, fitted.calibrator, calibrated, force=force)
    return Calibrated(fitted, difference)


def add_novelty(
    path: Path,
    held_out: Sequence[Utterance],
    learnt: Sequence[Utterance],
    out_of_domain: Iterable[Signal],
    *,
    progress: Progress | None = None,
) -> bool:
    """Write a novelty into a bundle that training calibrated; its probabilities stay.

    Args:
        path: of the bundle, which is written in its place.
        held_out: clips of speakers that it did not learn from.
        learnt: clips that it learnt from; some of each corpus are used.
        out_of_domain: sounds that are no speech, mono at 16 kHz.
        progress: called with the number of clips done and the total.

    Returns:
        Whether it was written: a bundle without an embedding, or fewer than two speakers that it
        did not learn from, give none.
    """
    if len({item.speaker_key for item in held_out}) < 2:
        return False
    metadata = metadata_of(path)
    if metadata.feature_set is not None:
        return False
    task = _task(path, held_out, learnt)
    if len({item.speaker_key for item in task.held_out}) < 2:  # some carry no label of the model's
        return False
    total = len(task.held_out) + len(task.learnt)
    done = itertools.count(1)

    def count() -> None:
        if progress is not None:
            progress(next(done), total)

    new, known = (_answers(task.bundle, items, count) for items in (task.held_out, task.learnt))
    sounds = np.array([_embedding(task.bundle, signal) for signal in out_of_domain])
    weights, bias = fit_novelty(new, known, sounds)
    calibrator = Calibrator(
        weights=np.zeros((len(weights), 1)),
        bias=np.zeros(1),
        log_temperatures=np.log([metadata.temperature]),
        novelty_weights=weights,
        novelty_bias=bias,
    )
    write_calibrated(path, path, calibrator, metadata)
    return True


class _Task(NamedTuple):
    """What one network shall predict: clips that it was not trained on, and some that it was."""

    bundle: Bundle
    speakers: dict[str, int]
    held_out: list[Utterance]
    learnt: list[Utterance]


def _task(path: Path, held_out: Sequence[Utterance], learnt: Sequence[Utterance]) -> _Task:
    metadata = metadata_of(path)
    if metadata.feature_set is not None:
        raise BundleError(f"{path}: only a bundle that gives an embedding can be calibrated")
    kept = {
        (collection_of(corpus), str(speaker))
        for corpus, names in metadata.held_out.items()
        for speaker in names
    }

    def known(items: Sequence[Utterance]) -> list[Utterance]:
        return [item for item in items if target_label(item, metadata.labels)]

    return _Task(
        bundle=_plain(path),
        speakers=_speakers(metadata),
        held_out=[
            item
            for item in known(held_out)
            if item.speaker_key in kept or item.corpus not in CORPORA
        ],
        learnt=_some(known(learnt)),
    )


def _may_have_learnt(metadata: BundleMetadata, item: Utterance) -> bool:
    """Whether a bundle may have learnt from the speaker of a recording of people's own."""
    if item.corpus not in {str(row["corpus"]) for row in metadata.training_data}:
        return False
    held_out = metadata.held_out.get(item.corpus, ())
    return normal_id(item.speaker) not in map(normal_id, map(str, held_out))


def _plain(path: Path) -> Bundle:
    """Load a bundle without the calibration it may carry."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / path.name
        proto = onnx.load(path)
        strip(proto)
        onnx.save(proto, plain)
        return Bundle.load(plain)


def _speakers(metadata: BundleMetadata) -> dict[str, int]:
    """Return corpus to how many of its speakers were learnt from.

    Raises:
        BundleError: the metadata do not say.
    """
    found = {}
    for item in metadata.training_data:
        corpus, speakers = str(item["corpus"]), item.get("speakers")
        if not isinstance(speakers, int):
            raise BundleError(
                f"{metadata.title}: how many speakers of {corpus} were learnt from is unknown"
            )
        found[corpus] = speakers
    return found


def _some(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Draw up to `LEARNT_PER_CORPUS` of each corpus, alike every time."""
    rng = np.random.default_rng(_SEED)
    drawn: list[Utterance] = []
    for corpus in dict.fromkeys(item.corpus for item in utterances):
        own = [item for item in utterances if item.corpus == corpus]
        drawn += [own[k] for k in rng.permutation(len(own))[:LEARNT_PER_CORPUS]]
    return drawn


def _answers(bundle: Bundle, utterances: Sequence[Utterance], count: Callable[[], None]) -> Clips:
    """Predict clips whole; those that cannot be decoded are left out."""
    labels = bundle.metadata.labels

    def answer(item: Utterance) -> tuple[Floats, Floats] | None:
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
        for item, found in zip(utterances, pool.map(answer, utterances), strict=True):
            count()
            if found is not None:
                kept.append(item)
                answers.append(found)
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
