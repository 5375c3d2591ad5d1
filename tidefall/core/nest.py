"""Nested structures: lists, tuples, dictionaries and the like, with anything as leaves.

What counts as a structure is what counted in TensorFlow 1.15: sequences other than
strings, named tuples, mappings (in the order of their sorted keys), views of mappings and
classes made with ``attrs``. A NumPy array, a tensor, a set and `None` are leaves.

Classes that hold several tensors (`SparseTensor`, `IndexedSlices`) are leaves too, unless
``expand_composites`` is set; they announce themselves with `register_composite`.
"""

from __future__ import annotations

from collections import UserString, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MappingView, Sequence
from typing import Any

from tidefall.core.exports import export

Path = tuple[Any, ...]
_Child = tuple[Any, Any]  # its key or index, and itself

_composites: dict[type, tuple[Callable[[Any], Sequence[Any]], Callable[..., Any]]] = {}


def register_composite(
    cls: type, parts: Callable[[Any], Sequence[Any]], rebuild: Callable[..., Any]
) -> None:
    """Says how ``expand_composites`` takes an instance of a class apart.

    Args:
      cls: The class; its subclasses are not included.
      parts: Returns the components of an instance.
      rebuild: Called as ``rebuild(instance, *components)``, returns a new instance.
    """
    _composites[cls] = parts, rebuild


@export("nest.is_nested")
def is_nested(seq: Any) -> bool:
    """Returns whether ``seq`` is a structure rather than a leaf."""
    if isinstance(seq, list | tuple | dict):
        return True
    if isinstance(seq, str | bytes | UserString):
        return False
    return isinstance(seq, Sequence | Mapping | MappingView) or _is_attrs(seq)


def _is_structure(value: Any, expand_composites: bool) -> bool:
    return is_nested(value) or (expand_composites and type(value) in _composites)


def _is_namedtuple(value: Any) -> bool:
    return isinstance(value, tuple) and hasattr(type(value), "_fields")


def _is_attrs(value: Any) -> bool:
    return hasattr(type(value), "__attrs_attrs__")


def _children(structure: Any) -> Iterable[_Child]:
    """The children of a structure, each with its key, in the order of flattening."""
    if isinstance(structure, Mapping):
        return [(key, structure[key]) for key in _sorted_keys(structure)]
    if _is_namedtuple(structure):
        return zip(structure._fields, structure, strict=True)
    if _is_attrs(structure):
        fields = type(structure).__attrs_attrs__
        return [(field.name, getattr(structure, field.name)) for field in fields]
    known = _composites.get(type(structure))
    return enumerate(structure if known is None else known[0](structure))


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError as error:
        raise TypeError(
            "the keys of a dictionary in a nested structure must be sortable, since its values "
            f"are taken in the order of the keys; these are not: {list(mapping)}."
        ) from error


@export("nest.flatten")
def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """Returns the leaves of a structure as a list.

    Args:
      structure: A structure, or a single leaf.
      expand_composites: Whether to take sparse tensors and the like apart too.

    Returns:
      The leaves, dictionaries in the order of their sorted keys.

    >>> flatten({"b": 1, "a": [2, (3,)]})
    [2, 3, 1]
    """
    leaves: list[Any] = []
    _flatten_into(structure, leaves, expand_composites)
    return leaves


def _flatten_into(structure: Any, leaves: list[Any], expand_composites: bool) -> None:
    if not _is_structure(structure, expand_composites):
        leaves.append(structure)
        return
    # Sequences proper are by far the most common, and need no keys.
    plain = type(structure) in (list, tuple)
    for child in structure if plain else [child for _, child in _children(structure)]:
        _flatten_into(child, leaves, expand_composites)


def _rebuild(model: Any, values: list[Any]) -> Any:
    """Returns a structure like ``model`` whose children, in order, are ``values``."""
    kind = type(model)
    if isinstance(model, Mapping):
        by_key = dict(zip(_sorted_keys(model), values, strict=True))
        in_order = [(key, by_key[key]) for key in model]
        if isinstance(model, defaultdict):
            return kind(model.default_factory, in_order)
        return kind(in_order)
    if _is_namedtuple(model):
        return kind(*values)
    if _is_attrs(model):
        names = (getattr(f, "alias", None) or f.name.lstrip("_") for f in kind.__attrs_attrs__)
        return kind(**dict(zip(names, values, strict=True)))
    if kind in _composites:
        return _composites[kind][1](model, *values)
    if isinstance(model, range | MappingView):
        return values
    return kind(values)


