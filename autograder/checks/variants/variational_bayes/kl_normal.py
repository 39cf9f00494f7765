# Variants of the solution cell of `kl_normal`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: TFP's own divergence, entry by entry
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    q, p = tfd.Normal(q_loc, q_scale), tfd.Normal(p_loc, p_scale)
    return tf.reduce_sum(tfd.kl_divergence(q, p), axis=-1)


# %% right: logarithms apart, keyword arguments, a print
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    print("scales", q_scale, p_scale)
    logs = tf.math.log(p_scale) - tf.math.log(q_scale)
    spread = tf.square(q_scale / p_scale) + tf.square((q_loc - p_loc) / p_scale)
    return tf.reduce_sum(input_tensor=logs + 0.5 * (spread - 1.0), axis=-1)


# %% right: NumPy in float64, with a warning
import warnings


def kl_normal(q_loc, q_scale, p_loc, p_scale):
    warnings.warn("leaving TensorFlow")
    m, s, mu, sigma = (np.asarray(x, np.float64) for x in (q_loc, q_scale, p_loc, p_scale))
    return np.sum(np.log(sigma / s) + (s**2 + (m - mu) ** 2) / (2 * sigma**2) - 0.5, axis=-1)


# %% right: cross entropy less entropy, with helpers
def entropy(scale):
    return 0.5 * tf.math.log(2 * np.pi * np.e * tf.square(scale))


def cross_entropy(q_loc, q_scale, p_loc, p_scale):
    squares = tf.square(q_scale) + tf.square(q_loc - p_loc)
    return 0.5 * tf.math.log(2 * np.pi * tf.square(p_scale)) + squares / (2 * tf.square(p_scale))


def kl_normal(q_loc, q_scale, p_loc, p_scale):
    terms = cross_entropy(q_loc, q_scale, p_loc, p_scale) - entropy(q_scale)
    return tf.reduce_sum(terms, axis=-1)


# %% right: a loop over the entries
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    p_loc, p_scale = p_loc + 0.0 * q_loc, p_scale + 0.0 * q_scale
    total = 0.0
    for i in range(q_loc.shape[-1]):
        m, s, mu, sigma = (x[..., i] for x in (q_loc, q_scale, p_loc, p_scale))
        total += tf.math.log(sigma / s) + (s**2 + (m - mu) ** 2) / (2 * sigma**2) - 0.5
    return total


# %% wrong: KL(p || q)
# loses: 16
# hint: This is KL(p || q). The divergence is not symmetric; the one wanted averages over q, so q's scale is in the numerator of the squares and p's in the denominator.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (p_scale**2 + (q_loc - p_loc) ** 2) / (2 * q_scale**2)
    return tf.reduce_sum(tf.math.log(q_scale / p_scale) + squares - 0.5, axis=-1)


# %% wrong: the mean over the entries
# loses: 16
# hint: You take the mean over the entries. Divergences of independent entries add up: a layer of a thousand weights has a thousand terms.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_mean(tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)


# %% wrong: the half forgotten
# loses: 16
# hint: The −1/2 is missing. Try q = p: the divergence must be 0 there.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares, axis=-1)


# %% wrong: the logarithm upside down
# loses: 16
# hint: The fraction in the logarithm is upside down. A q narrower than p must be *further* from it, so the term is log(p_scale / q_scale).
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(q_scale / p_scale) + squares - 0.5, axis=-1)


# %% wrong: scales taken for variances
# loses: 16
# hint: You treat the scales as variances. A scale is a standard deviation, so its square stands in the fraction.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale + (q_loc - p_loc) ** 2) / (2 * p_scale)
    return tf.reduce_sum(0.5 * tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)


# %% wrong: against a standard normal, whatever p is
# loses: 16
# hint: This measures the distance to N(0, 1). p has a mean and a scale of its own.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    return tf.reduce_sum((q_scale**2 + q_loc**2) / 2 - tf.math.log(q_scale) - 0.5, axis=-1)


# %% wrong: summed over the whole batch
# loses: 3
# hint: You add up the whole batch. Sum over the last axis only, so that every row keeps its own divergence.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares - 0.5)


# %% wrong: the logarithm is not summed for a p of one number
# loses: 3
# hint: One number p_scale stands for every entry, so its logarithm counts once per entry. Sum after the subtraction, when both have the same shape.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    log_p = tf.math.log(p_scale)
    if log_p.shape.rank:
        log_p = tf.reduce_sum(log_p, axis=-1)
    return log_p + tf.reduce_sum(squares - tf.math.log(q_scale) - 0.5, axis=-1)


# %% wrong: not summed
# loses: 16
# hint: You return one term per entry. Add them up over the last axis.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.math.log(p_scale / q_scale) + squares - 0.5


# %% wrong: the half outside the sum
# loses: 16
# hint: The 1/2 is subtracted once. Every entry has a 1/2 of its own: subtract it inside the sum.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares, axis=-1) - 0.5


# %% wrong: the denominator without brackets
# loses: 16
# hint: Brackets are missing: a / 2 * b is (a / 2) * b, so you multiply by the variance of p. It belongs in the denominator.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / 2 * p_scale**2
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)


# %% wrong: the distance of the means not squared
# loses: 16
# hint: The distance between the means is not squared.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc)) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)


# %% wrong: the scale of p not squared
# loses: 16
# hint: p_scale is not squared in the denominator.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)


# %% wrong: the scale of q not squared
# loses: 16
# hint: q_scale is not squared in the numerator.
def kl_normal(q_loc, q_scale, p_loc, p_scale):
    squares = (q_scale + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)
