"""EmoDB, the Berlin database: ten actors, ten sentences, seven emotions (Burkhardt et al. 2005)."""

from __future__ import annotations

import re

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

CORPUS = Corpus(
    name="emodb",
    title="EmoDB",
    collection="emodb",
    language="de",
    citation=(
        "Burkhardt F, Paeschke A, Rolfes M, Sendlmeier W, Weiss B (2005). A Database of German "
        "Emotional Speech. Interspeech 2005, 1517-1520. "
        "https://doi.org/10.21437/Interspeech.2005-446"
    ),
    licence=Licence(
        id="LicenseRef-EmoDB",
        redistribution=True,
        commercial=True,
        note="free; catalogues say CC0 1.0 or CC BY 4.0, so name the authors",
    ),
    access=Access(
        url="http://emodb.bilderbar.info/",
        how="download the archive from that page and unpack it",
        remotes=(
            Archive(
                url="http://emodb.bilderbar.info/download/download.zip",
                filename="emodb.zip",
            ),
        ),
    ),
    official=Official(
        files=535,
        speakers=10,
        per_label={
            "anger": 127,
            "boredom": 81,
            "disgust": 46,
            "fear": 69,
            "happiness": 71,
            "sadness": 62,
            "neutral": 79,
        },
    ),
    grammar=re.compile(
        r"(?P<speaker>03|08|09|1[0-6])(?P<sentence>[ab]\d\d)(?P<code>[WLEAFTN])(?P<take>[a-f])"
    ),
    # The letters are those of the German words: Wut, Langeweile, Ekel, Angst, Freude, Trauer.
    labels={
        "W": Label("anger", "angry"),
        "L": Label("boredom", None),
        "E": Label("disgust", "disgust"),
        "A": Label("fear", "fearful"),
        "F": Label("happiness", "happy"),
        "T": Label("sadness", "sad"),
        "N": Label("neutral", "neutral"),
    },
    people={
        "03": Person("male", 31),
        "08": Person("female", 34),
        "09": Person("female", 21),
        "10": Person("male", 32),
        "11": Person("male", 26),
        "12": Person("male", 30),
        "13": Person("female", 32),
        "14": Person("female", 35),
        "15": Person("male", 25),
        "16": Person("female", 31),
    },
    faults=(
        Fault(
            kind="note",
            note="chosen from about 800 recordings by how well listeners recognised them: easier "
            "than it would be otherwise, and not a full grid",
        ),
    ),
    duration_range_s=(1.0, 12.0),
)
