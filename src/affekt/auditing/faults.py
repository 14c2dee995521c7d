"""What is wrong with single recordings, and with what a corpus should hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from affekt.auditing.clips import Clip
from affekt.auditing.finding import Finding, Mend, Place, Severity, places
from affekt.auditing.listen import Heard
from affekt.corpora import CORPORA, Scan, check_names, implausible_length, is_known

# Beyond this many times the usual length, a recording that no corpus describes is implausible.
_MANY_TIMES = 6.0
# A few samples at full scale are heard by nobody.
_CLIPPED_SHARE = 1e-3
# What the decoders say of a missing end; they warn of other things too.
_NO_END = ("end is missing", "end may be missing", "what follows was not read")
_COUNTS = ("count", "speakers")
_OF_NAMES: dict[str, Severity] = {"misspelt-name": "note", "count": "note", "speakers": "note"}


def name_findings(scans: Iterable[Scan]) -> Iterator[Finding]:
    """Say which files a corpus misses, misspells or does not account for."""
    for scan in scans:
        corpus = CORPORA[scan.corpus]
        for item in check_names(corpus, scan):
            counted = item.kind in _COUNTS
            names = () if counted else tuple(filter(None, (item.name, item.other)))
            yield Finding(
                kind=item.kind,
                severity=_OF_NAMES.get(item.kind, "warning"),
                message=f"{item.name}: {item.message}" if counted else item.message,
                clips=tuple(Place(name, "", "") for name in names),
                corpus=scan.corpus,
                known=is_known(corpus, item.kind, item.name, item.other),
            )


def sound_findings(clips: Sequence[Clip], heard: Sequence[Heard], mend: Mend) -> Iterator[Finding]:
    """Say which recordings cannot be heard, end early, last too long or touch full scale."""
    usual_s = _usual_lengths(clips, heard)
    clipped: dict[tuple[str, Severity], list[tuple[float, Clip]]] = defaultdict(list)
    for clip, item in zip(clips, heard, strict=True):
        corpus = clip.utterance.corpus
        if item.trouble:
            yield replace(
                _single(clip, item.trouble, "error", item.message),
                mend="" if item.passing else mend(item.trouble, [clip]),
            )
            continue
        if ends := [said for said in item.warnings if any(words in said for words in _NO_END)]:
            yield _single(clip, "truncated", "warning", " ".join(ends))
        if length := _length(corpus, item.duration_s, usual_s[corpus]):
            yield _single(clip, "duration", "warning", length)
        if item.clipped_share > 0.0:
            severity: Severity = "warning" if item.clipped_share >= _CLIPPED_SHARE else "note"
            clipped[corpus, severity].append((item.clipped_share, clip))
    for (corpus, severity), found in clipped.items():
        found.sort(key=lambda pair: -pair[0])
        how = f"{_CLIPPED_SHARE:.1%} of their samples or more" if severity == "warning" else "a few"
        yield Finding(
            kind="clipped",
            severity=severity,
            message=f"{len(found)} recordings touch full scale with {how}, at most "
            f"{found[0][0]:.2%}",
            clips=places(clip for _, clip in found),
            corpus=corpus,
            figures={"recordings": len(found), "highest_share": round(found[0][0], 6)},
        )


def format_findings(clips: Sequence[Clip], heard: Sequence[Heard]) -> Iterator[Finding]:
    """Say which recordings have another rate or number of channels than the rest of theirs."""
    formats: dict[str, dict[tuple[int, int], list[Clip]]] = defaultdict(lambda: defaultdict(list))
    for clip, item in zip(clips, heard, strict=True):
        if not item.trouble:
            formats[clip.utterance.corpus][item.rate_hz, item.channels].append(clip)
    for corpus, found in formats.items():
        usual = max(found, key=lambda key: len(found[key]))
        for key, others in found.items():
            if key != usual:
                yield Finding(
                    kind="format",
                    severity="note",
                    message=f"{len(others)} recordings at {_format(key)}, while most are at "
                    f"{_format(usual)}",
                    clips=places(others),
                    corpus=corpus,
                )


def _single(clip: Clip, kind: str, severity: Severity, message: str) -> Finding:
    corpus = clip.utterance.corpus
    known = corpus in CORPORA and is_known(CORPORA[corpus], kind, clip.path.stem)
    return Finding(
        kind=kind,
        severity=severity,
        message=message,
        clips=places([clip]),
        corpus=corpus,
        known=known,
    )


def _usual_lengths(clips: Sequence[Clip], heard: Sequence[Heard]) -> dict[str, float]:
    lengths: dict[str, list[float]] = defaultdict(list)
    for clip, item in zip(clips, heard, strict=True):
        lengths[clip.utterance.corpus].append(item.duration_s)
    return {corpus: float(np.median(found)) for corpus, found in lengths.items()}


def _length(corpus: str, duration_s: float, usual_s: float) -> str:
    if corpus in CORPORA:
        return implausible_length(CORPORA[corpus], duration_s)
    if usual_s / _MANY_TIMES <= duration_s <= usual_s * _MANY_TIMES:
        return ""
    return f"{duration_s:.2f} s; the others last {usual_s:.2f} s in the middle"


def _format(key: tuple[int, int]) -> str:
    rate_hz, channels = key
    return f"{rate_hz} Hz with {channels} channel{'s' * (channels > 1)}"


def label_findings(clips: Sequence[Clip]) -> Iterator[Finding]:
    """Say where labels are far from evenly spread, and which ones a part does not have."""
    groups: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for clip in clips:
        label, corpus = clip.utterance.native_label, clip.utterance.corpus
        for number, part in clip.places or (("", ""),):
            if label:
                groups[corpus, number, part][label] += 1
    for (corpus, number, part), counts in groups.items():
        where = f" in {' '.join(filter(None, (number and f'round {number},', part)))}" * bool(part)
        everywhere = {
            label for key, other in groups.items() if key[:2] == (corpus, number) for label in other
        }
        for label in sorted(everywhere - set(counts)):
            yield _imbalance("warning", f"no {label}{where}", corpus)
        (most, high), (least, low) = counts.most_common()[0], counts.most_common()[-1]
        if high >= 3 * low:
            severity: Severity = "warning" if high >= 10 * low else "note"
            yield _imbalance(
                severity, f"{high} {most} and {low} {least}{where}: {high / low:.1f} to 1", corpus
            )


def _imbalance(severity: Severity, message: str, corpus: str) -> Finding:
    return Finding(kind="label-imbalance", severity=severity, message=message, corpus=corpus)
