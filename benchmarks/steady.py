"""Steady workloads: one timed block of each provider in turns, so that load hits all alike."""

from __future__ import annotations

import statistics
import time

from benchmarks.compare import add_ratios, mark_agreement, succeeded
from benchmarks.process import Launcher, Process, Report, failed
from benchmarks.settings import Settings
from benchmarks.workloads import Workload


def spin() -> float:
    """Milliseconds of a fixed piece of Python work: how loaded the machine is."""
    start = time.perf_counter()
    total = 0
    for i in range(200000):
        total += i
    return 1e3 * (time.perf_counter() - start)


def measure(w: Workload, settings: Settings, launcher: Launcher) -> Report:
    """Microseconds of a step (or run) of ``w`` for every provider."""
    processes: dict[str, Process] = {}
    reports: dict[str, Report] = {}
    for name in settings.providers:
        process, report = launcher.open(name)
        if process is not None:
            report = process.ask("setup", settings.timeout, workload=w.name)
            if w.warm and not failed(report):
                warmed = process.ask("run", settings.timeout, steps=w.warm)
                report |= warmed if failed(warmed) else {}
            if failed(report):
                process.close()
            else:
                processes[name] = process
        reports[name] = report
    load = [one_round(number, w, settings, processes, reports) for number in range(settings.rounds)]
    for process in processes.values():
        process.close()
    summarize(reports, w)
    return {"about": w.about, "load_ms": load, "results": reports}


def one_round(
    number: int,
    w: Workload,
    settings: Settings,
    processes: dict[str, Process],
    reports: dict[str, Report],
) -> float:
    load = spin()
    steps = max(3, int(w.steps * settings.scale))
    for name in settings.turn(number):
        if name not in processes:
            continue
        block = processes[name].ask("run", settings.timeout, steps=steps)
        if failed(block):
            reports[name] |= block
            processes.pop(name).close()
            continue
        for key in ("median", "min", "cpu"):
            reports[name].setdefault(key, []).append(block[key])
        reports[name]["last"] = block["last"]
    return load


def summarize(reports: dict[str, Report], w: Workload) -> None:
    for report in succeeded(reports).values():
        report["us"] = 1e6 * statistics.median(report["median"])
        report["min_us"] = 1e6 * min(report["min"])
        report["cpu_us"] = 1e6 * statistics.median(report["cpu"])
    mark_agreement(reports, w.tolerance)
    mark_agreement(reports, 30 * w.tolerance, "last", "agrees_at_end")
    add_ratios(reports, "median")
