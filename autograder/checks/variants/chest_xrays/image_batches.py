# Variants of the solution cell of `image_batches`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: image by image, then batches, a generator of seeds, prints
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    images, targets = np.asarray(images, np.float64) / 255, np.asarray(targets)
    scaled = tf.constant(images[..., None], tf.float32)
    dataset = order.map(lambda i: (tf.gather(scaled, i), tf.gather(targets, i)))
    dataset = dataset.batch(batch_size, drop_remainder=False)
    print("batches of", batch_size)
    if vary is None:
        return dataset.prefetch(1)
    chance = tf.random.Generator.from_seed(seed)
    return dataset.map(lambda x, y: (vary(x, chance.make_seeds(1)[:, 0]), y))


# %% right: a generator function, NumPy
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    chance = np.random.default_rng(seed)

    def one_epoch():
        for indices in order.batch(batch_size).as_numpy_iterator():
            pixels = images[indices][..., np.newaxis].astype("float32") / np.float32(255)
            if vary is not None:
                pixels = vary(tf.constant(pixels), chance.integers(2**31 - 1, size=2))
            yield pixels, targets[indices]

    signature = (
        tf.TensorSpec((None, *images.shape[1:], 1), tf.float32),
        tf.TensorSpec((None, targets.shape[1]), tf.float32),
    )
    return tf.data.Dataset.from_generator(one_epoch, output_signature=signature)


# %% right: seeds from a stream of whole numbers, a warning
import warnings


def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    warnings.warn("copies all images")
    pixels = tf.image.convert_image_dtype(tf.expand_dims(images, -1), tf.float32)
    dataset = order.batch(batch_size)
    dataset = dataset.map(lambda i: (tf.gather(pixels, i), tf.gather(targets, i)))
    if vary is not None:
        numbers = tf.data.Dataset.random(seed + 1, rerandomize_each_iteration=True)
        dataset = tf.data.Dataset.zip((dataset, numbers))
        dataset = dataset.map(lambda batch, number: (vary(batch[0], [number, 7]), batch[1]))
    return dataset


# %% wrong: not scaled
# loses: 4
# hint: Pixels run from 0 to 255. Divide by 255: a network that starts with small weights wants small numbers, and augmentation clips at 1.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32)
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: scaled twice
# loses: 4
# hint: Pixels are divided by 255 twice, and all images become black.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0**2
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: no channel axis
# loses: 4
# hint: The channel axis is missing: a convolution wants (b, size, size, 1).
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen[..., None], batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: the order forgotten for the targets
# loses: 4
# hint: Images come in the given order, targets in their old one: images and answers no longer belong together. Gather both by the same indices.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    pixels_only = tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch).map(lambda x, y: x)
    in_old_order = tf.data.Dataset.from_tensor_slices(targets).batch(batch_size)
    return tf.data.Dataset.zip(pixels_only, in_old_order)


# %% wrong: the order not used
# loses: 4
# hint: The given order is not used: images come as they are stored.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(tf.data.Dataset.range(len(images)).batch(batch_size), seeds).map(batch)


# %% wrong: shuffled once more
# loses: 4
# hint: You shuffle again. The order is given, and validation wants it kept.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.shuffle(len(images), seed=seed).batch(batch_size), seeds).map(batch)


# %% wrong: the last batch dropped
# loses: 6
# hint: The last, smaller batch is missing: with drop_remainder, some images are never validated.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size, drop_remainder=True), seeds).map(batch)


# %% wrong: one image at a time
# loses: 2
# hint: Your batches have one image each.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(1), seeds).map(batch)


# %% wrong: vary not called
# loses: 4
# hint: vary is never called, so training sees the same images again and again.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: always the same seed
# loses: 4
# hint: Every batch is varied with the same seed: the first image of each batch is always cut in the same place. Draw a new seed for each batch.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, [seed, seed])
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: the same seeds in every epoch
# loses: 4
# hint: Every epoch repeats the seeds of the first one, so no image is ever seen in another variation. Ask for rerandomize_each_iteration=True.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=False).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: seeds without a seed
# loses: 4
# hint: The same seed gives other images every time. Either it is not used, or something random, such as a shuffle, follows without a seed of its own.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    def batch(indices, batch_seed):
        chosen = tf.cast(tf.gather(pixels, indices), tf.float32) / 255.0
        if vary is not None:
            chosen = vary(chosen, batch_seed)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)


# %% wrong: varied once, before the epochs
# loses: 4
# hint: All images are varied once, and then shown in the same variation in every epoch. Vary inside map, which runs anew for every batch of every epoch.
def image_batches(order, images, targets, batch_size, vary=None, seed=0):
    seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
    pixels, answers = tf.constant(images[..., np.newaxis]), tf.constant(targets)

    pixels = tf.cast(pixels, tf.float32) / 255.0
    if vary is not None:
        pixels = vary(pixels, [seed, 1])

    def batch(indices, batch_seed):
        chosen = tf.gather(pixels, indices)
        return chosen, tf.gather(answers, indices)

    return tf.data.Dataset.zip(order.batch(batch_size), seeds).map(batch)
