"""AESDD: Greek actors, twenty utterances, five emotions (Vryzas et al. 2018)."""

from __future__ import annotations

import re

from affekt.corpora.base import Access, Corpus, Fault, Label, Licence, Official

CORPUS = Corpus(
    name="aesdd",
    title="AESDD",
    collection="aesdd",
    language="el",
    citation=(
        "Vryzas N, Kotsakis R, Liatsou A, Dimoulas CA, Kalliris G (2018). Speech Emotion "
        "Recognition for Performance Interaction. Journal of the Audio Engineering Society 66(6): "
        "457-467. https://doi.org/10.17743/jaes.2018.0036"
    ),
    licence=Licence(
        id="LicenseRef-AESDD",
        redistribution=False,
        commercial=False,
        note="free of charge for research; no licence text is published",
    ),
    access=Access(
        url="https://m3c.web.auth.gr/research/aesdd-speech-emotion-recognition/",
        how="download the database from that page and unpack it",
    ),
    # The database grows: five actors and about 500 files in version 1.0, a sixth actor since.
    official=Official(files=None, speakers=6),
    # The number in brackets is the speaker, sometimes padded; a letter behind it is a further
    # take. The emotion's letter repeats the folder: anger/a06 (5)b, fear/f10 (01).
    grammar=re.compile(
        r"(?P<code>[adfhs])(?P<sentence>\d\d) ?\(0?(?P<speaker>\d)\) ?(?P<take>[a-z]?)",
        re.IGNORECASE,
    ),
    labels={
        "a": Label("anger", "angry"),
        "d": Label("disgust", "disgust"),
        "f": Label("fear", "fearful"),
        "h": Label("happiness", "happy"),
        "s": Label("sadness", "sad"),
    },
    faults=(
        Fault(kind="note", note="no neutral recordings"),
        Fault(kind="note", note="utterance 20 of each actor and emotion is improvised"),
    ),
    duration_range_s=(0.5, 20.0),
)
