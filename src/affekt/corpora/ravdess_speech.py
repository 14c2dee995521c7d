"""RAVDESS, the speech half: 24 actors, eight emotions, two statements."""

from __future__ import annotations

import re

from affekt.corpora import ravdess
from affekt.corpora.base import Access, Archive, Corpus, Fault, Official
from affekt.download import Checksum

CORPUS = Corpus(
    name="ravdess_speech",
    title="RAVDESS speech",
    collection="ravdess",
    language="en",
    citation=ravdess.CITATION,
    licence=ravdess.LICENCE,
    access=Access(
        url=ravdess.PAGE,
        how="download Audio_Speech_Actors_01-24.zip from Zenodo and unpack it",
        remotes=(
            Archive(
                url=f"{ravdess.PAGE}/files/Audio_Speech_Actors_01-24.zip?download=1",
                filename="Audio_Speech_Actors_01-24.zip",
                checksum=Checksum(
                    algorithm="md5",
                    digest="bc696df654c87fed845eb13823edef8a",
                    page=ravdess.PAGE,
                ),
            ),
        ),
    ),
    official=Official(
        files=1440,
        speakers=24,
        per_label={
            label.native: 96 if label.native == "neutral" else 192
            for label in ravdess.LABELS.values()
        },
    ),
    grammar=ravdess.grammar("01", ravdess.LABELS),
    labels=ravdess.LABELS,
    people=ravdess.PEOPLE,
    outside=(ravdess.VIDEO, (re.compile(r"03-02(-\d\d){5}"), "song: belongs to ravdess_song")),
    grid=ravdess.grid("01"),
    faults=(
        Fault(
            kind="identical-audio",
            name="03-01-03-01-02-01-07",
            other="03-01-03-01-02-02-07",
            note="one recording under two names",
        ),
        Fault(kind="note", note="5 files of the official release are stereo"),
        Fault(kind="note", note="two statements only: text and speaker repeat in every emotion"),
    ),
    duration_range_s=(2.0, 8.0),
)
