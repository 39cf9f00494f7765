"""Checks for topic 04, priors as regularizers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part, first_places, repeated_seeds


def _away_from_one(rng: Generator) -> float:
    """A scale of which its inverse, its square and 1 are all told apart."""
    return float(rng.uniform(1.4, 2.5) ** rng.choice([-1.0, 1.0]))


def _log_normal(x: Any, loc: Any, scale: Any) -> np.ndarray:
    z = (np.asarray(x) - loc) / np.asarray(scale)
    return -0.5 * z**2 - np.log(scale) - 0.5 * np.log(2 * np.pi)


# ----------------------------------------------------------------------------- spike_and_slab


def _draw_mixture(rng: Generator) -> Inputs:
    # Within these ranges no single Gaussian with the mixed scale or variance has the same share
    # of its draws near 0, to within 0.04.
    slab = float(rng.uniform(0.15, 0.3) if rng.random() < 0.5 else rng.uniform(0.65, 0.8))
    slab_scale, spike_scale = float(rng.uniform(2.0, 4.0)), float(rng.uniform(0.02, 0.08))
    near = rng.normal(scale=spike_scale, size=4)
    far = rng.normal(scale=slab_scale, size=4)
    return {
        "slab_probability": slab,
        "slab_scale": slab_scale,
        "spike_scale": spike_scale,
        "points": [*near.tolist(), *far.tolist()],
    }


def _mixture(student: Any, inputs: Inputs) -> Any:
    names = ("slab_probability", "slab_scale", "spike_scale")
    return student.spike_and_slab(*(inputs[name] for name in names))


def _mixture_density(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    mixture = _mixture(student, inputs)
    return mixture.log_prob(tf.constant(inputs["points"], mixture.dtype))  # NumPy makes float64


def _mixture_draws(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    draws = _mixture(student, inputs).sample(20_000, seed=(1, 2))
    near = tf.abs(draws) < 0.5 * inputs["slab_scale"]
    return {"shape": list(draws.shape), "near 0": tf.reduce_mean(tf.cast(near, tf.float32))}


def _true_mixture(inputs: Inputs) -> np.ndarray:
    on, points = inputs["slab_probability"], inputs["points"]
    return np.logaddexp(
        np.log(on) + _log_normal(points, 0.0, inputs["slab_scale"]),
        np.log1p(-on) + _log_normal(points, 0.0, inputs["spike_scale"]),
    )


def _share_near(inputs: Inputs) -> float:
    on, reach = inputs["slab_probability"], 0.5 * inputs["slab_scale"]
    within = [
        math.erf(reach / (s * math.sqrt(2))) for s in (inputs["slab_scale"], inputs["spike_scale"])
    ]
    return on * within[0] + (1 - on) * within[1]


SPIKE_AND_SLAB = Check(
    name="spike_and_slab",
    draw=_draw_mixture,
    support=(_mixture,),
    parts=(
        Part(
            expects="The density is slab_probability · N(0, slab_scale²) + "
            "(1 − slab_probability) · N(0, spike_scale²).",
            points=6,
            probe=_mixture_density,
            truth=_true_mixture,
        ),
        Part(
            expects="Draws are single numbers, of which the right share lies near 0.",
            points=2,
            probe=_mixture_draws,
            truth=lambda inputs: {"shape": [20_000], "near 0": _share_near(inputs)},
            rtol=0.0,
            atol=0.022,  # six standard errors: sqrt(0.25 / 20 000) = 0.0035
        ),
    ),
)

# ----------------------------------------------------------------------------- diagonal_prior


def _draw_diagonal(rng: Generator) -> Inputs:
    n = int(rng.integers(2, 8))
    return {
        "n_weights": n,
        "loc": float(rng.uniform(0.5, 2.0)),
        "scale": float(rng.uniform(1.5, 4.0)),
        "points": rng.normal(1.0, 2.0, size=(4, n)).tolist(),
    }


def _diagonal_density(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    prior = student.diagonal_prior(inputs["n_weights"], inputs["loc"], inputs["scale"])
    return prior.log_prob(tf.constant(inputs["points"], prior.dtype))  # NumPy makes float64


def _diagonal_default(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    prior = student.diagonal_prior(inputs["n_weights"])
    return prior.log_prob(tf.constant(inputs["points"], prior.dtype))


DIAGONAL_PRIOR = Check(
    name="diagonal_prior",
    draw=_draw_diagonal,
    parts=(
        Part(
            expects="One distribution over a vector, N(loc, scale²) for each weight: log_prob "
            "gives one number per vector.",
            points=4,
            probe=_diagonal_density,
            truth=lambda inputs: _log_normal(inputs["points"], inputs["loc"], inputs["scale"]).sum(
                axis=1
            ),
        ),
        Part(
            expects="By default loc is 1.2 and scale is 3.",
            points=2,
            probe=_diagonal_default,
            truth=lambda inputs: _log_normal(inputs["points"], 1.2, 3.0).sum(axis=1),
        ),
    ),
)

# ------------------------------------------------------------------------------------ penalty


def _draw_penalty(rng: Generator) -> Inputs:
    n = int(rng.integers(3, 8))
    return {
        "weights": rng.normal(size=n).tolist(),
        "other": rng.normal(size=n).tolist(),
        "scale": _away_from_one(rng),
    }


def _penalty_difference(student: Any, inputs: Inputs, prior: Any) -> Any:
    import tensorflow as tf

    weights, other = tf.constant(inputs["weights"]), tf.constant(inputs["other"])
    return student.penalty(prior, weights) - student.penalty(prior, other)


def _gaussian_penalty(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    prior = tfp.distributions.Normal(0.0, inputs["scale"])
    return _penalty_difference(student, inputs, prior)


def _laplace_penalty(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    prior = tfp.distributions.Laplace(0.0, inputs["scale"])
    return _penalty_difference(student, inputs, prior)


def _whole_penalty(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    prior = tfp.distributions.Normal(0.0, inputs["scale"])
    return student.penalty(prior, tf.constant(inputs["weights"]))


def _norms(inputs: Inputs, power: int) -> float:
    w, other = np.abs(inputs["weights"]), np.abs(inputs["other"])
    return float((w**power).sum() - (other**power).sum())


PENALTY = Check(
    name="penalty",
    draw=_draw_penalty,
    support=(_penalty_difference,),
    parts=(
        Part(
            expects="For a Gaussian prior it grows as Σ w² / (2 scale²).",
            points=3,
            probe=_gaussian_penalty,
            truth=lambda inputs: _norms(inputs, 2) / (2 * inputs["scale"] ** 2),
            atol=1e-4,
        ),
        Part(
            expects="For a Laplace prior it grows as Σ |w| / scale.",
            points=3,
            probe=_laplace_penalty,
            truth=lambda inputs: _norms(inputs, 1) / inputs["scale"],
            atol=1e-4,
        ),
        Part(
            expects="It is −log p(w), normalization included, as one number.",
            points=2,
            probe=_whole_penalty,
            truth=lambda inputs: -_log_normal(inputs["weights"], 0.0, inputs["scale"]).sum(),
        ),
    ),
)

# ------------------------------------------------------------- ridge_strength, lasso_strength


def _draw_strengths(rng: Generator) -> Inputs:
    return {
        "noise_scales": [_away_from_one(rng) for _ in range(4)],
        "prior_scales": [_away_from_one(rng) for _ in range(4)],
        "n_trains": [int(n) for n in rng.integers(20, 500, size=4)],
    }


def _ridge_strengths(student: Any, inputs: Inputs) -> Any:
    pairs = zip(inputs["noise_scales"], inputs["prior_scales"], strict=True)
    return [float(student.ridge_strength(noise, prior)) for noise, prior in pairs]


RIDGE_STRENGTH = Check(
    name="ridge_strength",
    draw=_draw_strengths,
    parts=(
        Part(
            expects="α is such that ridge and maximum a posteriori find the same weights.",
            points=8,
            probe=_ridge_strengths,
            truth=lambda inputs: [
                (noise / prior) ** 2
                for noise, prior in zip(inputs["noise_scales"], inputs["prior_scales"], strict=True)
            ],
        ),
    ),
)


def _lasso_strengths(student: Any, inputs: Inputs) -> Any:
    triples = zip(inputs["noise_scales"], inputs["prior_scales"], inputs["n_trains"], strict=True)
    return [float(student.lasso_strength(*triple)) for triple in triples]


LASSO_STRENGTH = Check(
    name="lasso_strength",
    draw=_draw_strengths,
    parts=(
        Part(
            expects="α is such that lasso and maximum a posteriori find the same weights.",
            points=8,
            probe=_lasso_strengths,
            truth=lambda inputs: [
                noise**2 / (prior * n)
                for noise, prior, n in zip(
                    inputs["noise_scales"], inputs["prior_scales"], inputs["n_trains"], strict=True
                )
            ],
            atol=1e-7,
        ),
    ),
)

# ------------------------------------------------------------------------------------ map_fit


def _draw_fit(rng: Generator) -> Inputs:
    n, d = int(rng.integers(25, 40)), int(rng.integers(3, 5))
    features = np.linalg.qr(rng.normal(size=(n, d)))[0] * np.sqrt(n)
    weights = rng.uniform(0.8, 1.5, size=d) * rng.choice([-1.0, 1.0], size=d)
    weights[int(rng.integers(d))] *= 0.02  # one that a Laplace prior sets to 0
    noise_scale = float(rng.uniform(1.3, 1.8))
    return {
        "features": features.tolist(),
        "targets": (features @ weights + noise_scale * rng.normal(size=n)).tolist(),
        "noise_scale": noise_scale,
        "prior_scale": float(rng.uniform(0.2, 0.3)),
    }


def _fit(student: Any, inputs: Inputs, prior: Any) -> Any:
    import numpy as np

    features = np.array(inputs["features"], "float32")
    targets = np.array(inputs["targets"], "float32")
    return student.map_fit(features, targets, inputs["noise_scale"], prior, n_steps=800)


def _fit_gaussian(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    return _fit(student, inputs, tfp.distributions.Normal(0.0, inputs["prior_scale"]))


def _fit_laplace(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    return _fit(student, inputs, tfp.distributions.Laplace(0.0, inputs["prior_scale"]))


def _least_squares(inputs: Inputs) -> tuple[np.ndarray, float]:
    """Least squares of orthogonal features, and the variance of each of its weights."""
    x, y = np.asarray(inputs["features"]), np.asarray(inputs["targets"])
    return x.T @ y / len(y), inputs["noise_scale"] ** 2 / len(y)


def _true_gaussian(inputs: Inputs) -> np.ndarray:
    fitted, variance = _least_squares(inputs)
    return fitted / (1 + variance / inputs["prior_scale"] ** 2)


def _true_laplace(inputs: Inputs) -> np.ndarray:
    fitted, variance = _least_squares(inputs)
    return np.sign(fitted) * np.maximum(np.abs(fitted) - variance / inputs["prior_scale"], 0.0)


MAP_FIT = Check(
    name="map_fit",
    draw=_draw_fit,
    support=(_fit,),
    parts=(
        Part(
            expects="With a Gaussian prior, finds the mode of the posterior (ridge regression).",
            points=7,
            probe=_fit_gaussian,
            truth=_true_gaussian,
            rtol=0.0,
            atol=0.01,
        ),
        Part(
            expects="With a Laplace prior, finds its mode (the lasso): a small weight becomes 0. "
            "(If the learning rate does not fall to 0, it may jump to and fro.)",
            points=7,
            probe=_fit_laplace,
            truth=_true_laplace,
            rtol=0.0,
            atol=0.01,
        ),
    ),
)

# ------------------------------------------------------------------------------ make_prior_fn


def _draw_maker(rng: Generator) -> Inputs:
    kernel_size, bias_size = int(rng.integers(2, 8)), int(rng.integers(1, 4))
    return {
        "kernel_size": kernel_size,
        "bias_size": bias_size,
        "scale": _away_from_one(rng),
        "points": rng.normal(size=(3, kernel_size + bias_size)).tolist(),
    }


def _made_prior(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    scalar = tfp.distributions.Laplace(0.0, inputs["scale"])
    model = student.make_prior_fn(scalar)(inputs["kernel_size"], inputs["bias_size"], None)
    return model(tf.zeros((1, 1)))


def _maker_density(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    return _made_prior(student, inputs).log_prob(tf.constant(inputs["points"]))


def _maker_draws(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    draw = _made_prior(student, inputs).sample(seed=(1, 2))
    return {"shape": list(draw.shape), "different numbers": len(np.unique(draw))}


def _maker_variables(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf
    import tensorflow_probability as tfp

    scalar = tfp.distributions.Laplace(0.0, inputs["scale"])
    model = student.make_prior_fn(scalar)(inputs["kernel_size"], inputs["bias_size"], None)
    draw = model(tf.zeros((1, 1))).sample()
    return {"weights": int(tf.size(draw)), "variables": len(model.trainable_variables)}


def _n_weights(inputs: Inputs) -> int:
    return inputs["kernel_size"] + inputs["bias_size"]


def _log_laplace(points: Any, scale: float) -> np.ndarray:
    return -np.abs(points) / scale - np.log(2 * scale)


MAKE_PRIOR_FN = Check(
    name="make_prior_fn",
    draw=_draw_maker,
    support=(_made_prior,),
    parts=(
        Part(
            expects="The made prior is one distribution over kernel and bias together: log_prob "
            "adds the weights' up.",
            points=6,
            probe=_maker_density,
            truth=lambda inputs: _log_laplace(inputs["points"], inputs["scale"]).sum(axis=1),
        ),
        Part(
            expects="Every weight is drawn for itself.",
            points=2,
            probe=_maker_draws,
            truth=lambda inputs: {
                "shape": [_n_weights(inputs)],
                "different numbers": _n_weights(inputs),
            },
            rtol=0.0,
            atol=0.0,
        ),
        Part(
            expects="The model has no variables to train.",
            points=2,
            probe=_maker_variables,
            truth=lambda inputs: {"weights": _n_weights(inputs), "variables": 0},
            rtol=0.0,
            atol=0.0,
        ),
    ),
)

# -------------------------------------------------------------------------- make_posterior_fn


def _draw_posterior_fn(rng: Generator) -> Inputs:
    return {
        "loc_stddev": float(rng.uniform(0.3, 1.0)),
        "scale": float(rng.uniform(0.02, 0.5)),
        "seed": int(rng.integers(1, 1000)),
        "seeds": repeated_seeds(rng),
        "shape": [int(n) for n in rng.integers(12, 20, size=2)],
    }


def _posterior_made(student: Any, inputs: Inputs, family: Any) -> Any:
    import tensorflow as tf

    made = []

    def add_variable(name: str, shape: Any, initializer: Any, dtype: Any = None, **_: Any) -> Any:
        made.append(tf.Variable(initializer(shape, dtype or tf.float32)))
        return made[-1]

    posterior_fn = student.make_posterior_fn(
        family, inputs["loc_stddev"], inputs["scale"], inputs["seed"]
    )
    shape = tuple(inputs["shape"])
    return posterior_fn(tf.float32, shape, "kernel", True, add_variable), made


def _posterior_spread(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow_probability as tfp

    distribution, _ = _posterior_made(student, inputs, tfp.distributions.Normal)
    return {"spread of the locations": float(np.std(distribution.mean()))}


def _posterior_scales(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow_probability as tfp

    distribution, _ = _posterior_made(student, inputs, tfp.distributions.Normal)
    scale = np.asarray(distribution.stddev())
    return {"smallest scale": float(scale.min()), "largest scale": float(scale.max())}


def _posterior_event(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    distribution, made = _posterior_made(student, inputs, tfp.distributions.Normal)
    draw = distribution.sample(seed=(1, 2))
    return {
        "draw": list(draw.shape),
        "log_prob": list(distribution.log_prob(draw).shape),
        "variables": sorted(list(variable.shape) for variable in made),
    }


def _posterior_family(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp

    distribution, _ = _posterior_made(student, inputs, tfp.distributions.Laplace)
    at_mean = float(tf.reduce_sum(distribution.log_prob(distribution.mean())))
    return at_mean / float(np.prod(inputs["shape"]))


def _posterior_repeats(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow_probability as tfp

    def start(seed: int) -> Any:
        made = _posterior_made(student, {**inputs, "seed": seed}, tfp.distributions.Normal)
        return np.asarray(made[0].mean())

    starts = [start(seed).tolist() for seed in inputs["seeds"]]
    return {"first place of each start": [starts.index(one) for one in starts]}


MAKE_POSTERIOR_FN = Check(
    name="make_posterior_fn",
    draw=_draw_posterior_fn,
    support=(_posterior_made,),
    parts=(
        Part(
            expects="Locations start at draws of standard deviation `loc_stddev`.",
            points=2,
            probe=_posterior_spread,
            truth=lambda inputs: {"spread of the locations": inputs["loc_stddev"]},
            # Of at least 144 draws the standard deviation has a relative standard error of 0.059.
            rtol=0.35,
            atol=0.0,
        ),
        Part(
            expects="Every scale starts at `scale`.",
            points=3,
            probe=_posterior_scales,
            truth=lambda inputs: {
                "smallest scale": inputs["scale"],
                "largest scale": inputs["scale"],
            },
            rtol=1e-3,
        ),
        Part(
            expects="It is one distribution over the whole shape: log_prob gives one number. Two "
            "variables of that shape are trained.",
            points=3,
            probe=_posterior_event,
            truth=lambda inputs: {
                "draw": inputs["shape"],
                "log_prob": [],
                "variables": [inputs["shape"], inputs["shape"]],
            },
        ),
        Part(
            expects="It is of the family that was asked for, such as tfd.Laplace.",
            points=2,
            probe=_posterior_family,
            truth=lambda inputs: -math.log(2 * inputs["scale"]),
            rtol=1e-3,
            atol=1e-3,
        ),
        Part(
            expects="The same seed gives the same start, another seed another one.",
            points=2,
            probe=_posterior_repeats,
            truth=lambda inputs: {"first place of each start": first_places(inputs["seeds"])},
        ),
    ),
)

# --------------------------------------------------- kl_divergence, monte_carlo_kl_divergence_fn


def _draw_divergence(rng: Generator) -> Inputs:
    return {
        "loc": float(rng.uniform(0.5, 1.0) * rng.choice([-1.0, 1.0])),
        "scale": float(rng.uniform(0.3, 0.5)),
        "prior_scale": float(rng.uniform(1.0, 1.6)),
        "slab_probability": float(rng.uniform(0.3, 0.7)),
        "kl_weight": float(rng.uniform(0.05, 0.4)),
        "n_samples": int(rng.integers(3, 40)),
        "seed": int(rng.integers(1, 1000)),
        "seeds": repeated_seeds(rng),
    }


def _mixture_of(inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    on, scale = inputs["slab_probability"], inputs["prior_scale"]
    return tfp.distributions.MixtureSameFamily(
        tfp.distributions.Categorical(probs=[1 - on, on]),
        tfp.distributions.Normal(0.0, [0.7 * scale, 2 * scale]),
    )


def _closed(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    q = tfp.distributions.Normal(inputs["loc"], inputs["scale"])
    p = tfp.distributions.Normal(0.0, inputs["prior_scale"])
    return student.kl_divergence(q, p, 2, seed=inputs["seed"])


def _open(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    q = tfp.distributions.Normal(inputs["loc"], inputs["scale"])
    return student.kl_divergence(q, _mixture_of(inputs), 40_000, seed=inputs["seed"])


def _counted(inputs: Inputs, drawn: list[int]) -> Any:
    import tensorflow_probability as tfp

    # Named as TFP's own, so that TFP's errors read as in the other parts.
    class Normal(tfp.distributions.Normal):
        def _sample_n(self, n: Any, seed: Any = None) -> Any:
            drawn.append(int(n))
            return super()._sample_n(n, seed)

    return Normal(inputs["loc"], inputs["scale"])


def _open_draws(student: Any, inputs: Inputs) -> Any:
    drawn: list[int] = []
    q, p, n_samples = _counted(inputs, drawn), _mixture_of(inputs), inputs["n_samples"]
    given = [float(student.kl_divergence(q, p, n_samples, seed=seed)) for seed in inputs["seeds"]]
    return {
        "draws per call": sum(drawn) / len(given),
        "first place of each estimate": [given.index(one) for one in given],
    }


def _weighted(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    q = tfp.distributions.Normal(inputs["loc"], inputs["scale"])
    divergence = student.monte_carlo_kl_divergence_fn(40_000, inputs["kl_weight"])
    # Four times, since too few draws may be right by chance.
    p, weight = _mixture_of(inputs), inputs["kl_weight"]
    return [float(divergence(q, p, q.loc)) / weight for _ in range(4)]


def _unweighted(student: Any, inputs: Inputs) -> Any:
    import tensorflow_probability as tfp

    q = tfp.distributions.Normal(inputs["loc"], inputs["scale"])
    divergence = student.monte_carlo_kl_divergence_fn(40_000)
    return [float(divergence(q, _mixture_of(inputs), q.loc)) for _ in range(4)]


def _layer_draws(student: Any, inputs: Inputs) -> Any:
    drawn: list[int] = []
    q = _counted(inputs, drawn)
    divergence = student.monte_carlo_kl_divergence_fn(inputs["n_samples"], inputs["kl_weight"])
    first, second = (float(divergence(q, _mixture_of(inputs), q.loc)) for _ in range(2))
    return {"draws per call": sum(drawn) / 2, "the same twice": first == second}


def _true_closed(inputs: Inputs) -> float:
    ratio = inputs["scale"] / inputs["prior_scale"]
    shift = inputs["loc"] / inputs["prior_scale"]
    return 0.5 * (ratio**2 + shift**2 - 1) - math.log(ratio)


def _true_open(inputs: Inputs) -> float:
    w = inputs["loc"] + inputs["scale"] * np.linspace(-9.0, 9.0, 20_001)
    log_q = _log_normal(w, inputs["loc"], inputs["scale"])
    on, scale = inputs["slab_probability"], inputs["prior_scale"]
    log_p = np.logaddexp(
        np.log1p(-on) + _log_normal(w, 0.0, 0.7 * scale),
        np.log(on) + _log_normal(w, 0.0, 2 * scale),
    )
    return float((np.exp(log_q) * (log_q - log_p)).sum() * (w[1] - w[0]))


# log q − log p varies mostly by −z²/2, of variance 1/2, and less by log p, whose slope within q is
# below |w| / (0.7 · prior_scale)²: 0.5 · 1.5 / 0.49 = 1.5 at the very most. Over 40 000 draws the
# standard error stays below sqrt(0.5 + 1.5²) / 200 = 0.0083; six of them are 0.05.
_MONTE_CARLO_ATOL = 0.05

KL_DIVERGENCE = Check(
    name="kl_divergence",
    draw=_draw_divergence,
    support=(_mixture_of, _counted),
    parts=(
        Part(
            expects="Where TFP has a closed form, gives the exact divergence.",
            points=3,
            probe=_closed,
            truth=_true_closed,
        ),
        Part(
            expects="Where there is none, gives an estimate from draws of q.",
            points=3,
            probe=_open,
            truth=_true_open,
            rtol=0.0,
            atol=_MONTE_CARLO_ATOL,
        ),
        Part(
            expects="It takes `n_samples` draws. The same seed repeats them, another does not.",
            points=2,
            probe=_open_draws,
            truth=lambda inputs: {
                "draws per call": inputs["n_samples"],
                "first place of each estimate": first_places(inputs["seeds"]),
            },
        ),
    ),
)

MONTE_CARLO_KL_DIVERGENCE_FN = Check(
    name="monte_carlo_kl_divergence_fn",
    draw=_draw_divergence,
    support=(_mixture_of, _counted),
    parts=(
        Part(
            expects="The function gives kl_weight · KL(posterior || prior). (Shown: what you get, "
            "divided by kl_weight.)",
            points=4,
            probe=_weighted,
            truth=lambda inputs: [_true_open(inputs)] * 4,
            rtol=0.0,
            atol=_MONTE_CARLO_ATOL,
        ),
        Part(
            expects="Without a kl_weight, the weight is 1.",
            points=1,
            probe=_unweighted,
            truth=lambda inputs: [_true_open(inputs)] * 4,
            rtol=0.0,
            atol=_MONTE_CARLO_ATOL,
        ),
        Part(
            expects="Every call takes `n_samples` fresh draws of the posterior.",
            points=3,
            probe=_layer_draws,
            truth=lambda inputs: {
                "draws per call": inputs["n_samples"],
                "the same twice": False,
            },
        ),
    ),
)

CHECKS = (
    SPIKE_AND_SLAB,
    DIAGONAL_PRIOR,
    PENALTY,
    RIDGE_STRENGTH,
    LASSO_STRENGTH,
    MAP_FIT,
    MAKE_PRIOR_FN,
    MAKE_POSTERIOR_FN,
    KL_DIVERGENCE,
    MONTE_CARLO_KL_DIVERGENCE_FN,
)
