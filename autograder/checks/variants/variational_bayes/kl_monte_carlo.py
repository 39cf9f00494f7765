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


# %% right: TFP's expectation, a seed of equal halves, a line on stderr
def kl_monte_carlo(q, p, n_samples, seed=None):
    import sys

    print("expectation", file=sys.stderr)
    return tfp.monte_carlo.expectation(
        lambda draws: tf.math.add_n([q.log_prob(draws), -p.log_prob(draws)]),
        samples=q.sample(n_samples, seed=seed if seed is None else (seed, seed)),
        log_prob=q.log_prob,
        use_reparameterization=True,
    )


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


# %% wrong: no mean
# loses: 12
# hint: You return one number per draw. The estimate is their mean.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return q.log_prob(draws) - p.log_prob(draws)


# %% wrong: the mean over the last axis
# loses: 2
# hint: You average over the last axis. The draws are the first one, axis 0; with a batch of distributions the last axis counts these.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=-1)


# %% wrong: the mean over everything
# loses: 2
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


# %% wrong: a pair even without a seed
# loses: 14
# hint: Without a seed, your pair holds None, which TFP cannot read. Give it plain None then: seed=None if seed is None else (seed, 0).
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=(seed, 0))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% wrong: a fixed seed
# loses: 2
# hint: Every call gives the same number, whatever the seed. The draws must depend on it, and be new where there is none.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=(0, 1))
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


# %% wrong: the closed form
# loses: 4
# hint: Nothing is drawn. A closed form exists for few pairs of distributions; estimate the divergence from draws of q.
def kl_monte_carlo(q, p, n_samples, seed=None):
    return tfd.kl_divergence(q, p)


# %% wrong: the mean taken by NumPy
# loses: 2
# hint: No gradient comes through. NumPy's arithmetic leaves no trace for TensorFlow, and tf.stop_gradient ends it; use other tf functions.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return np.mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% wrong: the draws held fixed
# loses: 2
# hint: The gradient stops at the draws. They move with the mean and scale of q, so it has to pass through them: no tf.stop_gradient, no NumPy.
def kl_monte_carlo(q, p, n_samples, seed=None):
    draws = tf.stop_gradient(q.sample(n_samples, seed=None if seed is None else (0, seed)))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)
