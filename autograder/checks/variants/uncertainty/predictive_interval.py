# Variants of the solution cell of `predictive_interval`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: percentiles, both ends by themselves
def predictive_interval(samples, level=0.95):
    if level <= 0 or level >= 1:
        raise ValueError("the level must lie between 0 and 1")
    outside = 100 * (1 - level) / 2
    if len(samples) * (1 - level) < 2 - 1e-6:
        raise ValueError("too few draws")
    return np.percentile(samples, outside, axis=0), np.percentile(samples, 100 - outside, axis=0)


# %% right: sorted and interpolated by hand, a list, prints
def at(ordered, share):
    place = share * (len(ordered) - 1)
    low = int(np.floor(place))
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] * (1 - place + low) + ordered[high] * (place - low)


def predictive_interval(samples, level=0.95):
    if not 0.0 < level < 1.0:
        raise ValueError(level)
    if len(samples) < round(2 / (1 - level), 6):
        raise ValueError(f"{len(samples)} draws")
    ordered = np.sort(np.asarray(samples, np.float64), axis=0)
    print("interval of", len(ordered), "draws")
    return [at(ordered, (1 - level) / 2), at(ordered, (1 + level) / 2)]


# %% right: TFP's percentile with linear interpolation
import tensorflow_probability as tfp


def predictive_interval(samples, level=0.95):
    samples = tf.convert_to_tensor(samples)
    if not 0 < level < 1 or samples.shape[0] + 0.001 < 2 / (1 - level):
        raise ValueError("level or draws")
    ends = [50 * (1 - level), 50 * (1 + level)]
    lower, upper = tfp.stats.percentile(samples, ends, axis=0, interpolation="linear")
    return lower, upper


# %% right: the number of draws compared as it is, 20 draws refused for 90 % by rounding
def predictive_interval(samples, level=0.95):
    if level <= 0 or level >= 1 or len(samples) < 2 / (1 - level):
        raise ValueError("level or draws")
    tail = (1 - level) / 2
    return np.quantile(samples, tail, axis=0), np.quantile(samples, 1 - tail, axis=0)


# %% wrong: mean and 1.96 standard deviations
# loses: 8
# hint: These are mean ± so many standard deviations. Probabilities are not normally distributed, and such ends leave [0, 1]: use quantiles of the draws.
def predictive_interval(samples, level=0.95):
    samples = np.asarray(samples)
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    half = stats.norm.ppf((1 + level) / 2) * samples.std(axis=0)
    return samples.mean(axis=0) - half, samples.mean(axis=0) + half


# %% wrong: the interval of the mean
# loses: 8
# hint: This is an interval for the mean of the draws, which shrinks with their number. The question is where the draws themselves lie.
def predictive_interval(samples, level=0.95):
    samples = np.asarray(samples)
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    half = stats.norm.ppf((1 + level) / 2) * samples.std(axis=0) / np.sqrt(len(samples))
    return samples.mean(axis=0) - half, samples.mean(axis=0) + half


# %% wrong: 5 % at either end
# loses: 8
# hint: You leave 1 - level out at each end, so twice as much in all. It is (1 - level) / 2 at each.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    return tuple(np.quantile(samples, [min(1 - level, level), max(1 - level, level)], axis=0))


# %% wrong: 95 %, whatever is asked
# loses: 3
# hint: The level makes no difference: 2.5 % and 97.5 % are written into the function. Work them out from level.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [0.025, 0.975], axis=0)
    return lower, upper


# %% wrong: over the images
# loses: 8
# hint: The quantiles go over the wrong axis. The draws are the first one; each image keeps an interval of its own.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=1)
    return lower, upper


# %% wrong: over draws and classes
# loses: 8
# hint: You mix the classes. Each class has an interval of its own: go over the draws alone.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=(0, 2))
    return lower, upper


# %% wrong: smallest and largest draw
# loses: 8
# hint: These are the smallest and the largest draw. They move outwards with every further draw: use quantiles.
def predictive_interval(samples, level=0.95):
    samples = np.asarray(samples)
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    return samples.min(axis=0), samples.max(axis=0)


# %% wrong: upper end first
# loses: 8
# hint: The two ends have changed places: the lower one comes first.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return upper, lower


# %% wrong: any number of draws
# loses: 2
# hint: Too few draws were accepted: with fewer than 2 / (1 - level), an end lies between the two outermost draws and depends on these alone. Raise a ValueError.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1:
        raise ValueError("level must lie between 0 and 1")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: 40 draws, whatever the level
# loses: 2
# hint: 40 draws are what 95 % needs. How many others need follows from the level: 2 / (1 - level).
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < 40:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: 40 draws refused
# loses: 2
# hint: Exactly 2 / (1 - level) draws are refused, such as 40 for 95 %. They are enough: refuse only fewer.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) <= 2 / (1 - level) + 1e-6:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: the number needed is rounded to the nearest
# loses: 2
# hint: Where 2 / (1 - level) is no whole number, one draw too few was accepted: do not round it down.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < round(2 / (1 - level)):
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: the number needed is cut off
# loses: 2
# hint: Where 2 / (1 - level) is no whole number, one draw too few was accepted: do not round it down.
def predictive_interval(samples, level=0.95):
    if not 0 < level < 1 or len(samples) < int(2 / (1 - level) + 1e-6):
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: nothing refused
# loses: 4
# hint: Levels outside of 0 to 1 were accepted, or the ends themselves. Look at the level first, and raise a ValueError unless 0 < level < 1.
def predictive_interval(samples, level=0.95):
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: only the number of draws looked at
# loses: 2
# hint: A level of 1 ends in a division by zero, and 0 or less was accepted. Look at the level first, and raise a ValueError unless 0 < level < 1.
def predictive_interval(samples, level=0.95):
    if len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: a level of 0 or 1 allowed
# loses: 2
# hint: The level must lie strictly between 0 and 1. At 0 nothing is inside, and no number of draws is enough for 1.
def predictive_interval(samples, level=0.95):
    if not 0 <= level <= 1 or (level < 1 and len(samples) < 2 / (1 - level) - 1e-6):
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: a level of 1 allowed
# loses: 2
# hint: A level of 1 was accepted, for which no number of draws is enough. Raise a ValueError there, too.
def predictive_interval(samples, level=0.95):
    if not 0 < level <= 1 or (level < 1 and len(samples) < 2 / (1 - level) - 1e-6):
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper


# %% wrong: a level of 1 divides by zero
# loses: 2
# hint: A level of 1 ends in a division by zero. Look at the level first, and raise a ValueError unless 0 < level < 1.
def predictive_interval(samples, level=0.95):
    if not 0 < level <= 1 or len(samples) < 2 / (1 - level) - 1e-6:
        raise ValueError("level or draws")
    lower, upper = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return lower, upper
