"""Coefficients of the polynomials behind the engine's functions.

Each row is the best polynomial (least largest error, by Remez' exchange in 60 digits) for the
function, interval and weight that its comment gives; the relative error against the function is
given for the coefficients before rounding. The constant coefficient comes first.
"""

from __future__ import annotations

from typing import Final

from tidefall.executor.kernels.vectors import FLOAT32, FLOAT64, DType

Table = dict[DType, tuple[float, ...]]

#: ``(exp(r) - 1 - r) / r**2`` for ``|r| <= log(2) / 2``: 3.6e-18 and 3.1e-9 of ``exp(r)``.
EXP: Final[Table] = {
    FLOAT64: (
        0.50000000000000106272, 0.16666666666666412513, 0.041666666666530158574,
        0.0083333333334944689894, 0.001388888894363006076, 0.00019841269506560535784,
        0.000024801493098985656186, 2.7557586391442471601e-6, 2.7630248346806859241e-7,
        2.5000055752202334149e-8,
    ),
    FLOAT32: (
        0.49999993449375927476, 0.16666520629540934341, 0.041668387753872547772,
        0.0083687170817135932776, 0.0013814612202451948094,
    ),
}  # fmt: skip

#: ``(log((1 + s) / (1 - s)) - 2 * s) / s**3`` in ``s**2``, for ``(1 + s) / (1 - s)`` between
#: the square roots of 1/2 and 2: 1.2e-18 and 8.1e-10 of the logarithm.
LOG: Final[Table] = {
    FLOAT64: (
        0.66666666666667345073, 0.39999999999413968192, 0.28571428742561473839,
        0.22222198553841327674, 0.18183565404597287156, 0.15314021184694575361,
        0.14796260509920934552,
    ),
    FLOAT32: (0.66666776449046691369, 0.39977532337183490536, 0.29871998054912565895),
}  # fmt: skip
