"""Reads the compact message tables into protobuf file descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

_SCALARS = {
    name: getattr(FieldDescriptorProto, f"TYPE_{name.upper()}")
    for name in (
        *("bool", "bytes", "double", "float", "string"),
        *("int32", "int64", "uint32", "uint64", "sint32", "sint64"),
        *("fixed32", "fixed64", "sfixed32", "sfixed64"),
    )
}
_MESSAGE = FieldDescriptorProto.TYPE_MESSAGE
_ENUM = FieldDescriptorProto.TYPE_ENUM
_OPTIONAL = FieldDescriptorProto.LABEL_OPTIONAL
_REPEATED = FieldDescriptorProto.LABEL_REPEATED
_DEFINITION = re.compile(r"^(message|enum) (\S+)$", re.MULTILINE)


@dataclass
class FileTable:
    """The part of a table that describes one ``.proto`` file."""

    name: str
    text: str
    package: str = "tensorflow"
    imports: list[str] = field(default_factory=list)

    def definitions(self) -> Iterator[tuple[str, str, str]]:
        """Yields kind (``message`` or ``enum``), name and body of every definition in order."""
        starts = list(_DEFINITION.finditer(self.text))
        ends = [start.start() for start in starts[1:]] + [len(self.text)]
        for start, end in zip(starts, ends, strict=True):
            yield start[1], start[2], self.text[start.end() : end]

    def names(self) -> Iterator[tuple[str, int]]:
        """Yields the full name of every definition and the field type it stands for."""
        for start in _DEFINITION.finditer(self.text):
            yield f"{self.package}.{start[2]}", _MESSAGE if start[1] == "message" else _ENUM


def split_files(table: str) -> Iterator[FileTable]:
    """Splits the text of a table into its files."""
    for section in re.split(r"^file ", table, flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("\n")
        file = FileTable(name, text)
        for keyword, value in re.findall(r"^(package|import) (\S+)$", text, re.MULTILINE):
            if keyword == "package":
                file.package = value
            else:
                file.imports.append(value)
        yield file


def file_descriptor(file: FileTable, kinds: Mapping[str, int]) -> FileDescriptorProto:
    """Builds protobuf's description of a file.

    Args:
      file: The file's table.
      kinds: The field type, message or enum, of every full name this file may use,
        its own included.
    """
    result = FileDescriptorProto(
        name=file.name, package=file.package, dependency=file.imports, syntax="proto3"
    )
    messages: dict[str, DescriptorProto] = {}
    for kind, name, body in file.definitions():
        outer, _, inner = name.rpartition(".")
        if kind == "enum":
            enums = messages[outer].enum_type if outer else result.enum_type
            _fill_enum(enums.add(name=inner), body)
        else:
            nested = messages[outer].nested_type if outer else result.message_type
            messages[name] = nested.add(name=inner)
            _fill_message(messages[name], body, _Scope(file.package, name, kinds))
    return result


@dataclass
class _Scope:
    """Where a type name is looked up: from the innermost message outwards."""

    package: str
    message: str
    kinds: Mapping[str, int]

    def resolve(self, name: str) -> tuple[int, str]:
        """Returns the field type and the absolute type name (empty for a scalar)."""
        if name in _SCALARS:
            return _SCALARS[name], ""
        scope = f"{self.package}.{self.message}"
        while scope:
            found = self.kinds.get(f"{scope}.{name}")
            if found is not None:
                return found, f".{scope}.{name}"
            scope = scope.rpartition(".")[0]
        return self.kinds[name], f".{name}"


def _fill_enum(enum: EnumDescriptorProto, body: str) -> None:
    for item in body.split(","):
        name, number = item.split()
        enum.value.add(name=name, number=int(number))


def _fill_message(message: DescriptorProto, body: str, scope: _Scope) -> None:
    for group in body.split(";"):
        items = group.strip()
        oneof = re.match(r"oneof (\w+):", items)
        if oneof:
            message.oneof_decl.add(name=oneof[1])
            items = items[oneof.end() :]
        for item in filter(None, items.split(",")):
            name, number, kind = item.split(None, 2)
            added = message.field.add(name=name, number=int(number))
            _set_type(added, " ".join(kind.split()), message, scope)
            if oneof:
                added.oneof_index = len(message.oneof_decl) - 1


def _set_type(
    target: FieldDescriptorProto, kind: str, message: DescriptorProto, scope: _Scope
) -> None:
    target.label = _OPTIONAL
    if kind.startswith("{"):
        entry = _map_entry(target.name, kind[1:-1], message, scope)
        target.label = _REPEATED
        target.type = _MESSAGE
        target.type_name = f".{scope.package}.{scope.message}.{entry}"
        return
    if kind.startswith("repeated "):
        target.label = _REPEATED
        kind = kind.removeprefix("repeated ")
    number, target_name = scope.resolve(kind)
    target.type = FieldDescriptorProto.Type.ValueType(number)
    if target_name:
        target.type_name = target_name


def _map_entry(name: str, kind: str, message: DescriptorProto, scope: _Scope) -> str:
    """Adds the nested message that protobuf wants behind a map field; returns its name."""
    entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
    entry.options.map_entry = True
    for number, (part, part_kind) in enumerate(
        zip(("key", "value"), kind.split(": "), strict=True), 1
    ):
        _set_type(entry.field.add(name=part, number=number), part_kind, entry, scope)
    return entry.name
