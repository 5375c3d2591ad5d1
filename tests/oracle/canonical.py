"""A graph as plain data, the same whichever library built it.

Everything is read from the public ``GraphDef`` and from the operations' outputs, so the two
sides are looked at in the same way. Stays within Python 3.7.
"""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from typing import Any, Dict, List, Optional

import numpy as np

# The numbers of types.proto; a reference type is its base type plus 100.
DTYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string",
    8: "complex64", 9: "int64", 10: "bool", 11: "qint8", 12: "quint8", 13: "qint32",
    14: "bfloat16", 15: "qint16", 16: "quint16", 17: "uint16", 18: "complex128", 19: "float16",
    20: "resource", 21: "variant", 22: "uint32", 23: "uint64",
}  # fmt: skip

# Where a TensorProto keeps the elements of a dtype, and the type they are stored as.
VALUE_FIELDS = {
    "float32": ("float_val", "<f4"), "float64": ("double_val", "<f8"), "int32": ("int_val", "<i4"),
    "uint8": ("int_val", "<u1"), "int16": ("int_val", "<i2"), "int8": ("int_val", "<i1"),
    "int64": ("int64_val", "<i8"), "bool": ("bool_val", "|b1"), "uint16": ("int_val", "<u2"),
    "uint32": ("uint32_val", "<u4"), "uint64": ("uint64_val", "<u8"),
    "float16": ("half_val", "<u2"), "bfloat16": ("half_val", "<u2"),
    "complex64": ("scomplex_val", "<f4"), "complex128": ("dcomplex_val", "<f8"),
}  # fmt: skip

# Constants with more elements than this are recorded by a hash of their bytes.
MOST_ELEMENTS = 32


def dtype_name(number: int) -> str:
    return DTYPES[number % 100] + ("_ref" if number > 100 else "")


def shape_of(proto: Any) -> Optional[List[Optional[int]]]:
    if proto.unknown_rank:
        return None
    return [None if dim.size < 0 else int(dim.size) for dim in proto.dim]


