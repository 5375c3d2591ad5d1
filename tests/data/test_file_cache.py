"""`Dataset.cache(filename)`: one pass writes, later ones read, also those of other programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf


class Pass:
    """An iterator over a dataset in a session of its own."""

    def __init__(self, dataset: Any) -> None:
        self.iterator = dataset.make_initializable_iterator()
        self.following = self.iterator.get_next()
        self.session = tf.Session()
        self.session.run(self.iterator.initializer)

    def next(self) -> Any:
        return self.session.run(self.following)

    def rest(self) -> list[Any]:
        found = []
        while True:
            try:
                found.append(self.next())
            except tf.errors.OutOfRangeError:
                return found


def counted(path: Any, calls: list[int]) -> Any:
    """A cached dataset that notes which of its elements are computed."""

    def note(x: Any) -> Any:
        calls.append(int(x))
        return x * 2

    made = tf.data.Dataset.range(4).map(lambda x: tf.py_func(note, [x], tf.int64))
    return made.cache(str(path))


def test_a_second_pass_reads_what_the_first_wrote(tmp_path: Path) -> None:
    calls: list[int] = []
    assert Pass(counted(tmp_path / "c", calls).repeat(2)).rest() == [0, 2, 4, 6] * 2
    assert Pass(counted(tmp_path / "c", calls)).rest() == [0, 2, 4, 6]
    assert calls == [0, 1, 2, 3]


ELEMENTS = {
    "numbers": lambda: tf.data.Dataset.range(7),
    "many rows": lambda: tf.data.Dataset.range(5000).batch(7),
    "texts": lambda: tf.data.Dataset.from_tensor_slices([["a", ""], ["é", "d\0e"]]),
    "any shapes": lambda: tf.data.Dataset.range(4).map(
        lambda x: (tf.fill([x], x), tf.fill([x, x], "t"))
    ),
    "kinds": lambda: tf.data.Dataset.from_tensors(
        (np.float16(1), np.array([True]), np.complex64(1j), tf.cast([1.5], tf.bfloat16))
    ),
    "sparse": lambda: tf.data.Dataset.from_tensor_slices(
        tf.SparseTensor([[0, 1], [2, 0]], ["a", "b"], [3, 4])
    ),
    "nothing": lambda: tf.data.Dataset.range(0),
    "rows one by one": lambda: tf.data.Dataset.range(2000).shuffle(10, seed=1),
}  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTS)
def test_all_kinds_of_elements_come_back(name: str, tmp_path: Path) -> None:
    dataset = ELEMENTS[name]()
    cached = dataset.cache(str(tmp_path / "c"))
    expected = Pass(dataset).rest()
    for found in (Pass(cached).rest(), Pass(cached).rest()):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_equal(one, other)
    block = Pass(cached.batch(3)).rest() if name == "numbers" else []
    assert [each.tolist() for each in block] == ([[0, 1, 2], [3, 4, 5], [6]] if block else [])


def test_another_process_reads_the_cache(tmp_path: Path) -> None:
    dataset = tf.data.Dataset.range(3).map(lambda x: (x, tf.as_string(x)))
    Pass(dataset.cache(str(tmp_path / "c"))).rest()
    program = f"""
import tidefall as tf
ahead = tf.data.Dataset.from_tensors((tf.constant(9, tf.int64), "other")).repeat(5)
following = ahead.cache({str(tmp_path / "c")!r}).make_one_shot_iterator().get_next()
with tf.Session() as session:
    for _ in range(3):
        print(*session.run(following))
"""
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.split("\n") == ["0 b'0'", "1 b'1'", "2 b'2'", ""]


def test_one_pass_at_a_time_writes(tmp_path: Path) -> None:
    cached = tf.data.Dataset.range(3).cache(str(tmp_path / "c"))
    first, second = Pass(cached), Pass(cached)
    first.next()
    with pytest.raises(tf.errors.AlreadyExistsError, match=r"c_0\.lockfile.*Created at"):
        second.next()
    assert first.rest() == [1, 2]
    assert second.rest() == [0, 1, 2]


def test_a_pass_that_is_left_leaves_nothing(tmp_path: Path) -> None:
    cached = tf.data.Dataset.range(3).cache(str(tmp_path / "c"))
    left = Pass(cached)
    left.next()
    assert sorted(os.listdir(tmp_path)) == ["c.data-00000-of-00001", "c_0.lockfile"]
    left.session.close()
    assert os.listdir(tmp_path) == []
    assert Pass(cached).rest() == [0, 1, 2]


@pytest.mark.parametrize("place", ["index", "data", "data cut"])
def test_a_damaged_cache_says_so_and_what_to_do(place: str, tmp_path: Path) -> None:
    cached = tf.data.Dataset.range(3).map(lambda x: tf.fill([x], x)).cache(str(tmp_path / "c"))
    Pass(cached).rest()
    path = tmp_path / ("c.index" if place == "index" else "c.data-00000-of-00001")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content[:-2] if place == "data cut" else content)
    with pytest.raises(tf.errors.DataLossError, match=r"damaged.*[Dd]elete .*c\.index"):
        Pass(cached).rest()


def test_a_cache_of_other_elements_is_refused(tmp_path: Path) -> None:
    name = str(tmp_path / "c")
    Pass(tf.data.Dataset.range(3).cache(name)).rest()
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"int64.*float32"):
        Pass(tf.data.Dataset.from_tensor_slices([1.0]).cache(name))


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.index").write_bytes(b"something else")
    with pytest.raises(tf.errors.DataLossError, match="not one of a cache"):
        Pass(tf.data.Dataset.range(3).cache(str(tmp_path / "c")))


def test_a_folder_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    missing = Pass(tf.data.Dataset.range(3).cache(str(tmp_path / "no" / "c")))
    with pytest.raises(tf.errors.NotFoundError, match="no/c"):
        missing.next()


def test_an_element_that_fails_is_not_in_the_cache(tmp_path: Path) -> None:
    rows = tf.data.Dataset.from_tensor_slices([1.0, 0.0, 4.0])
    made = rows.map(lambda x: tf.check_numerics(1.0 / x, "infinite")).cache(str(tmp_path / "c"))
    assert Pass(made.apply(tf.data.experimental.ignore_errors())).rest() == [1.0, 0.25]
    assert Pass(made).rest() == [1.0, 0.25]


@pytest.mark.parametrize("complete", [False, True])
def test_a_state_of_the_writing_pass_goes_on(complete: bool, tmp_path: Path) -> None:
    cached = tf.data.Dataset.range(40).cache(str(tmp_path / "c")).batch(3).repeat(2)
    first = Pass(cached)
    saved = tf.raw_ops.SerializeIterator(resource_handle=first.iterator._iterator_resource)
    first.next()
    state = first.session.run(saved)
    expected = [each.tolist() for each in first.rest()] if complete else []
    first.session.close()
    second = Pass(cached)
    value = tf.placeholder(tf.variant, [])
    restored = tf.raw_ops.DeserializeIterator(
        resource_handle=second.iterator._iterator_resource, serialized=value
    )
    second.session.run(restored, {value: state})
    found = [each.tolist() for each in second.rest()]
    assert found[0] == [3, 4, 5]
    assert len(found) == 27
    assert not complete or found == expected
