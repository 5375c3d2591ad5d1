"""Tables of ROOT and Parquet files, Arrow and pandas, as datasets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tidefall as tf
from tests.data.reading import elements
from tidefall.data.expressions import Expression
from tidefall.data.tables import Jagged, padded

EVENTS = 1000
ROOT = Path(__file__).resolve().parents[2]


def columns(first: int = 0, events: int = EVENTS) -> dict[str, Any]:
    random = np.random.default_rng(first + 1)
    return {
        "event": np.arange(first, first + events, dtype=np.int64),
        "met": random.exponential(30, events),
        "px": random.normal(0, 20, events).astype(np.float32),
        "py": random.normal(0, 20, events).astype(np.float32),
    }


def jets(events: int = EVENTS) -> tuple[Any, Any]:
    random = np.random.default_rng(5)
    counts = random.poisson(2, events)
    return random.exponential(40, int(counts.sum())).astype(np.float32), counts


@pytest.fixture(params=["TTree", "RNTuple", "Parquet", "Arrow"])
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Makes datasets of one table, whatever it is kept in."""
    pyarrow = pytest.importorskip("pyarrow")
    content, counts = jets()
    offsets = np.concatenate([[0], np.cumsum(counts)])
    if request.param in ("TTree", "RNTuple"):
        uproot, awkward = pytest.importorskip("uproot"), pytest.importorskip("awkward")
        rows = {**columns(), "jet_pt": awkward.unflatten(content, counts)}
        path = str(tmp_path / "events.root")
        with uproot.recreate(path) as file:
            if request.param == "TTree":
                kinds = {"event": "int64", "met": "float64", "px": "float32", "py": "float32"}
                file.mktree("events", {**kinds, "jet_pt": "var * float32"})
            else:
                file.mkrntuple("events", rows)
                rows = {name: values[:0] for name, values in rows.items()}
            if len(rows["met"]):
                file["events"].extend(rows)
        return lambda *args, **kwargs: tf.hep.RootDataset(path, "events", *args, **kwargs)
    lists = pyarrow.ListArray.from_arrays(offsets.astype(np.int32), content)
    arrow = pyarrow.table({**columns(), "jet_pt": lists})
    if request.param == "Arrow":
        return lambda *args, **kwargs: tf.hep.ArrowDataset(arrow, *args, **kwargs)
    path = str(tmp_path / "events.parquet")
    pytest.importorskip("pyarrow.parquet").write_table(arrow, path)
    return lambda *args, **kwargs: tf.hep.ParquetDataset(path, *args, **kwargs)


def read(dataset: Any, size: int = 64) -> dict[str, Any]:
    """All rows of a dataset, as columns."""
    following = dataset.batch(size).make_one_shot_iterator().get_next()
    found: list[dict[str, Any]] = []
    with tf.Session() as session:
        while True:
            try:
                found.append(session.run(following))
            except tf.errors.OutOfRangeError:
                break
    return {name: np.concatenate([batch[name] for batch in found]) for name in found[0]}


def test_rows_come_in_order_with_their_dtypes(table: Any) -> None:
    found = read(table(["event", "met", "px"]))
    for name in ("event", "met", "px"):
        assert found[name].dtype == columns()[name].dtype
        np.testing.assert_array_equal(found[name], columns()[name])


def test_formulas_cuts_and_weights(table: Any) -> None:
    dataset = table(
        {"pt": "hypot(px, py)"}, cut="met > 20 and abs(px) < 30", weight="1 / (1 + met)"
    )
    wanted = columns()
    chosen = (wanted["met"] > 20) & (np.abs(wanted["px"]) < 30)
    found = read(dataset)
    np.testing.assert_array_equal(found["pt"], np.hypot(wanted["px"], wanted["py"])[chosen])
    np.testing.assert_allclose(found["weight"], 1 / (1 + wanted["met"][chosen]))


def test_lists_are_padded_and_masked(table: Any) -> None:
    found = read(table(["jet_pt"], padded={"jet_pt": 3}))
    content, counts = jets()
    assert found["jet_pt"].shape == (EVENTS, 3)
    assert found["jet_pt_mask"].sum() == np.minimum(counts, 3).sum()
    start = np.cumsum(counts) - counts
    event = int(np.argmax(counts > 3))
    np.testing.assert_array_equal(found["jet_pt"][event], content[start[event] :][:3])
    assert not found["jet_pt"][~found["jet_pt_mask"]].any()


