"""Tables whose modules are imported when something is looked up."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidefall.core import tables
from tidefall.core.tables import Table

GOOD = "table.add('first', 1)\ntable.add('second', 2)\nplain = 3\n"
SLOW = "import time\ntable.add('first', 1)\ntime.sleep(0.05)\ntable.add('second', 2)\n"
HOMES = {"first": "home", "second": "home", "found": "home:plain"}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table[int]]:
    """A table whose home is the module ``home.py``, which a test writes."""
    made: Table[int] = Table(HOMES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(tables, "table", made, raising=False)
    yield made
    sys.modules.pop("home", None)


def write(folder: Path, text: str) -> None:
    (folder / "home.py").write_text(f"from tidefall.core.tables import table\n{text}")


def test_only_looking_up_imports(table: Table[int], tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert sorted(table) == ["first", "found", "second"]
    assert "first" in table
    assert len(table) == 3
    assert "home" not in sys.modules
    assert (table["first"], table["second"], table["found"]) == (1, 2, 3)
    assert len(table) == 3


def test_what_is_declared_elsewhere_is_found_too(table: Table[int], tmp_path: Path) -> None:
    table.add("third", 3)
    assert table["third"] == 3
    assert "third" in table
    assert table.get("fourth") is None
    assert "home" not in sys.modules


def test_a_name_has_one_value(table: Table[int]) -> None:
    table.add("third", 3)
    table.add("third", 3)
    with pytest.raises(AssertionError, match="claim the name third: 3 and 4"):
        table.add("third", 4)


@pytest.mark.parametrize("text", ["None.nothing\n", "{}['nothing']\n"], ids=["attribute", "key"])
def test_a_broken_module_is_not_a_missing_name(
    table: Table[int], tmp_path: Path, text: str
) -> None:
    write(tmp_path, text)
    for _ in range(2):
        with pytest.raises(ImportError, match=r"importing home for 'first' failed: .*nothing"):
            table.get("first")


def test_another_thread_sees_a_module_only_when_it_is_whole(
    table: Table[int], tmp_path: Path
) -> None:
    write(tmp_path, SLOW)
    seen: list[bool] = []

    def look() -> None:
        _ = table["first"]
        seen.append("second" in table._values)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert seen == [True] * 4
