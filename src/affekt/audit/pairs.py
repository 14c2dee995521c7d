"""Recordings that are copies of one another, and how they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from affekt.audio import Signal, decode
from affekt.audit.clips import Clip
from affekt.audit.finding import Finding, Severity, places
from affekt.audit.fingerprint import BINS_AN_OCTAVE
from affekt.audit.listen import Heard
from affekt.audit.matching import SAME, Likeness, find_likenesses
from affekt.audit.store import Store
from affekt.audit.waveform import Correlation, correlate
from affekt.corpora import CORPORA
from affekt.corpora.verify import is_known

Progress = Callable[[str, int, int], None]

# Product of the likeness of the fingerprints and the correlation of the waves. On the nine corpora
# at hand, copies lie above, other readings of a sentence by the same speaker below.
CERTAIN = 0.45
# What differs is called noise where it is loud enough, and as loud when the sound is quiet.
_NOISE_SNR_DB = 25.0
_STEADY = 0.3
_SAME_LENGTH_S = 0.03


class Copy(NamedTuple):
    """Two recordings that hold one sound; `correlation` is None where pitch or pace differ."""

    first: int
    second: int
    alike: Likeness | None
    correlation: Correlation | None


def find_copies(
    clips: Sequence[Clip], heard: Sequence[Heard], store: Store, progress: Progress
) -> list[Copy]:
    """Return all pairs of copies; of several with the same samples, each with the first."""
    groups: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(heard):
        if item.sound_digest:
            groups[item.sound_digest].append(place)
    copies = [
        Copy(first, other, None, None) for first, *others in groups.values() for other in others
    ]
    chosen = [group[0] for group in groups.values()]
    likenesses = find_likenesses(
        [heard[place].print for place in chosen],
        progress=lambda done, total: progress("Comparing", done, total),
    )
    likenesses.sort(key=lambda item: item[:2])
    kept: list[tuple[str, str, Correlation]] = []
    signals = _Signals(clips)
    try:
        for done, item in enumerate(likenesses, start=1):
            progress("Confirming", done, len(likenesses))
            alike = item._replace(first=chosen[item.first], second=chosen[item.second])
            if item.change == SAME and alike.first > alike.second:
                alike = alike._replace(
                    first=alike.second, second=alike.first, offset_s=-alike.offset_s
                )
            if item.change != SAME:
                copies.append(Copy(alike.first, alike.second, alike, None))
                continue
            digests = (heard[alike.first].sound_digest, heard[alike.second].sound_digest)
            found = store.compared(*digests)
            if found is None:
                found = correlate(
                    signals.of(alike.first), signals.of(alike.second), offset_s=alike.offset_s
                )
                kept.append((*digests, found))
            if abs(found.value) * alike.likeness >= CERTAIN:
                copies.append(Copy(alike.first, alike.second, alike, found))
    finally:
        store.keep_compared(kept)
    return copies


class _Signals:
    """Recordings decoded again; the last few are held, for pairs come sorted."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = clips
        self._held: dict[int, Signal] = {}

    def of(self, place: int) -> Signal:
        if place not in self._held:
            if len(self._held) >= 64:
                self._held.pop(next(iter(self._held)))
            self._held[place] = decode(self._clips[place].path).signal
        return self._held[place]


def copy_findings(
    copies: Iterable[Copy],
    clips: Sequence[Clip],
    heard: Sequence[Heard],
    mend: Callable[[Sequence[Clip]], str],
) -> Iterator[Finding]:
    """Say what each pair is, whether a split tears it apart, and whether its labels differ."""
    for copy in copies:
        pair = [clips[place] for place in sorted((copy.first, copy.second))]
        kind, message, figures = _described(copy, clips, heard)
        apart = _parts_apart(*pair)
        severity: Severity = "error" if apart else "warning"
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
            mend=mend(pair) if apart else "",
            known=known,
        )
        labels = [clip.utterance.native_label for clip in pair]
        if all(labels) and labels[0] != labels[1] and len({c.utterance.corpus for c in pair}) == 1:
            yield Finding(
                kind="two-labels",
                severity="error",
                message=f"the same sound is called {labels[0]} and {labels[1]}: leave both out, or "
                "listen and keep one",
                clips=places(pair),
                corpus=corpus,
                mend=mend(pair),
                known=known,
            )


def _parts_apart(one: Clip, other: Clip) -> tuple[str, str] | None:
    """Return two parts of one round that the recordings stand in, if they are not the same."""
    for number, part in one.places:
        for other_number, other_part in other.places:
            if number == other_number and part != other_part:
                return part, other_part
    return None


def _described(
    copy: Copy, clips: Sequence[Clip], heard: Sequence[Heard]
) -> tuple[str, str, dict[str, float]]:
    first, second = heard[copy.first], heard[copy.second]
    if copy.alike is None:
        same = first.file_digest == second.file_digest
        how = "byte for byte one file" if same else "the same samples in two files"
        return "identical-audio", how, {"correlation": 1.0}
    if copy.correlation is None:
        return _changed(copy.alike, clips[copy.second].name)
    found = copy.correlation
    share = min(found.value**2, 0.999999)
    snr_db = float(10.0 * np.log10(share / (1.0 - share)))
    noisy = snr_db < _NOISE_SNR_DB and found.steadiness > _STEADY
    facts = [f"waveforms correlate at {found.value:.3f} over {found.shared_s:.2f} s"]
    if abs(found.offset_s) >= 0.001:
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
    return "augmented-copy" if noisy else "near-duplicate", ", ".join(facts), figures


def _changed(alike: Likeness, copy: str) -> tuple[str, str, dict[str, float]]:
    semitones = alike.change.shift_bins * 12.0 / BINS_AN_OCTAVE
    facts = [f"partials correlate at {alike.likeness:.3f} over {alike.shared_s:.2f} s"]
    if semitones:
        facts.append(f"{copy} is {semitones:g} semitones higher")
    if abs(alike.change.pace - 1.0) > 0.02:
        facts.append(f"{copy} is {1.0 / alike.change.pace:.2f} times as fast")
    figures = {
        "likeness": round(alike.likeness, 4),
        "semitones": semitones,
        "pace": round(1.0 / alike.change.pace, 3),
        "shared_s": round(alike.shared_s, 3),
    }
    return "augmented-copy", ", ".join(facts), figures
