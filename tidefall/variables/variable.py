"""`Variable`: a tensor that keeps its value between runs."""

from __future__ import annotations

from typing import Any

from tidefall.core.exports import export
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.array import identity, no_op
from tidefall.ops.state import assign, assign_add, assign_sub, variable_v2


@export("Variable")
class Variable:
    """A tensor that keeps its value between runs of a session.

    Args:
      initial_value: What the initializer gives it: a tensor, array or number.
      trainable: Whether optimizers change it by default.
      name: Its name.
      dtype: Its dtype; that of ``initial_value`` if None.
    """

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
    ) -> None:
        graph = get_default_graph()
        if collections is None:
            collections = [GraphKeys.GLOBAL_VARIABLES]
        self._trainable = trainable is None or trainable
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
            collections = [*collections, GraphKeys.TRAINABLE_VARIABLES]
        with graph.control_dependencies(None), graph.name_scope(name or "Variable") as scope:
            self._initial_value = convert_to_tensor(initial_value, dtype, name="initial_value")
            value = self._initial_value
            self._variable = variable_v2(
                shape=value._shape_value, dtype=value.dtype.base_dtype, name=scope
            )
            self._initializer_op = assign(
                self._variable, value, validate_shape=validate_shape, name="Assign"
            ).op
            with graph.colocate_with(self._variable.op):
                self._snapshot = identity(self._variable, name="read")
        graph.add_to_collections(collections, self)

    @property
    def name(self) -> str:
        """Its name, ``<scope>:0``."""
        return self._variable.name  # type: ignore[no-any-return]

    @property
    def op(self) -> Any:
        """The operation that makes the variable."""
        return self._variable.op

    @property
    def dtype(self) -> Any:
        """Its dtype, a reference type."""
        return self._variable.dtype

    @property
    def graph(self) -> Any:
        """The graph it is in."""
        return self._variable.graph

    @property
    def shape(self) -> Any:
        """Its static shape."""
        return self._variable.shape

    @property
    def initializer(self) -> Any:
        """The operation that gives it its initial value."""
        return self._initializer_op

    def _as_graph_element(self) -> Tensor:
        return self._variable  # type: ignore[no-any-return]

    def _convert_to_tensor(self, dtype: Any, name: Any, as_ref: bool) -> Any:
        return self._variable if as_ref else self._snapshot

    def _ref(self) -> Any:
        return self._variable

    def assign(
        self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True
    ) -> Any:
        """An operation that gives it ``value``."""
        return assign(self._variable, value, use_locking=use_locking, name=name)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True
    ) -> Any:
        """An operation that adds ``delta``."""
        return assign_add(self._variable, delta, use_locking=use_locking, name=name)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True
    ) -> Any:
        """An operation that subtracts ``delta``."""
        return assign_sub(self._variable, delta, use_locking=use_locking, name=name)

    def __add__(self, other: Any) -> Any:
        return self._snapshot + other

    def __mul__(self, other: Any) -> Any:
        return self._snapshot * other


@export("trainable_variables")
def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers change by default."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


@export("global_variables_initializer")
def global_variables_initializer() -> Any:
    """An operation that initializes all global variables."""
    graph = get_default_graph()
    variables = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
    with graph.control_dependencies([each.initializer for each in variables]):
        return no_op(name="init")
