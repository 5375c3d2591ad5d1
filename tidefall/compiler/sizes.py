"""Symbolic sizes: what is known of shapes when the batch size is not.

Each open dimension of a feed is a symbol; the open leading dimensions of all feeds are taken to
be one, the number of rows, and a run checks that. The plan's shape rules are then evaluated
twice, with two sets of large made-up sizes. A dimension that comes out equal both times does not
depend on the batch; one that comes out as a symbol's size in both is that symbol, and one that is
the same multiple of the rows in both is that multiple. This costs no second set of shape rules,
and it sees through the shape arithmetic of gradients.

Only ops in `GENERIC` are followed: their shapes are made of their inputs' sizes without
comparing them, so what holds for a made-up size holds for all.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tidefall.compiler.fold import evaluate
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.ir.opdef import group
from tidefall.ir.plan import LOAD, Node, Plan, Value
from tidefall.ops.slicing import MASKS, Masks, Pick, entries_of

#: A size: a number, or minus (1 + the symbol's number), or what `rows_times` gives, or None where
#: nothing is known.
Size = int | None
#: The symbol of the rows of a batch.
ROWS = -1
_MULTIPLE = 1 << 32


def rows_times(factor: int) -> int:
    """The size that is so many times the number of rows; ``rows_times(1)`` is `ROWS`."""
    return ROWS - (factor - 1) * _MULTIPLE


def rows_in(size: Size) -> int | None:
    """How many times the number of rows a size is, or None if it is something else."""
    if size is None or size >= 0:
        return None
    times, rest = divmod(ROWS - size, _MULTIPLE)
    return None if rest else times + 1


_BASES = (1_000_003, 2_000_003)
_STEP = 7_919
#: Sizes from here on may be made up.
_LEAST = 1_000_000
_LARGEST_VALUE = 64

_ELEMENTWISE = """
Abs Acos Acosh Add AddN AddV2 Angle Asin Asinh Atan Atan2 Atanh BiasAdd BiasAddV1 BitwiseAnd
BitwiseOr BitwiseXor Cast Ceil Cos Cosh Digamma Div DivNoNan Elu EluGrad Equal Erf Erfc Exp Expm1
Floor FloorDiv FloorMod Greater GreaterEqual Identity Inv InvGrad Invert IsFinite IsInf IsNan
LeakyRelu LeakyReluGrad LeftShift Less LessEqual Lgamma Log Log1p LogSoftmax LogicalAnd LogicalNot
LogicalOr Maximum Minimum Mod Mul Neg NotEqual OnesLike Pow PreventGradient RealDiv Reciprocal
ReciprocalGrad Relu Relu6 Relu6Grad ReluGrad RightShift Rint Round Rsqrt RsqrtGrad Select SelectV2
Selu SeluGrad Sigmoid SigmoidGrad Sign Sin Sinh Softmax Softplus SoftplusGrad Softsign SoftsignGrad
Sqrt SqrtGrad Square SquaredDifference StopGradient Sub Tan Tanh TanhGrad TruncateDiv TruncateMod
Xdivy Xlogy ZerosLike
""".split()
_STRUCTURAL = """
All Any ArgMax ArgMin BatchMatMul BatchMatMulV2 BiasAddGrad BroadcastTo ConcatV2 Cumprod Cumsum
CumulativeLogsumexp EuclideanNorm ExpandDims Fill GatherV2 IdentityN InTopKV2 L2Loss MatMul Max Mean
Min OneHot Pack Pad PadV2 Prod RandomStandardNormal RandomUniform Reshape ReverseV2 Slice
SoftmaxCrossEntropyWithLogits SparseSoftmaxCrossEntropyWithLogits Split SplitV Squeeze StridedSlice
StridedSliceGrad Sum Tile Transpose TruncatedNormal Unpack UnsortedSegmentSum
""".split()
GENERIC = frozenset(_ELEMENTWISE + _STRUCTURAL)
_BROADCASTING = frozenset((*_ELEMENTWISE, "BatchMatMul", "BatchMatMulV2"))

#: Ops on shapes whose results are followed as numbers.
_SHAPE_ARITHMETIC = frozenset(
    """
    AddV2 BroadcastGradientArgs Cast ConcatV2 DynamicStitch ExpandDims FloorDiv GatherV2
    InvertPermutation Maximum Mul Pack Prod Range Reshape Slice Squeeze StridedSlice Sub
    """.split()
)
#: Of these, those whose result may be taken as a constant when it comes out equal.
_FOLDED = frozenset({"BroadcastGradientArgs"})
#: Ops that only move sizes about, or calculate with them, without comparing any.
_EXACT = frozenset(
    """
    AddV2 Cast ConcatV2 DynamicStitch ExpandDims GatherV2 InvertPermutation Mul Pack Prod Reshape
    Shape Size Slice Squeeze StridedSlice Sub
    """.split()
)


class Sizes(NamedTuple):
    """What `measure` found.

    Attributes:
      shapes: For each value whose rank is known, its sizes.
      constants: Values that turn out not to depend on the symbols.
      numbers: Sizes computed in the graph: a number or a symbol for each element of a vector, or
        one of them. None is a size left open, -1 in the graph.
      rows: Positions of the feeds whose leading dimensions are taken to be equal.
    """

    shapes: dict[Value, tuple[Size, ...]]
    constants: dict[Value, Any]
    numbers: dict[Value, Size | tuple[Size, ...]]
    rows: tuple[int, ...]

    def known(self, value: Value) -> tuple[int, ...] | None:
        """The sizes of ``value`` if each is a number or a symbol."""
        sizes = self.shapes.get(value)
        if sizes is None or None in sizes:
            return None
        return sizes  # type: ignore[return-value]

    def equal(self, x: Value, y: Value) -> bool:
        """Whether two values surely have one shape."""
        sizes = self.known(x)
        return sizes is not None and sizes == self.known(y)


def measure(plan: Plan) -> Sizes:
    """Finds the symbolic sizes of every value of a plan."""
    symbols, rows = _symbols(plan)
    probes = [_Probe(plan, symbols, base) for base in _BASES]
    first, second = probes
    shapes: dict[Value, tuple[Size, ...]] = {}
    for value, dims in first.dims.items():
        other = second.dims.get(value)
        if dims is not None and other is not None and len(dims) == len(other):
            shapes[value] = tuple(
                [_merged(a, b, first, second) for a, b in zip(dims, other, strict=True)]
            )
    constants = {}
    for node in plan.nodes:
        if node.type in _FOLDED:
            for value in node.outputs:
                a, b = first.numbers.get(value), second.numbers.get(value)
                if a is not None and b is not None and np.array_equal(a, b):
                    constants[value] = a
    return Sizes(shapes, constants, _merged_numbers(first, second), rows)


def _merged_numbers(first: _Probe, second: _Probe) -> dict[Value, Size | tuple[Size, ...]]:
    found: dict[Value, Size | tuple[Size, ...]] = {}
    for value in first.exact & second.exact:
        a, b = first.numbers[value], second.numbers[value]
        if a.ndim > 1 or a.shape != b.shape:
            continue
        sizes: list[Size] = []
        for x, y in zip(a.reshape(-1).tolist(), b.reshape(-1).tolist(), strict=True):
            merged = _merged(x, y, first, second)
            if x < -1 or (merged is None and x != -1):
                break
            sizes.append(None if x == -1 else merged)
        else:
            found[value] = tuple(sizes) if a.ndim else sizes[0]
    return found


def _symbols(plan: Plan) -> tuple[dict[Value, tuple[Size, ...]], tuple[int, ...]]:
    """For each feed with open dimensions, its sizes; and which feeds share their rows."""
    count = 1
    symbols: dict[Value, tuple[Size, ...]] = {}
    rows = []
    for position, value in enumerate(plan.feeds):
        dims = value.shape.dims
        if dims is None:
            continue
        sizes: list[Size] = []
        for axis, size in enumerate(dims):
            if size is not None:
                sizes.append(size)
            elif axis == 0:
                sizes.append(ROWS)
                rows.append(position)
            else:
                count += 1
                sizes.append(-count)
        symbols[value] = tuple(sizes)
    return symbols, tuple(rows)


def _merged(a: Size, b: Size, first: _Probe, second: _Probe) -> Size:
    if a is None or b is None:
        return None
    if a == b:
        return a
    symbol = first.symbol_of.get(a)
    if symbol is not None and second.symbol_of.get(b) == symbol:
        return symbol
    times = first.rows_in(a)
    return rows_times(times) if times is not None and times == second.rows_in(b) else None


class _Probe:
    """One evaluation of the shape rules, with one set of made-up sizes."""

    def __init__(self, plan: Plan, symbols: dict[Value, tuple[Size, ...]], base: int) -> None:
        self.base = base
        self.symbol_of: dict[int, int] = {}
        self.dims: dict[Value, tuple[Size, ...] | None] = {}
        self.numbers: dict[Value, Any] = {}
        self.exact: set[Value] = set()
        for value in plan.feeds:
            sizes = symbols.get(value)
            self.dims[value] = None if sizes is None else tuple(map(self._made_up, sizes))
        for node in plan.nodes:
            self._visit(node)

    def _made_up(self, size: Size) -> Size:
        if size is None or size >= 0:
            return size
        made_up = self.base - _STEP * size
        self.symbol_of[made_up] = size
        return made_up

    def rows_in(self, size: int) -> int | None:
        """How many times the made-up number of rows a size is."""
        times, rest = divmod(size, self.base - _STEP * ROWS)
        return int(times) if times > 0 and rest == 0 else None

    def dims_of(self, value: Value) -> tuple[Size, ...] | None:
        if value.constant is not None:
            return value.constant.shape  # type: ignore[no-any-return]
        return self.dims.get(value, value.shape.dims)

    def number_of(self, value: Value) -> Any:
        return value.constant if value.constant is not None else self.numbers.get(value)

    def _visit(self, node: Node) -> None:
        if node.type == LOAD or node.updates or node.bodies:
            for value in node.outputs:
                self.dims[value] = value.shape.dims
            return
        found = self._inferred(node) if self._is_generic(node) else None
        for index, value in enumerate(node.outputs):
            static = value.shape
            dims = found[index].dims if found is not None else None
            self.dims[value] = static.dims if dims is None else _combined(static, dims)
        self._follow_numbers(node)

    def _inferred(self, node: Node) -> Any:
        rule = node.opdef.shape_rule
        shapes = [Shape(self.dims_of(value)) for value in node.inputs]
        if rule is None or any(shape.rank is None for shape in shapes):
            return None
        if node.type in _BROADCASTING and not all(shape.is_fully_defined for shape in shapes):
            return None  # beside an open size, a made-up one would count as the larger
        code = rule.__code__
        names = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
        attrs = {name: node.attrs[name] for name in names}
        grouped = group(node.opdef.inputs, shapes, node.attrs)
        context = (_Context(self, node),) if code.co_varnames[:1] == ("ctx",) else ()
        try:
            result = rule(*context, *grouped, **attrs)
        except (ValueError, TypeError):
            return None  # two symbols met that need not be equal
        return (result,) if isinstance(result, Shape) else result

    def _follow_numbers(self, node: Node) -> None:
        if node.type in ("Shape", "Size"):
            dims = self.dims_of(node.inputs[0])
            if dims is not None and None not in dims:
                dtype = node.attrs["out_type"].np_dtype
                number: Any = dims if node.type == "Shape" else _product(dims)
                if np.max(number, initial=0) > np.iinfo(dtype).max:
                    return  # a product of made-up sizes
                self.numbers[node.outputs[0]] = np.asarray(number, dtype)
                self.exact.add(node.outputs[0])
            return
        if node.type not in _SHAPE_ARITHMETIC:
            return
        values = [self.number_of(value) for value in node.inputs]
        if any(v is None or v.size > _LARGEST_VALUE or v.dtype.kind not in "iu" for v in values):
            return
        results = evaluate(node.op, values)
        if results is not None:
            self.numbers.update(zip(node.outputs, results, strict=True))
            exact = all(v.constant is not None or v in self.exact for v in node.inputs)
            if node.type in _EXACT and exact:
                self.exact.update(node.outputs)

    def _is_generic(self, node: Node) -> bool:
        """Whether the shape of the result is made of sizes without comparing them."""
        if node.type == "Squeeze":
            return bool(node.attrs["squeeze_dims"])  # else it looks for sizes of 1
        if node.type == "StridedSlice":
            return self._leaves_symbols_whole(node)
        return node.type in GENERIC

    def _leaves_symbols_whole(self, node: Node) -> bool:
        """Whether a slice takes all or one of each dimension whose size is made up.

        Other bounds would be compared with the size: ``x[:5]`` of three rows has three.
        """
        dims = self.dims_of(node.inputs[0])
        bounds = [self.number_of(value) for value in node.inputs[1:]]
        if dims is None or any(bound is None for bound in bounds):
            return False
        masks = Masks(*[node.attrs[name] for name in MASKS])
        begin, end, strides = [bound.tolist() for bound in bounds]
        try:
            entries = entries_of(len(dims), begin, end, strides, masks)
        except ValueError:
            return False
        taken = [entry for entry in entries if entry is not None]
        return all(
            (size is not None and size < _LEAST)
            or isinstance(entry, Pick)
            or (entry.open_start and entry.open_stop and entry.step in (1, -1))
            for size, entry in zip(dims, taken, strict=True)
        )


class _Context:
    """What a shape rule may ask, answered with the made-up sizes."""

    def __init__(self, probe: _Probe, node: Node) -> None:
        self.probe = probe
        self.node = node
        self.attrs = node.attrs

    def constant(self, index: int) -> Any:
        return self.probe.number_of(self.node.inputs[index])

    def shape_value(self, index: int) -> Shape:
        number = self.constant(index)
        if number is not None:
            return Shape(tuple([None if size < 0 else int(size) for size in number.reshape(-1)]))
        dims = self.probe.dims_of(self.node.inputs[index])
        return unknown(dims[0]) if dims is not None and len(dims) == 1 else UNKNOWN


def _product(dims: tuple[Size, ...]) -> int:
    return math.prod(size for size in dims if size is not None)


def _combined(static: Shape, dims: tuple[Size, ...]) -> tuple[Size, ...]:
    """What is known statically, completed by what the rule found."""
    if static.dims is None or len(static.dims) != len(dims):
        return dims
    return tuple([b if a is None else a for a, b in zip(static.dims, dims, strict=True)])
