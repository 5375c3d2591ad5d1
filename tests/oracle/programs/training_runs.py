"""Training runs of 200 steps with every optimizer, and what the schedules and averages give."""

from __future__ import annotations

from typing import Any, Callable, Dict, List

import numpy as np

# Schedules divide by powers of two here: TensorFlow multiplies by the reciprocal of a constant
# divisor instead, so that 45 / 15 is a little more than 3 there, and a rate that depends on the
# next integer another one.
STEPS = 200
RECORDED_EVERY = 5


def numbers(count: int, multiplier: int, modulus: int) -> np.ndarray:
    """Scattered numbers between -1 and 1 that are the same on every machine."""
    return ((np.arange(1, count + 1) * multiplier) % modulus) / (modulus / 2.0) - 1.0


OPTIMIZERS: Dict[str, Callable[[Any], Any]] = {
    "gradient_descent": lambda tf: tf.train.GradientDescentOptimizer(0.05),
    "gradient_descent_locked": lambda tf: tf.train.GradientDescentOptimizer(0.05, use_locking=True),
    "momentum": lambda tf: tf.train.MomentumOptimizer(0.02, 0.9),
    "momentum_nesterov": lambda tf: tf.train.MomentumOptimizer(0.02, 0.8, use_nesterov=True),
    "adam": lambda tf: tf.train.AdamOptimizer(),
    "adam_fast": lambda tf: tf.train.AdamOptimizer(0.05, 0.8, 0.95, 1e-3),
    "adam_locked": lambda tf: tf.train.AdamOptimizer(0.01, use_locking=True, name="Other"),
    "adagrad": lambda tf: tf.train.AdagradOptimizer(0.1),
    "adagrad_accumulator": lambda tf: tf.train.AdagradOptimizer(0.2, 0.5),
    "adadelta": lambda tf: tf.train.AdadeltaOptimizer(),
    "adadelta_fast": lambda tf: tf.train.AdadeltaOptimizer(1.0, 0.9, 1e-4),
    "rmsprop": lambda tf: tf.train.RMSPropOptimizer(0.01),
    "rmsprop_momentum": lambda tf: tf.train.RMSPropOptimizer(0.005, 0.8, 0.5, 1e-3),
    "rmsprop_centered": lambda tf: tf.train.RMSPropOptimizer(0.005, epsilon=1e-2, centered=True),
    "rmsprop_centered_momentum": lambda tf: tf.train.RMSPropOptimizer(
        0.005, momentum=0.6, epsilon=1e-2, centered=True
    ),
    "ftrl": lambda tf: tf.train.FtrlOptimizer(0.2),
    "ftrl_l1_l2": lambda tf: tf.train.FtrlOptimizer(
        0.2, l1_regularization_strength=0.02, l2_regularization_strength=0.01
    ),
    "ftrl_power": lambda tf: tf.train.FtrlOptimizer(
        0.2,
        learning_rate_power=-0.3,
        initial_accumulator_value=0.4,
        accum_name="a",
        linear_name="l",
    ),
    "ftrl_shrinkage": lambda tf: tf.train.FtrlOptimizer(
        0.2, l1_regularization_strength=0.01, l2_shrinkage_regularization_strength=0.05
    ),
    "proximal_gradient_descent": lambda tf: tf.train.ProximalGradientDescentOptimizer(0.05),
    "proximal_gradient_descent_l1_l2": lambda tf: tf.train.ProximalGradientDescentOptimizer(
        0.05, l1_regularization_strength=0.02, l2_regularization_strength=0.01
    ),
    "proximal_adagrad": lambda tf: tf.train.ProximalAdagradOptimizer(0.1),
    "proximal_adagrad_l1_l2": lambda tf: tf.train.ProximalAdagradOptimizer(
        0.1, 0.2, l1_regularization_strength=0.02, l2_regularization_strength=0.01
    ),
    "proximal_gradient_descent_double": lambda tf: tf.train.ProximalGradientDescentOptimizer(
        np.float64(0.05), np.float64(0.02), np.float64(0.01)
    ),
    "proximal_adagrad_double": lambda tf: tf.train.ProximalAdagradOptimizer(
        np.float64(0.1), 0.2, np.float64(0.02), np.float64(0.01)
    ),
    "adagrad_da": lambda tf: tf.train.AdagradDAOptimizer(0.2, tf.train.get_or_create_global_step()),
    "adagrad_da_l1_l2": lambda tf: tf.train.AdagradDAOptimizer(
        0.2,
        tf.train.get_or_create_global_step(),
        initial_gradient_squared_accumulator_value=0.3,
        l1_regularization_strength=0.001,
        l2_regularization_strength=0.01,
    ),
    "decaying_momentum": lambda tf: tf.train.MomentumOptimizer(
        tf.train.exponential_decay(0.05, tf.train.get_or_create_global_step(), 16, 0.8), 0.5
    ),
}


