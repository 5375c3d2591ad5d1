"""The walk that builds gradients: backwards over the graph, one rule at a time.

Reverse accumulation as in Griewank and Walther, *Evaluating Derivatives*, chapter 3: each
operation between ``xs`` and ``ys`` is visited once, after everything that reads it, with the
sum of the gradients of its outputs.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.gradients import accumulate
from tidefall.gradients.registry import rule_for
from tidefall.ir.conversion import convert
from tidefall.ir.graph import Graph, get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import zeros_like_op

NONE = "none"
ZERO = "zero"


@export("UnconnectedGradients")
class UnconnectedGradients:
    """What `tf.gradients` gives for an ``x`` that does not influence ``ys``."""

    NONE = "none"
    ZERO = "zero"


@export("gradients")
def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """The derivatives of the sum of ``ys`` with respect to each of ``xs``, as graph.

    Args:
      ys: A tensor or list of tensors.
      xs: A tensor, variable, or list of these.
      grad_ys: Factors for the gradients of ``ys``, in their shapes; ones where None.
      name: The name scope of the nodes.
      colocate_gradients_with_ops: Whether gradient nodes are placed with what they differentiate.
      gate_gradients: Whether all gradients of an operation are computed before any is used.
      aggregation_method: How several gradients are added; see `tf.AggregationMethod`.
      stop_gradients: Tensors that count as constant.
      unconnected_gradients: ``"none"`` or ``"zero"``: the result for an x without influence.

    Returns:
      One tensor (or `IndexedSlices`, or None) for each of ``xs``.

    Raises:
      LookupError: If an operation on the way has no gradient.
      ValueError: If ``grad_ys`` do not fit ``ys``.

    >>> x = tf.placeholder(tf.float32)
    >>> tf.Session().run(tf.gradients(x ** 2, x), {x: 3.0})
    [6.0]
    """
    if unconnected_gradients not in (NONE, ZERO):
        raise ValueError(
            f"unconnected_gradients must be 'none' or 'zero', not {unconnected_gradients!r}."
        )
    y_list, x_list = as_list(ys), as_list(xs)
    graph = get_default_graph()
    with graph.name_scope(name) as scope:
        targets = [_tensor(y, f"y_{i}" if i else "y") for i, y in enumerate(y_list)]
        sources = [_source(x) for x in x_list]
        seeds = [] if grad_ys is None else as_list(grad_ys)
        starts = accumulate.default_seeds(targets, seeds or [None] * len(targets))
        stops = {_source(x).op for x in as_list(stop_gradients or [])}
        walk = Walk(graph, targets, sources, stops, colocate_gradients_with_ops)
        walk.gate = bool(gate_gradients)
        walk.method = aggregation_method
        walk.run(starts)
        found = [walk.gradient_of(source) for source in sources]
        del scope
    if unconnected_gradients == ZERO:
        found = [
            zeros_like_op(source) if grad is None else grad
            for source, grad in zip(sources, found, strict=True)
        ]
    return found


def as_list(value: Any) -> list[Any]:
    """``value`` as a list; a single item is wrapped."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _tensor(value: Any, name: str) -> Any:
    return value if isinstance(value, IndexedSlices) else convert(value, None, name, False)


def _source(x: Any) -> Any:
    handle = getattr(x, "handle", None)
    if isinstance(handle, Tensor):
        return handle
    return convert(x, None, "x", True)


