"""Ops of old graphs, whose handles are references to texts.

Before 2017 queues and readers were passed along as references to pairs of texts. The ops of then
are those of today but for the type of the handle, and for a ``V2`` at the end of their names.
"""

from __future__ import annotations

from tidefall.core import dtypes
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST, OPS, Arg, OpDef
from tidefall.ops import queue_ops, readers

#: Where the ops of today are declared.
_MODULES = (queue_ops, readers)

_MAKERS = """
FIFOQueue PaddingFIFOQueue RandomShuffleQueue PriorityQueue TextLineReader WholeFileReader
IdentityReader TFRecordReader FixedLengthRecordReader
""".split()
_USERS = """
QueueEnqueue QueueEnqueueMany QueueDequeue QueueDequeueMany QueueDequeueUpTo QueueClose
QueueIsClosed QueueSize ReaderRead ReaderReadUpTo ReaderNumRecordsProduced
ReaderNumWorkUnitsCompleted ReaderSerializeState ReaderRestoreState ReaderReset
""".split()

_PAIR = Shape((2,))


def _pair(**attrs: object) -> Shape:
    return _PAIR


def _declare(name: str, makes_one: bool) -> None:
    """Declares the old op of a name after the one of today."""
    now = OPS[f"{name}V2"]

    def parse(old: OpDef) -> None:
        inputs, outputs = tuple(map(_old, now.inputs)), tuple(map(_old, now.outputs))
        old.needs_run = now.needs_run
        old.kernel_attrs = now.kernel_attrs
        old.output_struct = now.output_struct
        old.declare(inputs, outputs, now.attrs)

    opdef = OpDef(
        name,
        now.kernel,
        parse,
        constraints=now.constraints,
        shape=_pair if makes_one else now.shape_rule,
        differentiable=False,
        stateful=True,
        effects=now.effects,
        runs_on=HOST,
        doc=now.doc,
    )
    OPS.add(name, opdef)


def _old(arg: Arg) -> Arg:
    """The old form of an input or output."""
    return arg._replace(dtype=dtypes.string, is_ref=True) if arg.dtype is dtypes.resource else arg


for _name in (*_MAKERS, *_USERS):
    _declare(_name, _name in _MAKERS)
