# Variants of the solution cell of `kl_divergence`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: draws of its own
def kl_divergence(q, p, n_samples, seed=None):
    try:
        return q.kl_divergence(p)
    except NotImplementedError:
        draws = q.sample(n_samples, seed=None if seed is None else (seed, 1))
        return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


# %% right: keyword arguments, a print
def kl_divergence(q, p, n_samples, seed=None):
    try:
        exact = tfd.kl_divergence(distribution_a=q, distribution_b=p)
    except NotImplementedError as error:
        print("no formula:", error)
        exact = None
    return kl_monte_carlo(q, p, n_samples=n_samples, seed=seed) if exact is None else exact


# %% right: Monte Carlo in float64 with TFP's helper, with a warning
import warnings


def kl_divergence(q, p, n_samples, seed=None):
    warnings.warn("looking for a formula")
    try:
        return tf.cast(tfd.kl_divergence(q, p), tf.float64)
    except NotImplementedError:
        estimate = kl_monte_carlo(q, p, n_samples, seed)
    return tf.cast(estimate, tf.float64)


# %% wrong: always Monte Carlo
# loses: 3
# hint: This is an estimate even where a formula exists. Ask tfd.kl_divergence first.
def kl_divergence(q, p, n_samples, seed=None):
    return kl_monte_carlo(q, p, n_samples, seed=seed)


# %% wrong: only closed forms
# loses: 5
# hint: TFP has no formula for this pair, and says so by this error. Catch it (try … except NotImplementedError) and estimate from draws.
def kl_divergence(q, p, n_samples, seed=None):
    return tfd.kl_divergence(q, p)


# %% wrong: the direction
# loses: 8
# hint: This is KL(p || q). The average must run over q, the first argument.
def kl_divergence(q, p, n_samples, seed=None):
    try:
        return tfd.kl_divergence(p, q)
    except NotImplementedError:
        return kl_monte_carlo(p, q, n_samples, seed=seed)


# %% wrong: zero where there is no formula
# loses: 5
# hint: Where there is no formula you return 0. Estimate it from draws.
def kl_divergence(q, p, n_samples, seed=None):
    try:
        return tfd.kl_divergence(q, p)
    except NotImplementedError:
        return tf.constant(0.0)


# %% wrong: a number of draws of its own
# loses: 2
# hint: n_samples is not used.
def kl_divergence(q, p, n_samples, seed=None):
    try:
        return tfd.kl_divergence(q, p)
    except NotImplementedError:
        return kl_monte_carlo(q, p, 50_000, seed=seed)


# %% wrong: the seed forgotten
# loses: 2
# hint: The same seed does not repeat the draws. Hand it on to kl_monte_carlo, which makes a pair of it: with a single integer TFP draws anew at every call.
def kl_divergence(q, p, n_samples, seed=None):
    try:
        return tfd.kl_divergence(q, p)
    except NotImplementedError:
        return kl_monte_carlo(q, p, n_samples)


# %% wrong: one integer as a seed
# loses: 2
# hint: The same seed does not repeat the draws. Hand it on to kl_monte_carlo, which makes a pair of it: with a single integer TFP draws anew at every call.
def kl_divergence(q, p, n_samples, seed=None):
    try:
        return tfd.kl_divergence(q, p)
    except NotImplementedError:
        draws = q.sample(n_samples, seed=seed)
        return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)
