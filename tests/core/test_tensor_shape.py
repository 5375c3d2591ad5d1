"""`TensorShape` and `Dimension`, compared with what TensorFlow 1.15.5 answers."""

import operator
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tidefall.core import tensor_shape
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import (
    Dimension,
    TensorShape,
    as_shape,
    dimension_at_index,
    dimension_value,
    unknown_shape,
)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Dimension(3) + 2, 5),
        (2 + Dimension(3), 5),
        (Dimension(3) - Dimension(1), 2),
        (5 - Dimension(3), 2),
        (Dimension(3) * 2, 6),
        (2 * Dimension(3), 6),
        (Dimension(7) // 2, 3),
        (7 // Dimension(2), 3),
        (Dimension(7) % 4, 3),
        (7 % Dimension(4), 3),
        (Dimension(None) + 1, None),
        (Dimension(3) * None, None),
        (Dimension("3"), 3),
        (Dimension(2.0), 2),
        (Dimension(Dimension(4)), 4),
    ],
)
def test_arithmetic(result: Dimension, expected: int | None) -> None:
    assert isinstance(result, Dimension)
    assert result.value == expected


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: Dimension(3) / 2, TypeError, "please use // instead"),
        (lambda: 2 / Dimension(3), TypeError, "please use // instead"),
        (lambda: Dimension(3) - 5, ValueError, "Dimension -2 must be >= 0"),
        (lambda: Dimension(3) + "a", TypeError, "unsupported operand"),
        (lambda: Dimension(3) + 2.5, TypeError, "unsupported operand"),
        (lambda: Dimension(2.5), ValueError, "whole number"),
        (lambda: int(Dimension(None)), TypeError, "not known"),
        (lambda: Dimension(3).assert_is_compatible_with(4), ValueError, "3 and 4 are not"),
        (lambda: Dimension(3).merge_with(4), ValueError, "3 and 4 are not"),
        (lambda: TensorShape("3"), TypeError, "A shape is a list"),
        (lambda: TensorShape([2, 3])[5], IndexError, "index out of range"),
        (lambda: TensorShape([2, 3]).with_rank(3), ValueError, "rank 3 is needed"),
        (lambda: TensorShape([2, 3]).merge_with([2, 4]), ValueError, "are not compatible"),
        (lambda: TensorShape([2]).assert_has_rank(3), ValueError, "must have rank 3"),
        (lambda: TensorShape([2]).assert_same_rank([2, 3]), ValueError, "must have the same rank"),
        (
            lambda: TensorShape([2]).assert_is_compatible_with([3]),
            ValueError,
            r"\(2,\) and \(3,\) are incompatible",
        ),
        (lambda: TensorShape([None]).assert_is_fully_defined(), ValueError, "not fully defined"),
        (lambda: TensorShape(None).as_list(), ValueError, r"as_list\(\) is not defined"),
        (lambda: len(TensorShape(None)), ValueError, "length of shape with unknown rank"),
        (lambda: list(TensorShape(None)), ValueError, "iterate over a shape with unknown rank"),
        (lambda: TensorShape(None) != TensorShape([1]), ValueError, "inequality of unknown"),
        (lambda: TensorShape([2]).with_rank_at_least(2), ValueError, "at least 2"),
        (lambda: TensorShape([2, 3]).with_rank_at_most(1), ValueError, "at most 1"),
        (lambda: unknown_shape(2, ndims=2), ValueError, "either rank or ndims"),
        (lambda: unknown_shape(dims=2), TypeError, "no argument 'dims'"),
    ],
)
def test_wrong_uses(act: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act()


COMPARISONS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_dimensions_compare_as_integers_and_unknown_ones_not_at_all(
    compare: Callable[[Any, Any], Any],
) -> None:
    for other in (2, 3, 4):
        assert compare(Dimension(3), other) is compare(3, other)
        assert compare(Dimension(3), Dimension(other)) is compare(3, other)
    assert compare(Dimension(None), 3) is None
    assert compare(Dimension(3), None) is None
    assert compare(Dimension(None), Dimension(None)) is None


def test_a_dimension_is_an_index() -> None:
    assert list(range(Dimension(3))) == [0, 1, 2]
    assert int(Dimension(3)) == 3
    assert "abc"[Dimension(1)] == "b"
    assert (str(Dimension(None)), repr(Dimension(4))) == ("?", "Dimension(4)")
    assert Dimension(3) != "a"
    assert {Dimension(3): 1}[Dimension(3)] == 1


def test_merging_dimensions() -> None:
    assert Dimension(None).merge_with(3).value == 3
    assert Dimension(3).merge_with(None).value == 3


def test_items_are_dimensions() -> None:
    shape = TensorShape([None, 3])
    assert [type(item) for item in shape] == [Dimension, Dimension]
    assert shape.dims is not None
    assert [item.value for item in shape.dims] == [None, 3]
    assert shape[1].value == 3
    assert shape[0:1].as_list() == [None]
    assert TensorShape(None)[2].value is None
    assert TensorShape(None).dims is None


@pytest.fixture
def v2_behaviour() -> Iterator[None]:
    tensor_shape.enable_v2_tensorshape()
    yield
    tensor_shape.disable_v2_tensorshape()


@pytest.mark.usefixtures("v2_behaviour")
def test_items_are_integers_when_asked_for() -> None:
    shape = TensorShape([None, 3])
    assert list(shape) == [None, 3]
    assert shape[1] == 3
    assert shape[0] is None
    assert shape.dims is not None
    assert shape.dims[1].value == 3


def test_an_unknown_size_equals_nothing() -> None:
    assert TensorShape([2, 3]) == [2, 3]
    assert TensorShape([2, 3]) != [2, 4]
    assert (TensorShape([None]) == TensorShape([None])) is False
    assert TensorShape([None]) != TensorShape([None])
    assert TensorShape(None) == None  # noqa: E711 (the operator is what is tested)
    assert (TensorShape([]) == None) is False  # noqa: E711
    assert TensorShape([1]) != "a"


def test_queries() -> None:
    shape = TensorShape([2, None])
    assert (shape.rank, shape.ndims, len(shape)) == (2, 2, 2)
    assert shape.as_list() == [2, None]
    assert (shape.num_elements(), TensorShape([2, 3]).num_elements()) == (None, 6)
    assert (shape.is_fully_defined(), TensorShape([2]).is_fully_defined()) == (False, True)
    assert shape.is_compatible_with([None, 7])
    assert not shape.is_compatible_with([3, 7])
    assert TensorShape([])
    assert not TensorShape(None)


def test_new_shapes_from_old() -> None:
    shape = TensorShape([2, None])
    assert shape.merge_with([None, 3]).as_list() == [2, 3]
    assert shape.concatenate([4]).as_list() == operator.add(shape, [4]).as_list() == [2, None, 4]
    assert operator.add([4], shape).as_list() == [4, 2, None]
    assert shape.concatenate(None).rank is None
    assert TensorShape(None).with_rank(2).as_list() == [None, None]
    assert TensorShape([2]).most_specific_compatible_shape([3]).as_list() == [None]
    assert TensorShape([2, 3]).most_specific_compatible_shape([2, 4]).as_list() == [2, None]
    assert TensorShape([2]).most_specific_compatible_shape([2, 4]).rank is None


def test_text() -> None:
    assert repr(TensorShape([2, None])) == "TensorShape([Dimension(2), Dimension(None)])"
    assert repr(TensorShape(None)) == "TensorShape(None)"
    assert str(TensorShape([2, None])) == "(2, ?)"


def test_it_wraps_an_internal_shape() -> None:
    inner = Shape([2, None])
    assert TensorShape.of(inner).shape is inner
    assert Shape.of(TensorShape.of(inner)) is inner
    assert as_shape(inner).as_list() == [2, None]


def test_helpers() -> None:
    assert unknown_shape().rank is None
    assert unknown_shape(2).as_list() == unknown_shape(ndims=2).as_list() == [None, None]
    assert (dimension_value(Dimension(3)), dimension_value(4), dimension_value(None)) == (
        3,
        4,
        None,
    )
    assert dimension_at_index(TensorShape(None), 1).value is None
    assert tensor_shape.matrix(2, None).as_list() == [2, None]
    assert tensor_shape.vector(2).as_list() == [2]
    assert tensor_shape.scalar().as_list() == []


def test_pickling() -> None:
    for shape in (TensorShape([2, None]), TensorShape(None)):
        assert pickle.loads(pickle.dumps(shape)).shape == shape.shape
