# Variants of the solution cell of `bayesian_head`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the first block apart, keyword arguments, a helper, the mean written out
def pooled(x):
    return tf.reduce_mean(x, axis=[1, 2])


def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = make_block(x=features, filters=filters[0], strides=1, index=0)
    for index in range(1, len(filters)):
        x = make_block(x=x, filters=filters[index], strides=2, index=index)
    return make_output(n_classes=n_classes)(pooled(x))


# %% right: recursion, prints
def bayesian_head(features, filters, n_classes, make_block, make_output):
    def blocks(n):
        if n == 0:
            return features
        print("block", n)
        return make_block(blocks(n - 1), filters[n - 1], 2 if n > 1 else 1, n - 1)

    average = keras.layers.GlobalAvgPool2D()(blocks(len(filters)))
    return make_output(n_classes)(average)


# %% right: reduce, the output layer made first, sums and a division
import functools


def bayesian_head(features, filters, n_classes, make_block, make_output):
    output = make_output(n_classes)
    steps = zip(range(len(filters)), filters, [1] + [2] * (len(filters) - 1))
    x = functools.reduce(lambda x, s: make_block(x, s[1], s[2], index=s[0]), steps, features)
    n_pixels = tf.cast(tf.shape(x)[1] * tf.shape(x)[2], x.dtype)
    return output(tf.reduce_sum(x, axis=(1, 2)) / n_pixels)


# %% wrong: every block halves
# loses: 6
# hint: Your first block halves the image too. It should keep it: strides 1 for the first block, 2 for the others.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 2, index)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return make_output(n_classes)(x)


# %% wrong: no block halves
# loses: 6
# hint: No block halves the image. All but the first should, with strides 2.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1, index)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return make_output(n_classes)(x)


# %% wrong: every block has index 0
# loses: 6
# hint: All your blocks have index 0. The index chooses a block's seed and name: count from 0.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for i, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1 if i == 0 else 2, 0)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return make_output(n_classes)(x)


# %% wrong: a softmax at the end
# loses: 6
# hint: You return probabilities. The loss takes logits, so the softmax would be taken twice: return what the output layer gives.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1 if index == 0 else 2, index)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return tf.nn.softmax(make_output(n_classes)(x))


# %% wrong: the maximum over the pixels
# loses: 6
# hint: You take the largest value over the pixels. Their average is wanted.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1 if index == 0 else 2, index)
    x = keras.layers.GlobalMaxPooling2D()(x)
    return make_output(n_classes)(x)


# %% wrong: flattened instead of averaged
# loses: 6
# hint: Flattening gives every pixel weights of its own. Average over the pixels instead, so that (batch, channels) is left.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1 if index == 0 else 2, index)
    x = keras.layers.Flatten()(x)
    output = make_output(n_classes)
    return output(x)


# %% wrong: logits for every pixel
# loses: 6
# hint: You return logits for every pixel. Average over height and width before the output layer.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1 if index == 0 else 2, index)
    return make_output(n_classes)(x)


# %% wrong: every block sees the features
# loses: 12
# hint: Each of your blocks takes the features again, so the blocks are not a chain. Hand every block the output of the one before.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    for index, n_filters in enumerate(filters):
        x = make_block(features, n_filters, 1 if index == 0 else 2, index)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return make_output(n_classes)(x)


# %% wrong: the last block left out
# loses: 12
# hint: The last entry of filters gets no block. Make one for every entry.
def bayesian_head(features, filters, n_classes, make_block, make_output):
    x = features
    for index in range(len(filters) - 1):
        x = make_block(x, filters[index], 1 if index == 0 else 2, index)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return make_output(n_classes)(x)
