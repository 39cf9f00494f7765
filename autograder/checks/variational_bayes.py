"""Checks for topic 01, variational Bayes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part, first_places, repeated_seeds

# ---------------------------------------------------------------------------------- kl_normal


def _kl(q_loc: Any, q_scale: Any, p_loc: Any, p_scale: Any) -> np.ndarray:
    """KL(q || p) of diagonal Gaussians, summed over the last axis."""
    ratio = np.asarray(q_scale) / np.asarray(p_scale)
    shift = (np.asarray(q_loc) - np.asarray(p_loc)) / np.asarray(p_scale)
    return (0.5 * (ratio**2 + shift**2 - 1) - np.log(ratio)).sum(axis=-1)


def _away_from_one(rng: Generator, size: Any) -> np.ndarray:
    """Ratios of which each, its inverse, its square and 1 are all told apart."""
    return rng.uniform(1.4, 2.5, size=size) ** rng.choice([-1.0, 1.0], size=size)


def _draw_gaussians(rng: Generator) -> Inputs:
    n, batch = int(rng.integers(2, 7)), int(rng.integers(2, 5))
    return {
        "q_loc": rng.normal(size=(batch, n)).tolist(),
        "q_scale": _away_from_one(rng, (batch, n)).tolist(),
        "p_loc": (
            rng.choice([-1.0, 1.0], size=(batch, n)) * rng.uniform(1, 2, (batch, n))
        ).tolist(),
        "p_scale": _away_from_one(rng, (batch, n)).tolist(),
        "one_loc": float(rng.uniform(1.0, 2.0)),
        "one_scale": float(rng.uniform(2.6, 4.0)),
    }


def _kl_of_vectors(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    names = ("q_loc", "q_scale", "p_loc", "p_scale")
    rows = zip(*(inputs[name] for name in names), strict=True)
    return [student.kl_normal(*map(tf.constant, row)) for row in rows]


def _kl_of_batch(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    names = ("q_loc", "q_scale", "p_loc", "p_scale")
    return student.kl_normal(*(tf.constant(inputs[name]) for name in names))


def _kl_to_one_number(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    loc, scale = tf.constant(inputs["q_loc"][0]), tf.constant(inputs["q_scale"][0])
    return student.kl_normal(loc, scale, inputs["one_loc"], inputs["one_scale"])


def _true_kls(inputs: Inputs) -> np.ndarray:
    return _kl(inputs["q_loc"], inputs["q_scale"], inputs["p_loc"], inputs["p_scale"])


KL_NORMAL = Check(
    name="kl_normal",
    draw=_draw_gaussians,
    parts=(
        Part(
            expects="Gives KL(q || p) of two Gaussian vectors, summed over their entries.",
            points=10,
            probe=_kl_of_vectors,
            truth=_true_kls,
        ),
        Part(
            expects="For a batch of vectors, gives one divergence per row.",
            points=3,
            probe=_kl_of_batch,
            truth=_true_kls,
        ),
        Part(
            expects="p_loc and p_scale may each be one number that holds for all entries.",
            points=3,
            probe=_kl_to_one_number,
            truth=lambda inputs: _kl(
                inputs["q_loc"][0], inputs["q_scale"][0], inputs["one_loc"], inputs["one_scale"]
            ),
        ),
    ),
)

# ----------------------------------------------------------------------------- kl_monte_carlo


def _draw_pairs(rng: Generator) -> Inputs:
    batch, n = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    # q is narrower than p, never wider, and half a scale to one away: see the tolerance below.
    p_scale = rng.uniform(1.0, 2.0, size=(batch, n))
    shift = rng.uniform(0.5, 1.0, size=(batch, n)) * rng.choice([-1.0, 1.0], size=(batch, n))
    p_loc = rng.normal(size=(batch, n))
    return {
        "q_loc": (p_loc + shift * p_scale).tolist(),
        "q_scale": (p_scale * rng.uniform(0.3, 0.5, size=(batch, n))).tolist(),
        "p_loc": p_loc.tolist(),
        "p_scale": p_scale.tolist(),
        "n_samples": int(rng.integers(3, 40)),
        "seeds": [*repeated_seeds(rng), None, None],
    }


def _distributions(inputs: Inputs, rows: Any) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    def gaussian(name: str) -> Any:
        return tfp.distributions.MultivariateNormalDiag(
            tf.constant(inputs[name + "_loc"])[rows], tf.constant(inputs[name + "_scale"])[rows]
        )

    return gaussian("q"), gaussian("p")


def _estimates(student: Any, inputs: Inputs, rows: Any) -> Any:
    import numpy as np

    q, p = _distributions(inputs, rows)
    estimates = student.kl_monte_carlo(q, p, 40_000)
    shape = np.shape(estimates)  # 40 000 numbers are not worth sending; their shape tells enough
    return {"shape": list(shape)} if np.prod(shape) > 100 else estimates


def _estimates_one(student: Any, inputs: Inputs) -> Any:
    return _estimates(student, inputs, 0)


def _estimates_batch(student: Any, inputs: Inputs) -> Any:
    return _estimates(student, inputs, slice(None))


def _counts_draws(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    drawn = {"draws of q": 0, "draws of p": 0}

    class Counted(tfp.distributions.Normal):
        def _sample_n(self, n: Any, seed: Any = None) -> Any:
            drawn["draws of " + self.name] += int(n)
            return super()._sample_n(n, seed)

    def gaussian(name: str) -> Any:
        loc, scale = inputs[name + "_loc"][0][0], inputs[name + "_scale"][0][0]
        return Counted(tf.constant(loc), scale, name=name)

    student.kl_monte_carlo(gaussian("q"), gaussian("p"), inputs["n_samples"])
    return drawn


def _estimate_slopes(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    loc, scale = (tf.Variable(inputs[name][0]) for name in ("q_loc", "q_scale"))
    _, p = _distributions(inputs, 0)
    with tf.GradientTape() as tape:
        q = tfp.distributions.MultivariateNormalDiag(loc, scale)
        estimate = tf.reduce_sum(student.kl_monte_carlo(q, p, 40_000))
    slopes = tape.gradient(estimate, [loc, scale])
    return {
        name: "no gradient" if slope is None else slope
        for name, slope in zip(("loc", "scale"), slopes, strict=True)
    }


def _repeats(student: Any, inputs: Inputs) -> Any:
    q, p = _distributions(inputs, 0)
    n, seeds = inputs["n_samples"], inputs["seeds"]
    estimates = [float(student.kl_monte_carlo(q, p, n, seed=seed)) for seed in seeds]
    return {"first place of each estimate": [estimates.index(one) for one in estimates]}


# With r = q_scale / p_scale and d = (q_loc − p_loc) / p_scale, an entry's log q(w) − log p(w) is
# c + z² (r² − 1) / 2 + z r d with z ~ N(0, 1), of variance (r² − 1)² / 2 + r² d². For r in
# (0.3, 0.5) and |d| ≤ 1 that is at most 0.41 + 0.25, so the mean over 40 000 draws of three
# entries has a standard error below 0.0071; eight of them are 0.057. The KL's least value is 0.44
# an entry, and its other direction differs from it by more than 0.3 an entry.
#
# The slopes scatter no more: with p_scale = 1, its least value, they are d + r z in loc and
# r z² − 1/r + d z in scale, of variance below 0.25 and 2 · 0.25 + 1. Gradients that do not pass
# through the draws miss the slope in scale, 1/r − r, by 1.5/2 or more.
_MONTE_CARLO_ATOL = 0.057


def _true_kl_slopes(inputs: Inputs) -> dict:
    q_loc, q_scale, p_loc, p_scale = (
        np.asarray(inputs[name][0]) for name in ("q_loc", "q_scale", "p_loc", "p_scale")
    )
    return {"loc": (q_loc - p_loc) / p_scale**2, "scale": q_scale / p_scale**2 - 1 / q_scale}


KL_MONTE_CARLO = Check(
    name="kl_monte_carlo",
    draw=_draw_pairs,
    support=(_distributions, _estimates),
    parts=(
        Part(
            expects="With many draws, comes close to KL(q || p).",
            points=6,
            probe=_estimates_one,
            truth=lambda inputs: _true_kls(inputs)[0],
            rtol=0.0,
            atol=_MONTE_CARLO_ATOL,
        ),
        Part(
            expects="For a batch of distributions, gives one estimate for each.",
            points=2,
            probe=_estimates_batch,
            truth=_true_kls,
            rtol=0.0,
            atol=_MONTE_CARLO_ATOL,
        ),
        Part(
            expects="Takes `n_samples` draws of q, and uses them for both densities.",
            points=2,
            probe=_counts_draws,
            truth=lambda inputs: {"draws of q": inputs["n_samples"], "draws of p": 0},
            rtol=0.0,
            atol=0.0,
        ),
        Part(
            expects="The same seed gives the same estimate; another seed, or none, another one.",
            points=2,
            probe=_repeats,
            truth=lambda inputs: {
                "first place of each estimate": [*first_places(inputs["seeds"][:5]), 5, 6]
            },
        ),
        Part(
            expects="Gradients flow through the draws to the mean and the scale of q.",
            points=2,
            probe=_estimate_slopes,
            truth=_true_kl_slopes,
            rtol=0.0,
            atol=_MONTE_CARLO_ATOL,
        ),
    ),
)

# ----------------------------------------------------------------------------- reparameterize


def _draw_noise(rng: Generator) -> Inputs:
    n, m = int(rng.integers(2, 6)), int(rng.integers(2, 6))
    return {
        "loc": rng.normal(size=n).tolist(),
        "rho": rng.uniform(-3.0, 3.0, size=n).tolist(),
        "large": rng.uniform(95.0, 300.0, size=n).tolist(),
        "noise": rng.normal(size=(m, n)).tolist(),
        "direction": rng.normal(size=(m, n)).tolist(),
    }


def _draws(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    given = [tf.constant(inputs[k]) for k in ("loc", "rho", "noise")]
    draws, again = student.reparameterize(*given), student.reparameterize(*given)
    return draws if np.array_equal(draws, again) else "other draws when asked again"


def _slopes(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    loc, rho = tf.Variable(inputs["loc"]), tf.Variable(inputs["rho"])
    with tf.GradientTape() as tape:
        draws = student.reparameterize(loc, rho, tf.constant(inputs["noise"]))
        value = tf.reduce_sum(tf.constant(inputs["direction"], draws.dtype) * draws)
    slopes = tape.gradient(value, [loc, rho])
    return {
        name: "no gradient" if slope is None else slope
        for name, slope in zip(("loc", "rho"), slopes, strict=True)
    }


def _large_draws(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    return student.reparameterize(*(tf.constant(inputs[k]) for k in ("loc", "large", "noise")))


def _true_draws(inputs: Inputs, rho: str = "rho") -> np.ndarray:
    scale = np.logaddexp(0.0, inputs[rho])
    return np.asarray(inputs["loc"]) + scale * np.asarray(inputs["noise"])


def _true_slopes(inputs: Inputs) -> dict:
    direction, noise = np.asarray(inputs["direction"]), np.asarray(inputs["noise"])
    sigmoid = 1 / (1 + np.exp(-np.asarray(inputs["rho"])))
    return {"loc": direction.sum(axis=0), "rho": (direction * noise).sum(axis=0) * sigmoid}


REPARAMETERIZE = Check(
    name="reparameterize",
    draw=_draw_noise,
    parts=(
        Part(
            expects="Gives loc + softplus(rho) · noise, one draw per row of the noise.",
            points=6,
            probe=_draws,
            truth=_true_draws,
        ),
        Part(
            expects="The slopes in loc and rho are those of loc + softplus(rho) · noise.",
            points=4,
            probe=_slopes,
            truth=_true_slopes,
        ),
        Part(
            expects="A large rho, such as 100, gives finite draws: softplus(100) is 100.",
            points=2,
            probe=_large_draws,
            truth=lambda inputs: _true_draws(inputs, "large"),
        ),
    ),
)

# -------------------------------------------------------------------- gaussian_log_likelihood


def _draw_targets(rng: Generator) -> Inputs:
    n, several = int(rng.integers(3, 7)), int(rng.integers(2, 5))
    return {
        "targets": rng.normal(size=n).tolist(),
        "predictions": rng.normal(size=(several, n)).tolist(),
        "noise_scale": float(_away_from_one(rng, None)),
    }


def _likelihood_falls(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    targets, predictions = tf.constant(inputs["targets"]), tf.constant(inputs["predictions"][0])
    best = student.gaussian_log_likelihood(targets, targets, inputs["noise_scale"])
    return student.gaussian_log_likelihood(targets, predictions, inputs["noise_scale"]) - best


def _likelihood_at_best(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    targets = tf.constant(inputs["targets"])
    return student.gaussian_log_likelihood(targets, targets, inputs["noise_scale"])


def _likelihood_of_several(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    targets, predictions = tf.constant(inputs["targets"]), tf.constant(inputs["predictions"])
    several = student.gaussian_log_likelihood(targets, predictions, inputs["noise_scale"])
    return several - several[:1]


def _quadratic(inputs: Inputs) -> np.ndarray:
    z = (np.asarray(inputs["targets"]) - inputs["predictions"]) / inputs["noise_scale"]
    return -0.5 * z**2


def _normalizer(inputs: Inputs) -> np.ndarray:
    return np.full(len(inputs["targets"]), -np.log(inputs["noise_scale"]) - 0.5 * np.log(2 * np.pi))


GAUSSIAN_LOG_LIKELIHOOD = Check(
    name="gaussian_log_likelihood",
    draw=_draw_targets,
    parts=(
        Part(
            expects="Per example, falls by half the squared distance, measured in noise scales.",
            points=5,
            probe=_likelihood_falls,
            truth=lambda inputs: _quadratic(inputs)[0],
        ),
        Part(
            expects="A perfect prediction scores −log(noise_scale √(2π)).",
            points=4,
            probe=_likelihood_at_best,
            truth=_normalizer,
        ),
        Part(
            expects="For several rows of predictions, gives one row of scores for each.",
            points=3,
            probe=_likelihood_of_several,
            truth=lambda inputs: _quadratic(inputs) - _quadratic(inputs)[:1],
        ),
    ),
)

# ------------------------------------------------------------------------------ negative_elbo


def _draw_terms(rng: Generator) -> Inputs:
    return {
        "log_likelihood": rng.uniform(-3.0, -0.5, size=int(rng.integers(5, 12))).tolist(),
        "kl": float(rng.uniform(2.0, 9.0)),
        "kl_weight": float(rng.uniform(0.02, 0.4)),
    }


def _data_term(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    scores = tf.constant(inputs["log_likelihood"])
    return student.negative_elbo(scores, tf.constant(0.0), inputs["kl_weight"])


def _kl_term(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    scores, weight = tf.constant(inputs["log_likelihood"]), inputs["kl_weight"]
    without = student.negative_elbo(scores, tf.constant(0.0), weight)
    return student.negative_elbo(scores, tf.constant(inputs["kl"]), weight) - without


NEGATIVE_ELBO = Check(
    name="negative_elbo",
    draw=_draw_terms,
    parts=(
        Part(
            expects="Where the KL is 0, gives what the data say, per example.",
            points=4,
            probe=_data_term,
            truth=lambda inputs: -np.mean(inputs["log_likelihood"]),
        ),
        Part(
            expects="The KL adds its weighted share to the loss, no more and no less.",
            points=4,
            probe=_kl_term,
            truth=lambda inputs: inputs["kl_weight"] * inputs["kl"],
        ),
    ),
)

# ---------------------------------------------------------------------------- exact_posterior


def _draw_regression(rng: Generator) -> Inputs:
    d = int(rng.integers(3, 6))
    n = int(rng.integers(d + 2, 12))
    return {
        "features": rng.normal(size=(n, d)).tolist(),
        "targets": rng.normal(size=n).tolist(),
        "noise_scale": float(_away_from_one(rng, None)),
        "prior_scale": float(_away_from_one(rng, None)),
        "n_few": int(rng.integers(2, d)),  # not 1, which hides a mean in a sum's place
    }


def _posterior(student: Any, inputs: Inputs, n: int) -> Any:
    import numpy as np

    return student.exact_posterior(
        np.array(inputs["features"])[:n],
        np.array(inputs["targets"])[:n],
        inputs["noise_scale"],
        inputs["prior_scale"],
    )


def _posterior_covariance(student: Any, inputs: Inputs) -> Any:
    return _posterior(student, inputs, len(inputs["targets"]))[1]


def _posterior_mean(student: Any, inputs: Inputs) -> Any:
    return _posterior(student, inputs, len(inputs["targets"]))[0]


def _posterior_of_few(student: Any, inputs: Inputs) -> Any:
    return list(_posterior(student, inputs, inputs["n_few"]))


def _true_posterior(inputs: Inputs, n: int) -> tuple[np.ndarray, np.ndarray]:
    """By conditioning the joint Gaussian of weights and targets, in the space of the examples."""
    x, y = np.asarray(inputs["features"])[:n], np.asarray(inputs["targets"])[:n]
    prior = inputs["prior_scale"] ** 2
    gain = prior * np.linalg.solve(prior * x @ x.T + inputs["noise_scale"] ** 2 * np.eye(n), x).T
    return gain @ y, prior * (np.eye(x.shape[1]) - gain @ x)


EXACT_POSTERIOR = Check(
    name="exact_posterior",
    draw=_draw_regression,
    support=(_posterior,),
    parts=(
        Part(
            expects="Returns, second, the covariance of the exact posterior, shape (d, d).",
            points=6,
            probe=_posterior_covariance,
            truth=lambda inputs: _true_posterior(inputs, len(inputs["targets"]))[1],
        ),
        Part(
            expects="Returns, first, the mean of the exact posterior, shape (d,).",
            points=5,
            probe=_posterior_mean,
            truth=lambda inputs: _true_posterior(inputs, len(inputs["targets"]))[0],
        ),
        Part(
            expects="Also holds with fewer examples than weights: there the prior decides.",
            points=3,
            probe=_posterior_of_few,
            truth=lambda inputs: list(_true_posterior(inputs, inputs["n_few"])),
        ),
    ),
)

# -------------------------------------------------------------------------- bayes_by_backprop


def _draw_fit(rng: Generator) -> Inputs:
    n = int(rng.integers(2, 6))
    return {
        "loc": rng.uniform(-1.5, 1.5, size=n).tolist(),
        "scale": rng.uniform(0.3, 1.5, size=n).tolist(),
        "direction": rng.normal(size=n).tolist(),
        "n_steps": int(rng.integers(100, 150)),
        # so small that a rate that ends at Keras' default of 0.0001 is told from one that ends at 0
        "learning_rate": float(rng.uniform(0.0008, 0.0024)),
        "seed": int(rng.integers(1, 10_000)),
        "seeds": repeated_seeds(rng),
        "height": float(rng.uniform(-3.0, 3.0)),
        "spread": float(rng.uniform(1.0, 1.3)),
    }


def _bowl(inputs: Inputs) -> Any:
    """A loss without noise whose lowest point is known."""
    import tensorflow as tf

    def loss(loc: Any, rho: Any, noise: Any) -> Any:
        distance = loc - tf.constant(inputs["loc"])
        width = tf.math.softplus(rho) - tf.constant(inputs["scale"])
        return tf.reduce_sum(distance**2) + tf.reduce_sum(width**2)

    return loss


def _fit_finds(student: Any, inputs: Inputs) -> Any:
    n = len(inputs["loc"])
    loc, scale, _ = student.bayes_by_backprop(_bowl(inputs), n, 250, 0.1, inputs["seed"])
    return {"loc": loc, "scale": scale}


def _fit_losses(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    n = len(inputs["loc"])
    losses = student.bayes_by_backprop(_bowl(inputs), n, 20, 0.01, inputs["seed"])[2]
    losses = np.asarray(losses, float)
    return {"shape": list(losses.shape), "first": losses[0]}


def _fit_noise(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    direction = np.array(inputs["direction"], "float32")
    direction *= inputs["spread"] / np.linalg.norm(direction)
    double = []

    def loss(loc: Any, rho: Any, noise: Any) -> Any:
        # NumPy's float64 mixes with float32 tensors, TensorFlow's does not.
        if tf.is_tensor(noise) and noise.dtype == tf.float64:
            double.append(True)
        ignored = 0.0 * tf.reduce_sum(loc + rho)
        noise = tf.cast(noise, tf.float32)
        return inputs["height"] + tf.reduce_sum(noise * direction) + ignored

    losses = student.bayes_by_backprop(loss, len(direction), 350, 0.01, inputs["seed"])[2]
    losses = np.asarray(losses, float)
    if double:
        return "noise in float64"
    if len(losses) > 1 and len(np.unique(losses)) == 1:
        return "the same loss at every step"
    return {
        "mean": losses.mean(),
        "standard deviation": losses.std(),
        "draws per step": len(np.unique(losses)) / len(losses),
    }


def _fit_rate(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    def slope(loc: Any, rho: Any, noise: Any) -> Any:  # Adam moves by exactly its rate on it
        return tf.reduce_sum(loc) + 0.0 * tf.reduce_sum(rho)

    n_steps, rate = inputs["n_steps"], inputs["learning_rate"]
    return student.bayes_by_backprop(slope, 1, n_steps, rate, inputs["seed"])[0]


def _fit_repeats(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    def loss(loc: Any, rho: Any, noise: Any) -> Any:
        noise = tf.cast(noise, tf.float32)  # its type is another part's question
        return tf.reduce_sum((loc + tf.math.softplus(rho) * noise - 1.0) ** 2)

    def fit(seed: int) -> Any:
        return np.asarray(student.bayes_by_backprop(loss, 2, 8, 0.1, seed)[2], float)

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)  # eight steps take less time than compiling one
    try:
        fits = [fit(seed).tolist() for seed in inputs["seeds"]]
    finally:
        tf.config.run_functions_eagerly(eager)
    return {"first place of each fit": [fits.index(one) for one in fits]}


def _true_first_loss(inputs: Inputs) -> float:
    width = np.logaddexp(0.0, -2.0) - np.asarray(inputs["scale"])
    return float((np.asarray(inputs["loc"]) ** 2).sum() + (width**2).sum())


BAYES_BY_BACKPROP = Check(
    name="bayes_by_backprop",
    draw=_draw_fit,
    support=(_bowl,),
    parts=(
        Part(
            expects="Ends at the loc and scale = softplus(rho) where the loss is lowest.",
            points=5,
            probe=_fit_finds,
            truth=lambda inputs: {"loc": inputs["loc"], "scale": inputs["scale"]},
            rtol=0.0,
            atol=0.01,  # over 150 draws of the inputs, the reference ended within 1e-5
        ),
        Part(
            expects="Returns the loss of every step; the first is that of loc = 0 and rho = −2.",
            points=2,
            probe=_fit_losses,
            truth=lambda inputs: {"shape": [20], "first": _true_first_loss(inputs)},
        ),
        Part(
            expects="Every step passes fresh noise from N(0, 1), in float32, to the loss.",
            points=3,
            probe=_fit_noise,
            truth=lambda inputs: {
                "mean": inputs["height"],
                "standard deviation": inputs["spread"],
                "draws per step": 1.0,
            },
            rtol=0.0,
            # Of 350 draws of a spread of 1.3, the mean has standard error 0.070, the deviation
            # 0.049: five standard errors, one false alarm in a million. The spread of uniform noise
            # misses by 0.42 of the spread, and by more than 0.35 in all but one of a million fits.
            atol=0.35,
        ),
        Part(
            expects="The learning rate falls linearly from `learning_rate` to 0.",
            points=2,
            probe=_fit_rate,
            # The sum of all rates; it does not matter whether the last one is 0 or next to it.
            truth=lambda inputs: [-inputs["learning_rate"] * inputs["n_steps"] / 2],
            rtol=0.02,
        ),
        Part(
            expects="The same seed gives the same fit, another seed another one.",
            points=2,
            probe=_fit_repeats,
            truth=lambda inputs: {"first place of each fit": first_places(inputs["seeds"])},
        ),
    ),
)

CHECKS = (
    KL_NORMAL,
    KL_MONTE_CARLO,
    REPARAMETERIZE,
    GAUSSIAN_LOG_LIKELIHOOD,
    NEGATIVE_ELBO,
    EXACT_POSTERIOR,
    BAYES_BY_BACKPROP,
)
