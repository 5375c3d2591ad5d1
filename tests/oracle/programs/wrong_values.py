"""Wrong values and dtypes: what each raises in TensorFlow 1.15 is recorded."""

from __future__ import annotations

from typing import Any

import numpy as np


def _f(tf: Any, shape: Any = None, dtype: Any = None) -> Any:
    return tf.placeholder(dtype or tf.float32, shape)


# Conversion of Python values


def constant_of_ragged_list(tf: Any) -> None:
    tf.constant([[1, 2], [3]])


def constant_string_as_float(tf: Any) -> None:
    tf.constant("text", tf.float32)


def constant_float_as_int(tf: Any) -> None:
    tf.constant(1.5, tf.int32)


def constant_of_none(tf: Any) -> None:
    tf.constant(None)


def constant_of_none_in_list(tf: Any) -> None:
    tf.constant([1.0, None])


def constant_of_mixed_types(tf: Any) -> None:
    tf.constant([1, "a"])


def constant_of_bool_as_float(tf: Any) -> None:
    tf.constant(True, tf.float32)


def constant_too_many_elements(tf: Any) -> None:
    tf.constant([1, 2, 3], shape=[2])


def constant_empty_with_shape(tf: Any) -> None:
    tf.constant([], shape=[2])


def constant_of_tensor(tf: Any) -> None:
    tf.constant(tf.constant(1.0))


def constant_of_object(tf: Any) -> None:
    tf.constant(object())


def constant_too_large(tf: Any) -> None:
    tf.constant(2**40, tf.int32)


def constant_huge_integer(tf: Any) -> None:
    tf.constant(2**70)


def constant_uint8_out_of_range(tf: Any) -> None:
    tf.constant(300, tf.uint8)


def constant_bad_dtype(tf: Any) -> None:
    tf.constant(1.0, "floaty")


def constant_complex_as_float(tf: Any) -> None:
    tf.constant(1j, tf.float32)


def convert_with_other_dtype(tf: Any) -> None:
    tf.convert_to_tensor(tf.constant(1.0), tf.int32)


def convert_object_array(tf: Any) -> None:
    tf.convert_to_tensor(np.array([1, [2, 3]], dtype=object))


def convert_dictionary(tf: Any) -> None:
    tf.convert_to_tensor({"a": 1})


def as_dtype_unknown(tf: Any) -> None:
    tf.as_dtype("number")


# Tensors as Python values


def tensor_as_bool(tf: Any) -> None:
    if tf.constant(1.0) > 0:
        pass


def tensor_and_tensor(tf: Any) -> None:
    tf.constant(True) and tf.constant(False)


def tensor_iterated(tf: Any) -> None:
    for _ in tf.constant([1.0, 2.0]):
        pass


def tensor_unpacked(tf: Any) -> None:
    _first, _second = tf.constant([1.0, 2.0])


def tensor_as_float(tf: Any) -> None:
    float(tf.constant(1.0))


def tensor_as_index(tf: Any) -> None:
    [1, 2, 3][tf.constant(1)]


def tensor_length(tf: Any) -> None:
    len(tf.constant([1.0]))


def tensor_in_range(tf: Any) -> None:
    range(tf.constant(3))


def tensor_item_assigned(tf: Any) -> None:
    tf.constant([1.0, 2.0])[0] = 3.0


def tensor_to_numpy(tf: Any) -> None:
    np.array(tf.constant([1.0]), dtype=np.float32) + 1


def tensor_attribute(tf: Any) -> None:
    tf.constant([1.0]).reshape([1])


def numpy_function_of_tensor(tf: Any) -> None:
    np.exp(tf.constant([1.0]))


# dtypes


def add_float_and_int(tf: Any) -> None:
    tf.constant(1.0) + tf.constant(1)


def add_function_float_and_int(tf: Any) -> None:
    tf.add(tf.constant(1.0), tf.constant(1))


def add_float32_and_float64(tf: Any) -> None:
    tf.constant(1.0) + tf.constant(1.0, tf.float64)


def multiply_int_by_float(tf: Any) -> None:
    tf.constant(2) * 1.5


def add_numpy_double_array(tf: Any) -> None:
    _f(tf, [2], tf.int32) + np.array([0.5, 1.5])


def divide_different_dtypes(tf: Any) -> None:
    tf.constant(1.0) / tf.constant(1)


def matmul_different_dtypes(tf: Any) -> None:
    tf.matmul(tf.zeros([2, 2]), tf.zeros([2, 2], tf.float64))


def sqrt_of_int(tf: Any) -> None:
    tf.sqrt(tf.constant(4))


def exp_of_int(tf: Any) -> None:
    tf.exp(3)


def sigmoid_of_int(tf: Any) -> None:
    tf.sigmoid(tf.constant([1, 2]))


def and_of_ints(tf: Any) -> None:
    tf.logical_and(tf.constant(1), tf.constant(0))


def and_operator_of_floats(tf: Any) -> None:
    tf.constant(1.0) & tf.constant(2.0)


def cond_of_int(tf: Any) -> None:
    tf.cond(tf.constant(1), lambda: tf.constant(1), lambda: tf.constant(2))


def gather_with_float_indices(tf: Any) -> None:
    tf.gather([1.0, 2.0], [0.0])


def reduce_all_of_float(tf: Any) -> None:
    tf.reduce_all(tf.constant([1.0]))


def reduce_sum_of_bool(tf: Any) -> None:
    tf.reduce_sum(tf.constant([True, False]))


def mean_of_string(tf: Any) -> None:
    tf.reduce_mean(tf.constant(["a"]))


def concat_different_dtypes(tf: Any) -> None:
    tf.concat([tf.zeros([1]), tf.zeros([1], tf.int32)], 0)


def stack_different_dtypes(tf: Any) -> None:
    tf.stack([tf.constant(1.0), tf.constant(1)])


def add_string_and_float(tf: Any) -> None:
    tf.constant("a") + tf.constant(1.0)


def cast_string(tf: Any) -> None:
    tf.cast(tf.constant("1"), tf.float32)


def less_of_complex(tf: Any) -> None:
    tf.less(tf.constant(1j), tf.constant(2j))


def bitcast_wrong_size(tf: Any) -> None:
    tf.bitcast(tf.constant([1.0]), tf.int64)


def one_hot_of_float(tf: Any) -> None:
    tf.one_hot([1.0], 3)


def select_different_dtypes(tf: Any) -> None:
    tf.where([True], tf.constant([1.0]), tf.constant([1]))


def sparse_labels_of_float(tf: Any) -> None:
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.zeros([2]), logits=tf.zeros([2, 3]))
