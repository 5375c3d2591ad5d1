"""Wrong shapes and arguments: what each raises in TensorFlow 1.15 is recorded."""

from __future__ import annotations

from typing import Any


def _f(tf: Any, shape: Any = None, dtype: Any = None) -> Any:
    return tf.placeholder(dtype or tf.float32, shape)


# Shapes and ranks


def add_wrong_shapes(tf: Any) -> None:
    tf.zeros([2, 3]) + tf.zeros([4])


def matmul_wrong_inner(tf: Any) -> None:
    tf.matmul(_f(tf, [None, 784]), tf.zeros([768, 128]))


def matmul_of_vectors(tf: Any) -> None:
    tf.matmul(tf.zeros([3]), tf.zeros([3]))


def matmul_rank_mismatch(tf: Any) -> None:
    tf.matmul(tf.zeros([2, 3, 4]), tf.zeros([5]))


def reshape_wrong_size(tf: Any) -> None:
    tf.reshape(tf.zeros([6]), [4, 2])


def reshape_two_unknowns(tf: Any) -> None:
    tf.reshape(tf.zeros([6]), [-1, -1])


def reshape_indivisible(tf: Any) -> None:
    tf.reshape(tf.zeros([7]), [2, -1])


def reshape_with_none(tf: Any) -> None:
    tf.reshape(tf.zeros([6]), [None, 2])


def concat_wrong_shapes(tf: Any) -> None:
    tf.concat([tf.zeros([2, 3]), tf.zeros([2, 4])], 0)


def concat_wrong_axis(tf: Any) -> None:
    tf.concat([tf.zeros([2, 3]), tf.zeros([2, 3])], 2)


def concat_arguments_swapped(tf: Any) -> None:
    tf.concat(1, [tf.zeros([2, 3]), tf.zeros([2, 3])])


def stack_wrong_shapes(tf: Any) -> None:
    tf.stack([tf.zeros([2]), tf.zeros([3])])


def stack_wrong_axis(tf: Any) -> None:
    tf.stack([tf.zeros([2]), tf.zeros([2])], axis=3)


def split_indivisible(tf: Any) -> None:
    tf.split(tf.zeros([5]), 2)


def unstack_unknown(tf: Any) -> None:
    tf.unstack(_f(tf, [None, 2]))


def unstack_wrong_number(tf: Any) -> None:
    tf.unstack(tf.zeros([3]), num=2)


def squeeze_wrong_axis(tf: Any) -> None:
    tf.squeeze(tf.zeros([2, 3]), [0])


def expand_dims_wrong_axis(tf: Any) -> None:
    tf.expand_dims(tf.zeros([2]), 3)


def transpose_wrong_permutation(tf: Any) -> None:
    tf.transpose(tf.zeros([2, 3]), [0, 1, 2])


def transpose_repeated(tf: Any) -> None:
    tf.transpose(tf.zeros([2, 3]), [0, 0])


def reduce_wrong_axis(tf: Any) -> None:
    tf.reduce_sum(tf.zeros([2, 3]), 2)


def reduce_axis_and_indices(tf: Any) -> None:
    tf.reduce_sum(tf.zeros([2, 3]), axis=1, reduction_indices=1)


def slice_too_many(tf: Any) -> None:
    tf.zeros([2, 3])[0, 0, 0]


def slice_out_of_range(tf: Any) -> None:
    tf.zeros([2, 3])[5]


def slice_two_ellipses(tf: Any) -> None:
    tf.zeros([2, 3])[..., ...]


def slice_with_float(tf: Any) -> None:
    tf.zeros([3])[1.5]


def slice_with_string(tf: Any) -> None:
    tf.zeros([3])["a"]


def slice_with_list(tf: Any) -> None:
    tf.zeros([3])[[0, 1]]


def slice_with_mask(tf: Any) -> None:
    x = tf.zeros([3])
    x[x > 0]


def slice_with_zero_step(tf: Any) -> None:
    tf.zeros([3])[::0]


def slice_function_out_of_range(tf: Any) -> None:
    tf.slice(tf.zeros([3]), [2], [5])


def bias_add_wrong_size(tf: Any) -> None:
    tf.nn.bias_add(tf.zeros([2, 3]), tf.zeros([4]))


def tile_wrong_rank(tf: Any) -> None:
    tf.tile(tf.zeros([2, 3]), [2])


def pad_wrong_rank(tf: Any) -> None:
    tf.pad(tf.zeros([2, 3]), [[1, 1]])


def pad_unknown_mode(tf: Any) -> None:
    tf.pad(tf.zeros([2]), [[1, 1]], "MIRROR")


def boolean_mask_wrong_shape(tf: Any) -> None:
    tf.boolean_mask(tf.zeros([2, 3]), [True, False, True])


def boolean_mask_scalar(tf: Any) -> None:
    tf.boolean_mask(tf.zeros([2]), True)


def select_wrong_shapes(tf: Any) -> None:
    tf.where([True, False], tf.zeros([2]), tf.zeros([3]))


