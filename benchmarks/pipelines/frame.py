"""Rows per second of pipelines under tidefall and under TensorFlow, in turns in one run.

A family of workloads is a module with a `Family`; ``python -m benchmarks.pipelines.FAMILY`` runs
it. Each measurement is a process of its own, so that neither side has warmed anything up for the
other. In every round each side runs once; the figure is the median of a side's rounds, the ratio
the median of the ratios within each round.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PROVIDERS = ("tidefall", "tensorflow")


@dataclass(frozen=True)
class Workload:
    """One pipeline.

    Attributes:
      measure: From a library's module and the folder of the files to rows per second.
      about: What it is, in a few words.
      bar: How many times as fast as TensorFlow tidefall must be, if that is set.
    """

    measure: Callable[[Any, str], float]
    about: str
    bar: float | None = None


@dataclass(frozen=True)
class Family:
    """Workloads that read the same files.

    Attributes:
      module: The module they are in.
      write_files: Writes the files into a folder.
      workloads: The pipelines by name.
    """

    module: str
    write_files: Callable[[str], None]
    workloads: dict[str, Workload]

    def main(self, arguments: list[str] | None = None) -> None:
        """Measures, and prints a line for each workload."""
        parser = argparse.ArgumentParser(description="Rows per second of input pipelines.")
        parser.add_argument("--measure", nargs=3, metavar=("PROVIDER", "WORKLOAD", "FOLDER"))
        parser.add_argument("--peers", default=sys.executable, help="a Python with TensorFlow")
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--workloads", default=",".join(self.workloads))
        options = parser.parse_args(arguments)
        if options.measure:
            provider, workload, folder = options.measure
            print(json.dumps(self.workloads[workload].measure(library(provider), folder)))
            return
        names = [name for name in options.workloads.split(",") if name in self.workloads]
        with tempfile.TemporaryDirectory() as folder:
            self.write_files(folder)
            print(f"{'rows per second':40} {'tidefall':>12} {'TensorFlow':>12} {'ratio':>7}  bar")
            for name in names:
                self._compare(name, folder, options.peers, options.rounds)

    def _compare(self, name: str, folder: str, peers: str, rounds: int) -> None:
        workload = self.workloads[name]
        found = [
            [self._asked(python, provider, name, folder) for provider, python in sides]
            for sides in [list(zip(PROVIDERS, (sys.executable, peers), strict=True))] * rounds
        ]
        ours, theirs = [statistics.median(side) for side in zip(*found, strict=True)]
        ratio = statistics.median([mine / other for mine, other in found])
        bar = "" if workload.bar is None else f"{workload.bar:g} {_verdict(ratio, workload.bar)}"
        print(
            f"{name + ': ' + workload.about:40} {ours:12,.0f} {theirs:12,.0f} {ratio:7.2f}  {bar}"
        )

    def _asked(self, python: str, provider: str, workload: str, folder: str) -> float:
        command = [python, "-m", self.module, "--measure", provider, workload, folder]
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(f"{provider} failed at {workload}:\n{done.stderr[-2000:]}")
        return float(json.loads(done.stdout.splitlines()[-1]))


def _verdict(ratio: float, bar: float) -> str:
    return "holds" if ratio >= bar else "MISSED"


def library(provider: str) -> Any:
    """The module that a program would call ``tf``."""
    if provider == "tensorflow":
        tf = importlib.import_module("tensorflow.compat.v1")
        tf.disable_eager_execution()
        return tf
    return importlib.import_module(provider)
