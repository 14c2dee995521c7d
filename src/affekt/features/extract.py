"""Features of many recordings into one table, on all cores, and to be gone on with after a break.

Clips are worked on in groups. Each finished group is kept as a part in the folder `NAME.parts`
beside the table, named by a SHA-256 of what it is made of: the set, its version, the clips, and
the size and time of their files. The table is put together from the parts, which are then removed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
import math
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt import __version__
from affekt.audio import decode
from affekt.errors import AffektError, ConfigError
from affekt.features.processes import run_in_processes
from affekt.features.sets import FeatureSet
from affekt.features.spectra import FloatArray
from affekt.features.table import Rows, read_info
from affekt.features.table_info import Skipped, TableInfo
from affekt.features.table_writer import check_target, told_to_the_user, write_table
from affekt.records import Utterance

# What an interruption loses at most in each process: about a second of work. Of large features
# there are fewer, for a group is also what is in memory at once.
CLIPS_A_GROUP = 128
_VALUES_A_GROUP = 4_000_000

_ASKED_FOR = {
    "feature_set": "set",
    "set_version": "version of the set",
    "corpora": "corpora",
    "min_duration_s": "least duration in s",
    "asked": "number of clips to choose from",
}

Progress = Callable[[int, int], None]


class Extraction(NamedTuple):
    """What `extract` has done: the table's description, and whether it was there already."""

    info: TableInfo
    was_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Neighbouring clips of a run, and where their part lies."""

    utterances: tuple[Utterance, ...]
    features: FeatureSet
    part: Path


class _Part(NamedTuple):
    """Features of the readable clips of a group, and what was wrong with the others.

    `kept` and `failed` are places in the group.
    """

    kept: npt.NDArray[np.int64]
    durations_s: npt.NDArray[np.float64]
    failed: npt.NDArray[np.int64]
    reasons: npt.NDArray[np.str_]
    features: FloatArray


def extract(
    utterances: Sequence[Utterance],
    features: FeatureSet,
    out: str | Path,
    *,
    root: Path,
    min_duration_s: float | None = None,
    workers: int = 1,
    force: bool = False,
    progress: Progress | None = None,
) -> Extraction:
    """Write the features of recordings into a table; clips that cannot be read are left out.

    Given again after an interruption, it goes on where it was; over a table that it has finished,
    it does nothing.

    Args:
        utterances: the clips, in the order they shall have.
        features: what to compute.
        out: the table, `.parquet`, or `.csv` for vectors.
        root: folder of the corpora; clips are named by their path below it.
        min_duration_s: leave shorter clips out.
        workers: processes; with more than one, a script that calls this must be guarded by
            `if __name__ == "__main__"`.
        force: replace a table that is there.
        progress: called with clips done and in all.

    Raises:
        ConfigError: the table cannot be written, is there and holds something else, or no clip
            can be read.
        MissingExtraError: Parquet without pyarrow.
    """
    out = Path(out)
    check_target(out, features)
    info = TableInfo(
        feature_set=features.name,
        set_version=features.version,
        shape=features.shape,
        affekt_version=__version__,
        corpora=tuple(dict.fromkeys(item.corpus for item in utterances)),
        asked=len(utterances),
        min_duration_s=min_duration_s,
        skipped=(),
        too_short=0,
        date="",
    )
    if not force and out.exists():
        return Extraction(_finished(out, info), was_there=True)
    parts = out.with_name(f"{out.name}.parts")
    with told_to_the_user(parts):
        parts.mkdir(exist_ok=True)
    groups = list(_groups(utterances, features, parts, root))
    with told_to_the_user(parts):
        _compute(groups, workers=workers, progress=progress)
        info = _with_outcome(info, groups, root)
    write_table(out, info, _rows(groups, root, min_duration_s))
    shutil.rmtree(parts, ignore_errors=True)
    return Extraction(info, was_there=False)


def _finished(out: Path, wanted: TableInfo) -> TableInfo:
    """Return the description of a table that holds what is wanted already."""
    try:
        found = read_info(out)
    except ConfigError as error:
        raise ConfigError(f"{error}; --force replaces the file") from None
    for name, what in _ASKED_FOR.items():
        here, there = getattr(wanted, name), getattr(found, name)
        if here != there:
            raise ConfigError(
                f"{out}: is there and was made of something else ({what}: {_said(there)}; asked "
                f"for: {_said(here)}): choose another name, or replace it with --force"
            )
    return found


def _said(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value or "none")


def _groups(
    utterances: Sequence[Utterance], features: FeatureSet, parts: Path, root: Path
) -> Iterator[_Group]:
    size = min(CLIPS_A_GROUP, max(1, _VALUES_A_GROUP // math.prod(features.shape)))
    for start in range(0, len(utterances), size):
        chosen = tuple(utterances[start : start + size])
        content = [features.name, features.version, features.shape, __version__]
        clips = [[_clip(item, root), item.start_s, item.end_s, *_state(item)] for item in chosen]
        key = hashlib.sha256(json.dumps([content, clips]).encode()).hexdigest()
        yield _Group(utterances=chosen, features=features, part=parts / f"{key[:32]}.npz")


def _clip(utterance: Utterance, root: Path) -> str:
    return utterance.path.relative_to(root).as_posix()


def _state(utterance: Utterance) -> tuple[int, int]:
    """Return what changes when a file is replaced: its size and time."""
    try:
        found = utterance.path.stat()
    except OSError:
        return (0, 0)  # the decoder will say what is wrong
    return (found.st_size, found.st_mtime_ns)


def _compute(groups: Sequence[_Group], *, workers: int, progress: Progress | None) -> None:
    """Make the parts that are not there yet."""
    total = sum(len(group.utterances) for group in groups)
    missing = [group for group in groups if not group.part.exists()]
    done = total - sum(len(group.utterances) for group in missing)
    if progress is not None:
        progress(done, total)
    made = run_in_processes(_make_part, missing, workers=min(workers, len(missing)))
    with contextlib.closing(made):
        for clips in made:
            done += clips
            if progress is not None:
                progress(done, total)


def _make_part(group: _Group) -> int:
    """Compute and keep the features of a group; return how many clips it has."""
    arrays: list[FloatArray] = []
    durations_s: list[float] = []
    kept: list[int] = []
    failed: list[int] = []
    reasons: list[str] = []
    for place, item in enumerate(group.utterances):
        try:
            audio = decode(item.path, start_s=item.start_s, end_s=item.end_s)
        except AffektError as error:
            failed.append(place)
            reasons.append(str(error).removeprefix(f"{item.path}: "))
            continue
        kept.append(place)
        durations_s.append(audio.duration_s)
        arrays.append(group.features.compute(audio.signal))
    part = _Part(
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


def _read_part(group: _Group, *, features: bool) -> _Part:
    """Return the part of a group, made anew where it is damaged; its features only if asked."""
    names = [name for name in _Part._fields if features or name != "features"]
    for attempt in range(2):
        try:
            with np.load(group.part) as arrays:
                found = {name: arrays[name] for name in names}
            return _Part(**{"features": np.empty(0, dtype=np.float32), **found})
        except (zipfile.BadZipFile, ValueError, KeyError, EOFError):
            if attempt:
                raise
            _make_part(group)
    raise AssertionError("unreachable")


def _with_outcome(info: TableInfo, groups: Sequence[_Group], root: Path) -> TableInfo:
    skipped: list[Skipped] = []
    too_short = 0
    for group in groups:
        part = _read_part(group, features=False)
        too_short += int((part.durations_s < (info.min_duration_s or 0.0)).sum())
        skipped += [
            Skipped(_clip(group.utterances[place], root), str(reason))
            for place, reason in zip(part.failed, part.reasons, strict=True)
        ]
    if len(skipped) + too_short == info.asked:
        raise ConfigError(
            f"none of {info.asked} clips can be used; {too_short} are too short"
            + (f"; the first of the others: {skipped[0].reason}" if skipped else "")
        )
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return dataclasses.replace(info, skipped=tuple(skipped), too_short=too_short, date=now)


def _rows(groups: Sequence[_Group], root: Path, min_duration_s: float | None) -> Iterator[Rows]:
    for group in groups:
        part = _read_part(group, features=True)
        long_enough = part.durations_s >= (min_duration_s or 0.0)
        chosen = [group.utterances[place] for place in part.kept[long_enough]]
        if chosen:
            yield Rows(
                utterances=tuple(
                    dataclasses.replace(item, path=item.path.relative_to(root)) for item in chosen
                ),
                durations_s=part.durations_s[long_enough],
                features=part.features[long_enough],
            )
