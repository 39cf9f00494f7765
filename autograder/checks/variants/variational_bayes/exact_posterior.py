# Variants of the solution cell of `exact_posterior`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: solved, not inverted
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    mean = np.linalg.solve(precision, features.T @ targets / noise_scale**2)
    return mean, np.linalg.solve(precision, np.eye(len(precision)))


# %% right: ridge regression, then scaled
def exact_posterior(features, targets, noise_scale, prior_scale):
    strength = (noise_scale / prior_scale) ** 2
    inverse = np.linalg.inv(features.T @ features + strength * np.identity(features.shape[1]))
    print("strength", strength)
    return inverse @ (features.T @ targets), noise_scale**2 * inverse


# %% right: one example after the other
def exact_posterior(features, targets, noise_scale, prior_scale):
    mean, covariance = np.zeros(features.shape[1]), prior_scale**2 * np.eye(features.shape[1])
    for x, y in zip(features, targets):
        gain = covariance @ x / (x @ covariance @ x + noise_scale**2)
        mean, covariance = mean + gain * (y - x @ mean), covariance - np.outer(gain, x @ covariance)
    return mean, covariance


# %% right: TensorFlow in float64, with a warning
import warnings


def exact_posterior(features, targets, noise_scale, prior_scale):
    warnings.warn("TensorFlow")
    x, y = tf.cast(features, tf.float64), tf.cast(targets, tf.float64)
    precision = tf.matmul(x, x, transpose_a=True) / noise_scale**2
    precision += tf.eye(x.shape[1], dtype=tf.float64) / prior_scale**2
    covariance = tf.linalg.inv(precision)
    return tf.linalg.matvec(covariance, tf.linalg.matvec(x, y, transpose_a=True)) / noise_scale**2, covariance


# %% right: the singular value decomposition
def exact_posterior(features, targets, noise_scale, prior_scale):
    u, s, vt = np.linalg.svd(features, full_matrices=True)
    s = np.concatenate([s, np.zeros(len(vt) - len(s))])
    covariance = vt.T @ np.diag(1 / (s**2 / noise_scale**2 + 1 / prior_scale**2)) @ vt
    return np.dot(covariance, np.dot(features.T, targets)) / noise_scale**2, covariance


# %% wrong: the precision returned
# loses: 9
# hint: The second thing you return is the precision, the inverse of the covariance.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    return np.linalg.inv(precision) @ features.T @ targets / noise_scale**2, precision


# %% wrong: the prior forgotten
# loses: 14
# hint: The prior is missing: this is least squares. It adds I / prior_scale² to the precision.
def exact_posterior(features, targets, noise_scale, prior_scale):
    covariance = np.linalg.inv(features.T @ features / noise_scale**2)
    return covariance @ features.T @ targets / noise_scale**2, covariance


# %% wrong: the prior's variance as its precision
# loses: 14
# hint: You add the prior's variance. Precisions add up, and a precision is one over a variance: a wide prior adds little.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) * prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets / noise_scale**2, covariance


# %% wrong: scales not squared
# loses: 14
# hint: You use the standard deviations where the variances belong: square both scales.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale + np.eye(features.shape[1]) / prior_scale
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets / noise_scale, covariance


# %% wrong: the noise forgotten
# loses: 14
# hint: noise_scale is missing. Noisier examples weigh less: each adds x xᵀ / noise_scale² to the precision.
def exact_posterior(features, targets, noise_scale, prior_scale):
    covariance = np.linalg.inv(features.T @ features + np.eye(features.shape[1]) / prior_scale**2)
    return covariance @ features.T @ targets, covariance


# %% wrong: the noise forgotten in the mean
# loses: 8
# hint: The covariance is right, the mean lacks a division by noise_scale².
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets, covariance


# %% wrong: the least-squares mean
# loses: 8
# hint: This mean is that of least squares. The prior pulls it towards 0.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    return np.linalg.lstsq(features, targets, rcond=None)[0], np.linalg.inv(precision)


# %% wrong: only the diagonal of the precision
# loses: 14
# hint: You keep the diagonal only. Correlated features give correlated weights.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = (features**2).sum(axis=0) / noise_scale**2 + 1 / prior_scale**2
    return features.T @ targets / noise_scale**2 / precision, np.diag(1 / precision)


# %% wrong: the covariance averaged over the examples
# loses: 14
# hint: You take the mean over the examples. Evidence adds up: twice the data, twice the precision.
def exact_posterior(features, targets, noise_scale, prior_scale):
    n = len(targets)
    precision = features.T @ features / n / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets / n / noise_scale**2, covariance


# %% wrong: the scales of the marginals
# loses: 9
# hint: You return the standard deviations. The whole covariance matrix is wanted, with what ties the weights together.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets / noise_scale**2, np.sqrt(np.diag(covariance))


# %% wrong: the prior added to every entry
# loses: 14
# hint: You add 1 / prior_scale² to every entry. The prior's weights are independent: it adds to the diagonal only, through the identity matrix.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + 1 / prior_scale**2
    covariance = np.linalg.pinv(precision)
    return covariance @ features.T @ targets / noise_scale**2, covariance


# %% wrong: an identity of the examples
# loses: 14
# hint: These two do not fit together. XᵀX has one row and one column per weight (features.shape[1]), not per example, and so must the identity.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(len(features)) / prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets / noise_scale**2, covariance


# %% wrong: the covariance first
# loses: 14
# hint: The two are in the wrong order: first the mean, then the covariance.
def exact_posterior(features, targets, noise_scale, prior_scale):
    precision = features.T @ features / noise_scale**2 + np.eye(features.shape[1]) / prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance, covariance @ features.T @ targets / noise_scale**2
