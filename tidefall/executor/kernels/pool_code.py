"""The code of the pool of threads, as LLVM IR. ``threads.py`` loads it and says how to use it.

The pool is a block of memory that is zero at first. One job at a time is in it: a function, its
argument, and a **ticket**: one word that holds how many workers may take part, how many chunks
there are, and which chunk is next. Whoever raises the ticket by one has taken a chunk, of the job
that is in the pool at that moment, and the job cannot end before this chunk is done. So a helper
that comes late finds either nothing to take or the next job; it never sees one that has ended. The
function and its argument are read only after a chunk was taken.

Worker 0 is the caller. When it finds no more chunks, all that helpers took are ``chunks`` minus its
own, and it waits until so many are done. A helper out of work looks at the ticket for a short
while, leaving its CPU to whoever else wants it, who may well be the caller. Then it says that it is
asleep, looks once more, and sleeps; whoever publishes a ticket looks at that word afterwards, so
one of the two sees the other. Each worker wakes two others, if they sleep, before it does a chunk
(it cannot tell the first of a job), so that the caller is not delayed by waking many.
"""

from __future__ import annotations

from string import Template
from typing import Final

#: No job has more workers or more chunks than these; a job of more chunks runs alone.
MOST_WORKERS: Final = 255
MOST_CHUNKS: Final = (1 << 28) - 1

#: Nanoseconds of looking for work before sleeping.
PATIENCE: Final = 60_000

_LINE: Final = 128  # two cache lines, since some CPUs fetch them in pairs
_SLOTS: Final = 5 * _LINE

#: Bytes of the block.
SIZE: Final = _SLOTS + MOST_WORKERS * _LINE

# The number of the system call futex.
_FUTEX: Final = {"x86_64": 202, "aarch64": 98}

# A job computes with the rounding and the treatment of tiny numbers that the caller has.
_GET_MODE: Final = {
    "x86_64": "call void @llvm.x86.sse.stmxcsr(ptr %mode)",
    "aarch64": "%fpcr = call i64 @llvm.aarch64.get.fpcr()\n  store i64 %fpcr, ptr %mode",
}
_SET_MODE: Final = {
    "x86_64": "call void @llvm.x86.sse.ldmxcsr(ptr %mode)",
    "aarch64": "%fpcr = load i64, ptr %mode\n  call void @llvm.aarch64.set.fpcr(i64 %fpcr)",
}
_DECLARE: Final = {
    "x86_64": """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
""",
    "aarch64": """
declare i64 @llvm.aarch64.get.fpcr()
declare void @llvm.aarch64.set.fpcr(i64)
""",
}


_PLACES: Final = {
    "LINE": _LINE,
    "BUSY": 0,
    "TICKET": 1 * _LINE,
    "FUNCTION": 2 * _LINE,
    "ARGUMENT": 2 * _LINE + 8,
    "MODE": 2 * _LINE + 16,
    "DONE": 3 * _LINE,
    "WAITING": 3 * _LINE + 4,
    "HELPERS": 4 * _LINE,
    "REFUSED": 4 * _LINE + 8,
    "SLOTS": _SLOTS,  # the first is worker 1's; each holds:
    "ASLEEP": 0,
    "WORKER": 8,
    "POOL": 16,
}


def text(architecture: str, system: str) -> str:
    """IR that defines ``parallel`` for a machine, with helpers where it is known how."""
    if system != "linux" or architecture not in _FUTEX:
        return _LOOP + _WITHOUT_HELPERS
    names = {
        **_PLACES,
        "FUTEX": _FUTEX[architecture],
        "GET_MODE": _GET_MODE[architecture],
        "SET_MODE": _SET_MODE[architecture],
        "MOST_WORKERS": MOST_WORKERS,
        "MOST_CHUNKS": MOST_CHUNKS,
        "PATIENCE": PATIENCE,
    }
    return Template(_LOOP + _DECLARE[architecture] + _HELPERS).substitute(names)


def has_helpers(architecture: str, system: str) -> bool:
    """Whether jobs on such a machine have more workers than the caller."""
    return system == "linux" and architecture in _FUTEX


_LOOP: Final = """
define internal void @alone(ptr %function, ptr %argument, i64 %chunks) {
start:
  %any = icmp sgt i64 %chunks, 0
  br i1 %any, label %run, label %end
run:
  %chunk = phi i64 [0, %start], [%next, %run]
  call void %function(ptr %argument, i64 %chunk, i64 0)
  %next = add i64 %chunk, 1
  %again = icmp slt i64 %next, %chunks
  br i1 %again, label %run, label %end
end:
  ret void
}
"""

_WITHOUT_HELPERS: Final = """
define void @parallel(ptr %pool, ptr %function, ptr %argument, i64 %chunks, i64 %threads) {
  call void @alone(ptr %function, ptr %argument, i64 %chunks)
  ret void
}
"""

