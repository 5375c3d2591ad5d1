"""Handles: what flows through a graph in place of a queue, a reader, an iterator, …

The op that makes a resource returns a handle, and the ops that use it take the handle as an
input. A handle is a small object in a NumPy array of rank 0, and holds the resource itself::

    return handles.make(run, Queue, container, shared_name, lambda: FIFOQueue(...))   # one op
    queue = handles.get(handle, Queue)                                                # another

Two nodes of one session with the same container and shared name have one resource.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from tidefall.core import errors
from tidefall.core.runtime import RunContext

Kind = TypeVar("Kind")


class Handle:
    """What stands for one resource of one session.

    Attributes:
      container: The container the resource is in; "" is the default one.
      name: Its name there: the shared name, or the name of the node that made it.
      resource: The resource.
      users: Names of nodes that were found to want just such a resource.
    """

    __slots__ = ("array", "container", "name", "resource", "users")

    def __init__(self, container: str, name: str, resource: Any) -> None:
        self.container = container
        self.name = name
        self.resource = resource
        self.users: set[str] = set()
        self.array: Any = np.array(self, object)

    def __repr__(self) -> str:
        return f"<handle of {type(self.resource).__name__} '{self.name}'>"


def make(
    run: RunContext,
    kind: type[Any],
    container: str,
    shared_name: str,
    create: Callable[[], Any],
) -> Any:
    """The handle, as an array of rank 0, of the resource that the running node stands for.

    Args:
      run: The node's side of the run.
      kind: What the resource is for those who use it; resources of different kinds may have one
        name.
      container: The attribute of that name.
      shared_name: The attribute of that name; the node's name is used where it is empty.
      create: Makes the resource when the session first needs it.
    """
    name = shared_name or run.node_name
    key = (kind, container, name)
    handle: Handle = run.resource(key, lambda: Handle(container, name, create()))
    return handle.array


def get(handle: Any, kind: type[Kind]) -> Kind:
    """The resource of a handle, which must be of ``kind`` (or derived from it).

    Raises:
      InvalidArgumentError: If it is of another kind, or no handle.
    """
    item = handle if handle.__class__ is Handle else np.asarray(handle, object)[()]
    resource = item.resource if item.__class__ is Handle else None
    if not isinstance(resource, kind):
        given = item if item.__class__ is Handle else type(item).__name__
        wanted = kind.__name__
        message = f"a handle of a {wanted} is needed, but {given} was given."
        raise errors.InvalidArgumentError(None, None, message)
    return resource
