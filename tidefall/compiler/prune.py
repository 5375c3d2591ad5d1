"""Which operations a run needs, and in which order they execute.

The order is the order of creation: what the program wrote first happens first. It is a
topological order unless an edge was added to an existing node (a control input, the back edge of
a loop, a capture of a conditional); then the earliest-created operation that is ready goes first.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor


def needed(
    fetches: Iterable[Tensor],
    targets: Iterable[Operation],
    fed: set[Tensor],
    done: Iterable[Operation] = (),
) -> set[Operation]:
    """The operations that must execute: everything upstream, not looking behind what is fed.

    Args:
      fetches: Tensors to compute.
      targets: Operations to run.
      fed: Tensors whose values are given.
      done: Operations that have run already, in an earlier part of the step.
    """
    found: set[Operation] = set(done)
    stack = [tensor._op for tensor in fetches if tensor not in fed]
    stack.extend(targets)
    while stack:
        op = stack.pop()
        if op in found:
            continue
        found.add(op)
        for tensor in op._inputs:
            if tensor not in fed and tensor._op not in found:
                stack.append(tensor._op)
        for control_input in op._control_inputs:
            if control_input not in found:
                stack.append(control_input)
    return found.difference(done)


def in_order(ops: set[Operation], fed: set[Tensor]) -> list[Operation]:
    """The operations in order of execution."""
    order = sorted(ops, key=lambda op: op._id)
    if all(_follows_inputs(op, ops, fed) for op in order):
        return order
    return _topological(order, ops, fed)


def _follows_inputs(op: Operation, ops: set[Operation], fed: set[Tensor]) -> bool:
    number = op._id
    for tensor in op._inputs:
        if tensor._op._id > number and tensor not in fed:
            return False
    return all(control_input._id < number for control_input in op._control_inputs)


def before(op: Operation, fed: set[Tensor]) -> set[Operation]:
    """The operations that ``op`` waits for."""
    return {tensor._op for tensor in op._inputs if tensor not in fed} | set(op._control_inputs)


def _topological(order: list[Operation], ops: set[Operation], fed: set[Tensor]) -> list[Operation]:
    waiting: dict[Operation, int] = {}
    readers: dict[Operation, list[Operation]] = {}
    ready: list[tuple[int, Operation]] = []
    for op in order:
        needs = before(op, fed) & ops
        waiting[op] = len(needs)
        for need in needs:
            readers.setdefault(need, []).append(op)
        if not needs:
            heapq.heappush(ready, (op._id, op))
    result: list[Operation] = []
    while ready:
        op = heapq.heappop(ready)[1]
        result.append(op)
        for reader in readers.get(op, ()):
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heapq.heappush(ready, (reader._id, reader))
    if len(result) != len(order):
        stuck = next(op for op in order if waiting[op] > 0)
        raise ValueError(
            f"the graph has a cycle through '{stuck.name}' ({stuck.type}), which is not part of a "
            "while_loop, so it can never run."
        )
    return result
