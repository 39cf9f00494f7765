# Variants of the solution cell of `kl_mean_field_gap`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the general formula with the best variances put in
def kl_mean_field_gap(covariance):
    q = np.diag(1 / np.diag(np.linalg.inv(covariance)))
    trace = np.trace(np.linalg.solve(covariance, q))
    logs = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(q)[1]
    return 0.5 * (trace - len(q) + logs)


# %% right: determinants, a loop, a print
def kl_mean_field_gap(covariance):
    gap = np.log(np.linalg.det(covariance))
    for precision in np.diagonal(np.linalg.inv(covariance)):
        gap = gap + np.log(precision)
    print("twice the gap:", gap)
    return gap / 2


# %% right: TFP, with a warning
import warnings


def kl_mean_field_gap(covariance):
    warnings.warn("TFP")
    p = tfd.MultivariateNormalTriL(np.zeros(len(covariance)), np.linalg.cholesky(covariance))
    scales = np.diag(np.linalg.inv(covariance)) ** -0.5
    return float(tfd.kl_divergence(tfd.MultivariateNormalDiag(np.zeros_like(scales), scales), p))


# %% wrong: the half forgotten
# loses: 7
# hint: The factor 1/2 is missing.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance))).sum()
    return float(np.linalg.slogdet(covariance)[1] + logs)


# %% wrong: with the marginal variances
# loses: 7
# hint: You put in each weight's own variance. The nearest q by KL(q || p) has the variances given the others.
def kl_mean_field_gap(covariance):
    q = np.diag(np.diag(covariance))
    trace = np.trace(np.linalg.solve(covariance, q))
    logs = np.linalg.slogdet(covariance)[1] - np.linalg.slogdet(q)[1]
    return float(0.5 * (trace - len(q) + logs))


# %% wrong: the other direction
# loses: 7
# hint: This is the gap of KL(p || q), which keeps the weights' own variances.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(covariance)).sum()
    return float(0.5 * (logs - np.linalg.slogdet(covariance)[1]))


# %% wrong: the sign
# loses: 7
# hint: The sign is wrong: a divergence is never negative.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance))).sum()
    return float(-0.5 * (np.linalg.slogdet(covariance)[1] + logs))


# %% wrong: the determinant without its logarithm
# loses: 10
# hint: The logarithm of the determinant is missing.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance))).sum()
    return float(0.5 * (np.linalg.det(covariance) + logs))


# %% wrong: the covariance's own diagonal
# loses: 10
# hint: The two terms must cancel for independent weights: log det Σ, plus the logarithms of the diagonal of the *inverse*.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(covariance)).sum()
    return float(0.5 * (np.linalg.slogdet(covariance)[1] + logs))


# %% wrong: minus
# loses: 10
# hint: The second term is added: log det Σ plus the logarithms of the diagonal of the inverse.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance))).sum()
    return float(0.5 * (np.linalg.slogdet(covariance)[1] - logs))


# %% wrong: the logarithm of the sum
# loses: 10
# hint: You take the logarithm of the sum of the diagonal. The logarithms come first, then their sum.
def kl_mean_field_gap(covariance):
    logs = np.log(np.trace(np.linalg.inv(covariance)))
    return float(0.5 * (np.linalg.slogdet(covariance)[1] + logs))


# %% wrong: no determinant
# loses: 10
# hint: log det Σ is missing.
def kl_mean_field_gap(covariance):
    return float(0.5 * np.log(np.diag(np.linalg.inv(covariance))).sum())


# %% wrong: the sign of the determinant
# loses: 10
# hint: np.linalg.slogdet returns (sign, logarithm), and you use the sign. Take [1].
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance))).sum()
    return float(0.5 * (np.linalg.slogdet(covariance)[0] + logs))


# %% wrong: a pair for the logarithm
# loses: 10
# hint: The result is an array; one number is wanted. Take [1] of what np.linalg.slogdet returns, and add up the logarithms.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance))).sum()
    return float(0.5 * (np.linalg.slogdet(covariance) + logs))


# %% wrong: no sum
# loses: 10
# hint: You return one number per weight. Add up the logarithms, then add log det Σ, once.
def kl_mean_field_gap(covariance):
    logs = np.log(np.diag(np.linalg.inv(covariance)))
    return 0.5 * (np.linalg.slogdet(covariance)[1] + logs)
