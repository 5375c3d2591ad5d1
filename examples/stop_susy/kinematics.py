"""Four-momenta as NumPy arrays, and the angles and masses made of them.

A momentum is the last axis of an array: ``(px, py, pz, e)`` in GeV.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def from_pt_eta_phi_m(pt: Array, eta: Array, phi: Array, m: Array | float) -> Array:
    """Momenta from transverse momentum, pseudorapidity, azimuth and mass."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + np.square(m))
    return np.stack([px, py, pz, energy], axis=-1)


def pt(p: Array) -> Array:
    """Transverse momentum."""
    return np.hypot(p[..., 0], p[..., 1])


def phi(p: Array) -> Array:
    """Azimuth in (-pi, pi]."""
    return np.arctan2(p[..., 1], p[..., 0])


def eta(p: Array) -> Array:
    """Pseudorapidity; a momentum along the beam gets a large finite value."""
    return np.arcsinh(p[..., 2] / np.maximum(pt(p), 1e-12))


def mass(p: Array) -> Array:
    """Invariant mass; zero where rounding made the square negative."""
    squared: Array = p[..., 3] ** 2 - np.sum(p[..., :3] ** 2, axis=-1)
    return np.sqrt(np.maximum(squared, 0.0))


def delta_phi(a: Array, b: Array) -> Array:
    """Difference of two azimuths, brought to [-pi, pi)."""
    return (a - b + np.pi) % (2 * np.pi) - np.pi


def delta_r(p: Array, axis: Array) -> Array:
    """Distance of momenta ``p`` from the direction of ``axis`` in the (eta, phi) plane."""
    return np.hypot(eta(p) - eta(axis), delta_phi(phi(p), phi(axis)))


def transverse_mass(lepton_pt: Array, lepton_phi: Array, met: Array, met_phi: Array) -> Array:
    """Mass of lepton and missing momentum, as far as the transverse plane shows it.

    For a single ``W -> l nu`` it ends at the mass of the W.
    """
    angle = delta_phi(lepton_phi, met_phi)
    squared: Array = 2 * lepton_pt * met * (1 - np.cos(angle))
    return np.sqrt(squared)
