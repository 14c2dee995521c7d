from dataclasses import dataclass, field

import numpy as np
import pytest

from affekt.emotions import CANONICAL
from affekt.errors import BundleError, ConfigError
from affekt.evaluation import open_source


def test_a_bundle_answers_and_tells_whom_it_learnt_from(bundle, clip):
    source = open_source(str(bundle()))
    assert (source.kind, source.title, source.labels) == ("bundle", "tones 1.2", CANONICAL)
    assert source.learnt.training_data[0]["corpus"] == "sines"
    assert source.answer([clip("c", "a", 1, "sad")]).probabilities.argmax() == 3


def test_a_name_that_nothing_has_is_refused_with_a_suggestion():
    with pytest.raises(BundleError, match="did you mean 'default'"):
        open_source("defualt")


@pytest.mark.parametrize("name", ["none.onnx", "none.ckpt"])
def test_a_missing_file_is_refused(tmp_path, name):
    with pytest.raises(BundleError, match="no such"):
        open_source(str(tmp_path / name))


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"not ONNX")
    with pytest.raises(BundleError, match="not an ONNX file"):
        open_source(str(path))


@dataclass
class Network:
    """What a checkpoint may be read into."""

    title: str = "tiny, checkpoint after epoch 3"
    labels: tuple[str, ...] = ("happy", "sad")
    training_data: tuple[dict[str, str], ...] = ({"corpus": "emodb"},)
    held_out: dict[str, list[str]] = field(default_factory=dict)

    def predict(self, signal):
        return np.array([0.25, 0.75])


def test_a_checkpoint_is_read_by_whoever_can(tmp_path, clip):
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"weights")
    source = open_source(str(path), open_checkpoint=lambda _: Network())
    assert (source.kind, source.title) == ("checkpoint", "tiny, checkpoint after epoch 3")
    assert source.learnt.training_data == ({"corpus": "emodb"},)
    assert source.answer([clip("c", "a", 1, "sad")]).probabilities.tolist() == [[0.25, 0.75]]


def test_nobody_who_reads_checkpoints_is_an_error_of_its_own(tmp_path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"weights")
    with pytest.raises(ConfigError, match="export a bundle first"):
        open_source(str(path))
