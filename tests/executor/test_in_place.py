"""Update rules without temporaries against the kernels of the same name, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tidefall.array import numpy as xp
from tidefall.executor import in_place
from tidefall.ir.opdef import by_name


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("name", "states", "numbers"),
    [("Adam", 3, (0.81, 0.97, 0.01, 0.9, 0.99, 1e-8)), ("GradientDescent", 1, (0.3,))],
)
def test_the_rule_gives_the_kernels_bits(name: str, states: int, numbers: Any, dtype: Any) -> None:
    rng = np.random.default_rng(3)
    arrays = [np.abs(rng.standard_normal(1000)).astype(dtype) for _ in range(states)]
    grad = rng.standard_normal(1000).astype(dtype)
    hyper = [dtype(number) for number in numbers]
    kernel: Any = by_name(f"Apply{name}").kernel
    expected = kernel(xp, *arrays, *hyper, grad)
    rule: Any = in_place.rule_of(f"Apply{name}", {})
    rule(*arrays, *hyper, grad, np.empty_like(grad))
    for found, wanted in zip(arrays, expected if states > 1 else [expected], strict=True):
        np.testing.assert_array_equal(found, np.ravel(wanted))
