# Variants of the solution cell of `bayes_by_backprop`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a plain loop, TensorFlow's own random numbers
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    loc, rho = tf.Variable(tf.zeros([n_weights])), tf.Variable(-2.0 * tf.ones([n_weights]))
    optimizer = keras.optimizers.Adam(learning_rate)
    generator = tf.random.Generator.from_seed(seed)
    losses = []
    for i in range(n_steps):
        optimizer.learning_rate = learning_rate * (1 - i / n_steps)
        noise = generator.normal([n_weights])
        with tf.GradientTape() as tape:
            value = loss(loc, rho, noise)
        gradients = tape.gradient(value, (loc, rho))
        optimizer.apply_gradients([(gradients[0], loc), (gradients[1], rho)])
        losses.append(float(value))
    return loc.numpy(), tf.nn.softplus(rho).numpy(), losses


# %% right: Adam by hand, one vector for both, a print
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    rng = np.random.RandomState(seed)
    both = tf.Variable(tf.concat([tf.zeros(n_weights), tf.fill([n_weights], -2.0)], 0))
    first, second = tf.Variable(tf.zeros_like(both)), tf.Variable(tf.zeros_like(both))
    print("fitting", n_weights)

    @tf.function
    def step(noise, i):
        with tf.GradientTape() as tape:
            value = loss(both[:n_weights], both[n_weights:], noise)
        slope = tape.gradient(value, both)
        first.assign(0.9 * first + 0.1 * slope)
        second.assign(0.999 * second + 0.001 * slope**2)
        m, v = first / (1 - 0.9 ** (i + 1)), second / (1 - 0.999 ** (i + 1))
        both.assign_sub(learning_rate * (1 - i / n_steps) * m / (tf.sqrt(v) + 1e-7))
        return value

    losses = [
        step(tf.constant(rng.randn(n_weights), tf.float32), tf.constant(float(i)))
        for i in range(n_steps)
    ]
    return both[:n_weights].numpy(), tf.math.softplus(both[n_weights:]).numpy(), np.stack(losses)


# %% right: stateless random numbers, a rate that reaches 0 at the last step, with a warning
import warnings


def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    warnings.warn("stateless")
    loc = tf.Variable([0.0] * n_weights)
    rho = tf.Variable([-2.0] * n_weights)
    adam = keras.optimizers.legacy.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps - 1, end_learning_rate=0)
    )
    noises = tf.random.stateless_normal((n_steps, n_weights), seed=(seed, 0))
    losses = np.zeros(n_steps)
    for i in range(n_steps):
        with tf.GradientTape() as tape:
            value = loss(loc, rho, noises[i])
        adam.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses[i] = value
    return np.array(loc), np.array(tf.math.softplus(rho)), losses


# %% right: NumPy's noise as it comes, outside of a tf.function
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    rng = np.random.default_rng(seed)
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for _ in range(n_steps):
        with tf.GradientTape() as tape:
            value = loss(loc, rho, rng.normal(size=n_weights))
        optimizer.minimize(value, [loc, rho], tape=tape)
        losses.append(value.numpy())
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: rho returned for the scale
# loses: 5
# hint: You return rho. The standard deviation is softplus(rho).
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), rho.numpy(), np.array(losses)


# %% wrong: only the mean moves
# loses: 5
# hint: Only loc moves. The scale must learn too: pass both variables to the tape and the optimizer.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.fill([n_weights], -2.0)
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients([(tape.gradient(value, loc), loc)])
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: the same noise at every step
# loses: 3
# hint: The loss sees the same noise at every step. Draw anew each time; and not inside a tf.function, where NumPy draws only once, while it is traced.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noise = np.random.default_rng(seed).normal(size=n_weights).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for _ in range(n_steps):
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: noise drawn while TensorFlow traces the step
# loses: 3
# hint: The loss sees the same noise at every step. Draw anew each time; and not inside a tf.function, where NumPy draws only once, while it is traced.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    rng = np.random.default_rng(seed)
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)

    @tf.function
    def step():
        noise = tf.constant(rng.normal(size=n_weights), tf.float32)
        with tf.GradientTape() as tape:
            value = loss(loc, rho, noise)
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        return value

    losses = [step() for _ in range(n_steps)]
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: uniform noise
# loses: 3
# hint: The noise is uniform between 0 and 1. The reparameterization asks for draws from N(0, 1).
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).uniform(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: the noise in float64
# loses: 3
# hint: NumPy draws in float64, TensorFlow computes in float32 here, and refuses to mix the two. Convert the noise, for instance by .astype("float32").
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    rng = np.random.default_rng(seed)
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)

    @tf.function
    def step(noise):
        with tf.GradientTape() as tape:
            value = loss(loc, rho, noise)
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        return value

    losses = [step(rng.normal(size=n_weights)) for _ in range(n_steps)]
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: a rate that ends above 0
# loses: 2
# hint: The rate does not end at 0. Unless you say otherwise, PolynomialDecay's end_learning_rate is 0.0001.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: a rate that does not fall
# loses: 2
# hint: The rate stays where it started, so the draws' noise keeps shaking the fit. Let it fall linearly to 0.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    optimizer = keras.optimizers.Adam(learning_rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: the seed is not used
# loses: 2
# hint: The seed has no effect: the same seed must give the same fit.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng().normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: starts at rho = 0
# loses: 2
# hint: The fit starts at rho = 0, a standard deviation of 0.69. It should start at rho = −2.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.zeros(n_weights))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: climbs instead of descending
# loses: 7
# hint: This climbs: it moves along the gradient of the loss instead of against it.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    losses = []
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        slopes = [-slope for slope in tape.gradient(value, [loc, rho])]
        optimizer.apply_gradients(zip(slopes, [loc, rho]))
        losses.append(float(value))
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)


# %% wrong: only the last loss
# loses: 5
# hint: You return one loss. The whole history is wanted, one number per step.
def bayes_by_backprop(loss, n_weights, n_steps, learning_rate, seed):
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights)).astype("float32")
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)
    for noise in noises:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, tf.constant(noise))
        optimizer.apply_gradients(zip(tape.gradient(value, [loc, rho]), [loc, rho]))
    return loc.numpy(), tf.math.softplus(rho).numpy(), value.numpy()
