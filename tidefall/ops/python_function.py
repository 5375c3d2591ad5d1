"""`tf.py_func`: a Python function as an operation."""

from __future__ import annotations

import itertools
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes, errors
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.ir.graph import get_default_graph
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import HOST
from tidefall.ops.constant import to_array
from tidefall.ops.registry import Namespace, Tin, Tout, TypeList, op

_serial = itertools.count()


class _Function:
    """A function that a graph calls; the graph keeps it alive."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function


_functions: weakref.WeakValueDictionary[str, _Function] = weakref.WeakValueDictionary()


def _all_unknown(ctx: ShapeContext, inputs: list[Shape], *, Tout: Any) -> list[Shape]:
    return [UNKNOWN] * len(Tout)


@op(
    "PyFunc",
    Tin=TypeList(),
    Tout=TypeList(),
    runs_on=HOST,
    stateful=True,
    effects=True,
    differentiable=False,
    shape=_all_unknown,
)
def py_func_op(xp: Namespace, input: list[Tin], *, token: str, Tout: list[DType]) -> list[Tout]:
    """Calls the Python function that ``token`` names."""
    return _call(token, input, Tout)


@op(
    "PyFuncStateless",
    Tin=TypeList(),
    Tout=TypeList(),
    runs_on=HOST,
    differentiable=False,
    shape=_all_unknown,
)
def py_func_stateless_op(
    xp: Namespace, input: list[Tin], *, token: str, Tout: list[DType]
) -> list[Tout]:
    """Calls the Python function that ``token`` names, whose result depends on its input alone."""
    return _call(token, input, Tout)


def _call(token: str, inputs: list[Any], types: Any) -> list[Any]:
    holder = _functions.get(token)
    if holder is None:
        raise errors.InvalidArgumentError(
            None, None, f"the Python function '{token}' is not in this process; a graph that was "
            "loaded from a file cannot call the functions of the program that wrote it.",
        )  # fmt: skip
    try:
        result = holder.function(*[_given(value) for value in inputs])
    except Exception as error:
        raise _as_op_error(error) from error
    if not isinstance(result, (list, tuple)):
        result = [] if result is None and not types else [result]
    if len(result) != len(types):
        raise ValueError(
            f"the function returned {len(result)} values where {len(types)} are wanted."
        )
    return [_returned(value, dtype) for value, dtype in zip(result, types, strict=True)]


def _given(value: Any) -> Any:
    """An input as the function may keep and change it."""
    return np.array(value) if np.ndim(value) else np.asarray(value)[()]


def _returned(value: Any, dtype: DType) -> Any:
    if dtype is dtypes.string:
        return to_array(value, dtype)
    array = np.array(value)
    if array.dtype != dtype.np_dtype:
        raise ValueError(
            f"the function returned {array.dtype.name} where {dtype.name} is wanted. Return "
            f"np.asarray(…, np.{dtype.name}), or say Tout=tf.{array.dtype.name}."
        )
    return array if array.ndim else array[()]


def _as_op_error(error: Exception) -> Exception:
    """The error of `tf.errors` for what the function raised, with its traceback as text."""
    kinds: list[tuple[type, Any]] = [
        (errors.OpError, None),
        (TypeError, errors.InvalidArgumentError),
        (ValueError, errors.InvalidArgumentError),
        (StopIteration, errors.OutOfRangeError),
        (MemoryError, errors.ResourceExhaustedError),
        (NotImplementedError, errors.UnimplementedError),
        (Exception, errors.UnknownError),
    ]
    kind = next(made for raised, made in kinds if isinstance(error, raised))
    if kind is None:
        return error
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    text = f"{type(error).__name__}: {error}\n{''.join(lines)}"
    return kind(None, None, text)


@export("py_func")
def py_func(func: Any, inp: Any, Tout: Any, stateful: bool = True, name: str | None = None) -> Any:
    """Calls a Python function with NumPy arrays when the graph runs.

    Args:
      func: The function; it gets arrays (scalars for rank 0) and returns arrays.
      inp: A list of tensors.
      Tout: The dtype of its result, or a list of dtypes.
      stateful: Whether equal inputs may give different results.
      name: The name of the node.

    Returns:
      A tensor, or a list of tensors where ``Tout`` is a list. Their shapes are not known; use
      ``set_shape``.

    Raises:
      ValueError: If ``func`` is not callable.

    >>> tf.Session().run(tf.py_func(lambda x: x + 1, [tf.constant(2.0)], tf.float32))
    3.0
    """
    if not callable(func):
        raise ValueError(f"func must be callable, not {type(func).__name__}: {func!r}")
    several = isinstance(Tout, (list, tuple))
    types = [as_dtype(each) for each in (Tout if several else [Tout])]
    graph = get_default_graph()
    token = f"pyfunc_{next(_serial)}"
    holder = _functions[token] = _Function(func)
    graph._scoped_state.setdefault("python functions", []).append(holder)
    call = py_func_op if stateful else py_func_stateless_op
    result = call(list(inp), token=token, Tout=types, name=name)
    if several:
        return result
    return result[0] if isinstance(result, list) else result


@export("numpy_function")
def numpy_function(func: Any, inp: Any, Tout: Any, name: str | None = None) -> Any:
    """`py_func` under its later name."""
    return py_func(func, inp, Tout, stateful=True, name=name)
