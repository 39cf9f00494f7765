"""Topic 02: how heavily should the KL divergence count?

A Bayesian linear layer whose weights have a full-covariance Gaussian posterior, the callback that
watches this posterior narrow while it is fitted, and the sweep over KL weights. The variational
loss of N training examples is

    sum_i -log p(y_i | x_i, w) + KL(q(w) || p(w)),

but Keras averages a loss over the examples: it divides the first term by N. Dividing the KL by N
as well keeps the balance that Bayes' rule asks for; any other weight tempers the posterior.

References:
    Blundell et al. (2015), Weight Uncertainty in Neural Networks, https://arxiv.org/abs/1505.05424
    Wenzel et al. (2020), How Good is the Bayes Posterior in Deep Neural Networks Really?,
        https://arxiv.org/abs/2002.02405
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras

tfd = tfp.distributions


def toy_data(
    n_train: int, n_features: int, noise_scale: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a linear regression whose true weights are known.

    Args:
        n_train: number of examples N.
        n_features: number of features d, each drawn from N(0, 1).
        noise_scale: standard deviation of the noise on the targets.
        seed: the same seed gives the same data.

    Returns:
        features (N, d), targets (N, 1) and true_weights (d + 1,), all float32. The true weights,
        drawn from N(0, I), are the kernel followed by the bias, as `DenseVariational` orders them.
    """
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_train, n_features))
    true_weights = rng.normal(size=n_features + 1)
    noise = rng.normal(scale=noise_scale, size=n_train)
    targets = (features @ true_weights[:-1] + true_weights[-1] + noise)[:, None]
    return features.astype("float32"), targets.astype("float32"), true_weights.astype("float32")


def toy_optimizer(n_steps: int) -> keras.optimizers.Optimizer:
    """Make the optimizer of the toy fits: Adam, its learning rate falling from 0.05 to 0.

    A new weight draw at each step makes the gradient noisy, and a noisy off-diagonal entry of the
    scale matrix *adds* variance. A falling rate lets that noise die out. With Adam's usual
    beta_2 = 0.999 the large first gradients would hold the step sizes down for too long.

    Args:
        n_steps: gradient steps of the whole fit, epochs times batches per epoch; about 1500 are
            enough for 100 examples in batches of 4.
    """
    rate = keras.optimizers.schedules.PolynomialDecay(0.05, n_steps, 0.0, power=2)
    return keras.optimizers.Adam(rate, beta_2=0.99)


def parameter_count(n_features: int, n_units: int) -> int:
    """Count the trainable numbers of a dense layer with a full-covariance Gaussian posterior.

    Every unit has a kernel column and a bias of its own. One Gaussian over all weights of the layer
    needs a mean and a lower-triangular scale matrix with its diagonal. Three features and one unit
    make 14.

    Args:
        n_features: inputs of the layer.
        n_units: outputs of the layer.

    Returns:
        The count, an int.

    Raises:
        ValueError: `n_features` or `n_units` is smaller than 1.
    """
    if n_features < 1 or n_units < 1:
        raise ValueError(
            f"A layer needs at least one feature and one unit, got n_features={n_features} "
            f"and n_units={n_units}."
        )
    n_weights = (n_features + 1) * n_units
    return n_weights + n_weights * (n_weights + 1) // 2


def make_prior(kernel_size: int, bias_size: int, dtype: Any = None) -> keras.Model:
    """Make the fixed prior N(0, I) over all weights of a layer, for `tfp.layers.DenseVariational`.

    Use `keras.Sequential` around one `tfp.layers.DistributionLambda` that ignores its input and
    returns a `tfd.MultivariateNormalDiag`.

    Args:
        kernel_size: number of kernel entries (features times units).
        bias_size: number of biases; 0 when the layer has none.
        dtype: dtype of the distribution; None means float32.

    Returns:
        A Keras model that, called on any tensor, returns the prior: a distribution with event
        shape (kernel_size + bias_size,), mean 0 and variance 1. It has no variable at all, so
        training leaves it as it is.
    """
    n_weights = kernel_size + bias_size
    dtype = tf.as_dtype(dtype or tf.float32)
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(
                    loc=tf.zeros(n_weights, dtype), scale_diag=tf.ones(n_weights, dtype)
                )
            )
        ]
    )


def make_posterior(kernel_size: int, bias_size: int, dtype: Any = None) -> keras.Model:
    """Make the trainable full-covariance Gaussian posterior for `tfp.layers.DenseVariational`.

    Use `keras.Sequential` with a `tfp.layers.VariableLayer`, which holds the numbers to train, and
    a `tfp.layers.MultivariateNormalTriL`, which turns them into a distribution; its `params_size`
    says how many it wants.

    Args:
        kernel_size: number of kernel entries (features times units).
        bias_size: number of biases; 0 when the layer has none.
        dtype: dtype of both layers; None means float32.

    Returns:
        A Keras model that, called on any tensor, returns the posterior: a distribution with event
        shape (n,), n = kernel_size + bias_size. It has one trainable variable with n + n(n+1)/2
        entries, zero at the start (Keras lists it once the model has been called).
    """
    n_weights = kernel_size + bias_size
    dtype = dtype or tf.float32
    n_numbers = tfp.layers.MultivariateNormalTriL.params_size(n_weights)
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n_numbers, dtype=dtype),
            tfp.layers.MultivariateNormalTriL(n_weights, dtype=dtype),
        ]
    )


