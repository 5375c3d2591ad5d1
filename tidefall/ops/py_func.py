"""Python functions as operations."""

from __future__ import annotations

import itertools
import threading
import traceback
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import errors
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import Namespace, Tin, Tout, TypeList, op


class _Function:
    """A function that a graph keeps alive, and that a node finds by its token."""

    def __init__(self, function: Callable[..., Any], token: str) -> None:
        self.function = function
        self.token = token


_numbers = itertools.count()
_lock = threading.Lock()
_by_token: weakref.WeakValueDictionary[str, _Function] = weakref.WeakValueDictionary()


def _register(function: Callable[..., Any]) -> str:
    """Gives a function a token; it lives as long as the default graph."""
    with _lock:
        entry = _Function(function, f"pyfunc_{next(_numbers)}")
        _by_token[entry.token] = entry
    get_default_graph()._scoped_state.setdefault("py_func", []).append(entry)
    return entry.token


#: From the exceptions of Python to those of a run; everything else is an `UnknownError`.
_ERRORS: tuple[tuple[type[BaseException], type[errors.OpError]], ...] = (
    (ValueError, errors.InvalidArgumentError),
    (TypeError, errors.InvalidArgumentError),
    (StopIteration, errors.OutOfRangeError),
    (MemoryError, errors.ResourceExhaustedError),
    (NotImplementedError, errors.UnimplementedError),
)


def _as_run_error(error: Exception) -> errors.OpError:
    """The error of a run, with the function's own traceback in it."""
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    lines = traceback.format_exception(type(error), error, trace)
    message = f"{type(error).__name__}: {error}\n{''.join(lines)}"
    for kind, result in _ERRORS:
        if isinstance(error, kind):
            return result(None, None, message)  # type: ignore[call-arg]
    return errors.UnknownError(None, None, message)


def call(token: str, values: list[Any], dtypes: list[DType]) -> list[Any]:
    """Calls the function of ``token``, and checks what it returns.

    Args:
      token: What `py_func` gave the node.
      values: The inputs, arrays.
      dtypes: The dtypes promised.
    """
    entry = _by_token.get(token)
    if entry is None:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"the Python function '{token}' is not known in this process: a graph that was read "
            "from a file cannot bring its Python functions along. Build it again with tf.py_func.",
        )
    try:
        returned = entry.function(*[_as_argument(value) for value in values])
    except Exception as error:
        raise _as_run_error(error) from error
    if returned is None:
        results: list[Any] = []
    elif isinstance(returned, (tuple, list)):
        results = list(returned)
    else:
        results = [returned]
    if len(results) != len(dtypes):
        raise errors.InvalidArgumentError(
            None,
            None,
            f"the function returned {len(results)} values where Tout names {len(dtypes)} dtypes.",
        )
    pairs = enumerate(zip(results, dtypes, strict=True))
    return [_as_result(index, token, value, dtype) for index, (value, dtype) in pairs]


def _as_argument(value: Any) -> Any:
    """Scalars come as NumPy's scalars (text as bytes), everything else as an array of its own."""
    array = np.asarray(value, object if isinstance(value, bytes) else None)
    return array.copy() if array.ndim else array[()]


def _as_result(index: int, token: str, value: Any, dtype: DType) -> Any:
    array = np.asarray(value)
    if array.dtype.kind in "SUO":
        array = _texts(value)
    found = as_dtype(array.dtype)
    if found is not dtype.base_dtype:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"result {index} of the function has dtype {found.name}, but Tout says {dtype.name}. "
            f"Return np.{dtype.name}(…) or array.astype(np.{dtype.name}), or change Tout.",
        )
    return np.array(array)


def _texts(value: Any) -> Any:
    array = np.array(value, object)
    flat = array.reshape(-1)
    for i, each in enumerate(flat):
        flat[i] = each.encode() if isinstance(each, str) else bytes(each)
    return flat.reshape(array.shape)


@op(
    "PyFunc", Tin=TypeList(), Tout=TypeList(), runs_on=HOST, stateful=True, effects=True,
    differentiable=False,
)  # fmt: skip
def py_func_op(xp: Namespace, input: list[Tin], *, token: str, Tout: list[DType]) -> list[Tout]:
    """Calls a Python function, which may have effects."""
    return call(token, input, Tout)


@op(
    "PyFuncStateless", Tin=TypeList(), Tout=TypeList(), runs_on=HOST, differentiable=False,
)  # fmt: skip
def py_func_stateless_op(
    xp: Namespace, input: list[Tin], *, token: str, Tout: list[DType]
) -> list[Tout]:
    """Calls a Python function that gives equal results for equal arguments."""
    return call(token, input, Tout)


@export("py_func")
def py_func(
    func: Callable[..., Any], inp: Any, Tout: Any, stateful: bool = True, name: str | None = None
) -> Any:
    """The results of a Python function, called with arrays when the graph runs.

    Args:
      func: Takes one NumPy array (or scalar) for each input, and returns one array, or a list of
        arrays, of the dtypes promised.
      inp: A list of tensors.
      Tout: The dtype of the result, or a list of dtypes.
      stateful: False if equal arguments always give equal results; it may then be called less
        often.
      name: The name of the node.

    Returns:
      A tensor of unknown shape, or a list of tensors if ``Tout`` is a list, or the operation if
      that is empty. No gradient flows through them.
    """
    if not callable(func):
        raise ValueError(f"func must be callable, not {type(func).__name__}: {func!r}")
    several = isinstance(Tout, (list, tuple))
    token = _register(func)
    function = py_func_op if stateful else py_func_stateless_op
    result = function(list(inp), token=token, Tout=list(Tout) if several else [Tout], name=name)
    if not result:
        return get_default_graph()._by_id[-1]  # the operation, since there is no tensor
    return result if several else result[0]


@export("numpy_function")
def numpy_function(func: Callable[..., Any], inp: Any, Tout: Any, name: str | None = None) -> Any:
    """The results of a Python function of arrays; see `tf.py_func`."""
    return py_func(func, inp, Tout, stateful=True, name=name)
