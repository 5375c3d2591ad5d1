"""Staging areas as a program sees them: where the next step's values wait."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape, unknown_shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ir.with_blocks import colocate_with, name_scope
from tidefall.ops import staging_ops
from tidefall.ops.array import identity, no_op


class BaseStagingArea:
    """What both kinds of staging areas share.

    Args:
      dtypes: The dtypes of the values of an entry.
      shapes: Their shapes, or None.
      names: Names of the values, or None; then entries are dictionaries.
      shared_name: Areas of one session with the same shared name are one.
      capacity: How many entries fit; without bound if 0.
      memory_limit: How many bytes fit; without bound if 0.
    """

    def __init__(
        self,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        capacity: int = 0,
        memory_limit: int = 0,
    ) -> None:
        if shared_name is None:
            self._name = get_default_graph().unique_name(type(self).__name__)
        elif isinstance(shared_name, str):
            self._name = shared_name
        else:
            raise ValueError(f"shared_name must be a string, not {shared_name!r}.")
        for what, given in (("shapes", shapes), ("names", names)):
            if given is not None and len(given) != len(dtypes):
                raise ValueError(
                    f"a staging area with {len(dtypes)} dtypes needs as many {what}, but "
                    f"{len(given)} were given."
                )
        self._dtypes = [as_dtype(each) for each in dtypes]
        self._shapes = (
            [unknown_shape() for _ in dtypes]
            if shapes is None
            else [TensorShape(each) for each in shapes]
        )
        self._names = names
        self._capacity = capacity
        self._memory_limit = memory_limit
        with name_scope(f"{self._name}_root"):
            self._root = no_op()

    @property
    def name(self) -> str:
        """The name of the area."""
        return self._name

    @property
    def dtypes(self) -> list[DType]:
        """The dtypes of the values of an entry."""
        return self._dtypes

    @property
    def shapes(self) -> list[TensorShape]:
        """Their shapes."""
        return self._shapes

    @property
    def names(self) -> Any:
        """Their names, or None."""
        return self._names

    @property
    def capacity(self) -> int:
        """How many entries fit; without bound if 0."""
        return self._capacity

    @property
    def memory_limit(self) -> int:
        """How many bytes fit; without bound if 0."""
        return self._memory_limit

    def _options(self, name: str | None) -> dict[str, Any]:
        return {
            "shared_name": self._name,
            "capacity": self._capacity,
            "memory_limit": self._memory_limit,
            "name": name,
        }

    def _components(self, values: Any, indices: Any) -> tuple[list[Tensor], list[int]]:
        """The tensors to put in, and which values of an entry they are."""
        if isinstance(values, dict):
            if not self._names:
                raise ValueError(
                    f"the staging area '{self._name}' has no names, so a dictionary cannot be put "
                    "in."
                )
            unknown = sorted(set(values) - set(self._names))
            if unknown:
                raise ValueError(
                    f"the staging area '{self._name}' has the names {list(self._names)}, not "
                    f"{unknown}."
                )
            indices = [index for index, name in enumerate(self._names) if name in values]
            values = [values[self._names[index]] for index in indices]
        elif self._names:
            raise ValueError(
                f"the staging area '{self._name}' has names, so a dictionary must be put in."
            )
        elif indices is None:
            raise ValueError("indices must say which values of an entry these are.")
        if len(indices) != len(values) or len(values) > len(self._dtypes):
            raise ValueError(
                f"{len(values)} values with {len(indices)} indices were given to the staging area "
                f"'{self._name}', whose entries have {len(self._dtypes)} values."
            )
        return [self._component(v, i) for v, i in zip(values, indices, strict=True)], list(indices)

    def _component(self, value: Any, index: int) -> Tensor:
        dtype = self._dtypes[index]
        tensor = convert_to_tensor(value, dtype, f"component_{index}")
        tensor.shape.assert_is_compatible_with(self._shapes[index])
        return tensor

    def _moved(self, tensors: Any) -> list[Tensor]:
        """What was taken, copied if it is wanted on another device."""
        tensors = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
        if no_op().device != self._root.device:
            return [identity(each) for each in tensors]
        return tensors

    def _taken(self, tensors: Any, indices: Sequence[int]) -> Any:
        moved = self._moved(tensors)
        for tensor, index in zip(moved, indices, strict=True):
            tensor.set_shape(self._shapes[index])
        if self._names:
            return {self._names[i]: each for each, i in zip(moved, indices, strict=True)}
        return moved


def _values(values: Any) -> list[Any]:
    if isinstance(values, dict):
        return list(values.values())
    return list(values) if isinstance(values, (list, tuple)) else [values]


@export("contrib.staging.StagingArea")
class StagingArea(BaseStagingArea):
    """A buffer of entries, each some tensors, that leave in the order in which they came.

    One step puts in what the next one takes, so that the two can go on at the same time.
    """

    def put(self, values: Any, name: str | None = None) -> Operation:
        """An operation that adds an entry, and waits while the area is full."""
        with name_scope(name, f"{self._name}_put", _values(values)) as scope:
            given = values if isinstance(values, dict) else _values(values)
            tensors, _ = self._components(given, list(range(len(given))))
            with colocate_with(self._root):
                return staging_ops.stage(tensors, **self._options(scope))

    def get(self, name: str | None = None) -> Any:
        """The first entry, which leaves; running it waits while there is none."""
        with colocate_with(self._root):
            taken = staging_ops.unstage(
                dtypes=self._dtypes, **self._options(name or f"{self._name}_get")
            )
        return self._taken(taken, range(len(self._dtypes)))

    def peek(self, index: Any, name: str | None = None) -> Any:
        """An entry, which stays; running it waits until there are so many."""
        with colocate_with(self._root):
            seen = staging_ops.stage_peek(
                index, dtypes=self._dtypes, **self._options(name or f"{self._name}_peek")
            )
        return self._taken(seen, range(len(self._dtypes)))

    def size(self, name: str | None = None) -> Tensor:
        """The number of entries."""
        options = self._options(name or f"{self._name}_size")
        return staging_ops.stage_size(dtypes=self._dtypes, **options)

    def clear(self, name: str | None = None) -> Operation:
        """An operation that removes all entries."""
        options = self._options(name or f"{self._name}_clear")
        return staging_ops.stage_clear(dtypes=self._dtypes, **options)


@export("contrib.staging.MapStagingArea")
class MapStagingArea(BaseStagingArea):
    """A staging area whose entries have keys, and whose values may come one by one.

    Args:
      dtypes: See `StagingArea`; so are the others.
      ordered: Whether entries asked for without a key leave in the order of their keys.
    """

    def __init__(
        self,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        ordered: bool = False,
        capacity: int = 0,
        memory_limit: int = 0,
    ) -> None:
        super().__init__(dtypes, shapes, names, shared_name, capacity, memory_limit)
        self._ops = staging_ops.ORDERED if ordered else staging_ops.UNORDERED

    def put(self, key: Any, vals: Any, indices: Any = None, name: str | None = None) -> Operation:
        """An operation that adds values of the entry of a key."""
        with name_scope(name, f"{self._name}_put", _values(vals)) as scope:
            tensors, places = self._components(vals, indices)
            with colocate_with(self._root):
                return self._ops.put(
                    key, places, tensors, dtypes=self._dtypes, **self._options(scope)
                )

    def peek(self, key: Any, indices: Any = None, name: str | None = None) -> Any:
        """Values of the entry of a key, which stay."""
        places, dtypes = self._places(indices)
        with colocate_with(self._root):
            seen = self._ops.peek(
                key, places, dtypes=dtypes, **self._options(name or f"{self._name}_pop")
            )
        return self._taken(seen, places)

    def get(self, key: Any = None, indices: Any = None, name: str | None = None) -> Any:
        """A key, and values of its entry, which leave; of some entry if no key is given."""
        places, dtypes = self._places(indices)
        with colocate_with(self._root):
            if key is None:
                options = self._options(name or f"{self._name}_get_nokey")
                found, taken = self._ops.get_any(places, dtypes=dtypes, **options)
            else:
                options = self._options(name or f"{self._name}_get")
                taken = self._ops.get(key, places, dtypes=dtypes, **options)
        if key is None:
            key = self._moved(found)[0]
        return key, self._taken(taken, places)

    def size(self, name: str | None = None) -> Tensor:
        """The number of complete entries."""
        options = self._options(name or f"{self._name}_size")
        return self._ops.size(dtypes=self._dtypes, **options)

    def incomplete_size(self, name: str | None = None) -> Tensor:
        """The number of entries that lack values."""
        options = self._options(name or f"{self._name}_incomplete_size")
        return self._ops.incomplete_size(dtypes=self._dtypes, **options)

    def clear(self, name: str | None = None) -> Operation:
        """An operation that removes all entries."""
        options = self._options(name or f"{self._name}_clear")
        return self._ops.clear(dtypes=self._dtypes, **options)

    def _places(self, indices: Any) -> tuple[list[int], list[DType]]:
        """Which values of an entry are wanted, and their dtypes."""
        if indices is None:
            indices = list(range(len(self._dtypes)))
        if not isinstance(indices, (tuple, list)):
            raise TypeError(f"indices must be a list of numbers or names, not {indices!r}.")
        if not indices:
            raise ValueError("no index was given.")
        places = [self._place(each) for each in indices]
        return places, [self._dtypes[each] for each in places]

    def _place(self, index: Any) -> int:
        if isinstance(index, int):
            return index
        if not isinstance(index, str):
            raise TypeError(f"an index must be a number or a name, not {index!r}.")
        if self._names is None or index not in self._names:
            raise ValueError(f"the staging area '{self._name}' has no value named {index!r}.")
        return list(self._names).index(index)
