"""What the model does not know: predictive samples, intervals, entropy, calibration, selection.

A Bayesian network answers with a *distribution* of class probabilities, one point per draw of its
weights. This module draws those points and measures what they say: how wide they scatter
(epistemic), how undecided each of them is (aleatoric), whether the stated confidence is earned
(calibration), and what is gained by leaving the unsure cases to somebody else (selection).

Everything but `predictive_samples` is numpy on plain arrays, so that each number can be checked by
hand. Symbols: ``s`` weight draws, ``n`` images, ``k`` classes; entropies are in nats.

References:
    Depeweg et al. (2018), Decomposition of Uncertainty in Bayesian Deep Learning, ICML.
    Houlsby et al. (2011), Bayesian Active Learning for Classification, arXiv:1112.5745.
    Guo et al. (2017), On Calibration of Modern Neural Networks, ICML.
    Brier (1950), Verification of Forecasts Expressed in Terms of Probability.
    Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees.
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tf_keras as keras
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats


class Uncertainty(NamedTuple):
    """Entropy of a prediction and its two parts, each of shape (n,), in nats."""

    total: NDArray[np.floating]
    aleatoric: NDArray[np.floating]
    epistemic: NDArray[np.floating]


class CalibrationBins(NamedTuple):
    """Per confidence bin, each of shape (n_bins,); an empty bin has size 0 and NaN elsewhere."""

    confidence: NDArray[np.floating]
    accuracy: NDArray[np.floating]
    size: NDArray[np.integer]


def predictive_samples(
    model: keras.Model,
    inputs: np.ndarray,
    n_samples: int = 100,
    batch_size: int = 256,
    seed: int | None = None,
) -> NDArray[np.floating]:
    """Draw class probabilities from the posterior predictive, a fresh weight draw for each sample.

    Tiling one image into a batch would not do: a reparameterized layer draws its weights once per
    *call*, so the copies would all share a single draw. Here the model is called anew for every
    sample (as a compiled graph, since an eager loop is ten times slower). Images of different
    batches see different draws; what is said about one image does not depend on it.

    Args:
        model: maps (b, ...) inputs to (b, k) logits, and draws its weights in each call.
        inputs: shape (n, ...), whatever the model takes.
        n_samples: number of weight draws, s.
        batch_size: images per call.
        seed: makes the draws repeatable; sets TensorFlow's global seed.

    Returns:
        Probabilities of shape (s, n, k), float32; they sum to 1 over the last axis.

    Raises:
        ValueError: if n_samples or batch_size is not positive.
    """
    if n_samples < 1 or batch_size < 1:
        raise ValueError(f"n_samples and batch_size must be positive: {n_samples}, {batch_size}")
    if seed is not None:
        tf.random.set_seed(seed)

    @tf.function(input_signature=[tf.TensorSpec((None, *inputs.shape[1:]), tf.float32)])
    def draw(batch: tf.Tensor) -> tf.Tensor:
        return tf.nn.softmax(model(batch, training=False), axis=-1)  # (b, k)

    batches = []
    for start in range(0, len(inputs), batch_size):
        batch = tf.constant(inputs[start : start + batch_size], tf.float32)
        batches.append(np.stack([draw(batch).numpy() for _ in range(n_samples)]))  # (s, b, k)
    return np.concatenate(batches, axis=1)


def predictive_interval(
    samples: ArrayLike, level: float = 0.95
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Equal-tailed credible interval of each class probability.

    Args:
        samples: probabilities (s, n, k) from s weight draws.
        level: probability mass inside, strictly between 0 and 1.

    Returns:
        (lower, upper), each (n, k): the (1 - level)/2 and (1 + level)/2 quantiles over the draws,
        interpolated between neighbouring draws as `np.quantile` does.

    Raises:
        ValueError: if level is outside (0, 1), or there are fewer than 2 / (1 - level) draws
            (40 for 95 %, and these 40 are enough): the ends would then lie between the two
            outermost draws, and depend on these alone.
    """
    samples = np.asarray(samples)
    if not 0 < level < 1:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level}")
    needed = 2 / (1 - level)
    if len(samples) < needed - 1e-6:  # 2 / (1 - 0.9) is 20.000000000000004 in floating point
        raise ValueError(
            f"{len(samples)} draws are too few for a {level:.0%} interval: take {needed:.0f} or"
            " more"
        )
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


def entropy(probabilities: ArrayLike) -> NDArray[np.floating]:
    """Shannon entropy in nats, with 0 log 0 = 0.

    Args:
        probabilities: shape (..., k), summing to 1 over the last axis.

    Returns:
        Shape (...), between 0 and log k.
    """
    return special.entr(np.asarray(probabilities, np.float64)).sum(axis=-1)


