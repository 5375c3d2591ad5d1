"""Contractions: products of two arrays, summed over some dimensions, as loops over indices.

Products of small matrices (those of each row, and those of weights) are of one form: each element
of the result is a sum, over some indices, of products of an element of each operand. Transposed
or repeated operands only have other strides. A sum of such a product, over the rows for instance,
which is the gradient of a weight that all rows share, is a product with more indices to sum over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from tidefall.array.record import Array, Instruction
from tidefall.compiler.primitives import FREE, ROW, kind
from tidefall.executor.kernels.views import Axis, View, inner, with_ones


class Index(NamedTuple):
    """One index of a contraction.

    Attributes:
      size: How many values it takes.
      left, right, out: The strides in both operands and in the result; 0 where it does not occur.
    """

    size: int
    left: int
    right: int
    out: int


class Contraction(NamedTuple):
    """The loops of a contraction.

    Attributes:
      left, right: The operands; only the roots and the offsets of these views matter.
      kept: The indices of the result, without those of ``high`` and ``wide``.
      high: An index of the left operand and the result alone, or one of size 1.
      wide: An index of the right operand and the result alone, or one of size 1.
      gone: The indices summed over, but for the rows.
      first: Where the result starts.
    """

    left: View
    right: View
    kept: list[Index]
    high: Index
    wide: Index
    gone: list[Index]
    first: int = 0


_SINGLE = Index(1, 0, 0, 0)


def contraction(instruction: Instruction, views: dict[Array, View]) -> Contraction:
    """The loops of a ``contract`` instruction."""
    a, b = instruction.inputs
    rank = max(a.ndim, b.ndim)
    rows = ROW in (kind(a), kind(b))
    left, right = _aligned(a, views[a], rank), _aligned(b, views[b], rank)
    inner_left, inner_right = left.pop(), right.pop(-2)
    middle = Index(inner_left.size, inner_left.stride, inner_right.stride, 0)
    left.append(Axis(1, 0))
    right.insert(rank - 2, Axis(1, 0))
    summed = set(instruction.params)
    sizes = [max(x.size, y.size) for x, y in zip(left, right, strict=True)]
    kept: list[Index] = []
    gone: list[Index] = []
    stride = 1
    for axis in reversed(range(1 if rows else 0, rank)):
        size = sizes[axis]
        index = Index(size, left[axis].stride, right[axis].stride, stride)
        if axis in summed:
            gone.append(index._replace(out=0))
            continue
        stride *= size
        kept.append(index)
    kept = [each for each in kept[::-1] if each.size != 1]
    gone = [each for each in (*gone[::-1], middle) if each.size != 1]
    high = next((each for each in reversed(kept) if not each.right), _SINGLE)
    others = [each for each in kept if each is not high]
    wide = next((each for each in reversed(others) if not each.left), _SINGLE)
    kept = [each for each in others if each is not wide]
    return Contraction(views[a], views[b], kept, high, wide, gone)


def mirrored(loops: Contraction) -> Contraction:
    """The same with the operands exchanged."""

    def turned(index: Index) -> Index:
        return Index(index.size, index.right, index.left, index.out)

    return Contraction(
        loops.right, loops.left, list(map(turned, loops.kept)), turned(loops.wide),
        turned(loops.high), list(map(turned, loops.gone)), loops.first,
    )  # fmt: skip


def _aligned(x: Array, view: View, rank: int) -> list[Axis]:
    """The axes of an operand for all dimensions of the product, those it repeats of size 1."""
    axes = [Axis(n, s) if n != 1 else Axis(1, 0) for n, s in with_ones(view, inner(x))]
    return [Axis(1, 0)] * (rank - len(axes)) + axes


def contracted(instructions: Iterable[Instruction], outside: Iterable[Array]) -> list[Instruction]:
    """The instructions with products that are contractions as such, and sums made part of them.

    Args:
      instructions: What is recorded.
      outside: Arrays that somebody else reads.
    """
    instructions = list(instructions)
    readers = Counter(x for each in instructions for x in each.inputs)
    readers.update(outside)
    found: dict[Array, Instruction] = {}
    for each in instructions:
        if each.name == "matmul" and all(kind(x) == FREE for x in each.inputs):
            each = replace(each, name="contract", params=())
        elif each.name == "sum" and readers[each.inputs[0]] == 1:
            product = found.get(each.inputs[0])
            if product is not None and product.name == "contract" and not product.params:
                del found[product.result]
                each = replace(product, params=tuple(each.params), result=each.result)
        found[each.result] = each
    return list(found.values())
