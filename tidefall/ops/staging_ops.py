"""The ops of staging areas. What an area is and does is in `tidefall.state.staging`.

An area has no handle: nodes with the same shared name, or that name it after themselves, use the
same one.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from tidefall.core.dtypes import DType
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import SCALAR, UNKNOWN, Shape
from tidefall.ir.opdef import HOST, OpDef
from tidefall.ops import shapes as rules
from tidefall.ops.registry import (
    Int32,
    Int64,
    Namespace,
    TypeList,
    fake_dtypes,
    op,
)
from tidefall.state.staging import StagingBuffer, StagingMap

dtypes: TypeAlias = Any


def _name(run: RunContext, shared_name: str) -> str:
    return shared_name or run.node_name


def _buffer(run: RunContext, container: str, shared_name: str, *bounds: int) -> StagingBuffer:
    key = (StagingBuffer, container, _name(run, shared_name))
    found: StagingBuffer = run.resource(key, lambda: StagingBuffer(*bounds))
    return found


def _outputs(*inputs: Any, dtypes: list[DType], **attrs: Any) -> tuple[Shape, ...]:
    return (UNKNOWN,) * len(dtypes)


@op("Stage", runs_on=HOST, stateful=True, effects=True, differentiable=False, shape=rules.none,
    dtypes=TypeList())  # fmt: skip
def stage(
    xp: Namespace, run: RunContext, values: list[dtypes], *, capacity: int = 0,
    memory_limit: int = 0, container: str = "", shared_name: str = "",
) -> None:  # fmt: skip
    """Puts values into a staging area; waits while it is full."""
    _buffer(run, container, shared_name, capacity, memory_limit).put(values, run.wait)


@op("Unstage", runs_on=HOST, stateful=True, effects=True, differentiable=False, shape=_outputs,
    dtypes=TypeList(), outputs=("values",))  # fmt: skip
def unstage(
    xp: Namespace, run: RunContext, *, dtypes: list[DType], capacity: int = 0,
    memory_limit: int = 0, container: str = "", shared_name: str = "",
) -> list[dtypes]:  # fmt: skip
    """Takes the first values out of a staging area; waits while it is empty."""
    return _buffer(run, container, shared_name, capacity, memory_limit).get(run.wait)


@op("StagePeek", runs_on=HOST, stateful=True, differentiable=False, shape=_outputs,
    dtypes=TypeList(), outputs=("values",))  # fmt: skip
def stage_peek(
    xp: Namespace, run: RunContext, index: Int32, *, dtypes: list[DType], capacity: int = 0,
    memory_limit: int = 0, container: str = "", shared_name: str = "",
) -> list[dtypes]:  # fmt: skip
    """Values in a staging area, which stay there; waits until there are so many."""
    area = _buffer(run, container, shared_name, capacity, memory_limit)
    return area.peek(int(index), run.wait)


@op("StageSize", runs_on=HOST, stateful=True, differentiable=False, shape=rules.scalar,
    outputs=("size",))  # fmt: skip
def stage_size(
    xp: Namespace, run: RunContext, *, dtypes: list[DType], capacity: int = 0,
    memory_limit: int = 0, container: str = "", shared_name: str = "",
) -> Int32:  # fmt: skip
    """The number of entries in a staging area."""
    return np.int32(_buffer(run, container, shared_name, capacity, memory_limit).size)


@op("StageClear", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none)  # fmt: skip
def stage_clear(
    xp: Namespace, run: RunContext, *, dtypes: list[DType], capacity: int = 0,
    memory_limit: int = 0, container: str = "", shared_name: str = "",
) -> None:  # fmt: skip
    """Empties a staging area."""
    _buffer(run, container, shared_name, capacity, memory_limit).clear()


class MapOps:
    """The ops of one kind of staging area with keys.

    Args:
      prefix: How their names begin.
      ordered: Whether entries leave in the order of their keys.
    """

    def __init__(self, prefix: str, ordered: bool) -> None:
        self._prefix = prefix
        self._ordered = ordered
        self.put = self._put()
        self.get = self._get()
        self.get_any = self._get_any()
        self.peek = self._peek()
        self.size = self._count("Size", lambda area: area.size)
        self.incomplete_size = self._count("IncompleteSize", lambda area: area.incomplete_size)
        self.clear = self._clear()

    def _area(
        self, run: RunContext, container: str, shared_name: str, capacity: int, limit: int
    ) -> StagingMap:
        key = (StagingMap, container, _name(run, shared_name))
        found: StagingMap = run.resource(key, lambda: StagingMap(capacity, limit, self._ordered))
        return found

    def _put(self) -> OpDef:
        @op(f"{self._prefix}Stage", runs_on=HOST, stateful=True, effects=True,
            differentiable=False, shape=rules.none, fake_dtypes=TypeList())  # fmt: skip
        def put(
            xp: Namespace, run: RunContext, key: Int64, indices: Int32, values: list[fake_dtypes],
            *, dtypes: list[DType], capacity: int = 0, memory_limit: int = 0, container: str = "",
            shared_name: str = "",
        ) -> None:  # fmt: skip
            """Puts values of an entry into a staging area; waits while it is full."""
            area = self._area(run, container, shared_name, capacity, memory_limit)
            area.put(int(key), np.asarray(indices).tolist(), values, len(dtypes), run.wait)

        return put

    def _get(self) -> OpDef:
        @op(f"{self._prefix}Unstage", runs_on=HOST, stateful=True, effects=True,
            differentiable=False, shape=_outputs, dtypes=TypeList(),
            outputs=("values",))  # fmt: skip
        def get(
            xp: Namespace, run: RunContext, key: Int64, indices: Int32, *, dtypes: list[DType],
            capacity: int = 0, memory_limit: int = 0, container: str = "", shared_name: str = "",
        ) -> list[dtypes]:  # fmt: skip
            """Takes values of the entry of a key; waits until it is complete."""
            area = self._area(run, container, shared_name, capacity, memory_limit)
            return area.get(int(key), np.asarray(indices).tolist(), run.wait)[1]

        return get

    def _get_any(self) -> OpDef:
        @op(f"{self._prefix}UnstageNoKey", runs_on=HOST, stateful=True, effects=True,
            differentiable=False, dtypes=TypeList(), outputs=("key", "values"),
            shape=lambda *inputs, dtypes, **attrs: (SCALAR, *_outputs(dtypes=dtypes)))  # fmt: skip
        def get_any(
            xp: Namespace, run: RunContext, indices: Int32, *, dtypes: list[DType],
            capacity: int = 0, memory_limit: int = 0, container: str = "", shared_name: str = "",
        ) -> tuple[Int64, list[dtypes]]:  # fmt: skip
            """Takes values of some entry; waits until one is complete."""
            area = self._area(run, container, shared_name, capacity, memory_limit)
            key, values = area.get(None, np.asarray(indices).tolist(), run.wait)
            return np.int64(key), values

        return get_any

    def _peek(self) -> OpDef:
        @op(f"{self._prefix}Peek", runs_on=HOST, stateful=True, differentiable=False,
            shape=_outputs, dtypes=TypeList(), outputs=("values",))  # fmt: skip
        def peek(
            xp: Namespace, run: RunContext, key: Int64, indices: Int32, *, dtypes: list[DType],
            capacity: int = 0, memory_limit: int = 0, container: str = "", shared_name: str = "",
        ) -> list[dtypes]:  # fmt: skip
            """Values of the entry of a key, which stay there; waits until it is complete."""
            area = self._area(run, container, shared_name, capacity, memory_limit)
            return area.peek(int(key), np.asarray(indices).tolist(), run.wait)

        return peek

    def _count(self, what: str, count: Any) -> OpDef:
        @op(f"{self._prefix}{what}", runs_on=HOST, stateful=True, differentiable=False,
            shape=rules.scalar, outputs=("size",))  # fmt: skip
        def size(
            xp: Namespace, run: RunContext, *, dtypes: list[DType], capacity: int = 0,
            memory_limit: int = 0, container: str = "", shared_name: str = "",
        ) -> Int32:  # fmt: skip
            """The number of entries in a staging area that are, or are not, complete."""
            return np.int32(count(self._area(run, container, shared_name, capacity, memory_limit)))

        return size

    def _clear(self) -> OpDef:
        @op(f"{self._prefix}Clear", runs_on=HOST, stateful=True, effects=True,
            differentiable=False, shape=rules.none)  # fmt: skip
        def clear(
            xp: Namespace, run: RunContext, *, dtypes: list[DType], capacity: int = 0,
            memory_limit: int = 0, container: str = "", shared_name: str = "",
        ) -> None:  # fmt: skip
            """Empties a staging area."""
            self._area(run, container, shared_name, capacity, memory_limit).clear()

        return clear


UNORDERED = MapOps("Map", ordered=False)
ORDERED = MapOps("OrderedMap", ordered=True)
