"""Placeholders, constants, scopes, devices, collections: what every graph is made of."""

from __future__ import annotations

from typing import Any

import numpy as np


def placeholders(tf: Any) -> None:
    tf.placeholder(tf.float32)
    tf.placeholder(tf.float32, None, name="anything")
    tf.placeholder(tf.float64, [], name="scalar")
    tf.placeholder(tf.int32, [None], name="vector")
    tf.placeholder("float", (None, 784), "images")
    tf.placeholder(np.int64, shape=tf.TensorShape([3, None]))
    tf.placeholder(tf.bool, [2, 2])
    tf.placeholder(tf.string, [None])
    tf.placeholder(tf.complex64, [4])
    tf.placeholder(tf.float16, 5)
    tf.placeholder(tf.uint8, [0, 3])


def placeholders_with_default(tf: Any) -> None:
    tf.placeholder_with_default(0.5, [])
    tf.placeholder_with_default([1, 2, 3], [None], name="ids")
    tf.placeholder_with_default(np.zeros([2, 3], np.float64), None)
    tf.placeholder_with_default(tf.constant(False), shape=(), name="is_training")


def constants_of_every_dtype(tf: Any) -> None:
    floats = [tf.float16, tf.float32, tf.float64, tf.bfloat16]
    ints = [tf.int8, tf.uint8, tf.int16, tf.uint16, tf.int32, tf.uint32, tf.int64, tf.uint64]
    for dtype in floats:
        tf.constant(1.5, dtype, name="scalar_" + dtype.name)
        tf.constant([[1.0, -2.5], [0.0, 3.0]], dtype, name="matrix_" + dtype.name)
    for dtype in ints:
        tf.constant(7, dtype, name="scalar_" + dtype.name)
        tf.constant([1, 2, 3], dtype, name="vector_" + dtype.name)
    for dtype in [tf.complex64, tf.complex128]:
        tf.constant(1 + 2j, dtype)
        tf.constant([1j, 2, -3.5], dtype)
    tf.constant(True)
    tf.constant([True, False, True])
    tf.constant("text")
    tf.constant(b"\x00\xff bytes")
    tf.constant(["one", "two"])


def constants_inferred(tf: Any) -> None:
    tf.constant(1)
    tf.constant(1.0)
    tf.constant(1j)
    tf.constant(2**40)
    tf.constant([1, 2.5])
    tf.constant([[1, 2], [3, 4]])
    tf.constant(np.float32(1.5))
    tf.constant(np.float64(1.5))
    tf.constant(np.arange(4))
    tf.constant(np.arange(3, dtype=np.uint8))
    tf.constant(np.array([1.5, 2.5], np.float16))
    tf.constant(np.zeros([2, 0, 3]))
    tf.constant([])
    tf.constant(np.bool_(True))
    tf.constant((1.0, 2.0, 3.0))
    tf.constant(float("nan"))
    tf.constant([float("inf"), -float("inf"), -0.0])


def constants_with_shape(tf: Any) -> None:
    tf.constant(0.1, shape=[3, 2])
    tf.constant(0, shape=[10])
    tf.constant([1, 2, 3, 4, 5, 6], shape=[2, 3])
    tf.constant([1.0, 2.0], shape=[5], name="last_value_repeats")
    tf.constant(5, tf.float64, [2, 2], "five")
    tf.constant("s", shape=[2])
    tf.constant(1, shape=[])
    tf.constant(True, shape=[1, 2])


def zeros_ones_fill(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.int64, [2, 3])
    z = tf.placeholder(tf.float64)
    tf.zeros([2, 3])
    tf.zeros([], tf.int32)
    tf.zeros([1100])
    tf.zeros([40, 30], tf.float64)
    tf.ones([2])
    tf.ones([1001], tf.int64)
    tf.ones([2, 2], tf.bool)
    tf.zeros([2], tf.string)
    tf.zeros(tf.shape(x))
    tf.ones(tf.shape(x)[0])
    tf.zeros([tf.shape(x)[0], 4])
    tf.zeros_like(x)
    tf.zeros_like(y)
    tf.zeros_like(y, tf.float32)
    tf.zeros_like(y, optimize=False)
    tf.ones_like(x)
    tf.ones_like(y)
    tf.ones_like(z, tf.int32)
    tf.zeros_like([1.0, 2.0])
    tf.zeros_like(z)
    tf.fill([2, 3], 9)
    tf.fill(tf.shape(x), 1.5, name="filled")
    tf.fill([2], "text")
    tf.eye(3)
    tf.eye(2, 3, dtype=tf.float64)
    tf.eye(2, batch_shape=[3])
    tf.eye(tf.shape(x)[0])


