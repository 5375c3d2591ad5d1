"""Functions of an element made into functions of columns of elements.

A column function is the same graph with one more dimension in front of everything that depends on
the element. Operations that treat the numbers of an array one by one stay as they are; those that
name an axis name the next one. Where an operation is none of these there is no column function.
The results are the same bit for bit, and one call does for a thousand elements.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core.shapes import Shape
from tidefall.ir import build
from tidefall.ir.function import Function, FunctionGraph
from tidefall.ir.inference import constant_value
from tidefall.ir.opdef import by_name
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

#: Op types whose results are computed number by number (or text by text).
_ELEMENTWISE = frozenset(
    """
    Abs Add AddV2 AsString BitwiseAnd BitwiseOr BitwiseXor Cast Ceil Div DivNoNan Equal Exp Expm1
    Floor FloorDiv FloorMod Greater GreaterEqual Identity Inv Invert IsFinite IsInf IsNan Less
    LessEqual Log Log1p LogicalAnd LogicalNot LogicalOr Maximum Minimum Mod Mul Neg NotEqual RealDiv
    Reciprocal Relu Relu6 Rint Round Rsqrt SelectV2 Sigmoid Sign Sin Cos Tan Tanh Softplus
    Softsign Sqrt Square SquaredDifference StringStrip StringToHashBucketFast StringToNumber Sub
    TruncateDiv TruncateMod
    """.split()
)

_known: weakref.WeakKeyDictionary[Function, Function | bool] = weakref.WeakKeyDictionary()


class _NotPossibleError(Exception):
    """There is no column function."""


def works_on_columns(function: Function) -> bool:
    """Whether there is a column function."""
    return column_function(function) is not None


def column_function(function: Function) -> Function | None:
    """The function of columns of elements, or None."""
    found = _known.get(function)
    if found is None:
        try:
            found = _Copy(function).function
        except (_NotPossibleError, ValueError, TypeError):
            found = False
        _known[function] = found
    return found if isinstance(found, Function) else None


class _Copy:
    """A copy of a function's graph for columns.

    Attributes:
      function: The column function.
    """

    def __init__(self, function: Function) -> None:
        if function.effects or not function.outputs:
            raise _NotPossibleError
        self.graph = FunctionGraph(function.graph.outer)
        self._copies: dict[Tensor, Tensor] = {}
        self._rows: set[Tensor] = set()
        arguments = [self._column(tensor) for tensor in function.arguments]
        for outer, inner in function.graph.captures.items():
            copy = self.graph.argument(inner.dtype, inner._shape_value, inner._op._name)
            self.graph.captures[outer] = self._copies[inner] = copy
        for op in function.graph.get_operations():
            if op._outputs and op._outputs[0] not in self._copies:
                self._operation(op)
        if not all(tensor in self._rows for tensor in function.outputs):
            raise _NotPossibleError
        outputs = [self._copies[tensor] for tensor in function.outputs]
        self.function = Function("columns", self.graph, arguments, outputs)

    def _column(self, tensor: Tensor) -> Tensor:
        shape = tensor._shape_value
        if not shape.is_fully_defined or tensor.dtype.name in ("variant", "resource"):
            raise _NotPossibleError
        column = self.graph.argument(tensor.dtype, Shape((None,)) + shape, tensor._op._name)
        self._copies[tensor] = column
        self._rows.add(tensor)
        return column

    def _operation(self, op: Operation) -> None:
        if op.opdef.stateful or op.opdef.effects or op._control_inputs:
            raise _NotPossibleError
        rows = [tensor in self._rows for tensor in op._inputs]
        inputs, attrs = [self._copies[tensor] for tensor in op._inputs], dict(op._attrs)
        if any(rows):
            if op.type in _ELEMENTWISE:
                _check_elementwise(op, rows)
            else:
                rule = _RULES.get(op.type)
                if rule is None:
                    raise _NotPossibleError
                rule(self, op, rows, inputs, attrs)
            self._rows.update(op._outputs)
        node = build.add(
            self.graph, op.opdef, tuple(inputs), attrs, self.graph.unique_name(op._name)
        )
        for new, old in zip(node._outputs, op._outputs, strict=True):
            if old in self._rows:
                _check_shape(new._shape_value, old._shape_value)
            self._copies[old] = new

    def constant(self, value: Any, like: Tensor) -> Tensor:
        """A constant of the dtype of ``like``."""
        array = np.asarray(value, like.dtype.np_dtype)
        attrs = {"value": array, "dtype": like.dtype}
        name = self.graph.unique_name("Const")
        return build.add(self.graph, by_name("Const"), (), attrs, name)._outputs[0]


def _check_shape(new: Shape, old: Shape) -> None:
    """The result must have one more dimension in front, whatever the number of rows."""
    if old.dims is None or new.dims is None or new.dims[1:] != old.dims:
        raise _NotPossibleError


def _check_elementwise(op: Operation, rows: list[bool]) -> None:
    """What depends on the element must have one shape; nothing else may have more dimensions."""
    shape = op._outputs[0]._shape_value
    for tensor, is_row in zip(op._inputs, rows, strict=True):
        rank = tensor._shape_value.rank
        if is_row and tensor._shape_value != shape:
            raise _NotPossibleError
        if not is_row and (rank is None or shape.rank is None or rank > shape.rank):
            raise _NotPossibleError


def _known_value(tensor: Tensor) -> Any:
    value = constant_value(tensor)
    if value is None:
        raise _NotPossibleError
    return value


def _decode_csv(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    if any(rows[1:]):
        raise _NotPossibleError


def _pack(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    if not all(rows):
        raise _NotPossibleError
    if attrs["axis"] >= 0:
        attrs["axis"] += 1


def _concat(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    if not all(rows[:-1]) or rows[-1]:
        raise _NotPossibleError
    axis = int(_known_value(op._inputs[-1]))
    inputs[-1] = copy.constant(axis + 1 if axis >= 0 else axis, op._inputs[-1])


def _reshape(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    shape = op._outputs[0]._shape_value
    if rows[1] or shape.dims is None or not shape.is_fully_defined:
        raise _NotPossibleError
    inputs[1] = copy.constant([-1, *shape.dims], op._inputs[1])


def _expand_dims(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    if rows[1]:
        raise _NotPossibleError
    axis = int(_known_value(op._inputs[1]))
    inputs[1] = copy.constant(axis + 1 if axis >= 0 else axis, op._inputs[1])


def _strided_slice(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    if any(rows[1:]) or attrs["ellipsis_mask"] or attrs["new_axis_mask"]:
        raise _NotPossibleError
    for index, first in ((1, 0), (2, 0), (3, 1)):
        value = _known_value(op._inputs[index])
        inputs[index] = copy.constant([first, *value.tolist()], op._inputs[index])
    for name in ("begin_mask", "end_mask", "shrink_axis_mask"):
        attrs[name] = attrs[name] << 1 | (name != "shrink_axis_mask")


def _one_hot(
    copy: _Copy, op: Operation, rows: list[bool], inputs: list[Tensor], attrs: dict[str, Any]
) -> None:
    if any(rows[1:]):
        raise _NotPossibleError
    if attrs["axis"] >= 0:
        attrs["axis"] += 1


_Rule = Callable[[_Copy, Operation, list[bool], list[Tensor], dict[str, Any]], None]

_RULES: dict[str, _Rule] = {
    "DecodeCSV": _decode_csv,
    "Pack": _pack,
    "ConcatV2": _concat,
    "Reshape": _reshape,
    "ExpandDims": _expand_dims,
    "StridedSlice": _strided_slice,
    "OneHot": _one_hot,
}
