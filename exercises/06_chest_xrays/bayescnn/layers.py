"""Bayesian convolution and dense layers with a mean-field posterior, and how their KL is weighed.

The layers are TensorFlow Probability's, given what they need to train: He-scaled posterior means,
a narrow initial posterior, a prior as wide as He's initialisation, and a KL divergence that enters
the loss once, divided by the number of training examples and raised slowly from zero. Kernels are
random; biases, a thousandth of the parameters, are learnt as point estimates.

References:
    Blundell et al. (2015), Weight Uncertainty in Neural Networks, arXiv:1505.05424.
    Kingma, Salimans and Welling (2015), Variational Dropout and the Local Reparameterization
        Trick, arXiv:1506.02557.
    Wen et al. (2018), Flipout, arXiv:1803.04386.
    He et al. (2015), Delving Deep into Rectifiers, arXiv:1502.01852; (2016), Deep Residual
        Learning, arXiv:1512.03385. T. He et al. (2019), Bag of Tricks, arXiv:1812.01187.
    Sønderby et al. (2016), Ladder Variational Autoencoders (KL warm-up), arXiv:1602.02282.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp
import tf_keras as keras
from tensorflow_probability import distributions as tfd

# For modules that import it. The functions below spell it out: a notebook shows them by themselves.
Estimator = Literal["flipout", "reparameterization"]

# TFP's layers call Keras' old name for add_weight; nothing the reader could do about it.
warnings.filterwarnings("ignore", message=".*layer.add_variable.*", category=UserWarning)


class KLScale:
    """The factor that every Bayesian layer multiplies its KL divergence with.

    The Keras loss is a mean over examples, so the KL of the whole data set is shared out among its
    n_train examples; kl_weight (λ) is 1 for the ELBO and less for a "cold" posterior; beta is the
    warm-up that `KLWarmUp` raises from 0 to 1. Make one for the whole model, under the strategy's
    scope if there is one.

    Attributes:
        beta: scalar float32 variable, not trainable, 1 at first.
        kl_weight: λ.
        n_train: number of training examples.

    Raises:
        ValueError: if n_train is not positive or kl_weight is negative.
    """

    def __init__(self, n_train: int, kl_weight: float = 1.0) -> None:
        if n_train <= 0:
            raise ValueError(f"n_train is the number of training examples, got {n_train}")
        if kl_weight < 0:
            raise ValueError(f"kl_weight must be 0 or more, got {kl_weight}")
        self.n_train = n_train
        self.kl_weight = kl_weight
        self.beta = tf.Variable(
            1.0,
            trainable=False,
            name="kl_beta",
            dtype=tf.float32,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )

    @property
    def value(self) -> tf.Tensor:
        """The factor now, a scalar per training example."""
        return self.beta * (self.kl_weight / self.n_train)


class KLWarmUp(keras.callbacks.Callback):
    """Raises the KL's beta from 0 in the first epoch to 1 at epoch `n_epochs`, in a straight line.

    Without it the KL, which starts at one to four nats for every weight, the more the narrower the
    layer, drowns the likelihood before the network has learnt anything (Sønderby et al. 2016,
    section 2.3).

    Args:
        kl_scale: the model's `KLScale`.
        n_epochs: length of the warm-up; 0 for none.
    """

    def __init__(self, kl_scale: KLScale, n_epochs: int) -> None:
        super().__init__()
        self.kl_scale = kl_scale
        self.n_epochs = n_epochs

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Sets beta for this epoch, counted from 0: it depends on the epoch's number alone."""
        self.kl_scale.beta.assign(min(1.0, epoch / self.n_epochs) if self.n_epochs > 0 else 1.0)


def scaled_prior_fn(
    dtype: tf.DType,
    shape: Sequence[int],
    name: str,
    trainable: bool,
    add_variable_fn: Callable[..., tf.Variable],
) -> tfd.Distribution:
    """Makes a kernel's prior: normal around 0, as wide as He's initialisation, nothing to train.

    With it, a layer followed by ReLU keeps the mean square of its input (He et al. 2015, equation
    10), so it says "an ordinary untrained network" whatever the layer's width; N(0, 1) does not.

    Args:
        dtype: of the weights, and of all numbers of the prior.
        shape: of the kernel, (..., inputs, outputs).
        name: unused, as are `trainable` and `add_variable_fn`: the signature is that of TFP.
        trainable: unused.
        add_variable_fn: unused.

    Returns:
        An independent normal distribution with event shape `shape`.
    """
    scale = np.sqrt(2.0 / np.prod(shape[:-1]))
    return tfd.Independent(
        tfd.Normal(tf.zeros(shape, dtype), tf.constant(scale, dtype)),
        reinterpreted_batch_ndims=len(shape),
    )


