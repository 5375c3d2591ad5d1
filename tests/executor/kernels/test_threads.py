"""The helper threads that share the work of a kernel."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tidefall.executor.kernels import pool_code, threads
from tidefall.executor.kernels.loading import Loaded, assembly, compile_object, load_object
from tidefall.executor.kernels.target import cross, host
from tidefall.executor.kernels.threads import Pool, available, pool

HELPED = pool_code.has_helpers(host().architecture, sys.platform)
needs_helpers = pytest.mark.skipif(not HELPED, reason="there are no helpers on this system")
may_fork = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork"),
    pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning"),
]

# Adds one to its chunk's number, after a moment that differs from chunk to chunk.
COUNT = """
define void @entry(ptr %arg, i64 %chunk, i64 %worker) {
start:
  %mixed = mul i64 %chunk, 2654435761
  %moment = and i64 %mixed, 255
  br label %wait
wait:
  %i = phi i64 [0, %start], [%next, %wait]
  %next = add i64 %i, 1
  %again = icmp ult i64 %next, %moment
  br i1 %again, label %wait, label %count
count:
  %place = getelementptr i64, ptr %arg, i64 %chunk
  %value = load i64, ptr %place
  %more = add i64 %value, 1
  store i64 %more, ptr %place
  ret void
}
"""

# Meets the others: arg = [arrived, wanted, tries left, worker of chunk 0, ...].
# A chunk ends when as many have arrived as are wanted, or nothing is left to try.
MEET = """
declare i32 @sched_yield()
define void @entry(ptr %arg, i64 %chunk, i64 %worker) {
start:
  %workers = getelementptr i64, ptr %arg, i64 3
  %place = getelementptr i64, ptr %workers, i64 %chunk
  store i64 %worker, ptr %place
  %wanted_at = getelementptr i64, ptr %arg, i64 1
  %wanted = load i64, ptr %wanted_at
  %tries_at = getelementptr i64, ptr %arg, i64 2
  %one = atomicrmw add ptr %arg, i64 1 seq_cst
  br label %look
look:
  %arrived = load atomic i64, ptr %arg seq_cst, align 8
  %complete = icmp sge i64 %arrived, %wanted
  br i1 %complete, label %end, label %wait
wait:
  %yielded = call i32 @sched_yield()
  %tries = atomicrmw sub ptr %tries_at, i64 1 seq_cst
  %left = icmp sgt i64 %tries, 0
  br i1 %left, label %look, label %end
end:
  ret void
}
"""

# Runs another job from within a chunk: arg = [parallel, pool, fn, arg of fn, its chunks, 2].
NEST = """
define void @entry(ptr %arg, i64 %chunk, i64 %worker) {
  %parallel = load ptr, ptr %arg
  %pool_at = getelementptr i64, ptr %arg, i64 1
  %pool = load ptr, ptr %pool_at
  %fn_at = getelementptr i64, ptr %arg, i64 2
  %fn = load ptr, ptr %fn_at
  %base_at = getelementptr i64, ptr %arg, i64 3
  %base = load ptr, ptr %base_at
  %chunks_at = getelementptr i64, ptr %arg, i64 4
  %chunks = load i64, ptr %chunks_at
  %offset = mul i64 %chunk, %chunks
  %own = getelementptr i64, ptr %base, i64 %offset
  call void %parallel(ptr %pool, ptr %fn, ptr %own, i64 %chunks, i64 2)
  ret void
}
"""


@functools.cache
def native(text: str) -> Loaded:
    return load_object(compile_object(text, host()), "entry")


def job(
    text: str, argument: np.ndarray, chunks: int, workers: int, on: Pool | None = None
) -> Callable[[], None]:
    """What runs a job on the pool, without the GIL, as a kernel does."""
    on = on or pool()
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, *[ctypes.c_int64] * 2)
    arguments = (on.control, native(text).address, argument.ctypes.data, chunks, workers)
    return functools.partial(kind(on.parallel), *arguments)


def run(text: str, argument: np.ndarray, chunks: int, workers: int, on: Pool | None = None) -> None:
    job(text, argument, chunks, workers, on)()


def meet(number: int, on: Pool | None = None) -> list[int]:
    """The workers that did as many chunks at the same time; fails if they could not meet."""
    argument = np.array([0, number, 5_000_000] + [-1] * number)
    run(MEET, argument, number, number, on)
    assert argument[2] > 0, "the workers did not run at the same time"
    return sorted(argument[3:].tolist())


def count_is_exact(chunks: int, workers: int) -> bool:
    counts = np.zeros(max(chunks, 1) + 1, np.int64)
    run(COUNT, counts, chunks, workers)
    return bool((counts[:chunks] == 1).all() and not counts[max(chunks, 0) :].any())


@pytest.mark.parametrize("workers", [-1, 0, 1, 2, 3, 8])
def test_every_chunk_is_done_once(workers: int) -> None:
    assert all(count_is_exact(chunks, workers) for chunks in [-5, 0, 1, 2, 3, 7, 100, 5000])


@needs_helpers
@pytest.mark.parametrize("workers", [2, 4, 8])
def test_workers_run_at_the_same_time(workers: int) -> None:
    for _ in range(20):
        assert meet(workers) == list(range(workers))
        time.sleep(0.001)  # long enough for all to fall asleep


@needs_helpers
def test_no_more_workers_than_asked_for() -> None:
    for _ in range(50):
        everyone = np.array([0, 6, 5_000_000] + [-1] * 6)
        too_few = np.array([0, 4, 300] + [-1] * 9)
        first, then = job(MEET, everyone, 6, 6), job(MEET, too_few, 9, 3)
        first()
        then()  # at once, while the helpers that it does not want still look for work
        assert set(too_few[3:].tolist()) <= {0, 1, 2}


def test_more_threads_than_the_pool_has_room_for() -> None:
    counts = np.zeros(4000, np.int64)
    run(COUNT, counts, 4000, 40)
    assert (counts == 1).all()
    assert available(10_000) <= pool_code.MOST_WORKERS


@pytest.mark.slow
def test_exact_under_stress() -> None:
    stress(seconds=8.0)


def test_exact_when_several_threads_call() -> None:
    stress(seconds=0.7)


def stress(seconds: float) -> None:
    """Random jobs from several Python threads at once."""
    end = time.monotonic() + seconds
    wrong: list[tuple[int, int]] = []
    done = [0] * 3

    def work(number: int) -> None:
        generator = random.Random(number)
        while time.monotonic() < end:
            job = (generator.choice([1, 2, 3, 9, 64, 300]), generator.choice([1, 2, 3, 5]))
            if not count_is_exact(*job):
                wrong.append(job)
            done[number] += 1
            if generator.random() < 0.05:
                time.sleep(generator.random() * 3e-4)  # some find the helpers asleep

    callers = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong
    assert all(done)


def test_a_chunk_may_run_a_job() -> None:
    counts = np.zeros(20 * 30, np.int64)
    inner = native(COUNT)
    address = counts.ctypes.data
    argument = np.array([pool().parallel, pool().control, inner.address, address, 30, 2])
    run(NEST, argument, 20, 2)
    assert (counts == 1).all()


@needs_helpers
def test_helpers_sleep_when_there_is_nothing_to_do() -> None:
    meet(4)
    time.sleep(0.01)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.03


@contextlib.contextmanager
def threads_made(found: list[int]) -> Iterator[None]:
    """Lists the system's threads of this process that came into being inside."""
    before = set(os.listdir("/proc/self/task"))
    yield
    found.extend(int(name) for name in set(os.listdir("/proc/self/task")) - before)


