"""Words for the eight canonical emotions, so that people's own labels need no map."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from affekt.emotions import CANONICAL
from affekt.errors import CorpusError, did_you_mean

# English words and the abbreviations of published corpora first, then German, French, Italian
# and Spanish. Single letters are left out: they mean different things in different corpora.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "neutral": ("neutral", "neu", "neutrality", "normal", "neutre", "neutrale", "neutro"),
    "calm": ("calm", "calmness", "relaxed", "ruhig", "gelassen", "calme", "calma", "tranquilo"),
    "happy": (
        *("happy", "hap", "happiness", "joy", "joyful", "freude", "glücklich", "fröhlich"),
        *("joie", "heureux", "gioia", "gio", "felicità", "felicidad", "feliz", "alegría"),
    ),
    "sad": (
        *("sad", "sadness", "unhappy", "trauer", "traurig", "traurigkeit", "tristesse"),
        *("triste", "tristezza", "tri", "tristeza"),
    ),
    "angry": (
        *("angry", "ang", "anger", "rage", "wut", "wütend", "ärger", "zorn", "colère"),
        *("rabbia", "rab", "enojo", "ira"),
    ),
    "fearful": (
        *("fearful", "fear", "fea", "afraid", "scared", "angst", "ängstlich", "furcht", "peur"),
        *("paura", "pau", "miedo"),
    ),
    "disgust": (
        *("disgust", "dis", "disgusted", "ekel", "angeekelt", "dégoût", "disgusto", "asco"),
    ),
    "surprised": (
        *("surprised", "surprise", "sur", "ps", "pleasant surprise", "pleasant surprised"),
        *("überraschung", "überrascht", "surpris", "sorpresa", "sor"),
    ),
}
_KNOWN = {word: emotion for emotion, words in SYNONYMS.items() for word in words}


def check_labels(labels: Mapping[str, str | None] | None) -> None:
    """Refuse a user's map whose values are not canonical.

    Raises:
        ValueError: a value is neither a canonical label nor None.
    """
    for native, emotion in (labels or {}).items():
        if emotion is not None and emotion not in CANONICAL:
            raise ValueError(
                f"label map: '{native}' becomes '{emotion}', which is no canonical label"
                f"{did_you_mean(emotion, CANONICAL)}"
            )


def canonical_label(
    native: str, labels: Mapping[str, str | None] | None = None, *, where: str
) -> str | None:
    """Return the canonical label of a word; capitals, spaces, `-` and `_` do not matter.

    Args:
        native: the word as the user's data has it.
        labels: the user's own map, asked first; None as a value means "no canonical label".
        where: what to call the place in an error.

    Raises:
        CorpusError: the word is neither in the map nor among the synonyms.
    """
    own = {_plain(word): emotion for word, emotion in (labels or {}).items()}
    word = _plain(native)
    if word in own:
        return own[word]
    if word in _KNOWN:
        return _KNOWN[word]
    close = did_you_mean(word, _KNOWN) if word else ""
    hint = close if close.startswith(" (did") else f" (canonical: {', '.join(CANONICAL)})"
    raise CorpusError(
        f"{where}: '{native}' is no emotion known here{hint}; rename it, or give a label map, say "
        f"{{'{native}': 'neutral'}}"
    )


def _plain(word: str) -> str:
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFC", word)).strip().casefold()
