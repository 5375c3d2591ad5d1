"""The committed tables of simulated events, and the functions that read them."""

from __future__ import annotations

import events
import kinematics as k
import numpy as np
import pytest
from numpy.typing import NDArray
from selection import COLUMNS, JET_ETA, JET_PT, LEPTON_ETA, LEPTON_PT, MIN_MET

SAMPLES = ["background", "stop_600_400", "stop_900_100"]
Table = dict[str, NDArray[np.float32]]


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Table:
    table: Table = events.load_sample(request.param)
    return table


def test_sample_has_25000_finite_rows_of_the_documented_columns(sample: Table) -> None:
    assert list(sample) == COLUMNS
    for column in sample.values():
        assert column.shape == (25_000,)
        assert column.dtype == np.float32
        assert np.isfinite(column).all()


def test_every_event_passes_the_selection(sample: Table) -> None:
    assert sample["MET"].min() >= MIN_MET
    assert sample["sel_lep_pt0"].min() >= LEPTON_PT
    assert np.abs(sample["sel_lep_eta0"]).max() <= LEPTON_ETA
    assert sample["n_jet"].min() == 2
    assert sample["n_bjet"].min() == 1
    assert (sample["n_bjet"] <= sample["n_jet"]).all()
    for i in range(3):
        there = sample["n_jet"] > i
        assert sample[f"selJet_pt{i}"][there].min() >= JET_PT
        assert np.abs(sample[f"selJet_eta{i}"][there]).max() <= JET_ETA
    for name in ("METPhi", "sel_lep_phi0", "selJet_phi0", "selJet_phi1", "selJet_phi2"):
        assert np.abs(sample[name]).max() <= np.float32(np.pi)


def test_jets_are_ordered_and_a_missing_one_is_four_zeros(sample: Table) -> None:
    pt = [sample[f"selJet_pt{i}"] for i in range(3)]
    assert (pt[0] >= pt[1]).all()
    assert (pt[1] >= pt[2]).all()
    missing = sample["n_jet"] == 2
    assert missing.any()
    for name in ("pt", "eta", "phi", "m"):
        assert (sample[f"selJet_{name}2"][missing] == 0).all()
    assert (sample["HT"] >= sum(pt) * (1 - 1e-5)).all()


def test_transverse_mass_follows_from_the_other_columns(sample: Table) -> None:
    lepton_pt, lepton_phi, met, met_phi = (
        sample[name].astype(np.float64) for name in ("sel_lep_pt0", "sel_lep_phi0", "MET", "METPhi")
    )
    expected = k.transverse_mass(lepton_pt, lepton_phi, met, met_phi)
    np.testing.assert_allclose(sample["MT"], expected, rtol=1e-4, atol=0.02)


def test_labels_tell_signal_from_background() -> None:
    assert not events.load_sample("background")["signal"].any()
    assert events.load_sample("stop_600_400")["signal"].all()


def test_background_ends_at_the_mass_of_the_w_and_of_the_top() -> None:
    background = events.load_sample("background")
    # Far above the mass of the W there are only events with a lost second lepton.
    before, after = _count(background["MT"], 50, 70), _count(background["MT"], 130, 150)
    assert before > 4 * after
    below, above = _count(background["MT2W"], 140, 170), _count(background["MT2W"], 200, 230)
    assert below > 4 * above


def test_signal_has_more_missing_momentum_the_lighter_the_neutralino() -> None:
    medians = [np.median(events.load_sample(name)["MET"]) for name in SAMPLES]
    assert medians[0] < medians[1] < medians[2]


def _count(values: NDArray[np.float32], low: float, high: float) -> int:
    return int(np.sum((values > low) & (values < high)))


def test_load_events_mixes_and_the_seed_decides_how() -> None:
    first, again, other = (events.load_events("600_400", seed) for seed in (1, 1, 2))
    assert len(first["MET"]) == 50_000
    assert first["signal"].mean() == 0.5
    assert 0.48 < first["signal"][:25_000].mean() < 0.52
    np.testing.assert_array_equal(first["MET"], again["MET"])
    assert not np.array_equal(first["MET"], other["MET"])


def test_standardise_measures_on_the_first_array() -> None:
    rng = np.random.default_rng(0)
    train, test = rng.normal(5.0, 3.0, (1000, 2)), rng.normal(8.0, 3.0, (1000, 2))
    train, test = events.standardise(train, test)
    np.testing.assert_allclose(train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train.std(axis=0), 1)
    np.testing.assert_allclose(test.mean(axis=0), 1, atol=0.15)


def test_batches_give_every_row_once() -> None:
    rows = np.arange(10)
    parts = list(events.batches(np.random.RandomState(0), 4, rows, -rows))
    assert [len(part) for part, _ in parts] == [4, 4, 2]
    assert sorted(np.concatenate([part for part, _ in parts])) == list(range(10))
    for part, negative in parts:
        np.testing.assert_array_equal(part, -negative)
