# Variants of the solution cell of `monte_carlo_kl_divergence_fn`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a lambda
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    return lambda q, p, _=None: kl_weight * kl_monte_carlo(q, p, n_samples)


# %% right: draws of its own, a print
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, tensor=None):
        print("estimating from", n_samples)
        draws = posterior.sample((n_samples,))
        return tf.reduce_mean(kl_weight * (posterior.log_prob(draws) - prior.log_prob(draws)))

    return divergence


# %% right: a class that can be called, float64, with a warning
import warnings


class Divergence:
    def __init__(self, n_samples, kl_weight):
        warnings.warn("a class")
        self.n_samples, self.kl_weight = n_samples, kl_weight

    def __call__(self, *given):
        estimate = kl_monte_carlo(given[0], given[1], self.n_samples)
        return tf.cast(estimate, tf.float64) * self.kl_weight


def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    return Divergence(n_samples, kl_weight)


# %% wrong: the weight forgotten
# loses: 4
# hint: kl_weight is not used.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor=None):
        return kl_monte_carlo(posterior, prior, n_samples)

    return divergence


# %% wrong: divided by the weight
# loses: 4
# hint: You divide by kl_weight; it is a factor.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor=None):
        return kl_monte_carlo(posterior, prior, n_samples) / kl_weight

    return divergence


# %% wrong: the direction
# loses: 8
# hint: This is KL(prior || posterior), which draws from the prior.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor=None):
        return kl_weight * kl_monte_carlo(prior, posterior, n_samples)

    return divergence


# %% wrong: two arguments
# loses: 8
# hint: TFP's layers call the function with three arguments, the last of them a draw of the weights.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior):
        return kl_weight * kl_monte_carlo(posterior, prior, n_samples)

    return divergence


# %% wrong: a fixed seed
# loses: 3
# hint: Every call repeats the same draws. Give kl_monte_carlo no seed, so that each training step draws afresh.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor=None):
        return kl_weight * kl_monte_carlo(posterior, prior, n_samples, seed=1)

    return divergence


# %% wrong: one draw
# loses: 8
# hint: You take one draw. Take n_samples of them and average.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor=None):
        return kl_weight * kl_monte_carlo(posterior, prior, 1)

    return divergence


# %% wrong: the value, not a function
# loses: 8
# hint: Return a function: the layer calls it later, with posterior and prior.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    return kl_weight


# %% wrong: the draw that the layer took
# loses: 8
# hint: posterior_tensor is one draw, the one the layer computes with. Take n_samples of your own, as kl_monte_carlo does.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor):
        log_ratio = posterior.log_prob(posterior_tensor) - prior.log_prob(posterior_tensor)
        return kl_weight * tf.reduce_mean(log_ratio)

    return divergence


# %% wrong: only closed forms
# loses: 8
# hint: TFP has no formula for this pair. This function is for such pairs: estimate the divergence from draws.
def monte_carlo_kl_divergence_fn(n_samples, kl_weight=1.0):
    def divergence(posterior, prior, posterior_tensor=None):
        return kl_weight * tfd.kl_divergence(posterior, prior)

    return divergence
