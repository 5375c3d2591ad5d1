"""The command line of ``tidefall``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import tidefall
from tidefall.cli import launch


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns the exit status."""
    options = _parser().parse_args(argv)
    status: int = options.act(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tidefall", description="The TensorFlow 1.x graph programming model, for today."
    )
    parser.add_argument("--version", action="version", version=f"tidefall {tidefall.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_run(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="run a TensorFlow 1 program unchanged",
        description="Runs a program that imports tensorflow, of Python 3 or 2, or a notebook.",
    )
    run.add_argument(
        "--full-traceback", action="store_true", help="show the library's frames in tracebacks"
    )
    run.add_argument("-m", dest="module", action="store_true", help="PROGRAM is a module's name")
    run.add_argument("program", metavar="PROGRAM", help="a .py file or an .ipynb notebook")
    run.add_argument("args", nargs=argparse.REMAINDER, metavar="...", help="its arguments")
    run.set_defaults(act=_run)


def _run(options: argparse.Namespace) -> int:
    start = launch.run_module if options.module else launch.run
    return start(options.program, options.args, options.full_traceback)
