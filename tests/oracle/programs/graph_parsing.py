"""Files, decoders, examples, sparse tensors and strings."""

from __future__ import annotations

from typing import Any


def readers(tf: Any) -> None:
    queue = tf.FIFOQueue(3, [tf.string], [[]])
    lines = tf.TextLineReader(skip_header_lines=1)
    lines.read(queue)
    lines.read_up_to(queue, 5)
    lines.num_records_produced()
    lines.num_work_units_completed()
    lines.reset()
    tf.FixedLengthRecordReader(4, 1, 2, 3).read(queue, name="pieces")
    tf.TFRecordReader(options=tf.python_io.TFRecordOptions("GZIP"))
    tf.WholeFileReader(name="whole")
    names = tf.IdentityReader()
    names.restore_state(names.serialize_state())


def files(tf: Any) -> None:
    tf.matching_files("a*")
    tf.read_file("a")
    tf.write_file("a", "b")


def decoders(tf: Any) -> None:
    x = tf.placeholder(tf.string, [None])
    defaults = [[1.0], [0], ["a"], tf.constant([], tf.int64), tf.constant(1.5)]
    tf.decode_csv(x, defaults, na_value="NA", select_cols=[0, 1, 2, 3, 5])
    tf.decode_raw(x, tf.int32)
    tf.io.decode_raw(x, tf.uint8, little_endian=False)
    tf.decode_compressed(x, "GZIP")
    tf.serialize_tensor(tf.constant([1.0]))
    tf.parse_tensor(tf.constant("a"), tf.float32)
    tf.decode_json_example(x)


def _features(tf: Any) -> Any:
    return {
        "b": tf.FixedLenFeature([2], tf.float32),
        "a": tf.FixedLenFeature([], tf.int64, default_value=3),
        "v": tf.VarLenFeature(tf.string),
        "s": tf.SparseFeature("ix", "val", tf.float32, 10),
        "q": tf.FixedLenSequenceFeature([2], tf.float32, allow_missing=True),
        "p": tf.FixedLenSequenceFeature([], tf.string, allow_missing=True, default_value="?"),
    }


def examples(tf: Any) -> None:
    x = tf.placeholder(tf.string, [None])
    tf.parse_example(x, _features(tf))
    tf.parse_example(x, {"c": tf.VarLenFeature(tf.int64)}, name="named")
    names = tf.placeholder(tf.string, [None])
    tf.parse_example(x, {"c": tf.FixedLenFeature([1], tf.float32)}, "N", names)


def single_examples(tf: Any) -> None:
    features = _features(tf)
    tf.parse_single_example(tf.constant("e"), {key: features[key] for key in ["a", "b", "v"]})
    tf.io.parse_single_example("e", {key: features[key] for key in ["a", "q"]}, name="P")


def sequences(tf: Any) -> None:
    context = {"a": tf.FixedLenFeature([], tf.int64), "v": tf.VarLenFeature(tf.string)}
    lists = {
        "q": tf.FixedLenSequenceFeature([2], tf.float32),
        "m": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
        "w": tf.VarLenFeature(tf.int64),
    }
    tf.parse_single_sequence_example(tf.constant("e"), context, lists)
    tf.parse_single_sequence_example(tf.constant("e"), None, lists, "name", "S")
    tf.io.parse_sequence_example(tf.placeholder(tf.string, [3]), context, lists)


def _sparse(tf: Any) -> Any:
    return tf.SparseTensor([[0, 0], [1, 2]], [1.0, 2.0], [3, 4])


def sparse_dense(tf: Any) -> None:
    s = _sparse(tf)
    tf.sparse_tensor_to_dense(s)
    tf.sparse.to_dense(s, default_value=1.0, name="D")
    tf.sparse_to_dense([[0, 1]], [2, 2], [1])
    i = tf.SparseTensor([[0, 0], [1, 2]], tf.constant([1, 2], tf.int64), [3, 4])
    tf.sparse_to_indicator(i, 5)
    tf.sparse_merge(i, s, 5)
    tf.sparse.from_dense([[1.0, 0.0]])


def sparse_placeholders(tf: Any) -> None:
    tf.sparse_placeholder(tf.float32, [2, 3], name="p")
    tf.sparse_placeholder(tf.float32)
    s = tf.sparse_placeholder(tf.int32, [None, 3])
    tf.shape(s)
    tf.size(s)
    tf.rank(s)
    tf.sparse_reorder(s)


