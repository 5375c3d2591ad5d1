"""Makes the golden files: run this under TensorFlow 1.15.5 (Python 3.7).

    python tests/oracle/make.py [graphs|random|training|order|values|errors ...]
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import sys
from typing import Any, Callable, Dict

import tensorflow as tf

import canonical

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "golden")

GRAPH_MODULES = [
    "basics", "operators", "arrays", "math", "nn", "variables", "flow", "random", "training",
    "examples",
]  # fmt: skip


def programs_of(module: Any) -> Dict[str, Callable[..., Any]]:
    """The public functions that a module of programs defines, in order."""
    found = inspect.getmembers(module, inspect.isfunction)
    own = [(n, f) for n, f in found if f.__module__ == module.__name__ and not n.startswith("_")]
    return dict(sorted(own, key=lambda pair: pair[1].__code__.co_firstlineno))


def write_graph(path: str, record: Dict[str, Any]) -> None:
    """One node a line, so that a change to a golden graph can be read."""
    lines = [json.dumps(node, separators=(",", ":")) for node in record["nodes"]]
    head = {key: value for key, value in record.items() if key != "nodes"}
    text = json.dumps(head, sort_keys=True)[:-1] + ', "nodes": [\n' + ",\n".join(lines) + "\n]}\n"
    with open(path, "w") as file:
        file.write(text)


def make_graphs() -> None:
    for family in GRAPH_MODULES:
        module = importlib.import_module("programs.graph_" + family)
        folder = os.path.join(GOLDEN, "graphs", family)
        os.makedirs(folder, exist_ok=True)
        for name, program in programs_of(module).items():
            graph = tf.Graph()
            with graph.as_default():
                try:
                    program(tf)
                except Exception:
                    print("program %s.%s failed" % (family, name))
                    raise
            record = canonical.graph_of(graph)
            write_graph(os.path.join(folder, name + ".json"), record)
            print(family, name, len(record["nodes"]))


MAKERS = {"graphs": make_graphs}

if __name__ == "__main__":
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    for part in sys.argv[1:] or MAKERS:
        MAKERS[part]()
