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


# %% wrong: mean field
# loses: 16
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