def decompose_uncertainty(samples: ArrayLike) -> Uncertainty:
    """Split the entropy of the mean prediction into an aleatoric and an epistemic part.

    The epistemic part is the mutual information between label and weights (Depeweg et al. 2018,
    eq. 5; Houlsby et al. 2011, eq. 2).

    Args:
        samples: probabilities (s, n, k) from s weight draws.

    Returns:
        `Uncertainty` of three (n,) arrays in nats. Where draws agree, rounding may leave an
        epistemic part of -1e-17.
    """
    p = np.asarray(samples, np.float64)
    total = special.entr(p.mean(axis=0)).sum(axis=-1)
    # Jensen's inequality orders the two; rounding may not, and a figure's axis should begin at 0.
    aleatoric = np.minimum(special.entr(p).sum(axis=-1).mean(axis=0), total)
    return Uncertainty(total, aleatoric, total - aleatoric)


def log_loss(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean negative log-probability of the true class, in nats.

    Args:
        probabilities: shape (n, k).
        labels: class indices, shape (n,).

    Returns:
        The mean over the n images; a probability of 0 counts as 2.2e-16.
    """
    p = np.asarray(probabilities, np.float64)
    p_true = p[np.arange(len(p)), np.asarray(labels)]
    return float(-np.log(np.maximum(p_true, np.finfo(np.float64).eps)).mean())


def brier_score(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Squared distance of the prediction to the one-hot truth, summed over classes (Brier 1950).

    With two classes it is twice the one-column form that some libraries report.

    Args:
        probabilities: shape (n, k).
        labels: class indices, shape (n,).

    Returns:
        The mean over the n images, between 0 (sure and right) and 2 (sure and wrong).
    """
    p = np.asarray(probabilities, np.float64)
    truth = np.eye(p.shape[-1])[np.asarray(labels)]
    return float(np.square(p - truth).sum(axis=-1).mean())


def calibration_bins(
    probabilities: ArrayLike, labels: ArrayLike, n_bins: int = 15
) -> CalibrationBins:
    """Mean confidence and accuracy of the predicted class in equal bins of confidence.

    Args:
        probabilities: shape (n, k).
        labels: class indices, shape (n,).
        n_bins: bins ((i - 1)/n_bins, i/n_bins] over the unit interval.

    Returns:
        `CalibrationBins`: what a reliability diagram shows (Guo et al. 2017, figure 1).
    """
    p = np.asarray(probabilities, np.float64)
    confidence = p.max(axis=-1)
    correct = p.argmax(axis=-1) == np.asarray(labels)
    index = np.clip(np.ceil(confidence * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):  # empty bins: 0 / 0 = NaN is what we promise
        mean_confidence = np.bincount(index, confidence, n_bins) / size
        accuracy = np.bincount(index, correct, n_bins) / size
    return CalibrationBins(mean_confidence, accuracy, size)


def expected_calibration_error(bins: CalibrationBins) -> float:
    """Average gap between confidence and accuracy, weighted by bin size (Guo et al. 2017, eq. 3).

    Args:
        bins: from `calibration_bins`; the empty ones, whose confidence and accuracy are NaN, do
            not count.

    Returns:
        A number in [0, 1]; biased upwards when there are few images, since a bin's accuracy is
        noisy.
    """
    gap = np.nan_to_num(np.abs(bins.accuracy - bins.confidence))
    return float((bins.size * gap).sum() / bins.size.sum())


def retention_curve(
    uncertainty: ArrayLike, correct: ArrayLike
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Accuracy on the images that are kept when the most uncertain ones are handed on.

    Point i is over i images, also where several are equally uncertain: each of these brings the
    mean outcome of its group, so that the curve does not depend on the order in which they come.

    Args:
        uncertainty: a score per image (n,), larger = less sure.
        correct: whether the decision was right, (n,) of 0/1 or bool.

    Returns:
        (coverage, accuracy), each (n,): coverage i/n, and accuracy over the i surest images.
    """
    score, right = np.asarray(uncertainty), np.asarray(correct, np.float64)
    _, group = np.unique(score, return_inverse=True)
    expected = (np.bincount(group, right) / np.bincount(group))[group]
    kept = np.arange(1, len(score) + 1)
    return kept / len(score), np.cumsum(expected[np.argsort(score)]) / kept


def selective_accuracy(uncertainty: ArrayLike, correct: ArrayLike, coverage: float = 0.8) -> float:
    """Accuracy over the surest images, the share `coverage` of all (rounded up to a whole image).

    Args:
        uncertainty: a score per image (n,), larger = less sure.
        correct: whether the decision was right, (n,) of 0/1 or bool.
        coverage: share of images to keep, in (0, 1].

    Returns:
        The value of the retention curve at that coverage.

    Raises:
        ValueError: if coverage is outside (0, 1].
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"coverage must lie in (0, 1], got {coverage}")
    covered, accuracy = retention_curve(uncertainty, correct)
    return float(accuracy[np.argmax(covered >= coverage - 1e-12)])


def out_of_distribution_auroc(in_scores: ArrayLike, out_scores: ArrayLike) -> float:
    """Probability that a foreign image scores higher than a familiar one (ties count half).

    The area under the ROC curve by way of the Mann-Whitney statistic. With the scores of the
    negative and the positive class for arguments it is a classifier's AUROC.

    Args:
        in_scores: uncertainty of images like those trained on, shape (n,).
        out_scores: uncertainty of other images, shape (m,).

    Returns:
        1 when uncertainty tells the two apart, 0.5 when it does not; NaN if either is empty.
    """
    inside, outside = np.ravel(in_scores), np.ravel(out_scores)
    n, m = len(inside), len(outside)
    if n == 0 or m == 0:
        return float("nan")
    ranks = stats.rankdata(np.concatenate([inside, outside]))  # mid-ranks: ties count half
    return float((ranks[n:].sum() - m * (m + 1) / 2) / (n * m))


def bootstrap_interval(
    metric: Callable[..., float],
    *arrays: ArrayLike,
    n_resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a metric (Efron and Tibshirani 1993, section 13.3).

    Args:
        metric: takes resampled arrays in the order given; NaN where a resample leaves it undefined.
        *arrays: each (n, ...), resampled along the first axis with the same indices.
        n_resamples: number of resamples.
        level: coverage aimed at.
        seed: of the resampling.
        groups: a name per example (n,). Whole groups are then resampled instead of examples:
            images of one patient are alike, and treating them as independent flatters the interval.

    Returns:
        (low, high).
    """
    columns = [np.asarray(a) for a in arrays]
    n = len(columns[0])
    _, group = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    rng = np.random.default_rng(seed)
    values = []
    for _ in range(n_resamples):
        drawn = rng.integers(len(members), size=len(members))
        index = np.concatenate([members[i] for i in drawn])
        values.append(metric(*(c[index] for c in columns)))
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def choose_threshold(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Threshold with a high mean of sensitivity and specificity; for *validation* data.

    That mean (Youden 1950) does not change with the share of ill people, which differs between the
    training and test images of most X-ray sets. Where both classes are nearly separated, the
    place of its maximum hangs on two or three images. So of all thresholds that come within one
    standard error of the maximum, the one nearest to 0.5 is taken (the one-standard-error rule of
    Breiman et al. 1984, section 3.4.3): nothing in the data argues for a more extreme one.

    Args:
        probabilities: of the positive class, shape (n,).
        labels: 0 or 1, shape (n,); both must occur.

    Returns:
        t in [0, 1]; decide "positive" where probability >= t.

    Raises:
        ValueError: if only one class occurs.
    """
    p, y = np.asarray(probabilities, np.float64), np.asarray(labels)
    if len(np.unique(y)) != 2:
        raise ValueError("choosing a threshold needs validation images of both classes")
    levels = np.unique(np.concatenate([[0.0], p, [1.0]]))
    # Every distinct decision rule has a threshold among these; 0.5 splits its own gap.
    candidates = np.unique(np.concatenate([(levels[1:] + levels[:-1]) / 2, [0.5]]))
    decided = p[None, :] >= candidates[:, None]  # (candidates, n)
    sensitivity = decided[:, y == 1].mean(axis=1)
    specificity = (~decided[:, y == 0]).mean(axis=1)
    score = (sensitivity + specificity) / 2
    variance = (
        sensitivity * (1 - sensitivity) / (y == 1).sum()
        + specificity * (1 - specificity) / (y == 0).sum()
    ) / 4
    best = score.argmax()
    good = candidates[score >= score[best] - np.sqrt(variance[best]) - 1e-12]
    return float(good[np.argmin(np.abs(good - 0.5))])


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """Temperature T that minimises the log loss of softmax(logits / T) (Guo et al. 2017, sec. 4.2).

    For *validation* data. T > 1 softens an overconfident model, T < 1 sharpens a timid one. The
    order of an image's classes stays, and so does the accuracy.

    Args:
        logits: shape (n, k); for mean predictive probabilities give their logarithm.
        labels: class indices, shape (n,).

    Returns:
        T between 0.01 and 100. Bounds are needed: where all labels are right, the loss falls for
        ever as T shrinks, and where all are wrong, as T grows.
    """
    z, y = np.asarray(logits, np.float64), np.asarray(labels)

    def loss(log_temperature: float) -> float:
        log_p = special.log_softmax(z / np.exp(log_temperature), axis=-1)
        return -float(log_p[np.arange(len(y)), y].mean())

    bounds = (np.log(0.01), np.log(100.0))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))
