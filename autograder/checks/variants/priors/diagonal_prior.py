# Variants of the solution cell of `diagonal_prior`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: an Independent of Normals
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    normals = tfd.Normal(loc * tf.ones(n_weights), scale)
    return tfd.Independent(normals, reinterpreted_batch_ndims=1)


# %% right: the same Normal n times, a print
def diagonal_prior(n, mean=1.2, stddev=3.0):
    print(n, "weights")
    return tfd.Sample(tfd.Normal(mean, stddev), sample_shape=[n])


# %% right: full covariance, float64 numbers cast, with a warning
import warnings


def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    warnings.warn("dense")
    mean = np.full(n_weights, loc).astype("float32")
    return tfd.MultivariateNormalTriL(mean, scale_tril=scale * tf.eye(n_weights))


# %% right: NumPy in float64
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(np.full(n_weights, loc), np.full(n_weights, scale))


# %% wrong: scale as a variance
# loses: 6
# hint: TFP's scale_diag takes standard deviations, so `scale` goes in as it is.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(tf.fill([n_weights], loc), tf.fill([n_weights], scale**0.5))


# %% wrong: the variance handed over
# loses: 6
# hint: TFP's scale_diag is not the variance: hand over the standard deviation.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(tf.fill([n_weights], loc), tf.fill([n_weights], scale**2))


# %% wrong: centred at zero
# loses: 6
# hint: The mean is 0. This prior expects something: loc.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(tf.zeros(n_weights), tf.fill([n_weights], scale))


# %% wrong: a row of Normals
# loses: 6
# hint: This is a row of n distributions over numbers, so log_prob gives n of them. One distribution over a vector gives one.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.Normal(tf.fill([n_weights], loc), scale)


# %% wrong: the numbers built in
# loses: 4
# hint: loc and scale are built in; other ones have no effect.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(tf.fill([n_weights], 1.2), tf.fill([n_weights], 3.0))


# %% wrong: float32 and float64 mixed
# loses: 6
# hint: Of loc and scale, one is float64, as NumPy's numbers are, and one float32, as TensorFlow's are. Make both of the same kind.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(loc * tf.ones(n_weights), np.full(n_weights, scale))


# %% wrong: one number for all scales
# loses: 6
# hint: The event has no length n: give scale_diag (or loc) one entry per weight, as tf.fill([n_weights], scale) does.
def diagonal_prior(n_weights, loc=1.2, scale=3.0):
    return tfd.MultivariateNormalDiag(loc=[loc], scale_diag=[scale])
