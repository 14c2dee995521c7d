"""The parts that a table of features is put together from; `extraction` makes them."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt._version import __version__
from affekt.audio import decode
from affekt.errors import AffektError
from affekt.features.sets import FeatureSet
from affekt.features.spectra import FloatArray
from affekt.records import Utterance

# What an interruption loses at most in each process: about a second of work. Of large features
# there are fewer, for a group is also what is in memory at once.
CLIPS_A_GROUP = 128
_VALUES_A_GROUP = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbouring clips of a run, and where their part lies."""

    utterances: tuple[Utterance, ...]
    features: FeatureSet
    part: Path


class Part(NamedTuple):
    """Features of the readable clips of a group, and what was wrong with the others.

    `kept` and `failed` are places in the group.
    """

    kept: npt.NDArray[np.int64]
    durations_s: npt.NDArray[np.float64]
    failed: npt.NDArray[np.int64]
    reasons: npt.NDArray[np.str_]
    features: FloatArray


def groups_of(
    utterances: Sequence[Utterance], features: FeatureSet, parts: Path, root: Path
) -> Iterator[Group]:
    """Put neighbouring clips together, and say where the part of each group lies."""
    size = min(CLIPS_A_GROUP, max(1, _VALUES_A_GROUP // math.prod(features.shape)))
    for start in range(0, len(utterances), size):
        chosen = tuple(utterances[start : start + size])
        content = [features.name, features.version, features.shape, __version__]
        clips = [
            [clip_name(item, root), item.start_s, item.end_s, *_state(item)] for item in chosen
        ]
        key = hashlib.sha256(json.dumps([content, clips]).encode()).hexdigest()
        yield Group(utterances=chosen, features=features, part=parts / f"{key[:32]}.npz")


def clip_name(utterance: Utterance, root: Path) -> str:
    """Return what a table calls a clip: its path below the root, if it lies there."""
    path = utterance.path
    return (path.relative_to(root) if path.is_relative_to(root) else path.absolute()).as_posix()


def _state(utterance: Utterance) -> tuple[int, int]:
    """Return what changes when a file is replaced: its size and time."""
    try:
        found = utterance.path.stat()
    except OSError:
        return (0, 0)  # the decoder will say what is wrong
    return (found.st_size, found.st_mtime_ns)


def make_part(group: Group) -> int:
    """Compute and keep the features of a group; return how many clips it has."""
    arrays: list[FloatArray] = []
    durations_s: list[float] = []
    kept: list[int] = []
    failed: list[int] = []
    reasons: list[str] = []
    for place, item in enumerate(group.utterances):
        try:
            audio = decode(item.path, start_s=item.start_s, end_s=item.end_s)
            values = group.features.compute(audio.signal)
        except AffektError as error:
            failed.append(place)
            reasons.append(str(error).removeprefix(f"{item.path}: "))
            continue
        kept.append(place)
        durations_s.append(audio.duration_s)
        arrays.append(values)
    part = Part(
        kept=np.array(kept, dtype=np.int64),
        durations_s=np.array(durations_s, dtype=np.float64),
        failed=np.array(failed, dtype=np.int64),
        reasons=np.array(reasons, dtype=np.str_),
        features=np.array(arrays, dtype=np.float32).reshape(-1, *group.features.shape),
    )
    with tempfile.NamedTemporaryFile(dir=group.part.parent, prefix=".", delete=False) as file:
        try:
            np.savez(file, **part._asdict())
            file.close()
            Path(file.name).replace(group.part)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return len(group.utterances)


def read_part(group: Group, *, features: bool) -> Part:
    """Return the part of a group, made anew where it is damaged; its features only if asked for."""
    names = [name for name in Part._fields if features or name != "features"]
    for attempt in range(2):
        try:
            with np.load(group.part) as arrays:
                found = {name: arrays[name] for name in names}
            return Part(**{"features": np.empty(0, dtype=np.float32), **found})
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError):
            if attempt:
                raise
            make_part(group)
    raise AssertionError("unreachable")
