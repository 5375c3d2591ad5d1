"""From anything a program passes to a tensor: the conversion registry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.ir.tensor import Tensor

Conversion = Callable[..., Any]

_registry: list[tuple[int, int, type | tuple[type, ...], Conversion]] = []
_by_type: dict[type, list[Conversion]] = {}


@export("register_tensor_conversion_function")
def register_tensor_conversion_function(
    base_type: type | tuple[type, ...], conversion_func: Conversion, priority: int = 100
) -> None:
    """Teaches ops to accept values of ``base_type``.

    Args:
      base_type: A class, or a tuple of classes.
      conversion_func: ``f(value, dtype=None, name=None, as_ref=False)``, which returns a tensor,
        or NotImplemented to leave the value to another function.
      priority: Functions of smaller priority are asked first; of equal priority, in the order
        in which they were registered.

    Raises:
      TypeError: If ``base_type`` is not a class or ``conversion_func`` cannot be called.
    """
    classes = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(each, type) for each in classes):
        raise TypeError(f"base_type must be a class or a tuple of classes, not {base_type!r}.")
    if not callable(conversion_func):
        raise TypeError(f"conversion_func must be callable, not {conversion_func!r}.")
    hooks.get("constant")  # of equal priority, those for lists and numbers come first
    register_default(base_type, conversion_func, priority)


def register_default(
    base_type: type | tuple[type, ...], conversion_func: Conversion, priority: int
) -> None:
    """Registers a conversion that tidefall itself brings."""
    _registry.append((priority, len(_registry), base_type, conversion_func))
    _registry.sort(key=lambda entry: entry[:2])
    _by_type.clear()


def _functions_for(kind: type) -> list[Conversion]:
    functions = _by_type.get(kind)
    if functions is None:
        hooks.get("constant")  # its module registers the conversions of lists and numbers
        functions = [f for _, _, base, f in _registry if issubclass(kind, base)]
        _by_type[kind] = functions
    return functions


def convert(
    value: Any,
    dtype: DType | None = None,
    name: str | None = None,
    as_ref: bool = False,
    preferred: DType | None = None,
) -> Any:
    """Converts ``value`` to a tensor; the core of `convert_to_tensor`.

    Args:
      value: Anything a conversion function was registered for.
      dtype: The dtype it must have, or None to infer it.
      name: The name of a node that may have to be made.
      as_ref: Whether a variable should give its reference rather than its value.
      preferred: The dtype it should have if that is possible.
    """
    if value.__class__ is Tensor:
        if dtype is not None and value._dtype.base_dtype is not dtype.base_dtype:
            raise ValueError(
                f"a tensor of dtype {dtype.name} is needed, but '{value.name}' has dtype "
                f"{value._dtype.name}. Convert it with tf.cast(…, tf.{dtype.base_dtype.name})."
            )
        return value
    own = getattr(value, "_convert_to_tensor", None)
    if own is not None:
        return own(dtype, name, as_ref)
    for function in _functions_for(type(value)):
        if dtype is None and preferred is not None:
            try:
                result = function(value, dtype=preferred, name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                result = NotImplemented
            if result is not NotImplemented and result.dtype.base_dtype is preferred:
                return result
        result = function(value, dtype=dtype, name=name, as_ref=as_ref)
        if result is not NotImplemented:
            return result
    raise TypeError(
        f"{value!r} of type {type(value).__name__} cannot be converted to a tensor"
        + ("." if dtype is None else f" of dtype {dtype.name}.")
    )


@export("convert_to_tensor")
def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
) -> Any:
    """Converts ``value`` to a `Tensor`.

    Args:
      value: A tensor, variable, NumPy array, number, string, or (nested) list of these.
      dtype: The dtype the tensor must have; inferred if None.
      name: The name of the node, if one is made.
      preferred_dtype: The dtype to use if ``value`` allows it; ignored otherwise.
      dtype_hint: The same as ``preferred_dtype``.

    Returns:
      A tensor; ``value`` itself where it is one already.

    Raises:
      TypeError: If no conversion is known for ``value``.
      ValueError: If ``value`` has another dtype than ``dtype``.
    """
    hint = preferred_dtype if dtype_hint is None else dtype_hint
    return convert(
        value,
        None if dtype is None else as_dtype(dtype),
        name,
        False,
        None if hint is None else as_dtype(hint),
    )


def convert_n_to_tensor(values: Any, dtype: Any = None, name: str | None = None) -> list[Any]:
    """Converts each of ``values``; the i-th is named ``<name>_<i>``."""
    return [
        convert_to_tensor(value, dtype, None if name is None else f"{name}_{index}")
        for index, value in enumerate(values)
    ]
