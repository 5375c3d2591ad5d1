"""One provider in one process.

Reads commands, one JSON object a line, from standard input; answers one JSON object a line on the
original standard output (what the libraries print goes to standard error). An answer with
``"partial": true`` is followed by another one.

This module also runs under Python 3.7, beside TensorFlow 1.15.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
import types
from typing import Any, Callable, Iterator

from benchmarks import footprint, providers, workloads


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


class Worker:
    def __init__(self, name: str) -> None:
        start = time.perf_counter()
        self.provider = providers.load(name)
        self.import_s = time.perf_counter() - start
        self.step: providers.Step = lambda i: 0.0
        self.next = 0

    def hello(self) -> dict[str, Any]:
        return {"import_s": self.import_s, "modules": len(sys.modules)}

    def do_setup(self, workload: str) -> dict[str, Any]:
        """Builds the model and runs the steps whose losses are compared."""
        w = workloads.find(workload)
        data = workloads.make_data(w)
        gc.collect()
        before = footprint.resident()
        footprint.reset_peak()
        clock = time.perf_counter
        times, cpu = [clock()], time.process_time()
        self.step = self.provider.train(w, data)
        times.append(clock())
        self.provider.initialize()
        times.append(clock())
        check = [self.step(0)]
        times.append(clock())
        check += [self.step(i) for i in range(1, w.check)]
        times.append(clock())
        self.next = w.check
        if w.dropout:
            check = [sum(check) / len(check)]
        return {
            "build_s": times[1] - times[0],
            "init_s": times[2] - times[1],
            "first_s": times[3] - times[2],
            "pass_s": times[4] - times[1],
            "pass_cpu_s": time.process_time() - cpu,
            "check": check,
            "imported_mb": before,
            "peak_mb": footprint.peak(),
        }

    def do_run(self, steps: int) -> dict[str, Any]:
        """A timed block of steps."""
        step, clock, first = self.step, time.perf_counter, self.next
        times, values = [], []
        cpu = time.process_time()
        for i in range(first, first + steps):
            start = clock()
            values.append(step(i))
            times.append(clock() - start)
        self.next += steps
        return {
            "median": median(times),
            "min": min(times),
            "cpu": (time.process_time() - cpu) / steps,
            "last": sum(values[-5:]) / len(values[-5:]),
            "peak_mb": footprint.peak(),
        }

    def do_chain(self, length: int) -> Iterator[dict[str, Any]]:
        gc.collect()
        before = footprint.resident()
        footprint.reset_peak()
        report: dict[str, Any] = {}
        cpu = time.process_time()
        for part in self.provider.chain(length):
            report.update(part)
            now = time.process_time()
            report["first_cpu_s" if "build_cpu_s" in report else "build_cpu_s"] = now - cpu
            cpu = now
            report.setdefault("mb", footprint.peak() - before)
            yield report

    def do_adds(self, length: int) -> dict[str, Any]:
        """Seconds to build a chain of additions, and resident bytes of a node."""
        self.provider.adds(length // 100)()
        build = self.provider.adds(length)
        kept, times, cpus, sizes = [], [], [], []
        for _ in range(3):
            gc.collect()
            before, start = footprint.resident_bytes(), time.perf_counter()
            cpu = time.process_time()
            kept.append(build())
            times.append(time.perf_counter() - start)
            cpus.append(time.process_time() - cpu)
            gc.collect()
            sizes.append((footprint.resident_bytes() - before) / length)
        return {"s": median(times), "cpu_s": median(cpus), "bytes_per_node": median(sizes)}

    def do_growth(self, runs: int, graphs: int) -> dict[str, Any]:
        """Resident megabytes that many runs, and many graphs with sessions, leave behind."""
        w = workloads.find("mt")
        step = self.provider.train(w, workloads.make_data(w))
        self.provider.initialize()
        report = {"runs_mb": grown(step, runs, warm=2000)}
        report["graphs_mb"] = grown(lambda i: self.provider.small_graph(), graphs, warm=30)
        return report

    def do_pipe(self, what: str, paths: list[str], columns: int, batch: int) -> dict[str, Any]:
        return self.provider.pipe(what, paths, columns, batch)

    def do_size(self) -> dict[str, Any]:
        sizes = footprint.installed(self.provider.distributions)
        largest = sorted(((n / 2**20, name) for name, n in sizes.items()), reverse=True)[:4]
        return {"packages": len(sizes), "mb": sum(sizes.values()) / 2**20, "largest": largest}


def grown(act: Callable[[int], Any], times: int, warm: int) -> float:
    for i in range(warm):
        act(i)
    gc.collect()
    before = footprint.resident()
    for i in range(times):
        act(i)
    gc.collect()
    return footprint.resident() - before


def cold(name: str, workload: str, started: float) -> dict[str, Any]:
    """From the start of the process (the parent's monotonic clock) to steps 1 and 10."""
    worker = Worker(name)
    imported = time.monotonic() - started
    w = workloads.find(workload)
    step = worker.provider.train(w, workloads.make_data(w))
    worker.provider.initialize()
    check = [step(0)]
    first, first_cpu = time.monotonic() - started, time.process_time()
    check += [step(i) for i in range(1, 10)]
    return {
        "imported_s": imported,
        "first_s": first,
        "first_cpu_s": first_cpu,
        "tenth_s": time.monotonic() - started,
        "tenth_cpu_s": time.process_time(),
        "check": check[:8],
    }


def failure(error: Exception) -> dict[str, str]:
    """``na`` when the library simply has no such function yet, else ``error``."""
    missing = isinstance(error, AttributeError) and isinstance(
        getattr(error, "obj", None), types.ModuleType
    )
    if missing or isinstance(error, (providers.NotOffered, NotImplementedError)):
        return {"na": str(error)[:300]}
    return {"error": f"{type(error).__name__}: {str(error)[:300]}"}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(report: dict[str, Any]) -> None:
        answers.write(json.dumps(report) + "\n")
        answers.flush()

    name = sys.argv[1]
    try:
        if len(sys.argv) > 2:
            answer(cold(name, sys.argv[2], float(sys.argv[3])))
            return
        worker = Worker(name)
    except Exception as error:
        answer(failure(error))
        return
    answer(worker.hello())
    for line in sys.stdin:
        command = json.loads(line)
        try:
            report = getattr(worker, "do_" + command.pop("cmd"))(**command)
            if isinstance(report, dict):
                answer(report)
                continue
            last: dict[str, Any] = {}
            for part in report:
                last = dict(part)
                answer(dict(part, partial=True))
            answer(last)
        except Exception as error:
            traceback.print_exc()
            answer(failure(error))
    os._exit(0)  # some libraries hang or complain in their own shutdown


if __name__ == "__main__":
    main()
