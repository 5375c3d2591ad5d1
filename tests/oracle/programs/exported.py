"""Graphs that are built here and must run in TensorFlow: each function returns its runs.

A run is a list of fetches by name, and a dictionary of feeds.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

Runs = List[Tuple[List[str], Dict[str, Any]]]

ROWS = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]], np.float32)
LABELS = np.array([[1.0], [0.0]], np.float32)


def _network(tf: Any) -> Tuple[Any, Any]:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    first = tf.Variable(np.linspace(-1, 1, 12).reshape(3, 4).astype(np.float32), name="first")
    second = tf.Variable(np.linspace(1, -1, 4).reshape(4, 1).astype(np.float32), name="second")
    bias = tf.Variable(tf.constant(0.1, shape=[4]), name="bias")
    hidden = tf.tanh(tf.matmul(x, first) + bias)
    out = tf.sigmoid(tf.matmul(hidden, second), name="out")
    labels = tf.placeholder(tf.float32, [None, 1], name="labels")
    loss = tf.reduce_mean(tf.square(out - labels), name="loss")
    return out, loss


def network(tf: Any) -> Runs:
    _network(tf)
    tf.global_variables_initializer()
    return [(["init"], {}), (["out:0", "loss:0"], {"x:0": ROWS, "labels:0": LABELS})]


def training(tf: Any) -> Runs:
    _, loss = _network(tf)
    tf.train.AdamOptimizer(0.05).minimize(loss)
    tf.global_variables_initializer()
    feeds = {"x:0": ROWS, "labels:0": LABELS}
    step = (["Adam", "loss:0"], feeds)
    return [(["init"], {}), step, step, step, (["first:0", "bias/Adam_1:0"], {})]


def branches_and_loops(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.cond(x > 0.0, lambda: x * 2.0, lambda: x - 1.0, name="branch")
    start = tf.constant(0)
    result = tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, y * x + 1.0), [start, x])
    tf.identity(result[1], name="total")
    return [(["branch/Merge:0", "total:0"], {"x:0": value}) for value in (1.5, -0.5)]


def random_numbers(tf: Any) -> Runs:
    tf.random_normal([5], seed=3, name="normal")
    tf.random_uniform([4], 0, 100, tf.int32, seed=4, name="whole")
    return [(["normal:0", "whole:0"], {})] * 2


def summaries(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None], name="x")
    tf.summary.scalar("mean", tf.reduce_mean(x))
    tf.summary.histogram("values", x)
    tf.summary.merge_all(name="all")
    return [(["all/all:0"], {"x:0": np.array([1.0, 2.0, 4.0], np.float32)})]


def constants(tf: Any) -> Runs:
    names = []
    for dtype in ["float16", "bfloat16", "float64", "int8", "uint16", "complex64", "bool"]:
        value: Any = [True, False] if dtype == "bool" else [1, 2]
        cast = tf.constant(value, getattr(tf, dtype), name=dtype)
        if dtype == "bfloat16":
            cast = tf.cast(cast, tf.float32, name="from_bfloat16")
        names.append(cast.name)
    tf.constant(7, shape=[2, 2], name="filled")
    tf.constant([1, 2], shape=[4], name="partly_filled")
    tf.constant(["a", "bc"], name="text")
    return [([*names, "filled:0", "partly_filled:0", "text:0"], {})]


def datasets(tf: Any) -> Runs:
    scale = tf.constant(10.0)
    rows = tf.data.Dataset.from_tensor_slices(np.arange(6, dtype=np.float32).reshape(3, 2))
    sparse = tf.SparseTensor([[0, 1], [2, 0]], [1.5, 2.5], [3, 2])
    other = tf.data.Dataset.from_tensor_slices(sparse)
    both = tf.data.Dataset.zip((rows.shuffle(3, seed=1), other))
    batches = both.map(lambda row, s: (row * scale, s)).repeat(2).batch(4)
    iterator = batches.make_initializable_iterator()
    dense, sparse = iterator.get_next()
    tf.identity(dense, name="dense")
    tf.identity(sparse.indices, name="places")
    tf.identity(sparse.values, name="values")
    runs: Runs = [([iterator.initializer.name], {})]
    return runs + [(["dense:0", "places:0", "values:0"], {})] * 2
