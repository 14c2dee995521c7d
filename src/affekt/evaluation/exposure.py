"""Whom of the test speakers a model may have heard in training, by its own word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from affekt.corpora import CORPORA
from affekt.corpora.base import Corpus
from affekt.evaluation.sources.base import Learnt
from affekt.records import Utterance


def heard_in_training(
    learnt: Learnt, utterances: Iterable[Utterance], collections: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the `(corpus, speaker)` pairs under test that training may have heard.

    A speaker counts as heard when a corpus of the same collection lies in the training data and
    no corpus of that collection names the speaker as held out. A recording in the folder of a
    corpus that Affekt knows is of that corpus and of the speaker in its name, whatever a table of
    somebody's calls them.

    Args:
        learnt: what the model under test says of its training.
        utterances: the clips under test.
        collections: corpus to collection; a corpus that is missing is a collection of its own.
    """
    trained = _trained(learnt, collections)
    held_out = {
        (collections.get(corpus, corpus), str(speaker))
        for corpus, speakers in learnt.held_out.items()
        for speaker in speakers
    }
    heard = set()
    for item in utterances:
        corpus, speaker, collection = _identity(item)
        if collection in trained and (collection, speaker) not in held_out:
            heard.add((corpus, speaker))
    return tuple(sorted(heard))


def of_unknown_origin(
    learnt: Learnt, utterances: Iterable[Utterance], collections: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the corpora under test of which nobody can say whether training heard their speakers.

    These are people's own: neither known to Affekt, nor named among the training data.

    Args:
        learnt: what the model under test says of its training.
        utterances: the clips under test.
        collections: as for `heard_in_training`.
    """
    told = _trained(learnt, collections) | {corpus.collection for corpus in CORPORA.values()}
    return tuple(
        sorted({item.corpus for item in utterances if _identity(item)[2] not in told}),
    )


def _trained(learnt: Learnt, collections: Mapping[str, str]) -> set[str]:
    names = (str(item["corpus"]) for item in learnt.training_data)
    return {collections.get(name, name) for name in names}


def _identity(item: Utterance) -> tuple[str, str, str]:
    """Return corpus, speaker and collection of a clip, by its place where that tells."""
    for path in dict.fromkeys((item.path.absolute(), item.path.resolve())):
        for folder in path.parents:
            for corpus in _CALLED.get(_plain(folder.name), ()):
                speaker = _speaker(corpus, path)
                if speaker is not None:
                    return corpus.name, speaker, corpus.collection
    return item.corpus, item.speaker, item.collection


def _speaker(corpus: Corpus, path: Path) -> str | None:
    """Return the speaker in a file's name, read with as many folders as the corpus needs."""
    folders = path.parent.parts[-corpus.depth :] if corpus.depth else ()
    name = corpus.parse("/".join((*folders, path.stem)))
    return name.speaker if name is not None else None


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
