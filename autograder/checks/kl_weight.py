"""Checks for topic 02, the KL weight."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part

# ---------------------------------------------------------------------------- parameter_count


def _draw_sizes(rng: Generator) -> Inputs:
    one_unit = [[int(f), 1] for f in rng.integers(2, 40, size=4)]
    several = [[int(f), int(u)] for f, u in rng.integers(2, 15, size=(4, 2))]
    a, b, c, d, e, f = (int(n) for n in rng.integers(2, 9, size=6))
    mixed = [[1, a], [b, 1], [c, d], [e, f]]  # sizes that a layer can have …
    mixed += [[0, a], [b, 0], [-c, d], [e, -f], [-a, -b]]  # … and one of every kind it cannot
    return {"one_unit": one_unit, "several": several, "mixed": rng.permutation(mixed).tolist()}


def _counts_one_unit(student: Any, inputs: Inputs) -> Any:
    return [student.parameter_count(f, u) for f, u in inputs["one_unit"]]


def _counts_several_units(student: Any, inputs: Inputs) -> Any:
    return [student.parameter_count(f, u) for f, u in inputs["several"]]


def _counts_refusals(student: Any, inputs: Inputs) -> Any:
    said = []
    for n_features, n_units in inputs["mixed"]:
        try:
            student.parameter_count(n_features, n_units)
            said.append("accepted")
        except ValueError:
            said.append("refused")
    return said


def _count(n_features: int, n_units: int) -> int:
    n_weights = (n_features + 1) * n_units
    return n_weights + n_weights * (n_weights + 1) // 2


PARAMETER_COUNT = Check(
    name="parameter_count",
    draw=_draw_sizes,
    parts=(
        Part(
            expects="For one unit, counts the mean and the lower triangle over all weights.",
            points=4,
            probe=_counts_one_unit,
            truth=lambda inputs: [_count(f, u) for f, u in inputs["one_unit"]],
        ),
        Part(
            expects="For several units, every unit has its own kernel column and its own bias.",
            points=2,
            probe=_counts_several_units,
            truth=lambda inputs: [_count(f, u) for f, u in inputs["several"]],
        ),
        Part(
            expects="Raises ValueError where a size is smaller than 1, and only there.",
            points=2,
            probe=_counts_refusals,
            truth=lambda inputs: [
                "refused" if min(sizes) < 1 else "accepted" for sizes in inputs["mixed"]
            ],
        ),
    ),
)

# --------------------------------------------------------------------------------- make_prior


def _draw_prior(rng: Generator) -> Inputs:
    kernel_size, bias_size = int(rng.integers(2, 8)), int(rng.integers(2, 5))
    n_points = int(rng.integers(3, 7))
    points = rng.normal(scale=1.5, size=(n_points, kernel_size + bias_size)).tolist()
    return {"kernel_size": kernel_size, "bias_size": bias_size, "points": points}


def _prior_density(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    prior = student.make_prior(inputs["kernel_size"], inputs["bias_size"], None)
    distribution = prior(tf.zeros((1, 1)))
    size = list(distribution.sample().shape)
    if size != [len(inputs["points"][0])]:
        return f"a prior over weights of shape {size}"
    return distribution.log_prob(tf.constant(inputs["points"], distribution.dtype))


def _prior_stays(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    prior = student.make_prior(inputs["kernel_size"], inputs["bias_size"], None)
    points = tf.constant(inputs["points"], prior(tf.zeros((1, 1))).dtype)
    for _ in range(3):  # what training would do to any variable it finds
        with tf.GradientTape() as tape:
            loss = -tf.reduce_sum(prior(tf.zeros((1, 1))).log_prob(points))
        variables = prior.trainable_variables
        for variable, slope in zip(variables, tape.gradient(loss, variables), strict=True):
            if slope is not None:
                variable.assign_sub(0.1 * slope)
    return tf.reduce_sum(prior(tf.zeros((1, 1))).log_prob(points))


def _standard_normal(inputs: Inputs) -> np.ndarray:
    points = np.asarray(inputs["points"])
    return -0.5 * (points**2 + np.log(2 * np.pi)).sum(axis=1)


MAKE_PRIOR = Check(
    name="make_prior",
    draw=_draw_prior,
    parts=(
        Part(
            expects="The prior is one standard normal over kernel and bias together: log_prob "
            "gives one number per weight vector.",
            points=8,
            probe=_prior_density,
            truth=_standard_normal,
        ),
        Part(
            expects="Training leaves the prior as it is.",
            points=4,
            probe=_prior_stays,
            truth=lambda inputs: _standard_normal(inputs).sum(),
        ),
    ),
)

# ----------------------------------------------------------------------------- make_posterior


def _draw_posterior(rng: Generator) -> Inputs:
    # The fit is of a small layer; the sizes and draws of several others are asked for besides, so
    # that nobody can have the answers ready.
    kernel_size, bias_size = int(rng.integers(2, 4)), int(rng.integers(2, 4))
    n = kernel_size + bias_size
    sizes = [[int(rng.integers(2, 30)), int(rng.integers(1, 9))] for _ in range(3)]
    # A shared factor makes all weights correlated: a posterior that leaves the correlations out
    # then misses the target's entropy by more than 0.8 nats.
    factor = rng.uniform(1.0, 2.0, size=(n, 1)) * rng.choice([-1.0, 1.0], size=(n, 1))
    covariance = rng.uniform(0.1, 0.8) * (factor @ factor.T + 0.4 * np.eye(n))
    scale = np.sqrt(n) * np.linalg.cholesky(covariance)
    mean = rng.uniform(-1.0, 1.0, size=n)
    # These 2n points have exactly this mean and this covariance, so the Gaussian that fits them
    # best is the Gaussian with this mean and covariance.
    points = np.concatenate([mean + scale.T, mean - scale.T])
    return {
        "kernel_size": kernel_size,
        "bias_size": bias_size,
        "points": points.tolist(),
        "sizes": sizes,
        "directions": [rng.normal(size=sum(size)).tolist() for size in sizes],
    }


def _posterior_size(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    found = []
    for kernel_size, bias_size in inputs["sizes"]:
        posterior = student.make_posterior(kernel_size, bias_size, None)
        distribution = posterior(tf.zeros((1, 1)))
        counted = sum(int(np.prod(v.shape)) for v in posterior.trainable_variables)
        found.append([list(distribution.sample().shape), counted])
    return found


def _posterior_fit(student: Any, inputs: Inputs) -> Any:
    import math

    import tensorflow as tf
    import tf_keras as keras

    posterior = student.make_posterior(inputs["kernel_size"], inputs["bias_size"], None)
    points = tf.constant(inputs["points"], posterior(tf.zeros((1, 1))).dtype)
    variables = posterior.trainable_variables
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(variables)

    @tf.function
    def step() -> None:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(posterior(tf.zeros((1, 1))).log_prob(points))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    for rate in (0.1, 0.02):
        optimizer.learning_rate = rate
        for _ in range(250):
            step()
    loss = float(-tf.reduce_mean(posterior(tf.zeros((1, 1))).log_prob(points)))
    return loss if math.isfinite(loss) else "no finite number"


def _posterior_draws(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    found = []
    for (kernel_size, bias_size), direction in zip(
        inputs["sizes"], inputs["directions"], strict=True
    ):
        posterior = student.make_posterior(kernel_size, bias_size, None)
        with tf.GradientTape() as tape:
            draw = posterior(tf.zeros((1, 1))).sample(seed=1)
            value = tf.reduce_sum(tf.constant(direction, draw.dtype) * draw)
        slopes = tape.gradient(value, posterior.trainable_variables)
        found.append(sum(int(tf.math.count_nonzero(s)) for s in slopes if s is not None))
    return found


def _counts_for(inputs: Inputs) -> list[int]:
    return [_count(sum(size) - 1, 1) for size in inputs["sizes"]]


def _fitted_entropy(inputs: Inputs) -> float:
    points = np.asarray(inputs["points"])
    covariance = np.cov(points.T, bias=True)
    return 0.5 * np.linalg.slogdet(2 * np.pi * np.e * covariance)[1]


MAKE_POSTERIOR = Check(
    name="make_posterior",
    draw=_draw_posterior,
    parts=(
        Part(
            expects="A draw has one entry per weight, and the posterior trains n + n(n+1)/2 "
            "numbers for n weights.",
            points=6,
            probe=_posterior_size,
            truth=lambda inputs: [
                [[sum(size)], count]
                for size, count in zip(inputs["sizes"], _counts_for(inputs), strict=True)
            ],
        ),
        Part(
            expects="Trained on weight vectors whose entries are correlated, the posterior takes "
            "over their mean and their whole covariance.",
            points=7,
            probe=_posterior_fit,
            truth=_fitted_entropy,
            # The fit ends within 0.005 nats of the optimum (its error is of second order in the
            # parameters); leaving the correlations out costs more than 0.8.
            rtol=0.0,
            atol=0.05,
        ),
        Part(
            expects="A draw is differentiable with respect to every trained number "
            "(the reparameterization trick).",
            points=3,
            probe=_posterior_draws,
            truth=_counts_for,
        ),
    ),
)

# ------------------------------------------------------------------------- per_example_weight


def _draw_weights(rng: Generator) -> Inputs:
    (a, b, c), (p, q, r, s) = rng.integers(2, 500, size=3).tolist(), rng.uniform(0.1, 2, size=4)
    mixed = [[1, p], [a, q], [b, r], [c, s]]  # what a loss can have …
    mixed += [[0, q], [-a, r], [b, -s], [-c, -p]]  # … and what it cannot
    return {
        "n_trains": [int(n) for n in rng.integers(20, 6000, size=4)],
        "multiples": [0.0, float(rng.uniform(0.05, 0.9)), *rng.uniform(1.1, 4, size=2).tolist()],
        "mixed": [[mixed[i][0], float(mixed[i][1])] for i in rng.permutation(len(mixed))],
    }


def _plain_weights(student: Any, inputs: Inputs) -> Any:
    return [float(student.per_example_weight(n)) for n in inputs["n_trains"]]


def _multiple_weights(student: Any, inputs: Inputs) -> Any:
    pairs = zip(inputs["n_trains"], inputs["multiples"], strict=True)
    return [float(student.per_example_weight(n, multiple)) for n, multiple in pairs]


def _refused_weights(student: Any, inputs: Inputs) -> Any:
    said = []
    for n_train, multiple in inputs["mixed"]:
        try:
            student.per_example_weight(n_train, multiple)
            said.append("accepted")
        except ValueError:
            said.append("refused")
    return said


PER_EXAMPLE_WEIGHT = Check(
    name="per_example_weight",
    draw=_draw_weights,
    parts=(
        Part(
            expects="By default the weight is one over the number of training examples.",
            points=4,
            probe=_plain_weights,
            truth=lambda inputs: [1 / n for n in inputs["n_trains"]],
            atol=0.0,
        ),
        Part(
            expects="`multiple` scales that weight; 0 switches the KL off.",
            points=2,
            probe=_multiple_weights,
            truth=lambda inputs: [
                m / n for n, m in zip(inputs["n_trains"], inputs["multiples"], strict=True)
            ],
            atol=0.0,
        ),
        Part(
            expects="Raises ValueError for fewer than one example or a negative multiple, and "
            "only there.",
            points=2,
            probe=_refused_weights,
            truth=lambda inputs: [
                "refused" if n < 1 or m < 0 else "accepted" for n, m in inputs["mixed"]
            ],
        ),
    ),
)

# -------------------------------------------------------------------- negative_log_likelihood


def _draw_predictions(rng: Generator) -> Inputs:
    shape = (int(rng.integers(3, 9)), int(rng.integers(2, 4)))
    return {
        "targets": rng.normal(size=shape).tolist(),
        "loc": rng.normal(size=shape).tolist(),
        "scale": rng.uniform(0.3, 2.0, size=shape).tolist(),
    }


def _gaussian_nll(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp

    tf.random.set_seed(1)  # so that a mistake that draws is known again by its answer
    targets, loc, scale = (tf.constant(inputs[k]) for k in ("targets", "loc", "scale"))
    prediction = tfp.distributions.Independent(tfp.distributions.Normal(loc, scale), 1)
    return np.mean(student.negative_log_likelihood(targets, prediction))


def _every_nll(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    tf.random.set_seed(1)  # so that a mistake that draws is known again by its answer
    targets, loc, scale = (tf.constant(inputs[k]) for k in ("targets", "loc", "scale"))
    prediction = tfp.distributions.Independent(tfp.distributions.Normal(loc, scale), 1)
    return student.negative_log_likelihood(targets, prediction)


def _laplace_nll(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp

    tf.random.set_seed(1)  # so that a mistake that draws is known again by its answer
    targets, loc, scale = (tf.constant(inputs[k]) for k in ("targets", "loc", "scale"))
    prediction = tfp.distributions.Independent(tfp.distributions.Laplace(loc, scale), 1)
    return np.mean(student.negative_log_likelihood(targets, prediction))


def _standardised(inputs: Inputs) -> tuple[np.ndarray, np.ndarray]:
    targets, loc, scale = (np.asarray(inputs[k]) for k in ("targets", "loc", "scale"))
    return (targets - loc) / scale, scale


def _true_gaussian_nll(inputs: Inputs) -> np.ndarray:
    z, scale = _standardised(inputs)
    return (0.5 * z**2 + np.log(scale) + 0.5 * np.log(2 * np.pi)).sum(axis=1)


def _true_laplace_nll(inputs: Inputs) -> float:
    z, scale = _standardised(inputs)
    return (np.abs(z) + np.log(2 * scale)).sum(axis=1).mean()


NEGATIVE_LOG_LIKELIHOOD = Check(
    name="negative_log_likelihood",
    draw=_draw_predictions,
    parts=(
        Part(
            expects="Scores a Gaussian prediction; Keras' mean of the scores is the mean negative "
            "log-likelihood per example, in nats.",
            points=4,
            probe=_gaussian_nll,
            truth=lambda inputs: _true_gaussian_nll(inputs).mean(),
        ),
        Part(
            expects="There is one score per example.",
            points=3,
            probe=_every_nll,
            truth=_true_gaussian_nll,
        ),
        Part(
            expects="Scores any predicted distribution, here a Laplace one, by its own log_prob.",
            points=3,
            probe=_laplace_nll,
            truth=_true_laplace_nll,
        ),
    ),
)

# -------------------------------------------------------------------------------- build_model


def _draw_layer(rng: Generator) -> Inputs:
    n_features, n_units = rng.choice([2, 3, 4], size=2, replace=False).tolist()
    n, batch = (n_features + 1) * n_units, int(rng.integers(4, 9))
    loc = rng.uniform(0.5, 1.5, size=n) * rng.choice([-1.0, 1.0], size=n)
    features = rng.normal(size=(batch, n_features))
    # Along the first unit's kernel, once up and once down, far enough to outweigh its bias: the
    # unit's outputs lie on both sides of zero, so that no activation can hide.
    column, bias = loc[:-n_units:n_units], loc[-n_units]
    features[0] = rng.uniform(1.5, 3.0) * abs(bias) * column / (column @ column)
    features[1] = -features[0]
    # Away from 1, where a standard deviation and a variance are the same number.
    noise_scale = rng.uniform(1.3, 2.5) ** rng.choice([-1.0, 1.0])
    return {
        "n_features": n_features,
        "n_units": n_units,
        "loc": loc.tolist(),
        "scale": rng.uniform(0.2, 0.8, size=n).tolist(),
        "prior_scale": float(rng.uniform(1.0, 3.0)),
        "kl_weight": float(rng.uniform(0.001, 0.1)),
        "noise_scale": float(noise_scale),
        "features": features.tolist(),
        "targets": rng.normal(size=(batch, n_units)).tolist(),
    }


def _fixed_gaussian(loc: Any, scale: Any) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp
    import tf_keras as keras

    def make(kernel_size: int, bias_size: int, dtype: Any = None) -> Any:
        n = kernel_size + bias_size
        layer = tfp.layers.DistributionLambda(
            lambda _: tfp.distributions.MultivariateNormalDiag(
                tf.constant(loc[:n]), tf.constant(scale[:n])
            )
        )
        return keras.Sequential([layer])

    return make


def _built(student: Any, inputs: Inputs, scale: Any) -> Any:
    import tf_keras as keras

    keras.utils.set_random_seed(1)  # so that a mistake that draws is known again by its answer
    n = len(inputs["loc"])
    return student.build_model(
        inputs["n_features"],
        inputs["n_units"],
        _fixed_gaussian(inputs["loc"], scale),
        _fixed_gaussian([0.0] * n, [inputs["prior_scale"]] * n),
        inputs["kl_weight"],
        inputs["noise_scale"],
    )


def _layer_mean(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    model = _built(student, inputs, [1e-7] * len(inputs["loc"]))
    return model(tf.constant(inputs["features"])).mean()


def _layer_log_prob(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    model = _built(student, inputs, [1e-7] * len(inputs["loc"]))
    return model(tf.constant(inputs["features"])).log_prob(tf.constant(inputs["targets"]))


def _layer_penalty(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    model = _built(student, inputs, inputs["scale"])
    model(tf.constant(inputs["features"]))
    return tf.add_n(model.losses)


def _true_mean(inputs: Inputs) -> np.ndarray:
    loc = np.asarray(inputs["loc"])
    kernel_size = inputs["n_features"] * inputs["n_units"]
    kernel = loc[:kernel_size].reshape(inputs["n_features"], inputs["n_units"])
    return np.asarray(inputs["features"]) @ kernel + loc[kernel_size:]


def _true_log_prob(inputs: Inputs) -> np.ndarray:
    noise_scale = inputs["noise_scale"]
    z = (np.asarray(inputs["targets"]) - _true_mean(inputs)) / noise_scale
    return -(0.5 * z**2 + np.log(noise_scale) + 0.5 * np.log(2 * np.pi)).sum(axis=1)


def _true_penalty(inputs: Inputs) -> float:
    loc, scale = np.asarray(inputs["loc"]), np.asarray(inputs["scale"])
    ratio = scale / inputs["prior_scale"]
    kl = 0.5 * (ratio**2 + (loc / inputs["prior_scale"]) ** 2 - 1) - np.log(ratio)
    return inputs["kl_weight"] * kl.sum()


BUILD_MODEL = Check(
    name="build_model",
    draw=_draw_layer,
    support=(_fixed_gaussian, _built),
    parts=(
        Part(
            expects="The mean of the output is linear in the features, features @ kernel + bias, "
            "with the weights that `make_posterior` draws.",
            points=5,
            probe=_layer_mean,
            truth=_true_mean,
            atol=1e-4,
        ),
        Part(
            expects="The output is a Gaussian of standard deviation `noise_scale`; its log_prob "
            "gives one number per example.",
            points=4,
            probe=_layer_log_prob,
            truth=_true_log_prob,
            rtol=1e-3,
        ),
        Part(
            expects="model.losses holds `kl_weight` times KL(posterior || prior), in closed form.",
            points=7,
            probe=_layer_penalty,
            truth=_true_penalty,
        ),
    ),
)

# -------------------------------------------------------------------------- PosteriorRecorder


def _draw_epochs(rng: Generator) -> Inputs:
    n_features, n_epochs = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    n = n_features + 1
    tril = np.tril(rng.uniform(-0.5, 0.5, size=(n_epochs, n, n)), -1)
    tril += np.einsum("ei,ij->eij", rng.uniform(0.4, 1.5, size=(n_epochs, n)), np.eye(n))
    return {
        "features": rng.normal(size=(8, n_features)).tolist(),
        "means": rng.normal(size=(n_epochs, n)).tolist(),
        "scale_trils": tril.tolist(),
    }


def _record(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp
    import tf_keras as keras

    keras.utils.set_random_seed(1)
    means = np.array(inputs["means"], "float32")
    scales = np.array(inputs["scale_trils"], "float32")
    mean, scale = tf.Variable(means[-1]), tf.Variable(scales[-1])

    def moving(*_: Any) -> Any:
        layer = tfp.layers.DistributionLambda(
            lambda _: tfp.distributions.MultivariateNormalTriL(
                tf.identity(mean), tf.identity(scale)
            )
        )
        return keras.Sequential([layer])

    def resting(kernel_size: int, bias_size: int, dtype: Any) -> Any:
        n = kernel_size + bias_size
        layer = tfp.layers.DistributionLambda(
            lambda _: tfp.distributions.MultivariateNormalDiag(tf.zeros(n), tf.ones(n))
        )
        return keras.Sequential([layer])

    class Model(keras.Sequential):
        def train_step(self, data: Any) -> Any:
            return {"loss": tf.constant(0.0)}

    class Mover(keras.callbacks.Callback):  # plays the part of training, with a known outcome
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            mean.assign(means[epoch])
            scale.assign(scales[epoch])

    features = np.array(inputs["features"], "float32")
    model = Model(
        [
            keras.Input((features.shape[1],)),
            keras.layers.Activation("linear"),
            tfp.layers.DenseVariational(1, moving, resting, kl_weight=0.1, kl_use_exact=True),
            tfp.layers.DenseVariational(1, resting, resting, kl_weight=0.1, kl_use_exact=True),
        ]
    )
    model.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
    recorder = student.PosteriorRecorder()
    model.fit(
        features,
        features[:, :1],
        epochs=len(means),
        batch_size=4,
        verbose=0,
        callbacks=[Mover(), recorder],
    )
    return recorder


def _recorded_means(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return np.array([np.asarray(mean) for mean in _record(student, inputs).means])


def _recorded_variances(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return np.array([np.asarray(variance) for variance in _record(student, inputs).variances])


def _recorded_history(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    history = _record(student, inputs).history()
    return {key: np.asarray(history[key]) for key in history}


def _true_variances(inputs: Inputs) -> np.ndarray:
    return (np.asarray(inputs["scale_trils"]) ** 2).sum(axis=-1)


POSTERIOR_RECORDER = Check(
    name="PosteriorRecorder",
    draw=_draw_epochs,
    support=(_record,),
    parts=(
        Part(
            expects="`means` holds the posterior mean at the end of every epoch, once an epoch, "
            "of the first DenseVariational layer.",
            points=4,
            probe=_recorded_means,
            truth=lambda inputs: inputs["means"],
        ),
        Part(
            expects="`variances` holds the diagonal of the posterior's covariance at the end of "
            "every epoch.",
            points=4,
            probe=_recorded_variances,
            truth=_true_variances,
        ),
        Part(
            expects='`history()` returns both as they were recorded, stacked, under "mean" and '
            '"variance".',
            points=2,
            probe=_recorded_history,
            truth=lambda inputs: {"mean": inputs["means"], "variance": _true_variances(inputs)},
        ),
    ),
)

# --------------------------------------------------------------------------- sweep_kl_weights


def _draw_sweep(rng: Generator) -> Inputs:
    n_train, n_features = int(rng.integers(10, 20)), int(rng.integers(2, 5))
    n_epochs, n_weights = int(rng.integers(3, 7)), int(rng.integers(3, 6))
    kl_weights = np.roll(
        np.sort(rng.uniform(0, 0.2, size=n_weights)), int(rng.integers(1, n_weights))
    )
    return {
        "features": rng.normal(size=(n_train, n_features)).tolist(),
        "targets": rng.normal(size=(n_train, 1)).tolist(),
        "kl_weights": kl_weights.tolist(),  # in no order, rising or falling
        "n_epochs": n_epochs,
        "batch_size": int(rng.integers(7, 13)),
        "seed": int(rng.integers(1, 10_000)),
        "start": rng.uniform(0.5, 2.0, size=n_features + 1).tolist(),
    }


def _sweep(student: Any, inputs: Inputs) -> Any:
    import random

    import numpy as np
    import tensorflow as tf
    import tf_keras as keras

    keras.utils.set_random_seed(inputs["seed"] + 1)
    runs = []

    def chance() -> list:
        return [random.random(), np.random.rand(), float(tf.random.uniform(()))]

    class Recorder:  # what the sweep reads, without a network behind it
        def __init__(self) -> None:
            self.means: list = []
            self.variances: list = []

        def history(self) -> dict:
            return {"mean": np.stack(self.means), "variance": np.stack(self.variances)}

    class Model:
        def __init__(self, kl_weight: float) -> None:
            self.run: dict = {"kl_weight": kl_weight, "drawn": chance(), "fits": []}
            runs.append(self.run)

        def fit(
            self,
            x: Any,
            y: Any,
            batch_size: int = 32,
            epochs: int = 1,
            verbose: Any = "auto",
            callbacks: Any = (),
            **_: Any,
        ) -> None:
            chance()  # a fit uses random numbers up
            seen = float(np.sum(x) + 2 * np.sum(y))
            self.run["fits"].append([epochs, batch_size, seen])
            recorders = [c for c in tf.nest.flatten(callbacks) if isinstance(c, Recorder)]
            for epoch in range(epochs):
                for recorder in recorders:
                    variance = np.array(inputs["start"]) ** (1 + self.run["kl_weight"] * epoch)
                    recorder.variances.append(variance)
                    recorder.means.append(0 * variance)

    curves = student.sweep_kl_weights(
        np.array(inputs["features"]),
        np.array(inputs["targets"]),
        inputs["kl_weights"],
        Model,
        Recorder,
        n_epochs=inputs["n_epochs"],
        batch_size=inputs["batch_size"],
        seed=inputs["seed"],
    )
    return np.asarray(curves), runs


def _sweep_curves(student: Any, inputs: Inputs) -> Any:
    return _sweep(student, inputs)[0]


def _sweep_fits(student: Any, inputs: Inputs) -> Any:
    return [run["fits"] for run in _sweep(student, inputs)[1]]


def _sweep_seeds(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    drawn = [run["drawn"] for run in _sweep(student, inputs)[1]]
    tf.random.set_seed(inputs["seed"])
    first = float(tf.random.uniform(()))
    return [[python, numpy, tensorflow - first] for python, numpy, tensorflow in drawn]


def _true_curves(inputs: Inputs) -> np.ndarray:
    exponent = 1 + np.outer(inputs["kl_weights"], np.arange(inputs["n_epochs"]))
    return (np.asarray(inputs["start"]) ** exponent[..., None]).mean(axis=-1)


def _true_fits(inputs: Inputs) -> list:
    seen = float(np.sum(inputs["features"]) + 2 * np.sum(inputs["targets"]))
    return [[[inputs["n_epochs"], inputs["batch_size"], seen]]] * len(inputs["kl_weights"])


def _true_seeds(inputs: Inputs) -> list:
    python = random.Random(inputs["seed"]).random()
    numpy = np.random.RandomState(inputs["seed"]).rand()
    return [[python, numpy, 0.0]] * len(inputs["kl_weights"])


SWEEP_KL_WEIGHTS = Check(
    name="sweep_kl_weights",
    draw=_draw_sweep,
    support=(_sweep,),
    parts=(
        Part(
            expects="Returns one row per KL weight, in the given order, and one column per epoch: "
            "the variance averaged over the layer's weights.",
            points=6,
            probe=_sweep_curves,
            truth=_true_curves,
        ),
        Part(
            expects="Every weight gets a fresh model, fitted once on these data with this number "
            "of epochs and this batch size.",
            points=2,
            probe=_sweep_fits,
            truth=_true_fits,
        ),
        Part(
            expects="Before each model is made, keras.utils.set_random_seed(seed) is called.",
            points=2,
            probe=_sweep_seeds,
            truth=_true_seeds,
        ),
    ),
)

CHECKS = (
    PARAMETER_COUNT,
    MAKE_PRIOR,
    MAKE_POSTERIOR,
    PER_EXAMPLE_WEIGHT,
    NEGATIVE_LOG_LIKELIHOOD,
    BUILD_MODEL,
    POSTERIOR_RECORDER,
    SWEEP_KL_WEIGHTS,
)
