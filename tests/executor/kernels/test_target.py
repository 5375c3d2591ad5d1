"""The machine that kernels are made for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tidefall.executor.kernels import target
from tidefall.executor.kernels.llvm import ir
from tidefall.executor.kernels.loading import assembly
from tidefall.executor.kernels.target import Target, UnsupportedTarget, cross, host

AVX2 = {"avx2": True, "fma": True}
AVX512 = {**AVX2, **{f"avx512{part}": True for part in ("f", "vl", "dq", "bw")}}


def vector_sum(machine: Target) -> str:
    """IR that adds two vectors of doubles and multiplies by one of them."""
    module = machine.new_module("sum")
    pointer, vector = ir.PointerType(), ir.VectorType(ir.DoubleType(), machine.lanes(8))
    kind = ir.FunctionType(ir.VoidType(), [pointer, pointer])
    function = ir.Function(module, kind, "entry")
    builder = ir.IRBuilder(function.append_basic_block())
    a, b = (builder.load(p, typ=vector, align=8) for p in function.args)
    kind = ir.FunctionType(vector, [vector] * 3)
    fma = ir.Function(module, kind, f"llvm.fma.v{machine.lanes(8)}f64")
    builder.store(builder.call(fma, [a, b, b]), function.args[0], align=8)
    builder.ret_void()
    return str(module)


@pytest.mark.parametrize(
    ("architecture", "features", "bits"),
    [
        ("x86_64", AVX2, 256),
        ("x86_64", AVX512, 512),
        ("x86_64", {**AVX512, "avx512vl": False}, 256),
        ("aarch64", {}, 128),
        ("arm64", {"neon": True}, 128),
    ],
)
def test_vectors_are_as_wide_as_registers(
    architecture: str, features: dict[str, bool], bits: int
) -> None:
    assert target._widest_vector(architecture, features) == bits


@pytest.mark.parametrize(
    ("architecture", "features", "reason"),
    [
        ("x86_64", {"avx2": True}, "fused multiply-add"),
        ("x86_64", {}, "AVX2"),
        ("ppc64le", {}, "ppc64le"),
    ],
)
def test_an_unsupported_machine_is_named(
    architecture: str, features: dict[str, bool], reason: str
) -> None:
    with pytest.raises(UnsupportedTarget, match=reason):
        target._widest_vector(architecture, features)


def test_the_environment_chooses_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEFALL_VECTOR_BITS", "512")
    assert target._chosen_width(256) == 512
    monkeypatch.setenv("TIDEFALL_VECTOR_BITS", "")
    assert target._chosen_width(256) == 256
    monkeypatch.setenv("TIDEFALL_VECTOR_BITS", "300")
    with pytest.raises(UnsupportedTarget, match="'300'"):
        target._chosen_width(256)


def test_the_identity_tells_widths_apart() -> None:
    machines = [host().with_vector_bits(bits) for bits in (128, 256, 512)]
    assert len({machine.identity for machine in machines}) == 3
    assert [machine.lanes(4) for machine in machines] == [4, 8, 16]
    with pytest.raises(ValueError, match="64"):
        host().with_vector_bits(64)


@pytest.mark.parametrize(
    ("machine", "instruction"),
    [
        (cross("aarch64-unknown-linux-gnu", "neoverse-n1"), "fmla"),
        (cross("arm64-apple-darwin", "apple-m1"), "fmla"),
        (cross("x86_64-unknown-linux-gnu", "haswell", vector_bits=256), "ymm"),
        (cross("x86_64-unknown-linux-gnu", "skylake-avx512", "-prefer-256-bit", 512), "zmm"),
        (cross("x86_64-unknown-linux-gnu", "haswell", vector_bits=512), "ymm"),
    ],
)
def test_code_for_other_machines(machine: Target, instruction: str) -> None:
    text = assembly(vector_sum(machine), machine)
    assert instruction in text
    assert "call" not in text
    assert "\tbl\t" not in text


def test_the_package_itself_imports_no_llvmlite() -> None:
    code = "import sys, tidefall.executor.kernels; sys.exit('llvmlite' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
