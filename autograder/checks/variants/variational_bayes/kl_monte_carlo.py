# Variants of the solution cell of `kl_monte_carlo`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: another way to name the shape, a seed only if there is one
def kl_monte_carlo(q, p, n_samples, seed=None):
    if seed is None:
        draws = q.sample((n_samples,))
    else:
        draws = q.sample(sample_shape=[n_samples], seed=tf.constant([seed, 17]))
    return tf.reduce_mean(q.log_prob(draws), axis=0) - tf.reduce_mean(p.log_prob(draws), axis=0)


# %% right: sampled with its density at once
def kl_monte_carlo(q, p, n_samples, seed=None):
    stateless = None if seed is None else tf.stack([seed, 0])
    draws, log_q = q.experimental_sample_and_log_prob(n_samples, seed=stateless)
    return tf.reduce_mean(log_q - p.log_prob(draws), axis=0)


# %% right: sum and division in float64, a print, the global seed
def kl_monte_carlo(q, p, n_samples, seed=None):
    print("drawing", n_samples)
    if seed is not None:
        tf.random.set_seed(seed)
        draws = q.sample(n_samples, seed=1)
    else:
        draws = q.sample(n_samples)
    ratios = tf.cast(q.log_prob(draws), tf.float64) - tf.cast(p.log_prob(draws), tf.float64)
    return tf.reduce_sum(ratios, 0) / n_samples


# %% right: TFP's expectation, without its control variates
def kl_monte_carlo(q, p, n_samples, seed=None):
    import sys

    print("expectation", file=sys.stderr)
    draws = q.sample(n_samples, seed=seed if seed is None else (seed, seed))
    return tf.math.add_n([q.log_prob(draws), -p.log_prob(draws)]).numpy().mean(axis=0)


# %% wrong: draws from p
# loses: 12
# hint: You draw from p. KL(q || p) is an average over draws of q: it asks about the places where q is.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = p.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% wrong: KL(p || q)
# loses: 12
# hint: This is KL(p || q): both the draws and the order of the two densities are those of the other direction.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = p.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(p.log_prob(draws) - q.log_prob(draws), axis=0)


# %% wrong: the sign
# loses: 10
# hint: The sign is wrong. A divergence is never negative, apart from the noise of its estimate.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(p.log_prob(draws) - q.log_prob(draws), axis=0)


# %% wrong: densities instead of their logarithms
# loses: 10
# hint: You compare densities. The divergence compares their logarithms: log_prob, not prob.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(q.prob(draws) - p.prob(draws), axis=0)


# %% wrong: the sum over the draws
# loses: 10
# hint: You add the draws up. An expectation is their mean; it does not grow with their number.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_sum(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% wrong: the mean over everything
# loses: 3
# hint: You average over the batch as well. Only the first axis counts draws.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws))


# %% wrong: separate draws for the two densities
# loses: 2
# hint: You draw twice, once for each density. Right on average, but the two draws' noise adds up; with the same draws most of it cancels.
def kl_monte_carlo(q, p, n_samples, seed=None):
    first = None if seed is None else (0, seed)
    second = None if seed is None else (1, seed)
    log_q = q.log_prob(q.sample(n_samples, seed=first))
    return tf.reduce_mean(log_q - p.log_prob(q.sample(n_samples, seed=second)), axis=0)


# %% wrong: the seed is not used
# loses: 2
# hint: The seed has no effect: the same seed must give the same draws.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples)
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% wrong: always the same draws
# loses: 2
# hint: Your draws are always the same. Without a seed they must be new at every call.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=(0, seed or 0))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% wrong: one integer as the seed
# loses: 2
# hint: TFP mixes a single integer with TensorFlow's global state, so every call gives new draws. A pair such as (0, seed) repeats.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=seed)
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)
