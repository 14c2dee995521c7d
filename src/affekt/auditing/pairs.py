"""Recordings that are copies of one another, and how they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from affekt.audio import decode
from affekt.auditing.clips import Clip, differ
from affekt.auditing.evidence import (
    CERTAIN,
    CERTAIN_PEAK,
    CERTAIN_TEXTURE,
    Evidence,
    backwards,
    confirm,
    is_certain,
    is_copy,
)
from affekt.auditing.finding import Finding, Mend, Severity, places
from affekt.auditing.fingerprint import BINS_AN_OCTAVE, Fingerprint
from affekt.auditing.listen import Heard
from affekt.auditing.matching import SAME, Likeness, find_likenesses
from affekt.auditing.rounds import Rounds
from affekt.auditing.store import Pair, Store
from affekt.auditing.waveform import Sound
from affekt.corpora import CORPORA, is_known
from affekt.parallel import run_in_processes
from affekt.records import Stretch

Progress = Callable[[str, int, int], None]

_PAIRS_A_GROUP = 512
# What differs is called noise where it is loud enough, and as loud when the sound is quiet.
_NOISE_SNR_DB = 25.0
_STEADY = 0.3
_SAME_LENGTH_S = 0.03
_BACKWARDS = "backwards in the second"


class Copy(NamedTuple):
    """Two recordings that hold one sound; without likeness and evidence, sample by sample."""

    first: int
    second: int
    alike: Likeness | None = None
    evidence: Evidence | None = None

    @property
    def certain(self) -> bool:
        """Whether it was confirmed, and is not suspected alone."""
        return self.alike is None or self.evidence is None or is_certain(self.alike, self.evidence)


class _Task(NamedTuple):
    """A pair that is to be confirmed."""

    pair: Pair
    first: Stretch
    second: Stretch
    alike: Likeness
    prints: tuple[Fingerprint, Fingerprint]


def find_copies(
    clips: Sequence[Clip],
    heard: Sequence[Heard],
    store: Store,
    *,
    workers: int,
    progress: Progress,
) -> list[Copy]:
    """Return all pairs of copies; of several with the same samples, each with the first."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(heard):
        if item.sound_digest:
            groups[item.sound_digest].append(place)
    copies = [Copy(first, other) for first, *others in groups.values() for other in others]
    chosen = [group[0] for group in groups.values()]
    digests = [heard[place].sound_digest for place in chosen]
    alike = store.alike(digests)
    if alike is None:
        alike = find_likenesses(
            [heard[place].print for place in chosen],
            workers=workers,
            progress=lambda done, total: progress("Comparing", done, total),
        )
        store.keep_alike(digests, alike)
    tasks = []
    for found in alike:
        likeness = _in_order(found._replace(first=chosen[found.first], second=chosen[found.second]))
        first, second, change = likeness[:3]
        sounds = heard[first].sound_digest, heard[second].sound_digest
        written = "" if change == SAME else f"{change.pace:.4f} {change.shift_bins}"
        prints = heard[first].print, heard[second].print
        stretches = clips[first].stretch, clips[second].stretch
        tasks.append(_Task((*sounds, written), *stretches, likeness, prints))
    tasks.sort(key=lambda task: task.alike[:2])
    confirmed = _confirmed(tasks, store, workers, progress)
    copies += [
        Copy(*task.alike[:2], task.alike, confirmed[task.pair])
        for task in tasks
        if is_copy(task.alike, confirmed[task.pair])
    ]
    return copies


def _in_order(alike: Likeness) -> Likeness:
    """Let the first come first, where neither is a changed copy of the other."""
    if alike.change != SAME or alike.first < alike.second:
        return alike
    return alike._replace(first=alike.second, second=alike.first, offset_s=-alike.offset_s)


def _confirmed(
    tasks: Sequence[_Task], store: Store, workers: int, progress: Progress
) -> dict[Pair, Evidence]:
    known = {task.pair: store.confirmed(task.pair) for task in tasks}
    found = {pair: value for pair, value in known.items() if value is not None}
    open_ = [task for task in tasks if task.pair not in found]
    groups = [open_[at : at + _PAIRS_A_GROUP] for at in range(0, len(open_), _PAIRS_A_GROUP)]
    for group in run_in_processes(_confirm_group, groups, workers=min(workers, len(groups))):
        store.keep_confirmed(group)
        found |= dict(group)
        progress("Confirming", len(found), len(tasks))
    return found


def _confirm_group(tasks: Sequence[_Task]) -> list[tuple[Pair, Evidence]]:
    @cache
    def sound(item: Stretch) -> Sound:
        return Sound(decode(item.path, start_s=item.start_s, end_s=item.end_s).signal)

    def confirmed(task: _Task) -> Evidence:
        return confirm(lambda: (sound(task.first), sound(task.second)), task.prints, task.alike)

    return [(task.pair, confirmed(task)) for task in tasks]


