# Variants of the solution cell of `make_prior`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: an Independent of Normals
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.Independent(tfd.Normal(tf.zeros(n), 1.0), reinterpreted_batch_ndims=1)
            )
        ]
    )


# %% right: a full-covariance Gaussian with identity scale, built with a helper and a print
def identity(n):
    return tf.linalg.eye(n)


def make_prior(kernel_size, bias_size, dtype=None):
    print("making a prior")
    n = kernel_size + bias_size
    layer = tfp.layers.DistributionLambda(
        lambda _: tfd.MultivariateNormalTriL(loc=tf.zeros([n]), scale_tril=identity(n))
    )
    return keras.Sequential([layer])


# %% right: the same Normal sampled n times, model.add, other argument names
def make_prior(k, b, dt=None):
    model = keras.Sequential()
    model.add(
        tfp.layers.DistributionLambda(
            make_distribution_fn=lambda inputs: tfd.Sample(tfd.Normal(0.0, 1.0), sample_shape=[k + b])
        )
    )
    return model


# %% right: only the mean is given, the scale is 1 by default
def make_prior(kernel_size, bias_size, dtype=None):
    dtype = dtype or "float32"

    def prior(inputs):
        return tfd.MultivariateNormalDiag(loc=tf.zeros(kernel_size + bias_size, dtype=dtype))

    return keras.Sequential([tfp.layers.DistributionLambda(prior)])


# %% right: a layer that already knows the number of weights, variance instead of scale
def make_prior(kernel_size, bias_size, dtype=None):
    import sys

    print("kernel", kernel_size, "bias", bias_size, file=sys.stderr)
    n = int(np.sum([kernel_size, bias_size]))
    ones = np.ones(n, dtype="float32")
    return keras.models.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalFullCovariance(0 * ones, np.diag(ones))
            )
        ]
    )


# %% wrong: a batch of Gaussians instead of one distribution
# loses: 8
# hint: Your log_prob gives one number per weight. One distribution over all weights gives their sum: use MultivariateNormalDiag, or wrap Normal in tfd.Independent(…, 1).
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [tfp.layers.DistributionLambda(lambda _: tfd.Normal(tf.zeros(n), tf.ones(n)))]
    )


# %% wrong: a prior whose mean trains
# loses: 4
# hint: Training moves your prior, so it stops being what you believed before you saw the data. A fixed prior holds no variable.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(n, dtype=dtype or tf.float32),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalDiag(loc=t, scale_diag=tf.ones(n))
            ),
        ]
    )


# %% wrong: a prior whose mean and scale train, as in many tutorials
# loses: 12
# hint: This prior trains along with the posterior and does not start as a standard normal either. Leave the VariableLayer out and write down mean 0 and scale 1.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.VariableLayer(2 * n, dtype=dtype or tf.float32),
            tfp.layers.IndependentNormal(n),
        ]
    )


# %% wrong: the biases left out
# loses: 12
# hint: Your prior covers the kernel only. The layer asks for one distribution over kernel and biases together.
def make_prior(kernel_size, bias_size, dtype=None):
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(tf.zeros(kernel_size), tf.ones(kernel_size))
            )
        ]
    )


# %% wrong: one bias, whatever bias_size says
# loses: 12
# hint: You add one bias to the kernel. A layer has bias_size of them, which is 1 for a single unit only.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + 1
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(tf.zeros(n), tf.ones(n))
            )
        ]
    )


# %% wrong: scale 0.5
# loses: 12
# hint: The prior's variance should be 1 for every weight; yours is narrower, so large weights look too unlikely.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(tf.zeros(n), 0.5 * tf.ones(n))
            )
        ]
    )


# %% wrong: the scale passed through softplus
# loses: 12
# hint: Softplus turns your 1 into 1.31. It is there to keep trained numbers positive; a fixed scale of 1 needs no such help.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(tf.zeros(n), tf.nn.softplus(tf.ones(n)))
            )
        ]
    )


# %% wrong: mean 1
# loses: 12
# hint: Your prior is centred at 1. Before seeing data the weights are as likely positive as negative: the mean is 0.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [
            tfp.layers.DistributionLambda(
                lambda _: tfd.MultivariateNormalDiag(tf.ones(n), tf.ones(n))
            )
        ]
    )


# %% wrong: returns the distribution itself, not a model
# loses: 12
# hint: DenseVariational calls what you return, as it would call a Keras model. Put the distribution inside a DistributionLambda in a keras.Sequential.
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return tfd.MultivariateNormalDiag(tf.zeros(n), tf.ones(n))
