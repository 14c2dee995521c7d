"""CaFE: twelve actors of Canadian French, six sentences, seven emotions (Gournay et al. 2018)."""

from __future__ import annotations

import re

from affekt.corpora.base import (
    Access,
    Archive,
    Corpus,
    Fault,
    Grid,
    Label,
    Licence,
    Official,
    Person,
)

_LABELS = {
    "C": Label("colère", "angry"),
    "D": Label("dégoût", "disgust"),
    "J": Label("joie", "happy"),
    "N": Label("neutre", "neutral"),
    "P": Label("peur", "fearful"),
    "S": Label("surprise", "surprised"),
    "T": Label("tristesse", "sad"),
}

CORPUS = Corpus(
    name="cafe",
    title="CaFE",
    collection="cafe",
    language="fr",
    citation=(
        "Gournay P, Lahaie O, Lefebvre R (2018). A Canadian French Emotional Speech Dataset. "
        "ACM Multimedia Systems Conference 2018, 399-402. "
        "https://doi.org/10.1145/3204949.3208121"
    ),
    licence=Licence(id="CC-BY-NC-SA-4.0", redistribution=True, commercial=False),
    access=Access(
        url="https://zenodo.org/records/1478765",
        how="download CaFE_48k.zip from Zenodo and unpack it",
        remotes=(
            Archive(
                url="https://zenodo.org/records/1478765/files/CaFE_48k.zip?download=1",
                filename="CaFE_48k.zip",
            ),
        ),
    ),
    official=Official(
        files=936,
        speakers=12,
        per_label={
            label.native: 72 if label.native == "neutre" else 144 for label in _LABELS.values()
        },
    ),
    # The name alone says all; the folders (Colère/Faible, Colère/Fort) repeat it, and copies
    # spell their accents in different ways.
    grammar=re.compile(
        r"(?P<speaker>0[1-9]|1[0-2])-(?P<code>[CDJNPST])-(?P<intensity>[12])-(?P<sentence>[1-6])"
    ),
    labels=_LABELS,
    people={f"{actor:02d}": Person("male" if actor % 2 else "female") for actor in range(1, 13)},
    grid=Grid(
        template="{speaker}-{code}-{intensity}-{sentence}",
        axes=(("speaker",), ("code", "intensity"), ("sentence",)),
    ),
    faults=(Fault(kind="note", note="offered at 192 kHz and at 48 kHz; take one of the two"),),
    duration_range_s=(0.8, 12.0),
)
