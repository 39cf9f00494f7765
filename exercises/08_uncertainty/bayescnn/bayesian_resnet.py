"""The Bayesian ResNet: residual blocks with random weights on top of image features.

Features come from a small convolutional stem that is trained along ("stem", the default) or, once
and frozen, from DenseNet121 ("densenet121"). The blocks and the output are Bayesian; the loss is
the negative ELBO per example, nll + kl. Everything that is chosen during training (learning rate,
when to stop, which epoch to keep) is chosen on the validation examples.

References:
    He et al. (2016), Deep Residual Learning, arXiv:1512.03385.
    Blundell et al. (2015), Weight Uncertainty in Neural Networks, arXiv:1505.05424.
    Loshchilov and Hutter (2019), Decoupled Weight Decay Regularization, arXiv:1711.05101.
    Polyak and Juditsky (1992), Acceleration of Stochastic Approximation by Averaging.
    Wenzel et al. (2020), How Good is the Bayes Posterior (λ < 1), arXiv:2002.02405.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tensorflow as tf
import tf_keras as keras
from tensorflow_probability import distributions as tfd

from bayescnn.layers import (
    Estimator,
    KLScale,
    KLWarmUp,
    bayesian_block,
    bayesian_dense,
    he_posterior_fn,
    kernel_arguments,
    kl_divergence,
    scaled_prior_fn,
)

Backbone = Literal["stem", "densenet121"]
Schedule = Literal["cosine", "plateau"]
SCHEDULE_FOR: dict[Backbone, Schedule] = {"stem": "cosine", "densenet121": "plateau"}


@dataclass(frozen=True)
class ModelConfig:
    """All that is needed to build the model again; saved beside its weights.

    Attributes:
        image_size: height and width of the images, pixels.
        n_classes: number of classes.
        n_train: number of training examples, the N in KL / N.
        backbone: "stem" (input: images) or "densenet121" (input: its features).
        feature_shape: (height, width, channels) of the features, for "densenet121".
        stem_filters: channels of the stem's residual stages; each stage halves the image.
        filters: channels of the Bayesian residual blocks.
        kl_weight: λ, the weight of the KL divergence; 1 is the ELBO.
        estimator: of the Bayesian layers.
        seed: of the initial weights.
    """

    image_size: int
    n_classes: int
    n_train: int
    backbone: Backbone = "stem"
    feature_shape: tuple[int, int, int] | None = None
    stem_filters: tuple[int, ...] = (32, 64, 64)
    filters: tuple[int, ...] = (64, 128)
    kl_weight: float = 0.1
    estimator: Estimator = "flipout"
    seed: int = 0


@dataclass(frozen=True)
class TrainingConfig:
    """How the model is trained; the defaults are those of the stem.

    The learning rate either falls along a cosine to 0 over all `epochs` ("cosine"), or is cut
    whenever validation stops getting better ("plateau"). A stem trained from scratch on augmented
    images needs the first: its validation nll jumps so much while the rate is high that a patience
    of 3 ends the training half done. Early stopping watches from where that is over: from the last
    quarter of a cosine, or from the end of the KL's warm-up.

    Attributes:
        epochs: at most so many.
        batch_size: examples a step, over all replicas together.
        augment: whether training images are varied (`chest_xrays.augment`); the stem's only.
        learning_rate: at the start.
        schedule: "cosine" or "plateau"; SCHEDULE_FOR names each backbone's.
        weight_decay: decoupled, on the stem's kernels only; the Bayesian ones have a prior.
        averaging: momentum of the moving average of the weights, per step.
        warm_up_epochs: epochs in which the KL is raised from 0.
        plateau_patience: epochs without a better validation nll before the rate is cut to 0.3.
        early_stopping_patience: epochs without a better validation nll before training stops.
    """

    epochs: int = 60
    batch_size: int = 64
    augment: bool = True
    learning_rate: float = 1e-3
    schedule: Schedule = "cosine"
    weight_decay: float = 0.05
    averaging: float = 0.95
    warm_up_epochs: int = 5
    plateau_patience: int = 3
    early_stopping_patience: int = 7

    @property
    def first_watched_epoch(self) -> int:
        """The epoch, from 0, from which validation decides what to keep and when to stop."""
        annealed = 3 * self.epochs // 4 if self.schedule == "cosine" else 0
        return max(self.warm_up_epochs, annealed)


def output_distribution(logits: tf.Tensor) -> tfd.OneHotCategorical:
    """Gives the distribution of a label that the model's logits stand for.

    The model itself returns logits, not this distribution: Keras' `predict` would turn a
    distribution into one random draw from it.

    Args:
        logits: (..., classes), the logarithms of the probabilities but for a constant.

    Returns:
        A one-hot categorical distribution with batch shape (...) and event shape (classes,).
    """
    return tfd.OneHotCategorical(logits=logits)


def categorical_nll(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Gives -log p(target) of every example under a one-hot categorical output.

    Stays finite where the probability itself is too small for a float32.

    Args:
        targets: (batch, classes) one-hot, of any number type.
        logits: (batch, classes).

    Returns:
        (batch,), nats, of the logits' type; Keras takes the mean.
    """
    return -tfd.OneHotCategorical(logits=logits).log_prob(tf.cast(targets, logits.dtype))


