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
    titles = ("Negative log-likelihood", "KL as it stands in the loss", "Accuracy")
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


def reliability_diagram(
    confidence: np.ndarray,
    accuracy: np.ndarray,
    size: np.ndarray,
    error: np.ndarray | None = None,
) -> Figure:
    """Draws accuracy against confidence per bin, and how many predictions each bin holds.

    Args:
        confidence: mean confidence per bin (b,), NaN where empty.
        accuracy: share of right predictions per bin (b,), NaN where empty.
        size: predictions per bin (b,).
        error: half lengths of the accuracies' error bars (b,); None for no bars.

    Returns:
        Calibrated predictions lie on the diagonal; below it they are overconfident.
    """
    figure, (ax, histogram) = _run_figure(8, 3.8, 2)
    filled = size > 0
    ax.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="calibrated")
    bars = None if error is None else error[filled]
    ax.errorbar(confidence[filled], accuracy[filled], bars, fmt="o-", capsize=3, label="model")
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
    for i, (name, (coverage, accuracy)) in enumerate(curves.items()):
        # Total and aleatoric often lie upon each other: dashes let the one below be seen.
        ax.plot(100 * (1 - coverage), accuracy, "--" if i == 1 else "-", label=name)
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
    strengths: np.ndarray,
    aleatoric: np.ndarray,
    epistemic: np.ndarray,
    accuracy: np.ndarray,
    alteration: str = "augmentation",
    confidence: np.ndarray | None = None,
) -> Figure:
    """Draws mean uncertainty and accuracy on images that are altered more and more.

    Args:
        strengths: (m,) 0 = the image as it is; for instance how many times over it was augmented.
        aleatoric: mean over images (m,), nats.
        epistemic: mean over images (m,), nats.
        accuracy: (m,).
        alteration: what is done to the images, for the axes.
        confidence: mean over images (m,), drawn beside the accuracy; None for no such line.

    Returns:
        Left the two parts of the entropy, stacked; right the accuracy.
    """
    figure, (ax, right) = _run_figure(9, 3.6, 2)
    ax.stackplot(
        strengths, aleatoric, epistemic, labels=("aleatoric", "epistemic"), colors=(SKY, ORANGE)
    )
    strength = f"strength of {alteration}"
    ax.set(xlabel=strength, ylabel="mean entropy (nats)", xticks=strengths)
    ax.legend(loc="lower left")
    right.plot(strengths, accuracy, "o-", label="accuracy")
    right.set(xlabel=strength, ylabel="accuracy", ylim=(0, 1.02), xticks=strengths)
    if confidence is not None:
        right.plot(strengths, confidence, "s--", label="mean confidence")
        right.set_ylabel("accuracy, confidence")
        right.legend(frameon=False, loc="lower left")
    return figure


# --- Posteriors, priors and the KL weight (topics 01 to 04) ---------------------------------------


def kl_weight_sweep(
    variances: np.ndarray, labels: Sequence[str], exact: Sequence[float | None] | None = None
) -> Figure:
    """Draws how wide the posterior is after each epoch, one line per KL weight.

    Args:
        variances: mean posterior variance (n_weights, n_epochs), from `sweep_kl_weights`.
        labels: the KL weights in words, such as "0.5/N", in the order of the rows.
        exact: mean variance of the exact posterior at each weight, drawn dashed; None for none.
    """
    figure, (axes,) = _run_figure(7, 4)
    n_epochs = variances.shape[1]
    colours = (GREY, SKY, BLUE, GREEN, RED, PURPLE)
    for i, (curve, label) in enumerate(zip(variances, labels, strict=True)):
        colour = colours[i % len(colours)]
        axes.semilogy(np.arange(1, n_epochs + 1), curve, color=colour)
        axes.annotate(
            label,
            (n_epochs, curve[-1]),
            (5, 0),
            textcoords="offset points",
            color=colour,
            fontsize=9,
            va="center",
        )
        level = None if exact is None else exact[i]
        if level is not None:
            axes.hlines(level, 1, n_epochs, color=colour, linestyle="--", linewidth=0.8)
    axes.set(xlabel="epoch", ylabel="mean posterior variance", xlim=(1, 1.1 * n_epochs))
    axes.set_title("KL weight", loc="right", fontsize=9)  # above the labels at the lines' ends
    return figure


