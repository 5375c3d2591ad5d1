"""`tf.test.compute_gradient`: gradients beside difference quotients, for tests of own ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.gradients.walk import gradients
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.tensor import Tensor
from tidefall.ops.constant import constant

_TYPES = (
    dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.complex64,
    dtypes.complex128,
)  # fmt: skip
Matrix = Any


@export("test.compute_gradient")
def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """The derivatives of ``y`` with respect to ``x``: by `tf.gradients` and by differences.

    Runs in the default session.

    Args:
      x: A tensor, or a list of tensors.
      x_shape: Its shape as a list, or a list of shapes.
      y: A tensor that depends on ``x``.
      y_shape: Its shape.
      x_init_value: The point, an array (or a list of arrays); random if None.
      delta: The distance of the difference quotients.
      init_targets: Operations to run first.
      extra_feed_dict: Values for other placeholders.

    Returns:
      Two matrices, one row for each element of ``x``, one column for each of ``y``; a complex
      number counts as two elements. For a list ``x``, a list of such pairs.
    """
    for target in init_targets or []:
        target.run()
    if not isinstance(x, (list, tuple)):
        return _jacobians(x, x_shape, y, y_shape, x_init_value, delta, extra_feed_dict)
    values = [None] * len(x) if x_init_value is None else list(x_init_value)
    return [
        _jacobians(each, shape, y, y_shape, value, delta, extra_feed_dict)
        for each, shape, value in zip(x, x_shape, values, strict=True)
    ]


@export("test.compute_gradient_error")
def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> float:
    """The greatest difference between the two matrices of `tf.test.compute_gradient`.

    The arguments are those of `tf.test.compute_gradient`.
    """
    found = compute_gradient(
        x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict
    )
    pairs = found if isinstance(found, list) else [found]
    error = 0.0
    for exact, numeric in pairs:
        if exact.size or numeric.size:
            difference = float(np.max(np.abs(exact - numeric)))
            error = difference if np.isnan(difference) else max(error, difference)
    return error


def _jacobians(
    x: Tensor, x_shape: Any, y: Tensor, y_shape: Any, value: Any, delta: float, feeds: Any
) -> tuple[Matrix, Matrix]:
    for each in (x, y):
        if each.dtype.base_dtype not in _TYPES:
            raise TypeError(
                f"derivatives are those of floats and complex numbers, but '{each.name}' has dtype "
                f"{each.dtype.name}."
            )
    seed = convert_to_tensor(constant(1.0, shape=y_shape, dtype=y.dtype.base_dtype))
    (slope,) = gradients(y, x, seed)
    if slope is None:
        raise ValueError(f"'{y.name}' does not depend on '{x.name}'.")
    slope = convert_to_tensor(slope)
    kind = x.dtype.base_dtype.np_dtype
    if value is None:
        value = np.asarray(np.random.random_sample(x_shape)).astype(kind)
    point = np.array(value, kind)
    if list(point.shape) != [int(size) for size in x_shape]:
        raise ValueError(f"x_init_value has shape {point.shape}, but x_shape is {x_shape}.")
    others = dict(feeds or {})
    exact = _by_gradients(x, slope, seed, y_shape, point, others)
    return exact, _by_differences(x, y, point, delta, others)


def _flat(array: Any) -> Any:
    """The elements in order; a complex number is two of them. Half floats become float32."""
    flat = np.ascontiguousarray(array).reshape(-1)
    if flat.dtype.kind == "c":
        return flat.view(flat.real.dtype)
    return flat.astype(np.float32) if flat.dtype.itemsize == 2 else flat


def _by_gradients(
    x: Tensor, slope: Tensor, seed: Tensor, y_shape: Any, point: Any, feeds: dict[Any, Any]
) -> Matrix:
    """One run for each element of y, with a gradient of 1 there."""
    kind = seed.dtype.base_dtype.np_dtype
    unit = np.zeros([int(size) for size in y_shape], kind)
    columns = []
    for index in range(unit.size):
        for direction in (1.0, 1j) if kind.kind == "c" else (1.0,):
            unit.reshape(-1)[index] = direction
            columns.append(_flat(slope.eval({x: point, seed: unit, **feeds})))
            unit.reshape(-1)[index] = 0
    if not columns:
        return np.zeros((_flat(point).size, 0), _flat(point).dtype)
    return np.stack(columns, 1)


def _by_differences(
    x: Tensor, y: Tensor, point: Any, delta: float, feeds: dict[Any, Any]
) -> Matrix:
    """Two runs for each element of x, on both sides of the point."""
    rows = []
    for index in range(point.size):
        for direction in (delta, 1j * delta) if point.dtype.kind == "c" else (delta,):
            moved = []
            for sign in (1, -1):
                place = point.copy()
                place.reshape(-1)[index] += sign * direction
                moved.append(_flat(y.eval({x: place, **feeds})))
            rows.append((moved[0] - moved[1]) / (2 * delta))
    if not rows:
        width = _flat(y.eval({x: point, **feeds})).size
        return np.zeros((0, width), _flat(point).dtype)
    return np.stack(rows, 0)
