"""Where a name of TensorFlow 1.15 is found in tidefall, the private modules included.

Public names are the same in both. Programs also import TensorFlow's private modules
(``tensorflow.python.ops.array_ops``); what they look up there has a public name nearly always,
and a private module says in which namespaces to look first.
"""

from __future__ import annotations

import re
from functools import cache
from types import ModuleType
from typing import Any

import tidefall
from tidefall import proto
from tidefall.client.devices import list_local_devices
from tidefall.core.exports import TABLE
from tidefall.ir.opdef import OPS
from tidefall.namespace import Namespace

VERSION = "1.15.5"

_PUBLIC_VERSION = {
    "__version__": VERSION,
    "VERSION": VERSION,
    "GIT_VERSION": f"v{VERSION} (tidefall {tidefall.__version__})",
    "COMPILER_VERSION": "none",
    "CXX11_ABI_FLAG": 0,
    "MONOLITHIC_BUILD": 0,
    "GRAPH_DEF_VERSION": 134,
    "GRAPH_DEF_VERSION_MIN_CONSUMER": 0,
    "GRAPH_DEF_VERSION_MIN_PRODUCER": 0,
}

# The private packages: a lower-case name in one of them is a module.
_PACKAGES = re.compile(
    r"python(\.(client|data(\.ops|\.util|\.experimental)?|debug|distribute|eager|estimator"
    r"|feature_column|framework|grappler|keras|layers|lib(\.io)?|ops(\.losses|\.distributions"
    r"|\.linalg|\.signal|\.ragged)?|platform|profiler|saved_model|summary(\.writer)?|tools"
    r"|training|user_ops|util))?$"
)

# In which public namespaces the names of a private module are, by the module's last name.
_HOMES = {
    "app": ("app",),
    "clip_ops": ("",),
    "compat": ("compat",),
    "convolutional": ("layers",),
    "core": ("layers",),
    "core_rnn_cell": ("nn.rnn_cell",),
    "dataset_ops": ("data",),
    "embedding_ops": ("nn",),
    "errors": ("errors",),
    "errors_impl": ("errors",),
    "file_io": ("gfile", "io.gfile"),
    "flags": ("flags",),
    "gfile": ("gfile",),
    "graph_util": ("graph_util",),
    "image_ops": ("image",),
    "init_ops": ("", "initializers"),
    "layers": ("layers",),
    "linalg_ops": ("", "linalg"),
    "losses": ("losses",),
    "losses_impl": ("losses",),
    "math_ops": ("", "math"),
    "metrics": ("metrics",),
    "metrics_impl": ("metrics",),
    "moving_averages": ("train", "contrib.framework"),
    "nest": ("nest", "contrib.framework.nest"),
    "nn": ("nn", ""),
    "nn_impl": ("nn", ""),
    "nn_ops": ("nn", ""),
    "normalization": ("layers",),
    "pooling": ("layers",),
    "random_ops": ("", "random"),
    "rnn": ("nn",),
    "rnn_cell": ("nn.rnn_cell",),
    "rnn_cell_impl": ("nn.rnn_cell",),
    "sparse_ops": ("", "sparse"),
    "string_ops": ("strings", ""),
    "summary": ("summary",),
    "test": ("test",),
    "tf_logging": ("logging",),
    "tf_record": ("python_io",),
}
#: Functions of private modules that have no public name.
_UNNAMED = {("device_lib", "list_local_devices"): list_local_devices}
#: Public names that are modules.
_MODULES = ("app.flags", "flags")
_EVERYWHERE = ("", "nn", "math", "train", "linalg", "random", "layers", "initializers")


def has_module(path: str) -> bool:
    """Whether ``tensorflow.<path>`` may be imported: a namespace, or a private module."""
    path = _without_compat(path)
    if path.startswith("core.") or path == "core":
        return _is_message_module(path)
    if is_private(path):
        return _is_private_module(path)
    return path in ("", "compat") or path in _namespaces()


def is_private(path: str) -> bool:
    """Whether a path belongs to TensorFlow's private modules."""
    return re.search(r"(^|\.)python(\.|$)", path) is not None


