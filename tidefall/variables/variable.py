"""`Variable`: a tensor that keeps its value between runs. What both kinds have in common.

Calling ``tf.Variable(...)`` makes a `RefVariable` or a `ResourceVariable`; which, and who else
has a say, is decided in `tidefall.variables.creation`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NoReturn

from tidefall.core import hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.tensor_shape import TensorShape
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.tensor import Tensor
from tidefall.variables import slices
from tidefall.variables.synchronization import VariableAggregation, VariableSynchronization


class VariableType(type):
    """The class of `Variable`: a call of ``tf.Variable`` itself makes one of the two kinds."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Variable:
            return hooks.get("create_variable")(*args, **kwargs)
        return super().__call__(*args, **kwargs)


@export("Variable")
class Variable(metaclass=VariableType):
    """A tensor that keeps its value between runs of a session.

    A variable must be initialized before it is read: run ``tf.global_variables_initializer()``
    once in every session, or restore a checkpoint. Wherever a tensor is expected a variable may
    be given; the operators of `Tensor` work on it.

    Args:
      initial_value: What its initializer gives it: a tensor or anything that converts to one, or
        a function without arguments that makes it.
      trainable: Whether optimizers change it by default. True if None.
      collections: Names of collections it is added to; ``[GraphKeys.GLOBAL_VARIABLES]`` if None.
      validate_shape: Whether the shape of ``initial_value`` must be known, and stay.
      caching_device: A device to keep a copy for reading on.
      name: Its name, made unique; ``Variable`` if None.
      variable_def: A ``VariableDef`` message to recreate the variable from; excludes the others.
      dtype: The dtype to convert ``initial_value`` to; its own if None.
      expected_shape: Ignored.
      import_scope: A name scope to put before names in ``variable_def``.
      constraint: A function from tensor to tensor that optimizers apply after each update.
      use_resource: Whether to make a resource variable; the variable scope says if None.
      synchronization: Accepted for programs with several replicas.
      aggregation: Accepted for programs with several replicas.
      shape: The shape of the variable where it should be less definite than the initial value's.

    >>> w = tf.Variable([1.0, 2.0], name="w")
    >>> double = w.assign(w * 2.0)
    >>> with tf.Session() as session:
    ...     session.run(tf.global_variables_initializer())
    ...     session.run(double)
    array([2., 4.], dtype=float32)
    """

    SaveSliceInfo = slices.SaveSliceInfo

    #: Lets ``numpy_array * variable`` reach `Variable.__rmul__`.
    __array_priority__ = 100

    _initial_value: Any
    _initializer_op: Any
    _trainable: bool
    _constraint: Callable[..., Any] | None
    _synchronization: VariableSynchronization
    _aggregation: VariableAggregation
    _caching_device: Any = None
    _save_slice_info: slices.SaveSliceInfo | None = None
    _in_graph_mode = True

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[..., Any] | None = None,
        use_resource: bool | None = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        raise NotImplementedError

    # -- what it is ---------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Its name, ``<scope>:0``."""
        raise NotImplementedError

    @property
    def op(self) -> Any:
        """The operation that makes it."""
        raise NotImplementedError

    @property
    def dtype(self) -> DType:
        """Its dtype; that of a reference variable is a reference type."""
        raise NotImplementedError

    @property
    def shape(self) -> TensorShape:
        """Its static shape."""
        raise NotImplementedError

    def get_shape(self) -> TensorShape:
        """Its static shape; the same as `shape`."""
        return self.shape

    @property
    def graph(self) -> Any:
        """The graph it is in."""
        return self.op.graph

    @property
    def device(self) -> str:
        """The device asked for, or ''."""
        return self.op.device  # type: ignore[no-any-return]

    @property
    def initializer(self) -> Any:
        """The operation that gives it its initial value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Any:
        """The tensor its initializer assigns."""
        return self._initial_value

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it by default."""
        return self._trainable

    @property
    def constraint(self) -> Callable[..., Any] | None:
        """The function optimizers apply after each update, or None."""
        return self._constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """When copies on several devices are brought together."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """How writes to copies on several devices are combined."""
        return self._aggregation

    @property
    def _shared_name(self) -> str:
        return self.name[: self.name.index(":")]

    def _set_save_slice_info(self, save_slice_info: slices.SaveSliceInfo | None) -> None:
        self._save_slice_info = save_slice_info

    def _get_save_slice_info(self) -> slices.SaveSliceInfo | None:
        return self._save_slice_info

    def experimental_ref(self) -> Reference:
        """A hashable stand-in for this variable in sets and dicts."""
        return Reference(self)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """This as a ``VariableDef`` message; None if it lies outside ``export_scope``."""
        return hooks.call("variable_to_proto", self, export_scope)

    @staticmethod
    def from_proto(variable_def: Any, import_scope: str | None = None) -> Any:
        """The variable that a ``VariableDef`` message tells of; its nodes must be in the graph."""
        return Variable(
            variable_def=variable_def,
            import_scope=import_scope,
            use_resource=bool(variable_def.is_resource),
        )

    # -- reading ------------------------------------------------------------------------------

    def value(self) -> Any:
        """The tensor that reads it; the one made last if it may be shared."""
        raise NotImplementedError

    def read_value(self) -> Any:
        """A new tensor that reads it here and now: after the open control dependencies."""
        raise NotImplementedError

    def initialized_value(self) -> Any:
        """Its value if it is initialized, else its initial value.

        For initial values that depend on another variable's.
        """
        with get_default_graph().control_dependencies(None):
            return hooks.call(
                "cond", self._is_initialized(), self.read_value, lambda: self.initial_value
            )

    def _is_initialized(self) -> Any:
        raise NotImplementedError

    def eval(self, session: Any = None) -> Any:
        """Its value in ``session`` (the default session if None)."""
        return self._as_graph_element().eval(session=session)

    def sparse_read(self, indices: Any, name: str | None = None) -> Any:
        """Reads some rows of it."""
        raise AttributeError("sparse_read")

    def gather_nd(self, indices: Any, name: str | None = None) -> Any:
        """Reads some elements or slices of it."""
        raise AttributeError("gather_nd")

    def _as_graph_element(self) -> Any:
        raise NotImplementedError

    def _ref(self) -> Any:
        raise NotImplementedError

    def _convert_to_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        if dtype is not None and as_dtype(dtype).base_dtype is not self.dtype.base_dtype:
            raise ValueError(
                f"a tensor of dtype {as_dtype(dtype).name} is needed, but variable '{self.name}' "
                f"has dtype {self.dtype.base_dtype.name}. Convert it with tf.cast(…, "
                f"tf.{as_dtype(dtype).base_dtype.name})."
            )
        return self._ref() if as_ref else self.value()

    # -- writing ------------------------------------------------------------------------------

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        """Gives it ``value``.

        Args:
          value: A tensor of its shape and dtype.
          use_locking: Accepted; assignments are atomic.
          name: The name of the operation.
          read_value: Whether to return a tensor of the new value, or only the operation.
        """
        raise NotImplementedError

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        """Adds ``delta`` to it. See `assign`."""
        raise NotImplementedError

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None,
        read_value: bool = True,
    ) -> Any:  # fmt: skip
        """Subtracts ``delta`` from it. See `assign`."""
        raise NotImplementedError

    def load(self, value: Any, session: Any = None) -> None:
        """Gives it ``value``, a NumPy array, at once, without adding to the graph.

        Args:
          value: The new value.
          session: The session; the default session if None.
        """
        feeds = {self.initializer.inputs[1]: value}
        self.initializer.run(feeds, session)

    def count_up_to(self, limit: int) -> Any:
        """Adds one to it and gives the number before; at ``limit`` it is out of range."""
        raise NotImplementedError

    def set_shape(self, shape: Any) -> None:
        """States what is known of its shape beyond the static shape."""
        raise NotImplementedError

    def _scatter(self, how: str, delta: Any, use_locking: bool, name: str | None) -> Any:
        raise NotImplementedError

    def _scatter_nd(self, how: str, indices: Any, updates: Any, name: str | None) -> Any:
        raise NotImplementedError

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Subtracts the rows of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("sub", checked_slices(sparse_delta), use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Adds the rows of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("add", checked_slices(sparse_delta), use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Raises rows to at least those of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("max", checked_slices(sparse_delta), use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Lowers rows to at most those of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("min", checked_slices(sparse_delta), use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Multiplies with the rows of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("mul", checked_slices(sparse_delta), use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Divides by the rows of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("div", checked_slices(sparse_delta), use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Any:
        """Replaces rows by those of ``sparse_delta``, an `IndexedSlices`."""
        return self._scatter("update", checked_slices(sparse_delta), use_locking, name)

    def batch_scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: Any = None
    ) -> Any:
        """Replaces rows within each batch: leading dimensions of the indices run along."""
        return hooks.call(
            "batch_scatter_update", self, sparse_delta.indices, sparse_delta.values, use_locking,
            name,
        )  # fmt: skip

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Subtracts ``updates`` from the elements or slices at ``indices``."""
        return self._scatter_nd("sub", indices, updates, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Adds ``updates`` to the elements or slices at ``indices``."""
        return self._scatter_nd("add", indices, updates, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """Replaces the elements or slices at ``indices`` by ``updates``."""
        return self._scatter_nd("update", indices, updates, name)

    def _strided_slice_assign(
        self, begin: Any, end: Any, strides: Any, value: Any, name: str | None, **masks: int
    ) -> Any:
        """Assigns to a slice; the masks are those of `tf.strided_slice`."""
        raise NotImplementedError

    # -- as a Python object -------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        return hooks.call("getitem", self.value(), key, self)

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"variable '{self.name}' cannot be iterated over while the graph is built. Use "
            "tf.unstack, or session.run it first."
        )

    def __eq__(self, other: object) -> Any:
        return self is other

    def __ne__(self, other: object) -> Any:
        return self is not other

    __hash__ = object.__hash__

    def __copy__(self) -> Variable:
        return self

    def __deepcopy__(self, memo: Any) -> NoReturn:
        raise NotImplementedError(
            f"variable '{self.name}' belongs to its graph and cannot be copied. Make another one, "
            "and assign it."
        )

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.get_shape()} dtype={self.dtype.name}>"


# What help() shows of tf.Variable(...): the class of `Variable` takes the call.
_signature = inspect.signature(Variable.__init__)
_signature = _signature.replace(parameters=list(_signature.parameters.values())[1:])
Variable.__signature__ = _signature  # type: ignore[attr-defined]


class Reference:
    """Stands for an object in sets and dicts, by identity."""

    def __init__(self, wrapped: Any) -> None:
        self._wrapped = wrapped

    def deref(self) -> Any:
        """The object."""
        return self._wrapped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self) -> int:
        return id(self._wrapped)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._wrapped!r}>"


def checked_slices(delta: Any) -> IndexedSlices:
    """``delta`` if it is an `IndexedSlices`; TypeError if not."""
    if not isinstance(delta, IndexedSlices):
        raise TypeError(f"sparse_delta must be tf.IndexedSlices, not {type(delta).__name__}.")
    return delta


def _overload(operator: str) -> None:
    def apply(self: Variable, *args: Any) -> Any:
        return getattr(self.value(), operator)(*args)

    apply.__name__ = operator
    apply.__doc__ = getattr(Tensor, operator).__doc__
    setattr(Variable, operator, apply)


_BINARY = "add sub mul div truediv floordiv mod pow matmul and or xor".split()
for _name in [*_BINARY, *[f"r{name}" for name in _BINARY], *"neg abs invert lt le gt ge".split()]:
    _overload(f"__{_name}__")
