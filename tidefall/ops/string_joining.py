"""Strings joined and split."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import SCALAR, UNKNOWN, Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ir.sparse_tensor import SparseTensor
from tidefall.ops import shapes
from tidefall.ops.array import rank_op
from tidefall.ops.constant import constant
from tidefall.ops.ranges import range_
from tidefall.ops.registry import (
    INDEX,
    INDICES,
    Int32,
    Int64,
    Namespace,
    String,
    Tindices,
    Tnumsegments,
    op,
)
from tidefall.ops.texts import as_texts, elements, single, texts

# -- joining --------------------------------------------------------------------------------------


@op("StringJoin", runs_on=HOST)
def string_join_op(xp: Namespace, inputs: list[String], *, separator: str = "") -> String:
    """The strings of several tensors joined, element by element."""
    arrays = np.broadcast_arrays(*map(as_texts, inputs))
    glue = separator.encode()
    columns = [array.reshape(-1).tolist() for array in arrays]
    return texts(map(glue.join, zip(*columns, strict=True)), arrays[0].shape)


@string_join_op.shape
def _string_join_shape(inputs: list[Shape]) -> Shape:
    if any(shape.rank is None for shape in inputs):
        return UNKNOWN
    result = SCALAR
    for shape in inputs:
        if shape.rank:
            result = shape if not result.rank else result.merge_with(shape)
    return result


@export("string_join", "strings.join")
def string_join(inputs: Any, separator: str = "", name: str | None = None) -> Any:
    """The strings of several tensors joined, element by element.

    Args:
      inputs: A list of string tensors of one shape; single strings go with any.
      separator: What stands between two.
      name: The name of the node.

    >>> tf.Session().run(tf.string_join(["a", ["b", "c"]], "-"))
    array([b'a-b', b'a-c'], dtype=object)
    """
    return string_join_op(inputs, separator=separator, name=name)


@op("ReduceJoin", runs_on=HOST)
def reduce_join_op(
    xp: Namespace, inputs: String, reduction_indices: Int32, *, keep_dims: bool = False,
    separator: str = "",
) -> String:  # fmt: skip
    """The strings along some dimensions joined, one after the other."""
    array = as_texts(inputs)
    axes = [
        shapes.normal_axis(axis, array.ndim, "reduction dimension")
        for axis in np.asarray(reduction_indices).reshape(-1).tolist()
    ]
    if len(set(axes)) < len(axes):
        raise ValueError(f"a dimension is named twice: {axes}.")
    if not axes:
        return array.copy()
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    glue = separator.encode()
    count = int(np.prod([array.shape[axis] for axis in kept], dtype=np.int64))
    turned = array.transpose(kept + axes[::-1])  # the first one named varies fastest
    rows = turned.reshape(count, -1) if array.size else np.empty((count, 0), object)
    wanted = [1 if axis in axes else size for axis, size in enumerate(array.shape)]
    shape = wanted if keep_dims else [array.shape[axis] for axis in kept]
    return texts(map(glue.join, rows.tolist()), shape)


@reduce_join_op.shape
def _reduce_join_shape(ctx: ShapeContext, x: Shape, axes: Shape, *, keep_dims: bool) -> Shape:
    return shapes.reduction(ctx, x, axes, keep_dims=keep_dims)


@export("reduce_join", "strings.reduce_join")
def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: Any = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: Any = None,
) -> Any:
    """The strings along some dimensions joined.

    Args:
      inputs: Strings.
      axis: The dimensions, in the order in which they are joined; all, the last one first, if
        None.
      keep_dims: An older name of ``keepdims``.
      separator: What stands between two strings.
      name: The name scope of the nodes.
      reduction_indices: An older name of ``axis``.
      keepdims: Whether the dimensions stay, with size 1.

    >>> tf.Session().run(tf.reduce_join([["a", "b"], ["c", "d"]], 1))
    array([b'ab', b'cd'], dtype=object)
    """
    if axis is not None and reduction_indices is not None:
        raise ValueError("'axis' and 'reduction_indices' are one argument; give one of them.")
    if keepdims is not None and keep_dims is not None:
        raise ValueError("'keepdims' and 'keep_dims' are one argument; give one of them.")
    kept = keep_dims if keepdims is None else keepdims
    axes = reduction_indices if axis is None else axis
    with get_default_graph().name_scope(name or "ReduceJoin"):
        tensor = convert_to_tensor(inputs, dtypes.string)
        if axes is None:
            rank = tensor._shape_value.rank
            if rank is not None:
                axes = constant(np.arange(rank - 1, -1, -1), dtypes.int32)
            else:
                axes = range_(rank_op(tensor) - 1, -1, -1)
        return reduce_join_op(tensor, axes, keep_dims=bool(kept), separator=separator)


@op("UnsortedSegmentJoin", Tindices=INDICES, Tnumsegments=INDEX, runs_on=HOST,
    differentiable=False)  # fmt: skip
def unsorted_segment_join_op(
    xp: Namespace, inputs: String, segment_ids: Tindices, num_segments: Tnumsegments, *,
    separator: str = "",
) -> String:  # fmt: skip
    """The strings of each segment joined."""
    array, ids = as_texts(inputs), np.asarray(segment_ids)
    count = int(num_segments)
    inner = array.shape[ids.ndim :]
    rows = array.reshape(ids.size, -1)
    parts: list[list[list[bytes]]] = [[[] for _ in range(rows.shape[1])] for _ in range(count)]
    for segment, row in zip(ids.reshape(-1).tolist(), rows.tolist(), strict=True):
        if not 0 <= segment < count:
            raise ValueError(
                f"segment id {segment} must be from 0 to num_segments - 1, {count - 1}."
            )
        for place, text in zip(parts[segment], row, strict=True):
            place.append(text)
    glue = separator.encode()
    return texts([glue.join(place) for row in parts for place in row], (count, *inner))


@unsorted_segment_join_op.shape
def _unsorted_segment_join_shape(
    ctx: ShapeContext, inputs: Shape, ids: Shape, count: Shape
) -> Shape:
    if inputs.rank is None or ids.rank is None:
        return UNKNOWN
    known = ctx.constant(2)
    return Shape((None if known is None else int(known),)) + inputs[ids.rank :]


@export("strings.unsorted_segment_join")
def unsorted_segment_join(
    inputs: Any, segment_ids: Any, num_segments: Any, separator: str = "", name: str | None = None
) -> Any:
    """The strings of each segment joined.

    Args:
      inputs: Strings.
      segment_ids: The segment of each.
      num_segments: How many segments there are.
      separator: What stands between two strings.
      name: The name of the node.
    """
    return unsorted_segment_join_op(
        inputs, segment_ids, num_segments, separator=separator, name=name
    )


# -- splitting ------------------------------------------------------------------------------------


def _rows(value: Any, split: Callable[[bytes], list[bytes]]) -> tuple[Any, Any, Any]:
    """The parts of strings as a sparse matrix, a row for each."""
    rows = [split(text) for text in elements(value)]
    counts = np.array([len(row) for row in rows], np.int64)
    starts = np.cumsum(counts) - counts
    total = int(counts.sum())
    number = np.repeat(np.arange(len(rows)), counts)
    indices = np.stack([number, np.arange(total) - starts[number]], 1).astype(np.int64)
    shape = np.array([len(rows), counts.max(initial=0)], np.int64)
    return indices, texts([part for row in rows for part in row]), shape


@op("StringSplit", runs_on=HOST, outputs=("indices", "values", "shape"))
def string_split_op(
    xp: Namespace, input: String, delimiter: String, *, skip_empty: bool = True
) -> tuple[Int64, String, Int64]:
    """The parts of strings between characters of a set."""
    delimiters = single(delimiter)
    between = re.compile(b"[" + re.escape(delimiters) + b"]") if delimiters else None

    def split(text: bytes) -> list[bytes]:
        if not text:
            return []
        parts = between.split(text) if between else [text[i : i + 1] for i in range(len(text))]
        return [part for part in parts if part] if skip_empty else parts

    return _rows(input, split)


@op("StringSplitV2", runs_on=HOST, outputs=("indices", "values", "shape"))
def string_split_v2_op(
    xp: Namespace, input: String, sep: String, *, maxsplit: int = -1
) -> tuple[Int64, String, Int64]:
    """The parts of strings between occurrences of another, or between blanks."""
    separator = single(sep)
    if separator or maxsplit < 0:
        return _rows(input, lambda text: text.split(separator or None, maxsplit))
    return _rows(input, lambda text: _between_blanks(text, maxsplit))


def _between_blanks(text: bytes, most: int) -> list[bytes]:
    """So many words, and the rest, which may be empty."""
    if most == 0:
        return [text]
    words = text.split(None, most)
    if len(words) == most and text[-1:].isspace():
        words.append(b"")
    return words


@string_split_op.shape
@string_split_v2_op.shape
def _split_shape(input: Shape, separator: Shape) -> tuple[Shape, Shape, Shape]:
    input.with_rank(1)
    separator.with_rank(0)
    return Shape((None, 2)), unknown(1), Shape((2,))


def _check_result_type(result_type: str) -> None:
    if result_type != "SparseTensor":
        raise ValueError(
            f"result_type {result_type!r} is not supported: 'SparseTensor' is what there is."
        )


@export("string_split")
def string_split(
    source: Any,
    sep: Any = None,
    skip_empty: bool = True,
    delimiter: Any = None,
    result_type: str = "SparseTensor",
    name: str | None = None,
) -> SparseTensor:
    """The parts of strings between characters of a set.

    Args:
      source: A vector of strings.
      sep: The characters; a blank if None, every byte for itself if ''.
      skip_empty: Whether empty parts are left out.
      delimiter: An older name of ``sep``.
      result_type: ``"SparseTensor"``.
      name: The name scope of the nodes.

    Returns:
      A sparse matrix, a row for each string.

    >>> parts = tf.string_split(["hello world", "a b c"])
    >>> tf.Session().run(parts.values)
    array([b'hello', b'world', b'a', b'b', b'c'], dtype=object)
    """
    if sep is not None and delimiter is not None:
        raise ValueError("'sep' and 'delimiter' are one argument; give one of them.")
    _check_result_type(result_type)
    chosen = delimiter if sep is None else sep
    with get_default_graph().name_scope(name or "StringSplit"):
        text = convert_to_tensor(source, dtypes.string)
        found = string_split_op(
            text,
            convert_to_tensor(" " if chosen is None else chosen, dtypes.string),
            skip_empty=skip_empty,
        )
        return SparseTensor(*found)


@export("strings.split")
def split(
    input: Any = None,
    sep: Any = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: str | None = None,
) -> SparseTensor:
    """The parts of strings between occurrences of another.

    Args:
      input: A vector of strings.
      sep: What they are cut at; runs of blanks if None or ''.
      maxsplit: How many cuts at most; any number if negative.
      result_type: ``"SparseTensor"``.
      source: An older name of ``input``.
      name: The name scope of the nodes.

    Returns:
      A sparse matrix, a row for each string.
    """
    if input is not None and source is not None:
        raise ValueError("'input' and 'source' are one argument; give one of them.")
    _check_result_type(result_type)
    with get_default_graph().name_scope(name or "StringSplit"):
        text = convert_to_tensor(source if input is None else input, dtypes.string)
        separator = convert_to_tensor("" if sep is None else sep, dtypes.string)
        return SparseTensor(*string_split_v2_op(text, separator, maxsplit=maxsplit))
