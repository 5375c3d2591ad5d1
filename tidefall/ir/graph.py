"""`Graph`: the static dataflow graph a program builds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tidefall.core import context, hooks
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.core.frames import capture
from tidefall.ir import build, scopes
from tidefall.ir.collections import Collections
from tidefall.ir.names import Names, OpenScope
from tidefall.ir.opdef import OpDef, by_name
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor


@export("Graph")
class Graph(scopes.Scopes):
    """A dataflow graph: operations joined by tensors.

    A default graph always exists; ``with graph.as_default():`` makes another one the default of
    a block. Adding operations never changes what exists, so sessions may run while a graph grows.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._operations: dict[str, Operation] = {}
        self._by_id: list[Operation] = []
        self._names = Names()
        self._collections = Collections()
        self._next_id_counter = 0
        #: Grows when an existing node changes; plans made earlier are then stale.
        self._edits = 0
        self._finalized = False
        self._seed: int | None = None
        self._unfeedable: set[Any] = set()
        self._unfetchable: set[Operation] = set()
        self._constants: dict[Tensor, Any] = {}
        self._handle_feeders: dict[Any, Any] = {}
        self._gradient_function_map: dict[str, Any] = {}
        self._functions: dict[str, Any] = {}
        self._function_names: set[str] = set()
        self._building_function = False
        self._container = ""
        self._graph_def_versions = None
        self._scoped_state: dict[Any, Any] = {}

    # -- adding nodes -------------------------------------------------------------------------

    def apply(
        self, op: OpDef, args: tuple[Any, ...], attrs: dict[str, Any], name: str | None
    ) -> Any:
        """Adds the node that a call of ``op`` means; see `tidefall.ir.build`."""
        return build.apply(self, op, args, attrs, name)

    def add_node(
        self,
        opdef: OpDef,
        name: str,
        inputs: tuple[Tensor, ...],
        attrs: dict[str, Any],
        dtypes: tuple[DType, ...],
    ) -> Operation:
        """Adds a node under the open scopes (control inputs, device, colocation, context).

        Args:
          opdef: The op type.
          name: The full name, already unique.
          inputs: The tensors it reads, all of this graph.
          attrs: All attributes, in canonical form.
          dtypes: The dtypes of its outputs.

        Raises:
          RuntimeError: If the graph is finalized.
        """
        if self._finalized:
            raise RuntimeError(
                f"the graph is finalized and cannot grow, but '{name}' ({opdef.name}) was to be "
                "added. Build everything before finalize(), or before the session or supervisor "
                "that finalizes the graph is made."
            )
        with self._lock:
            self._next_id_counter += 1
            op = Operation(
                self, opdef, name, inputs, attrs, dtypes, self._next_id_counter, capture(3)
            )
            self._operations[name] = op
            self._by_id.append(op)
            if self._has_scopes:
                self._enter_scopes(op)
        return op

    def create_op(
        self,
        op_type: str,
        inputs: Any,
        dtypes: Any = None,
        input_types: Any = None,
        name: str | None = None,
        attrs: dict[str, Any] | None = None,
        op_def: Any = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Adds a node of type ``op_type`` from tensors and attribute values.

        Programs normally call the op instead; this is the low-level door of TF 1.15. Attribute
        values may be ``AttrValue`` messages.
        """
        opdef = by_name(op_type)
        attrs = hooks.call("canonical_attrs", opdef, attrs or {}) if attrs else {}
        return build.add(self, opdef, tuple(inputs), attrs, self._names.for_op(name or op_type))

    def capture(self, tensor: Tensor) -> Tensor | None:
        """What stands here for a tensor of another graph; None, since graphs are apart."""
        return None

    def changed(self) -> None:
        """Says that an existing node changed, so that plans made earlier are dropped."""
        self._edits += 1
        self._constants.clear()

    # -- naming -------------------------------------------------------------------------------

    def name_scope(self, name: str | None) -> OpenScope:
        """Opens a name scope for operations made in the block.

        Args:
          name: A name, made unique; with a trailing ``/`` the very scope is entered again; None
            or '' returns to the top.

        Returns:
          A context manager that gives the scope with a trailing slash ('' at the top); given as
          an op's name it names the op after the scope.
        """
        return OpenScope(self._names, name)

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """A name in the open scope that no operation has yet."""
        return self._names.unique(name, mark_as_used)

    def get_name_scope(self) -> str:
        """The open name scope, without trailing slash."""
        return self._names.scope

    @property
    def _name_stack(self) -> str:
        return self._names.scope

    @_name_stack.setter
    def _name_stack(self, scope: str) -> None:
        self._names.scope = scope

    # -- looking up ---------------------------------------------------------------------------

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Any:
        """The tensor or operation that ``obj`` (an object or a name) means in this graph.

        Raises:
          TypeError: If ``obj`` is neither, or of a kind not allowed.
          ValueError: If it belongs to another graph or the name is not well formed.
          KeyError: If the graph has no such name.
        """
        from_name = obj if isinstance(obj, str) else None
        if isinstance(obj, bytes):
            from_name = obj.decode()
        if from_name is not None:
            return self._element_by_name(from_name, allow_tensor, allow_operation)
        convert = getattr(obj, "_as_graph_element", None)
        if convert is not None:
            obj = convert()
        wanted = _wanted(allow_tensor, allow_operation)
        if isinstance(obj, (Tensor, Operation)):
            if (isinstance(obj, Tensor) and not allow_tensor) or (
                isinstance(obj, Operation) and not allow_operation
            ):
                raise TypeError(f"{obj!r} was given where {wanted} is needed.")
            if obj.graph is not self:
                kind = "tensor" if isinstance(obj, Tensor) else "operation"
                raise ValueError(
                    f"{kind} '{obj.name}' is not an element of this graph: it was made in another "
                    "tf.Graph. Build and run it with the same graph."
                )
            return obj
        raise TypeError(f"{obj!r} of type {type(obj).__name__} cannot be converted into {wanted}.")

    def _element_by_name(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        if ":" in name and allow_tensor:
            op_name, _, index = name.rpartition(":")
            if not op_name or not index.isdigit():
                raise ValueError(
                    f"'{name}' looks like a tensor's name but is not one: it should be "
                    "'<op name>:<output index>'."
                )
            op = self._operations.get(op_name)
            if op is None:
                raise KeyError(
                    f"the name '{name}' refers to a tensor of operation '{op_name}', which does "
                    f"not exist in the graph.{self._similar(op_name)}"
                )
            if int(index) >= len(op._outputs):
                raise KeyError(
                    f"the name '{name}' refers to output {index} of '{op_name}' ({op.type}), "
                    f"which has only {len(op._outputs)}."
                )
            return op._outputs[int(index)]
        if ":" in name:
            raise ValueError(f"'{name}' names a tensor; an operation is needed: drop the ':…'.")
        op = self._operations.get(name)
        if op is not None and allow_operation:
            return op
        if op is not None:
            raise ValueError(
                f"'{name}' names an operation; a tensor is needed: '{name}:0', perhaps."
            )
        if allow_operation:
            raise KeyError(
                f"the name '{name}' refers to an operation that is not in the graph."
                f"{self._similar(name)}"
            )
        raise ValueError(f"'{name}' is not a tensor's name: it should be '<op name>:<index>'.")

    def _similar(self, name: str) -> str:
        import difflib  # for a message only

        close = difflib.get_close_matches(name, self._operations, n=3)
        return f" Similar names: {', '.join(close)}." if close else ""

    def get_operations(self) -> list[Operation]:
        """All operations, in order of creation."""
        return list(self._by_id)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name. KeyError if there is none."""
        if not isinstance(name, str):
            raise TypeError(f"operation names are strings, not {type(name).__name__}: {name!r}")
        return self.as_graph_element(name, allow_tensor=False)  # type: ignore[no-any-return]

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor of that name (``op:index``). KeyError if there is none."""
        if not isinstance(name, str):
            raise TypeError(f"tensor names are strings, not {type(name).__name__}: {name!r}")
        return self.as_graph_element(name, allow_operation=False)  # type: ignore[no-any-return]

    # -- collections --------------------------------------------------------------------------

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Appends ``value`` to the collection ``name``."""
        self._check_not_finalized("add_to_collection")
        self._collections.add(name, value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Appends ``value`` to each named collection."""
        self._check_not_finalized("add_to_collections")
        self._collections.add_to_all(names, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The collection itself."""
        return self._collections.reference(name)

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of the collection, narrowed to names that match ``scope``."""
        return self._collections.get(name, scope)

    def get_all_collection_keys(self) -> list[str]:
        """The names of all collections that are in use."""
        return [name for name in self._collections.lists if isinstance(name, str)]

    @property
    def collections(self) -> list[Any]:
        """The names of all collections."""
        return list(self._collections.lists)

    def clear_collection(self, name: Any) -> None:
        """Empties the collection ``name``."""
        self._check_not_finalized("clear_collection")
        self._collections.lists.pop(name, None)

    # -- the rest -----------------------------------------------------------------------------

    @property
    def seed(self) -> int | None:
        """The graph-level random seed, set by `tf.set_random_seed`."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    @property
    def version(self) -> int:
        """How many operations were made so far."""
        return self._next_id_counter

    @property
    def _last_id(self) -> int:
        return self._next_id_counter

    @property
    def finalized(self) -> bool:
        """Whether the graph is closed to growth."""
        return self._finalized

    def finalize(self) -> None:
        """Closes the graph: adding an operation is an error from now on."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self, action: str = "this") -> None:
        if self._finalized:
            raise RuntimeError(f"the graph is finalized and cannot be changed by {action}.")

    @property
    def building_function(self) -> bool:
        """Whether this graph is the body of a function."""
        return self._building_function

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Makes this the default graph of the block, in this thread."""
        builders = context.stack.builders
        builders.append(self)
        try:
            yield self
        finally:
            _leave(builders, self)

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Makes feeding ``tensor`` an error."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """Whether ``tensor`` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        """Makes fetching ``op`` an error."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether a tensor or operation may be fetched."""
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable

    def switch_to_thread_local(self) -> None:
        """Accepted for compatibility: scopes are entered by one thread at a time."""

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """The graph as a ``GraphDef`` message.

        Args:
          from_version: Only operations made after this `version`.
          add_shapes: Whether to add the static shapes as ``_output_shapes``.
        """
        return hooks.call("as_graph_def", self, from_version, add_shapes)


def _leave(builders: list[Any], graph: Graph) -> None:
    if not builders or builders[-1] is not graph:
        raise AssertionError(
            "with-blocks of default graphs were left in another order than they were entered."
        )
    builders.pop()


def _wanted(allow_tensor: bool, allow_operation: bool) -> str:
    if allow_tensor and allow_operation:
        return "a Tensor or Operation"
    return "a Tensor" if allow_tensor else "an Operation"


hooks.install("default_builder")(Graph)


@export("get_default_graph")
def get_default_graph() -> Graph:
    """The graph that calls of ops add to in this thread."""
    builder = context.current()
    return builder if isinstance(builder, Graph) else builder.graph


@export("reset_default_graph")
def reset_default_graph() -> None:
    """Forgets the process-wide default graph; the next op starts a new one.

    Raises:
      AssertionError: Inside a ``with graph.as_default():`` block.
    """
    if context.stack.builders:
        raise AssertionError(
            "reset_default_graph() was called inside `with graph.as_default():`; make a new "
            "tf.Graph() instead, or call it outside the block."
        )
    context.reset()
    hooks.call("default_graph_reset")


@export("add_to_collection")
def add_to_collection(name: Any, value: Any) -> None:
    """Appends ``value`` to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


@export("add_to_collections")
def add_to_collections(names: Any, value: Any) -> None:
    """Appends ``value`` to several collections of the default graph."""
    get_default_graph().add_to_collections(names, value)


@export("get_collection")
def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """A copy of a collection of the default graph."""
    return get_default_graph().get_collection(key, scope)


@export("get_collection_ref")
def get_collection_ref(key: Any) -> list[Any]:
    """A collection of the default graph itself."""
    return get_default_graph().get_collection_ref(key)
