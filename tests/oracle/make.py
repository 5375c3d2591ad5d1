"""Makes the golden files: run this under TensorFlow 1.15.5 (Python 3.7).

    python tests/oracle/make.py [graphs|random|training|order|values|errors ...]
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import sys
from typing import Any, Callable, Dict, List

import numpy as np
import tensorflow as tf

import canonical
from programs import streams

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


def make_random() -> None:
    by_seed, by_shape, hashes = {}, {}, {}
    for stream, dtypes in streams.STREAMS.items():
        for dtype in dtypes:
            name = "%s/%s" % (stream.__name__, dtype)
            runs = [streams.runs_of(tf, stream, dtype, [5], s) for s in streams.SEEDS]
            by_seed[name] = np.array(runs)
            for seeds in streams.SEEDS_FOR_SHAPES:
                for shape in streams.SHAPES:
                    key = "%s/%s/%s" % (name, seeds, shape)
                    runs = streams.runs_of(tf, stream, dtype, shape, seeds, 2)
                    kept = streams.sampled(runs[0].size)
                    by_shape[key] = np.stack([run.ravel()[kept] for run in runs])
                    hashes[key] = [digest(run) for run in runs]
            print(name)
    initialised = {}
    for dtype in ["float32", "float64"]:
        for seeds in streams.INITIALIZER_SEEDS:
            for resource in [False, True]:
                key = "%s/%s/%s" % (dtype, seeds, "resource" if resource else "reference")
                for name, values in streams.initialised(tf, seeds, dtype, resource).items():
                    initialised["%s/%s" % (key, name)] = values
    folder = os.path.join(GOLDEN, "random")
    os.makedirs(folder, exist_ok=True)
    write_arrays(os.path.join(folder, "seeds.npz"), by_seed)
    write_arrays(os.path.join(folder, "shapes.npz"), by_shape)
    write_arrays(os.path.join(folder, "fetch_sets.npz"), streams.fetch_sets(tf))
    write_arrays(os.path.join(folder, "loop.npz"), streams.loop_of_random(tf))
    write_arrays(os.path.join(folder, "initializers.npz"), initialised)
    write_json(os.path.join(folder, "hashes.json"), hashes)


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:12]


def write_arrays(path: str, arrays: Dict[str, np.ndarray]) -> None:
    """Many arrays in three: names, shapes and the flat values of each dtype."""
    index = [[name, str(a.dtype), list(a.shape)] for name, a in arrays.items()]
    flat: Dict[str, List[np.ndarray]] = {}
    for array in arrays.values():
        flat.setdefault(str(array.dtype), []).append(array.ravel())
    packed = {dtype: np.concatenate(parts) for dtype, parts in flat.items()}
    np.savez_compressed(path, index=np.array(json.dumps(index)), **packed)


def write_json(path: str, record: Any) -> None:
    with open(path, "w") as file:
        json.dump(record, file, indent=0, sort_keys=True)
        file.write("\n")


MAKERS = {"graphs": make_graphs, "random": make_random}

if __name__ == "__main__":
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    for part in sys.argv[1:] or MAKERS:
        MAKERS[part]()