@export("nest.pack_sequence_as")
def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """Returns a structure like ``structure`` with the leaves ``flat_sequence``.

    Args:
      structure: A structure, or a leaf, which stands for a sequence of one.
      flat_sequence: The new leaves, in the order in which `flatten` returns them.
      expand_composites: Whether composite tensors are structures.

    Raises:
      TypeError: If ``flat_sequence`` is not a sequence.
      ValueError: If it has not as many items as the structure has leaves.
    """
    if not is_nested(flat_sequence):
        raise TypeError(f"flat_sequence must be a sequence, but is {flat_sequence!r}.")
    leaves = list(flat_sequence)
    wanted = len(flatten(structure, expand_composites))
    if wanted != len(leaves):
        raise ValueError(
            f"Could not pack sequence. Structure had {wanted} elements, but flat_sequence had "
            f"{len(leaves)} elements. Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    return _pack(structure, iter(leaves), expand_composites)


def _pack(structure: Any, leaves: Iterator[Any], expand_composites: bool) -> Any:
    if not _is_structure(structure, expand_composites):
        return next(leaves)
    children = [_pack(child, leaves, expand_composites) for _, child in _children(structure)]
    return _rebuild(structure, children)


@export("nest.map_structure")
def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """Applies a function to the leaves of structures of the same form.

    Args:
      func: Called with one leaf of each structure.
      *structure: One or more structures.
      **kwargs: ``check_types`` (default true: the structures must have the same types, not
        just the same arity) and ``expand_composites`` (default false).

    Returns:
      A structure like the first one, with the results as leaves.

    >>> map_structure(lambda x, y: x + y, [1, (2,)], [30, (40,)])
    [31, (42,)]
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types, expand = _map_options(kwargs)
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types, expand)
    rows = zip(*(flatten(each, expand) for each in structure), strict=True)
    return _pack(structure[0], iter([func(*row) for row in rows]), expand)


def _map_options(kwargs: dict[str, Any]) -> tuple[bool, bool]:
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            "Only valid keyword arguments are check_types and expand_composites, not: "
            f"{', '.join(kwargs)}"
        )
    return check_types, expand_composites


@export("nest.assert_same_structure")
def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Checks that two structures differ in nothing but their leaves.

    Args:
      nest1: A structure.
      nest2: Another one.
      check_types: Whether the types of sequences must agree. Two mappings agree in any
        case, and so do two named tuples of the same name and fields.
      expand_composites: Whether composite tensors are structures.

    Raises:
      ValueError: If they differ in form.
      TypeError: If they differ in type.
    """
    try:
        _compare(nest1, nest2, check_types, expand_composites)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"The two structures don't have the same nested structure: {error}\n"
            f"  first:  {nest1}\n  second: {nest2}"
        ) from None


def _compare(one: Any, two: Any, check_types: bool, expand_composites: bool) -> None:
    nested = _is_structure(one, expand_composites)
    if nested != _is_structure(two, expand_composites):
        first, second = ("structure", "leaf") if nested else ("leaf", "structure")
        raise ValueError(f"{_typed(one)} is a {first}, but {_typed(two)} is a {second}.")
    if not nested:
        return
    if check_types and not _same_type(one, two):
        raise TypeError(f"{_typed(one)} and {_typed(two)} have different types.")
    mine, theirs = list(_children(one)), list(_children(two))
    if len(mine) != len(theirs):
        raise ValueError(
            f"{_typed(one)} has {len(mine)} elements, but {_typed(two)} has {len(theirs)}."
        )
    if isinstance(one, Mapping) and isinstance(two, Mapping) and set(one) != set(two):
        raise ValueError(f"the keys differ: {list(one)} and {list(two)}.")
    for (_, a), (_, b) in zip(mine, theirs, strict=True):
        _compare(a, b, check_types, expand_composites)


