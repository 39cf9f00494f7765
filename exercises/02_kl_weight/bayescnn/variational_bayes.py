"""Topic 01: variational Bayes from scratch.

The KL divergence between Gaussians, in closed form and by Monte Carlo; the reparameterization
trick; the negative evidence lower bound (ELBO); and Bayes by Backprop, which puts the three
together, on a linear regression whose exact posterior is known.

Notation: q is the variational posterior, p the prior, w the weights, N the number of examples.

References:
    Blundell et al. (2015), Weight Uncertainty in Neural Networks, https://arxiv.org/abs/1505.05424
    Kingma and Welling (2014), Auto-Encoding Variational Bayes, https://arxiv.org/abs/1312.6114
    Bishop (2006), Pattern Recognition and Machine Learning, sections 3.3 and 10.1
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.optimize
import scipy.special
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras

tfd = tfp.distributions


def kl_normal(
    q_loc: tf.Tensor, q_scale: tf.Tensor, p_loc: tf.Tensor | float, p_scale: tf.Tensor | float
) -> tf.Tensor:
    """Compute KL(q || p) between two Gaussians with diagonal covariance, in closed form.

    Kingma and Welling (2014), appendix B, have the case p = N(0, 1).

    Args:
        q_loc: mean of q, shape (..., n).
        q_scale: standard deviation of q, positive, shape (..., n).
        p_loc: mean of p, shape (..., n), or one number for all entries.
        p_scale: standard deviation of p, positive, shape (..., n), or one number for all entries.

    Returns:
        Shape (...), in nats: the divergence summed over the last axis.
    """
    squares = (q_scale**2 + (q_loc - p_loc) ** 2) / (2 * p_scale**2)
    return tf.reduce_sum(tf.math.log(p_scale / q_scale) + squares - 0.5, axis=-1)


def kl_monte_carlo(
    q: tfp.distributions.Distribution,
    p: tfp.distributions.Distribution,
    n_samples: int,
    seed: int | None = None,
) -> tf.Tensor:
    """Estimate KL(q || p) from draws of q: the mean of log q(w) − log p(w) over w ~ q.

    It needs no closed form, only that q can be sampled and both densities evaluated. The standard
    error falls with the square root of `n_samples`. For reparameterized q, gradients flow through
    the draws, so that a loss may hold the estimate.

    Args:
        q: distribution to sample from, with batch shape (...).
        p: distribution over the same events.
        n_samples: number of draws.
        seed: the same seed gives the same draws; None draws afresh. TFP takes a pair of integers
            for such a seed; a single one would give new draws at every call. Without a seed TFP
            wants None itself.

    Returns:
        Shape (...), in nats. Single estimates may be negative, the divergence never is.
    """
    draws = q.sample(n_samples, seed=None if seed is None else (0, seed))
    return tf.reduce_mean(q.log_prob(draws) - p.log_prob(draws), axis=0)


def best_normal(
    log_density: np.ndarray, grid: np.ndarray, direction: str, start: tuple[float, float]
) -> tuple[float, float]:
    """Find the Gaussian q nearest to a density p on a line, in either direction of the KL.

    Args:
        log_density: log p on the grid, shape (m,); it need not be normalized.
        grid: equally spaced points that cover p and q, shape (m,).
        direction: "reverse" minimises KL(q || p), as variational inference does: q must vanish
            where p does, and settles on one of modes that lie far apart. "forward" minimises
            KL(p || q): q must cover all of p, and takes over its mean and variance.
        start: mean and standard deviation to start from; the reverse KL can have several minima.

    Returns:
        Mean and standard deviation of q.

    Raises:
        ValueError: `direction` is neither.
    """
    if direction not in ("reverse", "forward"):
        raise ValueError(f'direction must be "reverse" or "forward", got {direction!r}.')
    log_p = log_density - scipy.special.logsumexp(log_density)

    def divergence(parameters: np.ndarray) -> float:
        log_q = -0.5 * ((grid - parameters[0]) / np.exp(parameters[1])) ** 2
        log_q = log_q - scipy.special.logsumexp(log_q)
        a, b = (log_q, log_p) if direction == "reverse" else (log_p, log_q)
        return float(np.sum(np.exp(a) * (a - b)))

    fit = scipy.optimize.minimize(divergence, (start[0], np.log(start[1])), method="Nelder-Mead")
    return float(fit.x[0]), float(np.exp(fit.x[1]))


def reparameterize(loc: tf.Tensor, rho: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Turn standard normal noise into a draw from N(loc, softplus(rho)²).

    The draw is a differentiable function of `loc` and `rho`, so that gradients reach them; and
    softplus(rho) = log(1 + exp(rho)) is positive whatever the optimizer does to `rho`.

    Args:
        loc: mean, shape (n,).
        rho: scale before the softplus, shape (n,).
        noise: draws from N(0, 1), shape (..., n).

    Returns:
        Shape (..., n).
    """
    return loc + tf.math.softplus(rho) * noise


