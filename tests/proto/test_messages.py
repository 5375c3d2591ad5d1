"""The message tables against the descriptors and the bytes of TensorFlow 1.15.5."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from tidefall import proto

HERE = Path(__file__).parent
FILES: dict[str, Any] = json.loads((HERE / "descriptors.json").read_text())
SAMPLES: list[tuple[str, str, str]] = json.loads((HERE / "samples.json").read_text())


def describe(field: FieldDescriptor) -> list[Any]:
    target = field.message_type or field.enum_type
    repeated = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3  # type: ignore[attr-defined]
    return [
        field.number,
        field.type,
        3 if repeated else 1,
        target.full_name if target else "",
        field.containing_oneof.name if field.containing_oneof else "",
        field.is_packed,
        bool(field.message_type and field.message_type.GetOptions().map_entry),
    ]


def messages_below(messages: Any) -> dict[str, Descriptor]:
    found: dict[str, Descriptor] = {}
    for message in messages:
        found[message.full_name] = message
        found.update(messages_below(message.nested_types))
    return found


def test_the_tables_hold_the_files_of_the_golden_list_and_no_others() -> None:
    assert sorted(proto.pool().files) == sorted(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_field_is_tensorflows(name: str) -> None:
    wanted, file = FILES[name], proto.pool().file(name)
    assert (file.package, [d.name for d in file.dependencies]) == (
        wanted["package"],
        wanted["imports"],
    )
    messages = messages_below(file.message_types_by_name.values())
    assert {
        full_name: {field.name: describe(field) for field in message.fields}
        for full_name, message in messages.items()
    } == wanted["messages"]
    enums = [*file.enum_types_by_name.values()]
    for message in messages.values():
        enums.extend(message.enum_types)
    assert {e.full_name: [[v.name, v.number] for v in e.values] for e in enums} == wanted["enums"]


@pytest.mark.parametrize(
    ("full_name", "data", "text"),
    [pytest.param(*sample, id=f"{i}-{sample[0]}") for i, sample in enumerate(SAMPLES)],
)
def test_bytes_and_text_of_tensorflow_round_trip(full_name: str, data: str, text: str) -> None:
    kind = proto.pool().find(full_name)
    raw = base64.b64decode(data)
    message = kind.FromString(raw)
    assert message.SerializeToString(deterministic=True) == raw
    assert text_format.Parse(text, kind()) == message
    assert kind.FromString(message.SerializeToString()) == message


def test_messages_feel_like_protobuf_classes() -> None:
    options = proto.ConfigProto(
        gpu_options=proto.GPUOptions(allow_growth=True), device_count={"CPU": 2}
    )
    options.graph_options.optimizer_options.global_jit_level = proto.OptimizerOptions.ON_1
    assert text_format.MessageToString(options, as_one_line=True) == (
        'device_count { key: "CPU" value: 2 } gpu_options { allow_growth: true } '
        "graph_options { optimizer_options { global_jit_level: ON_1 } }"
    )
    assert pickle.loads(pickle.dumps(options)) == options
    assert copy.deepcopy(options) == options
    assert json_format.Parse(json_format.MessageToJson(options), proto.ConfigProto()) == options
    assert proto.RunOptions.FULL_TRACE == 3
    assert proto.DataType.Name(19) == "DT_HALF"
    assert proto.ConfigProto.Experimental(executor_type="x").executor_type == "x"


def test_any_message_packs_and_unpacks() -> None:
    collection = proto.CollectionDef()
    collection.any_list.value.add().Pack(proto.NodeDef(name="n"))
    unpacked = proto.NodeDef()
    assert collection.any_list.value[0].Unpack(unpacked)
    assert unpacked.name == "n"


def test_a_missing_message_is_named() -> None:
    with pytest.raises(AttributeError, match=r"no message tensorflow\.Nonsense"):
        _ = proto.Nonsense


def test_the_contents_of_a_file_are_those_of_tensorflows_module() -> None:
    types = proto.pool().contents("tensorflow/core/framework/types.proto")
    assert (types["DT_FLOAT"], types["DataType"].Value("DT_INT32")) == (1, 3)
    assert proto.pool().contents("tensorflow/core/framework/graph.proto")["GraphDef"] is (
        proto.GraphDef
    )


def test_protobuf_is_imported_at_first_use_and_the_default_pool_stays_empty() -> None:
    program = (
        "import sys, tidefall.proto as p\n"
        "assert not any(name.startswith('google') for name in sys.modules)\n"
        "p.GraphDef()\n"
        "from google.protobuf import descriptor_pool\n"
        "try: descriptor_pool.Default().FindMessageTypeByName('tensorflow.GraphDef')\n"
        "except KeyError: print('private')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "private\n"
