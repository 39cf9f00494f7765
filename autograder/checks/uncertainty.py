"""Checks for topic 08, what the model does not know."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from autograder.checks import Check, Inputs, Part, first_places, repeated_seeds


def _softmax(logits: np.ndarray) -> np.ndarray:
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def _entropy(p: np.ndarray) -> np.ndarray:
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)


# ------------------------------------------------------------------------- predictive_samples


def _draw_network(rng: Generator) -> Inputs:
    n, n_features, n_classes = (int(k) for k in rng.integers(5, 9, size=3) - [0, 3, 3])
    n_samples = int(rng.integers(4, 9))
    batch_size = int(rng.choice([size for size in (2, 3, 4) if n % size]))  # the last is smaller
    sizes = [[int(rng.integers(1, 5)), int(rng.integers(1, 5))] for _ in range(2)]
    sizes += [[0, 3], [3, 0], [-int(rng.integers(1, 5)), 2], [2, -1]]
    return {
        "inputs": rng.normal(1.0, 1.5, size=(n, n_features)).tolist(),
        # More weights than will be asked for; wide enough that no two draws predict alike.
        "draws": rng.normal(scale=2.0, size=(4 * n_samples, n_features, n_classes)).tolist(),
        "n_samples": n_samples,
        "batch_size": batch_size,
        "seeds": repeated_seeds(rng),
        "sizes": [sizes[i] for i in rng.permutation(len(sizes))],
    }


def _network(inputs: Inputs, kind: str) -> Any:
    import tensorflow as tf
    import tf_keras as keras

    class Network(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.draws = tf.constant(inputs["draws"])
            self.calls = tf.Variable(0, trainable=False)
            self.largest = tf.Variable(0, trainable=False)
            self.normalize = keras.layers.BatchNormalization(epsilon=0.0)

        def call(self, x: Any, training: Any = False) -> Any:
            self.largest.assign(tf.maximum(self.largest, tf.shape(x)[0]))
            if kind == "random":
                return tf.cast(x, tf.float32) @ (tf.random.normal(()) * self.draws[0])
            if kind == "normalized":
                x = self.normalize(x, training=training)
            weights = self.draws[self.calls % len(inputs["draws"])]
            if kind == "prepared":  # every call uses the next of the prepared weights
                self.calls.assign_add(1)
            return tf.cast(x, tf.float32) @ weights

    return Network()


def _sampled(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    x = np.array(inputs["inputs"], "float32")
    return student.predictive_samples(_network(inputs, "prepared"), x, inputs["n_samples"])


def _sampled_in_batches(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    network, x = _network(inputs, "fixed"), np.array(inputs["inputs"], "float32")
    # Copies of one image in a batch, one a sample, make a batch that is too large.
    n_samples = inputs["batch_size"] + 1
    samples = student.predictive_samples(network, x, n_samples, batch_size=inputs["batch_size"])
    return {"largest batch": int(network.largest), "first sample": np.asarray(samples)[0]}


def _sampled_normalized(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    x = np.array(inputs["inputs"], "float32")
    return student.predictive_samples(_network(inputs, "normalized"), x, 1)


def _sampled_with_seeds(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    network, x = _network(inputs, "random"), np.array(inputs["inputs"], "float32")
    samples = [
        np.asarray(student.predictive_samples(network, x, 2, seed=seed)).tolist()
        for seed in (*inputs["seeds"], None)
    ]
    # Relatively, since the smallest probabilities tell apart draws that are sure of one class.
    kinds = ["alike" if np.allclose(s[0], s[-1], 1e-3, 1e-30) else "differ" for s in samples]
    return {
        "first call with the same samples": [samples.index(sample) for sample in samples[:-1]],
        "draws of a call with a seed": "alike" if "alike" in kinds[:-1] else "differ",
        "without a seed": kinds[-1],
    }


def _sampled_or_refused(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    network, x = _network(inputs, "prepared"), np.array(inputs["inputs"], "float32")
    said = []
    for n_samples, batch_size in inputs["sizes"]:
        try:
            student.predictive_samples(network, x, n_samples, batch_size=batch_size)
            said.append("accepted")
        except ValueError:
            said.append("refused")
    return said


def _true_samples(inputs: Inputs, n_samples: int) -> np.ndarray:
    return _softmax(np.asarray(inputs["inputs"]) @ np.asarray(inputs["draws"])[:n_samples])


PREDICTIVE_SAMPLES = Check(
    name="predictive_samples",
    draw=_draw_network,
    support=(_network,),
    parts=(
        Part(
            expects="Stacks the softmax of `n_samples` calls of the model: shape (s, n, k), a "
            "fresh draw of the weights for each sample.",
            points=5,
            probe=_sampled,
            truth=lambda inputs: _true_samples(inputs, inputs["n_samples"]),
        ),
        Part(
            expects="No call gets more than `batch_size` images, and all images come back, in "
            "their order.",
            points=3,
            probe=_sampled_in_batches,
            truth=lambda inputs: {
                "largest batch": inputs["batch_size"],
                "first sample": _true_samples(inputs, 1)[0],
            },
        ),
        Part(
            expects="Batch normalisation uses the averages learnt in training, not those of the "
            "images at hand.",
            points=2,
            probe=_sampled_normalized,
            truth=lambda inputs: _true_samples(inputs, 1),
        ),
        Part(
            expects="The same seed gives the same samples, another seed gives others; the draws "
            "within a call differ.",
            points=2,
            probe=_sampled_with_seeds,
            truth=lambda inputs: {
                "first call with the same samples": first_places(inputs["seeds"]),
                "draws of a call with a seed": "differ",
                "without a seed": "differ",
            },
        ),
        Part(
            expects="Raises ValueError where n_samples or batch_size is smaller than 1, and only "
            "there.",
            points=2,
            probe=_sampled_or_refused,
            truth=lambda inputs: [
                "refused" if min(sizes) < 1 else "accepted" for sizes in inputs["sizes"]
            ],
        ),
    ),
)

# ------------------------------------------------------------------------ predictive_interval


def _draw_probabilities(
    rng: Generator, n_samples: int, n: int, n_classes: int, spread: float = 1.0
) -> list[Any]:
    """Draws of class probabilities: images differ, and so do the draws for each image."""
    middle = rng.normal(scale=1.5, size=(n, n_classes))
    return _softmax(middle + rng.normal(scale=spread, size=(n_samples, n, n_classes))).tolist()


def _draw_for_interval(rng: Generator) -> Inputs:
    n, n_classes = int(rng.integers(2, 5)), int(rng.integers(3, 5))
    enough = [
        [40, 0.95],
        [int(rng.integers(41, 60)), 0.95],
        [int(rng.integers(4, 12)), 0.5],
    ]
    too_few = [
        [39, 0.95],
        [int(rng.integers(41, 60)), 0.99],
        [int(rng.integers(5, 19)), 0.9],
    ]
    # k draws where k and a little, or k and more than a half, are needed: neither to be rounded.
    for share in (rng.uniform(0.2, 0.4), rng.uniform(0.6, 0.8)):
        k = int(rng.integers(5, 12))
        level = round(1 - 2 / (k + share), 4)
        too_few.append([k, level])
        enough.append([k + 1, level])
    draws = enough + too_few
    levels = [
        *(0.0, 1.0),
        round(float(rng.uniform(1.1, 95)), 2),
        -round(float(rng.uniform(0.1, 0.9)), 2),
        *(round(float(level), 2) for level in rng.uniform(0.1, 0.9, size=2)),
    ]
    return {
        "samples": _draw_probabilities(rng, int(rng.integers(60, 140)), n, n_classes),
        "level": float(rng.choice([0.5, 0.6, 0.8, 0.9])),
        "draws": [draws[i] for i in rng.permutation(len(draws))],
        "levels": [levels[i] for i in rng.permutation(len(levels))],
    }


def _interval(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    lower, upper = student.predictive_interval(np.array(inputs["samples"], "float32"))
    return {"lower": lower, "upper": upper}


def _interval_at_level(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    samples = np.array(inputs["samples"], "float32")
    lower, upper = student.predictive_interval(samples, level=inputs["level"])
    return {"lower": lower, "upper": upper}


def _levels_answered(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    said = {}
    for level in inputs["levels"]:
        try:
            student.predictive_interval(np.array(inputs["samples"], "float32"), level)
            said[f"{level:g}"] = "answered"
        except ValueError:
            said[f"{level:g}"] = "refused"
        except ZeroDivisionError:
            said[f"{level:g}"] = "ZeroDivisionError"
    return said


def _numbers_of_draws_answered(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    answered = []
    for n_samples, level in inputs["draws"]:
        samples = np.resize(np.array(inputs["samples"], "float32"), (n_samples, 2, 3))
        try:
            student.predictive_interval(samples, level)
            answered.append(f"{n_samples} at {level:g}")
        except ValueError:
            pass
    return {"answered": answered}


def _true_interval(inputs: Inputs, level: float) -> dict[str, np.ndarray]:
    ordered = np.sort(np.asarray(inputs["samples"]), axis=0)
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        place = share * (len(ordered) - 1)
        below = min(int(place), len(ordered) - 2)
        ends.append(ordered[below] + (place - below) * (ordered[below + 1] - ordered[below]))
    return {"lower": ends[0], "upper": ends[1]}


PREDICTIVE_INTERVAL = Check(
    name="predictive_interval",
    draw=_draw_for_interval,
    parts=(
        Part(
            expects="By default, gives for every image and class the 2.5 % and the 97.5 % quantile "
            "over the draws.",
            points=5,
            probe=_interval,
            truth=lambda inputs: _true_interval(inputs, 0.95),
        ),
        Part(
            expects="Another `level` leaves (1 - level) / 2 of the draws out at either end.",
            points=3,
            probe=_interval_at_level,
            truth=lambda inputs: _true_interval(inputs, inputs["level"]),
        ),
        Part(
            expects="Raises ValueError for a level that is not strictly between 0 and 1, and for "
            "no other.",
            points=2,
            probe=_levels_answered,
            truth=lambda inputs: {
                f"{level:g}": "answered" if 0 < level < 1 else "refused"
                for level in inputs["levels"]
            },
        ),
        # Where rounding would decide (20 draws and 90 %), nothing is asked.
        Part(
            expects="Raises ValueError for fewer than 2 / (1 - level) draws, and only there: 40 "
            "are enough for 95 %.",
            points=2,
            probe=_numbers_of_draws_answered,
            truth=lambda inputs: {
                "answered": [
                    f"{n} at {level:g}"
                    for n, level in inputs["draws"]
                    if n * (1 - level) > 2 - 1e-9
                ]
            },
        ),
    ),
)

# ---------------------------------------------------------------------- decompose_uncertainty


def _draw_for_entropy(rng: Generator) -> Inputs:
    n_samples, n, n_classes = (int(k) for k in rng.permutation(np.arange(3, 9))[:3])
    certain = np.eye(n_classes)[rng.integers(0, n_classes, size=(n_samples, n))]
    certain[0, 1] = np.full(n_classes, 1 / n_classes)
    return {
        "samples": _draw_probabilities(rng, n_samples, n, n_classes),
        "certain": certain.tolist(),
    }


def _split(student: Any, inputs: Inputs, samples: str, part: str) -> Any:
    import numpy as np

    parts = student.decompose_uncertainty(np.array(inputs[samples], "float32"))
    return getattr(parts, part)


def _total(student: Any, inputs: Inputs) -> Any:
    return _split(student, inputs, "samples", "total")


def _aleatoric(student: Any, inputs: Inputs) -> Any:
    return _split(student, inputs, "samples", "aleatoric")


def _epistemic(student: Any, inputs: Inputs) -> Any:
    return _split(student, inputs, "samples", "epistemic")


def _certain_draws(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    aleatoric = np.asarray(_split(student, inputs, "certain", "aleatoric"))
    return aleatoric if np.all(np.isfinite(aleatoric)) else "no finite number"


def _true_split(inputs: Inputs, samples: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    p = np.asarray(inputs[samples])
    total, aleatoric = _entropy(p.mean(axis=0)), _entropy(p).mean(axis=0)
    return total, aleatoric, total - aleatoric


DECOMPOSE_UNCERTAINTY = Check(
    name="decompose_uncertainty",
    draw=_draw_for_entropy,
    support=(_split,),
    parts=(
        Part(
            expects="`total` is the entropy of the mean prediction, one number per image, in nats.",
            points=4,
            probe=_total,
            truth=lambda inputs: _true_split(inputs, "samples")[0],
        ),
        Part(
            expects="`aleatoric` is the mean over the draws of each draw's entropy.",
            points=4,
            probe=_aleatoric,
            truth=lambda inputs: _true_split(inputs, "samples")[1],
        ),
        Part(
            expects="`epistemic` is what is left of the total.",
            points=3,
            probe=_epistemic,
            truth=lambda inputs: _true_split(inputs, "samples")[2],
        ),
        Part(
            expects="A probability of 0 adds nothing to an entropy, and no NaN either.",
            points=3,
            probe=_certain_draws,
            truth=lambda inputs: _true_split(inputs, "certain")[1],
        ),
    ),
)

# --------------------------------------------------------------------------- calibration_bins


def _draw_for_bins(rng: Generator) -> Inputs:
    n, n_classes = int(rng.integers(150, 250)), int(rng.integers(3, 6))
    p = np.asarray(_draw_probabilities(rng, 1, n, n_classes)[0])
    # Confidences on the edges of four, eight or sixteen bins, which floating point has exactly.
    on_edges = np.append(rng.choice(np.arange(9, 17), size=rng.integers(12, 30)), [12, 12, 16]) / 16
    edges = np.stack([1 - on_edges, on_edges], axis=1)
    return {
        "probabilities": p.tolist(),
        "labels": rng.integers(0, n_classes, size=n).tolist(),
        "n_bins": int(rng.integers(5, 13)),
        "edges": np.take_along_axis(edges, rng.permuted([[0, 1]] * len(edges), axis=1), 1).tolist(),
        "edge_labels": rng.integers(0, 2, size=len(edges)).tolist(),
        "edge_bins": int(rng.choice([4, 8, 16])),
    }


def _bins(student: Any, inputs: Inputs, field: str) -> Any:
    import numpy as np

    bins = student.calibration_bins(
        np.array(inputs["probabilities"], "float32"), np.array(inputs["labels"]), inputs["n_bins"]
    )
    return ["empty" if np.isnan(float(v)) else float(v) for v in np.asarray(getattr(bins, field))]


def _bin_confidence(student: Any, inputs: Inputs) -> Any:
    return _bins(student, inputs, "confidence")


def _bin_accuracy(student: Any, inputs: Inputs) -> Any:
    return _bins(student, inputs, "accuracy")


def _bin_sizes(student: Any, inputs: Inputs) -> Any:
    return _bins(student, inputs, "size")


def _bins_at_edges(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    bins = student.calibration_bins(
        np.array(inputs["edges"]), np.array(inputs["edge_labels"]), n_bins=inputs["edge_bins"]
    )
    return [float(v) for v in np.asarray(bins.size)]


def _true_bins(p: np.ndarray, labels: np.ndarray, n_bins: int) -> list[list[Any]]:
    confidence, right = p.max(axis=-1), p.argmax(axis=-1) == labels
    columns: list[list[Any]] = [[], [], []]
    for i in range(n_bins):
        inside = (confidence > i / n_bins) & (confidence <= (i + 1) / n_bins)
        some = bool(inside.any())
        columns[0].append(float(confidence[inside].mean()) if some else "empty")
        columns[1].append(float(right[inside].mean()) if some else "empty")
        columns[2].append(float(inside.sum()))
    return columns


def _binned(inputs: Inputs) -> list[list[Any]]:
    # As 32-bit numbers, as the probe has them: otherwise a confidence may cross an edge.
    p = np.asarray(inputs["probabilities"], np.float32).astype(np.float64)
    return _true_bins(p, np.asarray(inputs["labels"]), inputs["n_bins"])


CALIBRATION_BINS = Check(
    name="calibration_bins",
    draw=_draw_for_bins,
    support=(_bins,),
    parts=(
        Part(
            expects="`confidence` is the mean of the largest probability over the images of each "
            "bin, and NaN where there are none.",
            points=4,
            probe=_bin_confidence,
            truth=lambda inputs: _binned(inputs)[0],
        ),
        Part(
            expects="`accuracy` is the share of them whose most probable class is the label, and "
            "NaN where there are none.",
            points=4,
            probe=_bin_accuracy,
            truth=lambda inputs: _binned(inputs)[1],
        ),
        Part(
            expects="`size` counts them, for bins of equal width between 0 and 1.",
            points=2,
            probe=_bin_sizes,
            truth=lambda inputs: _binned(inputs)[2],
        ),
        Part(
            expects="A confidence on the edge of two bins counts in the lower one; a confidence of "
            "1 in the last.",
            points=2,
            probe=_bins_at_edges,
            truth=lambda inputs: _true_bins(
                np.asarray(inputs["edges"]), np.asarray(inputs["edge_labels"]), inputs["edge_bins"]
            )[2],
        ),
    ),
)

# ----------------------------------------------------------------- expected_calibration_error


def _draw_bins(rng: Generator) -> Inputs:
    n_bins = int(rng.integers(4, 12))
    confidence = 0.3 + 0.4 * (np.arange(n_bins) + rng.uniform(0.2, 0.8, size=n_bins)) / n_bins
    empty = rng.permutation(n_bins) < rng.integers(1, n_bins - 1)
    # Gaps of both signs, also among the bins that are not empty; the larger a bin, the larger its
    # gap, so that it matters whether bins are weighted.
    sign = rng.choice([-1, 1], size=n_bins)
    sign[np.flatnonzero(~empty)[:2]] = rng.permutation([-1, 1])
    rank = rng.permutation(n_bins)
    accuracy = confidence + sign * (0.05 + 0.2 * (rank + rng.uniform(0, 0.5, n_bins)) / n_bins)
    return {
        "confidence": confidence.tolist(),
        "accuracy": accuracy.tolist(),
        "size": (30 * rank + rng.integers(10, 30, size=n_bins)).tolist(),
        "empty": empty.tolist(),
    }


def _error_of(student: Any, inputs: Inputs, with_empty: bool) -> Any:
    import collections

    import numpy as np

    confidence, accuracy = np.array(inputs["confidence"]), np.array(inputs["accuracy"])
    size = np.array(inputs["size"])
    if with_empty:
        empty = np.array(inputs["empty"])
        confidence[empty], accuracy[empty], size[empty] = np.nan, np.nan, 0
    Bins = collections.namedtuple("Bins", "confidence accuracy size")
    error = float(student.expected_calibration_error(Bins(confidence, accuracy, size)))
    return error if np.isfinite(error) else "no finite number"


def _error_of_full_bins(student: Any, inputs: Inputs) -> Any:
    return _error_of(student, inputs, with_empty=False)


def _error_with_empty_bins(student: Any, inputs: Inputs) -> Any:
    return _error_of(student, inputs, with_empty=True)


def _true_error(inputs: Inputs, counted: np.ndarray) -> float:
    gap = abs(np.asarray(inputs["confidence"]) - np.asarray(inputs["accuracy"]))
    return float(np.average(gap[counted], weights=np.asarray(inputs["size"])[counted]))


EXPECTED_CALIBRATION_ERROR = Check(
    name="expected_calibration_error",
    draw=_draw_bins,
    support=(_error_of,),
    parts=(
        Part(
            expects="Averages the distance between confidence and accuracy, each bin as often as "
            "it has images.",
            points=5,
            probe=_error_of_full_bins,
            truth=lambda inputs: _true_error(inputs, np.ones(len(inputs["empty"]), bool)),
        ),
        Part(
            expects="Empty bins, whose confidence and accuracy are NaN, do not count.",
            points=3,
            probe=_error_with_empty_bins,
            truth=lambda inputs: _true_error(inputs, ~np.asarray(inputs["empty"])),
        ),
    ),
)

# ---------------------------------------------------------------------------- fit_temperature


def _draw_for_temperature(rng: Generator) -> Inputs:
    n, n_classes = int(rng.integers(80, 140)), int(rng.integers(2, 5))
    logits = rng.normal(scale=1.5, size=(n, n_classes))
    cumulated = _softmax(logits).cumsum(axis=1)
    labels = (rng.uniform(size=(n, 1)) > cumulated[:, :-1]).sum(axis=1)
    # A few sure mistakes, which weigh more in the log loss than in any other measure.
    logits[:6] *= 2.5
    labels[:6] = logits[:6].argmin(axis=1)
    shift = rng.normal(scale=3.0, size=(n, 1))  # the same for all classes: changes nothing
    # All labels right: margins so small that the loss still falls at T = 0.01. All wrong: so large
    # that a probability of the label is 0 in floating point, whatever the temperature.
    sides = []
    for all_right in rng.permutation([True, False, bool(rng.integers(2))]):
        margin = rng.uniform(0.02, 0.1, size=8) if all_right else rng.uniform(1e5, 2e5, size=8)
        side = np.zeros((8, n_classes))
        label = rng.integers(0, n_classes, size=8)
        side[np.arange(8), label] = margin if all_right else -margin
        sides.append({"logits": side.tolist(), "labels": label.tolist()})
    return {
        "sides": sides,
        "overconfident": (rng.uniform(2, 6) * logits + shift).tolist(),
        "timid": (rng.uniform(0.05, 0.15) * logits + shift).tolist(),
        "huge": (rng.uniform(12, 15) * logits + 2000.0).tolist(),
        "labels": labels.tolist(),
    }


def _temperature(student: Any, inputs: Inputs, logits: str) -> Any:
    import numpy as np

    t = float(student.fit_temperature(np.array(inputs[logits]), np.array(inputs["labels"])))
    return t if np.isfinite(t) else "no finite number"


def _temperature_of_overconfident(student: Any, inputs: Inputs) -> Any:
    return _temperature(student, inputs, "overconfident")


def _temperature_of_timid(student: Any, inputs: Inputs) -> Any:
    return _temperature(student, inputs, "timid")


def _temperature_of_huge(student: Any, inputs: Inputs) -> Any:
    return _temperature(student, inputs, "huge")


def _temperatures_at_the_ends(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    found = []
    for side in inputs["sides"]:
        t = float(student.fit_temperature(np.array(side["logits"]), np.array(side["labels"])))
        found.append(t if np.isfinite(t) else "no finite number")
    return found


def _true_temperature(inputs: Inputs, logits: str) -> float:
    """The log loss is convex in 1/T: its slope, mean(E[z] - z of the label), is 0 at the best."""
    z, labels = np.asarray(inputs[logits]), np.asarray(inputs["labels"])
    z = z - z.max(axis=1, keepdims=True)
    target = z[np.arange(len(z)), labels].mean()
    low, high = -7.0, 7.0  # of log(1/T)
    for _ in range(60):
        middle = (low + high) / 2
        slope = (_softmax(np.exp(middle) * z) * z).sum(axis=1).mean() - target
        low, high = (low, middle) if slope > 0 else (middle, high)
    return float(np.clip(np.exp(-low), 0.01, 100.0))


FIT_TEMPERATURE = Check(
    name="fit_temperature",
    draw=_draw_for_temperature,
    support=(_temperature,),
    parts=(
        # Whoever searches by hand comes near the minimum; a wrong loss misses by far more.
        Part(
            expects="For an overconfident model, finds the temperature above 1 with the smallest "
            "mean log loss.",
            points=3,
            probe=_temperature_of_overconfident,
            truth=lambda inputs: _true_temperature(inputs, "overconfident"),
            rtol=0.005,
        ),
        Part(
            expects="For a timid model, finds the one below 1.",
            points=2,
            probe=_temperature_of_timid,
            truth=lambda inputs: _true_temperature(inputs, "timid"),
            rtol=0.005,
        ),
        Part(
            expects="Logits of any size do not overflow.",
            points=2,
            probe=_temperature_of_huge,
            truth=lambda inputs: _true_temperature(inputs, "huge"),
            rtol=0.005,
        ),
        Part(
            expects="Stays between 0.01 and 100: gives 0.01 where all labels are right, and 100 "
            "where all are wrong, however sure the model.",
            points=1,
            probe=_temperatures_at_the_ends,
            truth=lambda inputs: [_true_temperature(side, "logits") for side in inputs["sides"]],
            rtol=0.005,
        ),
    ),
)

# ---------------------------------------------------------------------------- retention_curve


def _draw_for_retention(rng: Generator) -> Inputs:
    n = int(rng.integers(12, 30))
    scores = rng.permutation(n).astype(float)
    right = (rng.uniform(size=n) < 0.6).astype(int)
    # The surest and the least sure differ, so that the curve's direction matters.
    right[[scores.argmin(), scores.argmax()]] = rng.permutation([0, 1])
    # Four levels, so that many images share one: both outcomes on the lowest, one on the highest.
    tied = np.concatenate([[0, 0, 3, 3], rng.integers(0, 4, size=n - 4)])
    right_tied = (rng.uniform(size=n) < 0.6).astype(int)
    right_tied[:2] = rng.permutation([0, 1])
    right_tied[tied == 3] = rng.integers(0, 2)
    order = rng.permutation(n)
    return {
        "scores": scores.tolist(),
        "right": right.tolist(),
        "tied": (tied[order] / 4).tolist(),
        "right_tied": right_tied[order].tolist(),
    }


def _curve(student: Any, inputs: Inputs, scores: str, right: str) -> Any:
    import numpy as np

    return student.retention_curve(np.array(inputs[scores]), np.array(inputs[right], bool))


def _coverage(student: Any, inputs: Inputs) -> Any:
    return _curve(student, inputs, "scores", "right")[0]


def _retained_accuracy(student: Any, inputs: Inputs) -> Any:
    return _curve(student, inputs, "scores", "right")[1]


def _tied_accuracy(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    curve = np.asarray(_curve(student, inputs, "tied", "right_tied")[1])
    turned = {name: inputs[name][::-1] for name in ("tied", "right_tied")}
    other = np.asarray(_curve(student, turned, "tied", "right_tied")[1])
    if curve.shape == other.shape and not np.allclose(curve, other):
        return "another curve when the images come in another order"
    return curve


def _true_retention(inputs: Inputs, scores: str, right: str) -> np.ndarray:
    score, outcome = np.asarray(inputs[scores]), np.asarray(inputs[right], float)
    shared = np.array([outcome[score == s].mean() for s in score])
    kept = np.sort(np.arange(1, len(score) + 1))
    return np.cumsum(shared[np.argsort(score, kind="stable")]) / kept


RETENTION_CURVE = Check(
    name="retention_curve",
    draw=_draw_for_retention,
    support=(_curve,),
    parts=(
        Part(
            expects="First comes the coverage: 1/n, 2/n, …, 1.",
            points=2,
            probe=_coverage,
            truth=lambda inputs: np.arange(1, len(inputs["scores"]) + 1) / len(inputs["scores"]),
        ),
        Part(
            expects="Second comes the accuracy over the i images with the least uncertainty, for "
            "i = 1 … n.",
            points=6,
            probe=_retained_accuracy,
            truth=lambda inputs: _true_retention(inputs, "scores", "right"),
        ),
        Part(
            expects="Images of equal uncertainty share the mean of their outcomes.",
            points=4,
            probe=_tied_accuracy,
            truth=lambda inputs: _true_retention(inputs, "tied", "right_tied"),
        ),
    ),
)

# ------------------------------------------------------------------ out_of_distribution_auroc


def _draw_scores(rng: Generator) -> Inputs:
    n = int(rng.integers(6, 20))
    # Without a common divisor, so that no share of the n + m images equals one of the n m pairs.
    m = int(rng.choice([m for m in range(6, 20) if np.gcd(n, m) == 1]))
    inside, outside = rng.normal(size=n), rng.normal(2.5, 1.0, size=m)
    inside[rng.integers(n)] = outside.max() + 0.5  # never told apart wholly
    # Below one half: all but two of the foreign images, or all but one, score lower than any other.
    lower = inside.min() - rng.uniform(0.1, 2, size=m)
    lower[:2] = [inside.mean(), inside.max() + 0.5]
    surer = np.append(rng.uniform(0, 0.5, size=rng.integers(2, 5)), 2.0)
    pairs: list[list[list[float]]] = [[[], [0.5, 0.7]], [[0.2], []], [[], []]]
    pairs = pairs[: int(rng.integers(1, 4))]
    pairs.append([rng.uniform(0.5, 1, size=rng.integers(2, 6)).tolist(), surer.tolist()])
    for _ in range(int(rng.integers(1, 3))):
        size = rng.integers(2, 6, size=2)
        pairs.append([rng.uniform(size=k).tolist() for k in size])
    return {
        "inside": inside.tolist(),
        "outside": outside.tolist(),
        "lower outside": lower.tolist(),
        "tied inside": [0, 1, 2, *rng.integers(0, 3, size=n - 3).tolist()],
        "tied outside": [1, 2, 3, 3, *rng.integers(2, 5, size=m - 4).tolist()],
        "pairs": [pairs[i] for i in rng.permutation(len(pairs))],
    }


def _auroc(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    found = {}
    for case, name in (("foreign mostly higher", "outside"), ("mostly lower", "lower outside")):
        inside, outside = np.array(inputs["inside"]), np.array(inputs[name])
        found[case] = float(student.out_of_distribution_auroc(inside, outside))
    return found


def _tied_auroc(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    inside, outside = np.array(inputs["tied inside"]), np.array(inputs["tied outside"])
    return float(student.out_of_distribution_auroc(inside, outside))


def _auroc_of_few(student: Any, inputs: Inputs) -> Any:
    import numpy as np

    found = []
    for inside, outside in inputs["pairs"]:
        area = float(student.out_of_distribution_auroc(np.array(inside), np.array(outside)))
        found.append("NaN" if np.isnan(area) else area)
    return found


def _true_auroc(inside: Any, outside: Any) -> Any:
    lower, higher = np.asarray(inside)[:, None], np.asarray(outside)[None, :]
    if not lower.size or not higher.size:
        return "NaN"
    return float(((higher > lower) + 0.5 * (higher == lower)).mean())


OUT_OF_DISTRIBUTION_AUROC = Check(
    name="out_of_distribution_auroc",
    draw=_draw_scores,
    parts=(
        Part(
            expects="Gives the share of all pairs in which the foreign image has the higher score.",
            points=5,
            probe=_auroc,
            truth=lambda inputs: {
                "foreign mostly higher": _true_auroc(inputs["inside"], inputs["outside"]),
                "mostly lower": _true_auroc(inputs["inside"], inputs["lower outside"]),
            },
        ),
        Part(
            expects="A pair with equal scores counts one half.",
            points=3,
            probe=_tied_auroc,
            truth=lambda inputs: _true_auroc(inputs["tied inside"], inputs["tied outside"]),
        ),
        Part(
            expects="Gives NaN where there are no scores on one side, and only there.",
            points=2,
            probe=_auroc_of_few,
            truth=lambda inputs: [_true_auroc(*pair) for pair in inputs["pairs"]],
        ),
    ),
)

CHECKS = (
    PREDICTIVE_SAMPLES,
    PREDICTIVE_INTERVAL,
    DECOMPOSE_UNCERTAINTY,
    CALIBRATION_BINS,
    EXPECTED_CALIBRATION_ERROR,
    FIT_TEMPERATURE,
    RETENTION_CURVE,
    OUT_OF_DISTRIBUTION_AUROC,
)
