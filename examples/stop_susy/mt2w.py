r"""The variable M_T2^W of Bai, Cheng, Gallicchio and Gu (arXiv:1203.4813).

It asks: suppose the event is a pair of equal heavy particles, each decaying to ``b W``; one W
gave the lepton we see, the lepton of the other W was lost, and the missing momentum is that
neutrino and that whole W. What is the smallest mass the heavy particles can have? For top
pairs with a lost lepton the answer cannot exceed the mass of the top. Signal events, with more
missing momentum than that, often need a larger mass.

With ``l`` the lepton, ``p1`` its neutrino, ``p2`` the W whose lepton was lost:

    minimise   m
    such that  p1^2 = 0,   (p1 + l)^2 = p2^2 = M_W^2,   p1_T + p2_T = missing momentum,
               (p1 + l + b1)^2 <= m^2   and   (p2 + b2)^2 <= m^2.

How it is solved here. A boost along the beam and a rotation bring the lepton to ``(L, 0, 0)``.
With ``a = M_W^2 / (2 L)`` the W constraint makes the neutrino ``(u, v, w)`` satisfy

    v^2 + w^2 = 2 a u + a^2,    E = u + a,

so that ``(v, w)`` are free and ``(p1 + l) . b1`` is a quadratic in them, the same in all
directions: the points below a given mass are a disc. The best ``p2_z`` for the second mass is
known in closed form, which leaves the convex function ``E_T2 E_Tb - p2_T . b_T`` of ``p1_T``.
The larger of the two is convex in the transverse neutrino momentum ``(u, v)``; at fixed ``v``
a larger ``|w|`` means a larger ``u``, so the function has one minimum in ``|w|`` and, after
that is taken, one minimum in ``v``. Two nested golden-section searches find it, for all events
at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from kinematics import Array, mass

W_MASS = 80.4
_GOLDEN = (np.sqrt(5) - 1) / 2
_STEPS = 45  # shrinks the first interval by 0.618^45, about 4e-10


def mt2w(lepton: Array, b_of_lepton: Array, other_b: Array, met: Array) -> Array:
    """M_T2^W for one assignment of the b jets to the two decays.

    Args:
      lepton: ``[n, 4]`` momenta of the lepton, whose mass is neglected.
      b_of_lepton: ``[n, 4]`` momenta of the b jet beside the lepton.
      other_b: ``[n, 4]`` momenta of the b jet beside the lost W.
      met: ``[n, 2]`` missing transverse momentum.

    Returns:
      ``[n]`` masses in GeV.
    """
    return _Problem(lepton, b_of_lepton, other_b, met).solve()


class _Problem:
    """The minimisation in the frame where the lepton is ``(L, 0, 0, L)``."""

    def __init__(self, lepton: Array, b1: Array, b2: Array, met: Array) -> None:
        lepton_pt = np.hypot(lepton[:, 0], lepton[:, 1])
        cos, sin = lepton[:, 0] / lepton_pt, lepton[:, 1] / lepton_pt
        sinh = lepton[:, 2] / lepton_pt
        cosh = np.sqrt(1 + sinh**2)

        b1x, b1y = _rotated(b1, cos, sin)
        b1z, b1e = cosh * b1[:, 2] - sinh * b1[:, 3], cosh * b1[:, 3] - sinh * b1[:, 2]
        self.b2x, self.b2y = _rotated(b2, cos, sin)
        self.met_x, self.met_y = _rotated(met, cos, sin)
        self.mass1, self.mass2 = mass(b1), mass(b2)
        self.b2_et = np.sqrt(self.mass2**2 + b2[:, 0] ** 2 + b2[:, 1] ** 2)
        self.a = W_MASS**2 / (2 * lepton_pt)

        # (p1 + l) . b1 = floor + slope * ((v - v0)^2 + (w - w0)^2): a paraboloid over (v, w).
        # The z axis is turned so that the b jet, and with it the best neutrino, has z >= 0.
        lightcone = np.maximum(b1e - b1x, 1e-9 * b1e)  # zero only if parallel and massless
        self.slope = lightcone / (2 * self.a)
        self.v0 = b1y / (2 * self.slope)
        self.w0 = np.abs(b1z) / (2 * self.slope)
        at_origin = (lepton_pt + self.a) * b1e - lepton_pt * b1x - lightcone * self.a / 2
        self.floor = at_origin - self.slope * (self.v0**2 + self.w0**2)

    def solve(self) -> Array:
        # No point outside the disc in which the first mass alone is below that of a known point
        # can be the minimum.
        known = self.squared_mass(self.v0, self.w0)
        reach = (known - W_MASS**2 - self.mass1**2) / 2 - self.floor
        radius = np.sqrt(np.maximum(reach, 0.0) / self.slope)

        def best_at(v: Array) -> Array:
            half = np.sqrt(np.maximum(radius**2 - (v - self.v0) ** 2, 0.0))
            low, high = np.maximum(self.w0 - half, 0.0), self.w0 + half
            return _minimum(lambda w: self.squared_mass(v, w), low, high)

        return np.sqrt(_minimum(best_at, self.v0 - radius, self.v0 + radius))

    def squared_mass(self, v: Array, w: Array) -> Array:
        """The larger of the two squared masses for the neutrino given by ``(v, w)``."""
        first = self.floor + self.slope * ((v - self.v0) ** 2 + (w - self.w0) ** 2)
        p2x = self.met_x - (v**2 + w**2 - self.a**2) / (2 * self.a)
        p2y = self.met_y - v
        p2_et = np.sqrt(W_MASS**2 + p2x**2 + p2y**2)
        second = p2_et * self.b2_et - p2x * self.b2x - p2y * self.b2y
        larger = np.maximum(self.mass1**2 + 2 * first, self.mass2**2 + 2 * second)
        return W_MASS**2 + larger


def _rotated(p: Array, cos: Array, sin: Array) -> tuple[Array, Array]:
    """Transverse components along the direction ``(cos, sin)`` and across it."""
    return cos * p[:, 0] + sin * p[:, 1], cos * p[:, 1] - sin * p[:, 0]


def _minimum(f: Callable[[Array], Array], low: Array, high: Array) -> Array:
    """Smallest value of a function with one minimum, in each interval of two arrays."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    f_left, f_right = f(left), f(right)
    for _ in range(_STEPS):
        keep_left = f_left < f_right
        low, high = np.where(keep_left, low, left), np.where(keep_left, right, high)
        probe = np.where(keep_left, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        f_probe = f(probe)
        left, right = np.where(keep_left, probe, right), np.where(keep_left, left, probe)
        f_left, f_right = (
            np.where(keep_left, f_probe, f_right),
            np.where(keep_left, f_left, f_probe),
        )
    return np.minimum(f_left, f_right)
