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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import tensorflow as tf
import tf_keras as keras
from tensorflow_probability import distributions as tfd

from bayescnn.layers import (
    Estimator,
    KLScale,
    KLWarmUp,
    bayesian_dense,
    kl_divergence,
    residual_block,
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


def negative_log_likelihood(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Gives -log p(target) of every example under a one-hot categorical output.

    Args:
        targets: (batch, classes) one-hot.
        logits: (batch, classes).

    Returns:
        (batch,), nats; Keras takes the mean.
    """
    return -output_distribution(logits).log_prob(tf.cast(targets, logits.dtype))


def output_distribution(logits: tf.Tensor) -> tfd.OneHotCategorical:
    """The distribution of a label given the model's logits.

    The model itself returns logits, not this distribution: Keras' `predict` would turn a
    distribution into one random draw from it.

    Args:
        logits: (..., classes).

    Returns:
        A one-hot categorical distribution with batch shape (...).
    """
    return tfd.OneHotCategorical(logits=logits)


def stem_stage(inputs: Any, filters: int, seed: int, name: str) -> Any:
    """Applies a plain residual block with batch normalisation that halves height and width.

    Args:
        inputs: (batch, height, width, channels).
        filters: channels of the output.
        seed: of the kernels; the stage uses seed, seed + 1 and seed + 2.
        name: prefix of the layers' names.

    Returns:
        (batch, ⌈height / 2⌉, ⌈width / 2⌉, filters).
    """

    def conv(x: Any, size: int, strides: int, part: int) -> Any:
        x = keras.layers.Conv2D(
            filters,
            size,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=seed + part),
            name=f"{name}_conv{part + 1}",
        )(x)
        # Over several replicas, the statistics of the whole batch: one device's result.
        synchronized = tf.distribute.get_strategy().num_replicas_in_sync > 1
        return keras.layers.BatchNormalization(
            momentum=0.9, synchronized=synchronized, name=f"{name}_norm{part + 1}"
        )(x)

    shortcut = keras.layers.AveragePooling2D(2, padding="same")(inputs)
    x = keras.layers.Activation("swish")(conv(inputs, 3, 2, 0))
    x = conv(x, 3, 1, 1)
    return keras.layers.Activation("swish")(keras.layers.Add()([x, conv(shortcut, 1, 1, 2)]))


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
    for i, filters in enumerate(config.filters):
        x = residual_block(
            x,
            filters,
            kl_scale=kl_scale,
            seed=seed + 100 + 10 * i,
            strides=1 if i == 0 else 2,
            estimator=config.estimator,
            name=f"bayesian{i + 1}",
        )
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    logits = bayesian_dense(
        config.n_classes,
        kl_scale=kl_scale,
        seed=seed + 200,
        estimator=config.estimator,
        name="logits",
    )(x)
    model = keras.Model(inputs, logits, name="bayesian_resnet")
    model.kl_scale = kl_scale
    return model


class KLMetric(keras.metrics.Mean):
    """Reports the KL divergence as it stands in the loss, nats per training example."""

    def __init__(self, model: keras.Model, name: str = "kl") -> None:
        super().__init__(name=name)
        self._layers_of = (model,)  # in a tuple: Keras would track a bare model as a sublayer

    def update_state(self, *_: Any, **__: Any) -> Any:
        """Takes the model's posterior as it is; targets and predictions don't matter."""
        (model,) = self._layers_of
        return super().update_state(model.kl_scale.value * kl_divergence(model))


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
        loss=negative_log_likelihood,
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
    model: keras.Model, config: TrainingConfig
) -> list[keras.callbacks.Callback]:
    """Gives KL warm-up, early stopping and, in that schedule, the plateau; on validation nll.

    The validation *nll* is watched, not the loss: the loss also holds the KL, which rises with the
    warm-up.

    Args:
        model: from `build_model`.
        config: the training's.

    Returns:
        The callbacks; early stopping restores the weights of the best epoch.
    """
    first = config.first_watched_epoch
    callbacks = [
        KLWarmUp(model.kl_scale, config.warm_up_epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_nll",
            mode="min",
            patience=config.early_stopping_patience,
            restore_best_weights=True,
            start_from_epoch=first,
        ),
    ]
    if config.schedule == "plateau":
        callbacks.append(
            ReduceLROnPlateau(
                start_from_epoch=first,
                monitor="val_nll",
                mode="min",
                factor=0.3,
                patience=config.plateau_patience,
            )
        )
    return callbacks


def fit_model(
    model: keras.Model,
    train: tf.data.Dataset,
    val: tf.data.Dataset,
    config: TrainingConfig,
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
    initial_epoch: int = 0,
) -> keras.callbacks.History:
    """Trains the compiled model and leaves it with the weights of its best validation epoch.

    Args:
        model: compiled by `compile_model`.
        train: batches of (inputs, one-hot targets), a pass over the training examples.
        val: likewise for validation.
        config: the training's.
        callbacks: `training_callbacks`, perhaps with others such as a progress bar; None stands
            for these alone.
        initial_epoch: epochs already done, in a resumed run.

    Returns:
        Keras' history with loss, nll, kl, accuracy and their val_ counterparts per epoch.
    """
    return model.fit(
        train,
        validation_data=val,
        epochs=config.epochs,
        initial_epoch=initial_epoch,
        callbacks=training_callbacks(model, config) if callbacks is None else list(callbacks),
        verbose=0,
    )
