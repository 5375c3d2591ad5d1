"""`tf.einsum`: sums of products by Einstein's convention, as transposes and matrix products.

Two tensors at a time are brought to one batched matrix product: dimensions that both have and the
result keeps come first, as batches; those that only one has, and the result keeps, are rows or
columns; those that both have and the result does not are summed.
"""

from __future__ import annotations

import re
import string
from typing import Any

from tidefall.core.exports import export
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import expand_dims, reshape, shape
from tidefall.ops.linalg import trace
from tidefall.ops.math import mul
from tidefall.ops.matmul import matmul
from tidefall.ops.rearranging import transpose
from tidefall.ops.reduce import reduce_sum


@export("einsum", "linalg.einsum")
def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Sums of products of tensors, by Einstein's convention.

    Args:
      equation: A letter for each dimension of each input, inputs separated by commas, then ``->``
        and the letters of the result: ``"ij,jk->ik"`` is the product of matrices. Letters that the
        result lacks are summed. Without ``->``, the result has the letters that occur once, in
        alphabetical order. ``...`` stands for further dimensions.
      *inputs: The tensors.
      **kwargs: ``name``.

    Raises:
      ValueError: If the equation cannot be read or does not fit the inputs.
      TypeError: If there are other keyword arguments.

    >>> tf.Session().run(tf.einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]]))
    array([[11.]], dtype=float32)
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise TypeError(f"einsum takes no keyword arguments {', '.join(sorted(kwargs))}.")
    with get_default_graph().name_scope(name or "einsum"):
        tensors = [convert_to_tensor(each) for each in inputs]
        terms, result = parse(equation, tensors)
        if _is_trace(equation, terms):
            return trace(tensors[0])
        _check_terms(equation, terms, tensors)
        if _sums_over_three(terms, result):
            return _by_products(terms, result, tensors)
        value, labels = tensors[0], terms[0]
        for tensor, term in zip(tensors[1:], terms[1:], strict=True):
            summed = (set(labels) & set(term)) - set(result)
            value, labels = _contract(value, labels, tensor, term, summed)
        missing = [index for index, each in enumerate(labels) if each not in result]
        if missing:
            value = reduce_sum(value, axis=missing)
            labels = "".join([each for each in labels if each in result])
        if sorted(labels) != sorted(result):
            raise ValueError(
                f"equation {equation!r} names dimensions of the result that no input has: "
                f"{', '.join(sorted(set(result) - set(labels)))}."
            )
        return _transposed(value, [labels.index(each) for each in result])


def parse(equation: str, tensors: list[Tensor]) -> tuple[list[str], str]:
    """The letters of each input and of the result, with ``...`` resolved to unused letters."""
    text = equation.replace(" ", "")
    match = re.fullmatch(r"([a-zA-Z,.]+)(->[a-zA-Z.]*)?", text)
    if match is None:
        raise ValueError(
            f"equation {equation!r} cannot be read: letters, commas, '...' and one '->' are "
            "understood."
        )
    terms = match.group(1).split(",")
    if len(terms) != len(tensors):
        raise ValueError(
            f"equation {equation!r} has {len(terms)} terms, but {len(tensors)} tensors are given."
        )
    dots = ""
    if "..." in text:
        terms, dots = _without_dots(equation, terms, tensors)
    if match.group(2) is not None:
        result = match.group(2)[2:].replace("...", dots)
        if "." in result:
            raise ValueError(f"equation {equation!r} has a single dot.")
        return terms, result
    counts = [each for term in terms for each in term if each not in dots]
    return terms, dots + "".join(sorted(each for each in set(counts) if counts.count(each) == 1))


def _without_dots(equation: str, terms: list[str], tensors: list[Tensor]) -> tuple[list[str], str]:
    unused = [each for each in string.ascii_letters if each not in "".join(terms)]
    longest = ""
    resolved = []
    for term, tensor in zip(terms, tensors, strict=True):
        if "..." in term:
            parts = term.split("...")
            known = tensor._shape_value.rank
            if len(parts) != 2 or known is None:
                raise ValueError(
                    f"'...' in {equation!r} stands for dimensions that must be known, once a term."
                )
            count = known - len("".join(parts))
            if count < 0 or count > len(unused):
                raise ValueError(f"'...' in {equation!r} does not fit a tensor of rank {known}.")
            letters = "".join(unused[len(unused) - count :])
            longest = max(longest, letters, key=len)
            term = term.replace("...", letters)
        if "." in term:
            raise ValueError(f"equation {equation!r} has a single dot.")
        resolved.append(term)
    return resolved, longest


def _is_trace(equation: str, terms: list[str]) -> bool:
    return (
        len(terms) == 1
        and len(terms[0]) == 2
        and terms[0][0] == terms[0][1]
        and "->" not in equation
    )


