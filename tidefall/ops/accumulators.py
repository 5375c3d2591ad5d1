"""Accumulators of gradients: `tf.ConditionalAccumulator` and the sparse one, and their ops.

What they do is in `tidefall.state.accumulators`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tidefall.core import dtypes
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.exports import export
from tidefall.core.runtime import RunContext
from tidefall.core.shapes import UNKNOWN, Shape
from tidefall.core.tensor_shape import TensorShape, unknown_shape
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.opdef import HOST, OpDef
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops import shapes as rules
from tidefall.ops.cast import cast
from tidefall.ops.registry import (
    NUMBERS,
    Int32,
    Int64,
    Namespace,
    Ref,
    Resource,
    String,
    dtype,
    op,
)
from tidefall.state import handles
from tidefall.state.accumulators import Accumulator, DenseAccumulator, Rows, SparseAccumulator

_HANDLE = Shape((2,))


def _made(
    run: RunContext, kind: type[Any], container: str, shared_name: str, dtype: DType,
    shape: Shape, reduction_type: str,
) -> Any:  # fmt: skip
    """The handle of an accumulator; all nodes that share it must want the same dtype and shape."""
    name = shared_name or run.node_name
    mean = reduction_type == "MEAN"
    array = handles.make(
        run, Accumulator, container, shared_name, lambda: kind(name, dtype.np_dtype, shape, mean)
    )
    found = handles.get(array, kind)
    if found.dtype != dtype.np_dtype or not found.shape.is_compatible_with(shape):
        raise ValueError(
            f"the shared accumulator '{name}' was made for {found.dtype} of shape {found.shape}, "
            f"and cannot be used for {dtype.name} of shape {shape}."
        )
    return array


@op("ResourceConditionalAccumulator", dtype=NUMBERS, runs_on=HOST, stateful=True,
    differentiable=False, shape=lambda **attrs: _HANDLE, outputs=("handle",),
    allowed={"reduction_type": ("MEAN", "SUM")})  # fmt: skip
def resource_conditional_accumulator(
    xp: Namespace, run: RunContext, *, dtype: DType, shape: Shape, container: str = "",
    shared_name: str = "", reduction_type: str = "MEAN",
) -> Resource:  # fmt: skip
    """An accumulator of whole gradients."""
    return _made(run, DenseAccumulator, container, shared_name, dtype, shape, reduction_type)


@op("ResourceAccumulatorApplyGradient", dtype=NUMBERS, runs_on=HOST, stateful=True, effects=True,
    differentiable=False, shape=rules.none)  # fmt: skip
def resource_accumulator_apply_gradient(
    xp: Namespace, run: RunContext, handle: Resource, local_step: Int64, gradient: dtype
) -> None:
    """Adds a gradient, unless it is stale."""
    handles.get(handle, DenseAccumulator).apply(int(local_step), np.asarray(gradient))


@op("ResourceAccumulatorTakeGradient", dtype=NUMBERS, runs_on=HOST, stateful=True, effects=True,
    differentiable=False, shape=lambda *inputs, **attrs: UNKNOWN, outputs=("average",))  # fmt: skip
def resource_accumulator_take_gradient(
    xp: Namespace, run: RunContext, handle: Resource, num_required: Int32, *, dtype: DType
) -> dtype:
    """The mean (or sum) of the gradients, once there are so many."""
    return handles.get(handle, DenseAccumulator).take(int(num_required), run.wait)


@op("ResourceAccumulatorNumAccumulated", runs_on=HOST, stateful=True, differentiable=False,
    shape=rules.scalar, outputs=("num_accumulated",))  # fmt: skip
def resource_accumulator_num_accumulated(xp: Namespace, handle: Resource) -> Int32:
    """The number of gradients added since the last were taken."""
    return np.int32(handles.get(handle, Accumulator).count)


@op("ResourceAccumulatorSetGlobalStep", runs_on=HOST, stateful=True, effects=True,
    differentiable=False, shape=rules.none)  # fmt: skip
def resource_accumulator_set_global_step(
    xp: Namespace, handle: Resource, new_global_step: Int64
) -> None:
    """Sets the step before which gradients are stale."""
    handles.get(handle, Accumulator).set_step(int(new_global_step))


@op("SparseConditionalAccumulator", dtype=NUMBERS, runs_on=HOST, stateful=True,
    differentiable=False, shape=lambda **attrs: _HANDLE, outputs=("handle",),
    allowed={"reduction_type": ("MEAN", "SUM")})  # fmt: skip
def sparse_conditional_accumulator(
    xp: Namespace, run: RunContext, *, dtype: DType, shape: Shape, container: str = "",
    shared_name: str = "", reduction_type: str = "MEAN",
) -> Ref[String]:  # fmt: skip
    """An accumulator of gradients of some rows."""
    return _made(run, SparseAccumulator, container, shared_name, dtype, shape, reduction_type)


@op("SparseAccumulatorApplyGradient", dtype=NUMBERS, runs_on=HOST, stateful=True, effects=True,
    differentiable=False, shape=rules.none)  # fmt: skip
def sparse_accumulator_apply_gradient(
    xp: Namespace, run: RunContext, handle: Ref[String], local_step: Int64,
    gradient_indices: Int64, gradient_values: dtype, gradient_shape: Int64, *,
    has_known_shape: bool,
) -> None:  # fmt: skip
    """Adds gradients of some rows, unless they are stale."""
    whole = np.asarray(gradient_shape) if has_known_shape else np.empty(0, np.int64)
    rows = Rows(np.asarray(gradient_indices), np.asarray(gradient_values), whole)
    handles.get(handle, SparseAccumulator).apply(int(local_step), rows)


@op("SparseAccumulatorTakeGradient", dtype=NUMBERS, runs_on=HOST, stateful=True, effects=True,
    differentiable=False, shape=lambda *inputs, **attrs: (UNKNOWN, UNKNOWN, UNKNOWN),
    outputs=("indices", "values", "shape"))  # fmt: skip
def sparse_accumulator_take_gradient(
    xp: Namespace, run: RunContext, handle: Ref[String], num_required: Int32, *, dtype: DType
) -> tuple[Int64, dtype, Int64]:
    """The mean (or sum) of the gradients of rows, once there are so many."""
    found = handles.get(handle, SparseAccumulator).take(int(num_required), run.wait)
    return found.indices, found.values, found.shape


@op("AccumulatorNumAccumulated", runs_on=HOST, stateful=True, differentiable=False,
    shape=rules.scalar, outputs=("num_accumulated",))  # fmt: skip
def accumulator_num_accumulated(xp: Namespace, handle: Ref[String]) -> Int32:
    """The number of gradients added since the last were taken."""
    return np.int32(handles.get(handle, Accumulator).count)


@op("AccumulatorSetGlobalStep", runs_on=HOST, stateful=True, effects=True, differentiable=False,
    shape=rules.none)  # fmt: skip
def accumulator_set_global_step(xp: Namespace, handle: Ref[String], new_global_step: Int64) -> None:
    """Sets the step before which gradients are stale."""
    handles.get(handle, Accumulator).set_step(int(new_global_step))


# -- as a program sees them -----------------------------------------------------------------------


@export("ConditionalAccumulatorBase")
class ConditionalAccumulatorBase:
    """What accumulators share.

    Args:
      dtype: The dtype of the gradients.
      shape: Their shape, or None.
      accumulator_ref: The handle.
    """

    _num_accumulated_op: ClassVar[OpDef] = resource_accumulator_num_accumulated
    _set_global_step_op: ClassVar[OpDef] = resource_accumulator_set_global_step

    def __init__(self, dtype: Any, shape: Any, accumulator_ref: Any) -> None:
        self._dtype = as_dtype(dtype)
        self._shape = unknown_shape() if shape is None else TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._name = accumulator_ref.op.name.split("/")[-1]

    @property
    def accumulator_ref(self) -> Tensor:
        """The handle."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """The name of the operation that makes the accumulator, without its scope."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype of the gradients."""
        return self._dtype

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """The number of gradients added since the last were taken."""
        label = name or f"{self._name}_NumAccumulated"
        return self._num_accumulated_op(self._accumulator_ref, name=label)

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """An operation that sets the step before which gradients are stale."""
        step = _step(new_global_step)
        return self._set_global_step_op(self._accumulator_ref, step, name=name)