def text_of(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode("ascii")


def number_of(value: Any) -> Any:
    """A number that JSON keeps exactly: special floats become their names."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (complex, np.complexfloating)):
        return [number_of(value.real), number_of(value.imag)]
    value = float(value)
    return value if np.isfinite(value) else repr(value)


def array_of(value: Any) -> Dict[str, Any]:
    """A fetched value: dtype, shape and its elements in order."""
    array = np.asarray(value)
    flat = array.ravel()
    if array.dtype.kind in "OSU":
        elements = [v if isinstance(v, str) else text_of(v) for v in flat.tolist()]
        return {"dtype": "string", "shape": list(array.shape), "values": elements}
    if array.dtype.name == "bfloat16":
        flat = flat.astype(np.float32)
    elements = [number_of(v) for v in flat]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": elements}


def tensor_elements(proto: Any, dtype: str, count: int) -> np.ndarray:
    """The elements of a numeric TensorProto, flat; the last given one repeats to the end."""
    field, stored = VALUE_FIELDS[dtype]
    complex_parts = 2 if dtype.startswith("complex") else 1
    if proto.tensor_content:
        flat = np.frombuffer(proto.tensor_content, stored)
    else:
        flat = np.array(list(getattr(proto, field)), stored)
    if complex_parts == 2:
        flat = flat[0::2] + 1j * flat[1::2]
    if dtype == "float16":
        flat = flat.view("<f2")
    if dtype == "bfloat16":
        flat = (flat.astype("<u4") << 16).view("<f4")
    if len(flat) < count:
        last = flat[-1:] if len(flat) else np.zeros(1, flat.dtype)
        flat = np.concatenate([flat, np.repeat(last, count - len(flat))])
    return flat


def tensor_of(proto: Any) -> Dict[str, Any]:
    dtype = dtype_name(proto.dtype)
    shape = shape_of(proto.tensor_shape)
    count = int(np.prod([int(size or 0) for size in shape or []], dtype=np.int64))
    if dtype == "string":
        values = [text_of(v) for v in proto.string_val]
        values += values[-1:] * (count - len(values))
        return {"dtype": dtype, "shape": shape, "values": values}
    flat = tensor_elements(proto, dtype, count)
    if count > MOST_ELEMENTS:
        digest = hashlib.sha256(flat.tobytes()).hexdigest()[:16]
        return {"dtype": dtype, "shape": shape, "sha256": digest}
    return {"dtype": dtype, "shape": shape, "values": [number_of(v) for v in flat]}


def function_name(proto: Any) -> str:
    """The name of a function, without the number of it in the process."""
    return "func:" + re.sub(r"_\d+$", "", proto.name)


def list_of(proto: Any) -> List[Any]:
    values: List[Any] = []
    values += [text_of(v) for v in proto.s]
    values += [int(v) for v in proto.i]
    values += [number_of(v) for v in proto.f]
    values += [bool(v) for v in proto.b]
    values += [dtype_name(v) for v in proto.type]
    values += [shape_of(v) for v in proto.shape]
    values += [tensor_of(v) for v in proto.tensor]
    values += [function_name(v) for v in proto.func]
    return values


def attr_of(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "s":
        return text_of(value.s)
    if kind == "i":
        return int(value.i)
    if kind == "f":
        return number_of(struct.unpack("<f", struct.pack("<f", value.f))[0])
    if kind == "b":
        return bool(value.b)
    if kind == "type":
        return dtype_name(value.type)
    if kind == "shape":
        return {"shape": shape_of(value.shape)}
    if kind == "tensor":
        return tensor_of(value.tensor)
    if kind == "list":
        return list_of(value.list)
    if kind == "func":
        return function_name(value.func)
    return None


def static_shape(tensor: Any) -> Optional[List[Optional[int]]]:
    shape = tensor.get_shape()
    return None if shape.ndims is None else shape.as_list()


def element_name(element: Any) -> Any:
    if isinstance(element, (str, int, float)):
        return element
    name = getattr(element, "name", None)
    return name if isinstance(name, str) else type(element).__name__


def collections_of(graph: Any) -> Dict[str, List[Any]]:
    """What lies in the collections, by name; the private ones hold objects, not names."""
    keys = [k for k in graph.get_all_collection_keys() if isinstance(k, str)]
    return {
        key: [element_name(e) for e in graph.get_collection(key)]
        for key in sorted(keys)
        if not key.startswith("__") and graph.get_collection(key)
    }


def renumber_tokens(nodes: List[Dict[str, Any]]) -> None:
    """Python functions and gradients are numbered per process; here, by first appearance."""
    seen: Dict[str, str] = {}
    for node in nodes:
        for key in ("token", "_gradient_op_type"):
            token = node["attrs"].get(key)
            if isinstance(token, str) and re.match(r"(pyfunc_|CustomGradient-)\d+$", token):
                kind = re.sub(r"\d+$", "", token)
                node["attrs"][key] = seen.setdefault(token, kind + str(len(seen)))


def graph_of(graph: Any) -> Dict[str, Any]:
    """The graph's nodes in order of creation, its collections and its node counter."""
    nodes = []
    for proto in graph.as_graph_def().node:
        operation = graph.get_operation_by_name(proto.name)
        attrs = {key: attr_of(value) for key, value in sorted(proto.attr.items())}
        nodes.append(
            {
                "name": proto.name,
                "op": proto.op,
                "inputs": list(proto.input),
                "device": proto.device,
                "attrs": attrs,
                "outputs": [[t.dtype.name, static_shape(t)] for t in operation.outputs],
            }
        )
    renumber_tokens(nodes)
    return set_gradients_apart(
        {"last_id": graph._last_id, "collections": collections_of(graph), "nodes": nodes}
    )


def in_gradients(name: str) -> bool:
    return re.match(r"\^?gradients[^/]*/", name) is not None


def set_gradients_apart(record: Dict[str, Any]) -> Dict[str, Any]:
    """Takes the gradient subgraphs out of a record; of them, only the scope names stay.

    Their nodes are the one deliberate difference between the two libraries: an edge from one is
    called ``<gradient>``, and the node counter says nothing once there is one.
    """
    inside = [node["name"] for node in record["nodes"] if in_gradients(node["name"])]
    if not inside:
        return record
    outside = [node for node in record["nodes"] if not in_gradients(node["name"])]
    for node in outside:
        control = [name for name in node["inputs"] if name.startswith("^")]
        data = [name for name in node["inputs"] if not name.startswith("^")]
        node["inputs"] = ["<gradient>" if in_gradients(name) else name for name in data]
        node["inputs"] += [name for name in control if not in_gradients(name)]
    scopes = {"/".join(name.split("/")[:2]) for name in inside}
    return {
        "last_id": None,
        "collections": record["collections"],
        "gradient_scopes": sorted(scope for scope in scopes if scope.endswith("_grad")),
        "nodes": outside,
    }
