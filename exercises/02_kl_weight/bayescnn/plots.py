"""Figures of the course: one function per figure, each takes plain arrays and returns a Figure.

A figure function computes nothing that a reader would want to check: the numbers come from the
topic modules. Colours are those of Okabe and Ito (2008), told apart by colour-blind readers too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, YELLOW, GREY = "#CC79A7", "#56B4E9", "#F0E442", "#666666"

STYLE: Any = {
    "figure.figsize": (7.0, 4.0),
    "figure.dpi": 110,
    "savefig.bbox": "tight",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, RED, PURPLE, SKY]),
    "font.size": 11,
}


# --- A training run and its uncertainty (topics 07, 08, 09) ----------------------------------


def _run_figure(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure with a row of axes in the course's style, held by no global list of figures."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False)[0]
    return figure, list(axes)


def training_curves(
    history: Mapping[str, Sequence[float]], best_epoch: int | None = None
) -> Figure:
    """Draws likelihood, KL divergence and accuracy per epoch, each in its own panel.

    Args:
        history: nll, val_nll, kl, accuracy and val_accuracy, one number per epoch.
        best_epoch: the epoch that was kept, counted from 1; drawn as a line.

    Returns:
        Three panels; nll and KL are in nats per example.
    """
    figure, axes = _run_figure(11, 3.4, 3)
    epochs = np.arange(1, len(history["nll"]) + 1)
    titles = ("Negative log-likelihood", "KL divergence / N", "Accuracy")
    for ax, key, title in zip(axes, ("nll", "kl", "accuracy"), titles, strict=True):
        ax.plot(epochs, history[key], label="training" if key != "kl" else None)
        if key != "kl":
            ax.plot(epochs, history[f"val_{key}"], label="validation")
        if best_epoch is not None:
            ax.axvline(best_epoch, color=GREY, linestyle=":", label="epoch kept")
        ax.set(xlabel="epoch", title=title, ylabel="" if key == "accuracy" else "nats per example")
    axes[0].legend(frameon=False)
    return figure


def interval_bars(
    images: Sequence[np.ndarray],
    means: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    class_names: Sequence[str],
    titles: Sequence[str],
) -> Figure:
    """Draws images with the probability of each class and its interval, say a sure and an unsure.

    Args:
        images: m arrays (size, size), grey.
        means: mean predicted probabilities (m, k).
        lower: lower ends of the intervals (m, k).
        upper: upper ends of the intervals (m, k).
        class_names: k names.
        titles: m titles.

    Returns:
        A row of m pairs, image and bars.
    """
    figure, axes = _run_figure(5.2 * len(images), 2.8, 2 * len(images))
    for i, image in enumerate(images):
        picture, bars = axes[2 * i], axes[2 * i + 1]
        picture.imshow(image, cmap="gray", vmin=0, vmax=255)
        picture.set_axis_off()
        picture.set_title(titles[i])
        # The mean may lie outside an equal-tailed interval of a very skewed distribution.
        error = np.maximum([means[i] - lower[i], upper[i] - means[i]], 0)
        colours = [BLUE, ORANGE, GREEN, RED, PURPLE, SKY][: len(class_names)]
        bars.bar(class_names, means[i], yerr=error, capsize=8, color=colours, ecolor="black")
        bars.set(ylim=(0, 1), ylabel="probability, 95 % interval")
    return figure


def reliability_diagram(confidence: np.ndarray, accuracy: np.ndarray, size: np.ndarray) -> Figure:
    """Draws accuracy against confidence per bin, and how many predictions each bin holds.

    Args:
        confidence: mean confidence per bin (b,), NaN where empty.
        accuracy: share of right predictions per bin (b,), NaN where empty.
        size: predictions per bin (b,).

    Returns:
        Calibrated predictions lie on the diagonal; below it they are overconfident.
    """
    figure, (ax, histogram) = _run_figure(8, 3.8, 2)
    filled = size > 0
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="calibrated")
    ax.plot(confidence[filled], accuracy[filled], "o-", label="model")
    ax.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02))
    ax.legend(frameon=False)
    edges = np.linspace(0, 1, len(size) + 1)
    histogram.bar(edges[:-1], size, width=1 / len(size), align="edge", edgecolor="white")
    histogram.set(xlabel="confidence", ylabel="images", xlim=(0, 1.02))
    return figure


def retention(curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Draws the accuracy on the images that are kept when the unsure ones are handed on.

    Args:
        curves: name of the uncertainty measure to (coverage, accuracy), each (n,).

    Returns:
        One line per measure, from everything kept (left) to little (right).
    """
    figure, (ax,) = _run_figure(6, 3.8)
    for name, (coverage, accuracy) in curves.items():
        ax.plot(100 * (1 - coverage), accuracy, label=name)
    ax.set(xlabel="most uncertain images handed on (%)", ylabel="accuracy on the rest")
    ax.legend(frameon=False)
    return figure


