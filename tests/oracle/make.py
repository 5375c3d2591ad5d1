"""Makes the golden files: run this under TensorFlow 1.15.5 (Python 3.7).

    python tests/oracle/make.py [PART]

The parts are the keys of `MAKERS`.

Each part takes seconds to a minute. Its results are the same on every run. What it needs:

    python3.7 -m venv oracle
    oracle/bin/pip install "tensorflow==1.15.5" "protobuf<3.21" "numpy<1.19"
"""

from __future__ import annotations

import gzip
import importlib
import os
import sys
import tempfile
from typing import Any, Callable, Dict

import canonical
import numpy as np
import tensorflow as tf
from golden_files import digest, path_of, write_arrays, write_graph, write_json
from programs import (
    datasets,
    files,
    functions_of,
    gradient_values,
    images,
    imported,
    order,
    parsed,
    queue_orders,
    streams,
    text_values,
    training_runs,
    unicode_values,
    values,
)

GRAPH_FAMILIES = [
    "basics", "operators", "arrays", "math", "nn", "variables", "kept", "flow", "random",
    "training", "examples", "summaries", "queues",
]  # fmt: skip

WRONG_FAMILIES = ["values", "shapes", "models", "runs"]

REPETITIONS = 50


def make_graphs() -> None:
    for family in GRAPH_FAMILIES:
        module = importlib.import_module("programs.graph_" + family)
        for name, program in functions_of(module).items():
            with tf.Graph().as_default() as graph:
                program(tf)
            record = canonical.graph_of(graph)
            write_graph(path_of("graphs", family, name + ".json"), record)
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
    write_arrays(path_of("random", "seeds.npz"), by_seed)
    write_arrays(path_of("random", "shapes.npz"), by_shape)
    write_json(path_of("random", "hashes.json"), hashes)
    write_arrays(path_of("random", "fetch_sets.npz"), streams.fetch_sets(tf))
    write_arrays(path_of("random", "loop.npz"), streams.loop_of_random(tf))
    write_arrays(path_of("random", "initializers.npz"), initial_values())


def initial_values() -> Dict[str, np.ndarray]:
    record = {}
    for dtype in ["float32", "float64"]:
        for seeds in streams.INITIALIZER_SEEDS:
            for resource in [False, True]:
                key = "%s/%s/%s" % (dtype, seeds, "resource" if resource else "reference")
                initialised = streams.initialised(tf, seeds, dtype, resource)
                record.update({"%s/%s" % (key, name): v for name, v in initialised.items()})
    return record


def make_training() -> None:
    for problem in training_runs.PROBLEMS:
        record = {}
        for name, dtype, resource in training_runs.cases_of(problem):
            key = "%s/%s/%s" % (name, dtype, "resource" if resource else "reference")
            trained = training_runs.train(tf, name, problem, dtype, resource)
            record.update({"%s:%s" % (key, part): value for part, value in trained.items()})
        write_arrays(path_of("training", problem + ".npz"), record)
        print(problem, len(record))
    write_arrays(path_of("training", "clipped.npz"), training_runs.train_clipped(tf))
    write_arrays(path_of("training", "adversaries.npz"), training_runs.train_adversaries(tf))
    write_arrays(path_of("training", "schedules.npz"), training_runs.schedules(tf))
    for resource in [False, True]:
        name = "averages_%s.npz" % ("resource" if resource else "reference")
        write_arrays(path_of("training", name), training_runs.averages(tf, resource))


