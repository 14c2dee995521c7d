"""One thing that an audit has found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from affekt.auditing.clips import Clip, two_labels

# What is suspected is below a warning: a check for warnings fails on what is certain alone.
Severity = Literal["note", "suspected", "warning", "error"]
# Gives the command that mends a finding of a kind in recordings, or "".
Mend = Callable[[str, Sequence[Clip]], str]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

# What kinds there are, and why they matter, worst first.
KINDS: dict[str, str] = {
    "same-file": "One file is listed twice; in two parts, it is measured on what was learnt.",
    "identical-audio": "The same samples under two names, perhaps in another container.",
    "near-duplicate": "One recording re-encoded, resampled, cut, moved or made louder or softer.",
    "augmented-copy": "One recording at another pitch or pace, backwards, behind a filter, in a "
    "room, or with noise added.",
    "two-labels": "One sound under two labels: one of them is wrong, and learning it does harm.",
    "speaker-across-parts": "Figures on voices that were heard in training say nothing of new "
    "ones.",
    "sentence-across-parts": "What is said was heard in training, though perhaps by other voices.",
    "missing": "Files that should be there.",
    "undecodable": "Files that cannot be read.",
    "lfs-pointer": "Git LFS pointers in place of recordings.",
    "silent": "Files in which nothing sounds.",
    "truncated": "Files whose end is missing.",
    "duration": "Files far longer or shorter than is plausible.",
    "clipped": "Files that touch full scale.",
    "format": "Rates and channels that differ from the rest: a model may learn them instead.",
    "unplaced": "Recordings whose names the corpus does not account for.",
    "twice": "One name, two files.",
    "misspelt-name": "Names that the corpus misspells.",
    "count": "Another number of files than the corpus publishes.",
    "speakers": "Another number of speakers than the corpus publishes.",
    "unknown-speakers": "Recordings whose speaker nobody names: whether voices are shared cannot "
    "be told.",
    "label-imbalance": "Labels far more frequent than others, or absent from a part.",
}


class Place(NamedTuple):
    """A recording in a finding: its name, its part of the split and its label ("" without)."""

    name: str
    part: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        kind: a key of `KINDS`.
        severity: "error", "warning", "suspected" or "note".
        message: the evidence, in words and numbers.
        clips: the recordings.
        corpus: their corpus; "" for several.
        figures: the numbers of the evidence, by name and unit.
        mend: the command that mends it, or "".
        known: the corpus' declaration names this fault.
    """

    kind: str
    severity: Severity
    message: str
    clips: tuple[Place, ...] = ()
    corpus: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)
    mend: str = ""
    known: bool = False


def places(clips: Iterable[Clip]) -> tuple[Place, ...]:
    """Describe recordings for a finding."""
    return tuple(Place(clip.name, clip.parts, _label(clip)) for clip in clips)


def _label(clip: Clip) -> str:
    return ", ".join(clip.labels) if two_labels(clip) else clip.utterance.native_label


def at_least(findings: Iterable[Finding], severity: Severity) -> list[Finding]:
    """Return the findings of a severity or a higher one."""
    least = SEVERITIES.index(severity)
    return [item for item in findings if SEVERITIES.index(item.severity) >= least]
