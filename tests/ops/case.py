"""`case`: one line of a table that puts an op, or a function of ops, to every general test.

    case(tf.nn.softplus, floats(4, 3), expect=lambda x: np.logaddexp(x, 0))

calls ``tf.nn.softplus`` with placeholders for the inputs, runs it, and compares:

* the value with ``expect``, given the same arrays, in float64 and float32;
* static shapes and dtypes with the actual ones, for placeholders whose shape is known, whose rank
  is known, and of which nothing is known;
* first and second derivatives with central differences in a random direction, in float64;
* a second run with the first, bit for bit;
* the graph with itself after a round trip through ``GraphDef``.

At the tier "reference" every kernel on the way, gradients included, is held to `contract`.
What a case cannot promise it says in words: ``no_gradient="reason"``.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tidefall as tf
from tests.ops import contract, differences
from tests.ops.differences import Built as Built
from tests.ops.inputs import Array, Input
from tidefall.core import dtypes
from tidefall.gradients.walk import gradients
from tidefall.ir.tensor import Tensor

Tier = str

#: How far a value may be from the expected one, relative to the largest value, by dtype.
TOLERANCE = {
    "float64": 1e-12, "float32": 2e-6, "float16": 2e-3, "bfloat16": 2e-2,
    "complex128": 1e-12, "complex64": 2e-6,
}  # fmt: skip

_COMPLEX_OF = {"float64": np.complex128, "float32": np.complex64}


@dataclass
class Case:
    """See `case`, which makes one."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    expect: Any
    dtypes: tuple[str, ...]
    needs: str | None
    no_gradient: str | None
    no_second: str | None
    loose: tuple[float, str] | None
    tolerance: float | None
    label: str | None
    _known: dict[str, list[Array]] = field(default_factory=dict)

    def __str__(self) -> str:
        name = self.label or _name_of(self.function)
        parts = [str(each) for each in self.arguments]
        parts += [f"{key}={value}" for key, value in self.keywords.items()]
        text = f"{name} {' '.join(parts)}".strip().replace("::", ":")
        return re.sub(r" at 0x[0-9a-f]+", "", text)  # parallel test runs must agree on the names

    def check(self, tier: Tier) -> None:
        """Runs every test of the case at one tier."""
        arrays = self.draw()
        for dtype in self.variants():
            self._check_values(tier, dtype, arrays)
        if self.has_gradient():
            self._check_gradients(tier, arrays)

    def variants(self) -> tuple[str, ...]:
        """The floating dtypes the case runs with; one where its inputs fix them all."""
        free = any(each.dtype is None for each in self._inputs())
        return self.dtypes if free else self.dtypes[:1]

    def has_gradient(self) -> bool:
        """Whether derivatives are to be compared: some input can be moved in float64."""
        if self.no_gradient is not None or "float64" not in self.dtypes:
            return False
        return any(self._movable())

    def draw(self) -> list[Array]:
        """The inputs, floats in float64."""
        seed = zlib.crc32(str(self).encode())
        return [
            each.draw(np.random.default_rng([seed, index]))
            for index, each in enumerate(self._inputs())
        ]

    def build(self, dtype: str, arrays: list[Array], known: str = "shape") -> Built:
        """Calls the function in the current graph.

        Args:
          dtype: What floats are.
          arrays: The inputs.
          known: How much is known of the placeholders: their "shape", "rank" or "nothing".
        """
        feeds: dict[Tensor, Array] = {}
        inputs = []
        for index, (array, each) in enumerate(zip(arrays, self._inputs(), strict=True)):
            value = _as_variant(array, each.dtype, dtype)
            shape = {"shape": value.shape, "rank": [None] * value.ndim, "nothing": None}[known]
            kind = "string" if value.dtype.kind == "O" else value.dtype
            tensor = tf.placeholder(kind, shape, name=f"input_{index}")
            feeds[tensor] = value
            inputs.append(tensor)
        remaining = iter(inputs)
        arguments = [_replace(each, remaining) for each in self.arguments]
        keywords = {key: _replace(each, remaining) for key, each in self.keywords.items()}
        outputs = _flat(self.function(*arguments, **keywords))
        return Built(feeds, inputs, outputs)

    def types(self) -> set[str]:
        """The op types on the way, those of first derivatives and of vague shapes included."""
        arrays, dtype = self.draw(), self.dtypes[0]
        with tf.Graph().as_default() as graph:
            built = self.build(dtype, arrays)
            if self.has_gradient():
                ys = [y for y in built.outputs if y.dtype.is_floating or y.dtype.is_complex]
                xs = [x for x, moves in zip(built.inputs, self._movable(), strict=True) if moves]
                if xs and ys:
                    gradients(ys, xs, [tf.zeros_like(y) for y in ys])
            for known in self._vaguer(dtype):
                self.build(dtype, arrays, known)
            return {op.type for op in graph.get_operations()}

    def _inputs(self) -> list[Input]:
        return list(_inputs_in((*self.arguments, *self.keywords.values())))

    def _movable(self) -> list[bool]:
        return [
            each.random and each.dtype in (None, np.float64, np.complex128)
            for each in self._inputs()
        ]

    def _check_values(self, tier: Tier, dtype: str, arrays: list[Array]) -> None:
        """Values, static shapes and dtypes; all in one run, since making a plan takes longest."""
        with tf.Graph().as_default():
            built = self.build(dtype, arrays)
            others = [self.build(dtype, arrays, known) for known in self._vaguer(dtype)]
            with _session(tier) as run:
                results = _run_all(run, [built, *others])
                for each, values in zip((built, *others), results, strict=True):
                    _check_static(each.outputs, values)
                    self._compare(values, built.feeds, dtype)
                again = _run_all(run, [built, *others])
            _check_same(results[0], again[0], "a second run")
            if tier == "numpy" and dtype == self.dtypes[0]:
                _check_memory(results[0], built.feeds)
                _check_round_trip(built, [np.asarray(value) for value in results[0]])

    def _vaguer(self, dtype: str) -> list[str]:
        """How little may be known of the inputs' shapes besides everything."""
        if dtype != self.dtypes[0] or self.needs == "shape":
            return []
        return ["rank"] if self.needs == "rank" else ["rank", "nothing"]

    def _compare(self, values: list[Any], feeds: dict[Tensor, Array], dtype: str) -> None:
        if self.expect is None:
            return
        expected = self.expect
        if callable(expected):
            remaining = iter([_exact(value) for value in feeds.values()])
            used = [a for a in self.arguments if any(_inputs_in([a]))]
            used += [a for a in self.keywords.values() if any(_inputs_in([a]))]
            with np.errstate(all="ignore"):
                expected = expected(*[_replace(each, remaining) for each in used])
        several = isinstance(expected, tuple) or (
            isinstance(expected, list)
            and (len(values) > 1 or all(isinstance(each, np.ndarray) for each in expected))
        )
        wanted = list(expected) if several else [expected]
        assert len(wanted) == len(values), f"{len(values)} outputs, {len(wanted)} expected"
        for value, want in zip(values, wanted, strict=True):
            check_close(np.asarray(value), np.asarray(want), self._bound(value, dtype))

    def _bound(self, value: Any, dtype: str) -> float:
        kind = np.asarray(value).dtype.name
        if self.tolerance is not None and kind in ("float64", "complex128"):
            return self.tolerance
        floor = TOLERANCE[dtype] if self._feeds_floats() else 0.0
        return max(TOLERANCE.get(kind, 0.0), floor if kind in TOLERANCE else 0.0)

    def _feeds_floats(self) -> bool:
        return any(each.dtype is None for each in self._inputs())

    def _check_gradients(self, tier: Tier, arrays: list[Array]) -> None:
        """Derivatives of first and second order at float64."""
        with tf.Graph().as_default():
            built = self.build("float64", arrays)
            vague = self._vaguer("float64") if tier == "numpy" else []
            others = [self.build("float64", arrays, known) for known in vague]
            differences.check(
                built, others, self._movable(),
                bound=self.loose[0] if self.loose else 1e-6,
                second=self.no_second is None,
                runner=_session(tier),
                reference=tier != "numpy",
            )  # fmt: skip