def copy_findings(
    copies: Iterable[Copy],
    clips: Sequence[Clip],
    heard: Sequence[Heard],
    mend: Mend,
) -> Iterator[Finding]:
    """Say what each pair is, whether a split tears it apart, and whether its labels differ."""
    rounds = Rounds(clips)
    for copy in copies:
        pair = [clips[place] for place in sorted((copy.first, copy.second))]
        kind, message, figures = describe(copy, clips, heard)
        apart, leak = rounds.apart(*pair)
        severity: Severity = ("error" if leak else "warning") if copy.certain else "suspected"
        if apart:
            message += f"; in {' and '.join(apart)}"
        corpora = {clip.utterance.corpus for clip in pair}
        corpus = corpora.pop() if len(corpora) == 1 else ""
        stems = [clip.path.stem for clip in pair]
        known = corpus in CORPORA and is_known(CORPORA[corpus], kind, *stems)
        yield Finding(
            kind=kind,
            severity=severity,
            message=message,
            clips=places(pair),
            corpus=corpus,
            figures=figures,
            mend=mend(kind, pair) if leak and copy.certain else "",
            known=known,
        )
        labels = [clip.utterance.native_label for clip in pair]
        if copy.certain and differ(*pair):
            yield Finding(
                kind="two-labels",
                severity="error",
                message=f"the same sound is called {labels[0]} and {labels[1]}: leave both out, or "
                "listen and keep one",
                clips=places(pair),
                corpus=corpus,
                mend=mend("two-labels", pair),
                known=known,
            )


def describe(
    copy: Copy, clips: Sequence[Clip], heard: Sequence[Heard]
) -> tuple[str, str, dict[str, float]]:
    """Return the kind of a copy, the evidence in words, and its figures."""
    first, second = heard[copy.first], heard[copy.second]
    if copy.alike is None or copy.evidence is None:
        same = first.file_digest == second.file_digest
        how = "byte for byte one file" if same else "the same samples in two files"
        return "identical-audio", how, {"correlation": 1.0}
    if abs(copy.evidence.correlation.value) * copy.alike.likeness < CERTAIN:
        return _changed(copy.alike, copy.evidence, clips[copy.second].name)
    found = copy.evidence.correlation
    share = min(found.value**2, 0.999999)
    snr_db = float(10.0 * np.log10(share / (1.0 - share)))
    noisy = snr_db < _NOISE_SNR_DB and found.steadiness > _STEADY
    facts = [f"waveforms correlate at {found.value:.3f} over {found.shared_s:.2f} s"]
    turned = backwards(copy.alike.change)
    if turned:
        facts.append(_BACKWARDS)
    elif abs(found.offset_s) >= 0.001:
        when = "earlier" if found.offset_s > 0 else "later"
        facts.append(f"{abs(found.offset_s):.3f} s {when} in the second")
    if abs(first.duration_s - second.duration_s) > _SAME_LENGTH_S:
        facts.append(f"lasting {first.duration_s:.2f} s and {second.duration_s:.2f} s")
    if abs(found.gain_db) >= 0.5:
        level = "louder" if found.gain_db > 0 else "softer"
        facts.append(f"the second {abs(found.gain_db):.1f} dB {level}")
    if first.rate_hz != second.rate_hz:
        facts.append(f"at {first.rate_hz} Hz and {second.rate_hz} Hz")
    if first.channels != second.channels:
        facts.append(f"with {first.channels} and {second.channels} channels")
    if noisy:
        facts.append(f"with noise {snr_db:.0f} dB below the sound")
    figures = {
        "correlation": round(found.value, 4),
        "likeness": round(copy.alike.likeness, 4),
        "offset_s": round(found.offset_s, 4),
        "gain_db": round(found.gain_db, 2),
        "shared_s": round(found.shared_s, 3),
    }
    return "augmented-copy" if noisy or turned else "near-duplicate", ", ".join(facts), figures


def _changed(alike: Likeness, found: Evidence, copy: str) -> tuple[str, str, dict[str, float]]:
    semitones = alike.change.shift_bins * 12.0 / BINS_AN_OCTAVE
    pace = 1.0 / abs(alike.change.pace)
    figures = {
        "likeness": round(alike.likeness, 4),
        "semitones": semitones,
        "pace": round(pace, 3),
        "shared_s": round(alike.shared_s, 3),
    }
    facts = [f"partials correlate at {alike.likeness:.3f} over {alike.shared_s:.2f} s"]
    if found.peak >= CERTAIN_PEAK:
        figures["peak"] = round(found.peak, 1)
        facts.append(f"one delay stands out {found.peak:.0f} times: a filter lies between them")
        return "augmented-copy", ", ".join(facts + [_BACKWARDS] * backwards(alike.change)), figures
    if found.texture >= CERTAIN_TEXTURE:
        figures["texture"] = round(found.texture, 4)
        facts.append(f"textures at {found.texture:.3f}")
    else:
        figures["suspicion"] = round(found.suspicion, 4)
        facts.append(f"one runs along the other like a copy ({found.suspicion:.3f} of 1)")
    if semitones:
        facts.append(f"{copy} is {semitones:g} semitones higher")
    if abs(pace - 1.0) > 0.02:
        facts.append(f"{copy} is {pace:.2f} times as fast")
    return "augmented-copy", ", ".join(facts), figures
