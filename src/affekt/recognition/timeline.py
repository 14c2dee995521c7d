"""A long recording over time: who speaks when, and the emotions of those who are analysed."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Unpack, cast

from affekt.audio import (
    SAMPLING_RATE_HZ,
    AudioSource,
    BlockReader,
    ByteStream,
    CallGuard,
    NoiseFloor,
    Signal,
    VadName,
    decode_blocks,
    open_source,
    signal_levels_db,
    vad_floor,
)
from affekt.errors import ConfigError, SilentError, did_you_mean
from affekt.parallel import Workers
from affekt.recognition.options import truth
from affekt.recognition.purpose import TrackPlan, plan_tracks, stamp
from affekt.recognition.segments import cells_of, segments_of, speech_of
from affekt.recognition.stream import (
    FRAME_SAMPLES,
    WindowPrediction,
    WindowPredictor,
    check_lengths,
)
from affekt.recognition.summary import spoken_stretches, summarise
from affekt.records import HOP_S, WINDOW_S, Timeline, Track, TrackOptions

if TYPE_CHECKING:
    from affekt.recognition.recognizer import Recognizer

_BLOCK_S = 10.0

_PERHAPS_A_CALL = (
    "Two channels were taken for one voice: in a call they are two people's; name them (channels), "
    "and the customer alone is analysed."
)
_NAME_THEM = (
    "name them (channels: agent,customer), and the customer alone is analysed; or, if all are one "
    "voice or one scene, say so (mix)"
)


class TimelineOptions(TrackOptions, total=False):
    """How to follow a recording; every key may be left out or None.

    Attributes:
        channels: names, one a channel of the recording, in their order ("agent", "customer").
        analyse: whose emotions are inferred; with named channels the customer's alone.
        track: of several sound tracks, counted from 0, instead of the default one.
        mix: take the mean of all channels for one voice, however different they are; without it
            and without names, channels that take turns are refused.
        purpose: "medical", "safety" or "research": needed to analyse a channel of somebody at
            work or in education, and stamped on the result.
        consented: the speaker has consented to that purpose; research needs it for such a
            channel. Stamped likewise.
        window_s: length of a window, 0.1 to 30.
        hop_s: the step from one window to the next, at most a window; a multiple of 20 ms.
        threshold: a confidence below it is uncertain (0 to 1); the model's own otherwise.
        vad: who decides where somebody speaks: "energy", or "webrtc" (extra `live`).
        progress: called with the seconds done so far, of the track that is furthest behind.
    """

    track: int | None
    vad: VadName | None
    progress: Callable[[float], None] | None


def check_options(recognizer: Recognizer, options: TimelineOptions) -> None:
    """Refuse options that are impossible whatever the recording.

    Raises:
        ConfigError: there is no such option, or its value is impossible.
    """
    for name in options:
        if name not in TimelineOptions.__annotations__:
            hint = did_you_mean(name, TimelineOptions.__annotations__)
            raise ConfigError(f"no option is called '{name}'{hint}")
    check_lengths(*_lengths(options))
    recognizer.threshold(options.get("threshold"))
    names = options.get("channels")
    if truth("mix", options.get("mix")) and names is not None:
        raise ConfigError("mix takes all channels for one voice: leave it out, or the channels")
    _plans(1 if names is None else len(names), options)


def _lengths(options: TimelineOptions) -> tuple[float, float]:
    window_s, hop_s = options.get("window_s"), options.get("hop_s")
    return WINDOW_S if window_s is None else window_s, HOP_S if hop_s is None else hop_s


def _plans(channels: int, options: TimelineOptions) -> tuple[TrackPlan, ...]:
    return plan_tracks(
        channels,
        names=options.get("channels"),
        analyse=options.get("analyse"),
        purpose=options.get("purpose"),
        consented=options.get("consented"),
    )


def make_timeline(
    recognizer: Recognizer, source: AudioSource, **options: Unpack[TimelineOptions]
) -> Timeline:
    """Follow a recording; see `Recognizer.timeline`."""
    check_options(recognizer, options)
    window_s, hop_s = _lengths(options)
    threshold = recognizer.threshold(options.get("threshold"))
    mix = bool(options.get("mix"))
    # It is read twice, which pipes and standard input do not allow by themselves.
    with contextlib.closing(open_source(source)) as held:
        sound_track = options.get("track")
        with decode_blocks(cast("BinaryIO", held), track=sound_track) as first:
            plans = _plans(first.source_channels, options)
        unnamed = plans[0].name is None
        readers = (
            partial(_mixed, held, mix=mix, sound_track=sound_track)
            if unnamed
            else partial(_named, source, plans, sound_track=sound_track)
        )
        vad = options.get("vad") or "energy"
        progress = options.get("progress") or (lambda done_s: None)  # noqa: ARG005
        floors: Sequence[NoiseFloor | None] = [None] * len(plans)
        if vad == "energy":
            floors = _floors(readers(), lambda: progress(0.0))
        predictors = [
            WindowPredictor(
                recognizer if plan.analysed else None,
                window_s=window_s,
                hop_s=hop_s,
                vad=vad,
                floor=floor,
            )
            for plan, floor in zip(plans, floors, strict=True)
        ]
        read = readers()
        windows = _predict(read, predictors, progress)
    duration_s = max(reader.duration_s for reader in read)
    warnings = [note for reader in read for note in reader.warnings]
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
        purpose=stamp(options.get("purpose"), consented=options.get("consented")),
        tracks=_tracks(plans, windows, metadata.labels, duration_s, threshold),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _named(
    source: AudioSource, plans: Sequence[TrackPlan], *, sound_track: int | None
) -> list[BlockReader]:
    """Open a call once a channel, to be read all at once."""
    if not isinstance(source, str | os.PathLike | bytes) or source == "-":
        raise ConfigError(
            "a call whose channels are named is read once a channel: "
            "give the path of a file, or its bytes"
        )
    return [
        decode_blocks(source, block_s=_BLOCK_S, channel=plan.index, track=sound_track)
        for plan in plans
    ]


def _mixed(held: ByteStream, *, mix: bool, sound_track: int | None) -> list[BlockReader]:
    """Open the mean of all channels; without `mix`, two people's are refused."""
    reader = decode_blocks(cast("BinaryIO", held), block_s=_BLOCK_S, track=sound_track)
    if not mix:
        reader.watch = CallGuard(reader.source_rate_hz, name=reader.label, remedy=_NAME_THEM)
    return [reader]