def _step(value: Any) -> Tensor:
    return cast(convert_to_tensor(value), dtypes.int64)


@export("ConditionalAccumulator")
class ConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds up gradients that workers compute, and hands out their mean once there are enough.

    Args:
      dtype: The dtype of the gradients.
      shape: Their shape, where it is known.
      shared_name: Accumulators of one session with the same shared name are one.
      name: The name of the operation.
      reduction_type: ``"MEAN"`` or ``"SUM"``.
    """

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        handle = resource_conditional_accumulator(
            dtype=dtype,
            shape=shape,
            shared_name=shared_name or "",
            name=name,
            reduction_type=reduction_type,
        )
        super().__init__(dtype, shape, handle)

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Operation:
        """An operation that adds a gradient, unless ``local_step`` is before the present step."""
        gradient = convert_to_tensor(grad, self._dtype)
        gradient.shape.assert_is_compatible_with(self._shape)
        return resource_accumulator_apply_gradient(
            self._accumulator_ref, _step(local_step), gradient, name=name
        )

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """The mean of the gradients, once there are ``num_required``; begins a new step."""
        taken = resource_accumulator_take_gradient(
            self._accumulator_ref, num_required, dtype=self._dtype, name=name
        )
        taken.set_shape(self._shape)
        return taken


@export("SparseConditionalAccumulator", "sparse.SparseConditionalAccumulator")
class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """A `ConditionalAccumulator` of gradients of some rows, such as `tf.IndexedSlices`.

    The mean is taken for each row over the gradients that have it. The rows of a gradient should
    be in increasing order.

    Args:
      dtype: The dtype of the gradients.
      shape: The shape of the whole, where it is known.
      shared_name: Accumulators of one session with the same shared name are one.
      name: The name of the operation.
      reduction_type: ``"MEAN"`` or ``"SUM"``.
    """

    _num_accumulated_op = accumulator_num_accumulated
    _set_global_step_op = accumulator_set_global_step

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "sparse_conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        handle = sparse_conditional_accumulator(
            dtype=dtype,
            shape=shape,
            shared_name=shared_name or "",
            name=name,
            reduction_type=reduction_type,
        )
        super().__init__(dtype, shape, handle)

    def apply_indexed_slices_grad(
        self, grad: Any, local_step: Any = 0, name: str | None = None
    ) -> Operation:
        """`apply_grad` of an `IndexedSlices`."""
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(
        self,
        grad_indices: Any,
        grad_values: Any,
        grad_shape: Any = None,
        local_step: Any = 0,
        name: str | None = None,
    ) -> Operation:
        """An operation that adds the gradients of some rows, unless they are stale.

        Args:
          grad_indices: Which rows.
          grad_values: Their gradients.
          grad_shape: The shape of the whole.
          local_step: The step at which they were computed.
          name: The name of the operation.
        """
        return sparse_accumulator_apply_gradient(
            self._accumulator_ref,
            _step(local_step),
            cast(grad_indices, dtypes.int64),
            grad_values,
            cast([] if grad_shape is None else grad_shape, dtypes.int64),
            has_known_shape=grad_shape is not None,
            name=name,
        )

    def take_grad(self, num_required: Any, name: str | None = None) -> Any:
        """Indices, values and shape of the mean; running it waits for ``num_required``."""
        return sparse_accumulator_take_gradient(
            self._accumulator_ref, num_required, dtype=self._dtype, name=name
        )

    def take_indexed_slices_grad(self, num_required: Any, name: str | None = None) -> IndexedSlices:
        """`take_grad` as an `IndexedSlices`."""
        taken = self.take_grad(num_required, name)
        return IndexedSlices(taken.values, taken.indices, taken.shape)
