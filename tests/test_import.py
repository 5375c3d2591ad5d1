"""`import tidefall` is light, and what it leaves for later is found when it is asked for."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tidefall.core import index

HEAVY = {
    "IPython",
    "absl",
    "google.protobuf",
    "hypothesis",
    "jax",
    "jaxlib",
    "keras",
    "llvmlite",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "rich",
    "scipy",
    "sklearn",
    "tensorboard",
    "tensorflow",
    "torch",
}
FRESH = "the index is not fresh: run `make index` (python -m tests.make_index)\n"

PROBE = """
import json, sys, time
start = time.perf_counter()
import tidefall
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "modules": sorted(sys.modules)}))
"""

TRAINING = """
import sys
import numpy
numpys = {name for name in sys.modules if name.startswith("numpy")}
import tidefall as tf
x = tf.placeholder(tf.float32, [None, 3])
w = tf.Variable(tf.zeros([3, 1]))
loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1.0))
step = tf.train.AdamOptimizer().minimize(loss)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(step, {x: numpy.ones([5, 3])})
print(*sys.modules)
"""

EVERY_NAME = """
import random, sys, threading
import tidefall as tf
from tidefall.core import index

def look(seed, names):
    random.Random(seed).shuffle(names)
    for name in names:
        found = tf
        for part in name.split("."):
            found = getattr(found, part)
        same.setdefault(name, found)
        assert same[name] is found, name

same = {}
names = sorted(index.PUBLIC)
looking = [threading.Thread(target=look, args=(seed, [*names])) for seed in SEEDS]
for each in looking: each.start()
for each in looking: each.join()
assert len(same) == len(names), set(names) - set(same)
"""


def python(program: str) -> str:
    """What a program prints in a fresh process."""
    command = [sys.executable, "-W", "error", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert not run.stderr
    return run.stdout


def test_import_loads_next_to_nothing() -> None:
    report = json.loads(python(PROBE))
    print(f"import tidefall: {report['seconds']:.3f} s, {len(report['modules'])} modules loaded")
    loaded = HEAVY & set(report["modules"])
    assert not loaded, f"import tidefall loads {', '.join(sorted(loaded))}"
    ours = [name for name in report["modules"] if name.startswith("tidefall")]
    assert len(ours) < 20, f"import tidefall loads {', '.join(ours)}"


def test_a_plain_training_loads_what_it_uses() -> None:
    modules = python(TRAINING).split()
    ours = {name for name in modules if name.startswith("tidefall.")}
    foreign = {"tidefall.data", "tidefall.io", "tidefall.summary", "tidefall.contrib"}
    inside = {name for name in ours for folder in foreign if name.startswith(f"{folder}.")}
    assert not inside, f"a plain training loads {', '.join(sorted(inside))}"
    assert len(ours) < 190, f"a plain training loads {len(ours)} modules"


def test_the_index_is_fresh() -> None:
    root = Path(__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-m", "tests.make_index", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert run.returncode == 0, FRESH + run.stdout + run.stderr


@pytest.mark.parametrize("seeds", [(1,), (2,), (3, 4, 5, 6)], ids=["one", "another", "threads"])
def test_every_name_is_found_in_any_order(seeds: tuple[int, ...]) -> None:
    python(EVERY_NAME.replace("SEEDS", repr(seeds)))


def test_dir_tells_every_name() -> None:
    for name in index.PUBLIC:
        path, _, leaf = name.rpartition(".")
        space: Any = tf
        for part in filter(None, path.split(".")):
            assert part in dir(space)
            space = getattr(space, part)
        assert leaf in dir(space), name


def test_names_can_be_imported_from_the_package() -> None:
    python("from tidefall import *\nassert placeholder and nn.relu and train and gradients")
    python("from tidefall import gradients, train, io, float32\nassert callable(gradients)")


def test_a_folder_does_not_hide_its_namesake() -> None:
    python(
        "import tidefall.gradients.walk, tidefall.train.adam, tidefall.data.experimental\n"
        "import tidefall as tf\n"
        "assert callable(tf.gradients)\n"
        "assert tf.train.AdamOptimizer is tf.train.adam.AdamOptimizer\n"
        "assert 'map_and_batch' in dir(tf.data.experimental)\n"
    )


def test_a_missing_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"tidefall has no tf\.nothing yet"):
        _ = tf.nothing
    with pytest.raises(AttributeError, match=r"tidefall has no tf\.nn\.nothing yet"):
        _ = tf.nn.nothing
    assert not hasattr(tf.train, "nothing")


def test_functions_can_be_pickled_for_a_fresh_process() -> None:
    data = pickle.dumps([tf.nn.softmax, tf.train.AdamOptimizer, tf.float32])
    python(
        f"import pickle\nfound = pickle.loads({data!r})\nimport tidefall as tf\n"
        "assert found == [tf.nn.softmax, tf.train.AdamOptimizer, tf.float32]"
    )


def test_a_name_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    before = tf.nn.relu6
    monkeypatch.setattr(tf.nn, "relu6", len)
    assert tf.nn.relu6 is len
    monkeypatch.undo()
    assert tf.nn.relu6 is before


@pytest.mark.parametrize(
    "program",
    [
        "assert ([1.0, 2.0] + tf.constant(1.0)).shape == [2]",
        "assert tf.nn.relu([1, 2]).dtype == tf.int32",
        "tf.register_tensor_conversion_function(dict, lambda v, **_: tf.constant(sorted(v)))\n"
        "assert tf.shape({3: 1}).dtype == tf.int32",
    ],
    ids=["operator", "list", "registered"],
)
def test_values_are_converted_from_the_first_operation_on(program: str) -> None:
    python(f"import tidefall as tf\n{program}")


def test_a_graph_of_another_process_finds_its_ops_kernels_and_gradients() -> None:
    x = tf.placeholder(tf.float64, [], name="x")
    y = tf.cond(x > 0, lambda: x * x, lambda: -x)
    z = tf.while_loop(lambda i: i < 100, lambda i: i * y, [tf.constant(2.0, tf.float64)])
    tf.identity(z, name="z")
    graph = tf.get_default_graph().as_graph_def().SerializeToString()
    printed = python(
        "import tidefall as tf\n"
        f"graph = tf.GraphDef.FromString({graph!r})\n"
        "tf.import_graph_def(graph, name='')\n"
        "with tf.Session() as sess: print(sess.run('z:0', {'x:0': 3}))\n"
    )
    assert float(printed) == 162.0
