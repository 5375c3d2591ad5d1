"""`op`: the decorator that turns one function into an op.

    @op("Softplus", T=FLOATS, shape=shapes.unchanged, export="nn.softplus")
    def softplus(xp: Namespace, features: T) -> T:
        ...

The function is the kernel; its signature is the op's signature:

* The first parameter is the array namespace ``xp``. A second one called ``run`` asks for a
  `RunContext` (the op is then stateful).
* Positional parameters are inputs. Their annotation is a type attribute (``T``; which dtypes it
  allows is said in the decorator, `FLOATS` or ``TypeAttr(INDICES, default=int32)``; not said
  means any), or one fixed dtype (`Int32`, `Bool`, `Float32`, `String`, `Resource`, …), or
  ``Ref[T]`` for a variable that is changed, or ``list[T]`` for a list of tensors of one dtype
  (its length is the attribute ``N``, or what ``lengths={"split": "num_split"}`` says), or
  ``list[Tin]`` with ``Tin=TypeList()`` for a list of any dtypes.
* Keyword-only parameters are attributes: ``bool``, ``int``, ``float``, ``str``, ``DType``,
  ``Shape``, ``Array`` (a tensor) or ``list[...]`` of these. Type attributes that no input fixes
  are declared so (``DstT: DType``) and may be used as a type in the result.
* The result is annotated like inputs: ``T``, ``tuple[T, Int32]``, ``list[T]`` or ``None``;
  ``outputs=("loss", "backprop")`` names several results.

Attributes that a kernel does not need are given as ``extra={"use_locking": False}``.
"""

from __future__ import annotations

import inspect
from collections import namedtuple
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, TypeVar

from tidefall.core import dtypes
from tidefall.core.dtypes import DType
from tidefall.core.exports import export as export_name
from tidefall.ir.opdef import ANYWHERE, OPS, Arg, AttrDef, OpDef

# What annotations in op signatures are to a type checker. Arrays are Any: a kernel's arrays are
# NumPy's or JAX's, and in gradients the same names stand for tensors.
Namespace: TypeAlias = Any
Array: TypeAlias = Any
T: TypeAlias = Any
_Value = TypeVar("_Value")
Ref: TypeAlias = _Value | Any  # Ref[T] is a variable; a kernel is given its value
Bool: TypeAlias = Any
Float32: TypeAlias = Any
Float64: TypeAlias = Any
Int32: TypeAlias = Any
Int64: TypeAlias = Any
UInt8: TypeAlias = Any
String: TypeAlias = Any
Resource: TypeAlias = Any
Variant: TypeAlias = Any
Tidx: TypeAlias = Any
Tindex: TypeAlias = Any
Tindices: TypeAlias = Any
Tshape: TypeAlias = Any
Tin: TypeAlias = Any
Tout: TypeAlias = Any
SrcT: TypeAlias = Any
DstT: TypeAlias = Any
U: TypeAlias = Any
Index: TypeAlias = Any
Ta: TypeAlias = Any
Taxis: TypeAlias = Any
Tblock_shape: TypeAlias = Any
Tcrops: TypeAlias = Any
Tb: TypeAlias = Any
Tdim: TypeAlias = Any
Tlabels: TypeAlias = Any
Tlen: TypeAlias = Any
Tmultiples: TypeAlias = Any
Tnumsegments: TypeAlias = Any
Tpaddings: TypeAlias = Any
Tparams: TypeAlias = Any
Tperm: TypeAlias = Any
Tsegmentids: TypeAlias = Any
Tshift: TypeAlias = Any
Tsplits: TypeAlias = Any
TI: TypeAlias = Any
index_type: TypeAlias = Any
elem_type: TypeAlias = Any
element_dtype: TypeAlias = Any
Func: TypeAlias = Any
Tcomponents: TypeAlias = Any
component_types: TypeAlias = Any
fake_dtypes: TypeAlias = Any
Targuments: TypeAlias = Any
Tdense: TypeAlias = Any
Tinput_types: TypeAlias = Any
Tfinalize_func_args: TypeAlias = Any
Tfinalize_func_other_arguments: TypeAlias = Any
Tinit_func_args: TypeAlias = Any
Tinit_func_other_arguments: TypeAlias = Any
Tkey_func_other_arguments: TypeAlias = Any
Tnext_func_args: TypeAlias = Any
Toutput_types: TypeAlias = Any
Treduce_func_other_arguments: TypeAlias = Any
Tstate: TypeAlias = Any
Tvalues: TypeAlias = Any
Twindow_size_func_other_arguments: TypeAlias = Any
Tserialized: TypeAlias = Any
output_types: TypeAlias = Any
dtype: TypeAlias = Any
out_idx: TypeAlias = Any
out_type: TypeAlias = Any
OUT_TYPE: TypeAlias = Any
sparse_types: TypeAlias = Any
dense_types: TypeAlias = Any
context_sparse_types: TypeAlias = Any
Tcontext_dense: TypeAlias = Any
feature_list_sparse_types: TypeAlias = Any
feature_list_dense_types: TypeAlias = Any
Treal: TypeAlias = Any
output_type: TypeAlias = Any

