"""EMOVO: six Italian actors, fourteen sentences, seven emotions (Costantini et al. 2014)."""

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

_LABELS = {
    "dis": Label("disgusto", "disgust"),
    "gio": Label("gioia", "happy"),
    "neu": Label("neutrale", "neutral"),
    "pau": Label("paura", "fearful"),
    "rab": Label("rabbia", "angry"),
    "sor": Label("sorpresa", "surprised"),
    "tri": Label("tristezza", "sad"),
}

CORPUS = Corpus(
    name="emovo",
    title="EMOVO",
    collection="emovo",
    language="it",
    citation=(
        "Costantini G, Iaderola I, Paoloni A, Todisco M (2014). EMOVO Corpus: an Italian "
        "Emotional Speech Database. LREC 2014, 3501-3504"
    ),
    licence=Licence(
        id="LicenseRef-EMOVO",
        redistribution=False,
        commercial=False,
        note="free for research",
    ),
    access=Access(
        url="http://voice.fub.it/EMOVO",
        how="download the archive from that page (or ask the authors), and unpack it",
    ),
    official=Official(
        files=588, speakers=6, per_label={label.native: 84 for label in _LABELS.values()}
    ),
    grammar=re.compile(
        r"(?P<code>dis|gio|neu|pau|rab|sor|tri)-(?P<speaker>[fm][123])"
        r"-(?P<sentence>b[123]|d[12]|l[1-4]|n[1-5])"
    ),
    labels=_LABELS,
    people={
        f"{letter}{number}": Person(gender)
        for letter, gender in (("f", "female"), ("m", "male"))
        for number in (1, 2, 3)
    },
    grid=Grid(
        template="{code}-{speaker}-{sentence}", axes=(("code",), ("speaker",), ("sentence",))
    ),
    faults=(
        Fault(
            kind="near-duplicate",
            name="tri-f3-n1",
            other="tri-f3-n2",
            note="named as two sentences; one is cut shorter",
        ),
        Fault(kind="note", note="the originals are stereo at 48 kHz"),
    ),
    duration_range_s=(0.8, 20.0),
)
