from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from affekt.models import create_model
from affekt.models.pathak_mlp import from_sklearn

ROWS = np.random.default_rng(0).standard_normal((120, 12))


def fitted(classes, **settings):
    labels = np.array([f"emotion {index % classes}" for index in range(len(ROWS))])
    classifier = MLPClassifier(random_state=0, max_iter=3, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return classifier.fit(ROWS, labels)


@pytest.mark.parametrize("hidden", [(256, 256, 64), (9,)])
def test_the_copy_gives_the_probabilities_that_scikit_learn_gives(hidden):
    classifier = fitted(7, hidden_layer_sizes=hidden)
    network = from_sklearn(classifier)
    assert network.config.hidden == hidden
    with torch.inference_mode():
        logits = network(torch.from_numpy(ROWS.astype(np.float32)))
    found = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(found, classifier.predict_proba(ROWS), atol=1e-5)


def test_the_copy_is_the_named_network():
    network = from_sklearn(fitted(7, hidden_layer_sizes=(256, 256, 64)))
    named = create_model("pathak-mlp", input_shape=(12,), n_classes=7)
    named.load_state_dict(network.state_dict())
    assert named.config == network.config


@pytest.mark.parametrize(
    ("activation", "out_activation"), [("tanh", "softmax"), ("relu", "logistic")]
)
def test_what_the_network_cannot_compute_is_refused(activation, out_activation):
    classifier = SimpleNamespace(
        coefs_=[], intercepts_=[], activation=activation, out_activation_=out_activation
    )
    with pytest.raises(ValueError, match="only relu and softmax"):
        from_sklearn(classifier)
