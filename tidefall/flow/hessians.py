"""`tf.hessians`: second derivatives, one row at a time."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.flow.tensor_array import TensorArray
from tidefall.flow.while_loop import while_loop
from tidefall.gradients.walk import as_list, gradients
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import reshape, shape
from tidefall.ops.constant import constant
from tidefall.ops.joining import concat
from tidefall.ops.sizes import size


@export("hessians")
def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
) -> list[Any]:
    """The second derivatives of the sum of ``ys`` with respect to each of ``xs``.

    A loop takes the gradient of one element of the gradient after the other.

    Args:
      ys: A tensor or list of tensors.
      xs: A tensor or list of tensors.
      name: Unused, as in TensorFlow.
      colocate_gradients_with_ops: See `tf.gradients`.
      gate_gradients: See `tf.gradients`.
      aggregation_method: See `tf.gradients`.

    Returns:
      For each x a tensor of shape ``x.shape + x.shape``.

    Raises:
      LookupError: If an operation on the way has no gradient.

    >>> x = tf.constant([1.0, 2.0])
    >>> tf.Session().run(tf.hessians(tf.reduce_sum(x**3), x))[0]
    array([[ 6.,  0.],
           [ 0., 12.]], dtype=float32)
    """
    sources = as_list(xs)
    options = {
        "colocate_gradients_with_ops": colocate_gradients_with_ops,
        "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
    }
    firsts = gradients(ys, sources, **options)
    return [_rows(first, x, options) for first, x in zip(firsts, sources, strict=True)]


def _rows(first: Any, x: Any, options: dict[str, Any]) -> Any:
    """The derivatives of each element of the gradient ``first`` with respect to ``x``."""
    if first is None:
        raise ValueError(f"the ys of tf.hessians do not depend on '{x.name}'.")
    flat = reshape(first, [-1])
    count = size(x)

    def row(index: Any, rows: Any) -> tuple[Any, Any]:
        following = index + 1
        (second,) = gradients(flat[index], x, unconnected_gradients="zero", **options)
        return following, rows.write(index, second)

    start: list[Any] = [constant(0, dtypes.int32), TensorArray(x.dtype, count)]
    _, rows = while_loop(lambda index, _: index < count, row, start)
    sizes = shape(x)
    stacked: Tensor = rows.stack()
    return reshape(stacked, concat((sizes, sizes), 0))