_FIXED = {
    "Bool": dtypes.bool_,
    "Float32": dtypes.float32,
    "Float64": dtypes.float64,
    "Int32": dtypes.int32,
    "Int64": dtypes.int64,
    "UInt8": dtypes.uint8,
    "String": dtypes.string,
    "Resource": dtypes.resource,
    "Variant": dtypes.variant,
}
_KINDS = {
    "bool": "bool", "int": "int", "float": "float", "str": "string", "DType": "type",
    "Shape": "shape", "Array": "tensor", "Func": "func",
}  # fmt: skip

FLOATS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
INTS = (
    dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64,
    dtypes.uint8, dtypes.uint16, dtypes.uint32, dtypes.uint64,
)  # fmt: skip
COMPLEX = (dtypes.complex64, dtypes.complex128)
REALS = FLOATS + INTS
NUMBERS = FLOATS + INTS + COMPLEX
FLOATS_COMPLEX = FLOATS + COMPLEX
INDICES = (dtypes.int32, dtypes.int64)
ALL = (*NUMBERS, dtypes.bool_, dtypes.string)


class TypeAttr(NamedTuple):
    """The dtypes a type attribute allows (None: all), and its default."""

    allowed: tuple[DType, ...] | None = None
    default: DType | None = None


class TypeList(NamedTuple):
    """A list-of-types attribute."""

    allowed: tuple[DType, ...] | None = None


#: A type attribute for indices that defaults to int32.
INDEX = TypeAttr(INDICES, dtypes.int32)


def op(
    type_name: str,
    *,
    shape: Callable[..., Any] | None = None,
    export: str | tuple[str, ...] = (),
    differentiable: bool = True,
    stateful: bool = False,
    effects: bool = False,
    runs_on: str = ANYWHERE,
    updates: tuple[str, ...] = (),
    overwrites: bool = False,
    view: bool = False,
    outputs: tuple[str, ...] = (),
    lengths: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
    allowed: dict[str, tuple[Any, ...]] | None = None,
    **constraints: Any,
) -> Callable[[Callable[..., Any]], OpDef]:
    """Turns the decorated kernel into the op ``type_name``.

    Args:
      type_name: TensorFlow's name of the op type.
      shape: The shape rule; may be given later with ``@<op>.shape``.
      export: Public names under ``tf.`` at which the op itself can be called. Only where
        TensorFlow's op and function are the same.
      differentiable: False where the gradient is known not to exist.
      stateful: Whether equal nodes may differ (never merged or folded).
      effects: Whether the node must run though nobody reads its result.
      runs_on: `HOST` for what only Python can do.
      updates: Inputs that are variables; the kernel gets their values and returns the new ones,
        in this order, before its ordinary results.
      overwrites: Whether the kernel ignores the old values of the variables.
      view: Whether an output may share memory with an input.
      outputs: Names of several outputs.
      lengths: For list inputs and outputs, the attribute that holds the length.
      extra: Attributes (name to default) that the kernel does not take.
      allowed: Allowed values of string or integer attributes.
      **constraints: The dtypes each type attribute allows.
    """

    def declare(kernel: Callable[..., Any]) -> OpDef:
        details = _Details(outputs, lengths or {}, extra or {}, allowed or {})
        opdef = OpDef(
            type_name,
            kernel,
            lambda self: _parse(self, kernel, details),
            constraints=constraints,
            shape=shape,
            differentiable=differentiable,
            stateful=stateful or kernel.__code__.co_varnames[1:2] == ("run",),
            effects=effects,
            runs_on=runs_on,
            updates=updates,
            overwrites=overwrites,
            view=view,
            doc=kernel.__doc__,
        )
        OPS.add(type_name, opdef)
        for name in (export,) if isinstance(export, str) else export:
            export_name(name)(opdef)
        return opdef

    return declare


class _Details(NamedTuple):
    outputs: tuple[str, ...]
    lengths: dict[str, str]
    extra: dict[str, Any]
    allowed: dict[str, tuple[Any, ...]]