def per_example_weight(n_train: int, multiple: float = 1.0) -> float:
    """Compute the factor by which the KL divergence enters a loss that is a mean over examples.

    Args:
        n_train: number N of *training examples* (not of batches, and not the batch size).
        multiple: 1 gives the Bayesian posterior, less a tempered (narrower) one, 0 none at all.

    Returns:
        `multiple` times the factor that Bayes' rule asks for.

    Raises:
        ValueError: `n_train` is smaller than 1 or `multiple` is negative.
    """
    if n_train < 1:
        raise ValueError(f"There must be at least one training example, got n_train={n_train}.")
    if multiple < 0:
        raise ValueError(f"The KL must not be rewarded: multiple={multiple} is negative.")
    return multiple / n_train


def negative_log_likelihood(
    targets: tf.Tensor, prediction: tfp.distributions.Distribution
) -> tf.Tensor:
    """Score a predicted distribution: the loss function to compile the model with.

    Args:
        targets: shape (batch, units).
        prediction: the model's output, a distribution with batch shape (batch,) and event shape
            (units,).

    Returns:
        Shape (batch,), in nats: -log p(target) of each example. Keras then takes the mean.
    """
    return -prediction.log_prob(targets)


def build_model(
    n_features: int,
    n_units: int,
    make_posterior: Callable[..., keras.Model],
    make_prior: Callable[..., keras.Model],
    kl_weight: float,
    noise_scale: float,
) -> keras.Sequential:
    """Build Bayesian linear regression: one `DenseVariational` layer and a Gaussian output.

    Args:
        n_features: inputs of the layer.
        n_units: outputs of the layer.
        make_posterior: called by the layer with (kernel_size, bias_size, dtype).
        make_prior: called by the layer with (kernel_size, bias_size, dtype).
        kl_weight: factor on the KL divergence, see `per_example_weight`. The closed form of the
            KL is used (`kl_use_exact`).
        noise_scale: known standard deviation of the noise on the targets.

    Returns:
        A `keras.Sequential`, built but not compiled, with two layers: `DenseVariational` without
        activation, and `DistributionLambda`. Called on features (batch, n_features) it draws the
        weights once and returns a Gaussian with batch shape (batch,), event shape (n_units,),
        mean features @ kernel + bias and standard deviation `noise_scale`.
    """
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


class PosteriorRecorder(keras.callbacks.Callback):
    """Record mean and variance of the posterior after every epoch of `fit`.

    It watches the first `tfp.layers.DenseVariational` of the model it is given to. That layer
    keeps what `make_posterior` returned in its attribute `_posterior`; called on any tensor, say
    `tf.zeros((1, 1))`, it returns the posterior as a distribution.

    Attributes:
        means: one array of shape (n,) per epoch, n the number of weights of the layer.
        variances: one array of shape (n,) per epoch, the diagonal of the covariance.
    """

    def __init__(self) -> None:
        super().__init__()
        self.means: list[np.ndarray] = []
        self.variances: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Append the posterior's present mean and variance to `means` and `variances`."""
        layer = next(
            layer for layer in self.model.layers if isinstance(layer, tfp.layers.DenseVariational)
        )
        posterior = layer._posterior(tf.zeros((1, 1)))
        self.means.append(posterior.mean().numpy())
        self.variances.append(posterior.variance().numpy())

    def history(self) -> dict[str, np.ndarray]:
        """Return what was recorded as {"mean": (epochs, n), "variance": (epochs, n)}."""
        return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}


def sweep_kl_weights(
    features: np.ndarray,
    targets: np.ndarray,
    kl_weights: Sequence[float],
    make_model: Callable[[float], keras.Model],
    make_recorder: Callable[[], PosteriorRecorder],
    n_epochs: int,
    batch_size: int,
    seed: int = 0,
) -> np.ndarray:
    """Fit one fresh model per KL weight and follow how wide its posterior is.

    Args:
        features: shape (N, n_features).
        targets: shape (N, n_units).
        kl_weights: the weights to try, in this order.
        make_model: called with a KL weight, returns a fresh model, already compiled.
        make_recorder: called without arguments before each fit, returns a fresh recorder.
        n_epochs: passes over the data per model.
        batch_size: examples per gradient step.
        seed: given to `keras.utils.set_random_seed` before each model is made, so that the runs
            differ in nothing but the KL weight.

    Returns:
        Shape (len(kl_weights), n_epochs): after each epoch, the posterior variance averaged over
        the weights of the layer.
    """
    curves = []
    for kl_weight in kl_weights:
        keras.utils.set_random_seed(seed)
        recorder = make_recorder()
        make_model(kl_weight).fit(
            features,
            targets,
            epochs=n_epochs,
            batch_size=batch_size,
            callbacks=[recorder],
            verbose=0,
        )
        curves.append(np.mean(recorder.variances, axis=-1))
    return np.stack(curves)
