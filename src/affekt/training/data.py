"""Features in memory beside their labels: read once, and shared by the parts of every split."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import cast

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, decode
from affekt.augment import CopyConfig, copy_rng, make_copy
from affekt.config import to_mapping
from affekt.emotions import CANONICAL
from affekt.errors import AudioError
from affekt.features import FeatureSet, LogMelConfig, log_mel
from affekt.parallel import Workers
from affekt.records import Utterance
from affekt.training.feature_cache import FeatureCache, Features, default_cache_root

Floats = npt.NDArray[np.floating]
Numbers = npt.NDArray[np.int64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Part:
    """Some rows of a table of features: what is learnt from, or decides, or is measured.

    Attributes:
        features: of all rows, shared by all parts: one array `[all, *shape]`, or a list of arrays
            of any length.
        targets: `[all]`, class indices.
        rows: `[n]`, which of them belong to this part.
        corpora: `[all]`, which corpus a row is of; None where that plays no role.
        classes: how many there are; 0 counts up to the highest target.
        copied: `[all]`, whether a row is an augmented copy; None where none is.
        shares: `[all, classes]`, the share of each class in the target of a row; None where a
            target is one class.
        clip: `[all]`, which clip a row comes from; None where each is a clip of its own.
        intensities: `[all]`, of the emotion as listeners rate it (0 to 1), NaN where nobody did;
            None where it plays no role.
    """

    features: Sequence[Floats] | Floats
    targets: Numbers
    rows: Numbers
    corpora: npt.NDArray[np.str_] | None = None
    classes: int = 0
    copied: npt.NDArray[np.bool_] | None = None
    shares: npt.NDArray[np.float32] | None = None
    clip: Numbers | None = None
    intensities: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def any_length(self) -> bool:
        """Whether the clips differ in length, so that a batch must cut them."""
        return not isinstance(self.features, np.ndarray)

    @property
    def own_targets(self) -> Numbers:
        """Targets of the rows of this part, `[n]`."""
        return self.targets[self.rows]

    @property
    def own_corpora(self) -> npt.NDArray[np.str_]:
        """Corpora of the rows of this part, `[n]`."""
        if self.corpora is None:
            return np.full(len(self), "", dtype=np.str_)
        return self.corpora[self.rows]

    @cached_property
    def allowed(self) -> npt.NDArray[np.bool_]:
        """The classes that a row competes among, `[all, classes]`: those of its corpus here."""
        classes = self.classes or 1 + int(self.targets.max(initial=0))
        allowed = np.ones((len(self.targets), classes), dtype=bool)
        if self.corpora is not None:
            own = self.own_corpora
            for corpus in np.unique(own):
                present = np.isin(np.arange(classes), self.own_targets[own == corpus])
                allowed[self.corpora == corpus] = present
        return allowed

    def arrays(self, rows: Numbers) -> Floats | list[npt.NDArray[np.float32]]:
        """Return the features of some rows, numbered within the whole table, in float32."""
        if isinstance(self.features, np.ndarray):
            return self.features[rows].astype(np.float32)
        return [self.features[row].astype(np.float32) for row in rows]


@dataclass(frozen=True, slots=True)
class Clips:
    """Features of clips and of copies of clips.

    Attributes:
        features: one a row: an array `[rows, *shape]`, or `[frames, mels]` arrays of any length.
        targets: `[rows]`, indices of the labels.
        clip: `[rows]`, index of the utterance that a row comes from.
        copy: `[rows]`, 0 the original, from 1 the copies.
        utterances: the clips.
        labels: the classes.
        skipped: clips that could not be used, and why.
        missing: corpora that were asked for and are not on the disk.
        shares: `[rows, classes]`, the share of each class in a target; None: all of its label.
        intensities: `[rows]`, as in `Part`.
    """

    features: Sequence[Floats] | Floats
    targets: Numbers
    clip: Numbers
    copy: Numbers
    utterances: tuple[Utterance, ...]
    labels: tuple[str, ...]
    skipped: tuple[tuple[Utterance, str], ...] = ()
    missing: tuple[str, ...] = ()
    shares: npt.NDArray[np.float32] | None = None
    intensities: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def part(self, rows: Numbers | None = None) -> Part:
        """Return some rows as a part; all of them by default."""
        corpora = np.array([item.corpus for item in self.utterances], dtype=np.str_)
        return Part(
            self.features,
            self.targets,
            np.arange(len(self)) if rows is None else rows,
            corpora[self.clip],
            len(self.labels),
            self.copy > 0,
            self.shares,
            self.clip,
            self.intensities,
        )


@dataclass(frozen=True, slots=True)
class Normalisation:
    """`(features - mean) / scale`, fitted on training rows and kept with the model.

    Attributes:
        mean, scale: broadcast against `[batch, *shape]`.
    """

    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]


AS_IT_IS = Normalisation(np.zeros(1, np.float32), np.ones(1, np.float32))
"""The features stay what they are."""

QUICK_EPOCHS = 2
_QUICK_CLIPS = 90  # of a corpus: enough for every class and several speakers


def target_label(
    utterance: Utterance, labels: Sequence[str], relabel: Mapping[str, str] | None = None
) -> str | None:
    """Return the label to learn: the canonical one, else a native one that `labels` names.

    Args:
        utterance: the clip.
        labels: the classes.
        relabel: canonical label to the one that it is joined to.
    """
    emotion = utterance.emotion
    if emotion is not None and relabel:
        emotion = relabel.get(emotion, emotion)
    if emotion in labels:
        return emotion
    native = utterance.native_label
    return native if native in labels and native not in CANONICAL else None


def load_clips(
    utterances: Sequence[Utterance],
    *,
    labels: Sequence[str],
    features: LogMelConfig | FeatureSet,
    relabel: Mapping[str, str] | None = None,
    copies: Sequence[CopyConfig] = (),
    copy_seed: int = 1,
    min_duration_s: float = 0.0,
    progress: Progress | None = None,
) -> Clips:
    """Compute, or take from the cache, the features of all utterances that carry a label.

    Args:
        utterances: the recordings; those whose emotion is none of `labels` are left out.
        labels: the classes.
        features: log-mels of clips of any length, or a set whose features have one shape.
        relabel: canonical label to the one that it is joined to.
        copies: augmented copies of every clip, which follow their original.
        copy_seed: draws the copies.
        min_duration_s: shorter clips are left out.
        progress: called with the number of clips done and the total.
    """
    chosen = [item for item in utterances if target_label(item, labels, relabel) is not None]
    reader = _Reader(features, tuple(copies), copy_seed, min_duration_s)
    arrays: list[Features] = []
    kept: list[Utterance] = []
    skipped: list[tuple[Utterance, str]] = []
    # Threads suffice: hashing, decoding and Fourier transforms all leave the interpreter's lock.
    with Workers(os.cpu_count()) as pool:
        found = pool.map(reader.read, chosen)
        for done, (item, answer) in enumerate(zip(chosen, found, strict=True), start=1):
            if isinstance(answer, str):
                skipped.append((item, answer))
            else:
                kept.append(item)
                arrays.extend(answer)
            if progress is not None:
                progress(done, len(chosen))
    names = [target_label(item, labels, relabel) for item in kept]
    targets = np.array([labels.index(name) for name in names if name], dtype=np.int64)
    rows_each = 1 + len(copies)
    fixed = isinstance(features, FeatureSet) and arrays
    return Clips(
        features=np.stack(arrays) if fixed else tuple(arrays),
        targets=np.repeat(targets, rows_each),
        clip=np.repeat(np.arange(len(kept)), rows_each),
        copy=np.tile(np.arange(rows_each), len(kept)),
        utterances=tuple(kept),
        labels=tuple(labels),
        skipped=tuple(skipped),
    )


def few_of_each(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return a small share of every corpus, to try the whole path."""
    corpora = dict.fromkeys(item.corpus for item in utterances)
    return [x for name in corpora for x in _few([y for y in utterances if y.corpus == name])]