def find(path: str, name: str) -> Any:
    """What ``tensorflow.<path>.<name>`` is.

    Raises:
      AttributeError: If tidefall has no such thing.
    """
    inner = _without_compat(path)
    if inner != path and name in _PUBLIC_VERSION:
        return _PUBLIC_VERSION[name]
    if inner == "" and name in _PUBLIC_VERSION:
        return _PUBLIC_VERSION[name]
    if inner.startswith("core.") and _is_message_module(inner):
        return _in_message_module(inner, name)
    if is_private(inner):
        return _in_private(inner, name)
    try:
        return _walk(f"{inner}.{name}" if inner else name)
    except AttributeError:
        raise missing(path, name) from None


def missing(path: str, name: str) -> AttributeError:
    """The error for a name that is not there."""
    where = f"tensorflow.{path}" if is_private(path) else f"tf.{path}"
    return AttributeError(f"tidefall has no {where.rstrip('.')}.{name} yet")


def public_names(path: str) -> list[str]:
    """The names in a public namespace."""
    space = _walk(_without_compat(path)) if path else tidefall
    return [name for name in dir(space) if not name.startswith("_")]


def is_private_package(path: str) -> bool:
    """Whether lower-case names at this private path are modules."""
    return _PACKAGES.match(path) is not None


def _is_private_module(path: str) -> bool:
    """Whether a private path may be a module, rather than a name in one."""
    if path == "python.keras" or path.startswith("python.keras."):
        return path.removeprefix("python.") in _namespaces()
    parent = path.rpartition(".")[0]
    if path.startswith("python"):
        return parent == "" or is_private_package(parent)
    inside = parent.partition(".python")[2]  # of a part of contrib
    return inside.count(".") < 2


def _without_compat(path: str) -> str:
    """``compat.v1.nn`` is ``nn``: the API followed is version 1's."""
    if path == "compat.v1":
        return ""
    return path.removeprefix("compat.v1.")


def _walk(path: str) -> Any:
    found: Any = tidefall
    for part in filter(None, path.split(".")):
        found = getattr(found, part)
    is_folder = isinstance(found, ModuleType) and not isinstance(found, Namespace)
    if is_folder and path and path not in TABLE:
        raise AttributeError(path)  # a folder of ours, not a public name
    return found


@cache
def _namespaces() -> frozenset[str]:
    """Every dotted prefix of a public name."""
    found: set[str] = set()
    for name in TABLE:
        parts = name.split(".")
        found.update(".".join(parts[:count]) for count in range(1, len(parts)))
    return frozenset({*found, *_MODULES})


@cache
def _by_leaf() -> dict[str, list[str]]:
    """Public names by their last part."""
    found: dict[str, list[str]] = {}
    for name in TABLE:
        found.setdefault(name.rpartition(".")[2], []).append(name)
    return found


def _in_private(path: str, name: str) -> Any:
    keras = re.match(r"python\.keras\.?(.*)", path)
    if keras:
        return _walk(".".join(filter(None, ("keras", keras[1], name))))
    last = path.rpartition(".")[2]
    if (last, name) in _UNNAMED:
        return _UNNAMED[last, name]
    if last.startswith("gen_") and name in _raw_ops():
        return OPS[_raw_ops()[name]]
    for home in (*_HOMES.get(last, ()), *_contrib_home(path), *_EVERYWHERE):
        try:
            return _walk(f"{home}.{name}" if home else name)
        except AttributeError:
            continue
    for public in _by_leaf().get(name, ()):
        return _walk(public)
    raise missing(path, name)


def _contrib_home(path: str) -> tuple[str, ...]:
    """``contrib.layers.python.layers.utils`` belongs to ``contrib.layers``."""
    return (path.partition(".python")[0],) if path.startswith("contrib.") else ()


@cache
def _raw_ops() -> dict[str, str]:
    """Op types by the name that TensorFlow's generated functions have (``mat_mul``)."""
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower(): name for name in OPS}


def _message_file(path: str) -> str:
    return f"tensorflow/{path.replace('.', '/').removesuffix('_pb2')}.proto"


def _is_message_module(path: str) -> bool:
    files = proto.pool().files
    if path.endswith("_pb2"):
        return _message_file(path) in files
    folder = f"tensorflow/{path.replace('.', '/')}/"
    return any(name.startswith(folder) for name in files)


def _in_message_module(path: str, name: str) -> Any:
    if path.endswith("_pb2"):
        contents = proto.pool().contents(_message_file(path))
        if name in contents:
            return contents[name]
    raise AttributeError(f"tensorflow.{path} has no {name}")
