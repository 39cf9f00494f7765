"""Checks for topic 07, the Bayesian ResNet."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part
from autograder.checks.arrays import average_pooling, convolution, normal_kl, swish


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


# ------------------------------------------------------------------------ output_distribution


def _draw_logits(rng: Generator) -> Inputs:
    n_classes, shape = int(rng.integers(3, 7)), rng.integers(2, 5, size=2).tolist()
    return {
        "logits": rng.normal(scale=1.5, size=(*shape, n_classes)).tolist(),
        "labels": rng.integers(0, n_classes, size=shape).tolist(),
    }


def _label_log_prob(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    logits = tf.constant(inputs["logits"])
    labels = tf.one_hot(inputs["labels"], logits.shape[-1], dtype=logits.dtype)
    log_prob = np.asarray(student.output_distribution(logits).log_prob(labels))
    return log_prob if np.isfinite(log_prob).all() else "not all of them finite numbers"


def _label_mean(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    tf.random.set_seed(1)  # so that a mistake is known again by its answer
    logits = tf.constant(inputs["logits"])
    distribution = student.output_distribution(logits)
    draws = tf.cast(distribution.sample(50), tf.float32)
    ones = tf.reduce_all(tf.equal(tf.reduce_sum(draws, axis=-1), 1.0))
    whole = tf.reduce_all(tf.logical_or(tf.equal(draws, 0.0), tf.equal(draws, 1.0)))
    return {
        "a draw": "one-hot" if bool(ones) and bool(whole) else "not one-hot",
        "its mean": distribution.mean(),
    }


OUTPUT_DISTRIBUTION = Check(
    name="output_distribution",
    draw=_draw_logits,
    parts=(
        Part(
            expects="log_prob of a one-hot label is the logarithm of the softmax of the logits, "
            "one number per example.",
            points=3,
            probe=_label_log_prob,
            truth=lambda inputs: np.take_along_axis(
                _log_softmax(np.asarray(inputs["logits"])),
                np.asarray(inputs["labels"])[..., None],
                axis=-1,
            )[..., 0],
        ),
        Part(
            expects="A draw is a one-hot label, and the mean over draws is the softmax.",
            points=3,
            probe=_label_mean,
            truth=lambda inputs: {
                "a draw": "one-hot",
                "its mean": np.exp(_log_softmax(np.asarray(inputs["logits"]))),
            },
        ),
    ),
)

# ---------------------------------------------------------------------------- categorical_nll


def _draw_targets(rng: Generator) -> Inputs:
    n, n_classes = int(rng.integers(3, 8)), int(rng.integers(3, 6))
    labels = rng.integers(0, n_classes, size=n)
    # In float32 exp(-110) is 0: every example's own class, or one beside it, is that unlikely.
    sure = rng.uniform(-2, 2, size=(n, n_classes))
    sure[np.arange(n), (labels + rng.integers(0, 2, size=n)) % n_classes] -= rng.uniform(
        110, 150, size=n
    )
    sure[0, labels[0]] -= 130.0
    return {
        "logits": rng.normal(scale=1.5, size=(n, n_classes)).tolist(),
        "targets": np.eye(n_classes)[labels].tolist(),
        "sure": sure.tolist(),
    }


def _mean_nll(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    targets = tf.constant(inputs["targets"])
    return np.mean(student.categorical_nll(targets, tf.constant(inputs["logits"])))


def _every_nll(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    targets = tf.constant(inputs["targets"])
    return student.categorical_nll(targets, tf.constant(inputs["logits"]))


def _sure_nll(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    targets = tf.cast(tf.constant(inputs["targets"]), tf.int32)
    nll = float(np.mean(student.categorical_nll(targets, tf.constant(inputs["sure"]))))
    return nll if np.isfinite(nll) else "no finite number"


def _true_nll(inputs: Inputs, logits: str) -> np.ndarray:
    return -(np.asarray(inputs["targets"]) * _log_softmax(np.asarray(inputs[logits]))).sum(axis=-1)


CATEGORICAL_NLL = Check(
    name="categorical_nll",
    draw=_draw_targets,
    parts=(
        Part(
            expects="Keras' mean of the scores is the mean negative log-likelihood per example, "
            "in nats.",
            points=4,
            probe=_mean_nll,
            truth=lambda inputs: _true_nll(inputs, "logits").mean(),
        ),
        Part(
            expects="There is one score per example.",
            points=3,
            probe=_every_nll,
            truth=lambda inputs: _true_nll(inputs, "logits"),
        ),
        Part(
            expects="A sure model that is wrong gets a large score, never an infinite one; "
            "targets may be integers.",
            points=3,
            probe=_sure_nll,
            truth=lambda inputs: _true_nll(inputs, "sure").mean(),
        ),
    ),
)

# --------------------------------------------------------------------------------- stem_stage


def _draw_stage(rng: Generator) -> Inputs:
    channels, filters = (int(n) for n in rng.choice([2, 3, 4], size=2, replace=False))
    height, width = (int(n) for n in rng.choice([5, 6, 7, 8], size=2, replace=False))
    return {
        "images": rng.normal(size=(2, height, width, channels)).tolist(),
        "filters": filters,
        "kernel_1": rng.normal(scale=0.4, size=(3, 3, channels, filters)).tolist(),
        "kernel_2": rng.normal(scale=0.4, size=(3, 3, filters, filters)).tolist(),
        "kernel_shortcut": rng.normal(size=(1, 1, channels, filters)).tolist(),
        # One set of numbers for all three normalisations: which is which, a probe cannot know.
        "norm": {
            "gamma": rng.uniform(0.6, 1.6, size=filters).tolist(),
            "beta": rng.uniform(-0.8, 0.8, size=filters).tolist(),
            "moving_mean": rng.uniform(-0.6, 0.6, size=filters).tolist(),
            "moving_variance": rng.uniform(0.8, 2.0, size=filters).tolist(),
        },
        "wide": int(rng.integers(24, 40)),
        "seed": int(rng.integers(1, 10_000)),
        "name": f"part{rng.integers(10, 100)}",
    }


def _stage(student: Any, shape: Any, filters: int, seed: int, name: str) -> Any:
    import tf_keras as keras

    inputs = keras.Input(shape)
    return keras.Model(inputs, student.stem_stage(inputs, filters, seed, name))


def _stage_shape(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    images = np.array(inputs["images"], "float32")
    model = _stage(student, images.shape[1:], inputs["filters"], inputs["seed"], inputs["name"])
    weights = [w for layer in model.layers for w in layer.trainable_weights]
    return {
        "output": list(model(images, training=False).shape),
        "numbers to train": sum(int(np.prod(w.shape)) for w in weights),
    }


def _stage_output(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    images = np.array(inputs["images"], "float32")
    model = _stage(student, images.shape[1:], inputs["filters"], inputs["seed"], inputs["name"])
    kernels = [inputs["kernel_1"], inputs["kernel_2"], inputs["kernel_shortcut"]]
    by_shape = {np.shape(kernel): kernel for kernel in kernels}
    for variable in model.variables:
        kind = variable.name.split("/")[-1].split(":")[0]
        if tuple(variable.shape) in by_shape:
            variable.assign(by_shape[tuple(variable.shape)])
        elif kind in inputs["norm"]:
            variable.assign(inputs["norm"][kind])
    return model(images, training=False)


def _stage_start(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tf_keras as keras

    def kernels(seed: int) -> Any:
        keras.utils.set_random_seed(inputs["wide"])  # a forgotten seed draws from here
        np.random.rand()
        model = _stage(student, (6, 6, 3), inputs["wide"], seed, inputs["name"])
        names = [layer.name for layer in model.layers if layer.trainable_weights]
        found = {tuple(w.shape): w.numpy() for w in model.trainable_weights if len(w.shape) == 4}
        return found, names

    size = (3, 3, inputs["wide"], inputs["wide"])
    first, names = kernels(inputs["seed"])
    other, _ = kernels(inputs["seed"] + 50)
    return {
        "spread of the second kernel": np.std(first[size]),
        "another seed": "same" if np.array_equal(first[size], other[size]) else "different",
        "names": sorted({name.startswith(inputs["name"]) for name in names}),
    }


def _true_stage(inputs: Inputs) -> np.ndarray:
    norm = {key: np.asarray(value) for key, value in inputs["norm"].items()}

    def convolved(x: np.ndarray, kernel: str, strides: int) -> np.ndarray:
        x = convolution(x, np.asarray(inputs[kernel]), strides)
        scale = norm["gamma"] / np.sqrt(norm["moving_variance"] + 1e-3)
        return scale * (x - norm["moving_mean"]) + norm["beta"]

    images = np.asarray(inputs["images"])
    x = convolved(swish(convolved(images, "kernel_1", 2)), "kernel_2", 1)
    return swish(x + convolved(average_pooling(images, 2), "kernel_shortcut", 1))


def _true_stage_shape(inputs: Inputs) -> dict[str, Any]:
    n, height, width, channels = np.shape(inputs["images"])
    filters = inputs["filters"]
    kernels = 9 * channels * filters + 9 * filters**2 + channels * filters
    return {
        "output": [n, -(-height // 2), -(-width // 2), filters],
        "numbers to train": kernels + 3 * 2 * filters,
    }


STEM_STAGE = Check(
    name="stem_stage",
    draw=_draw_stage,
    support=(_stage,),
    parts=(
        Part(
            expects="Halves height and width, rounding up, and trains three kernels and three "
            "normalisations.",
            points=3,
            probe=_stage_shape,
            truth=_true_stage_shape,
        ),
        Part(
            expects="The output is swish(two convolutions, with a swish between them, + the "
            "shortcut of the averaged pixels).",
            points=5,
            probe=_stage_output,
            truth=_true_stage,
            # Keras' epsilon of 0.001 in the normalisation, or another's of 0.00001, is all right.
            rtol=5e-3,
            atol=5e-3,
        ),
        Part(
            expects="Kernels start as He has it, from the given seed; layers with weights bear "
            "the given name as a prefix.",
            points=2,
            probe=_stage_start,
            truth=lambda inputs: {
                "spread of the second kernel": np.sqrt(2 / (9 * inputs["wide"])),
                "another seed": "different",
                "names": [True],
            },
            # The spread of n = 9 · 24² numbers or more is known to 1 / sqrt(2n), 1 %; Glorot's is
            # 29 % smaller. Six standard errors:
            rtol=0.06,
        ),
    ),
)

# ------------------------------------------------------------------------------ bayesian_head


def _draw_head(rng: Generator) -> Inputs:
    n_blocks, n_classes = int(rng.integers(3, 5)), int(rng.integers(2, 5))
    filters = rng.choice([3, 4, 5, 6, 7], size=n_blocks, replace=False).tolist()
    channels = [int(rng.integers(2, 5)), *filters]
    return {
        "features": rng.normal(size=(int(rng.integers(2, 5)), 9, 8, channels[0])).tolist(),
        "filters": [int(n) for n in filters],
        "n_classes": n_classes,
        "kernels": [rng.normal(size=s).tolist() for s in zip(channels, filters, strict=False)],
        "output": rng.normal(size=(filters[-1], n_classes)).tolist(),
    }


def _head(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    blocks, outputs = [], []

    def make_block(x: Any, filters: Any, strides: Any, index: Any) -> Any:
        blocks.append([int(index), int(filters), int(strides)])
        # Leaky: few channels may all be negative, and then every answer would be 0.
        return tf.nn.leaky_relu(
            x @ tf.constant(inputs["kernels"][(len(blocks) - 1) % len(inputs["kernels"])]), 0.2
        )

    def make_output(n_classes: Any) -> Any:
        outputs.append(int(n_classes))
        kernel = tf.constant(inputs["output"])
        # As a layer does, takes any number of channels: pixels that were only flattened, too.
        return lambda x: x @ tf.tile(kernel, [x.shape[-1] // kernel.shape[0], 1])

    features = tf.constant(inputs["features"])
    result = student.bayesian_head(
        features, inputs["filters"], inputs["n_classes"], make_block, make_output
    )
    return result, blocks, outputs


def _head_blocks(student: Any, inputs: Inputs) -> Any:
    _, blocks, outputs = _head(student, inputs)
    return {"blocks": blocks, "outputs": outputs}


def _head_logits(student: Any, inputs: Inputs) -> Any:
    return _head(student, inputs)[0]


def _true_logits(inputs: Inputs) -> np.ndarray:
    x = np.asarray(inputs["features"])
    for kernel in inputs["kernels"]:
        x = x @ np.asarray(kernel)
        x = np.maximum(x, 0.2 * x)
    return x.mean(axis=(1, 2)) @ np.asarray(inputs["output"])


BAYESIAN_HEAD = Check(
    name="bayesian_head",
    draw=_draw_head,
    support=(_head,),
    parts=(
        Part(
            expects="Makes one block for each entry of `filters`, counted from 0, the first with "
            "strides 1 and the others with strides 2, and one output layer.",
            points=6,
            probe=_head_blocks,
            truth=lambda inputs: {
                "blocks": [[i, n, 1 if i == 0 else 2] for i, n in enumerate(inputs["filters"])],
                "outputs": [inputs["n_classes"]],
            },
        ),
        Part(
            expects="Each block takes the one before it; the last one's average over all pixels "
            "goes to the output layer, whose logits are returned as they are.",
            points=6,
            probe=_head_logits,
            truth=_true_logits,
            # Float32 sums of up to 7 products of a few blocks' outputs, which reach hundreds.
            rtol=1e-3,
            atol=1e-3,
        ),
    ),
)

# ----------------------------------------------------------------------------------- KLMetric


def _draw_posteriors(rng: Generator) -> Inputs:
    sizes = rng.integers(2, 6, size=4)
    shapes = list(zip(sizes[:-1].tolist(), sizes[1:].tolist(), strict=True))
    return {
        "loc": [[rng.normal(size=s).tolist() for s in shapes] for _ in range(4)],
        "scale": [[rng.uniform(0.2, 0.8, size=s).tolist() for s in shapes] for _ in range(4)],
        "beta": rng.uniform(0.2, 1.0, size=4).tolist(),
        "prior_scale": float(rng.uniform(1.0, 2.0)),
        "n_train": int(rng.integers(20, 90)),
        "kl_weight": float(rng.uniform(0.2, 0.8)),
        "batch_sizes": [int(n) for n in rng.choice([3, 5, 8, 13], size=4, replace=False)],
    }


def _kl_reports(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp
    import tf_keras as keras

    tfd = tfp.distributions

    class Scale:  # what a KLScale offers
        def __init__(self) -> None:
            self.n_train, self.kl_weight = inputs["n_train"], inputs["kl_weight"]
            self.beta = tf.Variable(1.0, trainable=False)

        @property
        def value(self) -> Any:
            return self.beta * (self.kl_weight / self.n_train)

    def layer(loc: Any, scale: Any) -> Any:
        return tfp.layers.DenseReparameterization(
            loc.shape[-1],
            kernel_posterior_fn=lambda *_: tfd.Independent(tfd.Normal(loc, scale), 2),
            kernel_prior_fn=lambda *_: tfd.Independent(
                tfd.Normal(tf.zeros(loc.shape), tf.fill(loc.shape, inputs["prior_scale"])), 2
            ),
            kernel_divergence_fn=lambda q, p, _: kl_scale.value * tfd.kl_divergence(q, p),
            bias_posterior_fn=None,
        )

    kl_scale = Scale()
    locs = [tf.Variable(loc) for loc in inputs["loc"][0]]
    scales = [tf.Variable(scale) for scale in inputs["scale"][0]]
    model = keras.Sequential([keras.Input((locs[0].shape[0],))])
    for loc, scale in zip(locs, scales, strict=True):
        model.add(layer(loc, scale))
        model.add(keras.layers.Activation("swish"))
    model.kl_scale = kl_scale
    metric = student.KLMetric(model)
    reports = []
    for update, batch_size in enumerate(inputs["batch_sizes"]):
        if update == 3:
            metric.reset_state()
        kl_scale.beta.assign(inputs["beta"][update])
        for variable, value in zip(locs, inputs["loc"][update], strict=True):
            variable.assign(value)
        for variable, value in zip(scales, inputs["scale"][update], strict=True):
            variable.assign(value)
        logits = model(tf.ones((batch_size, locs[0].shape[0])))
        metric.update_state(tf.zeros_like(logits), logits)
        reports.append(float(metric.result()))
    return {"name": metric.name, "reports": np.array(reports)}


def _first_report(student: Any, inputs: Inputs) -> Any:
    return _kl_reports(student, inputs)["reports"][0]


def _later_reports(student: Any, inputs: Inputs) -> Any:
    return _kl_reports(student, inputs)["reports"][1:3]


def _new_epoch(student: Any, inputs: Inputs) -> Any:
    return _kl_reports(student, inputs)["reports"][3]


def _true_kl(inputs: Inputs, update: int) -> float:
    total = sum(
        normal_kl(np.asarray(loc), np.asarray(scale), 0.0, inputs["prior_scale"])
        for loc, scale in zip(inputs["loc"][update], inputs["scale"][update], strict=True)
    )
    return inputs["beta"][update] * inputs["kl_weight"] * total / inputs["n_train"]


KL_METRIC = Check(
    name="KLMetric",
    draw=_draw_posteriors,
    support=(_kl_reports,),
    parts=(
        Part(
            expects="After one update the metric is kl_scale.value times the KL divergence of all "
            "Bayesian layers.",
            points=6,
            probe=_first_report,
            truth=lambda inputs: _true_kl(inputs, 0),
        ),
        Part(
            expects="After several, it is their mean, each with the posterior and the warm-up of "
            "its moment, whatever the batch sizes.",
            points=4,
            probe=_later_reports,
            truth=lambda inputs: [
                np.mean([_true_kl(inputs, update) for update in range(n)]) for n in (2, 3)
            ],
        ),
        Part(
            expects="After reset_state, as Keras calls it at every epoch, it begins anew.",
            points=2,
            probe=_new_epoch,
            truth=lambda inputs: _true_kl(inputs, 3),
        ),
    ),
)

# ------------------------------------------------------------------------------ training_step


def _draw_batch(rng: Generator) -> Inputs:
    n_features, n_hidden, n_classes = (int(n) for n in rng.choice([2, 3, 4, 5], 3, replace=False))
    batch = int(rng.integers(6, 12))
    return {
        "inputs": rng.normal(1.0, 2.0, size=(batch, n_features)).tolist(),
        "targets": np.eye(n_classes)[rng.integers(0, n_classes, size=batch)].tolist(),
        "kernels": [
            rng.normal(size=(n_features, n_hidden)).tolist(),
            rng.normal(size=(n_hidden, n_classes)).tolist(),
        ],
        "penalties": rng.uniform(0.05, 0.3, size=2).tolist(),
        "rate": float(rng.uniform(0.05, 0.2)),
        "momentum": float(rng.uniform(0.5, 0.8)),
    }


def _step(student: Any, inputs: Inputs, normalized: bool) -> Any:
    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    x, targets = (np.array(inputs[key], "float32") for key in ("inputs", "targets"))
    model = keras.Sequential([keras.Input(x.shape[1:])])
    if normalized:
        model.add(keras.layers.BatchNormalization(momentum=inputs["momentum"]))
    for kernel, penalty in zip(inputs["kernels"], inputs["penalties"], strict=True):
        model.add(
            keras.layers.Dense(
                np.shape(kernel)[1],
                use_bias=False,
                kernel_initializer=keras.initializers.Constant(kernel),
                # A penalty in model.losses, in the KL's place.
                kernel_regularizer=keras.regularizers.L2(penalty),
            )
        )
    result = student.training_step(
        model,
        keras.optimizers.SGD(inputs["rate"]),
        lambda targets, logits: tf.reduce_sum((targets - logits) ** 2, axis=-1),
        tf.constant(x),
        tf.constant(targets),
    )
    return result, model


def _step_losses(student: Any, inputs: Inputs) -> Any:
    result, _ = _step(student, inputs, normalized=False)
    return {key: float(result[key]) for key in result}


def _step_weights(student: Any, inputs: Inputs) -> Any:
    _, model = _step(student, inputs, normalized=False)
    return [weight.numpy() for weight in model.trainable_weights]


def _step_statistics(student: Any, inputs: Inputs) -> Any:
    _, model = _step(student, inputs, normalized=True)
    return model.layers[0].moving_mean


def _true_parts(inputs: Inputs) -> tuple[np.ndarray, ...]:
    x, targets = np.asarray(inputs["inputs"]), np.asarray(inputs["targets"])
    first, second = (np.asarray(kernel) for kernel in inputs["kernels"])
    return x, targets, first, second


def _true_losses(inputs: Inputs) -> dict[str, float]:
    x, targets, first, second = _true_parts(inputs)
    nll = ((targets - x @ first @ second) ** 2).sum(axis=-1).mean()
    kl = sum(
        c * (kernel**2).sum()
        for c, kernel in zip(inputs["penalties"], (first, second), strict=True)
    )
    return {"loss": nll + kl, "nll": nll, "kl": kl}


def _true_step(inputs: Inputs) -> list[np.ndarray]:
    x, targets, first, second = _true_parts(inputs)
    error = 2 * (x @ first @ second - targets) / len(x)
    slopes = [x.T @ error @ second.T, (x @ first).T @ error]
    return [
        kernel - inputs["rate"] * (slope + 2 * penalty * kernel)
        for kernel, slope, penalty in zip((first, second), slopes, inputs["penalties"], strict=True)
    ]


TRAINING_STEP = Check(
    name="training_step",
    draw=_draw_batch,
    support=(_step,),
    parts=(
        Part(
            expects='Returns "nll", the mean over the batch, "kl", the sum of model.losses, and '
            '"loss", the two together.',
            points=5,
            probe=_step_losses,
            truth=_true_losses,
        ),
        Part(
            expects="All weights move one step down the gradient of the loss, the KL's share "
            "included.",
            points=6,
            probe=_step_weights,
            truth=_true_step,
            # Gradients reach tens; float32 keeps seven digits of each of their summands.
            atol=1e-3,
        ),
        Part(
            expects="The model is called in training mode, so that batch normalisation learns its "
            "averages.",
            points=3,
            probe=_step_statistics,
            truth=lambda inputs: (1 - inputs["momentum"]) * np.mean(inputs["inputs"], axis=0),
        ),
    ),
)

# ------------------------------------------------------------------------- training_callbacks


def _draw_run(rng: Generator) -> Inputs:
    """A training whose best watched epoch is known, and where other curves would mislead.

    Until `first` validation is better than it ever will be again (a warm-up does that); then it
    falls for a few epochs, and then it gets worse for good. Every other curve has its best epoch
    elsewhere, and later.
    """
    first, falling, rising = int(rng.integers(4, 9)), int(rng.integers(3, 7)), 14
    n_epochs = first + falling + rising

    def valley(n_down: int, n_up: int) -> np.ndarray:
        steps = rng.uniform(0.01, 0.05, size=n_down + n_up)
        steps[:n_down] *= -1
        return 1.0 + np.cumsum(steps)

    early = np.sort(rng.uniform(0.1, 0.2, size=first))
    others = {
        key: valley(first + falling + later, rising - later).tolist()
        for key, later in (("val_loss", 2), ("test_nll", 4), ("nll", 6))
    }
    keys = ("loss", "nll", "kl", "val_loss", "val_kl", "test_nll")
    # Odd, so that the last epoch of none is the best one of another curve.
    stopping, plateau = (int(n) for n in rng.choice([3, 5, 7], size=2, replace=False))
    return {
        "val_nll": np.concatenate([early, valley(falling, rising)]).tolist(),
        "others": {key: others.get(key, valley(n_epochs, 0).tolist()) for key in keys},
        "val_accuracy": np.sort(rng.uniform(0.5, 0.9, size=n_epochs)).tolist(),
        "warm_up_epochs": int(rng.integers(2, first)),
        "first_watched_epoch": first,
        "early_stopping_patience": stopping,
        "plateau_patience": plateau,
        "rate": float(rng.uniform(0.5, 2.0)),
    }


def _watched_run(student: Any, inputs: Inputs, plateau_patience: Any, patience: Any) -> Any:
    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    class Scale:  # what a KLScale offers
        n_train, kl_weight = 100, 1.0
        beta = tf.Variable(-1.0, trainable=False)

        @property
        def value(self) -> Any:
            return self.beta * (self.kl_weight / self.n_train)

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.kl_scale = Scale()
    model.compile(keras.optimizers.SGD(inputs["rate"]), "mse")
    model.stop_training = False
    made = student.training_callbacks(
        model,
        inputs["warm_up_epochs"],
        inputs["first_watched_epoch"],
        patience,
        plateau_patience,
    )
    callbacks = keras.callbacks.CallbackList(
        tf.nest.flatten(made), add_history=True, model=model, epochs=len(inputs["val_nll"])
    )
    curves = {**inputs["others"], "val_accuracy": inputs["val_accuracy"]}
    curves |= {"accuracy": inputs["val_accuracy"], "val_nll": inputs["val_nll"]}
    betas, rates = [], []
    callbacks.on_train_begin()
    for epoch in range(len(inputs["val_nll"])):
        callbacks.on_epoch_begin(epoch)
        betas.append(float(model.kl_scale.beta))
        rates.append(float(model.optimizer.learning_rate))
        model.layers[0].kernel.assign([[1.0 + epoch]])
        callbacks.on_epoch_end(epoch, {key: curve[epoch] for key, curve in curves.items()})
        if model.stop_training:
            break
    callbacks.on_train_end()
    kept = int(np.round(model.layers[0].kernel.numpy().item())) - 1
    return {"betas": betas, "rates": rates, "kept": kept}


def _run_betas(student: Any, inputs: Inputs) -> Any:
    return _watched_run(student, inputs, 1000, 1000)["betas"]


def _run_length(student: Any, inputs: Inputs) -> Any:
    return len(_watched_run(student, inputs, None, inputs["early_stopping_patience"])["rates"])


def _run_kept(student: Any, inputs: Inputs) -> Any:
    return _watched_run(student, inputs, None, inputs["early_stopping_patience"])["kept"]


def _run_rates(student: Any, inputs: Inputs) -> Any:
    return {
        "with a plateau": _watched_run(student, inputs, inputs["plateau_patience"], 1000)["rates"],
        "without": _watched_run(student, inputs, None, 1000)["rates"],
    }


def _best_watched(inputs: Inputs) -> int:
    first = inputs["first_watched_epoch"]
    return first + int(np.argmin(inputs["val_nll"][first:]))


def _true_rates(inputs: Inputs) -> dict[str, list[float]]:
    n_epochs, best = len(inputs["val_nll"]), _best_watched(inputs)
    # The cut after the k-th run of `patience` bad epochs shows in the epoch that follows.
    cuts = [max(0, (e - best - 1) // inputs["plateau_patience"]) for e in range(n_epochs)]
    return {
        "with a plateau": [inputs["rate"] * 0.3**n for n in cuts],
        "without": [inputs["rate"]] * n_epochs,
    }


TRAINING_CALLBACKS = Check(
    name="training_callbacks",
    draw=_draw_run,
    support=(_watched_run,),
    parts=(
        Part(
            expects="The KL's beta rises from 0 to 1 in a straight line over the epochs of the "
            "warm-up.",
            points=3,
            probe=_run_betas,
            truth=lambda inputs: [
                min(1.0, epoch / inputs["warm_up_epochs"])
                for epoch in range(len(inputs["val_nll"]))
            ],
        ),
        Part(
            expects="Training stops when the validation nll has not got better for the given "
            "number of watched epochs. (How many epochs does it run?)",
            points=4,
            probe=_run_length,
            truth=lambda inputs: _best_watched(inputs) + inputs["early_stopping_patience"] + 1,
        ),
        Part(
            expects="It ends with the weights of the watched epoch with the best validation nll. "
            "(Which epoch, counted from 0, is kept?)",
            points=3,
            probe=_run_kept,
            truth=_best_watched,
        ),
        Part(
            expects="The learning rate is cut to 0.3 of itself on plateaus of the watched "
            "validation nll, and left alone where no plateau_patience is given.",
            points=4,
            probe=_run_rates,
            truth=_true_rates,
        ),
    ),
)

# ---------------------------------------------------------------------------- predictive_mean


def _draw_predictor(rng: Generator) -> Inputs:
    n, n_features = int(rng.integers(4, 8)), int(rng.integers(2, 5))
    n_classes, n_samples = int(rng.integers(2, 5)), int(rng.integers(4, 9))
    return {
        "inputs": rng.normal(1.0, 1.5, size=(n, n_features)).tolist(),
        # More weights than will be asked for; wide enough that no two draws predict alike.
        "draws": rng.normal(scale=2.0, size=(3 * n_samples, n_features, n_classes)).tolist(),
        "n_samples": n_samples,
    }


def _predicted(student: Any, inputs: Inputs, normalized: bool, n_samples: int) -> Any:
    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    class Network(keras.Model):  # every call uses the next of the prepared weights
        def __init__(self) -> None:
            super().__init__()
            self.draws = tf.constant(inputs["draws"])
            self.calls = tf.Variable(0, trainable=False)
            self.normalize = keras.layers.BatchNormalization(epsilon=0.0)

        def call(self, x: Any, training: Any = False) -> Any:
            weights = self.draws[self.calls % len(inputs["draws"])]
            self.calls.assign_add(1)
            if normalized:
                x = self.normalize(x, training=training)
            return tf.cast(x, tf.float32) @ weights

    model = Network()
    x = tf.constant(np.array(inputs["inputs"], "float32"))
    return student.predictive_mean(model, x, n_samples)


def _mean_of_draws(student: Any, inputs: Inputs) -> Any:
    return _predicted(student, inputs, normalized=False, n_samples=inputs["n_samples"])


def _settled_statistics(student: Any, inputs: Inputs) -> Any:
    return _predicted(student, inputs, normalized=True, n_samples=1)


def _true_predictive(inputs: Inputs, n_samples: int) -> np.ndarray:
    logits = np.asarray(inputs["inputs"]) @ np.asarray(inputs["draws"])[:n_samples]
    return np.exp(_log_softmax(logits)).mean(axis=0)


PREDICTIVE_MEAN = Check(
    name="predictive_mean",
    draw=_draw_predictor,
    support=(_predicted,),
    parts=(
        Part(
            expects="Averages the softmax over `n_samples` calls of the model, one probability per "
            "class and example.",
            points=7,
            probe=_mean_of_draws,
            truth=lambda inputs: _true_predictive(inputs, inputs["n_samples"]),
        ),
        Part(
            expects="Batch normalisation uses the averages learnt in training, not those of the "
            "images at hand.",
            points=5,
            probe=_settled_statistics,
            truth=lambda inputs: _true_predictive(inputs, 1),
        ),
    ),
)

CHECKS = (
    OUTPUT_DISTRIBUTION,
    CATEGORICAL_NLL,
    STEM_STAGE,
    BAYESIAN_HEAD,
    KL_METRIC,
    TRAINING_STEP,
    TRAINING_CALLBACKS,
    PREDICTIVE_MEAN,
)
