# Variants of the solution cell of `make_prior_fn`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: an Independent over a broadcast prior
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        many = tfd.BatchBroadcast(prior, [kernel_size + bias_size])
        layer = tfp.layers.DistributionLambda(lambda _: tfd.Independent(many, 1))
        return keras.Sequential([layer])

    return make


# %% right: the distribution made once, a print
def make_prior_fn(prior):
    def make(k, b, dt=None):
        print(k, b)
        joint = tfd.Sample(distribution=prior, sample_shape=[k + b])
        model = keras.Sequential()
        model.add(tfp.layers.DistributionLambda(make_distribution_fn=lambda inputs: joint))
        return model

    return make


# %% right: functools.partial, with a warning
import functools
import warnings


def _make(prior, kernel_size, bias_size, dtype=None):
    warnings.warn("partial")
    n = int(np.add(kernel_size, bias_size))
    return keras.Sequential([tfp.layers.DistributionLambda(lambda _: tfd.Sample(prior, (n,)))])


def make_prior_fn(prior):
    return functools.partial(_make, prior)


# %% wrong: a row of priors
# loses: 6
# hint: log_prob gives one number per weight. Make it one distribution over the vector, whose log_prob adds them up.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        return keras.Sequential(
            [tfp.layers.DistributionLambda(lambda _: tfd.BatchBroadcast(prior, [n]))]
        )

    return make


# %% wrong: the bare prior
# loses: 10
# hint: The made prior draws a single number. DenseVariational wants a distribution over the whole vector.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        return keras.Sequential([tfp.layers.DistributionLambda(lambda _: prior)])

    return make


# %% wrong: a standard normal whatever is asked
# loses: 6
# hint: The prior that was handed in is not used.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        return keras.Sequential(
            [tfp.layers.DistributionLambda(lambda _: tfd.MultivariateNormalDiag(tf.zeros(n)))]
        )

    return make


# %% wrong: the biases forgotten
# loses: 10
# hint: The biases have no prior: the vector holds kernel and bias.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        return keras.Sequential(
            [tfp.layers.DistributionLambda(lambda _: tfd.Sample(prior, kernel_size))]
        )

    return make


# %% wrong: a prior that learns
# loses: 2
# hint: The model has variables. A prior that moves towards the posterior is no prior.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        n = kernel_size + bias_size
        return keras.Sequential(
            [
                tfp.layers.VariableLayer(n),
                tfp.layers.DistributionLambda(
                    lambda shift: tfd.TransformedDistribution(
                        tfd.Sample(prior, n), tfp.bijectors.Shift(shift)
                    )
                ),
            ]
        )

    return make


# %% wrong: the model itself, not its maker
# loses: 10
# hint: You return a model. DenseVariational calls what you return with the sizes of kernel and bias: return a function.
def make_prior_fn(prior):
    return keras.Sequential([tfp.layers.DistributionLambda(lambda _: tfd.Sample(prior, 3))])


# %% wrong: a distribution, no model
# loses: 10
# hint: The maker must return a Keras model, as make_prior of assignment 02 does: put the distribution into a tfp.layers.DistributionLambda, as what a function of its input returns.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        return tfd.Sample(prior, kernel_size + bias_size)

    return make


# %% wrong: a layer around a distribution
# loses: 10
# hint: DistributionLambda takes a function that returns the distribution, not the distribution itself.
def make_prior_fn(prior):
    def make(kernel_size, bias_size, dtype=None):
        joint = tfd.Sample(prior, kernel_size + bias_size)
        return keras.Sequential([tfp.layers.DistributionLambda(joint)])

    return make
