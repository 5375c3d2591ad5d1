"""Graphs that TensorFlow builds, gradients and all, and that must run here after an import.

A program returns what is fed and what is fetched, by tensor name: a list of runs, each with its
fetches and its feeds. Variables are part of the graph; the first run initialises them.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

import numpy as np

Runs = List[Tuple[List[str], Dict[str, np.ndarray]]]


def _numbers(shape: List[int], multiplier: int = 37, modulus: int = 101) -> np.ndarray:
    count = int(np.prod(shape))
    values = ((np.arange(1, count + 1) * multiplier) % modulus) / (modulus / 2.0) - 1.0
    return values.reshape(shape).astype(np.float32)


def _trained(tf: Any, loss: Any, optimizer: Any, feeds: Dict[str, np.ndarray]) -> Runs:
    optimizer.minimize(loss, name="train")
    tf.global_variables_initializer()
    tf.identity(loss, name="loss_value")
    steps: Runs = [(["loss_value:0"], feeds), (["train"], feeds)] * 5
    return [(["init"], {}), *steps, (["loss_value:0"], feeds)]


def dense_classifier(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    w1 = tf.Variable(_numbers([5, 4]), name="w1")
    b1 = tf.Variable(tf.zeros([4]), name="b1")
    w2 = tf.Variable(_numbers([4, 1]), name="w2")
    hidden = tf.nn.relu(tf.nn.xw_plus_b(x, w1, b1))
    logits = tf.matmul(tf.tanh(hidden) * tf.sigmoid(hidden), w2) + 0.1
    loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    feeds = {"x:0": _numbers([8, 5], 41), "y:0": (_numbers([8, 1], 59) > 0).astype(np.float32)}
    return _trained(tf, loss, tf.train.AdamOptimizer(0.05), feeds)


def multiclass_with_penalty(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    w = tf.get_variable("w", initializer=tf.constant(_numbers([4, 3])), use_resource=True)
    b = tf.get_variable("b", [3], initializer=tf.zeros_initializer(), use_resource=True)
    logits = tf.matmul(x, w) + b
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    loss = tf.reduce_mean(losses) + 0.01 * tf.nn.l2_loss(w) + 0.1 * tf.reduce_max(tf.abs(b + 0.5))
    feeds = {"x:0": _numbers([6, 4], 43), "y:0": np.array([0, 1, 2, 0, 1, 2])}
    return _trained(tf, loss, tf.train.MomentumOptimizer(0.1, 0.9), feeds)


def shapes_and_slices(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    w = tf.Variable(_numbers([6]), name="w")
    a, b = tf.split(x * w, 2, axis=1)
    c = tf.concat([a[:, ::-1], tf.pad(b, [[0, 0], [1, 0]])], 1)
    d = tf.stack([c, tf.tile(c[:1], [tf.shape(c)[0], 1])], axis=2)
    e = tf.reshape(tf.transpose(d, [2, 0, 1]), [-1, 7])
    f = tf.gather(e, [0, 0, 1]) ** 2 / (1.0 + tf.reduce_sum(e * e, 1, keepdims=True)[:3])
    loss = tf.reduce_sum(tf.unstack(f)[2]) + tf.reduce_mean(tf.squeeze(tf.expand_dims(f, 0)))
    return _trained(tf, loss, tf.train.RMSPropOptimizer(0.05), {"x:0": _numbers([3, 6], 47)})


def embeddings(tf: Any) -> Runs:
    ids = tf.placeholder(tf.int32, [None], name="ids")
    table = tf.Variable(_numbers([7, 3]), name="table")
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, ids) - 0.5))
    return _trained(tf, loss, tf.train.AdagradOptimizer(0.5), {"ids:0": np.array([1, 4, 1])})


def conditions(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [3], name="x")
    p = tf.placeholder(tf.bool, [], name="p")
    w = tf.Variable([1.0, -2.0, 3.0], name="w")
    y = tf.cond(p, lambda: x * w, lambda: tf.cond(x[0] > 0, lambda: w * w, lambda: x - w))
    loss = tf.reduce_sum(tf.square(y))
    runs = _trained(tf, loss, tf.train.GradientDescentOptimizer(0.01), {})
    feeds = [
        {"x:0": np.array([s, 0.5, -0.3], np.float32), "p:0": np.array(q)}
        for s, q in [(1.0, True), (0.2, False), (-1.0, False)]
    ]
    steps = [(fetches, feeds[i % 3]) for i, (fetches, _) in enumerate(runs[1:])]
    return [runs[0], *steps]


def loops(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [2], name="x")
    n = tf.placeholder(tf.int32, [], name="n")
    w = tf.Variable([0.9, 1.1], name="w")
    _, y = tf.while_loop(lambda i, s: i < n, lambda i, s: (i + 1, tf.tanh(s * w) + x), (0, x))
    loss = tf.reduce_sum(tf.square(y))
    feeds = {"x:0": np.array([0.3, -0.4], np.float32), "n:0": np.array(4, np.int32)}
    return _trained(tf, loss, tf.train.GradientDescentOptimizer(0.1), feeds)


def nested_loops(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [], name="x")

    def outer(i: Any, s: Any) -> Any:
        _, t = tf.while_loop(lambda j, t: j <= i, lambda j, t: (j + 1, t * x + 1.0), (0, s))
        return i + 1, t

    _, y = tf.while_loop(lambda i, s: i < 3, outer, (tf.constant(0), x))
    tf.identity(y, name="y")
    tf.identity(tf.gradients(y, x)[0], name="dy")
    return [(["y:0", "dy:0"], {"x:0": np.array(v, np.float32)}) for v in [0.5, -1.5, 2.0]]


def scans(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.scan(lambda a, row: a * 0.5 + row * row, x)
    z = tf.map_fn(lambda row: tf.reduce_sum(row) * row, y)
    tf.identity(z, name="z")
    tf.identity(tf.gradients(z, x)[0], name="dz")
    return [(["z:0", "dz:0"], {"x:0": _numbers([n, 2])}) for n in [3, 5]]


def random_numbers(tf: Any) -> Runs:
    tf.set_random_seed(11)
    a = tf.random_normal([3], name="a")
    b = tf.random_uniform([2], maxval=100, dtype=tf.int32, name="b")
    tf.nn.dropout(tf.ones([6]), rate=0.5, name="c")
    tf.add(tf.reduce_sum(a), tf.cast(tf.reduce_sum(b), tf.float32), name="d")
    return [(["a:0", "b:0"], {}), (["d:0"], {}), (["a:0"], {}), (["c/mul_1:0"], {})]


def second_derivatives(tf: Any) -> Runs:
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.reduce_sum(tf.sin(x) * tf.exp(x) + tf.nn.softplus(x) / (1.0 + x**2))
    (dy,) = tf.gradients(y, x)
    (ddy,) = tf.gradients(dy, x)
    tf.identity(dy, name="dy")
    tf.identity(ddy, name="ddy")
    return [(["dy:0", "ddy:0"], {"x:0": _numbers([3], 53)})]


def datasets(tf: Any) -> Runs:
    scale = tf.Variable(np.float32([1.0, 2.0]), name="scale")
    rows = tf.data.Dataset.from_tensor_slices(_numbers([9, 2])).shuffle(5, seed=3)

    def function(row: Any) -> Any:
        return tf.abs(row) * scale, tf.SparseTensor([[1]], row[:1], [3])

    pairs = rows.map(function).repeat(2).batch(4)
    iterator = pairs.make_initializable_iterator()
    dense, sparse = iterator.get_next()
    tf.identity(dense, name="dense")
    tf.sparse.to_dense(sparse, name="sparse")
    begin = [tf.global_variables_initializer().name, iterator.initializer.name]
    return [([each], {}) for each in begin] + [(["dense:0", "sparse:0"], {})] * 4


def one_shot(tf: Any) -> Runs:
    numbers = tf.data.Dataset.range(4).flat_map(
        lambda n: tf.data.Dataset.range(n).map(lambda m: m * 10 + n)
    )
    tf.identity(numbers.make_one_shot_iterator().get_next(), name="number")
    return [(["number:0"], {})] * 6
