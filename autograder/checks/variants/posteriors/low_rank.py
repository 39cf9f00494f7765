# Variants of the solution cell of `low_rank`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: the scale matrix by hand
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        noise = np.random.default_rng(seed).normal(scale=0.1, size=n * rank)
        start = np.concatenate([np.zeros(2 * n), noise]).astype("float32")

        def distribution(t):
            u = tf.reshape(t[2 * n :], [n, rank])
            scale = tf.linalg.diag(tf.nn.softplus(t[n : 2 * n])) + tf.matmul(u, u, transpose_b=True)
            operator = tf.linalg.LinearOperatorFullMatrix(scale, is_positive_definite=True)
            return tfd.MultivariateNormalLinearOperator(t[:n], operator)

        layer = tfp.layers.VariableLayer(len(start), initializer=keras.initializers.Constant(start))
        return keras.Sequential([layer, tfp.layers.DistributionLambda(distribution)])

    return make


# %% right: a linear operator, split, a print
def low_rank(rank, seed=0):
    def maker(k, b, dtype=None):
        n = k + b
        print("rank", rank, "of", n)

        def start(shape, dtype=None):
            random = keras.initializers.RandomNormal(0.0, 0.1, seed=seed)((rank * n,))
            return tf.cast(tf.concat([tf.zeros(2 * n), random], axis=0), dtype or tf.float32)

        def gaussian(t):
            loc, rho, u = tf.split(t, [n, n, n * rank], axis=-1)
            diagonal = tf.linalg.LinearOperatorDiag(
                tf.math.softplus(rho), is_positive_definite=True, is_non_singular=True
            )
            scale = tf.linalg.LinearOperatorLowRankUpdate(
                diagonal, u=tf.reshape(u, (n, rank)), is_diag_update_positive=True,
                is_positive_definite=True, is_non_singular=True,
            )
            return tfd.MultivariateNormalLinearOperator(loc=loc, scale=scale)

        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(gaussian),
            ]
        )

    return maker


# %% right: a class that can be called, with a warning
import warnings


class LowRank:
    def __init__(self, rank, seed):
        warnings.warn("a class")
        self.rank, self.seed = rank, seed

    def __call__(self, kernel_size, bias_size, dtype=None):
        n, rank = kernel_size + bias_size, self.rank
        random = keras.initializers.RandomNormal(stddev=0.1, seed=self.seed)
        zeros = keras.initializers.Zeros()
        start = tfp.layers.BlockwiseInitializer([zeros, zeros, random], sizes=[n, n, rank * n])
        return keras.Sequential(
            [
                tfp.layers.VariableLayer(n * (rank + 2), initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        t[:n], tf.math.softplus(t[n : 2 * n]), tf.reshape(t[2 * n :], [n, -1])
                    )
                ),
            ]
        )


def low_rank(rank, seed=0):
    return LowRank(rank, seed)


# %% wrong: everything starts at zero
# loses: 3
# hint: U starts at 0, where its gradient vanishes: it would stay there for ever. Start it at small random numbers.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: everything starts at random
# loses: 3
# hint: Means and rho start at random numbers, too. Only U needs them.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = keras.initializers.RandomNormal(stddev=0.1, seed=seed)
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: U read column by column
# loses: 5
# hint: U is read column by column. Row by row, the first `rank` numbers belong to the first weight.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.transpose(tf.reshape(t[2 * n :], (rank, n))),
                    )
                ),
            ]
        )

    return make


# %% wrong: low rank in the covariance instead of its scale matrix
# loses: 5
# hint: You add U Uᵀ to the covariance. Here it is added to the scale matrix S, and the covariance is S Sᵀ.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRankCovariance(
                        loc=t[:n],
                        cov_diag_factor=tf.math.softplus(t[n : 2 * n]) ** 2,
                        cov_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: softplus forgotten
