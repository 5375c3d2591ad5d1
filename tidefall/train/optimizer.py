"""`Optimizer`: from gradients to changed variables. The base class of all optimizers.

A subclass says how one variable changes: ``_apply_dense`` and ``_apply_sparse`` for reference
variables, ``_resource_apply_dense`` and ``_resource_apply_sparse`` for resource variables. It may
make slots (``_create_slots``), tensors of its hyperparameters (``_prepare``), and something that
happens after all updates (``_finish``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tidefall.core import dtypes, nest
from tidefall.core.dtypes import DType
from tidefall.core.exports import export
from tidefall.gradients.walk import gradients
from tidefall.ir.collections import GraphKeys
from tidefall.ir.conversion import convert_to_tensor
from tidefall.ir.graph import get_default_graph
from tidefall.ir.indexed_slices import IndexedSlices
from tidefall.ir.opdef import OPS
from tidefall.ir.tensor import Tensor
from tidefall.ops import state
from tidefall.ops.array import shape
from tidefall.ops.grouping import group, tuple_of
from tidefall.train import slots
from tidefall.variables.listing import trainable_variables
from tidefall.variables.resource_variable import BaseResourceVariable
from tidefall.variables.variable import Variable

GradsAndVars = list[tuple[Any, Any]]


@export("train.Optimizer")
class Optimizer:
    """Minimizes losses: computes gradients and applies them to variables.

    Args:
      use_locking: Accepted; updates are atomic.
      name: The name scope of what `apply_gradients` adds, and the name of slots.
    """

    #: Gradients are used as soon as they are computed.
    GATE_NONE = 0
    #: All gradients of an operation are computed before one is used.
    GATE_OP = 1
    #: All gradients are computed before one is used.
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("an optimizer needs a name.")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slot_dict: dict[tuple[str, Any], Any] = {}

    def get_name(self) -> str:
        """The optimizer's name."""
        return self._name

    # -- the three steps of training ----------------------------------------------------------

    def minimize(
        self,
        loss: Any,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Any:
        """An operation that does one step towards a smaller ``loss``.

        `compute_gradients` and `apply_gradients` in one.

        Args:
          loss: The tensor to make smaller, or a function that makes it. Of a function, only
            resource variables are trained by default.
          global_step: A variable to add one to after the step.
          var_list: The variables to change; all trainable ones if None.
          gate_gradients: `GATE_NONE`, `GATE_OP` or `GATE_GRAPH`.
          aggregation_method: How several gradients are added; see `tf.AggregationMethod`.
          colocate_gradients_with_ops: Whether gradients are placed with what they differentiate.
          name: The name of the operation.
          grad_loss: A factor for the gradient of ``loss``.

        Raises:
          ValueError: If ``loss`` depends on none of the variables.

        >>> w = tf.Variable(3.0)
        >>> train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.square(w - 1.0))
        >>> with tf.Session() as session:
        ...     session.run(tf.global_variables_initializer())
        ...     session.run([train, w])[1]
        2.0
        """
        pairs = self.compute_gradients(
            loss,
            var_list=var_list,
            gate_gradients=gate_gradients,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
            grad_loss=grad_loss,
        )
        if all(grad is None for grad, _ in pairs):
            raise ValueError(
                f"the loss '{getattr(loss, 'name', loss)}' depends on none of the variables "
                f"{_names(variable for _, variable in pairs)}, so there is no gradient. Check that "
                "it is computed from them by differentiable operations."
            )
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: Any,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> GradsAndVars:
        """The gradients of ``loss``, as pairs of gradient (or None) and variable.

        See `minimize` for the arguments.
        """
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                f"gate_gradients must be GATE_NONE, GATE_OP or GATE_GRAPH, not {gate_gradients!r}."
            )
        variables = _resources() if callable(loss) else trainable_variables()
        if var_list is not None:
            variables = nest.flatten(var_list)
        loss = loss() if callable(loss) else loss
        self._assert_valid_dtypes([loss])
        if grad_loss is not None:
            self._assert_valid_dtypes([grad_loss])
        variables += get_default_graph().get_collection(GraphKeys._STREAMING_MODEL_PORTS)
        targets = [_target(variable) for variable in variables]
        if not variables:
            raise ValueError(
                "there are no variables to optimize: var_list is empty, or the graph has no "
                "trainable variables (no resource variables, where the loss is a function)."
            )
        grads: Sequence[Any] = gradients(
            loss,
            targets,
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            grads = tuple_of(grads)
        pairs = list(zip(grads, variables, strict=True))
        self._assert_valid_dtypes(
            [v for g, v in pairs if g is not None and v.dtype is not dtypes.resource]
        )
        return pairs

    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        global_step: Any = None,
        name: str | None = None,
    ) -> Any:
        """An operation that changes variables by gradients.

        Args:
          grads_and_vars: Pairs of gradient and variable, as `compute_gradients` returns them.
            Variables with gradient None are left alone.
          global_step: A variable to add one to afterwards.
          name: The name of the operation; the optimizer's if None.

        Raises:
          TypeError: If a gradient is neither a tensor nor `IndexedSlices`.
          ValueError: If there is no gradient.
        """
        pairs = [(_gradient(grad), variable) for grad, variable in grads_and_vars]
        if not pairs:
            raise ValueError("apply_gradients was given no variables.")
        for _, variable in pairs:
            _target(variable)
        changed = [variable for grad, variable in pairs if grad is not None]
        if not changed:
            raise ValueError(
                f"apply_gradients was given no gradient for any of {_names(v for _, v in pairs)}."
            )
        graph = get_default_graph()
        with graph.control_dependencies(None):
            self._create_slots(changed)
        with graph.name_scope(self._name if name is None else name) as scope:
            self._prepare()
            updates = [self._updated(grad, var) for grad, var in pairs if grad is not None]
            if global_step is None:
                done = self._finish(updates, scope)
            else:
                with graph.control_dependencies([self._finish(updates, "update")]):
                    done = _count(global_step, scope)
            train_op = done.op if isinstance(done, Tensor) else done
            train_ops = graph.get_collection_ref(GraphKeys.TRAIN_OP)
            if train_op not in train_ops:
                train_ops.append(train_op)
        return train_op

    def _updated(self, grad: Any, variable: Any) -> Any:
        """The operation that changes one variable, and applies its constraint."""
        graph = get_default_graph()
        with graph.name_scope("update_" + variable.op.name), graph.colocate_with(variable.op):
            if isinstance(grad, IndexedSlices):
                return self._updated_rows(grad, variable)
            if variable.op.type == "VarHandleOp":
                update = self._resource_apply_dense(grad, variable)
            else:
                update = self._apply_dense(grad, variable)
            constraint = variable.constraint
            if constraint is None:
                return update
            with graph.control_dependencies([update]):
                return variable.assign(constraint(variable))

    def _updated_rows(self, grad: IndexedSlices, variable: Any) -> Any:
        if variable.constraint is not None:
            raise RuntimeError(
                f"variable '{variable.name}' has a constraint, which cannot be applied after an "
                "update of some rows (its gradient is tf.IndexedSlices). Use "
                "tf.convert_to_tensor on the gradient."
            )
        if variable.op.type == "VarHandleOp":
            return self._resource_apply_sparse_duplicate_indices(
                grad.values, variable, grad.indices
            )
        return self._apply_sparse_duplicate_indices(grad, variable)

    # -- slots and other variables of the optimizer -------------------------------------------

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot ``name`` of a variable; None if it has none."""
        return self._slots.get(name, {}).get(_key(var))

    def get_slot_names(self) -> list[str]:
        """The names of the slots the optimizer has made."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """The variables the optimizer made in the default graph: slots and others."""
        graph = get_default_graph()
        own = [*self._non_slot_variables(), *[s for d in self._slots.values() for s in d.values()]]
        return sorted([each for each in own if each.graph is graph], key=lambda each: each.name)

    def _slot_dict(self, slot_name: str) -> dict[Any, Any]:
        return self._slots.setdefault(slot_name, {})

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Any:
        """The slot of a variable, made with the initial value ``val`` if there is none."""
        named = self._slot_dict(slot_name)
        if _key(var) not in named:
            named[_key(var)] = slots.create_slot(var, val, op_name)
        return named[_key(var)]

    def _get_or_make_slot_with_initializer(
        self, var: Any, initializer: Any, shape: Any, dtype: Any, slot_name: str, op_name: str
    ) -> Any:
        """The slot of a variable, made with an initializer if there is none."""
        named = self._slot_dict(slot_name)
        if _key(var) not in named:
            named[_key(var)] = slots.create_slot_with_initializer(
                var, initializer, shape, dtype, op_name
            )
        return named[_key(var)]

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        """The slot of a variable, made of zeros if there is none."""
        named = self._slot_dict(slot_name)
        if _key(var) not in named:
            named[_key(var)] = slots.create_zeros_slot(var, op_name)
        return named[_key(var)]

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        """A variable that belongs to no other one, such as a power that all updates share."""
        graph = colocate_with.graph
        found = self._non_slot_dict.get((name, graph))
        if found is None:
            with graph.colocate_with(colocate_with.op):
                found = Variable(
                    initial_value, name=name, trainable=False,
                    use_resource=isinstance(colocate_with, BaseResourceVariable),
                )  # fmt: skip
            self._non_slot_dict[(name, graph)] = found
        return found

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slot_dict.get((name, graph))

    def _non_slot_variables(self) -> Iterable[Any]:
        return self._non_slot_dict.values()

    # -- what subclasses say ------------------------------------------------------------------

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        """Makes the slots of the variables; without any by default."""

    def _prepare(self) -> None:
        """Makes tensors of the hyperparameters, inside the optimizer's name scope."""

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        """An operation that changes a reference variable by a tensor."""
        raise NotImplementedError(f"{type(self).__name__} has no _apply_dense.")

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        """An operation that changes a resource variable by a tensor."""
        raise NotImplementedError(f"{type(self).__name__} has no _resource_apply_dense.")

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        """An operation that changes some rows of a reference variable; no row comes twice."""
        raise NotImplementedError(f"{type(self).__name__} has no _apply_sparse.")

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: Any) -> Any:
        """An operation that changes some rows of a resource variable; no row comes twice."""
        raise NotImplementedError(f"{type(self).__name__} has no _resource_apply_sparse.")

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        """As `_apply_sparse`, for rows that may come twice: they are added up first."""
        values, indices = _summed(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(self, grad: Any, handle: Any, indices: Any) -> Any:
        """As `_resource_apply_sparse`, for rows that may come twice: they are added up first."""
        values, unique = _summed(grad, indices)
        return self._resource_apply_sparse(values, handle, unique)

    def _finish(self, update_ops: list[Any], name_scope: str) -> Any:
        """An operation after all updates; their group by default."""
        return group(*update_ops, name=name_scope)

    def _valid_dtypes(self) -> set[DType]:
        """The dtypes a loss and variables may have."""
        return {dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64}

    def _assert_valid_dtypes(self, tensors: Iterable[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            if not hasattr(tensor, "dtype"):
                raise AttributeError(
                    f"a tensor is needed, not {tensor!r}. Does the function that makes the loss "
                    "return it?"
                )
            dtype = tensor.dtype.base_dtype
            if dtype not in valid:
                names = ", ".join(sorted(each.name for each in valid))
                raise ValueError(
                    f"'{tensor.name}' has dtype {dtype.name}; an optimizer takes {names}."
                )

    def _call_if_callable(self, param: Any) -> Any:
        """A hyperparameter, or what the function that was given for it returns."""
        return param() if callable(param) else param


def _target(variable: Any) -> Any:
    """What gradients are taken of for a variable. Raises where it cannot be optimized."""
    if isinstance(variable, BaseResourceVariable):
        return variable
    if isinstance(variable, Variable):
        return variable._ref()
    if isinstance(variable, Tensor):
        raise NotImplementedError(
            f"'{variable.name}' is a tensor, not a variable: an optimizer cannot change it."
        )
    raise NotImplementedError(f"an optimizer cannot change {variable!r}; it takes variables.")


def _resources() -> list[Any]:
    """The trainable variables that are resources."""
    return [each for each in trainable_variables() if isinstance(each, BaseResourceVariable)]


def _gradient(grad: Any) -> Any:
    """A gradient as a tensor, `IndexedSlices` or None."""
    if grad is None or isinstance(grad, (Tensor, IndexedSlices)):
        return grad
    try:
        return convert_to_tensor(grad)
    except TypeError as error:
        raise TypeError(
            f"a gradient must be a tensor, tf.IndexedSlices or None, not {grad!r}."
        ) from error


def _count(step: Any, name: str) -> Any:
    """Adds one to the global step."""
    with get_default_graph().colocate_with(step.op):
        if isinstance(step, BaseResourceVariable):
            one = convert_to_tensor(1, step.dtype)
            return state.assign_add_variable_op(step.handle, one, name=name)
        return state.assign_add(step, 1, name=name)


def _summed(values: Any, indices: Any) -> tuple[Any, Any]:
    """Each index once, with the sum of its rows."""
    unique, positions = OPS["Unique"](indices)
    return OPS["UnsortedSegmentSum"](values, positions, shape(unique)[0]), unique


def _key(variable: Any) -> Any:
    return (variable.op.graph, variable.op.name)


def _names(variables: Iterable[Any]) -> str:
    return ", ".join([f"'{each.name}'" for each in variables])
