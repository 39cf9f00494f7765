"""Judging a trained model: the sealed test split, quality with intervals, figures, predictions.

What is chosen (the decision threshold) is chosen on validation images; the test split is sealed
until then and can be opened once. Quality comes with 95 % intervals from a bootstrap over
patients, since the images of one patient are no independent evidence.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras as keras
from matplotlib.figure import Figure

from bayescnn import chest_xrays, plots, uncertainty
from bayescnn.bayesian_resnet import ModelConfig, build_model
from bayescnn.chest_xrays import Split
from bayescnn.run_directory import (
    CONFIG,
    METRICS,
    WEIGHTS,
    RunError,
    read_arrays,
    read_json,
    unpack,
    write_bytes,
)

N_SAMPLES = 100  # weight draws per image: a 2.5 % quantile then has 2.5 draws beyond it
SAMPLING_SEED = 0


class SealedSplit:
    """The test split, which can be read exactly once.

    Args:
        split: the images nobody may look at before everything has been chosen.
    """

    def __init__(self, split: Split) -> None:
        self._split: Split | None = split
        self.n_images = len(split)

    def open(self) -> Split:
        """Hand out the split.

        Raises:
            RuntimeError: at the second call: whatever it was for, it would be a second look.
        """
        if self._split is None:
            raise RuntimeError("the test split has been opened already")
        split, self._split = self._split, None
        return split


def model_inputs(
    images: np.ndarray, backbone: str, weights: str | None, cache_dir: Path | None = None
) -> np.ndarray:
    """What the model takes for some images: the pixels, or the features of a frozen DenseNet121.

    Args:
        images: (n, size, size) uint8.
        backbone: "stem" or "densenet121".
        weights: of DenseNet121.
        cache_dir: where features are kept; None computes them anew.

    Returns:
        (n, size, size, 1) float32 in [0, 1], or (n, h, w, 800) float32.
    """
    if backbone == "stem":
        return images[..., np.newaxis].astype(np.float32) / 255
    if cache_dir is None:
        return chest_xrays.densenet_features(images, str(weights))
    return chest_xrays.cached_features(images, str(weights), cache_dir)


def posterior_predictive(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    """Predictive samples of the Bayesian ResNet, its deterministic stem computed only once.

    Args:
        model: from `build_model`.
        inputs: (n, ...) what it takes.

    Returns:
        (N_SAMPLES, n, k) probabilities, the same at every call.
    """
    random_layers = [layer for layer in model.layers if hasattr(layer, "kernel_posterior")]
    features = random_layers[0].input
    if features is not model.input:
        stem = keras.Model(model.input, features)
        batches = [stem(inputs[i : i + 64], training=False) for i in range(0, len(inputs), 64)]
        inputs = np.concatenate([batch.numpy() for batch in batches])
        model = keras.Model(features, model.output)
    return uncertainty.predictive_samples(model, inputs, N_SAMPLES, seed=SAMPLING_SEED)


# Quality ---------------------------------------------------------------------------------------


def _share(of: np.ndarray) -> float:
    return float(of.mean()) if len(of) else float("nan")


def _quality_measures(threshold: float) -> dict[str, Callable[[np.ndarray, np.ndarray], float]]:
    """Each measure as a function of probabilities (n, 2) and labels (n,)."""

    def positive(p: np.ndarray) -> np.ndarray:
        return p[:, 1] >= threshold

    return {
        "accuracy": lambda p, y: _share(positive(p) == y),
        "sensitivity": lambda p, y: _share(positive(p)[y == 1]),
        "specificity": lambda p, y: _share(~positive(p)[y == 0]),
        "auroc": lambda p, y: uncertainty.out_of_distribution_auroc(p[y == 0, 1], p[y == 1, 1]),
        "nll": uncertainty.log_loss,
        "brier": uncertainty.brier_score,
        "ece": lambda p, y: uncertainty.expected_calibration_error(
            uncertainty.calibration_bins(p, y)
        ),
        "selective_accuracy_80": lambda p, y: uncertainty.selective_accuracy(
            uncertainty.entropy(p), positive(p) == y, coverage=0.8
        ),
    }


def quality(
    probabilities: np.ndarray, labels: np.ndarray, patients: np.ndarray, threshold: float
) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Every quality figure of a two-class prediction, with its 95 % interval.

    Args:
        probabilities: (n, 2); column 1 is the positive class.
        labels: (n,) 0 or 1.
        patients: (n,) whole patients are resampled for the intervals.
        threshold: decide "positive" from this probability on.

    Returns:
        (values, intervals): name to number, name to [low, high]. `nll` in nats, `brier` summed over
        both classes, `ece` of the likelier class in 15 bins; `selective_accuracy_80` hands on the
        20 % of the images whose predictive entropy is largest.
    """
    values, intervals = {}, {}
    for name, measure in _quality_measures(threshold).items():
        values[name] = measure(probabilities, labels)
        intervals[name] = list(
            uncertainty.bootstrap_interval(measure, probabilities, labels, groups=patients)
        )
    return values, intervals


# Figures ---------------------------------------------------------------------------------------


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    write_bytes(path, buffer.getvalue())


