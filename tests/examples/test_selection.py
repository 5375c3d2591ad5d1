"""The selection of the stop example, on events made by hand and a detector without errors."""

from __future__ import annotations

import kinematics as k
import numpy as np
import pytest
from detector import ELECTRON, MUON, Detector
from kinematics import Array
from numpy.typing import NDArray
from selection import (
    COLUMNS,
    Event,
    LeptonEvent,
    Selected,
    b_assignments,
    select,
    single_lepton,
    table,
)

PHOTON, PION = 22, 211
NOTHING: Array = np.zeros((0, 4))


class Perfect(Detector):
    """Measures what is there; tags every b jet and no other."""

    def __init__(self) -> None:
        super().__init__(np.random.default_rng(0))

    def finds_lepton(self, code: int) -> bool:
        return True

    def lepton(self, momentum: Array, code: int) -> Array:
        return momentum

    def jets(self, momenta: Array) -> Array:
        return momenta

    def soft_part(self, momentum: Array, sum_pt: float) -> Array:
        return momentum[:2]

    def b_tags(self, is_b: NDArray[np.bool_], is_c: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return is_b


def p4(pt: float, eta: float, phi: float, m: float = 0.0) -> Array:
    return k.from_pt_eta_phi_m(np.array(pt), np.array(eta), np.array(phi), m)


def event(*particles: tuple[int, Array]) -> Event:
    codes = np.array([code for code, _ in particles])
    return Event(codes, np.array([p for _, p in particles]), NOTHING, NOTHING)


def with_jets(*jets: Array, b_hadrons: Array = NOTHING) -> tuple[LeptonEvent, Array]:
    """An event with a muon of 50 GeV along x and the given jets, each of one particle."""
    all_jets = np.array(jets)
    muon = p4(50, 0.0, 0.0)
    codes = np.array([MUON] + [PION] * len(jets))
    whole = Event(codes, np.vstack([muon, all_jets]), b_hadrons, NOTHING)
    return LeptonEvent(muon, all_jets, whole), all_jets


def test_isolated_lepton_is_found_and_taken_out_of_the_rest() -> None:
    muon, pion = p4(40, 0.5, 1.0), p4(20, -1.0, 2.0)
    found = single_lepton(event((PION, pion), (MUON, muon)), Perfect())
    assert found is not None
    np.testing.assert_allclose(found.lepton, muon)
    np.testing.assert_allclose(found.rest, [pion])


@pytest.mark.parametrize(
    ("pt", "eta"), [(29.0, 0.0), (40.0, 2.5), (40.0, -2.5)], ids=["soft", "forward", "backward"]
)
def test_lepton_outside_the_cuts_is_refused(pt: float, eta: float) -> None:
    assert single_lepton(event((ELECTRON, p4(pt, eta, 0.3))), Perfect()) is None


def test_lepton_inside_a_jet_is_refused() -> None:
    near = (PION, p4(10, 0.1, 0.1))
    assert single_lepton(event((MUON, p4(40, 0.0, 0.0)), near), Perfect()) is None


def test_second_isolated_lepton_is_a_veto() -> None:
    two = event((MUON, p4(40, 0.0, 0.0)), (ELECTRON, p4(12, 1.0, 2.0)))
    assert single_lepton(two, Perfect()) is None


def test_second_lepton_that_is_too_soft_or_not_isolated_is_no_veto() -> None:
    soft = event((MUON, p4(40, 0.0, 0.0)), (ELECTRON, p4(9, 1.0, 2.0)))
    assert single_lepton(soft, Perfect()) is not None
    in_jet = event((MUON, p4(40, 0.0, 0.0)), (ELECTRON, p4(12, 1.0, 2.0)), (PION, p4(30, 1.1, 2.0)))
    assert single_lepton(in_jet, Perfect()) is not None


def test_lost_second_lepton_is_no_veto() -> None:
    class FindsMuonsOnly(Perfect):
        def finds_lepton(self, code: int) -> bool:
            return code == MUON

    two = event((MUON, p4(40, 0.0, 0.0)), (ELECTRON, p4(60, 1.0, 2.0)))
    found = single_lepton(two, FindsMuonsOnly())
    assert found is not None
    assert len(found.rest) == 1


def test_photons_beside_a_lepton_belong_to_it() -> None:
    electron, photon = p4(28, 0.0, 0.0), p4(5, 0.05, 0.05)
    found = single_lepton(event((ELECTRON, electron), (PHOTON, photon)), Perfect())
    assert found is not None
    np.testing.assert_allclose(found.lepton, electron + photon)
    assert len(found.rest) == 0


def test_jets_are_cut_and_ordered_and_met_balances_everything() -> None:
    b = p4(80, 1.0, 2.0, 10.0)
    jets = [p4(40, 0.0, 1.5, 5.0), b, p4(20, 0.0, 0.5), p4(100, 3.0, 2.5)]
    found, true_jets = with_jets(*jets, b_hadrons=np.array([b]))
    passed = select(found, true_jets, Perfect())
    assert passed is not None
    np.testing.assert_allclose(k.pt(passed.jets), [80, 40])
    assert passed.b_tags.tolist() == [True, False]
    np.testing.assert_allclose(passed.met, -(found.lepton + true_jets.sum(axis=0))[:2], atol=1e-9)


def test_event_without_enough_missing_momentum_jets_or_tags_is_refused() -> None:
    b, other = p4(120, 1.0, 2.0), p4(60, 0.0, 1.5)
    tagged = np.array([b])
    balanced = with_jets(b, other, p4(110, 0.0, -1.3), b_hadrons=tagged)
    assert select(*balanced, Perfect()) is None
    assert select(*with_jets(b, b_hadrons=tagged), Perfect()) is None
    assert select(*with_jets(b, other), Perfect()) is None
    assert select(*with_jets(b, other, b_hadrons=tagged), Perfect()) is not None


def test_soft_b_hadron_does_not_make_a_b_jet() -> None:
    b, other = p4(120, 1.0, 2.0), p4(60, 0.0, 1.5)
    assert select(*with_jets(b, other, b_hadrons=np.array([b / 40])), Perfect()) is None


def selected(jets: int, tags: list[bool]) -> Selected:
    momenta = [p4(100 - 20 * i, 0.5 * i - 0.5, 2.0 - i, 8.0) for i in range(jets)]
    met = np.array([-90.0, 20.0])
    return Selected(p4(50, 0.2, -0.4), np.array(momenta), np.array(tags), met)


def test_table_has_the_documented_columns_in_gev_and_radians() -> None:
    columns = table([selected(3, [True, False, True])], signal=True)
    assert list(columns) == COLUMNS
    assert {array.dtype for array in columns.values()} == {np.dtype(np.float32)}
    row = {name: float(array[0]) for name, array in columns.items()}
    assert row["signal"] == 1
    assert (row["n_jet"], row["n_bjet"]) == (3, 2)
    assert row["HT"] == pytest.approx(100 + 80 + 60)
    assert row["MET"] == pytest.approx(np.hypot(90, 20))
    assert row["METPhi"] == pytest.approx(np.arctan2(20, -90))
    angle = row["METPhi"] + 0.4
    assert row["MT"] == pytest.approx(np.sqrt(2 * 50 * row["MET"] * (1 - np.cos(angle))))
    assert row["sel_lep_pt0"] == pytest.approx(50)
    assert row["sel_lep_phi0"] == pytest.approx(-0.4)
    assert row["selJet_pt1"] == pytest.approx(80)
    assert row["selJet_eta2"] == pytest.approx(0.5)
    assert row["selJet_phi1"] == pytest.approx(1.0)
    assert row["selJet_m0"] == pytest.approx(8, rel=1e-4)


def test_missing_third_jet_has_zeros() -> None:
    columns = table([selected(2, [True, False])], signal=False)
    assert [columns[f"selJet_{name}2"][0] for name in ("pt", "eta", "phi", "m")] == [0, 0, 0, 0]
    assert columns["selJet_pt1"][0] == pytest.approx(80)


def test_mt2w_of_an_event_is_the_smallest_of_its_assignments() -> None:
    both, one_tag = selected(3, [True, True, False]), selected(3, [True, False, False])
    masses = [table([one], signal=False)["MT2W"][0] for one in (both, one_tag)]
    together = table([both, one_tag], signal=False)["MT2W"]
    np.testing.assert_array_equal(together, masses)
    assert masses[1] <= masses[0]  # more assignments are tried


def test_b_assignments_follow_the_tags() -> None:
    def pairs(*tags: bool) -> set[tuple[int, int]]:
        return set(b_assignments(np.array(tags)))

    assert pairs(False, True, True) == {(1, 2), (2, 1)}
    assert pairs(True, True, True) == {(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)}
    assert pairs(False, True, False) == {(1, 0), (0, 1), (1, 2), (2, 1)}
    assert pairs(False, False, False, False, True) == {(4, i) for i in range(3)} | {
        (i, 4) for i in range(3)
    }
    assert pairs(False, False) == {(0, 1), (1, 0)}


def test_detector_is_right_on_average() -> None:
    detector = Detector(np.random.default_rng(1))
    jets = np.repeat(p4(100, 0.0, 0.0, 10.0)[None], 20_000, axis=0)
    measured = detector.jets(jets)
    assert k.pt(measured).mean() == pytest.approx(100, rel=0.005)
    assert k.pt(measured).std() == pytest.approx(100 * np.hypot(0.08, 0.04), rel=0.03)
    np.testing.assert_allclose(k.mass(measured) / k.pt(measured), 0.1)
    yes, no = np.ones(20_000, bool), np.zeros(20_000, bool)
    assert detector.b_tags(yes, no).mean() == pytest.approx(0.70, abs=0.02)
    assert detector.b_tags(no, yes).mean() == pytest.approx(0.12, abs=0.02)
    assert detector.b_tags(no, no).mean() == pytest.approx(0.01, abs=0.005)


def test_transverse_mass_of_opposite_directions_is_largest() -> None:
    pt, met, zero = np.array(40.0), np.array(90.0), np.array(0.0)
    assert k.transverse_mass(pt, zero, met, np.array(np.pi)) == pytest.approx(2 * 60)
    assert k.transverse_mass(pt, zero, met, zero) == 0


def test_azimuth_differences_wrap() -> None:
    difference = k.delta_phi(np.array(3.0), np.array(-3.0))
    assert difference == pytest.approx(6 - 2 * np.pi)
