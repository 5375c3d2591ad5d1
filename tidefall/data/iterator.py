"""`tf.data.Iterator`: takes the elements of a dataset, one in each run."""

from __future__ import annotations

from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export
from tidefall.data import by_value, element_spec, nesting
from tidefall.data.dataset import Dataset, flat_attrs
from tidefall.data.element_spec import OfElements
from tidefall.ir.conversion import convert
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import dataset_transforms as transforms
from tidefall.ops import iterators


@export("data.Iterator", "contrib.data.Iterator")
class Iterator(OfElements):
    """Where in a dataset a session is.

    Args:
      iterator_resource: The tensor of its handle.
      initializer: The operation that begins a pass, or None.
      output_types: The dtypes of an element.
      output_shapes: Their shapes.
      output_classes: Their classes.
    """

    def __init__(
        self,
        iterator_resource: Tensor,
        initializer: Operation | None,
        output_types: Any,
        output_shapes: Any,
        output_classes: Any,
    ) -> None:
        self._iterator_resource = iterator_resource
        self._initializer = initializer
        self._spec = element_spec.from_legacy(output_types, output_shapes, output_classes)
        self._string_handle = iterators.iterator_to_string_handle(iterator_resource)

    @classmethod
    def _of(cls, handle: Tensor, initializer: Operation | None, spec: Any) -> Iterator:
        found = cls.__new__(cls)
        found._iterator_resource = handle
        found._initializer = initializer
        found._spec = spec
        found._string_handle = iterators.iterator_to_string_handle(handle)
        return found

    @staticmethod
    def from_structure(
        output_types: Any,
        output_shapes: Any = None,
        shared_name: str | None = None,
        output_classes: Any = None,
    ) -> Iterator:
        """An iterator of elements of some kind, which may be given one dataset after another.

        Args:
          output_types: The dtypes of an element.
          output_shapes: Their shapes; unknown if None.
          shared_name: Iterators of one shared name are one.
          output_classes: Their classes; tensors if None.
        """
        spec = element_spec.from_legacy(output_types, output_shapes, output_classes)
        handle = iterators.iterator_v2(
            container="", shared_name=shared_name or "", **flat_attrs(spec)
        )
        return Iterator._of(handle, None, spec)

    @staticmethod
    def from_string_handle(
        string_handle: Any,
        output_types: Any,
        output_shapes: Any = None,
        output_classes: Any = None,
    ) -> Iterator:
        """The iterator that a text names; the text may be fed.

        Args:
          string_handle: What ``session.run(iterator.string_handle())`` returned.
          output_types: The dtypes of an element.
          output_shapes: Their shapes; unknown if None.
          output_classes: Their classes; tensors if None.
        """
        spec = element_spec.from_legacy(output_types, output_shapes, output_classes)
        text = convert(string_handle, dtypes.string)
        handle = iterators.iterator_from_string_handle_v2(text, **flat_attrs(spec))
        return Iterator._of(handle, None, spec)

    @property
    def initializer(self) -> Operation:
        """The operation that begins a pass.

        Raises:
          ValueError: If there is none.
        """
        if self._initializer is None:
            raise ValueError(
                "the iterator has no initializer: a one-shot iterator needs none, and others get "
                "theirs from make_initializer(dataset)."
            )
        return self._initializer

    def make_initializer(self, dataset: Dataset, name: str | None = None) -> Operation:
        """An operation that begins a pass over ``dataset``.

        Args:
          dataset: A dataset of such elements.
          name: The name of the operation.

        Raises:
          TypeError: If its elements are of another kind.
        """
        self._check(dataset)
        with (
            get_default_graph().name_scope(name or "make_initializer") as scope,
            get_default_graph().colocate_with(self._iterator_resource.op),
        ):
            return iterators.make_iterator(  # type: ignore[no-any-return]
                dataset._variant_tensor, self._iterator_resource, name=scope
            )

    def _check(self, dataset: Dataset) -> None:
        if not element_spec.same_types(self._spec, dataset._spec):
            raise TypeError(
                f"the iterator has elements of types {self.output_types}, but the dataset has "
                f"{dataset.output_types}; they must be equal."
            )
        mine, theirs = nesting.flatten(self._spec), nesting.flatten(dataset._spec)
        if not all(a.is_compatible_with(b) for a, b in zip(mine, theirs, strict=True)):
            raise TypeError(
                f"the iterator has elements of shapes {self.output_shapes}, but the dataset has "
                f"{dataset.output_shapes}."
            )

    def get_next(self, name: str | None = None) -> Any:
        """The next element: each run that uses its tensors takes one.

        Args:
          name: The name of the operation.
        """
        tensors = iterators.iterator_get_next(
            self._iterator_resource, name=name, **flat_attrs(self._spec)
        )
        return element_spec.unboxed(self._spec, list(tensors))

    def string_handle(self, name: str | None = None) -> Tensor:
        """A text that names this iterator in its session.

        Args:
          name: The name of the operation.
        """
        if name is None:
            return self._string_handle  # type: ignore[no-any-return]
        return iterators.iterator_to_string_handle(  # type: ignore[no-any-return]
            self._iterator_resource, name=name
        )


