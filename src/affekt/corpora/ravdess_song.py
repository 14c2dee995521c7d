"""RAVDESS, the song half: 23 actors (none numbered 18), six emotions, two statements."""

from __future__ import annotations

import re

from affekt.corpora import ravdess
from affekt.corpora.base import Access, Archive, Corpus, Fault, Official
from affekt.download import Checksum

_LABELS = {
    code: label
    for code, label in ravdess.LABELS.items()
    if label.native not in {"disgust", "surprised"}
}

CORPUS = Corpus(
    name="ravdess_song",
    title="RAVDESS song",
    collection="ravdess",
    language="en",
    citation=ravdess.CITATION,
    licence=ravdess.LICENCE,
    access=Access(
        url=ravdess.PAGE,
        how="download Audio_Song_Actors_01-24.zip from Zenodo and unpack it",
        remotes=(
            Archive(
                url=f"{ravdess.PAGE}/files/Audio_Song_Actors_01-24.zip?download=1",
                filename="Audio_Song_Actors_01-24.zip",
                checksum=Checksum(
                    algorithm="md5",
                    digest="5411230427d67a21e18aa4d466e6d1b9",
                    page=ravdess.PAGE,
                ),
            ),
        ),
    ),
    official=Official(
        files=1012,
        speakers=23,
        per_label={
            label.native: 92 if label.native == "neutral" else 184 for label in _LABELS.values()
        },
    ),
    grammar=ravdess.grammar("02", _LABELS),
    labels=_LABELS,
    people=ravdess.PEOPLE,
    outside=(
        ravdess.VIDEO,
        (re.compile(r"03-01(-\d\d){5}"), "speech: belongs to ravdess_speech"),
    ),
    grid=ravdess.grid("02"),
    faults=(
        Fault(kind="note", note="1 file of the official release is stereo"),
        Fault(kind="note", note="sung on two fixed melodies; there is no actor 18"),
    ),
    duration_range_s=(2.0, 10.0),
)
