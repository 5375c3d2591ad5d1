"""What a call of ``tf.Variable`` makes: the kind of variable, and who else has a say."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tidefall.core import hooks
from tidefall.core.exports import export
from tidefall.ir.graph import get_default_graph
from tidefall.variables.ref_variable import RefVariable
from tidefall.variables.resource_variable import ResourceVariable
from tidefall.variables.variable import Variable

Creator = Callable[..., Any]

_SIGNATURE = inspect.signature(Variable.__init__)
_DEFAULTS = {p.name: p.default for p in list(_SIGNATURE.parameters.values())[1:]}
_RESOURCE_ARGUMENTS = tuple(inspect.signature(ResourceVariable.__init__).parameters)[1:]
_REF_ARGUMENTS = tuple(inspect.signature(RefVariable.__init__).parameters)[1:]

_use_resource_by_default = False


@export("enable_resource_variables")
def enable_resource_variables() -> None:
    """Makes variables resource variables unless a scope or an argument says otherwise."""
    global _use_resource_by_default
    _use_resource_by_default = True


@export("disable_resource_variables")
def disable_resource_variables() -> None:
    """Makes variables reference variables unless a scope or an argument says otherwise."""
    global _use_resource_by_default
    _use_resource_by_default = False


@export("resource_variables_enabled")
def resource_variables_enabled() -> bool:
    """Whether variables are resource variables by default."""
    return _use_resource_by_default


@hooks.install("create_variable")
def create_variable(*args: Any, **kwargs: Any) -> Any:
    """Makes a variable, asking the open `variable_creator_scope` blocks from the inside out."""
    if args or not kwargs.keys() <= _DEFAULTS.keys():
        kwargs = _SIGNATURE.bind(None, *args, **kwargs).arguments  # names them, or raises
        del kwargs["self"]
    arguments = {**_DEFAULTS, **kwargs}
    creator: Creator = default_creator
    for each in creators():
        creator = _nested(each, creator)
    return creator(**arguments)


def _nested(creator: Creator, inner: Creator) -> Creator:
    def create(**kwargs: Any) -> Any:
        return creator(inner, **kwargs)

    return create


def default_creator(**kwargs: Any) -> Any:
    """The variable that the arguments of `Variable` say, of the kind they or the scope say."""
    use_resource = kwargs.get("use_resource")
    if use_resource is None:
        use_resource = hooks.call("scope_use_resource")
    if use_resource is None:
        use_resource = _use_resource_by_default
    if use_resource:
        return ResourceVariable(**{k: kwargs[k] for k in _RESOURCE_ARGUMENTS if k in kwargs})
    return RefVariable(**{k: kwargs[k] for k in _REF_ARGUMENTS if k in kwargs})


def creators() -> list[Creator]:
    """The creators of the open `variable_creator_scope` blocks of the default graph."""
    return get_default_graph()._scoped_state.setdefault("variable creators", [])  # type: ignore[no-any-return]


@export("variable_creator_scope")
@contextmanager
def variable_creator_scope(variable_creator: Creator) -> Iterator[None]:
    """Lets ``variable_creator(next_creator, **arguments)`` make the variables of the block.

    Args:
      variable_creator: A function that usually changes some arguments (those of `Variable`, by
        name) and returns ``next_creator(**arguments)``.

    >>> def fixed(next_creator, **arguments):
    ...     return next_creator(**{**arguments, "trainable": False})
    >>> with tf.variable_creator_scope(fixed):
    ...     w = tf.Variable(0.0)
    >>> w.trainable
    False
    """
    stack = creators()
    stack.append(variable_creator)
    try:
        yield
    finally:
        stack.pop()
