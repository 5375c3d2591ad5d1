"""Arithmetic on two tensors, element by element, with broadcasting; and sums of several."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.conversion import convert_n_to_tensor, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.inference import constant_value
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes
from tidefall.ops.array import identity_op
from tidefall.ops.broadcast import exact, rounded, summed_to, unbroadcast
from tidefall.ops.cast import cast
from tidefall.ops.complex import conjugate
from tidefall.ops.constant import constant
from tidefall.ops.registry import FLOATS, FLOATS_COMPLEX, INDICES, Namespace, T, TypeAttr, op
from tidefall.ops.where import select_v2

_SMALL = (dtypes.uint8, dtypes.int8, dtypes.int16, *INDICES)
_COMPLEX = (dtypes.complex64, dtypes.complex128)
ADDABLE = (*FLOATS, *_SMALL, *_COMPLEX)
DIVISIBLE = (*ADDABLE, dtypes.uint16)
SIGNED = (*FLOATS, *INDICES, *_COMPLEX)
ORDERED = (*FLOATS, *INDICES)
NO_NAN = (dtypes.float16, dtypes.float32, dtypes.float64, *_COMPLEX)


@op("Add", T=(*ADDABLE, dtypes.string), shape=shapes.broadcast, export=("add", "math.add"))
def add(xp: Namespace, x: T, y: T) -> T:
    """``x + y``, element by element, with broadcasting; strings are joined."""
    return x + y


@op("AddV2", T=ADDABLE, shape=shapes.broadcast)
def add_v2(xp: Namespace, x: T, y: T) -> T:
    """``x + y``."""
    return x + y


@add.gradient
@add_v2.gradient
def _add_grad(op: Operation, grad: Tensor) -> Any:
    return unbroadcast(op, grad, grad)


@op("Sub", T=DIVISIBLE, shape=shapes.broadcast, export=("subtract", "math.subtract"))
def sub(xp: Namespace, x: T, y: T) -> T:
    """``x - y``, element by element, with broadcasting."""
    return x - y


@sub.gradient
def _sub_grad(op: Operation, grad: Tensor) -> Any:
    x, y = op.inputs
    return summed_to(grad, x, y), neg(summed_to(grad, y, x))


@op("Mul", T=DIVISIBLE, shape=shapes.broadcast)
def mul(xp: Namespace, x: T, y: T) -> T:
    """``x * y``."""
    return x * y


@mul.gradient
def _mul_grad(op: Operation, grad: Tensor) -> Any:
    x, y = op.inputs
    return unbroadcast(op, mul(grad, conjugate(y)), mul(conjugate(x), grad))


# TensorFlow's op type allows integers, too, but has no kernel for them.
@op("RealDiv", T=FLOATS_COMPLEX, shape=shapes.broadcast, export="realdiv")
def real_div(xp: Namespace, x: T, y: T) -> T:
    """``x / y`` of real or complex numbers, element by element, with broadcasting."""
    return x / y


@real_div.gradient
def _real_div_grad(op: Operation, grad: Tensor) -> Any:
    from_x = real_div(grad, conjugate(op.inputs[1]))
    return unbroadcast(op, from_x, neg(mul(from_x, conjugate(op.outputs[0]))))


@op("Neg", T=SIGNED, shape=shapes.unchanged)
def neg(xp: Namespace, x: T) -> T:
    """``-x``."""
    return -x


@neg.gradient
def _neg_grad(op: Operation, grad: Tensor) -> Tensor:
    return neg(grad)


@op("Div", T=DIVISIBLE, shape=shapes.broadcast)
def div_op(xp: Namespace, x: T, y: T) -> T:
    """``x / y``; of integers, rounded towards zero."""
    return _truncated(xp, x, y) if x.dtype.kind in "iu" else x / y


div_op.gradient(_real_div_grad)


@op("FloorDiv", T=DIVISIBLE, shape=shapes.broadcast, differentiable=False, export="floor_div")
def floor_div(xp: Namespace, x: T, y: T) -> T:
    """``floor(x / y)``, element by element, with broadcasting."""
    if x.dtype.kind not in "iu":
        return xp.floor(x / y)
    _check_divisor(xp, x, y)
    return xp.floor_divide(x, y)


def _check_divisor(xp: Namespace, x: Any, y: Any) -> None:
    """Raises ValueError where integers would be divided by 0."""
    if x.size:
        xp.require(y != 0, "integer division by zero.")


@op(
    "TruncateDiv",
    T=(dtypes.uint8, dtypes.int8, dtypes.uint16, dtypes.int16, *INDICES),
    shape=shapes.broadcast,
    differentiable=False,
    export="truncatediv",
)
def truncate_div(xp: Namespace, x: T, y: T) -> T:
    """``x / y`` of integers, rounded towards zero, element by element, with broadcasting."""
    return _truncated(xp, x, y)


def _truncated(xp: Namespace, x: Any, y: Any) -> Any:
    """Integer division as in C."""
    _check_divisor(xp, x, y)
    quotient = xp.floor_divide(x, y)
    rounded_down = (quotient < 0) & (quotient * y != x)
    return quotient + rounded_down.astype(quotient.dtype)


@op(
    "FloorMod",
    T=(*INDICES, *FLOATS),
    shape=shapes.broadcast,
    export=("mod", "floormod", "math.mod", "math.floormod"),
)
def floor_mod(xp: Namespace, x: T, y: T) -> T:
    """The remainder of ``floor(x / y)``, which has the sign of ``y``, element by element.

    >>> tf.Session().run(tf.mod([-7, 7], [3, -3]))
    array([ 2, -2], dtype=int32)
    """
    if x.dtype.kind in "iu":
        _check_divisor(xp, x, y)
    return xp.remainder(x, y)


@floor_mod.gradient
def _floor_mod_grad(op: Operation, grad: Tensor) -> Any:
    x, y = op.inputs
    return unbroadcast(op, grad, neg(mul(grad, floor_div(x, y))))


@op(
    "TruncateMod",
    T=(*INDICES, *FLOATS),
    shape=shapes.broadcast,
    differentiable=False,
    export="truncatemod",
)
def truncate_mod(xp: Namespace, x: T, y: T) -> T:
    """The remainder of ``x / y`` rounded towards zero, which has the sign of ``x``."""
    if x.dtype.kind in "iu":
        _check_divisor(xp, x, y)
    return xp.fmod(x, y)


@op("Mod", T=(*INDICES, *FLOATS), shape=shapes.broadcast, differentiable=False)
def mod_op(xp: Namespace, x: T, y: T) -> T:
    """The remainder of ``x / y`` rounded towards zero; what `truncate_mod` is."""
    if x.dtype.kind in "iu":
        _check_divisor(xp, x, y)
    return xp.fmod(x, y)


@op("DivNoNan", T=NO_NAN, shape=shapes.broadcast)
def div_no_nan_op(xp: Namespace, x: T, y: T) -> T:
    """``x / y``, and 0 where ``y`` is 0."""
    zero = y == 0
    return xp.where(zero, x.dtype.type(0), x / xp.where(zero, y.dtype.type(1), y))


@div_no_nan_op.gradient
def _div_no_nan_grad(op: Operation, grad: Tensor) -> Any:
    y = conjugate(op.inputs[1])
    from_x = div_no_nan_op(grad, y)
    return unbroadcast(op, from_x, neg(mul(from_x, conjugate(op.outputs[0]))))


@op("MulNoNan", T=NO_NAN, shape=shapes.broadcast)
def mul_no_nan_op(xp: Namespace, x: T, y: T) -> T:
    """``x * y``, and 0 where ``y`` is 0 even if ``x`` is infinite or NaN."""
    return xp.where(y == 0, x.dtype.type(0), x * y)


@mul_no_nan_op.gradient
def _mul_no_nan_grad(op: Operation, grad: Tensor) -> Any:
    x, y = (conjugate(each) for each in op.inputs)
    return unbroadcast(op, mul_no_nan_op(grad, y), mul_no_nan_op(x, grad))


@op("SquaredDifference", T=SIGNED, shape=shapes.broadcast, export="squared_difference")
def squared_difference(xp: Namespace, x: T, y: T) -> T:
    """``conj(x - y) * (x - y)``, element by element, with broadcasting."""
    difference = x - y
    return xp.conj(difference) * difference if x.dtype.kind == "c" else difference * difference


export("math.squared_difference")(squared_difference)


@squared_difference.gradient
def _squared_difference_grad(op: Operation, grad: Tensor) -> Any:
    x, y = op.inputs
    two = convert_to_tensor(2, dtype=grad.dtype.base_dtype)
    if grad.dtype.is_complex:
        grad = _real_part(grad)
    from_x = mul(mul(two, grad), sub(x, y))
    return summed_to(from_x, x, y), neg(summed_to(from_x, y, x))


def _real_part(grad: Tensor) -> Tensor:
    """The real part of a complex gradient, as a complex tensor: the value itself is real."""
    return mul(convert_to_tensor(0.5, dtype=grad.dtype), add_v2(grad, conjugate(grad)))


@op("NextAfter", T=TypeAttr((dtypes.float64, dtypes.float32), dtypes.float32),
    shape=shapes.broadcast, export="math.nextafter")  # fmt: skip
def next_after(xp: Namespace, x1: T, x2: T) -> T:
    """The number next to ``x1`` in the direction of ``x2``, element by element."""
    return xp.nextafter(x1, x2)


@next_after.gradient
def _next_after_grad(op: Operation, grad: Tensor) -> tuple[Tensor, None]:
    return summed_to(grad, *op.inputs), None


@op("Maximum", T=ORDERED, shape=shapes.broadcast, export=("maximum", "math.maximum"))
def maximum(xp: Namespace, x: T, y: T) -> T:
    """The greater of ``x`` and ``y``, element by element; NaN where one is NaN."""
    return xp.maximum(x, y)


@op("Minimum", T=ORDERED, shape=shapes.broadcast, export=("minimum", "math.minimum"))
def minimum(xp: Namespace, x: T, y: T) -> T:
    """The smaller of ``x`` and ``y``, element by element; NaN where one is NaN."""
    return xp.minimum(x, y)


def _extreme_grad(op: Operation, grad: Tensor, chosen: Any) -> Any:
    """The gradient goes to the input that was chosen; to the first where they are equal."""
    zero = constant(0, grad.dtype.base_dtype)
    return unbroadcast(op, select_v2(chosen, grad, zero), select_v2(chosen, zero, grad))


@maximum.gradient
def _maximum_grad(op: Operation, grad: Tensor) -> Any:
    return _extreme_grad(op, grad, hooks.call("operator.ge", *op.inputs))


@minimum.gradient
def _minimum_grad(op: Operation, grad: Tensor) -> Any:
    return _extreme_grad(op, grad, hooks.call("operator.le", *op.inputs))


@export("multiply", "math.multiply")
def multiply(x: Any, y: Any, name: str | None = None) -> Any:
    """``x * y``, element by element, with broadcasting."""
    return mul(x, y, name=name)


@export("negative", "math.negative")
def negative(x: Any, name: str | None = None) -> Any:
    """``-x``, element by element; `IndexedSlices` stay sparse."""
    if isinstance(x, IndexedSlices):
        return IndexedSlices(neg(x.values, name=name), x.indices, x.dense_shape)
    return neg(x, name=name)


@export("div_no_nan", "math.divide_no_nan")
def div_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """``x / y``, and 0 where ``y`` is 0, element by element, with broadcasting."""
    with get_default_graph().name_scope(name or "div_no_nan") as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
        return div_no_nan_op(x, y, name=scope)


@export("math.multiply_no_nan")
def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """``x * y``, and 0 where ``y`` is 0 even if ``x`` is infinite or NaN."""
    with get_default_graph().name_scope(name or "multiply_no_nan") as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, dtype=x.dtype.base_dtype, name="y")
        return mul_no_nan_op(x, y, name=scope)


@export("math.reciprocal_no_nan")
def reciprocal_no_nan(x: Any, name: str | None = None) -> Any:
    """``1 / x``, and 0 where ``x`` is 0."""
    with get_default_graph().name_scope(name or "reciprocal_no_nan") as scope:
        x = convert_to_tensor(x, name="x")
        one = constant(1, x.dtype.base_dtype, name="one")
        return div_no_nan_op(one, x, name=scope)


@op(
    "Pow",
    T=(*ORDERED, *_COMPLEX),
    shape=shapes.broadcast,
)
def pow_op(xp: Namespace, x: T, y: T) -> T:
    """``x ** y``."""
    if x.dtype.kind in "iu":
        xp.require(y >= 0, "integers have no negative integer powers; convert with tf.cast.")
    return rounded(xp.power(x, y), x)


@pow_op.gradient
def _pow_grad(op: Operation, grad: Tensor) -> Any:
    x, y = conjugate(op.inputs[0]), conjugate(op.inputs[1])
    one = constant(1, grad.dtype.base_dtype)
    zero = constant(0, grad.dtype.base_dtype)
    from_x = mul(mul(grad, y), _one_power_less(x, y, one))
    # The logarithm is only taken where it is real (or, of complex numbers, finite).
    safe = hooks.call("not_equal" if x.dtype.is_complex else "operator.gt", x, zero)
    log_x = select_v2(safe, hooks.call("log", select_v2(safe, x, one)), zero)
    return unbroadcast(op, from_x, mul(mul(grad, conjugate(op.outputs[0])), log_x))


def _one_power_less(x: Tensor, y: Tensor, one: Tensor) -> Any:
    """``x ** (y - 1)``; the commonest power, the square, needs none."""
    exponent = constant_value(y)
    if exponent is not None and exponent.ndim == 0 and exponent == 2:
        return x
    return pow_op(x, sub(y, one))


@export("pow", "math.pow")
def pow(x: Any, y: Any, name: str | None = None) -> Any:
    """``x ** y``, element by element, with broadcasting.

    >>> tf.Session().run(tf.pow([2, 3], [3, 2]))
    array([8, 9], dtype=int32)
    """
    with get_default_graph().name_scope(name or "Pow") as scope:
        return pow_op(x, y, name=scope)


def _dividend_and_divisor(x: Any, y: Any) -> tuple[Any, Any]:
    """Both as tensors of one dtype."""
    x = convert_to_tensor(x, name="x")
    dtype = x.dtype.base_dtype
    found = getattr(y, "dtype", None)
    if isinstance(found, DType) and found.base_dtype is not dtype:
        raise TypeError(
            f"x and y must have one dtype, but x has {dtype.name} and y has "
            f"{found.base_dtype.name}. Convert one with tf.cast(…, tf.{dtype.name})."
        )
    return x, convert_to_tensor(y, dtype=dtype, name="y")


@export("truediv", "math.truediv")
def truediv(x: Any, y: Any, name: str | None = None) -> Any:
    """``x / y`` as in Python 3: integers are converted to floats first.

    8- and 16-bit integers become float32, others float64.

    Raises:
      TypeError: If the dtypes of ``x`` and ``y`` differ, or are no numbers.
    """
    with get_default_graph().name_scope(name or "truediv") as scope:
        x, y = _dividend_and_divisor(x, y)
        dtype = x.dtype.base_dtype
        if dtype.is_integer:
            to = dtypes.float32 if dtype.size < 4 else dtypes.float64
            x, y = cast(x, to), cast(y, to)
        elif not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"division takes numbers, but x has dtype {dtype.name}.")
        return real_div(x, y, name=scope)


@export("div")
def div(x: Any, y: Any, name: str | None = None) -> Any:
    """``x / y`` as in Python 2: of integers, rounded down. Use `tf.divide` or ``//``."""
    with get_default_graph().name_scope(name or "div") as scope:
        x, y = _dividend_and_divisor(x, y)
        dtype = x.dtype.base_dtype
        if dtype.is_floating or dtype.is_complex:
            return real_div(x, y, name=scope)
        return floor_div(x, y, name=scope)


