"""`OpDef`: everything there is to know about one op type.

An op is declared once, by the ``@op`` decorator of `tidefall.ops.registry`, on its kernel. What
the kernel's signature says (inputs, outputs, attributes) is read when the op is first used, so
that importing the package stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tidefall.core import context, index
from tidefall.core.dtypes import DType
from tidefall.core.tables import Table


class Arg(NamedTuple):
    """One input or output of an op.

    Exactly one of ``dtype``, ``type_attr`` and ``type_list_attr`` says the element type.
    ``number_attr`` names the attribute that holds the length of a list of equal types.
    """

    name: str
    dtype: DType | None = None
    type_attr: str | None = None
    type_list_attr: str | None = None
    number_attr: str | None = None
    is_ref: bool = False

    @property
    def is_list(self) -> bool:
        return self.number_attr is not None or self.type_list_attr is not None


class AttrDef(NamedTuple):
    """One attribute: its kind (``type``, ``list(int)``, …), default and allowed values."""

    name: str
    kind: str
    default: Any = None
    allowed: tuple[Any, ...] | None = None
    has_default: bool = False


#: Where an op can run. Everything else runs at every tier.
HOST = "host"
ANYWHERE = "anywhere"


class OpDef:
    """One op type. Calling it adds a node (or, in eager mode, computes the result).

    Attributes:
      name: The op type, TensorFlow's (``MatMul``).
      kernel: ``kernel(xp, *inputs, **attributes)``, written against an array namespace. With
        ``needs_run`` it is called ``kernel(xp, run, *inputs, **attributes)``.
      shape_rule: From the inputs' shapes to the outputs'; see `tidefall.ir.inference`.
      gradient_rule: ``rule(op, *grads)`` in graph terms, or None.
      differentiable: False where a gradient is known not to exist (it is then zero).
      stateful: Whether two nodes with equal inputs may differ, so that they are never merged.
      effects: Whether the node must run though nobody reads its result (it may raise or print).
      runs_on: `HOST` for strings, queues, Python functions; `ANYWHERE` otherwise.
      updates: Names of inputs that are variables. The kernel is given their values and returns
        the new ones, in this order, before its ordinary outputs. Outputs that are references
        stand for these variables.
      overwrites: Whether the old values of the updated variables do not matter (``Assign``).
      view: Whether an output may share memory with an input.
      ref_args: Which of the declared inputs are references.
    """

    __slots__ = (
        "_attrs", "_inputs", "_outputs", "attr_names", "constraints", "differentiable", "doc",
        "effects", "function", "gradient_rule", "kernel", "kernel_attrs",
        "name", "needs_run", "output_struct", "overwrites", "parse", "ref_args", "runs_on",
        "shape_rule", "stateful", "update_positions", "updates", "view",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        kernel: Callable[..., Any] | None,
        parse: Callable[[OpDef], None],
        *,
        constraints: dict[str, Any],
        shape: Callable[..., Any] | None = None,
        differentiable: bool = True,
        stateful: bool = False,
        effects: bool = False,
        runs_on: str = ANYWHERE,
        updates: tuple[str, ...] = (),
        overwrites: bool = False,
        view: bool = False,
        doc: str | None = None,
    ) -> None:
        self.name = name
        self.kernel = kernel
        self.function = kernel
        self.parse = parse
        self.constraints = constraints
        self.shape_rule = shape
        self.gradient_rule: Callable[..., Any] | None = None
        self.differentiable = differentiable
        self.stateful = stateful
        self.effects = effects
        self.runs_on = runs_on
        self.updates = updates
        self.overwrites = overwrites
        self.view = view
        self.needs_run = False
        self.output_struct: type | None = None
        self.kernel_attrs: tuple[str, ...] = ()
        self.update_positions: tuple[int, ...] = ()
        self.ref_args: tuple[int, ...] = ()
        self.attr_names: tuple[str, ...] = ()
        self.doc = doc
        self._inputs: tuple[Arg, ...] | None = None
        self._outputs: tuple[Arg, ...] = ()
        self._attrs: dict[str, AttrDef] = {}

    @property
    def inputs(self) -> tuple[Arg, ...]:
        if self._inputs is None:
            self.parse(self)
        return self._inputs  # type: ignore[return-value]

    @property
    def outputs(self) -> tuple[Arg, ...]:
        if self._inputs is None:
            self.parse(self)
        return self._outputs

    @property
    def attrs(self) -> dict[str, AttrDef]:
        if self._inputs is None:
            self.parse(self)
        return self._attrs

    def declare(
        self, inputs: tuple[Arg, ...], outputs: tuple[Arg, ...], attrs: dict[str, AttrDef]
    ) -> None:
        """Sets the signature; called once, by ``parse``."""
        self._inputs, self._outputs, self._attrs = inputs, outputs, attrs
        positions = {arg.name: index for index, arg in enumerate(inputs)}
        self.update_positions = tuple(positions[name] for name in self.updates)
        self.ref_args = tuple(index for index, arg in enumerate(inputs) if arg.is_ref)
        self.attr_names = tuple(attrs)

    def __call__(self, *args: Any, name: str | None = None, **attrs: Any) -> Any:
        if len(args) > len(self.inputs):
            args, name = self._after_inputs(args, attrs, name)
        return context.current().apply(self, args, attrs, name)

    def _after_inputs(
        self, args: tuple[Any, ...], attrs: dict[str, Any], name: str | None
    ) -> tuple[tuple[Any, ...], str | None]:
        """Gives attributes, and the name after them, what was passed by position."""
        inputs = self.inputs
        inferred = {
            n for arg in inputs for n in (arg.type_attr, arg.type_list_attr, arg.number_attr)
        }
        places = [each for each in self.attrs if each not in inferred]
        rest = args[len(inputs) :]
        if len(rest) > len(places) + 1:
            most = len(inputs) + len(places) + 1
            raise TypeError(
                f"{self.name} takes at most {most} arguments, but {len(args)} were given."
            )
        if len(rest) > len(places):
            name = rest[-1]
        attrs.update(zip(places, rest, strict=False))
        return args[: len(inputs)], name

    def gradient(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: the op's gradient, ``rule(op, *output gradients) -> input gradients``."""
        self.gradient_rule = rule
        return rule

    def shape(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: the op's shape rule."""
        self.shape_rule = rule
        return rule

    def install(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """Decorator: the kernel of an op whose world belongs to a higher layer."""
        self.kernel = kernel
        return kernel

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> Any:
        return (by_name, (self.name,))


#: Every op by its type name.
OPS: Table[OpDef] = Table(index.OPS)


def by_name(name: str) -> OpDef:
    """The op of a type name; KeyError where tidefall has none."""
    return OPS[name]


def output_dtypes(op: OpDef, attrs: dict[str, Any]) -> tuple[DType, ...]:
    """The dtypes of the outputs of a node with these attributes."""
    dtypes: list[DType] = []
    for arg in op.outputs:
        if arg.type_list_attr is not None:
            dtypes.extend(attrs[arg.type_list_attr])
            continue
        dtype = arg.dtype if arg.dtype is not None else attrs[arg.type_attr or ""]
        if arg.is_ref:
            dtype = dtype._as_ref
        if arg.number_attr is not None:
            dtypes.extend([dtype] * attrs[arg.number_attr])
        else:
            dtypes.append(dtype)
    return tuple(dtypes)


def group(args: tuple[Arg, ...], items: Any, attrs: dict[str, Any]) -> list[Any]:
    """Regroups flat inputs or outputs as the op declares them: one item or one list per `Arg`."""
    grouped: list[Any] = []
    position = 0
    for arg in args:
        if not arg.is_list:
            grouped.append(items[position])
            position += 1
            continue
        size = (
            len(attrs[arg.type_list_attr]) if arg.type_list_attr else attrs[arg.number_attr or ""]
        )
        grouped.append(list(items[position : position + size]))
        position += size
    return grouped
