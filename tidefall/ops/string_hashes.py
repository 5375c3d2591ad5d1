"""Hashes of strings: which of so many buckets a string falls in, as under TensorFlow.

Three functions: a quick one from the early days (MurmurHash64A), one that never changes
(FarmHash's fingerprint), and one that nobody can predict who does not know the key
(SipHash-2-4).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import Int64, Namespace, String, op

_MASK = (1 << 64) - 1


def _word(text: bytes, place: int, size: int = 8) -> int:
    return int.from_bytes(text[place : place + size], "little")


def _turned(value: int, by: int) -> int:
    """``value`` rotated right."""
    return (value >> by | value << (64 - by)) & _MASK


# -- MurmurHash64A --------------------------------------------------------------------------------

_MURMUR = 0xC6A4A7935BD1E995


def murmur(text: bytes, seed: int = 0xDECAFCAFFE) -> int:
    """MurmurHash64A."""
    h = seed ^ (len(text) * _MURMUR & _MASK)
    whole = len(text) & ~7
    for place in range(0, whole, 8):
        k = _word(text, place) * _MURMUR & _MASK
        k = (k ^ k >> 47) * _MURMUR & _MASK
        h = (h ^ k) * _MURMUR & _MASK
    if len(text) > whole:
        h = (h ^ _word(text, whole)) * _MURMUR & _MASK
    h = (h ^ h >> 47) * _MURMUR & _MASK
    return h ^ h >> 47


# -- FarmHash -------------------------------------------------------------------------------------

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _mixed(value: int) -> int:
    return value ^ value >> 47


def _two(u: int, v: int, mul: int) -> int:
    """The hash of two words."""
    a = _mixed((u ^ v) * mul & _MASK)
    b = _mixed((v ^ a) * mul & _MASK)
    return b * mul & _MASK


def fingerprint(text: bytes) -> int:
    """FarmHash's 64-bit fingerprint."""
    size = len(text)
    if size <= 16:
        return _up_to_16(text, size)
    if size <= 32:
        return _up_to_32(text, size)
    return _up_to_64(text, size) if size <= 64 else _long(text, size)


def _up_to_16(text: bytes, size: int) -> int:
    mul = _K2 + size * 2 & _MASK
    if size >= 8:
        a, b = _word(text, 0) + _K2 & _MASK, _word(text, size - 8)
        c = _turned(b, 37) * mul + a & _MASK
        d = (_turned(a, 25) + b) * mul & _MASK
        return _two(c, d, mul)
    if size >= 4:
        return _two(size + (_word(text, 0, 4) << 3), _word(text, size - 4, 4), mul)
    if size > 0:
        y = text[0] + (text[size >> 1] << 8)
        z = size + (text[size - 1] << 2)
        return _mixed(y * _K2 & _MASK ^ z * _K0 & _MASK) * _K2 & _MASK
    return _K2


def _ends(text: bytes, size: int, first: int, mul: int) -> tuple[int, int, int]:
    """What the hashes of medium strings begin with."""
    a, b = _word(text, 0) * first & _MASK, _word(text, 8)
    c, d = _word(text, size - 8) * mul & _MASK, _word(text, size - 16) * _K2 & _MASK
    y = _turned(a + b & _MASK, 43) + _turned(c, 30) + d & _MASK
    return a, y, a + _turned(b + _K2 & _MASK, 18) + c & _MASK


def _up_to_32(text: bytes, size: int) -> int:
    mul = _K2 + size * 2 & _MASK
    _, u, v = _ends(text, size, _K1, mul)
    return _two(u, v, mul)


def _up_to_64(text: bytes, size: int) -> int:
    mul = _K2 + size * 2 & _MASK
    a, y, rest = _ends(text, size, _K2, mul)
    z = _two(y, rest, mul)
    e, f = _word(text, 16) * mul & _MASK, _word(text, 24)
    g = (y + _word(text, size - 32)) * mul & _MASK
    h = (z + _word(text, size - 24)) * mul & _MASK
    u = _turned(e + f & _MASK, 43) + _turned(g, 30) + h & _MASK
    return _two(u, e + _turned(f + a & _MASK, 18) + g & _MASK, mul)


def _weak(text: bytes, place: int, a: int, b: int) -> tuple[int, int]:
    """A quick hash of 32 bytes and two seeds."""
    w, x, y, z = [_word(text, place + step) for step in (0, 8, 16, 24)]
    a = a + w & _MASK
    b = _turned(b + a + z & _MASK, 21)
    c = a
    a = a + x + y & _MASK
    b = b + _turned(a, 44) & _MASK
    return a + z & _MASK, b + c & _MASK


_State = tuple[int, int, int, tuple[int, int], tuple[int, int]]


def _round(text: bytes, place: int, state: _State, mul: int, factor: int = 1) -> _State:
    """Takes in 64 bytes."""
    x, y, z, v, w = state
    x = _turned(x + y + v[0] + _word(text, place + 8) & _MASK, 37) * mul & _MASK
    y = _turned(y + v[1] + _word(text, place + 48) & _MASK, 42) * mul & _MASK
    x ^= w[1] * factor & _MASK
    y = y + v[0] * factor + _word(text, place + 40) & _MASK
    z = _turned(z + w[0] & _MASK, 33) * mul & _MASK
    v = _weak(text, place, v[1] * mul & _MASK, x + w[0] & _MASK)
    w = _weak(text, place + 32, z + w[1] & _MASK, y + _word(text, place + 16) & _MASK)
    return z, y, x, v, w


