"""What tier 0 writes for a node instead of calling its kernel.

A call of a kernel costs a Python frame; the commonest ops are written out in place. A template
is the same formula as the op's kernel, and the tests hold the tiers against each other. ``{0}``,
``{1}`` are the inputs. A function takes the node and returns the text, or None to call the
kernel after all.
"""

from __future__ import annotations

from collections.abc import Callable

from tidefall.core import dtypes
from tidefall.ir.plan import Node

Template = str | Callable[[Node], str | None]

#: Dtypes for which ``np.dot`` calls BLAS.
_BLAS = frozenset({dtypes.float32, dtypes.float64, dtypes.complex64, dtypes.complex128})


def _matmul(node: Node) -> str | None:
    if node.outputs[0].dtype not in _BLAS:
        return None
    a = "{0}.T" if node.attrs["transpose_a"] else "{0}"
    b = "{1}.T" if node.attrs["transpose_b"] else "{1}"
    return f"dot({a}, {b})"


def _axes(node: Node) -> tuple[int, ...]:
    """The axes of a reduction that is written out: known ones, and some."""
    axes = node.inputs[1].constant
    if axes is None or node.inputs[0].shape.rank is None or node.outputs[0].dtype.size == 2:
        return ()  # half floats are added up in float32, by the kernel
    return tuple(axes.reshape(-1).tolist())


def _reduction(ufunc: str, axes: tuple[int, ...], node: Node) -> str:
    axis = axes[0] if len(axes) == 1 else axes
    keep = ", keepdims=True" if node.attrs["keep_dims"] else ""
    return f"{ufunc}.reduce({{0}}, axis={axis}, dtype={{0}}.dtype{keep})"


def _sum(node: Node) -> str | None:
    axes = _axes(node)
    return _reduction("add", axes, node) if axes else None


def _mean(node: Node) -> str | None:
    axes = _axes(node)
    if not axes or not (node.outputs[0].dtype.is_floating or node.outputs[0].dtype.is_complex):
        return None
    count = " * ".join([f"{{0}}.shape[{axis}]" for axis in axes])
    if len({axis % (node.inputs[0].shape.rank or 1) for axis in axes}) == node.inputs[0].shape.rank:
        count = "{0}.size"
    return f"{_reduction('add', axes, node)} / ({count})"


def _extreme(ufunc: str) -> Callable[[Node], str | None]:
    """Of nothing there is no extreme: where a size may be 0, the kernel is called."""

    def template(node: Node) -> str | None:
        axes, dims = _axes(node), node.inputs[0].shape.dims or ()
        if not axes or any(not dims[axis] for axis in axes):
            return None
        return _reduction(ufunc, axes, node)

    return template


def _of_floats(text: str) -> Callable[[Node], str | None]:
    """A formula that holds for float32 and float64."""
    return lambda node: text if node.outputs[0].dtype in (dtypes.float32, dtypes.float64) else None


def _size(node: Node) -> str | None:
    return "int32({0}.size)" if node.outputs[0].dtype is dtypes.int32 else None


def _floor_div(node: Node) -> str | None:
    divisor = node.inputs[1].constant
    if divisor is None or divisor.dtype.kind not in "iu" or not divisor.all():
        return None
    return "{0} // {1}"


def _cast(node: Node) -> str | None:
    """Between these dtypes ``astype`` is all there is to a cast."""
    if node.inputs[0].dtype not in _PLAIN or node.outputs[0].dtype not in _SINGLE_OR_DOUBLE:
        return None
    return f"{{0}}.astype({node.outputs[0].dtype.name})"


def _with_numbers(text: str) -> Callable[[Node], str]:
    """A template with ``ZERO`` and ``ONE``: rank-0 arrays, which NumPy takes faster than ints."""

    def template(node: Node) -> str:
        dtype = node.outputs[0].dtype
        known = dtype in _SINGLE_OR_DOUBLE
        zero, one = (f"zero_{dtype.name}", f"one_{dtype.name}") if known else ("0", "1")
        return text.replace("ZERO", zero).replace("ONE", one)

    return template


