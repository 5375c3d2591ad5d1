"""Loops over elementwise primitives: all of a group at one place, then the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tidefall.array.record import Array
from tidefall.compiler.primitives import ROW, kind
from tidefall.executor.kernels.body import Body, apply, collapsed
from tidefall.executor.kernels.grouping import Group, operand_of
from tidefall.executor.kernels.loops import Loop
from tidefall.executor.kernels.vectors import Vectors
from tidefall.executor.kernels.views import View, dense


class GroupLoop:
    """The primitives of one group, to be evaluated at places of its dimensions.

    Attributes:
      dims: The dimensions of the loops, as few as possible.
    """

    def __init__(self, body: Body, group: Group) -> None:
        self.body = body
        self.group = group
        views = body.design.plan.views
        self._made = {each.result for each in group.made}
        self._operands: list[list[View]] = []
        every: list[View] = []
        for each in group.instructions:
            found = [operand_of(each, x, views) for x in each.inputs]
            self._operands.append(found)
            every += [view for view in found if view.root not in self._made]
        stored = [View(x, 0, dense(group.dims)) for x in group.stored]
        if group.product is None and not group.sums:
            self.dims, merged = collapsed([*every, *stored], group.dims)
        else:  # the loops of a product or a sum, over one dimension at most
            self.dims, merged = list(group.dims), [*every, *stored]
        self._now = dict(zip([*every, *stored], merged, strict=True))
        self._outside = list(dict.fromkeys(self._now[view] for view in every))
        self._stored = [(x, self._now[view]) for x, view in zip(group.stored, stored, strict=True)]

    def fixed(self, indices: Sequence[Any]) -> dict[View, Any]:
        """Operands that are the same for all rows, at a place, in every lane."""
        return {
            view: self.body.free_scalar(view, indices)
            for view in self._outside
            if kind(view.root) != ROW
        }

    def at_rows(
        self, indices: Sequence[Any], row: Any, fixed: dict[View, Any], product: Any = None
    ) -> dict[Array, Any]:
        """Evaluates the group at one place and some neighbouring rows, and stores what is read.

        Returns:
          The values of all its results.
        """
        body = self.body

        def load(view: View) -> Any:
            return fixed[view] if view in fixed else body.rows(view, indices, row)

        values = self._evaluate(body.v, load, product)
        for x, view in self._stored:
            body.v.store(x.dtype, values[x], body.element(view, indices, row))
        return values

    def at_elements(self, indices: Sequence[Any], v: Vectors) -> None:
        """Evaluates a group of free arrays at neighbouring elements along the last dimension."""
        body = self.body

        def load(view: View) -> Any:
            if not view.axes or view.axes[-1].stride == 0 or v.lanes == 1:
                return body.free_scalar(view, indices, v)
            return v.load(view.root.dtype, body.element(view, indices))

        values = self._evaluate(v, load, None)
        for x, view in self._stored:
            v.store(x.dtype, values[x], body.element(view, indices))

    def may_be_vectors(self) -> bool:
        """Whether the lanes may be neighbouring elements along the last dimension."""
        views = [*self._outside, *[view for _, view in self._stored]]
        return bool(self.dims) and all(view.axes[-1].stride in (0, 1) for view in views)

    def _evaluate(self, v: Vectors, load: Any, product: Any) -> dict[Array, Any]:
        values: dict[Array, Any] = {}
        loaded: dict[View, Any] = {}
        if self.group.product is not None:
            values[self.group.product.result] = product
        for instruction, views in zip(self.group.instructions, self._operands, strict=True):
            operands = []
            for view in views:
                if view.root in values:
                    operands.append(values[view.root])
                    continue
                view = self._now[view]
                if view not in loaded:
                    loaded[view] = load(view)
                operands.append(loaded[view])
            values[instruction.result] = apply(v, instruction, operands)
        return values


def row_group(body: Body, group: Group) -> None:
    """A loop over the columns and rows of a tile."""
    loop = GroupLoop(body, group)
    with body.over(loop.dims) as indices:
        fixed = loop.fixed(indices)
        with body.over_rows() as rows:
            loop.at_rows(indices, rows.index, fixed)


#: From a number of elements, and of how many a bound is a multiple: the bounds of a part.
Share: TypeAlias = Callable[[int, int], tuple[Any, Any]]


def free_group(body: Body, group: Group, share: Share | None = None) -> None:
    """A loop over elements of free arrays, all or a share: whole vectors, then one by one."""
    loop = GroupLoop(body, group)
    v, single, vectors = body.v, body.v.with_lanes(1), loop.may_be_vectors()
    bounds: list[tuple[Any, Any]] = [(0, size) for size in loop.dims or [1]]
    if share is not None:
        together = v.lanes if vectors and len(bounds) == 1 else 1
        bounds[0] = share(bounds[0][1], together)
    *outer, (first, last) = bounds
    with body.over(outer) as indices:
        if vectors:
            full = body.multiple(last, v.lanes)
            _elements(body, loop, v, indices, (first, full))
            first = full
        _elements(body, loop, single, indices, (first, last))


def _elements(
    body: Body, loop: GroupLoop, v: Vectors, indices: list[Any], bounds: tuple[Any, Any]
) -> None:
    first, last = bounds
    if isinstance(first, int) and first == last:
        return
    with Loop(body.builder, first, last, v.lanes) as inner:
        loop.at_elements([*indices, inner.index] if loop.dims else [], v)
