"""Rows left out of `tf.IndexedSlices`."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ops.gather import gather
from tidefall.ops.unique import setdiff1d


@export("sparse_mask", "sparse.mask")
def sparse_mask(a: Any, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """Rows of a large tensor without some of them.

    Args:
      a: `tf.IndexedSlices`.
      mask_indices: The indices of the rows to leave out.
      name: The name of the rows' node.

    >>> a = tf.IndexedSlices(tf.constant([[1.0], [2.0], [3.0]]), tf.constant([5, 7, 9]))
    >>> tf.Session().run(tf.sparse_mask(a, [7])).indices
    array([5, 9], dtype=int32)
    """
    with get_default_graph().name_scope(name or "sparse_mask") as scope:
        kept, places = setdiff1d(a.indices, mask_indices)
        rows = gather(a.values, places, name=scope)
        return IndexedSlices(rows, kept, a.dense_shape)
