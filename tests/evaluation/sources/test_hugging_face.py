import sys

import numpy as np
import pytest
import torch
import transformers

from affekt.errors import BundleError, MissingExtraError
from affekt.evaluation.sources import open_source

TINY = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": (8, 8),
    "conv_stride": (5, 4),
    "conv_kernel": (10, 8),
    "num_feat_extract_layers": 2,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 8,
}


@pytest.fixture
def folder(tmp_path):
    """Write a tiny model with drawn weights, as `save_pretrained` does."""

    def write(words=("ang", "happiness", "sad"), *, kind="Wav2Vec2", rate_hz=16_000, **more):
        torch.manual_seed(0)
        labels = {
            "id2label": dict(enumerate(words)),
            "label2id": {w: k for k, w in enumerate(words)},
        }
        config = getattr(transformers, f"{kind}Config")(**TINY, **labels, **more)
        model = getattr(transformers, f"{kind}ForSequenceClassification")(config).eval()
        extractor = transformers.Wav2Vec2FeatureExtractor(
            sampling_rate=rate_hz, do_normalize=True, return_attention_mask=False
        )
        for part in (model, extractor):
            part.save_pretrained(tmp_path / "model")
        return model, tmp_path / "model"

    return write


@pytest.mark.parametrize("kind", ["Wav2Vec2", "Hubert"])
def test_it_answers_as_the_model_does(folder, kind):
    model, place = folder(kind=kind)
    source = open_source(f"hf:{place}")
    assert source.labels == ("happy", "sad", "angry")
    signal = (0.1 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)
    normalised = (signal - signal.mean()) / np.sqrt(signal.var() + 1e-7)
    with torch.inference_mode():
        expected = torch.softmax(model(torch.from_numpy(normalised)[None]).logits[0], 0).numpy()
    np.testing.assert_allclose(
        source.predict(signal).probabilities[0], expected[[1, 2, 0]], atol=1e-5
    )


def test_clips_are_answered_and_failures_kept(folder, clip):
    _, place = folder()
    clips = [clip("c", "a", 1, "sad"), clip("c", "a", 2, "angry")]
    clips[1].path.write_bytes(b"not audio")
    answers = open_source(f"hf:{place}").answer(clips)
    assert answers.utterances == (clips[0],)
    assert [item.utterance for item in answers.failures] == [clips[1]]


def test_a_folder_goes_by_its_name(folder):
    _, place = folder()
    source = open_source(f"hf:{place}")
    assert (source.name, source.title, source.location) == ("model", "hf:model", f"hf:{place}")


def test_the_checksum_is_of_the_weights(folder):
    _, place = folder()
    before = open_source(f"hf:{place}").sha256
    assert open_source(f"hf:{place}").sha256 == before
    model, place = folder()
    with torch.no_grad():
        model.classifier.bias += 1.0
    model.save_pretrained(place)
    assert open_source(f"hf:{place}").sha256 != before


def test_classes_that_mean_nothing_are_refused_with_the_remedy(folder):
    _, place = folder(("LABEL_0", "sad"))
    with pytest.raises(BundleError, match=r"its class 'LABEL_0' is no emotion known here.*--label"):
        open_source(f"hf:{place}")
    assert open_source(f"hf:{place}", labels={"LABEL_0": "happy"}).labels == ("happy", "sad")


def test_two_classes_of_one_emotion_are_added_up(folder):
    _, place = folder(("happy", "joy", "sad"))
    source = open_source(f"hf:{place}")
    signal = np.ones(16_000, np.float32)
    assert source.labels == ("happy", "sad")
    assert source.predict(signal).probabilities.sum() == pytest.approx(1.0)


def test_an_encoder_that_never_learnt_to_classify_is_refused(folder):
    model, place = folder()
    for path in place.glob("*.safetensors"):
        path.unlink()
    model.wav2vec2.save_pretrained(place)
    with pytest.raises(BundleError, match=r"holds no weights for .*not trained to classify"):
        open_source(f"hf:{place}")


def test_another_sampling_rate_is_refused(folder):
    _, place = folder(rate_hz=8000)
    with pytest.raises(BundleError, match="listens at 8000 Hz"):
        open_source(f"hf:{place}")


def test_a_regression_is_refused(folder):
    _, place = folder(problem_type="regression")
    with pytest.raises(BundleError, match="a model for regression"):
        open_source(f"hf:{place}")


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(BundleError, match="no audio-classification model that can be loaded"):
        open_source(f"hf:{tmp_path}")


def test_pickled_weights_are_refused(folder):
    model, place = folder()
    for path in place.glob("*.safetensors"):
        path.unlink()
    torch.save(model.state_dict(), place / "pytorch_model.bin")
    with pytest.raises(BundleError, match="no audio-classification model that can be loaded"):
        open_source(f"hf:{place}")


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'affekt\[ssl\]'"):
        open_source("hf:any")
