"""A long recording over time: who speaks when, and the emotions of those who are analysed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypedDict, Unpack

from affekt.audio import AudioSource, BlockReader, Signal, decode_blocks
from affekt.audio.turns import Turns
from affekt.audio.voice import Voice
from affekt.errors import ConfigError, SilentError, did_you_mean
from affekt.recognition.purpose import TrackPlan, plan_tracks, stamp
from affekt.recognition.segments import cells_of, segments_of, speech_of, summarise
from affekt.recognition.stream import Heard, StreamListener, check_lengths
from affekt.records import Timeline, Track
from affekt.threads import Workers

if TYPE_CHECKING:
    from affekt.recognition.recognizer import Recognizer

WINDOW_S = 3.0
HOP_S = 1.0
_BLOCK_S = 10.0

_PERHAPS_A_CALL = (
    "Two channels were taken for one voice: in a call they are two people's; name them (channels), "
    "and the customer alone is analysed."
)
_IS_A_CALL = (
    "its channels sound by turns, as those of a call do: name them (channels: agent,customer), "
    "and the customer alone is analysed; or, if all are one voice or one scene, say so (mix)"
)


class TimelineOptions(TypedDict, total=False):
    """How to follow a recording; every key may be left out or None.

    Attributes:
        channels: names, one a channel of the recording, in their order ("agent", "customer").
        analyse: whose emotions are inferred; with named channels the customer's alone.
        mix: take the mean of all channels for one voice, however different they are; without it
            and without names, channels that sound by turns are refused.
        purpose: "medical", "safety" or "research": needed to analyse a channel of somebody at
            work or in education, and stamped on the result.
        consented: who is heard has consented to that purpose; research needs it for such a
            channel. Stamped likewise.
        window_s: what is listened to at once, 0.1 to 30.
        hop_s: the step from one window to the next, at most a window; a multiple of 20 ms.
        threshold: a confidence below it is uncertain (0 to 1); the model's own otherwise.
        voice: who decides where somebody speaks: "energy", or "webrtc" (extra `live`).
        progress: called with the seconds heard so far, of the track that is furthest behind.
    """

    channels: Sequence[str] | None
    analyse: Sequence[str] | None
    mix: bool | None
    purpose: str | None
    consented: bool | None
    window_s: float | None
    hop_s: float | None
    threshold: float | None
    voice: Voice | None
    progress: Callable[[float], None] | None


def make_timeline(
    recognizer: Recognizer, source: AudioSource, **options: Unpack[TimelineOptions]
) -> Timeline:
    """Follow a recording; see `Recognizer.timeline`."""
    for name in options:
        if name not in TimelineOptions.__annotations__:
            hint = did_you_mean(name, TimelineOptions.__annotations__)
            raise ConfigError(f"no option is called '{name}'{hint}")
    window_s, hop_s = options.get("window_s"), options.get("hop_s")
    window_s = WINDOW_S if window_s is None else window_s
    hop_s = HOP_S if hop_s is None else hop_s
    check_lengths(window_s, hop_s)
    threshold = recognizer.threshold(options.get("threshold"))
    mix = bool(options.get("mix"))
    if mix and options.get("channels") is not None:
        raise ConfigError("mix takes all channels for one voice: leave it out, or the channels")
    first = decode_blocks(source, block_s=_BLOCK_S)
    with first:
        plans = plan_tracks(
            first.source_channels,
            names=options.get("channels"),
            analyse=options.get("analyse"),
            purpose=options.get("purpose"),
            consented=bool(options.get("consented")),
        )
        unnamed = plans[0].name is None
        if unnamed and not mix:
            _refuse_voices_by_turns(first)
        readers = [first] if unnamed else _readers(source, plans)
        listeners = [
            StreamListener(
                recognizer if plan.analysed else None,
                window_s=window_s,
                hop_s=hop_s,
                voice=options.get("voice") or "energy",
            )
            for plan in plans
        ]
        heard = _listen(readers, listeners, options.get("progress"))
    duration_s = max(reader.duration_s for reader in readers)
    warnings = [note for reader in readers for note in reader.warnings]
    if unnamed and not mix and first.source_channels == 2:
        warnings.append(_PERHAPS_A_CALL)
    metadata = recognizer.bundle.metadata
    return Timeline(
        path=os.fspath(source) if isinstance(source, str | os.PathLike) else None,
        duration_s=duration_s,
        sampling_rate_hz=first.source_rate_hz,
        channels=first.source_channels,
        model=metadata.title,
        labels=metadata.labels,
        window_s=window_s,
        hop_s=hop_s,
        purpose=stamp(options.get("purpose"), consented=bool(options.get("consented"))),
        tracks=tuple(
            _track(plan, items, metadata.labels, duration_s, threshold)
            for plan, items in zip(plans, heard, strict=True)
        ),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _refuse_voices_by_turns(reader: BlockReader) -> None:
    """Have the reader end with a ConfigError once it turns out that two people speak by turns."""
    turns = Turns(reader.source_rate_hz, reader.source_channels)

    def watch(frames: Signal) -> None:
        turns.update(frames)
        if turns.apart:
            raise ConfigError(f"{reader.label}: {_IS_A_CALL}")

    if reader.source_channels > 1:
        reader.watch = watch


def _readers(source: AudioSource, plans: Sequence[TrackPlan]) -> list[BlockReader]:
    if not isinstance(source, str | os.PathLike | bytes) or source == "-":
        raise ConfigError(
            "a call whose channels are named is read once a channel: "
            "give the path of a file, or its bytes"
        )
    return [decode_blocks(source, block_s=_BLOCK_S, channel=plan.index) for plan in plans]


def _listen(
    readers: Sequence[BlockReader],
    listeners: Sequence[StreamListener],
    progress: Callable[[float], None] | None,
) -> list[list[Heard]]:
    """Hear every track, in threads of their own: decoding and inference leave the lock.

    In a call somebody may say nothing at all; a call in which nobody does is no recording.
    """
    done_s = [0.0] * len(readers)
    silent: list[SilentError] = []

    def follow(number: int) -> list[Heard]:
        reader, listener = readers[number], listeners[number]
        found: list[Heard] = []
        try:
            with reader:
                for block in reader:
                    found.extend(listener.push(block))
                    done_s[number] = reader.duration_s
                    if progress is not None:
                        progress(min(done_s))
        except SilentError as error:
            silent.append(error)
            if len(silent) == len(readers):
                raise
        return found + listener.finish()

    if len(readers) == 1:
        return [follow(0)]
    with Workers(len(readers)) as pool:
        return list(pool.map(follow, range(len(readers))))


def _track(
    plan: TrackPlan,
    heard: Sequence[Heard],
    labels: tuple[str, ...],
    duration_s: float,
    threshold: float,
) -> Track:
    speech = speech_of(heard)
    segments = segments_of(
        speech,
        cells_of(heard, len(labels)) if plan.analysed else None,
        labels,
        duration_s=duration_s,
        threshold=threshold,
    )
    return Track(
        index=plan.index,
        name=plan.name,
        analysed=plan.analysed,
        speech=speech,
        segments=segments,
        summary=summarise(segments, analysed=plan.analysed),
    )
