"""Iterators: ops that make one, point it at a dataset, and take its next element.

What an iterator is belongs to a higher layer, which installs the kernels of these ops.
"""

from __future__ import annotations

from typing import Any

from tidefall.core.dtypes import DType
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import Shape
from tidefall.ir.opdef import HOST
from tidefall.ops.registry import (
    Bool,
    Func,
    Int64,
    Namespace,
    Resource,
    String,
    Targuments,
    Toutput_types,
    Tstate,
    TypeList,
    Variant,
    op,
    output_types,
)  # fmt: skip

_SCALAR = Shape(())


def _scalar(*inputs: Shape) -> Shape:
    return _SCALAR


def _nothing(*inputs: Shape) -> list[Shape]:
    return []


def _from_attr(*inputs: Any, output_shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    return output_shapes


@op("IteratorV2", runs_on=HOST, outputs=("handle",), shape=_scalar)
def iterator_v2(
    xp: Namespace, run: RunContext, *, shared_name: str, container: str,
    output_types: list[DType], output_shapes: list[Shape],
) -> Resource:  # fmt: skip
    """The handle of an iterator, which has no elements until `MakeIterator` gives it a dataset."""


@op("OneShotIterator", runs_on=HOST, outputs=("handle",), shape=_scalar)
def one_shot_iterator(
    xp: Namespace, run: RunContext, *, dataset_factory: Func, output_types: list[DType],
    output_shapes: list[Shape], container: str = "", shared_name: str = "",
) -> Resource:  # fmt: skip
    """The handle of an iterator over the dataset that a function makes when it is first used."""


@op("MakeIterator", runs_on=HOST, effects=True, shape=_nothing)
def make_iterator(xp: Namespace, run: RunContext, dataset: Variant, iterator: Resource) -> None:
    """Begins a new pass of an iterator over a dataset."""


@op(
    "IteratorGetNext", runs_on=HOST, effects=True, outputs=("components",), shape=_from_attr,
    output_types=TypeList(),
)  # fmt: skip
def iterator_get_next(
    xp: Namespace, run: RunContext, iterator: Resource, *, output_types: list[DType],
    output_shapes: list[Shape],
) -> list[output_types]:  # fmt: skip
    """The next element of an iterator."""
    raise NotImplementedError


@op(
    "IteratorGetNextSync", runs_on=HOST, effects=True, outputs=("components",), shape=_from_attr,
    output_types=TypeList(),
)  # fmt: skip
def iterator_get_next_sync(
    xp: Namespace, run: RunContext, iterator: Resource, *, output_types: list[DType],
    output_shapes: list[Shape],
) -> list[output_types]:  # fmt: skip
    """The next element of an iterator."""
    raise NotImplementedError


@op("IteratorGetNextAsOptional", runs_on=HOST, outputs=("optional",), shape=_scalar, effects=True)
def iterator_get_next_as_optional(
    xp: Namespace, run: RunContext, iterator: Resource, *, output_types: list[DType],
    output_shapes: list[Shape],
) -> Variant:  # fmt: skip
    """The next element of an iterator, or nothing at its end."""


@op("IteratorToStringHandle", runs_on=HOST, outputs=("string_handle",), shape=_scalar)
def iterator_to_string_handle(xp: Namespace, run: RunContext, resource_handle: Resource) -> String:
    """A text that names an iterator, which can be fed."""


@op("IteratorFromStringHandleV2", runs_on=HOST, outputs=("resource_handle",), shape=_scalar)
def iterator_from_string_handle_v2(
    xp: Namespace, run: RunContext, string_handle: String, *, output_types: list[DType] = [],  # noqa: B006
    output_shapes: list[Shape] = [],  # noqa: B006
) -> Resource:  # fmt: skip
    """The iterator that a text names."""


@op(
    "SerializeIterator",
    runs_on=HOST,
    export="raw_ops.SerializeIterator",
    outputs=("serialized",),
    shape=_scalar,
)
def serialize_iterator(xp: Namespace, run: RunContext, resource_handle: Resource) -> Variant:
    """The state of an iterator, as a value."""


@op(
    "DeserializeIterator",
    runs_on=HOST,
    export="raw_ops.DeserializeIterator",
    effects=True,
    shape=_nothing,
)
def deserialize_iterator(
    xp: Namespace, run: RunContext, resource_handle: Resource, serialized: Variant
) -> None:
    """Gives an iterator a state that `SerializeIterator` returned."""


@op(
    "ReduceDataset", runs_on=HOST, outputs=("components",), shape=_from_attr, Tstate=TypeList(),
    Targuments=TypeList(), output_types=TypeList(),
)  # fmt: skip
def reduce_dataset(
    xp: Namespace, run: RunContext, input_dataset: Variant, initial_state: list[Tstate],
    other_arguments: list[Targuments], *, f: Func, output_types: list[DType],
    output_shapes: list[Shape], use_inter_op_parallelism: bool = True,
) -> list[output_types]:  # fmt: skip
    """What a function makes of a state and, one after another, all elements of a dataset."""
    raise NotImplementedError


@op(
    "DatasetToSingleElement", runs_on=HOST, outputs=("components",), shape=_from_attr,
    output_types=TypeList(),
)  # fmt: skip
def dataset_to_single_element(
    xp: Namespace, run: RunContext, dataset: Variant, *, output_types: list[DType],
    output_shapes: list[Shape],
) -> list[output_types]:  # fmt: skip
    """The only element of a dataset."""
    raise NotImplementedError


@op("DatasetCardinality", runs_on=HOST, outputs=("cardinality",), shape=_scalar)
def dataset_cardinality(xp: Namespace, run: RunContext, input_dataset: Variant) -> Int64:
    """How many elements a dataset has, as far as that is known."""


@op("DatasetToTFRecord", runs_on=HOST, effects=True, shape=_nothing)
def dataset_to_tf_record(
    xp: Namespace, run: RunContext, input_dataset: Variant, filename: String,
    compression_type: String,
) -> None:  # fmt: skip
    """Writes the elements of a dataset to a file of records."""


class Maybe:
    """What a variant of an optional element holds: its components, or None."""

    def __init__(self, components: list[Any] | None) -> None:
        self.components = components


@op(
    "OptionalFromValue", runs_on=HOST, outputs=("optional",), shape=_scalar, stateful=True,
    Toutput_types=TypeList(),
)  # fmt: skip
def optional_from_value(xp: Namespace, components: list[Toutput_types]) -> Variant:
    """An optional element that is there."""
    return xp.asarray(Maybe([xp.array(each) for each in components]), object)


@op("OptionalNone", runs_on=HOST, outputs=("optional",), shape=_scalar, stateful=True)
def optional_none(xp: Namespace) -> Variant:
    """An optional element that is not there."""
    return xp.asarray(Maybe(None), object)


@op("OptionalHasValue", runs_on=HOST, outputs=("has_value",), shape=_scalar, stateful=True)
def optional_has_value(xp: Namespace, optional: Variant) -> Bool:
    """Whether an optional element is there."""
    return xp.asarray(optional[()].components is not None)[()]


@op(
    "OptionalGetValue", runs_on=HOST, outputs=("components",), shape=_from_attr, stateful=True,
    output_types=TypeList(),
)  # fmt: skip
def optional_get_value(
    xp: Namespace, optional: Variant, *, output_types: list[DType], output_shapes: list[Shape]
) -> list[output_types]:
    """The components of an optional element."""
    components: list[Any] | None = optional[()].components
    if components is None:
        raise ValueError("the optional has no value; ask has_value() first.")
    return [xp.array(each) for each in components]