def test_lists_need_a_length(table: Any) -> None:
    with pytest.raises(ValueError, match=r"padded=\{'jet_pt'"):
        table(["jet_pt"])
    with pytest.raises(ValueError, match="formulas are for numbers"):
        table({"x": "jet_pt * 2"}, padded={"x": 2})


def test_an_unknown_column_is_named_with_those_there_are(table: Any) -> None:
    with pytest.raises(ValueError, match=r"no column 'mt2'.*event"):
        table(["mt2"])


def test_training_and_testing_events_are_apart_and_complete(table: Any) -> None:
    train, test = table(["event", "met"]).split("event", folds=5, fold=2)
    one, other = read(train)["event"], read(test)["event"]
    assert sorted([*one, *other]) == list(range(EVENTS))
    assert set(other % 5) == {2}
    with pytest.raises(ValueError, match="column of integers"):
        table(["event", "met"]).split("met")


def test_standardisation_in_one_pass_is_that_of_the_whole(table: Any) -> None:
    dataset = table(None, weight="met", padded={"jet_pt": 2}, chunk_rows=77) if "Arrow" not in str(
        type(table(["met"]))
    ) else table(None, weight="met", padded={"jet_pt": 2})  # fmt: skip
    found = dataset.standardisation()
    wanted = columns()
    assert set(found.mean) == {"met", "px", "py", "jet_pt"}
    assert found.mean["met"] == pytest.approx(wanted["met"].mean(), rel=1e-12)
    assert found.deviation["px"] == pytest.approx(wanted["px"].astype(float).std(), rel=1e-12)
    weighted = dataset.standardisation(["px"], weight="weight")
    average = np.average(wanted["px"].astype(float), weights=wanted["met"])
    assert weighted.mean["px"] == pytest.approx(average, rel=1e-9)
    scaled = read(dataset.map(found))
    assert abs(scaled["met"].mean()) < 1e-9
    assert scaled["px"].std() == pytest.approx(1, abs=1e-4)


def test_several_files_are_read_by_a_pattern_in_small_chunks(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    for index in range(3):
        rows = pyarrow.table(columns(100 * index, 100))
        parquet.write_table(rows, tmp_path / f"part{index}.parquet")
    dataset = tf.hep.ParquetDataset(str(tmp_path / "part*.parquet"), ["event"], chunk_rows=30)
    assert read(dataset)["event"].tolist() == list(range(300))
    shuffled = read(dataset.shuffle(50, seed=1))["event"].tolist()
    assert shuffled != list(range(300))
    assert sorted(shuffled) == list(range(300))


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(tf.errors.NotFoundError, match="nothing-here"):
        tf.hep.ParquetDataset(str(tmp_path / "nothing-here*"))
    (tmp_path / "x.parquet").write_bytes(b"not a table")
    with pytest.raises(tf.errors.DataLossError, match=r"x\.parquet"):
        tf.hep.ParquetDataset(str(tmp_path / "x.parquet"))


def test_a_root_file_that_ends_early_says_where(tmp_path: Path) -> None:
    uproot = pytest.importorskip("uproot")
    path = tmp_path / "events.root"
    with uproot.recreate(path) as file:
        file.mktree("events", {"met": "float64"})
        for _ in range(4):
            file["events"].extend({"met": np.random.default_rng(1).normal(size=4000)})
    with pytest.raises(tf.errors.NotFoundError, match="no tree 'other'"):
        tf.hep.RootDataset(str(path), "other")
    data = bytearray(path.read_bytes())
    data[20000:60000] = b"\xff" * 40000
    path.write_bytes(bytes(data))
    with pytest.raises(tf.errors.DataLossError, match=r"events\.root"):
        read(tf.hep.RootDataset(str(path), "events"))


def test_a_data_frame_becomes_rows_with_named_columns() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({**columns(), "name": [f"e{i}" for i in range(EVENTS)]})
    found = read(tf.hep.DataFrameDataset(frame, ["met", "name"], cut="event < 5"))
    assert found["name"].tolist() == [b"e0", b"e1", b"e2", b"e3", b"e4"]
    np.testing.assert_array_equal(found["met"], frame["met"][:5])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + 2 * b", [21.0, 42.0]),
        ("-a ** 2", [-1.0, -4.0]),
        ("1 < a <= 2", [False, True]),
        ("not (a > 1) or b == 20", [True, True]),
        ("(a > 1) & (b > 5)", [False, True]),
        ("where(a > 1, b, 0)", [0.0, 20.0]),
    ],
)
def test_formulas(text: str, expected: list[Any]) -> None:
    rows = {"a": np.array([1.0, 2.0]), "b": np.array([10.0, 20.0])}
    assert Expression(text)(rows).tolist() == expected