@needs_helpers
def test_signals_are_left_to_the_program(second: Pool) -> None:
    made: list[int] = []
    with threads_made(made):
        meet(3, second)
    assert len(made) == 2
    for thread in made:
        status = Path(f"/proc/self/task/{thread}/status").read_text()
        blocked = int(status.partition("SigBlk:")[2].split()[0], 16)
        assert blocked >> (signal.SIGINT - 1) & 1
        assert not blocked >> (signal.SIGSEGV - 1) & 1


@pytest.fixture
def second() -> Pool:
    """Another pool, without helpers as yet."""
    return Pool(pool().parallel, threads._control_block())


@needs_helpers
def test_where_the_system_refuses_threads_the_caller_works_alone(second: Pool) -> None:
    asked: list[int] = []

    def refuse(*_: object) -> int:
        asked.append(1)
        return 11

    kind = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_void_p] * 4)
    callback = kind(refuse)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    code = compile_object(pool_code.text(host().architecture, sys.platform), host())
    loaded = load_object(code, "parallel", {"pthread_create": address})
    for _ in range(3):
        argument = np.array([0, 0, 0] + [-1] * 9)
        run(MEET, argument, 9, 4, Pool(loaded.address, second.control))
        assert argument[3:].tolist() == [0] * 9
    assert len(asked) == 1


