# Variants of the solution cell of `mean_field`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: split, and the full-covariance class with a diagonal
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size

    def make(numbers):
        loc, rho = tf.split(numbers, 2, axis=-1)
        return tfd.MultivariateNormalTriL(loc, tf.linalg.diag(tf.nn.softplus(rho)))

    layers = [tfp.layers.VariableLayer(shape=[2 * n]), tfp.layers.DistributionLambda(make)]
    return keras.Sequential(layers)


# %% right: model.add, a linear operator, a print
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    print("weights:", n)
    model = keras.Sequential()
    model.add(tfp.layers.VariableLayer(2 * n, dtype=dtype or "float32"))
    model.add(
        tfp.layers.DistributionLambda(
            lambda t: tfd.MultivariateNormalLinearOperator(
                t[..., :n], tf.linalg.LinearOperatorDiag(tf.math.softplus(t[..., n:]))
            )
        )
    )
    return model


# %% right: two rows, with a warning
import warnings


def mean_field(k, b, dt=None):
    warnings.warn("two rows")
    return keras.models.Sequential(
        [
            tfp.layers.VariableLayer((2, k + b), dtype=dt or tf.float32, initializer="zeros"),
            tfp.layers.DistributionLambda(
                make_distribution_fn=lambda t: tfd.MultivariateNormalDiag(
                    t[0], tfp.bijectors.Softplus()(t[1])
                )
            ),
        ]
    )


# %% wrong: TFP's ready-made layer
# loses: 2
# hint: TFP knows no closed-form KL for this type. Return a tfd.MultivariateNormalDiag.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [tfp.layers.VariableLayer(2 * n), tfp.layers.IndependentNormal(event_shape=n)]
    )


# %% wrong: one scale for all weights
# loses: 10
# hint: All weights share one scale. Each has its own.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n + 1),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(
                    t[:n], tf.math.softplus(t[n]) * tf.ones_like(t[:n])
                )
            ),
        ]
    )


# %% wrong: the full covariance
# loses: 10
# hint: This is the full-covariance posterior of topic 02. Mean field means: no correlations, 2 n numbers.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    size = tfp.layers.MultivariateNormalTriL.params_size(n)
    return keras.Sequential(
        [tfp.layers.VariableLayer(size), tfp.layers.MultivariateNormalTriL(n)]
    )


# %% wrong: exp for softplus
# loses: 7
# hint: The scale is exp(rho). Here it is softplus(rho) = log(1 + exp(rho)), which is 0.693 at rho = 0.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[:n], tf.exp(t[n:]))
            ),
        ]
    )


# %% wrong: the biases forgotten
# loses: 14
# hint: The biases have no posterior. The layer hands over kernel and bias sizes; the distribution covers both.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[:n], tf.math.softplus(t[n:]))
            ),
        ]
    )


# %% wrong: not trainable
# loses: 10
# hint: Nothing learns: trainable_variables is empty.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n, trainable=False),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[:n], tf.math.softplus(t[n:]))
            ),
        ]
    )


# %% wrong: a row of separate Gaussians
# loses: 5
# hint: This is a row of n separate Gaussians, so log_prob gives n numbers. One distribution over a vector gives one.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(lambda t: tfd.Normal(t[:n], tf.math.softplus(t[n:]))),
        ]
    )


# %% wrong: softplus forgotten
# loses: 10
# hint: rho itself is the scale, and that is 0 at the start. The softplus is missing.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(lambda t: tfd.MultivariateNormalDiag(t[:n], t[n:])),
        ]
    )


# %% wrong: softplus gives the variance
# loses: 7
# hint: You take softplus(rho) for the variance. It is the standard deviation, which is what scale_diag wants: no root.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[:n], tf.sqrt(tf.math.softplus(t[n:])))
            ),
        ]
    )


# %% wrong: a squared scale
# loses: 7
# hint: The scale is softplus(rho) squared. scale_diag wants standard deviations, not variances.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[:n], tf.math.softplus(t[n:]) ** 2)
            ),
        ]
    )


# %% wrong: rho first
# loses: 3
# hint: The two halves are swapped. The means come first, then rho.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[n:], tf.math.softplus(t[:n]))
            ),
        ]
    )


# %% wrong: tf.keras
# loses: 14
# hint: tf.keras is another Keras, which does not know TFP's layers. Write keras, as imported above.
def mean_field(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return tf.keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(t[:n], tf.math.softplus(t[n:]))
            ),
        ]
    )
