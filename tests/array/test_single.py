"""Single-precision functions: correct to less than the last bit, the same in every namespace."""

from typing import Any

import numpy as np

from tests.array.plain import plain
from tidefall.array import numpy as xp
from tidefall.array import single

UNIT = (np.arange(0, 1 << 23, 97, dtype=np.uint32) | 0x3F800000).view(np.float32) - 1
POSITIVE = np.maximum(UNIT, np.float32(1e-7))
ANGLES = (2 * np.pi * UNIT.astype(np.float64)).astype(np.float32)


def ulps(found: Any, exact: Any) -> Any:
    """The error in units of the last place of the exact result."""
    spacing = np.spacing(np.abs(exact).astype(np.float32)).astype(np.float64)
    return np.abs(found.astype(np.float64) - exact) / spacing


def test_logarithm() -> None:
    assert ulps(single.log(xp, POSITIVE), np.log(POSITIVE.astype(np.float64))).max() < 0.82


def test_sine_and_cosine() -> None:
    sine, cosine = single.sin_cos(xp, ANGLES)
    wide = ANGLES.astype(np.float64)
    assert ulps(sine, np.sin(wide)).max() < 0.57
    assert ulps(cosine, np.cos(wide)).max() < 0.57


# Arguments and results of glibc 2.36, as bits, where the result is not the nearest number.
def test_the_results_are_those_of_the_c_library() -> None:
    x = np.array([973836288, 1058876612, 1061947696, 1063905776], np.uint32).view(np.float32)
    logarithms = [3237034091, 3204039512, 3194508195, 3183003577]
    assert single.log(xp, x).view(np.uint32).tolist() == logarithms
    x = np.array([1009207857, 1075472974, 1079487157, 1085781422], np.uint32).view(np.float32)
    sine, cosine = single.sin_cos(xp, x)
    assert sine.view(np.uint32).tolist() == [1009207667, 1059749886, 3194464202, 3204717883]
    assert cosine.view(np.uint32).tolist() == [1065352341, 3208574410, 3212401912, 1062946454]


def test_every_namespace_computes_the_same_bits() -> None:
    for found, other in zip(
        (single.log(xp, POSITIVE), *single.sin_cos(xp, ANGLES)),
        (single.log(plain, POSITIVE), *single.sin_cos(plain, ANGLES)),
        strict=True,
    ):
        assert found.tobytes() == other.tobytes()
