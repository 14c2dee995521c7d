import numpy as np
import onnx
import pytest
import sklearn.linear_model
import sklearn.neural_network
import sklearn.pipeline
import sklearn.preprocessing
from skl2onnx import to_onnx

from affekt.errors import BundleError, ConfigError
from affekt.evaluation.sources import open_source
from affekt.features.sets import find_feature_set

VECTOR = find_feature_set("vector-162")
WORDS = {0: "sad", 1: "happiness", 2: "ang"}


@pytest.fixture
def signal():
    return (0.1 * np.random.default_rng(1).standard_normal(8000)).astype(np.float32)


@pytest.fixture
def model(tmp_path):
    """Fit a classifier to noise and write it as skl2onnx does."""

    def write(classifier, *, words=True, zipmap=True):
        rng = np.random.default_rng(0)
        features = rng.normal(size=(60, 162)).astype(np.float32)
        places = np.arange(60) % 3
        targets = np.array([WORDS[k] for k in places]) if words else places
        fitted = sklearn.pipeline.make_pipeline(
            sklearn.preprocessing.StandardScaler(), classifier
        ).fit(features, targets)
        options = {id(fitted): {"zipmap": zipmap}}
        path = tmp_path / "model.onnx"
        path.write_bytes(to_onnx(fitted, features[:1], options=options).SerializeToString())
        return fitted, str(path)

    return write


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("words", [True, False])
@pytest.mark.parametrize(
    "classifier",
    [
        sklearn.linear_model.LogisticRegression(max_iter=20),
        sklearn.neural_network.MLPClassifier((4,), max_iter=3),
    ],
    ids=["logistic", "mlp"],
)
def test_it_answers_as_scikit_learn_does(model, signal, classifier, words, zipmap):
    fitted, path = model(classifier, words=words, zipmap=zipmap)
    labels = None if words else {"0": "sad", "1": "happy", "2": "angry"}
    source = open_source(path, features="vector-162", labels=labels)
    assert source.labels == ("happy", "sad", "angry")
    expected = fitted.predict_proba(VECTOR.compute(signal)[np.newaxis])[0]
    order = ["happiness", "sad", "ang"] if words else [1, 0, 2]
    ours = [expected[fitted.classes_.tolist().index(name)] for name in order]
    np.testing.assert_allclose(source.predict(signal).probabilities[0], ours, atol=1e-5)


def test_clips_are_answered_and_failures_kept(model, clip):
    _, path = model(sklearn.linear_model.LogisticRegression(max_iter=20))
    clips = [clip("c", "a", 1, "sad"), clip("c", "a", 2, "angry")]
    clips[1].path.write_bytes(b"not audio")
    answers = open_source(path, features="vector-162").answer(clips)
    assert answers.utterances == (clips[0],)
    assert answers.probabilities.sum() == pytest.approx(1.0, abs=1e-5)
    assert [item.utterance for item in answers.failures] == [clips[1]]


def test_the_feature_set_must_be_named(model):
    _, path = model(sklearn.linear_model.LogisticRegression(max_iter=20))
    with pytest.raises(ConfigError, match=r"--features SET .*vector-162"):
        open_source(path)


def test_a_feature_set_of_another_width_is_refused(model):
    _, path = model(sklearn.linear_model.LogisticRegression(max_iter=20))
    with pytest.raises(ConfigError, match="takes 162 numbers a clip, but mfcc-mel-mean has 141"):
        open_source(path, features="mfcc-mel-mean")


def test_classes_that_mean_nothing_are_refused_with_the_remedy(model):
    _, path = model(sklearn.linear_model.LogisticRegression(max_iter=20), words=False)
    with pytest.raises(BundleError, match=r"its class '0' is no emotion known here.*--label"):
        open_source(path, features="vector-162")


def test_scores_that_are_no_probabilities_are_refused(tmp_path):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 162)).astype(np.float32)
    fitted = sklearn.linear_model.LogisticRegression().fit(features, np.arange(30) % 3)
    options = {id(fitted): {"raw_scores": True, "zipmap": False}}
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(fitted, features[:1], options=options).SerializeToString())
    with pytest.raises(BundleError, match="predict_proba"):
        open_source(str(path), features="vector-162")


def test_a_file_that_is_no_classifier_is_refused(tones, tmp_path):
    path = tmp_path / "other.onnx"
    onnx.save(tones.graph(8, input_name="x"), path)
    with pytest.raises(BundleError, match="expected a label and probabilities"):
        open_source(str(path), features="vector-162")
