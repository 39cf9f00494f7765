# Variants of the solution cell of `ridge_strength`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a ratio squared
def ridge_strength(noise_scale, prior_scale):
    return (noise_scale / prior_scale) ** 2


# %% right: precisions, a print
def ridge_strength(noise_scale, prior_scale):
    prior_precision, noise_precision = prior_scale**-2, noise_scale**-2
    print(prior_precision, noise_precision)
    return prior_precision / noise_precision


# %% right: keyword names of its own, NumPy, with a warning
import warnings


def ridge_strength(sigma, tau):
    warnings.warn("NumPy")
    return np.exp(2 * (np.log(sigma) - np.log(tau)))


# %% wrong: upside down
# loses: 8
# hint: The fraction is upside down: a *narrow* prior penalises strongly.
def ridge_strength(noise_scale, prior_scale):
    return prior_scale**2 / noise_scale**2


# %% wrong: not squared
# loses: 8
# hint: Both scales enter squared: the Gaussian's exponent has w² / (2 scale²).
def ridge_strength(noise_scale, prior_scale):
    return noise_scale / prior_scale


# %% wrong: half of it
# loses: 8
# hint: The ½ of both exponents cancels when you multiply by 2 noise_scale².
def ridge_strength(noise_scale, prior_scale):
    return noise_scale**2 / (2 * prior_scale**2)


# %% wrong: the noise forgotten
# loses: 8
# hint: The noise is missing. Ridge's first term is ‖y − X w‖², so multiply −log p(y | w) by 2 noise_scale² before you compare.
def ridge_strength(noise_scale, prior_scale):
    return 1 / prior_scale**2


# %% wrong: the product
# loses: 8
# hint: You multiply the two variances; the wider the prior, the weaker its penalty.
def ridge_strength(noise_scale, prior_scale):
    return noise_scale**2 * prior_scale**2


# %% wrong: half of it, the noise forgotten
# loses: 8
# hint: This is the factor of ‖w‖² in the sum above. Ridge's first term has no 1 / (2 noise_scale²): multiply the whole sum by 2 noise_scale².
def ridge_strength(noise_scale, prior_scale):
    return 1 / (2 * prior_scale**2)
