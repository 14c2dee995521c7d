"""From overlapping windows to segments: which emotion when, smoothed.

Time is cut into cells of one hop. A cell's probabilities are the mean over the windows that hold
it. Where a stretch ends follows from the most probable sequence of emotions of which each change
costs something (Viterbi), so that a single odd cell does not interrupt it; its emotion is the most
probable by the mean over its cells. Speech and other sounds are separated in the same way.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio import FRAME_S
from affekt.recognition.stream import WindowPrediction, ranked
from affekt.records import Segment

Floats = npt.NDArray[np.float64]

# The logarithm of how much less probable a change is than staying; also what a change between
# speech and other sounds costs, where a cell's evidence lies between -1 and 1.
_CHANGE_COST = 1.0
# Pauses within speech, and sounds too short to be any.
_GAP_S = 0.5
_MIN_SPEECH_S = 0.1
# In the place of a class: not speech.
_NOT_SPEECH = -1


@dataclass(frozen=True, slots=True)
class Cells:
    """Every hop of a recording.

    Attributes:
        edges_s: `[cells + 1]`, where they begin and end.
        probabilities: `[cells, classes]`, the mean over the windows that hold a cell, of those
            within the domain where there are any; NaN where no window has any.
        novelty: `[cells]`, the mean over the windows; above 1 is out of the domain; NaN likewise,
            and where the model cannot tell.
        intensity: `[cells]`, 0 to 1, the mean as of the probabilities; NaN where there is none.
    """

    edges_s: Floats
    probabilities: Floats
    novelty: Floats
    intensity: Floats


def speech_of(windows: Sequence[WindowPrediction]) -> tuple[tuple[float, float], ...]:
    """Return the stretches of speech in seconds: pauses up to 0.5 s within, clicks left out."""
    if not windows:
        return ()
    frames = np.concatenate([item.speech for item in windows])
    end_s = windows[-1].end_s
    edges = np.flatnonzero(np.diff(frames, prepend=False, append=False)) * FRAME_S
    found: list[tuple[float, float, float]] = []  # beginning, end, and the sound in between
    for start, end in edges.reshape(-1, 2).tolist():
        first, sound_s = start, end - start
        if found and start - found[-1][1] <= _GAP_S + 1e-9:
            first, _, before_s = found.pop()
            sound_s += before_s
        found.append((first, min(end, end_s), sound_s))
    return tuple((start, end) for start, end, sound_s in found if sound_s >= _MIN_SPEECH_S - 1e-9)


def cells_of(windows: Sequence[WindowPrediction], classes: int) -> Cells:
    """Spread the answers of the windows over the cells they hold."""
    edges = np.array([0.0, *(item.end_s for item in windows)])
    # Windows out of the domain, and the others: music before a word must not colour the word.
    total = np.zeros((2, len(windows), classes))
    count = np.zeros((2, len(windows), 1))
    novelty = np.zeros(len(windows))
    intensity = np.zeros((2, len(windows)))
    for item in windows:
        if item.probabilities is None:
            continue
        first = int(np.searchsorted(edges, item.start_s - 1e-9))
        last = int(np.searchsorted(edges, item.end_s - 1e-9))
        in_domain = 0 if item.out_of_domain else 1
        total[in_domain, first:last] += item.probabilities
        count[in_domain, first:last] += 1
        novelty[first:last] += np.nan if item.novelty is None else item.novelty
        rated = np.nan if item.intensity is None else item.intensity
        intensity[in_domain, first:last] += rated
    with np.errstate(invalid="ignore"):
        out_of_domain, in_domain_means = total / count
        return Cells(
            edges,
            np.where(count[1] > 0, in_domain_means, out_of_domain),
            novelty / count.sum(axis=(0, 2)),
            np.where(count[1, :, 0] > 0, intensity[1], intensity[0])
            / np.where(count[1, :, 0] > 0, count[1, :, 0], count[0, :, 0]),
        )


def segments_of(
    speech: Sequence[tuple[float, float]],
    cells: Cells | None,
    labels: tuple[str, ...],
    *,
    duration_s: float,
    threshold: float,
) -> tuple[Segment, ...]:
    """Return segments that cover a recording without a gap.

    Args:
        speech: stretches of speech, in order.
        cells: None where emotion is not inferred.
        labels: of the model.
        duration_s: of the recording.
        threshold: a confidence below it is uncertain.
    """
    place_s = 0.0
    found: list[Segment] = []
    kinds = None if cells is None else _kinds(cells)
    for first_s, last_s in speech:
        # No pause at an edge of the recording is shorter than the shortest sound.
        start_s = first_s if first_s >= _MIN_SPEECH_S else 0.0
        end_s = last_s if duration_s - last_s >= _MIN_SPEECH_S else duration_s
        if start_s > place_s:
            found.append(_silence(place_s, start_s))
        if cells is None or kinds is None:
            found.append(_spoken(start_s, end_s, None, labels, threshold))
        else:
            found.extend(_within(start_s, end_s, cells, kinds, labels, threshold))
        place_s = end_s
    if duration_s > place_s:
        found.append(_silence(place_s, duration_s))
    return tuple(found)


def _kinds(cells: Cells) -> npt.NDArray[np.int64]:
    """Return the class of each cell, `_NOT_SPEECH` where there is no speech."""
    away = np.nan_to_num(cells.novelty - 1.0)
    not_speech = _path(np.stack([-away, away], axis=1)) == 1
    return np.where(not_speech, _NOT_SPEECH, smooth(cells.probabilities))


def smooth(probabilities: Floats) -> npt.NDArray[np.int64]:
    """Return the class of each cell: the path of greatest probability, where changes cost.

    Args:
        probabilities: `[cells, classes]`; a row of NaN says nothing.

    Returns:
        `[cells]`.
    """
    return _path(np.log(np.maximum(np.nan_to_num(probabilities, nan=1.0), 1e-9)))


def _path(evidence: Floats) -> npt.NDArray[np.int64]:
    """Return the path of greatest evidence through `[cells, classes]`, where changes cost."""
    score = np.zeros(evidence.shape[1])
    came_from = np.zeros(evidence.shape, dtype=np.int64)
    for cell, row in enumerate(evidence):
        best = int(np.argmax(score))
        changed = score[best] - _CHANGE_COST > score
        came_from[cell] = np.where(changed, best, np.arange(len(score)))
        score = np.where(changed, score[best] - _CHANGE_COST, score) + row
    path = np.zeros(len(evidence), dtype=np.int64)
    state = int(np.argmax(score)) if len(evidence) else 0
    for cell in range(len(evidence) - 1, -1, -1):
        path[cell] = state
        state = int(came_from[cell, state])
    return path


def _within(
    start_s: float,
    end_s: float,
    cells: Cells,
    kinds: npt.NDArray[np.int64],
    labels: tuple[str, ...],
    threshold: float,
) -> Iterator[Segment]:
    """Cut a stretch of sound where the emotion changes, and where speech begins and ends."""
    first = int(np.searchsorted(cells.edges_s, start_s + 1e-9, side="right")) - 1
    last = max(int(np.searchsorted(cells.edges_s, end_s - 1e-9)), first + 1)
    # Cells of which the stretch holds no more than a click belong to their neighbours.
    if last - first > 1 and cells.edges_s[first + 1] - start_s < _MIN_SPEECH_S:
        first += 1
    if last - first > 1 and end_s - cells.edges_s[last - 1] < _MIN_SPEECH_S:
        last -= 1
    answered = first + np.flatnonzero(~np.isnan(cells.probabilities[first:last, 0]))
    if not answered.size:
        yield _spoken(start_s, end_s, None, labels, threshold)
        return
    # A cell without an answer takes that of the nearest cell that has one.
    halfway = (answered[:-1] + answered[1:]) / 2
    found = kinds[answered[np.searchsorted(halfway, np.arange(first, last))]]
    # The emotion of a run is the most probable by its mean, and neighbours may now agree.
    for begin, end in _runs(found):
        if found[begin] != _NOT_SPEECH:
            found[begin:end] = _mean(cells, first + begin, first + end).argmax()
    for begin, end in _runs(found):
        yield _spoken(
            start_s if begin == 0 else float(cells.edges_s[first + begin]),
            end_s if first + end == last else float(cells.edges_s[first + end]),
            _mean(cells, first + begin, first + end),
            labels,
            threshold,
            out_of_domain=None
            if np.isnan(cells.novelty[answered[0]])
            else bool(found[begin] == _NOT_SPEECH),
            intensity=_known_mean(cells.intensity[first + begin : first + end]),
        )


def _runs(values: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return beginning and end of each run of equal values."""
    changes = np.flatnonzero(np.diff(values)) + 1
    return list(itertools.pairwise([0, *changes.tolist(), len(values)]))


def _mean(cells: Cells, first: int, last: int) -> Floats:
    mean: Floats = np.nanmean(cells.probabilities[first:last], axis=0)
    return mean


def _known_mean(values: Floats) -> float | None:
    """Return the mean of what is known; None where nothing is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _spoken(
    start_s: float,
    end_s: float,
    probabilities: Floats | None,
    labels: tuple[str, ...],
    threshold: float,
    *,
    out_of_domain: bool | None = None,
    intensity: float | None = None,
) -> Segment:
    """Return a stretch of sound: speech, unless it is out of the domain."""
    scores = () if out_of_domain else ranked(probabilities, labels)
    best = scores[0] if scores else None
    return Segment(
        start_s=start_s,
        end_s=end_s,
        speech=not out_of_domain,
        emotion=best.label if best else None,
        confidence=best.score if best else None,
        uncertain=bool(out_of_domain) or (best is not None and best.score < threshold),
        predictions=scores,
        out_of_domain=out_of_domain,
        intensity=intensity if scores else None,
    )


def _silence(start_s: float, end_s: float) -> Segment:
    return Segment(
        start_s=start_s,
        end_s=end_s,
        speech=False,
        emotion=None,
        confidence=None,
        uncertain=False,
        predictions=(),
    )
