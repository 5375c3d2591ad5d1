"""Writes what the tests of tensors and graphs in messages expect: needs TensorFlow 1.15.5.

    python tests/oracle/graph_defs.py tests/io

``tensor_protos.json`` holds the bytes of ``tf.make_tensor_proto`` for the calls of
``programs/tensor_protos.py``; ``meta_graph.json`` what a MetaGraph's collections hold.
"""

import base64
import json
import os
import sys

import tensorflow as tf
from programs import tensor_protos


def tensors():
    records = {}
    for name, (args, kwargs) in tensor_protos.calls(tf).items():
        try:
            message = tf.make_tensor_proto(*args, **kwargs)
            data = message.SerializeToString(deterministic=True)
            records[name] = base64.b64encode(data).decode()
        except (TypeError, ValueError) as error:
            records[name] = type(error).__name__
    return records


def collections():
    with tf.Graph().as_default():
        tensor_protos.collections(tf)
        message = tf.train.export_meta_graph()
    return {
        name: base64.b64encode(value.SerializeToString(deterministic=True)).decode()
        for name, value in message.collection_def.items()
    }


def write(folder, name, records):
    with open(os.path.join(folder, name), "w") as out:
        lines = ["%s: %s" % (json.dumps(k), json.dumps(v)) for k, v in sorted(records.items())]
        out.write("{\n" + ",\n".join(lines) + "\n}\n")


def main(folder):
    write(folder, "tensor_protos.json", tensors())
    write(folder, "meta_graph.json", collections())


if __name__ == "__main__":
    main(sys.argv[1])