def prior_gallery(
    grid: np.ndarray,
    densities: Mapping[str, np.ndarray],
    observations: np.ndarray,
    shrunk: Mapping[str, np.ndarray],
) -> Figure:
    """Draws each prior's density, and what it makes of a noisy observation of a weight.

    Args:
        grid: weights w (m,).
        densities: name to density p(w) on the grid (m,).
        observations: observed values x (k,).
        shrunk: name to posterior mean E[w | x] (k,), from `shrinkage_curve`.

    Returns:
        Densities above, with a logarithmic axis that shows the tails, shrinkage below; the dotted
        line is no shrinkage at all.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(2.4 * len(densities), 5.0), layout="constrained")
        rows = figure.subplots(2, len(densities), sharex="row", sharey="row", squeeze=False)
    for top, bottom, name in zip(*rows, densities, strict=True):
        top.semilogy(grid, densities[name], color=BLUE)
        top.fill_between(grid, 1e-9, densities[name], color=SKY, alpha=0.3)
        top.set(title=name, xlabel="weight w", ylim=(1e-5, 4))  # a density may run out of the top
        bottom.plot(observations, observations, color=GREY, linestyle=":")
        bottom.plot(observations, shrunk[name], color=RED)
        bottom.set(xlabel="observed x")
    rows[0][0].set_ylabel("density p(w)")
    rows[1][0].set_ylabel("posterior mean E[w | x]")
    return figure


def covariance_ellipses(
    mean: np.ndarray, covariances: Mapping[str, np.ndarray], names: tuple[str, str] = ("w₁", "w₂")
) -> Figure:
    """Draws two-dimensional Gaussians with one mean as the ellipses that hold 95 % of each.

    Args:
        mean: (2,).
        covariances: label to covariance (2, 2), such as the exact posterior's and the diagonal
            ones of both mean-field fits. The first is filled.
        names: of the two weights.

    Returns:
        One pair of axes, both weights to the same scale.
    """
    figure, (axes,) = _run_figure(6.6, 4.2)
    angle = np.linspace(0, 2 * np.pi, 200)
    # 5.991 is the 95 % quantile of chi-squared with two degrees of freedom.
    circle = np.sqrt(5.991) * np.stack([np.cos(angle), np.sin(angle)])
    styles = ((RED, "-"), (BLUE, "--"), (GREEN, "-."), (PURPLE, ":"))
    for i, (label, covariance) in enumerate(covariances.items()):
        x, y = mean[:, None] + np.linalg.cholesky(covariance) @ circle
        if i == 0:
            axes.fill(x, y, color=GREY, alpha=0.3, label=label)
        else:
            colour, line = styles[(i - 1) % 4]
            axes.plot(x, y, color=colour, linestyle=line, label=label)
    axes.plot(*mean, "+", color="black")
    axes.annotate("mean", (mean[0], mean[1]), (4, 4), textcoords="offset points", fontsize=9)
    axes.set(xlabel=names[0], ylabel=names[1], aspect="equal")
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1), title="each holds 95 %")
    return figure


def q_against_p(grid: np.ndarray, p: np.ndarray, fits: Mapping[str, np.ndarray]) -> Figure:
    """Draws a density p and the Gaussians q that are nearest to it by one KL or the other.

    Args:
        grid: points on the line (m,).
        p: density of p (m,).
        fits: label to density of q (m,), found by `best_normal`.
    """
    figure, (axes,) = _run_figure(7, 3.8)
    axes.fill_between(grid, p, color=GREY, alpha=0.25, label="p")
    styles = zip((RED, BLUE, ORANGE, GREEN), ("-", "--", "-.", ":"), strict=True)
    for (label, density), (colour, line) in zip(fits.items(), styles, strict=False):
        axes.plot(grid, density, color=colour, linestyle=line, label=label)
    axes.set(xlabel="w", ylabel="density", ylim=(0, None))
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def posterior_comparison(
    losses: np.ndarray,
    exact_loc: np.ndarray,
    exact_scale: np.ndarray,
    loc: np.ndarray,
    scale: np.ndarray,
    names: Sequence[str],
) -> Figure:
    """Draws the loss of Bayes by Backprop and, per weight, its posterior against the exact one.

    Args:
        losses: loss per step (n_steps,), nats per example.
        exact_loc: means of the exact posterior (n,).
        exact_scale: standard deviations of the exact posterior (n,).
        loc: means of the fitted posterior (n,).
        scale: standard deviations of the fitted posterior (n,).
        names: of the n weights.

    Returns:
        Left the loss, its axis chosen for what comes after the first steps; then one panel per
        weight with both marginal densities, all over the same span, so that widths compare.
    """
    figure, axes = _run_figure(2.8 * (1 + len(names)), 3.2, 1 + len(names))
    axes[0].plot(np.arange(1, len(losses) + 1), losses, linewidth=0.8)
    axes[0].set(xlabel="step", ylabel="negative ELBO / N (nats)", title="Loss")
    later = losses[len(losses) // 20 :]
    low, high = float(np.min(later)), float(np.max(later))
    if high > low:
        axes[0].set_ylim(low - 0.2 * (high - low), high + (high - low))
    reach = 4 * max(np.max(exact_scale), np.max(scale))
    for i, (ax, name) in enumerate(zip(axes[1:], names, strict=True)):
        ax.sharey(axes[1])
        w = np.linspace(exact_loc[i] - reach, exact_loc[i] + reach, 300)
        for label, m, s in (
            ("exact", exact_loc[i], exact_scale[i]),
            ("Bayes by Backprop", loc[i], scale[i]),
        ):
            density = np.exp(-0.5 * ((w - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))
            if label == "exact":
                ax.fill_between(w, density, color=GREY, alpha=0.3, label=label)
            else:
                ax.plot(w, density, color=BLUE, label=label)
        ax.set(xlabel=name, ylim=(0, None))
    axes[1].set_ylabel("density")
    middle = axes[1 + len(names) // 2]
    middle.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
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
