"""Ops that change variables: from one kernel to an op type for each kind of variable.

TensorFlow has two of each: ``ApplyAdam`` changes reference variables and returns the first of
them, ``ResourceApplyAdam`` takes handles of resource variables and returns nothing. The kernel
is the same: a pure function from old values to new ones.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any, NamedTuple

from tidefall.core import dtypes
from tidefall.core.shapes import SCALAR, UNKNOWN, Shape
from tidefall.ir.inference import ShapeContext
from tidefall.ir.opdef import OpDef
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor
from tidefall.ops.registry import INDICES, NUMBERS, op, signature_of

Kernel = Callable[..., Any]

#: Ops that hand on the handle of a resource variable.
_HANDS_ON = frozenset({"Identity", "Enter", "Switch", "Exit", "RefIdentity"})


class UpdateRule(NamedTuple):
    """The op types of one update rule.

    Attributes:
      ref: For reference variables.
      resource: For resource variables.
      sparse: For some rows of reference variables; None where TensorFlow has no such op.
      resource_sparse: For some rows of resource variables, likewise.
    """

    ref: OpDef
    resource: OpDef
    sparse: Any = None
    resource_sparse: Any = None


def update_rule(
    name: str, updates: tuple[str, ...], sparse: bool = True
) -> Callable[[Kernel], UpdateRule]:
    """Makes the ops of an optimizer's update rule from a kernel that works element by element.

    The kernel is written as that of ``Apply<name>``. Its sparse forms apply it to the rows named
    by an additional input ``indices``, which follows ``grad``.

    Args:
      name: What follows ``Apply`` in the names of the op types.
      updates: The inputs that are variables, in the order in which the kernel returns them.
      sparse: Whether there are sparse forms.
    """

    def declare(kernel: Kernel) -> UpdateRule:
        inputs = list(kernel.__code__.co_varnames[1 : kernel.__code__.co_argcount])
        dense = _pair(f"Apply{name}", kernel, inputs, updates)
        if not sparse:
            return UpdateRule(*dense)
        position = inputs.index("grad" if "grad" in inputs else "delta")
        of_rows = [*inputs[:position], "grad", "indices", *inputs[position + 1 :]]
        on_rows = _on_rows(kernel, len(updates), position)
        return UpdateRule(*dense, *_pair(f"SparseApply{name}", on_rows, of_rows, updates))

    return declare


def _pair(
    type_name: str, kernel: Kernel, inputs: list[str], updates: tuple[str, ...]
) -> tuple[OpDef, OpDef]:
    ref = op(
        type_name, T=NUMBERS, Tindices=INDICES, updates=updates, differentiable=False,
        outputs=("out",), shape=_update_shape(inputs, len(updates)), extra={"use_locking": False},
    )(kernel)  # fmt: skip
    return ref, resource_twin(ref, extra={"use_locking": False})


def resource_twin(
    ref: OpDef, rename: dict[str, str] | None = None, extra: dict[str, Any] | None = None
) -> OpDef:
    """The op ``Resource<name>`` with the kernel of ``ref``, for handles of resource variables.

    Args:
      ref: An op that changes reference variables and returns the first of them.
      rename: Inputs and type attributes of ``ref`` that the other op calls differently.
      extra: Attributes that the kernel does not take.
    """
    names = rename or {}
    declare = op(
        f"Resource{ref.name}", updates=tuple([names.get(name, name) for name in ref.updates]),
        overwrites=ref.overwrites, shape=ref.shape_rule, extra=extra, stateful=True,
        differentiable=False,
        **{names.get(name, name): allowed for name, allowed in ref.constraints.items()},
    )  # fmt: skip
    return declare(_with_handles(ref, names))


def _with_handles(ref: OpDef, names: dict[str, str]) -> Kernel:
    """The kernel of ``ref`` under the signature of the resource op."""
    kernel: Any = ref.kernel

    def signature() -> inspect.Signature:
        declared = signature_of(kernel)
        parameters = [
            parameter.replace(
                name=names.get(parameter.name, parameter.name),
                annotation="Resource" if parameter.name in ref.updates
                else names.get(parameter.annotation, parameter.annotation),
            )
            for parameter in declared.parameters.values()
        ]  # fmt: skip
        return declared.replace(parameters=parameters, return_annotation="None")

    return _declared(kernel, signature)


def _declared(kernel: Any, signature: Callable[[], inspect.Signature]) -> Kernel:
    """A function of the same code that says another signature, when it is asked for."""
    twin = FunctionType(
        kernel.__code__, kernel.__globals__, kernel.__name__, kernel.__defaults__,
        kernel.__closure__,
    )  # fmt: skip
    twin.__kwdefaults__ = kernel.__kwdefaults__
    twin.__doc__ = kernel.__doc__
    twin.declared = signature  # type: ignore[attr-defined]
    return twin


def _on_rows(rule: Kernel, tables: int, grad: int) -> Kernel:
    """A kernel that applies ``rule`` to the rows named by an input ``indices`` after ``grad``.

    Args:
      rule: The kernel for whole variables.
      tables: How many variables it takes.
      grad: The position of the gradient among its inputs.
    """

    def on_rows(xp: Any, *inputs: Any, **attrs: Any) -> Any:
        def step(rows: list[Any], grad_rows: Any) -> Any:
            rest = (*inputs[tables:grad], grad_rows, *inputs[grad + 2 :])
            new = rule(xp, *rows, *rest, **attrs)
            return new if isinstance(new, tuple) else (new,)

        new = xp.update_rows(step, inputs[:tables], inputs[grad + 1], inputs[grad])
        return new if tables > 1 else new[0]

    def signature() -> inspect.Signature:
        declared = inspect.signature(rule)
        parameters = list(declared.parameters.values())
        gradient = parameters[grad + 1].replace(name="grad")
        indices = gradient.replace(name="indices", annotation="Tindices")
        parameters[grad + 1 : grad + 2] = [gradient, indices]
        return declared.replace(parameters=parameters)

    on_rows.__doc__ = rule.__doc__
    return _declared(on_rows, signature)


def variable_behind(handle: Tensor) -> Operation | None:
    """The operation that makes the resource variable behind ``handle``, where that is known."""
    op = handle._op
    while op.type in _HANDS_ON:
        op = op._inputs[0]._op
    return op if op.type == "VarHandleOp" else None


def handle_shape(handle: Tensor) -> Shape:
    """The static shape of the resource variable behind ``handle``, as far as it is known."""
    op = variable_behind(handle)
    return UNKNOWN if op is None else op._attrs["shape"]


def variable_shape(ctx: ShapeContext, index: int) -> Shape:
    """In a shape rule: the shape of the variable that is input ``index``, of either kind.

    Raises:
      TypeError: If it is a resource variable of another dtype than the node's.
    """
    tensor = ctx.inputs[index]
    if tensor._dtype is not dtypes.resource:
        return tensor._shape_value
    op = variable_behind(tensor)
    if op is None:
        return UNKNOWN
    wanted = ctx.attrs.get("T") or ctx.attrs["dtype"]
    if op._attrs["dtype"] is not wanted:
        raise TypeError(
            f"variable '{op._name}' has dtype {op._attrs['dtype'].name}, but the other inputs have "
            f"{wanted.name}. Convert them with tf.cast, or with np.{op._attrs['dtype'].name}."
        )
    shape: Shape = op._attrs["shape"]
    return shape


def _update_shape(names: list[str], states: int) -> Callable[..., Any]:
    """The shape rule of an update: variables and gradient agree, everything else is a number.

    Args:
      names: The names of the inputs.
      states: How many of them, from the first, are variables.
    """
    grad = names.index("grad" if "grad" in names else "delta")
    sparse = "indices" in names

    def rule(ctx: ShapeContext, *shapes: Shape) -> Any:
        shape = UNKNOWN
        for index in range(states):
            shape = shape.merge_with(variable_shape(ctx, index))
        if sparse:
            rows = shapes[names.index("indices")].with_rank(1)
            if shape.rank == 0:
                raise ValueError("a variable that is a single number has no rows to update.")
            (rows + shape[1:]).merge_with(shapes[grad])
        else:
            shape = shape.merge_with(shapes[grad])
        for index, name in enumerate(names):
            if index >= states and index != grad and name != "indices":
                _check_number(name, shapes[index])
        return shape if ctx.inputs[0]._dtype._is_ref else ()

    return rule


def _check_number(name: str, shape: Shape) -> None:
    if not shape.is_compatible_with(SCALAR):
        raise ValueError(f"'{name}' must be a single number, but has shape {shape}.")
