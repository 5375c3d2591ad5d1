"""Activations, losses, normalisation, dropout and dense layers written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np


def activations(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    tf.nn.relu(x)
    tf.nn.relu6(x, name="capped")
    tf.nn.elu(x)
    tf.nn.selu(x)
    tf.nn.crelu(x)
    tf.nn.leaky_relu(x)
    tf.nn.leaky_relu(x, 0.1, name="leak")
    tf.nn.leaky_relu(tf.constant([1, -2]))
    tf.nn.sigmoid(x)
    tf.nn.tanh(x)
    tf.nn.softplus(x)
    tf.nn.softsign(x)
    tf.log_sigmoid(x)
    tf.nn.swish(x)
    tf.nn.relu_layer(x, tf.zeros([4, 2]), tf.zeros([2]))
    tf.nn.relu([1.0, -1.0])
    tf.sigmoid(x, name="probability")


def softmaxes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    t = tf.placeholder(tf.float32, [2, 3, 4], name="t")
    u = tf.placeholder(tf.float32, name="u")
    tf.nn.softmax(x)
    tf.nn.softmax(x, name="prediction")
    tf.nn.softmax(t)
    tf.nn.softmax(t, axis=1)
    tf.nn.softmax(u)
    tf.nn.log_softmax(x)
    tf.nn.log_softmax(t, 0)
    tf.nn.softmax(x, dim=-1)


def cross_entropies(tf: Any) -> None:
    logits = tf.placeholder(tf.float32, [None, 4], name="logits")
    labels = tf.placeholder(tf.float32, [None, 4], name="labels")
    classes = tf.placeholder(tf.int64, [None], name="classes")
    weights = tf.placeholder(tf.float32, [4], name="weights")
    tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
    tf.nn.weighted_cross_entropy_with_logits(labels, logits, 2.0)
    tf.nn.weighted_cross_entropy_with_logits(targets=labels, logits=logits, pos_weight=weights)
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)
    tf.nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="old")
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=classes, logits=logits)
    tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.placeholder(tf.int32, [2, 3]), logits=tf.placeholder(tf.float32, [2, 3, 4])
    )
    tf.nn.softmax_cross_entropy_with_logits_v2(labels, logits, axis=0)
    tf.nn.softmax_cross_entropy_with_logits_v2(
        labels=tf.placeholder(tf.float32, [2, 3, 4]), logits=tf.placeholder(tf.float32, [2, 3, 4])
    )
    tf.nn.log_poisson_loss(labels, logits)
    tf.nn.log_poisson_loss(labels, logits, compute_full_loss=True, name="full")
    tf.nn.l2_loss(logits)


def losses(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 1], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    tf.losses.mean_squared_error(y, x)
    tf.losses.absolute_difference(y, x, weights=0.5, scope="absolute")
    tf.losses.sigmoid_cross_entropy(y, x, label_smoothing=0.1)
    tf.losses.softmax_cross_entropy(tf.zeros([3, 2]), tf.zeros([3, 2]))
    tf.losses.sparse_softmax_cross_entropy(tf.zeros([3], tf.int32), tf.zeros([3, 2]))
    tf.losses.log_loss(y, x)
    tf.losses.huber_loss(y, x, delta=2.0)
    tf.losses.hinge_loss(y, x)
    tf.losses.get_total_loss()


def layers_by_hand(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 5], name="x")

    def dense(x: Any, units: int, name: str, activation: Any = None) -> Any:
        with tf.name_scope(name):
            w = tf.Variable(tf.truncated_normal([int(x.shape[1]), units], stddev=0.1), name="w")
            b = tf.Variable(tf.constant(0.1, shape=[units]), name="b")
            y = tf.nn.xw_plus_b(x, w, b)
            return activation(y) if activation else y

    hidden = dense(x, 4, "hidden", tf.nn.relu)
    hidden = dense(hidden, 4, "hidden", tf.nn.tanh)
    tf.nn.bias_add(tf.matmul(hidden, tf.zeros([4, 2])), tf.zeros([2]))
    tf.nn.bias_add(hidden, [1.0, 2.0, 3.0, 4.0], name="biased")
    tf.nn.xw_plus_b(hidden, tf.zeros([4, 2]), tf.zeros([2]), name="logits")


def dropouts(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    keep = tf.placeholder(tf.float32, name="keep")
    tf.nn.dropout(x, 0.5)
    tf.nn.dropout(x, keep_prob=keep)
    tf.nn.dropout(x, rate=0.3, seed=7)
    tf.nn.dropout(x, rate=keep, name="dropped")
    tf.nn.dropout(x, 0.5, noise_shape=[1, 4])
    tf.nn.dropout(x, keep_prob=1.0)
    tf.nn.dropout(x, rate=0.0)
    tf.nn.dropout(tf.placeholder(tf.float64, [3]), rate=0.25)
    tf.nn.dropout(x, 0.5, noise_shape=[tf.shape(x)[0], 1])


def moments(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    tf.nn.moments(x, [0])
    tf.nn.moments(x, axes=[0, 1], keep_dims=True, name="all")
    tf.nn.moments(tf.placeholder(tf.float16, [None, 4]), [0])
    tf.nn.weighted_moments(x, [0], 2.0)
    tf.nn.sufficient_statistics(x, [0])
    tf.nn.normalize_moments(2.0, [1.0], [2.0], None)


def batch_normalizations(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    mean, variance = tf.nn.moments(x, [0])
    offset = tf.Variable(tf.zeros([4]), name="offset")
    scale = tf.Variable(tf.ones([4]), name="scale")
    tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3)
    tf.nn.batch_normalization(x, mean, variance, None, None, 1e-3)
    tf.nn.batch_normalization(x, mean, variance, offset, None, 1e-3, name="shifted")
    tf.nn.batch_norm_with_global_normalization(
        tf.zeros([2, 2, 2, 4]), mean, variance, offset, scale, 1e-3, True
    )


def summaries(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    loss = tf.reduce_mean(x, name="loss")
    tf.summary.scalar("loss", loss)
    tf.summary.scalar("with space", loss)
    tf.summary.histogram("x", x)
    with tf.name_scope("block"):
        tf.summary.scalar("loss", loss)
        tf.summary.histogram("x", x, family="group")
        tf.summary.scalar("n", 3, collections=["other"])
    tf.summary.merge([tf.summary.scalar("again", loss)])
    tf.summary.merge_all()
    tf.summary.merge_all("other")
    tf.summary.merge_all("nothing")


def summaries_of_media(tf: Any) -> None:
    tf.summary.text("words", tf.constant("hello"))
    tf.summary.image("picture", tf.zeros([1, 2, 2, 3]), max_outputs=1)
    tf.summary.audio("sound", tf.zeros([1, 4]), 8000.0)
    tf.summary.tensor_summary("anything", tf.zeros([2]))


def sparse_placeholders(tf: Any) -> None:
    tf.sparse_placeholder(tf.float32)
    sp = tf.sparse_placeholder(tf.float32, shape=[3, 4], name="table")
    tf.sparse_tensor_to_dense(sp)
    tf.SparseTensor([[0, 1]], [1.0], [2, 2])
    tf.sparse_reduce_sum(sp, 1)
    tf.sparse_tensor_dense_matmul(sp, np.zeros([4, 2], np.float32))
