"""What people's own labels become: canonical emotions by their synonyms, or what they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from affekt.emotions import CANONICAL
from affekt.errors import ConfigError, CorpusError, did_you_mean

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
Labels = Literal["canonical", "own"]
LABELS: tuple[Labels, ...] = get_args(Labels)
LabelMap = Mapping[str, str | None]
"""A word to the label it becomes; None as a value means no label."""
_KEEP = "(--labels own, labels='own')"
_SHOWN = 5
_KNOWN = {word: emotion for emotion, words in SYNONYMS.items() for word in words}


class Called(NamedTuple):
    """What a recording is called.

    Attributes:
        native: in the data's own word.
        emotion: the word for its emotion, "" where it has none; often the same.
        where: the recording, in words.
    """

    native: str
    emotion: str
    where: str


def map_labels(
    called: Sequence[Called],
    *,
    labels: Labels = "canonical",
    label_map: LabelMap | None = None,
    where: str,
) -> list[str | None]:
    """Return the label of each recording; None is no label.

    Capitals, spaces, `-` and `_` do not matter.

    Args:
        called: what the recordings are called.
        labels: "canonical" takes words for one of the eight emotions by their synonyms; "own"
            keeps the data's own words, each in the spelling met first.
        label_map: asked before: a word to what it becomes, or to None.
        where: what to call the data in an error.

    Raises:
        ConfigError: the map holds an impossible value.
        CorpusError: words are no emotions known here; all of them are named.
    """
    label_map = label_map or {}
    if labels == "canonical":
        try:
            check_labels(label_map)
        except ValueError as error:
            raise ConfigError(f"{where}: {error}; or keep your own labels {_KEEP}") from None
    mapped = {_plain(word): became for word, became in label_map.items()}
    spelling: dict[str, str] = {}
    unknown: dict[str, list[str]] = {}
    found: list[str | None] = []
    for native, emotion, place in called:
        words = [_plain(native), _plain(emotion)]
        for word, written in zip(words, (native, emotion), strict=True):
            spelling.setdefault(word, written)
        key = next((word for word in words if word in mapped), None)
        if key is not None:
            found.append(mapped[key] or None)
        elif labels == "own":
            found.append(spelling[words[0]])
        elif words[1] and words[1] not in _KNOWN:
            unknown.setdefault(emotion, []).append(place)
        else:
            found.append(_KNOWN.get(words[1]))
    if unknown:
        raise CorpusError(f"{where}: {_unknown(unknown)}")
    return found


def check_map_used(label_map: LabelMap, native_labels: Iterable[str], *, where: str) -> None:
    """Refuse a map with a word that no recording is called, likely a misspelt one.

    Raises:
        CorpusError: a word of the map does not occur.
    """
    called = {_plain(word): word for word in (*CANONICAL, *native_labels)}
    stray = next((word for word in label_map if _plain(word) not in called), None)
    if stray is not None:
        raise CorpusError(
            f"{where}: no recording is called '{stray}', which the label map names"
            f"{did_you_mean(stray, sorted(set(called.values())))}"
        )


def _unknown(unknown: Mapping[str, list[str]]) -> str:
    """Name words that are no emotions, and the remedies."""
    named = [
        f"'{word}' ({places[0]}{f' and {n} more' if (n := len(places) - 1) else ''}{_close(word)})"
        for word, places in list(unknown.items())[:_SHOWN]
    ]
    more = len(unknown) - _SHOWN
    word = next(iter(unknown))
    return (
        ("1 label is no emotion" if len(unknown) == 1 else f"{len(unknown)} labels are no emotions")
        + f" known here: {', '.join(named)}"
        + f" and {more} more" * (more > 0)
        + f"; say what it means (--map '{word}=angry', label_map={{'{word}': 'angry'}}), or keep "
        f"your own labels {_KEEP}"
    )


def _close(word: str) -> str:
    close = did_you_mean(_plain(word), _KNOWN) if _plain(word) else ""
    return close.removeprefix(" (").join(("; ", "")).removesuffix(")") if "did" in close else ""


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