@export("divide", "math.divide")
def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """``x / y`` as Python's operator computes it, see `tf.truediv`."""
    if name is not None:
        return truediv(_operand(x), y, name)
    return _operand(x) / y


def _operand(x: Any) -> Any:
    """Something that has operators: a tensor or variable as it is, else made a tensor."""
    return x if hasattr(x, "dtype") and hasattr(x, "graph") else convert_to_tensor(x)


@export("floordiv", "math.floordiv")
def floordiv(x: Any, y: Any, name: str | None = None) -> Any:
    """``floor(x / y)``, element by element, with broadcasting; ``x // y``."""
    with get_default_graph().name_scope(name or "floordiv") as scope:
        return floor_div(x, y, name=scope)


@export("scalar_mul", "math.scalar_mul")
def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """``scalar * x``; `IndexedSlices` stay sparse.

    Raises:
      ValueError: If ``scalar`` is no scalar.
    """
    factor = convert_to_tensor(scalar, dtype=x.dtype.base_dtype, name="scalar")
    if factor._shape_value.rank != 0:
        raise ValueError(
            f"scalar_mul takes a scalar, but was given a tensor of shape {factor._shape_value}. "
            "Use tf.multiply."
        )
    if isinstance(x, IndexedSlices):
        return IndexedSlices(mul(factor, x.values, name=name), x.indices, x.dense_shape)
    return mul(factor, x, name=name)


