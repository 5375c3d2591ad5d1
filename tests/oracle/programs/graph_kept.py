"""Variables on devices, cached, constrained, in parts, sliced; and optimizers that train them."""

from __future__ import annotations

from typing import Any

import numpy as np


def _kinds(tf: Any, value: Any, name: str) -> Any:
    return [
        tf.Variable(value, name=name),
        tf.Variable(value, name=name + "_r", use_resource=True),
    ]


def devices(tf: Any) -> None:
    with tf.device("/gpu:0"):
        _kinds(tf, [1.0, 2.0], "w")
        tf.Variable(lambda: tf.ones([2]), name="lazy")
        with tf.device("/job:ps/task:1"):
            for v in _kinds(tf, lambda: tf.zeros([2]), "z"):
                tf.identity(v)
                v.assign([1.0, 1.0])
    tf.get_variable("got", [2], caching_device="/cpu:0")
    tf.get_variable("got_r", [2], caching_device="/cpu:0", use_resource=True)
    tf.global_variables_initializer()


def cached(tf: Any) -> None:
    with tf.variable_scope("c", caching_device="/device:CPU:0", use_resource=True):
        r = tf.get_variable("r", initializer=tf.constant([1.0]))
        r.assign_add([1.0])
        r + 1.0
        r.read_value()


def colocated(tf: Any) -> None:
    w, r = _kinds(tf, [1.0, 2.0], "w")
    with tf.colocate_with(w):
        tf.constant(1.0, name="beside_w")
        tf.Variable(0.0, name="inner")
    with tf.colocate_with(r):
        tf.constant(1.0, name="beside_r")
        tf.Variable(0.0, name="inner_r", use_resource=True)


def control_dependencies(tf: Any) -> None:
    x = tf.constant(1.0, name="x")
    with tf.control_dependencies([x]):
        for v in _kinds(tf, lambda: tf.constant(2.0), "w"):
            v + 1.0
            with tf.control_dependencies([v, v.assign_add(1.0), v.initializer]):
                tf.no_op(name="done")


def slices(tf: Any) -> None:
    i = tf.placeholder(tf.int32, [], name="i")
    for v in _kinds(tf, np.zeros([4, 3], np.float32), "w"):
        v[0]
        v[1:, i]
        v[i].assign([1.0, 2.0, 3.0])
        v[:, 1:2].assign(tf.ones([4, 1]), name="column")
        v[..., tf.newaxis]


def reads(tf: Any) -> None:
    w, r = _kinds(tf, np.zeros([4, 3], np.float32), "w")
    tf.gather(w, [1, 0])
    tf.gather(r, [1, 0])
    tf.nn.embedding_lookup([w], [1, 0])
    tf.nn.embedding_lookup(r, [[1], [0]])
    tf.gather_nd(r, [[1, 0]])
    r.sparse_read([1])
    r.gather_nd([[1, 2]])
    tf.shape(w)
    tf.shape(r)
    tf.size(r)
    tf.rank(r)
    tf.concat([w, r], 0)
    tf.stack([w, r])
    tf.cast(w, tf.float64)
    tf.cast(r, tf.float64)
    tf.cast(r, tf.float32)
    tf.reduce_sum(r)
    tf.square(r)
    [w, r]
    tf.convert_to_tensor(r)
    tf.convert_to_tensor([r, r])


def batches_of_rows(tf: Any) -> None:
    for v in _kinds(tf, np.zeros([2, 3, 2], np.float32), "w"):
        tf.batch_scatter_update(v, [[0, 2], [1, 1]], np.ones([2, 2, 2], np.float32))


def conditional(tf: Any) -> None:
    p = tf.placeholder(tf.bool, [], name="p")
    w, r = _kinds(tf, 1.0, "w")
    tf.cond(p, lambda: w + 1.0, lambda: w.assign_add(1.0))
    tf.cond(p, lambda: r + 1.0, lambda: r.assign_add(1.0).value())
    tf.cond(p, lambda: tf.get_variable("inside", [2]), lambda: tf.zeros([2]))


def initial_values(tf: Any) -> None:
    a = tf.Variable(tf.ones([2]), name="a")
    r = tf.Variable(tf.ones([2]), name="r", use_resource=True)
    tf.Variable(a * 2.0 + 1.0, name="b")
    tf.Variable(r * 2.0, name="s", use_resource=True)
    tf.Variable(a.initialized_value() + r.initialized_value(), name="d")
    n = tf.get_local_variable("n", initializer=1.0)
    tf.Variable(n + 1.0, name="m")


