"""Cases of picking, writing and adding by several indices at once."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, strings
from tidefall.ir.opdef import OPS

PLACES = [[1, 2], [0, 0], [1, 2]]
_add_v0 = OPS["ScatterNdNonAliasingAdd"]


def _added(x: Any, indices: Any, updates: Any, sign: int = 1) -> Any:
    result = np.array(x)
    np.add.at(result, tuple(np.moveaxis(np.array(indices), -1, 0)), sign * updates)
    return result


def _written(x: Any, updates: Any) -> Any:
    result = np.array(x)
    result[[3, 1]] = updates
    return result


def _batches(x: Any, i: Any) -> Any:
    return np.stack([row[tuple(np.moveaxis(p, -1, 0))] for row, p in zip(x, i, strict=True)])


CASES: list[Case] = [
    case(tf.gather_nd, floats(2, 3), PLACES, expect=lambda x: x[[1, 0, 1], [2, 0, 2]]),
    case(tf.gather_nd, floats(2, 3, 4), PLACES, expect=lambda x: x[[1, 0, 1], [2, 0, 2]]),
    case(tf.gather_nd, floats(4, 3), [[2], [2]], expect=lambda x: x[[2, 2]]),
    case(tf.gather_nd, floats(4, 3), [1, 2], expect=lambda x: x[1, 2]),
    case(tf.gather_nd, floats(4, 3), np.zeros([2, 0], np.int32),
         expect=lambda x: np.stack([x, x])),
    case(tf.gather_nd, floats(4, 3), ints(2, 5, 1, low=0, high=4),
         expect=lambda x, i: x[i[..., 0]]),
    case(tf.gather_nd, strings("a", "b"), [[1], [0]], expect=lambda x: x[::-1]),
    case(tf.gather_nd, floats(2, 3, 4), ints(2, 5, 2, low=0, high=3), batch_dims=1, needs="rank",
         expect=_batches),
    case(lambda u: tf.scatter_nd(PLACES, u, [2, 3]), floats(3),
         expect=lambda u: _added(np.zeros((2, 3)), PLACES, u), label="scatter_nd elements"),
    case(lambda i, u, s: tf.scatter_nd(i, u, s), given([[3], [1], [3]]), floats(3, 2),
         given([4, 2]), expect=lambda i, u, s: _added(np.zeros((4, 2)), [[3], [1], [3]], u),
         label="scatter_nd rows"),
    case(tf.scatter_nd, given(np.zeros([0, 1], np.int64)), floats(0, 2), given([4, 2], np.int64),
         expect=np.zeros((4, 2))),
    case(tf.scatter_nd, [[1]], strings("a"), [2], expect=np.array([b"", b"a"], object)),
    case(lambda x, u: tf.tensor_scatter_update(x, [[3], [1]], u), floats(4, 2), floats(2, 2),
         expect=_written, label="tensor_scatter_update"),
    case(lambda x, u: tf.tensor_scatter_add(x, PLACES, u), floats(2, 3), floats(3),
         expect=lambda x, u: _added(x, PLACES, u), label="tensor_scatter_add"),
    case(lambda x, u: tf.tensor_scatter_sub(x, PLACES, u), floats(2, 3), floats(3),
         expect=lambda x, u: _added(x, PLACES, u, -1), label="tensor_scatter_sub"),
    case(lambda x, u: _add_v0(x, PLACES, u), floats(2, 3), floats(3),
         expect=lambda x, u: _added(x, PLACES, u), label="ScatterNdNonAliasingAdd"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_a_place_outside_the_tensor() -> None:
    i = tf.placeholder(tf.int32)
    message = re.escape("indices[1] = [0, 3] does not index into shape [2, 3]")
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.Session().run(tf.gather_nd(tf.zeros([2, 3]), i), {i: [[0, 0], [0, 3]]})
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.Session().run(tf.scatter_nd(i, [1.0, 2.0], [2, 3]), {i: [[0, 0], [0, 3]]})


def test_the_gradient_of_rows_is_sparse() -> None:
    x = tf.placeholder(tf.float32, [5, 2])
    (grad,) = tf.gradients(tf.gather_nd(x, [[1], [3]]), x)
    assert isinstance(grad, tf.IndexedSlices)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=re.escape("updates must have shape (2, 3)")):
        tf.scatter_nd([[0], [1]], tf.zeros([2, 2]), [4, 3])
    with pytest.raises(ValueError, match="only 1 dimensions"):
        tf.gather_nd(tf.zeros([2]), [[0, 0]])
