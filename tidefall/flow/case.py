"""`tf.case`: the first branch whose predicate holds."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tidefall.core import dtypes, logging
from tidefall.core.exports import export
from tidefall.flow.assertion import assert_true
from tidefall.flow.cond import cond
from tidefall.ir.graph import get_default_graph
from tidefall.ir.tensor import Tensor
from tidefall.ops.cast import cast
from tidefall.ops.compare import less_equal
from tidefall.ops.constant import constant
from tidefall.ops.joining import stack
from tidefall.ops.reduce import reduce_sum

Action = Callable[[], Any]


@export("case")
def case(
    pred_fn_pairs: Any,
    default: Action | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """The results of the function that belongs to the first predicate that is true.

    Args:
      pred_fn_pairs: Pairs of a boolean scalar tensor and a function, as a list, or as a
        dictionary, whose order is that of the names of its predicates.
      default: The function for when no predicate is true; without it that is an error.
      exclusive: Whether it is an error that several predicates are true.
      strict: Whether a list of one result stays a list.
      name: The name scope.

    Raises:
      TypeError: If ``pred_fn_pairs`` is not of this form.
    """
    predicates, actions = _taken_apart(pred_fn_pairs, exclusive, name)
    with get_default_graph().name_scope(name):
        if default is None:
            default, predicates, actions = _last_as_default(predicates, actions)
        function = default
        for predicate, action in reversed(list(zip(predicates, actions, strict=True))):
            function = functools.partial(
                cond, predicate, true_fn=action, false_fn=function, strict=strict
            )
        if not exclusive:
            return function()
        check = _at_most(predicates, 1, "Input error: exclusive=True")
        with get_default_graph().control_dependencies([check]):
            return function()


def _taken_apart(pairs: Any, exclusive: bool, name: str) -> tuple[list[Any], list[Action]]:
    if not isinstance(pairs, (list, tuple, dict)):
        raise TypeError(f"'{name}': pred_fn_pairs must be a list, tuple or dict, not {pairs!r}.")
    if isinstance(pairs, dict):
        if not _is_ordered(pairs):
            pairs = dict(sorted(pairs.items(), key=lambda item: item[0].name))
            if not exclusive:
                logging.warning(
                    "%s: pred_fn_pairs is a dict and exclusive=False; its predicates are tried in "
                    "the order of their names: %s",
                    name,
                    ", ".join(predicate.name for predicate in pairs),
                )
        pairs = pairs.items()
    predicates, actions = [], []
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(
                f"'{name}': each element of pred_fn_pairs must be a tuple of a predicate and a "
                f"function, not {pair!r}."
            )
        predicate, action = pair
        if not isinstance(predicate, Tensor) or predicate.dtype.base_dtype is not dtypes.bool_:
            raise TypeError(f"'{name}': a predicate must be a boolean tensor, not {predicate!r}.")
        if not callable(action):
            raise TypeError(f"'{name}': the function for '{predicate.name}' is not callable.")
        predicates.append(predicate)
        actions.append(action)
    return predicates, actions


def _is_ordered(pairs: dict[Any, Any]) -> bool:
    return type(pairs).__name__ == "OrderedDict"


def _last_as_default(
    predicates: list[Any], actions: list[Action]
) -> tuple[Action, list[Any], list[Action]]:
    """Makes the last action the default one; it checks that its predicate does hold."""
    last = len(predicates) - 1
    predicate, action = predicates[last], actions[last]
    others = predicates[:last]

    def default() -> Any:
        message = (
            f"Implementation error: selected default action #{last} was called, but some of other "
            "predicates are True: "
        )
        shown = (
            "Input error: None of conditions evaluated as True:",
            stack(predicates, name="preds_c"),
        )
        checks = [_at_most(others, 0, message), assert_true(predicate, data=shown)]
        with get_default_graph().control_dependencies(checks):
            return action()

    return default, others, actions[:last]


def _at_most(predicates: list[Any], count: int, message: str) -> Any:
    """An assertion that at most ``count`` predicates hold."""
    together = stack(predicates, name="preds_c")
    number = reduce_sum(cast(together, dtypes.int32), name="num_true_conds")
    fine = less_equal(number, constant(count, name="n_true_conds"))
    names = ", ".join(getattr(each, "name", "?") for each in predicates)
    data = [f"{message}: more than {count} conditions ({names}) evaluated as True:", together]
    return assert_true(fine, data=data, summarize=len(predicates))
