"""What happens once in a process: import, first steps, large graphs, memory, installed size."""

from __future__ import annotations

import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping

from benchmarks.compare import add_ratios, mark_agreement, succeeded
from benchmarks.process import Launcher, Report, failed
from benchmarks.settings import Settings
from benchmarks.workloads import RAGGED, STEADY, csv_sums, slices_data, write_csv

IMPORTS = {
    "tf1": "tensorflow.compat.v1",
    "tf1-xla": "tensorflow.compat.v1",
    "tf115": "tensorflow",
    "torch-compile": "torch",
    "jax": "jax, jax.numpy",
    "keras-jax": "keras",
    "keras-torch": "keras",
}

Measure = Callable[[Settings, Launcher], Report]


def asked(
    launcher: Launcher, provider: str, timeout: float, *commands: Mapping[str, object]
) -> Report:
    """The answers of a fresh process to some commands, in one report."""
    process, hello = launcher.open(provider)
    if process is None:
        return hello
    report: Report = {}
    for command in commands:
        arguments = dict(command)
        answer = process.ask(str(arguments.pop("cmd")), timeout, **arguments)
        report |= answer
        if failed(answer):
            break
    process.close()
    return report


def repeated(settings: Settings, times: int, act: Callable[[str], Report]) -> dict[str, Report]:
    """Lists of what ``act`` reports per provider, in turns; a provider that fails is left out."""
    reports: dict[str, Report] = {}
    for number in range(times):
        for name in settings.turn(number):
            known = reports.setdefault(name, {})
            if failed(known):
                continue
            report = act(name)
            if failed(report):
                reports[name] = report
                continue
            for key, value in report.items():
                known.setdefault(key, []).append(value)
    return {name: reports[name] for name in settings.providers}


def medians(reports: dict[str, Report], *keys: str) -> None:
    for report in succeeded(reports).values():
        for key in keys:
            report[key + "_all"] = report[key]
            report[key] = statistics.median(report[key])


def import_time(settings: Settings, launcher: Launcher) -> Report:
    """Seconds of a fresh process that imports the library, less those of bare Python."""

    def seconds(name: str, code: str) -> tuple[float, float, int]:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(
            [launcher.python(name), "-c", code],
            env=launcher.environment(name),
            capture_output=True,
            check=False,
        )
        wall = time.perf_counter() - start
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
        return wall, cpu, done.returncode

    def act(name: str) -> Report:
        bare, bare_cpu, _ = seconds(name, "pass")
        wall, cpu, code = seconds(name, "import " + IMPORTS.get(name, name.partition("-")[0]))
        if code:
            return {"error": "the import failed"}
        return {"s": wall - bare, "cpu_s": cpu - bare_cpu}

    repeated(settings, 1, act)  # warms the page cache
    reports = repeated(settings, settings.rounds, act)
    medians(reports, "s", "cpu_s")
    add_ratios(reports, "s_all")
    return reports


def cold_start(settings: Settings, launcher: Launcher) -> Report:
    """Seconds from the start of the process to the end of training steps 1 and 10 of ``stop``."""

    def act(name: str) -> Report:
        process = launcher.start(name, "stop", repr(time.monotonic()))
        report = process.answer(settings.timeout)
        process.close()
        return report

    reports = repeated(settings, settings.repeats(0.5, 2), act)
    medians(reports, "imported_s", "first_s", "first_cpu_s", "tenth_s", "tenth_cpu_s")
    keep_first_check(reports)
    mark_agreement(reports, STEADY["stop"].tolerance)
    add_ratios(reports, "first_s_all")
    return reports


def keep_first_check(reports: dict[str, Report]) -> None:
    for report in succeeded(reports).values():
        report["check"] = report["check"][0]


def first_step(settings: Settings, launcher: Launcher) -> Report:
    """Milliseconds from the first ``sess.run`` (the initializer) to the end of training step 1."""

    def act(name: str) -> Report:
        report = asked(launcher, name, settings.timeout, {"cmd": "setup", "workload": "stop"})
        if failed(report):
            return report
        init, first = 1e3 * report["init_s"], 1e3 * report["first_s"]
        build = 1e3 * report["build_s"]
        return {"build_ms": build, "init_ms": init, "step_ms": first, "ms": init + first}

    reports = repeated(settings, settings.repeats(0.7, 2), act)
    medians(reports, "build_ms", "init_ms", "step_ms", "ms")
    add_ratios(reports, "ms_all")
    return reports