@pytest.mark.parametrize(
    "text", ["a +", "__import__('os')", "a.b", "a[0]", "open('x')", "[a]", "'text'", "lambda: 1"]
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"formula|calls|known functions"):
        Expression(text)


def test_padding_of_chosen_rows() -> None:
    lists = Jagged(np.array([1, 2, 3, 4, 5, 6]), np.array([2, 0, 3, 1]))
    values, mask = padded(lists, 2, np.array([True, True, False, True]))
    assert values.tolist() == [[1, 2], [0, 0], [6, 0]]
    assert mask.tolist() == [[True, True], [False, False], [True, False]]


LIMITED = """
import resource, sys
from pathlib import Path
import tidefall as tf

def limited():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmData")).split()[1]) << 10

def rows(path):
    dataset = tf.hep.ParquetDataset(path, chunk_rows=1 << 15).batch(1000)
    following = dataset.make_one_shot_iterator().get_next()["x0"]
    count = 0
    with tf.Session() as session:
        while True:
            try:
                count += len(session.run(following))
            except tf.errors.OutOfRangeError:
                return count

rows(sys.argv[1])
limit = limited() + (int(sys.argv[3]) << 20)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
print(rows(sys.argv[2]))
"""


@pytest.mark.slow
def test_a_file_four_times_as_large_as_the_memory_streams(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    if not sys.platform.startswith("linux"):
        pytest.skip("the limit is Linux's")
    allowed, count = 64, 1 << 21  # MB, rows of 128 bytes
    schema = pyarrow.schema([(f"x{index}", pyarrow.float32()) for index in range(32)])
    random = np.random.default_rng(1)
    for name, groups in (("small", 1), ("large", 32)):
        with parquet.ParquetWriter(tmp_path / f"{name}.parquet", schema) as writer:
            for _ in range(groups):
                values = random.random((32, count // 32), np.float32)
                writer.write_table(pyarrow.table(list(values), schema=schema))
    assert (tmp_path / "large.parquet").stat().st_size >= 4 * allowed << 20
    files = [str(tmp_path / "small.parquet"), str(tmp_path / "large.parquet")]
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *files, str(allowed)],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.stdout.split() == [str(count)], done.stderr


def test_batches_are_the_programs_own() -> None:
    """Changing one changes neither the table, nor another column, nor what comes later."""
    met = np.arange(6.0)
    frame = tf.hep.DataFrameDataset({"met": met}, columns={"a": "met", "b": "met"})
    following = frame.batch(3).make_one_shot_iterator().get_next()
    with tf.Session() as session:
        first = session.run(following)
        first["a"][:] = -1
        assert first["b"].tolist() == [0, 1, 2]
        assert session.run(following)["a"].tolist() == [3, 4, 5]
    assert met.tolist() == [0, 1, 2, 3, 4, 5]


def test_parquet_batches_may_be_written_and_outlive_the_file(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "events.parquet"
    flags = np.arange(1000) % 3 == 0
    numbers = {"x": np.arange(1000.0), "n": np.arange(1000, dtype=np.int16), "flag": flags}
    parquet.write_table(pyarrow.table(numbers), path, row_group_size=300)
    dataset = tf.hep.ParquetDataset(str(path), chunk_rows=170).batch(64)
    found = [{**batch, "x": batch["x"] + 0} for batch in elements(dataset)]
    path.unlink()
    for batch in found:
        batch["n"] += 1
    for name, values in numbers.items():
        given = np.concatenate([batch[name] for batch in found])
        np.testing.assert_array_equal(given, values + 1 if name == "n" else values)