def _floors(readers: Sequence[BlockReader], go_on: Callable[[], None]) -> list[NoiseFloor]:
    """Look at every track whole: what is loud at its beginning may turn out to be its noise."""
    floors = [vad_floor() for _ in readers]

    def take(number: int, block: Signal) -> None:
        floors[number].update(signal_levels_db(block, FRAME_SAMPLES, SAMPLING_RATE_HZ))
        go_on()

    _read(readers, take)
    return floors


def _predict(
    readers: Sequence[BlockReader],
    predictors: Sequence[WindowPredictor],
    progress: Callable[[float], None],
) -> list[list[WindowPrediction]]:
    """Predict the windows of every track."""
    done_s = [0.0] * len(readers)
    found: list[list[WindowPrediction]] = [[] for _ in readers]

    def take(number: int, block: Signal) -> None:
        found[number] += predictors[number].push(block)
        done_s[number] = readers[number].duration_s
        progress(min(done_s))

    _read(readers, take)
    return [items + predictor.finish() for items, predictor in zip(found, predictors, strict=True)]


def _read(readers: Sequence[BlockReader], take: Callable[[int, Signal], None]) -> None:
    """Read every track to its end, in threads of their own: decoding and inference leave the lock.

    In a call somebody may say nothing at all; a call in which nobody does is no recording.

    Args:
        readers: one a track.
        take: is given the number of a track, and its next block.
    """
    silent: list[SilentError] = []

    def follow(number: int) -> None:
        try:
            with readers[number] as reader:
                for block in reader:
                    take(number, block)
        except SilentError as error:
            silent.append(error)
            if len(silent) == len(readers):
                raise

    if len(readers) == 1:
        follow(0)
        return
    with Workers(len(readers)) as pool:
        list(pool.map(follow, range(len(readers))))


def _tracks(
    plans: Sequence[TrackPlan],
    windows: Sequence[Sequence[WindowPrediction]],
    labels: tuple[str, ...],
    duration_s: float,
    threshold: float,
) -> tuple[Track, ...]:
    segments = [
        segments_of(
            speech_of(items),
            cells_of(items, len(labels)) if plan.analysed else None,
            labels,
            duration_s=duration_s,
            threshold=threshold,
        )
        for plan, items in zip(plans, windows, strict=True)
    ]
    speech = [spoken_stretches(items) for items in segments]
    return tuple(
        Track(
            index=plan.index,
            name=plan.name,
            analysed=plan.analysed,
            speech=speech[number],
            segments=segments[number],
            summary=summarise(
                segments[number],
                analysed=plan.analysed,
                others=itertools.chain(*speech[:number], *speech[number + 1 :]),
            ),
        )
        for number, plan in enumerate(plans)
    )
