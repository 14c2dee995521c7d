"""CREMA-D: 91 actors, twelve sentences, six emotions (Cao et al. 2014)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from affekt.corpora.base import (
    Access,
    Corpus,
    Fault,
    FileList,
    Label,
    Licence,
    Official,
    Person,
)
from affekt.corpora.people import read_people_table

_RAW = "https://raw.githubusercontent.com/CheyneyComputerScience/CREMA-D/master"
_MEDIA = "https://media.githubusercontent.com/media/CheyneyComputerScience/CREMA-D/master"


def _read_people(folder: Path) -> Mapping[str, Person]:
    """Read age and sex; the repository keeps the table at its top, other copies in tables/."""
    for table in (folder / "tables" / "VideoDemographics.csv", folder / "VideoDemographics.csv"):
        if table.is_file():
            return read_people_table(table, speaker="ActorID", gender="Sex", age="Age")
    return {}


CORPUS = Corpus(
    name="cremad",
    title="CREMA-D",
    collection="cremad",
    language="en",
    citation=(
        "Cao H, Cooper DG, Keutmann MK, Gur RC, Nenkova A, Verma R (2014). CREMA-D: "
        "Crowd-sourced Emotional Multimodal Actors Dataset. IEEE Transactions on Affective "
        "Computing 5(4): 377-390. https://doi.org/10.1109/TAFFC.2014.2336244"
    ),
    licence=Licence(
        id="ODbL-1.0",
        redistribution=True,
        commercial=True,
        note="database under ODbL 1.0, its contents under DbCL 1.0; share alike",
    ),
    access=Access(
        url="https://github.com/CheyneyComputerScience/CREMA-D",
        how=(
            "git lfs clone the repository (a zip of it holds Git LFS pointers instead of sound); "
            "the authors ask users to fill in the form on that page"
        ),
        remotes=(
            FileList(
                index_url=f"{_RAW}/SentenceFilenames.csv",
                index_target="tables/SentenceFilenames.csv",
                column="Filename",
                url=f"{_MEDIA}/AudioWAV/{{name}}.wav",
                target="AudioWAV/{name}.wav",
                extras=((f"{_RAW}/VideoDemographics.csv", "tables/VideoDemographics.csv"),),
            ),
        ),
    ),
    official=Official(
        files=7442,
        speakers=91,
        per_label={
            "anger": 1271,
            "disgust": 1271,
            "fear": 1271,
            "happy": 1271,
            "neutral": 1087,
            "sad": 1271,
        },
    ),
    grammar=re.compile(
        r"(?P<speaker>10\d\d)_(?P<sentence>DFA|IEO|IOM|ITH|ITS|IWL|IWW|MTI|TAI|TIE|TSI|WSI)"
        r"_(?P<code>ANG|DIS|FEA|HAP|NEU|SAD)_(?P<intensity>LO|MD|HI|XX)"
    ),
    labels={
        "ANG": Label("anger", "angry"),
        "DIS": Label("disgust", "disgust"),
        "FEA": Label("fear", "fearful"),
        "HAP": Label("happy", "happy"),
        "NEU": Label("neutral", "neutral"),
        "SAD": Label("sad", "sad"),
    },
    read_people=_read_people,
    faults=(
        Fault(kind="silent", name="1076_MTI_SAD_XX", note="peaks at 2e-34 of full scale"),
        Fault(
            kind="identical-audio",
            name="1006_TIE_HAP_XX",
            other="1006_TIE_NEU_XX",
            note="two labels",
        ),
        Fault(
            kind="identical-audio",
            name="1013_WSI_DIS_XX",
            other="1013_WSI_SAD_XX",
            note="two labels",
        ),
        Fault(
            kind="identical-audio",
            name="1017_IWW_ANG_XX",
            other="1017_IWW_FEA_XX",
            note="two labels",
        ),
        Fault(
            kind="near-duplicate",
            name="1017_IWL_ANG_XX",
            other="1017_IWL_FEA_XX",
            note="two labels; one is cut shorter",
        ),
        Fault(
            kind="near-duplicate",
            name="1067_IEO_DIS_LO",
            other="1067_IEO_FEA_LO",
            note="two labels",
        ),
        Fault(
            kind="near-duplicate",
            name="1072_IEO_ANG_LO",
            other="1072_IEO_DIS_MD",
            note="two labels; the one holds the other",
        ),
        Fault(
            kind="near-duplicate",
            name="1072_IEO_ANG_MD",
            other="1072_IEO_DIS_MD",
            note="two labels; the one holds a part of the other",
        ),
        Fault(
            kind="near-duplicate",
            name="1020_IEO_ANG_LO",
            other="1020_IEO_ANG_MD",
            note="two intensities; one is cut shorter",
        ),
        Fault(
            kind="near-duplicate",
            name="1028_IEO_HAP_LO",
            other="1028_IEO_HAP_MD",
            note="two intensities; cut differently",
        ),
        Fault(
            kind="near-duplicate",
            name="1045_ITH_DIS_XX",
            other="1045_IWL_DIS_XX",
            note="named as two sentences",
        ),
        Fault(
            kind="near-duplicate",
            name="1056_MTI_ANG_XX",
            other="1056_TAI_ANG_XX",
            note="named as two sentences; one is cut shorter",
        ),
        Fault(
            kind="misspelt-name",
            name="1040_ITH_SAD_X",
            other="1040_ITH_SAD_XX",
            note="in some copies",
        ),
        Fault(kind="note", note="551 of the original files touch full scale"),
        Fault(
            kind="note",
            note="people who hear the sound alone name the intended emotion in 41 % of the cases",
        ),
    ),
    duration_range_s=(1.0, 8.0),
)
