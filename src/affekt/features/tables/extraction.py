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
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt._version import __version__
from affekt.errors import ConfigError
from affekt.features.sets import FeatureSet
from affekt.features.tables.info import Skipped, TableInfo
from affekt.features.tables.parts import Group, clip_name, groups_of, make_part, read_part
from affekt.features.tables.table import FIELDS, Rows, csv_info_path, read_info
from affekt.features.tables.writer import check_target, told_to_the_user, write_table
from affekt.output import check_output
from affekt.parallel import only_one, run_in_processes
from affekt.records import Utterance

_ASKED_FOR = {
    "feature_set": "set",
    "set_version": "version of the set",
    "corpora": "corpora",
    "min_duration_s": "least duration in s",
    "asked": "number of clips to choose from",
    "asked_sha256": "clips, or what is known of them, SHA-256",
}

Progress = Callable[[int, int], None]


class Extraction(NamedTuple):
    """What `extract` has done: the table's description, and whether it was there already."""

    info: TableInfo
    was_there: bool


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
    it does nothing. Two at a time do not write one table: the second is refused.

    Args:
        utterances: the clips, in the order they shall have.
        features: what to compute.
        out: the table, `.parquet`, or `.csv` for vectors.
        root: folder of the corpora, or of people's own recordings; clips are named by their path
            below it.
        min_duration_s: leave shorter clips out.
        workers: processes; with more than one, a script that calls this must be guarded by
            `if __name__ == "__main__"`.
        force: replace a table that is there.
        progress: called with clips done and in all, also while the table is written; an exception
            that it raises ends the run, which can be gone on with.

    Raises:
        ConfigError: the table cannot be written, is being written, is there and holds something
            else, or no clip can be read.
        MissingExtraError: Parquet without pyarrow.
    """
    out = Path(out)
    check_target(out, features)
    check_output(out, inputs=(item.path for item in utterances), force=True)
    if out.suffix.lower() == ".csv" and (force or not out.exists()):
        check_output(csv_info_path(out), force=force)
    info = TableInfo(
        feature_set=features.name,
        set_version=features.version,
        shape=features.shape,
        affekt_version=__version__,
        corpora=tuple(dict.fromkeys(item.corpus for item in utterances)),
        asked=len(utterances),
        asked_sha256=_digest(utterances, root),
        min_duration_s=min_duration_s,
        skipped=(),
        too_short=0,
        date="",
    )
    if not force and out.exists():
        return Extraction(_finished(out, info), was_there=True)
    busy = (
        f"{out}: another 'affekt features extract' is writing this table: wait until it has ended, "
        "or choose another name"
    )
    with told_to_the_user(out), only_one(out.with_name(f".{out.name}.lock"), busy=busy):
        if not force and out.exists():  # since a moment ago
            return Extraction(_finished(out, info), was_there=True)
        parts = out.with_name(f"{out.name}.parts")
        with told_to_the_user(parts):
            parts.mkdir(exist_ok=True)
            groups = list(groups_of(utterances, features, parts, root))
            _compute(groups, workers=workers, progress=progress)
            info = _with_outcome(info, groups, root)
        write_table(out, info, _rows(groups, root, min_duration_s, progress))
        shutil.rmtree(parts, ignore_errors=True)
    return Extraction(info, was_there=False)


def _digest(utterances: Sequence[Utterance], root: Path) -> str:
    """Return a SHA-256 of what a table says of its clips."""
    said = [
        [clip_name(item, root), *(getattr(item, name) for name in FIELDS)] for item in utterances
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


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


def _compute(groups: Sequence[Group], *, workers: int, progress: Progress | None) -> None:
    """Make the parts that are not there yet."""
    total = sum(len(group.utterances) for group in groups)
    missing = [group for group in groups if not group.part.exists()]
    done = total - sum(len(group.utterances) for group in missing)
    if progress is not None:
        progress(done, total)
    made = run_in_processes(make_part, missing, workers=min(workers, len(missing)))
    with contextlib.closing(made):
        for clips in made:
            done += clips
            if progress is not None:
                progress(done, total)


def _with_outcome(info: TableInfo, groups: Sequence[Group], root: Path) -> TableInfo:
    skipped: list[Skipped] = []
    too_short = 0
    for group in groups:
        part = read_part(group, features=False)
        too_short += int((part.durations_s < (info.min_duration_s or 0.0)).sum())
        skipped += [
            Skipped(clip_name(group.utterances[place], root), str(reason))
            for place, reason in zip(part.failed, part.reasons, strict=True)
        ]
    if len(skipped) + too_short == info.asked:
        raise ConfigError(
            f"none of {info.asked} clips can be used; {too_short} are too short"
            + (f"; the first of the others: {skipped[0].reason}" if skipped else "")
        )
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return dataclasses.replace(info, skipped=tuple(skipped), too_short=too_short, date=now)


def _rows(
    groups: Sequence[Group], root: Path, min_duration_s: float | None, progress: Progress | None
) -> Iterator[Rows]:
    total = sum(len(group.utterances) for group in groups)
    for group in groups:
        if progress is not None:
            progress(total, total)
        part = read_part(group, features=True)
        long_enough = part.durations_s >= (min_duration_s or 0.0)
        chosen = [group.utterances[place] for place in part.kept[long_enough]]
        if chosen:
            yield Rows(
                utterances=tuple(
                    dataclasses.replace(item, path=Path(clip_name(item, root))) for item in chosen
                ),
                durations_s=part.durations_s[long_enough],
                features=part.features[long_enough],
            )
