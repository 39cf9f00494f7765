"""Topic 03: which family should the posterior come from?

Three Gaussian families for the n weights of a layer: mean-field (n variances), low-rank (n
variances and a few directions) and full covariance; what each costs in parameters; and what a
mean-field posterior loses when the exact covariance is known. Each maker has the signature that
`tfp.layers.DenseVariational` calls, and a KL divergence to a diagonal Gaussian in closed form.

References:
    Bishop (2006), Pattern Recognition and Machine Learning, section 10.1.2
    Turner and Sahani (2011), Two problems with variational expectation maximisation
    Tomczak et al. (2020), Efficient Low Rank Gaussian Variational Inference
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras

from bayescnn.kl_weight import make_posterior as full_covariance

tfd = tfp.distributions

__all__ = [
    "best_mean_field",
    "full_covariance",
    "kl_mean_field_gap",
    "kl_multivariate_normal",
    "low_rank",
    "mean_field",
    "moment_matched",
    "parameter_counts",
    "predictive_variance",
]


def parameter_counts(n_weights: int, rank: int) -> dict[str, int]:
    """Count the trainable numbers of the three posterior families.

    Args:
        n_weights: number n of weights, kernel and bias together.
        rank: number r of directions of the low-rank family.

    Returns:
        "mean_field", "low_rank" and "full_covariance", each with its count.
    """
    return {
        "mean_field": 2 * n_weights,
        "low_rank": 2 * n_weights + rank * n_weights,
        "full_covariance": n_weights + n_weights * (n_weights + 1) // 2,
    }


def mean_field(kernel_size: int, bias_size: int, dtype: Any = None) -> keras.Model:
    """Make a trainable Gaussian posterior with independent weights, for `DenseVariational`.

    Use a `tfp.layers.VariableLayer` with 2 n numbers, first the means, then rho, and a
    `tfp.layers.DistributionLambda` that makes a `tfd.MultivariateNormalDiag` of them: one
    distribution over the vector of weights. (TFP knows no closed-form KL between an `Independent`
    normal, as `IndependentNormal` gives, and a `MultivariateNormalDiag`.)

    Args:
        kernel_size: number of kernel entries (features times units).
        bias_size: number of biases; 0 when the layer has none.
        dtype: dtype of both layers; None means float32.

    Returns:
        A Keras model that, called on any tensor, returns a Gaussian with event shape
        (kernel_size + bias_size,) and standard deviations softplus(rho). All 2 n numbers are
        trainable and start at zero.
    """
    n_weights = kernel_size + bias_size
    dtype = dtype or tf.float32
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n_weights, dtype=dtype),
            tfp.layers.DistributionLambda(
                lambda numbers: tfd.MultivariateNormalDiag(
                    loc=numbers[:n_weights], scale_diag=tf.math.softplus(numbers[n_weights:])
                ),
                dtype=dtype,
            ),
        ]
    )


def low_rank(rank: int, seed: int = 0) -> Callable[..., keras.Model]:
    """Return a maker of Gaussian posteriors whose scale matrix is diagonal plus low rank.

    The maker uses a `tfp.layers.VariableLayer` with (2 + rank) n numbers — means, rho, and the
    factor U of shape (n, rank) row by row — and makes a `tfd.MultivariateNormalDiagPlusLowRank` of
    them: its scale matrix is S = diag(softplus(rho)) + U Uᵀ and its covariance S Sᵀ.

    Args:
        rank: number of directions (columns of U), at least 1.
        seed: seed of the small random start of U.

    Returns:
        A function of (kernel_size, bias_size, dtype=None), as `DenseVariational` calls it, that
        returns a Keras model. Means and rho start at zero, the entries of U at draws from
        N(0, 0.1²): at U = 0 its gradient vanishes and it would never leave.
    """

    def make_posterior(kernel_size: int, bias_size: int, dtype: Any = None) -> keras.Model:
        n_weights = kernel_size + bias_size
        dtype = dtype or tf.float32
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n_weights, rank * n_weights],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n_weights, dtype=dtype, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda numbers: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=numbers[:n_weights],
                        scale_diag=tf.math.softplus(numbers[n_weights : 2 * n_weights]),
                        scale_perturb_factor=tf.reshape(
                            numbers[2 * n_weights :], (n_weights, rank)
                        ),
                    ),
                    dtype=dtype,
                ),
            ]
        )

    return make_posterior


def kl_multivariate_normal(
    q_loc: np.ndarray, q_covariance: np.ndarray, p_loc: np.ndarray, p_covariance: np.ndarray
) -> float:
    """Compute KL(q || p) between two Gaussians with full covariance, in closed form.

    It is 0 when q and p agree, and not symmetric in them.

    Args:
        q_loc: mean of q, shape (n,).
        q_covariance: covariance of q, shape (n, n), positive definite.
        p_loc: mean of p, shape (n,).
        p_covariance: covariance of p, shape (n, n), positive definite.

    Returns:
        The divergence in nats.
    """
    shift = p_loc - q_loc
    trace = np.trace(np.linalg.solve(p_covariance, q_covariance))
    distance = shift @ np.linalg.solve(p_covariance, shift)
    log_determinants = np.linalg.slogdet(p_covariance)[1] - np.linalg.slogdet(q_covariance)[1]
    return float(0.5 * (trace + distance - len(shift) + log_determinants))


def best_mean_field(covariance: np.ndarray) -> np.ndarray:
    """Compute the variances of the mean-field Gaussian q that minimises KL(q || p).

    Variational inference ends there when the exact posterior p is Gaussian: the variance of each
    weight *given all the others* (Bishop 2006, eq. 10.12-10.15). It is never larger than the
    weight's own variance.

    Args:
        covariance: covariance of p, shape (n, n), positive definite.

    Returns:
        Shape (n,).
    """
    return 1.0 / np.diag(np.linalg.inv(covariance))


def moment_matched(covariance: np.ndarray) -> np.ndarray:
    """Compute the variances of the mean-field Gaussian q that minimises KL(p || q).

    The other direction of the divergence keeps each weight's own variance and forgets only the
    correlations (Bishop 2006, eq. 10.17).

    Args:
        covariance: covariance of p, shape (n, n), positive definite.

    Returns:
        Shape (n,).
    """
    return np.diag(covariance).copy()


def kl_mean_field_gap(covariance: np.ndarray) -> float:
    """Compute what remains of KL(q || p) for the best mean-field q: the price of independence.

    q has the mean of p and the variances of `best_mean_field`. The gap is 0 when the covariance is
    diagonal and grows without bound with the correlations.

    Args:
        covariance: covariance of p, shape (n, n), positive definite.

    Returns:
        The divergence in nats.
    """
    log_determinant = np.linalg.slogdet(covariance)[1]
    return float(0.5 * (log_determinant + np.log(np.diag(np.linalg.inv(covariance))).sum()))


def predictive_variance(features: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Compute the epistemic variance of a linear model's predictions features @ w.

    Args:
        features: shape (N, n).
        covariance: covariance of the weights w, shape (n, n); for a mean-field posterior
            `np.diag(variances)`.

    Returns:
        One variance per example, shape (N,), in squared units of the target, noise not included.
    """
    return np.einsum("ij,jk,ik->i", features, covariance, features)
