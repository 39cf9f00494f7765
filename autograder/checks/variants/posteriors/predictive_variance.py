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


# %% wrong: a column
# loses: 12
# hint: Your answer has a dimension too many. One number per example is wanted: the shape is (N,).
def predictive_variance(features, covariance):
    return ((features @ covariance) * features).sum(axis=1, keepdims=True)


# %% wrong: one sum over everything
# loses: 12
# hint: You return a single number. One per example is wanted, shape (N,), also where N is 1.
def predictive_variance(features, covariance):
    return ((features @ covariance) * features).sum()


# %% wrong: added up over the examples
# loses: 12
# hint: You add up over the examples, so that one number per *feature* is left. Add up over the features.
def predictive_variance(features, covariance):
    return ((features @ covariance) * features).sum(axis=0)


# %% wrong: the formula typed as it stands
# loses: 12
# hint: xᵀ Σ x is for one x, and `features` holds one x per row: features @ covariance fits, features @ covariance @ features does not.
def predictive_variance(features, covariance):
    return features.T @ covariance @ features


# %% wrong: the whole matrix
# loses: 12
# hint: You return the covariance between all pairs of predictions. One variance per example is wanted: its diagonal.
def predictive_variance(features, covariance):
    return features @ covariance @ features.T


# %% wrong: the correlations forgotten
# loses: 9
# hint: You use the diagonal only. Correlated weights add to the variance, or cancel.
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