def sparse_layout(tf: Any) -> None:
    s = _sparse(tf)
    tf.sparse_reorder(s)
    tf.sparse_reshape(s, [4, 3])
    tf.sparse_reshape(s, [-1, 3], name="again")
    tf.sparse_transpose(s)
    tf.sparse_transpose(s, [1, 0])
    tf.sparse_retain(s, [True, False])
    tf.sparse_fill_empty_rows(s, 0.0)
    tf.sparse_reset_shape(s)


def sparse_math(tf: Any) -> None:
    s = _sparse(tf)
    tf.sparse_tensor_dense_matmul(s, tf.ones([4, 2]))
    tf.sparse_add(s, s)
    tf.sparse_add(s, tf.ones([3, 4]))
    tf.sparse_concat(0, [s, s])
    tf.sparse_slice(s, [0, 0], [1, 2])
    tf.sparse_split(sp_input=s, num_split=2, axis=1)
    tf.sparse_reduce_sum(s, 1)
    tf.sparse.reduce_max(s)
    tf.sparse_reduce_sum_sparse(s, 0)
    tf.sparse_softmax(s)
    tf.sparse_minimum(s, s)
    s * tf.ones([3, 4])
    s / 2.0
    tf.cast(s, tf.int32)
    tf.sparse.eye(3)


def sparse_rows(tf: Any) -> None:
    a = tf.IndexedSlices(tf.ones([3, 2]), tf.constant([5, 7, 9]), tf.constant([10, 2]))
    tf.sparse_mask(a, [7])
    tf.sparse.segment_sum(tf.ones([3, 2]), [0, 1], [0, 0])


def sparse_serialized(tf: Any) -> None:
    s = _sparse(tf)
    tf.serialize_sparse(s)
    tf.serialize_many_sparse(s)
    tf.deserialize_many_sparse(tf.placeholder(tf.string, [None, 3]), tf.float32, 2)


def sparse_embeddings(tf: Any) -> None:
    s = _sparse(tf)
    i = tf.SparseTensor([[0, 0], [1, 2]], tf.constant([1, 2], tf.int64), [3, 4])
    tf.nn.embedding_lookup_sparse(tf.ones([5, 2]), i, None)
    tf.nn.embedding_lookup_sparse(tf.ones([5, 2]), i, s, combiner="mean")
    i, s = tf.sparse_placeholder(tf.int64), tf.sparse_placeholder(tf.float32)
    tf.nn.embedding_lookup_sparse([tf.ones([5, 2]), tf.ones([5, 2])], i, s, combiner="sqrtn")


def strings(tf: Any) -> None:
    x = tf.placeholder(tf.string, [None])
    tf.string_join([x, "a"], "-")
    tf.string_split(x)
    tf.string_split(x, delimiter=",", skip_empty=False)
    tf.strings.split(x, sep=",").values
    tf.substr(x, 1, 2)
    tf.strings.length(x)
    tf.strings.length(x, unit="UTF8_CHAR")
    tf.regex_replace(x, "a", "b")
    tf.strings.regex_replace(x, x[0], "b", replace_global=False)
    tf.strings.regex_full_match(x, "a.*")
    tf.strings.lower(x)
    tf.strings.upper(x, encoding="utf-8")
    tf.string_strip(x)
    tf.string_to_number(x)
    tf.string_to_number(x, tf.int64, name="whole")
    tf.as_string(tf.constant([1.5, 2.0]), precision=2)
    tf.encode_base64(x)
    tf.decode_base64(x)


def string_hashes(tf: Any) -> None:
    x = tf.placeholder(tf.string, [None])
    tf.string_to_hash_bucket(x, 10)
    tf.string_to_hash_bucket_fast(x, 10)
    tf.string_to_hash_bucket_strong(x, 10, [1, 2])
    tf.reduce_join(tf.placeholder(tf.string, [2, 3]), 0)
    tf.reduce_join(x, keep_dims=True, separator="+")
    tf.strings.unsorted_segment_join(x, [0, 1], 2)


def images(tf: Any) -> None:
    x = tf.placeholder(tf.string, [])
    tf.image.decode_png(x)
    tf.image.decode_png(x, channels=3, dtype=tf.uint16)
    tf.image.decode_jpeg(x, channels=1)
    tf.image.decode_gif(x)
    tf.image.decode_bmp(x, channels=3)
    tf.image.decode_and_crop_jpeg(x, [0, 0, 1, 1])
    tf.image.encode_png(tf.zeros([2, 2, 3], tf.uint8))
    tf.image.encode_jpeg(tf.zeros([2, 2, 3], tf.uint8))
    tf.image.extract_jpeg_shape(x)
    tf.image.is_jpeg(x)
