"""Sparse tensors as components of elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.data.reading import elements

SPARSE = ([[0, 1], [2, 0]], [1.5, 2.5], [3, 4])


def test_the_classes_types_and_shapes_are_those_of_sparse_tensors() -> None:
    dataset = tf.data.Dataset.from_tensor_slices((tf.SparseTensor(*SPARSE), [1, 2, 3]))
    assert dataset.output_classes == (tf.SparseTensor, tf.Tensor)
    assert dataset.output_types == (tf.float32, tf.int32)
    assert dataset.output_shapes == (tf.TensorShape([4]), tf.TensorShape([]))
    assert dataset.batch(2).output_shapes[0].as_list() == [None, 4]
    assert dataset.element_spec[0] == tf.SparseTensorSpec([4], tf.float32)
    iterator = dataset.make_one_shot_iterator()
    assert iterator.output_classes == dataset.output_classes
    assert isinstance(iterator.get_next()[0], tf.SparseTensor)


def test_an_iterator_is_made_from_classes() -> None:
    dataset = tf.data.Dataset.from_tensors(tf.SparseTensor(*SPARSE))
    iterator = tf.data.Iterator.from_structure(
        dataset.output_types, dataset.output_shapes, output_classes=dataset.output_classes
    )
    begin = iterator.make_initializer(dataset)
    following = iterator.get_next()
    assert following.shape.as_list() == [None, None]
    with tf.Session() as session:
        session.run(begin)
        found = session.run(following)
    assert found.indices.tolist() == SPARSE[0]
    assert found.values.tolist() == SPARSE[1]
    assert found.dense_shape.tolist() == SPARSE[2]


def test_a_batch_has_the_size_of_the_largest() -> None:
    rows = tf.data.Dataset.range(1, 4).map(
        lambda n: tf.SparseTensor([[n - 1]], tf.expand_dims(n, 0), tf.expand_dims(n, 0))
    )
    (batch,) = elements(rows.batch(3))
    assert batch.indices.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert batch.values.tolist() == [1, 2, 3]
    assert batch.dense_shape.tolist() == [3, 3]


def test_sparse_elements_of_different_ranks_are_not_stacked() -> None:
    first = tf.data.Dataset.from_tensors(tf.SparseTensor([[0]], [1.0], [2]))
    both = first.concatenate(tf.data.Dataset.from_tensors(tf.SparseTensor(*SPARSE)))
    with pytest.raises(tf.errors.InvalidArgumentError, match="rank 2, but the first has 1"):
        elements(both.batch(2))


def test_padded_batches_take_tensors_only() -> None:
    dataset = tf.data.Dataset.from_tensors(tf.SparseTensor(*SPARSE))
    with pytest.raises(TypeError, match="SparseTensorSpec"):
        dataset.padded_batch(2, [3, 4])


def test_a_state_may_be_sparse() -> None:
    def step(state: Any, x: Any) -> Any:
        return tf.SparseTensor(state.indices, state.values + x, state.dense_shape)

    numbers = tf.data.Dataset.range(4)
    first = tf.SparseTensor([[1]], np.array([10]), [3])
    total = numbers.reduce(first, step)
    scanned = numbers.apply(tf.data.experimental.scan(first, lambda s, x: (step(s, x), step(s, x))))
    assert [each.values.tolist() for each in elements(scanned)] == [[10], [11], [13], [16]]
    with tf.Session() as session:
        assert session.run(total).values.tolist() == [16]


def test_examples_parsed_in_a_map_are_sparse() -> None:
    feature = tf.train.Feature(int64_list=tf.train.Int64List(value=[7, 8]))
    text = tf.train.Example(features=tf.train.Features(feature={"n": feature})).SerializeToString()
    dataset = tf.data.Dataset.from_tensor_slices([text, b"", text]).map(
        lambda each: tf.parse_single_example(each, {"n": tf.VarLenFeature(tf.int64)})
    )
    (batch,) = elements(dataset.batch(3))
    assert batch["n"].indices.tolist() == [[0, 0], [0, 1], [2, 0], [2, 1]]
    assert batch["n"].dense_shape.tolist() == [3, 2]


def test_what_travels_keeps_what_it_was() -> None:
    values = np.array([1.0, 2.0])
    value = tf.SparseTensorValue([[0], [1]], values, [2])
    dataset = tf.data.Dataset.from_tensors(value).repeat(2)
    following = dataset.make_one_shot_iterator().get_next()
    with tf.Session() as session:
        session.run(following).values[:] = 9.0
        assert session.run(following).values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("kind", [tf.string, tf.variant])
def test_serialized_rows_come_back(kind: Any) -> None:
    rows = tf.io.serialize_many_sparse(tf.SparseTensor(*SPARSE), out_type=kind)
    found = tf.raw_ops.DeserializeSparse(serialized_sparse=rows, dtype=tf.float32)
    with tf.Session() as session:
        assert [each.tolist() for each in session.run(found)] == [*SPARSE]
        wrong = tf.raw_ops.DeserializeSparse(serialized_sparse=rows, dtype=tf.int64)
        with pytest.raises(tf.errors.InvalidArgumentError, match="float32"):
            session.run(wrong)
