"""What RAVDESS speech and RAVDESS song share: names, actors, terms (Livingstone and Russo 2018)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from affekt.corpora.base import Grid, Label, Licence, Person

CITATION = (
    "Livingstone SR, Russo FA (2018). The Ryerson Audio-Visual Database of Emotional Speech and "
    "Song (RAVDESS): A dynamic, multimodal set of facial and vocal expressions in North American "
    "English. PLoS ONE 13(5): e0196391. https://doi.org/10.1371/journal.pone.0196391"
)
PAGE = "https://zenodo.org/records/1188976"
LICENCE = Licence(
    id="CC-BY-NC-SA-4.0",
    redistribution=True,
    commercial=False,
    note="commercial licences can be bought from the authors",
)
LABELS = {
    "01": Label("neutral", "neutral"),
    "02": Label("calm", "calm"),
    "03": Label("happy", "happy"),
    "04": Label("sad", "sad"),
    "05": Label("angry", "angry"),
    "06": Label("fearful", "fearful"),
    "07": Label("disgust", "disgust"),
    "08": Label("surprised", "surprised"),
}
PEOPLE = {f"{actor:02d}": Person("male" if actor % 2 else "female") for actor in range(1, 25)}
VIDEO = (
    re.compile(r"0[12](-\d\d){6}"),
    "video; its sound is that of the audio-only file, and loading both would put every test clip "
    "into training too",
)


def grammar(channel: str, codes: Iterable[str]) -> re.Pattern[str]:
    """Return the grammar of audio-only names (modality 03) of channel "01" or "02"."""
    return re.compile(
        rf"03-{channel}-(?P<code>{'|'.join(codes)})-(?P<intensity>0[12])-(?P<sentence>0[12])"
        r"-(?P<take>0[12])-(?P<speaker>0[1-9]|1\d|2[0-4])"
    )


def grid(channel: str) -> Grid:
    """Return the grid of a channel: neutral knows one intensity, all others two."""
    return Grid(
        template=f"03-{channel}-{{code}}-{{intensity}}-{{sentence}}-{{take}}-{{speaker}}",
        axes=(("code", "intensity"), ("sentence",), ("take",), ("speaker",)),
    )
