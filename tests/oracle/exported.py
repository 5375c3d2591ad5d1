"""Graphs built by tidefall, run by TensorFlow.

In three steps: with tidefall, with TensorFlow 1.15.5, and with TensorFlow 2:

    python tests/oracle/exported.py write
    python3.7 tests/oracle/exported.py run
    python tests/oracle/exported.py check

``write`` puts the graphs of ``programs/exported.py`` into ``golden/exported``, ``run`` what
their runs give, and ``check`` sees that another TensorFlow gives the same.
"""

import os
import sys

import numpy as np
from golden_files import path_of, read_arrays, write_arrays
from programs import exported, functions_of


def graph_path(name):
    return path_of("exported", name + ".pb")


def write():
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    import tidefall as tf

    os.makedirs(path_of("exported"), exist_ok=True)
    for name, program in functions_of(exported).items():
        with tf.Graph().as_default() as graph:
            program(tf)
        with open(graph_path(name), "wb") as out:
            out.write(graph.as_graph_def().SerializeToString(deterministic=True))


def runs_of(tf, program):
    """The runs a program asks for; it is built once more, in a graph of its own."""
    with tf.Graph().as_default():
        return program(tf)


def results(tf):
    values = {}
    for name, program in functions_of(exported).items():
        definition = tf.GraphDef()
        with open(graph_path(name), "rb") as file:
            definition.ParseFromString(file.read())
        runs = runs_of(tf, program)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(definition, name="")
        with tf.Session(graph=graph) as session:
            for number, (fetches, feeds) in enumerate(runs):
                found = session.run(fetches, feeds)
                for fetch, value in zip(fetches, found):
                    if value is not None:
                        values["%s/%d/%s" % (name, number, fetch)] = plain(value)
    return values


def plain(value):
    """Strings as numbers, so that they can be stored as arrays."""
    value = np.asarray(value)
    if value.dtype.kind in "OS":
        return np.frombuffer(b"\0".join(value.ravel().tolist()), np.uint8)
    return value


def main(step):
    if step == "write":
        return write()
    if step == "run":
        import tensorflow as tf

        return write_arrays(path_of("exported", "values.npz"), results(tf))
    import tensorflow.compat.v1 as tf

    tf.disable_eager_execution()
    expected, found = read_arrays(path_of("exported", "values.npz")), results(tf)
    assert set(expected) == set(found)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-6, err_msg=name)
    print(tf.__version__, "agrees on", len(found), "values")
    return None


if __name__ == "__main__":
    main(sys.argv[1])