def _parse(opdef: OpDef, kernel: Callable[..., Any], details: _Details) -> None:
    """Reads the kernel's signature: inputs, outputs and attributes. The op is about to be used."""
    OPS.get(opdef.name)  # its kernel or gradient may stand in another module, which this imports
    signature = signature_of(kernel)
    parameters = list(signature.parameters.values())[1:]
    if parameters and parameters[0].name == "run":
        opdef.needs_run = True
        parameters = parameters[1:]
    attrs: dict[str, AttrDef] = {}
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    positional = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    typed = {p.name for p in named}
    inputs = tuple([_arg(opdef, p.name, p.annotation, details, attrs) for p in positional])
    results = _results(signature.return_annotation)
    names = details.outputs or tuple(
        ["output" if len(results) == 1 else f"output_{i}" for i in range(len(results))]
    )
    outputs = tuple(
        [_arg(opdef, name, text, details, attrs) for name, text in zip(names, results, strict=True)]
    )
    for parameter in named:
        attrs[parameter.name] = _attr(opdef, parameter, details)
    for name, default in details.extra.items():
        attrs[name] = AttrDef(name, _kind_of(default), _stored(default), None, True)
    opdef.kernel_attrs = tuple(sorted(typed))
    if len(outputs) > 1:
        opdef.output_struct = namedtuple(opdef.name, names)  # type: ignore[misc]
    opdef.declare(inputs, outputs, attrs)


def signature_of(kernel: Callable[..., Any]) -> inspect.Signature:
    """The signature of a kernel; of one that was made from another, what it declares to be."""
    declared = getattr(kernel, "declared", None)
    return inspect.signature(kernel) if declared is None else declared()


def _results(annotation: Any) -> list[str]:
    if annotation in (None, "None", inspect.Signature.empty):
        return []
    text = str(annotation)
    if text.startswith("tuple["):
        return [part.strip() for part in text[6:-1].split(",")]
    return [text]


def _arg(opdef: OpDef, name: str, text: str, details: _Details, attrs: dict[str, AttrDef]) -> Arg:
    if text.startswith("Ref["):
        return _typed(opdef, name, text[4:-1], attrs)._replace(is_ref=True)
    if not text.startswith("list["):
        return _typed(opdef, name, text, attrs)
    inner = text[5:-1]
    is_ref = inner.startswith("Ref[")
    inner = inner[4:-1] if is_ref else inner
    constraint = opdef.constraints.get(inner)
    if isinstance(constraint, TypeList):
        attrs.setdefault(inner, AttrDef(inner, "list(type)", None, constraint.allowed))
        return Arg(name, type_list_attr=inner)
    length = details.lengths.get(name, "N")
    attrs.setdefault(length, AttrDef(length, "int"))
    return _typed(opdef, name, inner, attrs)._replace(number_attr=length, is_ref=is_ref)


def _typed(opdef: OpDef, name: str, text: str, attrs: dict[str, AttrDef]) -> Arg:
    if text in _FIXED:
        return Arg(name, dtype=_FIXED[text])
    if text not in attrs:
        attrs[text] = _type_attr(text, opdef.constraints.get(text))
    return Arg(name, type_attr=text)


def _type_attr(name: str, constraint: Any) -> AttrDef:
    if constraint is None:
        return AttrDef(name, "type")
    if isinstance(constraint, TypeAttr):
        default = constraint.default
        return AttrDef(name, "type", default, constraint.allowed, default is not None)
    return AttrDef(name, "type", None, constraint)


def _attr(opdef: OpDef, parameter: inspect.Parameter, details: _Details) -> AttrDef:
    text, name = str(parameter.annotation), parameter.name
    kind = f"list({_KINDS[text[5:-1]]})" if text.startswith("list[") else _KINDS[text]
    allowed: Any = details.allowed.get(name)
    if kind in ("type", "list(type)"):
        constraint = opdef.constraints.get(name)
        allowed = constraint.allowed if isinstance(constraint, (TypeAttr, TypeList)) else constraint
        if isinstance(constraint, TypeAttr) and constraint.default is not None:
            return AttrDef(name, kind, constraint.default, allowed, True)
    if allowed is not None and kind == "string":
        allowed = tuple([each.encode() for each in allowed])
    if parameter.default is parameter.empty:
        return AttrDef(name, kind, None, allowed)
    return AttrDef(name, kind, _stored(parameter.default), allowed, True)


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, (list, tuple)):
        return f"list({_kind_of(value[0]) if value else 'int'})"
    names = {int: "int", float: "float", str: "string", DType: "type"}
    return names.get(type(value), "shape")


def _stored(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    return tuple(map(_stored, value)) if isinstance(value, (list, tuple)) else value