def he_posterior_fn(seed: int, initial_rho: float = -5.0) -> Callable[..., tfd.Distribution]:
    """Makes the function that creates a kernel's posterior, N(loc, softplus(rho)²), trainable.

    The means start as He's initialisation and the standard deviations at softplus(-5) = 0.0067,
    small beside them, so that the network learns from its first step. TFP's own start (mean 0 ± 0.1
    and softplus(-3) = 0.049 whatever the width) makes wide layers explode.

    Args:
        seed: of the means; give every layer its own, or layers of one shape start out equal.
        initial_rho: start of every rho, the untransformed scale.

    Returns:
        A function of (dtype, shape, name, trainable, add_variable_fn), as TFP's layers call it.
    """
    return tfp.layers.default_mean_field_normal_fn(
        loc_initializer=keras.initializers.HeNormal(seed=seed),
        untransformed_scale_initializer=keras.initializers.Constant(initial_rho),
    )


def kernel_arguments(
    posterior_fn: Callable[..., tfd.Distribution],
    prior_fn: Callable[..., tfd.Distribution],
    kl_scale: KLScale,
) -> dict[str, Any]:
    """Gives the keyword arguments that make a layer of TFP Bayesian as this course wants it.

    TFP's layers call `kernel_divergence_fn(posterior, prior, draw)`, draw being the kernel that was
    drawn from the posterior, and add the result to the model's losses, as it is: it must have been
    scaled. Ours is exact, and follows the warm-up.

    Args:
        posterior_fn: makes a kernel's posterior, such as `he_posterior_fn` returns.
        prior_fn: makes its prior, such as `scaled_prior_fn`.
        kl_scale: the model's; `kl_scale.value` changes during the warm-up.

    Returns:
        By the names that TFP's layers have for them: the functions that make the kernel's posterior
        and its prior, the divergence, the function that makes the bias (a point estimate that
        starts at zero), and the type, float32 whatever the global policy.
    """
    return {
        "kernel_posterior_fn": posterior_fn,
        "kernel_prior_fn": prior_fn,
        "kernel_divergence_fn": lambda q, p, _: kl_scale.value * tfd.kl_divergence(q, p),
        "bias_posterior_fn": tfp.layers.default_mean_field_normal_fn(
            is_singular=True, loc_initializer="zeros"
        ),
        "dtype": "float32",
    }


def bayesian_dense(
    units: int,
    arguments: dict[str, Any],
    *,
    estimator: Literal["flipout", "reparameterization"] = "flipout",
    name: str | None = None,
) -> keras.layers.Layer:
    """Makes a Bayesian dense layer.

    Args:
        units: number of outputs.
        arguments: of the layer, from `kernel_arguments`.
        estimator: "flipout" gives every example of a batch its own (sign-flipped) perturbation;
            "reparameterization" draws one kernel for the whole batch.
        name: of the layer.

    Returns:
        A layer from (batch, features) to (batch, units), without activation.

    Raises:
        KeyError: for an unknown estimator.
    """
    layer = {
        "flipout": tfp.layers.DenseFlipout,
        "reparameterization": tfp.layers.DenseReparameterization,
    }[estimator]
    return layer(units, name=name, **arguments)


def bayesian_conv2d(
    filters: int,
    kernel_size: int,
    arguments: dict[str, Any],
    *,
    strides: int = 1,
    estimator: Literal["flipout", "reparameterization"] = "flipout",
    name: str | None = None,
) -> keras.layers.Layer:
    """Makes a Bayesian convolution layer.

    Args:
        filters: number of output channels.
        kernel_size: height and width of the kernel, pixels.
        arguments: of the layer, from `kernel_arguments`.
        strides: step of the convolution, pixels, at most kernel_size.
        estimator: as for `bayesian_dense`.
        name: of the layer.

    Returns:
        A layer from (batch, height, width, channels) to (batch, ⌈height / strides⌉,
        ⌈width / strides⌉, filters), without activation, padding "same".

    Raises:
        KeyError: for an unknown estimator.
        ValueError: for strides wider than the kernel.
    """
    if strides > kernel_size:
        # It would never see the pixels between; TensorFlow 2.21's gradient of it crashes on a CPU.
        raise ValueError(
            f"strides {strides} is wider than kernel_size {kernel_size}: pool the input instead"
        )
    layer = {
        "flipout": tfp.layers.Convolution2DFlipout,
        "reparameterization": tfp.layers.Convolution2DReparameterization,
    }[estimator]
    return layer(filters, kernel_size, strides=strides, padding="same", name=name, **arguments)


