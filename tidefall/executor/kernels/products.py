"""Products: rows with weights, and rows with rows, summed.

Lanes are rows, so a product with weights reads the weights one by one, in every lane, and the row
array in vectors: ``out[j] += w[k, j] * x[k]``. A block of columns times a few vectors of rows
stays in registers over all ``k``. It makes no difference whether the weights are transposed.

A gradient of weights, ``g[i, j] = sum over rows of x[i] d[j]``, is summed in one of two forms. A
small one has a lane for each neighbouring row, added up after the pass. A larger one is
summed row by row, its lanes along ``j``; for that the tile of ``d`` is transposed first.

Where a row has several vectors (``x`` has a dimension more), they are taken one after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tidefall.array.record import Instruction
from tidefall.executor.kernels.body import Body
from tidefall.executor.kernels.grouping import Group
from tidefall.executor.kernels.groups import GroupLoop
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loops import Loop, blocks
from tidefall.executor.kernels.views import Axis, View, with_ones

#: Products of at most so many multiply-adds of vectors are written out, without a loop.
MOST_UNROLLED = 96


def _columns(view: View, count: int) -> View:
    """A view of row arrays with exactly one dimension."""
    return View(view.root, view.offset, view.axes or (Axis(count, 1),))


def _parts(view: View, shape: Sequence[int]) -> View:
    """A view of row arrays with exactly one dimension, or two if a row has several vectors."""
    if len(shape) == 1:
        return _columns(view, shape[0])
    return View(view.root, view.offset, tuple(with_ones(view, tuple(shape))))


def _matrix(view: View, shape: tuple[int, ...]) -> View:
    """A view with exactly two dimensions."""
    rest = iter(view.axes)
    axes = tuple([Axis(1, 0) if size == 1 else next(rest) for size in shape])
    return View(view.root, view.offset, axes)


def with_weights(body: Body, group: Group) -> None:
    """``x @ w`` for the rows of a tile, and the group of primitives after it."""
    product = group.product
    if product is None:
        raise AssertionError("the group follows no product")
    x, w = product.inputs
    views = body.design.plan.views
    depth, columns = w.shape
    rows = _parts(views[x], x.shape[1:])
    weights = _matrix(views[w], (depth, columns))
    loop = GroupLoop(body, group)
    most = body.design.registers
    with body.over(x.shape[1:-1]) as part:
        for start, stop, size in blocks(columns, max(1, most // 2)):
            vectors = _vectors(body, size)
            with Loop(body.builder, start, stop, size) as at:
                _block(body, loop, product, rows, weights, part, at.index, size, vectors)


def _vectors(body: Body, columns: int) -> int:
    """How many vectors of rows to take at a time beside a number of columns."""
    per_tile = body.design.tile // body.design.lanes
    vectors = min(body.design.registers // columns, per_tile, 8)
    while per_tile % vectors:
        vectors -= 1
    return vectors


def _block(
    body: Body, loop: GroupLoop, product: Instruction, rows: View, weights: View,
    part: list[Any], first: Any, size: int, vectors: int,
) -> None:  # fmt: skip
    """Some columns of the product for all rows of the tile."""
    dtype, v, lanes = product.result.dtype, body.v, body.design.lanes
    depth = weights.axes[0].size
    places = [body.plus(first, j) for j in range(size)]
    indices = [[*part, place] if len(loop.dims) > len(part) else part for place in places]
    fixed = [loop.fixed(each) for each in indices]
    zero = v.constant(dtype, 0)

    def turn(k: Any, row: Any, sums: list[Any]) -> list[Any]:
        values = [body.rows(rows, [*part, k], body.plus(row, lanes * t)) for t in range(vectors)]
        found = []
        for j, place in enumerate(places):
            weight = body.free_scalar(weights, [k, place])
            for t, value in enumerate(values):
                found.append(v.fma(dtype, value, weight, sums[j * vectors + t]))
        return found

    with body.over_rows(vectors) as at:
        sums = [zero] * (size * vectors)
        if depth * size * vectors <= MOST_UNROLLED:
            for k in range(depth):
                sums = turn(k, at.index, sums)
        else:
            with Loop(body.builder, 0, depth, 1, sums) as deep:
                deep.following = turn(deep.index, at.index, deep.carried)
            sums = deep.results
        for j in range(size):
            for t in range(vectors):
                row = body.plus(at.index, lanes * t)
                loop.at_rows(indices[j], row, fixed[j], sums[j * vectors + t])


def group_with_sums(body: Body, group: Group) -> None:
    """A group whose results are summed over the rows in the same loop."""
    loop = GroupLoop(body, group)
    columns = group.dims[0] if group.dims else 1
    high = 0
    for total in group.sums:
        if total.name == "matmul":
            body.clear_tail(total.inputs[0])
        high += total.result.shape[0] if total.name == "matmul" else 1
    most = max(1, body.design.registers // (high + 1))
    for start, stop, size in blocks(columns, most):
        with Loop(body.builder, start, stop, size) as at:
            _summed_block(body, loop, at.index, size)


def _summed_block(body: Body, loop: GroupLoop, first: Any, size: int) -> None:
    """Some columns of a group for all rows of the tile, and their sums."""
    v, group = body.v, loop.group
    places = [body.plus(first, j) for j in range(size)]
    indices = [[place] if loop.dims else [] for place in places]
    fixed = [loop.fixed(each) for each in indices]
    weights = [_weights_at(body, group, place) for place in places]
    pointers = [_sum_pointers(body, total, places) for total in group.sums]
    flat = [pointer for each in pointers for pointer in each]
    kinds = [t.result.dtype for t, each in zip(group.sums, pointers, strict=True) for _ in each]
    sums = [v.load(kind, pointer) for kind, pointer in zip(kinds, flat, strict=True)]
    with body.over_rows(carried=sums) as rows:
        mask = body.is_valid(rows.index)
        row_values = _rows_of_product(body, group, rows.index)
        others = [_left_of(body, total, rows.index) for total in group.sums]
        following: list[Any] = []
        values = []
        for j in range(size):
            product = _small_product(body, group, row_values, weights[j])
            values.append(loop.at_rows(indices[j], rows.index, fixed[j], product))
        for total, left in zip(group.sums, others, strict=True):
            dtype = total.result.dtype
            root = body.design.plan.views[total.inputs[-1]].root
            for other in left:
                for j in range(size):
                    value = v.select(mask, values[j][root], v.constant(dtype, 0))
                    before = rows.carried[len(following)]
                    if other is None:
                        following.append(v.add(dtype, before, value))
                    else:
                        following.append(v.fma(dtype, other, value, before))
        rows.following = following
    for kind, pointer, value in zip(kinds, flat, rows.results, strict=True):
        v.store(kind, value, pointer)


def _weights_at(body: Body, group: Group, place: Any) -> list[Any]:
    """The weights of one column of a shallow product, each in every lane."""
    if group.product is None:
        return []
    w = group.product.inputs[1]
    view = _matrix(body.design.plan.views[w], w.shape)
    return [body.free_scalar(view, [k, place]) for k in range(w.shape[0])]


def _rows_of_product(body: Body, group: Group, row: Any) -> list[Any]:
    if group.product is None:
        return []
    x, w = group.product.inputs
    view = _columns(body.design.plan.views[x], w.shape[0])
    return [body.rows(view, [k], row) for k in range(w.shape[0])]


def _small_product(body: Body, group: Group, rows: list[Any], weights: list[Any]) -> Any:
    if group.product is None:
        return None
    dtype, v = group.product.result.dtype, body.v
    total = v.constant(dtype, 0)
    for value, weight in zip(rows, weights, strict=True):
        total = v.fma(dtype, value, weight, total)
    return total


def _left_of(body: Body, total: Instruction, row: Any) -> list[Any]:
    """The columns a sum is multiplied with; None for a plain sum."""
    if total.name != "matmul":
        return [None]
    turned = total.inputs[0]
    view = _columns(body.design.plan.views[turned], total.result.shape[0])
    return [body.rows(view, [i], row) for i in range(total.result.shape[0])]


def _sum_pointers(body: Body, total: Instruction, places: list[Any]) -> list[Any]:
    """Where the lanes of a sum lie: for each of its rows, at some columns."""
    v, result = body.v, total.result
    area = body.design.memory.sums[result]
    start = body.shifted(body.sums_base, area.offset)
    high, wide = result.shape if total.name == "matmul" else (1, 0)
    return [
        v.at(result.dtype, start, body.times(body.plus(place, i * wide), v.lanes))
        for i in range(high)
        for place in places
    ]


def over_rows(body: Body, product: Instruction) -> None:
    """``x.T @ d`` for the rows of a tile, added to the chunk's sum."""
    by_lanes = body.design.memory.sums[product.result].lanes
    if by_lanes:
        body.clear_tail(product.inputs[0])
        body.clear_tail(product.inputs[1])
    with body.over(product.inputs[1].shape[1:-1]) as part:
        (_lane_by_lane if by_lanes else _row_by_row)(body, product, part)


