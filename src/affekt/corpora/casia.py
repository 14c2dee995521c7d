"""CASIA, the public part: four speakers, fifty sentences in each of six emotions."""

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
    "angry": Label("angry", "angry"),
    "fear": Label("fear", "fearful"),
    "happy": Label("happy", "happy"),
    "neutral": Label("neutral", "neutral"),
    "sad": Label("sad", "sad"),
    "surprise": Label("surprise", "surprised"),
}

CORPUS = Corpus(
    name="casia",
    title="CASIA",
    collection="casia",
    language="zh",
    citation=(
        "Institute of Automation, Chinese Academy of Sciences (2005). CASIA Chinese Emotional "
        "Corpus. Chinese Linguistic Data Consortium, CLDC-SPC-2005-010"
    ),
    licence=Licence(
        id="LicenseRef-CASIA",
        redistribution=False,
        commercial=False,
        note="research; no open licence is published",
    ),
    access=Access(
        url="http://www.chineseldc.org/resource_info.php?rid=76",
        how="ask the Chinese Linguistic Data Consortium; the public part holds 1200 recordings",
    ),
    official=Official(
        files=1200, speakers=4, per_label={label.native: 200 for label in _LABELS.values()}
    ),
    # Speaker and emotion stand in the folders, whose capitals vary between copies.
    depth=2,
    grammar=re.compile(
        r"(?P<speaker>liuchanhg|wangzhe|zhaoquanyin|ZhaoZuoxiang)"
        r"/(?P<code>angry|fear|happy|neutral|sad|surprise)/(?P<sentence>2[0-4]\d|250)",
        re.IGNORECASE,
    ),
    labels=_LABELS,
    # Two women and two men speak; which name is whose is not stated by the corpus.
    people={
        speaker: Person(None) for speaker in ("liuchanhg", "wangzhe", "zhaoquanyin", "ZhaoZuoxiang")
    },
    grid=Grid(
        template="{speaker}/{code}/{sentence}", axes=(("speaker",), ("code",), ("sentence",))
    ),
    faults=(
        Fault(
            kind="note",
            note=(
                "all 50 recordings of liuchanhg in fear are those in sadness, cut a little shorter"
            ),
        ),
        Fault(
            kind="note",
            note="the same 50 sentences in every emotion, so that a sentence can be held out too",
        ),
    ),
    duration_range_s=(0.6, 8.0),
)
