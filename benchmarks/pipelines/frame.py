"""Rows per second of pipelines under several libraries, in turns in one run.

A family of workloads is a module with a `Family`. Each measurement is a process of its own, so
that no library has warmed anything up for another. In every round each one runs once; the figure
is the median of its rounds, the ratio the median of the ratios within each round.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.report import table

PROVIDERS = ("tidefall", "tensorflow", "torch")

#: What a family found: the head of a table and its rows.
Cells = list[list[str]]


@dataclass(frozen=True)
class Options:
    """How to measure.

    Attributes:
      peers: A Python with the other libraries.
      rounds: How often each library has its turn.
      workloads: The workloads that are wanted; all if empty.
      scale: Multiplies the sizes of what has no fixed size.
    """

    peers: str
    rounds: int = 3
    workloads: tuple[str, ...] = ()
    scale: float = 1.0

    def wants(self, name: str) -> bool:
        return not self.workloads or name in self.workloads


@dataclass(frozen=True)
class Workload:
    """One pipeline.

    Attributes:
      measure: From a library's module and the folder of the files to rows per second.
      about: What it is, in a few words.
      bar: How many times as fast as TensorFlow tidefall must be, if that is set.
      torch: The like with PyTorch's DataLoader, from the folder to rows per second.
    """

    measure: Callable[[Any, str], float]
    about: str
    bar: float | None = None
    torch: Callable[[str], float] | None = None


@dataclass(frozen=True)
class Family:
    """Workloads that read the same files.

    Attributes:
      module: The module they are in.
      title: What they have in common.
      write_files: Writes the files into a folder.
      workloads: The pipelines by name.
    """

    module: str
    title: str
    write_files: Callable[[str], None]
    workloads: dict[str, Workload] = field(default_factory=dict)

    def main(self) -> None:
        """Does one measurement, and prints it."""
        parser = argparse.ArgumentParser(description="One measurement of a pipeline.")
        parser.add_argument("--measure", nargs=3, metavar=("PROVIDER", "WORKLOAD", "FOLDER"))
        provider, name, folder = parser.parse_args().measure
        workload = self.workloads[name]
        if provider == "torch":
            assert workload.torch is not None
            print(json.dumps(workload.torch(folder)))
        else:
            print(json.dumps(workload.measure(library(provider), folder)))

    def cells(self, options: Options, folder: str) -> Cells:
        """The table of all workloads that are wanted."""
        names = [name for name in self.workloads if options.wants(name)]
        if names:
            self.write_files(folder)
        head = ["rows per second", *PROVIDERS, "to TensorFlow", "to PyTorch", "bar"]
        return [head, *[self._compared(name, folder, options) for name in names]]

    def _compared(self, name: str, folder: str, options: Options) -> list[str]:
        workload = self.workloads[name]
        providers = [p for p in PROVIDERS if p != "torch" or workload.torch is not None]
        found: dict[str, list[float]] = {provider: [] for provider in providers}
        for turn in range(options.rounds):
            for provider in rotated(providers, turn):
                python = sys.executable if provider == "tidefall" else options.peers
                arguments = ["--measure", provider, name, folder]
                found[provider].append(asked([python, "-m", self.module, *arguments]))
        figures = [f"{statistics.median(found[p]):,.0f}" if p in found else "" for p in PROVIDERS]
        ratios = [ratio(found, other) for other in PROVIDERS[1:]]
        shown = ["" if each is None else f"{each:.2f}" for each in ratios]
        held = "" if ratios[0] is None or workload.bar is None else verdict(ratios[0], workload.bar)
        return [f"{name}: {workload.about}", *figures, *shown, held]


def rotated(names: list[str], turn: int) -> list[str]:
    """Names in an order that begins with another one in each turn."""
    turn %= len(names)
    return names[turn:] + names[:turn]


def ratio(found: dict[str, list[float]], other: str) -> float | None:
    """The median of the ratios within each round, if the other library took part."""
    if other not in found:
        return None
    pairs = zip(found["tidefall"], found[other], strict=True)
    return statistics.median([mine / theirs for mine, theirs in pairs])


def verdict(found: float, bar: float) -> str:
    """Whether a bar holds."""
    return f"≥ {bar:g}: {'holds' if found >= bar else 'MISSED'}"


def asked(command: list[str]) -> Any:
    """What another process prints last, as JSON.

    Raises:
      RuntimeError: If it fails.
    """
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def markdown(cells: Cells) -> str:
    """A table as Markdown."""
    return table(cells[0], cells[1:])


def library(provider: str) -> Any:
    """The module that a program would call ``tf``."""
    if provider == "tensorflow":
        tf = importlib.import_module("tensorflow.compat.v1")
        tf.disable_eager_execution()
        return tf
    return importlib.import_module(provider)
