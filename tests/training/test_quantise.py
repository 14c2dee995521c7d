"""Eight-bit matrix products: close to the float graph, and the same in any batch."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator
from torch import nn
from torch.nn import functional

from affekt.training.quantise import (
    LARGEST_WEIGHT,
    LEAST_OF_GELU,
    _Rows,
    quantise,
    quantise_columns,
)

WIDTH = 96


@pytest.fixture(scope="module")
def graph():
    """Two products that share their input, and one of their sum."""

    class Products(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
            self.third = nn.Linear(WIDTH, WIDTH, bias=False)
            self.small = nn.Linear(WIDTH, 3)

        def forward(self, x):
            return self.small(self.third(torch.relu(self.first(x)) + self.second(x)))

    torch.manual_seed(0)
    dynamic = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        Products().eval(),
        (torch.zeros(2, 5, WIDTH),),
        dynamo=True,
        input_names=["x"],
        dynamic_shapes={"x": {0: dynamic, 1: dynamic}},
        verbose=False,
    )
    return program.model_proto


@pytest.fixture(scope="module")
def perceptron():
    """GELU, and a product with a matrix that seven bits hold exactly."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.GELU(), nn.Linear(WIDTH, WIDTH)).eval()
    with torch.no_grad():
        network[1].weight.copy_(torch.randint(-63, 64, (WIDTH, WIDTH)).float())
        network[1].weight[:, 0] = 63.0
    dynamic = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        network,
        (torch.zeros(2, 5, WIDTH),),
        dynamo=True,
        input_names=["x"],
        opset_version=20,
        dynamic_shapes=({0: dynamic, 1: dynamic},),
        verbose=False,
    )
    return program.model_proto


def run(model, x, *, optimised=True):
    options = onnxruntime.SessionOptions()
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    (answer,) = session.run(None, {"x": x})
    return answer


def rows(batch=3, seed=0):
    """Rows whose sizes differ a thousandfold, as those of a transformer do."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.uniform(-2, 1, (batch, 7, 1))
    return (sizes * rng.standard_normal((batch, 7, WIDTH))).astype(np.float32)


def test_answers_are_close_to_the_float_graph_s_in_every_row(graph):
    x = rows()
    expected, found = run(graph, x), run(quantise(graph), x)
    wrong = np.abs(found - expected).max(axis=2) / np.abs(expected).max(axis=2)
    assert wrong.max() < 0.1
    assert np.median(wrong) < 0.03


def test_a_clip_has_the_same_answer_alone_and_beside_a_louder_one(graph):
    model = quantise(graph)
    x = rows(batch=1)
    together = np.concatenate([x, 1e4 * x[:, ::-1]])
    np.testing.assert_array_equal(run(model, together)[:1], run(model, x))


def test_the_optimised_graph_answers_as_the_plain_one_and_as_the_reference(graph):
    model = quantise(graph)
    x = rows()
    expected = run(model, x, optimised=False)
    np.testing.assert_allclose(run(model, x), expected, rtol=1e-5, atol=1e-5)
    (reference,) = ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(reference, expected, rtol=1e-4, atol=1e-4)


def test_what_gelu_gives_is_counted_from_its_least_value(perceptron, monkeypatch):
    """The steps are half as large, so the answers are nearer to those of the float graph."""
    x = 3.0 * np.random.default_rng(1).standard_normal((5, 7, WIDTH)).astype(np.float32)
    expected = run(perceptron, x)
    model = quantise(perceptron)
    (reference,) = ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(reference, run(model, x), rtol=1e-4, atol=1e-2)
    from_least = np.abs(run(model, x) - expected).mean()
    monkeypatch.setattr("affekt.training.quantise._FromLeast", _Rows)
    assert from_least < 0.6 * np.abs(run(quantise(perceptron), x) - expected).mean()
    assert functional.gelu(torch.linspace(-3.0, 0.0, 10_001)).min() > LEAST_OF_GELU


def test_inputs_that_are_shared_are_quantised_once(graph):
    kinds = [node.op_type for node in quantise(graph).graph.node]
    assert kinds.count("MatMulInteger") == 3
    assert kinds.count("QuantizeLinear") == 2


def test_the_file_shrinks_and_the_given_graph_stays(graph):
    before = graph.SerializeToString()
    made = quantise(graph)
    onnx.checker.check_model(made)
    assert len(made.SerializeToString()) < 0.45 * len(before)
    assert graph.SerializeToString() == before


def test_a_row_of_zeros_stays_zero(graph):
    answer = run(quantise(graph), np.zeros((1, 1, WIDTH), np.float32))
    np.testing.assert_allclose(answer, run(graph, np.zeros((1, 1, WIDTH), np.float32)), atol=0.01)


@settings(max_examples=50)
@given(
    st.lists(
        st.lists(st.floats(-1e3, 1e3, width=32), min_size=3, max_size=3), min_size=1, max_size=8
    )
)
def test_columns_are_kept_to_half_a_step(values):
    matrix = np.array(values, dtype=np.float32)
    integers, scale = quantise_columns(matrix.copy())
    assert np.abs(integers.astype(int)).max() <= LARGEST_WEIGHT
    assert (np.abs(integers * scale - matrix) <= 0.5 * scale * (1 + 1e-3)).all()


def test_two_products_fit_into_16_bits():
    """Processors without VNNI instructions add two products in 16 bits, and saturate there."""
    assert np.iinfo(np.int16).max >= 2 * 255 * LARGEST_WEIGHT


def test_a_graph_without_large_products_is_refused():
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Abs", ["x"], ["y"])], "g", [x], [y])
    with pytest.raises(ValueError, match="large constant matrix"):
        quantise(onnx.helper.make_model(graph))
