"""Timelines made by hand, as short as their formats allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest

from affekt.records import Score, Segment, Timeline, Track, TrackSummary, TurningPoint

LABELS = ("neutral", "happy", "angry")

MakeTimeline = Callable[..., Timeline]


def segment(
    start_s: float,
    end_s: float,
    emotion: str | None = None,
    confidence: float = 0.8,
    *,
    speech: bool = True,
) -> Segment:
    """A stretch; the probability that the emotion leaves goes to the other labels."""
    rest = [label for label in LABELS if label != emotion]
    scores = [(emotion, confidence), *((label, (1 - confidence) / len(rest)) for label in rest)]
    return Segment(
        start_s=start_s,
        end_s=end_s,
        speech=speech,
        emotion=emotion,
        confidence=None if emotion is None else confidence,
        uncertain=emotion is not None and confidence < 0.5,
        predictions=()
        if emotion is None
        else tuple(Score(label=label, score=score) for label, score in scores if label),
    )


def silence(start_s: float, end_s: float) -> Segment:
    return segment(start_s, end_s, speech=False)


def not_speech(start_s: float, end_s: float) -> Segment:
    """Music, noise, a ring tone."""
    return replace(segment(start_s, end_s, speech=False), uncertain=True, out_of_domain=True)


def track(
    segments: Sequence[Segment],
    *,
    index: int | None = None,
    name: str | None = None,
    analysed: bool = True,
    summary: TrackSummary | None = None,
) -> Track:
    speech = tuple((item.start_s, item.end_s) for item in segments if item.speech)
    return Track(
        index=index,
        name=name,
        analysed=analysed,
        speech=speech,
        segments=tuple(segments),
        summary=summary
        or TrackSummary(
            speech_s=sum(end - start for start, end in speech),
            shares={},
            longest_negative=None,
            turning_points=(),
        ),
    )


@pytest.fixture(scope="session")
def build() -> SimpleNamespace:
    """What makes segments and tracks."""
    return SimpleNamespace(segment=segment, silence=silence, track=track)


@pytest.fixture(scope="session")
def on_hold(make_timeline: MakeTimeline) -> Timeline:
    """Two seconds of music on the customer's line, then one word."""
    held = [not_speech(0.0, 2.0), segment(2.0, 3.0, "happy"), silence(3.0, 4.0)]
    summary = TrackSummary(
        speech_s=1.0,
        shares={"happy": 1.0},
        longest_negative=None,
        turning_points=(),
        not_speech_s=2.0,
    )
    return make_timeline(track(held, index=0, name="customer", summary=summary))


@pytest.fixture(scope="session")
def make_timeline() -> MakeTimeline:
    def make(*tracks: Track, **changes: object) -> Timeline:
        values: dict[str, object] = {
            "path": "calls/call 7.wav",
            "duration_s": tracks[0].segments[-1].end_s,
            "sampling_rate_hz": 8000,
            "channels": len(tracks),
            "model": "tones 1.2",
            "labels": LABELS,
            "window_s": 3.0,
            "hop_s": 1.0,
            "purpose": None,
            "tracks": tracks,
        }
        return Timeline(**(values | changes))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def call(make_timeline: MakeTimeline) -> Timeline:
    """Six seconds: the agent speaks; the customer is angry, then hard to tell, then happy."""
    agent = track([segment(0.0, 1.5), silence(1.5, 6.0)], index=0, name="agent", analysed=False)
    customer = track(
        [
            silence(0.0, 1.0),
            segment(1.0, 3.0, "angry", 0.873),
            segment(3.0, 3.5, "neutral", 0.42),
            segment(3.5, 5.0, "happy", 0.61),
            segment(5.0, 5.2),
            silence(5.2, 6.0),
        ],
        index=1,
        name="customer",
        summary=TrackSummary(
            speech_s=4.2,
            shares={"angry": 2.0 / 4.2, "happy": 1.5 / 4.2, "uncertain": 0.7 / 4.2},
            longest_negative=(1.0, 3.0),
            turning_points=(TurningPoint(time_s=3.5, before="angry", after="happy"),),
        ),
    )
    return make_timeline(agent, customer, purpose="research")


@pytest.fixture(scope="session")
def monologue(make_timeline: MakeTimeline) -> Timeline:
    """A recording of one voice without a name, and without a purpose."""
    return make_timeline(track([segment(0.0, 2.0, "happy"), silence(2.0, 2.5)]))


@pytest.fixture(scope="session")
def awkward(make_timeline: MakeTimeline) -> Timeline:
    """Names that mean something to every format."""
    name = 'Zoë "<b>&amp;" --> \t\n</script>'
    return make_timeline(
        track([segment(0.0, 1.0, "angry"), silence(1.0, 2.0)], index=0, name=name),
        path=f"{name} $title.wav",
        purpose="medical",
    )
