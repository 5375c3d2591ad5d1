"""`tf.TensorArray`: a list of tensors for loops to write and read, with gradients."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.shapes import UNKNOWN, Shape, unknown
from tidefall.flow.while_loop import CARRIED
from tidefall.ir.conversion import convert, convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import tensor_arrays as ops
from tidefall.ops.array import identity
from tidefall.ops.array import shape as shape_of
from tidefall.ops.cast import cast
from tidefall.ops.ranges import range_


@export("TensorArray")
class TensorArray:
    """A list of tensors of one dtype, each written once.

    Writing returns a new object that must be used from then on: it carries the order.

    Args:
      dtype: The dtype of the elements.
      size: How many there are.
      dynamic_size: Whether writing beyond the end makes the array longer.
      clear_after_read: Whether reading an element frees it (the default).
      tensor_array_name: A name for errors.
      handle: An existing array's handle, with ``flow``.
      flow: The order up to now.
      infer_shape: Whether all elements have one shape.
      element_shape: That shape, as far as it is known.
      colocate_with_first_write_call: Whether the array is placed with what is first written.
      name: The name scope.
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        if handle is not None and size is not None:
            raise ValueError("a TensorArray takes a handle or a size, not both.")
        if handle is not None and flow is None:
            raise ValueError("a TensorArray with a handle needs its flow, too.")
        if handle is None and size is None:
            raise ValueError("the size of the TensorArray is not given.")
        self._dtype: DType = as_dtype(dtype).base_dtype
        self._size = size
        self._dynamic_size = bool(dynamic_size)
        self._infer_shape = infer_shape
        self._shape: list[Shape] = [Shape.of(element_shape)]
        self._colocate = colocate_with_first_write_call
        self._first: list[Operation] = []
        graph = get_default_graph()
        with graph.name_scope(name or "TensorArray") as scope:
            if handle is not None:
                self._handle, self._flow = handle, flow
                return
            with graph.device(None), graph.colocate_with(None, ignore_existing=True):
                self._handle, self._flow = ops.tensor_array_v3(
                    size,
                    dtype=self._dtype,
                    element_shape=self._shape[0],
                    identical_element_shapes=infer_shape,
                    dynamic_size=self._dynamic_size,
                    clear_after_read=clear_after_read is None or clear_after_read,
                    tensor_array_name=tensor_array_name or "",
                    name=scope,
                )

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self._dtype

    @property
    def handle(self) -> Any:
        """The handle of the array."""
        return self._handle

    @property
    def flow(self) -> Any:
        """The order up to now."""
        return self._flow

    @property
    def dynamic_size(self) -> bool:
        """Whether the array grows."""
        return self._dynamic_size

    @property
    def element_shape(self) -> Any:
        """The shape of the elements, as far as it is known."""
        return self._shape[0]

    def with_flow(self, flow: Any) -> TensorArray:
        """The same array at another point of the order."""
        other: TensorArray = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._flow = flow
        other._size = None
        return other

    def identity(self) -> TensorArray:
        """The same array, after what identities wait for."""
        return self.with_flow(identity(self._flow))

    def _placed(self, value: Tensor) -> AbstractContextManager[Any]:
        """Places what is done with ``value``; what is first written decides for the array."""
        if not self._colocate:
            return get_default_graph().colocate_with(self._handle)
        if not self._first:
            self._first.append(value.op)
        return get_default_graph().colocate_with(self._first[0])

    def _check(self, value: Tensor, shape: Shape) -> None:
        if value.dtype.base_dtype is not self._dtype:
            raise TypeError(
                f"TensorArray dtype is {self._dtype.name}, but '{value.name}' has dtype "
                f"{value.dtype.name}."
            )
        if not self._shape[0].is_compatible_with(shape):
            raise ValueError(
                f"the elements of the TensorArray have shape {self._shape[0]}, but '{value.name}' "
                f"gives elements of shape {shape}; with infer_shape=False they may differ."
            )
        if self._infer_shape:
            self._shape[0] = self._shape[0].merge_with(shape)

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Writes ``value`` as element ``index``; use the returned object from now on."""
        with get_default_graph().name_scope(name or "TensorArrayWrite"):
            tensor = convert(value, None, "value", False, self._dtype)
            self._check(tensor, tensor._shape_value)
            with self._placed(tensor):
                flow = ops.tensor_array_write_v3(self._handle, index, tensor, self._flow, name=name)
        return self.with_flow(flow)

    def read(self, index: Any, name: str | None = None) -> Any:
        """Element ``index``."""
        value = ops.tensor_array_read_v3(
            self._handle, index, self._flow, dtype=self._dtype, name=name
        )
        value._shape_value = self._shape[0]
        return value

    def size(self, name: str | None = None) -> Any:
        """The number of elements."""
        if not self._dynamic_size and self._size is not None:
            return convert_to_tensor(self._size, dtypes.int32)
        return ops.tensor_array_size_v3(self._handle, self._flow, name=name)

    def gather(self, indices: Any, name: str | None = None) -> Any:
        """The elements ``indices`` as one tensor, stacked."""
        value = ops.tensor_array_gather_v3(
            self._handle, indices, self._flow, dtype=self._dtype,
            element_shape=self._shape[0], name=name,
        )  # fmt: skip
        if self._shape[0].rank is not None:
            value._shape_value = unknown(1) + self._shape[0]
        return value

    def stack(self, name: str | None = None) -> Any:
        """All elements as one tensor."""
        graph = get_default_graph()
        with graph.colocate_with(self._handle), graph.name_scope(name or "TensorArrayStack"):
            return self.gather(range_(0, self.size()), name=name)

    def concat(self, name: str | None = None) -> Any:
        """All elements joined along their first dimension."""
        shape = self._shape[0]
        value, _ = ops.tensor_array_concat_v3(
            self._handle, self._flow, dtype=self._dtype,
            element_shape_except0=shape[1:] if shape.rank else UNKNOWN, name=name,
        )  # fmt: skip
        if shape.rank:
            value._shape_value = unknown(1) + shape[1:]
        return value

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Writes the rows of ``value`` as elements ``indices``."""
        with get_default_graph().name_scope(name or "TensorArrayScatter"):
            tensor = convert(value, None, "value", False, self._dtype)
            self._check(tensor, tensor._shape_value[1:] if tensor._shape_value.rank else UNKNOWN)
            with self._placed(tensor):
                flow = ops.tensor_array_scatter_v3(
                    self._handle, indices, tensor, self._flow, name=name
                )
        return self.with_flow(flow)

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Writes each row of ``value`` as an element."""
        with get_default_graph().name_scope(name or "TensorArrayUnstack"):
            count = shape_of(value)[0]
            return self.scatter(range_(0, count), value, name=name)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Writes pieces of ``value``, of the given lengths, as elements."""
        with get_default_graph().name_scope(name or "TensorArraySplit"):
            tensor = convert(value, self._dtype, "value", False)
            with self._placed(tensor):
                flow = ops.tensor_array_split_v3(
                    self._handle, tensor, cast(lengths, dtypes.int64), self._flow, name=name
                )
        return self.with_flow(flow)

    def close(self, name: str | None = None) -> Any:
        """An operation that drops the elements."""
        return ops.tensor_array_close_v3(self._handle, name=name)

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """The array that collects gradients of this one for the gradient call ``source``."""
        graph = get_default_graph()
        before = self._flow if flow is None else flow
        with graph.name_scope(name or "TensorArrayGrad"), graph.colocate_with(self._handle):
            handle, _ = ops.tensor_array_grad_v3(self._handle, before, source=source, name=name)
            with graph.control_dependencies([handle]):
                after = identity(before, name="gradient_flow")
            found = TensorArray(
                self._dtype, handle=handle, flow=after, infer_shape=self._infer_shape,
                colocate_with_first_write_call=False,
            )  # fmt: skip
        found._shape = self._shape
        return found