def where_one_branch(tf: Any) -> None:
    tf.where([True, False], tf.zeros([2]))


def cross_entropy_wrong_shapes(tf: Any) -> None:
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.zeros([2, 3]), logits=tf.zeros([2, 4]))


def sigmoid_cross_entropy_wrong_shapes(tf: Any) -> None:
    tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.zeros([2]), logits=tf.zeros([2, 1]))


def sparse_cross_entropy_wrong_rank(tf: Any) -> None:
    tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.zeros([2, 1], tf.int32), logits=tf.zeros([2, 3])
    )


def cross_entropy_positional(tf: Any) -> None:
    tf.nn.softmax_cross_entropy_with_logits(tf.zeros([2, 3]), tf.zeros([2, 3]))


def sigmoid_cross_entropy_positional(tf: Any) -> None:
    tf.nn.sigmoid_cross_entropy_with_logits(tf.zeros([2]), tf.zeros([2]))


def set_shape_incompatible(tf: Any) -> None:
    tf.zeros([2, 3]).set_shape([3, None])


def shape_of_unknown_rank_as_list(tf: Any) -> None:
    _f(tf).shape.as_list()


def unknown_dimension_as_int(tf: Any) -> None:
    int(_f(tf, [None]).shape[0])


def unknown_dimension_in_zeros(tf: Any) -> None:
    tf.zeros([_f(tf, [None]).shape[0], 2])


def none_in_zeros(tf: Any) -> None:
    tf.zeros([None, 2])


def none_in_variable(tf: Any) -> None:
    tf.get_variable("w", [None, 2])


def negative_dimension(tf: Any) -> None:
    tf.zeros([-1, 2])


def einsum_wrong_rank(tf: Any) -> None:
    tf.einsum("ij,jk->ik", tf.zeros([2, 3, 4]), tf.zeros([3, 4]))


def einsum_bad_equation(tf: Any) -> None:
    tf.einsum("ij;jk", tf.zeros([2, 3]), tf.zeros([3, 4]))


def tensordot_wrong_axes(tf: Any) -> None:
    tf.tensordot(tf.zeros([2, 3]), tf.zeros([4, 5]), 1)


def dropout_wrong_rate(tf: Any) -> None:
    tf.nn.dropout(tf.zeros([2]), rate=1.5)


def dropout_wrong_keep(tf: Any) -> None:
    tf.nn.dropout(tf.zeros([2]), keep_prob=0.0)


def top_k_too_large(tf: Any) -> None:
    tf.nn.top_k(tf.zeros([2]), 5)


def cholesky_of_rectangle(tf: Any) -> None:
    tf.cholesky(tf.zeros([2, 3]))


def one_hot_negative_depth(tf: Any) -> None:
    tf.one_hot([0], -1)


def assert_rank_static(tf: Any) -> None:
    tf.assert_rank(tf.zeros([2]), 2)


def assert_equal_static(tf: Any) -> None:
    tf.assert_equal(1, 2)


def assert_type_wrong(tf: Any) -> None:
    tf.assert_type(tf.zeros([2]), tf.int32)


def assert_integer_wrong(tf: Any) -> None:
    tf.assert_integer(tf.zeros([2]))


# Arguments


def unknown_argument(tf: Any) -> None:
    tf.reduce_sum(tf.zeros([2]), axes=0)


def missing_argument(tf: Any) -> None:
    tf.matmul(tf.zeros([2, 2]))


def unknown_symbol(tf: Any) -> None:
    tf.no_such_function(1)


def empty_add_n(tf: Any) -> None:
    tf.add_n([])


def add_n_wrong_shapes(tf: Any) -> None:
    tf.add_n([tf.zeros([2]), tf.zeros([3])])


def invalid_name(tf: Any) -> None:
    tf.constant(1.0, name="a b")


def name_with_leading_underscore(tf: Any) -> None:
    tf.constant(1.0, name="_private")


def invalid_scope_name(tf: Any) -> None:
    with tf.name_scope("a b"):
        pass


def invalid_device(tf: Any) -> None:
    with tf.device("/gpu:zero:x"):
        tf.constant(1.0)


def random_int_without_maximum(tf: Any) -> None:
    tf.random_uniform([2], dtype=tf.int32)


def random_of_wrong_dtype(tf: Any) -> None:
    tf.random_normal([2], dtype=tf.int32)


def control_dependency_on_number(tf: Any) -> None:
    with tf.control_dependencies([3]):
        tf.constant(1.0)


def group_of_numbers(tf: Any) -> None:
    tf.group(1.0)


def shuffle_scalar_seed(tf: Any) -> None:
    tf.set_random_seed("seed")
    tf.random_normal([1])


def clip_by_global_norm_of_tensor(tf: Any) -> None:
    tf.clip_by_global_norm(tf.zeros([2]), 1.0)


def py_func_not_callable(tf: Any) -> None:
    tf.py_func(3, [], tf.float32)
