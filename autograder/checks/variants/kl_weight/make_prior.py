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


# %% wrong: a batch of Gaussians instead of one distribution
# loses: 8
# hint: Your log_prob gives one number per weight. One distribution over all weights gives their sum: use MultivariateNormalDiag, or wrap Normal in tfd.Independent(…, 1).
def make_prior(kernel_size, bias_size, dtype=None):
    n = kernel_size + bias_size
    return keras.Sequential(
        [tfp.layers.DistributionLambda(lambda _: tfd.Normal(tf.zeros(n), tf.ones(n)))]
    )