CARRIED[TensorArray] = (lambda array: array.flow, lambda array, flow: array.with_flow(flow))


def _gradients_of(op: Operation, dtype: DType, grad: Tensor, flow: Tensor) -> TensorArray:
    """The array of gradients of the array that ``op`` works on."""
    array = TensorArray(
        dtype, handle=op._inputs[0], flow=flow, colocate_with_first_write_call=False
    )
    return array.grad(_source_of(grad), flow=flow)


def _source_of(grad: Tensor) -> str:
    """The name of the gradient call a gradient belongs to."""
    parts = grad.op.name.split("/")
    last = [index for index, part in enumerate(parts) if part.startswith("gradients")]
    if not last:
        raise ValueError(
            f"'{grad.name}' was not made by tf.gradients: its name has no 'gradients' in it."
        )
    return "/".join(parts[: last[-1] + 1])


@ops.tensor_array_read_v3.gradient
def _read_grad(op: Operation, grad: Tensor) -> Any:
    array = _gradients_of(op, op._attrs["dtype"], grad, op._inputs[2])
    return None, None, array.write(op._inputs[1], grad).flow


@ops.tensor_array_write_v3.gradient
def _write_grad(op: Operation, flow: Tensor) -> Any:
    array = _gradients_of(op, op._attrs["T"], flow, flow)
    return None, None, array.read(op._inputs[1]), flow


@ops.tensor_array_gather_v3.gradient
def _gather_grad(op: Operation, grad: Tensor) -> Any:
    array = _gradients_of(op, op._attrs["dtype"], grad, op._inputs[2])
    return None, None, array.scatter(op._inputs[1], grad).flow


@ops.tensor_array_scatter_v3.gradient
def _scatter_grad(op: Operation, flow: Tensor) -> Any:
    array = _gradients_of(op, op._attrs["T"], flow, flow)
    return None, None, array.gather(op._inputs[1]), flow


@ops.tensor_array_concat_v3.gradient
def _concat_grad(op: Operation, grad: Tensor, _: Any) -> Any:
    array = _gradients_of(op, op._attrs["dtype"], grad, op._inputs[1])
    return None, array.split(grad, op._outputs[1]).flow


@ops.tensor_array_split_v3.gradient
def _split_grad(op: Operation, flow: Tensor) -> Any:
    array = _gradients_of(op, op._attrs["T"], flow, flow)
    return None, array.concat(), None, flow
