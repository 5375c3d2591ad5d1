"""Python's operators on tensors, and the functions of the same meaning."""

from __future__ import annotations

from typing import Any

import numpy as np


def float_operators(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [3], name="y")
    x + y
    x - y
    x * y
    x / y
    x // y
    x % y
    x**y
    x @ tf.transpose(x)
    -x
    abs(x)
    x < y
    x <= y
    x > y
    x >= y


def int_operators(tf: Any) -> None:
    x = tf.placeholder(tf.int32, [None], name="x")
    y = tf.placeholder(tf.int32, [], name="y")
    x + y
    x - y
    x * y
    x / y
    x // y
    x % y
    x**y
    -x
    abs(x)
    x < y
    x >= 3
    tf.placeholder(tf.int64) / 2
    tf.placeholder(tf.uint8) / 2
    tf.placeholder(tf.int16) / 2


def bool_operators(tf: Any) -> None:
    p = tf.placeholder(tf.bool, [2], name="p")
    q = tf.placeholder(tf.bool, [2], name="q")
    p & q
    p | q
    p ^ q
    ~p
    p & True
    False | p
    [True, False] ^ p
    tf.logical_and(p, q)
    tf.logical_or(p, q)
    tf.logical_xor(p, q)
    tf.logical_not(p)


def python_scalars(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    n = tf.placeholder(tf.int64, [2], name="n")
    x + 1
    1 + x
    x - 1.5
    1.5 - x
    x * 2
    2 * x
    x / 2
    2 / x
    x // 2
    7 // x
    x % 2
    7 % x
    x**2
    2**x
    x > 0
    0 < x
    1 - n
    2**n
    n * 3
    7 % n
    n / 2
    5 // n


def numpy_operands(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2, 2], name="x")
    d = tf.placeholder(tf.float64, [2, 2], name="d")
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    x + a.astype(np.float32)
    a.astype(np.float32) + x
    a - d
    d * a
    a / d
    np.float64(2.0) * d
    np.float32(2.0) * x
    x * np.float32(2.0)
    a @ d
    d @ a
    a > d
    [[1.0, 2.0]] * x
    x - [1.0, 2.0]


def complex_operators(tf: Any) -> None:
    z = tf.placeholder(tf.complex64, [2], name="z")
    x = tf.placeholder(tf.float32, [2], name="x")
    z + 1
    z * 1j
    z / z
    -z
    abs(z)
    z**2
    tf.complex(x, x)
    tf.real(z)
    tf.imag(z)
    tf.conj(z)
    tf.conj(x)
    tf.angle(z)
    tf.angle(x)
    tf.abs(z)
    tf.abs(x)
    tf.real(x)


def variables_in_operators(tf: Any) -> None:
    w = tf.Variable([1.0, 2.0], name="w")
    v = tf.Variable([1.0, 2.0], name="v", use_resource=True)
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w + v
    x * w
    1 - w
    -w
    w[0]
    w[:1]
    v**2
    2 / v
    w > 0
    v[1] * 3
    abs(w)
    tf.reduce_sum(w)
    tf.square(v)
    x @ tf.reshape(w, [2, 1])
    w // 2.0


def arithmetic_functions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    n = tf.placeholder(tf.int32, [2], name="n")
    tf.add(x, 1.0)
    tf.subtract(x, x)
    tf.multiply(x, 2.0, name="product")
    tf.divide(x, 2.0)
    tf.divide(n, 2)
    tf.div(n, 2)
    tf.div(x, 2.0)
    tf.realdiv(x, x)
    tf.truediv(n, 2)
    tf.truediv(x, 3.0)
    tf.floordiv(n, 2)
    tf.floordiv(x, 2.0)
    tf.floor_div(n, n)
    tf.truncatediv(n, 2)
    tf.truncatemod(n, 2)
    tf.mod(x, 2.0)
    tf.floormod(n, 2)
    tf.pow(x, 2.0)
    tf.pow(x, 2)
    tf.negative(x)
    tf.div_no_nan(x, x)
    tf.math.multiply_no_nan(x, x)
    tf.scalar_mul(2.0, x)
    tf.scalar_mul(tf.constant(2.0), x)
    tf.add_n([x, x])
    tf.add_n([x])
    tf.accumulate_n([x, x, x])
    tf.squared_difference(x, 1.0)


def comparison_functions(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    s = tf.placeholder(tf.string, [2], name="s")
    tf.equal(x, 1.0)
    tf.not_equal(x, [1.0, 2.0])
    tf.equal(s, "text")
    tf.less(x, 0.0)
    tf.less_equal(x, 0.0)
    tf.greater(x, 0.0, name="positive")
    tf.greater_equal(x, x)
    tf.maximum(x, 0.0)
    tf.minimum(x, 1)
    tf.is_nan(x)
    tf.is_inf(x)
    tf.is_finite(x)
    tf.sign(x)


def unary_functions(tf: Any) -> None:
    x = tf.placeholder(tf.float64, [None, 2], name="x")
    for name in [
        "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh",
        "digamma", "erf", "erfc", "exp", "expm1", "floor", "lgamma", "log", "log1p",
        "log_sigmoid", "negative", "reciprocal", "rint", "round", "rsqrt", "sigmoid", "sign",
        "sin", "sinh", "sqrt", "square", "tan", "tanh",
    ]:  # fmt: skip
        getattr(tf, name)(x)
    tf.atan2(x, x)
    tf.igamma(x, x)
    tf.igammac(x, x)
    tf.lbeta(x)
    tf.zeta(x, x)
    tf.polygamma(x, x)
    tf.betainc(x, x, x)
    tf.math.softplus(x)
    tf.math.bessel_i0(x)
    tf.math.bessel_i1e(x)
    tf.math.xlogy(x, x)
    tf.math.xdivy(x, x)
    tf.math.reciprocal_no_nan(x)
    tf.round(tf.cast(x, tf.int32))


def casts(tf: Any) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.cast(x, tf.float64)
    tf.cast(x, tf.float32)
    tf.cast(x, "int32")
    tf.cast(True, tf.float32)
    tf.cast(x, tf.bool, name="truth")
    tf.to_float(tf.constant([1, 2]))
    tf.to_double(x)
    tf.to_int32(x, name="ints")
    tf.to_int64(x)
    tf.to_bfloat16(x)
    tf.to_complex64(x)
    tf.saturate_cast(x, tf.uint8)
    tf.saturate_cast(tf.constant([300, -3]), tf.int8)
    tf.saturate_cast(tf.constant([3], tf.int8), tf.int32)
    tf.bitcast(x, tf.int32)
    tf.cast(np.array([1, 2]), tf.float32)
    tf.dtypes.cast(x, tf.complex128)
