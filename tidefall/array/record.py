"""The recording namespace: a kernel given symbolic arrays writes down what it does.

The engine compiles array primitives, not ops. An op's kernel runs here once on arrays that have
a shape and a dtype but no values; every call becomes an `Instruction` of a `Recording`. The
leading dimension of a batch is the symbol `ROWS`. What cannot be said in primitives (looking at a
value, a size that depends on the number of rows, an unknown function) raises `NotRecordable`.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidefall.array.symbols import (
    ROWS,
    Extent,
    NotRecordable,
    Shape,
    ShapeVector,
    Size,
)


@dataclass(frozen=True, eq=False)
class Instruction:
    """One primitive applied.

    Attributes:
      name: The primitive.
      inputs: The arrays it reads.
      params: What else it is told (axes, a permutation, …).
      result: The array it makes.
    """

    name: str
    inputs: tuple[Array, ...]
    params: Any
    result: Array


#: Constants of more bytes are the same if they lie at the same place.
_LARGEST_COMPARED = 1 << 16


class Recording:
    """The instructions recorded so far, in order.

    Attributes:
      instructions: The instructions.
      checks: Truth values that must hold for the results to be worth anything.
      fixed: The number of rows of a batch, if it is a number and not `ROWS`.
    """

    def __init__(self) -> None:
        self.fixed: int | None = None
        self.instructions: list[Instruction] = []
        self.checks: list[Array] = []
        self._constants: dict[Any, Array] = {}

    @contextmanager
    def active(self) -> Iterator[None]:
        """Within it, functions that are given no array record here."""
        token = _active.set(self)
        try:
            yield
        finally:
            _active.reset(token)

    def input(self, shape: Shape, dtype: Any) -> Array:
        """A new array that comes from outside."""
        return Array(self, tuple(shape), np.dtype(dtype))

    def constant(self, value: Any) -> Array:
        """An array whose value is known."""
        value = np.asarray(value)
        if value.dtype.kind not in "fiub":
            raise NotRecordable(f"a constant of dtype {value.dtype}")
        if value.nbytes > _LARGEST_COMPARED:
            place = value.__array_interface__["data"]
            key: Any = (value.dtype.str, value.shape, value.strides, place)
        else:
            key = (value.dtype.str, value.shape, value.tobytes())
        found = self._constants.get(key)
        if found is None:
            found = Array(self, value.shape, value.dtype, value)
            self._constants[key] = found
        return found

    def add(
        self, name: str, inputs: Sequence[Array], shape: Shape, dtype: Any, params: Any = None
    ) -> Array:
        """Records one instruction; its result."""
        result = Array(self, shape, np.dtype(dtype))
        self.instructions.append(Instruction(name, tuple(inputs), params, result))
        return result


_active: ContextVar[Recording] = ContextVar("active")


def _recording_of(operands: Sequence[Any]) -> Recording:
    """Where to write down what is done with these operands."""
    for each in operands:
        if isinstance(each, Array):
            return each.recording
    return _active.get()


# -- elementwise primitives ------------------------------------------------------------------------

_FLOAT_UNARY = """
exp expm1 log log1p log2 sqrt tanh sinh cosh sin cos tan asin acos atan asinh acosh atanh erf erfc
""".split()
_ALIASES = {
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "arctan2": "atan2", "absolute": "abs",
    "true_divide": "divide", "pow": "power", "invert": "bitwise_invert",
}  # fmt: skip
_UNARY = [
    *_FLOAT_UNARY,
    *"negative positive abs sign square reciprocal floor ceil rint trunc".split(),
]
_BINARY = """
add subtract multiply divide floor_divide remainder fmod power maximum minimum fmax fmin atan2
logaddexp bitwise_and bitwise_or bitwise_xor left_shift right_shift
""".split()
_COMPARISONS = "equal not_equal less less_equal greater greater_equal".split()
_LOGICAL = "logical_and logical_or logical_xor".split()
_TESTS = "isnan isinf isfinite".split()
_ONLY_FLOATS = frozenset((*_FLOAT_UNARY, "divide", "atan2", "logaddexp"))

#: Every primitive that works element by element, with the number of its operands.
ELEMENTWISE: dict[str, int] = {
    **dict.fromkeys((*_UNARY, *_TESTS, "logical_not", "bitwise_invert", "astype"), 1),
    **dict.fromkeys((*_BINARY, *_COMPARISONS, *_LOGICAL), 2),
    "where": 3,
}
_KINDS = "fiub"


def broadcast(*shapes: Shape) -> Shape:
    """The common shape; a number of rows meets only itself and 1."""
    rank = builtins.max(len(shape) for shape in shapes)
    result: list[Size] = []
    for axis in range(-rank, 0):
        size: Size = 1
        for shape in shapes:
            if len(shape) < -axis or shape[axis] == 1:
                continue
            if size != 1 and size != shape[axis]:
                raise NotRecordable(f"broadcasting {shapes}")
            size = shape[axis]
        result.append(size)
    return tuple(result)


def _apply(name: str, *operands: Any) -> Any:
    """Records an elementwise primitive, with NumPy's promotion of dtypes."""
    name = _ALIASES.get(name, name)
    if not builtins.any(isinstance(each, Array) for each in operands):
        return getattr(np, name)(*operands)
    recording = _recording_of(operands)
    if name == "where":
        condition, *rest = operands
        dtype = _common(rest)
        inputs = [_cast(_array(recording, condition), np.dtype(bool))]
        inputs += [_as(recording, each, dtype) for each in rest]
        result = dtype
    else:
        dtype = _common(operands)
        if name in _ONLY_FLOATS and dtype.kind != "f":
            dtype = np.dtype(np.float64)
        if name in _LOGICAL or name == "logical_not":
            dtype = np.dtype(bool)
        inputs = [_as(recording, each, dtype) for each in operands]
        boolean = name in _COMPARISONS or name in _TESTS or dtype.kind == "b"
        result = np.dtype(bool) if boolean else dtype
    if dtype.kind not in _KINDS:
        raise NotRecordable(f"{name} of {dtype}")
    shape = broadcast(*[each.shape for each in inputs])
    return recording.add(name, inputs, shape, result)


