"""From the particles of a collision to one row of the table, or to nothing.

The selection is that of a search in events with one lepton; see ``README.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import kinematics as k
import numpy as np
from detector import ELECTRON, MUON, Detector
from kinematics import Array
from mt2w import mt2w
from numpy.typing import NDArray

LEPTON_PT, LEPTON_ETA = 30.0, 2.4
VETO_PT, VETO_ETA = 10.0, 2.4
ISOLATION_CONE, ISOLATION = 0.3, 0.15
DRESSING_CONE = 0.1
JET_PT, JET_ETA, JET_RADIUS = 30.0, 2.4, 0.4
SOFT_JET_PT = 15.0
ACCEPTANCE = 5.0
TAG_CONE, TAG_PT = 0.3, 5.0
MIN_JETS, MIN_B_JETS, MIN_MET = 2, 1, 80.0
JETS_IN_TABLE = 3
LEADING_FOR_MT2W = 3

COLUMNS = (
    ["signal", "HT", "MET", "METPhi", "MT", "MT2W", "n_jet", "n_bjet"]
    + [f"sel_lep_{name}0" for name in ("pt", "eta", "phi")]
    + [f"selJet_{name}{i}" for i in range(JETS_IN_TABLE) for name in ("phi", "pt", "eta", "m")]
)


@dataclass(frozen=True)
class Event:
    """What reaches the detector: visible particles, and the heavy hadrons among their parents."""

    codes: NDArray[np.int64]  # [n] particle numbers without sign
    momenta: Array  # [n, 4]
    b_hadrons: Array  # [m, 4]
    c_hadrons: Array  # [m, 4]


@dataclass(frozen=True)
class LeptonEvent:
    """An event with exactly one good lepton, and the particles left over for jets."""

    lepton: Array  # [4], measured
    rest: Array  # [n, 4], true
    event: Event


@dataclass(frozen=True)
class Selected:
    """An event that passed everything; jets are ordered by pt, the largest first."""

    lepton: Array  # [4]
    jets: Array  # [n, 4]
    b_tags: NDArray[np.bool_]  # [n]
    met: Array  # [2]


def single_lepton(event: Event, detector: Detector) -> LeptonEvent | None:
    """Finds the lepton; None if there is no good one or a second one beside it."""
    in_reach = np.abs(k.eta(event.momenta)) < ACCEPTANCE
    codes, particles = event.codes[in_reach], event.momenta[in_reach]
    charged = np.isin(codes, (ELECTRON, MUON)) & (k.pt(particles) > VETO_PT)
    found: tuple[Array, NDArray[np.bool_]] | None = None
    for i in np.flatnonzero(charged).tolist():
        lepton, used = _dressed(i, codes, particles)
        if abs(k.eta(lepton)) > VETO_ETA or not _isolated(lepton, particles[~used]):
            continue
        if not detector.finds_lepton(int(codes[i])):
            continue
        if found is not None:
            return None
        found = detector.lepton(lepton, int(codes[i])), used
    if found is None or k.pt(found[0]) < LEPTON_PT or abs(k.eta(found[0])) > LEPTON_ETA:
        return None
    return LeptonEvent(found[0], particles[~found[1]], event)


def _dressed(i: int, codes: NDArray[np.int64], particles: Array) -> tuple[Array, NDArray[np.bool_]]:
    """A lepton with the photons around it, and which particles that took."""
    used = (codes == 22) & (k.delta_r(particles, particles[i]) < DRESSING_CONE)
    used[i] = True
    return particles[used].sum(axis=0), used


def _isolated(lepton: Array, others: Array) -> bool:
    around = k.delta_r(others, lepton) < ISOLATION_CONE
    return bool(k.pt(others[around]).sum() < ISOLATION * k.pt(lepton))


def select(found: LeptonEvent, jets: Array, detector: Detector) -> Selected | None:
    """Measures the jets and the missing momentum, and applies the remaining cuts.

    Args:
      found: The event with its lepton.
      jets: ``[n, 4]`` true jets of the particles left over, above ``SOFT_JET_PT``.
      detector: What blurs them.
    """
    measured = detector.jets(jets)
    soft = detector.soft_part(
        found.rest.sum(axis=0) - jets.sum(axis=0), k.pt(found.rest).sum() - k.pt(jets).sum()
    )
    met = -(found.lepton[:2] + measured[:, :2].sum(axis=0) + soft)
    if np.hypot(*met) < MIN_MET:
        return None
    good = (k.pt(measured) > JET_PT) & (np.abs(k.eta(measured)) < JET_ETA)
    jets, measured = jets[good], measured[good]
    tags = detector.b_tags(
        _near_any(jets, found.event.b_hadrons), _near_any(jets, found.event.c_hadrons)
    )
    if len(jets) < MIN_JETS or tags.sum() < MIN_B_JETS:
        return None
    order = np.argsort(-k.pt(measured))
    return Selected(found.lepton, measured[order], tags[order], met)


def _near_any(jets: Array, hadrons: Array) -> NDArray[np.bool_]:
    hard = hadrons[k.pt(hadrons) > TAG_PT]
    near = [bool((k.delta_r(hard, jet) < TAG_CONE).any()) for jet in jets]
    return np.array(near, dtype=bool)


def table(events: list[Selected], *, signal: bool) -> dict[str, NDArray[np.float32]]:
    """The columns of the finished table; a jet that is missing has four zeros."""
    lepton = np.array([event.lepton for event in events])
    met_xy = np.array([event.met for event in events])
    met, met_phi = np.hypot(met_xy[:, 0], met_xy[:, 1]), np.arctan2(met_xy[:, 1], met_xy[:, 0])
    columns: dict[str, Array] = {
        "signal": np.full(len(events), float(signal)),
        "HT": np.array([k.pt(event.jets).sum() for event in events]),
        "MET": met,
        "METPhi": met_phi,
        "MT": k.transverse_mass(k.pt(lepton), k.phi(lepton), met, met_phi),
        "MT2W": mt2w_of_events(events),
        "n_jet": np.array([float(len(event.jets)) for event in events]),
        "n_bjet": np.array([float(event.b_tags.sum()) for event in events]),
        "sel_lep_pt0": k.pt(lepton),
        "sel_lep_eta0": k.eta(lepton),
        "sel_lep_phi0": k.phi(lepton),
    }
    for i in range(JETS_IN_TABLE):
        there = np.array([len(event.jets) > i for event in events])
        jet = np.array([event.jets[i] if len(event.jets) > i else np.zeros(4) for event in events])
        for name, of in (("phi", k.phi), ("pt", k.pt), ("eta", k.eta), ("m", k.mass)):
            columns[f"selJet_{name}{i}"] = np.where(there, of(jet), 0.0)
    return {name: columns[name].astype(np.float32) for name in COLUMNS}


def mt2w_of_events(events: list[Selected]) -> Array:
    """The smallest M_T2^W over the ways to take two jets of each event for the b jets."""
    owners, firsts, seconds = [], [], []
    for owner, event in enumerate(events):
        for first, second in b_assignments(event.b_tags):
            owners.append(owner)
            firsts.append(event.jets[first])
            seconds.append(event.jets[second])
    leptons = np.array([event.lepton for event in events])[owners]
    mets = np.array([event.met for event in events])[owners]
    candidates = np.stack([np.array(firsts), np.array(seconds), leptons])
    masses = np.concatenate(
        [  # in pieces that stay in the processor's cache
            mt2w(lepton, first, second, met)
            for (first, second, lepton), met in zip(
                (candidates[:, i : i + 2048] for i in range(0, len(owners), 2048)),
                (mets[i : i + 2048] for i in range(0, len(owners), 2048)),
                strict=True,
            )
        ]
    )
    smallest = np.full(len(events), np.inf)
    np.minimum.at(smallest, owners, masses)
    return smallest


def b_assignments(tags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The ordered pairs of jets that may be the b jets of the two decays.

    With two or more tags these are all pairs of tagged jets; with one, that jet and each of the
    three leading others; with none, all pairs of the three leading jets.
    """
    tagged, others = np.flatnonzero(tags), np.flatnonzero(~tags)[:LEADING_FOR_MT2W]
    if len(tagged) >= 2:
        pairs = list(combinations(tagged, 2))
    elif len(tagged) == 1:
        pairs = [(tagged[0], other) for other in others]
    else:
        pairs = list(combinations(others, 2))
    return [(int(i), int(j)) for pair in pairs for i, j in permutations(pair)]
