"""Fields of messages by their names: what is in a message, and messages made of values.

Loaded when first needed, since it loads protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError

from tidefall.core import dtypes, errors
from tidefall.core.dtypes import DType
from tidefall.proto import pool

_F = FieldDescriptor
_SMALL = (dtypes.int32, dtypes.int64)
_UNSIGNED = (dtypes.uint32, dtypes.uint64)
#: The dtypes that the values of a kind of field may have.
_DTYPES: dict[int, tuple[DType, ...]] = {
    _F.TYPE_DOUBLE: (dtypes.float64,),
    _F.TYPE_FLOAT: (dtypes.float32, dtypes.float64),
    **dict.fromkeys((_F.TYPE_INT64, _F.TYPE_SINT64, _F.TYPE_SFIXED64), (dtypes.int64,)),
    **dict.fromkeys((_F.TYPE_UINT64, _F.TYPE_FIXED64), (dtypes.uint64,)),
    **dict.fromkeys((_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32), _SMALL),
    **dict.fromkeys((_F.TYPE_UINT32, _F.TYPE_FIXED32), _UNSIGNED),
    _F.TYPE_BOOL: (dtypes.bool_,),
    _F.TYPE_ENUM: (dtypes.int32,),
    **dict.fromkeys(
        (_F.TYPE_STRING, _F.TYPE_BYTES, _F.TYPE_MESSAGE, _F.TYPE_GROUP), (dtypes.string,)
    ),
}


#: How many bytes a number has, where it is always as many, and the wire types of such numbers.
_SIZES = {
    **dict.fromkeys((_F.TYPE_DOUBLE, _F.TYPE_FIXED64, _F.TYPE_SFIXED64), 8),
    **dict.fromkeys((_F.TYPE_FLOAT, _F.TYPE_FIXED32, _F.TYPE_SFIXED32), 4),
}
_WIRE_TYPES = {8: 1, 4: 5}


@lru_cache(maxsize=64)
def message_class(message_type: str, source: str) -> Any:
    """The class of a message, found where ``source`` says."""
    if source in ("", "local://"):
        return _local_class(message_type)
    if source.startswith("bytes://"):
        content = source[len("bytes://") :].encode("utf-8", "surrogateescape")
    else:
        with open(source, "rb") as file:
            content = file.read()
    files = descriptor_pb2.FileDescriptorSet()
    try:
        files.ParseFromString(content)
        pool = descriptor_pool.DescriptorPool()
        for each in files.file:
            pool.Add(each)
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(message_type))
    except (DecodeError, TypeError, KeyError):
        raise ValueError(
            f"{source!r} is no FileDescriptorSet with the message {message_type!r}."
        ) from None


def _local_class(message_type: str) -> Any:
    """The class of a message that TensorFlow or the program knows."""
    try:
        return pool().find(message_type)
    except KeyError:
        pass
    try:
        found = descriptor_pool.Default().FindMessageTypeByName(message_type)
    except KeyError:
        raise ValueError(
            f"no message {message_type!r} is known. Give descriptor_source the name of a file "
            "with its FileDescriptorSet (protoc --include_imports --descriptor_set_out=FILE)."
        ) from None
    return message_factory.GetMessageClass(found)


def fields_of(message: Descriptor, names: list[str], types: list[DType]) -> list[FieldDescriptor]:
    """The fields of some names, which must have values of these dtypes."""
    found = []
    for name, dtype in zip(names, types, strict=True):
        field = message.fields_by_name.get(name)
        if field is None:
            known = ", ".join(each.name for each in message.fields)
            raise ValueError(f"{message.full_name} has no field {name!r}; it has {known}.")
        if dtype not in _DTYPES[field.type]:
            wanted = " or ".join(each.name for each in _DTYPES[field.type])
            raise ValueError(
                f"field {name!r} of {message.full_name} has values of dtype {wanted}, not "
                f"{dtype.name}."
            )
        found.append(field)
    return found


def parser(kind: Any, message_format: str) -> Callable[[bytes, int], Any]:
    """What reads a message in a format."""
    if message_format not in ("binary", "text"):
        raise ValueError(f"message_format must be 'binary' or 'text', not {message_format!r}.")

    def parse(content: bytes, number: int) -> Any:
        try:
            if message_format == "text":
                return text_format.Parse(content, kind())
            return kind.FromString(content)
        except (DecodeError, text_format.ParseError) as error:
            raise errors.DataLossError(
                None,
                None,
                f"message {number} cannot be read as a {message_format} "
                f"{kind.DESCRIPTOR.full_name}: {error}.",
            ) from None

    return parse


@lru_cache(maxsize=1024)
def _is_repeated(field: Any) -> bool:
    told = descriptor_pb2.DescriptorProto()
    field.containing_type.CopyToProto(told)
    label = next(each.label for each in told.field if each.number == field.number)
    return bool(label == descriptor_pb2.FieldDescriptorProto.LABEL_REPEATED)


def values_of(message: Any, field: FieldDescriptor) -> list[Any]:
    """The values of a field, one or none if it is not repeated."""
    if _is_repeated(field):
        value = getattr(message, field.name)
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            return list(_entries(value, field.message_type))
        return [_plain(each, field) for each in value]
    if field.has_presence:
        there = message.HasField(field.name)
    else:
        there = any(each is field for each, _ in message.ListFields())
    return [_plain(getattr(message, field.name), field)] if there else []


def _entries(value: Any, entry: Descriptor) -> Iterator[bytes]:
    """The entries of a map, as messages."""
    kind = message_factory.GetMessageClass(entry)
    for key in value:
        item = value[key]
        made: Any = kind(key=key)
        if entry.fields_by_name["value"].message_type is None:
            made.value = item
        else:
            made.value.CopyFrom(item)
        yield made.SerializeToString(deterministic=True)


def _plain(value: Any, field: FieldDescriptor) -> Any:
    if field.message_type is not None:
        return value.SerializeToString(deterministic=True)
    return value.encode() if isinstance(value, str) else value


def filler_of(field: FieldDescriptor) -> Any:
    """What stands where a message has no value of a field."""
    if field.message_type is not None:
        return b""
    if not _is_repeated(field):
        return _plain(field.default_value, field)
    return b"" if _DTYPES[field.type] == (dtypes.string,) else 0


def serialized(kind: Any, parts: list[tuple[FieldDescriptor, list[Any]]]) -> bytes:
    """A message with these values of its fields; what is zero is written, too."""
    pieces = []
    for field, values in sorted(parts, key=lambda part: part[0].number):
        message = kind()
        _set_values(message, field, values)
        content = message.SerializePartialToString(deterministic=True)
        pieces.append(content if content or not values else _zero(field))
    return b"".join(pieces)


def _zero(field: FieldDescriptor) -> bytes:
    """The bytes of a field that is zero, which protobuf leaves out."""
    size = _SIZES.get(field.type, 1)
    is_text = field.type in (_F.TYPE_STRING, _F.TYPE_BYTES)
    return _varint(field.number << 3 | (2 if is_text else _WIRE_TYPES.get(size, 0))) + bytes(size)


def _set_values(message: Any, field: FieldDescriptor, values: list[Any]) -> None:
    """Gives a field its values."""
    repeated = _is_repeated(field)
    if not repeated and len(values) > 1:
        raise ValueError(
            f"field {field.name!r} of {message.DESCRIPTOR.full_name} is not repeated, but has "
            f"{len(values)} values."
        )
    for value in values:
        if field.message_type is not None:
            _merge(message, field, value)
        elif repeated:
            getattr(message, field.name).append(_of_kind(value, field))
        else:
            setattr(message, field.name, _of_kind(value, field))


def _merge(message: Any, field: FieldDescriptor, content: bytes) -> None:
    """Adds a message within, by the bytes that carry it."""
    head = message_factory.GetMessageClass(message.DESCRIPTOR)()
    tag, size = field.number << 3 | 2, len(content)
    head.MergeFromString(_varint(tag) + _varint(size) + content)
    message.MergeFrom(head)


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _of_kind(value: Any, field: FieldDescriptor) -> Any:
    return value.decode() if field.type == _F.TYPE_STRING else value
