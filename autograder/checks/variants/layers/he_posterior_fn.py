# Variants of the solution cell of `he_posterior_fn`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: keyword arguments, random_normal_initializer for rho
def he_posterior_fn(seed, initial_rho=-5.0):
    rho = keras.initializers.RandomNormal(mean=initial_rho, stddev=0.0)
    return tfp.layers.default_mean_field_normal_fn(
        is_singular=False,
        loc_initializer=keras.initializers.HeNormal(seed),
        untransformed_scale_initializer=rho,
    )


# %% right: VarianceScaling, which He's is a case of
def he_posterior_fn(seed, initial_rho=-5.0):
    loc = keras.initializers.VarianceScaling(
        scale=2.0, mode="fan_in", distribution="untruncated_normal", seed=seed
    )
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=loc, untransformed_scale_initializer=tf.constant_initializer(initial_rho)
    )


# %% right: the distribution by hand, uniform means
def he_posterior_fn(seed, initial_rho=-5.0):
    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc = add_variable_fn(
            name=name + "_loc",
            shape=shape,
            initializer=keras.initializers.HeUniform(seed=seed),
            dtype=dtype,
            trainable=trainable,
        )
        rho = add_variable_fn(
            name=name + "_rho",
            shape=shape,
            initializer=keras.initializers.Constant(initial_rho),
            dtype=dtype,
            trainable=trainable,
        )
        return tfd.Independent(
            tfd.Normal(loc=loc, scale=tf.math.softplus(rho)), reinterpreted_batch_ndims=len(shape)
        )

    return posterior_fn


# %% wrong: one seed for all
# loses: 2
# hint: The means are the same whatever the seed, so layers of one shape start out equal. Give the seed to the means' initializer.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=1),
        untransformed_scale_initializer=keras.initializers.Constant(initial_rho),
    )


# %% wrong: TFP's start
# loses: 8
# hint: This is TFP's own start: means of 0.1 whatever the width, and scales of softplus(-3). Give both initializers.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn()


# %% wrong: Glorot's means
# loses: 3
# hint: Glorot's initialisation is too small for layers with a ReLU or swish. He's has the variance 2 / fan_in.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.GlorotNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(initial_rho),
    )


# %% wrong: rho taken for the scale
# loses: 3
# hint: initial_rho is the untransformed scale: TFP applies softplus to it. Do not apply it yourself before.
def he_posterior_fn(seed, initial_rho=-5.0):
    scale = float(np.log1p(np.exp(initial_rho)))
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(scale),
    )


# %% wrong: the logarithm of the scale
# loses: 3
# hint: The scale is softplus(rho), not exp(rho): TFP's own transformation is what the layer's other users expect.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(
            float(np.log(np.expm1(np.exp(initial_rho))))
        ),
    )


# %% wrong: initial_rho forgotten
# loses: 3
# hint: The start is always -5 here. Whoever calls with another initial_rho expects it to be used.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(-5.0),
    )


# %% wrong: the seed forgotten
# loses: 2
# hint: The initializer of the means needs the seed, or every run starts elsewhere and none can be repeated.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(),
        untransformed_scale_initializer=keras.initializers.Constant(initial_rho),
    )


# %% wrong: scales that do not train
# loses: 2
# hint: Only the means train here. With fixed scales the posterior cannot say what it is sure of and what not.
def he_posterior_fn(seed, initial_rho=-5.0):
    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc = add_variable_fn(
            name=name + "_loc",
            shape=shape,
            initializer=keras.initializers.HeNormal(seed=seed),
            dtype=dtype,
            trainable=trainable,
        )
        scale = tf.fill(shape, tf.math.softplus(tf.constant(initial_rho, dtype)))
        return tfd.Independent(tfd.Normal(loc, scale), reinterpreted_batch_ndims=len(shape))

    return posterior_fn


# %% wrong: a point estimate
# loses: 5
# hint: is_singular=True makes a point estimate: its standard deviation is 0, and the layer is not Bayesian.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        is_singular=True,
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(initial_rho),
    )


# %% wrong: a number for an initializer
# loses: 10
# hint: The initializers are objects that Keras calls with a shape, not numbers: keras.initializers.Constant makes one of a number.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=initial_rho,
    )





# %% wrong: no initializer for the scales
# loses: 3
# hint: TFP starts the scales at random, around softplus(-3), unless it gets an untransformed_scale_initializer.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed)
    )


# %% wrong: scales that start at random
# loses: 3
# hint: The scales scatter around softplus(initial_rho) here. They all start at the same number: keras.initializers.Constant.
def he_posterior_fn(seed, initial_rho=-5.0):
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.RandomNormal(initial_rho, 0.1),
    )
