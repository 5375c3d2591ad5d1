"""The internal shapes, and the broadcast rule."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidefall.core.shapes import SCALAR, UNKNOWN, Shape, broadcast, dimension, unknown
from tidefall.core.tensor_shape import Dimension, TensorShape

sizes = st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=4).map(tuple)
shapes = st.one_of(st.just(UNKNOWN), sizes.map(Shape))


@pytest.mark.parametrize(
    ("given_shape", "expected"),
    [
        (None, UNKNOWN),
        ([], SCALAR),
        (3, Shape([3])),
        ((2, None), Shape([2, None])),
        ([Dimension(2), Dimension(None)], Shape([2, None])),
        (Dimension(5), Shape([5])),
        (np.array([2, 3]), Shape([2, 3])),
        ([np.int64(3), 4.0, "5"], Shape([3, 4, 5])),
        (TensorShape([7]), Shape([7])),
        (range(1, 3), Shape([1, 2])),
    ],
)
def test_of(given_shape: object, expected: Shape) -> None:
    shape = Shape.of(given_shape)
    assert shape == expected
    assert shape.dims is None or all(type(size) in (int, type(None)) for size in shape)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("3", TypeError, "A shape is a list"),
        (["a"], TypeError, "A dimension is an integer or None, not 'a'"),
        ([2.5], ValueError, "whole number, not 2.5"),
        ([-1], ValueError, "Dimension -1 must be >= 0"),
        ([[1]], TypeError, "A dimension is an integer"),
    ],
)
def test_of_refuses(value: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Shape.of(value)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (UNKNOWN, "<unknown>"),
        (SCALAR, "()"),
        (Shape([5]), "(5,)"),
        (Shape([None, 784]), "(?, 784)"),
    ],
)
def test_text(shape: Shape, text: str) -> None:
    assert str(shape) == text


def test_what_is_known() -> None:
    assert (UNKNOWN.rank, SCALAR.rank, Shape([None, 2]).rank) == (None, 0, 2)
    assert [Shape([2, 3]).is_fully_defined, Shape([None]).is_fully_defined] == [True, False]
    assert not UNKNOWN.is_fully_defined
    assert [s.num_elements() for s in (SCALAR, Shape([2, 3]), Shape([2, None]), UNKNOWN)] == [
        1,
        6,
        None,
        None,
    ]
    assert SCALAR
    assert not UNKNOWN


def test_items_and_slices() -> None:
    shape = Shape([2, None, 4])
    assert (shape[0], shape[-1], list(shape), len(shape)) == (2, 4, [2, None, 4], 3)
    assert shape[1:] == Shape([None, 4])
    assert UNKNOWN[5] is None
    assert UNKNOWN[:2] == UNKNOWN[1:3] == unknown(2)
    assert UNKNOWN[1:] == UNKNOWN[:-1] == UNKNOWN[::2] == UNKNOWN


def test_an_unknown_rank_has_no_length() -> None:
    for ask in (len, list, Shape.as_list):
        with pytest.raises(ValueError, match="rank of the shape is not known"):
            ask(UNKNOWN)


def test_with_rank() -> None:
    shape = Shape([2, None])
    assert shape.with_rank(2) is shape
    assert UNKNOWN.with_rank(2) == unknown(2)
    assert UNKNOWN.with_rank_at_least(3) is UNKNOWN
    with pytest.raises(ValueError, match=r"\(2, \?\) has rank 2, where rank 3 is needed"):
        shape.with_rank(3)
    with pytest.raises(ValueError, match=r"rank 2, where a rank of at least 3 is needed"):
        shape.with_rank_at_least(3)
    with pytest.raises(ValueError, match=r"rank 2, where a rank of at most 1 is needed"):
        shape.with_rank_at_most(1)


def test_merge() -> None:
    assert Shape([2, None]).merge_with(Shape([None, 3])) == Shape([2, 3])
    assert UNKNOWN.merge_with(Shape([3])) == Shape([3]).merge_with(UNKNOWN) == Shape([3])
    with pytest.raises(ValueError, match=r"\(2, 3\) and \(2, 4\) are not compatible: dimension 1"):
        Shape([2, 3]).merge_with(Shape([2, 4]))
    with pytest.raises(ValueError, match=r"ranks differ, 1 != 2"):
        Shape([2]).merge_with(Shape([2, 4]))


@given(shapes, shapes)
def test_shapes_are_compatible_exactly_if_they_merge(a: Shape, b: Shape) -> None:
    try:
        merged = a.merge_with(b)
    except ValueError:
        assert not a.is_compatible_with(b)
    else:
        assert a.is_compatible_with(b)
        assert merged == b.merge_with(a)


def test_concatenation() -> None:
    assert Shape([1, None]) + Shape([3]) == Shape([1, None, 3])
    assert Shape([1]) + UNKNOWN == UNKNOWN


def test_shapes_are_values() -> None:
    assert Shape([None, 2]) == Shape((None, 2))
    assert hash(Shape([None, 2])) == hash(Shape((None, 2)))
    assert Shape([2]) != Shape([None])
    assert Shape([2]) != (2,)
    assert eval(repr(Shape([2, None]))) == Shape([2, None])


known = st.lists(st.integers(0, 3), max_size=4).map(tuple)


@given(known, known)
def test_broadcast_is_numpys_where_all_is_known(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        with pytest.raises(ValueError, match="cannot be broadcast together"):
            broadcast(Shape(a), Shape(b))
    else:
        assert broadcast(Shape(a), Shape(b)).dims == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([None], [1], [None]),
        ([None], [3], [3]),
        ([None], [0], [None]),
        ([0], [None], [None]),
        ([None], [None], [None]),
        ([None, 1], [5], [None, 5]),
        ([None, 100], [100], [None, 100]),
        ([], [None, 2], [None, 2]),
    ],
)
def test_broadcast_of_unknown_sizes(
    a: list[int | None], b: list[int | None], expected: list[int | None]
) -> None:
    assert broadcast(Shape(a), Shape(b)) == broadcast(Shape(b), Shape(a)) == Shape(expected)


def test_broadcast_with_an_unknown_rank_is_unknown() -> None:
    assert broadcast(UNKNOWN, Shape([2])) is UNKNOWN


def test_broadcast_names_shapes_and_dimension() -> None:
    with pytest.raises(ValueError, match=r"\(2, 5, 2\) and \(4, 2\).* dimension -2.* 5 != 4"):
        broadcast(Shape([2, 5, 2]), Shape([4, 2]))


def test_a_shape_reads_a_message() -> None:
    class Size:
        def __init__(self, size: int) -> None:
            self.size = size

    class Message:
        unknown_rank = False
        dim = (Size(3), Size(-1))

    assert Shape.of(Message()) == Shape([3, None])
    Message.unknown_rank = True
    assert Shape.of(Message()) is UNKNOWN


def test_dimension_converts_one_size() -> None:
    assert [dimension(x) for x in (None, 3, np.int8(4), Dimension(5))] == [None, 3, 4, 5]
