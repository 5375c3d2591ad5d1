"""Compares tidefall with other libraries: ``python -m benchmarks --help``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import bars, report, steady
from benchmarks.limits.machine import Machine, measure
from benchmarks.limits.roofline import limit_us
from benchmarks.once import MEASURES
from benchmarks.process import Launcher, Report
from benchmarks.settings import Settings
from benchmarks.workloads import GROUPS, STEADY

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("tidefall", "numpy", "tensorflow-cpu", "tensorflow", "torch", "jax", "keras")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    add = parser.add_argument
    add(
        "--providers",
        default="tidefall,tidefall-numpy,tf1,torch,jax,keras",
        help="also tidefall-TIER, tf1-xla, tf115, torch-compile, keras-jax, keras-torch; any other "
        "name is imported as a module with the TF1 graph API (default: %(default)s)",
    )
    add("--workloads", default="", help="default: all of " + ",".join([*STEADY, *MEASURES]))
    add("--rounds", type=int, default=7, help="timed blocks of each provider")
    add("--scale", type=float, default=1.0, help="multiplies the steps of a timed block")
    add("--timeout", type=float, default=180.0, help="seconds for one answer of a provider")
    add("--peers", default=sys.executable, help="the interpreter that has the other libraries")
    add(
        "--interp",
        action="append",
        default=[],
        metavar="PROVIDER=PYTHON",
        help="the interpreter of one provider, such as tf115=/path/to/python3.7",
    )
    add(
        "--passive",
        action="store_true",
        help="for a machine with other load: OpenMP threads sleep instead of spinning",
    )
    add(
        "--machine",
        default="",
        metavar="F64,F32,GBS",
        help="the machine's peaks (GFLOP/s, GFLOP/s, GB/s) instead of measuring them",
    )
    add("--bars", action="store_true", help="also print which bars hold")
    add("--out", default="latest", help="name of the files in benchmarks/results (or a path)")
    return parser.parse_args()  # fmt: skip


def versions(python: str) -> dict[str, str]:
    code = (
        "import importlib.metadata as m, json, sys\n"
        "found = {d.metadata['Name'].lower().replace('_', '-'): d.version "
        "for d in m.distributions()}\n"
        "print(json.dumps({n: found[n] for n in sys.argv[1:] if n in found}))"
    )
    run = subprocess.run(
        [python, "-c", code, *PACKAGES], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(run.stdout)
    return found


def cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def machine_of(text: str) -> Machine:
    if not text:
        return measure()
    f64, f32, bandwidth = map(float, text.split(","))
    return Machine(f64, f32, bandwidth, "given")


def chosen(text: str) -> list[str]:
    known = [*STEADY, *MEASURES]
    asked = text.split(",") if text else known
    names = [name for one in asked for name in GROUPS.get(one, (one,))]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no workload {', '.join(unknown)}; there are {', '.join([*known, *GROUPS])}")
    return names


def run(settings: Settings, launcher: Launcher, results: Report, machine: Machine) -> None:
    """Measures, printing as it goes."""
    for name in settings.workloads:
        if name in STEADY:
            w = STEADY[name]
            block = steady.measure(w, settings, launcher)
            block["limit_us"] = limit_us(w, machine)
            results["steady"][name] = block
            lines = [report.steady_line(n, r) for n, r in block["results"].items()]
            print(f"\n{name}: {w.about}; limit {block['limit_us']:.3g} us")
        else:
            found = MEASURES[name](settings, launcher)
            results["once"][name] = found
            lines = [report.once_line(n, name, r) for n, r in found.items()]
            print(f"\n{report.title(name)}\n  [{report.ONCE_CELLS[name][0]}]")
        print("\n".join(lines), flush=True)


def load_of(results: Report) -> str:
    """How evenly a fixed piece of Python work went between the blocks."""
    loads = [ms for block in results["steady"].values() for ms in block["load_ms"]]
    if not loads:
        return "not measured"
    middle = statistics.median(loads)
    return f"a fixed loop took {min(loads):.1f} to {max(loads):.1f} ms, median {middle:.1f}"


def main() -> None:
    given = arguments()
    settings = Settings(
        given.providers.split(","),
        chosen(given.workloads),
        given.rounds,
        given.scale,
        given.timeout,
    )
    interpreters = dict(text.split("=", 1) for text in given.interp)
    launcher = Launcher(sys.executable, given.peers, interpreters, given.passive)
    machine = machine_of(given.machine)
    results: Report = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "cpu": cpu_name(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "versions": versions(given.peers) | versions(sys.executable),
        "machine": asdict(machine),
        "passive": given.passive,
        "rounds": given.rounds,
        "scale": given.scale,
        "providers": settings.providers,
        "steady": {},
        "once": {},
    }
    run(settings, launcher, results, machine)
    results["load"] = load_of(results)
    page = report.markdown(results, settings.providers[0])
    print("\n" + page.partition("\n## Bars")[0])
    if given.bars:
        print(bars.table(results, settings.providers[0]))
    target = RESULTS / given.out
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
    target.with_suffix(".md").write_text(page)
    print(f"\nwritten: {target.with_suffix('.json')} and .md")


if __name__ == "__main__":
    main()