def _operands(body: Body, product: Instruction) -> tuple[View, View, int, int]:
    turned, d = product.inputs
    views = body.design.plan.views
    depth, columns = product.result.shape
    several = d.shape[1:-1]
    x = _parts(views[turned], (*several, depth))
    return x, _parts(views[d], (*several, columns)), depth, columns


def _lane_by_lane(body: Body, product: Instruction, part: list[Any]) -> None:
    x, d, depth, columns = _operands(body, product)
    most = body.design.registers
    high = min(depth, max(3, most // columns))
    for i_start, i_stop, i_size in blocks(depth, min(high, most)):
        for j_start, j_stop, j_size in blocks(columns, max(1, most // i_size)):
            rows = Loop(body.builder, i_start, i_stop, i_size)
            with rows as i, Loop(body.builder, j_start, j_stop, j_size) as j:
                _small_block(body, product, x, d, part, i.index, j.index, i_size, j_size)


def _small_block(
    body: Body, product: Instruction, x: View, d: View,
    part: list[Any], i: Any, j: Any, high: int, wide: int,
) -> None:  # fmt: skip
    dtype, v = product.result.dtype, body.v
    area = body.design.memory.sums[product.result]
    columns = product.result.shape[1]
    start = body.shifted(body.sums_base, area.offset)
    pointers = []
    for a in range(high):
        for b in range(wide):
            place = body.plus(body.times(body.plus(i, a), columns), body.plus(j, b))
            pointers.append(v.at(dtype, start, body.times(place, v.lanes)))
    sums = [v.load(dtype, pointer) for pointer in pointers]
    with body.over_rows(carried=sums) as rows:
        left = [body.rows(x, [*part, body.plus(i, a)], rows.index) for a in range(high)]
        right = [body.rows(d, [*part, body.plus(j, b)], rows.index) for b in range(wide)]
        for a in range(high):
            for b in range(wide):
                at = a * wide + b
                rows.following[at] = v.fma(dtype, left[a], right[b], rows.carried[at])
    for pointer, value in zip(pointers, rows.results, strict=True):
        v.store(dtype, value, pointer)


def _row_by_row(body: Body, product: Instruction, part: list[Any]) -> None:
    x, d, depth, columns = _operands(body, product)
    area = body.design.memory.sums[product.result]
    turned = body.shifted(body.tile_base, body.design.memory.turned)
    _transpose(body, d, part, turned, columns, area.columns)
    lanes, most = body.design.lanes, body.design.registers
    vectors = area.columns // lanes
    for j_start, j_stop, j_size in blocks(vectors, 3):
        for i_start, i_stop, i_size in blocks(depth, max(1, most // j_size)):
            columns_ = Loop(body.builder, j_start, j_stop, j_size)
            with columns_ as j, Loop(body.builder, i_start, i_stop, i_size) as i:
                first = body.times(j.index, lanes)
                _large_block(body, product, x, turned, part, i.index, first, i_size, j_size)


def _large_block(
    body: Body, product: Instruction, x: View, turned: Any,
    part: list[Any], i: Any, j: Any, high: int, wide: int,
) -> None:  # fmt: skip
    """Some rows and vectors of columns of the gradient, over the valid rows of the tile."""
    dtype, v, lanes = product.result.dtype, body.v, body.design.lanes
    area = body.design.memory.sums[product.result]
    start = body.shifted(body.sums_base, area.offset)
    pointers = []
    for a in range(high):
        for b in range(wide):
            place = body.times(body.plus(i, a), area.columns)
            pointers.append(v.at(dtype, start, body.plus(body.plus(place, j), b * lanes)))
    sums = [v.load(dtype, pointer) for pointer in pointers]
    bases = [body.element(x, [*part, body.plus(i, a)]) for a in range(high)]
    with Loop(body.builder, 0, body.valid, 1, sums, sure=True) as row:
        line = body.plus(body.times(row.index, area.columns), j)
        right = [
            v.load(dtype, v.at(dtype, turned, body.plus(line, b * lanes))) for b in range(wide)
        ]
        for a in range(high):
            left = v.broadcast(dtype, v.load_scalar(dtype, v.at(dtype, bases[a], row.index)))
            for b in range(wide):
                at = a * wide + b
                row.following[at] = v.fma(dtype, left, right[b], row.carried[at])
    for pointer, value in zip(pointers, row.results, strict=True):
        v.store(dtype, value, pointer)


def _transpose(body: Body, d: View, part: list[Any], target: Any, columns: int, width: int) -> None:
    """Copies a tile with its rows one after another: ``target[row, column]``."""
    dtype, v, lanes = d.root.dtype, body.v, body.design.lanes
    full = columns // lanes * lanes
    with body.over_rows() as rows:
        if full:
            with Loop(body.builder, 0, full, lanes) as column:
                square = [
                    body.rows(d, [*part, body.plus(column.index, i)], rows.index)
                    for i in range(lanes)
                ]
                for i, line in enumerate(_turned(body, square)):
                    place = body.times(body.plus(rows.index, i), width)
                    v.store(dtype, line, v.at(dtype, target, body.plus(place, column.index)))
        if full < columns:
            rest = [body.rows(d, [*part, full + i], rows.index) for i in range(columns - full)]
            square = rest + [v.constant(dtype, 0)] * (lanes - len(rest))
            for i, line in enumerate(_turned(body, square)):
                place = body.times(body.plus(rows.index, i), width)
                v.store(dtype, line, v.at(dtype, target, body.plus(place, full)))


def _turned(body: Body, square: list[Any]) -> list[Any]:
    """The transpose of as many vectors as each has lanes, in rounds of exchanging halves."""
    count = len(square)
    half = count // 2
    b = body.builder
    while half:
        low = [p for start in range(0, count, 2 * half) for p in (*range(start, start + half),
               *range(count + start, count + start + half))]  # fmt: skip
        high = [p + half for p in low]
        following = list(square)
        for i in range(count):
            if i & half:
                continue
            first, second = square[i], square[i + half]
            following[i] = b.shuffle_vector(first, second, _places(low))
            following[i + half] = b.shuffle_vector(first, second, _places(high))
        square = following
        half //= 2
    return square


def _places(places: list[int]) -> Any:
    index = ir.IntType(32)
    return ir.Constant(ir.VectorType(index, len(places)), [index(place) for place in places])
