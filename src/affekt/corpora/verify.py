"""Checking a corpus: its names, its counts, and every recording in it."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, decode_blocks
from affekt.audio.signal import MIN_PEAK
from affekt.corpora.base import Corpus
from affekt.corpora.lfs import is_lfs_pointer
from affekt.corpora.scan import Scan
from affekt.errors import AffektError, AudioError, SilentError
from affekt.records import Utterance
from affekt.threads import Workers

Progress = Callable[[int, int], None]
# Short, so that a silent recording is heard before the gate refuses it at its end.
_BLOCK_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        kind: "unplaced", "twice", "misspelt-name", "missing", "count", "speakers", "duration",
            "silent", "undecodable", "lfs-pointer" or "identical-audio".
        name: the file's name without extension, or the label counted.
        other: the second file, or the right spelling.
        message: what is wrong, in words.
        known: the corpus' declaration names this fault: it lies in the corpus, not in this copy.
    """

    kind: str
    name: str
    other: str = ""
    message: str = ""
    known: bool = False


@dataclass(frozen=True, slots=True)
class _Heard:
    duration_s: float
    digest: bytes
    trouble: str = ""
    message: str = ""


def verify_corpus(corpus: Corpus, scan: Scan, *, progress: Progress | None = None) -> list[Finding]:
    """Check names and counts, then decode every recording.

    Args:
        corpus: the declaration.
        scan: what lies in its folder.
        progress: called with recordings done and in all.

    Returns:
        The findings, those of the names first; empty when all is well.
    """
    findings = [*check_names(corpus, scan), *_check_sound(corpus, scan.utterances, progress)]
    return [
        dataclasses.replace(item, known=is_known(corpus, item.kind, item.name, item.other))
        for item in findings
    ]


def is_known(corpus: Corpus, kind: str, name: str, other: str = "") -> bool:
    """Tell whether a corpus declares a fault, of one file or of two in either order."""
    return any(
        item.kind == kind and {item.name, item.other} == {name, other} for item in corpus.faults
    )


def check_names(corpus: Corpus, scan: Scan) -> list[Finding]:
    """Check names and counts; nothing is opened."""
    return [*_check_names(scan), *_check_counts(corpus, scan)]


def trouble_with(path: Path, error: AffektError, *, samples: int, peak: float) -> tuple[str, str]:
    """Name the kind of what keeps a recording from being heard, and say it in words."""
    if is_lfs_pointer(path):
        return "lfs-pointer", "a Git LFS pointer in place of the recording: git lfs pull"
    silent = isinstance(error, SilentError) or (samples and peak < MIN_PEAK)
    return "silent" if silent else "undecodable", str(error)


def implausible_length(corpus: Corpus, duration_s: float) -> str:
    """Say what is implausible about a length in this corpus, or return ""."""
    shortest_s, longest_s = corpus.duration_range_s
    if shortest_s <= duration_s <= longest_s:
        return ""
    return f"{duration_s:.2f} s; {shortest_s:g} to {longest_s:g} s are plausible here"


def _check_names(scan: Scan) -> Iterable[Finding]:
    for path, reason in scan.unplaced:
        yield Finding(kind="unplaced", name=_below(scan, path), message=reason)
    for kept, other in scan.twice:
        yield Finding(
            kind="twice",
            name=_below(scan, kept),
            other=_below(scan, other),
            message="one name, two files; the first one counts",
        )
    for path, right in scan.misspelt:
        yield Finding(
            kind="misspelt-name", name=path.stem, other=right, message="placed all the same"
        )
    for name in scan.missing:
        yield Finding(kind="missing", name=name, message="recorded as a full grid, and not here")


def _check_counts(corpus: Corpus, scan: Scan) -> Iterable[Finding]:
    official = corpus.official
    # Files that are missing by name have been reported by name.
    files = len(scan.utterances) + len(scan.missing)
    if official.files is not None and files != official.files:
        yield Finding(
            kind="count", name=corpus.name, message=f"{files} files, officially {official.files}"
        )
        for label, count in official.per_label.items():
            found = scan.per_label.get(label, 0)
            if found != count:
                yield Finding(
                    kind="count", name=label, message=f"{found} files, officially {count}"
                )
    if len(scan.speakers) != official.speakers:
        yield Finding(
            kind="speakers",
            name=corpus.name,
            message=f"{len(scan.speakers)} speakers, officially {official.speakers}",
        )


def _check_sound(
    corpus: Corpus, utterances: tuple[Utterance, ...], progress: Progress | None
) -> list[Finding]:
    findings: list[Finding] = []
    same: dict[bytes, list[Utterance]] = defaultdict(list)
    with Workers(os.cpu_count()) as pool:
        heard = pool.map(_listen, [item.path for item in utterances])
        for done, (item, sound) in enumerate(zip(utterances, heard, strict=True), start=1):
            if progress is not None:
                progress(done, len(utterances))
            name = item.path.stem
            if sound.trouble:
                findings.append(Finding(kind=sound.trouble, name=name, message=sound.message))
                continue
            same[sound.digest].append(item)
            if length := implausible_length(corpus, sound.duration_s):
                findings.append(Finding(kind="duration", name=name, message=length))
    for first, *others in same.values():
        for other in others:
            labels = "one label" if first.native_label == other.native_label else "two labels"
            findings.append(
                Finding(
                    kind="identical-audio",
                    name=first.path.stem,
                    other=other.path.stem,
                    message=f"the same sound under {labels}",
                )
            )
    return findings


def _listen(path: Path) -> _Heard:
    digest = hashlib.blake2b(digest_size=16)
    samples, peak = 0, 0.0
    try:
        with decode_blocks(path, block_s=_BLOCK_S) as blocks:
            for block in blocks:
                samples += block.size
                peak = max(peak, float(np.abs(block).max(initial=0.0)))
                digest.update(block.tobytes())
    except AudioError as error:
        return _Heard(0.0, b"", *trouble_with(path, error, samples=samples, peak=peak))
    return _Heard(samples / SAMPLING_RATE_HZ, digest.digest())


def _below(scan: Scan, path: Path) -> str:
    return path.relative_to(scan.folder).as_posix()
