# Variants of the solution cell of `gaussian_log_likelihood`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: TFP's own density
def gaussian_log_likelihood(targets, predictions, noise_scale):
    return tfd.Normal(loc=predictions, scale=noise_scale).log_prob(targets)


# %% right: variances, a print
def gaussian_log_likelihood(targets, predictions, noise_scale):
    variance = noise_scale**2
    print("variance", variance)
    return -tf.square(predictions - targets) / (2 * variance) - 0.5 * np.log(2 * np.pi * variance)


# %% right: a loop over the examples in float64
def gaussian_log_likelihood(targets, predictions, noise_scale):
    targets, predictions = tf.cast(targets, tf.float64), tf.cast(predictions, tf.float64)
    columns = []
    for i in range(targets.shape[0]):
        z = (targets[i] - predictions[..., i]) / noise_scale
        columns.append(-0.5 * z * z - tf.math.log(tf.cast(noise_scale, tf.float64)))
    return tf.stack(columns, axis=-1) - 0.5 * np.log(2 * np.pi)


# %% right: SciPy, with a warning
import warnings

import scipy.stats


def gaussian_log_likelihood(targets, predictions, noise_scale):
    warnings.warn("SciPy")
    return scipy.stats.norm(np.asarray(predictions), noise_scale).logpdf(np.asarray(targets))


# %% wrong: the squared error
# loses: 12
# hint: This is minus the squared error. A likelihood measures the distance in noise scales, halves its square, and has a normalizer.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    return -((targets - predictions) ** 2)


# %% wrong: no normalizer
# loses: 4
# hint: The normalizer −log(noise_scale √(2π)) is missing. Without it, more noise would always look more likely.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    return -0.5 * ((targets - predictions) / noise_scale) ** 2


# %% wrong: the scale missing from the normalizer
# loses: 4
# hint: noise_scale is missing from the normalizer: a narrower density is higher.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    return -0.5 * ((targets - predictions) / noise_scale) ** 2 - 0.5 * np.log(2 * np.pi)


# %% wrong: the normalizer added
# loses: 4
# hint: The sign of the normalizer is wrong. Dividing the density by noise_scale √(2π) subtracts from its logarithm.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    z = (targets - predictions) / noise_scale
    return -0.5 * z**2 + np.log(noise_scale * np.sqrt(2 * np.pi))


# %% wrong: the root of 2π forgotten
# loses: 4
# hint: The 2π stands under a root: the normalizer is log(noise_scale √(2π)).
def gaussian_log_likelihood(targets, predictions, noise_scale):
    z = (targets - predictions) / noise_scale
    return -0.5 * z**2 - np.log(noise_scale * 2 * np.pi)


# %% wrong: noise_scale as a variance
# loses: 12
# hint: You use noise_scale as a variance. It is a standard deviation.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    return -0.5 * (targets - predictions) ** 2 / noise_scale - 0.5 * np.log(2 * np.pi * noise_scale)


# %% wrong: the half forgotten
# loses: 8
# hint: The factor 1/2 in front of the squared distance is missing.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    z = (targets - predictions) / noise_scale
    return -(z**2) - np.log(noise_scale * np.sqrt(2 * np.pi))


# %% wrong: the negative
# loses: 12
# hint: The sign is wrong: this is the *negative* log-likelihood. Better predictions must score higher.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    z = (targets - predictions) / noise_scale
    return 0.5 * z**2 + np.log(noise_scale * np.sqrt(2 * np.pi))


# %% wrong: summed over the examples
# loses: 12
# hint: You add up the examples. Keep one number per example; the loss takes their mean later.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    z = (targets - predictions) / noise_scale
    return tf.reduce_sum(-0.5 * z**2 - np.log(noise_scale * np.sqrt(2 * np.pi)))


# %% wrong: a loop over the first axis
# loses: 3
# hint: Your loop runs over the first axis of the predictions, which counts rows where there are several. The examples are the last axis.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    z = tf.stack([(targets[i] - predictions[i]) / noise_scale for i in range(targets.shape[0])])
    return -0.5 * z**2 - np.log(noise_scale * np.sqrt(2 * np.pi))


# %% wrong: the denominator without brackets
# loses: 8
# hint: Brackets are missing: a / 2 * b is (a / 2) * b, so you multiply by the variance. It belongs in the denominator.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    squares = (targets - predictions) ** 2 / 2 * noise_scale**2
    return -squares - np.log(noise_scale * np.sqrt(2 * np.pi))


# %% wrong: noise_scale not squared
# loses: 8
# hint: noise_scale is not squared in the first term: the squared distance is divided by the variance.
def gaussian_log_likelihood(targets, predictions, noise_scale):
    squares = (targets - predictions) ** 2 / (2 * noise_scale)
    return -squares - np.log(noise_scale * np.sqrt(2 * np.pi))


# %% wrong: the distance not measured in noise scales
# loses: 8
# hint: The distance is not measured in noise scales: divide its square by noise_scale².
def gaussian_log_likelihood(targets, predictions, noise_scale):
    return -0.5 * (targets - predictions) ** 2 - np.log(noise_scale * np.sqrt(2 * np.pi))
