"""A detector reduced to its resolutions and efficiencies.

The figures are round numbers of the size that the LHC's general-purpose detectors reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from kinematics import Array, pt
from numpy.typing import NDArray

ELECTRON, MUON = 11, 13
LEPTON_EFFICIENCY = {ELECTRON: 0.85, MUON: 0.95}
LEPTON_RESOLUTION = {ELECTRON: 0.02, MUON: 0.015}
JET_STOCHASTIC, JET_CONSTANT = 0.8, 0.04  # sigma / pt = 0.8 / sqrt(pt) (+) 0.04
SOFT_STOCHASTIC, SOFT_PILE_UP = 0.5, 10.0  # sigma = 0.5 * sqrt(sum pt) (+) 10 GeV, x and y each
B_TAG_EFFICIENCY, C_TAG_RATE, LIGHT_TAG_RATE = 0.70, 0.12, 0.01


@dataclass(frozen=True)
class Detector:
    """Blurs true momenta with its own stream of random numbers."""

    random: np.random.Generator

    def finds_lepton(self, code: int) -> bool:
        """Whether an isolated electron or muon is recognised as one."""
        return bool(self.random.random() < LEPTON_EFFICIENCY[code])

    def lepton(self, momentum: Array, code: int) -> Array:
        """The measured momentum of an electron or muon."""
        return momentum * self.random.normal(1.0, LEPTON_RESOLUTION[code])

    def jets(self, momenta: Array) -> Array:
        """The measured momenta of jets ``[n, 4]``; the mass scales with the momentum."""
        width = np.hypot(JET_STOCHASTIC / np.sqrt(pt(momenta)), JET_CONSTANT)
        scale = np.maximum(self.random.normal(1.0, width), 0.0)
        return momenta * scale[:, np.newaxis]

    def soft_part(self, momentum: Array, sum_pt: float) -> Array:
        """The measured transverse momentum ``[2]`` of all that is in no jet and no lepton."""
        width = np.hypot(SOFT_STOCHASTIC * np.sqrt(max(sum_pt, 0.0)), SOFT_PILE_UP)
        return momentum[:2] + self.random.normal(0.0, width, size=2)

    def b_tags(self, is_b: NDArray[np.bool_], is_c: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which jets are taken for b jets, given what they truly are."""
        rate = np.where(is_b, B_TAG_EFFICIENCY, np.where(is_c, C_TAG_RATE, LIGHT_TAG_RATE))
        tagged: NDArray[np.bool_] = self.random.random(rate.shape) < rate
        return tagged