_HELPERS: Final = """
declare i64 @syscall(i64, ...)
declare i32 @clock_gettime(i32, ptr)
declare i32 @pthread_create(ptr, ptr, ptr, ptr)
declare i32 @pthread_detach(i64)
declare i32 @pthread_sigmask(i32, ptr, ptr)
declare i32 @sched_yield()
declare i32 @sigfillset(ptr)
declare i32 @sigdelset(ptr, i32)
declare i64 @llvm.smin.i64(i64, i64)

define void @parallel(ptr %pool, ptr %function, ptr %argument, i64 %chunks, i64 %threads) {
start:
  %useful = call i64 @llvm.smin.i64(i64 %threads, i64 %chunks)
  %workers = call i64 @llvm.smin.i64(i64 %useful, i64 $MOST_WORKERS)
  %several = icmp sgt i64 %workers, 1
  %few = icmp sle i64 %chunks, $MOST_CHUNKS
  %shared = and i1 %several, %few
  br i1 %shared, label %enter, label %alone
enter:
  %entered = cmpxchg ptr %pool, i32 0, i32 1 acquire monotonic
  %mine = extractvalue {i32, i1} %entered, 1
  br i1 %mine, label %publish, label %alone
alone:
  call void @alone(ptr %function, ptr %argument, i64 %chunks)
  ret void
publish:
  call void @start_helpers(ptr %pool, i64 %workers)
  %function_at = getelementptr i8, ptr %pool, i64 $FUNCTION
  %argument_at = getelementptr i8, ptr %pool, i64 $ARGUMENT
  %mode = getelementptr i8, ptr %pool, i64 $MODE
  %done_at = getelementptr i8, ptr %pool, i64 $DONE
  %waiting_at = getelementptr i8, ptr %pool, i64 $WAITING
  %ticket_at = getelementptr i8, ptr %pool, i64 $TICKET
  store ptr %function, ptr %function_at
  store ptr %argument, ptr %argument_at
  $GET_MODE
  store atomic i32 0, ptr %done_at monotonic, align 4
  store atomic i32 0, ptr %waiting_at monotonic, align 4
  %high = shl i64 %workers, 56
  %middle = shl i64 %chunks, 28
  %ticket = or i64 %high, %middle
  store atomic i64 %ticket, ptr %ticket_at seq_cst, align 8
  call void @wake_two(ptr %pool, i64 0, i64 %workers)
  br label %look
look:
  %own = phi i64 [0, %publish], [%more, %run]
  %chunk = call i64 @take(ptr %pool, i64 0)
  %taken = icmp sge i64 %chunk, 0
  br i1 %taken, label %run, label %finish
run:
  call void %function(ptr %argument, i64 %chunk, i64 0)
  %more = add i64 %own, 1
  br label %look
finish:
  %theirs = sub i64 %chunks, %own
  %count = trunc i64 %theirs to i32
  call void @await(ptr %pool, i32 %count)
  store atomic i32 0, ptr %pool release, align 4
  ret void
}

; Whether a ticket has a chunk for a worker.
define internal i1 @offers(i64 %ticket, i64 %worker) {
  %workers = lshr i64 %ticket, 56
  %shifted = lshr i64 %ticket, 28
  %chunks = and i64 %shifted, $MOST_CHUNKS
  %next = and i64 %ticket, $MOST_CHUNKS
  %invited = icmp ult i64 %worker, %workers
  %left = icmp ult i64 %next, %chunks
  %both = and i1 %invited, %left
  ret i1 %both
}

; The chunk that a worker got, or -1.
define internal i64 @take(ptr %pool, i64 %worker) {
start:
  %ticket_at = getelementptr i8, ptr %pool, i64 $TICKET
  %first = load atomic i64, ptr %ticket_at acquire, align 8
  br label %look
look:
  %ticket = phi i64 [%first, %start], [%newer, %try]
  %offered = call i1 @offers(i64 %ticket, i64 %worker)
  br i1 %offered, label %try, label %none
try:
  %raised = add i64 %ticket, 1
  %outcome = cmpxchg ptr %ticket_at, i64 %ticket, i64 %raised acq_rel acquire
  %newer = extractvalue {i64, i1} %outcome, 0
  %won = extractvalue {i64, i1} %outcome, 1
  br i1 %won, label %got, label %look
got:
  %chunk = and i64 %ticket, $MOST_CHUNKS
  ret i64 %chunk
none:
  ret i64 -1
}

; Returns when helpers have done so many chunks.
define internal void @await(ptr %pool, i32 %count) {
start:
  %done_at = getelementptr i8, ptr %pool, i64 $DONE
  %waiting_at = getelementptr i8, ptr %pool, i64 $WAITING
  %done = load atomic i32, ptr %done_at acquire, align 4
  %at_once = icmp eq i32 %done, %count
  br i1 %at_once, label %end, label %measure
measure:
  %since = call i64 @now()
  br label %spin
spin:
  %yielded = call i32 @sched_yield()
  %seen = load atomic i32, ptr %done_at acquire, align 4
  %complete = icmp eq i32 %seen, %count
  br i1 %complete, label %end, label %clock
clock:
  %time = call i64 @now()
  %passed = sub i64 %time, %since
  %patient = icmp slt i64 %passed, $PATIENCE
  br i1 %patient, label %spin, label %tell
tell:
  store atomic i32 1, ptr %waiting_at seq_cst, align 4
  br label %check
check:
  %now = load atomic i32, ptr %done_at seq_cst, align 4
  %finished = icmp eq i32 %now, %count
  br i1 %finished, label %end, label %doze
doze:
  call void @futex_wait(ptr %done_at, i32 %now)
  br label %check
end:
  ret void
}

; The life of a helper, which lasts as long as the process.
define internal ptr @helper(ptr %slot) {
start:
  %worker_at = getelementptr i8, ptr %slot, i64 $WORKER
  %pool_at = getelementptr i8, ptr %slot, i64 $POOL
  %worker = load i64, ptr %worker_at
  %pool = load ptr, ptr %pool_at
  %ticket_at = getelementptr i8, ptr %pool, i64 $TICKET
  br label %idle
idle:
  %since = call i64 @now()
  br label %spin
spin:
  %first = call i64 @take(ptr %pool, i64 %worker)
  %found = icmp sge i64 %first, 0
  br i1 %found, label %run, label %clock
clock:
  %yielded = call i32 @sched_yield()
  %time = call i64 @now()
  %passed = sub i64 %time, %since
  %patient = icmp slt i64 %passed, $PATIENCE
  br i1 %patient, label %spin, label %doze
doze:
  call void @sleep(ptr %pool, ptr %slot, i64 %worker)
  %late = call i64 @take(ptr %pool, i64 %worker)
  %useful = icmp sge i64 %late, 0
  br i1 %useful, label %run, label %doze
run:
  %chunk = phi i64 [%first, %spin], [%late, %doze], [%next, %run]
  %ticket = load atomic i64, ptr %ticket_at monotonic, align 8
  %workers = lshr i64 %ticket, 56
  call void @wake_two(ptr %pool, i64 %worker, i64 %workers)
  call void @help(ptr %pool, i64 %chunk, i64 %worker)
  %next = call i64 @take(ptr %pool, i64 %worker)
  %again = icmp sge i64 %next, 0
  br i1 %again, label %run, label %idle
}

; Does a chunk that a helper has taken.
define internal void @help(ptr %pool, i64 %chunk, i64 %worker) {
start:
  %function_at = getelementptr i8, ptr %pool, i64 $FUNCTION
  %argument_at = getelementptr i8, ptr %pool, i64 $ARGUMENT
  %mode = getelementptr i8, ptr %pool, i64 $MODE
  %done_at = getelementptr i8, ptr %pool, i64 $DONE
  %waiting_at = getelementptr i8, ptr %pool, i64 $WAITING
  %function = load ptr, ptr %function_at
  %argument = load ptr, ptr %argument_at
  $SET_MODE
  call void %function(ptr %argument, i64 %chunk, i64 %worker)
  %before = atomicrmw add ptr %done_at, i32 1 seq_cst
  %waiting = load atomic i32, ptr %waiting_at seq_cst, align 4
  %waits = icmp ne i32 %waiting, 0
  br i1 %waits, label %tell, label %end
tell:
  call void @futex_wake(ptr %done_at)
  br label %end
end:
  ret void
}

; Returns when the ticket has a chunk for the worker, or somebody wakes it.
define internal void @sleep(ptr %pool, ptr %slot, i64 %worker) {
start:
  %ticket_at = getelementptr i8, ptr %pool, i64 $TICKET
  store atomic i32 1, ptr %slot seq_cst, align 4
  br label %check
check:
  %asleep = load atomic i32, ptr %slot seq_cst, align 4
  %woken = icmp eq i32 %asleep, 0
  br i1 %woken, label %end, label %look
look:
  %ticket = load atomic i64, ptr %ticket_at seq_cst, align 8
  %offered = call i1 @offers(i64 %ticket, i64 %worker)
  br i1 %offered, label %rise, label %doze
doze:
  call void @futex_wait(ptr %slot, i32 1)
  br label %check
rise:
  store atomic i32 0, ptr %slot seq_cst, align 4
  br label %end
end:
  ret void
}

; Wakes the two helpers that a worker is to wake.
define internal void @wake_two(ptr %pool, i64 %worker, i64 %workers) {
  %twice = shl i64 %worker, 1
  %left = add i64 %twice, 1
  %right = add i64 %twice, 2
  call void @wake(ptr %pool, i64 %left, i64 %workers)
  call void @wake(ptr %pool, i64 %right, i64 %workers)
  ret void
}

define internal void @wake(ptr %pool, i64 %worker, i64 %workers) {
start:
  %slot = call ptr @slot_of(ptr %pool, i64 %worker)
  %invited = icmp ult i64 %worker, %workers
  br i1 %invited, label %look, label %end
look:
  %asleep = load atomic i32, ptr %slot seq_cst, align 4
  %sleeps = icmp ne i32 %asleep, 0
  br i1 %sleeps, label %rouse, label %end
rouse:
  %before = atomicrmw xchg ptr %slot, i32 0 seq_cst
  call void @futex_wake(ptr %slot)
  br label %end
end:
  ret void
}

define internal ptr @slot_of(ptr %pool, i64 %worker) {
  %index = sub i64 %worker, 1
  %offset = mul i64 %index, $LINE
  %slots = getelementptr i8, ptr %pool, i64 $SLOTS
  %slot = getelementptr i8, ptr %slots, i64 %offset
  ret ptr %slot
}

; Makes helpers until there are enough, or the system refuses one. They leave signals to the
; program's own threads, but for those of a fault of their own (4, 7, 8, 11).
define internal void @start_helpers(ptr %pool, i64 %workers) {
start:
  %thread = alloca i64
  %blocked = alloca [128 x i8], align 16
  %before = alloca [128 x i8], align 16
  %helpers_at = getelementptr i8, ptr %pool, i64 $HELPERS
  %refused_at = getelementptr i8, ptr %pool, i64 $REFUSED
  %helpers = load i64, ptr %helpers_at
  %refused = load i64, ptr %refused_at
  %wanted = sub i64 %workers, 1
  %enough = icmp sge i64 %helpers, %wanted
  %never = icmp ne i64 %refused, 0
  %nothing = or i1 %enough, %never
  br i1 %nothing, label %end, label %mask
mask:
  %f0 = call i32 @sigfillset(ptr %blocked)
  %f1 = call i32 @sigdelset(ptr %blocked, i32 4)
  %f2 = call i32 @sigdelset(ptr %blocked, i32 7)
  %f3 = call i32 @sigdelset(ptr %blocked, i32 8)
  %f4 = call i32 @sigdelset(ptr %blocked, i32 11)
  %f5 = call i32 @pthread_sigmask(i32 2, ptr %blocked, ptr %before)
  br label %create
create:
  %count = phi i64 [%helpers, %mask], [%worker, %created]
  %worker = add i64 %count, 1
  %slot = call ptr @slot_of(ptr %pool, i64 %worker)
  %worker_at = getelementptr i8, ptr %slot, i64 $WORKER
  %pool_at = getelementptr i8, ptr %slot, i64 $POOL
  store i64 %worker, ptr %worker_at
  store ptr %pool, ptr %pool_at
  %error = call i32 @pthread_create(ptr %thread, ptr null, ptr @helper, ptr %slot)
  %failed = icmp ne i32 %error, 0
  br i1 %failed, label %refuse, label %created
created:
  %id = load i64, ptr %thread
  %detached = call i32 @pthread_detach(i64 %id)
  %more = icmp slt i64 %worker, %wanted
  br i1 %more, label %create, label %unmask
refuse:
  store i64 1, ptr %refused_at
  br label %unmask
unmask:
  %made = phi i64 [%worker, %created], [%count, %refuse]
  store i64 %made, ptr %helpers_at
  %restored = call i32 @pthread_sigmask(i32 2, ptr %before, ptr null)
  br label %end
end:
  ret void
}

; Nanoseconds of the clock that always goes forward.
define internal i64 @now() {
  %time = alloca [2 x i64], align 8
  %status = call i32 @clock_gettime(i32 1, ptr %time)
  %rest_at = getelementptr i64, ptr %time, i64 1
  %seconds = load i64, ptr %time
  %rest = load i64, ptr %rest_at
  %large = mul i64 %seconds, 1000000000
  %sum = add i64 %large, %rest
  ret i64 %sum
}

; Sleeps while the word has the value (128: within this process).
define internal void @futex_wait(ptr %word, i32 %value) {
  %r = call i64 (i64, ...) @syscall(i64 $FUTEX, ptr %word, i32 128, i32 %value, ptr null)
  ret void
}

define internal void @futex_wake(ptr %word) {
  %r = call i64 (i64, ...) @syscall(i64 $FUTEX, ptr %word, i32 129, i32 1)
  ret void
}
"""
