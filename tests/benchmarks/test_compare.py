"""The benchmark's own arithmetic: who agrees, who is the best peer, which bar holds."""

import pytest

from benchmarks.bars import BARS, Figures, table
from benchmarks.compare import add_ratios, agreeing, mark_agreement
from benchmarks.limits.machine import Machine
from benchmarks.limits.roofline import CALL_US, limit_us
from benchmarks.process import Report
from benchmarks.workloads import GROUPS, STEADY, make_data


def test_a_result_that_differs_is_outvoted() -> None:
    losses = {"a": [1.0, 0.5], "b": [1.0, 0.50001], "c": [1.0, 0.6]}
    assert agreeing(losses, 2e-4) == {"a", "b"}


def test_a_result_of_another_length_never_agrees() -> None:
    assert agreeing({"a": [1.0, 2.0], "b": [1.0, 2.0], "c": [1.0]}, 1.0) == {"a", "b"}


def test_ratio_is_the_median_over_rounds_to_the_best_peer() -> None:
    reports: dict[str, Report] = {
        "tidefall": {"median": [1.0, 8.0, 2.0]},
        "torch": {"median": [2.0, 4.0, 4.0]},
        "jax": {"median": [4.0, 8.0, 8.0]},
    }
    add_ratios(reports, "median")
    assert reports["tidefall"]["ratio"] == 0.5
    assert reports["tidefall"]["best_peer"] == "torch"


def test_a_peer_with_a_wrong_result_is_not_the_best() -> None:
    reports: dict[str, Report] = {
        "tidefall": {"median": [2.0], "check": [1.0]},
        "torch": {"median": [1.0], "check": [7.0]},
        "jax": {"median": [4.0], "check": [1.0]},
    }
    mark_agreement(reports, 1e-3)
    add_ratios(reports, "median")
    assert reports["torch"]["agrees"] is False
    assert reports["tidefall"]["ratio"] == 0.5


def results(**steady: Report) -> Report:
    blocks = {name: {"results": report} for name, report in steady.items()}
    return {"steady": blocks, "once": {}}


def verdict(what: str, measured: Report) -> str:
    (bar,) = [bar for bar in BARS if bar.what.startswith(what)]
    return bar.verdict(Figures(measured, "tidefall"))[0]


def test_a_bar_holds_up_to_its_limit() -> None:
    assert verdict("floor: run", results(floor={"tidefall": {"us": 4.0}})) == "holds"
    assert verdict("floor: run", results(floor={"tidefall": {"us": 4.1}})) == "does not hold"


def test_a_bar_without_a_figure_is_not_measured() -> None:
    assert verdict("floor: run", results()) == "not measured"
    assert (
        verdict("floor: run", results(floor={"tidefall": {"na": "no such op"}})) == "not measured"
    )
    wrong = {"us": 1.0, "agrees": False}
    assert verdict("floor: run", results(floor={"tidefall": wrong})) == "not measured"
    assert table(results(), "tidefall").count("not measured") == len(BARS)


def test_limit_counts_operations_state_and_the_call() -> None:
    machine = Machine(f64_gflops=100, f32_gflops=200, cached_gbs=50, how="given")
    # 19x50 needs two products, 50x50 and 50x1 three; the state stays in the caches.
    operations = 2 * (2 * 19 * 50 + 3 * 50 * 50 + 3 * 50) * 1024
    assert limit_us(STEADY["stop"], machine) == pytest.approx(CALL_US + operations / 100e3)
    state = 4 * 8 * (784 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 10 + 10)
    operations = 2 * (2 * 784 * 1024 + 3 * 1024 * 1024 + 3 * 1024 * 10) * 512
    expected = CALL_US + operations / 200e3 + state / 50e3
    assert limit_us(STEADY["wide"], machine) == pytest.approx(expected)


def test_a_group_is_judged_by_its_median_and_its_worst() -> None:
    zero, own = {"min_us": 4.0}, {"us": 1.0, "min_us": 1.0}
    blocks = {
        name: {"tidefall": own | {"ratio": 0.1 * k}, "tidefall-numpy": zero}
        for k, name in enumerate(GROUPS["shapes"])
    }
    assert verdict("shapes: the median", results(**blocks)) == "does not hold"
    assert verdict("shapes: the worst", results(**blocks)) == "holds"
    blocks["l2"]["tidefall"]["min_us"] = 4.5
    assert verdict("shapes: the worst", results(**blocks)) == "does not hold"
    del blocks["l2"]["tidefall-numpy"]
    assert verdict("shapes: the worst", results(**blocks)) == "not measured"


def test_limit_of_towers_counts_both() -> None:
    machine = Machine(f64_gflops=100, f32_gflops=200, cached_gbs=50, how="given")
    w = STEADY["towers"]
    one = 32 * 64 + 64 * 32
    operations = 2 * 3 * (16 * 64 + 2 * one) * w.batch
    state = 4 * 8 * (2 * 2000 * 32 + 16 * 64 + 2 * (one + 64 + 32))
    expected = CALL_US + operations / 200e3 + state / 50e3
    assert limit_us(w, machine) == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(STEADY))
def test_data_repeats_and_has_the_right_rows(name: str) -> None:
    w = STEADY[name]
    data, again = make_data(w), make_data(w)
    assert data.x.tobytes() == again.x.tobytes()
    assert all(str(p.dtype) == w.dtype for p in data.parameters)
    assert len(data.x[data.rows_of(w.rows // w.batch - 1)]) == w.batch