def dense_problem(tf: Any, dtype: Any) -> Any:
    """A quadratic: two linear outputs of three features, eight rows a step. Loss and feeds.

    The targets scatter, so that no run converges: where gradients vanish, an optimizer that
    divides by their size shows rounding errors instead of its rule.
    """
    kind = dtype.as_numpy_dtype
    x = tf.placeholder(dtype, [None, 3], name="x")
    y = tf.placeholder(dtype, [None, 2], name="y")
    start = numbers(6, 5, 17).reshape(3, 2).astype(kind)
    w = tf.get_variable("w", initializer=tf.constant(start))
    b = tf.get_variable("b", [2], dtype, tf.zeros_initializer())
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y), name="loss")
    features = numbers(96, 37, 101).reshape(32, 3)
    targets = features @ np.array([[0.5, -1.0], [0.0, 2.0], [1.5, 0.25]]) + [0.3, -0.2]
    targets = targets + numbers(64, 61, 173).reshape(32, 2)
    return loss, batches({x: features.astype(kind), y: targets.astype(kind)})


def batches(data: Dict[Any, np.ndarray]) -> Callable[[int], Dict[Any, np.ndarray]]:
    """Eight of the 32 rows for each step, always others."""

    def feeds(step: int) -> Dict[Any, np.ndarray]:
        rows = (np.arange(8) * 5 + step * 3) % 32
        return {placeholder: values[rows] for placeholder, values in data.items()}

    return feeds


def network_problem(tf: Any, dtype: Any) -> Any:
    """A regression with one hidden layer of tanh and a batch of eight rows a step."""
    kind = dtype.as_numpy_dtype
    x = tf.placeholder(dtype, [None, 3], name="x")
    y = tf.placeholder(dtype, [None, 1], name="y")
    w1 = tf.Variable(numbers(12, 5, 17).reshape(3, 4).astype(kind), name="w1")
    b1 = tf.Variable(np.zeros(4, kind), name="b1")
    w2 = tf.Variable(numbers(4, 3, 11).reshape(4, 1).astype(kind), name="w2")
    b2 = tf.Variable(np.zeros(1, kind), name="b2")
    hidden = tf.nn.tanh(tf.matmul(x, w1) + b1)
    loss = tf.reduce_mean(tf.square(tf.matmul(hidden, w2) + b2 - y), name="loss")
    features = numbers(96, 37, 101).reshape(32, 3)
    targets = features[:, :1] * features[:, 1:2] - 0.5 * features[:, 2:]
    targets = targets + 0.5 * numbers(32, 61, 173).reshape(32, 1)
    return loss, batches({x: features.astype(kind), y: targets.astype(kind)})


def sparse_problem(tf: Any, dtype: Any) -> Any:
    """An embedding table of which a step touches few rows, one of them twice."""
    kind = dtype.as_numpy_dtype
    ids = tf.placeholder(tf.int32, [None], name="ids")
    y = tf.placeholder(dtype, [None, 3], name="y")
    table = tf.get_variable(
        "table", initializer=tf.constant(numbers(21, 5, 23).reshape(7, 3).astype(kind))
    )
    scale = tf.get_variable("scale", initializer=tf.constant(np.ones(3, kind)))
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, ids) * scale - y), name="loss")

    def feeds(step: int) -> Dict[Any, np.ndarray]:
        rows = np.array([step % 7, (3 * step + 1) % 7, step % 7, (step * step) % 5])
        scatter = numbers(12 * (step + 1), 61, 173)[-12:].reshape(4, 3)
        return {ids: rows, y: (0.5 * numbers(7, 2, 7)[rows, None] + scatter).astype(kind)}

    return loss, feeds


PROBLEMS = {"dense": dense_problem, "network": network_problem, "sparse": sparse_problem}


