# Variants of the solution cell of `calibration_bins`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a loop with masks
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    rows = []
    for i in range(n_bins):
        inside = (top > i / n_bins) & (top <= (i + 1) / n_bins)
        n = int(inside.sum())
        rows.append((top[inside].mean(), hit[inside].mean(), n) if n else (np.nan, np.nan, 0))
    return CalibrationBins(*(np.array(column) for column in zip(*rows)))


# %% right: np.digitize on the edges, warnings on stderr
import warnings


def calibration_bins(probabilities, labels, n_bins=15):
    warnings.warn("binning")
    p = np.asarray(probabilities, np.float64)
    top = p.max(axis=1)
    which = np.digitize(top, np.linspace(0, 1, n_bins + 1)[1:-1], right=True)
    member = which[:, None] == np.arange(n_bins)
    size = member.sum(axis=0)
    with np.errstate(invalid="ignore"):
        confidence = (top[:, None] * member).sum(axis=0) / size
        accuracy = ((p.argmax(axis=1) == labels)[:, None] * member).sum(axis=0) / size
    return CalibrationBins(confidence, accuracy, size)


# %% right: plain lists, bin by bin
import math


def calibration_bins(probabilities, labels, n_bins=15):
    sums = [[0.0, 0, 0] for _ in range(n_bins)]
    for row, label in zip(np.asarray(probabilities, np.float64).tolist(), labels):
        best = max(row)
        bin_ = sums[max(math.ceil(best * n_bins) - 1, 0)]
        bin_[0] += best
        bin_[1] += int(row.index(best) == label)
        bin_[2] += 1
    nan = float("nan")
    return CalibrationBins(
        np.array([c / n if n else nan for c, _, n in sums]),
        np.array([a / n if n else nan for _, a, n in sums]),
        np.array([n for _, _, n in sums]),
    )


# %% right: SciPy's binned statistics, turned round to close on the right
def calibration_bins(probabilities, labels, n_bins=15):
    p = np.asarray(probabilities, np.float64)
    doubt, hit = 1.0 - p.max(axis=-1), p.argmax(axis=-1) == np.asarray(labels)
    columns = [
        stats.binned_statistic(doubt, values, statistic, bins=n_bins, range=(0, 1))[0][::-1]
        for values, statistic in ((1 - doubt, "mean"), (hit, "mean"), (hit, "count"))
    ]
    return CalibrationBins(*columns)


# %% wrong: the label's probability as confidence
# loses: 12
# hint: The confidence is the largest probability, that of the class the model would say. You took the label's.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p[np.arange(len(p)), labels], p.argmax(axis=1) == labels
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(index, top, n_bins) / size
        accuracy = np.bincount(index, hit, n_bins) / size
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: class 1's probability as confidence
# loses: 12
# hint: You took the probability of class 1. The confidence is that of the most probable class, whichever it is.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p[:, 1], p.argmax(axis=1) == labels
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(index, top, n_bins) / size
        accuracy = np.bincount(index, hit, n_bins) / size
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: the middle of the bin as confidence
# loses: 4
# hint: This is the middle of each bin. Use the mean of the confidences that really lie in it, and NaN where there are none.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        accuracy = np.bincount(index, hit, n_bins) / size
    return CalibrationBins((np.arange(n_bins) + 0.5) / n_bins, accuracy, size)


# %% wrong: the middle of the bin as confidence, where there are images
# loses: 4
# hint: This is the middle of each bin. Use the mean of the confidences that really lie in it.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        accuracy = np.bincount(index, hit, n_bins) / size
    middle = (np.arange(n_bins) + 0.5) / n_bins
    return CalibrationBins(np.where(size > 0, middle, np.nan), accuracy, size)


# %% wrong: share of class 1 as accuracy
# loses: 4
# hint: This is the share of images whose label is class 1. Accuracy is how often the most probable class is the label.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top = p.max(axis=1)
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(index, top, n_bins) / size
        accuracy = np.bincount(index, labels == 1, n_bins) / size
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: empty bins are 0
# loses: 8
# hint: Empty bins say 0, which looks like a real value. Nothing was measured there: say NaN.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    confidence = np.bincount(index, top, n_bins) / np.maximum(size, 1)
    accuracy = np.bincount(index, hit, n_bins) / np.maximum(size, 1)
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: empty bins left out
# loses: 12
# hint: The empty bins are missing. There are always n_bins; an empty one has size 0 and NaN elsewhere.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.clip(np.ceil(top * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    some = size > 0
    confidence = np.bincount(index, top, n_bins)[some] / size[some]
    accuracy = np.bincount(index, hit, n_bins)[some] / size[some]
    return CalibrationBins(confidence, accuracy, size[some])


# %% wrong: edges count upwards
# loses: 2
# hint: A confidence on an edge went into the upper bin. The bins are closed on the right: the edge belongs to the lower one.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.clip(np.floor(top * n_bins).astype(int), 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(index, top, n_bins) / size
        accuracy = np.bincount(index, hit, n_bins) / size
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: bins open on the right, by masks
# loses: 2
# hint: A confidence of 1 falls out of the last bin, and one on an edge counts in the upper. Close the bins on the right: lower < confidence <= upper.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    rows = []
    for i in range(n_bins):
        inside = (top >= i / n_bins) & (top < (i + 1) / n_bins)
        n = int(inside.sum())
        rows.append((top[inside].mean(), hit[inside].mean(), n) if n else (np.nan, np.nan, 0))
    return CalibrationBins(*(np.array(column) for column in zip(*rows)))


# %% wrong: a bin of its own for a confidence of 1
# loses: 2
# hint: A confidence of 1 falls out of the last bin, into one more. Close the bins on the right: an edge belongs to the lower bin.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    index = np.floor(top * n_bins).astype(int)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(index, top, n_bins) / size
        accuracy = np.bincount(index, hit, n_bins) / size
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: bins between one half and 1
# loses: 12
# hint: Your bins begin at the smallest confidence possible. They are to divide the whole interval from 0 to 1.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    start = 1 / p.shape[1]
    place = (top - start) / (1 - start)
    index = np.clip(np.ceil(place * n_bins).astype(int) - 1, 0, n_bins - 1)
    size = np.bincount(index, minlength=n_bins)
    with np.errstate(invalid="ignore"):
        confidence = np.bincount(index, top, n_bins) / size
        accuracy = np.bincount(index, hit, n_bins) / size
    return CalibrationBins(confidence, accuracy, size)


# %% wrong: bins of equal numbers
# loses: 12
# hint: Your bins hold equally many images. They are to be equally *wide*, so that some hold many and some none.
def calibration_bins(probabilities, labels, n_bins=15):
    p, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    top, hit = p.max(axis=1), p.argmax(axis=1) == labels
    groups = np.array_split(np.argsort(top), n_bins)
    confidence = np.array([top[g].mean() if len(g) else np.nan for g in groups])
    accuracy = np.array([hit[g].mean() if len(g) else np.nan for g in groups])
    return CalibrationBins(confidence, accuracy, np.array([len(g) for g in groups]))
