"""ShEMO: 87 Persian speakers in radio plays, six emotions (Mohamad Nezami et al. 2019)."""

from __future__ import annotations

import re

from affekt.corpora.base import Access, Corpus, Fault, Label, Licence, Official

CORPUS = Corpus(
    name="shemo",
    title="ShEMO",
    collection="shemo",
    language="fa",
    citation=(
        "Mohamad Nezami O, Jamshid Lou P, Karami M (2019). ShEMO: a large-scale validated "
        "database for Persian speech emotion detection. Language Resources and Evaluation 53: "
        "1-16. https://doi.org/10.1007/s10579-018-9427-x"
    ),
    licence=Licence(
        id="LicenseRef-ShEMO",
        redistribution=False,
        commercial=False,
        note="offered for academic use; no licence text is published",
    ),
    access=Access(
        url="https://github.com/mansourehk/ShEMO",
        how="follow the links on that page, and unpack the female and male parts",
    ),
    official=Official(
        files=3000,
        speakers=87,
        per_label={
            "anger": 1059,
            "fear": 38,
            "happiness": 201,
            "neutral": 1028,
            "sadness": 449,
            "surprise": 225,
        },
    ),
    # The speaker is sex and number together: F01 and M01 are two people.
    grammar=re.compile(
        r"(?P<speaker>(?P<gender>[FM])\d\d)(?P<code>[AFHNSW])(?P<take>\d\d)", re.IGNORECASE
    ),
    labels={
        "A": Label("anger", "angry"),
        "F": Label("fear", "fearful"),
        "H": Label("happiness", "happy"),
        "N": Label("neutral", "neutral"),
        "S": Label("sadness", "sad"),
        "W": Label("surprise", "surprised"),
    },
    faults=(
        Fault(kind="note", note="38 recordings of fear only: its recall is hardly measurable"),
        Fault(kind="note", note="semi-natural: cut from radio plays, no sentence is repeated"),
    ),
    duration_range_s=(0.3, 40.0),
)