def _common(operands: Sequence[Any]) -> np.dtype[Any]:
    kinds = [
        each.dtype if isinstance(each, (Array, np.ndarray, np.generic)) else each
        for each in operands
    ]
    for each in kinds:
        if not isinstance(each, (np.dtype, bool, int, float)):
            raise NotRecordable(f"an operand of type {type(each).__name__}")
    return np.dtype(np.result_type(*kinds))


def _array(recording: Recording, value: Any) -> Array:
    return value if isinstance(value, Array) else recording.constant(value)


def _as(recording: Recording, value: Any, dtype: np.dtype[Any]) -> Array:
    if isinstance(value, Array):
        return _cast(value, dtype)
    return recording.constant(np.asarray(value, dtype))


def _cast(x: Array, dtype: np.dtype[Any]) -> Array:
    if x.dtype == dtype:
        return x
    if x.value is not None:
        return x.recording.constant(x.value.astype(dtype))
    if dtype.kind not in _KINDS or x.dtype.kind not in _KINDS:
        raise NotRecordable(f"a cast from {x.dtype} to {dtype}")
    return x.recording.add("astype", [x], x.shape, dtype)


class Array:
    """An array without values.

    Attributes:
      recording: Where what is done with it is written down.
      shape: Its shape; the leading size may be `ROWS`, or an `Extent`: several for each row.
      dtype: Its dtype.
      value: Its value if it is a constant.
    """

    __slots__ = ("dtype", "recording", "shape", "value")
    __array_ufunc__ = None  # NumPy's operators leave it to ours

    def __init__(
        self, recording: Recording, shape: Shape, dtype: np.dtype[Any], value: Any = None
    ) -> None:
        self.recording = recording
        self.shape = shape
        self.dtype = dtype
        self.value = value

    def __repr__(self) -> str:
        return f"<{self.dtype}{list(self.shape)}>"

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Any:
        return math.prod(self.shape) if self.shape else 1

    @property
    def T(self) -> Array:
        return transpose(self)

    def astype(self, dtype: Any, **_: Any) -> Array:
        return _cast(self, np.dtype(dtype))

    def reshape(self, *shape: Any) -> Array:
        return reshape(self, shape[0] if len(shape) == 1 and not _is_size(shape[0]) else shape)

    def transpose(self, *axes: Any) -> Array:
        return transpose(self, axes or None)

    def copy(self) -> Array:
        return self

    def tolist(self) -> Any:
        if self.value is None:
            raise NotRecordable("the value of an array")
        return self.value.tolist()

    def __array__(self, *_: Any, **__: Any) -> Any:
        if self.value is None:
            raise NotRecordable("the value of an array")
        return self.value

    def _value(self, *_: Any) -> Any:
        if self.value is None:
            raise NotRecordable("the value of an array")
        return self.value[()]

    def __bool__(self) -> bool:
        return bool(self._value())

    def __int__(self) -> int:
        return int(self._value())

    def __float__(self) -> float:
        return float(self._value())

    def __index__(self) -> int:
        return int(self._value())

    def __len__(self) -> Any:
        return self.shape[0]

    def __iter__(self) -> Any:
        raise NotRecordable("iterating over an array")

    def __getitem__(self, index: Any) -> Array:
        return _index(self, index)

    def __getattr__(self, name: str) -> Any:
        raise NotRecordable(f"array.{name}")

    __hash__ = object.__hash__


