"""Reading and writing golden files: numbers exactly, graphs one node a line."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any, Dict, List

import numpy as np

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden")


def path_of(*parts: str) -> str:
    """The path of a golden file."""
    return os.path.join(GOLDEN, *parts)


def digest(values: np.ndarray) -> str:
    """A short hash of the bytes of an array."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:12]


def write_arrays(path: str, arrays: Dict[str, np.ndarray]) -> None:
    """Packs many arrays: one index of names, dtypes and shapes, one flat array for each dtype."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    index = [[name, str(a.dtype), list(a.shape)] for name, a in arrays.items()]
    flat: Dict[str, List[np.ndarray]] = {}
    for array in arrays.values():
        flat.setdefault(str(array.dtype), []).append(array.ravel())
    packed: Dict[str, Any] = {dtype: np.concatenate(parts) for dtype, parts in flat.items()}
    np.savez_compressed(path, index=np.array(json.dumps(index)), **packed)


def read_arrays(path: str) -> Dict[str, np.ndarray]:
    """The arrays by name, as they were given to ``write_arrays``."""
    arrays: Dict[str, np.ndarray] = {}
    with np.load(path, allow_pickle=False) as packed:
        flat = {dtype: packed[dtype] for dtype in packed.files if dtype != "index"}
        used = dict.fromkeys(flat, 0)
        for name, dtype, shape in json.loads(str(packed["index"])):
            count = int(np.prod(shape, dtype=np.int64))
            arrays[name] = flat[dtype][used[dtype] : used[dtype] + count].reshape(shape)
            used[dtype] += count
    return arrays


def write_json(path: str, record: Any) -> None:
    """Writes sorted JSON with one entry a line."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        lines = [
            "%s: %s" % (json.dumps(key), json.dumps(value, sort_keys=True))
            for key, value in sorted(record.items())
        ]
        file.write("{\n" + ",\n".join(lines) + "\n}\n")


def read_json(path: str) -> Any:
    """The content of a JSON file."""
    with open(path) as file:
        return json.load(file)


def write_graph(path: str, record: Dict[str, Any]) -> None:
    """One node a line, so that a change to a golden graph can be read."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    lines = [json.dumps(node, separators=(",", ":")) for node in record["nodes"]]
    head = {key: value for key, value in record.items() if key != "nodes"}
    text = json.dumps(head, sort_keys=True)[:-1] + ', "nodes": [\n' + ",\n".join(lines) + "\n]}\n"
    with open(path, "w") as file:
        file.write(text)
