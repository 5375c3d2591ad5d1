"""Writes what TensorFlow 1.15.5 summarizes: run with a Python that has it.

    python tests/oracle/summaries.py tests/summary/summaries.json

For each function of ``programs/summary_values.py``, the bytes of the ``Summary`` in base64, and
the pixels of its pictures, whose compression may differ.
"""

import base64
import json
import sys

import tensorflow as tf
from programs import functions_of, summary_values


def main(path):
    records = {}
    for name, program in functions_of(summary_values).items():
        with tf.Graph().as_default(), tf.Session() as session:
            summary = tf.Summary.FromString(session.run(program(tf)))
            pixels = []
            for value in summary.value:
                if value.HasField("image"):
                    picture = tf.image.decode_png(value.image.encoded_image_string)
                    pixels.append(session.run(picture).ravel().tolist())
                    value.image.ClearField("encoded_image_string")
        data = base64.b64encode(summary.SerializeToString()).decode()
        records[name] = {"summary": data, "pixels": pixels}
    with open(path, "w") as out:
        lines = ["%s: %s" % (json.dumps(k), json.dumps(v)) for k, v in sorted(records.items())]
        out.write("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main(sys.argv[1])
