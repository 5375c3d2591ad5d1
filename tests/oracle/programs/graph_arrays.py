"""Slicing, joining, gathering and reshaping."""

from __future__ import annotations

from typing import Any

import numpy as np


def slicing(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4, 5], name="x")
    x[0]
    x[-1]
    x[1, 2]
    x[1, 2, 3]
    x[:]
    x[1:]
    x[:2]
    x[1:-1]
    x[::2]
    x[::-1]
    x[:, 1]
    x[:, 1:3, ::2]
    x[..., 0]
    x[...]
    x[0, ..., 1:2]
    x[:, tf.newaxis]
    x[tf.newaxis, ..., tf.newaxis]
    x[None, 0, None, 1:, ...]
    x[2:1]
    x[(0, slice(None))]
    tf.placeholder(tf.float32)[3:, 0]
    tf.constant([1, 2, 3])[1]
    tf.constant("abc")[tf.newaxis]


def slicing_with_tensors(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    i = tf.placeholder(tf.int32, [], name="i")
    j = tf.placeholder(tf.int64, [], name="j")
    x[i]
    x[i:]
    x[: i + 1, 0]
    x[j]
    x[j - 1, j]
    x[::i]
    x[tf.shape(x)[0] - 1]
    x[np.int64(1)]
    x[np.int32(1) :]
    x[tf.constant(1) : tf.constant(3)]
    x[i : i + 2, tf.newaxis, :3]


def slice_functions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    tf.slice(x, [0, 1], [2, 2])
    tf.slice(x, [0, 1], [-1, 2])
    tf.slice(x, tf.constant([0, 0]), tf.shape(x))
    tf.strided_slice(x, [0], [2])
    tf.strided_slice(x, [0, 0], [2, 4], [1, 2])
    tf.strided_slice(x, [0], [1], [1], begin_mask=1, shrink_axis_mask=1, name="masked")
    tf.boolean_mask(x, [True, False])
    tf.boolean_mask(x, tf.placeholder(tf.bool, [None]))
    tf.boolean_mask(x, x > 0, name="positive")
    tf.boolean_mask(tf.constant([[1, 2], [3, 4]]), [False, True], axis=1)
    tf.sequence_mask([1, 3, 2])
    tf.sequence_mask(tf.placeholder(tf.int32, [None]), 5, tf.float32)
    tf.invert_permutation([2, 0, 1])
    tf.dynamic_partition(x, tf.placeholder(tf.int32, [None]), 2)
    tf.dynamic_stitch([[0, 2], [1, 3]], [[1.0, 2.0], [3.0, 4.0]])
    tf.batch_to_space_nd(tf.zeros([4, 1, 1, 1]), [2, 2], [[0, 0], [0, 0]])
    tf.space_to_batch_nd(tf.zeros([1, 2, 2, 1]), [2, 2], [[0, 0], [0, 0]])


def shapes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [3, 4], name="y")
    u = tf.placeholder(tf.float32, name="u")
    tf.shape(x)
    tf.shape(y)
    tf.shape(y, out_type=tf.int64)
    tf.shape(x, name="dims", out_type=tf.int64)
    tf.shape(u)
    tf.shape_n([x, y])
    tf.size(x)
    tf.size(y)
    tf.size(u, out_type=tf.int64)
    tf.rank(x)
    tf.rank(u)
    tf.shape([1, 2, 3])
    tf.broadcast_static_shape(x.shape, y.shape)
    tf.broadcast_dynamic_shape(tf.shape(x), tf.shape(y))
    tf.broadcast_to([1.0, 2.0], [3, 2])
    tf.meshgrid([1, 2], [3, 4, 5])
    tf.meshgrid([1.0], [2.0, 3.0], indexing="ij")
    x.set_shape([7, None])
    tf.identity(x)
    tf.ensure_shape(u, [None, 2])


def reshapes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4, 1], name="x")
    tf.reshape(x, [-1])
    tf.reshape(x, [-1, 4])
    tf.reshape(x, [-1, 2, 2], name="blocks")
    tf.reshape(x, tf.shape(x)[:2])
    tf.reshape(x, [tf.shape(x)[0], 4])
    tf.reshape(tf.zeros([6]), (2, 3))
    tf.reshape(tf.zeros([1]), [])
    tf.expand_dims(x, 0)
    tf.expand_dims(x, -1)
    tf.expand_dims(x, axis=1, name="wide")
    tf.expand_dims(x, dim=1)
    tf.squeeze(x)
    tf.squeeze(x, [2])
    tf.squeeze(x, axis=-1)
    tf.squeeze(x, squeeze_dims=[2])
    tf.transpose(x)
    tf.transpose(x, [1, 0, 2])
    tf.transpose(x, perm=[2, 0, 1], name="turned")
    tf.transpose(tf.placeholder(tf.float32))
    tf.matrix_transpose(x)
    tf.transpose(tf.placeholder(tf.complex64, [2, 2]), conjugate=True)
    tf.reverse(x, [0])
    tf.reverse_sequence(x, tf.placeholder(tf.int32, [None]), 1, 0)
    tf.tile(x, [1, 2, 1])
    tf.space_to_depth(tf.zeros([1, 2, 2, 1]), 2)
    tf.depth_to_space(tf.zeros([1, 1, 1, 4]), 2)
    tf.roll(x, 1, 0)


