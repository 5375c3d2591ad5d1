"""Measures the machine: ``python -m benchmarks.limits.machine``.

With a C compiler, a small C program measures the multiply-add peak and the bandwidths; without
one, NumPy's matrix product and addition stand in, which come close but stay below.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

SOURCE = Path(__file__).with_name("peak.c")
FLAGS = ["-Ofast", "-march=native", "-funroll-loops", "-fopenmp", "-w"]


@dataclass(frozen=True)
class Machine:
    """The rates of all cores together."""

    f64_gflops: float
    f32_gflops: float
    cached_gbs: float  # arrays of 16 MB
    how: str


def measure() -> Machine:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler:
        measured = by_compiler(compiler)
        if measured:
            return measured
    return by_numpy()


def by_compiler(compiler: str) -> Machine | None:
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "peak")
        built = subprocess.run(
            [compiler, *FLAGS, str(SOURCE), "-o", program], capture_output=True, check=False
        )
        if built.returncode:
            return None
        run = subprocess.run([program], capture_output=True, text=True, check=False)
    if run.returncode:
        return None
    rates = json.loads(run.stdout)
    return Machine(rates["f64_gflops"], rates["f32_gflops"], rates["cached_gbs"], "measured in C")


def fastest(act: Callable[[], object], repeats: int = 7) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return min(times)


def by_numpy() -> Machine:
    def product_rate(dtype: str) -> float:
        n = 1024
        a = np.ones((n, n), dtype)
        return 2e-9 * n**3 / fastest(lambda: a @ a)

    a, b = np.ones(1 << 21), np.ones(1 << 21)
    bandwidth = 24e-9 * len(a) / fastest(lambda: np.add(a, b, out=a))
    return Machine(product_rate("float64"), product_rate("float32"), bandwidth, "NumPy's own best")


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=1))
