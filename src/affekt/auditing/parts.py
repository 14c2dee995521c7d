"""What the parts of a split share besides recordings: voices, and what is said."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from affekt.auditing.clips import Clip, overlaps, two_labels
from affekt.auditing.finding import Finding, Mend, Severity, places
from affekt.auditing.rounds import Rounds, role
from affekt.records import normal_id

_SHOWN = 5
_ANEW = "; dropping rows does not mend that: make a new split by speaker"


def part_findings(clips: Sequence[Clip], mend: Mend) -> Iterator[Finding]:
    """Say which recordings, voices and sentences two parts of one round share."""
    rounds = Rounds(clips)
    for clip in clips:
        yield from _same_file(clip, rounds, mend)
        if two_labels(clip):
            yield Finding(
                kind="two-labels",
                severity="error",
                message=f"one file is called {' and '.join(clip.labels)}: leave it out, or listen "
                "and keep one",
                clips=places([clip]),
                corpus=clip.utterance.corpus,
                mend=mend("two-labels", [clip]),
            )
    yield from _overlapping(clips, rounds, mend)
    yield from _shared(clips, "speaker-across-parts", _speaker, rounds, mend)
    yield from _shared(clips, "sentence-across-parts", _sentence, rounds, mend)
    unnamed = [clip for clip in clips if clip.places and clip.speaker is None]
    if unnamed:
        yield Finding(
            kind="unknown-speakers",
            severity="warning",
            message=f"{len(unnamed)} recordings name no speaker: add a column 'speaker'",
            clips=places(unnamed),
        )


def _same_file(clip: Clip, rounds: Rounds, mend: Mend) -> Iterator[Finding]:
    for number, parts in _by_round(clip).items():
        if len(parts) > 1:
            leak = any(rounds.leak(number, *pair) for pair in itertools.combinations(parts, 2))
            yield Finding(
                kind="same-file",
                severity="error" if leak else "warning",
                message=f"one file stands in {' and '.join(parts)}{_of(number)}",
                clips=places([clip]),
                corpus=clip.utterance.corpus,
                mend=mend("same-file", [clip]) if leak else "",
            )


def _overlapping(clips: Sequence[Clip], rounds: Rounds, mend: Mend) -> Iterator[Finding]:
    """Say which stretches of one file overlap in two parts."""
    for one, other in overlaps(clips):
        apart, leak = rounds.apart(clips[one], clips[other])
        if apart:
            pair = [clips[one], clips[other]]
            yield Finding(
                kind="same-file",
                severity="error" if leak else "warning",
                message=f"stretches of one file overlap; in {' and '.join(apart)}",
                clips=places(pair),
                corpus=pair[0].utterance.corpus,
                mend=mend("same-file", pair) if leak else "",
            )


def _speaker(clip: Clip) -> tuple[str, str] | None:
    return clip.speaker


def _sentence(clip: Clip) -> tuple[str, str] | None:
    said = clip.utterance.sentence
    return None if said is None else (clip.utterance.collection, normal_id(said))


def _shared(
    clips: Sequence[Clip],
    kind: str,
    key: Callable[[Clip], tuple[str, str] | None],
    rounds: Rounds,
    mend: Mend,
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
    numbers: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for (number, (collection, name)), parts in homes.items():
        for one, other in itertools.combinations(
            sorted(parts, key=lambda part: (role(part), part)), 2
        ):
            found[one, other, collection][name] = [*parts[one], *parts[other]]
            numbers[one, other, collection].add(number)
    what = kind.partition("-")[0]
    for (one, other, collection), shared in sorted(found.items()):
        shared_in = numbers[one, other, collection]
        many = len(shared_in)
        whose = f"{len(shared)} of {len(names[collection])} {what}s of {collection}"
        shown = ", ".join(sorted(shared)[:_SHOWN]) + ", …" * (len(shared) > _SHOWN)
        torn = [clip for items in shared.values() for clip in items]
        corpora = {clip.utterance.corpus for clip in torn}
        severity: Severity = "note"
        command = ""
        if kind == "speaker-across-parts":
            tested = any(rounds.tested(number, one, other) for number in shared_in)
            severity = "error" if tested else "warning"
            command = mend(kind, torn) if tested else ""
            shown += _ANEW if tested and not command else ""
        yield Finding(
            kind=kind,
            severity=severity,
            message=f"{whose} stand in {one} and in {other}{_times(many)}: {shown}",
            clips=places(torn),
            corpus=corpora.pop() if len(corpora) == 1 else "",
            figures={"shared": len(shared), "of": len(names[collection]), "rounds": many},
            mend=command,
        )


def _times(rounds: int) -> str:
    return f", in {rounds} rounds" if rounds > 1 else ""


def _by_round(clip: Clip) -> Mapping[str, list[str]]:
    parts: dict[str, list[str]] = defaultdict(list)
    for number, part in dict.fromkeys(clip.places):
        parts[number].append(part)
    return parts


def _of(number: str) -> str:
    return f" of round {number}" if number else ""
