"""Examples parsed as under TensorFlow 1.15.5."""

from __future__ import annotations

import builtins
import contextlib
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.ops.case import Case, Tier, case
from tests.ops.inputs import given
from tests.oracle import golden_files
from tests.oracle.programs import parsed
from tidefall.ops.example_batch import groups
from tidefall.ops.example_wire import WireError, read_example

GOLDEN: dict[str, Any] = golden_files.read_json(golden_files.path_of("parsed.json"))


def features(wanted: Any) -> Any:
    return lambda text: [value for _, value in sorted(tf.parse_example(text, wanted).items())]


def feature(wanted: Any) -> Any:
    return lambda text: [
        value for _, value in sorted(tf.parse_single_example(text, wanted).items())
    ]


RECORDS = np.array([parsed.example(tf, x=[1.0, 2.0], n=[3]), parsed.example(tf, n=[4])], object)
WANTED = {
    "x": tf.FixedLenFeature([2], tf.float32, [0.0, 0.5]),
    "n": tf.FixedLenFeature([], tf.int64),
}

CASES: list[Case] = [
    case(features(WANTED), given(RECORDS), needs="rank", label="parse_example",
         expect=[np.array([3, 4]), np.array([[1, 2], [0, 0.5]], np.float32)]),
    case(feature(WANTED), given(np.array(RECORDS[0], object)), needs="rank",
         label="parse_single_example", expect=[np.array(3), np.array([1, 2], np.float32)]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_op(case: Case, tier: Tier) -> None:
    case.check(tier)


@pytest.mark.parametrize("name", [n for n in GOLDEN if "," in n])
def test_examples(name: str) -> None:
    assert parsed.run_case(tf, name) == GOLDEN[name]


def test_sequence_examples() -> None:
    ours, theirs = parsed.run_sequences(tf), GOLDEN["sequences"]
    assert len(ours) == len(theirs)
    for mine, wanted in zip(ours, theirs, strict=True):
        assert mine == wanted


@pytest.mark.parametrize("name", list(parsed.builders(tf)))
def test_wrong_uses(name: str) -> None:
    wanted = GOLDEN[f"wrong: {name}"]
    build = parsed.builders(tf)[name]
    if wanted is None:
        build()
        return
    with pytest.raises(getattr(builtins, wanted)):
        build()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"not an example", "example 1 is not a serialized Example"),
        (parsed.example(tf, n=[1.0], x=[1.0, 2.0]), "'n' of example 1 has float values, but int64"),
        (parsed.example(tf, n=[1, 2]), "'n' of example 1 has 2 values"),
        (parsed.example(tf), "'n' (dtype int64) is required, but example 1 does not have it"),
    ],
    ids=["garbage", "another kind", "too many", "missing"],
)
def test_bad_examples_are_named(record: bytes, message: str) -> None:
    text = tf.placeholder(tf.string, [None])
    out = tf.parse_example(text, WANTED)
    with pytest.raises(tf.errors.InvalidArgumentError) as info:
        tf.Session().run(out, {text: [RECORDS[0], record]})
    assert message in str(info.value)
    assert "test_parsing.py" in str(info.value)


def test_examples_may_have_names() -> None:
    text = tf.placeholder(tf.string, [None])
    out = tf.parse_example(text, WANTED, example_names=["first", "second"])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"example 1 \('second'\)"):
        tf.Session().run(out, {text: [RECORDS[0], b""]})
    alone = tf.parse_single_example(tf.constant(RECORDS[0]), WANTED, example_names="name")
    assert tf.Session().run(alone["n"]) == 3


def test_no_prefix_of_an_example_hangs_or_crashes() -> None:
    whole = parsed.example(tf, x=[1.0, 2.0], n=[1, 300], s=[b"abc"])
    for size in range(len(whole)):
        with contextlib.suppress(WireError):
            read_example(whole[:size])
    for place in range(len(whole)):
        for value in (0, 0x7F, 0x80, 0xFF):
            spoilt = whole[:place] + bytes([value]) + whole[place + 1 :]
            with contextlib.suppress(WireError):
                groups([whole, spoilt])


def test_many_layouts_at_once_are_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    records = []
    for _ in range(300):
        ints = [int(v) for v in rng.integers(-3, 1 << rng.integers(2, 40), rng.integers(0, 4))]
        words = [bytes(rng.integers(0, 256, rng.integers(0, 3)).astype(np.uint8)) for _ in ints]
        records.append(parsed.example(tf, n=ints or None, s=words or None, x=[float(len(ints))]))
    wanted = {"n": tf.VarLenFeature(tf.int64), "s": tf.VarLenFeature(tf.string)}
    text, one = tf.placeholder(tf.string, [None]), tf.placeholder(tf.string, [])
    batch, alone = tf.parse_example(text, wanted), tf.parse_single_example(one, wanted)
    with tf.Session() as session:
        together = session.run(batch, {text: records})
        parts = [session.run(alone, {one: record}) for record in records]
    for key in wanted:
        values = [value for part in parts for value in part[key].values.tolist()]
        assert together[key].values.tolist() == values
        sizes = [len(part[key].values) for part in parts]
        assert together[key].indices[:, 0].tolist() == np.repeat(range(300), sizes).tolist()
        assert together[key].dense_shape.tolist() == [300, max(sizes)]