# Keeps the mode in which it computes, then meets the others.
MODE = "declare void @llvm.x86.sse.stmxcsr(ptr)\n" + MEET.replace(
    "store i64 %worker, ptr %place", "call void @llvm.x86.sse.stmxcsr(ptr %place)"
)
SET_MODE = """
declare void @llvm.x86.sse.ldmxcsr(ptr)
define void @entry(ptr %mode) {
  call void @llvm.x86.sse.ldmxcsr(ptr %mode)
  ret void
}
"""


@needs_helpers
@pytest.mark.skipif(host().architecture != "x86_64", reason="written for x86-64")
def test_helpers_compute_in_the_mode_of_the_caller() -> None:
    usual, flushing = 0x1F80, 0x9F80  # the latter takes tiny results for zero
    set_mode = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(native(SET_MODE).address)
    for mode in (flushing, usual):
        set_mode(np.array([mode]).ctypes.data)
        try:
            argument = np.array([0, 3, 5_000_000, 0, 0, 0])
            run(MODE, argument, 3, 3)
        finally:
            set_mode(np.array([usual]).ctypes.data)
        assert (argument[3:] & ~0x3F).tolist() == [mode] * 3


def exit_code(body: Callable[[], object]) -> int:
    """The exit code of a forked child that runs a function; if it hangs, its alarm ends it."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    try:
        signal.alarm(30)
        body()
        os._exit(0)
    finally:
        os._exit(1)


@needs_helpers
class TestFork:
    pytestmark = may_fork

    def test_a_child_makes_helpers_of_its_own(self) -> None:
        meet(3)
        assert exit_code(lambda: meet(3)) == 0
        assert meet(3) == [0, 1, 2]

    def test_a_child_of_a_child(self) -> None:
        meet(2)
        assert exit_code(lambda: (meet(2), os._exit(exit_code(lambda: meet(2))))) == 0

    def test_while_another_thread_runs_jobs(self) -> None:
        stop = threading.Event()
        jobs: list[bool] = []

        def keep_running() -> None:
            while not stop.is_set():
                jobs.append(count_is_exact(300, 2))

        caller = threading.Thread(target=keep_running)
        caller.start()
        try:
            codes = [exit_code(lambda: meet(2)) for _ in range(15)]
        finally:
            stop.set()
            caller.join()
        assert codes == [0] * 15
        assert all(jobs)

    def test_where_the_kernel_cannot_wipe_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(threads, "_MADV_WIPEONFORK", 12345)
        block = Pool(pool().parallel, threads._control_block())
        meet(2, block)
        assert exit_code(lambda: meet(2, block)) == 0


EXIT = """
import sys, threading
sys.path.insert(0, {folder!r})
import test_threads as t

def forever():
    while True:
        t.count_is_exact(300, 3)

t.meet(3)
if {busy}:
    for _ in range(2):
        threading.Thread(target=forever, daemon=True).start()
    t.time.sleep(0.05)
"""


@pytest.mark.parametrize("busy", [False, True])
def test_a_process_ends_at_once(busy: bool) -> None:
    if not HELPED:
        pytest.skip("there are no helpers on this system")
    code = EXIT.format(folder=str(Path(__file__).parent), busy=busy)
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-c", code], timeout=60, capture_output=True, text=True, check=False
        )
        assert (result.returncode, result.stderr) == (0, "")


def test_as_many_threads_as_cpus_or_fewer() -> None:
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert available() == cpus
    assert available(1) == 1
    assert available(10_000) == cpus


@pytest.mark.parametrize(
    ("triple", "helped"),
    [("aarch64-unknown-linux-gnu", True), ("arm64-apple-darwin", False), ("x86_64-linux", True)],
)
def test_code_for_other_machines(triple: str, helped: bool) -> None:
    machine = cross(triple)
    system = "darwin" if "darwin" in triple else "linux"
    assert pool_code.has_helpers(machine.architecture, system) is helped
    text = assembly(pool_code.text(machine.architecture, system), machine)
    assert ("syscall" in text) is helped


def test_without_helpers_the_caller_does_all() -> None:
    loaded = load_object(compile_object(pool_code.text("arm64", "darwin"), host()), "parallel")
    argument = np.array([0, 0, 0] + [-1] * 9)
    run(MEET, argument, 9, 4, Pool(loaded.address, 0))
    assert argument[3:].tolist() == [0] * 9
