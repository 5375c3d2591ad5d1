"""From the call of an op to a node in the graph.

Inputs become tensors (numbers and lists become ``Const`` nodes inside the op's own name scope),
type attributes are inferred from them, attributes are put in canonical form, shapes are inferred.
A mistake is reported with the name of the node that would have been made and the user's line.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from tidefall.core import hooks
from tidefall.core.dtypes import DType, as_dtype
from tidefall.core.frames import capture
from tidefall.core.shapes import Shape
from tidefall.ir import conversion, inference
from tidefall.ir.opdef import Arg, AttrDef, OpDef, group, output_dtypes
from tidefall.ir.operation import Operation
from tidefall.ir.tensor import Tensor

if TYPE_CHECKING:
    from tidefall.ir.graph import Graph


def apply(
    graph: Graph, op: OpDef, args: tuple[Any, ...], attrs: dict[str, Any], name: str | None
) -> Any:
    """Adds the node for ``op(*args, **attrs, name=name)`` and returns its outputs."""
    inputs = op.inputs
    if len(args) != len(inputs):
        args, attrs = _inputs_by_name(op, args, attrs)
    names = graph._names
    outer = names.scope
    scope = names.unique(op.name) if name is None else names.enter(name)
    names.scope = scope
    try:
        tensors, node_attrs = _convert(graph, op, args, attrs, scope)
        if op.ref_args:
            node = _add_beside(graph, op, tensors, node_attrs, scope)
        else:  # in the op's own scope, since its control-flow context may add nodes
            node = add(graph, op, tensors, node_attrs, scope)
    finally:
        names.scope = outer
    return outputs_of(op, node)


def _add_beside(
    graph: Graph, op: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any], name: str
) -> Operation:
    """Adds a node that is placed with the variables it takes by reference."""
    grouped = group(op.inputs, inputs, attrs)
    with ExitStack() as stack:
        for index in op.ref_args:
            references = grouped[index] if op.inputs[index].is_list else [grouped[index]]
            for tensor in references:
                stack.enter_context(graph.colocate_with(tensor._op))
        return add(graph, op, inputs, attrs, name)


def outputs_of(op: OpDef, node: Operation) -> Any:
    """What a call of the op returns: its tensor, list or named tuple of tensors, or the node."""
    args = op.outputs
    tensors = node._outputs
    if len(args) == 1 and not args[0].is_list:
        return tensors[0]
    if not args:
        return node
    if len(args) == 1:
        return list(tensors) or node
    values = group(args, tensors, node._attrs)
    return op.output_struct(*values) if op.output_struct else values


def add(
    graph: Graph, op: OpDef, inputs: tuple[Tensor, ...], attrs: dict[str, Any], name: str
) -> Operation:
    """Adds a node whose inputs and attributes are already in canonical form."""
    for attr in op.attrs.values():
        if attr.name not in attrs:
            if not attr.has_default:
                raise located(
                    TypeError(f"attribute '{attr.name}' ({attr.kind}) is missing."), op.name, name
                )
            attrs[attr.name] = attr.default
    try:
        for tensor in inputs:
            if tensor._op._control_flow_context is not None:
                hooks.call("check_context", graph, op, tensor)
        shapes = inference.infer(op, inputs, attrs)
    except (ValueError, TypeError) as error:
        raise located(error, op.name, name) from error
    node = graph.add_node(op, name, inputs, attrs, output_dtypes(op, attrs))
    for tensor, shape in zip(node._outputs, shapes, strict=True):
        tensor._shape_value = shape
    return node


def _convert(
    graph: Graph, op: OpDef, args: tuple[Any, ...], attrs: dict[str, Any], scope: str
) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
    """The inputs as tensors, and the attributes in canonical form with inferred ones added."""
    try:
        resolved = {name: canonical_attr(_attr(op, name), value) for name, value in attrs.items()}
        tensors: list[Tensor] = []
        for arg, value in zip(op.inputs, args, strict=True):
            if arg.is_list:
                tensors.extend(_convert_list(graph, op, arg, value, resolved))
            elif (
                value.__class__ is Tensor
                and value._op._graph is graph
                and arg.type_attr is not None
                and not arg.is_ref
            ):
                dtype = value._dtype.base_dtype
                if resolved.setdefault(arg.type_attr, dtype) is not dtype:
                    raise _dtype_mismatch(op, arg, dtype, resolved, tensors)
                _check_allowed(op, arg, dtype)
                tensors.append(value)
            else:
                tensors.append(_convert_one(graph, op, arg, value, resolved, tensors))
    except (ValueError, TypeError) as error:
        raise located(error, op.name, scope) from error
    return tuple(tensors), resolved


def _convert_one(
    graph: Graph, op: OpDef, arg: Arg, value: Any, resolved: dict[str, Any], before: list[Tensor]
) -> Tensor:
    wanted: DType | None = arg.dtype
    preferred: DType | None = None
    if arg.type_attr is not None:
        wanted = resolved.get(arg.type_attr)
        if wanted is None:
            attr = op.attrs[arg.type_attr]
            preferred = attr.default if attr.has_default else None
    try:
        tensor: Tensor = conversion.convert(value, wanted, arg.name, arg.is_ref, preferred)
    except (ValueError, TypeError) as error:
        if wanted is not None and isinstance(getattr(value, "dtype", None), DType):
            raise _dtype_mismatch(op, arg, value.dtype.base_dtype, resolved, before) from error
        raise type(error)(f"input '{arg.name}': {error}") from error
    if tensor.graph is not graph:
        tensor = _captured(graph, arg, tensor)
    dtype = tensor._dtype.base_dtype
    if arg.is_ref and not tensor._dtype._is_ref:
        raise TypeError(
            f"input '{arg.name}' must be a variable that can be changed in place, but "
            f"'{tensor.name}' has dtype {tensor._dtype.name}."
        )
    if wanted is not None and dtype is not wanted.base_dtype:
        raise _dtype_mismatch(op, arg, dtype, resolved, before)
    if arg.type_attr is not None:
        resolved[arg.type_attr] = dtype
        _check_allowed(op, arg, dtype)
    return tensor


def _captured(graph: Graph, arg: Arg, tensor: Tensor) -> Tensor:
    """What stands in ``graph``, the body of a function, for a tensor of the graph around it."""
    found = graph.capture(tensor)
    if found is None:
        raise ValueError(
            f"input '{arg.name}' is tensor '{tensor.name}' of another tf.Graph. Build both under "
            "the same `with graph.as_default():`."
        )
    return found


def _convert_list(
    graph: Graph, op: OpDef, arg: Arg, value: Any, resolved: dict[str, Any]
) -> list[Tensor]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"input '{arg.name}' must be a list of tensors, not {value!r}.")
    if arg.type_list_attr is not None:
        given = resolved.get(arg.type_list_attr) or (None,) * len(value)
        if len(given) != len(value):
            raise ValueError(
                f"input '{arg.name}' has {len(value)} tensors, but {len(given)} dtypes are given."
            )
        tensors = [
            conversion.convert(item, dtype, f"{arg.name}_{index}", False, None)
            for index, (item, dtype) in enumerate(zip(value, given, strict=True))
        ]
        resolved[arg.type_list_attr] = tuple([tensor._dtype.base_dtype for tensor in tensors])
    else:
        tensors = _convert_equal(op, arg, value, resolved)
    tensors = [
        tensor if tensor.graph is graph else _captured(graph, arg, tensor) for tensor in tensors
    ]
    count = len(tensors)
    if arg.number_attr is not None and resolved.setdefault(arg.number_attr, count) != count:
        raise ValueError(
            f"list input '{arg.name}' has {count} tensors, where "
            f"{arg.number_attr} = {resolved[arg.number_attr]} are wanted."
        )
    return tensors


def _convert_equal(op: OpDef, arg: Arg, value: Any, resolved: dict[str, Any]) -> list[Tensor]:
    """Converts a list whose elements share one dtype; a tensor among them decides which."""
    dtype = arg.dtype or resolved.get(arg.type_attr or "")
    if dtype is None:
        for item in value:
            known = getattr(item, "dtype", None)
            if isinstance(known, DType):
                dtype = known.base_dtype
                break
    attr = op.attrs.get(arg.type_attr or "")
    preferred = attr.default if attr is not None and attr.has_default else None
    tensors = []
    for index, item in enumerate(value):
        wanted = None if isinstance(getattr(item, "dtype", None), DType) else dtype
        tensor = conversion.convert(item, wanted, f"{arg.name}_{index}", arg.is_ref, preferred)
        found = tensor._dtype.base_dtype
        if dtype is not None and found is not dtype:
            raise TypeError(
                f"the tensors of input '{arg.name}' must have one dtype, but element {index} is "
                f"{found.name} and an earlier one is {dtype.name}. Cast one with tf.cast."
            )
        dtype = found
        tensors.append(tensor)
    if arg.type_attr is not None:
        if dtype is None:
            dtype = preferred
        if dtype is None:
            raise ValueError(f"input '{arg.name}' is an empty list; its dtype is not known.")
        resolved[arg.type_attr] = dtype
        _check_allowed(op, arg, dtype)
    return tensors


def _check_allowed(op: OpDef, arg: Arg, dtype: DType) -> None:
    allowed = op.attrs[arg.type_attr].allowed  # type: ignore[index]
    if allowed is not None and dtype not in allowed:
        raise TypeError(
            f"input '{arg.name}' has dtype {dtype.name}, which {op.name} does not take; it takes "
            f"{', '.join(each.name for each in allowed)}."
        )


def _dtype_mismatch(
    op: OpDef, arg: Arg, dtype: DType, resolved: dict[str, Any], before: list[Tensor]
) -> TypeError:
    wanted = arg.dtype or resolved[arg.type_attr or ""]
    other = next(
        (
            a.name
            for a in op.inputs
            if a is not arg and a.type_attr == arg.type_attr and a.type_attr
        ),
        None,
    )
    because = f"'{other}' has {wanted.name}" if other and before else f"{wanted.name} is needed"
    return TypeError(
        f"input '{arg.name}' has dtype {dtype.name}, but {because}; they must be equal. Convert "
        f"one with tf.cast(…, tf.{wanted.name})."
    )


def _inputs_by_name(
    op: OpDef, args: tuple[Any, ...], attrs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    rest = dict(attrs)
    values = list(args)
    for arg in op.inputs[len(args) :]:
        if arg.name not in rest:
            raise TypeError(f"{op.name}: input '{arg.name}' is missing.")
        values.append(rest.pop(arg.name))
    if len(values) > len(op.inputs):
        raise TypeError(f"{op.name} takes {len(op.inputs)} inputs, but {len(args)} were given.")
    return tuple(values), rest


def _attr(op: OpDef, name: str) -> AttrDef:
    try:
        return op.attrs[name]
    except KeyError:
        if name.startswith("_"):
            return AttrDef(name, "any")
        raise TypeError(
            f"{op.name} has no attribute '{name}'; it has: {', '.join(op.attrs) or 'none'}."
        ) from None


def canonical_attr(attr: AttrDef, value: Any) -> Any:
    """An attribute value in the form nodes store: DType, Shape, bytes, int, float, tuple, …

    Raises:
      TypeError: If the value is not of the attribute's kind.
      ValueError: If it is not among the allowed values.
    """
    kind = attr.kind
    if kind.startswith("list("):
        items = value if isinstance(value, (list, tuple)) else [value]
        value = tuple([_canonical(attr.name, kind[5:-1], item) for item in items])
        checked: tuple[Any, ...] = value
    else:
        value = _canonical(attr.name, kind, value)
        checked = (value,)
    if attr.allowed is not None:
        for item in checked:
            if item not in attr.allowed:
                raise _not_allowed(attr, item)
    return value


def _not_allowed(attr: AttrDef, value: Any) -> Exception:
    shown = [_text(each) for each in attr.allowed or ()]
    message = f"attribute '{attr.name}' is {_text(value)}, but must be one of {', '.join(shown)}."
    return TypeError(message) if isinstance(value, DType) else ValueError(message)


def _text(value: Any) -> str:
    if isinstance(value, DType):
        return value.name
    return repr(value.decode()) if isinstance(value, bytes) else repr(value)


def _canonical(name: str, kind: str, value: Any) -> Any:
    if kind == "type":
        return as_dtype(value).base_dtype
    if kind == "shape":
        return Shape.of(value)
    if kind == "bool" and (isinstance(value, (bool, int)) or type(value).__name__ == "bool"):
        return bool(value)
    if kind == "int" and hasattr(value, "__index__"):
        return value.__index__()
    if kind == "int" and hasattr(value, "value"):  # a Dimension
        return int(value)
    if (kind == "float" and isinstance(value, (int, float))) or (
        kind == "float" and hasattr(value, "__float__")
    ):
        return float(value)
    if kind == "string" and isinstance(value, (str, bytes)):
        return value.encode() if isinstance(value, str) else value
    if kind in ("tensor", "func", "any"):
        return value
    raise TypeError(
        f"attribute '{name}' must be of kind {kind}, not {type(value).__name__}: {value!r}"
    )


def located(error: Exception, kind: str, name: str) -> Exception:
    """The error with the node's name and the user's line, once."""
    if getattr(error, "located", False):
        return error
    place = capture(2)
    where = f"\n  created at {place}" if place is not None else ""
    found = type(error)(f"'{name.rstrip('/')}' ({kind}): {error}{where}")
    found.located = True  # type: ignore[attr-defined]
    return found