def padding(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    tf.pad(x, [[1, 1], [0, 2]])
    tf.pad(x, [[1, 1], [0, 2]], "REFLECT")
    tf.pad(x, [[1, 1], [0, 2]], mode="symmetric")
    tf.pad(x, [[1, 1], [0, 2]], constant_values=1.0)
    tf.pad(x, tf.placeholder(tf.int32, [2, 2]), name="dynamic")


def joining(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, [None, 4], name="y")
    tf.concat([x, y], 0)
    tf.concat([x, y], axis=1)
    tf.concat([x, y], -1, name="joined")
    tf.concat([x], 0)
    tf.concat(x, 0)
    tf.concat([[1, 2], [3]], 0)
    tf.concat([x, y], tf.constant(1))
    tf.stack([x, y])
    tf.stack([x, y], axis=-1, name="paired")
    tf.stack([1.0, 2.0, tf.constant(3.0)])
    tf.stack([tf.constant(1), 2])
    tf.parallel_stack([[1.0, 2.0], [3.0, 4.0]])
    tf.stack([1, 2, 3])


def splitting(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    z = tf.placeholder(tf.float32, [3, 2], name="z")
    tf.split(x, 3, 1)
    tf.split(x, [1, 2, 3], axis=1)
    tf.split(x, [4, -1], -1, name="parts")
    tf.split(value=x, num_or_size_splits=2, axis=1)
    tf.split(x, tf.constant([1, 5]), 1, num=2)
    tf.split(z, 3)
    tf.unstack(z)
    tf.unstack(z, axis=1, name="columns")
    tf.unstack(x, num=5)
    tf.unstack([1, 2, 3])


def gathering(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    ids = tf.placeholder(tf.int32, [None], name="ids")
    w = tf.Variable(np.zeros([5, 2], np.float32), name="w")
    r = tf.Variable(np.zeros([5, 2], np.float32), name="r", use_resource=True)
    tf.gather(x, ids)
    tf.gather(x, [0, 2])
    tf.gather(x, 1)
    tf.gather(x, ids, axis=1, name="columns")
    tf.gather(w, ids)
    tf.gather(r, ids)
    tf.gather(x, [[0, 1], [1, 0]], batch_dims=0)
    tf.gather_nd(x, [[0, 1], [1, 2]])
    tf.gather_nd(x, ids, name="one")
    tf.scatter_nd([[1], [3]], [5.0, 6.0], [6])
    tf.batch_gather(tf.zeros([2, 3]), [[0], [1]])
    tf.nn.embedding_lookup(w, ids)
    tf.nn.embedding_lookup(r, ids, name="rows")
    tf.nn.embedding_lookup(x, [0, 1], max_norm=1.0)


def embedding_partitions(tf: Any) -> None:
    parts = [tf.Variable(np.zeros([3, 2], np.float32), name="part") for _ in range(2)]
    ids = tf.placeholder(tf.int64, [None], name="ids")
    tf.nn.embedding_lookup(parts, ids)
    tf.nn.embedding_lookup(parts, ids, partition_strategy="div")


def choosing(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    p = tf.placeholder(tf.bool, [None], name="p")
    tf.where(x > 0)
    tf.where(x > 0, x, tf.zeros_like(x))
    tf.where(p, x, -x, name="rows")
    tf.where([True, False], [1, 2], [3, 4])
    tf.where_v2(x > 0, x, 0.0)
    tf.one_hot([0, 2, 1], 3)
    tf.one_hot(tf.placeholder(tf.int32, [None]), 10)
    tf.one_hot(tf.placeholder(tf.int64, [2, None]), 4, 5.0, -1.0, axis=1)
    tf.one_hot([1, 0], 2, on_value=True, off_value=False)
    tf.one_hot([1, 0], 2, dtype=tf.float64, name="encoded")
    tf.one_hot(1, depth=tf.placeholder(tf.int32, []))
    tf.argmax(x, 1)
    tf.argmax(x)
    tf.argmin(x, axis=0, output_type=tf.int32)
    tf.argmax(x, dimension=1, name="best")
    tf.argsort(x)
    tf.sort(x, direction="DESCENDING")
    tf.nn.top_k(x, 2)
    tf.nn.in_top_k(x, tf.placeholder(tf.int32, [None]), 2)
    tf.unique(tf.placeholder(tf.int32, [None]))
    tf.unique_with_counts([1, 1, 2])
    tf.setdiff1d([1, 2, 3], [2])
    tf.searchsorted([1.0, 2.0, 3.0], [1.5])
    tf.histogram_fixed_width([0.0, 1.0, 2.0], [0.0, 3.0], nbins=3)
    tf.bincount([1, 2, 2])


def segments(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    ids = tf.placeholder(tf.int32, [None], name="ids")
    tf.segment_sum(x, ids)
    tf.segment_mean(x, ids)
    tf.segment_max(x, ids)
    tf.segment_min(x, ids)
    tf.segment_prod(x, ids)
    tf.unsorted_segment_sum(x, ids, 4)
    tf.unsorted_segment_max(x, ids, 4)
    tf.unsorted_segment_mean(x, ids, num_segments=4)
    tf.unsorted_segment_sqrt_n(x, ids, 4, name="root")
    tf.cumsum(x)
    tf.cumsum(x, axis=1, exclusive=True, reverse=True, name="running")
    tf.cumprod(x, 1)


def matrix_shapes(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.diag([1.0, 2.0])
    tf.diag_part(tf.zeros([2, 2]))
    tf.matrix_diag(x)
    tf.matrix_diag_part(tf.zeros([2, 3, 3]))
    tf.matrix_set_diag(tf.zeros([2, 2]), [1.0, 2.0])
    tf.matrix_band_part(tf.zeros([3, 3]), -1, 0)
    tf.trace(tf.zeros([2, 2]))
    tf.linalg.tensor_diag([1, 2])
