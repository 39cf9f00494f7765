# Variants of the solution cell of `moment_matched`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: einsum
def moment_matched(covariance):
    return np.einsum("ii->i", covariance) * 1.0


# %% right: a loop, a print
def moment_matched(covariance):
    print(len(covariance), "weights")
    return np.array([covariance[i][i] for i in range(len(covariance))])


# %% right: TensorFlow, with a warning
import warnings


def moment_matched(covariance):
    warnings.warn("TensorFlow")
    return tf.linalg.diag_part(covariance)


# %% wrong: the variances given the others
# loses: 6
# hint: These are the variances given the others, which the other direction keeps. KL(p || q) keeps each weight's own.
def moment_matched(covariance):
    return 1 / np.diag(np.linalg.inv(covariance))


# %% wrong: standard deviations
# loses: 6
# hint: These are standard deviations; variances are wanted.
def moment_matched(covariance):
    return np.sqrt(np.diag(covariance))


# %% wrong: row sums
# loses: 6
# hint: You add up rows. A weight's own variance is its entry on the diagonal alone.
def moment_matched(covariance):
    return covariance.sum(axis=1)


# %% wrong: a matrix
# loses: 6
# hint: You return a matrix. One number per weight is wanted.
def moment_matched(covariance):
    return np.diag(np.diag(covariance))
