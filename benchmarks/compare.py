"""Who computed the same, and how many times slower than the best peer each one is."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from benchmarks.process import Report, failed

PEERS = (
    "tf1", "tf1-xla", "tf115", "torch", "torch-compile", "jax", "keras", "keras-jax", "keras-torch",
)  # fmt: skip


def close(a: Sequence[float], b: Sequence[float], tolerance: float) -> bool:
    return len(a) == len(b) and all(
        abs(x - y) <= tolerance * (1e-3 + abs(x) + abs(y)) for x, y in zip(a, b, strict=True)
    )


def agreeing(results: Mapping[str, Sequence[float]], tolerance: float) -> set[str]:
    """The largest set of providers whose results agree with those of one of them."""
    best: list[str] = []
    for one in results.values():
        same = [name for name, other in results.items() if close(one, other, tolerance)]
        if len(same) > len(best):
            best = same
    return set(best)


def succeeded(reports: Mapping[str, Report]) -> dict[str, Report]:
    return {name: report for name, report in reports.items() if not failed(report)}


def mark_agreement(
    reports: Mapping[str, Report], tolerance: float, key: str = "check", mark: str = "agrees"
) -> None:
    done = succeeded(reports)
    values = {
        name: value if isinstance(value := report[key], list) else [value]
        for name, report in done.items()
    }
    same = agreeing(values, tolerance)
    for name, report in done.items():
        report[mark] = name in same


def add_ratios(reports: Mapping[str, Report], key: str) -> None:
    """``ratio``: over the rounds, the median of one's time over the best peer's in that round.

    A provider whose result differs is no candidate for the best peer.
    """
    done = succeeded(reports)
    peers = [name for name in done if name in PEERS and done[name].get("agrees", True)]
    if not peers:
        return
    best = min(peers, key=lambda name: statistics.median(done[name][key]))
    for report in done.values():
        pairs = zip(report[key], done[best][key], strict=False)
        report["ratio"] = statistics.median(own / other for own, other in pairs)
        report["best_peer"] = best
    for single in ("min_us", "cpu_us"):
        with_it = [done[name][single] for name in peers if single in done[name]]
        for report in done.values():
            if with_it and single in report:
                report[single.replace("_us", "_ratio")] = report[single] / min(with_it)
