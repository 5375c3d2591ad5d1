"""The machine that kernels are made for: CPU, features, width of its vectors.

:func:`host` describes the machine we run on; :func:`cross` any other, whose code can then be
printed and read, though not run. Vectors are as wide as the CPU's registers, or as the environment
variable ``TIDEFALL_VECTOR_BITS`` says: LLVM splits vectors wider than a register.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, replace
from typing import Any, Final

from tidefall.executor.kernels.llvm import binding, ir

#: Widths of a vector that kernels can be made for.
WIDTHS: Final = (128, 256, 512)

#: Code generation does what pays for kernels written as explicit vectors: levels above this one
#: and LLVM's passes over the IR double the time of compilation and gain nothing.
OPTIMIZATION: Final = 1


class UnsupportedTarget(Exception):
    """Kernels cannot be made for this machine; the message says why in one sentence."""


@dataclass(frozen=True)
class Target:
    """A machine that kernels are made for.

    Attributes:
      triple: Architecture, vendor, system, as LLVM writes them.
      cpu: LLVM's name of the CPU.
      features: Its features, as ``+avx2,-avx512f``.
      vector_bits: The width of the vectors that kernels use.
    """

    triple: str
    cpu: str
    features: str
    vector_bits: int

    @property
    def identity(self) -> str:
        """Says all that code for this target depends on: equal strings, equal code."""
        return f"{self.triple} {self.cpu} {self.features} v{self.vector_bits} O{OPTIMIZATION}"

    @property
    def architecture(self) -> str:
        return self.triple.partition("-")[0]

    @property
    def data_layout(self) -> str:
        return _data_layout(self.triple, self.cpu, self.features)

    def lanes(self, item_bytes: int) -> int:
        """How many items of a size one vector holds."""
        return self.vector_bits // (8 * item_bytes)

    def with_vector_bits(self, bits: int) -> Target:
        """The same machine with narrower or wider vectors."""
        _check_width(bits, "vector_bits")
        return replace(self, vector_bits=bits)

    def new_module(self, name: str) -> Any:
        """An empty module of LLVM IR for this machine."""
        module = ir.Module(name)
        module.triple = self.triple
        module.data_layout = self.data_layout
        return module

    def machine(self) -> Any:
        """A new code generator of LLVM. One thread at a time may use it."""
        return binding.Target.from_triple(self.triple).create_target_machine(
            cpu=self.cpu,
            features=self.features,
            opt=OPTIMIZATION,
            reloc="pic",
            codemodel="small",
        )


@functools.cache
def host() -> Target:
    """The machine we run on.

    Raises:
      UnsupportedTarget: Kernels cannot be made for it.
    """
    triple = binding.get_process_triple()
    features = _host_features()
    widest = _widest_vector(triple.partition("-")[0], features)
    if widest == 512:
        features["prefer-256-bit"] = False
    flat = ",".join(f"{'+' if on else '-'}{name}" for name, on in sorted(features.items()))
    return Target(triple, binding.get_host_cpu_name(), flat, _chosen_width(widest))


def cross(triple: str, cpu: str = "", features: str = "", vector_bits: int = 128) -> Target:
    """Another machine, whose code can be printed here but not run."""
    _check_width(vector_bits, "vector_bits")
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    return Target(triple, cpu, features, vector_bits)


@functools.cache
def _data_layout(triple: str, cpu: str, features: str) -> str:
    return str(Target(triple, cpu, features, WIDTHS[0]).machine().target_data)


def _host_features() -> dict[str, bool]:
    """The features of this CPU; none where LLVM cannot tell."""
    try:
        return dict(binding.get_host_cpu_features())
    except RuntimeError:
        return {}


def _widest_vector(architecture: str, features: dict[str, bool]) -> int:
    """The width of the CPU's registers in bits."""
    if architecture in ("aarch64", "arm64"):
        return 128
    if architecture not in ("x86_64", "amd64"):
        raise UnsupportedTarget(
            f"Kernels are made for x86-64 and aarch64, and this machine is {architecture}."
        )
    if not (features.get("avx2") and features.get("fma")):
        raise UnsupportedTarget(
            "Kernels need a CPU with AVX2 and fused multiply-add, and this one lacks them."
        )
    has_512 = all(features.get(f"avx512{part}") for part in ("f", "vl", "dq", "bw"))
    return 512 if has_512 else 256


def _chosen_width(widest: int) -> int:
    """The width that the environment asks for, else the widest."""
    text = os.environ.get("TIDEFALL_VECTOR_BITS", "")
    if not text:
        return widest
    if text not in map(str, WIDTHS):
        raise UnsupportedTarget(
            f"TIDEFALL_VECTOR_BITS is {text!r}; it may be 128, 256, 512, or not set."
        )
    return int(text)


def _check_width(bits: int, name: str) -> None:
    if bits not in WIDTHS:
        raise ValueError(f"{name} is {bits}; it may be 128, 256 or 512.")
