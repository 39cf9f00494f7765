# Variants of the solution cell of `parameter_counts`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: counted by building the arrays
def parameter_counts(n_weights, rank):
    triangle = np.tril_indices(n_weights)[0].size
    return dict(
        mean_field=n_weights + n_weights,
        low_rank=n_weights + n_weights + np.zeros((n_weights, rank)).size,
        full_covariance=n_weights + triangle,
    )


# %% right: a loop for the triangle, a print
def parameter_counts(n_weights, rank):
    counts = {"full_covariance": n_weights}
    for row in range(1, n_weights + 1):
        counts["full_covariance"] += row
    print("counted", counts)
    counts["mean_field"] = 2 * n_weights
    counts["low_rank"] = (2 + rank) * n_weights
    return counts


# %% right: floats that are whole, with a warning
import warnings


def parameter_counts(n_weights, rank):
    warnings.warn("floats")
    return {
        "mean_field": 2.0 * n_weights,
        "low_rank": n_weights * (2.0 + rank),
        "full_covariance": n_weights * (n_weights + 3) / 2,
    }


# %% wrong: the full matrix
# loses: 3
# hint: You count the whole covariance matrix. It is symmetric: a triangle of n (n + 1) / 2 numbers is enough.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": 2 * n_weights,
        "low_rank": (2 + rank) * n_weights,
        "full_covariance": n_weights + n_weights**2,
    }


# %% wrong: the triangle without its diagonal
# loses: 3
# hint: n numbers are missing: either the means, or the diagonal of the triangle.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": 2 * n_weights,
        "low_rank": (2 + rank) * n_weights,
        "full_covariance": n_weights + n_weights * (n_weights - 1) // 2,
    }


# %% wrong: low rank without the diagonal
# loses: 3
# hint: n numbers are missing. Each weight has a mean and a scale, besides its entries in the directions.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": 2 * n_weights,
        "low_rank": (1 + rank) * n_weights,
        "full_covariance": n_weights + n_weights * (n_weights + 1) // 2,
    }


# %% wrong: a triangle of rank rows
# loses: 3
# hint: A direction is a vector with one entry per weight, so each costs n numbers.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": 2 * n_weights,
        "low_rank": 2 * n_weights + rank,
        "full_covariance": n_weights + n_weights * (n_weights + 1) // 2,
    }


# %% wrong: the means forgotten
# loses: 8
# hint: Each weight has two numbers here, a mean and a scale.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": n_weights,
        "low_rank": (1 + rank) * n_weights,
        "full_covariance": n_weights * (n_weights + 1) // 2,
    }


# %% wrong: the whole matrix, and no means
# loses: 3
# hint: This is the whole covariance matrix alone. It is symmetric, so a triangle is enough; and the means count, too.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": 2 * n_weights,
        "low_rank": (2 + rank) * n_weights,
        "full_covariance": n_weights**2,
    }


# %% wrong: the directions alone
# loses: 3
# hint: These are the directions alone. The means and scales of mean field come on top.
def parameter_counts(n_weights, rank):
    return {
        "mean_field": 2 * n_weights,
        "low_rank": rank * n_weights,
        "full_covariance": n_weights + n_weights * (n_weights + 1) // 2,
    }


# %% wrong: a tuple
# loses: 8
# hint: Return a dictionary with the keys "mean_field", "low_rank" and "full_covariance".
def parameter_counts(n_weights, rank):
    full = n_weights + n_weights * (n_weights + 1) // 2
    return 2 * n_weights, (2 + rank) * n_weights, full
