"""Topic 04: a prior is a regularizer, and what else it is.

A gallery of priors for a weight; the penalties they amount to (a Gaussian prior is the L2 penalty
of ridge regression, a Laplace prior the L1 penalty of the lasso); how each shrinks a noisy
observation; posteriors other than TFP's default; and the KL divergence where TFP knows no closed
form.

References:
    Hastie, Tibshirani, Friedman (2009), The Elements of Statistical Learning, section 3.4
    Mitchell and Beauchamp (1988), Bayesian Variable Selection in Linear Regression
    Carvalho, Polson, Scott (2010), The horseshoe estimator for sparse signals
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras

from bayescnn.variational_bayes import kl_monte_carlo

tfd = tfp.distributions


def gaussian(scale: float) -> tfp.distributions.Distribution:
    """Make N(0, scale²), the prior of ridge regression and weight decay.

    Args:
        scale: standard deviation.

    Returns:
        A scalar `tfd.Distribution`.
    """
    return tfd.Normal(0.0, scale)


def laplace(scale: float) -> tfp.distributions.Distribution:
    """Make the Laplace prior exp(−|w| / scale) / (2 scale), the prior of the lasso.

    Args:
        scale: mean absolute value; the standard deviation is √2 times as large.

    Returns:
        A scalar `tfd.Distribution`.
    """
    return tfd.Laplace(0.0, scale)


def student_t(degrees_of_freedom: float, scale: float) -> tfp.distributions.Distribution:
    """Make Student's t prior: near 0 like a Gaussian, in the tails a power law.

    Args:
        degrees_of_freedom: the smaller, the heavier the tails; 1 is the Cauchy.
        scale: half-width of the centre.

    Returns:
        A scalar `tfd.Distribution`.
    """
    return tfd.StudentT(degrees_of_freedom, 0.0, scale)


def cauchy(scale: float) -> tfp.distributions.Distribution:
    """Make the Cauchy prior, whose tails are so heavy that it has neither mean nor variance.

    Args:
        scale: half of the probability lies within ±scale.

    Returns:
        A scalar `tfd.Distribution`.
    """
    return tfd.Cauchy(0.0, scale)


def spike_and_slab(
    slab_probability: float, slab_scale: float, spike_scale: float
) -> tfp.distributions.Distribution:
    """Make a mixture of a narrow Gaussian (the weight is off) and a wide one (it is on).

    Args:
        slab_probability: probability that the weight is on.
        slab_scale: standard deviation of a weight that is on.
        spike_scale: standard deviation of a weight that is off, positive so that a density exists.

    Returns:
        A scalar `tfd.Distribution`.
    """
    return tfd.MixtureSameFamily(
        tfd.Categorical(probs=[1.0 - slab_probability, slab_probability]),
        tfd.Normal(0.0, [spike_scale, slab_scale]),
    )


def horseshoe(scale: float) -> tfp.distributions.Distribution:
    """Make the horseshoe prior w ~ N(0, (λ scale)²) with λ ~ half-Cauchy(0, 1).

    Its density is infinite at 0 and has the tails of a Cauchy: small weights go to zero, large
    ones stay.

    Args:
        scale: sets the width, as for the half-Cauchy: λ · scale is the standard deviation.

    Returns:
        A scalar `tfd.Distribution`.
    """
    return tfd.Horseshoe(scale)


def diagonal_prior(
    n_weights: int, loc: float = 1.2, scale: float = 3.0
) -> tfp.distributions.Distribution:
    """Make a prior that expects something: N(loc, scale²) for each of n independent weights.

    Args:
        n_weights: number n of weights.
        loc: mean of every weight.
        scale: standard deviation of every weight; TFP's `scale_diag` is not the variance.

    Returns:
        A distribution with event shape (n_weights,), such as `tfd.MultivariateNormalDiag`.
    """
    return tfd.MultivariateNormalDiag(
        loc=tf.fill([n_weights], loc), scale_diag=tf.fill([n_weights], scale)
    )


def prior_gallery() -> dict[str, tfp.distributions.Distribution]:
    """Collect one prior of each kind, at scales that make them comparable in one figure."""
    return {
        "Gaussian": gaussian(1.0),
        "Laplace": laplace(1.0),
        "Student-t (3)": student_t(3.0, 1.0),
        "Cauchy": cauchy(1.0),
        "spike-and-slab": spike_and_slab(0.5, 2.0, 0.1),
        "horseshoe": horseshoe(1.0),
    }


def penalty(prior: tfp.distributions.Distribution, weights: tf.Tensor) -> tf.Tensor:
    """Compute the penalty that a prior puts on weights: −log p(w), summed over the weights.

    Args:
        prior: a scalar distribution, the same for every weight.
        weights: shape (n,).

    Returns:
        Scalar, in nats; it differs from a regularizer's usual form by a constant.
    """
    return -tf.reduce_sum(prior.log_prob(weights))


def ridge_strength(noise_scale: float, prior_scale: float) -> float:
    """Translate the prior N(0, prior_scale²) into the strength α of ridge regression.

    Ridge minimises ‖y − X w‖² + α ‖w‖² (`sklearn.linear_model.Ridge`).

    Args:
        noise_scale: standard deviation of the noise on the targets.
        prior_scale: standard deviation of the prior.

    Returns:
        The α at which ridge and maximum a posteriori give the same weights.
    """
    return noise_scale**2 / prior_scale**2


def lasso_strength(noise_scale: float, prior_scale: float, n_train: int) -> float:
    """Translate the prior Laplace(0, prior_scale) into the strength α of the lasso.

    The lasso minimises ‖y − X w‖² / (2 N) + α ‖w‖₁ (`sklearn.linear_model.Lasso`).

    Args:
        noise_scale: standard deviation of the noise on the targets.
        prior_scale: scale of the Laplace prior.
        n_train: number N of training examples.

    Returns:
        The α at which lasso and maximum a posteriori give the same weights.
    """
    return noise_scale**2 / (prior_scale * n_train)


def map_fit(
    features: np.ndarray,
    targets: np.ndarray,
    noise_scale: float,
    prior: tfp.distributions.Distribution,
    n_steps: int = 2000,
    learning_rate: float = 0.05,
) -> np.ndarray:
    """Fit linear regression by maximum a posteriori: the mode of p(w | data).

    Minimise −log p(y | X, w) − log p(w) over w, here by Adam from w = 0 with a rate that falls
    linearly to 0, so that weights come to rest in the kink of a Laplace prior. For a prior that
    is not log-concave this finds one mode of several (for the horseshoe, infinite at 0, there is
    none worth finding).

    Args:
        features: shape (N, n).
        targets: shape (N,).
        noise_scale: standard deviation of the noise.
        prior: a scalar distribution, the same for every weight.
        n_steps: number of gradient steps.
        learning_rate: the rate at the start.

    Returns:
        The weights, shape (n,), float32.
    """
    inputs, outputs = tf.constant(features, tf.float32), tf.constant(targets, tf.float32)
    weights = tf.Variable(tf.zeros(features.shape[1]))
    rate = keras.optimizers.schedules.PolynomialDecay(learning_rate, n_steps, 0.0)
    optimizer = keras.optimizers.Adam(rate)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            residuals = outputs - tf.linalg.matvec(inputs, weights)
            loss = tf.reduce_sum(residuals**2) / (2 * noise_scale**2)
            loss -= tf.reduce_sum(prior.log_prob(weights))
        optimizer.apply_gradients([(tape.gradient(loss, weights), weights)])

    for _ in range(n_steps):
        step()
    return weights.numpy()


def shrinkage_curve(
    prior: tfp.distributions.Distribution, observations: np.ndarray, noise_scale: float
) -> np.ndarray:
    """Compute how far a prior pulls a noisy observation of a weight towards 0.

    The posterior mean E[w | x] = ∫ w p(x | w) p(w) dw / ∫ p(x | w) p(w) dw, where x is
    N(w, noise_scale²), by numerical integration on a grid that is fine near 0 and leaves 0 itself
    out, since some priors are infinite there.

    Args:
        prior: a scalar distribution.
        observations: the x, shape (m,).
        noise_scale: standard deviation of the observation's noise.

    Returns:
        The posterior means, shape (m,).
    """
    reach = np.abs(observations).max() + 8 * noise_scale
    half = np.geomspace(1e-6 * reach, reach, 4000)
    grid = np.concatenate([-half[::-1], half])
    log_prior = prior.log_prob(tf.constant(grid, prior.dtype)).numpy().astype("float64")
    log_joint = log_prior - 0.5 * ((observations[:, None] - grid) / noise_scale) ** 2
    joint = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    return np.trapezoid(joint * grid, grid) / np.trapezoid(joint, grid)


def make_prior_fn(prior: tfp.distributions.Distribution) -> Callable[..., keras.Model]:
    """Turn a scalar prior into the prior maker that `tfp.layers.DenseVariational` asks for.

    Args:
        prior: a scalar distribution.

    Returns:
        A function of (kernel_size, bias_size, dtype=None) that returns a Keras model without
        variables: called on any tensor, it gives independent draws of `prior` as one distribution
        with event shape (kernel_size + bias_size,) (`tfd.Sample`). The prior has a dtype of its
        own, so the one handed over may be ignored.
    """

    def make_prior(kernel_size: int, bias_size: int, dtype: Any = None) -> keras.Model:
        n_weights = kernel_size + bias_size
        return keras.Sequential(
            [tfp.layers.DistributionLambda(lambda _: tfd.Sample(prior, n_weights))]
        )

    return make_prior


def make_posterior_fn(
    family: Callable[..., tfp.distributions.Distribution],
    loc_stddev: float,
    scale: float,
    seed: int,
) -> Callable[..., tfp.distributions.Distribution]:
    """Return a custom posterior for TFP's convolution and dense layers (`kernel_posterior_fn`).

    Use `tfp.layers.default_loc_scale_fn` with initializers of your own (`loc_initializer` and
    `untransformed_scale_initializer`, such as `keras.initializers.RandomNormal` and `Constant`): it
    creates the trainable location and a scale that is the softplus of a trainable number.

    Args:
        family: a distribution with parameters `loc` and `scale`, such as `tfd.Normal` or
            `tfd.Laplace`.
        loc_stddev: standard deviation of the random start of the locations (TFP's default is 0.1).
        scale: the value at which every scale starts (TFP's default is about softplus(−3) = 0.049).
        seed: seed of that random start. Layers of equal shape need different seeds.

    Returns:
        A function of (dtype, shape, name, trainable, add_variable_fn), as TFP's layers call it,
        that returns a distribution with event shape `shape`, independent over all entries
        (`tfd.Independent` with `reinterpreted_batch_ndims=len(shape)`).
    """
    make_loc_scale = tfp.layers.default_loc_scale_fn(
        loc_initializer=keras.initializers.RandomNormal(stddev=loc_stddev, seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(np.log(np.expm1(scale))),
    )

    def posterior_fn(
        dtype: Any, shape: Any, name: str, trainable: bool, add_variable_fn: Callable[..., Any]
    ) -> tfp.distributions.Distribution:
        loc, scale = make_loc_scale(dtype, shape, name, trainable, add_variable_fn)
        return tfd.Independent(family(loc=loc, scale=scale), len(shape))

    return posterior_fn


def kl_divergence(
    q: tfp.distributions.Distribution,
    p: tfp.distributions.Distribution,
    n_samples: int,
    seed: int | None = None,
) -> tf.Tensor:
    """Compute KL(q || p) exactly where TFP has a closed form registered, else by Monte Carlo.

    Args:
        q: distribution to measure, and to sample from if need be.
        p: distribution over the same events.
        n_samples: number of draws when there is no closed form (`tfd.kl_divergence` raises
            NotImplementedError).
        seed: seed of these draws, as in `kl_monte_carlo`: the same one repeats them.

    Returns:
        The divergence in nats, of q's batch shape.
    """
    try:
        return tfd.kl_divergence(q, p)
    except NotImplementedError:
        return kl_monte_carlo(q, p, n_samples, seed=seed)


def monte_carlo_kl_divergence_fn(
    n_samples: int, kl_weight: float = 1.0
) -> Callable[..., tf.Tensor]:
    """Return a `kernel_divergence_fn` for TFP's layers that needs no closed form.

    Args:
        n_samples: draws from the posterior per call of the layer.
        kl_weight: factor on the divergence, such as 1 / N.

    Returns:
        A function of (posterior, prior, posterior_tensor) giving kl_weight times the Monte Carlo
        estimate of KL(posterior || prior), in nats. TFP's layers pass all three; the last is the
        one draw that the layer computes with, and is not needed.
    """

    def kl_divergence_fn(
        posterior: tfp.distributions.Distribution,
        prior: tfp.distributions.Distribution,
        posterior_tensor: tf.Tensor | None = None,
    ) -> tf.Tensor:
        return kl_weight * kl_monte_carlo(posterior, prior, n_samples)

    return kl_divergence_fn
