# Variants of the solution cell of `predictive_samples`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: an eager loop, draws outside and batches inside
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        keras.utils.set_random_seed(seed)
    starts = range(0, len(inputs), batch_size)
    samples = []
    for _ in range(n_samples):
        parts = [tf.nn.softmax(model(inputs[i : i + batch_size], training=False)) for i in starts]
        samples.append(tf.concat(parts, axis=0))
    return tf.stack(samples)


# %% right: a softmax by a helper in float64, the axes moved at the end, prints
def normalized(logits):
    odds = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if min(n_samples, batch_size) <= 0:
        raise ValueError(f"not positive: {n_samples}, {batch_size}")
    print("drawing", n_samples, "times")
    if seed is not None:
        keras.utils.set_random_seed(seed)
    rows = []
    for first in range(0, len(inputs), batch_size):
        x = tf.constant(inputs[first : first + batch_size])
        logits = [np.asarray(model(x), np.float64) for _ in range(n_samples)]
        rows.extend(np.moveaxis(normalized(np.array(logits)), 1, 0))
    return np.moveaxis(np.array(rows), 0, 1)


# %% right: an array filled piece by piece, warnings on stderr
import warnings


def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if not (n_samples >= 1 and batch_size >= 1):
        raise ValueError
    warnings.warn("this may take a while")
    if seed is not None:
        tf.random.set_seed(seed)
    once = tf.function(lambda x: tf.nn.softmax(model(x, training=False)), reduce_retracing=True)
    pieces = []
    for batch in tf.data.Dataset.from_tensor_slices(inputs).batch(batch_size):
        pieces.append(np.array([once(batch) for _ in range(n_samples)]))
    return np.concatenate(pieces, axis=1)


# %% wrong: the images tiled, one call
# loses: 10
# hint: All samples are the same. A layer draws its weights once per call, so copies of an image in one batch share one draw: call the model n_samples times.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    tiled = np.concatenate([inputs] * n_samples)
    p = tf.nn.softmax(model(tiled, training=False)).numpy()
    return p.reshape(n_samples, len(inputs), -1)


# %% wrong: one draw repeated
# loses: 7
# hint: All samples are the same. A layer draws its weights once per call, so copies of an image in one batch share one draw: call the model n_samples times.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    starts = range(0, len(inputs), batch_size)
    p = np.concatenate([tf.nn.softmax(model(inputs[i : i + batch_size])) for i in starts])
    return np.stack([p] * n_samples)


# %% wrong: image by image, its copies in one batch
# loses: 10
# hint: All samples of an image are the same. A layer draws its weights once per call, so the copies in a batch share one draw: call the model anew for each sample, on batches of different images.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    images = []
    for x in inputs:
        logits = model(np.repeat(x[None], n_samples, axis=0), training=False)
        images.append(tf.nn.softmax(logits).numpy())
    return np.stack(images, axis=1)


# %% wrong: logits, not probabilities
# loses: 10
# hint: These are logits. Turn each draw into probabilities with a softmax over the classes.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        batches.append(np.stack([model(batch, training=False) for _ in range(n_samples)]))
    return np.concatenate(batches, axis=1)


# %% wrong: in training mode
# loses: 2
# hint: training=True normalises by the images at hand, so an image's answer depends on its neighbours. Bayesian layers draw without it: use training=False.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        draws = [tf.nn.softmax(model(batch, training=True)) for _ in range(n_samples)]
        batches.append(np.stack(draws))
    return np.concatenate(batches, axis=1)


# %% wrong: all images in one call
# loses: 3
# hint: One call gets all images at once. Thousands of X-rays do not fit into memory: take batch_size of them at a time.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    draws = [tf.nn.softmax(model(inputs, training=False)) for _ in range(n_samples)]
    return np.stack(draws)


# %% wrong: the last, smaller batch dropped
# loses: 3
# hint: The images after the last full batch are missing: the number of images need not be a multiple of batch_size.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    batch_size = min(batch_size, len(inputs))
    batches = []
    for i in range(len(inputs) // batch_size):
        batch = inputs[i * batch_size : (i + 1) * batch_size]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.stack(draws))
    return np.concatenate(batches, axis=1)


# %% wrong: images first, draws second
# loses: 10
# hint: The axes are images, draws, classes. What follows expects the draws first: shape (s, n, k).
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.stack(draws, axis=1))
    return np.concatenate(batches, axis=0)


# %% wrong: the average over the draws
# loses: 10
# hint: This is the mean over the draws. Keep every draw: their spread is what this assignment is about.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.mean(draws, axis=0))
    return np.concatenate(batches)


# %% wrong: the seed forgotten
# loses: 2
# hint: The seed changes nothing: two runs with the same one differ. Set TensorFlow's seed before the first draw.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.stack(draws))
    return np.concatenate(batches, axis=1)


# %% wrong: always the same seed
# loses: 2
# hint: Different seeds give the same samples. Is the given seed set? `model.predict`, or a `tf.function` kept from before, holds on to an older one: make the `tf.function` inside this function, after setting the seed.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    tf.random.set_seed(0)
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.stack(draws))
    return np.concatenate(batches, axis=1)


# %% wrong: a tf.function kept with the model, as model.predict does
# loses: 2
# hint: `model.predict`, or a `tf.function` made once and kept, holds on to the seed that it was first compiled with. Make the `tf.function` inside this function, after setting the seed.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    if not hasattr(model, "kept"):
        model.kept = tf.function(
            lambda x: tf.nn.softmax(model(x, training=False)), reduce_retracing=True
        )
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = tf.constant(inputs[start : start + batch_size])
        batches.append(np.stack([model.kept(batch) for _ in range(n_samples)]))
    return np.concatenate(batches, axis=1)


# %% wrong: the seed set anew for each sample
# loses: 2
# hint: With a seed, all draws are alike: you set it anew for each sample. Set it once, before the loop.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1 or batch_size < 1:
        raise ValueError("both must be positive")
    samples = []
    for _ in range(n_samples):
        if seed is not None:
            tf.random.set_seed(seed)
        starts = range(0, len(inputs), batch_size)
        parts = [tf.nn.softmax(model(inputs[i : i + batch_size], training=False)) for i in starts]
        samples.append(np.concatenate(parts))
    return np.stack(samples)


# %% wrong: nothing refused
# loses: 2
# hint: Something was accepted that cannot be: fewer than one sample, or batches of fewer than one image. Raise a ValueError for both.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if seed is not None:
        tf.random.set_seed(seed)
    batches = [np.zeros((max(n_samples, 0), 0, 1))]
    for start in range(0, len(inputs), max(batch_size, 1)):
        batch = inputs[start : start + max(batch_size, 1)]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.array(draws))
    return np.concatenate(batches[1:], axis=1) if n_samples > 0 else None


# %% wrong: only the samples counted
# loses: 2
# hint: A batch_size smaller than 1 was accepted. It must raise a ValueError, as n_samples does.
def predictive_samples(model, inputs, n_samples=100, batch_size=256, seed=None):
    if n_samples < 1:
        raise ValueError("n_samples must be positive")
    if seed is not None:
        tf.random.set_seed(seed)
    if batch_size < 1:
        batch_size = len(inputs)
    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = inputs[start : start + batch_size]
        draws = [tf.nn.softmax(model(batch, training=False)) for _ in range(n_samples)]
        batches.append(np.stack(draws))
    return np.concatenate(batches, axis=1)
