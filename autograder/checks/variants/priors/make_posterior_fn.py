# Variants of the solution cell of `make_posterior_fn`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: variables by hand
def make_posterior_fn(family, loc_stddev, scale, seed):
    start = float(np.log(np.expm1(scale)))

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc = add_variable_fn(
            name=name + "_loc",
            shape=shape,
            initializer=keras.initializers.RandomNormal(0.0, loc_stddev, seed=seed),
            dtype=dtype,
            trainable=trainable,
        )
        rho = add_variable_fn(
            name=name + "_rho",
            shape=shape,
            initializer=keras.initializers.Constant(start),
            dtype=dtype,
            trainable=trainable,
        )
        return tfd.Independent(
            family(loc, tf.math.softplus(rho)), reinterpreted_batch_ndims=len(shape)
        )

    return posterior_fn


# %% right: TFP's helper called inside, softplus inverse by TFP, a print
def make_posterior_fn(family, loc_stddev, scale, seed):
    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        print("posterior for", name)
        helper = tfp.layers.default_loc_scale_fn(
            is_singular=False,
            loc_initializer=keras.initializers.random_normal(stddev=loc_stddev, seed=seed),
            untransformed_scale_initializer=keras.initializers.constant(
                float(tfp.math.softplus_inverse(scale))
            ),
        )
        loc, sigma = helper(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=sigma), reinterpreted_batch_ndims=len(shape))

    return posterior_fn


# %% right: a class that can be called, with a warning
import warnings


class Posterior:
    def __init__(self, family, loc_stddev, scale, seed):
        warnings.warn("a class")
        self.family = family
        self.fn = tfp.layers.default_loc_scale_fn(
            loc_initializer=keras.initializers.RandomNormal(0.0, loc_stddev, seed),
            untransformed_scale_initializer=keras.initializers.Constant(
                scale + np.log(-np.expm1(-scale))
            ),
        )

    def __call__(self, dtype, shape, name, trainable, add_variable_fn):
        loc, scale = self.fn(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(self.family(loc=loc, scale=scale), tf.size(shape))


def make_posterior_fn(family, loc_stddev, scale, seed):
    return Posterior(family, loc_stddev, scale, seed)


# %% wrong: scale put in before the softplus
# loses: 5
# hint: The scale starts at softplus(scale). The number before the softplus must be log(exp(scale) − 1).
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(scale),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: TFP's defaults
# loses: 9
# hint: These are TFP's own starting values: locations of 0.1 and scales of softplus(−3).
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn()

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: not one distribution
# loses: 3
# hint: This is an array of separate distributions, so log_prob has the weights' shape. Wrap it in tfd.Independent.
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(np.expm1(scale))),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return family(loc=loc, scale=s)

    return posterior_fn


# %% wrong: one distribution per row
# loses: 3
# hint: tfd.Independent joins all axes but the first unless told how many: reinterpreted_batch_ndims=len(shape).
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(np.expm1(scale))),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s))

    return posterior_fn


# %% wrong: always Gaussian
# loses: 2
# hint: The family is not used: this is always a Gaussian.
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(np.expm1(scale))),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(tfd.Normal(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: the seed forgotten
# loses: 2
# hint: The seed has no effect: the start is another one every time.
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(np.expm1(scale))),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: only the location is trained
# loses: 3
# hint: Only the locations are trained; the scales are a constant.
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        is_singular=True,
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, _ = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=tf.fill(shape, scale)), len(shape))

    return posterior_fn


# %% wrong: the softplus instead of its inverse
# loses: 5
# hint: You put in softplus(scale), and the layer applies softplus once more. What is wanted is the inverse: log(exp(scale) − 1).
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log1p(np.exp(scale))),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: the logarithm for the inverse of the softplus
# loses: 5
# hint: This is log(scale), the inverse of exp. The inverse of the softplus is log(exp(scale) − 1).
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(scale)),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: the spread as a mean
# loses: 2
# hint: The first argument of RandomNormal is the mean. Name the other one: stddev=loc_stddev.
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(np.expm1(scale))),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn


# %% wrong: a number instead of an initializer
# loses: 12
# hint: TFP wants initializers, not numbers: keras.initializers.Constant(…) starts a variable at a number, RandomNormal at random ones.
def make_posterior_fn(family, loc_stddev, scale, seed):
    make = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=np.log(np.expm1(scale)),
    )

    def posterior_fn(dtype, shape, name, trainable, add_variable_fn):
        loc, s = make(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=s), len(shape))

    return posterior_fn
