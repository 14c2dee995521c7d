"""What a corpus declares of itself, beside what lies in its folder and how long it sounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from affekt.audio import MIN_PEAK
from affekt.corpora.base import Corpus
from affekt.corpora.scan import Scan
from affekt.errors import AffektError, SilentError
from affekt.files import is_lfs_pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something about names or counts that is not as the corpus declares it.

    Attributes:
        kind: "unplaced", "twice", "misspelt-name", "missing", "count" or "speakers".
        name: the file's name without extension, or the label counted.
        other: the second file, or the right spelling.
        message: what is wrong, in words.
    """

    kind: str
    name: str
    other: str = ""
    message: str = ""


def is_known(corpus: Corpus, kind: str, name: str, other: str = "") -> bool:
    """Tell whether a corpus declares a fault, of one file or of two in either order."""
    return any(
        item.kind == kind and {item.name, item.other} == {name, other} for item in corpus.faults
    )


def check_names(corpus: Corpus, scan: Scan) -> list[Difference]:
    """Check names and counts; nothing is opened."""
    return [*_check_names(scan), *_check_counts(corpus, scan)]


def trouble_with(path: Path, error: AffektError, *, samples: int, peak: float) -> tuple[str, str]:
    """Name the kind of fault that keeps a recording from being read, and say it in words."""
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


def _check_names(scan: Scan) -> Iterable[Difference]:
    for path, reason in scan.unplaced:
        yield Difference(kind="unplaced", name=_below(scan, path), message=reason)
    for kept, other in scan.twice:
        yield Difference(
            kind="twice",
            name=_below(scan, kept),
            other=_below(scan, other),
            message="one name, two files; the first one counts",
        )
    for path, right in scan.misspelt:
        yield Difference(
            kind="misspelt-name", name=path.stem, other=right, message="placed all the same"
        )
    for name in scan.missing:
        yield Difference(kind="missing", name=name, message="recorded as a full grid, and not here")


def _check_counts(corpus: Corpus, scan: Scan) -> Iterable[Difference]:
    official = corpus.official
    # Files that are missing by name have been reported by name.
    files = len(scan.utterances) + len(scan.missing)
    if official.files is not None and files != official.files:
        yield Difference(
            kind="count", name=corpus.name, message=f"{files} files, officially {official.files}"
        )
        for label, count in official.per_label.items():
            found = scan.per_label.get(label, 0)
            if found != count:
                yield Difference(
                    kind="count", name=label, message=f"{found} files, officially {count}"
                )
    if len(scan.speakers) != official.speakers:
        yield Difference(
            kind="speakers",
            name=corpus.name,
            message=f"{len(scan.speakers)} speakers, officially {official.speakers}",
        )


def _below(scan: Scan, path: Path) -> str:
    return path.relative_to(scan.folder).as_posix()
