# Variants of the solution cell of `predictive_variance`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: through the Cholesky factor
def predictive_variance(features, covariance):
    return np.sum((features @ np.linalg.cholesky(covariance)) ** 2, axis=1)


# %% right: a product and a sum, a print
def predictive_variance(features, covariance):
    print(features.shape)
    return ((features @ covariance) * features).sum(-1)


# %% right: a loop over the examples, with a warning
import warnings


def predictive_variance(features, covariance):
    warnings.warn("a loop")
    return np.array([x.dot(covariance).dot(x) for x in features])


# %% right: the diagonal of the whole matrix, in TensorFlow
def predictive_variance(features, covariance):
    x = tf.constant(features, tf.float64)
    return tf.linalg.diag_part(x @ tf.cast(covariance, tf.float64) @ tf.transpose(x))


# %% wrong: the whole matrix
# loses: 12
# hint: You return the covariance between all pairs of predictions. One variance per example is wanted: its diagonal.
def predictive_variance(features, covariance):
    return features @ covariance @ features.T


# %% wrong: the correlations forgotten
# loses: 9
# hint: You use the diagonal only. Correlated weights add to the variance or cancel: xᵀ Σ x.
def predictive_variance(features, covariance):
    return features**2 @ np.diag(covariance)


# %% wrong: standard deviations
# loses: 12
# hint: This is a standard deviation; the variance is wanted.
def predictive_variance(features, covariance):
    return np.sqrt(np.einsum("ij,jk,ik->i", features, covariance, features))


# %% wrong: features not squared
# loses: 12
# hint: The features count twice: xᵀ Σ x, not Σ x.
def predictive_variance(features, covariance):
    return (features @ covariance).sum(axis=1)


# %% wrong: with a squeeze
# loses: 2
# hint: np.squeeze turns the answer for one example into a bare number. Keep the shape (N,).
def predictive_variance(features, covariance):
    return np.squeeze(np.einsum("ij,jk,ik->i", features, covariance, features))


# %% wrong: noise added
# loses: 12
# hint: Noise is added. The variance of the *weights'* doubt alone is wanted.
def predictive_variance(features, covariance):
    return np.einsum("ij,jk,ik->i", features, covariance, features) + 1.0
