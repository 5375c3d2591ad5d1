"""`make_template`: a function whose variables are made at its first call and shared by all."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tidefall.core.exports import export
from tidefall.core.frames import Location, capture
from tidefall.ir.collections import GraphKeys
from tidefall.ir.graph import get_default_graph
from tidefall.variables.scope import VariableScope, variable_scope


@export("make_template")
def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Callable[..., Any] | None = None,
    **kwargs: Any,
) -> Template:
    """A function like ``func_`` that shares its variables between calls.

    Args:
      name_: The variable scope, made unique.
      func_: The function; it must make its variables with `get_variable`.
      create_scope_now_: Whether to open the scope now rather than at the first call.
      unique_name_: A variable scope to use as it is.
      custom_getter_: Who is asked for variables; see `variable_scope`.
      **kwargs: Arguments to fix.

    >>> scale = tf.make_template("scale", lambda x: x * tf.get_variable("k", initializer=2.0))
    >>> total = scale(1.0) + scale(10.0)
    >>> [v.name for v in tf.global_variables()]
    ['scale/k:0']
    """
    function = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)


class Template:
    """What `make_template` returns."""

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Callable[..., Any] | None = None,
    ) -> None:
        if name is None:
            raise ValueError("a template needs a name.")
        self._func = func
        self._name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._made_at: Location | None = capture(3)
        self._variable_scope: VariableScope | None = None
        self._variables_created = False
        if create_scope_now:
            with variable_scope(
                unique_name, name, custom_getter=custom_getter, auxiliary_name_scope=False
            ) as scope:
                self._variable_scope = scope

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function in the template's variable scope."""
        if self._variable_scope is not None:
            with variable_scope(self._variable_scope, reuse=self._variables_created):
                return self._call(args, kwargs)
        with variable_scope(
            self._unique_name, self._name, custom_getter=self._custom_getter
        ) as scope:
            self._variable_scope = scope
            return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        trainable = get_default_graph().get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before = len(trainable)
        try:
            result = self._func(*args, **kwargs)
        except Exception as error:
            error.add_note(f"in the template '{self._name}', made at {self._made_at}")
            raise
        if self._variables_created and len(trainable) != before:
            raise ValueError(
                f"the template '{self._name}', made at {self._made_at}, made the variable "
                f"'{trainable[before].name}' in a call after the first. Make variables with "
                "tf.get_variable, so that calls share them."
            )
        self._variables_created = True
        return result

    @property
    def name(self) -> str:
        """The name given to the template."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """The variable scope; None before it is open."""
        return self._variable_scope

    @property
    def var_scope(self) -> VariableScope | None:
        """The older name of `variable_scope`."""
        return self._variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the variable scope, with trailing slash."""
        if self._variable_scope is None:
            return None
        name = self._variable_scope.name
        return name + "/" if name and name[-1] != "/" else name

    def _collected(self, key: str) -> list[Any]:
        if not self._variables_created:
            return []
        return get_default_graph().get_collection(key, self.variable_scope_name)

    @property
    def variables(self) -> list[Any]:
        """All variables of the template."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables that optimizers change."""
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The global variables that optimizers leave alone."""
        trainable = set(self.trainable_variables)
        return [each for each in self.global_variables if each not in trainable]

    @property
    def global_variables(self) -> list[Any]:
        """The global variables."""
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The local variables."""
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables
