# Variants of the solution cell of `expected_calibration_error`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: a weighted average of the bins that are not empty
def expected_calibration_error(bins):
    some = np.asarray(bins.size) > 0
    gap = abs(np.asarray(bins.accuracy)[some] - np.asarray(bins.confidence)[some])
    return float(np.average(gap, weights=np.asarray(bins.size)[some]))


# %% right: a loop, prints
def expected_calibration_error(bins):
    total, images = 0.0, 0
    for confidence, accuracy, size in zip(bins.confidence, bins.accuracy, bins.size):
        if size == 0:
            continue
        total += size * abs(accuracy - confidence)
        images += size
    print(f"{images} images")
    return total / images


# %% right: nansum, by the field's place, a tensor
def expected_calibration_error(bins):
    confidence, accuracy, size = bins
    share = size / np.sum(size)
    return tf.constant(np.nansum(share * np.abs(confidence - accuracy)))


# %% wrong: bins not weighted
# loses: 8
# hint: Every bin counts alike here. A bin of three images must not weigh as much as one of three hundred: weight by size.
def expected_calibration_error(bins):
    return float(np.nanmean(np.abs(bins.accuracy - bins.confidence)))


# %% wrong: the sign kept
# loses: 8
# hint: Gaps of opposite signs cancel each other. Take the absolute value of each bin's gap before you average.
def expected_calibration_error(bins):
    gap = np.nan_to_num(bins.accuracy - bins.confidence)
    return float((bins.size * gap).sum() / bins.size.sum())


# %% wrong: absolute value after the sum
# loses: 8
# hint: Gaps of opposite signs cancel each other. Take the absolute value of each bin's gap before you average.
def expected_calibration_error(bins):
    gap = np.nan_to_num(bins.accuracy - bins.confidence)
    return float(abs((bins.size * gap).sum() / bins.size.sum()))


# %% wrong: empty bins make it NaN
# loses: 3
# hint: One empty bin makes everything NaN, since 0 times NaN is NaN. Leave the empty bins out.
def expected_calibration_error(bins):
    gap = np.abs(bins.accuracy - bins.confidence)
    return float((bins.size * gap).sum() / bins.size.sum())


# %% wrong: squared gaps
# loses: 8
# hint: You square the gaps. The expected calibration error is an average of absolute gaps.
def expected_calibration_error(bins):
    gap = np.nan_to_num(np.square(bins.accuracy - bins.confidence))
    return float((bins.size * gap).sum() / bins.size.sum())


# %% wrong: the root of the mean square
# loses: 8
# hint: This is the root of the mean squared gap, in which large gaps weigh more. The expected calibration error is the mean of the absolute gaps.
def expected_calibration_error(bins):
    gap = np.nan_to_num(np.square(bins.accuracy - bins.confidence))
    return float(np.sqrt((bins.size * gap).sum() / bins.size.sum()))


# %% wrong: the largest gap
# loses: 8
# hint: This is the largest gap, the maximum calibration error. Asked for is the average over the images.
def expected_calibration_error(bins):
    return float(np.nanmax(np.abs(bins.accuracy - bins.confidence)))


# %% wrong: divided by the number of bins
# loses: 8
# hint: You divide by the number of bins. The weights are images: divide by how many there are in all.
def expected_calibration_error(bins):
    gap = np.nan_to_num(np.abs(bins.accuracy - bins.confidence))
    return float((bins.size * gap).sum() / len(bins.size))


# %% wrong: the average of the filled bins' gap over all bins' sizes
# loses: 8
# hint: This is the sum over the bins. Divide by the number of images to get an average.
def expected_calibration_error(bins):
    gap = np.nan_to_num(np.abs(bins.accuracy - bins.confidence))
    return float((bins.size * gap).sum())
