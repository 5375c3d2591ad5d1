"""The driver's end of a provider's process."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
Report = dict[str, Any]

# Settings that slow NumPy or an import down must not come from the shell that starts this.
DROPPED = (
    "OPENBLAS_CORETYPE",
    "OPENBLAS_L2_SIZE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONDONTWRITEBYTECODE",
)
# OpenMP threads sleep at once instead of spinning at their barriers.
PASSIVE = {"GOMP_SPINCOUNT": "0", "OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}


class Died(Exception):
    """The process ended or was too slow."""


@dataclass
class Launcher:
    """Which interpreter runs a provider, and in which environment."""

    own: str
    peers: str
    interpreters: dict[str, str] = field(default_factory=dict)
    passive: bool = False

    def python(self, provider: str) -> str:
        default = self.own if provider.startswith("tidefall") else self.peers
        return self.interpreters.get(provider, default)

    def environment(self, provider: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key not in DROPPED}
        kept |= {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}
        kept |= PASSIVE if self.passive else {}
        if provider.startswith("keras"):
            kept["KERAS_BACKEND"] = {"keras": "tensorflow"}.get(provider, provider.split("-")[-1])
        if provider.startswith("tidefall-"):
            kept["TIDEFALL_TIER"] = provider.partition("-")[2]
        if provider.endswith("-xla"):
            kept["TF_XLA_FLAGS"] = "--tf_xla_cpu_global_jit"
        return kept

    def start(self, provider: str, *arguments: str) -> Process:
        command = [self.python(provider), "-m", "benchmarks.worker", provider, *arguments]
        return Process(command, self.environment(provider))

    def open(self, provider: str) -> tuple[Process | None, Report]:
        """A process that has imported its library; or None and why not."""
        process = self.start(provider)
        hello = process.answer(timeout=120)
        if failed(hello):
            process.close()
            return None, hello
        return process, hello


def failed(report: Report) -> bool:
    return "error" in report or "na" in report


class Process:
    """One worker, asked in turns with the others."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        quiet = None if os.environ.get("BENCH_STDERR") else subprocess.DEVNULL
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=quiet,
            env=environment,
            cwd=ROOT,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.buffer = b""

    def read(self, timeout: float) -> Report:
        end = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.stdout], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self.close()
                raise Died(f"more than {timeout:g} s")
            got = os.read(self.stdout.fileno(), 65536)
            if not got:
                raise Died(f"the process ended ({self.process.wait()})")
            self.buffer += got
        line, self.buffer = self.buffer.split(b"\n", 1)
        report: Report = json.loads(line)
        return report

    def answer(self, timeout: float) -> Report:
        """The final answer; after a failure, with what partial answers had said before."""
        last: Report = {}
        while True:
            try:
                report = self.read(timeout)
            except Died as death:
                return last | {"error": str(death)}
            if not report.pop("partial", False):
                return last | report if failed(report) else report
            last = report

    def ask(self, command: str, timeout: float, **arguments: Any) -> Report:
        try:
            self.stdin.write((json.dumps({"cmd": command, **arguments}) + "\n").encode())
            self.stdin.flush()
        except BrokenPipeError:
            return {"error": "the process ended"}
        return self.answer(timeout)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.stdout.close()
