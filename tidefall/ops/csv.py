"""Records of comma-separated values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops.csv_fields import BadLineError, Format, columns
from tidefall.ops.number_text import NotANumberError, numbers
from tidefall.ops.registry import OUT_TYPE, Namespace, String, TypeList, op
from tidefall.ops.texts import texts as string_vector

_DTYPES = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64, dtypes.string)


class _MissingError(ValueError):
    """A field that is empty and has no default.

    Attributes:
      index: In which line.
    """

    def __init__(self, index: int) -> None:
        super().__init__("is empty, and record_defaults has no value for it.")
        self.index = index


@op("DecodeCSV", OUT_TYPE=TypeList(_DTYPES), runs_on=HOST, differentiable=False)
def decode_csv_op(
    xp: Namespace, records: String, record_defaults: list[OUT_TYPE], *, field_delim: str = ",",
    use_quote_delim: bool = True, na_value: str = "", select_cols: list[int] = [],  # noqa: B006
) -> list[OUT_TYPE]:  # fmt: skip
    """The fields of records, each converted to the dtype of its default."""
    array = np.asarray(records, object)
    delimiter = field_delim.encode()
    if len(delimiter) != 1:
        raise ValueError(f"field_delim must be one character, not {field_delim!r}.")
    found = decode(
        array.reshape(-1).tolist(),
        [np.asarray(default, getattr(default, "dtype", object)) for default in record_defaults],
        Format(delimiter, use_quote_delim, tuple(select_cols)),
        na_value.encode(),
    )
    return [column.reshape(array.shape) for column in found]


def decode(lines: list[bytes], defaults: Sequence[Any], format: Format, na: bytes) -> list[Any]:
    """The fields of lines, one vector for each wanted field.

    Args:
      lines: The lines.
      defaults: For each field an array of its dtype; of its one element where it may be missing,
        else empty.
      format: How the lines are cut.
      na: What stands for a missing field, besides nothing at all.

    Raises:
      ValueError: For the first line that is wrong; it says which, and what was expected.
    """
    try:
        texts = columns(lines, len(defaults), format)
        return [
            _column(column, default, na) for column, default in zip(texts, defaults, strict=True)
        ]
    except (BadLineError, NotANumberError, _MissingError):
        _explain(lines, defaults, format, na)
        raise


def _column(texts: list[bytes], default: Any, na: bytes) -> Any:
    """The values of one field."""
    if not (b"" in texts or (na and na in texts)):
        return _converted(texts, default.dtype)
    missing = [index for index, text in enumerate(texts) if not text or text == na]
    if not default.size:
        raise _MissingError(missing[0])
    filled = list(texts)
    for index in missing:
        filled[index] = b"0"
    values = _converted(filled, default.dtype)
    values[missing] = default.reshape(-1)[0]
    return values


def _converted(texts: list[bytes], dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "O":
        return string_vector(texts)
    return numbers(texts, dtypes.as_dtype(dtype))


def _explain(lines: list[bytes], defaults: Sequence[Any], format: Format, na: bytes) -> None:
    """Raises for the first line that is wrong, and in it for the first field."""
    for index, line in enumerate(lines):
        try:
            row = columns([line], len(defaults), format)
        except BadLineError:
            columns(lines[: index + 1], len(defaults), format)
            raise
        for number, ((text,), default) in enumerate(zip(row, defaults, strict=True)):
            field = format.select[number] if format.select else number
            try:
                _column([text], default, na)
            except (NotANumberError, _MissingError) as error:
                raise ValueError(f"field {field} of record {index}: {error}") from None


@decode_csv_op.shape
def _decode_csv_shape(records: Shape, record_defaults: list[Shape]) -> list[Shape]:
    for number, shape in enumerate(record_defaults):
        dims = shape.dims
        if dims is not None and (len(dims) > 1 or (len(dims) == 1 and (dims[0] or 0) > 1)):
            raise ValueError(
                f"the default of field {number} must be a number or a list of at most one, but "
                f"has shape {shape}."
            )
    return [records] * len(record_defaults)


@export("decode_csv", "io.decode_csv")
def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    name: str | None = None,
    na_value: str = "",
    select_cols: Any = None,
) -> Any:
    """The fields of lines of comma-separated values, as tensors.

    Args:
      records: Lines, of any shape.
      record_defaults: For each field a list of one value, which is taken where the field is
        empty and tells its dtype; or an empty tensor of the dtype if the field must be there.
      field_delim: The character between two fields.
      use_quote_delim: Whether fields may stand in double quotes.
      name: The name of the node.
      na_value: A text that means that the field is missing.
      select_cols: The numbers of the fields that are wanted, in increasing order; all if None.

    Returns:
      A list of tensors, one for each field, of the shape of ``records``.

    Raises:
      ValueError: If ``select_cols`` is not increasing or not as long as ``record_defaults``.

    >>> tf.Session().run(tf.decode_csv(["1,a", ",b"], [[7], ["x"]]))
    [array([1, 7], dtype=int32), array([b'a', b'b'], dtype=object)]
    """
    defaults = list(record_defaults)
    selected = [] if select_cols is None else list(select_cols)
    if select_cols is not None:
        if any(a >= b for a, b in itertools.pairwise(selected)):
            raise ValueError(f"select_cols must be strictly increasing, but is {selected}.")
        if any(number < 0 for number in selected):
            raise ValueError(f"select_cols must not be negative, but is {selected}.")
        if len(selected) != len(defaults):
            raise ValueError(
                f"select_cols names {len(selected)} fields, but record_defaults has "
                f"{len(defaults)}; they must be equally long."
            )
    return decode_csv_op(
        records,
        defaults,
        field_delim=field_delim,
        use_quote_delim=use_quote_delim,
        na_value=na_value,
        select_cols=selected,
        name=name,
    )
