# Variants of the solution cell of `lasso_strength`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: step by step
def lasso_strength(noise_scale, prior_scale, n_train):
    variance = noise_scale * noise_scale
    return variance / prior_scale / n_train


# %% right: NumPy, a print
def lasso_strength(noise_scale, prior_scale, n_train):
    print(n_train)
    return np.float64(noise_scale) ** 2 * (1 / np.multiply(prior_scale, n_train))


# %% right: names of its own, a tensor, with a warning
import warnings


def lasso_strength(sigma, b, n):
    warnings.warn("a tensor")
    return tf.square(tf.constant(sigma, tf.float64)) / (b * n)


# %% wrong: N forgotten
# loses: 8
# hint: The number of examples is missing: scikit-learn's lasso divides its first term by N.
def lasso_strength(noise_scale, prior_scale, n_train):
    return noise_scale**2 / prior_scale


# %% wrong: the prior's scale squared
# loses: 8
# hint: The Laplace prior's exponent is |w| / scale: its scale is not squared.
def lasso_strength(noise_scale, prior_scale, n_train):
    return noise_scale**2 / (prior_scale**2 * n_train)


# %% wrong: a stray 2
# loses: 8
# hint: The lasso's first term is ‖y − X w‖² / (2 N), so −log p(y | w) is multiplied by noise_scale² / N, and no 2 remains.
def lasso_strength(noise_scale, prior_scale, n_train):
    return 2 * noise_scale**2 / (prior_scale * n_train)


# %% wrong: ridge's rule
# loses: 8
# hint: This is ridge's rule. The lasso penalises |w|, and divides by N.
def lasso_strength(noise_scale, prior_scale, n_train):
    return noise_scale**2 / prior_scale**2


# %% wrong: multiplied by N
# loses: 8
# hint: You multiply by N. More examples make the prior's share *smaller*.
def lasso_strength(noise_scale, prior_scale, n_train):
    return n_train * noise_scale**2 / prior_scale


# %% wrong: the noise not squared
# loses: 8
# hint: The noise enters as a variance.
def lasso_strength(noise_scale, prior_scale, n_train):
    return noise_scale / (prior_scale * n_train)


# %% wrong: the penalty as it stands
# loses: 8
# hint: This is the factor of ‖w‖₁ in −log p(w). The lasso's first term is ‖y − X w‖² / (2 N): multiply both costs by noise_scale² / N.
def lasso_strength(noise_scale, prior_scale, n_train):
    return 1 / prior_scale


# %% wrong: the noise forgotten
# loses: 8
# hint: The noise is missing: −log p(y | w) is ‖y − X w‖² / (2 noise_scale²), and the lasso's first term is not divided by noise_scale².
def lasso_strength(noise_scale, prior_scale, n_train):
    return 1 / (prior_scale * n_train)


# %% wrong: times the prior's scale
# loses: 8
# hint: The prior's scale is upside down: the narrower the prior, the *stronger* its penalty |w| / scale.
def lasso_strength(noise_scale, prior_scale, n_train):
    return noise_scale**2 * prior_scale / n_train
