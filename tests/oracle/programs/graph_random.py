"""Random operations: their attributes carry the seeds that TF 1.15 derives."""

from __future__ import annotations

from typing import Any


def _every_random_op(tf: Any, **seed: Any) -> None:
    n = tf.placeholder(tf.int32, [], name="n")
    tf.random_uniform([2], **seed)
    tf.random_uniform([2], -1.0, 1.0, tf.float64, **seed)
    tf.random_uniform([n, 2], maxval=10, dtype=tf.int32, **seed)
    tf.random_uniform([2], 3, 9, tf.int64, name="ids", **seed)
    tf.random_normal([2, 3], **seed)
    tf.random_normal([n], 1.0, 2.0, tf.float16, name="noise", **seed)
    tf.truncated_normal([2, 3], stddev=0.1, **seed)
    tf.random_shuffle(tf.range(5), **seed)
    tf.multinomial(tf.zeros([2, 3]), 4, **seed)
    tf.random.categorical(tf.zeros([2, 3]), 4, dtype=tf.int32, **seed)
    tf.random_gamma([2], 1.5, **seed)
    tf.random_gamma([2], [1.0, 2.0], beta=3.0, **seed)
    tf.random_poisson(3.0, [2], **seed)
    tf.random.poisson([1.0, 2.0], [3], tf.float64, **seed)
    tf.random_crop(tf.zeros([4, 4]), [2, 2], **seed)
    tf.nn.dropout(tf.ones([3]), 0.5, **seed)


def random_ops(tf: Any) -> None:
    _every_random_op(tf)


def random_ops_with_op_seed(tf: Any) -> None:
    _every_random_op(tf, seed=123)


def random_ops_with_graph_seed(tf: Any) -> None:
    tf.set_random_seed(87654321)
    _every_random_op(tf)


def random_ops_with_both_seeds(tf: Any) -> None:
    tf.set_random_seed(1)
    _every_random_op(tf, seed=5)


def seed_changes(tf: Any) -> None:
    tf.random_normal([1], name="before")
    tf.set_random_seed(3)
    tf.random_normal([1], name="three")
    tf.random_normal([1], name="three")
    tf.random_normal([1], seed=0, name="op_zero")
    tf.set_random_seed(0)
    tf.random_normal([1], name="graph_zero")
    tf.random_normal([1], seed=0, name="zeros")
    tf.set_random_seed(None)
    tf.random_normal([1], name="after")
    tf.random_normal([1], seed=0, name="op_zero_only")
    tf.set_random_seed(2**31 + 5)
    tf.random_normal([1], seed=2**33 + 1, name="large")
    tf.random_normal([1], seed=-1, name="negative")


def distributions(tf: Any) -> None:
    normal = tf.distributions.Normal(0.0, 1.0)
    normal.sample(3, seed=1)
    normal.log_prob(0.5)
