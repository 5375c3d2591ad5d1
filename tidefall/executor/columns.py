"""Operations of one row, computed for many rows at once.

A pipeline computes one element at a time: a line is split, its fields are stacked. Where every
operation on the way has a counterpart for a *column*, an array with one row for each element,
a thousand elements cost little more than one, and come out the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tidefall.array import numpy as xp
from tidefall.compiler.fold import kernel_attrs
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import group
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.example_features import Dense, Examples
from tidefall.ops.parsing import as_bytes

Array = Any
#: From an operation, its inputs, which of them are columns, and the number of rows, to its
#: outputs, all of them columns.
Rule = Callable[[Operation, list[Array], list[bool], int], list[Array]]


def _called(op: Operation, inputs: list[Array], **changed: Any) -> list[Array]:
    """The outputs of the op's kernel for these inputs and attributes."""
    attrs = {**kernel_attrs(op), **changed}
    opdef: Any = op.opdef
    results = opdef.kernel(xp, *group(opdef.inputs, inputs, op._attrs), **attrs)
    if len(opdef.outputs) == 1 and not opdef.outputs[0].is_list:
        return [results]
    if len(opdef.outputs) == 1:
        return list(results)
    flat: list[Array] = []
    for arg, item in zip(opdef.outputs, results, strict=True):
        flat += item if arg.is_list else [item]
    return flat


