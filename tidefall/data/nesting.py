"""Nested structures as datasets see them: a list is not one, but becomes a tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tidefall.core import nest
from tidefall.ir.sparse_tensor import SparseTensorValue


def is_structure(value: Any) -> bool:
    """Whether ``value`` has parts: tuples, dictionaries and classes made with ``attrs``."""
    if isinstance(value, list | SparseTensorValue):
        return False
    return isinstance(value, tuple | Mapping) or hasattr(type(value), "__attrs_attrs__")


def parts_of(structure: Any) -> list[Any]:
    if isinstance(structure, Mapping):
        return [structure[key] for key in sorted(structure)]
    if isinstance(structure, tuple):
        return list(structure)
    return [getattr(structure, field.name) for field in type(structure).__attrs_attrs__]


def flatten(structure: Any) -> list[Any]:
    """The leaves, dictionaries in the order of their sorted keys."""
    if not is_structure(structure):
        return [structure]
    return [leaf for part in parts_of(structure) for leaf in flatten(part)]


def map_structure(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """The structure with ``function`` of each leaf, and of those of others like it."""
    lists = [flatten(each) for each in (structure, *others)]
    return pack_as(structure, [function(*leaves) for leaves in zip(*lists, strict=True)])


def pack_as(structure: Any, leaves: list[Any]) -> Any:
    """A structure like ``structure`` with other leaves."""
    wanted = len(flatten(structure))
    if wanted != len(leaves):
        raise ValueError(f"the structure has {wanted} leaves, but {len(leaves)} were given.")
    return _packed(structure, iter(leaves))


def _packed(structure: Any, leaves: Any) -> Any:
    if not is_structure(structure):
        return next(leaves)
    return rebuilt(structure, [_packed(part, leaves) for part in parts_of(structure)])


def rebuilt(structure: Any, parts: list[Any]) -> Any:
    """A structure like ``structure`` with other parts."""
    return nest._rebuild(structure, parts)


def up_to(shallow: Any, structure: Any) -> list[Any]:
    """The parts of ``structure`` at the leaves of ``shallow``."""
    if not is_structure(shallow):
        return [structure]
    if not is_structure(structure) or len(parts_of(shallow)) != len(parts_of(structure)):
        raise ValueError(f"{structure!r} is not structured like {shallow!r}.")
    pairs = zip(parts_of(shallow), parts_of(structure), strict=True)
    return [leaf for above, below in pairs for leaf in up_to(above, below)]


def assert_same(first: Any, second: Any) -> None:
    """Checks that two structures differ in their leaves only.

    Raises:
      ValueError: If they do not.
    """
    if is_structure(first) != is_structure(second):
        raise ValueError(f"the structures differ: {first!r} and {second!r}.")
    if not is_structure(first):
        return
    if isinstance(first, Mapping) and (
        not isinstance(second, Mapping) or set(first) != set(second)
    ):
        raise ValueError(f"the structures differ: {first!r} and {second!r}.")
    if len(parts_of(first)) != len(parts_of(second)):
        raise ValueError(f"the structures differ: {first!r} and {second!r}.")
    for a, b in zip(parts_of(first), parts_of(second), strict=True):
        assert_same(a, b)
