"""Nested structures, compared with what TensorFlow 1.15.5 answers."""

import re
from collections import OrderedDict, UserDict, UserList, UserString, defaultdict, deque, namedtuple
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from tidefall.core import nest

Pair = namedtuple("Pair", ["b", "a"])
Same = namedtuple("Pair", ["b", "a"])  # type: ignore[name-match]


class Attribute:
    """A field as the attrs library describes it."""

    def __init__(self, name: str) -> None:
        self.name = name


class Record:
    """What the attrs library would make of a class with the fields ``x`` and ``_y``."""

    __attrs_attrs__ = (Attribute("x"), Attribute("_y"))

    def __init__(self, x: Any, y: Any) -> None:
        self.x, self._y = x, y


class Composite:
    def __init__(self, *parts: Any) -> None:
        self.parts = parts


nest.register_composite(Composite, lambda c: list(c.parts), lambda _, *parts: Composite(*parts))

array = np.zeros(2)


@pytest.mark.parametrize(
    ("structure", "leaves"),
    [
        (3, [3]),
        (None, [None]),
        ("abc", ["abc"]),
        (b"abc", [b"abc"]),
        (array, [array]),
        ({1}, [{1}]),
        (UserString("ab"), [UserString("ab")]),
        ([], []),
        ([[], {}, ()], []),
        ([1, (2, [3]), Pair(4, {"x": 5})], [1, 2, 3, 4, 5]),
        ({"b": 1, "a": 2}, [2, 1]),
        (OrderedDict([("b", 1), ("a", 2)]), [2, 1]),
        (UserDict(b=1, a=2), [2, 1]),
        (UserList([1, 2]), [1, 2]),
        (deque([1, 2]), [1, 2]),
        (range(3), [0, 1, 2]),
        ({"b": 1, "a": 2}.values(), [1, 2]),
        (Record(1, [2, 3]), [1, 2, 3]),
    ],
)
def test_flatten(structure: Any, leaves: list[Any]) -> None:
    flat = nest.flatten(structure)
    assert len(flat) == len(leaves)
    assert all(a is b or a == b for a, b in zip(flat, leaves, strict=True))


def test_composites_are_leaves_unless_asked() -> None:
    thing = Composite(1, 2)
    assert nest.flatten([thing, 3]) == [thing, 3]
    assert nest.flatten([thing, 3], expand_composites=True) == [1, 2, 3]
    doubled = nest.map_structure(lambda x: 2 * x, [thing], expand_composites=True)
    assert doubled[0].parts == (2, 4)


def test_keys_must_be_sortable() -> None:
    with pytest.raises(TypeError, match=r"must be sortable.*\[1, 'a'\]"):
        nest.flatten({1: 2, "a": 3})


@pytest.mark.parametrize(
    ("structure", "flat", "expected"),
    [
        (OrderedDict([("b", 1), ("a", 2)]), [10, 20], OrderedDict([("b", 20), ("a", 10)])),
        ({"b": 0, "a": 1}, [1, 2], {"b": 2, "a": 1}),
        (Pair(1, [2, 3]), [1, 2, 3], Pair(1, [2, 3])),
        (3, [1], 1),
        ([], [], []),
        (deque([0, 0]), (1, 2), deque([1, 2])),
        (range(2), [5, 6], [5, 6]),
        ({"a": 1}.values(), [7], [7]),
        (UserDict(b=1), [4], UserDict(b=4)),
        ((1, [2, {"k": 3}]), "xyz", None),
    ],
)
def test_pack(structure: Any, flat: Any, expected: Any) -> None:
    if isinstance(flat, str):
        with pytest.raises(TypeError, match="flat_sequence must be a sequence"):
            nest.pack_sequence_as(structure, flat)
        return
    packed = nest.pack_sequence_as(structure, flat)
    assert packed == expected
    assert type(packed) is type(expected)
    if isinstance(expected, OrderedDict):
        assert list(packed) == list(expected)


def test_packing_keeps_default_factories_and_attrs_classes() -> None:
    packed = nest.pack_sequence_as(defaultdict(list, b=1, a=2), [10, 20])
    assert (packed, packed.default_factory) == ({"a": 10, "b": 20}, list)
    record = nest.pack_sequence_as(Record(0, [0, 0]), [1, 2, 3])
    assert (record.x, record._y) == (1, [2, 3])


@pytest.mark.parametrize(("structure", "flat"), [(3, [1, 2]), ([3], [1, 2]), ([3, 4], [1])])
def test_pack_counts(structure: Any, flat: list[int]) -> None:
    with pytest.raises(ValueError, match=rf"but flat_sequence had {len(flat)} elements"):
        nest.pack_sequence_as(structure, flat)


