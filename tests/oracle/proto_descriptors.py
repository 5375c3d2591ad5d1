"""Writes what TensorFlow 1.15's message classes declare, and samples of their bytes.

Run with a Python that has TensorFlow 1.15.5:

    python tests/oracle/proto_descriptors.py tests/proto

It writes ``descriptors.json`` (every field: number, type, label, type name, oneof,
packed, map) and ``samples.json`` (one message of every kind with all fields set: its bytes in
base64 and its text form).
"""

import base64
import importlib
import json
import os
import sys

from google.protobuf import text_format
from google.protobuf.descriptor import FieldDescriptor as F

FILES = """
core/framework/types core/framework/tensor_shape core/framework/resource_handle
core/framework/tensor core/framework/tensor_slice core/framework/attr_value
core/framework/versions core/framework/op_def core/framework/node_def core/framework/function
core/framework/graph core/framework/variable core/protobuf/control_flow
core/lib/core/error_codes core/protobuf/queue_runner core/protobuf/named_tensor
core/protobuf/saver core/protobuf/struct core/protobuf/trackable_object_graph
core/protobuf/saved_object_graph core/protobuf/meta_graph core/protobuf/saved_model
core/protobuf/tensor_bundle core/util/saved_tensor_slice core/protobuf/graph_debug_info
python/training/checkpoint_state core/framework/summary core/util/event core/example/feature
core/example/example core/example/example_parser_configuration
contrib/tensorboard/plugins/projector/projector_config core/framework/allocation_description
core/framework/tensor_description core/framework/step_stats core/framework/cost_graph
core/framework/device_attributes core/protobuf/device_properties core/protobuf/cluster
core/protobuf/debug core/protobuf/verifier_config core/protobuf/rewriter_config
core/protobuf/config core/protobuf/tensorflow_server
"""
DEPTH = 2  # of nested messages in a sample


def module_of(name):
    return importlib.import_module("tensorflow." + name.replace("/", ".") + "_pb2")


def is_packed(field):
    if field.label != F.LABEL_REPEATED or field.cpp_type in (F.CPPTYPE_MESSAGE, F.CPPTYPE_STRING):
        return False
    options = field.GetOptions()
    return options.packed if options.HasField("packed") else True


def describe_field(field):
    target = field.message_type or field.enum_type
    return [
        field.number,
        field.type,
        field.label,
        target.full_name if target else "",
        field.containing_oneof.name if field.containing_oneof else "",
        is_packed(field),
        bool(field.message_type and field.message_type.GetOptions().map_entry),
    ]


def walk(messages, found):
    for message in messages:
        found[message.full_name] = {f.name: describe_field(f) for f in message.fields}
        walk(message.nested_types, found)


def enums_of(descriptor):
    found = list(descriptor.enum_types_by_name.values())
    pending = list(descriptor.message_types_by_name.values())
    while pending:
        message = pending.pop()
        found.extend(message.enum_types)
        pending.extend(message.nested_types)
    return {e.full_name: [[v.name, v.number] for v in e.values] for e in found}


def scalar(field, counter):
    counter[0] += 1
    n = counter[0]
    kind = field.cpp_type
    if field.type == F.TYPE_BYTES:
        return b"\x00\xffbytes%d" % n
    if kind == F.CPPTYPE_STRING:
        return "text \u00e9 %d" % n
    if kind == F.CPPTYPE_BOOL:
        return True
    if kind == F.CPPTYPE_ENUM:
        return field.enum_type.values[-1].number
    if kind in (F.CPPTYPE_FLOAT, F.CPPTYPE_DOUBLE):
        return n * 0.25 - 3
    if kind in (F.CPPTYPE_INT32, F.CPPTYPE_INT64):
        return -n if n % 2 else n * 1000
    return n * 100000


def fill(message, depth, counter, choice):
    """Sets every field; of a oneof, the member that ``choice`` picks."""
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof and oneof.fields[choice % len(oneof.fields)] is not field:
            continue
        target = field.message_type
        if target and target.GetOptions().map_entry:
            fill_map(getattr(message, field.name), target, depth, counter, choice)
        elif target:
            if depth and not target.full_name.startswith("google."):
                value = getattr(message, field.name)
                for k in range(2 if field.label == F.LABEL_REPEATED else 1):
                    inner = value.add() if field.label == F.LABEL_REPEATED else value
                    inner.SetInParent()
                    fill(inner, depth - 1, counter, choice + k)
        elif field.label == F.LABEL_REPEATED:
            getattr(message, field.name).extend(scalar(field, counter) for _ in range(3))
        else:
            setattr(message, field.name, scalar(field, counter))


def fill_map(container, entry, depth, counter, choice):
    key, value = entry.fields
    # Releases of protobuf differ in how they order integer keys, so there is one.
    for k in range(2 if key.cpp_type == F.CPPTYPE_STRING else 1):
        name = scalar(key, counter)
        if value.message_type:
            if depth:
                container[name].SetInParent()
                fill(container[name], depth - 1, counter, choice + k)
        else:
            container[name] = scalar(value, counter)


def samples_of(module):
    for name, descriptor in sorted(module.DESCRIPTOR.message_types_by_name.items()):
        widest = max([len(o.fields) for o in descriptor.oneofs] or [1])
        for choice in range(widest):
            message = getattr(module, name)()
            fill(message, DEPTH if widest == 1 else 1, [0], choice)
            data = message.SerializeToString(deterministic=True)
            if len(data) > 4000:
                message.Clear()
                fill(message, 1, [0], choice)
                data = message.SerializeToString(deterministic=True)
            yield descriptor.full_name, data, text_format.MessageToString(message)


def main(folder):
    files, samples = {}, []
    for name in FILES.split():
        module = module_of(name)
        messages = {}
        walk(module.DESCRIPTOR.message_types_by_name.values(), messages)
        files[module.DESCRIPTOR.name] = {
            "package": module.DESCRIPTOR.package,
            "syntax": module.DESCRIPTOR.syntax,
            "imports": [d.name for d in module.DESCRIPTOR.dependencies],
            "messages": messages,
            "enums": enums_of(module.DESCRIPTOR),
        }
        for full_name, data, text in samples_of(module):
            samples.append([full_name, base64.b64encode(data).decode(), text])
    write(os.path.join(folder, "descriptors.json"), files)
    write(os.path.join(folder, "samples.json"), samples)


def write(path, table):
    """Writes a list or a dictionary as JSON, an entry on each line."""
    dump = json.JSONEncoder(sort_keys=True).encode
    if isinstance(table, dict):
        lines, brackets = [dump(k) + ": " + dump(table[k]) for k in sorted(table)], "{}"
    else:
        lines, brackets = [dump(entry) for entry in table], "[]"
    with open(path, "w") as out:
        out.write(brackets[0] + "\n" + ",\n".join(lines) + "\n" + brackets[1] + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
