"""Expressions on Unicode text, messages and crossed features, and what they give."""

from __future__ import annotations

from typing import Any, List

from . import values

#: Bytes that are text, and bytes that are not.
TEXTS = [
    b"abc", b"caf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", b"a\xffb", b"\xe2\x82", b"\xe2\x82A",
    b"\xf0\x9f\x98", b"\xc0\xaf", b"\xed\xa0\x80", b"x\x01y", b"", b"\xf4\x90\x80\x80",
    b"\xef\xbf\xbf", b"\x80", b"\xc3\x28", b"\xf8\x88\x80\x80\x80", b"\xe0\x80\x80",
]  # fmt: skip
ENCODED = [
    ("UTF-16-BE", b"\x00\xe9\x00a\xd8=\xde\x00"), ("UTF-16-BE", b"\xd8\x00\x00a"),
    ("UTF-16-BE", b"\x00"), ("UTF-32-BE", b"\x00\x00\x00\xe9\x00\x01\xf6\x00"),
    ("UTF-32-BE", b"\x00\x11\x00\x00\x00\x00\x00a"), ("ISO-8859-1", b"\xe9\x80"),
    ("US ASCII", b"a\xe9"), ("latin1", b"\xe9"), ("windows-1252", b"\x80\x81"),
    ("SHIFT-JIS", b"\x82\xa0a"), ("nonsense", b"a"), ("UTF-16", b"\xff\xfea\x00b\x00"),
    ("UTF-16", b"\xfe\xff\x00a\x00b"), ("utf8", b"\xc3\xa9"),
]  # fmt: skip
POINTS = [
    [97, 0x20AC, 0x1F600], [0xD800, 98], [0xFFFF, 98], [0x110000, 98], [-1, 98], [0xFDD0], [],
]  # fmt: skip
OUTPUTS = ["UTF-8", "UTF-16-BE", "UTF-32-BE"]
ERRORS = ["replace", "ignore", "strict"]

EXPRESSIONS = r"""
tf.strings.unicode_transcode(["a\x01", "b"], "UTF-8", "UTF-8", replace_control_characters=True)
tf.strings.unicode_transcode([["a"], ["b"]], "UTF-8", "UTF-16-BE")
tf.strings.unicode_transcode("a", "UTF-8", "UTF-16")
tf.strings.unicode_transcode("a", "UTF-8", "UTF-8", errors="other")
tf.strings.unicode_transcode(b"\xff", "UTF-8", "UTF-8", replacement_char=0x1F600)
tf.strings.unicode_transcode("a", "UTF-8", "UTF-8", replacement_char=-1)
tf.strings.unicode_encode([[97, 98], [99, 100]], "UTF-8")
tf.strings.unicode_encode([[[97, 98]], [[99, 100]]], "UTF-8")
tf.strings.unicode_encode(97, "UTF-8")
tf.strings.unicode_script([97, 0x3B2, 49, 0x110000, -1, 0x4E00, 0x10FFFF, 0x1F600, 0x10F00])
tf.strings.unicode_script(np.arange(0, 0x110000, 97, dtype=np.int32))
tf.raw_ops.UnicodeDecode(input=["ab", "", b"\xc3\xa9"], input_encoding="UTF-8")
tf.raw_ops.UnicodeDecodeWithOffsets(input=["ab", b"\xc3\xa9d"], input_encoding="UTF-8")
tf.raw_ops.UnicodeEncode(input_values=[97, 98, 99], input_splits=[0, 2], output_encoding="UTF-8")
tf.io.decode_proto([b"\n\x02\x03\x04", b""], "tensorflow.Int64List", ["value"], [tf.int64])
tf.io.decode_proto([b"", b""], "tensorflow.Int64List", ["value"], [tf.int64])
tf.io.decode_proto(b"\n\x02\x03\x04", "tensorflow.Int64List", ["value"], [tf.int64])
tf.io.decode_proto([b"\n\x02\x03\x04"], "tensorflow.Int64List", ["value"], [tf.int32])
tf.io.decode_proto([b""], "tensorflow.Int64List", ["other"], [tf.int64])
tf.io.decode_proto([b""], "tensorflow.Nothing", ["value"], [tf.int64])
tf.io.decode_proto([b"\xff\xff"], "tensorflow.Int64List", ["value"], [tf.int64])
tf.io.encode_proto([[2], [0]], [i64([[3, 4], [0, 0]])], ["value"], "tensorflow.Int64List")
tf.io.encode_proto([1], [["a"]], ["features"], "tensorflow.Example")
tf.io.encode_proto([[3]], [i64([[3, 4]])], ["value"], "tensorflow.Int64List")
CROSS([A, B])
CROSS([B, A, D])
CROSS([A, A])
CROSS([D])
HASH([A, B])
HASH([B, D, A], 100)
HASH([A, A], 1000, 7)
HASH([A], 10)
HASH([B], 10)
CROSS(A)
CROSS([[1]])
"""

