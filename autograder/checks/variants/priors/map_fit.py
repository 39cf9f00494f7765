# Variants of the solution cell of `map_fit`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a plain loop over Adam, TFP's likelihood
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.cast(features, tf.float32), tf.cast(targets, tf.float32)
    w = tf.Variable(tf.zeros([features.shape[1]]))
    optimizer = keras.optimizers.Adam(learning_rate)
    for i in range(n_steps):
        optimizer.learning_rate = learning_rate * (1 - i / n_steps)
        with tf.GradientTape() as tape:
            likelihood = tfd.Normal(tf.linalg.matvec(x, w), noise_scale).log_prob(y)
            loss = -tf.reduce_sum(likelihood) - tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w]))
    return w.numpy()


# %% right: keras.losses, minimize, a print
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    w = tf.Variable(np.zeros(features.shape[1], "float32"))
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 1e-6)
    optimizer = keras.optimizers.Adam(rate)

    @tf.function
    def loss():
        error = tf.reduce_sum(tf.square(y - tf.linalg.matvec(x, w)))
        return 0.5 * error / noise_scale**2 - tf.reduce_sum(prior.log_prob(w))

    for _ in range(n_steps):
        optimizer.minimize(loss, [w])
    print("fitted", w.shape)
    return np.array(w)


# %% right: SciPy's simplex in float64, with a warning
import warnings

import scipy.optimize


def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    warnings.warn("SciPy")

    def loss(w):
        error = ((targets - features @ w) ** 2).sum() / (2 * noise_scale**2)
        return error - float(tf.reduce_sum(prior.log_prob(w.astype("float32"))))

    start = np.linalg.lstsq(features, targets, rcond=None)[0].astype("float64")
    return scipy.optimize.minimize(loss, start, method="Powell", options={"xtol": 1e-5}).x


# %% wrong: the prior forgotten
# loses: 14
# hint: This is least squares: the prior's −log p(w) is missing.
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    return np.linalg.lstsq(features, targets, rcond=None)[0]


# %% wrong: the noise forgotten
# loses: 14
# hint: noise_scale is missing: −log p(y | w) is the squared error divided by 2 noise_scale².
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros(features.shape[1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y - tf.linalg.matvec(x, w)) ** 2)
            loss -= tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()


# %% wrong: the mean over the examples against the whole prior
# loses: 14
# hint: You average over the examples but count the prior in full, so it weighs N times too much. Sum both.
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros(features.shape[1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((y - tf.linalg.matvec(x, w)) ** 2) / (2 * noise_scale**2)
            loss -= tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()


# %% wrong: the prior as a reward for distance
# loses: 14
# hint: The sign of the prior is wrong: you minimise −log p(y | w) − log p(w).
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros(features.shape[1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y - tf.linalg.matvec(x, w)) ** 2) / (2 * noise_scale**2)
            loss += tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()


# %% wrong: always ridge
# loses: 7
# hint: This is ridge regression, right for a Gaussian prior only.
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    strength = noise_scale**2 / float(prior.variance())
    gram = features.T @ features + strength * np.eye(features.shape[1])
    return np.linalg.solve(gram, features.T @ targets)


# %% wrong: the half forgotten
# loses: 14
# hint: The ½ is missing: −log p(y | w) is the squared error divided by 2 noise_scale², not by noise_scale².
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros(features.shape[1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y - tf.linalg.matvec(x, w)) ** 2) / noise_scale**2
            loss -= tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()


# %% wrong: a column minus a row
# loses: 14
# hint: features @ w has shape (N, 1) here and targets (N,), so their difference has shape (N, N). Give both the same shape: tf.linalg.matvec.
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros([features.shape[1], 1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y - x @ w) ** 2) / (2 * noise_scale**2)
            loss -= tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()[:, 0]


# %% wrong: a column of weights
# loses: 14
# hint: The weights come back with shape (n, 1). Return a vector, of shape (n,).
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros([features.shape[1], 1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y[:, None] - x @ w) ** 2) / (2 * noise_scale**2)
            loss -= tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()


# %% wrong: the optimizer of another Keras
# loses: 14
# hint: This optimizer and this schedule are of two different Keras: tf.keras is not the `keras` of this notebook. Take both from `keras`.
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros(features.shape[1]))
    optimizer = tf.keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y - tf.linalg.matvec(x, w)) ** 2) / (2 * noise_scale**2)
            loss -= tf.reduce_sum(prior.log_prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()


# %% wrong: the prior's density without its logarithm
# loses: 14
# hint: The logarithm of the prior is missing: the cost is −log p(w), not −p(w).
def map_fit(features, targets, noise_scale, prior, n_steps=2000, learning_rate=0.05):
    x, y = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    w = tf.Variable(tf.zeros(features.shape[1]))
    optimizer = keras.optimizers.Adam(
        keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    )

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((y - tf.linalg.matvec(x, w)) ** 2) / (2 * noise_scale**2)
            loss -= tf.reduce_sum(prior.prob(w))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])

    for _ in range(n_steps):
        step()
    return w.numpy()