def _operator(name: str, swapped: bool = False) -> Any:
    if swapped:
        return lambda self, other: _apply(name, other, self)
    return lambda self, other: _apply(name, self, other)


for _symbol, _name in {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide",
    "floordiv": "floor_divide", "mod": "remainder", "pow": "power", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift",
}.items():  # fmt: skip
    setattr(Array, f"__{_symbol}__", _operator(_name))
    setattr(Array, f"__r{_symbol}__", _operator(_name, swapped=True))
for _symbol, _name in {
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "eq": "equal", "ne": "not_equal",
}.items():  # fmt: skip
    setattr(Array, f"__{_symbol}__", _operator(_name))
for _symbol, _name in {
    "neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert",
}.items():  # fmt: skip
    setattr(Array, f"__{_symbol}__", lambda self, _name=_name: _apply(_name, self))


def _is_size(value: Any) -> bool:
    return isinstance(value, (int, np.integer, Extent))


# -- shapes ----------------------------------------------------------------------------------------


def shape(x: Any) -> Shape:
    """The shape of an array."""
    return x.shape


def shape_vector(x: Any, dtype: Any) -> Any:
    """The shape as a vector."""
    return ShapeVector(x.shape)


def count(x: Array, dtype: Any, axes: Sequence[int] | None = None) -> Any:
    """How many elements ``x`` has, or has along some axes."""
    total: Any = 1
    for axis in range(x.ndim) if axes is None else axes:
        total = total * x.shape[axis]
    if isinstance(total, Extent):
        rows = x.recording.add("rows", [], (), np.int64, total.factor)
        return _cast(rows, np.dtype(dtype))
    return np.dtype(dtype).type(total)


def reshape(x: Any, shape: Any, **_: Any) -> Any:
    """The same elements in another shape; one size may be -1."""
    if not isinstance(x, Array):
        return np.reshape(x, shape)
    target = (shape,) if _is_size(shape) else tuple(shape)
    if -1 in [s for s in target if not isinstance(s, Extent)]:
        target = _completed(x, target)
    if target == x.shape:
        return x
    if _extent(target) != _extent(x.shape):
        raise NotRecordable(f"reshaping {x.shape} to {target}")
    if x.value is not None:
        return x.recording.constant(x.value.reshape(target))
    return x.recording.add("reshape", [x], target, x.dtype)