def gaussian_log_likelihood(
    targets: tf.Tensor, predictions: tf.Tensor, noise_scale: float
) -> tf.Tensor:
    """Compute log N(target; prediction, noise_scale²) of each example.

    Args:
        targets: shape (N,).
        predictions: shape (..., N).
        noise_scale: standard deviation of the noise, in the units of the targets.

    Returns:
        Shape (..., N), in nats, normalization −log(noise_scale √(2π)) included.
    """
    standardized = (targets - predictions) / noise_scale
    return -0.5 * standardized**2 - np.log(noise_scale * np.sqrt(2 * np.pi))


def negative_elbo(log_likelihood: tf.Tensor, kl: tf.Tensor, kl_weight: float) -> tf.Tensor:
    """Compute the loss of variational Bayes, as a mean over examples.

    It is lowest where KL(q || posterior) is (Blundell et al. 2015, eq. 1).

    Args:
        log_likelihood: log p(y_i | x_i, w) of each example, shape (N,), in nats.
        kl: KL(q || prior), scalar, in nats.
        kl_weight: factor on the KL. With 1 / N_train, the number of *training* examples, the
            result is the negative ELBO divided by N_train.

    Returns:
        Scalar, in nats per example.
    """
    return kl_weight * kl - tf.reduce_mean(log_likelihood)


def exact_posterior(
    features: np.ndarray, targets: np.ndarray, noise_scale: float, prior_scale: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the exact posterior of Bayesian linear regression (Bishop 2006, eq. 3.53, 3.54).

    The model is targets = features @ w + noise with noise ~ N(0, noise_scale²) and the prior
    w ~ N(0, prior_scale² I). There is no bias: give `features` a column of ones for one.

    Args:
        features: shape (N, d).
        targets: shape (N,).
        noise_scale: standard deviation of the noise.
        prior_scale: standard deviation of each weight under the prior.

    Returns:
        mean (d,) and covariance (d, d) of p(w | data), which is Gaussian.
    """
    n_weights = features.shape[1]
    precision = features.T @ features / noise_scale**2 + np.eye(n_weights) / prior_scale**2
    covariance = np.linalg.inv(precision)
    return covariance @ features.T @ targets / noise_scale**2, covariance


def regression_loss(
    features: np.ndarray, targets: np.ndarray, noise_scale: float, prior_scale: float
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]:
    """Put the loss of Bayesian linear regression together, for the model of `exact_posterior`.

    Args:
        features: shape (N, d).
        targets: shape (N,).
        noise_scale: standard deviation of the noise.
        prior_scale: standard deviation of each weight under the prior N(0, prior_scale² I).

    Returns:
        ``loss(loc, rho, noise)``, each of shape (d,): one draw's estimate of the negative ELBO
        over all data, with KL weight 1 / N; scalar, in nats per example.
    """
    inputs, outputs = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)

    def loss(loc: tf.Tensor, rho: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        weights = reparameterize(loc, rho, noise)
        predictions = tf.linalg.matvec(inputs, weights)
        log_likelihood = gaussian_log_likelihood(outputs, predictions, noise_scale)
        kl = kl_normal(loc, tf.math.softplus(rho), 0.0, prior_scale)
        return negative_elbo(log_likelihood, kl, 1.0 / len(features))

    return loss


def bayes_by_backprop(
    loss: Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor],
    n_weights: int,
    n_steps: int,
    learning_rate: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit a mean-field Gaussian N(loc, softplus(rho)²) by gradient steps (Blundell et al. 2015).

    Each step draws fresh noise from N(0, 1), one number per weight, computes the loss, and moves
    loc and rho along its gradient (`tf.GradientTape`) by Adam. Adam's rate falls linearly from
    `learning_rate` to 0 over all steps, so that the noise of the draws dies out. The fit starts at
    loc = 0 and rho = −2.

    Args:
        loss: ``loss(loc, rho, noise)``, each float32 of shape (n_weights,); scalar.
        n_weights: number of weights.
        n_steps: number of gradient steps.
        learning_rate: the rate at the start.
        seed: the same seed gives the same fit.

    Returns:
        loc and scale of shape (n_weights,), mean and standard deviation of q after the last step;
        and the loss at each step, before its move, (n_steps,).
    """
    noises = np.random.default_rng(seed).normal(size=(n_steps, n_weights))
    loc, rho = tf.Variable(tf.zeros(n_weights)), tf.Variable(tf.fill([n_weights], -2.0))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)

    @tf.function
    def step(noise: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(loc, rho, noise)
        slopes = tape.gradient(value, [loc, rho])
        optimizer.apply_gradients(zip(slopes, [loc, rho], strict=True))
        return value

    losses = [step(noise) for noise in tf.constant(noises, tf.float32)]
    return loc.numpy(), tf.math.softplus(rho).numpy(), np.array(losses)
