"""From the text of LLVM IR to a Python function."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import threading
import types
import weakref

import numpy as np
import pytest

from tidefall.executor.kernels.layout import array_layout
from tidefall.executor.kernels.loading import (
    KernelError,
    Loaded,
    assembly,
    builtin,
    compile_object,
    load_object,
)
from tidefall.executor.kernels.target import host

layout = array_layout()
assert layout is not None

# Sums doubles without the GIL: table = [first, count, where the sum goes]. Returns its argument.
SUM = f"""
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare void @Py_IncRef(ptr)

define ptr @entry(ptr %self, ptr %args, i64 %count) {{
start:
  %data_at = getelementptr i8, ptr %self, i64 {layout.data}
  %table = load ptr, ptr %data_at
  %first = load ptr, ptr %table
  %count_at = getelementptr ptr, ptr %table, i64 1
  %n = load i64, ptr %count_at
  %total_at = getelementptr ptr, ptr %table, i64 2
  %total = load ptr, ptr %total_at
  %thread = call ptr @PyEval_SaveThread()
  br label %loop
loop:
  %i = phi i64 [0, %start], [%next, %loop]
  %sum = phi double [0.0, %start], [%more, %loop]
  %item_at = getelementptr double, ptr %first, i64 %i
  %item = load double, ptr %item_at
  %more = fadd double %sum, %item
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %done
done:
  call void @PyEval_RestoreThread(ptr %thread)
  store double %more, ptr %total
  %result = load ptr, ptr %args
  call void @Py_IncRef(ptr %result)
  ret ptr %result
}}
"""

CALLS_OTHER = """
declare i64 @elsewhere(i64)
define i64 @entry(i64 %x) {
  %y = call i64 @elsewhere(i64 %x)
  %z = add i64 %y, 1
  ret i64 %z
}
"""

ANSWER = "define i64 @entry() {\n ret i64 42\n}\n"


def call(loaded: Loaded, *arguments: int) -> int:
    kind = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * len(arguments))
    return int(kind(loaded.address)(*arguments))


def test_a_kernel_is_a_python_builtin() -> None:
    values, total = np.arange(1000.0), np.zeros(1)
    table = np.array([values.ctypes.data, values.size, total.ctypes.data])
    kernel = builtin(load_object(compile_object(SUM, host()), "entry"), table, "sum_of_rows")
    token = ["returned"]
    assert kernel(token) is token
    assert total[0] == values.sum()
    assert isinstance(kernel, types.BuiltinFunctionType)
    assert kernel.__name__ == "sum_of_rows"
    with pytest.raises(TypeError, match="keyword"):
        kernel(**{"token": token})


def test_a_kernel_outlives_all_names_but_its_own() -> None:
    values, total = np.arange(10.0), np.zeros(1)

    def make() -> tuple[object, weakref.ref[np.ndarray], weakref.ref[Loaded]]:
        loaded = load_object(compile_object(SUM, host()), "entry")
        table = np.array([values.ctypes.data, values.size, total.ctypes.data])
        return builtin(loaded, table), weakref.ref(table), weakref.ref(loaded)

    kernel, table, loaded = make()
    gc.collect()
    assert loaded() is not None
    assert callable(kernel)
    kernel(None)
    assert total[0] == 45.0
    del kernel
    assert table() is None
    assert loaded() is None


def test_the_same_object_code_is_loaded_twice() -> None:
    data = compile_object(ANSWER, host())
    assert [call(load_object(data, "entry")) for _ in range(2)] == [42, 42]


def test_code_calls_addresses_that_it_is_given() -> None:
    twice = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x: 2 * x)
    address = ctypes.cast(twice, ctypes.c_void_p).value
    assert address is not None
    data = compile_object(CALLS_OTHER, host())
    assert call(load_object(data, "entry", {"elsewhere": address}), 20) == 41


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("define i64 @entry( {", "expected"),
        ("define i64 @entry() {\n ret double 0.0\n}", "type"),
        ("define void @entry() {\n %x = add i64 %y, 1\n %y = add i64 %x, 1\n ret void\n}", "dom"),
    ],
)
def test_llvm_says_what_is_wrong_with_ir(text: str, reason: str) -> None:
    with pytest.raises(KernelError, match=reason):
        compile_object(text, host())


def test_code_that_cannot_be_loaded() -> None:
    with pytest.raises(KernelError, match="object file"):
        load_object(b"no object code" * 100, "entry")
    with pytest.raises(KernelError, match="absent"):
        load_object(compile_object(ANSWER, host()), "absent")
    with pytest.raises(KernelError, match="not there"):
        load_object(compile_object(CALLS_OTHER, host()), "entry")
    assert call(load_object(compile_object(ANSWER, host()), "entry")) == 42


def test_a_table_of_other_items_is_refused() -> None:
    loaded = load_object(compile_object(ANSWER, host()), "entry")
    with pytest.raises(TypeError, match="int64"):
        builtin(loaded, np.zeros(3))


def test_assembly_names_the_entry() -> None:
    assert "entry:" in assembly(ANSWER, host())


def test_dropped_kernels_leave_little_memory_behind() -> None:
    data = compile_object(SUM, host())

    def grow(times: int) -> int:
        for _ in range(times):
            builtin(load_object(data, "entry"), np.zeros(3, np.int64))
        return mapped_bytes()

    before = grow(100)
    # LLVM keeps some 10 kB for the name of each. Code that stays mapped takes 20 kB and more.
    assert grow(500) - before < 500 * 16384


def mapped_bytes() -> int:
    """The memory this process really uses; where that is not told, the most it ever used."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_threads_compile_and_load_at_once() -> None:
    answers: list[int] = []

    def work(number: int) -> None:
        for i in range(5):
            text = ANSWER.replace("42", str(100 * number + i))
            answers.append(call(load_object(compile_object(text, host()), "entry")))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(100 * n + i for n in range(4) for i in range(5))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_child_forked_during_a_compilation_compiles() -> None:
    stop = threading.Event()

    def keep_compiling() -> None:
        while not stop.is_set():
            compile_object(SUM, host())

    thread = threading.Thread(target=keep_compiling)
    thread.start()
    try:
        codes = [fork_and_compile() for _ in range(10)]
    finally:
        stop.set()
        thread.join()
    assert codes == [0] * 10


def fork_and_compile() -> int:
    """The exit code of a child that compiles; a child that hangs is ended by its alarm."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        import signal

        signal.alarm(20)
        right = call(load_object(compile_object(ANSWER, host()), "entry")) == 42
        os._exit(0 if right else 1)
    finally:
        os._exit(2)
