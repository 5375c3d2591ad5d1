"""`tf.data.experimental`: transformations for `Dataset.apply`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidefall.core import dtypes
from tidefall.core.exports import export, export_value
from tidefall.data import element_spec, nesting, padding
from tidefall.data.dataset import AUTOTUNE, Dataset, DatasetSpec, flat_attrs
from tidefall.data.element_spec import TensorSpec
from tidefall.data.file_datasets import in_parallel
from tidefall.data.scalars import scalar, seeds
from tidefall.data.traced import Traced, check_scalar, traced_with_state
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ops import dataset_functions as functions
from tidefall.ops import dataset_sources as sources
from tidefall.ops import dataset_transforms as transforms
from tidefall.ops import iterators

Transformation = Callable[[Dataset], Dataset]

export_value("data.experimental.AUTOTUNE", AUTOTUNE)
INFINITE = -1
UNKNOWN = -2
export_value("data.experimental.INFINITE_CARDINALITY", INFINITE)
export_value("data.experimental.UNKNOWN_CARDINALITY", UNKNOWN)


@export("data.experimental.shuffle_and_repeat", "contrib.data.shuffle_and_repeat")
def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: Any = None) -> Transformation:
    """Random order, ``count`` times over; for ever if it is None or -1."""

    def apply(dataset: Dataset) -> Dataset:
        size = scalar(buffer_size, "buffer_size")
        times = scalar(-1 if count is None else count, "count")
        first, second = seeds(seed)
        return dataset._then(transforms.shuffle_and_repeat_dataset, size, first, second, times)

    return apply


@export("data.experimental.enumerate_dataset", "contrib.data.enumerate_dataset")
def enumerate_dataset(start: int = 0) -> Transformation:
    """Pairs of a number, from ``start`` on, and an element."""
    return lambda dataset: dataset.enumerate(start)


@export("data.experimental.unbatch", "contrib.data.unbatch")
def unbatch() -> Transformation:
    """The rows of each element, one element each."""
    return lambda dataset: dataset.unbatch()


@export("data.experimental.ignore_errors", "contrib.data.ignore_errors")
def ignore_errors() -> Transformation:
    """The elements, without those that could not be computed."""
    return lambda dataset: dataset._then(transforms.ignore_errors_dataset)


@export("data.experimental.unique", "contrib.data.unique")
def unique() -> Transformation:
    """The elements that were not met before; each is one scalar, an integer or a text."""

    def apply(dataset: Dataset) -> Dataset:
        wanted = (dtypes.int32, dtypes.int64, dtypes.string)
        spec = dataset._spec
        if not isinstance(spec, TensorSpec) or spec.dtype not in wanted:
            raise TypeError(
                f"unique takes elements of one tensor of int32, int64 or string: {spec}"
            )
        return dataset._then(transforms.unique_dataset)

    return apply


@export("data.experimental.take_while")
def take_while(predicate: Callable[..., Any]) -> Transformation:
    """The elements up to the first one for which a function is false."""

    def apply(dataset: Dataset) -> Dataset:
        traced = Traced(predicate, "tf.data.experimental.take_while()", dataset._spec)
        check_scalar(traced, dtypes.bool_, "the predicate")
        return dataset._then(
            functions.take_while_dataset, traced.captured, predicate=traced.function
        )

    return apply


@export("data.experimental.scan", "contrib.data.scan")
def scan(initial_state: Any, scan_func: Callable[..., Any]) -> Transformation:
    """The results of a function that also passes a state on.

    Args:
      initial_state: The first state, a structure.
      scan_func: Takes a state and an element; returns the next state and an element.
    """

    def apply(dataset: Dataset) -> Dataset:
        state = element_spec.normalized(initial_state)
        spec = nesting.map_structure(element_spec.spec_of, state)

        def split(old: Any, element: Any) -> Any:
            result = scan_func(old, element)
            if not isinstance(result, tuple | list) or len(result) != 2:
                raise TypeError("the function of scan must return a state and an element.")
            return tuple(result)

        split.__name__ = getattr(scan_func, "__name__", "scan_func")
        name = "tf.data.experimental.scan()"
        traced, _ = traced_with_state(split, name, spec, dataset._spec, lambda made: made[0])
        return dataset._then(
            functions.scan_dataset, element_spec.boxed(spec, state), traced.captured,
            f=traced.function, preserve_cardinality=True, spec=traced.output[1],
        )  # fmt: skip

    return apply


@export("data.experimental.map_and_batch", "contrib.data.map_and_batch")
def map_and_batch(
    map_func: Callable[..., Any],
    batch_size: Any,
    num_parallel_batches: Any = None,
    drop_remainder: Any = False,
    num_parallel_calls: Any = None,
) -> Transformation:
    """Stacks of the results of a function.

    Args:
      map_func: Makes an element of each element.
      batch_size: How many make a batch.
      num_parallel_batches: How many batches may be worked on at a time.
      drop_remainder: Whether a smaller last batch is left out.
      num_parallel_calls: How many elements may be worked on at a time.
    """
    if num_parallel_batches is not None and num_parallel_calls is not None:
        raise ValueError("give num_parallel_batches or num_parallel_calls, not both.")
    calls: Any = 1 if num_parallel_calls is None else num_parallel_calls
    if num_parallel_batches is not None:
        calls = batch_size * num_parallel_batches

    def apply(dataset: Dataset) -> Dataset:
        traced = Traced(map_func, "tf.data.experimental.map_and_batch()", dataset._spec)
        size = scalar(batch_size, "batch_size")
        parallel = scalar(calls, "num_parallel_calls")
        drop = scalar(drop_remainder, "drop_remainder", dtypes.bool_)
        rows = padding.known_size(size, drop)
        spec = nesting.map_structure(lambda each: each.batched(rows), traced.output)
        return dataset._then(
            functions.map_and_batch_dataset, traced.captured, size, parallel, drop,
            f=traced.function, preserve_cardinality=True, spec=spec,
        )  # fmt: skip

    return apply


export_value("data.experimental.map_and_batch_with_legacy_function", map_and_batch)


@export("data.experimental.parallel_interleave", "contrib.data.parallel_interleave")
def parallel_interleave(
    map_func: Callable[..., Any],
    cycle_length: Any,
    block_length: Any = 1,
    sloppy: Any = False,
    buffer_output_elements: Any = None,
    prefetch_input_elements: Any = None,
) -> Transformation:
    """The elements of several datasets that a function makes, in turns."""
    return lambda dataset: in_parallel(
        dataset, map_func, cycle_length, block_length, sloppy, buffer_output_elements,
        prefetch_input_elements,
    )  # fmt: skip


@export("data.experimental.group_by_window", "contrib.data.group_by_window")
def group_by_window(
    key_func: Callable[..., Any],
    reduce_func: Callable[..., Any],
    window_size: Any = None,
    window_size_func: Callable[..., Any] | None = None,
) -> Transformation:
    """Elements that share a key, gathered in windows, each reduced to a dataset.

    Args:
      key_func: The key of an element, a 64-bit integer.
      reduce_func: Takes a key and a dataset of elements; returns a dataset.
      window_size: How many elements a window has.
      window_size_func: Takes a key and returns that number; give one of both.
    """
    if (window_size is None) == (window_size_func is None):
        raise ValueError("give window_size or window_size_func, and not both.")

    def window_size_func_wrapper(key: Any) -> Any:
        size = window_size if window_size_func is None else window_size_func(key)
        return convert(size, dtypes.int64)

    def key_func_wrapper(*args: Any) -> Any:
        return convert(key_func(*args), dtypes.int64)

    def apply(dataset: Dataset) -> Dataset:
        name, number = "tf.data.experimental.group_by_window()", TensorSpec((), dtypes.int64)
        key = Traced(key_func_wrapper, name, dataset._spec)
        check_scalar(key, dtypes.int64, "key_func")
        reduced = Traced(reduce_func, name, number, DatasetSpec(dataset._spec))
        if not isinstance(reduced.output, DatasetSpec):
            raise TypeError(f"reduce_func must return a dataset, not {reduced.output!r}.")
        window = Traced(window_size_func_wrapper, name, number)
        check_scalar(window, dtypes.int64, "window_size_func")
        return dataset._then(
            functions.group_by_window_dataset, key.captured, reduced.captured, window.captured,
            key_func=key.function, reduce_func=reduced.function, window_size_func=window.function,
            spec=reduced.output._element_spec,
        )  # fmt: skip

    return apply


@export("data.experimental.Reducer", "contrib.data.Reducer")
class Reducer:
    """How the elements of a key are reduced to one.

    Args:
      init_func: The first state of a key.
      reduce_func: Takes a state and an element; returns the next state.
      finalize_func: Takes the last state; returns the element.
    """

    def __init__(
        self,
        init_func: Callable[..., Any],
        reduce_func: Callable[..., Any],
        finalize_func: Callable[..., Any],
    ) -> None:
        self._init_func = init_func
        self._reduce_func = reduce_func
        self._finalize_func = finalize_func

    @property
    def init_func(self) -> Callable[..., Any]:
        """Makes the first state of a key."""
        return self._init_func

    @property
    def reduce_func(self) -> Callable[..., Any]:
        """Makes the next state."""
        return self._reduce_func

    @property
    def finalize_func(self) -> Callable[..., Any]:
        """Makes the element."""
        return self._finalize_func


@export("data.experimental.group_by_reducer", "contrib.data.group_by_reducer")
def group_by_reducer(key_func: Callable[..., Any], reducer: Reducer) -> Transformation:
    """One element for each key, in the order of the keys: what its elements are reduced to."""

    def apply(dataset: Dataset) -> Dataset:
        name, number = "tf.data.experimental.group_by_reducer()", TensorSpec((), dtypes.int64)
        key = Traced(key_func, name, dataset._spec)
        check_scalar(key, dtypes.int64, "key_func")
        first = Traced(reducer.init_func, name, number)
        reduced, state = traced_with_state(reducer.reduce_func, name, first.output, dataset._spec)
        final = Traced(reducer.finalize_func, name, state)
        return dataset._then(
            functions.experimental_group_by_reducer_dataset,
            key.captured, first.captured, reduced.captured, final.captured,
            key_func=key.function, init_func=first.function, reduce_func=reduced.function,
            finalize_func=final.function, spec=final.output,
        )  # fmt: skip

    return apply


@export("data.experimental.RandomDataset", "contrib.data.RandomDataset")
class RandomDataset(Dataset):
    """Random integers from 0 to 2**32 - 1, without end.

    Args:
      seed: The seed.
    """

    def __init__(self, seed: Any = None) -> None:
        first, second = seeds(seed)
        spec = TensorSpec((), dtypes.int64)
        super().__init__(sources.random_dataset(first, second, **flat_attrs(spec)), spec)


@export("data.experimental.Counter", "contrib.data.Counter")
def counter(start: Any = 0, step: Any = 1, dtype: Any = dtypes.int64) -> Dataset:
    """Numbers from ``start`` on, ``step`` apart, without end."""
    with get_default_graph().name_scope("counter"):
        first = convert(start, dtypes.as_dtype(dtype), "start")
        apart = convert(step, dtypes.as_dtype(dtype), "step")
        following = scan(first, lambda state, _: (state + apart, state))
        return following(Dataset.from_tensors(0).repeat(None))


@export("data.experimental.choose_from_datasets", "contrib.data.choose_from_datasets")
def choose_from_datasets(datasets: Any, choice_dataset: Dataset) -> Dataset:
    """The next element of the dataset whose number ``choice_dataset`` gives."""
    number = TensorSpec((), dtypes.int64)
    if not number.is_compatible_with(choice_dataset._spec):
        raise TypeError(f"the choices must be scalars of dtype int64: {choice_dataset._spec!r}.")
    return directed(choice_dataset, list(datasets))


def directed(selector: Dataset, datasets: list[Dataset]) -> Dataset:
    """The next element of the dataset that a selector names."""
    spec = datasets[0]._spec
    for each in datasets[1:]:
        if not element_spec.same_types(spec, each._spec):
            raise TypeError(f"datasets must have equal types: {spec!r} and {each._spec!r}.")
        spec = element_spec.common(spec, each._spec)
    tensors = [each._variant_tensor for each in datasets]
    variant = transforms.directed_interleave_dataset(
        selector._variant_tensor, tensors, **flat_attrs(spec)
    )
    return Dataset(variant, spec, selector, *datasets)


@export("data.experimental.get_single_element", "contrib.data.get_single_element")
def get_single_element(dataset: Dataset) -> Any:
    """The only element of a dataset, as tensors."""
    tensors = iterators.dataset_to_single_element(
        dataset._variant_tensor, **flat_attrs(dataset._spec)
    )
    return element_spec.unboxed(dataset._spec, list(tensors))


@export("data.experimental.cardinality")
def cardinality(dataset: Dataset) -> Any:
    """How many elements a dataset has; -1 if without end, -2 if that is not known."""
    return iterators.dataset_cardinality(dataset._variant_tensor)


@export("data.experimental.to_variant")
def to_variant(dataset: Dataset) -> Any:
    """The tensor that stands for a dataset."""
    return dataset._variant_tensor


@export("data.experimental.from_variant")
def from_variant(variant: Any, structure: Any) -> Dataset:
    """The dataset that a tensor stands for, whose elements have this structure."""
    return Dataset(variant, structure)


@export("data.experimental.get_structure")
def get_structure(dataset_or_iterator: Any) -> Any:
    """What the elements of a dataset or iterator are made of."""
    return dataset_or_iterator.element_spec


@export("data.experimental.TensorStructure")
def tensor_structure(dtype: Any, shape: Any) -> TensorSpec:
    """The spec of a tensor."""
    return TensorSpec(shape, dtype)


@export("data.experimental.TFRecordWriter")
class TFRecordDatasetWriter:
    """Writes the texts of a dataset to a file of records.

    Args:
      filename: The file.
      compression_type: "GZIP", "ZLIB", or "" for none.
    """

    def __init__(self, filename: Any, compression_type: Any = None) -> None:
        self._filename = convert(filename, dtypes.string, "filename")
        kind = "" if compression_type is None else compression_type
        self._kind = convert(kind, dtypes.string, "compression_type")

    def write(self, dataset: Dataset) -> Any:
        """The operation that writes all elements of ``dataset``."""
        if not TensorSpec((), dtypes.string).is_compatible_with(dataset._spec):
            raise TypeError(f"only scalars of dtype string can be written: {dataset._spec!r}.")
        return iterators.dataset_to_tf_record(dataset._variant_tensor, self._filename, self._kind)