def case(
    function: Callable[..., Any],
    *arguments: Any,
    expect: Any = None,
    dtypes: tuple[str, ...] = ("float64", "float32"),
    needs: str | None = None,
    no_gradient: str | None = None,
    no_second: str | None = None,
    loose: tuple[float, str] | None = None,
    tolerance: float | None = None,
    label: str | None = None,
    **keywords: Any,
) -> Case:
    """One op case.

    Args:
      function: What is tested; called with tensors for the `Input`s among the arguments (which
        may stand in lists, too) and with the other arguments as they are.
      *arguments: Its arguments.
      expect: The expected value, or a function that computes it from the inputs' arrays; for
        several outputs a tuple.
      dtypes: What inputs of no fixed dtype are, in turn. The first is run most thoroughly.
      needs: "rank" or "shape", where the function must know as much of its inputs to be built.
      no_gradient: Why derivatives are not compared.
      no_second: Why second derivatives are not compared.
      loose: A bound for derivatives other than 1e-6, and why.
      tolerance: How far float64 values may be off relative to the largest, if not 1e-12.
      label: The name of the case, if the function's own says little.
      **keywords: Keyword arguments of ``function``.
    """
    return Case(
        function, arguments, keywords, expect, dtypes, needs, no_gradient, no_second, loose,
        tolerance, label,
    )  # fmt: skip