def _long(text: bytes, size: int) -> int:
    seed = 81
    y = seed * _K1 + 113 & _MASK
    z = _mixed(y * _K2 + 113 & _MASK) * _K2 & _MASK
    state: _State = (seed * _K2 + _word(text, 0) & _MASK, y, z, (0, 0), (0, 0))
    end = (size - 1) // 64 * 64
    for place in range(0, end, 64):
        state = _round(text, place, state, _K1)
    x, y, z, v, w = state
    mul = _K1 + ((z & 0xFF) << 1) & _MASK
    first = w[0] + (size - 1 & 63) & _MASK
    v = (v[0] + first & _MASK, v[1])
    w = (first + v[0] & _MASK, w[1])
    x, y, z, v, w = _round(text, size - 64, (x, y, z, v, w), mul, 9)
    u = _two(v[0], w[0], mul) + _mixed(y) * _K0 + z & _MASK
    return _two(u, _two(v[1], w[1], mul) + x & _MASK, mul)


# -- SipHash --------------------------------------------------------------------------------------


def siphash(text: bytes, key: tuple[int, int]) -> int:
    """SipHash-2-4 under a key of two words."""
    v0, v1 = key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D
    v2, v3 = key[0] ^ 0x6C7967656E657261, key[1] ^ 0x7465646279746573
    whole = len(text) & ~7
    words = [_word(text, place) for place in range(0, whole, 8)]
    words.append((len(text) & 0xFF) << 56 | _word(text, whole))
    for word in words:
        v0, v1, v2, v3 = _sip_rounds(v0, v1, v2, v3 ^ word, 2)
        v0 ^= word
    v0, v1, v2, v3 = _sip_rounds(v0, v1, v2 ^ 0xFF, v3, 4)
    return v0 ^ v1 ^ v2 ^ v3


def _sip_rounds(v0: int, v1: int, v2: int, v3: int, count: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        v0, v2 = v0 + v1 & _MASK, v2 + v3 & _MASK
        v1, v3 = _turned(v1, 51) ^ v0, _turned(v3, 48) ^ v2
        v0, v2 = _turned(v0, 32) + v3 & _MASK, v2 + v1 & _MASK
        v3, v1 = _turned(v3, 43) ^ v0, _turned(v1, 47) ^ v2
        v2 = _turned(v2, 32)
    return v0, v1, v2, v3


# -- ops ------------------------------------------------------------------------------------------


def _buckets(function: Callable[[bytes], int], value: Any, count: int) -> Any:
    array = np.asarray(value, object)
    found = [function(text) % count for text in array.reshape(-1).tolist()]
    return np.array(found, np.int64).reshape(array.shape)


def _in_buckets(strings: Shape, *, num_buckets: int) -> Shape:
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1, not {num_buckets}.")
    return strings


@op("StringToHashBucket", runs_on=HOST, shape=_in_buckets)
def string_to_hash_bucket_op(xp: Namespace, string_tensor: String, *, num_buckets: int) -> Int64:
    """The bucket of each string by MurmurHash."""
    return _buckets(murmur, string_tensor, num_buckets)


@export("string_to_hash_bucket", "strings.to_hash_bucket")
def string_to_hash_bucket(
    string_tensor: Any = None, num_buckets: Any = None, name: str | None = None, input: Any = None
) -> Any:
    """A number from 0 to ``num_buckets - 1`` for each string, the same for equal strings.

    Args:
      string_tensor: Strings.
      num_buckets: How many numbers there are.
      name: The name of the node.
      input: A newer name of ``string_tensor``.
    """
    if string_tensor is not None and input is not None:
        raise ValueError("'string_tensor' and 'input' are one argument; give one of them.")
    given = input if string_tensor is None else string_tensor
    return string_to_hash_bucket_op(given, num_buckets=num_buckets, name=name)


@op("StringToHashBucketFast", runs_on=HOST, shape=_in_buckets,
    export=("string_to_hash_bucket_fast", "strings.to_hash_bucket_fast"))  # fmt: skip
def string_to_hash_bucket_fast(xp: Namespace, input: String, *, num_buckets: int) -> Int64:
    """A number from 0 to ``num_buckets - 1`` for each string, by a fingerprint that never changes.

    Args:
      input: Strings.
      num_buckets: How many numbers there are.
      name: The name of the node.

    >>> tf.Session().run(tf.strings.to_hash_bucket_fast(["Hello", "TensorFlow"], 3))
    array([0, 2])
    """
    return _buckets(fingerprint, input, num_buckets)


@op("StringToHashBucketStrong", runs_on=HOST, shape=_in_buckets,
    export=("string_to_hash_bucket_strong", "strings.to_hash_bucket_strong"))  # fmt: skip
def string_to_hash_bucket_strong(
    xp: Namespace, input: String, *, num_buckets: int, key: list[int]
) -> Int64:
    """A number from 0 to ``num_buckets - 1`` for each string, by a hash with a key.

    Args:
      input: Strings.
      num_buckets: How many numbers there are.
      key: Two integers; who does not know them cannot make strings of one bucket.
      name: The name of the node.
    """
    if len(key) != 2:
        raise ValueError(f"key must be two integers, not {list(key)}.")
    words = (key[0] & _MASK, key[1] & _MASK)
    return _buckets(partial(siphash, key=words), input, num_buckets)
