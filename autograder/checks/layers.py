"""Checks for topic 05, Bayesian layers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part, repeated_seeds
from autograder.checks.arrays import average_pooling, convolution, normal_kl, softplus, swish

# ---------------------------------------------------------------------------- scaled_prior_fn


def _draw_kernels(rng: Generator) -> Inputs:
    dense = [int(n) for n in rng.choice([3, 4, 5, 6, 7], size=2, replace=False)]
    conv = [2, 3, *(int(n) for n in rng.choice([2, 4, 5, 6], size=2, replace=False))]
    return {
        "shapes": [dense, conv],
        "kernels": [rng.normal(size=shape).tolist() for shape in (dense, conv)],
        "dtypes": rng.permutation(["float32", "float64"]).tolist(),
    }


def _priors(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    made: list = []

    def add_variable(*args: Any, **kwargs: Any) -> Any:
        made.append(kwargs.get("name"))
        shape, dtype = kwargs.get("shape", inputs["shapes"][0]), kwargs.get("dtype", "float32")
        return tf.Variable(tf.ones(shape, dtype))

    dtypes = [tf.as_dtype(name) for name in inputs["dtypes"]]
    priors = [
        student.scaled_prior_fn(dtype, shape, "kernel", True, add_variable)
        for dtype, shape in zip(dtypes, inputs["shapes"], strict=True)
    ]
    return priors, made


def _prior_moments(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    def least_and_most(values: Any, shape: Any) -> Any:
        values = np.broadcast_to(np.asarray(values), shape)
        return [values.min(), values.max()]

    priors, _ = _priors(student, inputs)
    found = {}
    for prior, shape in zip(priors, inputs["shapes"], strict=True):
        sides = " x ".join(map(str, shape))
        found[f"{sides}: scales from, to"] = least_and_most(prior.stddev(), shape)
        found[f"{sides}: means from, to"] = least_and_most(prior.mean(), shape)
    return found


def _prior_log_prob(student: Any, inputs: Inputs) -> Any:
    import tensorflow as tf

    priors, made = _priors(student, inputs)
    kernels = zip(inputs["kernels"], inputs["dtypes"], strict=True)
    found = [prior.log_prob(tf.constant(*k)) for prior, k in zip(priors, kernels, strict=True)]
    return {
        "log_prob": [value.numpy() for value in found],
        "types": [value.dtype.name for value in found],
        "variables": len(made),
    }


def _prior_scale(shape: list[int]) -> float:
    return float(np.sqrt(2 / np.prod(shape[:-1])))


def _true_log_prob(kernel: Any, shape: list[int]) -> float:
    z = np.asarray(kernel) / _prior_scale(shape)
    return float((-0.5 * z**2 - np.log(_prior_scale(shape)) - 0.5 * np.log(2 * np.pi)).sum())


SCALED_PRIOR_FN = Check(
    name="scaled_prior_fn",
    draw=_draw_kernels,
    support=(_priors,),
    parts=(
        Part(
            expects="Every weight's prior has mean 0 and standard deviation sqrt(2 / fan_in); "
            "fan_in is the product of all of the kernel's sides but the last.",
            points=5,
            probe=_prior_moments,
            truth=lambda inputs: {
                f"{' x '.join(map(str, shape))}: {key} from, to": [value, value]
                for shape in inputs["shapes"]
                for key, value in (("scales", _prior_scale(shape)), ("means", 0.0))
            },
        ),
        Part(
            expects="log_prob of a kernel is one number, in the type that was asked for, and there "
            "are no variables to train.",
            points=3,
            probe=_prior_log_prob,
            truth=lambda inputs: {
                "log_prob": [
                    _true_log_prob(kernel, shape)
                    for kernel, shape in zip(inputs["kernels"], inputs["shapes"], strict=True)
                ],
                "types": inputs["dtypes"],
                "variables": 0,
            },
        ),
    ),
)

# ---------------------------------------------------------------------------- he_posterior_fn


def _draw_starts(rng: Generator) -> Inputs:
    return {
        "fan_in": int(rng.integers(80, 160)),
        "units": int(rng.integers(50, 80)),
        "few": [int(n) for n in rng.choice([2, 3, 4, 5], size=2, replace=False)],
        "rho": float(rng.uniform(-4, -1)),
        "seed": int(rng.integers(1, 10_000)),
        "seeds": repeated_seeds(rng),
    }


def _started(student: Any, shape: Any, seed: Any, *rho: Any) -> Any:
    """A layer of TFP's, with the student's posterior, ready to be called."""
    import numpy as np
    import tensorflow_probability as tfp
    import tf_keras as keras

    keras.utils.set_random_seed(seed)  # a mistake that draws gives the same answer again
    np.random.rand()
    posterior_fn = student.he_posterior_fn(seed, *rho)
    layer = tfp.layers.DenseReparameterization(shape[1], kernel_posterior_fn=posterior_fn)
    layer.build((None, shape[0]))
    return layer


def _spread_of_means(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    layer = _started(student, [inputs["fan_in"], inputs["units"]], inputs["seed"])
    return np.std(layer.kernel_posterior.mean())


def _initial_scales(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    found = []
    for rho in ([], [inputs["rho"]]):
        layer = _started(student, inputs["few"], inputs["seed"], *rho)
        found.append(np.asarray(layer.kernel_posterior.stddev()))
    return found


def _seeds_of_means(student: Any, inputs: Inputs) -> Any:
    found, known = [], []
    for call, seed in enumerate(inputs["seeds"]):
        posterior_fn = student.he_posterior_fn(seed)

        class Fixed:  # what `_started` asks the student for
            he_posterior_fn = staticmethod(lambda _, fn=posterior_fn: fn)

        layer = _started(Fixed, inputs["few"], call)
        means = layer.kernel_posterior.mean().numpy().tolist()
        if means not in known:
            known.append(means)
        found.append(f"seed {seed}: {'ABCDE'[known.index(means)]}")
    return found


def _true_letters(seeds: list[int]) -> list[str]:
    letters = {seed: "ABCDE"[place] for place, seed in enumerate(dict.fromkeys(seeds))}
    return [f"seed {seed}: {letters[seed]}" for seed in seeds]


def _numbers_to_train(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    layer = _started(student, inputs["few"], inputs["seed"])
    biases = {id(variable) for variable in layer.bias_posterior.variables}
    shapes = [tuple(v.shape) for v in layer.trainable_variables if id(v) not in biases]
    return sum(int(np.prod(shape)) for shape in shapes)


HE_POSTERIOR_FN = Check(
    name="he_posterior_fn",
    draw=_draw_starts,
    support=(_started,),
    parts=(
        Part(
            expects="The means scatter as He's initialisation does: their standard deviation is "
            "sqrt(2 / fan_in).",
            points=3,
            probe=_spread_of_means,
            truth=lambda inputs: np.sqrt(2 / inputs["fan_in"]),
            # The spread of n >= 4000 numbers is known to 1 / sqrt(2n), 1.1 %: six of these.
            # Glorot's is at least 12 % smaller, TFP's own start (0.1) at least 10 %.
            rtol=0.068,
            atol=0.0,
        ),
        Part(
            expects="Every standard deviation starts at softplus(initial_rho), and at softplus(-5) "
            "by default.",
            points=3,
            probe=_initial_scales,
            truth=lambda inputs: [
                np.full(inputs["few"], softplus(rho)) for rho in (-5.0, inputs["rho"])
            ],
            rtol=1e-3,
            atol=0.0,
        ),
        Part(
            expects="The same seed gives the same means, another seed other ones. (For each "
            "posterior its seed, and a letter that stands for its means.)",
            points=2,
            probe=_seeds_of_means,
            truth=lambda inputs: _true_letters(inputs["seeds"]),
        ),
        Part(
            expects="Means and standard deviations both train: two numbers for each weight.",
            points=2,
            probe=_numbers_to_train,
            truth=lambda inputs: 2 * inputs["few"][0] * inputs["few"][1],
        ),
    ),
)

# ------------------------------------------------------------------------------------ KLScale


def _draw_scale(rng: Generator) -> Inputs:
    return {
        "n_train": rng.integers(3, 40, size=3).tolist(),
        "kl_weight": rng.uniform(0.1, 2, size=3).tolist(),
        "betas": rng.uniform(0.1, 0.9, size=3).tolist(),
    }


def _values(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    found = []
    for n, weight, beta in zip(
        *(inputs[k] for k in ("n_train", "kl_weight", "betas")), strict=True
    ):
        scale = student.KLScale(n, weight)
        found.append(float(np.asarray(scale.value)))
        scale.beta.assign(beta)
        found.append(float(np.asarray(scale.value)))
    return found


def _compiled_values(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    scale = student.KLScale(inputs["n_train"][0], inputs["kl_weight"][0])
    value = tf.function(lambda: tf.convert_to_tensor(scale.value))
    found = []
    for beta in inputs["betas"]:
        scale.beta.assign(beta)
        found.append(float(np.asarray(value())))
    return found


KL_SCALE = Check(
    name="KLScale",
    draw=_draw_scale,
    parts=(
        Part(
            expects="value is beta times kl_weight, divided once by the number of training "
            "examples.",
            points=4,
            probe=_values,
            truth=lambda inputs: [
                beta * weight / n
                for n, weight, drawn in zip(
                    *(inputs[k] for k in ("n_train", "kl_weight", "betas")), strict=True
                )
                for beta in (1.0, drawn)
            ],
        ),
        Part(
            expects="Where the model is compiled into a graph, as `fit` does, value still follows "
            "beta.",
            points=4,
            probe=_compiled_values,
            truth=lambda inputs: [
                beta * inputs["kl_weight"][0] / inputs["n_train"][0] for beta in inputs["betas"]
            ],
        ),
    ),
)

# ----------------------------------------------------------------------------------- KLWarmUp


def _draw_warm_up(rng: Generator) -> Inputs:
    n_epochs = int(rng.integers(3, 9))
    return {
        "n_epochs": n_epochs,
        "resumed": rng.permutation(n_epochs + 3).tolist(),
        "unwarmed": int(rng.integers(3, 12)),
    }


def _betas(student: Any, n_epochs: Any, epochs: Any) -> Any:
    import tensorflow as tf

    class Scale:  # what a KLScale offers; the variable is what a compiled graph reads
        n_train, kl_weight = 100, 1.0
        variable = beta = tf.Variable(-1.0, trainable=False)

    callback, found = student.KLWarmUp(Scale(), n_epochs), []
    for epoch in epochs:
        callback.on_epoch_begin(epoch)
        found.append(float(Scale.variable))
    return found


def _rising(student: Any, inputs: Inputs) -> Any:
    return _betas(student, inputs["n_epochs"], range(inputs["n_epochs"] + 4))


def _resumed(student: Any, inputs: Inputs) -> Any:
    return [_betas(student, inputs["n_epochs"], [epoch])[0] for epoch in inputs["resumed"]]


def _without(student: Any, inputs: Inputs) -> Any:
    return _betas(student, 0, range(inputs["unwarmed"]))


def _true_betas(n_epochs: int, epochs: Any) -> list[float]:
    return [min(1.0, epoch / n_epochs) for epoch in epochs]


KL_WARM_UP = Check(
    name="KLWarmUp",
    draw=_draw_warm_up,
    support=(_betas,),
    parts=(
        Part(
            expects="beta is 0 in the first epoch, rises in a straight line, is 1 at epoch "
            "n_epochs, and stays there.",
            points=4,
            probe=_rising,
            truth=lambda inputs: _true_betas(inputs["n_epochs"], range(inputs["n_epochs"] + 4)),
        ),
        Part(
            expects="A training that is resumed at any epoch gets that epoch's beta.",
            points=2,
            probe=_resumed,
            truth=lambda inputs: _true_betas(inputs["n_epochs"], inputs["resumed"]),
        ),
        Part(
            expects="With n_epochs of 0 there is no warm-up: beta is 1 from the start.",
            points=2,
            probe=_without,
            truth=lambda inputs: [1.0] * inputs["unwarmed"],
        ),
    ),
)

# --------------------------------------------------------------------------- kernel_arguments


def _draw_arguments(rng: Generator) -> Inputs:
    n_features, units = (int(n) for n in rng.choice([2, 3, 4, 5], size=2, replace=False))
    # Neither N nor lambda is 1: whoever counts one of them twice must show.
    n_train, kl_weight = int(rng.integers(3, 9)), float(rng.uniform(0.3, 0.7))
    betas = rng.permutation([rng.uniform(0.2, 0.5), rng.uniform(0.6, 0.9)])
    return {
        "inputs": rng.normal(size=(3, n_features)).tolist(),
        "loc": rng.normal(size=(n_features, units)).tolist(),
        "scale": rng.uniform(0.2, 0.9, size=(n_features, units)).tolist(),
        "prior_loc": float(rng.uniform(-1, 1)),
        "prior_scale": float(rng.uniform(1.2, 2.5)),
        "n_train": n_train,
        "kl_weight": kl_weight,
        "betas": betas.tolist(),
        "values": (betas * kl_weight / n_train).tolist(),
    }


def _made_layer(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp
    import tf_keras as keras

    def normal(loc: Any, scale: Any) -> Any:
        loc, scale = (np.array(v, "float32") for v in (loc, scale))
        tfd = tfp.distributions
        return tfd.Independent(tfd.Normal(loc, scale), reinterpreted_batch_ndims=2)

    class Scale:  # what a KLScale offers
        n_train, kl_weight = inputs["n_train"], inputs["kl_weight"]
        beta = tf.Variable(inputs["betas"][0], trainable=False)
        now = tf.Variable(inputs["values"][0], trainable=False)

        @property
        def value(self) -> Any:
            return tf.identity(self.now)

    shape = np.shape(inputs["loc"])
    arguments = student.kernel_arguments(
        lambda *args: normal(inputs["loc"], inputs["scale"]),
        lambda *args: normal(
            np.full(shape, inputs["prior_loc"]), np.full(shape, inputs["prior_scale"])
        ),
        Scale(),
    )
    keras.utils.set_random_seed(1)  # a mistake that draws gives the same answer again
    layer = tfp.layers.DenseReparameterization(shape[1], name="layer", **arguments)
    return layer, tf.constant(np.array(inputs["inputs"], "float32")), Scale


def _first_loss(student: Any, inputs: Inputs) -> Any:
    layer, x, _ = _made_layer(student, inputs)
    layer(x)
    return sum(float(loss) for loss in layer.losses)


def _following_losses(student: Any, inputs: Inputs) -> Any:
    layer, x, scale = _made_layer(student, inputs)
    found = []
    for beta, value in zip(inputs["betas"], inputs["values"], strict=True):
        scale.beta.assign(beta)
        scale.now.assign(value)
        layer(x)
        found.append(sum(float(loss) for loss in layer.losses))
    return found


def _biases(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    layer, x, _ = _made_layer(student, inputs)
    layer(x)
    first, second = (layer.bias_posterior.sample().numpy() for _ in range(2))
    return {
        "two draws": "equal" if np.array_equal(first, second) else "different",
        "start": "zero" if np.all(abs(first) < 1e-6) else "not zero",
        "to train": [list(v.shape) for v in layer.trainable_variables],
    }


def _type_under_half_precision(student: Any, inputs: Inputs) -> Any:
    import tf_keras as keras

    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        layer, x, _ = _made_layer(student, inputs)
        output = layer(x)
        return {"output": output.dtype.name, "shape": list(output.shape)}
    finally:
        keras.mixed_precision.set_global_policy(before)


def _true_kernel_kl(inputs: Inputs) -> float:
    loc, scale = np.asarray(inputs["loc"]), np.asarray(inputs["scale"])
    return normal_kl(loc, scale, inputs["prior_loc"], inputs["prior_scale"])


def _units(inputs: Inputs) -> int:
    return len(inputs["loc"][0])


KERNEL_ARGUMENTS = Check(
    name="kernel_arguments",
    draw=_draw_arguments,
    support=(_made_layer,),
    parts=(
        Part(
            expects="A layer that is made with these arguments adds kl_scale.value times "
            "KL(posterior || prior) to its losses.",
            points=6,
            probe=_first_loss,
            truth=lambda inputs: inputs["values"][0] * _true_kernel_kl(inputs),
        ),
        Part(
            expects="When the warm-up moves kl_scale, the layer's loss moves with it.",
            points=3,
            probe=_following_losses,
            truth=lambda inputs: [value * _true_kernel_kl(inputs) for value in inputs["values"]],
        ),
        Part(
            expects="The bias is a point estimate: it trains, starts at zero, and two draws of it "
            "are the same.",
            points=3,
            probe=_biases,
            truth=lambda inputs: {
                "two draws": "equal",
                "start": "zero",
                "to train": [[_units(inputs)]],
            },
        ),
        Part(
            expects="The layer computes in float32, even if the global policy is half precision.",
            points=2,
            probe=_type_under_half_precision,
            truth=lambda inputs: {
                "output": "float32",
                "shape": [len(inputs["inputs"]), _units(inputs)],
            },
        ),
    ),
)

# ------------------------------------------------------------------- bayesian_dense and _conv2d


def _layer_arguments(kernel: Any, scale: Any, penalty: Any) -> Any:
    """Arguments whose posterior is known, and whose divergence is a given number."""
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp

    tfd, loc = tfp.distributions, np.array(kernel, "float32")

    def posterior(*_: Any) -> Any:
        return tfd.Independent(
            tfd.Normal(loc, np.full(loc.shape, scale, "float32")),
            reinterpreted_batch_ndims=loc.ndim,
        )

    def prior(*_: Any) -> Any:
        return tfd.Independent(
            tfd.Normal(np.zeros(loc.shape, "float32"), np.ones(loc.shape, "float32")),
            reinterpreted_batch_ndims=loc.ndim,
        )

    return {
        "kernel_posterior_fn": posterior,
        "kernel_prior_fn": prior,
        "kernel_divergence_fn": lambda q, p, _: tf.constant(penalty),
        "bias_posterior_fn": tfp.layers.default_mean_field_normal_fn(
            is_singular=True, loc_initializer="zeros"
        ),
        "dtype": "float32",
    }


def _scatter(layer: Any, example: Any) -> Any:
    """Whether equal examples of one batch are perturbed alike, and two calls are."""
    import numpy as np
    import tensorflow as tf

    tf.random.set_seed(1)
    batch = tf.constant(np.stack([np.array(example, "float32")] * 8))
    first, second = layer(batch).numpy(), layer(batch).numpy()
    if np.allclose(first, second, atol=1e-5):
        return "no draw"
    return "one a batch" if np.allclose(first, first[:1], atol=1e-5) else "one an example"


def _kinds(rng: Generator) -> list[str]:
    """Estimators to ask for, "" for none."""
    return rng.permutation(["flipout", "reparameterization", "reparameterization", ""]).tolist()


def _true_scatter(inputs: Inputs) -> list[str]:
    per_batch = "reparameterization"
    return ["one a batch" if kind == per_batch else "one an example" for kind in inputs["kinds"]]


UNKNOWN = ("dropout", "none", "bootstrap", "laplace", "ensemble")
"""What no estimator is called: drawn, since one dict holds the answers in whatever order."""


def _draw_dense(rng: Generator) -> Inputs:
    n_features, units = (int(n) for n in rng.choice([4, 5, 6, 7], size=2, replace=False))
    return {
        "inputs": rng.normal(size=(3, n_features)).tolist(),
        "kernel": rng.normal(size=(n_features, units)).tolist(),
        "units": units,
        "kinds": _kinds(rng),
        "asked": rng.permutation(
            ["flipout", "reparameterization", *rng.choice(UNKNOWN, size=2, replace=False)]
        ).tolist(),
        "penalty": float(rng.uniform(0.5, 2)),
        "name": f"dense{rng.integers(10, 100)}",
    }


def _dense_output(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    arguments = _layer_arguments(inputs["kernel"], 1e-6, inputs["penalty"])
    asked = []
    posterior_fn = arguments["kernel_posterior_fn"]

    def noted_posterior_fn(*args: Any) -> Any:
        asked.append(args)
        return posterior_fn(*args)

    arguments["kernel_posterior_fn"] = noted_posterior_fn
    layer = student.bayesian_dense(inputs["units"], arguments, name=inputs["name"])
    output = layer(tf.constant(np.array(inputs["inputs"], "float32")))
    if not asked:
        return f"a {type(layer).__name__} that never asks for the posterior in the arguments"
    return {
        "output": output,
        "losses": [float(loss) for loss in layer.losses],
        # Keras numbers the layers that bear no name of their own: no two runs agree on it.
        "name": layer.name if layer.name == inputs["name"] else "another",
    }


def _dense_scatter(student: Any, inputs: Inputs) -> Any:
    found = []
    for kind in inputs["kinds"]:
        options = {"estimator": kind} if kind else {}
        arguments = _layer_arguments(inputs["kernel"], 0.5, inputs["penalty"])
        layer = student.bayesian_dense(inputs["units"], arguments, **options)
        found.append(_scatter(layer, inputs["inputs"][0]))
    return found


def _dense_refusals(student: Any, inputs: Inputs) -> Any:
    bayesian_dense, said = student.bayesian_dense, {}
    for estimator in inputs["asked"]:
        arguments = _layer_arguments(inputs["kernel"], 0.5, inputs["penalty"])
        try:
            layer = bayesian_dense(inputs["units"], arguments, estimator=estimator)
            said[estimator] = "None" if layer is None else "a layer"
        except NotImplementedError:  # a stub's
            raise
        except Exception as error:
            said[estimator] = type(error).__name__
    return said


BAYESIAN_DENSE = Check(
    name="bayesian_dense",
    draw=_draw_dense,
    support=(_layer_arguments, _scatter),
    parts=(
        Part(
            expects="The layer has the given number of units and the given name, takes posterior "
            "and divergence from the arguments, and applies no activation.",
            points=3,
            probe=_dense_output,
            truth=lambda inputs: {
                "output": np.asarray(inputs["inputs"]) @ np.asarray(inputs["kernel"]),
                "losses": [inputs["penalty"]],
                "name": inputs["name"],
            },
            # The posterior is a millionth wide, times up to 7 inputs.
            atol=1e-4,
        ),
        Part(
            expects="flipout, the default, perturbs every example of a batch in its own way; "
            "reparameterization draws once for the whole batch.",
            points=3,
            probe=_dense_scatter,
            truth=_true_scatter,
        ),
        Part(
            expects="An unknown estimator is a KeyError, a known one is not.",
            points=2,
            probe=_dense_refusals,
            truth=lambda inputs: {
                kind: "a layer" if kind in ("flipout", "reparameterization") else "KeyError"
                for kind in inputs["asked"]
            },
        ),
    ),
)


def _draw_conv(rng: Generator) -> Inputs:
    channels, filters = (int(n) for n in rng.choice([2, 3, 4], size=2, replace=False))
    height, width = (int(n) for n in rng.choice([6, 7, 8, 9], size=2, replace=False))
    size = int(rng.choice([3, 5]))
    equal, narrow = (int(n) for n in rng.integers(2, 6, size=2))
    small, wider = int(rng.integers(1, 6)), int(rng.integers(1, 3))
    return {
        "images": rng.normal(size=(2, height, width, channels)).tolist(),
        "kernel": rng.normal(size=(size, size, channels, filters)).tolist(),
        "size": size,
        "filters": filters,
        "strides": int(rng.integers(2, size)),
        "kinds": _kinds(rng),
        "steps": [[1, 1], [equal, equal], [narrow, narrow - 1], [small, small + wider]],
        "penalty": float(rng.uniform(0.5, 2)),
        "name": f"conv{rng.integers(10, 100)}",
    }


def _conv_layer(student: Any, inputs: Inputs, scale: Any, **options: Any) -> Any:
    arguments = _layer_arguments(inputs["kernel"], scale, inputs["penalty"])
    return student.bayesian_conv2d(inputs["filters"], inputs["size"], arguments, **options)


def _conv_outputs(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    images = tf.constant(np.array(inputs["images"], "float32"))
    return [
        _conv_layer(student, inputs, 1e-6, **options)(images)
        for options in ({}, {"strides": inputs["strides"]})
    ]


def _conv_passes_on(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tensorflow as tf

    layer = _conv_layer(student, inputs, 0.5, name=inputs["name"])
    layer(tf.constant(np.array(inputs["images"], "float32")))
    name = layer.name if layer.name == inputs["name"] else "another"
    return {"losses": [float(loss) for loss in layer.losses], "name": name}


def _conv_scatter(student: Any, inputs: Inputs) -> Any:
    return [
        _scatter(
            _conv_layer(student, inputs, 0.5, **({"estimator": kind} if kind else {})),
            inputs["images"][0],
        )
        for kind in inputs["kinds"]
    ]


def _conv_refusals(student: Any, inputs: Inputs) -> Any:
    bayesian_conv2d, said = student.bayesian_conv2d, {}
    for size, strides in inputs["steps"]:
        arguments = _layer_arguments(inputs["kernel"], 0.5, inputs["penalty"])
        asked = f"kernel {size}, strides {strides}"
        try:
            layer = bayesian_conv2d(inputs["filters"], size, arguments, strides=strides)
            said[asked] = "None" if layer is None else "a layer"
        except NotImplementedError:  # a stub's
            raise
        except Exception as error:
            said[asked] = type(error).__name__
    return said


BAYESIAN_CONV2D = Check(
    name="bayesian_conv2d",
    draw=_draw_conv,
    support=(_layer_arguments, _scatter, _conv_layer),
    parts=(
        Part(
            expects='A convolution with padding "same", the given strides and no activation, '
            "whose kernel comes from the posterior in the arguments.",
            points=5,
            probe=_conv_outputs,
            truth=lambda inputs: [
                convolution(np.asarray(inputs["images"]), np.asarray(inputs["kernel"]), strides)
                for strides in (1, inputs["strides"])
            ],
            # Sums of up to 100 products; the posterior is a millionth wide.
            atol=2e-4,
        ),
        Part(
            expects="The layer's loss is the divergence in the arguments, its name the given one.",
            points=2,
            probe=_conv_passes_on,
            truth=lambda inputs: {"losses": [inputs["penalty"]], "name": inputs["name"]},
        ),
        Part(
            expects="flipout, the default, perturbs every example of a batch in its own way; "
            "reparameterization draws once for the whole batch.",
            points=3,
            probe=_conv_scatter,
            truth=_true_scatter,
        ),
        Part(
            expects="Strides wider than the kernel, which would skip pixels, are a ValueError.",
            points=2,
            probe=_conv_refusals,
            truth=lambda inputs: {
                f"kernel {size}, strides {strides}": "ValueError" if strides > size else "a layer"
                for size, strides in inputs["steps"]
            },
        ),
    ),
)

# ----------------------------------------------------------------------------- residual_block


def _draw_block(rng: Generator) -> Inputs:
    channels, wider = (int(n) for n in rng.choice([2, 3, 4], size=2, replace=False))
    # One odd side, or a shortcut that is pooled without padding would pass.
    height, width = rng.permutation([rng.choice([5, 7]), rng.choice([6, 8])]).tolist()
    cases = [[channels, 1], [wider, 1], [channels, 2], [wider, int(rng.integers(2, 4))]]
    # Negative outputs, and large ones, so that a swish in the wrong place shows.
    return {
        "images": rng.normal(scale=1.5, size=(2, height, width, channels)).tolist(),
        "cases": [cases[i] for i in rng.permutation(4)],
        "kernels": {
            "conv1": rng.normal(scale=0.4, size=(3, 3, channels, 4)).tolist(),
            "conv2": rng.normal(scale=0.4, size=(3, 3, 4, 4)).tolist(),
            "shortcut": rng.normal(scale=0.8, size=(1, 1, channels, 4)).tolist(),
        },
    }


def _block(student: Any, inputs: Inputs, filters: Any, strides: Any) -> Any:
    import numpy as np
    import tensorflow as tf

    made: list = []

    def make_conv(part: Any, filters: Any, kernel_size: Any, strides: Any) -> Any:
        made.append([str(part), int(filters), int(kernel_size), int(strides)])

        def layer(x: Any) -> Any:
            whole = np.array(inputs["kernels"][part], "float32")
            kernel = tf.constant(whole[:, :, : x.shape[-1], :filters])
            return tf.nn.conv2d(x, kernel, int(strides), "SAME")

        return layer

    images = tf.constant(np.array(inputs["images"], "float32"))
    return student.residual_block(images, filters, make_conv, strides), sorted(made)


def _block_parts(student: Any, inputs: Inputs) -> Any:
    return [_block(student, inputs, *case)[1] for case in inputs["cases"]]


def _is_plain(inputs: Inputs, case: Any) -> Any:
    return case == [len(inputs["images"][0][0][0]), 1]


def _plain_block(student: Any, inputs: Inputs) -> Any:
    (case,) = [case for case in inputs["cases"] if _is_plain(inputs, case)]
    return _block(student, inputs, *case)[0]


def _changing_blocks(student: Any, inputs: Inputs) -> Any:
    cases = [case for case in inputs["cases"] if not _is_plain(inputs, case)]
    return [_block(student, inputs, *case)[0] for case in cases]


def _true_block(inputs: Inputs, filters: int, strides: int) -> np.ndarray:
    x = np.asarray(inputs["images"])
    channels = x.shape[-1]
    conv1, conv2, project = (
        np.asarray(inputs["kernels"][part]) for part in ("conv1", "conv2", "shortcut")
    )
    y = swish(convolution(x, conv1[..., :filters], strides))
    y = convolution(y, conv2[:, :, :filters, :filters], 1)
    shortcut = average_pooling(x, strides) if strides > 1 else x
    if strides > 1 or filters != channels:
        shortcut = convolution(shortcut, project[..., :filters], 1)
    return swish(y + shortcut)


def _true_parts(inputs: Inputs, filters: int, strides: int) -> list[list[Any]]:
    parts = [["conv1", filters, 3, strides], ["conv2", filters, 3, 1]]
    plain = _is_plain(inputs, [filters, strides])
    return parts if plain else [*parts, ["shortcut", filters, 1, 1]]


RESIDUAL_BLOCK = Check(
    name="residual_block",
    draw=_draw_block,
    support=(_block, _is_plain),
    parts=(
        Part(
            expects="conv1 and conv2 are made with 3 x 3 pixels, conv1 with the strides; a "
            "shortcut of 1 x 1, without strides, only where shapes differ.",
            points=4,
            probe=_block_parts,
            truth=lambda inputs: [_true_parts(inputs, *case) for case in inputs["cases"]],
        ),
        Part(
            expects="Where shapes agree, the output is swish(x + conv2(swish(conv1(x)))).",
            points=4,
            probe=_plain_block,
            truth=lambda inputs: _true_block(inputs, len(inputs["images"][0][0][0]), 1),
            atol=1e-3,
        ),
        Part(
            expects="Where they differ, the shortcut is the convolution of x, averaged over "
            "strides x strides pixels first.",
            points=4,
            probe=_changing_blocks,
            truth=lambda inputs: [
                _true_block(inputs, *case)
                for case in inputs["cases"]
                if not _is_plain(inputs, case)
            ],
            atol=1e-3,
        ),
    ),
)

# ------------------------------------------------------------------------------ kl_divergence


def _draw_models(rng: Generator) -> Inputs:
    n_layers = int(rng.integers(2, 4))
    sizes = rng.choice([2, 3, 4, 5, 6], size=n_layers + 1, replace=False).tolist()
    shapes = list(itertools.pairwise(sizes))
    return {
        "loc": [rng.normal(size=shape).tolist() for shape in shapes],
        "scale": [rng.uniform(0.2, 0.9, size=shape).tolist() for shape in shapes],
        "prior_scale": rng.uniform(1.2, 2.5, size=n_layers).tolist(),
        "factor": rng.uniform(0.01, 0.5, size=n_layers).tolist(),
        "plain": rng.permutation([True, False, False, True]).tolist(),
    }


def _bayesian_layers(inputs: Inputs) -> Any:
    """Layers with known posteriors and priors, which add a part of the KL to the losses."""
    import numpy as np
    import tensorflow_probability as tfp

    tfd = tfp.distributions

    def normal(loc: Any, scale: Any) -> Any:
        loc = np.array(loc, "float32")
        scale = np.broadcast_to(np.array(scale, "float32"), loc.shape)
        return tfd.Independent(tfd.Normal(loc, scale), reinterpreted_batch_ndims=2)

    def layer(loc: Any, scale: Any, prior_scale: Any, factor: Any) -> Any:
        return tfp.layers.DenseFlipout(
            np.shape(loc)[1],
            kernel_posterior_fn=lambda *_: normal(loc, scale),
            kernel_prior_fn=lambda *_: normal(np.zeros(np.shape(loc)), prior_scale),
            kernel_divergence_fn=lambda q, p, _: factor * tfd.kl_divergence(q, p),
        )

    known = (inputs[key] for key in ("loc", "scale", "prior_scale", "factor"))
    return [layer(*numbers) for numbers in zip(*known, strict=True)]


def _flat_kl(student: Any, inputs: Inputs) -> Any:
    import tf_keras as keras

    layers = [keras.Input((len(inputs["loc"][0]),))]
    for layer in _bayesian_layers(inputs):
        layers += [layer, keras.layers.Activation("swish")]
    return student.kl_divergence(keras.Sequential(layers))


def _nested_kl(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tf_keras as keras

    first, *others = _bayesian_layers(inputs)
    inner = keras.Sequential([keras.Input((np.shape(inputs["loc"][0])[1],)), *others])
    inputs_of_outer = keras.Input((len(inputs["loc"][0]),))
    return student.kl_divergence(keras.Model(inputs_of_outer, inner(first(inputs_of_outer))))


def _kl_of_several(student: Any, inputs: Inputs) -> Any:
    import numpy as np
    import tf_keras as keras

    found = {}
    for number, plain in enumerate(inputs["plain"]):
        layers = [keras.layers.Dense(3)] if plain else _bayesian_layers(inputs)
        model = keras.Sequential([keras.Input((len(inputs["loc"][0]),)), *layers])
        key = f"model {number}, {'without' if plain else 'with'} Bayesian layers"
        found[key] = float(np.asarray(student.kl_divergence(model)))
    return found


def _true_total(inputs: Inputs) -> float:
    known = (inputs[key] for key in ("loc", "scale", "prior_scale"))
    return sum(
        normal_kl(np.asarray(loc), np.asarray(scale), 0.0, prior)
        for loc, scale, prior in zip(*known, strict=True)
    )


KL_DIVERGENCE = Check(
    name="kl_divergence",
    draw=_draw_models,
    support=(_bayesian_layers,),
    parts=(
        Part(
            expects="The sum over the Bayesian layers of KL(posterior || prior), nats, whatever "
            "part of it the losses hold.",
            points=5,
            probe=_flat_kl,
            truth=_true_total,
        ),
        Part(
            expects="Layers of a model inside the model count as well.",
            points=3,
            probe=_nested_kl,
            truth=_true_total,
        ),
        Part(
            expects="0 for a model without Bayesian layers.",
            points=2,
            probe=_kl_of_several,
            truth=lambda inputs: {
                f"model {number}, {'without' if plain else 'with'} Bayesian layers": (
                    0.0 if plain else _true_total(inputs)
                )
                for number, plain in enumerate(inputs["plain"])
            },
        ),
    ),
)

CHECKS = (
    SCALED_PRIOR_FN,
    HE_POSTERIOR_FN,
    KL_SCALE,
    KL_WARM_UP,
    KERNEL_ARGUMENTS,
    BAYESIAN_DENSE,
    BAYESIAN_CONV2D,
    RESIDUAL_BLOCK,
    KL_DIVERGENCE,
)