#: Expressions that do not fit into a line.
LONGER = [
    r'tf.raw_ops.UnicodeEncode(input_values=[97, 98, 99], input_splits=[0, 2, 2, '
    r'3], output_encoding="UTF-8")',
    r'tf.io.decode_proto([[b"8\x01"], [b""]], "tensorflow.ConfigProto", '
    r'["allow_soft_placement", "gpu_options"], [tf.bool, tf.string])',
    r'tf.io.decode_proto([b"(\x05"], "tensorflow.ConfigProto", '
    r'["inter_op_parallelism_threads"], [tf.int32])',
    r'tf.io.decode_proto([b"\n\x07\n\x03CPU\x10\x02"], "tensorflow.ConfigProto", '
    r'["device_count"], [tf.string])',
    r'tf.io.decode_proto(["value: 3 value: 4"], "tensorflow.Int64List", ["value"], '
    r'[tf.int64], message_format="text")',
    r'tf.io.encode_proto([[1, 1], [0, 1]], [[[5], [6]], [[True], [False]]], '
    r'["inter_op_parallelism_threads", "allow_soft_placement"], '
    r'"tensorflow.ConfigProto")',
]  # fmt: skip

_SHORT = {
    "CROSS(": "tf.sparse.cross(",
    "HASH(": "tf.sparse.cross_hashed(",
    "A": "tf.SparseTensor([[0, 0], [1, 0], [1, 1]], ['a', 'b', 'c'], [2, 2])",
    "B": "tf.SparseTensor([[0, 0], [0, 1], [1, 0]], i64([5, -6, 7]), [2, 2])",
    "D": "tf.constant([['x', 'y'], ['z', 'w']])",
}


def _crossed(line: str) -> str:
    """A line about crossed features, with its short names written out."""
    head, _, rest = line.partition("(")
    for name in "ABD":
        rest = rest.replace(name, "<%s>" % name)
    for name in "ABD":
        rest = rest.replace("<%s>" % name, _SHORT[name])
    return _SHORT[head + "("] + rest


def expressions() -> List[str]:
    """The lines of the table."""
    lines = [line for line in EXPRESSIONS.splitlines() if line] + LONGER
    found = [line if line.startswith("tf.") else _crossed(line) for line in lines]
    for text in TEXTS:
        for errors in ERRORS:
            found.append(
                "tf.strings.unicode_transcode(%r, 'UTF-8', 'UTF-16-BE', %r)" % (text, errors)
            )
            found.append("tf.strings.unicode_decode_with_offsets(%r, 'UTF-8', %r)" % (text, errors))
        found.append("tf.strings.unicode_decode(%r, 'UTF-8', 'replace', 63, True)" % text)
        found.append("tf.strings.unicode_split(%r, 'UTF-8')" % text)
        found.append("tf.strings.unicode_split_with_offsets(%r, 'UTF-8')" % text)
    for encoding, text in ENCODED:
        found.append("tf.strings.unicode_decode_with_offsets(%r, %r)" % (text, encoding))
        found.append("tf.strings.unicode_transcode(%r, %r, 'UTF-8')" % (text, encoding))
    for points in POINTS:
        for output in OUTPUTS:
            for errors in ERRORS:
                found.append(
                    "tf.strings.unicode_encode(np.array(%r, np.int32), %r, %r)"
                    % (points, output, errors)
                )
    return found


def run(tf: Any, expression: str) -> List[Any]:
    """The values of an expression; of sparse tensors the parts."""
    return values.run(tf, expression)
