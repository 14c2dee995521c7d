"""What the parts of a split share besides recordings: voices, and what is said."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from affekt.audit.clips import Clip
from affekt.audit.finding import Finding, Severity, places

_SHOWN = 5
# How people call the part that is measured.
_TEST = ("test", "eval", "evaluation", "testing", "holdout", "lockbox")


def part_findings(
    clips: Sequence[Clip], mend: Callable[[Sequence[Clip]], str]
) -> Iterator[Finding]:
    """Say which recordings, voices and sentences two parts of one round share."""
    for clip in clips:
        for number, parts in _rounds(clip).items():
            if len(parts) > 1:
                yield Finding(
                    kind="same-file",
                    severity="error",
                    message=f"one file stands in {' and '.join(parts)}{_of(number)}",
                    clips=places([clip]),
                    corpus=clip.utterance.corpus,
                    mend=mend([clip]),
                )
    yield from _shared(clips, "speaker-across-parts", _speaker, mend)
    yield from _shared(clips, "sentence-across-parts", _sentence, mend)
    unnamed = [clip for clip in clips if clip.places and clip.speaker is None]
    if unnamed:
        yield Finding(
            kind="unknown-speakers",
            severity="warning",
            message=f"{len(unnamed)} recordings name no speaker: add a column 'speaker'",
            clips=places(unnamed),
        )


def _speaker(clip: Clip) -> tuple[str, str] | None:
    return clip.speaker


def _sentence(clip: Clip) -> tuple[str, str] | None:
    said = clip.utterance.sentence
    return None if said is None else (clip.utterance.collection, said)


def _shared(
    clips: Sequence[Clip],
    kind: str,
    key: Callable[[Clip], tuple[str, str] | None],
    mend: Callable[[Sequence[Clip]], str],
) -> Iterator[Finding]:
    """Yield one finding for every two parts and every collection, over all rounds."""
    homes: dict[tuple[str, tuple[str, str]], dict[str, list[Clip]]] = defaultdict(
        lambda: defaultdict(list)
    )
    names: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        named = key(clip)
        if named is None:
            continue
        names[named[0]].add(named[1])
        for number, part in clip.places:
            homes[number, named][part].append(clip)
    found: dict[tuple[str, str, str], dict[str, list[Clip]]] = defaultdict(dict)
    rounds: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for (number, (collection, name)), parts in homes.items():
        for one, other in itertools.combinations(sorted(parts, key=_in_order), 2):
            found[one, other, collection][name] = [*parts[one], *parts[other]]
            rounds[one, other, collection].add(number)
    what = kind.partition("-")[0]
    for (one, other, collection), shared in sorted(found.items()):
        many = len(rounds[one, other, collection])
        whose = f"{len(shared)} of {len(names[collection])} {what}s of {collection}"
        shown = ", ".join(sorted(shared)[:_SHOWN]) + ", …" * (len(shared) > _SHOWN)
        torn = [clip for items in shared.values() for clip in items]
        corpora = {clip.utterance.corpus for clip in torn}
        yield Finding(
            kind=kind,
            severity=_severity(kind, other),
            message=f"{whose} stand in {one} and in {other}{_times(many)}: {shown}",
            clips=places(torn),
            corpus=corpora.pop() if len(corpora) == 1 else "",
            figures={"shared": len(shared), "of": len(names[collection]), "rounds": many},
            mend=mend(torn) if kind == "speaker-across-parts" else "",
        )


def _times(rounds: int) -> str:
    return f", in {rounds} rounds" if rounds > 1 else ""


def _in_order(part: str) -> tuple[bool, bool, str]:
    """What is learnt from comes first, what is measured last."""
    return part.casefold() in _TEST, not part.casefold().startswith("train"), part


def _severity(kind: str, last: str) -> Severity:
    if kind == "sentence-across-parts":
        return "note"
    return "error" if last.casefold() in _TEST else "warning"


def _rounds(clip: Clip) -> Mapping[str, list[str]]:
    rounds: dict[str, list[str]] = defaultdict(list)
    for number, part in dict.fromkeys(clip.places):
        rounds[number].append(part)
    return rounds


def _of(number: str) -> str:
    return f" of round {number}" if number else ""
