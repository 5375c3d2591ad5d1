"""Tensors in messages, byte for byte TensorFlow 1.15.5's."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.oracle.programs import tensor_protos
from tidefall.io import tensor_proto

EXPECTED: dict[str, str] = json.loads((Path(__file__).parent / "tensor_protos.json").read_text())

#: Calls that fail, and one whose array NumPy would not make itself.
NO_ARRAYS = {name for name, made in EXPECTED.items() if made.endswith("Error")} | {"np objects"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_message_is_tensorflows(name: str) -> None:
    args, kwargs = tensor_protos.calls(tf)[name]
    expected = EXPECTED[name]
    if expected in ("TypeError", "ValueError"):
        with pytest.raises((TypeError, ValueError)) as caught:
            tf.make_tensor_proto(*args, **kwargs)
        assert caught.type.__name__ == expected
        return
    message = tf.make_tensor_proto(*args, **kwargs)
    assert str(message) == str(type(message).FromString(base64.b64decode(expected)))


@pytest.mark.parametrize("name", [name for name in sorted(EXPECTED) if name not in NO_ARRAYS])
def test_arrays_come_back(name: str) -> None:
    args, kwargs = tensor_protos.calls(tf)[name]
    message = tf.make_tensor_proto(*args, **kwargs)
    array = tf.make_ndarray(message)
    assert array.flags.writeable
    assert tuple(dim.size for dim in message.tensor_shape.dim) == array.shape
    shape = kwargs.get("shape")
    if shape is None:
        wanted = np.asarray(args[0])
        if wanted.dtype.kind == "U":
            wanted = np.char.encode(wanted).astype(object)
        with np.errstate(over="ignore"):
            np.testing.assert_array_equal(array, wanted.astype(array.dtype))


@pytest.mark.parametrize("dtype", [tf.qint8, tf.quint8, tf.qint16, tf.quint16, tf.qint32])
def test_quantized_types_round_trip(dtype: Any) -> None:
    for values in ([3, 4], [3]):
        array = np.array([(value,) for value in values], dtype.np_dtype)
        message = tensor_proto.encode(array, dtype)
        assert tf.make_ndarray(message).tolist() == array.tolist()


def test_large_constants_of_one_value_stay_small() -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(0.5, shape=[1000, 1000])
    assert graph.as_graph_def().ByteSize() < 200
    (node,) = graph.as_graph_def().node
    assert list(node.attr["value"].tensor.float_val) == [0.5]


def test_damaged_messages_are_refused() -> None:
    message = tf.make_tensor_proto([1.0, 2.0])
    message.tensor_content = message.tensor_content[:-1]
    with pytest.raises(ValueError, match=r"buffer size|holds 7 bytes"):
        tf.make_ndarray(message)
    message = tf.make_tensor_proto(1.0)
    message.float_val.append(2.0)
    with pytest.raises(ValueError, match="lists 2 values"):
        tf.make_ndarray(message)
    message.dtype = 20
    with pytest.raises(TypeError, match="resource"):
        tf.make_ndarray(message)


def test_two_gigabytes_are_too_much() -> None:
    large = np.lib.stride_tricks.as_strided(np.zeros(2), (1 << 28, 2), (0, 8))
    with pytest.raises(ValueError, match="below 2 GB"):
        tensor_proto.encode(large, tf.float64)