def ranges(tf: Any) -> None:
    n = tf.placeholder(tf.int32, [])
    tf.range(5)
    tf.range(1, 10, 2)
    tf.range(5.0)
    tf.range(0, 1, 0.25)
    tf.range(3, dtype=tf.int64)
    tf.range(start=3, limit=n)
    tf.range(n)
    tf.range(n, name="counting")
    tf.linspace(0.0, 1.0, 5)
    tf.lin_space(0.0, 1.0, n, name="line")


def unique_names(tf: Any) -> None:
    tf.constant(1, name="a")
    tf.constant(1, name="a")
    tf.constant(1, name="a_1")
    tf.constant(1, name="a")
    tf.constant(1, name="A")
    tf.constant(1, name="a")
    tf.constant(1, name="b/c")
    tf.constant(1, name="b")
    tf.constant(1, name="b/c")
    tf.no_op()
    tf.no_op("no_op")
    tf.no_op(name="Const")
    tf.constant(2)
    tf.constant(2)


def name_scopes(tf: Any) -> None:
    with tf.name_scope("outer") as outer:
        tf.constant(1.0, name="c")
        with tf.name_scope("inner"):
            tf.constant(1.0, name="c")
            tf.constant(1.0, name="c")
        with tf.name_scope("inner"):
            tf.constant(1.0, name="c")
        with tf.name_scope(None):
            tf.constant(1.0, name="at_root")
        with tf.name_scope(""):
            tf.constant(1.0, name="at_root")
    with tf.name_scope("outer"):
        tf.constant(1.0, name="c")
    with tf.name_scope(outer):
        tf.constant(1.0, name="c")
        with tf.name_scope("inner"):
            tf.constant(1.0, name="c")
    with tf.name_scope("outer/"):
        tf.constant(1.0, name="d")
    with tf.name_scope("outer/inner/"):
        tf.constant(1.0, name="e")
    with tf.name_scope("a/b"):
        tf.constant(1.0, name="f")
    tf.constant(1.0, name="outer")
    tf.constant(1.0, name="outer/c")


def name_scopes_of_functions(tf: Any) -> None:
    def layer(x: Any, name: Any = None) -> Any:
        with tf.name_scope(name, "layer", [x]) as scope:
            x = tf.convert_to_tensor(x, name="x")
            return tf.identity(x * 2.0, name=scope)

    x = tf.placeholder(tf.float32, [3])
    layer(x)
    layer(x)
    layer(x, name="mine")
    layer([1.0, 2.0])
    with tf.name_scope("block"):
        layer(layer(x))
    with tf.name_scope(default_name="fallback", name=None, values=[x]):
        tf.square(x)
    with tf.get_default_graph().name_scope("of_graph"):
        tf.square(x)
    with tf.get_default_graph().name_scope("of_graph"):
        tf.square(x, name="sq")
    tf.get_default_graph().unique_name("taken")
    tf.constant(1.0, name="taken")
    tf.get_default_graph().unique_name("asked", mark_as_used=False)
    tf.constant(1.0, name="asked")


def control_dependencies(tf: Any) -> None:
    a = tf.placeholder(tf.float32, [], name="a")
    b = tf.placeholder(tf.float32, [], name="b")
    first = tf.no_op(name="first")
    with tf.control_dependencies([a, first]):
        tf.add(a, b, name="uses_a")
        tf.no_op(name="plain")
        inner = tf.multiply(b, b, name="uses_b")
        tf.multiply(inner, b, name="after_inner")
        with tf.control_dependencies([b]):
            tf.constant(1.0, name="both")
            with tf.control_dependencies(None):
                tf.constant(1.0, name="cleared")
                with tf.control_dependencies([b]):
                    tf.constant(1.0, name="only_b")
            tf.square(a, name="square_a")
    with tf.control_dependencies([]):
        tf.identity(a, name="nothing")
    with tf.control_dependencies([a, a, b]):
        tf.no_op(name="doubled")
    with tf.control_dependencies([first]), tf.name_scope("deep"):
        c = tf.constant(0.5, name="c")
        with tf.control_dependencies([c]):
            tf.identity(c, name="same_input")


def groups_and_tuples(tf: Any) -> None:
    a = tf.constant(1.0, name="a")
    b = tf.constant([1, 2], name="b")
    op = tf.no_op(name="op")
    tf.group(a, b)
    tf.group(op, a.op, name="grouped")
    tf.group()
    tf.group([a, op], name="from_list")
    tf.group(a, a, name="twice")
    tf.tuple([a, b])
    tf.tuple([a, None, b], name="pair", control_inputs=[op])
    tf.identity(a)
    tf.identity(b, name="named")
    tf.identity_n([a, b])
    tf.identity_n([a, b], name="both")
    tf.stop_gradient(a)
    tf.convert_to_tensor(a)
    tf.convert_to_tensor(3, tf.float32)
    tf.convert_to_tensor([[1.0, 2.0]], name="list")
    tf.convert_to_tensor([a, 2.0, a], name="packed")
    tf.convert_to_tensor(np.ones(3), preferred_dtype=tf.float32)
    tf.convert_to_tensor(1, preferred_dtype=tf.float64)