def _elementwise(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    """Numbers are treated one by one; shorter shapes are broadcast from the right."""
    ranks = [np.ndim(x) - row for x, row in zip(inputs, rows, strict=True)]
    rank = max(ranks)
    aligned = [
        x.reshape(n, *(1,) * (rank - own), *x.shape[1:]) if row else x
        for x, row, own in zip(inputs, rows, ranks, strict=True)
    ]
    return _called(op, aligned)


def _first_input(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    """The first input is a column, which the kernel treats like any other array."""
    return _called(op, inputs) if not any(rows[1:]) else _impossible()


def _second_input(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    """Rows of a fixed table, by number."""
    fits = rows[1] and not rows[0] and np.ndim(inputs[2]) == 0 and int(inputs[2]) == 0
    return _called(op, inputs) if fits else _impossible()


def _pack(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    axis = op._attrs["axis"]
    return _called(op, _spread(inputs, rows, n), axis=axis + 1 if axis >= 0 else axis)


def _concat(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    if rows[-1]:
        return _impossible()
    axis = int(inputs[-1])
    shifted = np.int32(axis + 1 if axis >= 0 else axis)
    return _called(op, [*_spread(inputs[:-1], rows[:-1], n), shifted])


def _reshape(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    if rows[1]:
        return _impossible()
    return [inputs[0].reshape(n, *np.asarray(inputs[1]).tolist())]


def _expand_dims(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    if rows[1]:
        return _impossible()
    axis = int(np.asarray(inputs[1]).reshape(()))
    return [np.expand_dims(inputs[0], axis + 1 if axis >= 0 else axis)]


def _squeeze(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    (x,) = inputs
    axes = op._attrs["squeeze_dims"]
    if not axes:
        axes = [axis for axis, size in enumerate(x.shape[1:]) if size == 1]
    return [np.squeeze(x, tuple([axis + 1 if axis >= 0 else axis for axis in axes]))]


def _one_hot(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    return _called(op, inputs) if op._attrs["axis"] == -1 and rows[0] else _impossible()


def _strided_slice(op: Operation, inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    if any(rows[1:]):
        return _impossible()
    x, begin, end, strides = inputs
    edges = [
        np.concatenate([[first], each]) for first, each in ((0, begin), (0, end), (1, strides))
    ]
    masks = {
        name: op._attrs[name] << 1 | (name in ("begin_mask", "end_mask"))
        for name in op._attrs
        if name.endswith("_mask")
    }
    return [np.array(_called(op, [x, *edges], **masks)[0])]


def _parse_single_example(
    op: Operation, inputs: list[Array], rows: list[bool], n: int
) -> list[Array]:
    attrs = kernel_attrs(op)
    if any(rows[1:]) or attrs["num_sparse"] or None in map(_size, attrs["dense_shapes"]):
        return _impossible()
    examples = Examples(inputs[0].tolist())
    parts = zip(
        attrs["dense_keys"], attrs["Tdense"], attrs["dense_shapes"], inputs[1:], strict=True
    )
    return [
        examples.dense(Dense(as_bytes(key), dtype, tuple(shape), default))
        for key, dtype, shape, default in parts
    ]


def _size(shape: Shape) -> int | None:
    return shape.num_elements()


def _spread(inputs: list[Array], rows: list[bool], n: int) -> list[Array]:
    return [
        x if row else np.broadcast_to(x, (n, *np.shape(x)))
        for x, row in zip(inputs, rows, strict=True)
    ]


class NoColumnsError(Exception):
    """An operation cannot be computed for many rows at once."""


def _impossible() -> list[Array]:
    raise NoColumnsError


RULES: dict[str, Rule] = {
    **dict.fromkeys(
        """
        Abs Add AddV2 Cast Ceil Div DivNoNan Equal Exp Expm1 Floor FloorDiv FloorMod Greater
        GreaterEqual Identity Inv IsFinite IsInf IsNan Less LessEqual Log Log1p LogicalAnd
        LogicalNot LogicalOr Maximum Minimum Mod Mul Neg NotEqual RealDiv Reciprocal Relu Relu6
        Rint Round Rsqrt Sigmoid Sign Sin Cos Tan Tanh Sqrt Square SquaredDifference StopGradient
        Sub StringToNumber TruncateDiv TruncateMod
        """.split(),
        _elementwise,
    ),
    "DecodeCSV": _first_input,
    "DecodeRaw": _first_input,
    "GatherV2": _second_input,
    "Pack": _pack,
    "ConcatV2": _concat,
    "Reshape": _reshape,
    "ExpandDims": _expand_dims,
    "Squeeze": _squeeze,
    "OneHot": _one_hot,
    "ParseSingleExample": _parse_single_example,
    "StridedSlice": _strided_slice,
}


class Columns:
    """Tensors that depend on one other, computed for many values of that one at once.

    Args:
      source: The tensor they depend on.
      wanted: The tensors.

    Raises:
      NoColumnsError: If an operation on the way has no rule, has state, or waits for others.
    """

    def __init__(self, source: Tensor, wanted: Iterable[Tensor]) -> None:
        self._source = source
        self._wanted = list(wanted)
        self._steps: list[Operation] = []
        self._fixed: dict[Tensor, Array] = {}
        self._dependent: set[Tensor] = {source}
        self._visited: set[Operation] = set()
        for tensor in self._wanted:
            self._visit(tensor)
        if not all(tensor in self._dependent for tensor in self._wanted):
            raise NoColumnsError

    def _visit(self, tensor: Tensor) -> None:
        """Puts the operations that a tensor needs in order."""
        op = tensor._op
        if tensor is self._source or op in self._visited:
            return
        self._visited.add(op)
        if op._control_inputs or op.opdef.stateful or op.opdef.effects or op.opdef.updates:
            raise NoColumnsError
        for each in op._inputs:
            if each._dtype._is_ref_dtype or each._dtype.name in ("resource", "variant"):
                raise NoColumnsError
            self._visit(each)
        if any(each in self._dependent for each in op._inputs):
            if op.type not in RULES:
                raise NoColumnsError
            self._dependent.update(op._outputs)
            self._steps.append(op)
        else:
            self._fix(op)

    def _fix(self, op: Operation) -> None:
        """Computes what is the same for all rows."""
        if op.opdef.kernel is None or op.type.startswith("Placeholder"):
            raise NoColumnsError
        results = _called(op, [self._fixed[each] for each in op._inputs])
        self._fixed.update(zip(op._outputs, results, strict=True))

    def compute(self, values: Array) -> list[Array]:
        """The wanted tensors, each with one row for each of ``values``.

        Raises:
          NoColumnsError: If it turns out that this cannot be done.
        """
        found = {**self._fixed, self._source: values}
        n = len(values)
        with np.errstate(all="ignore"):
            for op in self._steps:
                inputs = [found[each] for each in op._inputs]
                rows = [each in self._dependent for each in op._inputs]
                results = RULES[op.type](op, inputs, rows, n)
                if any(result.shape[:1] != (n,) for result in results):
                    raise NoColumnsError
                found.update(zip(op._outputs, results, strict=True))
        return [found[tensor] for tensor in self._wanted]