def _check_terms(equation: str, terms: list[str], tensors: list[Tensor]) -> None:
    for index, (term, tensor) in enumerate(zip(terms, tensors, strict=True)):
        if len(set(term)) != len(term):
            raise ValueError(
                f"term '{term}' of {equation!r} names a dimension twice; use tf.matrix_diag_part."
            )
        known = tensor._shape_value.rank
        if known != len(term):
            rank = "unknown" if known is None else str(known)
            raise ValueError(
                f"term '{term}' of {equation!r} needs a tensor of rank {len(term)}, but input "
                f"{index} has rank {rank}."
            )


def _sums_over_three(terms: list[str], result: str) -> bool:
    """Whether an index is summed over more than two inputs at once."""
    letters = {each for term in terms for each in term if each not in result}
    return any(sum(each in term for term in terms) > 2 for each in letters)


def _contract(x: Tensor, of_x: str, y: Tensor, of_y: str, summed: set[str]) -> tuple[Any, str]:
    """The product of two tensors, summed over ``summed``, and its letters."""
    shared = (set(of_x) & set(of_y)) - summed
    rows = set(of_x) - shared - summed
    columns = set(of_y) - shared - summed
    order_x = sorted(of_x, key=lambda each: (_group(each, shared, rows), each))
    order_y = sorted(of_y, key=lambda each: (_group(each, shared, summed), each))
    x = _transposed(x, [of_x.index(each) for each in order_x])
    y = _transposed(y, [of_y.index(each) for each in order_y])
    letters = order_x[: len(shared) + len(rows)] + order_y[len(order_y) - len(columns) :]
    if not summed:
        for _ in columns:
            x = expand_dims(x, -1)
        for _ in rows:
            y = expand_dims(y, len(shared))
        return mul(x, y), "".join(letters)
    batch, many = len(shared), len(summed)
    sizes_x = _sizes(x)
    inner = _total(sizes_x[-many:])
    outer_x = _total(sizes_x[batch:-many])
    x = _reshaped(x, [*sizes_x[:batch], outer_x, inner])
    sizes_y = _sizes(y)
    outer_y = _total(sizes_y[batch + many :])
    y = _reshaped(y, [*sizes_y[:batch], inner, outer_y])
    whole = sizes_x[: batch + len(rows)] + sizes_y[len(sizes_y) - len(columns) :]
    return _reshaped(matmul(x, y), whole), "".join(letters)


def _group(letter: str, first: set[str], second: set[str]) -> int:
    return 0 if letter in first else 1 if letter in second else 2


def _transposed(x: Tensor, order: list[int]) -> Any:
    if order == sorted(order):
        return x
    return transpose(x, perm=order)


def _sizes(x: Tensor) -> list[Any]:
    """The sizes of ``x``: numbers where they are known, else tensors."""
    sizes: list[Any] = x._shape_value.as_list()
    if None in sizes:
        dynamic = shape(x)
        sizes = [dynamic[i] if size is None else size for i, size in enumerate(sizes)]
    return sizes


def _total(sizes: list[Any]) -> Any:
    """The product of sizes."""
    total: Any = 1
    for each in sizes:
        total = total * each
    return total


def _reshaped(x: Tensor, sizes: list[Any]) -> Any:
    """``x`` in another shape, untouched where it surely has that."""
    dims = x._shape_value.as_list()
    if len(dims) == len(sizes) and all(
        not isinstance(new, Tensor) and (old == new or new == -1)
        for old, new in zip(dims, sizes, strict=True)
    ):
        return x
    return reshape(x, sizes)


def _by_products(terms: list[str], result: str, tensors: list[Tensor]) -> Any:
    """One large product of all inputs, each with size 1 in the dimensions it lacks, then a sum."""
    summed = sorted({each for term in terms for each in term} - set(result))
    unknown = set(result) - {each for term in terms for each in term}
    if unknown:
        raise ValueError(f"no input has the dimensions {', '.join(sorted(unknown))} of the result.")
    order = [*summed, *result]
    moved = []
    for term, tensor in zip(terms, tensors, strict=True):
        ordered = sorted(term, key=order.index)
        moved.append((_transposed(tensor, [term.index(each) for each in ordered]), ordered))
    parts = []
    for tensor, ordered in moved:
        known = tensor._shape_value.as_list()
        sizes = [(known[ordered.index(each)] or -1) if each in ordered else 1 for each in order]
        if sizes.count(-1) > 1:
            given = _sizes(tensor)
            sizes = [given[ordered.index(each)] if each in ordered else 1 for each in order]
        parts.append(reshape(tensor, sizes))
    product: Any = 1
    for part in parts:
        product = product * part
    return reduce_sum(product, axis=list(range(len(summed))))
