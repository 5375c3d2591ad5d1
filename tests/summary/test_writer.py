"""Event files: what is written is what TensorBoard's own reader finds."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader

import tidefall as tf


def scalar(tag: str, value: float) -> Any:
    return tf.Summary(value=[tf.Summary.Value(tag=tag, simple_value=value)])


def files_in(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.iterdir())


def events_in(folder: Path) -> list[Any]:
    return [event for path in files_in(folder) for event in tf.train.summary_iterator(path)]


def test_the_file_is_made_with_the_first_event_and_named_as_tensorflow_names_it(
    tmp_path: Path,
) -> None:
    writer = tf.summary.FileWriter(tmp_path / "logs", filename_suffix=".end")
    writer.flush()
    assert files_in(tmp_path / "logs") == []
    writer.add_summary(scalar("a", 1.5), 3)
    writer.close()
    (path,) = files_in(tmp_path / "logs")
    assert os.path.basename(path).startswith("events.out.tfevents.")
    assert path.endswith(f"{os.uname().nodename}.end")
    first, second = tf.train.summary_iterator(path)
    assert (first.file_version, first.step) == ("brain.Event:2", 0)
    assert (second.step, second.summary.value[0].simple_value) == (3, 1.5)
    assert second.wall_time >= first.wall_time > 1.6e9
    assert writer.get_logdir() == str(tmp_path / "logs")


def test_tensorboard_reads_scalars_histograms_images_and_the_graph(tmp_path: Path) -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    tf.summary.scalar("loss", x * 2.0)
    tf.summary.histogram("weights", tf.constant([1.0, 2.0, 2.5]))
    tf.summary.image("picture", tf.constant([[[[1.0], [0.5]]]]))
    tf.summary.text("note", tf.constant("hello"))
    merged = tf.summary.merge_all()
    with tf.Session() as session, tf.summary.FileWriter(tmp_path, session.graph) as writer:
        for step in range(3):
            writer.add_summary(session.run(merged, {x: float(step)}), step)
        writer.add_run_metadata(tf.RunMetadata(), "step 2", 2)
    found = EventAccumulator(str(tmp_path)).Reload()
    assert [(e.step, e.value) for e in found.Scalars("loss")] == [(0, 0.0), (1, 2.0), (2, 4.0)]
    histogram = found.Histograms("weights")[0].histogram_value
    assert (histogram.min, histogram.max, histogram.num) == (1.0, 2.5, 3.0)
    picture = found.Images("picture/image/0")[0]
    assert (picture.width, picture.height) == (2, 1)
    assert found.Tensors("note")[0].tensor_proto.string_val[0] == b"hello"
    assert found.SummaryMetadata("note").plugin_data.plugin_name == "text"
    assert [node.name for node in found.Graph().node][:2] == ["x", "mul/y"]
    meta = found.MetaGraph()
    assert meta.collection_def["summaries"].node_list.value[0] == "loss:0"
    assert "ScalarSummary" in [op.name for op in meta.meta_info_def.stripped_op_list.op]
    assert found.Tags()["run_metadata"] == ["step 2"]


def test_the_graph_is_written_with_its_shapes(tmp_path: Path) -> None:
    tf.placeholder(tf.float32, [None, 2], name="x")
    with tf.summary.FileWriter(tmp_path) as writer:
        writer.add_graph(tf.get_default_graph(), global_step=7)
    event = events_in(tmp_path)[-1]
    node = tf.GraphDef.FromString(event.graph_def).node[0]
    sizes = [dim.size for dim in node.attr["_output_shapes"].list.shape[0].dim]
    assert (event.step, node.name, sizes) == (7, "x", [-1, 2])


def test_bytes_and_messages_of_other_libraries_are_accepted(tmp_path: Path) -> None:
    from tensorboard.compat.proto import summary_pb2

    foreign = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="b", simple_value=2)])
    with tf.summary.FileWriter(tmp_path) as writer:
        writer.add_summary(scalar("a", 1).SerializeToString(), 1)
        writer.add_summary(foreign, 2)
        writer.add_session_log(tf.SessionLog(status=tf.SessionLog.START), 3)
        writer.add_event(tf.Event(step=4, wall_time=1.0))
    tags = [value.tag for event in events_in(tmp_path) for value in event.summary.value]
    assert tags == ["a", "b"]
    assert [event.step for event in events_in(tmp_path)] == [0, 1, 2, 3, 4]


def test_metadata_are_written_once_for_a_tag(tmp_path: Path) -> None:
    value = tf.Summary.Value(tag="t", metadata=tf.SummaryMetadata(display_name="shown"))
    with tf.summary.FileWriter(tmp_path) as writer:
        for step in range(2):
            writer.add_summary(tf.Summary(value=[value]), step)
    first, second = events_in(tmp_path)[1:]
    assert first.summary.value[0].metadata.display_name == "shown"
    assert not second.summary.value[0].HasField("metadata")
    assert value.HasField("metadata")


def test_events_are_visible_after_flush_and_after_the_time_set(tmp_path: Path) -> None:
    patient = tf.summary.FileWriter(tmp_path / "patient")
    patient.add_summary(scalar("a", 1))
    assert events_in(tmp_path / "patient") == []
    patient.flush()
    assert len(events_in(tmp_path / "patient")) == 2
    eager = tf.summary.FileWriter(tmp_path / "eager", flush_secs=0)
    eager.add_summary(scalar("a", 1))
    assert len(events_in(tmp_path / "eager")) == 2
    patient.close()
    eager.close()


def test_a_closed_writer_warns_and_reopens_to_another_file(tmp_path: Path) -> None:
    writer = tf.summary.FileWriter(tmp_path)
    writer.add_summary(scalar("a", 1))
    writer.close()
    writer.close()
    with pytest.warns(UserWarning, match=r"closed.*reopen") as caught:
        writer.add_summary(scalar("lost", 1))
    assert caught[0].filename == __file__
    writer.flush()
    writer.reopen()
    writer.reopen()
    writer.add_summary(scalar("b", 1))
    writer.close()
    assert len(files_in(tmp_path)) == 2  # in the same second, too
    tags = {value.tag for event in events_in(tmp_path) for value in event.summary.value}
    assert tags == {"a", "b"}


def test_nothing_is_lost_and_nothing_hangs_when_a_program_just_ends(tmp_path: Path) -> None:
    program = (
        "import tidefall as tf\n"
        f"writer = tf.summary.FileWriter({str(tmp_path)!r})\n"
        "value = tf.Summary.Value(tag='a', simple_value=1)\n"
        "for step in range(50): writer.add_summary(tf.Summary(value=[value]), step)\n"
        "raise SystemExit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 3
    (path,) = files_in(tmp_path)
    assert len(list(RawEventFileLoader(path).Load())) == 51


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda w: w.add_summary("text"), TypeError, "takes a Summary message, not 'text'"),
        (lambda w: w.add_graph("text"), TypeError, "takes a tf.Graph or a GraphDef"),
        (lambda w: w.add_graph(None), ValueError, "needs a tf.Graph"),
        (lambda w: w.add_meta_graph(3), TypeError, "takes a MetaGraphDef, not int"),
        (
            lambda w: [w.add_run_metadata(tf.RunMetadata(), "tag") for _ in range(2)],
            ValueError,
            "already written under the tag 'tag'",
        ),
    ],
)
def test_wrong_uses(tmp_path: Path, act: Any, error: type[Exception], message: str) -> None:
    with tf.summary.FileWriter(tmp_path) as writer, pytest.raises(error, match=message):
        act(writer)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(tf.errors.OpError):
        tf.summary.FileWriter(tmp_path / "file")
    with pytest.raises(NotImplementedError, match="session="):
        tf.summary.FileWriter(tmp_path, session=tf.Session())


def test_one_writer_for_each_folder(tmp_path: Path) -> None:
    writer = tf.summary.FileWriterCache.get(tmp_path)
    assert tf.summary.FileWriterCache.get(str(tmp_path)) is writer
    writer.add_summary(scalar("a", 1))
    tf.summary.FileWriterCache.clear()
    assert len(events_in(tmp_path)) == 2
    assert tf.summary.FileWriterCache.get(tmp_path) is not writer
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.summary.FileWriterCache.clear()
