"""The private descriptor pool in which the message classes live.

A process has one default pool, and two libraries may not both define
``tensorflow.GraphDef`` there. Ours are kept apart, so that the same program may import
TensorFlow or TensorBoard too. A file is added when one of its messages is first asked
for, together with the files it imports.
"""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import Any

from google.protobuf import any_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import EnumDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from tidefall.proto.table import FileTable, file_descriptor, split_files
from tidefall.proto.tables import TABLES

_ANY = any_pb2.DESCRIPTOR


class MessagePool:
    """Builds the classes of the tables on demand and keeps them."""

    def __init__(self) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        self._pool.AddSerializedFile(_ANY.serialized_pb)
        self._added = {_ANY.name}
        self._lock = threading.RLock()
        self._files: dict[str, FileTable] = {}
        self._owner: dict[str, str] = {}
        self._kinds: dict[str, int] = {"google.protobuf.Any": FieldDescriptorProto.TYPE_MESSAGE}
        for table in TABLES:
            for file in split_files(table):
                self._files[file.name] = file
                for name, kind in file.names():
                    self._owner[name] = file.name
                    self._kinds[name] = kind

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the ``.proto`` files the tables describe."""
        return tuple(self._files)

    @property
    def names(self) -> MappingProxyType[str, str]:
        """The file of every message and enumeration, by full name."""
        return MappingProxyType(self._owner)

    def file(self, name: str) -> FileDescriptor:
        """Returns the descriptor of a ``.proto`` file, added to the pool if it is new."""
        with self._lock:
            self._add(name)
        return self._pool.FindFileByName(name)

    def find(self, full_name: str) -> Any:
        """Returns the class of a message, or the wrapper of an enumeration.

        Raises:
          KeyError: No table has that name.
        """
        descriptor = self.file(self._owner[full_name])
        if self._kinds[full_name] == FieldDescriptorProto.TYPE_ENUM:
            return EnumTypeWrapper(self._pool.FindEnumTypeByName(full_name))
        found = self._pool.FindMessageTypeByName(full_name)
        made = message_factory.GetMessageClass(found)
        if found.containing_type is None and descriptor.package == "tensorflow":
            made.__module__ = "tidefall.proto"  # where pickle finds it again
        return made

    def contents(self, file_name: str) -> dict[str, Any]:
        """Returns what TensorFlow's Python module of a ``.proto`` file would hold."""
        descriptor = self.file(file_name)
        found: dict[str, Any] = {"DESCRIPTOR": descriptor}
        for message in descriptor.message_types_by_name.values():
            found[message.name] = self.find(message.full_name)
        for enum in descriptor.enum_types_by_name.values():
            found[enum.name] = self.find(enum.full_name)
            found.update(_values(enum))
        return found

    def _add(self, name: str) -> None:
        if name in self._added:
            return
        file = self._files[name]
        for needed in file.imports:
            self._add(needed)
        self._pool.AddSerializedFile(file_descriptor(file, self._kinds).SerializeToString())
        self._added.add(name)


def _values(enum: EnumDescriptor) -> dict[str, int]:
    return {value.name: value.number for value in enum.values}
