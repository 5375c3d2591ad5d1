"""M_T2^W against its definition, its symmetries and the kinematics it was made for."""

from __future__ import annotations

from dataclasses import dataclass

import kinematics as k
import numpy as np
import pytest
from kinematics import Array
from mt2w import W_MASS, mt2w

TOP_MASS = 173.0
B_MASS = 4.7


@dataclass(frozen=True)
class LostLepton:
    """Top pairs, both with a leptonic W; the second lepton is lost."""

    lepton: Array
    neutrino: Array
    b_of_lepton: Array
    other_b: Array
    met: Array

    @property
    def mt2w(self) -> Array:
        return mt2w(self.lepton, self.b_of_lepton, self.other_b, self.met)


def top_pairs(events: int, seed: int) -> LostLepton:
    rng = np.random.default_rng(seed)
    first, second = _tops(rng, events), _tops(rng, events)
    w1, b1 = _decay(rng, first, W_MASS, B_MASS)
    w2, b2 = _decay(rng, second, W_MASS, B_MASS)
    lepton, neutrino = _decay(rng, w1, 0.0, 0.0)
    return LostLepton(lepton, neutrino, b1, b2, (neutrino + w2)[:, :2])


def _tops(rng: np.random.Generator, events: int) -> Array:
    pt, eta = rng.exponential(120.0, events) + 1, rng.normal(0.0, 1.0, events)
    return k.from_pt_eta_phi_m(pt, eta, rng.uniform(-np.pi, np.pi, events), TOP_MASS)


def _decay(rng: np.random.Generator, parent: Array, m1: float, m2: float) -> tuple[Array, Array]:
    """Two-body decays, even in all directions, boosted to where the parents move."""
    mass = k.mass(parent)
    q = np.sqrt((mass**2 - (m1 + m2) ** 2) * (mass**2 - (m1 - m2) ** 2)) / (2 * mass)
    direction = rng.normal(size=(len(parent), 3))
    at_rest = direction / np.linalg.norm(direction, axis=1, keepdims=True) * q[:, None]

    def boosted(p: Array, m: float) -> Array:
        energy = np.sqrt(q**2 + m**2)
        along = np.sum(parent[:, :3] * p, axis=1)
        factor = (along / (parent[:, 3] + mass) + energy) / mass
        return np.column_stack(
            [p + factor[:, None] * parent[:, :3], (parent[:, 3] * energy + along) / mass]
        )

    return boosted(at_rest, m1), boosted(-at_rest, m2)


def _directly(lepton: Array, b1: Array, b2: Array, met: Array, start: Array) -> float:
    """The definition itself, searched on a grid of neutrino momenta that closes in."""
    lepton_pt, lepton_eta = k.pt(lepton), k.eta(lepton)
    b2_et = np.hypot(k.mass(b2), k.pt(b2))
    b2_rapidity = np.arcsinh(b2[2] / b2_et)
    centre, reach, best = start, 200.0, np.inf
    offsets = np.linspace(-1, 1, 41)
    for _ in range(45):
        x, y = np.meshgrid(centre[0] + reach * offsets, centre[1] + reach * offsets)
        pt = np.hypot(x, y)
        cosh = (W_MASS**2 / 2 + lepton[0] * x + lepton[1] * y) / (lepton_pt * pt)
        gap = np.arccosh(np.maximum(cosh, 1))
        w2_et = np.sqrt(W_MASS**2 + (met[0] - x) ** 2 + (met[1] - y) ** 2)
        w2 = [met[0] - x, met[1] - y, w2_et * np.sinh(b2_rapidity), w2_et * np.cosh(b2_rapidity)]
        second = k.mass(np.stack(w2, axis=-1) + b2)
        for side in (-1, 1):
            neutrino = k.from_pt_eta_phi_m(pt, lepton_eta + side * gap, np.arctan2(y, x), 0.0)
            larger = np.maximum(k.mass(neutrino + lepton + b1), second)
            larger = np.where(cosh < 1, np.inf, larger)
            if larger.min() < best:
                best = float(larger.min())
                at = np.unravel_index(larger.argmin(), larger.shape)
                centre = np.array([x[at], y[at]])
        reach *= 0.7
    return best


def test_top_pairs_with_a_lost_lepton_end_at_the_top_mass() -> None:
    masses = top_pairs(4000, seed=1).mt2w
    assert masses.max() <= TOP_MASS * (1 + 1e-9)
    assert np.quantile(masses, 0.99) > TOP_MASS - 2
    assert masses.min() >= W_MASS + B_MASS - 1e-6


def test_more_missing_momentum_lifts_events_over_the_top_mass() -> None:
    pairs = top_pairs(1000, seed=2)
    harder = mt2w(pairs.lepton, pairs.b_of_lepton, pairs.other_b, -4 * pairs.met)
    assert np.mean(harder > TOP_MASS) > 0.3


@pytest.mark.parametrize("event", range(12))
def test_minimum_is_that_of_the_definition(event: int) -> None:
    pairs = top_pairs(12, seed=3)
    found = mt2w(pairs.lepton, pairs.b_of_lepton, pairs.other_b, pairs.met)[event]
    wanted = _directly(
        pairs.lepton[event],
        pairs.b_of_lepton[event],
        pairs.other_b[event],
        pairs.met[event],
        pairs.neutrino[event, :2],
    )
    assert found == pytest.approx(wanted, rel=1e-5)
    assert found <= wanted + 1e-6


def test_one_assignment_alone_is_not_symmetric_in_the_b_jets() -> None:
    pairs = top_pairs(100, seed=4)
    swapped = mt2w(pairs.lepton, pairs.other_b, pairs.b_of_lepton, pairs.met)
    assert not np.allclose(swapped, pairs.mt2w)


def test_boost_along_the_beam_and_rotation_change_nothing() -> None:
    pairs = top_pairs(200, seed=5)
    cosh, sinh, cos, sin = np.cosh(0.7), np.sinh(0.7), np.cos(1.1), np.sin(1.1)

    def moved(p: Array) -> Array:
        px, py, pz, e = p.T
        return np.stack(
            [cos * px - sin * py, sin * px + cos * py, cosh * pz + sinh * e, cosh * e + sinh * pz],
            axis=-1,
        )

    met = pairs.met @ np.array([[cos, sin], [-sin, cos]])
    moved_masses = mt2w(moved(pairs.lepton), moved(pairs.b_of_lepton), moved(pairs.other_b), met)
    np.testing.assert_allclose(moved_masses, pairs.mt2w, rtol=1e-7)


def test_mirror_image_has_the_same_value() -> None:
    pairs = top_pairs(200, seed=6)
    mirror = np.array([1.0, -1.0, 1.0, 1.0])
    mirrored = mt2w(
        pairs.lepton * mirror,
        pairs.b_of_lepton * mirror,
        pairs.other_b * mirror,
        pairs.met * mirror[:2],
    )
    np.testing.assert_allclose(mirrored, pairs.mt2w, rtol=1e-7)
