"""Stacks: how a loop hands the values of its iterations to the loop of its gradient."""

from __future__ import annotations

from typing import Any

from tidefall.core.dtypes import DType
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ops import shapes
from tidefall.ops.registry import Int32, Namespace, Resource, T, elem_type, op


class Stack(list[Any]):
    """The values pushed in one run; a handle to it travels through the graph."""

    ndim = 0


@op("StackV2", stateful=True, differentiable=False, shape=shapes.scalar)
def stack_v2(xp: Namespace, max_size: Int32, *, elem_type: DType, stack_name: str = "") -> Resource:
    """An empty stack for values of one dtype; it lives as long as the run."""
    return Stack()


def _as_pushed(handle: Shape, elem: Shape) -> Shape:
    return elem


@op("StackPushV2", stateful=True, differentiable=False, shape=_as_pushed, view=True)
def stack_push_v2(xp: Namespace, handle: Resource, elem: T, *, swap_memory: bool = False) -> T:
    """Pushes ``elem`` and passes it on."""
    handle.append(elem)
    return elem


def _unknown(handle: Shape) -> Shape:
    return UNKNOWN


@op("StackPopV2", stateful=True, differentiable=False, shape=_unknown)
def stack_pop_v2(xp: Namespace, handle: Resource, *, elem_type: DType) -> elem_type:
    """The value pushed last, which leaves the stack."""
    return handle.pop()
