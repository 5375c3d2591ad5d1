"""Variable scopes: sharing variables by name, with defaults that reach inwards."""

from __future__ import annotations

import copy
import enum
import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tidefall.core import dtypes, hooks
from tidefall.core.exports import export, export_value
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.variables.store import VariableStore, default_store
from tidefall.variables.synchronization import (
    VariableAggregation,
    VariableSynchronization,
    validated,
)


class _ReuseMode(enum.Enum):
    AUTO_REUSE = 1


#: Reuse variables that exist and make those that do not.
AUTO_REUSE = _ReuseMode.AUTO_REUSE
export_value("AUTO_REUSE", AUTO_REUSE)


@export("no_regularizer")
def no_regularizer(_: Any) -> None:
    """A regularizer that adds nothing, where the scope's is not wanted."""
    return None


@export("VariableScope")
class VariableScope:
    """The defaults of `get_variable` in a part of the program.

    Args:
      reuse: Whether variables must exist (True), must not (False or None), or either.
      name: The prefix of the names of variables.
      initializer: The default initializer.
      regularizer: The default regularizer.
      caching_device: The default device for copies.
      partitioner: The default partitioner.
      custom_getter: Who is asked for variables.
      name_scope: The name scope in which the variable scope was opened first.
      dtype: The default dtype.
      use_resource: Whether to make resource variables.
      constraint: The default constraint.
    """

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = dtypes.float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self._name = name
        self._initializer = initializer
        self._regularizer = regularizer
        self._reuse = reuse
        self._caching_device = caching_device
        self._partitioner = partitioner
        self._custom_getter = custom_getter
        self._name_scope = name_scope
        self._dtype = dtype
        self._use_resource = use_resource
        self._constraint = constraint

    @property
    def name(self) -> str:
        """The prefix of the names of variables, without trailing slash."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope in which it was opened first."""
        return self._name_scope

    @property
    def reuse(self) -> Any:
        """Whether variables must exist (True), must not (False or None), or either."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def dtype(self) -> Any:
        """The default dtype."""
        return self._dtype

    @property
    def use_resource(self) -> bool | None:
        """Whether it makes resource variables."""
        return self._use_resource

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """The default device for copies."""
        return self._caching_device

    @property
    def partitioner(self) -> Any:
        """The default partitioner."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """Who is asked for variables."""
        return self._custom_getter

    @property
    def constraint(self) -> Any:
        """The default constraint."""
        return self._constraint

    def reuse_variables(self) -> None:
        """Reuses variables from now on."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Sets the default initializer."""
        self._initializer = initializer

    def set_dtype(self, dtype: Any) -> None:
        """Sets the default dtype."""
        self._dtype = dtype

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Sets whether it makes resource variables."""
        self._use_resource = use_resource

    def set_regularizer(self, regularizer: Any) -> None:
        """Sets the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Sets the default device for copies."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Sets the default partitioner."""
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Sets who is asked for variables."""
        self._custom_getter = custom_getter

    def get_collection(self, name: Any) -> list[Any]:
        """What a collection has of this scope."""
        scope = self._name + "/" if self._name else ""
        return get_default_graph().get_collection(name, scope)

    def trainable_variables(self) -> list[Any]:
        """The trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Any]:
        """The global variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Any]:
        """The local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        shape: Any = None,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        reuse: Any = None,
        trainable: bool | None = None,
        collections: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        validate_shape: bool = True,
        use_resource: bool | None = None,
        custom_getter: Any = None,
        constraint: Any = None,
        synchronization: Any = VariableSynchronization.AUTO,
        aggregation: Any = VariableAggregation.NONE,
    ) -> Any:
        """A variable of this scope, found or made. See `tf.get_variable` for the arguments."""
        full_name = f"{self._name}/{name}" if self._name else name
        with get_default_graph().name_scope(None):
            _check_initializer_dtype(full_name, initializer, dtype)
            synchronization, aggregation, trainable = validated(
                synchronization, aggregation, trainable, full_name
            )
            return var_store.get_variable(
                full_name,
                custom_getter=_or(custom_getter, self._custom_getter),
                shape=shape,
                dtype=_base(_or(dtype, self._dtype)),
                initializer=_or(initializer, self._initializer),
                regularizer=_or(regularizer, self._regularizer),
                reuse=_or(reuse, self._reuse),
                trainable=trainable,
                collections=collections,
                caching_device=_or(caching_device, self._caching_device),
                partitioner=_or(partitioner, self._partitioner),
                validate_shape=validate_shape,
                use_resource=_or(use_resource, self._use_resource),
                constraint=_or(constraint, self._constraint),
                synchronization=synchronization,
                aggregation=aggregation,
            )

    def _inner(self, **changes: Any) -> VariableScope:
        """A scope with this one's defaults, but for the ``changes`` that are not None."""
        scope = VariableScope(
            self._reuse, self._name, self._initializer, self._regularizer, self._caching_device,
            self._partitioner, self._custom_getter, self._name_scope, self._dtype,
            self._use_resource,
        )  # fmt: skip
        getter = changes.pop("custom_getter")
        if getter is not None:
            scope._custom_getter = _asking_outer(getter, self._custom_getter)
        for name, value in changes.items():
            if value is not None:
                setattr(scope, f"_{name}", value)
        return scope


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _base(dtype: Any) -> Any:
    return getattr(dtype, "base_dtype", dtype)


