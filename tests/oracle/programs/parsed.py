"""What `tf.parse_example` and its kin give for good and bad examples, as plain data."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Dict, List

from .files import outcome


def _feature(tf: Any, values: Any) -> Any:
    if values is None:
        return tf.train.Feature()
    if values and isinstance(values[0], bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if values and isinstance(values[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def _features(tf: Any, values: Dict[str, Any]) -> Any:
    return tf.train.Features(feature={k: _feature(tf, v) for k, v in values.items()})


def example(tf: Any, **values: Any) -> Any:
    """A serialized example; floats, ints and bytes by their type."""
    return tf.train.Example(features=_features(tf, values)).SerializeToString(deterministic=True)


def sequence(tf: Any, context: Dict[str, Any], lists: Dict[str, Any]) -> Any:
    """A serialized sequence example."""
    lists = {k: tf.train.FeatureList(feature=[_feature(tf, v) for v in steps])
             for k, steps in lists.items()}  # fmt: skip
    return tf.train.SequenceExample(
        context=_features(tf, context), feature_lists=tf.train.FeatureLists(feature_list=lists)
    ).SerializeToString(deterministic=True)


#: Unpacked values, as protobuf's version 2 wrote them: floats 1 and 2, and integers 1 and 300.
UNPACKED = (
    b"\n\x27\n\x13\n\x01x\x12\x0e\x12\x0c\x0d\x00\x00\x80?\x0d\x00\x00\x00@\x0d\x00\x00\x00\x00"
    b"\n\x10\n\x01n\x12\x0b\x1a\x09\x08\x01\x08\xac\x02\x08\x01\x08\x01"
)


def _records(tf: Any) -> Dict[str, List[bytes]]:
    full = [
        example(tf, x=[1.0, 2.0], n=[1, -1], s=[b"a", b"bc"]),
        example(tf, x=[3.0, -4.5], n=[300, 1 << 62], s=[b"", b"d" * 300]),
        example(tf, x=[0.0, 1e30], n=[-(1 << 63), 0], s=[b"\x00", b"e"]),
    ]
    some = [example(tf), example(tf, x=[5.0], n=[7], s=[b"q"]), full[0]]
    return {
        "full": full, "some": some, "none": [], "empty": [b"", b""], "unset": [example(tf, x=None)],
        "other kind": [full[0], example(tf, x=[1], n=[1.0, 2.0], s=[3, 4])],
        "garbage": [full[0], b"not an example"],
        "unpacked": [UNPACKED, UNPACKED],
        "longer": [example(tf, x=[1.0, 2.0, 3.0], n=[1, 2, 3], s=[b"a"]), full[1]],
        "indexed": [
            example(tf, ix=[3, 0], iy=[1, 1], v=[1.0, 2.0]), example(tf, ix=[1], iy=[0], v=[5.0]),
        ],
    }  # fmt: skip


def _wanted(tf: Any) -> Dict[str, Any]:
    f32, i64, text = tf.float32, tf.int64, tf.string
    fixed, listed = tf.FixedLenFeature, tf.FixedLenSequenceFeature
    return {
        "fixed": {"x": fixed([2], f32), "n": fixed([2], i64), "s": fixed([2], text)},
        "shaped": {"x": fixed([1, 2], f32), "n": fixed([2, 1], i64)},
        "defaults": {
            "x": fixed([2], f32, [8.0, 9.0]), "n": fixed([2], i64, [1, 2]),
            "s": fixed([2], text, ["u", "v"]),
        },
        "single": {"x": fixed([], f32, 0.5), "n": fixed([], i64, -3)},
        "nothing": {"x": fixed([0], f32)},
        "var": {key: tf.VarLenFeature(kind) for key, kind in zip("xns", [f32, i64, text])},
        "padded": {
            "x": listed([], f32, True), "n": listed([], i64, True, -1),
            "s": listed([], text, True, "?"),
        },
        "padded pairs": {"x": listed([2], f32, True), "s": listed([1, 2], text, True)},
        "sparse": {"w": tf.SparseFeature("ix", "v", f32, 5)},
        "sparse matrix": {"w": tf.SparseFeature(["ix", "iy"], "v", f32, [5, 3])},
        "both": {"x": tf.VarLenFeature(f32), "n": fixed([2], i64)},
    }  # fmt: skip


def cases(tf: Any) -> List[str]:
    """The names of the cases."""
    return ["%s, %s" % (r, w) for r in sorted(_records(tf)) for w in sorted(_wanted(tf))]


def _flat(tf: Any, parsed: Any) -> Any:
    """The parsed features in the order of their names, sparse ones in parts."""
    return [
        [v.indices, v.values, v.dense_shape] if isinstance(v, tf.SparseTensor) else v
        for _, v in sorted(parsed.items())
    ]


def run_case(tf: Any, name: str) -> List[Any]:
    """A batch of examples, and each for itself."""
    records, wanted = name.split(", ")
    values, features = _records(tf)[records], _wanted(tf)[wanted]
    text = tf.placeholder(tf.string, [None])
    one = tf.placeholder(tf.string, [])
    batch = _flat(tf, tf.parse_example(text, features))
    alone = _flat(tf, tf.parse_single_example(one, features))
    with tf.Session() as session:
        runs: List[Any] = [(batch, {text: values})] + [(alone, {one: value}) for value in values]
        return [outcome(tf, "/", partial(session.run, fetches, feeds)) for fetches, feeds in runs]


def _sequences(tf: Any) -> List[bytes]:
    return [
        sequence(tf, {"a": [1], "v": [b"p", b"q"]},
                 {"q": [[1.0, 2.0], [3.0, 4.0]], "w": [[5], [6, 7]]}),
        sequence(tf, {"a": [-2]}, {"q": [[1.0, 2.0]], "w": [], "m": [[8], [9], [10]]}),
        sequence(tf, {"a": [3]}, {"q": []}),
        sequence(tf, {"a": [3]}, {}),
        sequence(tf, {}, {"q": [[1.0, 2.0]]}),
        sequence(tf, {"a": [4]}, {"q": [[1.0]]}),
        sequence(tf, {"a": [4]}, {"q": [[1, 2]]}),
        sequence(tf, {"a": [4], "v": [1]}, {"q": [[1.0, 2.0]]}),
        sequence(tf, {"a": [4]}, {"q": [[1.0, 2.0], None]}),
        sequence(tf, {"a": [4]}, {"q": [[1.0, 2.0]], "w": [[1.0]]}),
        b"garbage",
    ]  # fmt: skip


def run_sequences(tf: Any) -> List[Any]:
    """Sequence examples: one by one, two together, all together."""
    context = {"a": tf.FixedLenFeature([], tf.int64), "v": tf.VarLenFeature(tf.string)}
    lists = {
        "q": tf.FixedLenSequenceFeature([2], tf.float32),
        "m": tf.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
        "w": tf.VarLenFeature(tf.int64),
    }
    one = tf.placeholder(tf.string, [])
    alone = [_flat(tf, f) for f in tf.parse_single_sequence_example(one, context, lists)]
    many = tf.placeholder(tf.string, [None])
    batch = [_flat(tf, f) for f in tf.io.parse_sequence_example(many, context, lists)[:2]]
    lengths = _flat(tf, tf.io.parse_sequence_example(many, context, lists)[2])
    values = _sequences(tf)
    with tf.Session() as session:
        runs: List[Any] = [(alone, {one: value}) for value in values]
        for some in [values[:1], values[:2], values[:4], values[4:5], values[-1:]]:
            runs.append(([batch, lengths], {many: some}))
        return [outcome(tf, "/", partial(session.run, fetches, feeds)) for fetches, feeds in runs]


def builders(tf: Any) -> Dict[str, Callable[[], Any]]:
    """Wrong uses while the graph is built."""
    text = tf.placeholder(tf.string, [None])
    fixed = tf.FixedLenFeature
    return {
        "no features": lambda: tf.parse_example(text, {}),
        "no dtype": lambda: tf.parse_example(text, {"a": fixed([2], None)}),
        "no shape": lambda: tf.parse_example(text, {"a": fixed(None, tf.float32)}),
        "unknown size": lambda: tf.parse_example(text, {"a": fixed([None, 2], tf.float32)}),
        "unknown inner size": lambda: tf.parse_example(text, {"a": fixed([2, None], tf.float32)}),
        "wrong dtype": lambda: tf.parse_example(text, {"a": fixed([2], tf.int32)}),
        "not a feature": lambda: tf.parse_example(text, {"a": 3}),
        "missing not allowed": lambda: tf.parse_example(
            text, {"a": tf.FixedLenSequenceFeature([2], tf.float32)}
        ),
        "wrong default": lambda: tf.parse_example(text, {"a": fixed([2], tf.float32, [1.0])}),
        "a scalar": lambda: tf.parse_example(
            tf.placeholder(tf.string, []), {"a": fixed([2], tf.float32)}
        ),
        "a vector": lambda: tf.parse_single_example(text, {"a": fixed([2], tf.float32)}),
        "conflict": lambda: tf.parse_example(
            text,
            {"a": tf.VarLenFeature(tf.float32), "b": tf.SparseFeature("a", "c", tf.float32, 3)},
        ),
        "no index": lambda: tf.parse_example(
            text, {"b": tf.SparseFeature(None, "c", tf.float32, 3)}
        ),
    }  # fmt: skip
