"""Factorizations, solvers, diagonals and norms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import (
    Array,
    complex_,
    floats,
    given,
    ints,
    positive_definite,
)
from tidefall.ops.diagonals import matrix_diag_part_v2, matrix_diag_v2, matrix_set_diag_v2
from tidefall.ops.solve import matrix_solve_ls_op


def of_symmetric(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of the symmetric part of its argument, since it reads one triangle only."""

    def wrapped(x: Any, **keywords: Any) -> Any:
        return function(0.5 * (x + tf.linalg.adjoint(x)), **keywords)

    wrapped.__name__ = getattr(function, "__name__", None) or str(function)
    return wrapped


def hermitian(x: Array) -> Any:
    return 0.5 * (x + x.conj().swapaxes(-1, -2))


def product_of_qr(x: Any) -> Any:
    q, r = tf.qr(x)
    return (
        q @ r,
        tf.matmul(q, q, transpose_a=True),
        tf.matrix_band_part(r, -1, 0) * tf.eye(2, dtype=x.dtype),
    )


def invariants_of_svd(x: Any) -> Any:
    """What does not depend on the signs of the vectors."""
    s, u, v = tf.svd(x)
    return (
        s,
        tf.matmul(u * tf.expand_dims(s, -2), v, adjoint_b=True),
        tf.matmul(u, u, adjoint_b=True),
    )


def invariants_of_eigh(x: Any) -> Any:
    e, v = tf.self_adjoint_eig(x)
    return e, tf.matmul(v * tf.expand_dims(tf.exp(e), -2), v, adjoint_b=True)


def exponential(x: Array) -> Any:
    """The exponential of a symmetric matrix."""
    e, v = np.linalg.eigh(x)
    return (v * np.exp(e)[..., None, :]) @ v.conj().swapaxes(-1, -2)


def projector(x: Array) -> Any:
    u = np.linalg.svd(x, full_matrices=False)[0]
    return u @ u.swapaxes(-1, -2)


def lower(x: Array) -> Any:
    return np.tril(x)


def well_conditioned(x: Array) -> Any:
    return x + 4 * np.eye(x.shape[-1])


def shifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` of its argument plus 4 on the diagonal, which makes it well conditioned."""

    def wrapped(x: Any, *others: Any, **keywords: Any) -> Any:
        size = int(x.shape[-1]) if x.shape.ndims else 3
        return function(x + tf.cast(4 * np.eye(size), x.dtype), *others, **keywords)

    wrapped.__name__ = getattr(function, "__name__", None) or str(function)
    return wrapped


def swap(x: Array) -> Any:
    return x.swapaxes(-1, -2)


def root(x: Array) -> Any:
    e, v = np.linalg.eigh(x)
    return (v * np.sqrt(e)[..., None, :]) @ v.swapaxes(-1, -2)


def logarithm(x: Array) -> Any:
    e, v = np.linalg.eigh(x)
    return (v * np.log(e)[..., None, :]) @ v.swapaxes(-1, -2) + 0j


def expm(x: Array) -> Any:
    """The exponential by its series, after halving ten times."""
    term = total = np.broadcast_to(np.eye(x.shape[-1]), x.shape)
    for k in range(1, 20):
        term = term @ x / 1024 / k
        total = total + term
    for _ in range(10):
        total = total @ total
    return total


TALL = given([[1.0, 0.5], [1.0, 1.5], [1.0, 2.5]], random=True)
FIXED: dict[str, Any] = {"needs": "shape", "tolerance": 1e-11}

CASES: list[Case] = [
    case(of_symmetric(tf.cholesky), positive_definite(3, 3), expect=np.linalg.cholesky, **FIXED),
    case(of_symmetric(tf.cholesky), positive_definite(2, 3, 3), expect=np.linalg.cholesky, **FIXED),
    case(tf.cholesky, given([[4.0, 9.0], [2.0, 3.0]]), expect=np.array([[2, 0], [1, 2**0.5]])),
    case(
        of_symmetric(shifted(tf.cholesky)),
        complex_(3, 3),
        expect=lambda x: np.linalg.cholesky(hermitian(well_conditioned(x))),
        **FIXED,
    ),
    case(
        shifted(tf.matrix_inverse),
        floats(3, 3),
        expect=lambda x: np.linalg.inv(well_conditioned(x)),
        **FIXED,
    ),
    case(
        shifted(tf.matrix_inverse),
        floats(2, 3, 3),
        adjoint=True,
        expect=lambda x: swap(np.linalg.inv(well_conditioned(x))),
        **FIXED,
    ),
    case(
        shifted(tf.matrix_inverse),
        complex_(3, 3),
        adjoint=True,
        expect=lambda x: np.linalg.inv(well_conditioned(x)).conj().T,
        **FIXED,
    ),
    case(tf.matrix_inverse, floats(0, 0), expect=np.zeros((0, 0)), needs="shape"),
    case(
        shifted(tf.matrix_determinant),
        floats(3, 3),
        expect=lambda x: np.linalg.det(well_conditioned(x)),
        **FIXED,
    ),
    case(
        shifted(tf.matrix_determinant),
        complex_(2, 2, 2),
        expect=lambda x: np.linalg.det(well_conditioned(x)),
        **FIXED,
    ),
    case(
        shifted(tf.linalg.slogdet),
        floats(2, 3, 3),
        expect=lambda x: tuple(np.linalg.slogdet(well_conditioned(x))),
        **FIXED,
    ),
    case(
        of_symmetric(tf.linalg.logdet),
        positive_definite(2, 3, 3),
        expect=lambda x: np.linalg.slogdet(x)[1],
        **FIXED,
    ),
    case(
        product_of_qr,
        floats(3, 2),
        needs="shape",
        tolerance=1e-11,
        expect=lambda x: (x, np.eye(2), np.tril(np.linalg.qr(x)[1])),
    ),
    case(tf.qr, floats(2, 3, 3), expect=lambda x: tuple(np.linalg.qr(x)), **FIXED),
    case(
        tf.qr,
        floats(3, 2),
        full_matrices=True,
        expect=lambda x: tuple(np.linalg.qr(x, mode="complete")),
        no_gradient="only defined for square matrices",
        **FIXED,
    ),
    case(
        invariants_of_svd,
        floats(4, 2),
        needs="shape",
        tolerance=1e-11,
        expect=lambda x: (np.linalg.svd(x)[1], x, projector(x)),
    ),
    case(
        invariants_of_svd,
        floats(2, 2, 3),
        needs="shape",
        tolerance=1e-11,
        expect=lambda x: (np.linalg.svd(x)[1], x, projector(x)),
    ),
    case(tf.svd, floats(3, 2), compute_uv=False, expect=lambda x: np.linalg.svd(x)[1]),
    case(
        tf.svd,
        complex_(2, 3),
        compute_uv=False,
        no_second="the gradient of complex singular vectors is not defined",
        expect=lambda x: np.linalg.svd(x)[1],
    ),
    case(
        lambda x: tf.svd(x, full_matrices=True)[0],
        floats(3, 2),
        label="svd full",
        no_gradient="only defined for square matrices",
        expect=lambda x: np.linalg.svd(x)[1],
    ),
    case(
        of_symmetric(invariants_of_eigh),
        floats(3, 3),
        needs="shape",
        tolerance=1e-11,
        expect=lambda x: (np.linalg.eigh(hermitian(x))[0], exponential(hermitian(x))),
    ),
    case(
        of_symmetric(invariants_of_eigh),
        complex_(2, 3, 3),
        needs="shape",
        tolerance=1e-11,
        no_gradient="eigenvalues come as complex numbers",
        expect=lambda x: (np.linalg.eigh(hermitian(x))[0] + 0j, exponential(hermitian(x))),
    ),
    case(tf.self_adjoint_eigvals, floats(3, 3), expect=lambda x: np.linalg.eigvalsh(x)),
    case(
        shifted(tf.matrix_solve),
        floats(3, 3),
        floats(3, 2),
        expect=lambda a, b: np.linalg.solve(well_conditioned(a), b),
        **FIXED,
    ),
    case(
        shifted(tf.matrix_solve),
        complex_(2, 3, 3),
        complex_(2, 3, 1),
        adjoint=True,
        expect=lambda a, b: np.linalg.solve(swap(well_conditioned(a)).conj(), b),
        **FIXED,
    ),
    *[
        case(
            shifted(tf.matrix_triangular_solve),
            kind(2, 3, 3),
            kind(2, 3, 2),
            lower=low,
            adjoint=adjoint,
            expect=lambda a, b, low=low, adjoint=adjoint: np.linalg.solve(
                triangle(well_conditioned(a), low, adjoint), b
            ),
            **FIXED,
        )
        for kind in (floats, complex_)
        for low in (True, False)
        for adjoint in (True, False)
    ],
    case(
        shifted(tf.cholesky_solve),
        floats(3, 3),
        floats(3, 2),
        expect=lambda a, b: np.linalg.solve(
            lower(well_conditioned(a)) @ lower(well_conditioned(a)).T, b
        ),
        **FIXED,
    ),
    *[
        case(
            tf.matrix_solve_ls,
            TALL,
            floats(3, 2),
            0.0,
            fast=fast,
            expect=lambda a, b: np.linalg.lstsq(a, b)[0],
            **FIXED,
        )
        for fast in (True, False)
    ],
    *[
        case(
            lambda a, b, f=function: f(tf.matrix_transpose(a), b, 0.5),
            TALL,
            floats(2, 2),
            label=f"{function} of rows",
            expect=lambda a, b: a @ np.linalg.solve(a.T @ a + 0.5 * np.eye(2), b),
            **FIXED,
        )
        for function in (tf.matrix_solve_ls, matrix_solve_ls_op)
    ],
    case(
        lambda a, b: tf.matrix_solve_ls(tf.matrix_transpose(a), b, fast=False),
        TALL,
        floats(2, 2),
        label="matrix_solve_ls of rows",
        expect=lambda a, b: np.linalg.lstsq(a.T, b)[0],
        **FIXED,
    ),
    case(
        matrix_solve_ls_op,
        floats(2, 3, 2),
        floats(2, 3, 1),
        0.25,
        needs="shape",
        expect=lambda a, b: np.linalg.solve(swap(a) @ a + 0.25 * np.eye(2), swap(a) @ b),
        tolerance=1e-11,
    ),
    case(tf.matrix_transpose, floats(2, 3, 4), expect=swap),
    case(tf.linalg.adjoint, complex_(2, 3), expect=lambda x: x.conj().T),
    case(tf.trace, floats(2, 3, 3), expect=lambda x: np.trace(x, axis1=1, axis2=2)),
    case(tf.trace, ints(2, 3), expect=np.trace),
    case(tf.eye, given(3), expect=lambda n: np.eye(int(n), dtype=np.float32)),
    case(
        lambda n: tf.eye(n, 4, batch_shape=[2], dtype=tf.int32),
        given(3),
        label="eye",
        expect=lambda n: np.broadcast_to(np.eye(3, 4), (2, 3, 4)),
    ),
    case(lambda: tf.eye(2, 3), label="eye 2 3", expect=np.eye(2, 3)),
    case(tf.matrix_diag, floats(2, 3), expect=lambda x: x[..., None] * np.eye(3)),
    case(tf.matrix_diag, ints(3), expect=np.diag),
    case(tf.matrix_diag, floats(2, 0), expect=np.zeros((2, 0, 0))),
    case(tf.matrix_diag_part, floats(2, 3, 4), expect=lambda x: np.diagonal(x, axis1=1, axis2=2)),
    case(tf.matrix_diag_part, floats(3, 3), expect=np.diagonal),
    case(
        tf.matrix_set_diag, floats(2, 3, 2), floats(2, 2), expect=lambda x, d: with_diagonal(x, d)
    ),
    case(tf.matrix_set_diag, floats(2, 3), floats(2), expect=lambda x, d: with_diagonal(x, d)),
    *[
        case(
            tf.matrix_band_part,
            floats(2, 3, 4),
            low,
            high,
            expect=lambda x, low=low, high=high: np.tril(
                np.triu(x, -low if low >= 0 else -9), high if high >= 0 else 9
            ),
        )
        for low, high in [(1, 0), (0, -1), (-1, 1), (-1, -1), (0, 0)]
    ],
    case(tf.diag, floats(2, 3), expect=lambda x: np.diag(x.ravel()).reshape(2, 3, 2, 3)),
    case(tf.diag, ints(2), expect=np.diag),
    case(
        tf.diag_part,
        floats(2, 3, 2, 3),
        expect=lambda x: np.diagonal(x.reshape(6, 6)).reshape(2, 3),
    ),
    case(tf.diag_part, floats(3, 3), expect=np.diagonal),
    *[
        case(
            tf.matrix_diag,
            floats(2, 3),
            k=k,
            expect=lambda x, k=k: np.array([np.diag(r, k) for r in x]),
            needs="shape",
        )
        for k in (1, -2)
    ],
    *[
        case(
            tf.matrix_diag_part,
            floats(2, 3, 4),
            k=k,
            needs="shape",
            expect=lambda x, k=k: np.diagonal(x, k, 1, 2),
        )
        for k in (1, 3, -1)
    ],
    *[
        case(
            tf.matrix_set_diag,
            floats(3, 4),
            floats(3),
            k=k,
            needs="shape",
            expect=lambda x, d, k=k: x * (1 - np.eye(3, 4, k)) + np.eye(3, 4, k) * d[:, None],
        )
        for k in (1,)
    ],
    case(
        matrix_diag_part_v2,
        floats(3, 3),
        given([-1, 1]),
        9.0,
        needs="shape",
        expect=lambda x, k: np.array(
            [[x[0, 1], x[1, 2], 9], [x[0, 0], x[1, 1], x[2, 2]], [x[1, 0], x[2, 1], 9]]
        ),
    ),
    case(
        matrix_diag_v2,
        floats(2, 3),
        given([0, 1]),
        3,
        3,
        9.0,
        needs="shape",
        expect=lambda d, k: np.array(
            [[d[1, 0], d[0, 0], 9], [9, d[1, 1], d[0, 1]], [9, 9, d[1, 2]]]
        ),
    ),
    case(
        matrix_set_diag_v2,
        floats(2, 2),
        floats(2, 2),
        given([0, 1]),
        needs="shape",
        expect=lambda x, d, k: np.array([[d[1, 0], d[0, 0]], [x[1, 0], d[1, 1]]]),
    ),
    case(tf.cross, floats(2, 3), floats(2, 3), expect=np.cross),
    case(tf.cross, ints(3), ints(3), expect=np.cross),
    case(tf.norm, floats(2, 3), expect=np.linalg.norm),
    case(tf.norm, floats(2, 3), axis=1, expect=lambda x: np.linalg.norm(x, axis=1)),
    case(
        tf.norm,
        floats(2, 3),
        1,
        axis=0,
        keepdims=True,
        expect=lambda x: abs(x).sum(0, keepdims=True),
    ),
    case(
        tf.norm,
        floats(2, 3),
        3,
        axis=[1],
        expect=lambda x: np.linalg.norm(x, 3, axis=1),
        tolerance=1e-11,
    ),
    case(tf.norm, floats(2, 3), np.inf, axis=-1, expect=lambda x: abs(x).max(1)),
    case(
        tf.norm,
        floats(2, 3, 3),
        "fro",
        axis=[1, 2],
        expect=lambda x: np.linalg.norm(x, axis=(1, 2)),
    ),
    case(
        tf.norm, floats(2, 3, 3), 1, axis=(1, 2), expect=lambda x: np.linalg.norm(x, 1, axis=(1, 2))
    ),
    case(
        tf.norm,
        floats(2, 3, 3),
        np.inf,
        axis=[-2, -1],
        keep_dims=True,
        expect=lambda x: np.linalg.norm(x, np.inf, (1, 2), True),
    ),
    case(
        tf.norm,
        floats(3, 2, 4),
        2,
        axis=[0, 2],
        needs="rank",
        expect=lambda x: np.linalg.norm(x, 2, (0, 2)),
    ),
    case(tf.norm, complex_(4), expect=lambda x: np.linalg.norm(x) + 0j),
    case(
        tf.linalg.normalize,
        floats(2, 3),
        axis=1,
        expect=lambda x: (
            x / np.linalg.norm(x, axis=1, keepdims=True),
            np.linalg.norm(x, axis=1, keepdims=True),
        ),
    ),
    case(tf.linalg.matrix_rank, given([[1.0, 2.0], [2.0, 4.0]]), expect=np.array(1)),
    case(tf.linalg.matrix_rank, floats(2, 4, 3), expect=np.array([3, 3]), needs="rank"),
    case(tf.linalg.matrix_rank, floats(3, 2), tol=100.0, expect=np.array(0)),
    case(tf.linalg.pinv, floats(4, 2), expect=np.linalg.pinv, **FIXED),
    case(tf.linalg.pinv, floats(2, 2, 3), expect=np.linalg.pinv, **FIXED),
    case(
        tf.linalg.pinv,
        given([[1.0, 2.0], [2.0, 4.0]]),
        rcond=0.1,
        expect=lambda x: np.linalg.pinv(x, 0.1),
        needs="rank",
    ),
    case(tf.linalg.expm, floats(3, 3), expect=expm, needs="shape", tolerance=1e-11),
    case(tf.linalg.expm, floats(2, 2), dtypes=("float16",), expect=expm, needs="shape"),
    case(tf.cholesky, positive_definite(2, 2), dtypes=("float16",), expect=np.linalg.cholesky),
    case(tf.linalg.expm, floats(2, 2, 2), expect=expm, needs="shape", tolerance=1e-11),
    case(tf.linalg.expm, complex_(2, 2), expect=expm, needs="shape", tolerance=1e-11),
    case(
        lambda x: tf.linalg.expm(10.0 * x),
        floats(2, 2),
        label="expm of a large matrix",
        expect=lambda x: expm(10 * x),
        tolerance=1e-9,
        no_gradient="it changes too fast",
        dtypes=("float64",),
    ),
    case(of_symmetric(tf.linalg.sqrtm), positive_definite(3, 3), expect=root, **FIXED),
    case(tf.matrix_square_root, positive_definite(2, 3, 3), expect=root, **FIXED),
    case(
        lambda x: tf.linalg.logm(tf.cast(x, tf.complex128)),
        positive_definite(3, 3),
        label="logm",
        dtypes=("float64",),
        no_gradient="TensorFlow has none",
        expect=logarithm,
        tolerance=1e-11,
    ),
    case(
        tf.math.polyval,
        [floats(), floats(), floats()],
        floats(4),
        expect=lambda c, x: c[0] * x**2 + c[1] * x + c[2],
    ),
]


def triangle(x: Array, low: bool, adjoint: bool) -> Any:
    part = np.tril(x) if low else np.triu(x)
    return swap(part).conj() if adjoint else part


def with_diagonal(x: Array, diagonal: Array) -> Any:
    result = x.copy()
    size = diagonal.shape[-1]
    result[..., np.arange(size), np.arange(size)] = diagonal
    return result


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (tf.cholesky, "positive definite"),
        (tf.matrix_inverse, "[Ss]ingular"),
        (lambda x: tf.matrix_solve(x, [[1.0], [1.0]]), "[Ss]ingular"),
    ],
)
def test_matrices_that_cannot_be_factored_are_refused(function: Any, message: str) -> None:
    x = tf.placeholder(tf.float32, [2, 2])
    result = function(x)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(
            result,
            {
                x: [[1.0, 2.0], [2.0, 4.0]]
                if message != "positive definite"
                else [[1.0, 2.0], [2.0, 1.0]]
            },
        )


def test_a_zero_on_the_diagonal_makes_a_triangle_singular() -> None:
    x = tf.placeholder(tf.float32, [2, 2])
    result = tf.matrix_triangular_solve(x, [[1.0], [1.0]])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="singular"):
        session.run(result, {x: [[0.0, 0.0], [1.0, 1.0]]})


def test_square_matrices_are_asked_for() -> None:
    with pytest.raises(ValueError, match="square matrices"):
        tf.matrix_inverse(tf.zeros([2, 3]))
    with pytest.raises(ValueError, match="3 equations, but 2"):
        tf.matrix_solve(tf.zeros([3, 3]), tf.zeros([2, 1]))


def test_a_gradient_that_is_not_defined_is_refused() -> None:
    x = tf.placeholder(tf.float32, [2, 3])
    with pytest.raises(LookupError, match="at least as many rows as columns"):
        tf.gradients(tf.qr(x)[1], x)


def test_norms_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match="no norm of order -1"):
        tf.norm([1.0], -1)
    with pytest.raises(ValueError, match="no norm of order 3"):
        tf.norm([[1.0]], 3, axis=[0, 1])
