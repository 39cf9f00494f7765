# Variants of the solution cell of `penalty`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: as one distribution over the vector
def penalty(prior, weights):
    return -tfd.Sample(prior, sample_shape=tf.shape(weights)).log_prob(weights)


# %% right: a loop, a print
def penalty(prior, weights):
    total = 0.0
    for weight in weights:
        total -= prior.log_prob(weight)
    print("penalty", total)
    return total


# %% right: NumPy in float64, with a warning
import warnings


def penalty(prior, weights):
    warnings.warn("NumPy")
    return np.negative(prior.log_prob(value=weights).numpy().astype(np.float64)).sum()


# %% wrong: the sign
# loses: 8
# hint: The sign is wrong: what is improbable must cost more.
def penalty(prior, weights):
    return tf.reduce_sum(prior.log_prob(weights))


# %% wrong: the mean
# loses: 8
# hint: You take the mean over the weights. Independent weights multiply their densities, so the logarithms add up.
def penalty(prior, weights):
    return -tf.reduce_mean(prior.log_prob(weights))


# %% wrong: the density
# loses: 8
# hint: The logarithm is missing: −log p(w), not −p(w).
def penalty(prior, weights):
    return -tf.reduce_sum(prior.prob(weights))


# %% wrong: always the squares
# loses: 5
# hint: This is the Gaussian's penalty, without its constant. Ask the prior that is handed in.
def penalty(prior, weights):
    return tf.reduce_sum(weights**2) / (2 * prior.scale**2)


# %% wrong: the normalization taken off
# loses: 2
# hint: You subtract the penalty at 0. It is only a constant, but −log p(w) includes it.
def penalty(prior, weights):
    return tf.reduce_sum(prior.log_prob(tf.zeros_like(weights)) - prior.log_prob(weights))


# %% wrong: one penalty per weight
# loses: 8
# hint: You return one penalty per weight. Add them up.
def penalty(prior, weights):
    return -prior.log_prob(weights)
