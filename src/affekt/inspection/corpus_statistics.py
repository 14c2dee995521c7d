"""What an inspection found, as figures: counts, spreads, and tables in JSON and CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from affekt.emotions import CANONICAL
from affekt.inspection.corpus import Clip, Inspection
from affekt.inspection.sound import Sound
from affekt.records import SCHEMA_VERSION
from affekt.text import csv_record

NOT_STATED = "not stated"
NO_CANONICAL = "no canonical label"
ALL = "all"

_PROPERTIES: dict[str, Callable[[Clip], str]] = {
    "emotion": lambda clip: clip.utterance.emotion or NO_CANONICAL,
    "native_label": lambda clip: clip.utterance.native_label,
    "gender": lambda clip: clip.utterance.gender or NOT_STATED,
    "language": lambda clip: clip.utterance.language or NOT_STATED,
    "intensity": lambda clip: clip.utterance.intensity or NOT_STATED,
    "speaker": lambda clip: clip.utterance.speaker,
}


class Spread(NamedTuple):
    """The five figures of a distribution."""

    min: float
    q1: float
    median: float
    q3: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What one corpus, or all of them together, are like.

    Levels and silence at the ends are those of clips that are not wholly silent; spreads are None
    where there is no such clip.

    Attributes:
        corpus: its name, or "all".
        clips: recordings placed by their names, unreadable ones among them.
        unreadable, damaged, silent_clips: those that could not be read, were read with a warning,
            and peak below -80 dBFS.
        speakers: pairs of collection and speaker.
        hours: of sound.
        length_s, peak_dbfs, rms_dbfs, leading_s, trailing_s, silent_share: spreads over clips.
        sampling_rates_hz, channels: what was found in the files, and in how many.
        clipped_clips, clipped_samples: clips with samples at full scale, and those samples.
    """

    corpus: str
    clips: int
    unreadable: int
    damaged: int
    speakers: int
    hours: float
    length_s: Spread | None
    sampling_rates_hz: Mapping[int, int]
    channels: Mapping[int, int]
    peak_dbfs: Spread | None
    rms_dbfs: Spread | None
    clipped_clips: int
    clipped_samples: int
    silent_clips: int
    leading_s: Spread | None
    trailing_s: Spread | None
    silent_share: Spread | None

    @property
    def clipped_share(self) -> float:
        """Share of the readable clips that touch full scale, 0 to 1."""
        return self.clipped_clips / max(1, self.clips - self.unreadable)


def summarise(inspection: Inspection) -> list[Summary]:
    """Return one summary a corpus, and one of all where there are several."""
    names = inspection.corpora
    rows = [_summary(name, inspection.of(name)) for name in names]
    return [*rows, _summary(ALL, inspection)] if len(names) > 1 else rows


def split(clips: Iterable[Clip], name: str) -> dict[str, list[Clip]]:
    """Group clips by emotion, native_label, gender, language, intensity or speaker.

    Canonical emotions stand in their own order before labels of people's own, and the rest in that
    of the alphabet; what a corpus does not tell comes last.
    """
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        found.setdefault(_PROPERTIES[name](clip), []).append(clip)
    last = (NO_CANONICAL, NOT_STATED)
    order = {label: place for place, label in enumerate(CANONICAL)} if name == "emotion" else {}
    values = sorted(found, key=lambda value: (value in last, order.get(value, len(order)), value))
    return {value: found[value] for value in values}


def count(clips: Iterable[Clip], name: str) -> dict[str, int]:
    """Count clips in the groups of `split`."""
    return {value: len(found) for value, found in split(clips, name).items()}


def emotions_of(clips: Iterable[Clip]) -> list[str]:
    """Return the labels to count: the canonical ones, or those met where people keep their own."""
    met = count(clips, "emotion")
    own = met.keys() - {*CANONICAL, NO_CANONICAL}
    return [name for name in met if name != NO_CANONICAL] if own else [*CANONICAL]


