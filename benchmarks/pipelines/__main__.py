"""All families of pipelines, one after another; options are handed on to each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: Modules beside this one that are not families.
_OTHERS = {"__init__", "__main__", "frame"}


def main() -> None:
    """Runs each family as a program of its own."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in _OTHERS:
            print(f"-- {path.stem}", flush=True)
            command = [sys.executable, "-m", f"benchmarks.pipelines.{path.stem}", *sys.argv[1:]]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
