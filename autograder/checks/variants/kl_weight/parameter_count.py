# Variants of the solution cell of `parameter_count`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: counts the triangle row by row
def parameter_count(n_features, n_units):
    if n_features < 1:
        raise ValueError("no features")
    if n_units < 1:
        raise ValueError("no units")
    n = n_features * n_units + n_units
    triangle = 0
    for row in range(n):
        triangle += row + 1
    return n + triangle


# %% right: one closed formula, n (n + 3) / 2
def parameter_count(n_features: int, n_units: int) -> int:
    if min(n_features, n_units) <= 0:
        raise ValueError(f"sizes must be positive: {n_features}, {n_units}")
    n = (1 + n_features) * n_units
    return n * (n + 3) // 2


# %% right: asks TensorFlow Probability, through a helper
def weights_of(n_features, n_units):
    return n_features * n_units + n_units


def parameter_count(n_features, n_units):
    if not (n_features > 0 and n_units > 0):
        raise ValueError("a layer needs features and units")
    return tfp.layers.MultivariateNormalTriL.params_size(weights_of(n_features, n_units))


# %% right: counts the ones of a triangular matrix, true division, and talks on the way
import sys
import warnings


def parameter_count(n_features, n_units):
    if n_units * 1.0 < 1 or n_features * 1.0 < 1:
        raise ValueError
    n = n_units / 1 + n_units * n_features
    mask = np.tril(np.ones((int(n), int(n))))
    print("triangle:", mask.sum(), file=sys.stderr)
    warnings.warn("counting")
    return n + mask.sum()


# %% wrong: the bias forgotten
# loses: 6
# hint: Three features and one unit have four weights, not three: every unit has a bias too, and the posterior covers it.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = n_features * n_units
    return n + n * (n + 1) // 2


# %% wrong: one bias for the whole layer
# loses: 2
# hint: With one unit all is well. With several, every unit has a bias of its own, so there are as many biases as units.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = n_features * n_units + 1
    return n + n * (n + 1) // 2


# %% wrong: a full square instead of the triangle
# loses: 6
# hint: You count every entry of the scale matrix. It is lower-triangular: what lies above its diagonal is zero and is not trained.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = (n_features + 1) * n_units
    return n + n**2


# %% wrong: the diagonal forgotten
# loses: 6
# hint: You are one number per weight short. The mean is trained, and so is the diagonal of the scale matrix; one of them is missing.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = (n_features + 1) * n_units
    return n + n * (n - 1) // 2


# %% wrong: the mean forgotten
# loses: 6
# hint: You are one number per weight short. The mean is trained, and so is the diagonal of the scale matrix; one of them is missing.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = (n_features + 1) * n_units
    return n * (n + 1) // 2


# %% wrong: mean-field, a mean and a standard deviation per weight
# loses: 6
# hint: Two numbers per weight describe independent weights. This posterior knows correlations as well and needs a whole triangular matrix.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    return 2 * (n_features + 1) * n_units


# %% wrong: a separate posterior for every unit
# loses: 2
# hint: You count one small triangle per unit. The posterior covers all weights of the layer at once, so weights of different units may be correlated too.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = n_features + 1
    return n_units * (n + n * (n + 1) // 2)


# %% wrong: never refuses a size
# loses: 2
# hint: A layer with no features or no units does not exist. Say so with a ValueError instead of returning a number.
def parameter_count(n_features, n_units):
    n = (n_features + 1) * n_units
    return n + n * (n + 1) // 2


# %% wrong: accepts zero
# loses: 2
# hint: You refuse negative sizes, but zero features or zero units pass. The smallest size that makes sense is 1.
def parameter_count(n_features, n_units):
    if n_features < 0 or n_units < 0:
        raise ValueError("sizes must be positive")
    n = (n_features + 1) * n_units
    return n + n * (n + 1) // 2


# %% wrong: looks at the product of the two sizes
# loses: 2
# hint: The product of two negative sizes is positive and slips through. Look at each size by itself.
def parameter_count(n_features, n_units):
    if n_features * n_units < 1:
        raise ValueError("sizes must be positive")
    n = (n_features + 1) * n_units
    return n + n * (n + 1) // 2


# %% wrong: prints the count and returns nothing
# loses: 6
# hint: The function returns None. It may print the count, but it has to return it as well.
def parameter_count(n_features, n_units):
    if n_features < 1 or n_units < 1:
        raise ValueError("sizes must be positive")
    n = (n_features + 1) * n_units
    print(n + n * (n + 1) // 2)
