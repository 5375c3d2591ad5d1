"""Expressions on strings, and what they give: values, or the class of an error."""

from __future__ import annotations

from typing import Any, List

from . import values

HASHED = r"""["", "a", "abc", "abcd", "abcdefg", "abcdefgh", "0123456789abcdef", "x" * 17, "y" * 32,
 "z" * 33, "é" * 32, "w" * 65, "v" * 128, "u" * 200, bytes(bytearray(range(256)))]""".replace(
    "\n", ""
)
NUMBERS = r"""["1", "+1", "-1", " 1 ", "1 2", "1_0", "0x1A", "-0x1A", "inf", "-inf", "+inf",
 "Infinity", "INF", "nan", "NaN", "-nan", "nan(1)", "1e5", "1e400", "-1e400", "1e-400", "1e-46",
 "3.4028236e38", "1.", ".", ".5", "-.5e-3", "1e", "e5", "", "  ", "1.0f", "--1", "\t1\n", "1\v",
 "2147483647", "2147483648", "-2147483648", "9223372036854775807", "9223372036854775808", "007",
 "16777217.0000000001", "1,0", "+ 1", "0x", "1E+5", "1.5"]""".replace("\n", "")

EXPRESSIONS = r"""
# Joining and splitting
tf.string_join(["a", "b"])
tf.string_join(["a", ["b", "c"], "d"], "-")
tf.string_join([["a", "b"], ["c", "d"]], separator=", ")
tf.string_join([["a", "b"], ["c"]])
tf.string_join([["a", "b"]])
tf.string_split(["hello world", "a b c", "", " x  y "])
tf.string_split(["hello world", " x  y "], skip_empty=False)
tf.string_split(["a,b;c", ";;"], ",;")
tf.string_split(["a,b;c", ";;"], delimiter=",;", skip_empty=False)
tf.string_split(["abc", ""], "")
tf.string_split([])
tf.string_split(["a||b|"], "||")
tf.strings.split(["hello world", " x  y ", ""])
tf.strings.split(["a||b|c||", "||", ""], "||")
tf.strings.split(["a b c d", " a b "], maxsplit=2)
tf.strings.split(["a,b,c,d", ",a"], ",", 2)
tf.strings.split(["a b"], maxsplit=0)
tf.reduce_join([["a", "b"], ["c", "d"]], 0)
tf.reduce_join([["a", "b"], ["c", "d"]], 1, separator="+")
tf.reduce_join([["a", "b"], ["c", "d"]], -2)
tf.reduce_join([["a", "b"], ["c", "d"]], [0, 1])
tf.reduce_join([["a", "b"], ["c", "d"]], [1, 0])
tf.reduce_join([["a", "b"], ["c", "d"]])
tf.reduce_join([["a", "b"], ["c", "d"]], [])
tf.reduce_join([["a", "b"], ["c", "d"]], 0, keep_dims=True)
tf.reduce_join([[["a"], ["b"]], [["c"], ["d"]]], [2, 0], separator=".")
tf.reduce_join(np.zeros([0, 2], "S"), 0)
tf.reduce_join(np.zeros([2, 0], "S"), 1)
tf.reduce_join("a")
tf.reduce_join([["a"]], 2)
tf.reduce_join([["a"]], [0, 0])
tf.strings.unsorted_segment_join(["a", "b", "c", "d"], [1, 0, 1, -1], 3, ",")
tf.strings.unsorted_segment_join([["a", "b"], ["c", "d"]], [0, 0], 1, "-")
tf.strings.unsorted_segment_join([["a", "b"], ["c", "d"]], [[0, 1], [1, 0]], 2, "-")
tf.strings.unsorted_segment_join(["a"], [2], 2)
# Parts
tf.substr(["hello", "world"], 1, 3)
tf.substr("hello", -3, 2)
tf.substr("hello", 2, 100)
tf.substr("hello", 5, 1)
tf.substr("hello", 6, 1)
tf.substr("hello", -6, 1)
tf.substr("hello", 0, 0)
tf.substr(["abc", "def"], [0, 2], [2, 1])
tf.substr([["abc", "def"], ["ghi", "jkl"]], [0, 1], [1, 2])
tf.substr("abcdef", [0, 2], [2, 3])
tf.strings.substr("Wörter und mehr", 1, 3, unit="UTF8_CHAR")
tf.strings.substr("aßc", -2, 2, unit="UTF8_CHAR")
tf.strings.substr("aßc", 4, 1, unit="UTF8_CHAR")
tf.strings.length(["", "abc", "Wört", b"\x00\xff"])
tf.strings.length(["", "abc", "Wört"], unit="UTF8_CHAR")
tf.strings.lower(["AbC", "WÖRT", "ß"])
tf.strings.upper(["AbC", "wört"])
tf.strings.lower("WÖRT", encoding="utf-8")
tf.strings.upper("wört", encoding="utf-8")
tf.strings.upper("a", encoding="latin-1")
tf.string_strip(["  a b ", "\t\n\r\v\fx", ""])
# Regular expressions
tf.regex_replace("a1b22", "[0-9]+", "<\\0>")
tf.regex_replace("a1b22", "[0-9]+", "#", replace_global=False)
tf.regex_replace(["abc", "xbz"], "b(.)", "\\1-\\1")
tf.regex_replace("abc", "", "-")
tf.regex_replace("abc", "x*", "-")
tf.regex_replace("a.b", ".", "\\\\")
tf.regex_replace("Wörter", "ö", "oe")
tf.regex_replace("Wörter", "W.r", "x")
tf.regex_replace("a\nb\n", "$", "!")
tf.regex_replace("a\nb", "(?m)^", "> ")
tf.regex_replace("a\nb", "(?s)a.b", "x")
tf.regex_replace("a\nb", "a.b", "x")
tf.regex_replace("AbC", "(?i)b", "x")
tf.regex_replace("ab12_-", "[[:alpha:]]+", "x")
tf.regex_replace("ab12_-", "[^[:alnum:]]", "x")
tf.regex_replace("a]b[c", "[][]", "x")
tf.regex_replace("a.b*c", "\\Q.b*\\E", "x")
tf.regex_replace("abc", "(", "x")
tf.regex_replace("aaa", "a{2}", "x")
tf.regex_replace("aaa", "a+?", "x")
tf.regex_replace("foo.bar", "\\.", "_")
tf.regex_replace("2020-01-31", "(\\d+)-(\\d+)-(\\d+)", "\\3/\\2/\\1")
tf.regex_replace("naïve café", "\\w+", "x")
tf.regex_replace("x  y\tz", "\\s+", " ")
tf.strings.regex_full_match(["abc", "ab", "xabc"], "a.*c")
tf.strings.regex_full_match(["a\n", "a"], "a")
tf.strings.regex_full_match("abc", tf.constant("a|abc"))
tf.strings.regex_full_match("abc", "a|ab")
tf.strings.regex_full_match("abc", "(")
# Numbers
tf.as_string([1.5, -2.0, 3.14159, 1e20, 1e-7, INF, NAN])
tf.as_string(f64([1.5, 1 / 3.0]), precision=10)
tf.as_string([1.5, 1e20], precision=2)
tf.as_string([1.5, 1e20], scientific=True)
tf.as_string([1.5, 1e20, 0.0001], shortest=True)
tf.as_string([1.5], scientific=True, precision=2)
tf.as_string([1.5], width=8)
tf.as_string([1.5, -1.5], width=10, fill="0")
tf.as_string([1.5], width=8, fill="-")
tf.as_string([1, -2, 300])
tf.as_string([1, -2], width=4, fill="0")
tf.as_string([1, -2], width=4, fill=" ")
tf.as_string([1, -2], fill="+")
tf.as_string(i64([2**62]))
tf.as_string(i8([-128]))
tf.as_string([True, False])
tf.as_string([True], width=6)
tf.as_string(c64([1 + 2j]))
tf.as_string([1], precision=2)
tf.as_string([1], scientific=True)
tf.as_string([1.0], scientific=True, shortest=True)
tf.as_string([1.0], fill="ab")
# Base 64
tf.encode_base64(["", "a", "ab", "abc", b"\xff\xfe\xfd"])
tf.encode_base64(["", "a", "ab", "abc"], pad=True)
tf.decode_base64(["", "YQ", "YQ==", "YWI", "YWI=", "__79"])
tf.decode_base64("Y")
tf.decode_base64("Y+==")
tf.decode_base64("YQ=")
# Hashes
tf.string_to_hash_bucket(HASHED, 2**62)
tf.string_to_hash_bucket_fast(HASHED, 2**62)
tf.string_to_hash_bucket_strong(HASHED, 2**62, [1, 2])
tf.string_to_hash_bucket_strong(HASHED, 2**62, [2**62 + 3, 123456789012345])
tf.string_to_hash_bucket([["a"], ["b"]], 10)
tf.string_to_hash_bucket_fast("a", 1)
tf.string_to_hash_bucket_fast("a", 0)
tf.string_to_hash_bucket_strong("a", 10, [1])
""".replace("HASHED", HASHED)


def _texts_of_numbers() -> List[str]:
    kinds = ["tf.float32", "tf.float64", "tf.int32", "tf.int64"]
    return [
        "tf.string_to_number(%r, %s)" % (text, kind) for text in eval(NUMBERS) for kind in kinds
    ]


def expressions() -> List[str]:
    """The lines of the table."""
    lines = [line.strip() for line in EXPRESSIONS.splitlines()]
    return [line for line in lines if line and not line.startswith("#")] + _texts_of_numbers()


def run(tf: Any, expression: str) -> List[Any]:
    """The values of an expression; of sparse tensors the parts."""
    return values.run(tf, expression)
