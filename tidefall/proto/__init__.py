"""The messages of TensorFlow's file formats and options, as protobuf classes.

``proto.GraphDef``, ``proto.ConfigProto``, ``proto.Event`` and the others are made when
first asked for, and ``google.protobuf`` is imported no sooner. They are ordinary
protobuf classes with TensorFlow's full names (``tensorflow.GraphDef``), kept in a
private pool, so a program may import TensorFlow beside tidefall.

>>> from tidefall import proto
>>> options = proto.ConfigProto(gpu_options=proto.GPUOptions(allow_growth=True))
>>> proto.ConfigProto.FromString(options.SerializeToString()).gpu_options.allow_growth
True
"""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidefall.proto.private_pool import MessagePool


@cache
def pool() -> MessagePool:
    """Returns the pool of all messages, which is filled as they are used."""
    from tidefall.proto.private_pool import MessagePool  # loads protobuf, which takes its time

    return MessagePool()


@cache
def message_fields() -> ModuleType:
    """Returns the module that knows the fields of messages by name."""
    from tidefall.proto import fields  # loads protobuf, too

    return fields


def __getattr__(name: str) -> Any:
    if not name[0].isupper():  # no message: a submodule, perhaps, and not worth loading them
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    full_name = f"tensorflow.{name}"
    if full_name not in pool().names:
        raise AttributeError(f"tidefall has no message tensorflow.{name}")
    found = pool().find(full_name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    messages = (name.removeprefix("tensorflow.") for name in pool().names)
    return sorted({"pool", *(name for name in messages if "." not in name)})
