"""The variables that `get_variable` knows by name: making them, and finding them again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.slicing import slice_
from tidefall.variables.initializers import GlorotUniform, Zeros
from tidefall.variables.partitioned import PartitionedVariable, cut, partitions_for, slices_of
from tidefall.variables.variable import Variable


class PartitionInfo(NamedTuple):
    """What the initializer of a part may know of the whole.

    Attributes:
      full_shape: The shape of the whole variable.
      var_offset: Where the part begins.
    """

    full_shape: list[int]
    var_offset: list[int]


class VariableStore:
    """The variables of one graph that were made by `get_variable`."""

    def __init__(self) -> None:
        self._vars: dict[str, Any] = {}
        self._partitioned_vars: dict[str, PartitionedVariable] = {}

    def get_variable(
        self, name: str, *, custom_getter: Callable[..., Any] | None = None, **arguments: Any
    ) -> Any:
        """The variable of that full name, made if the arguments and ``reuse`` allow it.

        Args:
          name: The full name.
          custom_getter: Who is asked instead; it is given the ordinary way as ``getter``.
          **arguments: What `VariableStore.true_getter` takes.
        """
        if custom_getter is None:
            return self.true_getter(name, **arguments)
        if not callable(custom_getter):
            raise ValueError(f"the custom_getter must be callable, not {custom_getter!r}.")
        if not _takes(custom_getter, "constraint"):
            del arguments["constraint"]
        return custom_getter(getter=self.true_getter, name=name, **arguments)

    def true_getter(
        self,
        name: str,
        shape: Any = None,
        dtype: Any = "float32",
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
    ) -> Any:
        """The ordinary way to a variable, whole or partitioned."""
        wanted = Wanted(
            as_dtype(dtype).base_dtype, initializer, regularizer, reuse,
            {
                "trainable": trainable, "collections": collections,
                "caching_device": caching_device, "validate_shape": validate_shape,
                "use_resource": use_resource, "constraint": constraint,
                "synchronization": synchronization, "aggregation": aggregation,
            },
        )  # fmt: skip
        is_scalar = isinstance(shape, (list, tuple)) and not shape
        if partitioner is not None and not is_scalar:
            if not callable(partitioner):
                raise ValueError(f"the partitioner must be callable, not {partitioner!r}.")
            with get_default_graph().name_scope(None):
                return self.partitioned(name, shape, wanted, partitioner)
        if reuse is True and partitioner is None and name in self._partitioned_vars:
            return self.partitioned(name, shape, wanted, None)
        if f"{name}/part_0" in self._vars:
            raise ValueError(
                f"variable '{name}' was made with a partitioner ('{name}/part_0' exists), but is "
                "asked for without one. Give the same partitioner."
            )
        return self._single(name, shape, wanted)

    # -- whole variables ----------------------------------------------------------------------

    def _single(
        self, name: str, shape: Any, wanted: Wanted, partition_info: PartitionInfo | None = None
    ) -> Any:
        constant = wanted.initializer is not None and not callable(wanted.initializer)
        if shape is not None and constant:
            raise ValueError(
                f"variable '{name}' was given both a shape and an initializer that is a value, "
                "which has a shape of its own. Leave out the shape."
            )
        known = Shape.of(shape)
        if name in self._vars:
            found = self._vars[name]
            if wanted.reuse is False:
                raise ValueError(_already_exists(name, found))
            _check_shared(name, found, known, wanted.dtype)
            return found
        if wanted.reuse is True:
            raise ValueError(
                f"variable '{name}' does not exist, or was not made with tf.get_variable(), but "
                f"its scope reuses variables.{self._similar(name)} Set reuse=tf.AUTO_REUSE to make "
                "it where it is missing."
            )
        return self._make(name, known, shape is not None, wanted, partition_info)

    def _make(
        self, name: str, shape: Shape, has_shape: bool, wanted: Wanted, part: PartitionInfo | None
    ) -> Any:
        initializer = wanted.initializer
        if initializer is None:
            initializer = default_initializer(name, wanted.dtype)
        value, dtype = _initial(name, initializer, shape, wanted.dtype, part)
        options = dict(wanted.options)
        variable = Variable(initial_value=value, name=name, dtype=dtype, **options)
        self._vars[name] = variable
        if wanted.regularizer is not None:
            _regularize(name, variable, wanted.regularizer)
        return variable

    def _similar(self, name: str) -> str:
        leaf = name.rpartition("/")[2]
        close = [other for other in self._vars if other.rpartition("/")[2] == leaf][:3]
        return f" There is {', '.join(map(repr, close))}." if close else ""

    # -- partitioned variables ----------------------------------------------------------------

    def partitioned(self, name: str, shape: Any, wanted: Wanted, partitioner: Any) -> Any:
        """The partitioned variable of that full name, made if ``reuse`` allows it."""
        if name in self._vars:
            raise ValueError(
                f"variable '{name}' was made without a partitioner, but is asked for with one. "
                "Leave it out, or give the variable another name."
            )
        known = Shape.of(shape)
        if isinstance(wanted.initializer, Tensor):
            known = known.merge_with(wanted.initializer._shape_value)
        partitions = None
        if not wanted.reuse or partitioner:
            partitions = partitions_for(partitioner, known, wanted.dtype)
        if name in self._partitioned_vars:
            return self._shared_partitions(name, known, wanted, partitions)
        if wanted.reuse is True or partitions is None:
            raise ValueError(
                f"partitioned variable '{name}' does not exist, or was not made with "
                "tf.get_variable(), but its scope reuses variables. Set reuse=tf.AUTO_REUSE."
            )
        parts = self._parts(name, list(known), wanted, partitions)
        whole = PartitionedVariable(
            name, TensorShape.of(known), parts[0].dtype.base_dtype, parts, list(partitions)
        )
        self._partitioned_vars[name] = whole
        return whole

    def _shared_partitions(self, name: str, shape: Shape, wanted: Wanted, partitions: Any) -> Any:
        found = self._partitioned_vars[name]
        if wanted.reuse is False:
            raise ValueError(_already_exists(name, next(iter(found))))
        _check_shared(name, found, shape, wanted.dtype)
        if partitions is not None and list(found._get_partitions()) != list(partitions):
            raise ValueError(
                f"variable '{name}' exists in partitions {found._get_partitions()}, but is asked "
                f"for in partitions {list(partitions)}."
            )
        return found

    def _parts(self, name: str, shape: list[Any], wanted: Wanted, partitions: Any) -> list[Any]:
        axis, count = cut(partitions)
        if f"{name}/part_0" in self._vars:
            has_last = f"{name}/part_{count - 1}" in self._vars
            if not has_last or f"{name}/part_{count}" in self._vars:
                raise ValueError(
                    f"the parts of variable '{name}' exist, but not {count} of them, as the "
                    "partitioner says now."
                )
        parts = []
        for index, (offset, size) in enumerate(slices_of(shape, count, axis)):
            full_name = f"{name}/part_{index}"
            with get_default_graph().name_scope(full_name + "/PartitionedInitializer"):
                initializer, part_shape, dtype = _initializer_of_part(wanted, offset, size)
            with get_default_graph().name_scope(None):
                part = self._single(
                    full_name, part_shape, wanted._replace(initializer=initializer, dtype=dtype),
                    PartitionInfo(list(shape), offset),
                )  # fmt: skip
            part._set_save_slice_info(Variable.SaveSliceInfo(name, list(shape), offset, size))
            parts.append(part)
        return parts


class Wanted(NamedTuple):
    """What is asked of a variable besides its name and shape.

    Attributes:
      dtype: The dtype.
      initializer: A value, a function, an initializer or its class; None for the default.
      regularizer: A function from the variable to a loss, or None.
      reuse: True, False, None or `AUTO_REUSE`.
      options: What `Variable` is to be given besides.
    """

    dtype: DType
    initializer: Any
    regularizer: Any
    reuse: Any
    options: dict[str, Any]


def default_initializer(name: str, dtype: DType) -> Any:
    """Glorot's uniform distribution for floats; zeros for integers, bools and strings."""
    if dtype.is_floating:
        return GlorotUniform()
    if dtype.is_integer or dtype.is_bool or dtype.name == "string":
        return Zeros()
    raise ValueError(
        f"variable '{name}' of dtype {dtype.name} needs an initializer: there is no default one."
    )


