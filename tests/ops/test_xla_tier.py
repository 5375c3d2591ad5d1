"""The op cases at the XLA tier, against tier 0; many in one graph, since compiling takes long."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import TOLERANCE, Built, Case, check_close
from tidefall.ir.tensor import Tensor

jax = pytest.importorskip("jax")
from tidefall.executor.pieces import stays_in_python  # noqa: E402

CHUNK = 60
DERIVATIVE = "derivative"
#: Families of which each case takes a second or more to compile.
COSTLY = {"linalg", "special"}
HERE = Path(__file__).parent

#: Ops that are not compiled although their kernels are written against the namespace, and why.
IN_PYTHON: dict[str, str] = {
    "DynamicStitch": "the size of the result is the largest index",
    "ParallelDynamicStitch": "the size of the result is the largest index",
    "Range": "in these cases the limit is computed from data",
}

#: Cases whose results differ, and why.
DIFFERENT: dict[str, str] = {
    "cast special(nan, inf, -inf) <dtype: 'int32'>": "C leaves open what integer NaN becomes",
}


def _few_of_each(cases: list[Case]) -> list[Case]:
    """At most two cases of each function."""
    met: Counter[str] = Counter()
    kept = []
    for each in cases:
        function = str(each).split()[0]
        met[function] += 1
        if met[function] <= 2:
            kept.append(each)
    return kept


@cache
def tables() -> dict[str, list[Case]]:
    """The cases of every family."""
    found = {}
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.ops.{path.stem}")
        cases = [each for each in getattr(module, "CASES", ()) if isinstance(each, Case)]
        family = path.stem.removeprefix("test_")
        if cases:
            found[family] = _few_of_each(cases) if family in COSTLY else cases
    return found


def chunks() -> Iterator[Any]:
    for family, cases in tables().items():
        for start in range(0, len(cases), CHUNK):
            yield pytest.param(cases[start : start + CHUNK], id=f"{family}-{start}")


def _gradients(each: Case, dtype: str, built: Built) -> list[Tensor]:
    """The derivatives of a case's results by its inputs of double precision."""
    inputs = [tensor for tensor in built.inputs if tensor.dtype is tf.float64]
    outputs = [tensor for tensor in built.outputs if tensor.dtype is tf.float64]
    if dtype != "float64" or not (each.has_gradient() and inputs and outputs):
        return []
    weights = [tf.cos(tensor) for tensor in outputs]
    found = tf.gradients(outputs, inputs, weights)
    return [tf.identity(each, DERIVATIVE) for each in found if isinstance(each, Tensor)]


def run_at_both(
    cases: list[Case], dtypes: int, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[tuple[Case, Tensor, Any, Any]], Any]:
    """What the outputs of the cases are at the two tiers, and the XLA program."""
    feeds: dict[Tensor, Any] = {}
    outputs: list[tuple[Case, Tensor]] = []
    for each in cases:
        for dtype in each.variants()[:dtypes]:
            built = each.build(dtype, each.draw())
            feeds.update(built.feeds)
            outputs.extend((each, tensor) for tensor in built.outputs)
            outputs.extend((each, tensor) for tensor in _gradients(each, dtype, built))
    tensors = [tensor for _, tensor in outputs]
    results = []
    program: Any = None
    for tier in ("numpy", "xla"):
        monkeypatch.setenv("TIDEFALL_TIER", tier)
        with tf.Session() as session:
            results.append(session.run(tensors, feeds))
            program = next(iter(session._bound.values()))
    rows = zip(outputs, *results, strict=True)
    return [(each, tensor, a, b) for (each, tensor), a, b in rows], program


def compare(rows: list[tuple[Case, Tensor, Any, Any]]) -> None:
    """Holds the values of the two tiers against each other."""
    wrong = []
    for each, tensor, plain, compiled in rows:
        a, b = np.asarray(plain), np.asarray(compiled)
        try:
            assert a.dtype == b.dtype, f"{b.dtype} instead of {a.dtype}"
            assert a.shape == b.shape, f"{b.shape} instead of {a.shape}"
            if a.dtype.kind == "O":
                assert a.tolist() == b.tolist()
            elif tensor.op.name.startswith(DERIVATIVE):
                np.testing.assert_allclose(
                    b, a, 1e-11, 1e-11 * max(np.abs(a).max(initial=1.0), 1.0)
                )
            else:
                check_close(b, a, TOLERANCE.get(a.dtype.name, 0.0))
        except AssertionError as error:
            if str(each) not in DIFFERENT:
                wrong.append(f"{each} ({tensor.op.type}): {error}")
    assert not wrong, "\n".join(wrong)


def check_compiled(program: Any) -> None:
    """Whether everything was compiled that can be."""
    surprising = {
        node.type: why
        for node, why in program.in_python.items()
        if not stays_in_python(node) and node.type not in IN_PYTHON
    }
    assert not surprising


@pytest.fixture
def _quick_compiler() -> Iterator[None]:
    """Leaves out most optimizations, which halves the time; the sample has them all."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.slow
@pytest.mark.usefixtures("_quick_compiler")
@pytest.mark.parametrize("cases", list(chunks()))
def test_ops_agree_with_tier_0(cases: list[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    rows, program = run_at_both(cases, 1, monkeypatch)
    compare(rows)
    check_compiled(program)


def test_a_sample_of_ops_agrees_with_tier_0(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        each for family, table in tables().items() if family not in COSTLY for each in table[5::23]
    ]
    rows, program = run_at_both(cases, 2, monkeypatch)
    compare(rows)
    check_compiled(program)