def elementwise(
    function: Callable[..., Any],
    kind: Callable[..., Input],
    expect: Any,
    halves: tuple[str, ...] = ("float16", "bfloat16"),
    **options: Any,
) -> list[Case]:
    """Cases of a function of one tensor, element by element: matrix, scalar, empty, half floats."""
    shapes = [(4, 3), (), (0,), (2, 0, 3)]
    cases = [case(function, kind(*shape), expect=expect, **options) for shape in shapes]
    kept = {key: value for key, value in options.items() if key in ("tolerance", "label")}
    for name in halves:
        cases.append(case(function, kind(3), expect=expect, dtypes=(name,), **kept))
    return cases


def broadcasting(
    function: Callable[..., Any],
    kind: Callable[..., Input],
    expect: Any,
    halves: tuple[str, ...] = ("float16", "bfloat16"),
    other: Callable[..., Input] | None = None,
    **options: Any,
) -> list[Case]:
    """Cases of a function of two tensors that broadcast; ``other`` makes the second."""
    second = other or kind
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((2, 3), (2, 3)), ((4, 3), (3,)), ((), (2, 3)), ((3, 1), (1, 4)), ((), ()),
        ((2, 1, 3), (4, 1)), ((0, 3), (3,)), ((1,), (2, 0)),
    ]  # fmt: skip
    cases = [case(function, kind(*a), second(*b), expect=expect, **options) for a, b in pairs]
    kept = {key: value for key, value in options.items() if key in ("tolerance", "label")}
    for name in halves:
        cases.append(case(function, kind(2, 3), second(3), expect=expect, dtypes=(name,), **kept))
    return cases


@contextmanager
def _session(tier: Tier) -> Iterator[Callable[[list[Tensor], dict[Tensor, Any]], list[Any]]]:
    """How tensors are computed at a tier."""
    if tier == "reference":
        yield _by_contract
        return
    with tf.Session() as session:
        yield lambda fetches, feeds: session.run(fetches, feeds)


def _run_all(run: Callable[..., list[Any]], cases: list[Built]) -> list[list[Any]]:
    """The outputs of several graphs in one run."""
    feeds = {tensor: value for each in cases for tensor, value in each.feeds.items()}
    values = iter(run([output for each in cases for output in each.outputs], feeds))
    return [[next(values) for _ in each.outputs] for each in cases]