def _initial(
    name: str, initializer: Any, shape: Shape, dtype: DType, part: PartitionInfo | None
) -> tuple[Any, DType | None]:
    """The initial value to give to `Variable`, and the dtype to ask of it."""
    if not callable(initializer):
        return initializer, None
    make = initializer() if isinstance(initializer, type) else initializer
    if shape.is_fully_defined:
        sizes = shape.as_list()
        return lambda: make(sizes, dtype=dtype, partition_info=part), dtype
    if all(p.default is not p.empty for p in _parameters(make)):
        return make, None
    raise ValueError(
        f"variable '{name}' has shape {shape}, which its initializer needs fully known. Give the "
        "shape, or an initializer that takes no arguments."
    )


def _initializer_of_part(
    wanted: Wanted, offset: list[int], size: list[int]
) -> tuple[Any, Any, DType]:
    """The initializer of a part, the shape to ask for and the dtype."""
    initializer = wanted.initializer
    if initializer is None or callable(initializer):
        return initializer, size, wanted.dtype
    value = convert_to_tensor(
        initializer, None if isinstance(initializer, Tensor) else wanted.dtype
    )
    part = slice_(value, offset, size)
    return part, None, part.dtype.base_dtype


def _regularize(name: str, variable: Any, regularizer: Any) -> None:
    """Adds the regularizer's loss for the variable to the collection of such losses."""
    graph = get_default_graph()
    scope = graph.name_scope(name + "/Regularizer/")
    with graph.colocate_with(variable.op), scope, graph.control_dependencies(None):
        loss = regularizer(variable)
    if loss is not None:
        graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


def _already_exists(name: str, found: Any) -> str:
    place = found.op._location
    where = f", made at {place}," if place is not None else ""
    return (
        f"variable '{name}' exists already{where} and its scope does not reuse variables. Set "
        "reuse=True or reuse=tf.AUTO_REUSE in the variable scope to share it, or choose another "
        "name."
    )


def _check_shared(name: str, found: Any, shape: Shape, dtype: DType) -> None:
    existing = Shape.of(found.get_shape())
    if not shape.is_compatible_with(existing):
        raise ValueError(
            f"variable '{name}' is to be shared and has shape {existing}, but is asked for with "
            f"shape {shape}."
        )
    if dtype is not found.dtype.base_dtype:
        raise ValueError(
            f"variable '{name}' is to be shared and has dtype {found.dtype.base_dtype.name}, but "
            f"is asked for with dtype {dtype.name}."
        )


def _parameters(function: Any) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p for p in inspect.signature(function).parameters.values() if p.kind not in kinds]


def _takes(function: Any, argument: str) -> bool:
    parameters = inspect.signature(function).parameters.values()
    return any(p.name == argument or p.kind is p.VAR_KEYWORD for p in parameters)


def default_store() -> VariableStore:
    """The store of the default graph."""
    states = get_default_graph()._scoped_state
    store: VariableStore = states.setdefault("variable store", None) or VariableStore()
    states["variable store"] = store
    return store
