"""What the page works out for a recording; nothing here knows of Streamlit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, decode_blocks
from affekt.errors import AudioError
from affekt.features import FloatArray
from affekt.recognition import WHOLE_S, Recognizer, TrackPlan, plan_tracks, stamp
from affekt.records import Prediction, Timeline
from affekt.web import lanes
from affekt.web.lanes import Progress
from affekt.web.recordings import Recording

# A recording longer than this is followed over time.
TIMELINE_FROM_S = 5.0

CELL_S = 0.01


class AbandonedError(Exception):
    """The session that asked is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to take the channels of a recording; the rules are those of `plan_tracks`.

    Attributes:
        channels: names, one a channel; None takes the mean of all for one voice.
        analyse: whose emotions are inferred.
        mix: all channels are one scene, however different they are.
        purpose: one of `affekt.records.PURPOSES`, or None.
        consented: the speaker has consented to it.
    """

    channels: tuple[str, ...] | None = None
    analyse: tuple[str, ...] | None = None
    mix: bool = False
    purpose: str | None = None
    consented: bool = False

    @property
    def stamp(self) -> str | None:
        """What every output carries of the purpose."""
        return stamp(self.purpose, consented=self.consented)

    def plan(self, source_channels: int) -> tuple[TrackPlan, ...]:
        """Return what is done with each channel.

        Raises:
            ConfigError: the wishes are impossible, or not allowed.
        """
        return plan_tracks(
            source_channels,
            names=self.channels,
            analyse=self.analyse,
            purpose=self.purpose,
            consented=self.consented,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sound:
    """A recording as it was found.

    Attributes:
        duration_s, sampling_rate_hz, channels: of the recording.
        envelope: `[cells, 2]`, smallest and largest sample (mean of the channels) of every
            `CELL_S`, between -1 and 1.
        warnings: what a reader should know.
    """

    duration_s: float
    sampling_rate_hz: int
    channels: int
    envelope: FloatArray = field(repr=False)
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An analysed channel, and the answer for all of it."""

    plan: TrackPlan
    prediction: Prediction


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All answers for a recording.

    Attributes:
        wishes: that they follow.
        voices: one an analysed channel on which somebody speaks.
        timeline: None for a short recording of one voice.
    """

    wishes: Wishes
    voices: tuple[Voice, ...]
    timeline: Timeline | None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types; the purpose is stamped on it."""
        return {
            "purpose": self.wishes.stamp,
            "voices": [
                {
                    "channel": voice.plan.index,
                    "name": voice.plan.name,
                    "prediction": voice.prediction.to_dict(),
                }
                for voice in self.voices
            ],
            "timeline": None if self.timeline is None else self.timeline.to_dict(),
        }


def read_sound(recording: Recording, progress: Progress) -> Sound:
    """Read a recording once, in flat memory.

    Raises:
        AudioError: it cannot be read, or holds nothing to recognise.
        MissingExtraError: its format needs PyAV, which is not installed.
    """
    cell = round(CELL_S * SAMPLING_RATE_HZ)
    pieces = []
    # Blocks of whole cells; the last may end within one.
    with decode_blocks(recording.data, block_s=10.0) as reader:
        for block in reader:
            starts = np.arange(0, block.size, cell)
            low, high = np.minimum.reduceat(block, starts), np.maximum.reduceat(block, starts)
            pieces.append(np.stack([low, high], axis=1))
            progress("Reading", None)
        return Sound(
            duration_s=reader.duration_s,
            sampling_rate_hz=reader.source_rate_hz,
            channels=reader.source_channels,
            envelope=np.concatenate(pieces).clip(-1.0, 1.0),
            warnings=tuple(reader.warnings),
        )


def analyse(
    recognizer: Recognizer,
    recording: Recording,
    sound: Sound,
    wishes: Wishes,
    progress: Progress,
) -> Analysis:
    """Recognise a recording as a whole, and follow it over time where it is long.

    Raises:
        AudioError: it cannot be read, or holds nothing to recognise.
        ConfigError: the wishes are impossible, or not allowed.
    """
    plans = wishes.plan(sound.channels)
    lane = lanes.LONG if sound.duration_s > WHOLE_S else lanes.SHORT
    with lane.place(progress):
        voices = []
        for plan in plans:
            if plan.analysed:
                progress("Recognising", None)
                try:
                    prediction = recognizer.predict(
                        recording.data,
                        channel=plan.index,
                        mix=wishes.mix,
                        purpose=wishes.purpose,
                        consented=wishes.consented,
                    )
                except AudioError:
                    if plan.name is None:
                        raise
                    continue  # says nothing in this call, or the timeline finds what is wrong
                prediction = replace(prediction, path=recording.name)
                voices.append(Voice(plan=plan, prediction=prediction))
        timeline = None
        if sound.duration_s > TIMELINE_FROM_S or wishes.channels is not None:
            timeline = recognizer.timeline(
                recording.data,
                channels=wishes.channels,
                analyse=wishes.analyse,
                mix=wishes.mix,
                purpose=wishes.purpose,
                consented=wishes.consented,
                progress=lambda done_s: progress("Following", done_s / sound.duration_s),
            )
            timeline = replace(timeline, path=recording.name)
    return Analysis(wishes=wishes, voices=tuple(voices), timeline=timeline)
