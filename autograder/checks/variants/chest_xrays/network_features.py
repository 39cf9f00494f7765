# Variants of the solution cell of `network_features`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: Keras' predict on batches of a generator, prints
def network_features(network, images, batch_size=16):
    def batches():
        for part in np.array_split(images, range(batch_size, len(images), batch_size)):
            colour = np.stack([part] * 3, axis=-1).astype("float32")
            yield keras.applications.densenet.preprocess_input(colour)

    print(len(images), "images")
    return np.concatenate([network.predict(batch, verbose=0) for batch in batches()], axis=0)


# %% right: the preprocessing written out
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406])
IMAGENET_SD = np.array([0.229, 0.224, 0.225])


def network_features(network, images, batch_size=16):
    network.trainable = False
    found = []
    for start in range(0, len(images), batch_size):
        grey = np.asarray(images[start : start + batch_size]) / 255
        colour = (grey[..., None] - IMAGENET_MEAN) / IMAGENET_SD
        found.extend(network(tf.constant(colour, tf.float32), training=False).numpy())
    return np.array(found)


# %% right: tf.data, preprocess by mode, with a warning
import warnings


def network_features(network, images, batch_size=16):
    warnings.warn("one pass over all images")

    def prepare(grey):
        colour = tf.image.grayscale_to_rgb(tf.cast(grey[..., None], tf.float32))
        return keras.applications.imagenet_utils.preprocess_input(colour, mode="torch")

    batches = tf.data.Dataset.from_tensor_slices(images).batch(batch_size).map(prepare)
    return network.predict(batches, verbose=0)


# %% wrong: 1/255 alone
# loses: 4
# hint: Pixels in [0, 1] are not what DenseNet121 was trained on. It also wants the ImageNet mean taken off and each channel divided by its standard deviation: preprocess_input.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = np.repeat(grey, 3, axis=-1) / 255
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: no preprocessing
# loses: 4
# hint: The network gets pixels from 0 to 255. It was trained on other numbers: keras.applications.densenet.preprocess_input makes them.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = np.repeat(grey, 3, axis=-1)
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: scaled before preprocessing
# loses: 4
# hint: preprocess_input divides by 255 itself, and you had done so before: every image becomes nearly black.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32) / 255
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: another network's preprocessing
# loses: 4
# hint: That is the preprocessing of another network, to [-1, 1]. Take the one from keras.applications.densenet.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.mobilenet_v2.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: one channel only
# loses: 6
# hint: Only the first channel holds the image. Repeat the grey three times.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.concatenate([grey, 0 * grey, 0 * grey], axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: in training mode
# loses: 2
# hint: With training=True, batch normalization uses the mean and variance of the batch and changes its stored ones: the network is not frozen.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=True))
    return np.concatenate(features)


# %% wrong: all at once
# loses: 2
# hint: The network sees all images at once. For five thousand X-rays, that needs more memory than a laptop has.
def network_features(network, images, batch_size=16):
    features, batch_size = [], len(images)
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: one at a time
# loses: 2
# hint: The network sees one image at a time. That is right, but slow: hand it batch_size of them.
def network_features(network, images, batch_size=16):
    features, batch_size = [], 1
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: always 16
# loses: 2
# hint: The argument batch_size is not used.
def network_features(network, images, batch_size=16):
    features, batch_size = [], 16
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: the last images missing
# loses: 6
# hint: The images after the last whole batch have no features.
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images) - batch_size + 1, batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features)


# %% wrong: only the mean of each channel
# loses: 6
# hint: You average over rows and columns. The features of each place are wanted: (n, h, w, channels).
def network_features(network, images, batch_size=16):
    features = []
    for start in range(0, len(images), batch_size):
        grey = images[start : start + batch_size, ..., np.newaxis].astype(np.float32)
        pixels = keras.applications.densenet.preprocess_input(np.repeat(grey, 3, axis=-1))
        features.append(network(pixels, training=False))
    return np.concatenate(features).mean(axis=(1, 2))
