"""Which devices there are, and which of them a plan asks for.

A program that asks for a GPU where there is none runs on the CPU, with one line in the log: most
programs were written for somebody else's machine.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from tidefall.core import logging
from tidefall.core.devices import DeviceSpec
from tidefall.ir.plan import Plan

#: What JAX calls the types of devices that only XLA serves.
_KINDS = {"GPU": "gpu", "XLA_GPU": "gpu", "XLA_CPU": "cpu", "TPU": "tpu"}


class DeviceAttributes:
    """A device that a session can use.

    Attributes:
      name: Its full name.
      device_type: ``CPU``, ``GPU`` or ``XLA_CPU``.
      memory_limit_bytes: How much memory it has; 0 if that is not known.
      incarnation: A number that differs when a device was started anew.
      physical_device_desc: What it is made of; empty for the CPU.
    """

    def __init__(
        self, kind: str, index: int, memory_limit_bytes: int, physical_device_desc: str = ""
    ) -> None:
        self.name = f"/job:localhost/replica:0/task:0/device:{kind}:{index}"
        self.device_type = kind
        self.memory_limit_bytes = memory_limit_bytes
        self.incarnation = index + 1
        self.physical_device_desc = physical_device_desc

    @property
    def memory_limit(self) -> int:
        """`memory_limit_bytes`, as ``device_lib`` calls it."""
        return self.memory_limit_bytes

    def __repr__(self) -> str:
        return (
            f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit_bytes}, "
            f"{self.incarnation})"
        )


def asked(plan: Plan) -> list[tuple[str, int]]:
    """The devices beyond the CPU that nodes of a plan ask for: JAX's kind, and which of them."""
    found: dict[tuple[str, int], None] = {}
    for name in dict.fromkeys(node.op.device for node in plan.nodes if node.op.device):
        spec = DeviceSpec.from_string(name)
        kind = _KINDS.get((spec.device_type or "").upper())
        if kind is not None:
            found[kind, spec.device_index or 0] = None
    return list(found)


def wants_xla(plan: Plan) -> bool:
    """Whether some node asks for a device that only XLA serves, and there is one."""
    wanted = asked(plan)
    if not wanted:
        return False
    if any(_jax_devices(kind) for kind, _ in wanted):
        return True
    _say_once(tuple(sorted({kind for kind, _ in wanted})))
    return False


@cache
def _say_once(kinds: tuple[str, ...]) -> None:
    reason = "" if _has_jax() else " (JAX, which serves it, is not installed: tidefall[xla])"
    logging.warning("no %s was found%s; the CPU is used.", " or ".join(kinds).upper(), reason)


@cache
def _has_jax() -> bool:
    from importlib.util import find_spec  # for few programs only

    return find_spec("jax") is not None


@cache
def _jax_devices(kind: str) -> list[Any]:
    if not _has_jax():
        return []
    xla = importlib.import_module("tidefall.executor.xla")
    return xla.devices_of(kind)  # type: ignore[no-any-return]


def local_devices() -> list[DeviceAttributes]:
    """The CPU, and what JAX sees besides."""
    found = [DeviceAttributes("CPU", 0, _memory())]
    if _jax_devices("cpu"):
        found.append(DeviceAttributes("XLA_CPU", 0, _memory(), "device: XLA_CPU device"))
    found.extend(_of_gpu(index, each) for index, each in enumerate(_jax_devices("gpu")))
    return found


def _of_gpu(index: int, device: Any) -> DeviceAttributes:
    statistics = device.memory_stats() or {}
    described = f"device: {index}, name: {device.device_kind}"
    return DeviceAttributes("GPU", index, int(statistics.get("bytes_limit", 0)), described)


def _memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):  # not every system tells
        return 0


def names_of(devices: Iterable[DeviceAttributes], kind: str) -> list[str]:
    """The short names of the devices of a type, such as ``/device:GPU:0``."""
    return [each.name.partition("task:0")[2] for each in devices if each.device_type == kind]
