"""Summaries of constants: each function returns one summary tensor, to be run as it is."""

from __future__ import annotations

from typing import Any

import numpy as np


def scalar(tf: Any) -> Any:
    return tf.summary.scalar("scalar", tf.constant(0.1))


def scalar_of_large_double(tf: Any) -> Any:
    return tf.summary.scalar("large", tf.constant(1e300, tf.float64))


def scalar_nan(tf: Any) -> Any:
    return tf.summary.scalar("nan", tf.constant(np.nan))


def scalar_int(tf: Any) -> Any:
    return tf.summary.scalar("int", tf.constant(2**40 + 1))


def scalar_half_in_family(tf: Any) -> Any:
    with tf.get_default_graph().name_scope("outer"):
        return tf.summary.scalar("half", tf.constant(0.1, tf.float16), family="family")


def histogram(tf: Any) -> Any:
    return tf.summary.histogram("histogram", tf.constant([1.0, 2.0, 2.0, -3.0, 0.0]))


def histogram_of_many(tf: Any) -> Any:
    values = np.random.RandomState(0).standard_cauchy([50, 8])
    return tf.summary.histogram("many", tf.constant(values))


def histogram_of_ints(tf: Any) -> Any:
    return tf.summary.histogram("ints", tf.constant(np.arange(-5, 30)))


def histogram_of_nothing(tf: Any) -> Any:
    return tf.summary.histogram("empty", tf.constant(np.zeros([0], np.float32)))


def histogram_of_tiny(tf: Any) -> Any:
    return tf.summary.histogram("tiny", tf.constant([1e-13, -1e-13, 1e-12, 1e-300], tf.float64))


def histogram_of_huge(tf: Any) -> Any:
    return tf.summary.histogram("huge", tf.constant([1e30, -1e30, 1e20, 1e308], tf.float64))


def merged(tf: Any) -> Any:
    first = tf.summary.scalar("first", tf.constant(1.0))
    second = tf.summary.text("second", tf.constant(["a", "b"]))
    return tf.summary.merge([second, first])


def tensor(tf: Any) -> Any:
    return tf.summary.tensor_summary(
        "tensor", tf.constant([[1, 2]]), "what it is", display_name="shown"
    )


def image_of_bytes(tf: Any) -> Any:
    pixels = np.arange(5 * 2 * 3 * 3, dtype=np.uint8).reshape(5, 2, 3, 3)
    return tf.summary.image("bytes", tf.constant(pixels))


def image_single(tf: Any) -> Any:
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4, 1)
    return tf.summary.image("single", tf.constant(pixels), max_outputs=1)


def image_of_floats(tf: Any) -> Any:
    pixels = np.random.RandomState(1).uniform(0, 3, [2, 4, 5, 4]).astype(np.float32)
    return tf.summary.image("floats", tf.constant(pixels))


def image_with_negatives(tf: Any) -> Any:
    pixels = np.random.RandomState(2).normal(size=[1, 6, 5, 3])
    return tf.summary.image("negatives", tf.constant(pixels))


def image_not_finite(tf: Any) -> Any:
    pixels = np.array([[[[0.0], [np.nan]], [[np.inf], [2.0]]]], np.float16)
    return tf.summary.image("not_finite", tf.constant(pixels))


def image_almost_black(tf: Any) -> Any:
    return tf.summary.image("black", tf.constant(np.full([1, 2, 2, 1], 1e-8, np.float32)))


def audio_stereo(tf: Any) -> Any:
    sound = np.array([[[0.0, 0.5], [1, -1], [2, -2], [0.3, 1e-5]]], np.float32)
    return tf.summary.audio("stereo", tf.constant(sound), sample_rate=44100.0)


def audio_mono(tf: Any) -> Any:
    sound = np.random.RandomState(3).uniform(-1, 1, [3, 9]).astype(np.float32)
    return tf.summary.audio("mono", tf.constant(sound), sample_rate=8000.4, max_outputs=2)