class Walk:
    """One backward walk.

    Attributes:
      sums: For each operation, per output, the gradients that have arrived.
      pending: For each operation between xs and ys, how many readers are still to come.
    """

    def __init__(
        self,
        graph: Graph,
        targets: list[Tensor],
        sources: list[Tensor],
        stops: set[Operation],
        colocate: bool,
    ) -> None:
        self.graph, self.targets, self.sources, self.colocate = graph, targets, sources, colocate
        self.gate = False
        self.method: Any = None
        self.stops = stops
        self.sums: dict[Operation, list[list[Any]]] = {}
        self.reached = self._reached_from(sources)
        self.pending = self._between()
        #: What knows the loops on the way; None where there are none.
        self.loops: Any = None
        if any(op.type.endswith("Exit") for op in self.pending):
            self.loops = hooks.call("loop_gradients", list(self.pending))
        if self.loops is not None:
            self.pending.update(dict.fromkeys(self.loops.exits(), 0))
        for op in list(self.pending):
            for tensor in op._inputs:
                if tensor.op in self.pending:
                    self.pending[tensor.op] += 1

    def _reached_from(self, sources: list[Tensor]) -> set[Operation]:
        """Operations that some source influences."""
        reached: set[Operation] = set()
        queue = deque(source.op for source in sources)
        while queue:
            op = queue.popleft()
            if op in reached:
                continue
            reached.add(op)
            for output in op._outputs:
                if differentiable(output):
                    queue.extend(output._consumers)
        return reached

    def _between(self) -> dict[Operation, int]:
        """The operations between xs and ys, each with no reader counted so far."""
        pending: dict[Operation, int] = {}
        queue = deque(target.op for target in self.targets)
        while queue:
            op = queue.popleft()
            if op in pending or op not in self.reached:
                continue
            pending[op] = 0
            queue.extend(tensor.op for tensor in op._inputs)
        return pending

    def run(self, starts: list[Any]) -> None:
        """Walks from ``ys``, whose gradients are ``starts``, to ``xs``."""
        for target, grad in zip(self.targets, starts, strict=True):
            if target.op in self.pending:
                self._add(target, grad)
        ready = deque(
            dict.fromkeys(target.op for target in self.targets if self.pending.get(target.op) == 0)
        )
        if self.loops is not None:
            targets = {target.op for target in self.targets}
            for unused in self.loops.unused_exits(self.pending, targets):
                self._add_zeros(unused)
                ready.append(unused.op)
        ends = {source.op for source in self.sources}
        stop = self.stops | {op for op in ends if not self._continues(op)}
        while ready:
            op = ready.popleft()
            if self.loops is None:
                grads = self._collected(op)
                if op not in stop:
                    self._visit(op, grads)
            else:
                self._visit_in_loop(op, op in stop)
            for tensor in op._inputs:
                if tensor.op in self.pending:
                    self.pending[tensor.op] -= 1
                    self._enqueue(tensor.op, ready)
        if self.loops is not None:
            self.loops.finish()

    def _visit_in_loop(self, op: Operation, is_end: bool) -> None:
        """Visits an operation inside the gradient loop it belongs to, if it lies in a loop."""
        self.loops.enter(op, before=True)
        grads = self._collected(op)
        self.loops.leave(op, before=True)
        self.loops.enter(op, before=False)
        if not is_end:
            self._visit(op, grads)
        self.loops.leave(op, before=False)

    def _enqueue(self, op: Operation, ready: deque[Operation]) -> None:
        """Puts ``op`` in the queue if everything that reads it was visited."""
        left = self.pending[op]
        if self.loops is None:
            if left == 0:
                ready.append(op)
            return
        if left < 0 or (left > 0 and not self.loops.is_loop_switch(op)):
            return
        arrived = self.loops.arrived(op, self._has_gradient) if left == 0 else None
        if arrived is None:
            ready.append(op)
            return
        ops, unused = arrived
        for tensor in unused:
            self._add_zeros(tensor)
        ready.extend(ops)

    def _has_gradient(self, op: Operation) -> bool:
        return any(self.sums.get(op, ()))

    def _add_zeros(self, tensor: Tensor) -> None:
        if differentiable(tensor):
            self._add(tensor, self.loops.zeros_for_exit(tensor))

    def _continues(self, op: Operation) -> bool:
        """Whether the walk must go on behind a source, to another source."""
        return any(tensor.op in self.reached for tensor in op._inputs)

    def _visit(self, op: Operation, grads: list[Any]) -> None:
        if all(grad is None for grad in grads):
            return
        try:
            rule = rule_for(op)
        except LookupError as error:
            place = f"\n  created at {op._location}" if op._location else ""
            raise LookupError(
                f"'{op.name}' ({op.type}): {error} It lies between the ys and xs of tf.gradients. "
                "Register one with @tf.RegisterGradient, or cut the way with tf.stop_gradient."
                f"{place}"
            ) from None
        if rule is None:
            return
        first = len(self.graph._by_id)
        with self.graph.name_scope(op.name + "_grad"), self._placed(op):
            grads = self._completed(op, grads)
            result = rule(op, *grads)
            for_inputs = self._checked(op, result)
            if self.gate and sum(grad is not None for grad in for_inputs) > 1:
                for_inputs = accumulate.gated(for_inputs)
        for made in self.graph._by_id[first:]:
            made.forward_of = op
            made._original_op = op
        for tensor, grad in zip(op._inputs, for_inputs, strict=True):
            if grad is not None:
                _keep_shape(grad, tensor)
                self._add(tensor, grad)

    def _placed(self, op: Operation) -> Any:
        if self.colocate:
            return self.graph.colocate_with(op, ignore_existing=True)
        return _Nothing()

    def _completed(self, op: Operation, grads: list[Any]) -> list[Any]:
        """Zeros for outputs nobody differentiates, where the op has several."""
        return [
            self._zeros(op, index)
            if grad is None and differentiable(op._outputs[index]) and len(grads) > 1
            else grad
            for index, grad in enumerate(grads)
        ]

    def _zeros(self, op: Operation, index: int) -> Any:
        if self.loops is not None:
            return self.loops.zeros(op, index)
        if op._control_flow_context is None:
            return zeros_like_op(op._outputs[index])
        return hooks.call("zeros_outside_loop", op, index)

    def _checked(self, op: Operation, result: Any) -> list[Any]:
        found = list(result) if isinstance(result, (list, tuple)) else [result]
        if len(found) != len(op._inputs):
            if len(found) == 1 and found[0] is None:
                return [None] * len(op._inputs)
            raise ValueError(
                f"the gradient of '{op.name}' ({op.type}) returned {len(found)} values for "
                f"{len(op._inputs)} inputs."
            )
        return [
            grad if grad is None or isinstance(grad, (Tensor, IndexedSlices)) else convert(grad)
            for grad in found
        ]

    def _add(self, tensor: Tensor, grad: Any) -> None:
        sums = self.sums.setdefault(tensor.op, [[] for _ in tensor.op._outputs])
        sums[tensor.value_index].append(grad)

    def _collected(self, op: Operation) -> list[Any]:
        """The summed gradient of each output."""
        sums = self.sums.get(op)
        if sums is None:
            return [None] * len(op._outputs)
        for index, arrived in enumerate(sums):
            if len(arrived) > 1:
                sums[index] = [accumulate.total(arrived, self.method)]
        return [arrived[0] if arrived else None for arrived in sums]

    def gradient_of(self, source: Tensor) -> Any:
        """The finished gradient of one of the sources."""
        return self._collected(source.op)[source.value_index]


class _Nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def differentiable(tensor: Tensor) -> bool:
    """Whether derivatives pass through a tensor of this dtype."""
    dtype = tensor._dtype.base_dtype
    return bool(dtype.is_floating or dtype.is_complex or dtype in (dtypes.resource, dtypes.variant))


def _keep_shape(grad: Any, tensor: Tensor) -> None:
    """What is known of the shape of ``tensor`` is known of its gradient."""
    if isinstance(grad, Tensor) and tensor._dtype is not dtypes.resource:
        shape = tensor._shape_value
        if not grad._shape_value.is_compatible_with(shape):
            raise ValueError(
                f"the gradient '{grad.name}' of '{tensor.name}' has shape {grad._shape_value}, but "
                f"'{tensor.name}' has shape {shape}."
            )
        grad._shape_value = grad._shape_value.merge_with(shape)
