# Variants of the solution cell of `residual_block`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.


# %% right: TensorFlow's functions
def residual_block(inputs, filters, make_conv, strides=1):
    y = tf.nn.swish(make_conv("conv1", filters, 3, strides)(inputs))
    y = make_conv("conv2", filters, 3, 1)(y)
    if strides == 1 and inputs.shape[-1] == filters:
        return tf.nn.swish(inputs + y)
    pooled = tf.nn.avg_pool2d(inputs, strides, strides, "SAME")
    return tf.nn.swish(make_conv("shortcut", filters, 1, 1)(pooled) + y)


# %% right: keyword arguments, the shortcut first
def residual_block(inputs, filters, make_conv, strides=1):
    shortcut = inputs
    if strides > 1:
        pool = keras.layers.AveragePooling2D(pool_size=strides, strides=strides, padding="same")
        shortcut = pool(shortcut)
    if strides > 1 or int(inputs.shape[-1]) != filters:
        shortcut = make_conv(part="shortcut", filters=filters, kernel_size=1, strides=1)(shortcut)
    x = make_conv(part="conv1", filters=filters, kernel_size=3, strides=strides)(inputs)
    x = make_conv("conv2", filters, kernel_size=3, strides=1)(keras.activations.swish(x))
    return keras.activations.swish(keras.layers.add([shortcut, x]))


# %% right: swish by hand, helpers, prints
def act(x):
    return x * tf.sigmoid(x)


def side_path(x, filters, make_conv, strides):
    if (strides, x.shape[-1]) == (1, filters):
        return x
    print("the shortcut is a convolution")
    if strides != 1:
        x = keras.layers.AveragePooling2D((strides, strides), padding="same")(x)
    return make_conv("shortcut", filters, 1, 1)(x)


def residual_block(inputs, filters, make_conv, strides=1):
    main = make_conv("conv2", filters, 3, 1)(act(make_conv("conv1", filters, 3, strides)(inputs)))
    return act(main + side_path(inputs, filters, make_conv, strides))


# %% wrong: no shortcut
# loses: 8
# hint: The shortcut is missing: what the block was given must be added to what it computed.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(x)


# %% wrong: no swish between the convolutions
# loses: 8
# hint: Two convolutions in a row without a swish between them are one linear map.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: no swish at the end
# loses: 8
# hint: The last swish is missing. It comes after the sum.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Add()([x, shortcut])


# %% wrong: swish before the sum
# loses: 8
# hint: The last swish comes after the sum, not before: it acts on both together.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Add()([keras.layers.Activation("swish")(x), shortcut])


# %% wrong: always a convolution in the shortcut
# loses: 8
# hint: Where shapes agree the shortcut is the input itself, with nothing to learn: that is what makes deep nets train.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if True:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: strides on the second convolution
# loses: 8
# hint: The first convolution takes the strides, the second works on the smaller image.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, 1)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, strides)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: a strided shortcut
# loses: 8
# hint: A 1 x 1 convolution with strides skips pixels. Average over strides x strides pixels first, then use strides 1.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, strides)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: the largest pixel instead of the mean
# loses: 4
# hint: The shortcut takes the largest of the pixels here. It is to average them.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.MaxPooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: relu
# loses: 8
# hint: The activation of this course's blocks is swish, x times its sigmoid, not relu.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("relu")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("relu")(keras.layers.Add()([x, shortcut]))


# %% wrong: multiplied instead of added
# loses: 8
# hint: A residual block adds its input to what it has computed. Here the two are multiplied.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Multiply()([x, shortcut]))


# %% wrong: a convolution only where the channels change
# loses: 8
# hint: The shortcut is convolved only where the number of channels changes here. A block with strides changes the shape as well.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: pooling without padding
# loses: 8
# hint: Shortcut and conv2's output differ in shape. Where strides are more than 1, pool with padding="same", which rounds up as the convolution does; where shapes differ, convolve.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides)(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


# %% wrong: pooling without padding, a plain sum
# loses: 8
# hint: Shortcut and conv2's output differ in shape. Where strides are more than 1, pool with padding="same", which rounds up as the convolution does; where shapes differ, convolve.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides)(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return tf.nn.swish(x + shortcut)


# %% wrong: no pooling
# loses: 8
# hint: Shortcut and conv2's output differ in shape. Where strides are more than 1, pool with padding="same", which rounds up as the convolution does; where shapes differ, convolve.
def residual_block(inputs, filters, make_conv, strides=1):
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))