def ragged(settings: Settings, launcher: Launcher) -> Report:
    """200 steps, each with its own batch size, from the first; then the same sizes again."""

    def act(name: str) -> Report:
        setup = {"cmd": "setup", "workload": "ragged"}
        report = asked(launcher, name, settings.timeout, setup, {"cmd": "run", "steps": 200})
        if failed(report):
            return report
        return {
            "s": report["pass_s"],
            "cpu_s": report["pass_cpu_s"],
            "again_us": 1e6 * report["median"],
            "check": report["check"],
        }

    reports = repeated(settings, settings.repeats(0.34), act)
    medians(reports, "s", "cpu_s", "again_us")
    keep_first_check(reports)
    mark_agreement(reports, 20 * RAGGED.tolerance)
    add_ratios(reports, "s_all")
    return reports


def chain(settings: Settings, launcher: Launcher) -> Report:
    """A chain of 10,000 operations and its gradient: built, differentiated, run."""
    length = int(10000 * min(1.0, settings.scale))
    command = {"cmd": "chain", "length": length}
    reports = {
        name: asked(launcher, name, settings.timeout, command) for name in settings.providers
    }
    for report in succeeded(reports).values():
        report["s"] = report["build_s"] + report["grad_s"] + report["first_run_s"]
        report["cpu_s"] = report["build_cpu_s"] + report["first_cpu_s"]
    mark_agreement(reports, 3e-3)
    return reports


def adds(settings: Settings, launcher: Launcher) -> Report:
    """10,000 chained additions: seconds to build and resident bytes of a node."""
    command = {"cmd": "adds", "length": 10000}
    return {name: asked(launcher, name, settings.timeout, command) for name in settings.providers}


def growth(settings: Settings, launcher: Launcher) -> Report:
    """Megabytes left behind by 100,000 runs and by 1,000 graphs with their sessions."""
    scale = min(1.0, settings.scale)
    command = {"cmd": "growth", "runs": int(100000 * scale), "graphs": int(1000 * scale)}
    timeout = 4 * settings.timeout
    return {name: asked(launcher, name, timeout, command) for name in settings.providers}


def memory(settings: Settings, launcher: Launcher) -> Report:
    """Resident megabytes of ``gaussian``: after the import, at the peak."""
    setup, run = {"cmd": "setup", "workload": "gaussian"}, {"cmd": "run", "steps": 20}
    return {
        name: asked(launcher, name, settings.timeout, setup, run) for name in settings.providers
    }


def size(settings: Settings, launcher: Launcher) -> Report:
    """Installed packages, with all they require, and megabytes on disk."""
    return {
        name: asked(launcher, name, settings.timeout, {"cmd": "size"})
        for name in settings.providers
    }


def pipe(what: str) -> Measure:
    """Rows a second through an input pipeline; every row must arrive exactly once."""

    def measure(settings: Settings, launcher: Launcher) -> Report:
        columns = 19
        with tempfile.TemporaryDirectory() as folder:
            paths = write_csv(folder, int(20000 * min(1.0, settings.scale)), columns)
            wanted = list(csv_sums(paths))
            if what == "slices":
                x, y = slices_data(columns)
                wanted = [len(x), int(y.sum()), float(x[:, 0].sum())]
            command = {"what": what, "paths": paths, "columns": columns, "batch": 128}

            def act(name: str) -> Report:
                return asked(launcher, name, settings.timeout, {"cmd": "pipe", **command})

            reports = repeated(settings, settings.repeats(0.5), act)
        medians(reports, "rows_per_s")
        for report in succeeded(reports).values():
            report["agrees"] = all(
                check[:2] == wanted[:2] and abs(check[2] - wanted[2]) < 0.1
                for check in report["check"]
            )
        return reports

    measure.__doc__ = pipe.__doc__
    return measure


MEASURES: dict[str, Measure] = {
    "import": import_time,
    "cold": cold_start,
    "first": first_step,
    "ragged": ragged,
    "graph": chain,
    "build": adds,
    "growth": growth,
    "memory": memory,
    "size": size,
    "pipe_queue": pipe("queue"),
    "pipe_text": pipe("text"),
    "pipe_slices": pipe("slices"),
}