def entropy_decomposition(
    aleatoric: np.ndarray, epistemic: np.ndarray, correct: np.ndarray
) -> Figure:
    """Draws each image by its two uncertainties, right and wrong decisions apart.

    Args:
        aleatoric: (n,) nats.
        epistemic: (n,) nats.
        correct: (n,) bool.

    Returns:
        A scatter plot.
    """
    figure, (ax,) = _run_figure(6, 4)
    right = np.asarray(correct, bool)
    ax.scatter(aleatoric[right], epistemic[right], s=14, alpha=0.5, label="right")
    ax.scatter(aleatoric[~right], epistemic[~right], s=26, marker="x", color=RED, label="wrong")
    ax.set(xlabel="aleatoric uncertainty (nats)", ylabel="epistemic uncertainty (nats)")
    ax.legend(frameon=False)
    return figure


def augmentation_uncertainty(
    strengths: np.ndarray, aleatoric: np.ndarray, epistemic: np.ndarray, accuracy: np.ndarray
) -> Figure:
    """Draws mean uncertainty and accuracy on test images that are altered more and more.

    Args:
        strengths: (m,) 0 = the image as it is.
        aleatoric: mean over images (m,), nats.
        epistemic: mean over images (m,), nats.
        accuracy: (m,).

    Returns:
        Left the two parts of the entropy, stacked; right the accuracy.
    """
    figure, (ax, right) = _run_figure(9, 3.6, 2)
    ax.stackplot(
        strengths, aleatoric, epistemic, labels=("aleatoric", "epistemic"), colors=(SKY, ORANGE)
    )
    ax.set(xlabel="strength of augmentation", ylabel="mean entropy (nats)")
    ax.legend(frameon=False, loc="upper left")
    right.plot(strengths, accuracy, "o-")
    right.set(xlabel="strength of augmentation", ylabel="accuracy", ylim=(0, 1.02))
    return figure


# --- Chest X-rays (topic 06) ----------------------------------------------------------------------


def class_balance_bars(balances: Mapping[str, Mapping[str, int]]) -> Figure:
    """Images per class in each split, as bars with their numbers.

    Args:
        balances: {split: {class: images}}, the inner ones from `chest_xrays.class_balance`.
    """
    figure, (axes,) = _run_figure(6.5, 3.6)
    class_names = list(next(iter(balances.values())))
    width = 0.8 / len(class_names)
    for index, name in enumerate(class_names):
        counts = [balance[name] for balance in balances.values()]
        left = np.arange(len(balances)) + (index - (len(class_names) - 1) / 2) * width
        bars = axes.bar(left, counts, width * 0.94, label=name)
        shares = [
            f"{count}\n{count / max(1, sum(balance.values())):.0%}"
            for count, balance in zip(counts, balances.values(), strict=True)
        ]
        axes.bar_label(bars, shares, padding=2, fontsize=9)
    axes.set_xticks(range(len(balances)), list(balances))
    axes.margins(y=0.18)
    axes.set_ylabel("images")
    axes.legend(frameon=False)
    return figure


def xray_grid(images: np.ndarray, titles: Sequence[str] = (), columns: int = 6) -> Figure:
    """X-rays side by side.

    Args:
        images: (n, size, size[, 1]), uint8 or floats in [0, 1].
        titles: n short texts, or none.
        columns: images in a row.
    """
    scale = 255 if images.dtype == np.uint8 else 1
    rows = -(-len(images) // columns)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.5 * columns, (1.75 if titles else 1.5) * rows))
        figure.set_layout_engine("constrained")
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid:
        axes.set_axis_off()
    for index, (axes, image) in enumerate(zip(grid, images, strict=False)):
        axes.imshow(image.reshape(image.shape[:2]), cmap="gray", vmin=0, vmax=scale)
        if titles:
            axes.set_title(titles[index], fontsize=9)
    return figure


def augmented_xrays(originals: np.ndarray, augmented: np.ndarray) -> Figure:
    """Each X-ray in a row with what augmentation makes of it.

    Args:
        originals: (n, size, size[, 1]) floats in [0, 1].
        augmented: (k, n, size, size[, 1]) k augmentations of each.
    """
    columns = 1 + len(augmented)
    rows = np.concatenate([originals[np.newaxis], augmented]).swapaxes(0, 1)
    titles = ["original", *[f"augmented {k}" for k in range(1, columns)]]
    return xray_grid(
        rows.reshape(-1, *originals.shape[1:]),
        titles + [""] * (columns * (len(originals) - 1)),
        columns,
    )
