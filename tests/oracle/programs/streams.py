"""Random streams: which op, with which seeds, of which size, and how often it runs.

Each function builds one random tensor in the current graph. The stream of an op belongs to its
node and the session: a second run of the node continues where the first one stopped.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

FLOATS = ["float16", "bfloat16", "float32", "float64"]

# Pairs of graph seed and op seed.
SEEDS: Sequence[Tuple[Optional[int], Optional[int]]] = (
    [(None, s) for s in [0, 1, 2, 3, 7, 42, 123, 1000, 99999, 2**31 - 1, 2**31, 2**40 + 3, -1, -77]]
    + [(s, None) for s in [0, 1, 2, 5, 42, 1234, 87654321, 2**31 - 1, 2**31 + 9, -1, -1000]]
    + [(0, s) for s in [0, 1, 42, 2**31 - 1]]
    + [(s, 0) for s in [1, 42, 2**31 - 1]]
    + [(s, s) for s in [1, 2, 42, 12345]]
    + [(s, 2 * s + 1) for s in [1, 3, 10, 31, 100, 314, 1000, 3141, 10**6, 10**9]]
    + [(2**33, 2**34), (-5, 5), (5, -5), (87654321, 42)]
)

# The first two runs of every size are compared for these seeds.
SEEDS_FOR_SHAPES: List[Tuple[Optional[int], Optional[int]]] = [(None, 42), (1234, 5)]

SHAPES: List[List[int]] = [
    [], [0], [1], [3], [4], [5], [255], [256], [257], [1000], [17, 33], [2, 0, 3], [70000],
]  # fmt: skip

RUNS = 3


def uniform(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_uniform(shape, dtype=tf.as_dtype(dtype), seed=seed)


def uniform_between(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_uniform(shape, -3.0, 5.0, dtype=tf.as_dtype(dtype), seed=seed)


def uniform_int(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_uniform(shape, -7, 1000, dtype=tf.as_dtype(dtype), seed=seed)


def uniform_int_wide(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    info = np.iinfo(dtype)
    return tf.random_uniform(shape, info.min, info.max, dtype=tf.as_dtype(dtype), seed=seed)


def normal(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_normal(shape, dtype=tf.as_dtype(dtype), seed=seed)


def normal_scaled(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_normal(shape, 10.0, 0.1, dtype=tf.as_dtype(dtype), seed=seed)


def truncated(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.truncated_normal(shape, dtype=tf.as_dtype(dtype), seed=seed)


def shuffle(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    rows = shape or [1]
    values = np.arange(int(np.prod(rows)), dtype=dtype).reshape(rows)
    return tf.random_shuffle(tf.constant(values), seed=seed)


def multinomial(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    logits = tf.log(tf.constant([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]], tf.as_dtype(dtype)))
    return tf.multinomial(logits, int(np.prod(shape or [1])), seed=seed)


def categorical(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    logits = tf.constant([[0.0, 1.0, -2.0, 0.5]], tf.float32)
    number = int(np.prod(shape or [1]))
    return tf.random.categorical(logits, number, dtype=tf.as_dtype(dtype), seed=seed)


def gamma(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_gamma(shape, [0.5, 1.0, 3.7], 2.0, tf.as_dtype(dtype), seed=seed)


def poisson(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.random_poisson([0.3, 4.0, 25.0], shape, tf.as_dtype(dtype), seed=seed)


def dropout(tf: Any, shape: List[int], dtype: str, seed: Optional[int]) -> Any:
    return tf.nn.dropout(tf.ones(shape, tf.as_dtype(dtype)), 0.7, seed=seed)


# What is built, and for which dtypes.
STREAMS: Dict[Callable[..., Any], List[str]] = {
    uniform: FLOATS,
    uniform_between: ["float32", "float64"],
    uniform_int: ["int32", "int64"],
    uniform_int_wide: ["int32", "int64"],
    normal: FLOATS,
    normal_scaled: ["float32", "float64"],
    truncated: FLOATS,
    shuffle: ["int32", "float32"],
    multinomial: ["float32", "float64"],
    categorical: ["int32", "int64"],
    gamma: ["float16", "float32", "float64"],
    poisson: ["float16", "float32", "float64", "int32", "int64"],
    dropout: ["float32", "float64"],
}

# Streams whose values are no result of a logarithm, a cosine or the like: equal in every bit.
EXACT = {
    uniform, uniform_between, uniform_int, uniform_int_wide, shuffle, multinomial, categorical,
    dropout,
}  # fmt: skip


def sampled(count: int) -> np.ndarray:
    """Which elements of a long result are kept: the ends, the neighbourhood of 256, and a comb."""
    if count <= 64:
        return np.arange(count)
    comb = np.linspace(0, count - 1, 24).astype(np.int64)
    parts = [np.arange(12), np.arange(252, 262), comb, np.arange(count - 8, count)]
    kept = np.unique(np.concatenate(parts))
    return kept[kept < count]


def plain(values: Any) -> np.ndarray:
    """The values as an array NumPy can store: bfloat16 by its bits."""
    array = np.asarray(values)
    return array.view(np.uint16) if array.dtype.name == "bfloat16" else array


def runs_of(
    tf: Any,
    stream: Callable[..., Any],
    dtype: str,
    shape: List[int],
    seeds: Tuple[Optional[int], Optional[int]],
    runs: int = RUNS,
) -> List[np.ndarray]:
    """What several consecutive runs of the op give in a graph of its own."""
    with tf.Graph().as_default() as graph:
        if seeds[0] is not None:
            tf.set_random_seed(seeds[0])
        tensor = stream(tf, shape, dtype, seeds[1])
        # TensorFlow's categories depend on how many threads share the rows; one is the standard.
        config = tf.ConfigProto(intra_op_parallelism_threads=1)
        with tf.Session(graph=graph, config=config) as session:
            return [plain(session.run(tensor)) for _ in range(runs)]


def fetch_sets(tf: Any) -> Dict[str, np.ndarray]:
    """Streams advance only when their node runs, whatever else is fetched with it."""
    record: Dict[str, np.ndarray] = {}
    with tf.Graph().as_default() as graph:
        tf.set_random_seed(2024)
        nodes = {
            "a": tf.random_uniform([3]),
            "b": tf.random_normal([4], seed=1),
            "c": tf.random_uniform([2], maxval=100, dtype=tf.int32),
            "d": tf.truncated_normal([3], seed=1),
        }
        nodes["twice_a"] = nodes["a"] * 2.0
        nodes["sum"] = tf.reduce_sum(nodes["a"]) + tf.reduce_sum(nodes["b"])
        nodes["flag"] = tf.placeholder_with_default(True, [])
        nodes["choice"] = tf.cond(
            nodes["flag"], lambda: tf.random_uniform([2], seed=5), lambda: tf.zeros([2])
        )
        plan = ["a", "b", "a b", "twice_a", "c a", "d", "sum", "b c d", "a twice_a", "sum a b", "a"]
        plan += ["choice", "choice", "choice a", "d c b a"]
        for number in range(2):
            with tf.Session(graph=graph) as session:
                for step, names in enumerate(plan):
                    values = session.run([nodes[name] for name in names.split()])
                    for name, value in zip(names.split(), values):
                        record["session%d/step%02d/%s" % (number, step, name)] = value
                skipped = session.run(nodes["choice"], {nodes["flag"]: False})
                record["session%d/skipped" % number] = skipped
                record["session%d/after" % number] = session.run(nodes["choice"])
    return record


def loop_of_random(tf: Any) -> Dict[str, np.ndarray]:
    """A random op in a loop body advances once per iteration."""
    record = {}
    with tf.Graph().as_default() as graph:
        _, values = tf.while_loop(
            lambda i, s: i < 4,
            lambda i, s: (i + 1, tf.concat([s, tf.random_uniform([1], seed=3)], 0)),
            [tf.constant(0), tf.zeros([0])],
            shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
            parallel_iterations=1,
        )
        with tf.Session(graph=graph) as session:
            for run in range(2):
                record["run%d" % run] = session.run(values)
    return record


def initializers(tf: Any, seed: Optional[int], dtype: str) -> Dict[str, Tuple[Any, List[int]]]:
    """Initializers with the shapes they are asked for."""
    init = tf.initializers
    kind = {"dtype": tf.as_dtype(dtype)}
    return {
        "zeros": (tf.zeros_initializer(**kind), [2, 3]),
        "ones": (tf.ones_initializer(**kind), [2, 3]),
        "constant": (tf.constant_initializer(0.3, **kind), [2, 3]),
        "constant_list": (tf.constant_initializer([1.0, 2.0, 3.0, 4.0], **kind), [2, 2]),
        "normal": (tf.random_normal_initializer(1.0, 2.0, seed, **kind), [5, 7]),
        "uniform": (tf.random_uniform_initializer(-0.3, 0.2, seed, **kind), [5, 7]),
        "truncated": (tf.truncated_normal_initializer(0.0, 0.1, seed, **kind), [5, 7]),
        "glorot_uniform": (tf.glorot_uniform_initializer(seed, **kind), [5, 7]),
        "glorot_uniform_conv": (tf.glorot_uniform_initializer(seed, **kind), [3, 3, 2, 4]),
        "glorot_uniform_vector": (tf.glorot_uniform_initializer(seed, **kind), [6]),
        "glorot_normal": (tf.glorot_normal_initializer(seed, **kind), [5, 7]),
        "he_normal": (init.he_normal(seed), [5, 7]),
        "he_uniform": (init.he_uniform(seed), [5, 7]),
        "lecun_normal": (init.lecun_normal(seed), [5, 7]),
        "lecun_uniform": (init.lecun_uniform(seed), [5, 7]),
        "scaling_fan_in": (tf.variance_scaling_initializer(seed=seed, **kind), [4, 6]),
        "scaling_fan_out": (
            tf.variance_scaling_initializer(2.0, "fan_out", "uniform", seed, **kind),
            [4, 6],
        ),
        "scaling_untruncated": (
            tf.variance_scaling_initializer(1.0, "fan_avg", "untruncated_normal", seed, **kind),
            [4, 6],
        ),
        "unit_scaling": (tf.uniform_unit_scaling_initializer(1.43, seed, **kind), [4, 6]),
        "orthogonal_tall": (tf.orthogonal_initializer(1.0, seed, **kind), [6, 3]),
        "orthogonal_wide": (tf.orthogonal_initializer(1.5, seed, **kind), [3, 6]),
        "orthogonal_conv": (tf.orthogonal_initializer(1.0, seed, **kind), [2, 2, 3, 4]),
        "identity": (init.identity(2.0, **kind), [3, 4]),
    }


INITIALIZER_SEEDS: List[Tuple[Optional[int], Optional[int]]] = [
    (None, 1), (None, 42), (7, None), (0, 0), (123, 456),
]  # fmt: skip


def initialised(
    tf: Any, seeds: Tuple[Optional[int], Optional[int]], dtype: str, use_resource: bool
) -> Dict[str, np.ndarray]:
    """The variables after the first and after a second initialisation in one session."""
    record = {}
    for name, (initializer, shape) in initializers(tf, seeds[1], dtype).items():
        with tf.Graph().as_default() as graph:
            if seeds[0] is not None:
                tf.set_random_seed(seeds[0])
            w = tf.get_variable(
                "w", shape, tf.as_dtype(dtype), initializer, use_resource=use_resource
            )
            initialise = tf.global_variables_initializer()
            with tf.Session(graph=graph) as session:
                values = []
                for _ in range(2):
                    session.run(initialise)
                    values.append(session.run(w))
        record[name] = np.stack(values)
    return record