def devices(tf: Any) -> None:
    with tf.device("/cpu:0"):
        a = tf.constant(1.0, name="a")
        with tf.device("/device:GPU:0"):
            tf.constant(1.0, name="b")
            with tf.device(None):
                tf.constant(1.0, name="c")
        with tf.device("/job:worker/task:1"):
            tf.constant(1.0, name="d")
        tf.add(a, a, name="e")
    with tf.device("/job:ps"):
        with tf.device("/cpu:0"):
            tf.constant(1.0, name="f")
        with tf.device("/job:worker/cpu:1"):
            tf.constant(1.0, name="g")
    with tf.device(lambda op: "/cpu:1" if op.type == "Const" else ""):
        tf.constant(1.0, name="h")
        tf.square(a, name="i")
    with tf.get_default_graph().device("/gpu:1"):
        tf.square(a, name="j")
    with tf.device("/device:CPU:*"):
        tf.square(a, name="k")
    with tf.device("cpu:0"):
        tf.square(a, name="l")


def colocation(tf: Any) -> None:
    with tf.device("/cpu:1"):
        a = tf.constant(1.0, name="a")
    b = tf.constant(1.0, name="b")
    with tf.colocate_with(a):
        tf.add(a, b, name="with_a")
        with tf.colocate_with(b.op):
            tf.add(a, b, name="with_both")
        with tf.colocate_with(b, ignore_existing=True):
            tf.add(a, b, name="with_b_only")
    with tf.colocate_with(None, ignore_existing=True):
        tf.add(a, b, name="free")
    with tf.device("/gpu:0"), tf.get_default_graph().colocate_with(a.op):
        tf.add(a, b, name="device_of_a")
    w = tf.Variable(1.0, name="w")
    with tf.colocate_with(w.op):
        tf.square(b, name="with_w")


def collections(tf: Any) -> None:
    a = tf.constant(1.0, name="a")
    op = tf.no_op(name="op")
    w = tf.Variable(1.0, name="w")
    tf.Variable(2.0, name="v", trainable=False)
    tf.Variable(3.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    tf.add_to_collection("mine", a)
    tf.add_to_collection("mine", op)
    tf.add_to_collection("mine", w)
    tf.add_to_collections(["x", "y", "x"], a)
    tf.add_to_collection(tf.GraphKeys.LOSSES, a)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, op)
    tf.get_collection_ref("fresh").append(a)
    tf.get_default_graph().add_to_collection("plain", "a string")
    tf.add_n(tf.get_collection("mine", scope="a"))
    tf.get_default_graph().clear_collection("y")
    tf.train.get_or_create_global_step()


def graph_attributes(tf: Any) -> None:
    graph = tf.get_default_graph()
    a = tf.constant(2.0, name="a")
    with graph.gradient_override_map({"Square": "Identity"}):
        tf.square(a, name="overridden")
        tf.add(a, a, name="not_overridden")
    graph.get_tensor_by_name("a:0")
    tf.identity(graph.as_graph_element("a:0"))
    tf.identity(graph.get_operation_by_name("a").outputs[0])
    with tf.Graph().as_default():
        tf.constant(1.0, name="elsewhere")
    tf.constant(1.0, name="here")


def string_constants(tf: Any) -> None:
    tf.constant("naïve ütf")
    tf.constant([["a", "bc"], ["", "d"]], name="matrix")
    tf.constant(np.array(["x", "yz"]))
    tf.constant(np.array([b"raw", b"more"], dtype=object), name="objects")
    tf.constant("again", shape=[2, 2])
    tf.identity(tf.constant([], dtype=tf.string))


def tensor_conversion(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2])
    n = tf.placeholder(tf.int32, [])
    tf.add(x, [1, 2])
    tf.add(x, np.array([1.0, 2.0]).astype(np.float32))
    tf.add([1.0, 2.0], x)
    tf.add(x, 1)
    tf.maximum(0.0, x)
    tf.multiply(n, 3)
    tf.reshape(x, [n, -1])
    tf.reshape(x, (2, 1))
    tf.reshape(x, tf.TensorShape([1, 2]))
    tf.reshape(x, [tf.Dimension(2)])
    tf.add_n([x, x, [1.0, 1.0]])
    tf.stack([x, [3.0, 4.0]])
    tf.concat([x, [3.0]], 0)
    tf.tile(x, [n])
    tf.fill([n, 2], 0.0)
    tf.convert_to_tensor(tf.TensorShape([2, 3]))
    tf.convert_to_tensor(x.shape)
    tf.shape(x)
    tf.cast([1, 2], tf.float32)
