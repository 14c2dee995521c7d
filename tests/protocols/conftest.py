from pathlib import Path

import pytest

from affekt.records import Utterance


@pytest.fixture
def utterance():
    """Make an utterance; RAVDESS speech and song share a collection, as in the real corpora."""

    def make(corpus, speaker, take="1", **more):
        collection = "ravdess" if corpus.startswith("ravdess") else corpus
        path = Path(f"/{corpus}/{speaker}_{take}.wav")
        return Utterance(
            **{
                "path": path,
                "corpus": corpus,
                "collection": collection,
                "speaker": speaker,
                "native_label": "HAP",
                "emotion": "happy",
                "take": take,
            }
            | more
        )

    return make