def _completed(x: Array, target: Shape) -> Shape:
    """The shape with a size in the place of -1."""
    known = [size for size in target if isinstance(size, Extent) or size != -1]
    rest, rows_known = _extent(tuple(known))
    total, rows = _extent(x.shape)
    if rest == 0 or total % rest or rows < rows_known:
        raise NotRecordable(f"reshaping {x.shape} to {target}")
    filler = ROWS * (total // rest) if rows > rows_known else total // rest
    return tuple([filler if not isinstance(s, Extent) and s == -1 else s for s in target])


def _extent(shape: Shape) -> tuple[int, int]:
    """The number of elements: a number, and how often it is to be multiplied by the rows."""
    factors = [size.factor if isinstance(size, Extent) else size for size in shape]
    return math.prod(factors), len([size for size in shape if isinstance(size, Extent)])


def transpose(x: Any, axes: Any = None) -> Any:
    """The array with its axes in another order."""
    if axes is None:
        order = tuple(range(x.ndim))[::-1]
    else:
        order = tuple(axes[0] if len(axes) == 1 and not _is_size(axes[0]) else axes)
    order = tuple([axis % x.ndim for axis in order])
    if order == tuple(range(x.ndim)):
        return x
    if x.value is not None:
        return x.recording.constant(x.value.transpose(order))
    target = tuple([x.shape[axis] for axis in order])
    return x.recording.add("transpose", [x], target, x.dtype, order)


def swapaxes(x: Any, first: int, second: int) -> Any:
    """The array with two axes exchanged."""
    order = list(range(x.ndim))
    order[first], order[second] = order[second], order[first]
    return transpose(x, order)


def expand_dims(x: Any, axis: int) -> Any:
    """The array with a dimension of size 1 put in."""
    at = axis % (x.ndim + 1)
    return reshape(x, (*x.shape[:at], 1, *x.shape[at:]))


def broadcast_to(x: Any, shape: Any) -> Any:
    """The array repeated to a shape."""
    target = tuple(shape)
    x = _array(_recording_of([x]), x)
    if x.shape == target:
        return x
    if broadcast(x.shape, target) != target:
        raise NotRecordable(f"broadcasting {x.shape} to {target}")
    return x.recording.add("broadcast_to", [x], target, x.dtype)


def plain(x: Any) -> Any:
    """The array itself."""
    return x


def asarray(x: Any, dtype: Any = None, **_: Any) -> Any:
    """The array itself, in a dtype."""
    if not isinstance(x, Array):
        return np.asarray(x, dtype)
    return x if dtype is None else _cast(x, np.dtype(dtype))


array = ascontiguousarray = asarray


def zeros_like(x: Array, dtype: Any = None) -> Any:
    """Zeros in the shape of ``x``."""
    return full_like(x, 0, dtype)


def ones_like(x: Array, dtype: Any = None) -> Any:
    """Ones in the shape of ``x``."""
    return full_like(x, 1, dtype)


def full_like(x: Array, value: Any, dtype: Any = None) -> Any:
    """One value in the shape of ``x``."""
    filler = x.recording.constant(np.asarray(value, dtype or x.dtype))
    return broadcast_to(filler, x.shape)


def full(shape: Any, value: Any, dtype: Any = None) -> Any:
    """One value in a shape."""
    value = _array(_recording_of([value]), value)
    return broadcast_to(value if dtype is None else _cast(value, np.dtype(dtype)), shape)


def takes_all(entry: Any) -> bool:
    """Whether an entry of an index takes all rows."""
    return (
        isinstance(entry, slice)
        and entry.start in (None, 0)
        and (entry.stop is None or isinstance(entry.stop, Extent))
        and entry.step in (None, 1)
    )


def _index(x: Array, index: Any) -> Array:
    """Slices with fixed bounds along all axes but the rows."""
    if x.value is not None:
        return x.recording.constant(x.value[index])
    entries = list(index) if isinstance(index, tuple) else [index]
    if Ellipsis in [e for e in entries if e is Ellipsis]:
        at = next(i for i, e in enumerate(entries) if e is Ellipsis)
        missing = x.ndim - len([e for e in entries if e is not None and e is not Ellipsis])
        entries[at : at + 1] = [slice(None)] * missing
    starts, steps, sizes, target = [], [], [], []
    axis = 0
    for entry in entries + [slice(None)] * x.ndim:
        if entry is None:
            target.append(1)
            continue
        if axis == x.ndim:
            break
        size: Any = x.shape[axis]
        start: int
        found: Any
        axis += 1
        if isinstance(size, Extent):
            if not takes_all(entry):
                raise NotRecordable("slicing the rows")
            start, step, found = 0, 1, size
        elif isinstance(entry, (int, np.integer)):
            start, step, found = int(entry) % size, 1, 1
        elif isinstance(entry, slice):
            first, stop, step = entry.indices(size)
            found = len(range(first, stop, step))
            start = first
        else:
            raise NotRecordable("an index array")
        starts.append(start)
        steps.append(step)
        sizes.append(found)
        if not isinstance(entry, (int, np.integer)):
            target.append(found)
    if tuple(sizes) != x.shape or builtins.any(step < 0 for step in steps):
        x = x.recording.add("slice", [x], tuple(sizes), x.dtype, (tuple(starts), tuple(steps)))
    return reshape(x, tuple(target))


def where(condition: Any, x: Any, y: Any) -> Any:
    """``x`` where the condition holds, else ``y``."""
    return _apply("where", condition, x, y)


def __getattr__(name: str) -> Any:
    """Elementwise functions by their names; anything else cannot be recorded."""
    if name.startswith("__"):
        raise AttributeError(name)
    known = _ALIASES.get(name, name)
    if known in ELEMENTWISE:
        return lambda *operands: _apply(known, *operands)
    if name in np.__all__ and isinstance(getattr(np, name, None), type):
        return getattr(np, name)  # a dtype
    raise NotRecordable(f"the function '{name}'")
