"""Checks for topic 03, the posterior's family."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part, first_places, repeated_seeds


def _covariance(rng: Generator, n: int) -> np.ndarray:
    """A covariance whose entries are of different size and clearly correlated."""
    factor = rng.uniform(0.8, 1.5, size=(n, 1)) * rng.choice([-1.0, 1.0], size=(n, 1))
    spread = np.diag(rng.uniform(0.3, 1.2, size=n))
    return rng.uniform(0.5, 1.5) * (factor @ factor.T + spread)


# --------------------------------------------------------------------------- parameter_counts


def _draw_counts(rng: Generator) -> Inputs:
    return {
        "n_weights": [int(n) for n in rng.integers(5, 400, size=5)],
        "ranks": [int(r) for r in rng.permutation([1, *rng.integers(2, 9, size=4)])],
    }


def _counts(student: Any, inputs: Inputs, name: str) -> Any:
    pairs = zip(inputs["n_weights"], inputs["ranks"], strict=True)
    return [student.parameter_counts(n, r)[name] for n, r in pairs]


def _counts_mean_field(student: Any, inputs: Inputs) -> Any:
    return _counts(student, inputs, "mean_field")


def _counts_low_rank(student: Any, inputs: Inputs) -> Any:
    return _counts(student, inputs, "low_rank")


def _counts_full(student: Any, inputs: Inputs) -> Any:
    return _counts(student, inputs, "full_covariance")


PARAMETER_COUNTS = Check(
    name="parameter_counts",
    draw=_draw_counts,
    support=(_counts,),
    parts=(
        Part(
            expects='"mean_field" counts a mean and a scale per weight.',
            points=2,
            probe=_counts_mean_field,
            truth=lambda inputs: [2 * n for n in inputs["n_weights"]],
            rtol=0.0,
            atol=0.0,
        ),
        Part(
            expects='"low_rank" counts besides these `rank` directions of n entries each.',
            points=3,
            probe=_counts_low_rank,
            truth=lambda inputs: [
                n * (2 + r) for n, r in zip(inputs["n_weights"], inputs["ranks"], strict=True)
            ],
            rtol=0.0,
            atol=0.0,
        ),
        Part(
            expects='"full_covariance" counts the means and a triangle, its diagonal included.',
            points=3,
            probe=_counts_full,
            truth=lambda inputs: [n * (n + 3) // 2 for n in inputs["n_weights"]],
            rtol=0.0,
            atol=0.0,
        ),
    ),
)

# --------------------------------------------------------------------------------- mean_field


def _draw_mean_field(rng: Generator) -> Inputs:
    kernel_size, bias_size = int(rng.integers(2, 4)), int(rng.integers(1, 4))
    n = kernel_size + bias_size
    # No two weights have nearly the same spread: one scale for all costs over 0.3 nats.
    spreads = rng.permutation(np.geomspace(0.4, 1.6, n))
    scale = spreads[:, None] * np.sqrt(n) * np.linalg.cholesky(_covariance(rng, n))
    mean = rng.uniform(-1.0, 1.0, size=n)
    # These 2n points have exactly this mean and this covariance.
    points = np.concatenate([mean + scale.T, mean - scale.T])
    return {
        "kernel_size": kernel_size,
        "bias_size": bias_size,
        "points": points.tolist(),
        "sizes": [[int(rng.integers(2, 30)), int(rng.integers(0, 9))] for _ in range(3)],
        "prior_scales": rng.uniform(1.5, 3.0, size=n).tolist(),
        "loc": rng.normal(size=n).tolist(),
        "rho": rng.uniform(-2.0, 1.0, size=n).tolist(),
    }


def _mean_field_size(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    found = []
    for kernel_size, bias_size in inputs["sizes"]:
        posterior = student.mean_field(kernel_size, bias_size, None)
        draw = posterior(tf.zeros((1, 1))).sample()
        counted = sum(int(np.prod(v.shape)) for v in posterior.trainable_variables)
        found.append([list(draw.shape), counted])
    return found


def _mean_field_start(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    posterior = student.mean_field(inputs["kernel_size"], inputs["bias_size"], None)
    distribution = posterior(tf.zeros((1, 1)))
    return {"mean": distribution.mean(), "standard deviation": distribution.stddev()}


def _mean_field_moved(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    posterior = student.mean_field(inputs["kernel_size"], inputs["bias_size"], None)
    posterior(tf.zeros((1, 1)))
    (variable,) = posterior.trainable_variables
    # Cut or repeated where the model trains more numbers or fewer: its answer says more than an
    # error would.
    variable.assign(np.resize([*inputs["loc"], *inputs["rho"]], variable.shape))
    distribution = posterior(tf.zeros((1, 1)))
    return {"mean": distribution.mean(), "standard deviation": distribution.stddev()}


def _mean_field_fit(student: Any, inputs: Inputs) -> Any:
    import math

    import tensorflow as tf
    import tf_keras as keras

    posterior = student.mean_field(inputs["kernel_size"], inputs["bias_size"], None)
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


def _mean_field_divergence(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    posterior = student.mean_field(inputs["kernel_size"], inputs["bias_size"], None)
    scales = tf.constant(inputs["prior_scales"])
    prior = tfp.distributions.MultivariateNormalDiag(tf.zeros_like(scales), scales)
    return tfp.distributions.kl_divergence(posterior(tf.zeros((1, 1))), prior)


def _fitted_loss(inputs: Inputs) -> float:
    variances = np.asarray(inputs["points"]).var(axis=0)
    return float(0.5 * np.log(2 * np.pi * np.e * variances).sum())


def _start_divergence(inputs: Inputs) -> float:
    ratio = np.log(2.0) / np.asarray(inputs["prior_scales"])
    return float((0.5 * (ratio**2 - 1) - np.log(ratio)).sum())


MEAN_FIELD = Check(
    name="mean_field",
    draw=_draw_mean_field,
    parts=(
        Part(
            expects="A draw has one entry per weight, and the posterior trains 2 n numbers.",
            points=4,
            probe=_mean_field_size,
            truth=lambda inputs: [[[sum(s)], 2 * sum(s)] for s in inputs["sizes"]],
        ),
        Part(
            expects="It starts at mean 0 and standard deviation softplus(0) = 0.693.",
            points=2,
            probe=_mean_field_start,
            truth=lambda inputs: {
                "mean": np.zeros(len(inputs["prior_scales"])),
                "standard deviation": np.full(len(inputs["prior_scales"]), np.log(2.0)),
            },
        ),
        Part(
            expects="The first n numbers are the means, the others are rho.",
            points=3,
            probe=_mean_field_moved,
            truth=lambda inputs: {
                "mean": inputs["loc"],
                "standard deviation": np.logaddexp(0.0, inputs["rho"]),
            },
        ),
        Part(
            expects="Trained on weight vectors, it takes over the mean and the variance of each "
            "weight, and no correlation; the number is what is left of −log q(w), averaged over "
            "the vectors.",
            points=3,
            probe=_mean_field_fit,
            truth=_fitted_loss,
            # The fit ends within 0.005 nats of the optimum; correlations would gain more than 0.3.
            rtol=0.0,
            atol=0.05,
        ),
        Part(
            expects="tfd.kl_divergence to a MultivariateNormalDiag has a closed form.",
            points=2,
            probe=_mean_field_divergence,
            truth=_start_divergence,
        ),
    ),
)

# ----------------------------------------------------------------------------------- low_rank


def _draw_low_rank(rng: Generator) -> Inputs:
    kernel_size, bias_size, rank = (int(rng.integers(a, b)) for a, b in ((3, 5), (1, 4), (2, 4)))
    n = kernel_size + bias_size
    return {
        "kernel_size": kernel_size,
        "bias_size": bias_size,
        "rank": rank,
        "sizes": [
            [int(rng.integers(6, 30)), int(rng.integers(0, 5)), int(rank)]
            for rank in rng.permutation([1, *rng.integers(2, 6, size=2)])
        ],
        "loc": rng.normal(size=n).tolist(),
        "rho": rng.uniform(-2.0, 1.0, size=n).tolist(),
        "factor": rng.normal(scale=0.7, size=(n, rank)).tolist(),
        "seed": int(rng.integers(1, 1000)),
        "seeds": repeated_seeds(rng),
    }


def _low_rank_size(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    found = []
    for kernel_size, bias_size, rank in inputs["sizes"]:
        posterior = student.low_rank(rank)(kernel_size, bias_size, None)
        draw = posterior(tf.zeros((1, 1))).sample()
        counted = sum(int(np.prod(v.shape)) for v in posterior.trainable_variables)
        found.append([list(draw.shape), counted])
    return found


def _low_rank_moved(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    make = student.low_rank(inputs["rank"], inputs["seed"])
    posterior = make(inputs["kernel_size"], inputs["bias_size"], None)
    posterior(tf.zeros((1, 1)))
    (variable,) = posterior.trainable_variables
    factor = np.array(inputs["factor"]).reshape(-1)
    numbers = np.concatenate([inputs["loc"], inputs["rho"], factor])
    variable.assign(np.resize(numbers, variable.shape))  # see _mean_field_moved
    return posterior(tf.zeros((1, 1)))


def _low_rank_mean(student: Any, inputs: Inputs) -> Any:
    return _low_rank_moved(student, inputs).mean()


def _low_rank_covariance(student: Any, inputs: Inputs) -> Any:
    return _low_rank_moved(student, inputs).covariance()


def _low_rank_start(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    def start(seed: int) -> Any:
        posterior = student.low_rank(5, seed)(290, 10, None)
        posterior(tf.zeros((1, 1)))
        return np.asarray(posterior.trainable_variables[0]).reshape(-1)

    starts = [start(seed).tolist() for seed in inputs["seeds"]]
    numbers = np.array(starts[0])
    return {
        "largest mean or rho": float(np.abs(numbers[:600]).max()),
        "mean of U": float(numbers[600:].mean()),
        "standard deviation of U": float(numbers[600:].std()),
        "first place of each start": [starts.index(one) for one in starts],
    }


def _true_covariance(inputs: Inputs) -> np.ndarray:
    factor = np.asarray(inputs["factor"])
    scale = np.diag(np.logaddexp(0.0, inputs["rho"])) + factor @ factor.T
    return scale @ scale.T


LOW_RANK = Check(
    name="low_rank",
    draw=_draw_low_rank,
    support=(_low_rank_moved,),
    parts=(
        Part(
            expects="A draw has one entry per weight, and the posterior trains (2 + rank) n "
            "numbers.",
            points=4,
            probe=_low_rank_size,
            truth=lambda inputs: [
                [[kernel + bias], (2 + rank) * (kernel + bias)]
                for kernel, bias, rank in inputs["sizes"]
            ],
        ),
        Part(
            expects="The first n numbers are the mean.",
            points=4,
            probe=_low_rank_mean,
            truth=lambda inputs: inputs["loc"],
        ),
        Part(
            expects="The covariance is S Sᵀ with S = diag(softplus(rho)) + U Uᵀ, where U is read "
            "row by row.",
            points=5,
            probe=_low_rank_covariance,
            truth=_true_covariance,
            rtol=1e-3,
            atol=1e-4,
        ),
        Part(
            expects="Means and rho start at 0, U at draws from N(0, 0.1²) that the seed repeats.",
            points=3,
            probe=_low_rank_start,
            truth=lambda inputs: {
                "largest mean or rho": 0.0,
                "mean of U": 0.0,
                "standard deviation of U": 0.1,
                "first place of each start": first_places(inputs["seeds"]),
            },
            rtol=0.0,
            # Of 1500 draws the mean has standard error 0.0026 and the deviation 0.0018.
            atol=0.015,
        ),
    ),
)

# ---------------------------------------------------------------------- kl_multivariate_normal


def _draw_two(rng: Generator) -> Inputs:
    n = int(rng.integers(2, 6))
    return {
        "q_loc": rng.normal(size=n).tolist(),
        "p_loc": rng.normal(size=n).tolist(),
        "q_covariance": _covariance(rng, n).tolist(),
        "p_covariance": (2.0 * _covariance(rng, n)).tolist(),
    }


def _divergence(student: Any, *numbers: Any) -> Any:
    import numpy as np

    # Not float(…): older NumPys would make a number of an array with one entry.
    return student.kl_multivariate_normal(*map(np.array, numbers))


def _same_covariance(student: Any, inputs: Inputs) -> Any:
    covariance = inputs["p_covariance"]
    return _divergence(student, inputs["q_loc"], covariance, inputs["p_loc"], covariance)


def _same_mean(student: Any, inputs: Inputs) -> Any:
    loc = inputs["q_loc"]
    return _divergence(student, loc, inputs["q_covariance"], loc, inputs["p_covariance"])


def _all_different(student: Any, inputs: Inputs) -> Any:
    names = ("q_loc", "q_covariance", "p_loc", "p_covariance")
    return _divergence(student, *(inputs[name] for name in names))


def _true_distance(inputs: Inputs) -> float:
    shift = np.asarray(inputs["q_loc"]) - inputs["p_loc"]
    whitened = np.linalg.solve(np.linalg.cholesky(inputs["p_covariance"]), shift)
    return float(0.5 * whitened @ whitened)


def _true_shape(inputs: Inputs) -> float:
    # In the coordinates in which p is standard normal, q's covariance has these eigenvalues.
    values = np.linalg.eigvals(np.linalg.solve(inputs["p_covariance"], inputs["q_covariance"]))
    return float(0.5 * (values.real - 1 - np.log(values.real)).sum())


KL_MULTIVARIATE_NORMAL = Check(
    name="kl_multivariate_normal",
    draw=_draw_two,
    support=(_divergence,),
    parts=(
        Part(
            expects="With equal covariances P, gives half of (p_loc − q_loc)ᵀ P⁻¹ (p_loc − q_loc).",
            points=4,
            probe=_same_covariance,
            truth=_true_distance,
        ),
        Part(
            expects="With equal means, gives half of tr(P⁻¹ Q) − n + log det P − log det Q.",
            points=6,
            probe=_same_mean,
            truth=_true_shape,
        ),
        Part(
            expects="In general, gives the sum of the two.",
            points=4,
            probe=_all_different,
            truth=lambda inputs: _true_distance(inputs) + _true_shape(inputs),
        ),
    ),
)

# ------------------------------------------------------- best_mean_field, moment_matched, the gap


def _draw_covariances(rng: Generator) -> Inputs:
    return {
        "covariances": [_covariance(rng, int(n)).tolist() for n in rng.integers(2, 7, size=3)],
        # Neither ascending nor descending, as eigenvalues and singular values would come.
        "diagonal": np.roll(np.sort(rng.uniform(0.2, 3.0, int(rng.integers(3, 6)))), 1).tolist(),
        "independent": rng.permutation([True, False, *(rng.random(4) < 0.5)]).tolist(),
    }


def _conditional(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return [student.best_mean_field(np.array(c)) for c in inputs["covariances"]]


def _conditional_of_diagonal(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return student.best_mean_field(np.diag(inputs["diagonal"]))


def _true_conditional(covariance: Any) -> np.ndarray:
    """Each variance given the others, by conditioning a Gaussian (Schur complement)."""
    covariance = np.asarray(covariance)
    found = []
    for i in range(len(covariance)):
        others = [j for j in range(len(covariance)) if j != i]
        cross = covariance[i, others]
        told = cross @ np.linalg.solve(covariance[np.ix_(others, others)], cross)
        found.append(covariance[i, i] - told)
    return np.array(found)


BEST_MEAN_FIELD = Check(
    name="best_mean_field",
    draw=_draw_covariances,
    parts=(
        Part(
            expects="Gives the variance of each weight given all the others.",
            points=7,
            probe=_conditional,
            truth=lambda inputs: [_true_conditional(c) for c in inputs["covariances"]],
        ),
        Part(
            expects="For independent weights, gives their variances.",
            points=3,
            probe=_conditional_of_diagonal,
            truth=lambda inputs: inputs["diagonal"],
        ),
    ),
)


def _marginal(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return [student.moment_matched(np.array(c)) for c in inputs["covariances"]]


MOMENT_MATCHED = Check(
    name="moment_matched",
    draw=_draw_covariances,
    parts=(
        Part(
            expects="Keeps each weight's own variance and forgets the correlations.",
            points=6,
            probe=_marginal,
            truth=lambda inputs: [np.diag(c) for c in inputs["covariances"]],
        ),
    ),
)


def _gap(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return [student.kl_mean_field_gap(np.array(c)) for c in inputs["covariances"]]


def _gap_of_diagonal(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    independent, correlated = [], []
    for asked in inputs["independent"]:
        covariance = np.diag(inputs["diagonal"]) if asked else np.array(inputs["covariances"][0])
        gap = float(student.kl_mean_field_gap(covariance))
        if asked:
            independent.append(gap)
        else:
            correlated.append("0" if abs(gap) < 1e-6 else "not 0")
    return {"independent": independent, "correlated": correlated}


def _true_gap(covariance: Any) -> float:
    """From the general formula, with q's variances put in."""
    variances = _true_conditional(covariance)
    inputs = {"q_covariance": np.diag(variances), "p_covariance": covariance}
    return _true_shape(inputs)


