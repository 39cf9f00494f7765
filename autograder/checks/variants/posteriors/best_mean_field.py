# Variants of the solution cell of `best_mean_field`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: conditioning on the others, weight by weight
def best_mean_field(covariance):
    found = []
    for i in range(len(covariance)):
        others = np.delete(np.arange(len(covariance)), i)
        cross = covariance[i, others]
        rest = np.linalg.solve(covariance[np.ix_(others, others)], cross)
        found.append(covariance[i, i] - cross @ rest)
    return np.array(found)


# %% right: from the Cholesky factor's inverse, a print
def best_mean_field(covariance):
    inverse = np.linalg.inv(np.linalg.cholesky(covariance))
    print("precisions", (inverse**2).sum(axis=0))
    return 1 / (inverse**2).sum(axis=0)


# %% right: TensorFlow, reciprocal, with a warning
import warnings


def best_mean_field(covariance):
    warnings.warn("TensorFlow")
    return tf.math.reciprocal(tf.linalg.diag_part(tf.linalg.inv(tf.cast(covariance, tf.float64))))


# %% wrong: the marginal variances
# loses: 7
# hint: These are the weights' own variances. KL(q || p) wants the variance of each weight *given the others*, which is smaller.
def best_mean_field(covariance):
    return np.diag(covariance)


# %% wrong: the precisions
# loses: 10
# hint: These are precisions: after inverting the matrix and taking its diagonal, take one over each.
def best_mean_field(covariance):
    return np.diag(np.linalg.inv(covariance))


# %% wrong: one over the covariance's diagonal
# loses: 10
# hint: You take one over each entry of the covariance. Invert the matrix first, take its diagonal, and then one over each.
def best_mean_field(covariance):
    return 1 / np.diag(covariance)


# %% wrong: standard deviations
# loses: 10
# hint: These are standard deviations; variances are wanted.
def best_mean_field(covariance):
    return 1 / np.sqrt(np.diag(np.linalg.inv(covariance)))


# %% wrong: a matrix
# loses: 10
# hint: You return a matrix. Only its diagonal is wanted, one number per weight.
def best_mean_field(covariance):
    return np.diag(1 / np.diag(np.linalg.inv(covariance)))


# %% wrong: the eigenvalues
# loses: 10
# hint: These are eigenvalues, the variances along the ridge's own axes. Mean field's axes are the weights themselves.
def best_mean_field(covariance):
    return np.linalg.eigvalsh(covariance)