def getters(tf: Any) -> None:
    def tenth(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return getter(name, *args, **kwargs) * 0.1

    def renamed(getter: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        return getter(name + "_x", *args, **kwargs)

    inner = tf.variable_scope("b", custom_getter=renamed)
    with tf.variable_scope("a", custom_getter=tenth), inner as scope:
        tf.get_variable("w", [2])
    with tf.variable_scope(scope, reuse=True):
        tf.get_variable("w", [2])
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        tf.get_variable("root", [2])
    with tf.variable_scope("a/b"), tf.variable_scope(None, "c"), tf.variable_scope(None, "c"):
        tf.get_variable("w", [2])


def parts(tf: Any) -> None:
    cut = tf.fixed_size_partitioner(2)
    w = tf.get_variable("w", [5, 2], partitioner=cut, initializer=tf.glorot_normal_initializer(1))
    v = tf.get_variable("v", initializer=tf.ones([4, 2]), partitioner=cut)
    tf.get_variable("i", [4, 4], partitioner=cut, initializer=tf.initializers.identity())
    w.assign(tf.ones([5, 2]))
    loss = tf.reduce_sum(tf.matmul(tf.ones([1, 5]), w)) + tf.reduce_sum(v.as_tensor())
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    tf.create_partitioned_variables([4], [2], tf.zeros_initializer(), name="old")


def constrained(tf: Any) -> None:
    with tf.variable_scope("a", constraint=tf.nn.relu):
        w = tf.get_variable("w", [2])
        r = tf.get_variable("r", [2], use_resource=True)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w * r))


def gated(tf: Any) -> None:
    w, r = _kinds(tf, [1.0, 2.0], "w")
    loss = tf.reduce_sum(w * r)
    optimizer = tf.train.AdamOptimizer(0.1, name="Mine")
    optimizer.minimize(loss, gate_gradients=optimizer.GATE_GRAPH)
    step = tf.train.get_or_create_global_step()
    optimizer.minimize(loss, gate_gradients=optimizer.GATE_NONE, global_step=step, name="second")


def on_devices(tf: Any) -> None:
    with tf.device("/gpu:1"):
        w = tf.Variable([1.0, 2.0], name="w")
        r = tf.Variable([1.0, 2.0], name="r", use_resource=True)
    with tf.device("/cpu:0"):
        tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * r))
        tf.global_variables_initializer()


def _train_rows(tf: Any, use_resource: bool, optimizers: Any) -> None:
    ids = tf.placeholder(tf.int32, [None], name="ids")
    with tf.variable_scope("net", use_resource=use_resource):
        table = tf.get_variable("table", [5, 2])
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, ids)))
    for optimizer in optimizers:
        optimizer.minimize(loss)


def rows_of_references(tf: Any) -> None:
    train = tf.train
    optimizers = [
        train.GradientDescentOptimizer(0.1),
        train.MomentumOptimizer(0.1, 0.9),
        train.AdadeltaOptimizer(0.1),
        train.RMSPropOptimizer(0.1, centered=True),
        train.FtrlOptimizer(0.1),
        train.ProximalAdagradOptimizer(0.1),
    ]
    _train_rows(tf, False, optimizers)


def rows_of_resources(tf: Any) -> None:
    train = tf.train
    step = train.get_or_create_global_step()
    optimizers = [
        train.GradientDescentOptimizer(0.1),
        train.AdamOptimizer(0.1),
        train.AdagradOptimizer(0.1),
        train.RMSPropOptimizer(0.1),
        train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.1),
        train.ProximalGradientDescentOptimizer(0.1),
        train.AdagradDAOptimizer(0.1, step),
    ]
    _train_rows(tf, True, optimizers)


def unknown_shapes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable(x, validate_shape=False, name="w")
    r = tf.Variable(x, validate_shape=False, name="r", use_resource=True)
    loss = tf.reduce_sum(w) + tf.reduce_sum(r)
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    tf.train.AdagradOptimizer(0.1).minimize(loss)
    tf.train.RMSPropOptimizer(0.1).minimize(loss)


def dtypes_of_training(tf: Any) -> None:
    w = tf.get_variable("w", [2], tf.float64)
    r = tf.get_variable("r", [2], tf.float16, use_resource=True)
    loss = tf.reduce_sum(w) + tf.cast(tf.reduce_sum(r), tf.float64)
    tf.train.AdamOptimizer(0.1).minimize(loss)
    tf.train.RMSPropOptimizer(tf.placeholder(tf.float32, [], name="rate")).minimize(loss)
    tf.train.FtrlOptimizer(0.1).minimize(loss)


def averages_of_resources(tf: Any) -> None:
    r = tf.Variable([1.0, 2.0], name="r", use_resource=True)
    x = tf.reduce_sum(r, name="x")
    tf.train.ExponentialMovingAverage(0.99).apply([r])
    with tf.variable_scope("s", use_resource=True):
        tf.train.ExponentialMovingAverage(0.9, zero_debias=True, name="debiased").apply([r, x])
    tf.train.ExponentialMovingAverage(0.9, tf.train.get_or_create_global_step(), name="n").apply()


def regularized(tf: Any) -> None:
    layers = tf.contrib.layers
    with tf.variable_scope("a", regularizer=layers.l2_regularizer(0.1)):
        tf.get_variable("w", [2])
        tf.get_variable("r", [2], use_resource=True)
        tf.get_variable("v", [2], regularizer=layers.l1_regularizer(0.5, scope="own"))
        tf.get_variable("u", [2], regularizer=layers.l1_l2_regularizer(0.1, 0.2))
        tf.get_variable("t", [2], regularizer=layers.l2_regularizer(0.0))
    tf.losses.get_regularization_losses()
    tf.losses.get_regularization_loss()
    tf.losses.get_total_loss()
    layers.apply_regularization(layers.l2_regularizer(0.3), tf.trainable_variables())
