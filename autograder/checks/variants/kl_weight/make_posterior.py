# Variants of the solution cell of `make_posterior`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: an own DistributionLambda with softplus on the diagonal
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size

    def distribution(t):
        tril = tfp.math.fill_triangular(t[n:])
        tril = tf.linalg.set_diag(tril, 1e-5 + tf.nn.softplus(tf.linalg.diag_part(tril)))
        return tfd.MultivariateNormalTriL(loc=t[:n], scale_tril=tril)

    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n + n * (n + 1) // 2, dtype=dtype),
            tfp.layers.DistributionLambda(distribution),
        ]
    )


# %% right: a bijector with exp on the diagonal, keyword arguments, model.add
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    dtype = tf.as_dtype(dtype or tf.float32)
    fill = tfp.bijectors.FillScaleTriL(diag_bijector=tfp.bijectors.Exp(), diag_shift=None)
    model = keras.Sequential()
    model.add(tfp.layers.VariableLayer(shape=(n + n * (n + 1) // 2,), dtype=dtype))
    model.add(
        tfp.layers.DistributionLambda(
            make_distribution_fn=lambda t: tfd.MultivariateNormalTriL(
                loc=t[..., :n], scale_tril=fill.forward(t[..., n:])
            ),
            dtype=dtype,
        )
    )
    return model


# %% right: params_size by hand, small random start, chatter on stderr
import logging
import sys


def size_for(n):
    return n + sum(range(1, n + 1))


def make_posterior(kernel_size, bias_size, dtype=None):
    n = np.add(kernel_size, bias_size)
    print(f"{n} weights", file=sys.stderr)
    logging.getLogger(__name__).warning("posterior of %d weights", n)
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(
                size_for(int(n)),
                initializer=keras.initializers.RandomNormal(stddev=0.01, seed=3),
                dtype=dtype or "float32",
            ),
            tfp.layers.MultivariateNormalTriL(int(n)),
        ]
    )


# %% right: a Keras layer of its own with two variables
class FullGaussian(keras.layers.Layer):
    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.loc = self.add_weight(name="loc", shape=(n,), initializer="zeros")
        self.raw = self.add_weight(name="raw", shape=(n * (n + 1) // 2,), initializer="zeros")

    def call(self, inputs):
        return tf.concat([self.loc, self.raw], axis=0)


def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size

    def affine(t):
        scale = tfp.bijectors.FillScaleTriL()(t[n:])
        return tfd.TransformedDistribution(
            tfd.Sample(tfd.Normal(0.0, 1.0), n),
            tfp.bijectors.Shift(t[:n])(tfp.bijectors.ScaleMatvecTriL(scale)),
        )

    return keras.Sequential([FullGaussian(n), tfp.layers.DistributionLambda(affine)])


# %% wrong: mean-field, every weight for itself
# loses: 16
# hint: Your weights are independent of each other, each with a mean and a scale of its own. Correlations need the entries below the diagonal of the scale matrix, as in MultivariateNormalTriL.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(tfp.layers.IndependentNormal.params_size(n), dtype=dtype),
            tfp.layers.IndependentNormal(n),
        ]
    )


# %% wrong: the numbers are held but not trained
# loses: 16
# hint: There is nothing to train: trainable_variables is empty. The posterior needs numbers that training can change, and they must not be frozen.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(
                tfp.layers.MultivariateNormalTriL.params_size(n), dtype=dtype, trainable=False
            ),
            tfp.layers.MultivariateNormalTriL(n),
        ]
    )


# %% wrong: the whole model frozen
# loses: 16
# hint: There is nothing to train: trainable_variables is empty. The posterior needs numbers that training can change, and they must not be frozen.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    model = keras.Sequential(
        [
            tfp.layers.VariableLayer(
                tfp.layers.MultivariateNormalTriL.params_size(n), dtype=dtype
            ),
            tfp.layers.MultivariateNormalTriL(n),
        ]
    )
    model.trainable = False
    return model


# %% wrong: the biases left out
# loses: 16
# hint: Your posterior covers the kernel only. The layer draws kernel and biases from it together.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(
                tfp.layers.MultivariateNormalTriL.params_size(n), dtype=dtype
            ),
            tfp.layers.MultivariateNormalTriL(n),
        ]
    )


# %% wrong: one bias, whatever bias_size says
# loses: 16
# hint: You add one bias to the kernel. A layer has bias_size of them, which is 1 for a single unit only.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + 1
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(
                tfp.layers.MultivariateNormalTriL.params_size(n), dtype=dtype
            ),
            tfp.layers.MultivariateNormalTriL(n),
        ]
    )


# %% wrong: a full square of which the upper half is never used
# loses: 6
# hint: You train a number for every entry of the square, but those above the diagonal do nothing. Ask MultivariateNormalTriL.params_size how many it wants.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size

    def distribution(t):
        tril = tf.linalg.band_part(tf.reshape(t[n:], (n, n)), -1, 0)
        tril = tf.linalg.set_diag(tril, tf.nn.softplus(tf.linalg.diag_part(tril)))
        return tfd.MultivariateNormalTriL(t[:n], tril)

    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n + n * n, dtype=dtype),
            tfp.layers.DistributionLambda(distribution),
        ]
    )


# %% wrong: softplus forgotten
# loses: 7
# hint: The diagonal of your scale matrix starts at 0, where the density is not defined, and nothing keeps it positive. Softplus does; MultivariateNormalTriL has it built in.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n + n * (n + 1) // 2, dtype=dtype),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalTriL(t[:n], tfp.math.fill_triangular(t[n:]))
            ),
        ]
    )


# %% wrong: the right count, but only the diagonal of the scale is used
# loses: 10
# hint: Your weights are independent of each other, each with a mean and a scale of its own. Correlations need the entries below the diagonal of the scale matrix, as in MultivariateNormalTriL.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size

    def distribution(t):
        diagonal = tf.linalg.diag_part(tfp.math.fill_triangular(t[n:]))
        return tfd.MultivariateNormalDiag(t[:n], tf.nn.softplus(diagonal))

    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n + n * (n + 1) // 2, dtype=dtype),
            tfp.layers.DistributionLambda(distribution),
        ]
    )


# %% wrong: the diagonal of the scale stays at 1
# loses: 16
# hint: You train one number per weight too few. The mean has to move, and so has the diagonal of the scale matrix; one of yours stays where it is.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size

    def distribution(t):
        below = tfp.math.fill_triangular(t[n:])
        below = tf.pad(below, [[1, 0], [0, 1]])
        return tfd.MultivariateNormalTriL(t[:n], tf.linalg.set_diag(below, tf.ones(n)))

    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n + n * (n - 1) // 2, dtype=dtype),
            tfp.layers.DistributionLambda(distribution),
        ]
    )


# %% wrong: the mean stays at zero
# loses: 16
# hint: You train one number per weight too few. The mean has to move, and so has the diagonal of the scale matrix; one of yours stays where it is.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    fill = tfp.bijectors.FillScaleTriL()
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n * (n + 1) // 2, dtype=dtype),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalTriL(tf.zeros(n), fill.forward(t))
            ),
        ]
    )


# %% wrong: the prior given back as posterior
# loses: 16
# hint: There is nothing to train: trainable_variables is empty. The posterior needs numbers that training can change, and they must not be frozen.
def make_posterior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(tf.zeros(n), tf.ones(n))
            )
        ]
    )
