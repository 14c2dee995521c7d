from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from affekt.features.sets import FEATURE_SETS
from affekt.models import create_model
from affekt.protocols import partition
from affekt.recognition.bundles.bundle import BundleMetadata
from affekt.recognition.bundles.metadata import SetRule
from affekt.recognition.terms import encoder_terms
from affekt.records import Utterance
from affekt.training.calibration.temperature import Calibration
from affekt.training.describe import describe, front_end_of
from affekt.training.fit import Fitted
from affekt.training.module import TrainingModule
from affekt.training.recipe import FeaturesConfig


def said(corpus, speaker, count=1):
    return [
        Utterance(
            path=corpus_path / f"{number}.wav",
            corpus=corpus,
            collection="ravdess" if corpus.startswith("ravdess") else corpus,
            speaker=speaker,
            native_label="neutral",
            emotion="neutral",
        )
        for corpus_path in [Path("/") / corpus / speaker]
        for number in range(count)
    ]


@pytest.fixture
def fitted(table, recipe):
    """What a run hands to the export: two corpora, and speakers of every part."""
    parts = partition(
        [
            *said("emodb", "03", 2),
            *said("emodb", "13"),
            *said("emodb", "14"),
            *said("emodb", "15"),
            *said("savee", "DC", 3),
            *said("savee", "KL"),
        ]
    )
    network = create_model("residual-se-tiny", n_classes=4, settings={"stride": 3})
    return Fitted(
        module=TrainingModule(network, recipe().fit, seed=0),
        history=(),
        parts=parts,
        train=table([("emodb", 0), ("emodb", 1), ("savee", 2), ("savee", 3), ("savee", 2)]),
        calibrate=table([("emodb", 0)]),
    )


CALIBRATION = Calibration(
    temperature=1.5,
    threshold=0.4,
    ua={"emodb": 2 / 3},
    prediction_set=SetRule(coverage=0.9, quantile=0.7, rule="lac"),
)


def test_the_metadata_tells_where_the_model_comes_from(fitted, recipe):
    metadata = describe(recipe(), fitted, CALIBRATION, licence_text="Do what you like.")
    assert metadata.labels == recipe().labels
    assert (metadata.temperature, metadata.threshold) == (1.5, 0.4)
    assert metadata.training_data == (
        {"corpus": "emodb", "licence": "LicenseRef-EmoDB", "utterances": 2, "speakers": 2},
        {"corpus": "savee", "licence": "LicenseRef-SAVEE", "utterances": 3, "speakers": 3},
    )
    assert metadata.held_out == {"emodb": ["13", "14", "15"], "savee": ["KL"]}
    assert metadata.figures == {"calibrate_ua": {"emodb": 0.6667}}
    assert metadata.prediction_set == SetRule(coverage=0.9, quantile=0.7, rule="lac")
    assert metadata.recipe["fit"]["epochs"] == 3
    assert metadata.recipe["class_counts"] == {"neutral": 1, "happy": 1, "sad": 2, "angry": 1}
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


def test_the_notice_of_an_encoder_travels_with_the_weights(fitted, recipe):
    begun = recipe(
        **{
            "model.name": "whisper-base",
            "model.settings": {},
            "fit.start_from": "openai/whisper-base",
        }
    )
    metadata = describe(begun, fitted, CALIBRATION, licence_text="Do what you like.")
    assert metadata.licence_text.startswith("Do what you like.\n\nThe weights begin with")
    assert "Copyright (c) 2022 OpenAI" in metadata.licence_text
    assert encoder_terms(metadata.recipe).licence == "MIT"
    again = describe(begun, fitted, CALIBRATION, licence_text=metadata.licence_text)
    assert again.licence_text == metadata.licence_text


def test_select_speakers_are_not_held_out_where_they_were_trained_on(fitted, recipe):
    both = recipe(**{"protocol.train_on": ["train", "select"]})
    metadata = describe(both, fitted, CALIBRATION, licence_text="x")
    assert metadata.held_out["emodb"] == ["13", "15"]


def test_the_hop_of_the_relevance_follows_the_network(fitted, recipe):
    metadata = describe(recipe(), fitted, CALIBRATION, licence_text="x")
    assert metadata.frame_hop_s == pytest.approx(3 * 0.016)


def test_the_version_of_the_feature_set_is_told(recipe, monkeypatch):
    later = dataclasses.replace(FEATURE_SETS["vector-162"], version=3)
    monkeypatch.setitem(FEATURE_SETS, "vector-162", later)
    vectors = dataclasses.replace(
        recipe(), features=FeaturesConfig(set="vector-162"), augmentation=()
    )
    network = create_model("gru", n_classes=4, input_shape=(162,))
    assert front_end_of(vectors, network) == {"front_end": "vector-162", "front_end_version": 3}
