"""Functions of datasets in the library of a graph's message."""

from __future__ import annotations

import numpy as np

import tidefall as tf


def test_a_graph_with_datasets_has_their_functions_in_its_library() -> None:
    with tf.Graph().as_default() as graph:
        scale = tf.constant(2.0)
        data = tf.data.Dataset.range(4).map(lambda x: tf.cast(x, tf.float32) * scale)
        data.flat_map(lambda x: tf.data.Dataset.from_tensors(x).map(lambda y: -y))
    message = graph.as_graph_def()
    functions = {each.signature.name: each for each in message.library.function}
    node = next(node for node in message.node if node.op == "MapDataset")
    function = functions[node.attr["f"].func.name]
    assert [arg.name for arg in function.signature.input_arg] == ["args_0", "mul_const"]
    assert [(each.op, list(each.input)) for each in function.node_def] == [
        ("Cast", ["args_0"]),
        ("Mul", ["Cast:y:0", "mul_const"]),
        ("Identity", ["mul:z:0"]),
    ]
    assert dict(function.ret) == {"identity": "Identity:output:0"}
    assert len(functions) == 3


def test_a_one_shot_iterator_has_its_dataset_in_a_function() -> None:
    with tf.Graph().as_default() as graph:
        tf.data.Dataset.from_tensor_slices(np.arange(3)).batch(2).make_one_shot_iterator()
    message = graph.as_graph_def()
    (function,) = message.library.function
    kinds = [node.op for node in function.node_def]
    assert kinds[-2:] == ["OptimizeDataset", "ModelDataset"]
    assert len(function.signature.output_arg) == 1


def test_a_switch_that_was_made_after_what_it_is_for_is_named() -> None:
    def checked(x: tf.Tensor) -> tf.Tensor:
        return tf.cond(x > 1.0, lambda: x, lambda: tf.Print(x, [x], "small"))

    with tf.Graph().as_default() as graph:
        tf.data.Dataset.from_tensor_slices([1.0, 2.0]).map(checked)
    (function,) = graph.as_graph_def().library.function
    nodes = {node.name: node for node in function.node_def}
    assert list(nodes["cond/Print"].input) == [
        "cond/Print/Switch:output_false:0", "cond/Print/Switch:output_false:0",
    ]  # fmt: skip
