"""`tf.data.Dataset`: a sequence of elements, described in the graph."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.data import element_spec, generator, nesting, padding, sparse_spec
from tidefall.data.element_spec import Kind, OfElements, TensorSpec, TypeSpec, register_kind
from tidefall.data.options import Options
from tidefall.data.scalars import scalar, seeds
from tidefall.data.traced import Traced, check_scalar, traced_with_state
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops import dataset_functions as functions
from tidefall.ops import dataset_sources as sources
from tidefall.ops import dataset_transforms as transforms
from tidefall.ops.iterators import reduce_dataset

#: As an argument, lets the pipeline choose.
AUTOTUNE = -1


@export("data.Dataset", "contrib.data.Dataset")
class Dataset(OfElements):
    """A sequence of elements, each a structure of tensors.

    Nothing is computed when a dataset is made; an iterator of a session does that.

    Attributes:
      element_spec: What an element is made of.
    """

    def __init__(self, variant: Tensor, spec: Any, *inputs: Dataset) -> None:
        self._variant_tensor = variant
        self._spec = spec
        self._sources = inputs
        self._own_options: Options | None = None

    # -- sources ------------------------------------------------------------------------------

    @staticmethod
    def from_tensors(tensors: Any) -> Dataset:
        """One element."""
        element = element_spec.normalized(tensors)
        spec = nesting.map_structure(element_spec.spec_of, element)
        components = element_spec.boxed(spec, element)
        shapes = element_spec.flat_shapes(spec)
        return Dataset(sources.tensor_dataset(components, output_shapes=shapes), spec)

    @staticmethod
    def from_tensor_slices(tensors: Any) -> Dataset:
        """The rows of arrays, which must have equally many, one element each.

        Raises:
          ValueError: If they have not, or one has no rows.

        >>> rows = tf.data.Dataset.from_tensor_slices(([1, 2], [3.0, 4.0]))
        >>> tf.Session().run(rows.make_one_shot_iterator().get_next())
        (1, 3.0)
        """
        element = element_spec.normalized(tensors)
        spec = nesting.map_structure(element_spec.spec_of, element)
        rows = nesting.map_structure(lambda each: each.unbatched(), spec)
        _check_rows(nesting.flatten(spec))
        components = element_spec.boxed_rows(spec, element)
        shapes = element_spec.flat_shapes(rows)
        return Dataset(sources.tensor_slice_dataset(components, output_shapes=shapes), rows)

    @staticmethod
    def from_sparse_tensor_slices(sparse_tensor: Any) -> Dataset:
        """The rows of a sparse tensor, each as a tuple of indices, values and shape."""
        rank = sparse_tensor.dense_shape._shape_value[0]
        less = None if rank is None else rank - 1
        spec = (
            TensorSpec((None, less), dtypes.int64),
            TensorSpec((None,), sparse_tensor.values.dtype),
            TensorSpec((less,), dtypes.int64),
        )
        variant = sources.sparse_tensor_slice_dataset(
            sparse_tensor.indices, sparse_tensor.values, sparse_tensor.dense_shape
        )
        return Dataset(variant, spec)

    @staticmethod
    def from_generator(
        generator: Callable[..., Any],
        output_types: Any,
        output_shapes: Any = None,
        args: Any = None,
    ) -> Dataset:
        """What an iterable yields.

        Args:
          generator: Called for each pass, with the values of ``args``; returns an iterable of
            elements.
          output_types: The dtypes of an element.
          output_shapes: Their shapes; unknown if None.
          args: A tuple of tensors.
        """
        return _from_generator(generator, output_types, output_shapes, args)

    @staticmethod
    def range(*args: Any) -> Dataset:
        """The 64-bit integers that ``range(*args)`` has."""
        if not 1 <= len(args) <= 3:
            raise ValueError(f"range takes one to three numbers, not {len(args)}.")
        start, stop, step = (0, args[0], 1) if len(args) == 1 else (*args, 1)[:3]
        spec = TensorSpec((), dtypes.int64)
        variant = sources.range_dataset(
            scalar(start, "start"), scalar(stop, "stop"), scalar(step, "step"), **_flat(spec)
        )
        return Dataset(variant, spec)

    @staticmethod
    def zip(datasets: Any) -> Dataset:
        """Elements that have the structure of ``datasets``, with an element of each in its place.

        It ends with the first dataset that does.
        """
        parts = nesting.flatten(datasets)
        if not all(isinstance(part, Dataset) for part in parts):
            raise TypeError(
                "tf.data.Dataset.zip takes a structure of datasets. A list is not a structure "
                f"here; use a tuple instead: {datasets!r}."
            )
        spec = _replaced(datasets, [part._spec for part in parts])
        tensors = [part._variant_tensor for part in parts]
        return Dataset(transforms.zip_dataset(tensors, **_flat(spec)), spec, *parts)

    @staticmethod
    def list_files(file_pattern: Any, shuffle: bool | None = None, seed: Any = None) -> Dataset:
        """The names of the files that match one or more patterns.

        Args:
          file_pattern: A text, or several.
          shuffle: Whether the names come in random order; None means that they do.
          seed: The seed of that order.
        """
        return hooks.call("list_files", file_pattern, shuffle, seed)  # type: ignore[no-any-return]

    # -- transformations ----------------------------------------------------------------------

    def concatenate(self, dataset: Dataset) -> Dataset:
        """The elements of this dataset, then those of another one like it."""
        mine, theirs = self._spec, dataset._spec
        if not element_spec.same_types(mine, theirs):
            raise TypeError(
                f"datasets of elements of types {self.output_types} and {dataset.output_types} "
                "cannot be concatenated; they must be equal."
            )
        spec = element_spec.common(mine, theirs)
        variant = transforms.concatenate_dataset(
            self._variant_tensor, dataset._variant_tensor, **_flat(spec)
        )
        return Dataset(variant, spec, self, dataset)

    def repeat(self, count: Any = None) -> Dataset:
        """The elements ``count`` times over; for ever if it is None or -1."""
        return self._then(
            transforms.repeat_dataset, scalar(-1 if count is None else count, "count")
        )

    def enumerate(self, start: int = 0) -> Dataset:
        """Pairs of a number, from ``start`` on, and an element."""
        numbers = Dataset.range(start, int(np.iinfo(np.int64).max))
        return Dataset.zip((numbers, self))

    def shuffle(
        self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: bool | None = None
    ) -> Dataset:
        """The elements in random order.

        Args:
          buffer_size: From how many elements the next one is drawn.
          seed: The seed; with it the order is that of TensorFlow 1.15.
          reshuffle_each_iteration: Whether each pass has another order; None means that it has.
        """
        size = scalar(buffer_size, "buffer_size")
        seed, seed2 = seeds(seed)
        again = reshuffle_each_iteration is None or reshuffle_each_iteration
        return self._then(
            transforms.shuffle_dataset, size, seed, seed2, reshuffle_each_iteration=again
        )

    def cache(self, filename: Any = "") -> Dataset:
        """The elements, kept in memory (or a file, if it is named) after the first pass."""
        return self._then(transforms.cache_dataset, scalar(filename, "filename", dtypes.string))

    def prefetch(self, buffer_size: Any) -> Dataset:
        """The elements, of which up to ``buffer_size`` are made ahead of time."""
        size = -1 if buffer_size is None else buffer_size
        return self._then(transforms.prefetch_dataset, scalar(size, "buffer_size"))

    def take(self, count: Any) -> Dataset:
        """The first ``count`` elements; all if it is -1."""
        return self._then(transforms.take_dataset, scalar(count, "count"))

    def skip(self, count: Any) -> Dataset:
        """What comes after the first ``count`` elements; nothing if it is -1."""
        return self._then(transforms.skip_dataset, scalar(count, "count"))

    def shard(self, num_shards: Any, index: Any) -> Dataset:
        """Every ``num_shards``-th element, beginning with the one at ``index``."""
        return self._then(
            transforms.shard_dataset, scalar(num_shards, "num_shards"), scalar(index, "index")
        )

    def batch(self, batch_size: Any, drop_remainder: Any = False) -> Dataset:
        """Stacks of ``batch_size`` elements.

        Args:
          batch_size: How many elements make a batch.
          drop_remainder: Whether a smaller last batch is left out.
        """
        size = scalar(batch_size, "batch_size")
        drop = scalar(drop_remainder, "drop_remainder", dtypes.bool_)
        rows = padding.known_size(size, drop)
        spec = nesting.map_structure(lambda each: each.batched(rows), self._spec)
        return self._then(transforms.batch_dataset_v2, size, drop, spec=spec)

    def padded_batch(
        self,
        batch_size: Any,
        padded_shapes: Any,
        padding_values: Any = None,
        drop_remainder: Any = False,
    ) -> Dataset:
        """Stacks of ``batch_size`` elements, of which the smaller ones are filled up.

        Args:
          batch_size: How many elements make a batch.
          padded_shapes: The shape of each component; None or -1 stands for the largest size in
            the batch.
          padding_values: What each component is filled up with: 0, or the empty text.
          drop_remainder: Whether a smaller last batch is left out.
        """
        size = scalar(batch_size, "batch_size")
        shapes = padding.shapes_of(self._spec, padded_shapes)
        values = padding.values_of(self._spec, padding_values)
        drop = scalar(drop_remainder, "drop_remainder", dtypes.bool_)
        spec = padding.padded_spec(self._spec, shapes, padding.known_size(size, drop))
        variant = transforms.padded_batch_dataset_v2(
            self._variant_tensor, size, shapes, values, drop,
            output_shapes=element_spec.flat_shapes(spec),
        )  # fmt: skip
        return Dataset(variant, spec, self)

    def unbatch(self) -> Dataset:
        """The rows of each element, one element each."""

        def normalize(arg: Any, *rest: Any) -> Any:
            return element_spec.boxed_rows(self._spec, (arg, *rest) if rest else arg)

        spec = nesting.map_structure(lambda each: each.unbatched(), self._spec)
        return self.map(normalize)._then(transforms.unbatch_dataset, spec=spec)

    def window(
        self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: Any = False
    ) -> Dataset:
        """Elements of which each component is a dataset of ``size`` elements.

        Args:
          size: How many elements a window has.
          shift: How much later the next window begins; ``size`` if None.
          stride: Which elements a window has: every so many-th.
          drop_remainder: Whether smaller last windows are left out.
        """
        spec = nesting.map_structure(lambda each: DatasetSpec(each, ()), self._spec)
        return self._then(
            transforms.window_dataset,
            scalar(size, "size"),
            scalar(size if shift is None else shift, "shift"),
            scalar(stride, "stride"),
            scalar(drop_remainder, "drop_remainder", dtypes.bool_),
            spec=spec,
        )

    # -- functions ----------------------------------------------------------------------------

    def map(self, map_func: Callable[..., Any], num_parallel_calls: Any = None) -> Dataset:
        """The results of a function, in the order of the elements.

        Args:
          map_func: Takes the components of an element and returns another element. It is called
            once, to be traced into a graph of its own.
          num_parallel_calls: How many elements may be worked on at a time.
        """
        return self._mapped(map_func, num_parallel_calls, preserve_cardinality=False)

    map_with_legacy_function = map

    def _mapped(
        self, function: Callable[..., Any], parallel: Any, inter_op: bool = True, **attrs: Any
    ) -> Dataset:
        traced = Traced(function, "Dataset.map", self._spec)
        attrs.update(f=traced.function, use_inter_op_parallelism=inter_op, spec=traced.output)
        if parallel is None:
            return self._then(functions.map_dataset, traced.captured, **attrs)
        calls = scalar(parallel, "num_parallel_calls", dtypes.int32)
        return self._then(functions.parallel_map_dataset, traced.captured, calls, **attrs)

    def flat_map(self, map_func: Callable[..., Any]) -> Dataset:
        """The elements of the datasets that a function makes of each element, one after another."""
        traced = self._to_dataset(map_func, "Dataset.flat_map")
        return self._then(
            functions.flat_map_dataset, traced.captured, f=traced.function,
            spec=traced.output._element_spec,
        )  # fmt: skip

    def interleave(
        self,
        map_func: Callable[..., Any],
        cycle_length: Any = AUTOTUNE,
        block_length: Any = 1,
        num_parallel_calls: Any = None,
    ) -> Dataset:
        """The elements of several datasets that a function makes, in turns.

        Args:
          map_func: Makes a dataset of each element.
          cycle_length: How many such datasets are read at a time.
          block_length: How many elements are taken from one before it is the next one's turn.
          num_parallel_calls: How many may be read in parallel.
        """
        traced = self._to_dataset(map_func, "Dataset.interleave")
        if cycle_length == AUTOTUNE:
            cycle_length = os.cpu_count() or 1
        numbers = [scalar(cycle_length, "cycle_length"), scalar(block_length, "block_length")]
        made = functions.interleave_dataset
        if num_parallel_calls is not None:
            made = functions.parallel_interleave_dataset_v2
            numbers.append(scalar(num_parallel_calls, "num_parallel_calls"))
        return self._then(
            made, traced.captured, *numbers, f=traced.function, spec=traced.output._element_spec
        )

    def _to_dataset(self, function: Callable[..., Any], transformation: str) -> Traced:
        traced = Traced(function, transformation, self._spec)
        if not isinstance(traced.output, DatasetSpec):
            raise TypeError(
                f"the function of {transformation} must return a dataset, not {traced.output!r}."
            )
        return traced

    def filter(self, predicate: Callable[..., Any]) -> Dataset:
        """The elements for which a function is true."""
        traced = Traced(predicate, "Dataset.filter", self._spec)
        check_scalar(traced, dtypes.bool_, "the predicate of Dataset.filter")
        return self._then(functions.filter_dataset, traced.captured, predicate=traced.function)

    filter_with_legacy_function = filter

    def apply(self, transformation_func: Callable[[Dataset], Any]) -> Dataset:
        """What a function makes of this dataset."""
        dataset = transformation_func(self)
        if not isinstance(dataset, Dataset):
            raise TypeError(
                f"the function of Dataset.apply must return a dataset, not {dataset!r}."
            )
        return dataset

    def reduce(self, initial_state: Any, reduce_func: Callable[..., Any]) -> Any:
        """What a function makes of a state and, one after another, all elements.

        Args:
          initial_state: The first state, a structure.
          reduce_func: Takes a state and an element, and returns the next state.

        Returns:
          The last state; tensors.
        """
        with get_default_graph().name_scope("initial_state"):
            state = element_spec.normalized(initial_state)
        spec = nesting.map_structure(element_spec.spec_of, state)
        traced, output = traced_with_state(reduce_func, "reduce()", spec, self._spec)
        results = reduce_dataset(
            self._variant_tensor, element_spec.boxed(spec, state), traced.captured,
            f=traced.function, **_flat(output),
        )  # fmt: skip
        return element_spec.unboxed(output, list(results))

    # -- iterators ----------------------------------------------------------------------------

    def make_one_shot_iterator(self) -> Any:
        """An iterator that needs no initialization and passes over the elements once."""
        return hooks.call("one_shot_iterator", self)

    def make_initializable_iterator(self, shared_name: str | None = None) -> Any:
        """An iterator whose ``initializer`` begins a pass.

        Args:
          shared_name: Iterators of one shared name are one.
        """
        return hooks.call("initializable_iterator", self, shared_name)

    def __iter__(self) -> Any:
        raise RuntimeError(
            "a dataset is part of the graph, so Python cannot iterate over it. Use "
            "make_one_shot_iterator().get_next() and session.run."
        )

    # -- what it is ---------------------------------------------------------------------------

    def options(self) -> Options:
        """The options of this dataset and those it is made of."""
        result = Options()
        for each in self._sources:
            result = result.merge(each.options())
        return result if self._own_options is None else result.merge(self._own_options)

    def with_options(self, options: Options) -> Dataset:
        """The same dataset, run with some options."""
        dataset = Dataset(self._variant_tensor, self._spec, self)
        dataset._own_options = options
        return dataset

    def _then(self, op: Any, *args: Any, spec: Any = None, **attrs: Any) -> Dataset:
        """The dataset that an op makes of this one."""
        spec = self._spec if spec is None else spec
        return Dataset(op(self._variant_tensor, *args, **_flat(spec), **attrs), spec, self)

    def __repr__(self) -> str:
        return f"<Dataset shapes: {self.output_shapes}, types: {self.output_types}>"


def _flat(spec: Any) -> dict[str, Any]:
    return {
        "output_types": element_spec.flat_types(spec),
        "output_shapes": element_spec.flat_shapes(spec),
    }


flat_attrs = _flat


def _replaced(structure: Any, specs: list[Any]) -> Any:
    """The structure with whole structures in the places of its leaves."""
    marks = [_Mark(spec) for spec in specs]
    return _unmarked(nesting.pack_as(structure, list(marks)))


class _Mark:
    def __init__(self, spec: Any) -> None:
        self.spec = spec


def _unmarked(structure: Any) -> Any:
    if isinstance(structure, _Mark):
        return structure.spec
    parts = [_unmarked(part) for part in nesting.parts_of(structure)]
    return nesting.rebuilt(structure, parts)


def _check_rows(specs: list[Any]) -> None:
    sizes: set[int] = set()
    for spec in specs:
        shape = Shape.of(spec.legacy[1])
        if shape.rank and shape[0] is not None:
            sizes.add(shape[0])
    if len(sizes) > 1:
        raise ValueError(
            f"the components have {' and '.join(map(str, sorted(sizes)))} rows; they must have "
            "equally many."
        )


def _from_generator(function: Any, types: Any, shapes: Any, args: Any) -> Dataset:
    made = generator.Generated(function, types, shapes, args)

    def flat_map_fn(dummy: Any) -> Dataset:
        return Dataset(made.dataset(dummy), made.spec)

    return Dataset.from_tensors(0).flat_map(flat_map_fn)


@export("data.DatasetSpec", "data.experimental.DatasetStructure")
class DatasetSpec(TypeSpec):
    """A dataset as a component of an element.

    Args:
      element_spec: What its elements are made of.
      dataset_shape: The shape of the tensor that carries it; a scalar.
    """

    carrier = (dtypes.variant, Shape(()))

    def __init__(self, element_spec: Any, dataset_shape: Any = ()) -> None:
        self._element_spec = element_spec
        self._dataset_shape = TensorShape.of(Shape.of(dataset_shape))

    @property
    def value_type(self) -> type:
        return Dataset

    @staticmethod
    def from_value(value: Any) -> DatasetSpec:
        """The spec of a dataset."""
        return DatasetSpec(value._spec)

    def boxed(self, value: Any) -> Tensor:
        return value._variant_tensor  # type: ignore[no-any-return]

    def unboxed(self, tensor: Tensor) -> Any:
        return Dataset(tensor, self._element_spec)

    @property
    def legacy(self) -> tuple[Any, Any, Any]:
        return self, self, self

    def batched(self, size: int | None) -> TypeSpec:
        return DatasetSpec(self._element_spec, (size,))

    def _key(self) -> tuple[Any, ...]:
        return (self._element_spec,)

    def __repr__(self) -> str:
        return f"DatasetSpec({self._element_spec!r}, {self._dataset_shape})"


register_kind(sparse_spec.KIND)
register_kind(Kind(Dataset, lambda value: isinstance(value, Dataset), DatasetSpec.from_value))