# loses: 5
# hint: rho is used as a scale without softplus.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=t[n : 2 * n],
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: U is not used
# loses: 5
# hint: U has no effect: the weights do not correlate. Hand it over as scale_perturb_factor.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiag(
                        loc=t[:n], scale_diag=tf.math.softplus(t[n : 2 * n])
                    )
                ),
            ]
        )

    return make


# %% wrong: mean field
# loses: 12
# hint: The directions are missing: this is the mean-field posterior.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        return keras.Sequential(
            [
                tfp.layers.VariableLayer(2 * n),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiag(t[:n], tf.math.softplus(t[n:]))
                ),
            ]
        )

    return make


# %% wrong: the covariance's diagonal is softplus(rho)
# loses: 5
# hint: This is diag(s) + U Uᵀ as the covariance. Here it is the scale matrix S, and the covariance is S Sᵀ: another class.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRankCovariance(
                        loc=t[:n],
                        cov_diag_factor=tf.math.softplus(t[n : 2 * n]),
                        cov_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: rho first
# loses: 9
# hint: rho and the means are swapped: the first n numbers are the means.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[n : 2 * n],
                        scale_diag=tf.math.softplus(t[:n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: Keras' own deviation
# loses: 3
# hint: RandomNormal has stddev 0.05 unless you say otherwise. Here it is 0.1.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: no seed
# loses: 3
# hint: Two makers with the same seed start differently: hand `seed` to the initializer.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: the name 'random_normal'
# loses: 3
# hint: 'random_normal' has stddev 0.05 and no seed. Make a keras.initializers.RandomNormal with both.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", "random_normal"],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: always the same seed
# loses: 3
# hint: Every seed gives the same start: hand `seed` to the initializer.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=0)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: a start of deviation 1
# loses: 3
# hint: U starts at draws from N(0, 1). Here their standard deviation is 0.1.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=1.0, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: not trainable
# loses: 16
# hint: Nothing learns: trainable_variables is empty.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start, trainable=False),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make


# %% wrong: U not reshaped
# loses: 16
# hint: Something inside your DistributionLambda lacks a dimension. Does U have the shape (n, rank)? tf.reshape gives it.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=t[2 * n :],
                    )
                ),
            ]
        )

    return make


# %% wrong: U of shape (rank, n)
# loses: 16
# hint: Shapes do not fit inside your DistributionLambda. Take n, n and rank n of the numbers, and give the last the shape (n, rank).
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (rank, n)),
                    )
                ),
            ]
        )

    return make


# %% wrong: the maker is not returned
# loses: 16
# hint: low_rank(rank) must return a function that makes the model. Return that function in the last line.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )


# %% wrong: a model instead of a maker
# loses: 16
# hint: low_rank(rank) must return a function that makes the model, not the model.
def low_rank(rank, seed=0):
    n = 4
    start = tfp.layers.BlockwiseInitializer(
        ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
        sizes=[2 * n, rank * n],
    )
    return keras.Sequential(
        [
            tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                    loc=t[:n],
                    scale_diag=tf.math.softplus(t[n : 2 * n]),
                    scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                )
            ),
        ]
    )


# %% wrong: tf.keras
# loses: 16
# hint: tf.keras is another Keras, which does not know TFP's layers. Write keras, as imported above.
def low_rank(rank, seed=0):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        start = tfp.layers.BlockwiseInitializer(
            ["zeros", keras.initializers.RandomNormal(stddev=0.1, seed=seed)],
            sizes=[2 * n, rank * n],
        )
        return tf.keras.Sequential(
            [
                tfp.layers.VariableLayer((2 + rank) * n, initializer=start),
                tfp.layers.DistributionLambda(
                    lambda t: tfd.MultivariateNormalDiagPlusLowRank(
                        loc=t[:n],
                        scale_diag=tf.math.softplus(t[n : 2 * n]),
                        scale_perturb_factor=tf.reshape(t[2 * n :], (n, rank)),
                    )
                ),
            ]
        )

    return make