def test_map() -> None:
    assert nest.map_structure(lambda x, y: x + y, [1, (2,)], [3, (4,)]) == [4, (6,)]
    assert nest.map_structure(str, 3) == "3"
    assert nest.map_structure(lambda x, _: x, [1], (2,), check_types=False) == [1]


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: nest.map_structure(str), ValueError, "at least one structure"),
        (lambda: nest.map_structure(cast(Any, 3), [1]), TypeError, "func must be callable, got: 3"),
        (lambda: nest.map_structure(str, [1], foo=3), ValueError, "keyword.*not: foo"),
        (lambda: nest.map_structure(max, [1], (2,)), TypeError, "list [1] and tuple (2,) have"),
        (lambda: nest.map_structure_up_to([0], str), ValueError, "map over no sequences"),
        (lambda: nest.flatten_dict_items({(1, 2): (6,)}), ValueError, "Key had 2 elements"),
        (lambda: nest.flatten_dict_items({1: 6, (1, 2): (6, 7)}), ValueError, "1 is not unique"),
        (lambda: nest.flatten_dict_items(cast(Any, [1])), TypeError, "must be a dictionary"),
    ],
)
def test_wrong_uses(act: Callable[[], Any], error: type[Exception], message: str) -> None:
    pattern = message if ".*" in message else re.escape(message)
    with pytest.raises(error, match=pattern):
        act()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"a": 1}, OrderedDict(a=2)),
        (defaultdict(int, a=1), {"a": 2}),
        (Pair(1, 2), Same(3, 4)),
        ([1, (2,)], ["x", (None,)]),
        (1, array),
    ],
)
def test_same_structure(one: Any, two: Any) -> None:
    nest.assert_same_structure(one, two)


@pytest.mark.parametrize(
    ("one", "two", "error", "message"),
    [
        ([1], [1, 2], ValueError, "has 1 elements, but list [1, 2] has 2"),
        ([1], (1,), TypeError, "have different types"),
        (1, [1], ValueError, "int 1 is a leaf, but list [1] is a structure"),
        ({"a": 1}, {"b": 1}, ValueError, "the keys differ: ['a'] and ['b']"),
        (Pair(1, 2), (1, 2), TypeError, "have different types"),
        ([[1], 2], [2, [1]], ValueError, "list [1] is a structure, but int 2 is a leaf"),
        ({"a": 1}, [1], TypeError, "have different types"),
    ],
)
def test_different_structures(one: Any, two: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        nest.assert_same_structure(one, two)


def test_types_may_be_ignored() -> None:
    nest.assert_same_structure([1, Pair(2, 3)], (1, (2, 3)), check_types=False)


@pytest.mark.parametrize(
    ("value", "nested"),
    [
        ([], True),
        ({}, True),
        ((), True),
        (range(3), True),
        ({}.values(), True),
        (Record(1, 2), True),
        ("a", False),
        (b"a", False),
        ({1}, False),
        (array, False),
        (None, False),
    ],
)
def test_is_nested(value: Any, nested: bool) -> None:
    assert nest.is_nested(value) is nested


def test_flatten_up_to() -> None:
    assert nest.flatten_up_to([0, 0], [1, [2, 3]]) == [1, [2, 3]]
    assert nest.flatten_up_to(0, [1, 2]) == [[1, 2]]
    assert nest.flatten_up_to([0], (3,), check_types=False) == [3]
    assert nest.flatten_up_to({"a": 0}, {"a": [1, 2]}) == [[1, 2]]
    assert nest.flatten_with_tuple_paths_up_to([0, 0], [1, [2]]) == [((0,), 1), ((1,), [2])]


@pytest.mark.parametrize(
    ("shallow", "full", "error", "message"),
    [
        ([0], [1, 2], ValueError, "Input structure has length 2, while shallow .* length 1"),
        ([0], 3, TypeError, "input must also be a sequence. Input has type: <class 'int'>"),
        ([0], (3,), TypeError, "same sequence type"),
        ({"a": 0}, {"b": 1}, ValueError, r"not in the input: \['a'\]"),
    ],
)
def test_flatten_up_to_refuses(
    shallow: Any, full: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        nest.assert_shallow_structure(shallow, full)


def test_map_up_to() -> None:
    assert nest.map_structure_up_to([0, 0], lambda x, y: (x, y), [1, [2, 3]], [4, 5]) == [
        (1, 4),
        ([2, 3], 5),
    ]


def test_paths() -> None:
    structure = {"a": [1, 2], "b": Pair(3, 4)}
    assert list(nest.yield_flat_paths(structure)) == [("a", 0), ("a", 1), ("b", "b"), ("b", "a")]
    assert list(nest.yield_flat_paths(3)) == [()]
    assert nest.flatten_with_joined_string_paths(structure) == [
        ("a/0", 1),
        ("a/1", 2),
        ("b/b", 3),
        ("b/a", 4),
    ]
    assert nest.flatten_with_tuple_paths([1, [2]]) == [((0,), 1), ((1, 0), 2)]


def test_flatten_dict_items() -> None:
    assert nest.flatten_dict_items({4: 5, (1, (2,)): ("a", ("b",))}) == {4: 5, 1: "a", 2: "b"}