def train(
    tf: Any, optimizer: str, problem: str, dtype: str, use_resource: bool
) -> Dict[str, np.ndarray]:
    """The losses on the way and every variable at the end, slots included, by name."""
    with tf.Graph().as_default() as graph:
        scope = tf.get_variable_scope()
        scope.set_use_resource(use_resource)
        loss, feeds = PROBLEMS[problem](tf, tf.as_dtype(dtype))
        step = tf.train.get_or_create_global_step()
        operation = OPTIMIZERS[optimizer](tf).minimize(loss, global_step=step)
        initialise = tf.global_variables_initializer()
        with tf.Session(graph=graph) as session:
            session.run(initialise)
            losses = []
            for number in range(STEPS):
                values = feeds(number)
                if number % RECORDED_EVERY == 0:
                    losses.append(session.run(loss, values))
                session.run(operation, values)
            names = [w.op.name for w in tf.global_variables()]
            finals = session.run(tf.global_variables())
    record = {"loss": np.array(losses)}
    record.update({name: np.asarray(value) for name, value in zip(names, finals)})
    return record


def train_clipped(tf: Any) -> Dict[str, np.ndarray]:
    """Training with the gradients clipped by their global norm."""
    with tf.Graph().as_default() as graph:
        loss, feeds = network_problem(tf, tf.float64)
        optimizer = tf.train.AdamOptimizer(0.01)
        gradients, variables = zip(*optimizer.compute_gradients(loss))
        clipped, norm = tf.clip_by_global_norm(gradients, 0.05)
        operation = optimizer.apply_gradients(zip(clipped, variables))
        with tf.Session(graph=graph) as session:
            session.run(tf.global_variables_initializer())
            values = [session.run([loss, norm, operation], feeds(n))[:2] for n in range(STEPS)]
            finals = session.run(tf.trainable_variables())
            names = [w.op.name for w in tf.trainable_variables()]
    record = dict(zip(names, finals))
    record["loss_and_norm"] = np.array(values)[::RECORDED_EVERY]
    return record


def train_adversaries(tf: Any) -> Dict[str, np.ndarray]:
    """Two networks against each other: the critic's step, clipping, then the generator's step."""
    with tf.Graph().as_default() as graph:
        kind = tf.float64
        real = tf.placeholder(kind, [None, 2], name="real")
        noise = tf.placeholder(kind, [None, 2], name="noise")

        def dense(x: Any, name: str) -> Any:
            with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
                start = tf.constant(0.5 * numbers(4, 3, 7).reshape(2, 2))
                w = tf.get_variable("w", dtype=kind, initializer=start)
                b = tf.get_variable("b", [2], kind, tf.zeros_initializer())
            return tf.tanh(tf.matmul(x, w) + b)

        fake = dense(noise, "generator")
        d_loss = tf.reduce_mean(dense(fake, "critic")) - tf.reduce_mean(dense(real, "critic"))
        g_loss = -tf.reduce_mean(dense(fake, "critic"))
        critic = tf.trainable_variables("critic")
        generator = tf.trainable_variables("generator")
        d_train = tf.train.RMSPropOptimizer(0.01).minimize(d_loss, var_list=critic)
        g_train = tf.train.AdamOptimizer(0.01, 0.5).minimize(g_loss, var_list=generator)
        clip = [w.assign(tf.clip_by_value(w, -0.4, 0.4)) for w in critic]
        losses = []
        with tf.Session(graph=graph) as session:
            session.run(tf.global_variables_initializer())
            for step in range(100):
                feeds = {
                    real: numbers(16, 7 + step, 37).reshape(8, 2) + 0.5,
                    noise: numbers(16, 11 + step, 53).reshape(8, 2),
                }
                for _ in range(2):
                    session.run(d_train, feeds)
                    session.run(clip)
                session.run(g_train, feeds)
                losses.append(session.run([d_loss, g_loss], feeds))
            names = [w.op.name for w in tf.global_variables()]
            finals = session.run(tf.global_variables())
    record = dict(zip(names, finals))
    record["losses"] = np.array(losses)[::RECORDED_EVERY]
    return record


