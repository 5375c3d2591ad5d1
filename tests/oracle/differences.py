"""Where tidefall's graphs, values or errors differ from TensorFlow 1.15's, and why.

Deliberate differences are part of the design and stay. Gaps are to be closed: a test listed there
is expected to fail, and says so when it no longer does.

One difference needs no entry: gradient subgraphs keep TensorFlow's scope names but are smaller, so
``canonical.set_gradients_apart`` leaves their nodes out on both sides.
"""

from __future__ import annotations

from typing import Any

_SAME_INDICES = "a gradient's rows keep the indices of the gather; TensorFlow reshapes them first"
_NOT_COUNTED = "how many different indices there are is left to the run, even where they are known"

# Program of a graph -> node -> reason. The named node may differ, or exist on one side only.
GRAPH_DIFFERENCES: dict[str, dict[str, str]] = {
    "training/sparse_training": {
        "GradientDescent/update_table/ScatterSub": _SAME_INDICES,
        "Adam/update_table/Unique": _SAME_INDICES,
        "Momentum/update_table/Unique": _SAME_INDICES,
        "Adagrad/update_table/Unique": _SAME_INDICES,
    },
    "training/sparse_resource_training": {
        "Adam/update_table/Unique": _SAME_INDICES,
        "Adam/update_table/UnsortedSegmentSum": _NOT_COUNTED,
        "Adam/update_table/mul_1": _NOT_COUNTED,
        "Adam/update_table/mul_3": _NOT_COUNTED,
        "Adam/update_table/mul_4": _NOT_COUNTED,
    },
    "kept/rows_of_references": {
        "GradientDescent/update_net/table/ScatterSub": _SAME_INDICES,
        **{
            f"{optimizer}/update_net/table/Unique": _SAME_INDICES
            for optimizer in ("Momentum", "Adadelta", "RMSProp", "Ftrl", "ProximalAdagrad")
        },
    },
    "kept/rows_of_resources": {
        "GradientDescent/update_net/table/ResourceScatterAdd": _SAME_INDICES,
        **{
            f"{optimizer}/update_net/table/Unique": _SAME_INDICES
            for optimizer in (
                "Adam", "Adagrad", "RMSProp", "Ftrl", "ProximalGradientDescent", "AdagradDA",
            )
        },
    },
}  # fmt: skip

_NO_LOSSES = "there are no functions in tf.losses but the collected ones yet"

# Program of a graph -> what is missing.
GRAPH_GAPS: dict[str, str] = {
    "training/savers": "there is no tf.train.Saver yet",
    "flow/switch_cases": "tf.switch_case needs functions in graphs, which are not there yet",
    "flow/python_functions_of_tensors": "there is no tf.py_function yet",
    "nn/losses": "there are no functions in tf.losses but the collected ones yet",
    "random/distributions": "there is no tf.distributions yet",
}

# Stream of random numbers -> what is missing.
RANDOM_GAPS: dict[str, str] = {}

# Training run -> what is missing.
TRAINING_GAPS: dict[str, str] = {}

# Program of tests on the order of reads and writes -> what is missing.
ORDER_GAPS: dict[str, str] = {}

# Expression -> what is missing.
VALUE_GAPS: dict[str, str] = {
    "tf.losses.huber_loss([0.0, 0.0], [0.5, 3.0])": _NO_LOSSES,
    "tf.losses.log_loss([0.0, 1.0], [0.1, 0.9])": _NO_LOSSES,
}

_NAN_STAYS = "a NaN stays; what TensorFlow's kernels give depends on its place in the vector"
_FLOOR_IS_EXACT = "TensorFlow's kernel overflows at the lowest integer"

# Expression -> the elements of its value here, or the name of the error, and the reason.
VALUE_DIFFERENCES: dict[str, tuple[list[Any] | str, str]] = {
    "tf.floordiv(i64([-2**63, 2**63 - 1]), i64([2, -2]))": (
        [-(2**62), -(2**62)],
        _FLOOR_IS_EXACT,
    ),
    "tf.floordiv(i8([-128, 127]), i8([3, -3]))": ([-43, -43], _FLOOR_IS_EXACT),
    "tf.truncatediv([5, 1], [0, 1])": (
        "InvalidArgumentError",
        "as in every other integer division by zero; TensorFlow calls it an internal error",
    ),
    "tf.reciprocal([2, -3, 1])": (
        "TypeError",
        "integers have no useful reciprocal; TensorFlow builds the graph and fails in the run",
    ),
    "tf.sign(f64([NAN]))": (["nan"], "a NaN has no sign, nor is it zero"),
    "tf.reduce_max([1.0, NAN, 3.0])": (["nan"], _NAN_STAYS),
    "tf.reduce_min([NAN, 1.0])": (["nan"], _NAN_STAYS),
    "tf.argmax([NAN, 1.0, 2.0])": ([0], _NAN_STAYS),
    "tf.maximum([NAN, 1.0], [1.0, NAN])": (["nan", "nan"], _NAN_STAYS),
    "tf.minimum([NAN, 1.0], [1.0, NAN])": (["nan", "nan"], _NAN_STAYS),
}

# Line of the table of gradients -> what is missing.
GRADIENT_GAPS: dict[str, str] = {}

# Imported graph -> what is missing.
IMPORT_GAPS: dict[str, str] = {}

_SAID_EARLIER = "said when the graph is built; TensorFlow says it when the graph runs"

# Wrong use -> the classes raised here, and the reason.
ERROR_DIFFERENCES: dict[str, tuple[list[str], str]] = {
    "constant_empty_with_shape": (["ValueError"], "there is nothing to fill the shape with"),
    "constant_too_large": (["ValueError"], "TensorFlow keeps the low bits without a word"),
    "constant_uint8_out_of_range": (["ValueError"], "TensorFlow keeps the low bits"),
    "reshape_two_unknowns": (["ValueError"], _SAID_EARLIER),
    "transpose_repeated": (["ValueError"], _SAID_EARLIER),
    "slice_function_out_of_range": (["ValueError"], _SAID_EARLIER),
    "device_function_not_callable": (["TypeError"], "the argument is of a wrong type"),
    "run_feed_none": (["TypeError"], "TensorFlow feeds NaN: a forgotten value goes unnoticed"),
}

# Wrong use -> what is missing.
ERROR_GAPS: dict[str, str] = {
    "saver_without_variables": "there is no tf.train.Saver yet",
}
