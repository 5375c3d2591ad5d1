"""The bars a release must clear, and whether the measured figures clear them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.process import Report, failed
from benchmarks.workloads import GROUPS

Value = Callable[["Figures"], float | None]


class Figures:
    """The measured figures of one provider, beside those of the others."""

    def __init__(self, results: Report, own: str) -> None:
        self.results, self.own = results, own

    def of(self, workload: str, provider: str) -> Report:
        found = self.results["steady"].get(workload, {}).get("results")
        found = found if found is not None else self.results["once"].get(workload, {})
        report: Report = found.get(provider, {})
        return {} if failed(report) or not report.get("agrees", True) else report

    def value(self, workload: str, key: str, provider: str | None = None) -> float | None:
        found: Any = self.of(workload, provider or self.own).get(key)
        return None if found is None else float(found)

    def against(self, workload: str, key: str, *others: str) -> float | None:
        """Own value over the smallest of the others'."""
        own = self.value(workload, key)
        found = [v for name in others if (v := self.value(workload, key, name)) is not None]
        return None if own is None or not found else own / min(found)

    def median(self, workloads: Iterable[str]) -> float | None:
        """The median of the ratios, if every workload has one."""
        return _of_all(statistics.median, (self.value(name, "ratio") for name in workloads))

    def worst(self, workloads: Iterable[str]) -> float | None:
        """The largest of own times over those at tier 0."""
        zero = self.own + "-numpy"
        return _of_all(max, (self.against(name, "min_us", zero) for name in workloads))


def _of_all(total: Callable[[list[float]], float], values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return total(known) if len(known) == len(found) else None


@dataclass(frozen=True)
class Bar:
    what: str
    limit: float
    unit: str
    value: Value
    strictly: bool = False

    def verdict(self, figures: Figures) -> tuple[str, float | None]:
        value = self.value(figures)
        if value is None:
            return "not measured", None
        holds = value < self.limit if self.strictly else value <= self.limit
        return "holds" if holds else "does not hold", value


def step_bar(workload: str, limit: float, what: str = "a training step") -> Bar:
    text = f"{workload}: {what} against the best peer"
    return Bar(text, limit, "x", lambda f: f.value(workload, "ratio"))


def interpreted(workload: str, limit: float) -> Bar:
    what = f"{workload}: a training step at tier 0 against the best peer"
    return Bar(what, limit, "x", lambda f: f.value(workload, "ratio", f.own + "-numpy"))


def absolute(workload: str, key: str, what: str, limit: float, unit: str) -> Bar:
    return Bar(f"{workload}: {what}", limit, unit, lambda f: f.value(workload, key))


BARS = [
    step_bar("mt", 0.12),
    step_bar("stop", 0.3),
    step_bar("gaussian", 0.15),
    step_bar("higgs", 0.95),
    step_bar("wide", 1.0),
    step_bar("infer1", 0.5, "one row"),
    step_bar("floor", 1.0, "a run"),
    Bar("ragged: 200 batch sizes in a row, against the best peer", 0.5, "x",
        lambda f: f.value("ragged", "ratio")),
    Bar("memory: the peak of gaussian, against PyTorch", 1.0, "x",
        lambda f: f.against("memory", "peak_mb", "torch")),
    interpreted("mt", 1.0),
    interpreted("stop", 1.5),
    interpreted("gaussian", 3.0),
    interpreted("higgs", 1.8),
    interpreted("wide", 1.35),
    Bar(
        "shapes: the median of the steps against the best peer", 0.5, "x",
        lambda f: f.median(GROUPS["shapes"]),
    ),
    Bar("shapes: the worst step against tier 0", 1.0, "x", lambda f: f.worst(GROUPS["shapes"])),
    absolute("const", "us", "run of a constant", 1.5, "us"),
    absolute("floor", "us", "run of a + b, both fed", 4.0, "us"),
    absolute("infer1", "us", "one row through the stop network", 15.0, "us"),
    absolute("first", "ms", "first sess.run to the end of training step 1", 30.0, "ms"),
    Bar(
        "cold: process start to step 1, against JAX", 0.6, "x",
        lambda f: f.against("cold", "first_s", "jax"),
    ),
    Bar(
        "ragged: 200 batch sizes in a row, against PyTorch", 1.0, "x",
        lambda f: f.against("ragged", "s", "torch"), strictly=True,
    ),
    Bar(
        "graph: 10,000 ops built, differentiated, run, against TensorFlow", 1.0, "x",
        lambda f: f.against("graph", "s", "tf1", "tf115"), strictly=True,
    ),
    Bar(
        "build: 10,000 additions, against TensorFlow 1.15", 0.5, "x",
        lambda f: f.against("build", "s", "tf115"),
    ),
    Bar(
        "build: bytes of a node, against TensorFlow 1.15", 1.0, "x",
        lambda f: f.against("build", "bytes_per_node", "tf115"), strictly=True,
    ),
    absolute("import", "s", "fresh process, less bare Python", 0.25, "s"),
    absolute("growth", "runs_mb", "100,000 runs", 5.0, "MB"),
    absolute("growth", "graphs_mb", "1,000 graphs with sessions", 10.0, "MB"),
]  # fmt: skip


def table(results: Report, own: str) -> str:
    """The bars as a Markdown table."""
    figures = Figures(results, own)
    lines = ["| bar | limit | measured | |", "| --- | --: | --: | --- |"]
    for bar in BARS:
        verdict, value = bar.verdict(figures)
        sign = "<" if bar.strictly else "≤"
        measured = "-" if value is None else f"{value:.3g} {bar.unit}"
        lines.append(f"| {bar.what} | {sign} {bar.limit:g} {bar.unit} | {measured} | {verdict} |")
    return "\n".join(lines)