def _typed(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


def _same_type(one: Any, two: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        return True
    if _is_namedtuple(one) and _is_namedtuple(two):
        a, b = type(one), type(two)
        return bool(a.__name__ == b.__name__ and a._fields == b._fields)
    return type(one) is type(two)


def flatten_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> list[Any]:
    """Flattens ``input_tree`` only as deep as ``shallow_tree`` goes.

    >>> flatten_up_to([0, 0], [1, [2, 3]])
    [1, [2, 3]]
    """
    pairs = _pairs_up_to(shallow_tree, input_tree, check_types, expand_composites, ())
    return [value for _, value in pairs]


def flatten_with_tuple_paths_up_to(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> list[tuple[Path, Any]]:
    """Like `flatten_up_to`, with the path of keys that leads to each value."""
    return list(_pairs_up_to(shallow_tree, input_tree, check_types, expand_composites, ()))


def assert_shallow_structure(
    shallow_tree: Any, input_tree: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raises `TypeError` or `ValueError` unless ``shallow_tree`` is the top of ``input_tree``."""
    for _ in _pairs_up_to(shallow_tree, input_tree, check_types, expand_composites, ()):
        pass


def _pairs_up_to(
    shallow: Any, full: Any, check_types: bool, expand_composites: bool, path: Path
) -> Iterator[tuple[Path, Any]]:
    if not _is_structure(shallow, expand_composites):
        yield path, full
        return
    _check_level(shallow, full, check_types, expand_composites)
    pairs = zip(_children(shallow), _children(full), strict=True)
    for (key, below), (_, child) in pairs:
        yield from _pairs_up_to(below, child, check_types, expand_composites, (*path, key))


def _check_level(shallow: Any, full: Any, check_types: bool, expand_composites: bool) -> None:
    if not _is_structure(full, expand_composites):
        raise TypeError(
            "If shallow structure is a sequence, input must also be a sequence. "
            f"Input has type: {type(full)}."
        )
    if check_types and not _same_type(shallow, full):
        raise TypeError(
            "The two structures don't have the same sequence type. Input structure has type "
            f"{type(full)}, while shallow structure has type {type(shallow)}."
        )
    expected, given = (len(list(_children(tree))) for tree in (shallow, full))
    if expected != given:
        raise ValueError(
            "The two structures don't have the same sequence length. Input structure has "
            f"length {given}, while shallow structure has length {expected}."
        )
    if isinstance(shallow, Mapping) and isinstance(full, Mapping):
        missing = [key for key in shallow if key not in full]
        if missing:
            raise ValueError(f"keys of the shallow structure are not in the input: {missing}.")


def map_structure_up_to(
    shallow_tree: Any, func: Callable[..., Any], *inputs: Any, **kwargs: Any
) -> Any:
    """Applies a function to the parts of ``inputs`` that lie where ``shallow_tree`` has leaves.

    Args:
      shallow_tree: Says how deep to go; the result has its structure.
      func: Called with one part of each input.
      *inputs: Structures of which ``shallow_tree`` is the top.
      **kwargs: As for `map_structure`.
    """
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    check_types, expand = _map_options(kwargs)
    columns = [flatten_up_to(shallow_tree, each, check_types, expand) for each in inputs]
    results = [func(*row) for row in zip(*columns, strict=True)]
    return _pack(shallow_tree, iter(results), expand)


def yield_flat_paths(nest: Any, expand_composites: bool = False) -> Iterator[Path]:
    """Yields the path of keys and indices that leads to each leaf.

    >>> list(yield_flat_paths({"a": [5, 6], "b": 7}))
    [('a', 0), ('a', 1), ('b',)]
    """
    for path, _ in _pairs_up_to(nest, nest, False, expand_composites, ()):
        yield path


def flatten_with_tuple_paths(
    structure: Any, expand_composites: bool = False
) -> list[tuple[Path, Any]]:
    """Returns each leaf with its path, in the order of `flatten`."""
    return list(_pairs_up_to(structure, structure, False, expand_composites, ()))


def flatten_with_joined_string_paths(
    structure: Any, separator: str = "/", expand_composites: bool = False
) -> list[tuple[str, Any]]:
    """Returns each leaf with its path as a string such as ``"a/0"``."""
    pairs = flatten_with_tuple_paths(structure, expand_composites)
    return [(separator.join(map(str, path)), leaf) for path, leaf in pairs]


def flatten_dict_items(dictionary: Mapping[Any, Any]) -> dict[Any, Any]:
    """Returns a flat dictionary for one whose keys and values are structures alike.

    >>> flatten_dict_items({4: 5, (1, (2,)): ("a", ("b",))})
    {4: 5, 1: 'a', 2: 'b'}

    Raises:
      TypeError: If ``dictionary`` is no mapping.
      ValueError: If a key and its value differ in structure, or a key repeats.
    """
    if not isinstance(dictionary, Mapping):
        raise TypeError("input must be a dictionary")
    flat: dict[Any, Any] = {}
    for key, value in dictionary.items():
        keys, values = flatten(key), flatten(value)
        if len(keys) != len(values):
            raise ValueError(
                f"Could not flatten dictionary. Key had {len(keys)} elements, but value had "
                f"{len(values)} elements. Key: {keys}, value: {values}."
            )
        for one, leaf in zip(keys, values, strict=True):
            if one in flat:
                raise ValueError(f"Could not flatten dictionary: key {one} is not unique.")
            flat[one] = leaf
    return flat
