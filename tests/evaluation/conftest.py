from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.evaluation import Answers, Failure, open_source
from affekt.evaluation.card.card import measure_card
from affekt.evaluation.confidence.answers import answer_tested
from affekt.evaluation.report import report_of
from affekt.protocols import protocol
from affekt.records import Utterance


@pytest.fixture
def bundle(tones, tmp_path):
    """Write a bundle; keywords change its metadata."""

    def write(**changes):
        return tones.write_bundle(tmp_path / "tones.onnx", **changes)

    return write


@pytest.fixture(scope="session")
def clip_writer(tones):
    """Write clips into a folder: a function of the folder gives the one that writes."""

    def into(folder):
        def write(corpus, speaker, take, emotion, heard=None, **more):
            path = folder / "clips" / f"{corpus}_{speaker}_{take}.wav"
            path.parent.mkdir(exist_ok=True)
            amplitude = 0.29 + 0.01 * zlib.crc32(path.name.encode()) / 2**32
            soundfile.write(path, tones.tone(heard or emotion, amplitude=amplitude), 16000)
            return utterance(corpus, speaker, take, emotion, path=path, **more)

        return write

    return into


@pytest.fixture
def clip(clip_writer, tmp_path):
    """Write the tone of `heard` and return the utterance that says it is `emotion`.

    No two files are the same: each has a loudness of its own.
    """
    return clip_writer(tmp_path)


def utterance(corpus, speaker, take, emotion, **more):
    values = {
        "path": Path(f"/{corpus}/{speaker}_{take}.wav"),
        "corpus": corpus,
        "collection": "ravdess" if corpus.startswith("ravdess") else corpus,
        "speaker": speaker,
        "native_label": emotion,
        "emotion": emotion,
    }
    return Utterance(**(values | more))


@pytest.fixture
def answers():
    """Make the answers of a model from `(utterance values, probabilities)`, one pair a clip."""

    def make(labels, rows, failures=()):
        said = [utterance(*row[0], **(row[2] if len(row) > 2 else {})) for row in rows]
        return Answers(
            labels=tuple(labels),
            utterances=tuple(said),
            probabilities=np.array([row[1] for row in rows], float).reshape(-1, len(labels)),
            failures=tuple(
                Failure(utterance=utterance(*values), reason=reason) for values, reason in failures
            ),
        )

    return make


@pytest.fixture(scope="session")
def card(tone_bundle, clip_writer, tmp_path_factory):
    """All of a model that answers everything rightly, to two emotions of one corpus' six people."""
    clip = clip_writer(tmp_path_factory.mktemp("card"))
    emotions = ("angry", "sad")
    clips = [clip("one", who, emotion, emotion) for who in "abcdef" for emotion in emotions]
    source = open_source(str(tone_bundle))
    gathered = answer_tested(source, clips)
    report = report_of(source, gathered.answers, protocol("external"), at_hand=())
    made = measure_card(source, gathered, report, votes={}, command="x", per_corpus=1)
    calm = replace(made.robustness, conditions=())
    return replace(made, robustness=calm, report=replace(report, unknown_origin=()))
