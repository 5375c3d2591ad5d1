"""`tf.data.experimental.SqlDataset`: the rows that a query of a database returns."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.data import nesting
from tidefall.data.dataset import Dataset, flat_attrs
from tidefall.data.element_spec import TensorSpec
from tidefall.data.scalars import scalar
from tidefall.ops.dataset_sources import sql_dataset


@export("data.experimental.SqlDataset", "contrib.data.SqlDataset")
class SqlDataset(Dataset):
    """The rows that a query of a database returns, one element each.

    Args:
      driver_name: The kind of database, ``"sqlite"``.
      data_source_name: The file of the database.
      query: The query, in SQL.
      output_types: The dtypes of the columns, a tuple.

    >>> import contextlib, os, sqlite3, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "runs.db")
    >>> with contextlib.closing(sqlite3.connect(path)) as database, database:
    ...     _ = database.execute("CREATE TABLE run (number INTEGER, name TEXT)")
    ...     _ = database.execute("INSERT INTO run VALUES (7, 'first')")
    >>> query = "SELECT name, number FROM run"
    >>> rows = tf.data.experimental.SqlDataset("sqlite", path, query, (tf.string, tf.int32))
    >>> tf.Session().run(rows.make_one_shot_iterator().get_next())
    (b'first', 7)
    """

    def __init__(
        self, driver_name: Any, data_source_name: Any, query: Any, output_types: Any
    ) -> None:
        spec = nesting.map_structure(lambda each: TensorSpec(Shape(()), each), output_types)
        variant = sql_dataset(
            scalar(driver_name, "driver_name", dtypes.string),
            scalar(data_source_name, "data_source_name", dtypes.string),
            scalar(query, "query", dtypes.string),
            **flat_attrs(spec),
        )
        super().__init__(variant, spec)
