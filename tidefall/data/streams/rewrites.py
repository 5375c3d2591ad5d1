"""Better ways to make the same elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tidefall.data.streams.passing import Through
from tidefall.data.streams.stream import stream
from tidefall.ops.dataset_steps import Step

_INPUTS = ("input_dataset", "another_dataset", "selector_input_dataset")
_INPUT_LISTS = ("input_datasets", "data_input_datasets")


def rewritten(step: Step, rule: Callable[[Step], Step]) -> Step:
    """The tree of steps with a rule applied everywhere, the innermost ones first."""
    changed: dict[str, Any] = {}
    for name, value in step.args.items():
        if name in _INPUTS:
            inner = rewritten(value, rule)
            if inner is not value:
                changed[name] = inner
        elif name in _INPUT_LISTS:
            several = [rewritten(each, rule) for each in value]
            if any(a is not b for a, b in zip(several, value, strict=True)):
                changed[name] = several
    return rule(step.with_args(**changed) if changed else step)


def fuse_shuffle_and_repeat(step: Step) -> Step:
    """A shuffle that is repeated goes on with its random numbers, as in TensorFlow."""
    if step.type != "RepeatDataset":
        return step
    inner = step["input_dataset"]
    if inner.type != "ShuffleDataset" or not inner["reshuffle_each_iteration"]:
        return step
    args = {**inner.args, "count": step["count"]}
    del args["reshuffle_each_iteration"]
    return Step("ShuffleAndRepeatDataset", inner.node_name, args)


@stream("OptimizeDataset")
class Optimized(Through):
    """All elements as they are, made in a better way."""

    hands_on = True
    adds_nothing = True

    def __init__(self, step: Step, calls: Any) -> None:
        names = set(np.asarray(step["optimizations"], object).reshape(-1).tolist())
        if b"shuffle_and_repeat_fusion" in names:
            inner = rewritten(step["input_dataset"], fuse_shuffle_and_repeat)
            step = step.with_args(input_dataset=inner)
        super().__init__(step, calls)
