"""Static shapes: applying an op's shape rule, and what is known of values before anything runs.

A rule is called ``rule(*input_shapes, **attributes)`` with the attributes it names; a list input
comes as a list of shapes. A rule whose first parameter is called ``ctx`` gets a `ShapeContext`
before the shapes, which knows constant inputs. It returns one `Shape`, or one per output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import hooks
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.opdef import ANYWHERE, OpDef, group, output_dtypes
from tidefall.ir.tensor import Tensor

#: Constant expressions longer than this many steps, or larger than this, are left to the run.
_DEPTH = 32
_LARGEST = 4096


class ShapeContext:
    """What a shape rule may know of its node beyond the shapes of the inputs."""

    __slots__ = ("attrs", "inputs")

    def __init__(self, inputs: tuple[Tensor, ...], attrs: dict[str, Any]) -> None:
        self.inputs = inputs
        self.attrs = attrs

    def constant(self, index: int) -> Any:
        """The value of input ``index`` (counted flat) where it is known now, else None."""
        return constant_value(self.inputs[index])

    def shape_value(self, index: int) -> Shape:
        """Input ``index`` read as a shape, known as far as it is known now."""
        return value_as_shape(self.inputs[index])


#: Per rule: whether it takes a context, and the attributes it names.
_signatures: dict[Callable[..., Any], tuple[bool, tuple[str, ...]]] = {}


def _signature(rule: Callable[..., Any]) -> tuple[bool, tuple[str, ...]]:
    code = rule.__code__
    count = code.co_argcount
    names = code.co_varnames
    found = (
        count > 0 and names[0] == "ctx",
        names[count : count + code.co_kwonlyargcount],
    )
    _signatures[rule] = found
    return found


class _ValueContext(ShapeContext):
    """What a shape rule may know in a run: all values."""

    def constant(self, index: int) -> Any:
        return self.inputs[index]

    def shape_value(self, index: int) -> Shape:
        sizes: Any = np.asarray(self.inputs[index])
        if sizes.ndim == 0:
            return UNKNOWN
        return Shape(tuple([None if size < 0 else int(size) for size in sizes.tolist()]))


def infer(op: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any]) -> Any:
    """The static shapes of a node's outputs, a sequence of `Shape`."""
    if op.shape_rule is None:
        return [UNKNOWN] * len(output_dtypes(op, attrs))
    shapes = [tensor._shape_value for tensor in inputs]
    result = _applied(op, shapes, attrs, ShapeContext, inputs)
    return (result,) if isinstance(result, Shape) else result


def check_values(op: OpDef, values: tuple[Any, ...], attrs: dict[str, Any]) -> None:
    """Applies the shape rule of an op to the values of a run.

    Raises:
      ValueError: If they do not fit; the rule says why.
    """
    if op.shape_rule is not None:
        shapes = [Shape(np.shape(value)) for value in values]
        _applied(op, shapes, attrs, _ValueContext, values)


def _applied(
    op: OpDef, shapes: list[Any], attrs: dict[str, Any], context: Any, inputs: tuple[Any, ...]
) -> Any:
    rule = op.shape_rule
    if rule is None:
        raise AssertionError(f"{op.name} has no shape rule")
    wants_context, names = _signatures.get(rule) or _signature(rule)
    if len(shapes) != len(op.inputs) or any(arg.is_list for arg in op.inputs):
        shapes = group(op.inputs, shapes, attrs)
    named = {name: attrs[name] for name in names}
    if wants_context:
        return rule(context(inputs, attrs), *shapes, **named)
    return rule(*shapes, **named)


def constant_value(tensor: Any) -> Any:
    """The value of ``tensor`` as an array where it can be known without running, else None.

    Follows constant expressions of stateless ops: ``tf.shape(x)[0] * 2`` is known where the
    static shape of ``x`` is.
    """
    if not isinstance(tensor, Tensor):
        return None
    return _constant(tensor, _DEPTH)


def _constant(tensor: Tensor, depth: int) -> Any:
    op = tensor._op
    kind = op.opdef.name
    if kind == "Const":
        return op._attrs["value"]
    if kind in ("Shape", "Size", "Rank"):
        return _constant_of_shape(kind, op)
    opdef = op.opdef
    if (
        depth == 0
        or kind == "PlaceholderWithDefault"  # which may be fed
        or not op._inputs
        or opdef.stateful
        or opdef.effects
        or opdef.runs_on != ANYWHERE
        or opdef.kernel is None
        or op._inputs[0]._dtype._is_ref
        or kind == "PlaceholderWithDefault"  # a run may feed another value
    ):
        return None
    known = op._graph._constants
    if tensor in known:
        return known[tensor]
    values = []
    for each in op._inputs:
        value = _constant(each, depth - 1)
        if value is None or np.size(value) > _LARGEST:
            return None
        values.append(value)
    size = tensor._shape_value.num_elements()
    if size is not None and size > _LARGEST:
        return None
    results = hooks.call("evaluate_constant", op, values)
    if results is None:
        return None
    for output, value in zip(op._outputs, results, strict=True):
        known[output] = value
    return known[tensor]


def _constant_of_shape(kind: str, op: Any) -> Any:
    shape = op._inputs[0]._shape_value
    if kind == "Rank":
        return None if shape.rank is None else np.asarray(shape.rank, np.int32)
    if not shape.is_fully_defined:
        return None
    dtype = op._attrs["out_type"].np_dtype
    return np.asarray(shape.dims if kind == "Shape" else shape.num_elements(), dtype)


def value_as_shape(tensor: Tensor) -> Shape:
    """A vector of sizes read as a shape; what is not known now, or -1, is unknown."""
    value = constant_value(tensor)
    if value is not None:
        if value.ndim == 0:
            return UNKNOWN
        return Shape(tuple([None if size < 0 else int(size) for size in value.tolist()]))
    kind = tensor._op.opdef.name
    follow = _FOLLOW.get(kind)
    if follow is not None:
        shape = follow(tensor._op)
        if shape is not None:
            return shape
    rank = tensor._shape_value
    return unknown(rank[0]) if rank.rank == 1 else UNKNOWN


def _of_pack(op: Any) -> Shape:
    sizes = [constant_value(each) for each in op._inputs]
    return Shape(tuple([None if s is None or s < 0 else int(s) for s in sizes]))


def _of_concat(op: Any) -> Shape | None:
    shape = Shape(())
    for each in op._inputs[:-1]:
        shape = shape + value_as_shape(each)
    return shape


def _of_strided_slice(op: Any) -> Shape | None:
    whole = value_as_shape(op._inputs[0])
    bounds = [constant_value(each) for each in op._inputs[1:]]
    if whole.rank is None or any(b is None or b.shape != (1,) for b in bounds):
        return None
    attrs = op._attrs
    if attrs["shrink_axis_mask"] or attrs["new_axis_mask"] or attrs["ellipsis_mask"]:
        return None
    start = None if attrs["begin_mask"] else int(bounds[0][0])
    stop = None if attrs["end_mask"] else int(bounds[1][0])
    return Shape((whole.dims or ())[start : stop : int(bounds[2][0])])


_FOLLOW: dict[str, Callable[[Any], Shape | None]] = {
    "Shape": lambda op: op._inputs[0]._shape_value,
    "Pack": _of_pack,
    "ConcatV2": _of_concat,
    "StridedSlice": _of_strided_slice,
    "Cast": lambda op: value_as_shape(op._inputs[0]),
    "Identity": lambda op: value_as_shape(op._inputs[0]),
}
