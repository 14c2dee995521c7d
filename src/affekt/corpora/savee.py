"""SAVEE: four men, seven emotions (Haq and Jackson)."""

from __future__ import annotations

import re

from affekt.corpora.base import (
    Access,
    Corpus,
    Fault,
    Grid,
    Label,
    Licence,
    Official,
    Person,
)

CORPUS = Corpus(
    name="savee",
    title="SAVEE",
    collection="savee",
    language="en",
    citation=(
        "Haq S, Jackson PJB (2010). Multimodal Emotion Recognition. In: Wang W (ed.), Machine "
        "Audition: Principles, Algorithms and Systems, IGI Global, 398-423"
    ),
    licence=Licence(
        id="LicenseRef-SAVEE",
        redistribution=False,
        commercial=False,
        note="research only, on registration",
    ),
    access=Access(
        url="http://kahlan.eps.surrey.ac.uk/savee/",
        how="register on that page and download the audio part (AudioData)",
    ),
    official=Official(
        files=480,
        speakers=4,
        per_label={
            "anger": 60,
            "disgust": 60,
            "fear": 60,
            "happiness": 60,
            "neutral": 120,
            "sadness": 60,
            "surprise": 60,
        },
    ),
    grammar=re.compile(r"(?P<speaker>DC|JE|JK|KL)_(?P<code>sa|su|[adfhn])(?P<sentence>\d\d)"),
    labels={
        "a": Label("anger", "angry"),
        "d": Label("disgust", "disgust"),
        "f": Label("fear", "fearful"),
        "h": Label("happiness", "happy"),
        "n": Label("neutral", "neutral"),
        "sa": Label("sadness", "sad"),
        "su": Label("surprise", "surprised"),
    },
    people={speaker: Person("male") for speaker in ("DC", "JE", "JK", "KL")},
    grid=Grid(template="{speaker}_{code}{sentence}", axes=(("speaker",), ("code", "sentence"))),
    faults=(
        Fault(kind="note", note="the originals carry a DC offset and rumble under 50 Hz"),
        Fault(
            kind="note",
            note="15 sentences an emotion, some shared by all emotions and some not: the same "
            "number need not be the same sentence",
        ),
    ),
    duration_range_s=(1.0, 10.0),
)