def uncertainty_figures(
    samples: np.ndarray, split: Split, threshold: float, class_names: tuple[str, ...]
) -> dict[str, Figure]:
    """The figures that show what the model knows and does not know about the test images.

    Args:
        samples: (s, n, 2) predictive samples.
        split: the n images.
        threshold: of the decision.
        class_names: two.

    Returns:
        File name (without suffix) to figure.
    """
    mean = samples.mean(axis=0)
    lower, upper = uncertainty.predictive_interval(samples)
    parts = uncertainty.decompose_uncertainty(samples)
    correct = (mean[:, 1] >= threshold) == split.labels
    shown = [int(parts.total.argmin()), int(parts.total.argmax())]
    titles = [
        f"{word}, truth: {class_names[split.labels[i]]}"
        for word, i in zip(("sure", "unsure"), shown, strict=True)
    ]
    return {
        "sure_and_unsure": plots.interval_bars(
            [split.images[i] for i in shown],
            mean[shown],
            lower[shown],
            upper[shown],
            class_names,
            titles,
        ),
        "calibration": plots.reliability_diagram(*uncertainty.calibration_bins(mean, split.labels)),
        "retention": plots.retention(
            {
                name: uncertainty.retention_curve(score, correct)
                for name, score in parts._asdict().items()
            }
        ),
        "uncertainty": plots.entropy_decomposition(parts.aleatoric, parts.epistemic, correct),
    }


def augmentation_curve(
    model: keras.Model, split: Split, to_inputs: Callable[[np.ndarray], np.ndarray], seed: int
) -> np.ndarray:
    """What augmentation does to uncertainty: validation images augmented 0, 1, ... 4 times over.

    Args:
        model: from `build_model`.
        split: validation images, of which at most 128 are used.
        to_inputs: from images (n, size, size) uint8 to what the model takes.
        seed: of choice and augmentation.

    Returns:
        (4, 5): the number of augmentations, the two parts of the entropy (aleatoric, epistemic;
        nats) and the accuracy, averaged over the images; what `plots.augmentation_uncertainty`
        draws.
    """
    chosen = np.random.default_rng(seed).permutation(len(split))[:128]
    n, labels = len(chosen), split.labels[chosen]
    versions = [split.images[chosen]]
    for times in range(1, 5):
        pixels = tf.constant(versions[-1][..., np.newaxis].astype(np.float32) / 255)
        pixels = chest_xrays.augment(pixels, (seed, times))
        versions.append(np.round(255 * pixels.numpy()[..., 0]).astype(np.uint8))
    samples = posterior_predictive(model, to_inputs(np.concatenate(versions)))
    rows = []
    for times in range(len(versions)):
        part = samples[:, times * n : (times + 1) * n]
        parts = uncertainty.decompose_uncertainty(part)
        accuracy = (part.mean(axis=0).argmax(axis=-1) == labels).mean()
        rows.append((times, parts.aleatoric.mean(), parts.epistemic.mean(), accuracy))
    return np.array(rows).T


# Using a finished run --------------------------------------------------------------------------


def model_config(saved: Mapping[str, Any]) -> ModelConfig:
    """The model's configuration from JSON, in which tuples are lists."""
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in saved.items()}
    return ModelConfig(**fields)


def load_model(run: Path) -> tuple[keras.Model, dict[str, Any], dict[str, Any]]:
    """Build a finished run's model again, with its weights.

    Args:
        run: the folder that `bayescnn train` wrote.

    Returns:
        (model, contents of config.json, contents of metrics.json).

    Raises:
        RunError: no run, a run that is not finished, or files that do not belong together.
    """
    if not (run / CONFIG).is_file():
        raise RunError(f"{run}: holds no run; give the --out folder of bayescnn train")
    if not (run / METRICS).is_file():
        raise RunError(f"{run}: not finished; run bayescnn train --resume --out {run}")
    config = read_json(run / CONFIG)
    try:
        model = build_model(model_config(config["model"]))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{run / CONFIG}: does not describe a model ({error})") from error
    weights = read_arrays(run / WEIGHTS)
    model.set_weights(unpack("weights", weights, model.get_weights(), run / WEIGHTS))
    return model, config, read_json(run / METRICS)


def predict_images(run: Path, paths: list[Path]) -> tuple[list[dict[str, Any]], list[str]]:
    """Predict image files with a finished run.

    Args:
        run: the folder that `bayescnn train` wrote.
        paths: image files.

    Returns:
        (predictions, problems): one dictionary per readable image with `image`, `class`,
        `probabilities`, `lower`, `upper` (95 % interval), by class name, and `total`, `aleatoric`
        and `epistemic` (nats); and one message per file that could not be read.

    Raises:
        RunError: the run cannot be used.
        WeightsError: its DenseNet121 weights cannot be had.
    """
    model, config, metrics = load_model(run)
    classes, size = config["classes"], config["model"]["image_size"]
    images, names, problems = [], [], []
    for path in paths:
        try:
            images.append(chest_xrays.read_image(path, size))
            names.append(str(path))
        except chest_xrays.XrayError as error:
            problems.append(str(error))
    if not images:
        return [], problems
    asked = config["run"]
    samples = posterior_predictive(
        model, model_inputs(np.stack(images), asked["backbone"], asked["weights"])
    )
    mean = samples.mean(axis=0)
    lower, upper = uncertainty.predictive_interval(samples)
    parts = uncertainty.decompose_uncertainty(samples)
    predictions = [
        {
            "image": name,
            "class": classes[int(mean[i, 1] >= metrics["threshold"])],
            "probabilities": dict(zip(classes, map(float, mean[i]), strict=True)),
            "lower": dict(zip(classes, map(float, lower[i]), strict=True)),
            "upper": dict(zip(classes, map(float, upper[i]), strict=True)),
        }
        | {part: float(values[i]) for part, values in parts._asdict().items()}
        for i, name in enumerate(names)
    ]
    return predictions, problems
