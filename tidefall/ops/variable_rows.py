"""Changing and reading some rows or elements of a variable: scatter and gather."""

from __future__ import annotations

from typing import Any

from tidefall.core.shapes import Shape
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import OpDef
from tidefall.ops.registry import ALL, INDICES, NUMBERS, Namespace, Ref, T, Tindices, op
from tidefall.ops.updates import resource_twin, variable_shape


def _rows_shape(ctx: ShapeContext, ref: Shape, indices: Shape, updates: Shape) -> Any:
    """``updates`` has a row of the variable for each index, or is one number for all."""
    shape = variable_shape(ctx, 0)
    if updates.rank != 0 and indices.rank is not None:
        (indices + shape.with_rank_at_least(1)[1:]).merge_with(updates)
    return shape if ctx.inputs[0]._dtype._is_ref else ()


def _scatter(name: str, how: str, doc: str, use_locking: bool = False) -> tuple[OpDef, OpDef]:
    """The ops ``Scatter<name>`` and ``ResourceScatter<name>``."""

    def scatter(xp: Namespace, ref: Ref[T], indices: Tindices, updates: T) -> Ref[T]:
        xp.check_range(indices, ref.shape[0])
        return xp.scatter_apply(how, ref, indices, updates)

    scatter.__doc__ = doc
    ref = op(
        f"Scatter{name}", T=ALL if how == "set" else NUMBERS, Tindices=INDICES, updates=("ref",),
        shape=_rows_shape, differentiable=False, outputs=("output_ref",),
        extra={"use_locking": use_locking},
    )(scatter)  # fmt: skip
    return ref, resource_twin(ref, rename={"ref": "resource", "T": "dtype"})


scatter_update, resource_scatter_update = _scatter(
    "Update", "set", "Replaces rows of the variable; of a repeated index, the last row stays.", True
)
scatter_add, resource_scatter_add = _scatter("Add", "add", "Adds to rows of the variable.")
scatter_sub, resource_scatter_sub = _scatter("Sub", "subtract", "Subtracts from rows.")
scatter_mul, resource_scatter_mul = _scatter("Mul", "multiply", "Multiplies rows.")
scatter_div, resource_scatter_div = _scatter("Div", "divide", "Divides rows.")
scatter_min, resource_scatter_min = _scatter("Min", "minimum", "Lowers rows to at most these.")
scatter_max, resource_scatter_max = _scatter("Max", "maximum", "Raises rows to at least these.")


def _elements_shape(ctx: ShapeContext, ref: Shape, indices: Shape, updates: Shape) -> Any:
    """``updates`` has one slice of the variable for each vector in ``indices``."""
    shape = variable_shape(ctx, 0)
    depth = indices[-1] if indices.rank else None
    if depth is not None:
        if shape.rank is not None and depth > shape.rank:
            raise ValueError(
                f"the last dimension of 'indices' is {depth}, but a variable of shape {shape} "
                f"takes at most {shape.rank} indices."
            )
        (indices[:-1] + shape[depth:]).merge_with(updates)
    return shape if ctx.inputs[0]._dtype._is_ref else ()


def _scatter_nd(name: str, how: str, doc: str, use_locking: bool = False) -> tuple[OpDef, OpDef]:
    """The ops ``ScatterNd<name>`` and ``ResourceScatterNd<name>``."""

    def scatter_nd(xp: Namespace, ref: Ref[T], indices: Tindices, updates: T) -> Ref[T]:
        axes = [indices[..., axis] for axis in range(indices.shape[-1])]
        for axis, positions in enumerate(axes):
            xp.check_range(positions, ref.shape[axis])
        return xp.scatter_apply(how, ref, tuple(axes), updates)

    scatter_nd.__doc__ = doc
    ref = op(
        f"ScatterNd{name}", T=ALL if how == "set" else NUMBERS, Tindices=INDICES,
        updates=("ref",), shape=_elements_shape, differentiable=False, outputs=("output_ref",),
        extra={"use_locking": use_locking},
    )(scatter_nd)  # fmt: skip
    return ref, resource_twin(ref, extra={"use_locking": True})


scatter_nd_update, resource_scatter_nd_update = _scatter_nd(
    "Update", "set", "Replaces elements or slices of the variable.", True
)
scatter_nd_add, resource_scatter_nd_add = _scatter_nd("Add", "add", "Adds to elements or slices.")
scatter_nd_sub, resource_scatter_nd_sub = _scatter_nd("Sub", "subtract", "Subtracts from them.")
