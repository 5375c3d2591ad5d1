"""`Tensor`: a symbolic handle to one output of an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidefall.core import hooks
from tidefall.core.dtypes import DType
from tidefall.core.errors import NoArrayInGraphError, OperatorNotAllowedInGraphError
from tidefall.core.exports import export
from tidefall.core.shapes import Shape
from tidefall.core.tensor_shape import TensorShape

if TYPE_CHECKING:
    from tidefall.ir.graph import Graph
    from tidefall.ir.operation import Operation


@export("Tensor")
class Tensor:
    """One output of an `Operation`: what it will be, not what it is.

    A tensor has a dtype and a static shape as far as it is known; a session computes its value.

    Args:
      op: The operation that computes the tensor.
      value_index: Which of the operation's outputs it is.
      dtype: The element type.
    """

    # Programs hang marks of their own on tensors, hence __dict__ (made only when used).
    __slots__ = (
        "__dict__", "__weakref__", "_consumers", "_dtype", "_op", "_shape_value", "_value_index",
    )  # fmt: skip

    #: Lets ``numpy_array * tensor`` reach `Tensor.__rmul__`.
    __array_priority__ = 100
    _USE_EQUALITY = False

    def __init__(self, op: Operation, value_index: int, dtype: DType) -> None:
        self._op = op
        self._value_index = value_index
        self._dtype = dtype
        self._shape_value: Shape = Shape(None)
        self._consumers: list[Operation] = []

    @property
    def op(self) -> Operation:
        """The operation that computes this tensor."""
        return self._op

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._dtype

    @property
    def graph(self) -> Graph:
        """The graph this tensor is in."""
        return self._op._graph

    @property
    def name(self) -> str:
        """``<operation name>:<output index>``."""
        return f"{self._op._name}:{self._value_index}"

    @property
    def device(self) -> str:
        """The device asked for, or ''."""
        return self._op.device

    @property
    def value_index(self) -> int:
        """Which of the operation's outputs this is."""
        return self._value_index

    @property
    def shape(self) -> TensorShape:
        """The static shape, as far as it is known before anything runs."""
        return TensorShape.of(self._shape_value)

    def get_shape(self) -> TensorShape:
        """The static shape; the same as `shape`."""
        return TensorShape.of(self._shape_value)

    def set_shape(self, shape: Any) -> None:
        """States what is known of the shape beyond what was inferred.

        Raises:
          ValueError: If ``shape`` contradicts what is known.
        """
        wanted = Shape.of(shape)
        if not self._shape_value.is_compatible_with(wanted):
            raise ValueError(
                f"tensor '{self.name}' has shape {self._shape_value}; set_shape was given "
                f"{wanted}, which contradicts it."
            )
        self._shape_value = self._shape_value.merge_with(wanted)

    def consumers(self) -> list[Operation]:
        """The operations that read this tensor."""
        return list(self._consumers)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Computes the tensor in ``session`` (the default session if None)."""
        return hooks.call("eval", self, feed_dict, session, self.graph)

    def _as_node_def_input(self) -> str:
        return self._op._name if self._value_index == 0 else self.name

    def _rank(self) -> int | None:
        return self._shape_value.rank

    def __iter__(self) -> Any:
        raise OperatorNotAllowedInGraphError(
            f"tensor '{self.name}' is symbolic: its elements are not known while the graph is "
            "built, so Python cannot iterate over it. Use tf.unstack, tf.map_fn or tf.while_loop, "
            "or session.run it first."
        )

    def __bool__(self) -> bool:
        raise OperatorNotAllowedInGraphError(
            f"tensor '{self.name}' is symbolic: its truth is not known while the graph is built. "
            "Use `if t is not None:` to test for presence, and tf.cond or tf.where to branch on "
            "the value."
        )

    def __len__(self) -> int:
        raise TypeError(
            f"tensor '{self.name}' has no len() while the graph is built; use tf.shape(t)[0], or "
            "t.shape[0] for the static size."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NoArrayInGraphError(
            f"tensor '{self.name}' is symbolic and cannot become a NumPy array; session.run it "
            "first."
        )

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return self

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self._dtype.name}>"

    def __str__(self) -> str:
        shape = self._shape_value
        text = "" if shape.dims is None else f", shape={shape}"
        return f'Tensor("{self.name}"{text}, dtype={self._dtype.name})'

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        if Tensor._USE_EQUALITY:
            return hooks.call("equal", self, other)
        return self is other

    def __ne__(self, other: object) -> Any:
        if Tensor._USE_EQUALITY:
            return hooks.call("not_equal", self, other)
        return self is not other

    @staticmethod
    def _override_operator(operator: str, function: Any) -> None:
        setattr(Tensor, operator, function)

    def __getitem__(self, key: Any) -> Any:
        return hooks.call("getitem", self, key)


def _binary(name: str, operator: str) -> None:
    def forward(self: Tensor, other: Any) -> Any:
        return hooks.call(operator, self, other)

    def backward(self: Tensor, other: Any) -> Any:
        return hooks.call(operator, other, self, reverse=True)

    setattr(Tensor, f"__{name}__", forward)
    setattr(Tensor, f"__r{name}__", backward)


for _name in ("add", "sub", "mul", "div", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    _binary(_name, f"operator.{_name}")
_binary("matmul", "operator.matmul")


def _unary(name: str, operator: str) -> None:
    setattr(Tensor, f"__{name}__", lambda self: hooks.call(operator, self))


for _name in ("neg", "abs", "invert"):
    _unary(_name, f"operator.{_name}")


def _comparison(name: str, operator: str) -> None:
    setattr(Tensor, f"__{name}__", lambda self, other: hooks.call(operator, self, other))


for _name in ("lt", "le", "gt", "ge"):
    _comparison(_name, f"operator.{_name}")


def check_same_graph(tensor: Any, graph: Any) -> None:
    """Raises ValueError when ``tensor`` belongs to another graph."""
    if tensor.graph is not graph:
        raise ValueError(
            f"tensor '{tensor.name}' is not an element of this graph: it was made in another "
            "tf.Graph. Build both under the same `with graph.as_default():`."
        )
