"""The corpora by name: where they lie, and what is in them."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from affekt.corpora import (
    aesdd,
    cafe,
    casia,
    cremad,
    emodb,
    emovo,
    jl,
    nemo,
    ravdess_song,
    ravdess_speech,
    savee,
    shemo,
    tess,
)
from affekt.corpora.base import Corpus
from affekt.corpora.scan import Scan, scan_folder
from affekt.emotions import CANONICAL
from affekt.errors import CorpusError, did_you_mean
from affekt.records import Utterance

CORPORA: dict[str, Corpus] = {
    "cremad": cremad.CORPUS,
    "ravdess_speech": ravdess_speech.CORPUS,
    "ravdess_song": ravdess_song.CORPUS,
    "tess": tess.CORPUS,
    "savee": savee.CORPUS,
    "emodb": emodb.CORPUS,
    "emovo": emovo.CORPUS,
    "casia": casia.CORPUS,
    "shemo": shemo.CORPUS,
    "cafe": cafe.CORPUS,
    "aesdd": aesdd.CORPUS,
    "jl": jl.CORPUS,
    "nemo": nemo.CORPUS,
}


def corpora_root(option: str | Path | None = None) -> Path:
    """Return the folder that holds the corpora: the option, else AFFEKT_CORPORA.

    Raises:
        CorpusError: neither is given, or it is not a folder.
    """
    given = Path(option or os.environ.get("AFFEKT_CORPORA") or "")
    if given == Path():
        raise CorpusError(
            "where are the corpora? Give --corpora FOLDER, or set AFFEKT_CORPORA to the folder "
            "that holds one folder a corpus"
        )
    if not given.is_dir():
        raise CorpusError(f"{given}: no such folder (--corpora, AFFEKT_CORPORA)")
    return given


def collection_of(corpus: str) -> str:
    """Return the collection of a corpus; one that is not known is a collection of its own."""
    return CORPORA[corpus].collection if corpus in CORPORA else corpus


def classes_of(corpus: str) -> tuple[str, ...]:
    """Return the canonical labels that a corpus declares; none of a corpus that is not known."""
    labels = CORPORA[corpus].labels.values() if corpus in CORPORA else ()
    declared = {label.emotion for label in labels}
    return tuple(label for label in CANONICAL if label in declared)


def find_corpus(name: str) -> Corpus:
    """Return a corpus' declaration.

    Raises:
        CorpusError: no corpus is called so.
    """
    if name not in CORPORA:
        raise CorpusError(f"no corpus is called '{name}'{did_you_mean(name, CORPORA)}")
    return CORPORA[name]


def scan_corpus(name: str, root: str | Path | None = None) -> Scan:
    """Place the files of a corpus, which lies in `root/name`; nothing is opened.

    Raises:
        CorpusError: the corpus is unknown, or its folder missing.
    """
    corpus = find_corpus(name)
    folder = corpora_root(root) / name
    if not folder.is_dir():
        raise CorpusError(
            f"{folder}: no such folder; 'affekt corpora describe {name}' says how to obtain "
            f"{corpus.title}"
        )
    return scan_folder(corpus, folder)


def load_corpus(name: str, root: str | Path | None = None) -> list[Utterance]:
    """Return the utterances of a corpus, sorted by path.

    ```python
    speakers = {item.speaker for item in load_corpus("emodb", "corpora")}
    ```

    Args:
        name: a key of `CORPORA`.
        root: the folder that holds the corpora; None reads AFFEKT_CORPORA.

    Raises:
        CorpusError: the corpus is unknown, or no recording of it was found.
    """
    found = scan_corpus(name, root)
    if not found.utterances:
        raise CorpusError(
            f"{found.folder}: no recording of {CORPORA[name].title}; 'affekt corpora scan {name}' "
            "lists what lies there"
        )
    if found.unplaced:
        warnings.warn(
            f"{name}: {len(found.unplaced)} recordings are outside the corpus and left out; "
            f"'affekt corpora scan {name}' lists them",
            stacklevel=2,
        )
    return list(found.utterances)
