"""Small programs build the same graph here as under TensorFlow 1.15.5, node for node."""

from __future__ import annotations

import difflib
import functools
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tests.oracle import canonical, golden_files
from tests.oracle.differences import GRAPH_DIFFERENCES, GRAPH_GAPS

Record = dict[str, Any]

FOLDER = Path(golden_files.path_of("graphs"))
NAMES = sorted(str(p.relative_to(FOLDER).with_suffix("")) for p in FOLDER.glob("*/*.json"))

# A long diff hides its cause: the first difference usually explains the rest.
LINES_SHOWN = 40


def program_named(name: str) -> Callable[[Any], Any]:
    family, function = name.split("/")
    module = importlib.import_module(f"tests.oracle.programs.graph_{family}")
    program: Callable[[Any], Any] = getattr(module, function)
    return program


@functools.cache
def expected(name: str) -> Record:
    record: Record = golden_files.read_json(str(FOLDER / f"{name}.json"))
    return record


@functools.cache
def built(name: str) -> Record:
    graph = tf.Graph()
    with graph.as_default():
        program_named(name)(tf)
    record: Record = canonical.graph_of(graph)
    return record


def described(node: Record) -> str:
    """A node as one line: what it is called, what it is, what it takes and how."""
    attrs = ", ".join(f"{k}={json.dumps(v)}" for k, v in node["attrs"].items())
    device = f" on {node['device']}" if node["device"] else ""
    return f"{node['name']} = {node['op']}({', '.join(node['inputs'])}) [{attrs}]{device}"


def shaped(node: Record) -> str:
    outputs = [f"{dtype}{json.dumps(shape)}" for dtype, shape in node["outputs"]]
    return f"{node['name']} -> {', '.join(outputs)}"


def assert_same_lines(ours: list[str], theirs: list[str]) -> None:
    if ours == theirs:
        return
    diff = difflib.unified_diff(theirs, ours, "TensorFlow 1.15.5", "tidefall", n=1, lineterm="")
    lines = [line for line in diff if not line.startswith("@@")]
    more = f"\n... and {len(lines) - LINES_SHOWN} more lines" if len(lines) > LINES_SHOWN else ""
    pytest.fail("the graphs differ\n" + "\n".join(lines[:LINES_SHOWN]) + more, pytrace=False)


def lines_of(name: str, record: Record, describe: Callable[[Record], str]) -> list[str]:
    excused = GRAPH_DIFFERENCES.get(name, {})
    return [describe(node) for node in record["nodes"] if node["name"] not in excused]


def cases() -> list[Any]:
    return [
        pytest.param(
            name,
            marks=[pytest.mark.xfail(reason=GRAPH_GAPS[name])] if name in GRAPH_GAPS else [],
        )
        for name in NAMES
    ]


@pytest.mark.parametrize("name", cases())
def test_the_graph_is_tensorflows(name: str) -> None:
    ours, theirs = built(name), expected(name)
    assert_same_lines(lines_of(name, ours, described), lines_of(name, theirs, described))
    assert_same_lines(lines_of(name, ours, shaped), lines_of(name, theirs, shaped))
    assert ours["collections"] == theirs["collections"]
    if theirs["last_id"] is not None and name not in GRAPH_DIFFERENCES:
        assert ours["last_id"] == theirs["last_id"]


@pytest.mark.parametrize("name", [n for n in NAMES if "gradient_scopes" in expected(n)])
def test_gradient_scopes_are_tensorflows(name: str) -> None:
    if name in GRAPH_GAPS:
        pytest.skip(GRAPH_GAPS[name])
    assert set(built(name)["gradient_scopes"]) <= set(expected(name)["gradient_scopes"])


def test_every_listed_difference_names_a_program() -> None:
    assert not (set(GRAPH_DIFFERENCES) | set(GRAPH_GAPS)) - set(NAMES)