@export("saturate_cast", "dtypes.saturate_cast")
def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Any:
    """``value`` converted to ``dtype``; what does not fit becomes its smallest or largest value."""
    with get_default_graph().name_scope(name or "saturate_cast") as scope:
        value = convert_to_tensor(value, name="value")
        target, source = as_dtype(dtype).base_dtype, value.dtype.base_dtype
        if source.min < target.min:
            value = maximum(value, convert_to_tensor(target.min, dtype=source, name="min"))
        if source.max > target.max:
            value = minimum(value, convert_to_tensor(target.max, dtype=source, name="max"))
        return cast(value, target, name=scope)


_SUMMABLE = (
    *FLOATS, *INDICES, *_COMPLEX, dtypes.uint8, dtypes.int16, dtypes.int8, dtypes.uint16,
    dtypes.uint32, dtypes.uint64,
)  # fmt: skip


@op("AddN", T=(*_SUMMABLE, dtypes.variant), outputs=("sum",))
def add_n_op(xp: Namespace, inputs: list[T]) -> T:
    """The sum of several tensors of one shape."""
    if len(inputs) == 1:
        return xp.array(inputs[0])
    total = inputs[0].astype(exact(inputs[0].dtype)) + inputs[1]
    for each in inputs[2:]:
        total = total + each
    return rounded(total, inputs[0])


