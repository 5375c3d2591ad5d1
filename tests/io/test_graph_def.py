"""Graphs as messages, and back: what arguments do, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf


def small_graph() -> Any:
    """``c = a @ b`` after ``b``, ``sc/d`` placed with ``c``, and the two halves of ``a``."""
    with tf.Graph().as_default() as graph:
        a = tf.placeholder(tf.float32, [None, 2], name="a")
        b = tf.constant([[1.0], [2.0]], name="b")
        c = tf.matmul(a, b, name="c")
        with graph.colocate_with(c), graph.control_dependencies([b]):
            tf.identity(c, name="sc/d")
        tf.split(a, 2, 1, name="halves")
    return graph.as_graph_def()


def names() -> list[str]:
    return [op.name for op in tf.get_default_graph().get_operations()]


def node(name: str, op: str, *inputs: str, **attrs: Any) -> Any:
    message = tf.GraphDef()
    return add(message, name, op, *inputs, **attrs)


def add(message: Any, name: str, op: str, *inputs: str, **attrs: Any) -> Any:
    added = message.node.add(name=name, op=op, input=inputs)
    for key, dtype in attrs.items():
        added.attr[key].type = dtype.as_datatype_enum
    return message


def test_an_import_gives_the_graph_it_came_from() -> None:
    definition = small_graph()
    assert tf.import_graph_def(definition, name="") is None
    assert tf.get_default_graph().as_graph_def() == definition


def test_names_get_a_prefix_made_unique() -> None:
    definition = small_graph()
    tf.import_graph_def(definition)
    tf.import_graph_def(definition)
    tf.import_graph_def(definition, name="x/y")
    tf.import_graph_def(definition, name="x/y/")
    tf.import_graph_def(definition, name="")
    tf.import_graph_def(definition, name="")
    found = names()
    for name in ("import/sc/d", "import_1/a", "x/y/halves", "x/y/a_1", "a", "sc/d_1"):
        assert name in found
    assert tf.get_default_graph()._last_id == len(found) == 6 * len(definition.node)


def test_colocation_and_control_inputs_follow_the_names() -> None:
    tf.import_graph_def(small_graph())
    op = tf.get_default_graph().get_operation_by_name("import/sc/d")
    assert op.get_attr("_class") == [b"loc:@import/c"]
    assert [each.name for each in op.control_inputs] == ["import/b"]


def test_scopes_of_the_program_hold_for_what_is_imported() -> None:
    graph = tf.get_default_graph()
    with graph.name_scope("outer"), graph.device("/gpu:1"):
        wait = tf.no_op(name="wait")
        with graph.control_dependencies([wait]):
            (op,) = tf.import_graph_def(small_graph(), return_elements=["a"])
    assert (op.name, op.device) == ("outer/import/a", "/device:GPU:1")
    assert op.control_inputs == [wait]


def test_return_elements() -> None:
    found = tf.import_graph_def(small_graph(), return_elements=["c", "c:0", "halves:1"])
    assert [type(each) for each in found] == [tf.Operation, tf.Tensor, tf.Tensor]
    assert [each.name for each in found] == ["import/c", "import/c:0", "import/halves:1"]
    assert tf.import_graph_def(small_graph(), return_elements=[]) == []


def test_inputs_can_be_replaced() -> None:
    x = tf.constant([[3.0, 4.0]])
    product, a = tf.import_graph_def(
        small_graph(), input_map={"a": x}, return_elements=["c:0", "a:0"]
    )
    (copy,) = tf.import_graph_def(
        small_graph(), input_map={"c:0": np.array([[7.0]], np.float32)}, return_elements=["sc/d:0"]
    )
    assert product.shape.as_list() == [1, 1]
    assert a is x
    assert "import_1/_inputs/Const" in names()
    assert [value.item() for value in tf.Session().run([product, copy])] == [11.0, 7.0]


def test_nodes_may_come_in_any_order() -> None:
    definition = small_graph()
    shuffled = tf.GraphDef(versions=definition.versions)
    shuffled.node.extend(reversed(definition.node))
    (product,) = tf.import_graph_def(shuffled, return_elements=["c:0"])
    feed = tf.get_default_graph().get_tensor_by_name("import/a:0")
    assert tf.Session().run(product, {feed: [[1.0, 1.0]]}).tolist() == [[3.0]]


def test_loops_are_imported_with_their_back_edges() -> None:
    with tf.Graph().as_default() as graph:
        start = tf.placeholder(tf.int32, [], name="start")
        total = tf.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 2), [start, 1])
        tf.identity(total[1], name="total")
    definition = graph.as_graph_def()
    tf.import_graph_def(definition, name="")
    assert tf.get_default_graph().as_graph_def() == definition
    assert tf.Session().run("total:0", {"start:0": 2}) == 8


def test_static_shapes_are_written_and_read() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, name="x")
        x.set_shape([None, 3])
    definition = graph.as_graph_def(add_shapes=True)
    (x,) = tf.import_graph_def(definition, return_elements=["x:0"])
    assert x.shape.as_list() == [None, 3]
    assert "_output_shapes" not in x.op.node_def.attr
    definition.node[0].attr["shape"].shape.dim.add(size=2)
    definition.node[0].attr["shape"].shape.unknown_rank = False
    with pytest.raises(ValueError, match=r"'import_1/x' has an _output_shapes attribute incons"):
        tf.import_graph_def(definition)


def test_from_version_gives_the_later_nodes_only() -> None:
    tf.constant(1.0, name="early")
    version = tf.get_default_graph().version
    tf.constant(2.0, name="late")
    definition = tf.get_default_graph().as_graph_def(from_version=version)
    assert [each.name for each in definition.node] == ["late"]


def test_attributes_of_newer_programs_are_dropped_where_they_say_nothing() -> None:
    definition = small_graph()
    product = next(each for each in definition.node if each.op == "MatMul")
    product.attr["grad_a"].b = False
    tf.import_graph_def(definition)
    product.attr["grad_a"].b = True
    with pytest.raises(ValueError, match=r"'import_1/c' .*'grad_a' is not known"):
        tf.import_graph_def(definition)
    producer = tf.train.export_meta_graph().meta_info_def.stripped_op_list
    declared = next(op for op in producer.op if op.name == "MatMul")
    declared.attr.add(name="grad_a", type="bool").default_value.b = True
    tf.import_graph_def(definition, producer_op_list=producer)


def test_attributes_that_are_missing_have_their_defaults() -> None:
    definition = small_graph()
    product = next(each for each in definition.node if each.op == "MatMul")
    del product.attr["transpose_a"]
    (c,) = tf.import_graph_def(definition, return_elements=["c"])
    assert c.get_attr("transpose_a") is False


def test_old_placeholders_have_no_shape() -> None:
    definition = node("x", "Placeholder", dtype=tf.float32)
    definition.node[0].attr["shape"].shape.SetInParent()
    definition.versions.producer = 20
    (x,) = tf.import_graph_def(definition, return_elements=["x:0"])
    assert x.shape.ndims is None


def test_messages_of_other_libraries_are_accepted() -> None:
    from tensorboard.compat.proto import graph_pb2

    class Foreign:
        DESCRIPTOR = type("D", (), {"full_name": "tensorflow.GraphDef"})
        SerializeToString = small_graph().SerializeToString

    tf.import_graph_def(Foreign())
    assert "import/c" in names()
    with pytest.raises(TypeError, match="graph_def must be a GraphDef proto"):
        tf.import_graph_def(graph_pb2.NodeDef if hasattr(graph_pb2, "NodeDef") else 3)


X = node("x", "Placeholder", dtype=tf.float32)


@pytest.mark.parametrize(
    ("definition", "error", "message"),
    [
        (node("q", "NoSuchOp"), tf.errors.NotFoundError, "'import/q': .* no op of type 'NoSuchOp'"),
        (node("q", "Identity", "zz"), ValueError, "Node 'q': Unknown input node 'zz'"),
        (node("q", "NoOp", "^zz"), ValueError, "Node 'q': Unknown input node 'zz'"),
        (node("q", "Placeholder"), ValueError, "'import/q' .*attribute 'dtype' is missing"),
        (node("_q", "NoOp"), ValueError, "Node '_q': Node name contains invalid characters"),
        (node("", "NoOp"), ValueError, "Node '': Node name contains invalid characters"),
        (add(node("q", "NoOp"), "q", "NoOp"), ValueError, "Node 'q' is not unique"),
        (
            add(node("q", "Identity", "r", T=tf.float32), "r", "Identity", "q", T=tf.float32),
            ValueError,
            "2 nodes in a cycle",
        ),
        (
            add(node("x", "Placeholder", dtype=tf.int32), "q", "Identity", "x", T=tf.float32),
            ValueError,
            "Input 0 of node import/q was passed int32 from import/x:0 .* expected float32",
        ),
        (
            add(node("x", "Placeholder", dtype=tf.int32), "q", "Identity", "x:1", T=tf.int32),
            ValueError,
            "invalid output 1 of source node x which has 1 outputs",
        ),
        (
            add(node("x", "Placeholder", dtype=tf.int32), "q", "Identity", "^x", "x", T=tf.int32),
            ValueError,
            "Control dependencies must come after",
        ),
        (
            add(node("x", "Placeholder", dtype=tf.int32), "q", "Identity", "x", "x", T=tf.int32),
            ValueError,
            "1 inputs are expected .* but it has 2",
        ),
        (node("q", "NoOp", zork=tf.int32), ValueError, "attribute 'zork' is not known"),
        (node("q", "Variable", shape=tf.int32), ValueError, "of kind type, not shape"),
    ],
)
def test_graphs_that_are_none(definition: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tf.import_graph_def(definition)


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"graph_def": 3}, TypeError, "graph_def must be a GraphDef proto"),
        ({"input_map": 3}, TypeError, "input_map must be a dictionary"),
        ({"input_map": {3: 1.0}}, TypeError, "input_map must be a dictionary"),
        ({"input_map": {"no": 1.0}}, ValueError, "no tensor of the graph_def: no:0"),
        ({"input_map": {"a": 1.0}, "name": ""}, ValueError, "needs a non-empty `name`"),
        ({"return_elements": [3]}, TypeError, "must be a list of strings"),
        ({"return_elements": ["zz"]}, ValueError, "'zz', which is not in"),
        ({"return_elements": ["zz:0"]}, ValueError, "'zz:0', which is not in"),
        ({"return_elements": ["c:1"]}, ValueError, "'c' has 1 outputs"),
        ({"return_elements": ["c:x"]}, ValueError, "Cannot convert 'c:x' to a tensor name"),
    ],
)
def test_wrong_arguments(kwargs: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        tf.import_graph_def(**{"graph_def": small_graph(), **kwargs})


def test_shapes_that_do_not_fit_name_the_node() -> None:
    with pytest.raises(ValueError, match=r"'import/c' .*5 != 2"):
        tf.import_graph_def(small_graph(), input_map={"a": tf.constant(1.0, shape=[3, 5])})


def test_a_graph_for_newer_readers_is_refused() -> None:
    definition = small_graph()
    definition.versions.min_consumer = 9999
    with pytest.raises(ValueError, match="version 9999 at least"):
        tf.import_graph_def(definition)


def test_one_nodes_messages() -> None:
    op = tf.matmul([[1.0, 2.0]], [[1.0], [2.0]], name="p").op
    assert op.node_def == next(
        each for each in tf.get_default_graph().as_graph_def().node if each.name == "p"
    )
    assert [arg.name for arg in op.op_def.input_arg] == ["a", "b"]
    assert str(op) == str(op.node_def)
    constant = tf.constant([1, 2], shape=[2]).op
    assert tf.make_ndarray(constant.get_attr("value")).tolist() == [1, 2]
    assert constant.get_attr("dtype") is tf.int32
    shape = tf.placeholder(tf.float32, [None, 3]).op.get_attr("shape")
    assert [dim.size for dim in shape.dim] == [-1, 3]
