"""Feeding: from what a program passes to the array a plan expects."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.frames import capture
from tidefall.core.shapes import Shape
from tidefall.ir.tensor import Tensor
from tidefall.ops.constant import to_array


class Feed:
    """How values for one fed tensor are converted and checked."""

    __slots__ = ("_largest", "_op", "_scalar", "dtype", "name", "np_dtype", "shape")

    def __init__(self, tensor: Tensor) -> None:
        self.dtype = tensor._dtype.base_dtype
        self.np_dtype = self.dtype.np_dtype
        self.shape: Shape = tensor._shape_value
        self.name = tensor.name
        self._op = tensor._op
        simple = self.shape.rank == 0 and (self.dtype.is_floating or self.dtype.is_integer)
        self._scalar = self.dtype.as_numpy_dtype if simple else None
        #: Python floats below this become scalars without further ado.
        self._largest = float(self.dtype.max) if simple and self.dtype.is_floating else 0.0

    def __call__(self, value: Any) -> Any:
        """``value`` as an array of the tensor's dtype.

        Raises:
          TypeError: If it is a tensor, None, or of a kind that does not convert.
          ValueError: If its shape does not fit.
        """
        if value.__class__ is float and -self._largest < value < self._largest:
            return self._scalar(value)  # type: ignore[misc]
        array = self._converted(value)
        if not _fits(array.shape, self.shape.dims):
            raise ValueError(
                f"cannot feed a value of shape {array.shape} for tensor '{self.name}', which has "
                f"shape {self.shape}.{self._place}"
            )
        return array if array.ndim or array.dtype.kind == "O" else array[()]

    @property
    def _place(self) -> str:
        place = self._op._location
        return "" if place is None else f"\n  '{self._op.name}' was created at {place}"

    def _converted(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            raise TypeError(
                f"the value fed for '{self.name}' is itself a tensor, '{value.name}'. Feed "
                f"numbers, lists or NumPy arrays; session.run the tensor first.{self._place}"
            )
        if value is None:
            raise TypeError(
                f"the value fed for '{self.name}' is None; a value of dtype {self.dtype.name} is "
                f"needed. Was something forgotten?{self._place}"
            )
        if self.dtype is dtypes.string:
            return to_array(value, dtypes.string)
        if self.dtype is dtypes.resource or self.dtype is dtypes.variant:
            return np.asarray(value, object)
        try:
            with np.errstate(all="ignore"):
                array = np.asarray(value, self.np_dtype)
        except (ValueError, TypeError, OverflowError) as error:
            kind = ValueError if isinstance(error, ValueError) else TypeError
            raise kind(
                f"the value fed for '{self.name}' cannot become {self.dtype.name}: "
                f"{_sentence(error)}{self._place}"
            ) from None
        if self.dtype.is_integer or self.dtype.is_bool:
            self._note_loss(value, array)
        return array

    def _note_loss(self, value: Any, array: Any) -> None:
        """Warns where numbers were cut, as TensorFlow cuts them: 1.5 for an integer, …"""
        given = np.asarray(value)
        if given.dtype == array.dtype or given.dtype.kind not in "iuf":
            return
        changed = given != array
        if not np.any(changed):
            return
        worst = given.reshape(-1)[np.argmax(changed)], array.reshape(-1)[np.argmax(changed)]
        message = (
            f"values fed for '{self.name}' were changed to fit {self.dtype.name}: "
            f"{worst[0]} became {worst[1]}. Convert them before feeding, or give the placeholder "
            "another dtype."
        )
        place = capture()
        if place is None:
            warnings.warn(message, RuntimeWarning, stacklevel=2)
        else:
            warnings.warn_explicit(message, RuntimeWarning, place.filename, place.line)


def _sentence(error: Exception) -> str:
    text = str(error)
    if "inhomogeneous" in text:
        return (
            "its lists do not form a rectangle, since their lengths differ. Pad the shorter ones."
        )
    return text


def _fits(shape: tuple[int, ...], dims: Any) -> bool:
    if dims is None:
        return True
    if len(shape) != len(dims):
        return False
    return all(want is None or want == size for size, want in zip(shape, dims, strict=True))


def inline_test(feed: Feed, name: str, index: int) -> tuple[str, str]:
    """Source that converts the argument ``name`` unless it is plainly right already.

    Returns:
      The condition under which conversion is needed, and the conversion.
    """
    convert = f"{name} = feed{index}({name})"
    if feed._scalar is not None:
        return f"{name}.__class__ is not scalar{index}", convert
    if feed.dtype is dtypes.string or feed.shape.dims is None:
        return "True", convert
    tests = [f"{name}.__class__ is not ndarray", f"{name}.dtype is not dtype{index}"]
    if feed.shape.rank == 0:
        return "True", convert
    tests.append(f"{name}.ndim != {feed.shape.rank}")
    for axis, size in enumerate(feed.shape.dims):
        if size is not None:
            tests.append(f"{name}.shape[{axis}] != {size}")
    return " or ".join(tests), convert