def _by_contract(fetches: list[Tensor], feeds: dict[Tensor, Any]) -> list[Any]:
    values = contract.evaluate(fetches, feeds)
    _check_same(values, contract.evaluate(fetches, feeds, boxed=False), "scalars instead of arrays")
    return values


def _name_of(function: Any) -> str:
    name = getattr(function, "__name__", None) or getattr(function, "name", None)
    return str(name or function)


def _inputs_in(items: Iterable[Any]) -> Iterator[Input]:
    for item in items:
        if isinstance(item, Input):
            yield item
        elif isinstance(item, (list, tuple)):
            yield from _inputs_in(item)


def _replace(item: Any, values: Iterator[Any]) -> Any:
    """``item`` with the inputs in it replaced by the next of ``values``."""
    if isinstance(item, Input):
        return next(values)
    if isinstance(item, (list, tuple)) and any(_inputs_in(item)):
        return type(item)([_replace(each, values) for each in item])
    return item


def _flat(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [item for each in value for item in _flat(each)]
    return [value]


def _as_variant(array: Array, fixed: Any, dtype: str) -> Array:
    if fixed is not None:
        return array.astype(fixed)
    if array.dtype.kind == "c":
        return array.astype(_COMPLEX_OF[dtype])
    return array.astype(dtypes.as_dtype(dtype).np_dtype)


def _exact(array: Array) -> Array:
    """The array in the precision the expected value is computed in."""
    if array.dtype.name in ("float32", "float16", "bfloat16"):
        return array.astype(np.float64)
    return array.astype(np.complex128) if array.dtype.kind == "c" else array


def _check_static(outputs: list[Tensor], values: list[Any]) -> None:
    for tensor, value in zip(outputs, values, strict=True):
        array = np.asarray(value)
        if tensor.dtype.base_dtype.name != "string":
            assert array.dtype == tensor.dtype.np_dtype, (
                f"{tensor.name} has dtype {array.dtype}, but {tensor.dtype.name} was inferred"
            )
        assert tensor.shape.is_compatible_with(array.shape), (
            f"{tensor.name} has shape {array.shape}, but {tensor.shape} was inferred"
        )


def _check_same(values: list[Any], others: list[Any], what: str) -> None:
    for value, other in zip(values, others, strict=True):
        first, second = np.asarray(value), np.asarray(other)
        if first.dtype.kind == "O":
            assert first.tolist() == second.tolist(), f"{what} gives other values"
        else:
            assert first.tobytes() == second.tobytes(), f"{what} gives other values"


def _check_memory(values: list[Any], feeds: dict[Tensor, Array]) -> None:
    for value in values:
        for given in feeds.values():
            assert not np.shares_memory(np.asarray(value), given), (
                "a fetch shares memory with a feed"
            )


def check_close(actual: Array, wanted: Array, bound: float) -> None:
    """Within ``bound`` of the largest finite magnitude; NaN and infinities in the same places."""
    assert actual.shape == wanted.shape, f"shape {actual.shape}, but {wanted.shape} expected"
    if actual.dtype.kind not in "fcV" and actual.dtype.name != "bfloat16":
        assert actual.tolist() == wanted.tolist()
        return
    exact = _exact(actual)
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = float(finite.max(initial=0.0)) or 1.0
    np.testing.assert_allclose(exact, wanted, rtol=bound, atol=bound * scale)


def _check_round_trip(built: Built, values: list[Array]) -> None:
    """The graph, written as a GraphDef and read again, is the same and gives the same."""
    import_graph_def = getattr(tf, "import_graph_def", None)
    if import_graph_def is None:
        return
    message = built.inputs[0].graph.as_graph_def() if built.inputs else None
    if message is None:
        return
    with tf.Graph().as_default() as graph:
        import_graph_def(message, name="")
        assert graph.as_graph_def() == message
        feeds = {tensor.name: value for tensor, value in built.feeds.items()}
        with tf.Session() as session:
            again = session.run([tensor.name for tensor in built.outputs], feeds)
    _check_same(values, again, "the graph after a round trip through GraphDef")
