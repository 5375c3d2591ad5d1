"""Parts of graphs, and frozen graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf


@pytest.fixture
def session() -> Any:
    """A session of ``y = x @ w + r`` with values; ``w`` and ``r`` are of different kinds."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable([[1.0], [2.0]], name="w")
    r = tf.Variable([0.5], name="r", use_resource=True)
    y = tf.identity(tf.matmul(x, w) + r, name="y")
    with tf.get_default_graph().control_dependencies([y]):
        tf.no_op(name="after")
    tf.constant("unused", name="unused")
    session = tf.Session()
    session.run([w.initializer, r.initializer])
    return session


def names(graph_def: Any) -> list[str]:
    return [node.name for node in graph_def.node]


def run_frozen(graph_def: Any, fetch: str = "y:0") -> Any:
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
    return tf.Session(graph=graph).run(fetch, {"x:0": [[3.0, 4.0]]})


def test_a_part_holds_what_is_needed_in_order(session: Any) -> None:
    whole = session.graph.as_graph_def()
    part = tf.graph_util.extract_sub_graph(whole, ["y"])
    assert names(part) == [name for name in names(whole) if name in set(names(part))]
    assert {"x", "w", "r", "y"} <= set(names(part))
    assert not {"unused", "after", "w/Assign"} & set(names(part))
    assert part.versions == whole.versions
    assert "y" in names(tf.graph_util.extract_sub_graph(whole, ["after"]))


def test_a_frozen_graph_needs_no_variables(session: Any) -> None:
    whole = session.graph.as_graph_def()
    frozen = tf.graph_util.convert_variables_to_constants(session, whole, ["y"])
    kinds = {node.name: node.op for node in frozen.node}
    assert (kinds["w"], kinds["r"]) == ("Const", "Const")
    assert not {"VariableV2", "VarHandleOp", "ReadVariableOp"} & set(kinds.values())
    np.testing.assert_array_equal(run_frozen(frozen), [[11.5]])
    assert run_frozen(tf.GraphDef.FromString(frozen.SerializeToString())).shape == (1, 1)


@pytest.mark.parametrize(
    ("choice", "frozen_ones"),
    [
        ({"variable_names_whitelist": ["w"]}, {"w"}),
        ({"variable_names_blacklist": ["w"]}, {"r"}),
    ],
)
def test_variables_can_be_chosen(session: Any, choice: Any, frozen_ones: set[str]) -> None:
    whole = session.graph.as_graph_def()
    part = tf.graph_util.convert_variables_to_constants(session, whole, ["y"], **choice)
    constants = {node.name for node in part.node if node.op == "Const"}
    assert constants & {"w", "r"} == frozen_ones
    kinds = {node.op for node in part.node}
    assert ("ReadVariableOp" in kinds) is ("r" not in frozen_ones)


def test_a_variable_without_a_value_cannot_be_frozen(session: Any) -> None:
    whole = session.graph.as_graph_def()
    with pytest.raises(tf.errors.FailedPreconditionError, match=r"'w'|'r'"):
        tf.graph_util.convert_variables_to_constants(tf.Session(), whole, ["y"])


def test_nodes_that_pass_values_on_are_removed(session: Any) -> None:
    frozen = tf.graph_util.convert_variables_to_constants(
        session, session.graph.as_graph_def(), ["y"]
    )
    lean = tf.graph_util.remove_training_nodes(frozen, protected_nodes=["y"])
    assert [node.op for node in lean.node].count("Identity") == 1
    np.testing.assert_array_equal(run_frozen(lean), [[11.5]])
    assert "y" not in names(tf.graph_util.remove_training_nodes(frozen))
    kept = tf.graph_util.remove_training_nodes(session.graph.as_graph_def())
    assert "y" in names(kept)  # another node waits for it


def test_shapes_by_name(session: Any) -> None:
    shape = tf.graph_util.tensor_shape_from_node_def_name(session.graph, "y")
    assert shape.as_list() == [None, 1]


@pytest.mark.parametrize(
    ("args", "error", "message"),
    [
        ((3, ["y"]), TypeError, "graph_def must be a graph_pb2.GraphDef proto"),
        ((tf.GraphDef(), "y"), TypeError, "dest_nodes must be a list"),
        ((tf.GraphDef(), ["y"]), AssertionError, "y is not in graph"),
    ],
)
def test_wrong_arguments(args: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tf.graph_util.extract_sub_graph(*args)