def as_data(value: Any) -> Any:
    """Nested results as JSON: arrays become lists."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return [as_data(v) for v in value]
    return np.asarray(value).tolist()


def outcome_of(program: Callable[..., Any]) -> Any:
    with tf.Graph().as_default():
        try:
            return as_data(program(tf))
        except tf.errors.OpError as error:
            return "error: " + type(error).__name__


def make_order() -> None:
    record = {}
    for name, program in functions_of(order).items():
        outcomes = []
        for _ in range(REPETITIONS):
            outcome = outcome_of(program)
            if outcome not in outcomes:
                outcomes.append(outcome)
        record[name] = outcomes
        print(name, outcomes)
    write_json(path_of("order.json"), record)


def make_queues() -> None:
    record = {name: program(tf) for name, program in functions_of(queue_orders).items()}
    write_json(path_of("queue_orders.json"), record)


def make_values() -> None:
    make_table(values, "values.json")


def make_texts() -> None:
    make_table(text_values, "texts.json")


def make_unicode() -> None:
    make_table(unicode_values, "unicode.json")


def make_table(table: Any, file: str) -> None:
    """The values of a table of expressions."""
    record = {}
    for expression in table.expressions():
        try:
            record[expression] = [canonical.array_of(v) for v in table.run(tf, expression)]
        except (tf.errors.OpError, AttributeError, ValueError, TypeError) as error:
            record[expression] = {"error": type(error).__name__}
            print(expression, type(error).__name__, first_line(error))
    write_json(path_of(file), record)


def make_gradients() -> None:
    record = {}
    for line in gradient_values.expressions():
        try:
            value = gradient_values.gradient(tf, line, "float32")
            record[line] = None if value is None else canonical.array_of(value)
        except (tf.errors.OpError, LookupError, ValueError, TypeError) as error:
            record[line] = {"error": type(error).__name__}
            print(line, type(error).__name__, first_line(error))
    write_json(path_of("gradients.json"), record)


def make_datasets() -> None:
    record = {}
    for name, program in sorted(datasets.programs().items()):
        nodes, elements = datasets.elements(tf, program)
        record[name] = {"nodes": nodes, "elements": elements}
        print(name, len(elements))
    write_json(path_of("datasets.json"), record)


def make_imported() -> None:
    """The graphs as TensorFlow writes them, and what their runs give."""
    os.makedirs(path_of("imported"), exist_ok=True)
    record = {}
    for name, program in functions_of(imported).items():
        with tf.Graph().as_default() as graph:
            runs = program(tf)
            with gzip.GzipFile(path_of("imported", name + ".pb.gz"), "wb", mtime=0) as file:
                file.write(graph.as_graph_def().SerializeToString())
            with tf.Session() as session:
                for number, (fetches, feeds) in enumerate(runs):
                    for fetch, value in zip(fetches, session.run(fetches, feeds)):
                        if value is not None:
                            record["%s/%02d/%s" % (name, number, fetch)] = value
                    for feed, value in feeds.items():
                        record["%s/%02d/feed %s" % (name, number, feed)] = value
        print(name, len(graph.get_operations()))
    write_json(path_of("imported", "runs.json"), runs_by_name())
    write_arrays(path_of("imported", "values.npz"), record)


def runs_by_name() -> Dict[str, Any]:
    """What is fetched and fed in each run of each imported graph, by name."""
    record = {}
    for name, program in functions_of(imported).items():
        with tf.Graph().as_default():
            record[name] = [[fetches, sorted(feeds)] for fetches, feeds in program(tf)]
    return record


def make_errors() -> None:
    """The class of each exception and its bases; the message is printed, for whoever asks."""
    record = {}
    modules = [importlib.import_module("programs.wrong_" + part) for part in WRONG_FAMILIES]
    wrong_uses = [item for module in modules for item in functions_of(module).items()]
    for name, wrong in wrong_uses:
        record[name] = []
        with tf.Graph().as_default():
            try:
                wrong(tf)
            except Exception as error:
                kinds = [base.__name__ for base in type(error).__mro__]
                record[name] = kinds[: kinds.index("Exception")]
                print(name, record[name], first_line(error))
    write_json(path_of("errors.json"), record)


def first_line(error: Exception) -> str:
    return (getattr(error, "message", None) or str(error)).split("\n")[0][:300]


def make_files() -> None:
    """What readers give, step by step."""
    record = {}
    for name in files.cases(tf):
        with tempfile.TemporaryDirectory() as folder:
            record[name] = files.run_case(tf, folder, name)
        print(name, len(record[name]))
    with tempfile.TemporaryDirectory() as folder:
        record["queries"] = files.run_queries(tf, folder)
    write_json(path_of("files.json"), record)


def make_parsed() -> None:
    """What parsers of examples give."""
    record = {}
    for name in parsed.cases(tf):
        with tf.Graph().as_default():
            record[name] = parsed.run_case(tf, name)
    with tf.Graph().as_default():
        record["sequences"] = parsed.run_sequences(tf)
        for name, build in parsed.builders(tf).items():
            try:
                build()
                record["wrong: " + name] = None
            except Exception as error:
                record["wrong: " + name] = type(error).__name__
                print(name, first_line(error))
    write_json(path_of("parsed.json"), record)


def make_images() -> None:
    """Image files and their pixels."""
    write_arrays(path_of("images.npz"), images.files_and_pixels(tf))


MAKERS = {
    "images": make_images,
    "parsed": make_parsed,
    "datasets": make_datasets,
    "unicode": make_unicode,
    "files": make_files,
    "graphs": make_graphs,
    "random": make_random,
    "training": make_training,
    "order": make_order,
    "queues": make_queues,
    "texts": make_texts,
    "values": make_values,
    "gradients": make_gradients,
    "errors": make_errors,
    "imported": make_imported,
}

if __name__ == "__main__":
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    for part in sys.argv[1:] or MAKERS:
        MAKERS[part]()
