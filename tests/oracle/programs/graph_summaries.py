"""Summaries of every kind, their names, families, scopes and collections."""

from __future__ import annotations

from typing import Any


def scalars(tf: Any) -> None:
    loss = tf.placeholder(tf.float32, [], name="x")
    tf.summary.scalar("loss", loss)
    tf.summary.scalar("loss", loss)
    tf.summary.scalar("with a space", loss)
    tf.summary.scalar("/leading/slash", tf.constant(3))
    with tf.name_scope("outer"):
        tf.summary.scalar("loss", loss)
        tf.summary.scalar("loss", loss, family="family")
    tf.summary.scalar("loss", loss, family="family")
    tf.summary.scalar("own", loss, collections=["mine", tf.GraphKeys.SUMMARIES])
    tf.summary.scalar("nowhere", 2.0, collections=[])


def histograms(tf: Any) -> None:
    values = tf.placeholder(tf.float64, [None, 3], name="values")
    tf.summary.histogram("values", values)
    with tf.name_scope("layer"):
        tf.summary.histogram("kernel:0", values)
        tf.summary.histogram("kernel", values, family="kernels")


def merged(tf: Any) -> None:
    first = tf.summary.scalar("first", tf.constant(1.0))
    with tf.name_scope("scope"):
        second = tf.summary.histogram("second", tf.constant([1.0, 2.0]))
    tf.summary.merge([first, second])
    tf.summary.merge([second], collections=["merged"], name="named")
    tf.summary.merge_all()
    tf.summary.merge_all(scope="scope", name="of_scope")
    tf.summary.merge_all("no such key")


def media(tf: Any) -> None:
    tf.summary.image("image", tf.placeholder(tf.float32, [None, 8, 8, 3], "images"))
    tf.summary.image("bytes", tf.placeholder(tf.uint8, [2, 4, 4, 1], "bytes_in"), max_outputs=1)
    tf.summary.audio("sound", tf.placeholder(tf.float32, [None, 100, 2], "sounds"), 44100.0, 2)
    tf.summary.audio("rate", tf.zeros([1, 10]), tf.constant(8000.0), family="family")


def texts_and_tensors(tf: Any) -> None:
    tf.summary.text("text", tf.constant("hello"))
    tf.summary.text("table", tf.constant([["a", "b"]]), collections=["texts"])
    tf.summary.tensor_summary("tensor", tf.constant([1, 2]))
    tf.summary.tensor_summary(
        "described",
        tf.constant([1.0]),
        summary_description="what it is",
        display_name="shown",
        family="family",
    )
