"""Texts in Unicode: decoded, encoded, transcoded, split, and the scripts of their characters."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.shapes import Shape, unknown
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.opdef import HOST
from tidefall.ir.tensor import Tensor
from tidefall.ir.with_blocks import name_scope
from tidefall.ops import shapes
from tidefall.ops.array import expand_dims, reshape
from tidefall.ops.array import shape as shape_of
from tidefall.ops.joining import concat, stack
from tidefall.ops.ranges import range_
from tidefall.ops.registry import Int32, Int64, Namespace, String, Tsplits, TypeAttr, op
from tidefall.ops.texts import as_texts, elements, texts
from tidefall.ops.unicode_scripts import scripts_of
from tidefall.ops.unicode_text import (
    ERRORS,
    LARGEST,
    MALFORMED,
    OUTPUT_ENCODINGS,
    codec_of,
    decoded,
    encoded,
    policy,
)

_OUTPUT = {"output_encoding": tuple(OUTPUT_ENCODINGS)}
_ERRORS = {"errors": ERRORS}
_SPLITS = TypeAttr((dtypes.int32, dtypes.int64), dtypes.int64)


@op("UnicodeTranscode", runs_on=HOST, allowed={**_OUTPUT, **_ERRORS}, differentiable=False,
    shape=shapes.unchanged, export="strings.unicode_transcode")  # fmt: skip
def unicode_transcode(
    xp: Namespace, input: String, *, input_encoding: str, output_encoding: str,
    errors: str = "replace", replacement_char: int = 65533,
    replace_control_characters: bool = False,
) -> String:  # fmt: skip
    """Texts in another encoding.

    Args:
      input: A string tensor.
      input_encoding: The encoding of the texts, such as ``"UTF-8"`` or ``"ISO-8859-1"``.
      output_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
      errors: What to do about bytes that are no text: ``"replace"`` or ``"ignore"`` them, or
        ``"strict"``: fail.
      replacement_char: The code point that replaces them.
      replace_control_characters: Whether control characters are treated like them.

    >>> tf.Session().run(tf.strings.unicode_transcode("caf\\xe9", "UTF-8", "UTF-16-BE"))
    b'\\x00c\\x00a\\x00f\\x00\\xe9'
    """
    source = codec_of(input_encoding)
    rule = policy(errors, replacement_char, replace_control_characters)
    array = as_texts(input)
    points = [rule.applied(decoded(text, source)[0])[0] for text in elements(array)]
    return texts([encoded(each, output_encoding) for each in points], array.shape)


def _decoded_column(
    input: Any, input_encoding: Any, rule: Any, kind: Any
) -> tuple[Any, list[Any], list[Any]]:
    """Where each text begins among all code points; the code points, and their places."""
    codec = codec_of(input_encoding)
    points, places = [], []
    for text in elements(input):
        found, starts = decoded(text, codec)
        remaining, kept = rule.applied(found)
        points.append(remaining)
        places.append(starts if kept is None else starts[kept])
    splits = np.zeros(len(points) + 1, kind.np_dtype)
    np.cumsum([len(each) for each in points], out=splits[1:])
    return splits, points, places


def _joined(parts: list[Any], kind: Any) -> Any:
    return np.concatenate(parts) if parts else np.empty(0, kind)


def _decode_shape(input: Shape) -> tuple[Shape, Shape]:
    rows = input.with_rank(1)[0]
    return Shape((None if rows is None else rows + 1,)), unknown(1)


@op("UnicodeDecode", runs_on=HOST, allowed=_ERRORS, differentiable=False, Tsplits=_SPLITS,
    outputs=("row_splits", "char_values"), export="raw_ops.UnicodeDecode",
    shape=_decode_shape)  # fmt: skip
def unicode_decode_op(
    xp: Namespace, input: String, *, input_encoding: str, errors: str = "replace",
    replacement_char: int = 65533, replace_control_characters: bool = False,
    Tsplits: DType = dtypes.int64,
) -> tuple[Tsplits, Int32]:  # fmt: skip
    """The code points of a vector of texts, and where each text begins among them."""
    rule = policy(errors, replacement_char, replace_control_characters)
    splits, points, _ = _decoded_column(input, input_encoding, rule, Tsplits)
    return splits, _joined(points, np.int32)


def _decode_with_offsets_shape(input: Shape) -> tuple[Shape, Shape, Shape]:
    return (*_decode_shape(input), unknown(1))


@op("UnicodeDecodeWithOffsets", runs_on=HOST, allowed=_ERRORS, differentiable=False,
    Tsplits=_SPLITS, outputs=("row_splits", "char_values", "char_to_byte_starts"),
    export="raw_ops.UnicodeDecodeWithOffsets", shape=_decode_with_offsets_shape)  # fmt: skip
def unicode_decode_with_offsets_op(
    xp: Namespace, input: String, *, input_encoding: str, errors: str = "replace",
    replacement_char: int = 65533, replace_control_characters: bool = False,
    Tsplits: DType = dtypes.int64,
) -> tuple[Tsplits, Int32, Int64]:  # fmt: skip
    """As `UnicodeDecode`, with the byte of its text at which each character begins."""
    rule = policy(errors, replacement_char, replace_control_characters)
    splits, points, places = _decoded_column(input, input_encoding, rule, Tsplits)
    return splits, _joined(points, np.int32), _joined(places, np.int64)


@op("UnicodeEncode", runs_on=HOST, allowed={**_OUTPUT, **_ERRORS}, differentiable=False,
    Tsplits=_SPLITS, export="raw_ops.UnicodeEncode")  # fmt: skip
def unicode_encode_op(
    xp: Namespace, input_values: Int32, input_splits: Tsplits, *, output_encoding: str,
    errors: str = "replace", replacement_char: int = 65533,
) -> String:  # fmt: skip
    """Texts of code points; the splits say where each text begins."""
    rule = policy(errors, replacement_char)
    points, splits = np.asarray(input_values), np.asarray(input_splits)
    rises = len(splits) > 0 and splits[0] == 0 and not (np.diff(splits) < 0).any()
    if not rises or splits[-1] > len(points):
        raise ValueError(
            f"input_splits must rise from 0 to {len(points)} at most, the number of code points; "
            f"they are {splits.tolist()}."
        )
    inside = (points >= 0) & (points <= LARGEST)
    marked = np.where(inside, points, np.int32(MALFORMED))
    rows = [marked[start:end] for start, end in itertools.pairwise(splits.tolist())]
    return texts([encoded(rule.applied(row)[0], output_encoding) for row in rows])


@unicode_encode_op.shape
def _unicode_encode_shape(values: Shape, splits: Shape) -> Shape:
    values.with_rank(1)
    count = splits.with_rank(1)[0]
    return Shape((None if count is None else count - 1,))


@op("UnicodeScript", runs_on=HOST, differentiable=False, shape=shapes.unchanged,
    export="strings.unicode_script")  # fmt: skip
def unicode_script(xp: Namespace, input: Int32) -> Int32:
    """The script of each code point, a number of ICU's; -1 if it is no code point.

    Args:
      input: Code points, an int32 tensor.

    >>> tf.Session().run(tf.strings.unicode_script([ord("a"), ord("\\u03b2"), ord("1")]))
    array([25, 14,  0], dtype=int32)
    """
    return scripts_of(np.asarray(input))


# -- as a program sees them -----------------------------------------------------------------------


def _scalar_only(input: Any) -> Tensor:
    """A text as a vector; vectors of texts have as many results of different lengths.

    Raises:
      ValueError: If the rank is not known.
      NotImplementedError: If it is not 0.
    """
    tensor = convert_to_tensor(input, dtypes.string, "input")
    rank = tensor._shape_value.rank
    if rank is None:
        raise ValueError("the rank of the texts must be known.")
    if rank:
        raise NotImplementedError(
            f"the texts have shape {tensor.shape}, and the results of several texts differ in "
            "length; tf.raw_ops.UnicodeDecode gives the code points of all in one vector, and "
            "where each text begins in it."
        )
    return reshape(tensor, [-1])


@export("strings.unicode_decode")
def unicode_decode(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> Any:
    """The code points of a text, a vector of int32.

    Args:
      input: A text, of rank 0.
      input_encoding: See `tf.strings.unicode_transcode`; so are the others.

    >>> tf.Session().run(tf.strings.unicode_decode("caf\xe9", "UTF-8"))
    array([ 99,  97, 102, 233], dtype=int32)
    """
    with name_scope(name, "UnicodeDecode", [input]):
        return unicode_decode_op(
            _scalar_only(input), input_encoding=input_encoding, errors=errors,
            replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
        ).char_values  # fmt: skip


@export("strings.unicode_decode_with_offsets")
def unicode_decode_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    replace_control_characters: bool = False,
    name: str | None = None,
) -> tuple[Any, Any]:
    """The code points of a text, and the byte at which each begins.

    Args:
      input: A text, of rank 0.
      input_encoding: See `tf.strings.unicode_transcode`; so are the others.
    """
    with name_scope(name, "UnicodeDecodeWithOffsets", [input]):
        found = unicode_decode_with_offsets_op(
            _scalar_only(input), input_encoding=input_encoding, errors=errors,
            replacement_char=replacement_char,
            replace_control_characters=replace_control_characters,
        )  # fmt: skip
        return found.char_values, found.char_to_byte_starts


@export("strings.unicode_encode")
def unicode_encode(
    input: Any,
    output_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """Texts of code points, which stand along the last dimension.

    Args:
      input: Code points, an int32 tensor of rank 1 or more.
      output_encoding: ``"UTF-8"``, ``"UTF-16-BE"`` or ``"UTF-32-BE"``.
      errors: What to do about numbers that are no code points; see
        `tf.strings.unicode_transcode`.
      replacement_char: The code point that replaces them.
      name: The name scope of the nodes.

    >>> tf.Session().run(tf.strings.unicode_encode([99, 97, 102, 233], "UTF-8"))
    b'caf\\xc3\\xa9'
    """
    with name_scope(name, "UnicodeEncode", [input]):
        points = convert_to_tensor(input)
        rank = points._shape_value.rank
        if rank is None or rank == 0:
            raise ValueError("the rank of the code points must be known, and at least 1.")
        attrs: dict[str, Any] = {
            "output_encoding": output_encoding, "errors": errors,
            "replacement_char": replacement_char,
        }  # fmt: skip
        if rank == 1:
            splits = stack([0, shape_of(points, out_type=dtypes.int32)[0]])
            return reshape(_encoded(points, splits, attrs), [])
        if rank == 2:
            return _encoded(*_rows(points), attrs)
        rows = reshape(points, stack([-1, shape_of(points)[-1]]))
        texts_of_rows = unicode_encode(rows, **attrs)
        return reshape(texts_of_rows, shape_of(points)[:-1])


def _encoded(values: Tensor, splits: Any, attrs: dict[str, Any]) -> Any:
    with name_scope(None, "UnicodeEncode", [values]):
        return unicode_encode_op(values, splits, **attrs)


def _rows(matrix: Tensor) -> tuple[Any, Any]:
    """The entries of a matrix in one vector, and where each row begins in it."""
    with name_scope(None, "RaggedFromTensor", [matrix]):
        sizes = shape_of(matrix, out_type=dtypes.int64)
        columns, rows = sizes[1], sizes[0]
        count = rows * columns
        splits = range_(0, rows + 1) * columns
        return reshape(matrix, concat([[count], sizes[2:]], axis=0)), splits


@export("strings.unicode_split")
def unicode_split(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> Any:
    """The characters of a text, each as a text.

    Args:
      input: A text, of rank 0.
      input_encoding: See `tf.strings.unicode_transcode`; so are the others.

    >>> tf.Session().run(tf.strings.unicode_split("caf\xe9", "UTF-8"))
    array([b'c', b'a', b'f', b'\\xc3\\xa9'], dtype=object)
    """
    with name_scope(name, "UnicodeSplit", [input]):
        found = unicode_decode_op(
            _scalar_only(input), input_encoding=input_encoding, errors=errors,
            replacement_char=replacement_char,
        )  # fmt: skip
        return _characters(found.char_values, input_encoding, errors, replacement_char)


@export("strings.unicode_split_with_offsets")
def unicode_split_with_offsets(
    input: Any,
    input_encoding: str,
    errors: str = "replace",
    replacement_char: int = 65533,
    name: str | None = None,
) -> tuple[Any, Any]:
    """The characters of a text, each as a text, and the byte at which each begins.

    Args:
      input: A text, of rank 0.
      input_encoding: See `tf.strings.unicode_transcode`; so are the others.
    """
    with name_scope(name, "UnicodeSplitWithOffsets", [input]):
        found = unicode_decode_with_offsets_op(
            _scalar_only(input), input_encoding=input_encoding, errors=errors,
            replacement_char=replacement_char,
        )  # fmt: skip
        characters = _characters(found.char_values, input_encoding, errors, replacement_char)
        return characters, found.char_to_byte_starts


def _characters(points: Any, encoding: str, errors: str, replacement_char: int) -> Any:
    with name_scope(None, "RaggedExpandDims", [points]):
        column = expand_dims(points, -1)
    return unicode_encode(column, encoding, errors, replacement_char)
