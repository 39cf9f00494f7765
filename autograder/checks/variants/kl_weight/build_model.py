# Variants of the solution cell of `build_model`. Each section replaces the whole cell.
# A wrong one names the points that it must lose and the hint that its author deserves.

# %% right: model.add, input_shape, MultivariateNormalDiag
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    model = keras.Sequential()
    model.add(
        tfp.layers.DenseVariational(
            units=n_units,
            make_prior_fn=make_prior,
            make_posterior_fn=make_posterior,
            kl_use_exact=True,
            kl_weight=kl_weight,
            input_shape=(n_features,),
        )
    )
    model.add(
        tfp.layers.DistributionLambda(
            lambda t: tfd.MultivariateNormalDiag(loc=t, scale_diag=noise_scale * tf.ones_like(t))
        )
    )
    return model


# %% right: everything spelled out, a helper for the output, built by hand
def gaussian_output(noise_scale):
    def output(mean):
        return tfd.Independent(
            tfd.Normal(loc=mean, scale=tf.fill(tf.shape(mean), noise_scale)),
            reinterpreted_batch_ndims=1,
        )

    return tfp.layers.DistributionLambda(make_distribution_fn=output)


def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    layer = tfp.layers.DenseVariational(
        n_units, make_posterior, make_prior, kl_weight, True, activation=None, use_bias=True
    )
    model = keras.models.Sequential([layer, gaussian_output(noise_scale)])
    model.build(input_shape=(None, n_features))
    return model


# %% right: an InputLayer, activation "linear", IndependentNormal.new, a summary printed
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    raw = float(np.log(np.expm1(noise_scale)))  # softplus takes it back
    model = keras.Sequential(
        [
            keras.layers.InputLayer(input_shape=(n_features,)),
            tfp.layers.DenseVariational(
                n_units,
                make_posterior,
                make_prior,
                kl_weight=kl_weight,
                kl_use_exact=True,
                activation="linear",
            ),
            tfp.layers.DistributionLambda(
                lambda t: tfp.layers.IndependentNormal.new(
                    tf.concat([t, tf.fill(tf.shape(t), raw)], axis=-1), event_shape=n_units
                )
            ),
        ]
    )
    model.summary()
    return model


# %% right: a full-covariance output from the variance, warnings on stderr
import sys
import warnings


def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    warnings.warn("building")
    print("noise variance", noise_scale**2, file=sys.stderr)
    variance = np.eye(n_units, dtype="float32") * noise_scale**2
    return keras.Sequential(
        [
            keras.Input(shape=[n_features], dtype=tf.float32),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_use_exact=True, kl_weight=kl_weight
            ),
            tfp.layers.DistributionLambda(
                lambda t: tfd.MultivariateNormalTriL(t, tf.linalg.cholesky(variance))
            ),
        ]
    )


# %% wrong: kl_use_exact forgotten
# loses: 7
# hint: Your penalty changes from call to call: it is estimated from a single draw. DenseVariational can use the closed form, if it is told to.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(n_units, make_posterior, make_prior, kl_weight=kl_weight),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: kl_weight forgotten
# loses: 7
# hint: The KL enters your loss with its full weight: kl_weight never reaches the layer.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(n_units, make_posterior, make_prior, kl_use_exact=True),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: the KL added twice
# loses: 7
# hint: The KL is counted twice. DenseVariational adds it to the losses by itself, so nothing needs to be added by hand.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    layer = tfp.layers.DenseVariational(
        n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
    )
    model = keras.Sequential(
        [
            keras.Input((n_features,)),
            layer,
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )
    one = tf.zeros((1, 1))
    model.add_loss(
        lambda: kl_weight * tfd.kl_divergence(
            tfd.MultivariateNormalDiag(layer._posterior(one).mean(), layer._posterior(one).stddev()),
            tfd.MultivariateNormalDiag(layer._prior(one).mean(), layer._prior(one).stddev()),
        )
    )
    return model


# %% wrong: the weight divided once more
# loses: 7
# hint: kl_weight already is the factor that is wanted, so it goes to the layer as it is. You divide it once more.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units,
                make_posterior,
                make_prior,
                kl_weight=kl_weight / n_features,
                kl_use_exact=True,
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: prior and posterior swapped
# loses: 16
# hint: The layer draws its weights from the prior: DenseVariational takes the posterior first. This turns the KL around as well.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_prior, make_posterior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: noise_scale taken as a variance
# loses: 4
# hint: noise_scale is a standard deviation, which is what tfd.Normal wants. You take its square root, as if it were a variance.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale**0.5), 1)
            ),
        ]
    )


# %% wrong: noise_scale passed through softplus
# loses: 4
# hint: The noise comes out too wide. Softplus keeps trained numbers positive; this number is known and positive already.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, tf.nn.softplus(noise_scale)), 1)
            ),
        ]
    )


# %% wrong: noise of standard deviation 1
# loses: 4
# hint: Your output always has a standard deviation of 1: noise_scale never reaches it.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(lambda mean: tfd.Independent(tfd.Normal(mean, 1.0), 1)),
        ]
    )


# %% wrong: Normal without Independent
# loses: 4
# hint: log_prob gives a number for every unit. The units of an example belong to one event: wrap the Normal in tfd.Independent.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(lambda mean: tfd.Normal(mean, noise_scale)),
        ]
    )


# %% wrong: all dimensions made one event
# loses: 4
# hint: log_prob gives one number for the whole batch. Only the last axis, the units, belongs to the event.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 2)
            ),
        ]
    )


# %% wrong: a ReLU
# loses: 9
# hint: No output is ever negative: there is an activation on the layer. Linear regression has none.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units,
                make_posterior,
                make_prior,
                kl_weight=kl_weight,
                kl_use_exact=True,
                activation="relu",
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: no bias
# loses: 16
# hint: Your layer has no bias, so its output is 0 where the features are 0, and its KL covers the kernel alone.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units,
                make_posterior,
                make_prior,
                kl_weight=kl_weight,
                kl_use_exact=True,
                use_bias=False,
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: no distribution at the end
# loses: 9
# hint: Your model returns a tensor. A DistributionLambda at the end turns the mean into a Gaussian, which has a log_prob.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            tfp.layers.DenseVariational(
                n_units, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
        ]
    )


# %% wrong: inputs and outputs mixed up
# loses: 16
# hint: n_features is the width of the input, n_units the number of outputs. Yours are the other way round.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_units,)),
            tfp.layers.DenseVariational(
                n_features, make_posterior, make_prior, kl_weight=kl_weight, kl_use_exact=True
            ),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )


# %% wrong: an ordinary dense layer
# loses: 16
# hint: keras.layers.Dense has plain weights and neither prior nor posterior. The Bayesian layer is tfp.layers.DenseVariational.
def build_model(n_features, n_units, make_posterior, make_prior, kl_weight, noise_scale):
    return keras.Sequential(
        [
            keras.Input((n_features,)),
            keras.layers.Dense(n_units),
            tfp.layers.DistributionLambda(
                lambda mean: tfd.Independent(tfd.Normal(mean, noise_scale), 1)
            ),
        ]
    )
