"""Tables as datasets: rows with named columns, read in chunks.

A `Source` gives the columns of a table chunk by chunk; a `TableDataset` gives its rows as elements,
dictionaries by column. Rows are chosen by formulas; columns of lists are padded to one length.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from tidefall.core.dtypes import as_dtype
from tidefall.core.exports import export
from tidefall.data.dataset import Dataset, flat_attrs
from tidefall.data.element_spec import TensorSpec
from tidefall.data.expressions import Expression
from tidefall.data.standardisation import Standardisation, of_chunks
from tidefall.ir.graph import get_default_graph
from tidefall.ops.dataset_sources import table_dataset

#: The columns of some rows, by name.
Chunk = dict[str, Any]


class Jagged(NamedTuple):
    """A column of lists: all their numbers, and how many each row has."""

    content: Any
    counts: Any


class Source(Protocol):
    """A table that can be read again and again."""

    def columns(self) -> dict[str, Any]:
        """Its columns: the dtype of each, in a list if its rows are lists."""

    def chunks(self, names: Sequence[str]) -> Iterator[Chunk]:
        """The rows in order, in chunks of moderate size: arrays, or `Jagged` ones."""


class View:
    """Some rows of a table, with some columns.

    Args:
      source: The table.
      columns: The columns of the view: formulas by name.
      cut: Only rows for which this formula is true, if it is given.
      padded: For columns of lists, their length: longer lists are cut, shorter ones filled with 0.
      dtype: What numbers are converted to, if it is given.
    """

    def __init__(
        self,
        source: Source,
        columns: Mapping[str, str],
        cut: str | None,
        padded: Mapping[str, int],
        dtype: Any = None,
    ) -> None:
        self.source = source
        self.columns = {name: Expression(text) for name, text in columns.items()}
        self.cut = None if cut is None else Expression(cut)
        self.padded = dict(padded)
        self._dtype = None if dtype is None else as_dtype(dtype).np_dtype
        self._check()

    def with_cut(self, cut: str) -> View:
        """The rows of this view for which another formula is true, too."""
        both = cut if self.cut is None else f"({self.cut.text}) and ({cut})"
        columns = {name: expression.text for name, expression in self.columns.items()}
        return View(self.source, columns, both, self.padded, self._dtype)

    @property
    def needed(self) -> list[str]:
        """The columns of the source that are read."""
        expressions = [*self.columns.values(), *([self.cut] if self.cut else [])]
        return list(dict.fromkeys(name for each in expressions for name in each.names))

    def _check(self) -> None:
        known = self.source.columns()
        for name in self.needed:
            if name not in known:
                raise ValueError(
                    f"there is no column '{name}'; the table has {', '.join(sorted(known))}."
                )
        for name, expression in self.columns.items():
            for column in expression.names:
                if isinstance(known[column], list) and not expression.is_name:
                    raise ValueError(
                        f"'{expression.text}' uses column '{column}', whose rows are lists; "
                        "formulas are for numbers."
                    )
            lists = isinstance(known.get(expression.names[0] if expression.names else ""), list)
            if lists and name not in self.padded:
                raise ValueError(
                    f"the rows of column '{name}' are lists of various lengths; say to which "
                    f"length to fill them up, as in padded={{'{name}': 4}}."
                )

    def chunks(self) -> Iterator[Chunk]:
        """The rows of the view, with a mask ``<name>_mask`` for each padded column."""
        for chunk in self.source.chunks(self.needed):
            chosen = None
            if self.cut is not None:
                chosen = np.asarray(self.cut(chunk), bool)
                if not chosen.any():
                    continue
                if chosen.all():
                    chosen = None
            yield self._row_arrays(chunk, chosen)

    def _row_arrays(self, chunk: Chunk, chosen: Any) -> Chunk:
        result: Chunk = {}
        rows = len(next(iter(chunk.values()), _NOTHING))
        for name, expression in self.columns.items():
            value = expression(chunk)
            if isinstance(value, Jagged):
                result[name], result[f"{name}_mask"] = padded(value, self.padded[name], chosen)
            else:
                if np.ndim(value) == 0:
                    value = np.full(rows, value)
                result[name] = value if chosen is None else value[chosen]
            result[name] = self._converted(result[name])
        return result

    def _converted(self, array: Any) -> Any:
        if self._dtype is None or array.dtype.kind not in "fiu" or array.dtype == self._dtype:
            return array
        return array.astype(self._dtype)

    def spec(self) -> dict[str, TensorSpec]:
        """What a row is made of."""
        known = self.source.columns()
        empty: Chunk = {}
        for name in self.needed:
            kind = known[name]
            lists = isinstance(kind, list)
            array = np.empty(0, kind[0] if lists else kind)
            empty[name] = Jagged(array, np.empty(0, np.int64)) if lists else array
        with np.errstate(all="ignore"):
            row = self._row_arrays(empty, None)
        return {
            name: TensorSpec(array.shape[1:], as_dtype(array.dtype)) for name, array in row.items()
        }


_NOTHING = np.empty(0)


def padded(column: Jagged, length: int, chosen: Any = None) -> tuple[Any, Any]:
    """Lists as rows of one length, and where they have numbers.

    Args:
      column: The lists.
      length: The length.
      chosen: Which rows are wanted; all if None.
    """
    content, counts = np.asarray(column.content), np.asarray(column.counts)
    starts = np.cumsum(counts) - counts
    if chosen is not None:
        starts, counts = starts[chosen], counts[chosen]
    places = np.arange(length)
    mask = places < counts[:, None]
    result = np.zeros(mask.shape, content.dtype)
    if content.size:
        result[mask] = content[(starts[:, None] + places)[mask]]
    return result, mask


_numbers = itertools.count()
_lock = threading.Lock()
_by_token: weakref.WeakValueDictionary[str, View] = weakref.WeakValueDictionary()


def view_of(token: str) -> View:
    """The table that a token names.

    Raises:
      ValueError: If this process has none of that name.
    """
    found = _by_token.get(token)
    if found is None:
        raise ValueError(
            f"the table '{token}' is not known in this process: a graph that was read from a file "
            "cannot bring it along. Make the dataset again."
        )
    return found


@export("hep.TableDataset")
class TableDataset(Dataset):
    """The rows of a table: dictionaries of scalars (and of vectors, where rows have lists).

    Args:
      view: The rows and columns.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        with _lock:
            token = f"table_{next(_numbers)}"
            _by_token[token] = view
        get_default_graph()._scoped_state.setdefault("tables", []).append(view)
        spec = view.spec()
        super().__init__(table_dataset(token=token, **flat_attrs(spec)), spec)

    def split(self, by: str, folds: int = 2, fold: int = 0) -> tuple[TableDataset, TableDataset]:
        """Two parts for training and testing, told apart by the number of the event.

        An event is in the same part whatever the order of the files, in every run.

        Args:
          by: The column of event numbers, integers.
          folds: Into how many parts events are divided, by their number modulo ``folds``.
          fold: Which of them is for testing.

        Returns:
          The events for training, and those for testing.
        """
        if not 0 <= fold < folds:
            raise ValueError(f"fold must be from 0 to {folds - 1}, not {fold}.")
        kind = self.view.source.columns().get(by)
        if kind is None or isinstance(kind, list) or np.dtype(kind).kind not in "iu":
            raise ValueError(f"'{by}' is not a column of integers, so it cannot number events.")
        train = self.view.with_cut(f"{by} % {folds} != {fold}")
        return TableDataset(train), TableDataset(self.view.with_cut(f"{by} % {folds} == {fold}"))

    def standardisation(
        self, names: Sequence[str] | None = None, weight: str | None = None
    ) -> Standardisation:
        """Means and standard deviations of columns, computed in one pass over the table.

        Args:
          names: The columns; if None all of floating-point numbers but "weight".
          weight: The column of event weights, if they count.
        """
        if names is None:
            names = [name for name in self._spec if self._is_measured(name) and name != weight]
        return of_chunks(self.view.chunks(), list(names), weight)

    def _is_measured(self, name: str) -> bool:
        """Whether a column holds real numbers, in the table and here, that are no weights."""
        expression = self.view.columns.get(name)
        if expression is None or name == "weight" or not self._spec[name].dtype.is_floating:
            return False
        kind = self.view.source.columns()[expression.names[0]] if expression.is_name else None
        kind = kind[0] if isinstance(kind, list) else kind
        return kind is None or np.dtype(kind).kind == "f"
