"""TESS: two women, 200 words in one carrier phrase, seven emotions (Pichora-Fuller and Dupuis)."""

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

# The emotion is read from the file's name: the folders vary in spelling and capitals
# (OAF_Fear, YAF_fear, OAF_Pleasant_surprise, YAF_pleasant_surprised).
_LABELS = {
    "angry": Label("anger", "angry"),
    "disgust": Label("disgust", "disgust"),
    "fear": Label("fear", "fearful"),
    "happy": Label("happiness", "happy"),
    "neutral": Label("neutral", "neutral"),
    "ps": Label("pleasant surprise", "surprised"),
    "sad": Label("sadness", "sad"),
}

CORPUS = Corpus(
    name="tess",
    title="TESS",
    collection="tess",
    language="en",
    citation=(
        "Pichora-Fuller MK, Dupuis K (2020). Toronto emotional speech set (TESS). Borealis. "
        "https://doi.org/10.5683/SP2/E8H2MF"
    ),
    licence=Licence(
        id="CC-BY-NC-ND-4.0",
        redistribution=True,
        commercial=False,
        note="no altered copies may be passed on",
    ),
    access=Access(
        url="https://doi.org/10.5683/SP2/E8H2MF",
        how="download the dataset from Borealis and unpack it",
        remotes=(
            Archive(
                url=(
                    "https://borealisdata.ca/api/access/dataset/:persistentId/"
                    "?persistentId=doi:10.5683/SP2/E8H2MF"
                ),
                filename="tess.zip",
            ),
        ),
    ),
    official=Official(
        files=2800, speakers=2, per_label={label.native: 400 for label in _LABELS.values()}
    ),
    grammar=re.compile(
        r"(?P<speaker>OAF|YAF)_(?P<sentence>[a-z]+)_(?P<code>angry|disgust|fear|happy|neutral|ps|sad)",
        re.IGNORECASE,
    ),
    labels=_LABELS,
    people={"OAF": Person("female", 64), "YAF": Person("female", 26)},
    grid=Grid(
        template="{speaker}_{sentence}_{code}", axes=(("speaker",), ("sentence",), ("code",))
    ),
    faults=(
        Fault(kind="misspelt-name", name="OA_bite_neutral", other="OAF_bite_neutral"),
        Fault(kind="note", note="one original is recorded at 96 kHz"),
        Fault(kind="note", note="two speakers and one carrier phrase: a test here says little"),
    ),
    duration_range_s=(0.8, 5.0),
)
