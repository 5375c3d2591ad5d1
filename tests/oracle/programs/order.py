"""Which value a read sees and which value a fetch gives, when a run also writes.

Every program returns what it observed. TensorFlow runs each of them fifty times; only what came
out the same every time is a fact to compare with.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _session(tf: Any) -> Any:
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def _variable(tf: Any, value: Any, name: str, resource: bool) -> Any:
    return tf.Variable(value, name=name, use_resource=resource)


def _loss_and_train(tf: Any, resource: bool) -> Any:
    w = _variable(tf, 3.0, "w", resource)
    loss = tf.square(w)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    with _session(tf) as session:
        return [session.run([loss, train])[0], session.run(w), session.run([train, loss])[1]]


def loss_before_train(tf: Any) -> Any:
    return _loss_and_train(tf, False)


def loss_before_train_resource(tf: Any) -> Any:
    return _loss_and_train(tf, True)


def _fetch_variable_and_train(tf: Any, resource: bool) -> Any:
    w = _variable(tf, [3.0, 1.0], "w", resource)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(w)))
    with _session(tf) as session:
        return [session.run([w, train])[0], session.run([train, w])[1]]


def fetch_variable_and_train(tf: Any) -> Any:
    return _fetch_variable_and_train(tf, False)


def fetch_variable_and_train_resource(tf: Any) -> Any:
    return _fetch_variable_and_train(tf, True)


def fetch_read_value_and_train(tf: Any) -> Any:
    w = tf.Variable([3.0, 1.0], name="w")
    read = w.read_value()
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(w)))
    late = w.read_value()
    with _session(tf) as session:
        return [session.run([read, train])[0], session.run([late, train])[0]]


def fetch_read_value_and_train_resource(tf: Any) -> Any:
    w = tf.Variable([3.0, 1.0], name="w", use_resource=True)
    read = w.read_value()
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(w)))
    late = w.read_value()
    with _session(tf) as session:
        return [session.run([read, train])[0], session.run([late, train])[0]]


def fetch_identity_and_assign(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w")
    same = tf.identity(w, name="same")
    twice = tf.identity(same)
    assign = w.assign([5.0, 6.0])
    with _session(tf) as session:
        return session.run([same, assign.op, twice])[::2]


def fetch_product_and_assign(tf: Any) -> Any:
    w = tf.Variable(2.0, name="w")
    before = w * 10.0
    assign = w.assign(3.0)
    after = w * 10.0
    with _session(tf) as session:
        return [session.run([before, assign]), session.run([before, assign.op, after])[::2]]


def fetch_product_and_assign_resource(tf: Any) -> Any:
    w = tf.Variable(2.0, name="w", use_resource=True)
    before = w * 10.0
    assign = w.assign(3.0)
    after = w * 10.0
    with _session(tf) as session:
        return [session.run([before, assign.op])[0], session.run([before, assign.op, after])[::2]]


def fetch_result_of_assign(tf: Any) -> Any:
    w = tf.Variable(2.0, name="w")
    add = tf.assign_add(w, 1.0)
    results = []
    with _session(tf) as session:
        results.append(session.run(add))
        results.append(session.run([add, w]))
        results.append(session.run(add + 0.0))
    return results


def fetch_result_of_assign_resource(tf: Any) -> Any:
    w = tf.Variable(2.0, name="w", use_resource=True)
    add = tf.assign_add(w, 1.0)
    value = w.assign(10.0)
    with _session(tf) as session:
        return [session.run(add), session.run(add), session.run(value), session.run(w)]


def two_additions(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    first = tf.assign_add(w, 10.0)
    second = tf.assign_add(w, 100.0)
    with _session(tf) as session:
        return [session.run([first, second]), session.run(w)]


def two_additions_resource(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w", use_resource=True)
    first = tf.assign_add(w, 10.0)
    second = tf.assign_add(w, 100.0)
    with _session(tf) as session:
        return [session.run([first.op, second.op]), session.run(w)]


def two_additions_with_products(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    first = tf.assign_add(w, 10.0) * 1.0
    second = tf.assign_add(w, 100.0) * 1.0
    with _session(tf) as session:
        return [sorted(session.run([first, second])), session.run(w)]


def dependent_read(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    with tf.control_dependencies([w.assign(5.0)]):
        product = w * 2.0
        read = w.read_value()
        same = tf.identity(w)
        value = w.value() + 0.0
    with _session(tf) as session:
        return session.run([product, read, same, value])


def dependent_read_resource(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w", use_resource=True)
    with tf.control_dependencies([w.assign(5.0)]):
        product = w * 2.0
        read = w.read_value()
        same = tf.identity(w)
    with _session(tf) as session:
        return session.run([product, read, same])


def read_before_dependent_assign(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    before = w * 10.0
    with tf.control_dependencies([before]):
        assign = w.assign(7.0)
    with tf.control_dependencies([assign]):
        after = w * 10.0
    with _session(tf) as session:
        return session.run([before, after, w])


def chained_assignments(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    first = w.assign(w * 2.0)
    with tf.control_dependencies([first]):
        second = w.assign(w + 3.0)
    with tf.control_dependencies([second]):
        third = w.assign(w * w)
    with _session(tf) as session:
        return [session.run(third), session.run(third), session.run(w)]


def assignment_of_an_assignment(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    v = tf.Variable(0.0, name="v")
    chain = v.assign(w.assign_add(4.0) * 2.0)
    with _session(tf) as session:
        return [session.run(chain), session.run([w, v])]


def swap(tf: Any) -> Any:
    a = tf.Variable(1.0, name="a")
    b = tf.Variable(2.0, name="b")
    old_a, old_b = tf.tuple([a * 1.0, b * 1.0])
    both = tf.group(a.assign(old_b), b.assign(old_a))
    with _session(tf) as session:
        session.run(both)
        return session.run([a, b])


def gradient_step_and_clip(tf: Any) -> Any:
    w = tf.Variable([3.0, -3.0], name="w")
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(w)))
    with tf.control_dependencies([train]):
        clip = w.assign(tf.clip_by_value(w, -1.0, 1.0))
    with _session(tf) as session:
        return [session.run([train, clip])[1], session.run(w)]


def gradient_step_and_clip_resource(tf: Any) -> Any:
    w = tf.Variable([3.0, -3.0], name="w", use_resource=True)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(w)))
    with tf.control_dependencies([train]):
        clip = w.assign(tf.clip_by_value(w, -1.0, 1.0))
    with _session(tf) as session:
        session.run([train, clip.op])
        return session.run(w)


def gradient_step_and_free_clip(tf: Any) -> Any:
    w = tf.Variable([3.0, -3.0], name="w")
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(tf.square(w)))
    clip = w.assign(tf.clip_by_value(w, -1.0, 1.0))
    with _session(tf) as session:
        return [session.run([train, clip])[1], session.run(w)]


def _two_players(tf: Any, optimizer: Any, resource: bool = False) -> Any:
    d = _variable(tf, 2.0, "d", resource)
    g = _variable(tf, 3.0, "g", resource)
    product = d * g
    d_train = optimizer().minimize(tf.square(product - 1.0), var_list=[d])
    g_train = optimizer().minimize(tf.square(product + 1.0), var_list=[g])
    with _session(tf) as session:
        session.run([d_train, g_train])
        return session.run([d, g])


def two_players_descent(tf: Any) -> Any:
    return _two_players(tf, lambda: tf.train.GradientDescentOptimizer(0.01))


def two_players_descent_resource(tf: Any) -> Any:
    return _two_players(tf, lambda: tf.train.GradientDescentOptimizer(0.01), resource=True)


def two_players_adam_resource(tf: Any) -> Any:
    return _two_players(tf, lambda: tf.train.AdamOptimizer(0.1), resource=True)


def two_players_adam(tf: Any) -> Any:
    return _two_players(tf, lambda: tf.train.AdamOptimizer(0.1))


def wide_players(tf: Any) -> Any:
    d = tf.Variable(np.full([60, 60], 0.02, np.float32), name="d")
    g = tf.Variable(np.full([60, 60], 0.03, np.float32), name="g")
    product = tf.matmul(d, g)
    descent = tf.train.GradientDescentOptimizer
    d_train = descent(0.1).minimize(tf.reduce_sum(tf.square(product - 1.0)), var_list=[d])
    g_train = descent(0.1).minimize(tf.reduce_sum(tf.square(product + 1.0)), var_list=[g])
    with _session(tf) as session:
        session.run([d_train, g_train])
        return [round(float(v[0, 0]), 4) for v in session.run([d, g])]


def two_steps_in_one_run_resource(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w", use_resource=True)
    loss = tf.square(w)
    first = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    second = tf.train.GradientDescentOptimizer(0.125).minimize(loss)
    with _session(tf) as session:
        session.run([first, second])
        return session.run(w)


def two_steps_in_one_run(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    loss = tf.square(w)
    first = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    second = tf.train.GradientDescentOptimizer(0.125).minimize(loss)
    with _session(tf) as session:
        session.run([first, second])
        return session.run(w)


def feeding_a_variable(tf: Any) -> Any:
    w = tf.Variable(2.0, name="w")
    v = tf.Variable(2.0, name="v", use_resource=True)
    product = w * 10.0
    other = v * 10.0
    fresh = tf.identity(w) * 10.0
    read = tf.get_default_graph().get_tensor_by_name("w/read:0")
    results = []
    with _session(tf) as session:
        results.append(session.run(product, {w: 5.0}))
        results.append(session.run([product, fresh], {read: 6.0}))
        results.append(session.run([w, product], {"w/read:0": 7.0}))
        results.append(session.run([w, product, fresh], {w: 8.0}))
        results.append(session.run([w, product]))
        results.append(session.run(other, {other: 1.5}))
    return results


def feeding_an_intermediate(tf: Any) -> Any:
    w = tf.Variable(2.0, name="w")
    product = w * 10.0
    result = product + 1.0
    assign = w.assign(result)
    with _session(tf) as session:
        return [
            session.run(result, {product: 5.0}),
            session.run(assign, {product: 6.0}),
            session.run([product, result], {product: 7.0}),
            session.run(w),
        ]


def second_initialisation(tf: Any) -> Any:
    a = tf.Variable(tf.random_uniform([2], seed=1), name="a")
    b = tf.Variable(a.initialized_value() * 2.0, name="b")
    initialise = tf.global_variables_initializer()
    results = []
    with tf.Session() as session:
        session.run(initialise)
        results.append(session.run([a, b]))
        session.run(a.assign([10.0, 20.0]))
        session.run(initialise)
        results.append(session.run(a))
        session.run(a.assign([10.0, 20.0]))
        session.run(b.initializer)
        results.append(session.run([a, b]))
    return results


def first_initialisation_of_dependents(tf: Any) -> Any:
    a = tf.Variable(3.0, name="a")
    b = tf.Variable(a.initialized_value() + 1.0, name="b")
    c = tf.Variable(b.initialized_value() + 1.0, name="c", use_resource=True)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run([a, b, c])


def second_initialisation_of_dependents(tf: Any) -> Any:
    a = tf.Variable(3.0, name="a")
    b = tf.Variable(a.initialized_value() + 1.0, name="b")
    initialise = tf.global_variables_initializer()
    with tf.Session() as session:
        session.run(initialise)
        session.run(a.assign(50.0))
        session.run(initialise)
        return session.run([a, b])


def _scatter(tf: Any, resource: bool) -> Any:
    w = _variable(tf, np.zeros([4, 2], np.float32), "w", resource)
    ids = [1, 1, 3]
    rows = np.array([[1.0, 2.0], [10.0, 20.0], [5.0, 6.0]], np.float32)
    results = []
    with _session(tf) as session:
        results.append(session.run(tf.scatter_add(w, ids, rows)))
        results.append(session.run(tf.scatter_sub(w, ids, rows * 0.5)))
        results.append(session.run(tf.scatter_mul(w, [1, 1], rows[:2])))
        results.append(session.run(tf.scatter_div(w, [3], rows[2:])))
        results.append(session.run(tf.scatter_max(w, [0, 3], rows[:2])))
        results.append(session.run(tf.scatter_min(w, [0, 3], rows[:2] * 0.1)))
        results.append(session.run(tf.scatter_update(w, [2, 0], rows[:2])))
        results.append(session.run(tf.scatter_nd_update(w, [[0, 1], [2, 0]], [-1.0, -2.0])))
        results.append(session.run(tf.scatter_nd_add(w, [[0, 1], [0, 1]], [1.0, 2.0])))
        results.append(session.run(tf.scatter_nd_sub(w, [[3]], [[1.0, 1.0]])))
        results.append(session.run(w))
    return results


def scatters(tf: Any) -> Any:
    return _scatter(tf, False)


def scatters_resource(tf: Any) -> Any:
    return _scatter(tf, True)


def scatter_then_gather(tf: Any) -> Any:
    w = tf.Variable(np.arange(6.0).reshape(3, 2), name="w")
    update = tf.scatter_update(w, [1], np.array([[9.0, 9.0]]))
    with tf.control_dependencies([update]):
        rows = tf.gather(w, [1, 0])
    result = tf.gather(update, [1])
    with _session(tf) as session:
        return session.run([rows, result])


def gather_before_scatter(tf: Any) -> Any:
    w = tf.Variable(np.arange(6.0).reshape(3, 2), name="w")
    rows = tf.gather(w, [1, 0])
    with tf.control_dependencies([rows]):
        update = tf.scatter_add(w, [1], np.array([[9.0, 9.0]]))
    with _session(tf) as session:
        return session.run([rows, update])


def assignment_inside_cond(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    v = tf.Variable(1.0, name="v", use_resource=True)
    p = tf.placeholder(tf.bool, [])
    choice = tf.cond(p, lambda: tf.assign_add(w, 10.0), lambda: tf.assign_sub(w, 100.0))
    other = tf.cond(p, lambda: tf.assign_add(v, 10.0), lambda: v.read_value())
    results = []
    with _session(tf) as session:
        for value in [True, False, True]:
            results.append(session.run([choice, other], {p: value}))
            results.append(session.run([w, v]))
    return results


def assignment_outside_cond(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    p = tf.placeholder(tf.bool, [])
    assign = tf.assign_add(w, 10.0)
    choice = tf.cond(p, lambda: tf.identity(assign), lambda: tf.constant(0.0))
    with _session(tf) as session:
        return [session.run(choice, {p: False}), session.run(w), session.run(choice, {p: True})]


def assignment_inside_while(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(w, w * 1.0)]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 5, body, [tf.constant(0)], parallel_iterations=1)
    with _session(tf) as session:
        return [session.run(loop), session.run(w)]


def reading_inside_while(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w", use_resource=True)

    def body(i: Any, s: Any) -> Any:
        with tf.control_dependencies([w.assign_add(1.0)]):
            return i + 1, s + w.read_value()

    loop = tf.while_loop(
        lambda i, s: i < 4, body, [tf.constant(0), tf.constant(0.0)], parallel_iterations=1
    )
    with _session(tf) as session:
        return [session.run(loop), session.run(w)]


def train_in_control_dependencies(tf: Any) -> Any:
    w = tf.Variable(3.0, name="w")
    loss = tf.square(w, name="loss")
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss)
    with tf.control_dependencies([train]):
        after = tf.square(w, name="after")
        old = tf.identity(loss)
    with _session(tf) as session:
        return session.run([loss, after, old, w])


def global_step_and_train(tf: Any) -> Any:
    w = tf.Variable(3.0, name="w")
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.25, step, 1, 0.5)
    train = tf.train.GradientDescentOptimizer(rate).minimize(tf.square(w), global_step=step)
    with _session(tf) as session:
        return [session.run([train, step])[1], session.run(rate), session.run([step, train])[0]]


def learning_rate_and_train(tf: Any) -> Any:
    w = tf.Variable(3.0, name="w")
    step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.25, step, 1, 0.5)
    train = tf.train.GradientDescentOptimizer(rate).minimize(tf.square(w), global_step=step)
    with _session(tf) as session:
        return [session.run([train, rate])[1], session.run([train, rate])[1]]


def fetched_value_stays(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w")
    add = tf.assign_add(w, [1.0, 1.0])
    with _session(tf) as session:
        before = session.run(w)
        result = session.run(add)
        session.run(add)
        return [before, result, session.run(w)]


def moving_average_of_updated(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    average = tf.train.ExponentialMovingAverage(0.5)
    update = w.assign(3.0)
    with tf.control_dependencies([update]):
        keep = average.apply([w])
    with _session(tf) as session:
        session.run(keep)
        return session.run([w, average.average(w)])


def count_up(tf: Any) -> Any:
    n = tf.Variable(0, name="n")
    count = tf.count_up_to(n, 3)
    results = []
    with _session(tf) as session:
        for _ in range(3):
            results.append(session.run(count))
        try:
            session.run(count)
        except tf.errors.OutOfRangeError:
            results.append("out of range")
        results.append(session.run(n))
    return results


def assign_of_another_shape(tf: Any) -> Any:
    w = tf.Variable([1.0, 2.0], name="w", validate_shape=False)
    assign = tf.assign(w, [1.0, 2.0, 3.0], validate_shape=False)
    with _session(tf) as session:
        return [session.run(assign), session.run(w), session.run(tf.shape(w))]


def partial_updates_of_adam(tf: Any) -> Any:
    w = tf.Variable(1.0, name="w")
    optimizer = tf.train.AdamOptimizer(0.1)
    loss = tf.square(w)
    train = optimizer.minimize(loss)
    powers = list(optimizer._get_beta_accumulators())
    with _session(tf) as session:
        results = [session.run([loss, train, *powers])[2:]]
        session.run(train)
        return [*results, session.run([w, *powers])]
