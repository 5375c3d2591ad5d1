"""Graphs with their collections, in MetaGraphs and files."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import tidefall as tf
from tests.oracle.programs import tensor_protos
from tidefall import proto
from tidefall.io import meta_graph

EXPECTED: dict[str, str] = json.loads((Path(__file__).parent / "meta_graph.json").read_text())

MESSAGES = {
    "variables": "VariableDef",
    "trainable_variables": "VariableDef",
    "local_variables": "VariableDef",
    "cond_context": "CondContextDef",
    "while_context": "WhileContextDef",
}


def readable(name: str, collection: Any) -> Any:
    """A collection as text, messages in it included."""
    if name not in MESSAGES:
        return str(collection)
    kind = getattr(proto, MESSAGES[name])
    return [str(kind.FromString(data)) for data in collection.bytes_list.value]


@pytest.fixture
def exported() -> Any:
    tensor_protos.collections(tf)
    return tf.train.export_meta_graph()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_collections_are_stored_as_tensorflow_stores_them(exported: Any, name: str) -> None:
    expected = proto.CollectionDef.FromString(base64.b64decode(EXPECTED[name]))
    assert readable(name, exported.collection_def[name]) == readable(name, expected)


def test_what_cannot_be_stored_is_left_out_with_a_warning(
    exported: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert set(exported.collection_def) == set(EXPECTED)
    tf.train.export_meta_graph()
    assert "Collection not stored is left out" in caplog.text


def test_the_ops_of_the_graph_are_declared(exported: Any) -> None:
    info = exported.meta_info_def
    assert info.tensorflow_version == "1.15.5"
    assert {op.name for op in info.stripped_op_list.op} == {
        node.op for node in exported.graph_def.node
    }


def test_nodes_and_collections_are_imported(exported: Any) -> None:
    tf.reset_default_graph()
    meta_graph.import_meta_graph_def(exported)
    assert [variable.name for variable in tf.global_variables()] == [
        *("plain:0", "resource:0", "fixed:0")
    ]
    assert tf.get_collection("integers") == [3]
    assert tf.get_collection("strings") == [b"abc"]
    assert tf.get_collection("operations") == [tf.global_variables()[0].op]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(tf.get_collection("tensors")[0]).tolist() == [2.0, 3.0]


def test_an_import_can_have_a_scope(exported: Any) -> None:
    tf.reset_default_graph()
    meta_graph.import_meta_graph_def(exported, import_scope="scope")
    assert tf.trainable_variables()[0].name == "scope/plain:0"
    assert tf.get_collection("tensors")[0].name.startswith("scope/")


@pytest.mark.parametrize("as_text", [True, False])
def test_files(tmp_path: Path, as_text: bool) -> None:
    with tf.get_default_graph().device("/cpu:0"):
        tf.constant([1.0, 2.0], name="c")
    path = tmp_path / "graph.meta"
    written = tf.train.export_meta_graph(path, as_text=as_text, clear_devices=True)
    assert meta_graph.read_meta_graph(path) == written
    assert written.graph_def.node[0].device == ""
    assert path.read_bytes().startswith(b"meta_info_def {") is as_text
    assert [each.name for each in tmp_path.iterdir()] == ["graph.meta"]


def test_default_attributes_can_be_left_out() -> None:
    tf.placeholder(tf.float32, [2, 2], name="x")
    tf.matmul(tf.get_default_graph().get_tensor_by_name("x:0"), [[1.0], [2.0]])
    message = tf.train.export_meta_graph(strip_default_attrs=True)
    product = next(node for node in message.graph_def.node if node.op == "MatMul")
    assert sorted(key for key in product.attr if key[0] != "_") == ["T"]
    assert message.meta_info_def.stripped_default_attrs
    tf.reset_default_graph()
    meta_graph.import_meta_graph_def(message)
    assert tf.get_default_graph().get_operation_by_name("MatMul").get_attr("transpose_a") is False


def test_write_graph(tmp_path: Path) -> None:
    tf.constant(1.0, name="c")
    graph = tf.get_default_graph()
    text = tf.train.write_graph(graph, tmp_path / "new", "g.pbtxt")
    assert text == str(tmp_path / "new" / "g.pbtxt")
    assert 'name: "c"' in Path(text).read_text()
    binary = tf.train.write_graph(graph.as_graph_def(), tmp_path, "g.pb", as_text=False)
    assert tf.GraphDef.FromString(Path(binary).read_bytes()) == graph.as_graph_def()


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="does not exist"):
        meta_graph.read_meta_graph(tmp_path / "absent")
    (tmp_path / "bad").write_bytes(b"\xff\xfe bad")
    with pytest.raises(OSError, match="holds no MetaGraphDef"):
        meta_graph.read_meta_graph(tmp_path / "bad")


def test_a_part_of_the_graph_is_not_exported() -> None:
    with pytest.raises(NotImplementedError, match="export_scope"):
        tf.train.export_meta_graph(export_scope="x")
