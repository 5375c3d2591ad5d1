"""Calls of ``tf.make_tensor_proto``, and a graph whose collections hold all kinds of things."""

from __future__ import annotations

from typing import Any, Dict, Tuple

import numpy as np

Call = Tuple[Tuple[Any, ...], Dict[str, Any]]


def calls(tf: Any) -> Dict[str, Call]:
    """Arguments and keywords, by a name for each."""
    found: Dict[str, Call] = {}

    def add(name: str, *args: Any, **kwargs: Any) -> None:
        found[name] = (args, kwargs)

    floats = ["float16", "bfloat16", "float32", "float64", "complex64", "complex128"]
    ints = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
    for dtype in floats + ints:
        add("scalar " + dtype, 3, dtype=getattr(tf, dtype))
        add("one " + dtype, [3], dtype=getattr(tf, dtype))
        add("two " + dtype, [3, 4], dtype=getattr(tf, dtype))
        add("none " + dtype, [], dtype=getattr(tf, dtype))
        add("filled " + dtype, 3, dtype=getattr(tf, dtype), shape=[2, 3])
    for value in [True, [True, False], "text", b"bytes", ["a", "bc"], [["a"], ["b"]], "\u00e9"]:
        add("inferred %r" % (value,), value)
    for value in [1.5, 1, 2**40, [1, 2**40], 1j, [1, 2.5], [[1, 2], [3, 4]], [], [[], []]]:
        add("inferred %r" % (value,), value)
    add("np float64", np.float64(1.5))
    add("np arange", np.arange(3))
    add("np float16", np.array([3, 4], np.float16))
    add("np strings", np.array(["a", "bc"]))
    add("np objects", np.array([b"a", b"bc"], object))
    add("np cast", np.array([1.5]), dtype=tf.int32)
    add("np empty", np.zeros([0, 3]))
    add("nan", float("nan"))
    add("huge as float32", 1e40, dtype=tf.float32)
    add("filled from two", [1, 2], shape=[4])
    add("reshaped", [1, 2], shape=[2, 1])
    add("verified", [1, 2], shape=[2], verify_shape=True)
    add("wrong when verified", [1, 2], shape=[2, 1], verify_shape=True)
    add("too many", [1, 2, 3], shape=[2])
    add("broadcast", 7, shape=[4], allow_broadcast=True)
    add("broadcast too short", [1, 2], shape=[4], allow_broadcast=True)
    add("ragged", [[1, 2], [3]])
    add("mixed", [1, "a"])
    add("None", None)
    add("float as int", 1.5, dtype=tf.int32)
    add("string as float", "a", dtype=tf.float32)
    add("int as string", 1, dtype=tf.string)
    add("int as bool", 1, dtype=tf.bool)
    return found


def collections(tf: Any) -> None:
    """Collections of variables, contexts, nodes, numbers and strings."""
    plain = tf.Variable([1.0, 2.0], name="plain")
    tf.get_variable("resource", [2], use_resource=True, initializer=tf.zeros_initializer())
    tf.Variable(0, trainable=False, name="fixed")
    tf.Variable(1.0, name="local", collections=[tf.GraphKeys.LOCAL_VARIABLES])
    tf.cond(plain[0] > 0.0, lambda: plain + 1.0, lambda: plain - 1.0)
    tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)])
    tf.add_to_collection("integers", 3)
    tf.add_to_collection("numbers", 2.5)
    tf.add_to_collection("strings", "abc")
    tf.add_to_collection("bytes", b"abc")
    tf.add_to_collection("tensors", plain + 1.0)
    tf.add_to_collection("operations", plain.op)
    tf.add_to_collection("not stored", object())
