"""Arithmetic that several topics' judges need, in NumPy and apart from the library."""

from __future__ import annotations

import numpy as np


def swish(x: np.ndarray) -> np.ndarray:
    """X times the logistic function of x."""
    return x / (1 + np.exp(-x))


def softplus(x: float) -> float:
    """log(1 + exp(x))."""
    return float(np.logaddexp(0.0, x))


def same_padding(size: int, window: int, strides: int) -> tuple[int, int]:
    """Padding "same" as TensorFlow has it: where it is uneven, more at the end."""
    outputs = -(-size // strides)
    pad = max((outputs - 1) * strides + window - size, 0)
    return pad // 2, pad - pad // 2


def convolution(x: np.ndarray, kernel: np.ndarray, strides: int) -> np.ndarray:
    """A convolution with padding "same".

    Args:
        x: (batch, height, width, channels).
        kernel: (size, size, channels, filters).
        strides: pixels.

    Returns:
        (batch, ⌈height / strides⌉, ⌈width / strides⌉, filters).
    """
    size = kernel.shape[0]
    out = [-(-n // strides) for n in x.shape[1:3]]
    x = np.pad(x, [(0, 0), *(same_padding(n, size, strides) for n in x.shape[1:3]), (0, 0)])
    result = np.zeros((len(x), *out, kernel.shape[-1]))
    for i in range(out[0]):
        for j in range(out[1]):
            patch = x[:, i * strides : i * strides + size, j * strides : j * strides + size]
            result[:, i, j] = np.tensordot(patch, kernel, axes=3)
    return result


def average_pooling(x: np.ndarray, size: int) -> np.ndarray:
    """The means of size × size pixels, as many as there are, of (batch, height, width, channels).

    Padding "same": the pixels that were added do not count.
    """
    height, width = x.shape[1:3]
    (top, bottom), (left, right) = (same_padding(n, size, size) for n in (height, width))
    x = np.pad(x, [(0, 0), (top, bottom), (left, right), (0, 0)], constant_values=np.nan)
    rows = x.reshape(len(x), -1, size, x.shape[2] // size, size, x.shape[3])
    return np.nanmean(rows, axis=(2, 4))


def normal_kl(
    loc: np.ndarray, scale: np.ndarray, prior_loc: float | np.ndarray, prior_scale: float
) -> float:
    """KL(N(loc, scale²) ‖ N(prior_loc, prior_scale²)), summed over independent weights, nats."""
    ratio, shift = scale / prior_scale, (loc - prior_loc) / prior_scale
    return float((0.5 * (ratio**2 + shift**2 - 1) - np.log(ratio)).sum())
