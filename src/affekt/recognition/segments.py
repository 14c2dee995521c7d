"""From overlapping windows to segments: what was heard when, smoothed, and in a few figures.

Time is cut into cells of one hop. A cell's probabilities are the mean over the windows that hold
it; its emotion follows from the most probable sequence of emotions of which each change costs
something (Viterbi), so that a single odd cell does not interrupt a stretch.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio.voice import FRAME_S
from affekt.recognition.stream import Heard, ranked
from affekt.records import Segment, TrackSummary, TurningPoint

Floats = npt.NDArray[np.float64]

NEGATIVE = frozenset({"sad", "angry", "fearful", "disgust"})

# The logarithm of how much less probable a change is than staying.
_CHANGE_COST = 1.0
# Pauses within speech, and sounds too short to be any.
_GAP_S = 0.5
_MIN_SPEECH_S = 0.1
# A turning point lies between two stretches of one emotion at least so long.
_SURE_S = 2.0
# Pauses within a negative stretch.
_BREATH_S = 3.0


@dataclass(frozen=True, slots=True)
class Cells:
    """Every hop of a recording.

    Attributes:
        edges_s: `[cells + 1]`, where they begin and end.
        probabilities: `[cells, classes]`, the mean over the windows that hold a cell; NaN where
            no window did.
    """

    edges_s: Floats
    probabilities: Floats


def speech_of(heard: Sequence[Heard]) -> tuple[tuple[float, float], ...]:
    """Return the stretches of speech in seconds: pauses up to 0.5 s within, clicks left out."""
    if not heard:
        return ()
    frames = np.concatenate([item.speech for item in heard])
    end_s = heard[-1].end_s
    edges = np.flatnonzero(np.diff(frames, prepend=False, append=False)) * FRAME_S
    found: list[tuple[float, float]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if found and start - found[-1][1] <= _GAP_S + 1e-9:
            found[-1] = (found[-1][0], min(end, end_s))
        else:
            found.append((start, min(end, end_s)))
    return tuple((start, end) for start, end in found if end - start >= _MIN_SPEECH_S)


def cells_of(heard: Sequence[Heard], classes: int) -> Cells:
    """Spread the answers of the windows over the cells they hold."""
    edges = np.array([0.0, *(item.end_s for item in heard)])
    total = np.zeros((len(heard), classes))
    count = np.zeros(len(heard))
    for item in heard:
        if item.probabilities is None:
            continue
        first = int(np.searchsorted(edges, item.start_s - 1e-9))
        last = int(np.searchsorted(edges, item.end_s - 1e-9))
        total[first:last] += item.probabilities
        count[first:last] += 1
    with np.errstate(invalid="ignore"):
        return Cells(edges, total / count[:, np.newaxis])


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
    chosen = None if cells is None else smooth(cells.probabilities)
    for start_s, end_s in speech:
        if start_s > place_s:
            found.append(_silence(place_s, start_s))
        if cells is None or chosen is None:
            found.append(_spoken(start_s, end_s, None, labels, threshold))
        else:
            found.extend(_within(start_s, end_s, cells, chosen, labels, threshold))
        place_s = end_s
    if duration_s > place_s:
        found.append(_silence(place_s, duration_s))
    return tuple(found)


def smooth(probabilities: Floats) -> npt.NDArray[np.int64]:
    """Return the class of each cell: the path of greatest probability, where changes cost.

    Args:
        probabilities: `[cells, classes]`; a row of NaN tells nothing.

    Returns:
        `[cells]`.
    """
    evidence = np.log(np.maximum(np.nan_to_num(probabilities, nan=1.0), 1e-9))
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


def summarise(segments: Sequence[Segment], *, analysed: bool) -> TrackSummary:
    """Return a track's figures: shares of speech, longest negative stretch, turning points."""
    spoken = [item for item in segments if item.speech]
    speech_s = sum(item.end_s - item.start_s for item in spoken)
    seconds: defaultdict[str, float] = defaultdict(float)
    for item in spoken if analysed else ():
        sure = item.emotion is not None and not item.uncertain
        seconds[item.emotion if sure and item.emotion else "uncertain"] += item.end_s - item.start_s
    return TrackSummary(
        speech_s=speech_s,
        shares={label: part / speech_s for label, part in sorted(seconds.items())},
        longest_negative=_longest_negative(segments),
        turning_points=tuple(_turning_points(segments)),
    )


def _within(
    start_s: float,
    end_s: float,
    cells: Cells,
    chosen: npt.NDArray[np.int64],
    labels: tuple[str, ...],
    threshold: float,
) -> Iterator[Segment]:
    """Cut a stretch of speech where the emotion changes."""
    first = int(np.searchsorted(cells.edges_s, start_s + 1e-9, side="right")) - 1
    last = max(int(np.searchsorted(cells.edges_s, end_s - 1e-9)), first + 1)
    told = first + np.flatnonzero(~np.isnan(cells.probabilities[first:last, 0]))
    if not told.size:
        yield _spoken(start_s, end_s, None, labels, threshold)
        return
    # A cell that no window tells of takes the answer of the nearest that one does.
    halfway = (told[:-1] + told[1:]) / 2
    answers = chosen[told[np.searchsorted(halfway, np.arange(first, last))]]
    starts = np.flatnonzero(np.diff(answers, prepend=-1))
    for start, end in itertools.pairwise((*starts.tolist(), last - first)):
        yield _spoken(
            max(start_s, float(cells.edges_s[first + start])),
            min(end_s, float(cells.edges_s[first + end])),
            np.nanmean(cells.probabilities[first + start : first + end], axis=0),
            labels,
            threshold,
            label=labels[answers[start]],
        )


def _spoken(
    start_s: float,
    end_s: float,
    probabilities: Floats | None,
    labels: tuple[str, ...],
    threshold: float,
    label: str | None = None,
) -> Segment:
    scores = ranked(probabilities, labels)
    confidence = next((item.score for item in scores if item.label == label), None)
    return Segment(
        start_s=start_s,
        end_s=end_s,
        speech=True,
        emotion=label,
        confidence=confidence,
        uncertain=confidence is not None and confidence < threshold,
        predictions=scores,
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


def _longest_negative(segments: Sequence[Segment]) -> tuple[float, float] | None:
    """Return the longest run of negative emotions; short pauses and doubts do not end it."""
    best: tuple[float, float] | None = None
    run: tuple[float, float] | None = None
    for item in segments:
        if item.emotion is None or item.uncertain:
            continue
        if item.emotion not in NEGATIVE:
            run = None
            continue
        goes_on = run is not None and item.start_s - run[1] <= _BREATH_S
        run = (run[0] if run and goes_on else item.start_s, item.end_s)
        if best is None or run[1] - run[0] > best[1] - best[0]:
            best = run
    return best


def _turning_points(segments: Sequence[Segment]) -> Iterator[TurningPoint]:
    """Yield the changes between stretches that are sure of their emotion for long enough.

    Pauses and doubts do not end a stretch; another emotion does, once it has lasted as long.
    """
    before: str | None = None
    after, begin_s, lasted_s = "", 0.0, 0.0  # what may become a stretch
    for item in segments:
        if item.emotion is None or item.uncertain:
            continue
        if item.emotion == before:
            lasted_s = 0.0
            continue
        if item.emotion != after or lasted_s == 0.0:
            after, begin_s, lasted_s = item.emotion, item.start_s, 0.0
        lasted_s += item.end_s - item.start_s
        if lasted_s < _SURE_S:
            continue
        if before is not None:
            yield TurningPoint(time_s=begin_s, before=before, after=after)
        before, lasted_s = after, 0.0
