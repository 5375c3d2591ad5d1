"""Changing variables by function: `tf.assign`, `tf.scatter_add` and the like.

Each takes a variable of either kind, or the reference that an earlier change returned.
"""

from __future__ import annotations

from typing import Any

from tidefall.core import hooks
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import OPS
from tidefall.ops import state
from tidefall.ops.array import expand_dims, reshape, shape
from tidefall.ops.cast import cast
from tidefall.ops.filled import ones_like
from tidefall.ops.joining import concat
from tidefall.variables.ref_variable import SCATTER, SCATTER_ND
from tidefall.variables.resource_variable import RESOURCE_SCATTER, RESOURCE_SCATTER_ND


def _is_reference(ref: Any) -> bool:
    """Whether ``ref`` is known by reference; else it must be a resource variable."""
    if ref.dtype._is_ref:
        return True
    if not hasattr(ref, "handle"):
        raise AttributeError(
            f"'{ref.name}' is a tensor, not a variable, so it cannot be changed. Make it with "
            "tf.Variable or tf.get_variable."
        )
    return False


@export("is_variable_initialized")
def is_variable_initialized(variable: Any) -> Any:
    """Whether the variable has a value, as a tensor."""
    if _is_reference(variable):
        return state.is_variable_initialized(variable)
    return variable.is_initialized()


@export("assign")
def assign(
    ref: Any, value: Any, validate_shape: bool | None = None, use_locking: bool | None = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Gives the variable a value.

    Args:
      ref: The variable.
      value: A tensor of its dtype and shape.
      validate_shape: Whether ``value`` must have the variable's shape; True if None. If not, a
        reference variable takes the shape of ``value``.
      use_locking: Accepted; assignments are atomic.
      name: The name of the operation.

    Returns:
      A tensor of the new value, by reference for reference variables.

    >>> w = tf.Variable(1.0)
    >>> change = tf.assign(w, 5.0)
    >>> with tf.Session() as session:
    ...     session.run(w.initializer)
    ...     session.run(change)
    5.0
    """
    if not _is_reference(ref):
        return ref.assign(value, name=name)
    validate = True if validate_shape is None else validate_shape
    locking = True if use_locking is None else use_locking
    return state.assign(ref, value, validate_shape=validate, use_locking=locking, name=name)


@export("assign_add")
def assign_add(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Adds ``value`` to the variable. See `assign`."""
    if not _is_reference(ref):
        return ref.assign_add(value)
    return state.assign_add(ref, value, use_locking=bool(use_locking), name=name)


@export("assign_sub")
def assign_sub(
    ref: Any, value: Any, use_locking: bool | None = None, name: str | None = None
) -> Any:
    """Subtracts ``value`` from the variable. See `assign`."""
    if not _is_reference(ref):
        return ref.assign_sub(value)
    return state.assign_sub(ref, value, use_locking=bool(use_locking), name=name)


@export("count_up_to")
def count_up_to(ref: Any, limit: int, name: str | None = None) -> Any:
    """Adds one to the variable and gives the number before; at ``limit`` it is out of range."""
    if _is_reference(ref):
        return state.count_up_to(ref, limit=limit, name=name)
    return state.resource_count_up_to(ref.handle, limit=limit, T=ref.dtype, name=name)


def _scatter(
    how: str, ref: Any, indices: Any, updates: Any, use_locking: bool, name: str | None
) -> Any:
    if _is_reference(ref):
        return SCATTER[how](ref, indices, updates, use_locking=use_locking, name=name)
    values = convert_to_tensor(updates, ref.dtype)
    return ref._lazy_read(RESOURCE_SCATTER[how](ref.handle, indices, values, name=name))


def _scatter_nd(
    how: str, ref: Any, indices: Any, updates: Any, use_locking: bool, name: str | None
) -> Any:
    if _is_reference(ref):
        return SCATTER_ND[how](ref, indices, updates, use_locking=use_locking, name=name)
    values = convert_to_tensor(updates, ref.dtype)
    return ref._lazy_read(RESOURCE_SCATTER_ND[how](ref.handle, indices, values, name=name))


@export("scatter_update")
def scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Replaces rows: ``ref[indices[i]] = updates[i]``. Of a repeated index the last row stays."""
    return _scatter("update", ref, indices, updates, use_locking, name)


@export("scatter_add")
def scatter_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Adds to rows: ``ref[indices[i]] += updates[i]``. Repeated indices add up.

    >>> w = tf.Variable([0.0, 0.0, 0.0])
    >>> change = tf.scatter_add(w, [2, 0, 2], [1.0, 2.0, 3.0])
    >>> with tf.Session() as session:
    ...     session.run(w.initializer)
    ...     session.run(change)
    array([2., 0., 4.], dtype=float32)
    """
    return _scatter("add", ref, indices, updates, use_locking, name)


@export("scatter_sub")
def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Subtracts from rows: ``ref[indices[i]] -= updates[i]``. Repeated indices add up."""
    return _scatter("sub", ref, indices, updates, use_locking, name)


@export("scatter_mul")
def scatter_mul(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Multiplies rows: ``ref[indices[i]] *= updates[i]``, one after another."""
    return _scatter("mul", ref, indices, updates, use_locking, name)


@export("scatter_div")
def scatter_div(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Divides rows: ``ref[indices[i]] /= updates[i]``, one after another."""
    return _scatter("div", ref, indices, updates, use_locking, name)


@export("scatter_max")
def scatter_max(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Raises rows: ``ref[indices[i]] = max(ref[indices[i]], updates[i])``."""
    return _scatter("max", ref, indices, updates, use_locking, name)


@export("scatter_min")
def scatter_min(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Lowers rows: ``ref[indices[i]] = min(ref[indices[i]], updates[i])``."""
    return _scatter("min", ref, indices, updates, use_locking, name)


@export("scatter_nd_update")
def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Replaces elements or slices; the vectors along the last axis of ``indices`` say where."""
    return _scatter_nd("update", ref, indices, updates, use_locking, name)


@export("scatter_nd_add")
def scatter_nd_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Adds to elements or slices. See `scatter_nd_update`."""
    return _scatter_nd("add", ref, indices, updates, use_locking, name)


@export("scatter_nd_sub")
def scatter_nd_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Subtracts from elements or slices. See `scatter_nd_update`."""
    return _scatter_nd("sub", ref, indices, updates, use_locking, name)


@hooks.install("batch_scatter_update")
@export("batch_scatter_update")
def batch_scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """Replaces rows within each batch: ``ref[b, indices[b, i]] = updates[b, i]``.

    Args:
      ref: The variable.
      indices: Indices into the dimension of the variable that is their last.
      updates: Rows, one for each index.
      use_locking: Accepted; assignments are atomic.
      name: The name scope.
    """
    with get_default_graph().name_scope(name):
        indices = convert_to_tensor(indices, name="indices")
        rank = indices.get_shape().ndims
        if rank is None:
            raise ValueError(f"the rank of the indices '{indices.name}' must be known.")
        sizes = shape(indices)
        rows = expand_dims(indices, -1)
        axes = [_along(sizes[axis], axis, rows, rank) for axis in range(rank - 1)]
        where = concat([*axes, rows], -1)
        return scatter_nd_update(ref, where, updates, use_locking=use_locking)


def _along(size: Any, axis: int, rows: Any, rank: int) -> Any:
    """For every index its position in dimension ``axis``."""
    sizes = [1] * (rank + 1)
    sizes[axis] = size
    positions = reshape(OPS["Range"](0, size, 1), sizes)
    return cast(positions, rows.dtype) * ones_like(rows)