def _few(utterances: Sequence[Utterance]) -> list[Utterance]:
    """Return a small share of a corpus, the same each time, with many speakers in it."""
    drawn = np.random.default_rng(1).permutation(len(utterances))[:_QUICK_CLIPS]
    return [utterances[index] for index in sorted(drawn)]


def fit_normalisation(part: Part, *, over: tuple[int, ...] | None) -> Normalisation:
    """Fit mean and standard deviation to the rows of a training part.

    Args:
        part: what the model learns from; nothing else may be looked at.
        over: axes of the features that share a value (of a matrix `[frames, bands]`, 0 keeps one
            value a band); None leaves the features as they are.
    """
    if over is None:
        return AS_IT_IS
    axes = (0, *(axis + 1 for axis in over))
    # In blocks: the planes of a corpus fill gigabytes in double precision.
    total, squares, count = np.zeros(1), np.zeros(1), 0
    for rows in np.array_split(part.rows, max(1, len(part.rows) // 256)):
        block = cast("Floats", part.features)[rows].astype(np.float64)
        total = total + block.sum(axis=axes, keepdims=True)[0]
        squares = squares + np.square(block).sum(axis=axes, keepdims=True)[0]
        count += block.size // total.size
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    # A feature that never changes stays at 0 after the mean is taken away.
    scale = np.where(deviation > 1e-8, deviation, 1.0)
    return Normalisation(mean.astype(np.float32), scale.astype(np.float32))


class _Reader:
    """Reads a clip and returns the features of its original and its copies, or what was wrong."""

    def __init__(
        self,
        features: LogMelConfig | FeatureSet,
        copies: tuple[CopyConfig, ...],
        copy_seed: int,
        min_duration_s: float,
    ) -> None:
        self._features = features
        self._copies = copies
        self._copy_seed = copy_seed
        self._min_duration_s = min_duration_s
        # Vectors span more than half precision does, and are small; the others fill gigabytes.
        vector = isinstance(features, FeatureSet) and features.form == "vector"
        self._dtype = np.float32 if vector else np.float16
        self._originals = self._cache()
        self._durations = FeatureCache(
            default_cache_root(), {"set": "duration_s"}, dtype=np.float32
        )

    def read(self, item: Utterance) -> list[Features] | str:
        signal: list[Features] = []

        def waveform() -> Features:
            if not signal:
                signal.append(decode(item.path, start_s=item.start_s, end_s=item.end_s).signal)
            return signal[0]

        def compute(number: int) -> Features:
            if number == 0:
                return self._of(waveform())
            rng = copy_rng(self._copy_seed, item, number)
            return self._of(make_copy(waveform(), SAMPLING_RATE_HZ, self._copies[number - 1], rng))

        try:
            if self._min_duration_s:
                length = self._durations.get(item, lambda: duration_s(waveform()))
                if float(length[0]) < self._min_duration_s:
                    return f"shorter than {self._min_duration_s:g} s"
            caches = [
                self._originals,
                *(self._cache(item, 1 + n) for n in range(len(self._copies))),
            ]
            return [
                cache.get(item, partial(compute, number)).astype(self._dtype)
                for number, cache in enumerate(caches)
            ]
        except (AudioError, ValueError) as error:  # the cache refuses what is not finite
            return str(error)

    def _of(self, signal: Features) -> Features:
        if isinstance(self._features, LogMelConfig):
            return log_mel(signal, self._features)
        return self._features.compute(signal)

    def _cache(self, item: Utterance | None = None, number: int = 0) -> FeatureCache:
        """Return the cache of originals, or of one copy of one clip.

        A copy's draws depend on who the clip is: two clips of the same sound have copies of
        their own.
        """
        parameters: dict[str, object]
        if isinstance(self._features, LogMelConfig):
            parameters = {"set": "log-mel", **asdict(self._features)}
        else:
            parameters = {"set": self._features.name, "version": self._features.version}
        if item is not None:
            parameters["copy"] = {
                **to_mapping(self._copies[number - 1]),
                "seed": self._copy_seed,
                "number": number,
                "clip": [item.corpus, item.speaker, item.path.parent.name, item.path.stem],
            }
        return FeatureCache(default_cache_root(), parameters, dtype=self._dtype)


def duration_s(signal: Features) -> Features:
    """Return the length of a signal at our rate, `[1]`, as the cache keeps it."""
    return np.array([signal.size / SAMPLING_RATE_HZ], dtype=np.float32)
