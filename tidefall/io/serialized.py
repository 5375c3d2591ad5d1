"""Tensors as strings, the bytes of a ``TensorProto``, and back; for the ops that do so."""

from __future__ import annotations

from typing import Any

import numpy as np

from tidefall import proto
from tidefall.core import dtypes, hooks
from tidefall.core.dtypes import DType
from tidefall.io import tensor_proto
from tidefall.proto.text import parse_bytes


@hooks.install("serialize_tensor")
def serialize(value: Any, dtype: DType) -> bytes:
    """The bytes of a tensor. Numbers are always written as raw memory, as TensorFlow does."""
    array = np.asarray(value, dtype.np_dtype)
    message = tensor_proto.encode(array, dtype)
    if dtype is not dtypes.string and array.size and not message.tensor_content:
        message = proto.TensorProto(
            dtype=dtype.enum, tensor_shape=message.tensor_shape, tensor_content=array.tobytes()
        )
    data: bytes = message.SerializeToString()
    return data


@hooks.install("parse_tensor")
def parse(data: bytes, dtype: DType) -> Any:
    """The tensor that the bytes of a ``TensorProto`` hold.

    Raises:
      ValueError: If they hold none, or one of another dtype.
    """
    message = parse_bytes(data, proto.TensorProto())
    found = dtypes.as_dtype(message.dtype or dtypes.float32.enum)
    if found is not dtype:
        raise ValueError(
            f"the string holds a tensor of dtype {found.name}, but out_type is {dtype.name}."
        )
    return np.array(tensor_proto.decode(message))
