# Variants of the solution cell of `scaled_prior_fn`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a diagonal normal, reshaped
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    fan_in = 1
    for n in shape[:-1]:
        fan_in *= int(n)
    scale = tf.ones(shape, dtype) * tf.sqrt(tf.constant(2.0 / fan_in, dtype))
    return tfd.Independent(tfd.Normal(loc=tf.zeros(shape, dtype), scale=scale), len(shape))


# %% right: Sample instead of Independent
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = tf.cast((2.0 / np.prod(shape[:-1])) ** 0.5, dtype)
    return tfd.Sample(tfd.Normal(tf.zeros([], dtype), scale), sample_shape=shape)


# %% right: the scale from Keras, with a print
def fan_in_of(shape):
    *inner, _ = shape
    return int(np.prod(inner))


def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    print("a prior for", name)
    np_dtype = tf.as_dtype(dtype).as_numpy_dtype
    scale = np.full(shape, np.sqrt(2.0 / fan_in_of(shape)), np_dtype)
    normal = tfd.Normal(np.zeros(shape, np_dtype), scale)
    return tfd.Independent(normal, reinterpreted_batch_ndims=tf.rank(scale))


# %% wrong: the standard normal
# loses: 8
# hint: This prior has scale 1 whatever the width. Let it shrink with fan_in: sqrt(2 / fan_in).
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.ones([], dtype)), reinterpreted_batch_ndims=len(shape)
    )


# %% wrong: the variance for the scale
# loses: 8
# hint: 2 / fan_in is the variance. tfd.Normal takes the standard deviation, so its root is missing.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = 2.0 / np.prod(shape[:-1])
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: fan_in counts the outputs too
# loses: 8
# hint: fan_in is the number of inputs of one output: leave the last side of the kernel out.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / np.prod(shape))
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: fan_in without the kernel's pixels
# loses: 8
# hint: An output of a convolution sees channels times height times width of the kernel: multiply all sides but the last.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / shape[-2])
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: Glorot's scale
# loses: 8
# hint: This is Glorot's 2 / (fan_in + fan_out), which looks at both ends of a layer. He's is 2 / fan_in, for layers with a ReLU behind them.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    fan_in = np.prod(shape[:-1])
    fan_out = np.prod(shape[:-2]) * shape[-1]
    scale = np.sqrt(2.0 / (fan_in + fan_out))
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: not independent
# loses: 3
# hint: log_prob gives one number per weight here. tfd.Independent over all axes makes it one number per kernel.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / np.prod(shape[:-1]))
    return tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype))


# %% wrong: a prior that trains
# loses: 3
# hint: This prior has a variable and would be learnt. Then it follows the posterior, and the KL stops saying anything.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / np.prod(shape[:-1]))
    loc = add_variable_fn(
        name=name + "_prior_loc",
        shape=shape,
        dtype=dtype,
        initializer=keras.initializers.Zeros(),
        trainable=trainable,
    )
    return tfd.Independent(
        tfd.Normal(0.0 * loc, tf.constant(scale, dtype)), reinterpreted_batch_ndims=len(shape)
    )


# %% wrong: always float32
# loses: 3
# hint: The weights may be float32 or float64: make all of the prior's numbers of the type `dtype`.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.float32(np.sqrt(2.0 / np.prod(shape[:-1])))
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape), scale), reinterpreted_batch_ndims=len(shape)
    )


# %% wrong: only the first side of the kernel
# loses: 8
# hint: Only the kernel's first side is counted here. An output sees all of them but the last, multiplied.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / shape[0])
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: the outputs for the inputs
# loses: 8
# hint: This is the number of outputs. fan_in counts the inputs of one output: all sides of the kernel but the last, multiplied.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / shape[-1])
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: a variance of one over fan_in
# loses: 8
# hint: This is 1 / fan_in. It keeps the mean square where nothing follows; ReLU throws half of it away, so He's variance is twice that.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(1.0 / np.prod(shape[:-1]))
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


# %% wrong: numpy's type for the scale
# loses: 8
# hint: numpy's root is float64, whatever the weights are. Give mean and scale in `dtype`, for example with tf.constant(scale, dtype).
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / np.prod(shape[:-1]))
    return tfd.Independent(tfd.Normal(tf.zeros(shape, dtype), scale), reinterpreted_batch_ndims=len(shape))


# %% wrong: numpy's type for both
# loses: 3
# hint: numpy's root is float64, whatever the weights are. Give mean and scale in `dtype`, for example with tf.constant(scale, dtype).
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.sqrt(2.0 / np.prod(shape[:-1]))
    return tfd.Independent(tfd.Normal(np.zeros(shape), scale), reinterpreted_batch_ndims=len(shape))


# %% wrong: numpy's type for the scale, a plain zero for the mean
# loses: 3
# hint: numpy's root is float64, whatever the weights are. Give mean and scale in `dtype`, for example with tf.constant(scale, dtype).
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = np.full(shape, np.sqrt(2.0 / np.prod(shape[:-1])))
    return tfd.Independent(tfd.Normal(0.0, scale), reinterpreted_batch_ndims=len(shape))


# %% wrong: independent without a number
# loses: 3
# hint: log_prob gives several numbers for a kernel: tfd.Independent leaves the first axis out unless told how many to take. Give it reinterpreted_batch_ndims.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = tf.constant(np.sqrt(2.0 / np.prod(shape[:-1])), dtype)
    return tfd.Independent(tfd.Normal(tf.zeros(shape, dtype), scale))


# %% wrong: independent over one axis
# loses: 3
# hint: log_prob gives several numbers for a kernel. tfd.Independent is to take all of the kernel's axes, not one.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = tf.constant(np.sqrt(2.0 / np.prod(shape[:-1])), dtype)
    normal = tfd.Normal(tf.zeros(shape, dtype), scale)
    return tfd.Independent(normal, reinterpreted_batch_ndims=1)


# %% wrong: single numbers for mean and scale
# loses: 8
# hint: Mean and scale are single numbers here. Make one of them as large as the kernel, so that every weight has its own normal distribution.
def scaled_prior_fn(dtype, shape, name, trainable, add_variable_fn):
    scale = tf.constant(np.sqrt(2.0 / np.prod(shape[:-1])), dtype)
    return tfd.Independent(tfd.Normal(tf.constant(0.0, dtype), scale), len(shape))