def _check_initializer_dtype(name: str, initializer: Any, dtype: Any) -> None:
    if dtype is None or initializer is None or callable(initializer):
        return
    given = convert_to_tensor(initializer).dtype.base_dtype
    if given != dtypes.as_dtype(dtype).base_dtype:
        raise ValueError(
            f"variable '{name}' is to have dtype {dtypes.as_dtype(dtype).name}, but its "
            f"initializer is a value of dtype {given.name}. Leave out one of them."
        )


def _asking_outer(own: Callable[..., Any], outer: Callable[..., Any] | None) -> Any:
    """A getter whose own ``getter`` is the outer scope's."""
    if outer is None:
        return own

    def custom_getter(getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return own(functools.partial(outer, getter), *args, **kwargs)

    return custom_getter


class _Opened:
    """How often a name was opened as a scope, and the same for the names inside it."""

    __slots__ = ("count", "inside")

    def __init__(self) -> None:
        self.count = 0
        self.inside: dict[str, _Opened] = {}

    def at(self, name: str) -> _Opened:
        """The entry of a name inside this one, which may have several parts."""
        found = self
        for part in name.split("/") if name else ():
            found = found.inside.setdefault(part, _Opened())
        return found


class _ScopeState(threading.local):
    """The open scope of a graph and how often each name was opened, in one thread."""

    def __init__(self) -> None:
        self.current_scope = VariableScope(False)
        self.opened = _Opened()

    def unique(self, prefix: str) -> str:
        """``prefix``, or with a number, so that no sibling opened so far has the name."""
        siblings = self.opened.at(self.current_scope.name)
        name, number = prefix, 0
        while siblings.at(name).count:
            number += 1
            name = f"{prefix}_{number}"
        return name


def _state() -> _ScopeState:
    states = get_default_graph()._scoped_state
    state: _ScopeState | None = states.get("variable scopes")
    if state is None:
        state = states["variable scopes"] = _ScopeState()
    return state


@export("get_variable_scope")
def get_variable_scope() -> VariableScope:
    """The variable scope that is open."""
    return _state().current_scope


@hooks.install("scope_use_resource")
def _scope_use_resource() -> bool | None:
    return get_variable_scope().use_resource


@export("get_variable")
def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """A variable of the open variable scope: the one of that name, or a new one.

    Args:
      name: Its name in the scope.
      shape: Its shape.
      dtype: Its dtype; the scope's if None.
      initializer: An initializer, its class, a function without arguments, or a value; the
        scope's if None, and Glorot's uniform distribution if that has none.
      regularizer: A function from the variable to a loss that is added to
        ``GraphKeys.REGULARIZATION_LOSSES``.
      trainable: Whether optimizers change it by default.
      collections: Names of collections it is added to.
      caching_device: A device to keep a copy for reading on.
      partitioner: A function that says into how many parts each dimension is cut.
      validate_shape: Whether the shape of the initial value must be known, and stay.
      use_resource: Whether to make a resource variable.
      custom_getter: ``f(getter, name, **arguments)``, asked instead; see `variable_scope`.
      constraint: A function that optimizers apply after each update.
      synchronization: Accepted for programs with several replicas.
      aggregation: Accepted for programs with several replicas.

    Raises:
      ValueError: If it exists and the scope does not reuse, if it does not and the scope reuses,
        or if it exists with another shape or dtype.
    """
    return get_variable_scope().get_variable(
        default_store(), name, shape=shape, dtype=dtype, initializer=initializer,
        regularizer=regularizer, trainable=trainable, collections=collections,
        caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
        synchronization=synchronization, aggregation=aggregation,
    )  # fmt: skip


@export("get_local_variable")
def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """A local variable, which is neither trained nor saved. See `get_variable`."""
    return get_variable(
        name, shape=shape, dtype=dtype, initializer=initializer, regularizer=regularizer,
        trainable=False, collections=[*(collections or ()), GraphKeys.LOCAL_VARIABLES],
        caching_device=caching_device, partitioner=partitioner, validate_shape=validate_shape,
        use_resource=use_resource, custom_getter=custom_getter, constraint=constraint,
        synchronization=synchronization, aggregation=aggregation,
    )  # fmt: skip


@export("variable_scope")
class variable_scope:
    """A block in which `get_variable` puts a name before its variables and has other defaults.

    Args:
      name_or_scope: The name to add, or a `VariableScope` to enter again.
      default_name: A name to add, made unique, where ``name_or_scope`` is None.
      values: Tensors whose graph the block is for.
      initializer: The default initializer of the block.
      regularizer: The default regularizer.
      caching_device: The default device for copies.
      partitioner: The default partitioner.
      custom_getter: ``f(getter, name, **arguments)``, which `get_variable` asks; ``getter`` is
        the way without it.
      reuse: True: variables must exist; `AUTO_REUSE`: they may; None or False: as outside.
      dtype: The default dtype.
      use_resource: Whether to make resource variables.
      constraint: The default constraint.
      auxiliary_name_scope: Whether to open a name scope too.

    >>> with tf.variable_scope("net"):
    ...     w = tf.get_variable("w", [2])
    >>> with tf.variable_scope("net", reuse=True):
    ...     tf.get_variable("w") is w
    True
    """

    def __init__(
        self,
        name_or_scope: Any,
        default_name: str | None = None,
        values: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Any = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if name_or_scope is None and default_name is None:
            raise TypeError("tf.variable_scope needs a name_or_scope, or a default_name.")
        if not (reuse is None or reuse in (True, False) or reuse is AUTO_REUSE):
            raise ValueError(f"reuse must be True, False, None or tf.AUTO_REUSE, not {reuse!r}.")
        if not isinstance(auxiliary_name_scope, bool):
            raise TypeError(f"auxiliary_name_scope must be a bool, not {auxiliary_name_scope!r}.")
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._reuse = reuse or None
        self._auxiliary_name_scope = auxiliary_name_scope
        self._changes = {
            "initializer": initializer, "regularizer": regularizer,
            "caching_device": caching_device, "partitioner": partitioner,
            "custom_getter": custom_getter, "dtype": dtype, "use_resource": use_resource,
            "constraint": constraint,
        }  # fmt: skip
        self._graph = _graph_of(values or ())
        self._open: list[ExitStack] = []

    def __enter__(self) -> VariableScope:
        with ExitStack() as stack:
            stack.enter_context(self._graph.as_default())
            entered = self._enter(stack)
            self._open.append(stack.pop_all())
        return entered

    def __exit__(self, *error: Any) -> None:
        self._open.pop().__exit__(*error)

    def _enter(self, stack: ExitStack) -> VariableScope:
        given = self._name_or_scope
        name_scope: str | None = None
        if given is None:
            if self._reuse:
                raise ValueError("reuse needs the name of a scope; default_name makes a new one.")
            name_scope = stack.enter_context(self._names(self._default_name))
            unique = _state().unique(self._default_name or "")
            return stack.enter_context(self._named(unique, name_scope))
        if not isinstance(given, (str, VariableScope)):
            raise TypeError(f"name_or_scope must be a string or a tf.VariableScope, not {given!r}.")
        leaf = given if isinstance(given, str) else given.name.split("/")[-1]
        if leaf or not self._auxiliary_name_scope:
            name_scope = stack.enter_context(self._names(leaf))
        if isinstance(given, VariableScope):
            return stack.enter_context(self._again(given))
        return stack.enter_context(self._named(given, name_scope))

    def _names(self, name: str | None) -> Any:
        if self._auxiliary_name_scope:
            return self._graph.name_scope(name)
        present = self._graph.get_name_scope()
        return self._graph.name_scope(f"{present}/" if present else "")

    @contextmanager
    def _named(self, name: str, name_scope: str | None) -> Iterator[VariableScope]:
        """A block with a new scope inside the open one."""
        state = _state()
        outer = state.current_scope
        full_name = f"{outer.name}/{name}" if outer.name else name
        scope = outer._inner(
            name=full_name,
            name_scope=name if name_scope is None else name_scope,
            reuse=self._reuse,
            **self._changes,
        )
        scope._reuse = self._reuse or outer.reuse
        opened = state.opened.at(full_name)
        opened.count += 1
        state.current_scope = scope
        try:
            yield scope
            _check_nesting(state, scope)
        finally:
            if full_name:
                opened.inside.clear()
            state.current_scope = outer

    @contextmanager
    def _again(self, given: VariableScope) -> Iterator[VariableScope]:
        """A block with a scope that was open before."""
        state = _state()
        outer = state.current_scope
        scope = given._inner(reuse=self._reuse, **self._changes)
        opened = state.opened.at(given.name)
        opened.count += 1
        inside = copy.deepcopy(opened.inside)
        state.current_scope = scope
        try:
            yield scope
            _check_nesting(state, scope)
        finally:
            opened.inside = inside
            state.current_scope = outer


def _check_nesting(state: _ScopeState, scope: VariableScope) -> None:
    if state.current_scope is not scope:
        raise RuntimeError("variable scopes were left in another order than they were entered.")


def _graph_of(values: Any) -> Any:
    for value in values:
        graph = getattr(value, "graph", None)
        if graph is not None and (isinstance(value, Tensor) or hasattr(value, "op")):
            return graph
    return get_default_graph()


@export("variable_op_scope")
@contextmanager
def variable_op_scope(
    values: Any,
    name_or_scope: Any,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> Iterator[VariableScope]:
    """The older form of `variable_scope`."""
    with variable_scope(
        name_or_scope, default_name, values, initializer, regularizer, caching_device,
        partitioner, custom_getter, reuse, dtype, use_resource, constraint,
    ) as scope:  # fmt: skip
        yield scope
