"""What the segments of a track come to: shares, the longest negative stretch, turning points."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from affekt.records import Segment, TrackSummary, TurningPoint

NEGATIVE = frozenset({"sad", "angry", "fearful", "disgust"})

# A turning point lies between two stretches of one emotion at least so long.
_SURE_S = 2.0
# Pauses within a negative stretch.
_BREATH_S = 3.0


def spoken_stretches(segments: Sequence[Segment]) -> tuple[tuple[float, float], ...]:
    """Return beginning and end of each stretch in which somebody speaks, in seconds."""
    return tuple(
        (stretch[0].start_s, stretch[-1].end_s)
        for speaks, items in itertools.groupby(segments, key=lambda item: item.speech)
        if speaks
        for stretch in [list(items)]
    )


def summarise(
    segments: Sequence[Segment],
    *,
    analysed: bool,
    others: Iterable[tuple[float, float]] = (),
) -> TrackSummary:
    """Return a track's figures: shares of speech, longest negative stretch, turning points.

    Args:
        segments: of the track.
        analysed: emotion was inferred.
        others: when the other voices of the recording speak, in seconds.
    """
    seconds: defaultdict[str, float] = defaultdict(float)
    speech_s = not_speech_s = 0.0
    for item in segments:
        lasts_s = item.end_s - item.start_s
        if item.out_of_domain and not item.speech:
            not_speech_s += lasts_s
        elif item.speech:
            speech_s += lasts_s
            if analysed:
                seconds["uncertain" if item.uncertain else item.emotion or "uncertain"] += lasts_s
    return TrackSummary(
        speech_s=speech_s,
        shares={label: part / speech_s for label, part in sorted(seconds.items())},
        longest_negative=_longest_negative(segments, others),
        turning_points=tuple(_turning_points(segments)),
        not_speech_s=not_speech_s,
    )


def _longest_negative(
    segments: Sequence[Segment], others: Iterable[tuple[float, float]]
) -> tuple[float, float] | None:
    """Return the longest run of negative emotions.

    Short pauses and uncertain answers do not end it.

    While other voices speak, or there is sound that is not speech, no pause grows longer.
    """
    not_speech = [(item.start_s, item.end_s) for item in segments if item.out_of_domain]
    silent = _Outside([*others, *not_speech])
    best: tuple[float, float] | None = None
    run: tuple[float, float] | None = None
    for item in segments:
        if item.emotion is None or item.uncertain:
            continue
        if item.emotion not in NEGATIVE:
            run = None
            continue
        goes_on = run is not None and silent.between(run[1], item.start_s) <= _BREATH_S
        run = (run[0] if run and goes_on else item.start_s, item.end_s)
        if best is None or run[1] - run[0] > best[1] - best[0]:
            best = run
    return best


class _Outside:
    """How long it is from one time to another, without the time within some stretches."""

    def __init__(self, stretches: Iterable[tuple[float, float]]) -> None:
        times, within = [0.0], [0.0]
        for start_s, end_s in sorted(stretches):
            start_s = max(start_s, times[-1])
            if end_s > start_s:
                times += [start_s, end_s]
                within += [within[-1], within[-1] + end_s - start_s]
        self._times, self._within = times, within

    def between(self, start_s: float, end_s: float) -> float:
        before, after = np.interp([start_s, end_s], self._times, self._within)
        return end_s - start_s - float(after - before)


def _turning_points(segments: Sequence[Segment]) -> Iterator[TurningPoint]:
    """Yield the changes between stretches that are sure of their emotion for long enough.

    Pauses and uncertain answers do not end a stretch. Another emotion does, once it has lasted
    as long.
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
