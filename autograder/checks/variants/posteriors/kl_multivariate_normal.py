# Variants of the solution cell of `kl_multivariate_normal`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: TFP's closed form
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    q, p = (
        tfd.MultivariateNormalTriL(loc, np.linalg.cholesky(covariance))
        for loc, covariance in ((q_loc, q_covariance), (p_loc, p_covariance))
    )
    return float(tfd.kl_divergence(q, p))


# %% right: through Cholesky factors
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    q_scale, p_scale = np.linalg.cholesky(q_covariance), np.linalg.cholesky(p_covariance)
    ratio = np.linalg.solve(p_scale, q_scale)
    z = np.linalg.solve(p_scale, p_loc - q_loc)
    logs = np.log(np.diag(p_scale)).sum() - np.log(np.diag(q_scale)).sum()
    print("logs", logs)
    return 0.5 * ((ratio**2).sum() + (z**2).sum() - len(z)) + logs


# %% right: inverse, determinants, einsum, with a warning
import warnings


def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    warnings.warn("an inverse")
    precision, d = np.linalg.inv(p_covariance), q_loc - p_loc
    terms = [
        np.einsum("ij,ji->", precision, q_covariance),
        np.einsum("i,ij,j->", d, precision, d),
        np.log(np.linalg.det(p_covariance) / np.linalg.det(q_covariance)),
        -d.size,
    ]
    return sum(terms) / 2


# %% right: cross entropy less entropy, by SciPy
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    from scipy.stats import multivariate_normal

    at_mean = multivariate_normal(p_loc, p_covariance).logpdf(q_loc)
    spread = 0.5 * np.trace(np.linalg.inv(p_covariance).dot(q_covariance))
    return spread - at_mean - multivariate_normal(q_loc, q_covariance).entropy()


# %% wrong: KL(p || q)
# loses: 10
# hint: This is KL(p || q). In KL(q || p) the inverse that appears is that of p's covariance.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(q_covariance, p_covariance))
    distance = shift @ np.linalg.solve(q_covariance, shift)
    logs = np.linalg.slogdet(q_covariance)[1] - np.linalg.slogdet(p_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: the half forgotten
# loses: 14
# hint: The factor 1/2 is missing.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(trace + distance - len(shift) + logs)


# %% wrong: n forgotten
# loses: 14
# hint: The −n is missing. Try q = p: the trace is n there, and the divergence must be 0.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance + logs))


# %% wrong: determinants swapped
# loses: 10
# hint: The determinants are swapped: a q that is narrower than p must be further from it.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(q_covariance)[1] - np.linalg.slogdet(p_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: only the diagonals
# loses: 14
# hint: You use the diagonals only. The correlations count: solve with the whole matrix.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    q, p = np.diag(q_covariance), np.diag(p_covariance)
    return float(0.5 * (q / p + (q_loc - p_loc) ** 2 / p - 1 + np.log(p / q)).sum())


# %% wrong: the distance forgotten
# loses: 8
# hint: The term with the two means is missing.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace - len(q_loc) + logs))


# %% wrong: divided entry by entry
# loses: 10
# hint: P⁻¹ Q is a matrix product with an inverse, not a division entry by entry.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(q_covariance / p_covariance)
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: no determinants
# loses: 10
# hint: log det P − log det Q is missing, or always 0. np.linalg.slogdet returns (sign, logarithm): take its [1].
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    return float(0.5 * (trace + distance - len(shift)))


# %% wrong: the trace of Q⁻¹ P
# loses: 10
# hint: The trace is that of Q⁻¹ P. Here it is P⁻¹ Q: np.linalg.solve(P, Q).
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(q_covariance, p_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: Q⁻¹ between the means
# loses: 4
# hint: The term with the means has Q⁻¹. Both inverses are those of p's covariance.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(q_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: nothing between the means
# loses: 8
# hint: P⁻¹ is missing between the two means: how far apart they are counts in units of the spread of p.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ shift
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: the trace of Q
# loses: 14
# hint: P⁻¹ is missing in the trace.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(q_covariance)
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: a sum for the trace
# loses: 10
# hint: You add up all entries of P⁻¹ Q. The trace is the sum of the diagonal alone.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.linalg.solve(p_covariance, q_covariance).sum()
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: a pair for the logarithm
# loses: 14
# hint: np.linalg.slogdet returns a pair, (sign, logarithm). Take its [1].
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance) - np.linalg.slogdet(q_covariance)
    return float(0.5 * (trace + distance - len(shift) + logs))


# %% wrong: a matrix of one entry
# loses: 14
# hint: The result is an array; one number is wanted. Leave the means as vectors of shape (n,), and take [1] of what np.linalg.slogdet returns.
def kl_multivariate_normal(q_loc, q_covariance, p_loc, p_covariance):
    shift = (p_loc - q_loc)[:, None]
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift.T @ np.linalg.solve(p_covariance, shift)
    logs = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return 0.5 * (trace + distance - len(shift) + logs)
