"""Embeddings: rows of a table, which may be cut in parts."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ops.array import identity, reshape, shape
from tidefall.ops.cast import cast
from tidefall.ops.clip import clip_by_norm
from tidefall.ops.gather import gather
from tidefall.ops.joining import concat
from tidefall.ops.math import add_n, maximum
from tidefall.ops.partition import dynamic_partition, parallel_dynamic_stitch_op
from tidefall.ops.ranges import range_
from tidefall.ops.sizes import rank, size
from tidefall.ops.where import where


def _clipped(rows: Any, ids: Any, max_norm: Any) -> Any:
    """Rows whose norm is at most ``max_norm``."""
    if max_norm is None:
        return rows
    own, all_dims = ids._shape_value.rank, rows._shape_value.rank
    if own is not None and all_dims is not None:
        axes: Any = list(range(own, all_dims))
    else:
        axes = range_(rank(ids), rank(rows))
    return clip_by_norm(rows, max_norm, axes=axes)


@export("nn.embedding_lookup")
def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Any:
    """The rows of a table that ``ids`` name.

    Args:
      params: The table: a tensor or variable, or a list of parts of it (also a partitioned
        variable).
      ids: Row numbers of any shape.
      partition_strategy: How rows are spread over parts. ``"mod"``: row i is in part
        ``i % parts``; ``"div"``: the first rows are in the first part, and so on.
      name: The name of the node.
      validate_indices: Ignored; a row that does not exist is an error always.
      max_norm: The greatest norm of a row; longer ones are scaled down.

    Raises:
      ValueError: If there are no parts, or the strategy is another one.

    >>> table = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    >>> tf.Session().run(tf.nn.embedding_lookup(table, [1]))
    array([[3., 4.]], dtype=float32)
    """
    if params is None:
        raise ValueError("params must be specified")
    parts = _parts(params)
    if not parts:
        raise ValueError("Need at least one param")
    graph = get_default_graph()
    with graph.name_scope(name or "embedding_lookup") as scope:
        parts = _with_tensors(parts)
        ids = convert_to_tensor(ids, name="ids")
        if len(parts) == 1:
            with graph.colocate_with(_element(parts[0])):
                rows = _clipped(gather(parts[0], ids, name=scope), ids, max_norm)
            return identity(rows)
        return _from_parts(parts, ids, partition_strategy, max_norm, scope)


def _parts(params: Any) -> list[Any]:
    if hasattr(params, "_get_variable_list") or type(params).__name__ == "PartitionedVariable":
        return list(params)
    return params if isinstance(params, list) else [params]


def _with_tensors(parts: list[Any]) -> list[Any]:
    """Resource variables stay what they are, so that only rows are read; the rest are tensors."""
    return [
        part if hasattr(part, "handle") else convert_to_tensor(part, name=f"params_{i}")
        for i, part in enumerate(parts)
    ]


def _element(part: Any) -> Any:
    return part.handle if hasattr(part, "handle") else part


def _from_parts(parts: list[Any], ids: Any, strategy: str, max_norm: Any, scope: str) -> Any:
    """Looks the rows up part by part, and puts them in order again."""
    graph = get_default_graph()
    count = len(parts)
    flat = reshape(ids, [-1])
    original = range_(size(flat))
    owner, rows_in_part = _assigned(parts, flat, strategy)
    owner = cast(owner, dtypes.int32)
    wanted = dynamic_partition(rows_in_part, owner, count)
    places = dynamic_partition(original, owner, count)
    found = []
    for part, rows in zip(parts, wanted, strict=True):
        with graph.colocate_with(_element(part)):
            found.append(gather(part, rows))
    result = parallel_dynamic_stitch_op(places, found, name=scope)
    tail = _row_shape(parts)
    if tail is not None:
        result = reshape(result, concat([shape(ids), tail], 0))
        result.set_shape(ids.shape.concatenate(tail))
    else:
        with graph.colocate_with(_element(parts[0])):
            row_shape = shape(parts[0])[1:]
        result = reshape(result, concat([shape(ids), row_shape], 0))
    return _clipped(result, ids, max_norm)


def _row_shape(parts: list[Any]) -> Any:
    """The shape of one row, where it is fully known."""
    known = parts[0].get_shape()[1:]
    for part in parts[1:]:
        known = known.merge_with(part.get_shape()[1:])
    return known if known.is_fully_defined() else None


def _assigned(parts: list[Any], flat: Any, strategy: str) -> tuple[Any, Any]:
    """For each row the part it is in, and its number there."""
    count = len(parts)
    if strategy == "mod":
        return flat % count, flat // count
    if strategy != "div":
        raise ValueError(f"Unrecognized partition strategy: {strategy}")
    total = _total_rows(parts, flat.dtype)
    per_part, extra = total // count, total % count
    owner = maximum(flat // (per_part + 1), (flat - extra) // per_part)
    in_part = where(owner < extra, flat % (per_part + 1), (flat - extra) % per_part)
    return owner, in_part


def _total_rows(parts: list[Any], dtype: Any) -> Any:
    known = [part.get_shape()[0].value for part in parts]
    if None not in known:
        return convert_to_tensor(sum(known), dtype)
    sizes = [
        convert_to_tensor(rows, dtypes.int32) if rows is not None else shape(part)[0]
        for part, rows in zip(parts, known, strict=True)
    ]
    return cast(add_n(sizes), dtype)
