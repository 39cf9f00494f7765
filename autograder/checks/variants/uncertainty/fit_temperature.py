# Variants of the solution cell of `fit_temperature`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a fine grid, float
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    z = z - z.max(axis=1, keepdims=True)
    best, lowest = None, np.inf
    for t in np.geomspace(0.01, 100, 5001):
        loss = np.mean(special.logsumexp(z / t, axis=1) - z[np.arange(len(y)), y] / t)
        if loss < lowest:
            best, lowest = t, loss
    return best


# %% right: the slope set to zero
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    own = z[np.arange(len(y)), y].mean()

    def slope(log_t):
        return (special.softmax(z / np.exp(log_t), axis=-1) * z).sum(axis=-1).mean() - own

    low, high = np.log(0.01), np.log(100)
    if slope(low) * slope(high) > 0:  # the loss rises all the way, or falls
        return 100.0 if slope(high) > 0 else 0.01
    return float(np.exp(optimize.brentq(slope, low, high)))


# %% right: SciPy's minimiser on 1/T, prints
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(sharpness):
        log_p = special.log_softmax(sharpness * z, axis=-1)
        return -log_p[np.arange(len(y)), y].mean()

    found = optimize.minimize_scalar(loss, bounds=(0.01, 100.0), method="bounded")
    print("loss", found.fun)
    return 1 / found.x


# %% right: Newton's method, cross-entropy through TensorFlow
def fit_temperature(logits, labels):
    z, y = tf.constant(logits, tf.float64), tf.constant(labels)
    log_t = tf.Variable(0.0, dtype=tf.float64)
    for start in np.linspace(np.log(0.01), np.log(100), 60):
        if start == np.log(0.01) or cost(z, y, start) < cost(z, y, log_t):
            log_t.assign(start)
    for _ in range(30):
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                value = cost(z, y, log_t)
            slope = inner.gradient(value, log_t)
        bend = outer.gradient(slope, log_t)
        step = slope / tf.maximum(tf.abs(bend), 1e-9)
        log_t.assign(tf.clip_by_value(log_t - step, np.log(0.01), np.log(100)))
    return tf.exp(log_t)


def cost(z, y, log_t):
    per_image = tf.nn.sparse_softmax_cross_entropy_with_logits(y, z / tf.exp(log_t))
    return tf.reduce_mean(per_image)


# %% wrong: the inverse
# loses: 8
# hint: This is 1/T: you multiply the logits where they are to be divided.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(log_t):
        log_p = special.log_softmax(z * np.exp(log_t), axis=-1)
        return -log_p[np.arange(len(y)), y].mean()

    bounds = (np.log(0.01), np.log(100.0))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))


# %% wrong: the logarithm of the temperature
# loses: 8
# hint: This is log T, as the search had it. Return T itself.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(log_t):
        log_p = special.log_softmax(z / np.exp(log_t), axis=-1)
        return -log_p[np.arange(len(y)), y].mean()

    bounds = (np.log(0.01), np.log(100.0))
    return float(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x)


# %% wrong: the logarithm of a softmax
# loses: 1
# hint: Where all labels are wrong, you choose the sharpest softmax: either your loss is not the log loss, or a probability became 0 and its logarithm infinite. scipy.special.log_softmax does both in one.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    grid = np.geomspace(0.01, 100, 2001)
    with np.errstate(all="ignore"):
        loss = [-np.log(special.softmax(z / t, axis=-1)[np.arange(len(y)), y]).mean() for t in grid]
    return float(grid[int(np.argmin(loss))])


# %% wrong: accuracy instead of log loss
# loses: 8
# hint: The sharpest softmax always wins here. Minimise the log loss, which is about the probability of the label; neither the accuracy nor the largest probability will do.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    grid = np.geomspace(0.01, 100, 200)
    accuracy = [np.mean((z / t).argmax(axis=-1) == y) for t in grid]
    return float(grid[int(np.argmax(accuracy))])


# %% wrong: confidence, not the label's probability
# loses: 8
# hint: The sharpest softmax always wins here. Minimise the log loss, which is about the probability of the label; neither the accuracy nor the largest probability will do.
def fit_temperature(logits, labels):
    z = np.asarray(logits, np.float64)
    grid = np.geomspace(0.01, 100, 200)
    loss = [-special.log_softmax(z / t, axis=-1).max(axis=-1).mean() for t in grid]
    return float(grid[int(np.argmin(loss))])


# %% wrong: the squared error
# loses: 8
# hint: You minimise a squared error (the Brier score). It has another best temperature: minimise the mean log loss.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    one_hot = np.eye(z.shape[-1])[y]
    grid = np.geomspace(0.01, 100, 4001)
    loss = [np.square(special.softmax(z / t, axis=-1) - one_hot).sum(-1).mean() for t in grid]
    return float(grid[int(np.argmin(loss))])


# %% wrong: only overconfident models
# loses: 3
# hint: The search begins at T = 1, but a timid model needs less. Search below 1, too.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(log_t):
        log_p = special.log_softmax(z / np.exp(log_t), axis=-1)
        return -log_p[np.arange(len(y)), y].mean()

    bounds = (0.0, np.log(100.0))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))


# %% wrong: the exponential overflows
# loses: 3
# hint: exp overflows for large logits and makes everything NaN. Let the library take the logarithm: scipy.special.log_softmax.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    grid = np.geomspace(0.01, 100, 4001)

    def loss(t):
        with np.errstate(all="ignore"):
            p = np.exp(z / t) / np.exp(z / t).sum(axis=-1, keepdims=True)
            value = -np.log(p[np.arange(len(y)), y]).mean()
        return value if np.isfinite(value) else np.inf

    losses = [loss(t) for t in grid]
    return float(grid[int(np.argmin(losses))]) if np.isfinite(losses[2000]) else float("nan")


# %% wrong: not normalised again
# loses: 8
# hint: You divide the log-probabilities and do not normalise again, so the loss falls for ever as T grows. Divide the logits, then take the softmax.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    log_p = special.log_softmax(z, axis=-1)

    def loss(log_t):
        return -(log_p / np.exp(log_t))[np.arange(len(y)), y].mean()

    bounds = (np.log(0.01), np.log(100.0))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))


# %% wrong: normalised over the images
# loses: 8
# hint: The softmax goes over the images. The probabilities of one image's classes are to sum to 1: it is the last axis.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(log_t):
        log_p = special.log_softmax(z / np.exp(log_t), axis=0)
        return -log_p[np.arange(len(y)), y].mean()

    bounds = (np.log(0.01), np.log(100.0))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))


# %% wrong: not bounded
# loses: 1
# hint: Keep T between 0.01 and 100: where every label is right, the loss falls for ever as T shrinks; where every one is wrong, as T grows.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(log_t):
        log_p = special.log_softmax(z / np.exp(log_t), axis=-1)
        return -log_p[np.arange(len(y)), y].mean()

    bounds = (np.log(1e-6), np.log(1e9))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))


# %% wrong: the mean confidence made equal to the accuracy
# loses: 8
# hint: This makes the mean confidence equal to the accuracy. Asked for is the temperature with the smallest mean log loss.
def fit_temperature(logits, labels):
    z, y = np.asarray(logits, np.float64), np.asarray(labels)
    accuracy = (z.argmax(axis=-1) == y).mean()
    grid = np.geomspace(0.01, 100, 2001)
    gap = [abs(special.softmax(z / t, axis=-1).max(axis=-1).mean() - accuracy) for t in grid]
    return float(grid[int(np.argmin(gap))])
