"""Whom of the test speakers a model may have heard in training, by its own word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from affekt.evaluation.sources.base import Learnt
from affekt.records import Utterance


def heard_in_training(
    learnt: Learnt, utterances: Iterable[Utterance], collections: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the `(corpus, speaker)` pairs under test that training may have heard.

    A speaker counts as heard when a corpus of the same collection lies in the training data and
    no corpus of that collection names the speaker as held out.

    Args:
        learnt: what the model under test says of its training.
        utterances: the clips under test.
        collections: corpus to collection; a corpus that is missing is a collection of its own.
    """
    trained = {
        collections.get(str(item["corpus"]), str(item["corpus"])) for item in learnt.training_data
    }
    held_out = {
        (collections.get(corpus, corpus), str(speaker))
        for corpus, speakers in learnt.held_out.items()
        for speaker in speakers
    }
    return tuple(
        sorted(
            {
                (item.corpus, item.speaker)
                for item in utterances
                if item.collection in trained and item.speaker_key not in held_out
            }
        )
    )
