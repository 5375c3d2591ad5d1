"""All families of pipelines, one after another: ``python -m benchmarks.pipelines --help``."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.__main__ import RESULTS, cpu_name, versions
from benchmarks.pipelines.frame import Options, markdown

FAMILIES = ("queues", "datasets", "tables", "training")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.pipelines", description=__doc__)
    add = parser.add_argument
    add("--peers", default=sys.executable, help="a Python with TensorFlow and PyTorch")
    add("--rounds", type=int, default=3, help="how often each library has its turn")
    add("--families", default=",".join(FAMILIES), help="default: all (%(default)s)")
    add("--workloads", default="", help="only these, of all families")
    add("--scale", type=float, default=1.0, help="multiplies the number of rows and blocks")
    add("--out", default="", help="name of the file in benchmarks/results, such as pipelines")
    return parser.parse_args()


def heading(given: argparse.Namespace) -> str:
    """What was measured where."""
    packages: Any = versions(sys.executable) | versions(given.peers)
    shown = ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))
    return (
        f"# Input pipelines\n\n{time.strftime('%Y-%m-%d %H:%M')}, {cpu_name()} "
        f"({os.cpu_count()} cores), Python {platform.python_version()}, {given.rounds} rounds.\n\n"
        f"Versions: {shown}."
    )


def main() -> None:
    """Measures, printing as it goes."""
    given = options()
    wanted = tuple(filter(None, given.workloads.split(",")))
    settings = Options(given.peers, given.rounds, wanted, given.scale)
    texts = [heading(given)]
    print(texts[0], flush=True)
    for name in given.families.split(","):
        family = importlib.import_module(f"benchmarks.pipelines.{name}").FAMILY
        with tempfile.TemporaryDirectory() as folder:
            cells = family.cells(settings, folder)
        if len(cells) > 1:
            texts.append(f"## {family.title}\n\n{markdown(cells)}")
            print(f"\n{texts[-1]}", flush=True)
    if given.out:
        target = (RESULTS / given.out).with_suffix(".md")
        Path(target).write_text("\n\n".join(texts) + "\n", encoding="utf-8")
        print(f"\nwritten: {target}")


if __name__ == "__main__":
    main()