def normalized_conv(
    inputs: Any, filters: int, kernel_size: int, strides: int, seed: int, name: str
) -> Any:
    """Applies a plain convolution without bias, then batch normalisation.

    Args:
        inputs: (batch, height, width, channels).
        filters: channels of the output.
        kernel_size: height and width of the kernel, pixels.
        strides: step of the convolution, pixels.
        seed: of the kernel's He initialisation.
        name: prefix of the two layers' names.

    Returns:
        (batch, ⌈height / strides⌉, ⌈width / strides⌉, filters).
    """
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(seed=seed),
        name=f"{name}_conv",
    )(inputs)
    # Over several replicas, the statistics of the whole batch: one device's result.
    synchronized = tf.distribute.get_strategy().num_replicas_in_sync > 1
    return keras.layers.BatchNormalization(
        momentum=0.9, synchronized=synchronized, name=f"{name}_norm"
    )(x)


def stem_stage(inputs: Any, filters: int, seed: int, name: str) -> Any:
    """Applies a plain residual block that halves height and width.

    swish(normalized_conv(swish(normalized_conv(x))) + shortcut(x)): two convolutions of 3 x 3, the
    first with strides 2. The shortcut is the average over 2 x 2 pixels (padding "same"), brought to
    the right number of channels by a `normalized_conv` of 1 x 1 (without swish).

    Args:
        inputs: (batch, height, width, channels).
        filters: channels of the output.
        seed: of the kernels: seed and seed + 1 for the two, seed + 2 for the shortcut.
        name: every layer with weights is named with this prefix.

    Returns:
        (batch, ⌈height / 2⌉, ⌈width / 2⌉, filters).
    """
    x = normalized_conv(inputs, filters, 3, 2, seed, f"{name}_1")
    x = keras.layers.Activation("swish")(x)
    x = normalized_conv(x, filters, 3, 1, seed + 1, f"{name}_2")
    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    shortcut = normalized_conv(shortcut, filters, 1, 1, seed + 2, f"{name}_shortcut")
    return keras.layers.Activation("swish")(keras.layers.Add()([x, shortcut]))


def bayesian_parts(
    kl_scale: KLScale, seed: int, estimator: Estimator = "flipout"
) -> tuple[Callable[..., Any], Callable[[int], keras.layers.Layer]]:
    """Makes the two makers of Bayesian layers that `bayesian_head` asks for.

    Args:
        kl_scale: the model's shared KL factor.
        seed: of the posterior means; every layer gets one of its own.
        estimator: of the layers.

    Returns:
        make_block(x, filters, strides, index), which applies a Bayesian residual block, and
        make_output(n_classes), which gives the Bayesian layer of logits.
    """

    def make_block(x: Any, filters: int, strides: int, index: int) -> Any:
        return bayesian_block(
            x,
            filters,
            kl_scale=kl_scale,
            seed=seed + 100 + 10 * index,
            strides=strides,
            estimator=estimator,
            name=f"bayesian{index + 1}",
        )

    def make_output(n_classes: int) -> keras.layers.Layer:
        arguments = kernel_arguments(he_posterior_fn(seed + 200), scaled_prior_fn, kl_scale)
        return bayesian_dense(n_classes, arguments, estimator=estimator, name="logits")

    return make_block, make_output