def to_json(inspection: Inspection) -> str:
    """Return summaries, counts and the unreadable files as one JSON object.

    Shares lie between 0 and 1; what is infinite or does not exist is null.
    """
    record = {
        "schema_version": SCHEMA_VERSION,
        "summaries": [_plain(item) for item in summarise(inspection)],
        "counts": {
            corpus: {name: count(inspection.of(corpus).clips, name) for name in _PROPERTIES}
            for corpus in inspection.corpora
        },
        "unreadable": [
            {
                "corpus": clip.utterance.corpus,
                "path": str(clip.utterance.path),
                "reason": clip.trouble,
            }
            for clip in inspection.unreadable
        ],
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def summary_csv(inspection: Inspection) -> str:
    """Return one row a corpus; a spread takes five columns."""
    return _csv([_flat(item) for item in summarise(inspection)])


def counts_csv(inspection: Inspection) -> str:
    """Return one row for every corpus, property and value."""
    return _csv(
        [
            {"corpus": corpus, "property": name, "value": value, "clips": clips}
            for corpus in inspection.corpora
            for name in _PROPERTIES
            for value, clips in count(inspection.of(corpus).clips, name).items()
        ]
    )


def clips_csv(inspection: Inspection) -> str:
    """Return one row a clip: what its corpus says of it, and what was measured."""
    return _csv([_clip_row(clip) for clip in inspection.clips])


def _summary(name: str, inspection: Inspection) -> Summary:
    sounds = [clip.sound for clip in inspection.clips if clip.sound is not None]
    sounding = [sound for sound in sounds if not sound.silent]

    def spread(field: str, among: Sequence[Sound]) -> Spread | None:
        if not among:
            return None
        values = [getattr(sound, field) for sound in among]
        return Spread(*(float(value) for value in np.quantile(values, (0, 0.25, 0.5, 0.75, 1))))

    return Summary(
        corpus=name,
        clips=len(inspection.clips),
        unreadable=len(inspection.unreadable),
        damaged=sum(sound.damaged for sound in sounds),
        speakers=len({clip.utterance.speaker_key for clip in inspection.clips}),
        hours=sum(sound.duration_s for sound in sounds) / 3600.0,
        length_s=spread("duration_s", sounds),
        sampling_rates_hz=dict(sorted(Counter(sound.sampling_rate_hz for sound in sounds).items())),
        channels=dict(sorted(Counter(sound.channels for sound in sounds).items())),
        peak_dbfs=spread("peak_dbfs", sounding),
        rms_dbfs=spread("rms_dbfs", sounding),
        clipped_clips=sum(sound.clipped_samples > 0 for sound in sounds),
        clipped_samples=sum(sound.clipped_samples for sound in sounds),
        silent_clips=len(sounds) - len(sounding),
        leading_s=spread("leading_s", sounding),
        trailing_s=spread("trailing_s", sounding),
        silent_share=spread("silent_share", sounding),
    )


def _plain(summary: Summary) -> dict[str, Any]:
    record = {}
    for field in dataclasses.fields(summary):
        value = getattr(summary, field.name)
        if isinstance(value, Spread):
            value = {name: round(figure, 6) for name, figure in value._asdict().items()}
        elif isinstance(value, float):
            value = round(value, 6)
        record[field.name] = value
    return record | {"clipped_share": round(summary.clipped_share, 6)}


def _flat(summary: Summary) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in _plain(summary).items():
        if name in ("sampling_rates_hz", "channels"):
            row[name] = " ".join(f"{found}:{clips}" for found, clips in value.items())
        elif name in _SPREADS:
            row |= {f"{name}_{part}": (value or {}).get(part, "") for part in Spread._fields}
        else:
            row[name] = value
    return row


def _clip_row(clip: Clip) -> dict[str, Any]:
    row = {
        field.name: getattr(clip.utterance, field.name)
        for field in dataclasses.fields(clip.utterance)
    }
    for field in dataclasses.fields(Sound):
        value = "" if clip.sound is None else getattr(clip.sound, field.name)
        if isinstance(value, float):
            value = round(value, 6) if math.isfinite(value) else ""
        elif isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, tuple):
            value = " ".join(value)
        row[field.name] = value
    return row | {"trouble": clip.trouble}


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(csv_record, rows))
    return text.getvalue()


_SPREADS = ("length_s", "peak_dbfs", "rms_dbfs", "leading_s", "trailing_s", "silent_share")
