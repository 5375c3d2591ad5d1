"""`tf.map_fn`, `tf.foldl`, `tf.foldr` and `tf.scan`: loops over the first dimension."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import nest
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.flow.tensor_array import TensorArray
from tidefall.flow.while_loop import while_loop
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import shape as shape_of
from tidefall.ops.constant import constant


@export("map_fn")
def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
) -> Any:
    """``fn`` of each row of ``elems``, stacked.

    Args:
      fn: From one row (in the structure of ``elems``) to its result.
      elems: A tensor or nested tensors with equal first dimensions.
      dtype: The dtypes of the results, in their structure; those of ``elems`` if None.
      parallel_iterations: Kept in the nodes.
      back_prop: Whether gradients may pass.
      swap_memory: Accepted for compatibility.
      infer_shape: Whether all results have one shape.
      name: The name scope.

    >>> tf.Session().run(tf.map_fn(lambda row: row * row, tf.constant([1, 2, 3])))
    array([1, 4, 9], dtype=int32)
    """
    _check(fn)
    with get_default_graph().name_scope(name or "map"):
        flat = _tensors(elems)
        types = (
            [tensor.dtype.base_dtype for tensor in flat] if dtype is None else nest.flatten(dtype)
        )
        structure = elems if dtype is None else dtype
        count = _count(flat[0])
        inputs = [TensorArray(t.dtype, size=count).unstack(t) for t in flat]
        index = constant(0)
        outputs = [TensorArray(each, size=count, infer_shape=infer_shape) for each in types]

        def body(i: Any, arrays: list[TensorArray]) -> tuple[Any, list[TensorArray]]:
            result = fn(_packed(elems, [array.read(i) for array in inputs]))
            nest.assert_same_structure(structure, result)
            values = nest.flatten(result)
            written = [array.write(i, v) for array, v in zip(arrays, values, strict=True)]
            return i + 1, written

        _, arrays = while_loop(
            lambda i, _: i < count, body, (index, outputs),
            parallel_iterations=parallel_iterations or 10, back_prop=back_prop,
            swap_memory=swap_memory, maximum_iterations=count,
        )  # fmt: skip
        results = [array.stack() for array in arrays]
        for result in results:
            _set_rows(result, flat)
        return _packed(structure, results)


@export("foldl")
def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Folds the rows of ``elems`` from the first to the last: ``fn(fn(start, row0), row1)…``.

    Args:
      fn: From what was folded so far and a row to what is folded then.
      elems: A tensor or nested tensors with equal first dimensions.
      initializer: The start; the first row if None.
      parallel_iterations: Kept in the nodes.
      back_prop: Whether gradients may pass.
      swap_memory: Accepted for compatibility.
      name: The name scope.
    """
    options = (parallel_iterations, back_prop, swap_memory)
    return _fold(fn, elems, initializer, options, name or "foldl", backwards=False)


