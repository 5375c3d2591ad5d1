"""Reductions, matrix products, clipping and linear algebra."""

from __future__ import annotations

from typing import Any


def reductions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.reduce_sum(x)
    tf.reduce_sum(x, 0)
    tf.reduce_sum(x, axis=1)
    tf.reduce_sum(x, [0, 1], name="total")
    tf.reduce_sum(x, -1, keepdims=True)
    tf.reduce_sum(x, reduction_indices=1, keep_dims=True)
    tf.reduce_mean(x)
    tf.reduce_mean(x, 0)
    tf.reduce_max(x)
    tf.reduce_min(x, 1)
    tf.reduce_prod(x, axis=(0, 1))
    tf.reduce_all(x > 0)
    tf.reduce_any(x > 0, 1)
    tf.reduce_logsumexp(x)
    tf.reduce_logsumexp(x, 1, keepdims=True)
    tf.reduce_mean([1.0, 2.0])
    tf.reduce_sum(x, [])


def reductions_of_unknown_shape(tf: Any) -> None:
    x = tf.placeholder(tf.float64, name="x")
    tf.reduce_sum(x)
    tf.reduce_mean(x)
    tf.reduce_sum(x, 0)
    tf.reduce_mean(x, [0, 1], keepdims=True)
    tf.reduce_max(x, tf.placeholder(tf.int32, []))
    tf.reduce_sum(x, axis=tf.constant([0]))
    tf.math.reduce_std(x)
    tf.math.reduce_variance(x, 0)
    tf.math.reduce_euclidean_norm(x)
    tf.count_nonzero(x)
    tf.count_nonzero(x, axis=0, dtype=tf.int32)


def matrix_products(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    w = tf.placeholder(tf.float32, [3, 2], name="w")
    b = tf.placeholder(tf.float32, [5, 2, 3], name="b")
    u = tf.placeholder(tf.float32, name="u")
    z = tf.placeholder(tf.complex64, [2, 2], name="z")
    tf.matmul(x, w)
    tf.matmul(w, x, transpose_a=True, transpose_b=True)
    tf.matmul(x, x, transpose_b=True, name="gram")
    tf.matmul(b, b, transpose_b=True)
    tf.matmul(b, tf.zeros([3, 4]))
    tf.matmul(x, w, a_is_sparse=True)
    tf.matmul(u, w)
    tf.matmul(z, z, adjoint_a=True)
    tf.linalg.matvec(w, [1.0, 2.0])
    tf.linalg.matmul(w, [[1.0, 2.0], [3.0, 4.0]])
    x @ w
    b @ w
    tf.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])


def tensor_products(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    t = tf.placeholder(tf.float32, [2, 3, 4], name="t")
    u = tf.placeholder(tf.float32, name="u")
    tf.tensordot(x, t, [[1], [1]])
    tf.tensordot(t, t, [[0, 1], [0, 1]], name="both")
    tf.tensordot(x, tf.constant([1.0, 2.0, 3.0]), 1)
    tf.tensordot(tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0]), 0)
    tf.tensordot(u, x, [[0], [1]])
    tf.tensordot(x, x, axes=[1, 1])


def einsums(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    t = tf.placeholder(tf.float32, [2, 3, 4], name="t")
    m = tf.placeholder(tf.float32, [3, 4], name="m")
    tf.einsum("ij,jk->ik", x, m)
    tf.einsum("ij->ji", x)
    tf.einsum("bij,bkj->bik", t, t)
    tf.einsum("bij,ij->b", t, m)
    tf.einsum("i,j->ij", tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0, 5.0]))
    tf.einsum("ijk->ik", t)
    tf.einsum("ij,ij,ij->i", m, m, m)


def clipping(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [2], name="y")
    tf.clip_by_value(x, 0.0, 1.0)
    tf.clip_by_value(x, -1, tf.constant(2.0), name="clipped")
    tf.clip_by_norm(x, 2.0)
    tf.clip_by_norm(x, 1.0, axes=[1])
    tf.clip_by_average_norm(x, 1.0)
    tf.global_norm([x, y])
    tf.clip_by_global_norm([x, y, None], 5.0)
    tf.clip_by_global_norm([x], 5.0, use_norm=tf.constant(2.0), name="global")


def norms(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    tf.norm(x)
    tf.norm(x, axis=1)
    tf.norm(x, 1, axis=0, keepdims=True)
    tf.norm(x, "fro", axis=[0, 1])
    tf.norm(x, float("inf"))
    tf.norm(x, ord=3, name="cubic")
    tf.nn.l2_normalize(x, 1)
    tf.nn.l2_normalize(x, axis=0, epsilon=1e-6, name="unit")
    tf.nn.l2_normalize(x, dim=1)
    tf.nn.l2_loss(x)
    tf.nn.zero_fraction(x)
    tf.linalg.norm(x, 2)


def linear_algebra(tf: Any) -> None:
    m = tf.placeholder(tf.float64, [3, 3], name="m")
    b = tf.placeholder(tf.float64, [3, 1], name="b")
    tf.cholesky(m)
    tf.matrix_inverse(m)
    tf.matrix_determinant(m)
    tf.linalg.logdet(m)
    tf.linalg.slogdet(m)
    tf.matrix_solve(m, b)
    tf.matrix_triangular_solve(m, b, lower=False)
    tf.cholesky_solve(m, b)
    tf.matrix_solve_ls(m, b, fast=False)
    tf.qr(m)
    tf.svd(m)
    tf.svd(m, compute_uv=False)
    tf.self_adjoint_eig(m)
    tf.self_adjoint_eigvals(m)
    tf.linalg.inv(m, adjoint=True, name="inverse")
    tf.linalg.logm(tf.cast(m, tf.complex128))
