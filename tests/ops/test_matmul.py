"""Matrix products, contractions and Einstein sums."""

from __future__ import annotations

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import complex_, floats, ints
from tidefall.ops.matmul import batch_matmul, sparse_matmul_op

EQUATIONS: list[tuple[str, list[tuple[int, ...]]]] = [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij->ji", [(2, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("bij,bkj->bik", [(2, 3, 4), (2, 5, 4)]),
    ("bij,ij->b", [(2, 3, 4), (3, 4)]),
    ("i,j->ij", [(2,), (3,)]),
    ("ij,ij->", [(2, 3), (2, 3)]),
    ("ijk->ik", [(2, 3, 4)]),
    ("ij,ij,ij->i", [(2, 3), (2, 3), (2, 3)]),
    ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 2)]),
    ("abijk,acjkl->abcil", [(2, 1, 2, 3, 2), (2, 2, 3, 2, 2)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ba", [(2, 3)]),
    ("ij,kj->ik", [(2, 3), (4, 3)]),
    ("ij,ij->ij", [(2, 3), (2, 3)]),
    ("ij,k->ijk", [(2, 3), (2,)]),
    ("i,i->", [(3,), (3,)]),
]
DOTTED: list[tuple[str, list[tuple[int, ...]]]] = [
    ("...ij,...jk->...ik", [(2, 2, 3), (2, 3, 4)]),
    ("...i->...", [(2, 3)]),
    ("b...,b->...", [(2, 3, 4), (2,)]),
]

CASES: list[Case] = [
    case(tf.matmul, floats(2, 3), floats(3, 4), expect=np.matmul),
    case(tf.matmul, floats(3, 2), floats(3, 4), transpose_a=True, expect=lambda a, b: a.T @ b),
    case(tf.matmul, floats(2, 3), floats(4, 3), transpose_b=True, expect=lambda a, b: a @ b.T),
    case(
        tf.matmul,
        floats(3, 2),
        floats(4, 3),
        transpose_a=True,
        transpose_b=True,
        expect=lambda a, b: a.T @ b.T,
    ),
    case(
        tf.matmul,
        complex_(3, 2),
        complex_(3, 4),
        adjoint_a=True,
        expect=lambda a, b: a.conj().T @ b,
    ),
    case(
        tf.matmul,
        complex_(2, 3),
        complex_(4, 3),
        adjoint_b=True,
        expect=lambda a, b: a @ b.conj().T,
    ),
    case(
        tf.matmul,
        complex_(3, 2),
        complex_(4, 3),
        transpose_a=True,
        transpose_b=True,
        expect=lambda a, b: a.T @ b.T,
    ),
    case(tf.matmul, floats(2, 0), floats(0, 3), expect=np.matmul),
    case(tf.matmul, floats(0, 3), floats(3, 2), expect=np.matmul),
    case(tf.matmul, ints(2, 3), ints(3, 2), expect=np.matmul),
    case(tf.matmul, floats(2, 3), floats(3, 2), dtypes=("float16",), expect=np.matmul),
    case(tf.matmul, floats(2, 3), floats(3, 2), dtypes=("bfloat16",), expect=np.matmul),
    case(tf.matmul, floats(5, 2, 3), floats(5, 3, 4), expect=np.matmul),
    case(tf.matmul, floats(5, 2, 3), floats(3, 4), expect=np.matmul),
    case(tf.matmul, floats(2, 1, 2, 3), floats(5, 3, 4), expect=np.matmul),
    case(tf.matmul, floats(1, 2, 3), floats(4, 3, 2), expect=np.matmul),
    case(
        tf.matmul,
        floats(5, 3, 2),
        floats(5, 3, 4),
        transpose_a=True,
        expect=lambda a, b: a.swapaxes(1, 2) @ b,
    ),
    case(
        tf.matmul,
        floats(5, 2, 3),
        floats(5, 4, 3),
        adjoint_b=True,
        expect=lambda a, b: a @ b.swapaxes(1, 2),
    ),
    case(
        tf.matmul,
        floats(5, 3, 2),
        floats(5, 4, 3),
        adjoint_a=True,
        adjoint_b=True,
        expect=lambda a, b: a.swapaxes(1, 2) @ b.swapaxes(1, 2),
    ),
    case(
        tf.matmul,
        complex_(2, 3, 2),
        complex_(2, 3, 4),
        adjoint_a=True,
        expect=lambda a, b: a.conj().swapaxes(1, 2) @ b,
    ),
    case(
        tf.matmul,
        complex_(2, 3, 2),
        complex_(2, 3, 4),
        transpose_a=True,
        expect=lambda a, b: a.swapaxes(1, 2) @ b,
    ),
    case(
        tf.matmul,
        floats(2, 3, dtype=np.float32),
        floats(3, 4, dtype=np.float32),
        a_is_sparse=True,
        expect=np.matmul,
        needs="rank",
    ),
    case(
        tf.sparse_matmul,
        floats(3, 2, dtype=np.float32),
        floats(3, 4, dtype=np.float32),
        transpose_a=True,
        expect=lambda a, b: a.T @ b,
    ),
    case(
        sparse_matmul_op,
        floats(2, 3, dtype=np.float32),
        floats(4, 3, dtype=np.float32),
        transpose_b=True,
        expect=lambda a, b: a @ b.T,
    ),
    case(
        batch_matmul,
        floats(2, 3, 2),
        floats(2, 4, 3),
        adj_x=True,
        adj_y=True,
        expect=lambda a, b: a.swapaxes(1, 2) @ b.swapaxes(1, 2),
    ),
    case(tf.linalg.matvec, floats(2, 3), floats(3), expect=lambda a, b: a @ b, needs="rank"),
    case(
        tf.linalg.matvec,
        floats(4, 3, 2),
        floats(4, 3),
        transpose_a=True,
        expect=lambda a, b: (a.swapaxes(1, 2) @ b[..., None])[..., 0],
    ),
    case(tf.tensordot, floats(2, 3), floats(3, 4), 1, expect=lambda a, b: np.tensordot(a, b, 1)),
    case(
        tf.tensordot,
        floats(2, 3, 4),
        floats(4, 3),
        [[2, 1], [0, 1]],
        expect=lambda a, b: np.tensordot(a, b, ([2, 1], [0, 1])),
    ),
    case(tf.tensordot, floats(2, 3), floats(4, 3), axes=[-1, -1], expect=lambda a, b: a @ b.T),
    case(tf.tensordot, floats(2), floats(3), 0, expect=np.multiply.outer),
    case(tf.tensordot, floats(2, 3), floats(2, 3), 2, expect=lambda a, b: (a * b).sum()),
    *[
        case(
            tf.einsum,
            text,
            *[floats(*shape) for shape in shapes],
            needs="rank",
            expect=lambda *xs, text=text: np.einsum(text, *xs),
        )
        for text, shapes in EQUATIONS
    ],
    *[
        case(
            tf.einsum,
            text,
            *[floats(*shape) for shape in shapes],
            needs="shape",
            expect=lambda *xs, text=text: np.einsum(text, *xs),
        )
        for text, shapes in DOTTED
    ],
    case(tf.einsum, "ii", floats(3, 3), needs="rank", expect=np.trace),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_matmul_names_the_dimensions_that_differ() -> None:
    images = tf.placeholder(tf.float32, [None, 784])
    with pytest.raises(ValueError, match=r"784 != 768"):
        tf.matmul(images, tf.zeros([768, 128]))


def test_a_matrix_is_transposed_once() -> None:
    with pytest.raises(ValueError, match="transpose_a and adjoint_a"):
        tf.matmul([[1.0]], [[1.0]], transpose_a=True, adjoint_a=True)


@pytest.mark.parametrize(
    ("equation", "message"),
    [
        ("ij,jk->ik", "2 terms, but 1 tensors"),
        ("ij!", "cannot be read"),
        ("ii->i", "names a dimension twice"),
        ("ijk->i", "needs a tensor of rank 3"),
        ("ij->ijk", "no input has"),
    ],
)
def test_an_equation_that_does_not_fit_is_refused(equation: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tf.einsum(equation, tf.zeros([2, 2]))


def test_einsum_takes_no_other_keywords() -> None:
    with pytest.raises(TypeError, match="optimize"):
        tf.einsum("ij->ji", tf.zeros([2, 2]), optimize=True)


def test_tensordot_checks_its_axes() -> None:
    with pytest.raises(ValueError, match="more than the 2 dimensions"):
        tf.tensordot(tf.zeros([2, 2]), tf.zeros([2, 2]), 3)
    with pytest.raises(ValueError, match="as many dimensions"):
        tf.tensordot(tf.zeros([2, 2]), tf.zeros([2, 2]), [[0, 1], [0]])