@export("foldr")
def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Folds the rows of ``elems`` from the last to the first; arguments as in `foldl`."""
    options = (parallel_iterations, back_prop, swap_memory)
    return _fold(fn, elems, initializer, options, name or "foldr", backwards=True)


def _fold(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any,
    options: tuple[int, bool, bool],
    name: str,
    backwards: bool,
) -> Any:
    _check(fn)
    parallel, back_prop, swap = options
    with get_default_graph().name_scope(name):
        flat = _tensors(elems)
        count = _count(flat[0])
        rows = [TensorArray(t.dtype, size=count).unstack(t) for t in flat]
        if initializer is None:
            first = count - 1 if backwards else 0
            start = _packed(elems, [array.read(first) for array in rows])
            index = first if backwards else constant(1)
        else:
            start = nest.map_structure(convert_to_tensor, initializer)
            index = count if backwards else constant(0)

        def step(i: Any, folded: Any) -> Any:
            at = i - 1 if backwards else i
            result = fn(folded, _packed(elems, [array.read(at) for array in rows]))
            return (at if backwards else i + 1, result)

        _, result = while_loop(
            (lambda i, _: i > 0) if backwards else (lambda i, _: i < count),
            step, (index, start), parallel_iterations=parallel, back_prop=back_prop,
            swap_memory=swap, maximum_iterations=count,
        )  # fmt: skip
        return result


@export("scan")
def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All intermediate results of a fold, stacked.

    Args:
      fn: From what was folded so far and a row to what is folded then.
      elems: A tensor or nested tensors with equal first dimensions.
      initializer: The start; the first row if None.
      parallel_iterations: Kept in the nodes.
      back_prop: Whether gradients may pass.
      swap_memory: Accepted for compatibility.
      infer_shape: Whether all results have one shape.
      reverse: Whether to go from the last row to the first.
      name: The name scope.

    >>> tf.Session().run(tf.scan(lambda total, x: total + x, tf.constant([1, 2, 3])))
    array([1, 3, 6], dtype=int32)
    """
    _check(fn)
    with get_default_graph().name_scope(name or "scan"):
        flat = _tensors(elems)
        count = _count(flat[0])
        rows = [
            TensorArray(t.dtype, size=count, element_shape=t._shape_value[1:]).unstack(t)
            for t in flat
        ]
        if initializer is None:
            at = count - 1 if reverse else 0
            structure = elems
            start = [array.read(at) for array in rows]
            done = 1
        else:
            structure = initializer
            start = [convert_to_tensor(each) for each in nest.flatten(initializer)]
            done = 0
        outputs = [
            TensorArray(
                each.dtype.base_dtype, size=count, infer_shape=infer_shape,
                element_shape=each._shape_value if infer_shape else None,
            )
            for each in start
        ]  # fmt: skip
        index = count - 1 - done if reverse else done
        if initializer is None:
            first = count - 1 if reverse else 0
            outputs = [o.write(first, v) for o, v in zip(outputs, start, strict=True)]

        def body(i: Any, folded: Any, arrays: Any) -> Any:
            row = _packed(elems, [array.read(i) for array in rows])
            result = fn(_packed(structure, folded), row)
            nest.assert_same_structure(structure, result)
            values = nest.flatten(result)
            written = [array.write(i, v) for array, v in zip(arrays, values, strict=True)]
            return (i - 1 if reverse else i + 1, values, written)

        _, _, arrays = while_loop(
            (lambda i, *_: i >= 0) if reverse else (lambda i, *_: i < count),
            body, (index, start, outputs), parallel_iterations=parallel_iterations,
            back_prop=back_prop, swap_memory=swap_memory, maximum_iterations=count,
        )  # fmt: skip
        results = [array.stack() for array in arrays]
        for result in results:
            _set_rows(result, flat)
        return _packed(structure, results)


def _check(fn: Any) -> None:
    if not callable(fn):
        raise TypeError(f"fn must be callable, not {type(fn).__name__}: {fn!r}")


def _tensors(elems: Any) -> list[Tensor]:
    flat = [convert_to_tensor(each, name="elem") for each in nest.flatten(elems)]
    if not flat:
        raise ValueError("elems is empty; at least one tensor is needed.")
    if flat[0]._shape_value.rank == 0:
        raise ValueError("elems must have at least one dimension, to be taken row by row.")
    return flat


def _count(first: Tensor) -> Any:
    """The number of rows, as a Python number where it is known."""
    shape = first._shape_value
    static = shape[0] if shape.rank else None
    return static if static is not None else shape_of(first)[0]


def _set_rows(result: Tensor, flat: list[Tensor]) -> None:
    """What is known of the number of rows of the inputs is known of a result."""
    rows = None
    for tensor in flat:
        shape = tensor._shape_value
        rows = rows if rows is not None or not shape.rank else shape[0]
    shape = result._shape_value
    if shape.rank:
        result._shape_value = Shape((rows,)) + shape[1:]


def _packed(structure: Any, flat: list[Any]) -> Any:
    if not nest.is_nested(structure):
        return flat[0]
    return nest.pack_sequence_as(structure, flat)