def bayesian_head(
    features: Any,
    filters: Sequence[int],
    n_classes: int,
    make_block: Callable[..., Any],
    make_output: Callable[[int], Callable[[Any], Any]],
) -> Any:
    """Applies Bayesian residual blocks, global average pooling and the layer of logits.

    Args:
        features: (batch, height, width, channels), Keras tensor or tensor.
        filters: channels of each block. The first block keeps height and width (strides 1), each
            further one halves them (strides 2).
        n_classes: k.
        make_block: make_block(x, filters, strides, index) gives a block's output; index counts the
            blocks from 0.
        make_output: make_output(n_classes) gives the last layer, a function of (batch, channels).

    Returns:
        Logits (batch, k): no softmax.
    """
    x = features
    for index, n_filters in enumerate(filters):
        x = make_block(x, n_filters, 1 if index == 0 else 2, index)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return make_output(n_classes)(x)


def build_model(config: ModelConfig) -> keras.Model:
    """Builds the Bayesian ResNet, from images or features to logits.

    Call it under the strategy's scope if there is one.

    Args:
        config: the model's.

    Returns:
        A model from float32 images (batch, size, size, 1) in [0, 1], or features (batch, height,
        width, channels), to logits (batch, classes). Its attribute `kl_scale` is the `KLScale` of
        its layers. Save it as config and `save_weights`: whole-model files of TFP's layers do
        not load back.

    Raises:
        ValueError: for the backbone "densenet121" without a feature_shape.
    """
    kl_scale = KLScale(config.n_train, config.kl_weight)
    seed = 1000 * config.seed
    if config.backbone == "densenet121":
        if config.feature_shape is None:
            raise ValueError('backbone "densenet121" takes features: set ModelConfig.feature_shape')
        inputs = x = keras.Input(config.feature_shape, name="features")
    else:
        inputs = keras.Input((config.image_size, config.image_size, 1), name="images")
        x = keras.layers.Rescaling(4.0, offset=-2.0, name="standardize")(inputs)
        for i, filters in enumerate(config.stem_filters):
            x = stem_stage(x, filters, seed + 10 * i, f"stem{i + 1}")
    make_block, make_output = bayesian_parts(kl_scale, seed, config.estimator)
    logits = bayesian_head(x, config.filters, config.n_classes, make_block, make_output)
    model = keras.Model(inputs, logits, name="bayesian_resnet")
    model.kl_scale = kl_scale
    return model


class KLMetric(keras.metrics.Mean):
    """Reports the KL divergence as it stands in the loss, nats per training example.

    Args:
        model: its attribute `kl_scale` is the `KLScale` of its layers.
        name: in Keras' reports.
    """

    def __init__(self, model: keras.Model, name: str = "kl") -> None:
        super().__init__(name=name)
        self._layers_of = (model,)  # in a tuple: Keras would track a bare model as a sublayer

    def update_state(self, *_: Any, **__: Any) -> Any:
        """Takes the KL of the model's posterior, as it is now, times `kl_scale.value`.

        The result is the mean over the updates since the last reset. Targets and predictions,
        which Keras hands to every metric, don't matter.
        """
        (model,) = self._layers_of
        return super().update_state(model.kl_scale.value * kl_divergence(model))


def training_step(
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    nll_fn: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    inputs: tf.Tensor,
    targets: tf.Tensor,
) -> dict[str, tf.Tensor]:
    """Takes one gradient step on the negative ELBO per example, as `fit` does for every batch.

    Args:
        model: `model.losses` holds, after a call, each layer's KL, already divided by N.
        optimizer: moves the model's trainable variables.
        nll_fn: of (targets, logits), one number per example.
        inputs: (batch, ...).
        targets: (batch, classes).

    Returns:
        Scalars as they were before the step: "nll", the mean over the batch; "kl", the sum of
        `model.losses`; "loss", the two together.
    """
    with tf.GradientTape() as tape:
        logits = model(inputs, training=True)
        nll = tf.reduce_mean(nll_fn(targets, logits))
        kl = tf.add_n(model.losses)
        loss = nll + kl
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    return {"loss": loss, "nll": nll, "kl": kl}


