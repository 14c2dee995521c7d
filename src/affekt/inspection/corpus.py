"""Listening to every recording of corpora, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from affekt.errors import AffektError
from affekt.files import is_lfs_pointer
from affekt.inspection.sound import Sound, measure, read_recording
from affekt.parallel import Workers
from affekt.records import Utterance

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """An utterance and what was measured in it; `sound` is None where it could not be read.

    `trouble` then says why.
    """

    utterance: Utterance
    sound: Sound | None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found in some corpora; the clips stand in the order they were given in."""

    clips: tuple[Clip, ...]

    @property
    def corpora(self) -> tuple[str, ...]:
        """Names of the corpora, in the order of their first clips."""
        return tuple(dict.fromkeys(clip.utterance.corpus for clip in self.clips))

    @property
    def unreadable(self) -> tuple[Clip, ...]:
        """Those that could not be read."""
        return tuple(clip for clip in self.clips if clip.sound is None)

    def of(self, corpus: str) -> Inspection:
        """Return the part that one corpus has in it."""
        return Inspection(
            clips=tuple(clip for clip in self.clips if clip.utterance.corpus == corpus)
        )


def inspect_utterances(
    utterances: Sequence[Utterance], *, progress: Progress | None = None
) -> Inspection:
    """Measure every recording; what cannot be read is kept with the reason.

    Args:
        utterances: any, of any corpora.
        progress: called with recordings done and in all.
    """
    clips = []
    with Workers(os.cpu_count()) as pool:
        for done, clip in enumerate(pool.map(_listen, utterances), start=1):
            clips.append(clip)
            if progress is not None:
                progress(done, len(utterances))
    return Inspection(clips=tuple(clips))


def _listen(utterance: Utterance) -> Clip:
    try:
        recording = read_recording(utterance.path, start_s=utterance.start_s, end_s=utterance.end_s)
    except AffektError as error:
        trouble = str(error)
        if is_lfs_pointer(utterance.path):
            trouble = f"{utterance.path}: a Git LFS pointer, not a recording: git lfs pull"
        return Clip(utterance=utterance, sound=None, trouble=trouble)
    return Clip(utterance=utterance, sound=measure(recording))