@add_n_op.shape
def _add_n_shape(inputs: list[Shape]) -> Shape:
    shape = inputs[0]
    for each in inputs[1:]:
        shape = shape.merge_with(each)
    return shape


@add_n_op.gradient
def _add_n_grad(op: Operation, grad: Tensor) -> list[Tensor]:
    return [grad] * len(op.inputs)


@export("add_n", "math.add_n")
def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of several tensors of one shape.

    Args:
      inputs: A list of tensors or `IndexedSlices`, which are made dense.
      name: The name of the node.

    Raises:
      ValueError: If the list is empty, or the shapes or dtypes differ.

    >>> tf.Session().run(tf.add_n([tf.constant([1, 2]), tf.constant([3, 4])]))
    array([4, 6], dtype=int32)
    """
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(
            f"add_n takes a list of at least one tensor of one shape and dtype, not {inputs!r}."
        )
    tensors = convert_n_to_tensor_or_slices(inputs)
    if len(tensors) == 1:
        (only,) = tensors
        if isinstance(only, IndexedSlices):
            only = convert_to_tensor(only)
        return identity_op(only, name=name) if name else only
    return add_n_op([convert_to_tensor(each) for each in tensors], name=name)


def convert_n_to_tensor_or_slices(values: Any) -> list[Any]:
    """Each of ``values`` as a tensor; `IndexedSlices` as they are."""
    return [each if isinstance(each, IndexedSlices) else convert_to_tensor(each) for each in values]


@op("AccumulateNV2", T=_SUMMABLE, outputs=("sum",))
def accumulate_n_op(xp: Namespace, inputs: list[T], *, shape: Shape) -> T:
    """The sum of several tensors of one shape, which is given."""
    return rounded(sum(inputs[1:], inputs[0].astype(exact(inputs[0].dtype))), inputs[0])


@accumulate_n_op.shape
def _accumulate_n_shape(inputs: list[Shape], *, shape: Shape) -> Shape:
    for each in inputs:
        shape = shape.merge_with(each)
    return shape


@accumulate_n_op.gradient
def _accumulate_n_grad(op: Operation, grad: Tensor) -> list[Tensor]:
    return [grad] * len(op.inputs)


@export("accumulate_n", "math.accumulate_n")
def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Any:
    """The sum of several tensors of one shape.

    Args:
      inputs: A list of tensors.
      shape: Their shape; found from the list if None.
      tensor_dtype: Their dtype, which must then be this one.
      name: The name of the node.

    Raises:
      ValueError: If the list is empty, or shapes or dtypes differ.
      TypeError: If ``tensor_dtype`` is not their dtype.
    """
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(
            f"accumulate_n takes a list of at least one tensor of one shape, not {inputs!r}."
        )
    tensors = convert_n_to_tensor(inputs)
    dtype = tensors[0].dtype.base_dtype
    if any(each.dtype.base_dtype is not dtype for each in tensors):
        raise ValueError("the tensors given to accumulate_n must have one dtype.")
    if tensor_dtype is not None and as_dtype(tensor_dtype) is not dtype:
        raise TypeError(
            f"tensor_dtype is {as_dtype(tensor_dtype).name}, but the tensors have dtype "
            f"{dtype.name}."
        )
    known = Shape.of(shape)
    for each in tensors:
        known = known.merge_with(each._shape_value)
    if len(tensors) == 1 and name is None:
        return tensors[0]
    if len(tensors) == 1:
        return identity_op(tensors[0], name=name)
    return accumulate_n_op(tensors, shape=known, name=name)
