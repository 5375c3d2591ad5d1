"""Who shares memory with whom in a plan, and until when."""

from __future__ import annotations

from tidefall.compiler.sizes import Sizes
from tidefall.ir.plan import CHOICE, LOAD, WHILE, Node, Plan, Value

Roots = dict[Value, frozenset[Value]]

#: Arrays with fewer elements than this are not worth reusing or dropping early.
SMALL = 256


class Lifetimes:
    """The sharing and last uses of the values of one plan.

    Attributes:
      roots: For values that may share memory with a feed, a constant or a variable: with which.
      copied: Loads of variables that must be copied, since the variable may be written while the
        loaded value is still needed.
    """

    def __init__(self, plan: Plan, sizes: Sizes | None) -> None:
        self.plan = plan
        self.sizes = sizes
        self.position = {node: index for index, node in enumerate(plan.nodes)}
        self.roots = _roots(plan)
        self._owner = self._owners()
        self._last = self._last_uses()
        self._group_last = self._group_last_uses()
        self.copied = self._loads_to_copy()
        self._read = {value for node in plan.nodes for value in node.reads} | set(plan.fetches)

    def _owners(self) -> dict[Value, Value]:
        """For each value that is a view of another: of which."""
        owner: dict[Value, Value] = {}
        for node in self.plan.nodes:
            if node.type == CHOICE:
                owner.update(dict.fromkeys((*node.inputs, *node.outputs), node.outputs[0]))
            elif node.opdef.view and node.inputs and not node.updates and node.type != LOAD:
                for value in node.outputs:
                    owner[value] = owner.get(node.inputs[0], node.inputs[0])
        return owner

    def _last_uses(self) -> dict[Value, int]:
        last: dict[Value, int] = {}
        for index, node in enumerate(self.plan.nodes):
            for value in (*node.outputs, *node.reads):
                last[value] = index
        for value in self.plan.fetches:
            last[value] = len(self.plan.nodes)
        return last

    def _group_last_uses(self) -> dict[Value, int]:
        found: dict[Value, int] = {}
        for value, index in self._last.items():
            owner = self._owner.get(value, value)
            found[owner] = max(found.get(owner, -1), index)
        return found

    def dead_after(self, node: Node) -> list[Value]:
        """Values worth dropping that nothing reads after ``node``."""
        index = self.position[node]
        if node.type == CHOICE:  # the side not taken has no value
            return []
        return [
            value
            for value in dict.fromkeys((*node.inputs, *node.outputs))
            if value.constant is None
            and self._last.get(value) == index
            and value not in self.plan.feeds
            and self.is_large(value)
        ]

    def is_read(self, value: Value) -> bool:
        """Whether anything reads ``value`` after the node that makes it."""
        return value in self._read

    def is_large(self, value: Value) -> bool:
        """Whether a value may be large enough for its memory to matter."""
        count = value.shape.num_elements()
        return count is None or count >= SMALL

    def reusable(self, node: Node, index: int) -> bool:
        """Whether ``node`` may write its result into the memory of its input ``index``."""
        value, result = node.inputs[index], node.outputs[0]
        return (
            self.sizes is not None
            and value.constant is None
            and value not in self.roots
            and value not in self._owner
            and value.dtype is result.dtype
            and node.inputs.count(value) == 1
            and self._group_last[value] == self.position[node]
            and self.is_large(result)
            and (value.shape.rank or 0) > 0
            and self.sizes.equal(value, result)
        )

    def _loads_to_copy(self) -> set[Value]:
        last: dict[Value, int] = {}
        for value, index in self._last.items():
            for root in self.roots.get(value, ()):
                last[root] = max(last.get(root, 0), index)
        writes: dict[str, list[int]] = {}
        barriers = []
        for index, node in enumerate(self.plan.nodes):
            for key in (*node.updates, *node.cell_writes):
                writes.setdefault(key, []).append(index)
            if node.on_host:
                barriers.append(index)
        copied: set[Value] = set()
        for index, node in enumerate(self.plan.nodes):
            if node.type == LOAD and node.cell is not None:
                end = last.get(node.outputs[0], 0)
                dangers = (*writes.get(node.cell, ()), *barriers)
                if any(index < danger < end for danger in dangers):
                    copied.add(node.outputs[0])
        return copied


def _roots(plan: Plan) -> Roots:
    roots: Roots = {value: frozenset([value]) for value in plan.feeds}
    for node in plan.nodes:
        if node.opdef.stateful or node.on_host:  # it may keep what it is given
            for value in node.inputs:
                roots.setdefault(value, frozenset([value]))
        if node.type == LOAD or node.updates:
            for value in node.outputs:
                roots[value] = frozenset([value])
        elif node.opdef.view or node.type in (CHOICE, WHILE):
            shared: frozenset[Value] = frozenset()
            for value in node.inputs:
                shared |= roots.get(value, frozenset())
                if value.constant is not None:
                    shared |= frozenset([value])
            if shared:
                for value in node.outputs:
                    roots[value] = shared
    return roots
