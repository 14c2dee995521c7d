"""An audit from end to end."""

from __future__ import annotations

import itertools
import os
import shlex
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.auditing.clips import Clip, clips_of, clips_of_table, merge
from affekt.auditing.faults import format_findings, label_findings, name_findings, sound_findings
from affekt.auditing.finding import KINDS, SEVERITIES, Finding
from affekt.auditing.listen import Heard, hear
from affekt.auditing.mend import Mending, Same, plan_mending
from affekt.auditing.pairs import Copy, copy_findings, describe, find_copies
from affekt.auditing.parts import part_findings
from affekt.auditing.store import State, Store, default_store, state
from affekt.auditing.table import Table
from affekt.corpora import Dataset, scan_corpus
from affekt.parallel import run_in_processes
from affekt.records import Stretch, Utterance

Progress = Callable[[str, int, int], None]

# What an interruption loses at most in each process: about a second of work.
_CLIPS_A_GROUP = 48
# What is remembered; other trouble may pass, once a decoder is installed or a file may be read.
_KEPT = ("", "silent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was looked at, and what was found, worst first.

    Attributes:
        corpora: what was audited as a whole: names of corpora, and people's own tables and folders.
        split: the split's table, or None.
        clips: recordings.
        hours: of sound.
        newly_heard: recordings that the store did not know.
        seconds: that the audit took.
        findings: sorted by severity and kind.
        mending: what mends the split, if one was audited.
    """

    corpora: tuple[str, ...]
    split: Path | None
    clips: int
    hours: float
    newly_heard: int
    seconds: float
    findings: tuple[Finding, ...]
    mending: Mending | None = None


class Copied(NamedTuple):
    """Two recordings that hold one sound, and how: a key of `KINDS`."""

    first: Stretch
    second: Stretch
    kind: str


def copies_among(
    utterances: Iterable[Utterance],
    *,
    store: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[Copied, ...]:
    """Return the recordings that are copies of one another, as an audit finds them for certain.

    Args:
        utterances: whose files to compare.
        store: where to keep what was heard; the user's cache by default.
        workers: processes; one a core by default.
        progress: called with what is being done, steps done and steps in all.

    Raises:
        ConfigError: the store cannot be written.
    """
    clips = merge(Clip(name=str(item.path), utterance=item) for item in utterances)
    heard, _, copies = _compare(clips, store, workers, progress)
    # Of recordings with the same samples, one alone is compared with the others.
    same: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(heard):
        same[item.sound_digest or str(place)].append(place)
    found = [
        Copied(clips[one].stretch, clips[other].stretch, "identical-audio")
        for group in same.values()
        for one, other in itertools.combinations(group, 2)
    ]
    found += [
        Copied(clips[one].stretch, clips[other].stretch, describe(pair, clips, heard)[0])
        for pair in copies
        if pair.alike is not None and pair.certain
        for one in same[heard[pair.first].sound_digest]
        for other in same[heard[pair.second].sound_digest]
    ]
    return tuple(found)


def audit(
    corpora: Sequence[str] = (),
    *,
    root: str | Path | None = None,
    split: str | Path | None = None,
    dataset: Dataset | None = None,
    store: Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Look for copies, leaks and faults in corpora, in people's own data, in a split, or in all.

    ```python
    found = audit(["emodb"], root="corpora")
    found = audit(split="split.csv")
    print([item.message for item in found.findings if item.severity == "error"])
    ```

    Broken off, the next audit goes on where this one was. With more than one worker, a script
    that calls this must be guarded by `if __name__ == "__main__"`.

    Args:
        corpora: names of corpora to audit as a whole.
        root: folder of the corpora.
        split: a table with a column for the path and one for the part.
        dataset: recordings of people's own; the parts that it names are those of a split.
        store: where to keep what was heard; the user's cache by default.
        workers: processes; one a core by default.
        progress: called with what is being done, steps done and steps in all.

    Raises:
        ConfigError: none of the split's recordings is there, or the store cannot be written.
        CorpusError: a corpus is unknown or not there, or the split cannot be read.
    """
    started = time.monotonic()
    root = Path(root) if root is not None else None
    split = Path(split) if split is not None else None
    scans = [scan_corpus(name, root) for name in dict.fromkeys(corpora)]
    table = Table.read(split) if split else None
    clips = merge(
        [
            *(clips_of_table(table, root=root) if table else ()),
            *(clips_of(dataset.scans, None) if dataset else ()),
            *clips_of(scans, scans[0].folder.parent if scans else None),
        ]
    )
    heard, new, copies = _compare(clips, store, workers, progress)
    mending = None
    if table is not None:
        same = [Same(*pair[:2], describe(pair, clips, heard)[0]) for pair in copies if pair.certain]
        mending = plan_mending(table, clips, heard, same)
    names = tuple(scan.corpus for scan in scans)

    def mend(kind: str, clips: Sequence[Clip]) -> str:
        if split is None or mending is None or not mending.mends(kind, clips):
            return ""
        return _command(split, root, names)

    findings = [
        *copy_findings(copies, clips, heard, mend),
        *part_findings(clips, mend),
        *name_findings(scans),
        *sound_findings(clips, heard, mend),
        *format_findings(clips, heard),
        *label_findings(clips),
    ]
    return Audit(
        corpora=(*names, *(str(scan.folder) for scan in dataset.scans)) if dataset else names,
        split=split,
        clips=len(clips),
        hours=sum(item.duration_s for item in heard) / 3600.0,
        newly_heard=new,
        seconds=time.monotonic() - started,
        findings=tuple(sorted(findings, key=_order)),
        mending=mending,
    )


class _Compared(NamedTuple):
    """What was heard of each recording, how many were new, and the copies among them."""

    heard: list[Heard]
    new: int
    copies: list[Copy]


def _compare(
    clips: Sequence[Clip], store: Path | None, workers: int | None, progress: Progress | None
) -> _Compared:
    tell = progress or (lambda what, done, total: None)  # noqa: ARG005
    workers = workers or os.cpu_count() or 1
    kept = Store(store or default_store())
    try:
        heard, new = listen(clips, kept, workers, tell)
        return _Compared(
            heard, new, find_copies(clips, heard, kept, workers=workers, progress=tell)
        )
    finally:
        kept.close()


def _order(item: Finding) -> tuple[int, int, str, tuple[object, ...]]:
    severity = -SEVERITIES.index(item.severity)
    return severity, list(KINDS).index(item.kind), item.corpus, item.clips


def listen(
    clips: Sequence[Clip], store: Store, workers: int, progress: Progress
) -> tuple[list[Heard], int]:
    """Return what was heard in each recording, and how many the store did not know."""
    asked = [clip.stretch for clip in clips]
    known = {item: heard for item, heard in store.heard(asked).items() if heard.trouble in _KEPT}
    unknown = [item for item in asked if item not in known]
    new = len(unknown)
    progress("Listening", len(known), len(asked))
    groups = [unknown[at : at + _CLIPS_A_GROUP] for at in range(0, new, _CLIPS_A_GROUP)]
    for group in run_in_processes(_hear_group, groups, workers=min(workers, len(groups))):
        store.keep_heard(item for item in group if item[2].trouble in _KEPT)
        known |= {item: heard for item, _, heard in group}
        progress("Listening", len(known), len(asked))
    return [known[item] for item in asked], new


def _hear_group(asked: Sequence[Stretch]) -> list[tuple[Stretch, State, Heard]]:
    return [(item, state(item.path), hear(*item)) for item in asked]


def _command(split: Path, root: Path | None, corpora: Sequence[str]) -> str:
    """Return the command that mends a split."""
    new = split.with_name(f"{split.stem}-mended{split.suffix}")
    words = ["affekt", "audit", "--split", str(split), "--mend", str(new)]
    words += ["--corpora", str(root)] if root else []
    for name in corpora:
        words += ["--corpus", name]
    return shlex.join(words)