SCHEDULES: Dict[str, Callable[[Any, Any], Any]] = {
    "exponential": lambda t, s: t.exponential_decay(0.1, s, 20, 0.9),
    "exponential_staircase": lambda t, s: t.exponential_decay(0.1, s, 20, 0.9, staircase=True),
    "piecewise": lambda t, s: t.piecewise_constant(s, [10, 25], [1.0, 0.5, 0.1]),
    "piecewise_one": lambda t, s: t.piecewise_constant(s, [30], [2.0, 1.0]),
    "polynomial": lambda t, s: t.polynomial_decay(0.1, s, 30),
    "polynomial_power": lambda t, s: t.polynomial_decay(0.1, s, 30, 0.01, 2.0),
    "polynomial_cycle": lambda t, s: t.polynomial_decay(0.1, s, 16, 0.01, 0.5, cycle=True),
    "natural_exp": lambda t, s: t.natural_exp_decay(0.1, s, 10, 0.5),
    "natural_exp_staircase": lambda t, s: t.natural_exp_decay(0.1, s, 10, 0.5, staircase=True),
    "inverse_time": lambda t, s: t.inverse_time_decay(0.1, s, 10, 0.5),
    "inverse_time_staircase": lambda t, s: t.inverse_time_decay(0.1, s, 10, 0.5, True),
    "cosine": lambda t, s: t.cosine_decay(0.1, s, 40, 0.05),
    "cosine_restarts": lambda t, s: t.cosine_decay_restarts(0.1, s, 7, 1.5, 0.9, 0.1),
    "linear_cosine": lambda t, s: t.linear_cosine_decay(0.1, s, 40, 0.5, 0.1, 0.01),
}


def schedules(tf: Any) -> Dict[str, np.ndarray]:
    """The learning rate of each schedule for the steps 0 to 59."""
    record = {}
    with tf.Graph().as_default() as graph:
        step = tf.placeholder(tf.int64, [], name="step")
        rates = {name: make(tf.train, step) for name, make in SCHEDULES.items()}
        with tf.Session(graph=graph) as session:
            rows = [session.run(rates, {step: n}) for n in range(60)]
    for name in rates:
        record[name] = np.array([row[name] for row in rows])
    return record


AVERAGES: Dict[str, Dict[str, Any]] = {
    "plain": {"decay": 0.9},
    "slow": {"decay": 0.999, "num_updates": 4},
    "debiased": {"decay": 0.9, "zero_debias": True},
    "named": {"decay": 0.5, "name": "Shadow"},
}


def averages(tf: Any, use_resource: bool) -> Dict[str, np.ndarray]:
    """Shadow values of a variable and of a tensor over twenty assignments, by variable name."""
    record = {}
    for name, arguments in AVERAGES.items():
        with tf.Graph().as_default() as graph:
            w = tf.Variable([1.0, -2.0], name="w", use_resource=use_resource)
            x = tf.placeholder(tf.float32, [2], name="x")
            total = tf.reduce_sum(x * 2.0, name="total")
            average = tf.train.ExponentialMovingAverage(**arguments)
            with tf.control_dependencies([w.assign(x)]):
                update = average.apply([w, total])
            watched = [average.average(w), average.average(total)]
            rows: List[List[np.ndarray]] = []
            with tf.Session(graph=graph) as session:
                session.run(tf.global_variables_initializer())
                for step in range(20):
                    feeds = {x: np.array([step, 10.0 - step * 0.5])}
                    session.run(update, feeds)
                    rows.append([np.atleast_1d(v) for v in session.run(watched)])
                names = [v.op.name for v in tf.global_variables()]
                finals = session.run(tf.global_variables())
        record[name + "/variable"] = np.array([row[0] for row in rows])
        record[name + "/tensor"] = np.array([row[1] for row in rows])
        record.update({"%s/final/%s" % (name, n): v for n, v in zip(names, finals)})
    return record


def cases_of(problem: str) -> List[Any]:
    """The runs of a problem: optimizer, dtype, and whether variables are resources."""
    cases = []
    for dtype in ["float32", "float64"] if problem != "network" else ["float64"]:
        for resource in [False, True]:
            cases += [(n, dtype, resource) for n in OPTIMIZERS if takes_dtype(n, dtype)]
    return cases


def takes_dtype(optimizer: str, dtype: str) -> bool:
    """TF 1.15's proximal optimizers leave their Python numbers at float32, whatever they train."""
    if not optimizer.startswith("proximal"):
        return True
    return (dtype == "float64") == optimizer.endswith("_double")
