"""Queues and readers of old graphs, whose handles are references to texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tidefall.ir.opdef import OPS, OpDef
from tidefall.ops import old_handles


def old(kind: str, /, *inputs: Any, **attrs: Any) -> Any:
    op: OpDef = OPS[kind]
    return op(*inputs, **attrs)


def test_a_queue() -> None:
    queue = old("FIFOQueue", component_types=[tf.float32], shapes=[tf.TensorShape([])], name="q")
    assert queue.dtype.name == "string_ref"
    put = old("QueueEnqueueMany", queue, [[1.0, 2.0, 3.0]])
    (one,) = old("QueueDequeue", queue, component_types=[tf.float32])
    (two,) = old("QueueDequeueMany", queue, 2, component_types=[tf.float32])
    with tf.Session() as sess:
        sess.run(put)
        assert sess.run(old("QueueSize", queue)) == 3
        assert sess.run(one) == 1.0
        assert sess.run(two).tolist() == [2.0, 3.0]
        sess.run(old("QueueClose", queue))
        assert sess.run(old("QueueIsClosed", queue))
        with pytest.raises(tf.errors.OutOfRangeError):
            sess.run(one)


def test_an_old_graph_is_imported_and_run(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("first\nsecond\n")
    with tf.Graph().as_default() as graph:
        queue = old("FIFOQueue", component_types=[tf.string], name="files")
        old("QueueEnqueue", queue, [str(tmp_path / "lines.txt")], name="add")
        reader = old("TextLineReader", name="reader")
        old("ReaderRead", reader, queue, name="read")
        definition = graph.as_graph_def()
    assert {node.op for node in definition.node} >= {"FIFOQueue", "ReaderRead", "TextLineReader"}
    add, value = tf.import_graph_def(definition, return_elements=["add", "read:1"])
    with tf.Session() as sess:
        sess.run(add)
        assert [sess.run(value), sess.run(value)] == [b"first", b"second"]


@pytest.mark.parametrize("name", [*old_handles._MAKERS, *old_handles._USERS])
def test_every_old_op_is_like_the_one_of_today(name: str) -> None:
    before, now = OPS[name], OPS[f"{name}V2"]
    assert [arg.name for arg in before.inputs] == [arg.name for arg in now.inputs]
    assert not any(arg.dtype is tf.resource for arg in (*before.inputs, *before.outputs))
    assert before.attrs.keys() == now.attrs.keys()
