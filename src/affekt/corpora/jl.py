"""JL Corpus: four speakers of New Zealand English, ten emotions (James, Tian and Watson 2018)."""

from __future__ import annotations

import re

from affekt.corpora.base import Access, Corpus, Fault, Label, Licence, Official, Person

CORPUS = Corpus(
    name="jl",
    title="JL Corpus",
    collection="jl",
    language="en",
    citation=(
        "James J, Tian L, Watson CI (2018). An Open Source Emotional Speech Corpus for Human "
        "Robot Interaction Applications. Interspeech 2018, 2768-2772. "
        "https://doi.org/10.21437/Interspeech.2018-1349"
    ),
    licence=Licence(id="CC0-1.0", redistribution=True, commercial=True),
    access=Access(
        url="https://www.kaggle.com/datasets/tli725/jl-corpus",
        how="download it from Kaggle (an account is needed) and unpack it",
    ),
    official=Official(files=2400, speakers=4),
    # Sentence 10, session a, repetition 1 in female1_angry_10a_1.
    grammar=re.compile(
        r"(?P<speaker>(?P<gender>female|male)[12])_(?P<code>[a-z]+)"
        r"_(?P<sentence>\d{1,2})(?P<take>[a-z]_\d)",
        re.IGNORECASE,
    ),
    # Five primary emotions, then five secondary ones, which have no canonical label; excited is
    # primary here, but neither happy nor surprised.
    labels={
        "neutral": Label("neutral", "neutral"),
        "happy": Label("happy", "happy"),
        "sad": Label("sad", "sad"),
        "angry": Label("angry", "angry"),
        "excited": Label("excited", None),
        "anxious": Label("anxious", None),
        "apologetic": Label("apologetic", None),
        "assertive": Label("assertive", None),
        "concerned": Label("concerned", None),
        "encouraging": Label("encouraging", None),
    },
    people={
        "female1": Person("female"),
        "female2": Person("female"),
        "male1": Person("male"),
        "male2": Person("male"),
    },
    faults=(
        Fault(kind="note", note="four speakers; half of the emotions have no canonical label"),
    ),
    duration_range_s=(0.5, 10.0),
)
