"""What ``import tensorflow`` gives in the launcher."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import tidefall as tf
from tidefall.cli import alias, names


@pytest.fixture(autouse=True)
def _alias() -> Iterator[None]:
    before, finders = dict(sys.modules), list(sys.meta_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorflow"]:
        del sys.modules[name]
    alias.install()
    yield
    sys.meta_path[:] = finders
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorflow"]:
        del sys.modules[name]
    sys.modules.update(before)


def run(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(program, names)
    return names


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("import tensorflow as tf; v = tf.matmul", tf.matmul),
        ("import tensorflow.compat.v1 as tf; v = tf.matmul", tf.matmul),
        ("import tensorflow as tf; v = tf.compat.v1.matmul", tf.matmul),
        ("from tensorflow import matmul as v", tf.matmul),
        ("from tensorflow.compat.v1 import matmul as v", tf.matmul),
        ("from tensorflow.compat import v1; v = v1.Session", tf.Session),
        ("import tensorflow.train as t; v = t.AdamOptimizer", tf.train.AdamOptimizer),
        ("from tensorflow.train import Example as v", tf.train.Example),
        ("import tensorflow; v = tensorflow.gfile.GFile", tf.gfile.GFile),
        ("from tensorflow import flags; v = flags.FLAGS", tf.flags.FLAGS),
        ("from tensorflow.python.ops import math_ops; v = math_ops.matmul", tf.matmul),
        ("from tensorflow.python.ops.array_ops import identity as v", tf.identity),
        ("from tensorflow.python.framework import ops; v = ops.Graph", tf.Graph),
        ("from tensorflow.python.framework.ops import GraphKeys as v", tf.GraphKeys),
        ("from tensorflow.python.framework import dtypes; v = dtypes.float32", tf.float32),
        ("from tensorflow.python.client.session import Session as v", tf.Session),
        ("from tensorflow.python.platform import gfile; v = gfile.Exists", tf.gfile.Exists),
        ("from tensorflow.python.platform import tf_logging; v = tf_logging.info", tf.logging.info),
        ("from tensorflow.python.platform import flags; v = flags.FLAGS", tf.flags.FLAGS),
        ("from tensorflow.python.framework.errors import OpError as v", tf.errors.OpError),
        ("import tensorflow.python.platform as p; v = p.app.run", tf.app.run),
        ("from tensorflow.core.framework import graph_pb2; v = graph_pb2.GraphDef", tf.GraphDef),
        ("from tensorflow.core.framework.types_pb2 import DT_INT32 as v", 3),
        ("from tensorflow.core.protobuf import config_pb2 as c; v = c.GPUOptions", tf.GPUOptions),
        ("from tensorflow.contrib.util import make_tensor_proto as v", "absent"),
    ],
)
def test_names_are_tidefalls(line: str, value: Any) -> None:
    if value == "absent":
        with pytest.raises(ImportError, match=r"tidefall has no tf\.contrib"):
            run(line)
    else:
        assert run(line)["v"] is value or run(line)["v"] == value


def test_generated_functions_are_the_ops() -> None:
    found = run("from tensorflow.python.ops import gen_math_ops; v = gen_math_ops.mat_mul")["v"]
    assert found.name == "MatMul"


def test_versions() -> None:
    found = run("import tensorflow as tf; v = (tf.__version__, tf.VERSION, tf.compat.v1.VERSION)")
    assert found["v"] == ("1.15.5", "1.15.5", "1.15.5")
    assert "tidefall" in run("import tensorflow as tf")["tf"].GIT_VERSION


def test_a_folder_of_ours_is_no_public_name() -> None:
    module = run("import tensorflow as tf")["tf"]
    assert not hasattr(module, "executor")
    assert not hasattr(module, "cli")
    assert hasattr(module, "train")


def test_dir_lists_the_public_names() -> None:
    module = run("import tensorflow as tf")["tf"]
    assert {"matmul", "Session", "train"} <= set(dir(module))


def test_a_name_can_be_patched_without_changing_tidefall() -> None:
    module = run("import tensorflow as tf")["tf"]
    module.matmul = None
    assert tf.matmul is not None


def test_optional_imports_fail_as_programs_expect() -> None:
    program = """
try:
    from tensorflow.no_such_place import thing
except ImportError:
    v = "fallback"
"""
    assert run(program)["v"] == "fallback"


def test_other_modules_are_left_alone() -> None:
    assert importlib.util.find_spec("tensorflow_nonsense") is None
    assert importlib.import_module("json") is sys.modules["json"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("python.ops", True), ("contrib.rnn.python.ops", True), ("python_io", False), ("nn", False)],
)
def test_private_paths(path: str, expected: bool) -> None:
    assert names.is_private(path) is expected