def residual_block(
    inputs: Any,
    filters: int,
    make_conv: Callable[[str, int, int, int], Callable[[Any], Any]],
    strides: int = 1,
) -> Any:
    """Applies a residual block: swish(shortcut(x) + conv2(swish(conv1(x)))).

    conv1 and conv2 are convolutions of 3 × 3 pixels, conv1 with the block's strides. The shortcut
    is x itself where shapes agree (strides 1, and x has as many channels as the output); else a
    1 × 1 convolution with strides 1, of x averaged over strides × strides pixels (padding "same")
    where strides are more than 1, so that it skips no pixel (He et al. 2016, figure 2 and
    equation 2; T. He et al. 2019, figure 2c).

    Args:
        inputs: x, (batch, height, width, channels), a Keras tensor or a tensor.
        filters: channels of the output.
        make_conv: make_conv(part, filters, kernel_size, strides) makes a convolution layer; part is
            "conv1", "conv2" or "shortcut". Each part is made at most once, and only where needed.
        strides: step of the first convolution, pixels.

    Returns:
        (batch, ⌈height / strides⌉, ⌈width / strides⌉, filters).
    """
    x = make_conv("conv1", filters, 3, strides)(inputs)
    x = keras.layers.Activation("swish")(x)
    x = make_conv("conv2", filters, 3, 1)(x)
    shortcut = inputs
    if strides != 1:
        shortcut = keras.layers.AveragePooling2D(strides, padding="same")(shortcut)
    if strides != 1 or inputs.shape[-1] != filters:
        shortcut = make_conv("shortcut", filters, 1, 1)(shortcut)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


def bayesian_block(
    inputs: Any,
    filters: int,
    *,
    kl_scale: KLScale,
    seed: int,
    strides: int = 1,
    estimator: Literal["flipout", "reparameterization"] = "flipout",
    initial_rho: float = -5.0,
    name: str,
) -> Any:
    """Applies a residual block whose convolutions are Bayesian.

    Args:
        inputs: (batch, height, width, channels), a Keras tensor or a tensor.
        filters: channels of the output.
        kl_scale: the model's shared KL factor.
        seed: the block's layers take seed, seed + 1 and (shortcut) seed + 2.
        strides: step of the first convolution, pixels.
        estimator: as for `bayesian_dense`.
        initial_rho: as for `he_posterior_fn`.
        name: prefix of the layers' names, another one for every block.

    Returns:
        (batch, ⌈height / strides⌉, ⌈width / strides⌉, filters).
    """
    parts = ("conv1", "conv2", "shortcut")

    def make_conv(part: str, filters: int, kernel_size: int, strides: int) -> keras.layers.Layer:
        posterior_fn = he_posterior_fn(seed + parts.index(part), initial_rho)
        return bayesian_conv2d(
            filters,
            kernel_size,
            kernel_arguments(posterior_fn, scaled_prior_fn, kl_scale),
            strides=strides,
            estimator=estimator,
            name=f"{name}_{part}",
        )

    return residual_block(inputs, filters, make_conv, strides)


def kl_divergence(model: keras.Model) -> tf.Tensor:
    """Sums KL(posterior ‖ prior) over all Bayesian kernels of a model, unscaled.

    Args:
        model: a built model.

    Returns:
        Scalar, nats; 0 for a model without Bayesian layers.
    """
    return tf.add_n(
        [tf.constant(0.0)]
        + [
            tfd.kl_divergence(layer.kernel_posterior, layer.kernel_prior)
            for layer in model.submodules
            if isinstance(layer, keras.layers.Layer) and hasattr(layer, "kernel_posterior")
        ]
    )
