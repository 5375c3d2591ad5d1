"""The command line of ``tidefall``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import tidefall
from tidefall.cli import explain, launch


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
    _add_explain(commands)
    return parser


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="run a TensorFlow 1 program unchanged",
        description="Runs a program that imports tensorflow, of Python 3 or 2, or a notebook.",
    )
    _add_program(run)
    run.set_defaults(act=_run)


def _add_explain(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    told = commands.add_parser(
        "explain",
        help="run a program and print what the compiler made of it",
        description="Runs a program as `tidefall run` does, then prints, for each kind of run: "
        "what was pruned, simplified, merged, packed and partitioned.",
    )
    told.add_argument("--nodes", action="store_true", help="list the nodes that are executed")
    told.add_argument("--source", action="store_true", help="print the generated functions")
    _add_program(told)
    told.set_defaults(act=_explain)


def _add_program(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--full-traceback", action="store_true", help="show the library's frames in tracebacks"
    )
    command.add_argument(
        "-m", dest="module", action="store_true", help="PROGRAM is a module's name"
    )
    command.add_argument("program", metavar="PROGRAM", help="a .py file or an .ipynb notebook")
    command.add_argument("args", nargs=argparse.REMAINDER, metavar="...", help="its arguments")


def _run(options: argparse.Namespace) -> int:
    start = launch.run_module if options.module else launch.run
    return start(options.program, options.args, options.full_traceback)


def _explain(options: argparse.Namespace) -> int:
    watch = explain.Watch()
    try:
        with watch:
            return _run(options)
    finally:  # also when the program calls sys.exit
        sys.stdout.flush()
        explain.report(watch.records, sys.stdout, options.nodes, options.source)
