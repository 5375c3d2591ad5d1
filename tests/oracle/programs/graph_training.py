"""Optimizers, learning rates, averages. What stands in ``gradients`` scopes is not compared."""

from __future__ import annotations

from typing import Any

import numpy as np


def _loss(tf: Any, use_resource: bool = False, dtype: Any = None) -> Any:
    dtype = dtype or tf.float32
    x = tf.placeholder(dtype, [None, 3], name="x")
    with tf.variable_scope("net", use_resource=use_resource):
        w = tf.get_variable("w", [3, 2], dtype, tf.zeros_initializer())
        b = tf.get_variable("b", [2], dtype, tf.ones_initializer())
    return tf.reduce_mean(tf.square(tf.matmul(x, w) + b), name="loss")


def gradient_descent(tf: Any) -> None:
    tf.train.GradientDescentOptimizer(0.1).minimize(_loss(tf))
    tf.global_variables_initializer()


def gradient_descent_with_global_step(tf: Any) -> None:
    loss = _loss(tf)
    step = tf.Variable(0, trainable=False, name="step")
    rate = tf.placeholder(tf.float32, [], name="rate")
    optimizer = tf.train.GradientDescentOptimizer(rate, name="SGD")
    optimizer.minimize(loss, global_step=step, name="train")


def momentum(tf: Any) -> None:
    tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True).minimize(_loss(tf))


def adam(tf: Any) -> None:
    loss = _loss(tf)
    tf.train.AdamOptimizer().minimize(loss, global_step=tf.train.get_or_create_global_step())
    tf.global_variables_initializer()


def adam_resource(tf: Any) -> None:
    tf.train.AdamOptimizer(0.01).minimize(_loss(tf, use_resource=True))
    tf.global_variables_initializer()


def adam_double(tf: Any) -> None:
    tf.train.AdamOptimizer(1e-2, epsilon=1e-4).minimize(_loss(tf, dtype=tf.float64))


def adagrad(tf: Any) -> None:
    tf.train.AdagradOptimizer(0.1).minimize(_loss(tf))


def adadelta(tf: Any) -> None:
    tf.train.AdadeltaOptimizer(0.1).minimize(_loss(tf))


def adagrad_da(tf: Any) -> None:
    step = tf.train.get_or_create_global_step()
    tf.train.AdagradDAOptimizer(0.1, step).minimize(_loss(tf), global_step=step)


def rmsprop(tf: Any) -> None:
    tf.train.RMSPropOptimizer(0.1, momentum=0.5).minimize(_loss(tf))


def rmsprop_centered(tf: Any) -> None:
    tf.train.RMSPropOptimizer(0.1, centered=True).minimize(_loss(tf))


def ftrl(tf: Any) -> None:
    tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01).minimize(_loss(tf))


def ftrl_with_shrinkage(tf: Any) -> None:
    tf.train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.01).minimize(_loss(tf))


def proximal_gradient_descent(tf: Any) -> None:
    tf.train.ProximalGradientDescentOptimizer(0.1).minimize(_loss(tf))


def proximal_adagrad(tf: Any) -> None:
    tf.train.ProximalAdagradOptimizer(0.1).minimize(_loss(tf))


def compute_and_apply(tf: Any) -> None:
    loss = _loss(tf)
    optimizer = tf.train.GradientDescentOptimizer(0.5, use_locking=True)
    pairs = optimizer.compute_gradients(loss)
    clipped = [(tf.clip_by_value(g, -1.0, 1.0), v) for g, v in pairs]
    optimizer.apply_gradients(clipped)
    for _, v in pairs:
        tf.summary.histogram(v.op.name, v)


def two_optimizers(tf: Any) -> None:
    loss = _loss(tf)
    w, b = tf.trainable_variables()
    tf.train.AdamOptimizer(0.1).minimize(loss, var_list=[w])
    tf.train.AdamOptimizer(0.1).minimize(-loss, var_list=[b])
    tf.train.MomentumOptimizer(0.1, 0.9, name="third").minimize(loss)


def sparse_training(tf: Any) -> None:
    table = tf.Variable(np.ones([5, 2], np.float32), name="table")
    ids = tf.placeholder(tf.int32, [None], name="ids")
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, ids)))
    tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    tf.train.AdamOptimizer(0.1).minimize(loss)
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    tf.train.AdagradOptimizer(0.1).minimize(loss)


def sparse_resource_training(tf: Any) -> None:
    table = tf.get_variable("table", [5, 2], use_resource=True)
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, [1, 1, 3])))
    tf.train.AdamOptimizer(0.1).minimize(loss)


def learning_rates(tf: Any) -> None:
    step = tf.train.get_or_create_global_step()
    train = tf.train
    train.exponential_decay(0.1, step, 100, 0.96)
    train.exponential_decay(0.1, step, 100, 0.96, staircase=True, name="stairs")
    train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.1])
    train.polynomial_decay(0.1, step, 100)
    train.polynomial_decay(0.1, step, 100, 0.01, power=2.0, cycle=True)
    train.natural_exp_decay(0.1, step, 100, 0.5)
    train.inverse_time_decay(0.1, step, 100, 0.5, staircase=True)
    train.cosine_decay(0.1, step, 100)
    train.cosine_decay_restarts(0.1, step, 100)
    train.linear_cosine_decay(0.1, step, 100)
    train.exponential_decay(0.1, 3, 100, 0.96)


def moving_averages(tf: Any) -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    x = tf.reduce_sum(w, name="x")
    average = tf.train.ExponentialMovingAverage(0.99)
    average.apply([w])
    average.average(w)
    tf.identity(average.average_name(w) and w)
    stepped = tf.train.ExponentialMovingAverage(0.9, num_updates=10, name="stepped")
    stepped.apply([w, x])
    debiased = tf.train.ExponentialMovingAverage(0.9, zero_debias=True, name="debiased")
    debiased.apply([w, x])
    tf.train.ExponentialMovingAverage(0.5, name="all").apply()


def global_steps(tf: Any) -> None:
    step = tf.train.create_global_step()
    tf.train.get_global_step()
    tf.assign_add(step, 1)
    tf.train.get_or_create_global_step()


def savers(tf: Any) -> None:
    tf.Variable([1.0, 2.0], name="w")
    tf.Variable(3, name="n")
    tf.train.Saver()


def gradient_nodes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.square(x, name="y")
    (g,) = tf.gradients(y, x)
    tf.multiply(2.0, tf.gradients(y, [x], name="gradients_again")[0], name="twice")
    tf.identity(g, name="result")