def compile_model(model: keras.Model, config: TrainingConfig) -> None:
    """Compiles with AdamW and the negative ELBO; reports `loss` = `nll` + `kl` and `accuracy`.

    Keras adds the layers' scaled KL to the loss itself, once, also over several replicas.

    Args:
        model: from `build_model`; compile it under the same strategy's scope.
        config: the training's.
    """
    steps_per_epoch = math.ceil(model.kl_scale.n_train / config.batch_size)
    rate: Any = config.learning_rate
    if config.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(rate, steps_per_epoch * config.epochs)
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=config.weight_decay,
        # At the end of every epoch the weights become their average: what validation sees, and
        # what the next epoch starts from. It takes the step-to-step noise out of both.
        use_ema=True,
        ema_momentum=config.averaging,
        ema_overwrite_frequency=steps_per_epoch,
    )
    optimizer.exclude_from_weight_decay(
        var_list=[
            variable
            for layer in model.layers
            for variable in layer.trainable_variables
            if not isinstance(layer, keras.layers.Conv2D)
        ]
    )
    model.compile(
        optimizer=optimizer,
        loss=categorical_nll,
        metrics=[
            keras.metrics.CategoricalCrossentropy(from_logits=True, name="nll"),
            KLMetric(model),
            keras.metrics.CategoricalAccuracy(name="accuracy"),
        ],
    )


class ReduceLROnPlateau(keras.callbacks.ReduceLROnPlateau):
    """Keras' own, but for the KL's warm-up: it makes the likelihood worse, which is no plateau."""

    def __init__(self, start_from_epoch: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start_from_epoch = start_from_epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Lowers the rate if the patience is over; forgets what it saw during the warm-up."""
        super().on_epoch_end(epoch, logs)
        if epoch < self.start_from_epoch:
            self._reset()


def training_callbacks(
    model: keras.Model,
    warm_up_epochs: int,
    first_watched_epoch: int,
    early_stopping_patience: int,
    plateau_patience: int | None = None,
) -> list[keras.callbacks.Callback]:
    """Gives KL warm-up, early stopping and, if asked for, the plateau; on validation nll.

    The validation *nll* ("val_nll") is watched, not the loss: the loss also holds the KL, which
    rises with the warm-up. What happens before `first_watched_epoch` counts neither for stopping
    nor for the plateau.

    Args:
        model: its attribute `kl_scale` is warmed up.
        warm_up_epochs: epochs in which the KL is raised from 0.
        first_watched_epoch: epoch, from 0, from which validation decides.
        early_stopping_patience: epochs without a better validation nll before training stops.
        plateau_patience: likewise before the learning rate is cut to 0.3 of itself; None for a
            rate that these callbacks leave alone.

    Returns:
        The callbacks; early stopping restores the weights of the best watched epoch.
    """
    callbacks = [
        KLWarmUp(model.kl_scale, warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first_watched_epoch,
        ),
    ]
    if plateau_patience is not None:
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first_watched_epoch,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=plateau_patience,
            )
        )
    return callbacks


def callbacks_for(model: keras.Model, config: TrainingConfig) -> list[keras.callbacks.Callback]:
    """Gives the callbacks of a training: `training_callbacks`, with the configuration's numbers.

    Args:
        model: from `build_model`.
        config: the training's.
    """
    return training_callbacks(
        model,
        config.warm_up_epochs,
        config.first_watched_epoch,
        config.early_stopping_patience,
        config.plateau_patience if config.schedule == "plateau" else None,
    )


def fit_model(
    model: keras.Model,
    train: tf.data.Dataset,
    val: tf.data.Dataset,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    initial_epoch: int = 0,
) -> keras.callbacks.History:
    """Trains the compiled model and leaves it with the weights of its best validation epoch.

    There is no argument for test data: nothing here may see them.

    Args:
        model: compiled, with the metrics nll, kl and accuracy.
        train: batches of (inputs, one-hot targets), a pass over the training examples.
        val: likewise for validation.
        epochs: at most so many.
        callbacks: `training_callbacks`, perhaps with others such as a progress bar.
        initial_epoch: epochs already done, in a resumed run.

    Returns:
        Keras' history with loss, nll, kl, accuracy and their val_ counterparts per epoch.
    """
    return model.fit(
        train,
        validation_data=val,
        epochs=epochs,
        initial_epoch=initial_epoch,
        callbacks=list(callbacks),
        verbose=0,
    )


def predictive_mean(model: keras.Model, inputs: tf.Tensor, n_samples: int) -> tf.Tensor:
    """Averages the class probabilities over draws of the weights.

    Every call of the model draws new weights. Batch normalisation keeps to the averages that it
    learnt in training (`training=False`): an image's answer must not hang on its neighbours.

    Args:
        model: from inputs to logits (batch, classes), Bayesian.
        inputs: (batch, ...).
        n_samples: calls of the model.

    Returns:
        (batch, classes), each row sums to 1.
    """
    draws = [tf.nn.softmax(model(inputs, training=False)) for _ in range(n_samples)]
    return tf.reduce_mean(tf.stack(draws), axis=0)