def with_options(dataset: Dataset) -> Tensor:
    """The dataset with the nodes that TensorFlow adds for its options."""
    options, variant, attrs = dataset.options(), dataset._variant_tensor, flat_attrs(dataset._spec)
    threading = options.experimental_threading
    if threading.max_intra_op_parallelism is not None:
        number = convert(threading.max_intra_op_parallelism, dtypes.int64)
        variant = transforms.max_intra_op_parallelism_dataset(variant, number, **attrs)
    if threading.private_threadpool_size is not None:
        number = convert(threading.private_threadpool_size, dtypes.int64)
        variant = transforms.private_thread_pool_dataset(variant, number, **attrs)
    rewrites = options.rewrites()
    if rewrites:
        names = convert(rewrites, dtypes.string, "optimizations")
        configs = ["map_vectorization:use_choose_fastest:false"]
        variant = transforms.optimize_dataset(variant, names, optimization_configs=configs, **attrs)
    if options.experimental_optimization.autotune is not False:
        variant = transforms.model_dataset(variant, **attrs)
    return variant


@export("data.make_one_shot_iterator")
@hooks.install("one_shot_iterator")
def make_one_shot_iterator(dataset: Dataset) -> Iterator:
    """An iterator over a dataset that needs no initialization and passes over it once.

    Raises:
      ValueError: If the dataset depends on a placeholder or a variable.
    """
    factory = by_value.factory(dataset, with_options)
    handle = iterators.one_shot_iterator(
        container="", shared_name="", dataset_factory=factory, **flat_attrs(dataset._spec)
    )
    return Iterator._of(handle, None, dataset._spec)


@export("data.make_initializable_iterator")
@hooks.install("initializable_iterator")
def make_initializable_iterator(dataset: Dataset, shared_name: str | None = None) -> Iterator:
    """An iterator over a dataset that its ``initializer`` begins.

    Args:
      dataset: The dataset.
      shared_name: Iterators of one shared name are one.
    """
    variant = with_options(dataset)
    graph = get_default_graph()
    handle = iterators.iterator_v2(
        container="", shared_name=shared_name or "", **flat_attrs(dataset._spec)
    )
    with graph.colocate_with(handle.op):
        initializer = iterators.make_iterator(variant, handle)
    return Iterator._of(handle, initializer, dataset._spec)


@export("data.get_output_types")
def get_output_types(dataset_or_iterator: Any) -> Any:
    """The dtypes of the elements of a dataset or iterator."""
    return dataset_or_iterator.output_types


@export("data.get_output_shapes")
def get_output_shapes(dataset_or_iterator: Any) -> Any:
    """The shapes of the elements of a dataset or iterator."""
    return dataset_or_iterator.output_shapes


@export("data.get_output_classes")
def get_output_classes(dataset_or_iterator: Any) -> Any:
    """The classes of the elements of a dataset or iterator."""
    return dataset_or_iterator.output_classes
