"""Which speakers under test may be training speakers, and which belong to the lockbox."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from affekt.corpora import CORPORA, Corpus, Name, collection_of, load_corpus
from affekt.errors import CorpusError
from affekt.evaluation.sources import Learnt, Source
from affekt.protocols import lockbox_speakers
from affekt.records import Utterance, normal_id

KNOWN_COLLECTIONS = frozenset(corpus.collection for corpus in CORPORA.values())


def clips_of_training_speakers(
    learnt: Learnt, utterances: Iterable[Utterance]
) -> tuple[Utterance, ...]:
    """Return the clips of training speakers, as `training_speakers_among` has them."""
    trained = _trained(learnt)
    held_out = {
        (collection_of(corpus), normal_id(str(speaker)))
        for corpus, speakers in learnt.held_out.items()
        for speaker in speakers
    }

    def trained_on(item: Utterance) -> bool:
        _, speaker, collection, _ = identity(item)
        return collection in trained and (collection, speaker) not in held_out

    return tuple(filter(trained_on, utterances))


def training_speakers_among(
    learnt: Learnt, utterances: Iterable[Utterance]
) -> tuple[tuple[str, str], ...]:
    """Return the `(corpus, speaker)` pairs under test that may be training speakers.

    A speaker counts as one when a corpus of the same collection lies in the training data and
    no corpus of that collection names the speaker as held out. A recording in the folder of a
    corpus that Affekt knows is of that corpus and of the speaker in its name, whatever a table of
    somebody's calls them.

    Args:
        learnt: what the model under test says of its training.
        utterances: the clips under test.
    """
    clips = clips_of_training_speakers(learnt, utterances)
    return tuple(sorted({identity(item)[:2] for item in clips}))


def of_unknown_origin(learnt: Learnt, utterances: Iterable[Utterance]) -> tuple[str, ...]:
    """Return the corpora under test whose speakers may or may not be training speakers: unknown.

    These are people's own: neither known to Affekt, nor named among the training data.

    Args:
        learnt: what the model under test says of its training.
        utterances: the clips under test.
    """
    known = _trained(learnt) | KNOWN_COLLECTIONS
    return tuple(
        sorted({item.corpus for item in utterances if identity(item)[2] not in known}),
    )


def training_clips(
    sources: Iterable[Source], root: str | Path | None = None
) -> tuple[Utterance, ...]:
    """Return the recordings at hand that models may have learnt from, by their own word.

    Args:
        sources: the models.
        root: the folder that holds the corpora; None reads AFFEKT_CORPORA. Nothing is at hand
            where neither names a folder.
    """
    words = [source.learnt for source in sources if source.learnt is not None]
    names = dict.fromkeys(str(item["corpus"]) for word in words for item in word.training_data)
    at_hand: list[Utterance] = []
    for name in names:
        with contextlib.suppress(CorpusError):  # no such corpus, no such folder, nothing in it
            at_hand += load_corpus(name, root)
    return tuple(
        dict.fromkeys(clip for word in words for clip in clips_of_training_speakers(word, at_hand))
    )


def lockbox_tested(utterances: Iterable[Utterance]) -> tuple[tuple[str, str], ...]:
    """Return the `(corpus, speaker)` pairs under test who belong to the lockbox.

    Args:
        utterances: the clips under test, known by their places as in `training_speakers_among`.
    """
    tested = {identity(item)[:2] for item in utterances}
    return tuple(sorted(tested & lockbox_speakers()))


def _trained(learnt: Learnt) -> set[str]:
    return {collection_of(str(item["corpus"])) for item in learnt.training_data}


class Identity(NamedTuple):
    """Of what corpus a clip is, who speaks, and what is said."""

    corpus: str
    speaker: str
    collection: str
    sentence: str | None


def identity(item: Utterance) -> Identity:
    """Return corpus, speaker and sentence of a clip, by its place where that tells."""
    for path in dict.fromkeys((item.path.absolute(), item.path.resolve())):
        for folder in path.parents:
            for corpus in _CALLED.get(_plain(folder.name), ()):
                name = _parsed(corpus, path)
                if name is not None:
                    return _identity(corpus.name, name.speaker, corpus.collection, name.sentence)
    collection = collection_of(item.corpus) if item.corpus in CORPORA else item.collection
    return _identity(item.corpus, item.speaker, collection, item.sentence)


def _identity(corpus: str, speaker: str, collection: str, sentence: str | None) -> Identity:
    return Identity(corpus, normal_id(speaker), collection, sentence and normal_id(sentence))


def _parsed(corpus: Corpus, path: Path) -> Name | None:
    """Read a file's name, with as many folders as the corpus needs."""
    folders = path.parent.parts[-corpus.depth :] if corpus.depth else ()
    return corpus.parse("/".join((*folders, path.stem)))


def _plain(name: str) -> str:
    """Return a folder's name without what people write differently: CREMA-D is cremad."""
    return "".join(filter(str.isalnum, name.casefold()))


def _called() -> dict[str, list[Corpus]]:
    called: dict[str, list[Corpus]] = {}
    for corpus in CORPORA.values():
        for name in {_plain(corpus.name), _plain(corpus.title), _plain(corpus.collection)}:
            called.setdefault(name, []).append(corpus)
    return called


_CALLED = _called()
