"""Cases of slices: ``x[...]``, `tf.slice`, `tf.strided_slice`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import floats, given, ints, strings
from tidefall.ir.opdef import OPS


def sliced(*key: Any, shape: tuple[int, ...] = (3, 4, 5), **options: Any) -> Case:
    """A case of ``x[key]``."""
    index = key if len(key) != 1 else key[0]
    label = f"x[{', '.join(map(_text, key))}]"
    return case(lambda x: x[index], floats(*shape), expect=lambda x: x[index], label=label,
                **options)  # fmt: skip


def _text(entry: Any) -> str:
    if not isinstance(entry, slice):
        return str(entry)
    bounds = ["" if bound is None else str(bound) for bound in (entry.start, entry.stop)]
    return ":".join(bounds if entry.step is None else [*bounds, str(entry.step)])


def _written(x: Any, value: Any) -> Any:
    result = np.array(x)
    result[0, ::2] = value
    return result


s = slice
_update = OPS["TensorStridedSliceUpdate"]
_masked: dict[str, Any] = {"begin_mask": 2, "end_mask": 2, "shrink_axis_mask": 1}

CASES: list[Case] = [
    sliced(0),
    sliced(-1),
    sliced(1, 2, 3),
    sliced(s(1, None)),
    sliced(s(None, -1), s(1, 3)),
    sliced(s(None, None, -1)),
    sliced(s(None, None, 2), s(3, 0, -2)),
    sliced(s(-1, None, -1), s(-100, 100)),
    sliced(s(2, 1)),
    sliced(s(5, None)),
    sliced(Ellipsis),
    sliced(Ellipsis, 0),
    sliced(0, Ellipsis, s(1, 2)),
    sliced(None, Ellipsis, None),
    sliced(None, 0, None, s(1, None), Ellipsis),
    sliced(s(None), None, 1),
    sliced(),
    sliced(None, shape=()),
    sliced(Ellipsis, shape=()),
    sliced(s(None), shape=(0, 3)),
    case(lambda x: x[None, 1:], strings("a", "b"), expect=lambda x: x[None, 1:]),
    case(lambda x: x[1], strings("a", "b"), expect=np.array(b"b", object), needs="rank"),
    case(lambda x, i: x[i], floats(3, 4), given(2), expect=lambda x, i: x[2], label="x[i]"),
    case(lambda x, i: x[i - 1, i:], floats(3, 4), given(2, np.int64),
         expect=lambda x, i: x[1, 2:], label="x[i - 1, i:] int64"),
    case(lambda x, i: x[::i, : i + 1], floats(4, 4), given(2),
         expect=lambda x, i: x[::2, :3], label="x[::i, : i + 1]"),
    case(lambda x: x[tf.shape(x)[0] - 1], floats(3, 2), expect=lambda x: x[2], label="last row"),
    case(tf.strided_slice, floats(3, 4), [0, 3], [2, 0], [1, -2], expect=lambda x: x[:2, 3:0:-2]),
    case(tf.strided_slice, floats(3, 4), [1], [3], expect=lambda x: x[1:3]),
    case(tf.strided_slice, floats(3, 4), [1, 0], [2, 0], [1, 1], **_masked,
         expect=lambda x: x[1, :]),
    case(tf.slice, floats(3, 4), [0, 1], [-1, 2], expect=lambda x: x[:, 1:3]),
    case(tf.slice, floats(3, 4), [1, 0], [0, 4], expect=lambda x: x[1:1]),
    case(tf.slice, floats(3), ints(1, low=1, high=2), ints(1, low=1, high=3),
         expect=lambda x, b, n: x[b[0] : b[0] + n[0]]),
    case(lambda x: tf.slice(x, [1, 0], tf.shape(x) - 1), floats(3, 4),
         expect=lambda x: x[1:3, :3], label="slice of tensor size"),
    case(lambda x, v: _update(x, [0, 0], [1, 4], [1, 2], v, shrink_axis_mask=1), floats(3, 4),
         floats(2), expect=_written, label="written to a slice"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


def test_what_is_known_of_a_slice_of_unknown_bounds() -> None:
    x = tf.placeholder(tf.float32, [None, 4, 5])
    i = tf.placeholder(tf.int32, [])
    assert x[i].shape.as_list() == [4, 5]
    assert x[:, i:, 1].shape.as_list() == [None, None]
    assert x[i, :].shape.as_list() == [4, 5]
    assert x[::i].shape.ndims is None
    assert x[:, 1:3, tf.newaxis].shape.as_list() == [None, 2, 1, 5]
    assert tf.slice(x, [i, 0, 0], [1, -1, 2]).shape.as_list() == [1, None, 2]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (1.5, "1.5 cannot index"),
        ([0.5], "0.5 cannot index"),
        (slice(1.0, 2), "1.0 cannot index"),
        ("a", "'a' cannot index"),
        ((0, tf.float32), "tf.float32 cannot index"),
    ],
)
def test_an_index_that_is_none(key: Any, message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        tf.zeros([3, 4])[key]


def test_an_index_that_is_a_vector() -> None:
    with pytest.raises(TypeError, match="scalar"):
        tf.zeros([3, 4])[tf.constant([0, 1])]


def test_more_indices_than_dimensions() -> None:
    with pytest.raises(ValueError, match="3 dimensions are indexed, but the tensor has only 2"):
        tf.zeros([3, 4])[0, 0, 0]


def test_an_index_out_of_range_while_building() -> None:
    with pytest.raises(ValueError, match="slice index 3 of dimension 0 out of bounds"):
        tf.zeros([3, 4])[3]


def test_an_index_out_of_range_when_run() -> None:
    x = tf.placeholder(tf.float32, [None])
    with pytest.raises(tf.errors.InvalidArgumentError, match="slice index 3 of dimension 0"):
        tf.Session().run(x[3], {x: [1.0]})


def test_a_step_of_zero() -> None:
    with pytest.raises(ValueError, match="must not be zero"):
        tf.zeros([3])[::0]


def test_a_slice_that_leaves_the_tensor() -> None:
    with pytest.raises(ValueError, match=re.escape("size[0] is 3, but must be -1 or in [0, 2]")):
        tf.slice(tf.zeros([3]), [1], [3])


def test_only_variables_can_be_assigned_to() -> None:
    with pytest.raises(ValueError, match="not of a variable"):
        tf.zeros([3])[1:].assign([1.0])