def _reshape(node: Node) -> str | None:
    shape = node.inputs[1].constant
    return None if shape is None else f"{{0}}.reshape({tuple(shape.tolist())})"


def _transpose(node: Node) -> str | None:
    order = node.inputs[1].constant
    return None if order is None else f"{{0}}.transpose({tuple(order.tolist())})"


_SINGLE_OR_DOUBLE = frozenset({dtypes.float32, dtypes.float64})
_PLAIN = frozenset({dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.bool_})

TEMPLATES: dict[str, Template] = {
    "AddV2": "{0} + {1}",
    "Add": "{0} + {1}",
    "BiasAdd": lambda node: "{0} + {1}" if node.attrs["data_format"] == b"NHWC" else None,
    "Sub": "{0} - {1}",
    "Mul": "{0} * {1}",
    "RealDiv": "{0} / {1}",
    "Neg": "-{0}",
    "Square": "{0} * {0}",
    "Exp": "exp({0})",
    "Log": "log({0})",
    "Sin": "sin({0})",
    "Cos": "cos({0})",
    "Sqrt": "sqrt({0})",
    "Tanh": "tanh({0})",
    "Abs": "abs_({0})",
    "Maximum": "maximum({0}, {1})",
    "Minimum": "minimum({0}, {1})",
    "Relu": _with_numbers("maximum({0}, ZERO)"),
    "ReluGrad": _with_numbers("{0} * ({1} > ZERO)"),
    "Sigmoid": _with_numbers("ONE / (ONE + exp(-{0}))"),
    "SigmoidGrad": _with_numbers("{1} * {0} * (ONE - {0})"),
    "Log1p": "log1p({0})",
    "Greater": "{0} > {1}",
    "Less": "{0} < {1}",
    "GreaterEqual": "{0} >= {1}",
    "LessEqual": "{0} <= {1}",
    "MatMul": _matmul,
    "Sum": _sum,
    "Mean": _mean,
    "Max": _extreme("maximum"),
    "Min": _extreme("minimum"),
    "Pow": _of_floats("{0} ** {1}"),
    "TanhGrad": _of_floats("{1} * (1 - {0} * {0})"),
    "Size": _size,
    "FloorDiv": _floor_div,
    "Cast": _cast,
    "Reshape": _reshape,
    "Transpose": _transpose,
    "Identity": "{0}",
}

#: The same, written into the memory of input 0, which is dead afterwards and of the same shape.
IN_PLACE: dict[str, Template] = {
    "AddV2": "{out} = {0}; {out} += {1}",
    "Add": "{out} = {0}; {out} += {1}",
    "Sub": "{out} = {0}; {out} -= {1}",
    "Mul": "{out} = {0}; {out} *= {1}",
    "RealDiv": "{out} = {0}; {out} /= {1}",
    "Neg": "{out} = negative({0}, out={0})",
    "Square": "{out} = {0}; {out} *= {out}",
    "Exp": "{out} = exp({0}, out={0})",
    "Log": "{out} = log({0}, out={0})",
    "Log1p": "{out} = log1p({0}, out={0})",
    "Sqrt": "{out} = sqrt({0}, out={0})",
    "Tanh": "{out} = tanh({0}, out={0})",
    "Relu": _with_numbers("{out} = maximum({0}, ZERO, out={0})"),
    "ReluGrad": _with_numbers("{out} = multiply({0}, {1} > ZERO, out={0})"),
    "Sigmoid": _with_numbers(
        "{out} = negative({0}, out={0}); exp({out}, out={out}); "
        "add(ONE, {out}, out={out}); divide(ONE, {out}, out={out})"
    ),
}

#: Ops whose inputs may change places without changing a bit of the result.
COMMUTATIVE = frozenset({"AddV2", "Mul"})