KL_MEAN_FIELD_GAP = Check(
    name="kl_mean_field_gap",
    draw=_draw_covariances,
    parts=(
        Part(
            expects="Gives KL(q || p) for the mean-field q that is nearest to p.",
            points=7,
            probe=_gap,
            truth=lambda inputs: [_true_gap(c) for c in inputs["covariances"]],
        ),
        Part(
            expects="For independent weights the gap is 0, and for no others.",
            points=3,
            probe=_gap_of_diagonal,
            truth=lambda inputs: {
                "independent": [0.0 for asked in inputs["independent"] if asked],
                "correlated": ["not 0" for asked in inputs["independent"] if not asked],
            },
        ),
    ),
)

# ------------------------------------------------------------------------ predictive_variance


def _draw_predictions(rng: Generator) -> Inputs:
    n = int(rng.integers(2, 6))
    return {
        "features": rng.normal(size=(int(rng.integers(n + 1, 10)), n)).tolist(),
        "covariance": _covariance(rng, n).tolist(),
        "variances": rng.uniform(0.2, 3.0, size=n).tolist(),
    }


def _variance_full(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    features, covariance = np.array(inputs["features"]), np.array(inputs["covariance"])
    return student.predictive_variance(features, covariance)


def _variance_diagonal(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    return student.predictive_variance(np.array(inputs["features"]), np.diag(inputs["variances"]))


def _variance_single(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    features, covariance = np.array(inputs["features"])[:1], np.array(inputs["covariance"])
    return student.predictive_variance(features, covariance)


def _true_variance(inputs: Inputs) -> np.ndarray:
    spread = np.asarray(inputs["features"]) @ np.linalg.cholesky(inputs["covariance"])
    return (spread**2).sum(axis=1)


PREDICTIVE_VARIANCE = Check(
    name="predictive_variance",
    draw=_draw_predictions,
    parts=(
        Part(
            expects="Gives xᵀ Σ x of each example.",
            points=7,
            probe=_variance_full,
            truth=_true_variance,
        ),
        Part(
            expects="For independent weights, gives the sum of x² times their variances.",
            points=3,
            probe=_variance_diagonal,
            truth=lambda inputs: np.asarray(inputs["features"]) ** 2 @ inputs["variances"],
        ),
        Part(
            expects="For a single example, gives one number in an array of shape (1,).",
            points=2,
            probe=_variance_single,
            truth=lambda inputs: _true_variance(inputs)[:1],
        ),
    ),
)

CHECKS = (
    PARAMETER_COUNTS,
    MEAN_FIELD,
    LOW_RANK,
    KL_MULTIVARIATE_NORMAL,
    BEST_MEAN_FIELD,
    MOMENT_MATCHED,
    KL_MEAN_FIELD_GAP,
    PREDICTIVE_VARIANCE,
)
