"""nEMO: nine Polish actors, ninety sentences, six emotions (Christop 2024)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from affekt.corpora.base import (
    Access,
    Archive,
    Corpus,
    Fault,
    Label,
    Licence,
    Official,
    Person,
)
from affekt.corpora.people import read_people_table


def _read_people(folder: Path) -> Mapping[str, Person]:
    """Read age and gender from data.tsv, in the folder or in the repository's archive below it."""
    for table in (folder / "data.tsv", *folder.glob("nEMO*/data.tsv")):
        if table.is_file():
            return read_people_table(
                table, speaker="speaker_id", gender="gender", age="age", delimiter="\t"
            )
    return {}


CORPUS = Corpus(
    name="nemo",
    title="nEMO",
    collection="nemo",
    language="pl",
    citation=(
        "Christop I (2024). nEMO: Dataset of Emotional Speech in Polish. LREC-COLING 2024, "
        "12111-12116"
    ),
    licence=Licence(id="CC-BY-NC-SA-4.0", redistribution=True, commercial=False),
    access=Access(
        url="https://github.com/amu-cai/nEMO",
        how="clone the repository; the recordings lie in samples/",
        remotes=(
            Archive(
                url="https://github.com/amu-cai/nEMO/archive/refs/heads/main.zip",
                filename="nEMO-main.zip",
            ),
        ),
    ),
    official=Official(
        files=4481,
        speakers=9,
        per_label={
            "anger": 749,
            "fear": 736,
            "happiness": 749,
            "neutral": 809,
            "sadness": 769,
            "surprised": 669,
        },
    ),
    grammar=re.compile(
        r"(?P<speaker>[A-Z]{2}\d)_(?P<code>anger|fear|happiness|neutral|sadness|surprised)"
        r"_(?P<sentence>\d{1,2})"
    ),
    labels={
        "anger": Label("anger", "angry"),
        "fear": Label("fear", "fearful"),
        "happiness": Label("happiness", "happy"),
        "neutral": Label("neutral", "neutral"),
        "sadness": Label("sadness", "sad"),
        "surprised": Label("surprised", "surprised"),
    },
    read_people=_read_people,
    faults=(
        Fault(kind="note", note="data.tsv pads some fields, and its names end in .wav"),
        Fault(
            kind="note",
            note="one speaker, MP0, recorded a part of the sentences only, and "
            "MK0 is never surprised",
        ),
    ),
    duration_range_s=(0.5, 10.0),
)
