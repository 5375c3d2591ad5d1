"""The function of a one-shot iterator: the nodes of its dataset, copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core.shapes import Shape
from tidefall.data.dataset import Dataset
from tidefall.ir.function import Function, FunctionGraph
from tidefall.ir.graph import get_default_graph
from tidefall.ir.opdef import by_name
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

_FED = ("Placeholder", "PlaceholderV2")
#: Ops whose results may change, but whose copy does the same.
_COPIED = ("MatchingFiles", "Assert")


class _CopyingGraph(FunctionGraph):
    """A function's body that copies what it captures, with everything it depends on."""

    def __init__(self, outer: Any) -> None:
        super().__init__(outer)
        self._copies: dict[Operation, Operation] = {}

    def capture(self, tensor: Tensor) -> Tensor | None:
        return self._copy(tensor._op)._outputs[tensor._value_index]

    def _copy(self, op: Operation) -> Operation:
        known = self._copies.get(op)
        if known is not None:
            return known
        _check(op)
        inputs = tuple(
            [self._copy(tensor._op)._outputs[tensor._value_index] for tensor in op._inputs]
        )
        waited = [self._copy(each) for each in op._control_inputs]
        dtypes = tuple([tensor._dtype for tensor in op._outputs])
        name = self._names.for_op(op._name)
        node = self.add_node(op.opdef, name, inputs, dict(op._attrs), dtypes)
        for new, old in zip(node._outputs, op._outputs, strict=True):
            new._shape_value = old._shape_value
        for each in waited:
            node._link_control(each)
        self._copies[op] = node
        return node


def _check(op: Operation) -> None:
    """Refuses what a copy would not be the same as."""
    if op.type in _FED:
        raise ValueError(
            f"the dataset depends on the placeholder '{op.name}', which a one-shot iterator "
            "cannot be fed. Use make_initializable_iterator() and feed the placeholder when its "
            "initializer is run."
        )
    makes_dataset = op._outputs and op._outputs[0]._dtype.name == "variant"
    if op.opdef.stateful and not makes_dataset and op.type not in _COPIED:
        raise ValueError(
            f"the dataset depends on '{op.name}' ({op.type}), which has state, such as a variable "
            "or a table; a one-shot iterator cannot take it along. Use "
            "make_initializable_iterator()."
        )


def factory(dataset: Dataset, finished: Callable[[Dataset], Tensor]) -> Function:
    """The function without arguments that makes a dataset.

    Args:
      dataset: The dataset.
      finished: Adds to the graph what comes after the dataset's own nodes.
    """
    outer = get_default_graph()
    graph = _CopyingGraph(outer)
    with graph.as_default():
        output = finished(dataset)
        if output.graph is not graph:
            output = graph.apply(by_name("Identity"), (output,), {}, None)
    output._shape_value = Shape(())
    function = Function("_make_dataset", graph, [], [output])
    outer._functions[function.name] = function
    return function
