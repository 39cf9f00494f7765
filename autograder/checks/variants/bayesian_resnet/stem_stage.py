# Variants of the solution cell of `stem_stage`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: layers of its own, an extra helper
def conv_then_norm(x, filters, size, strides, seed, name):
    x = keras.layers.Conv2D(
        filters,
        size,
        strides,
        "same",
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(seed),
        name=name + "_kernel",
    )(x)
    return keras.layers.BatchNormalization(momentum=0.9, name=name + "_bn")(x)


def stem_stage(inputs, filters, seed, name):
    pooled = keras.layers.AvgPool2D(padding="same")(inputs)
    shortcut = conv_then_norm(pooled, filters, 1, 1, seed + 2, name + "_c")
    x = tf.nn.swish(conv_then_norm(inputs, filters, 3, 2, seed, name + "_a"))
    x = conv_then_norm(x, filters, 3, 1, seed + 1, name + "_b")
    return tf.nn.swish(x + shortcut)


# %% right: keyword arguments, a loop, x times sigmoid, prints
def stem_stage(inputs, filters, seed, name):
    x = inputs
    for part, strides in enumerate((2, 1)):
        if part:
            x = x * tf.sigmoid(x)
        x = normalized_conv(
            inputs=x,
            filters=filters,
            kernel_size=3,
            strides=strides,
            seed=seed + part,
            name=f"{name}_{part}",
        )
    pooled = tf.nn.avg_pool2d(inputs, ksize=2, strides=2, padding="SAME")
    skip = normalized_conv(
        inputs=pooled, filters=filters, kernel_size=1, strides=1, seed=seed + 2, name=f"{name}_2"
    )
    print(name, x.shape)
    total = keras.layers.add([skip, x])
    return keras.layers.Multiply()([total, keras.layers.Activation("sigmoid")(total)])


# %% right: the shortcut convolved first and averaged after, on a uniform class of layers
class Stage:
    def __init__(self, filters, seed, name):
        self.filters, self.seed, self.name = filters, seed, name

    def conv(self, x, size, strides, part):
        seed, name = self.seed + part, f"{self.name}_number{part}"
        return normalized_conv(x, self.filters, size, strides, seed, name)

    def __call__(self, inputs):
        shortcut = keras.layers.AveragePooling2D(2, padding="same")(self.conv(inputs, 1, 1, 2))
        x = keras.activations.swish(self.conv(inputs, 3, 2, 0))
        return keras.activations.swish(shortcut + self.conv(x, 3, 1, 1))


def stem_stage(inputs, filters, seed, name):
    return Stage(filters, seed, name)(inputs)


# %% wrong: no shortcut
# loses: 8
# hint: There is no shortcut: a residual block adds its input, brought to the right shape, to what the convolutions make of it.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    return keras.layers.Activation("swish")(x)


# %% wrong: the last swish before the sum
# loses: 5
# hint: The last swish belongs after the sum, not on the convolutions alone.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    x = keras.layers.Activation("swish")(x)
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Add()([x, shortcut])


# %% wrong: no swish between the convolutions
# loses: 5
# hint: Without a swish between them, two convolutions are no more than one. Put one after the first.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: relu
# loses: 5
# hint: You use relu. The course's network uses swish, x times its sigmoid, after the first convolution and after the sum.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("relu")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("relu")(keras.layers.Add()([x, shortcut]))


# %% wrong: the shortcut not normalised
# loses: 8
# hint: Your shortcut has no batch normalisation. normalized_conv has the 1 x 1 convolution and the normalisation after it.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    start = keras.initializers.HeNormal(seed + 2)
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = keras.layers.Conv2D(
        filters, 1, use_bias=False, kernel_initializer=start, name=f"{name}_shortcut"
    )(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: the second convolution halves
# loses: 5
# hint: Your second convolution takes the steps of 2 pixels. The first one should.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 1, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 2, seed + 1, f"{name}_2")
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: a swish on the shortcut
# loses: 5
# hint: Your shortcut passes a swish of its own. It has only the average, the 1 x 1 convolution and its normalisation; the swish comes after the sum.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    shortcut = keras.layers.Activation("swish")(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: a shortcut that skips pixels
# loses: 5
# hint: Your shortcut looks at one pixel of four. Average over 2 x 2 pixels first, so that it sees all of them.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = normalized_conv(inputs[:, ::2, ::2], filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: the maximum instead of the average
# loses: 5
# hint: Your shortcut takes the brightest of 2 x 2 pixels. It should take their average.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = keras.layers.MaxPooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: nothing is halved
# loses: 8
# hint: The stage keeps the image's size. Its first convolution takes steps of 2 pixels, and the shortcut averages over 2 x 2.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 1, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = normalized_conv(inputs, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: seed and name made up
# loses: 2
# hint: The arguments seed and name are not used: all stages would start out equal, and two of one name cannot live in a model.
def stem_stage(inputs, filters, seed, name):
    x = normalized_conv(inputs, filters, 3, 2, 0, "first")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, 1, "second")
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, 2, "shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: Keras' own start, and biases
# loses: 5
# hint: These convolutions have a bias, which the normalisation after them takes away again, and start from Keras' default. Use normalized_conv.
def stem_stage(inputs, filters, seed, name):
    def conv(x, size, strides, part):
        x = keras.layers.Conv2D(filters, size, strides, "same", name=f"{name}_c{part}")(x)
        return keras.layers.BatchNormalization(momentum=0.9, name=f"{name}_n{part}")(x)

    x = keras.layers.Activation("swish")(conv(inputs, 3, 2, 0))
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    x = keras.layers.Add()([conv(x, 3, 1, 1), conv(shortcut, 1, 1, 2)])
    return keras.layers.Activation("swish")(x)
